"""What scripts/run-dockerfile made of deploy/Dockerfile runs as the Dockerfile says: see scripts/test-deploy."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import time

import pytest

from support.client import register
from support.pictures import pair


class Container:
    def __init__(self, image):
        self.root = pathlib.Path(image) / "final"
        self.settings = json.loads((self.root.parent / "final.json").read_text())

    def command(self, *words):
        """To run in the image, as its user, with its environment, and a /proc of its own."""
        settings = self.settings
        environment = {**settings["environment"], "HOST": "127.0.0.1", "PORT": "0", "RATE_LIMIT": "off"}
        inside = shlex.join(["chroot", f"--userspec={settings['user']}:{settings['user']}", str(self.root), "/usr/bin/env",
                             "-i", *(f"{name}={value}" for name, value in environment.items()), "/bin/sh", "-c",
                             f"cd {settings['workdir']} && exec {shlex.join(words)}"])
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec",
                f"mount -t proc proc {self.root}/proc; exec {inside}"]

    def run(self, *words, check=True):
        return subprocess.run(self.command(*words), check=check, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def container(request):
    container = Container(request.config.getoption("--image"))
    for left in (container.root / "data").iterdir():  # by an earlier run
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return container


def test_it_runs_as_a_user_who_may_write_its_data_only(container):
    assert container.run("id", "-un").strip() == "inpaint" and container.settings["user"] == "inpaint"
    writable = container.run("find", "/", "-xdev", "-writable", "-not", "-type", "l", "-not", "-path", "/proc/*",
                             "-not", "-path", "/dev/*", check=False).split()  # it may not look everywhere
    assert set(writable) - {"/tmp", "/var/tmp", "/run/lock"} == {"/data"}


def test_every_library_is_there_and_no_compiler(container):
    assert "not found" not in container.run("ldd", "/usr/local/bin/inpaint")
    assert not (container.root / "usr/bin/cc").exists() and not (container.root / "usr/bin/cmake").exists()
    assert container.run(*container.settings["ENTRYPOINT"], "--version").startswith("inpaint ")


def test_it_serves_works_and_is_healthy(container):
    log = container.root.parent / "log"
    with open(log, "w") as output:
        process = subprocess.Popen(container.command(*container.settings["ENTRYPOINT"], *container.settings["CMD"]),
                                   stdout=output, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 60
        while not (match := re.search(r"Listening on (http://127\.0\.0\.1:(\d+))", log.read_text())):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        user = register(match.group(1))
        user.complete(user.create_dataset_with(pair()))
        health = container.settings["HEALTHCHECK"].replace(":3000/", f":{match.group(2)}/")
        container.run("sh", "-c", health)
    finally:
        process.kill()
        process.wait()
