import json
import os
import socket
import subprocess
import time

import pytest

from support.server import REPOSITORY

MODULES = REPOSITORY / "build/npm/node_modules"


class Redis:
    """A redis-server on a free port of the loopback that keeps nothing."""

    def __init__(self, directory):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.directory = directory
        self.start()

    def start(self):
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir",
                   str(self.directory), "--logfile", "redis-log", "--maxmemory-policy", "noeviction"]
        self.process = subprocess.Popen(command)
        end = time.monotonic() + 20
        while subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True).stdout != b"PONG\n":
            assert time.monotonic() < end and self.process.poll() is None
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def ask(self, *command):
        """What Redis answers, as redis-cli prints it."""
        return subprocess.run(["redis-cli", "-p", str(self.port), *command], check=True, capture_output=True,
                              text=True).stdout.strip()

    def flush(self):
        self.ask("flushall")

    @property
    def settings(self):
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port), "REDIS_PREFIX": "bull"}


class Peer:
    """BullMQ on Node.js on the same Redis: see peer.js."""

    def __init__(self, redis):
        self.redis = redis

    def start(self, action, *arguments):
        command = ["node", REPOSITORY / "tests/interop/peer.js", action, str(self.redis.port), *map(str, arguments)]
        environment = {**os.environ, "NODE_PATH": str(MODULES)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def run(self, action, *arguments):
        """The last thing that it printed."""
        process = self.start(action, *arguments)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return json.loads(output.splitlines()[-1])


@pytest.fixture
def redis(tmp_path):
    running = Redis(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def modules():
    """The npm packages of tests/npm, installed in the build tree."""
    subprocess.run(["bash", "-c", ". scripts/common.sh && install_npm_packages"], cwd=REPOSITORY, check=True)


@pytest.fixture
def peer(redis, modules):
    return Peer(redis)
