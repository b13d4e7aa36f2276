"""The built program, run as an operator runs it: a process with its own data directory."""
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time

from support import database, queues, storage

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "build/release/src/cli/inpaint"
# Cheap passwords and no rate limit, unless a test is about them.
SETTINGS = {"BCRYPT_SALT_ROUNDS": "4", "RATE_LIMIT": "off"}

# Some tests hold thousands of connections; the program inherits the limit.
_, _hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard_limit, _hard_limit))


def environment(settings, data=None):
    """What the program runs with: our settings, and the database, the blobs and the queue of its data directory."""
    of_data = {**database.settings(data), **storage.settings(data), **queues.settings(data)} if data else {}
    return {"PATH": os.environ["PATH"], **SETTINGS, **of_data, **settings}


def run(*arguments, directory=None, timeout=60, stdin=None, **settings):
    """Runs the program to its end, in `directory` (so that no .env of ours is read). The finished process."""
    data = arguments[arguments.index("--data-directory") + 1] if "--data-directory" in arguments else None
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run([PROGRAM, *map(str, arguments)], env=environment(settings, data), text=True,
                              cwd=directory or elsewhere, input=stdin or "", capture_output=True, timeout=timeout)


def verify_ledger(data):
    """`inpaint ledger verify` finds nothing."""
    finished = run("ledger", "verify", "--data-directory", data)
    assert finished.returncode == 0, finished.stdout + finished.stderr


class Process:
    """A running `inpaint`. What it prints and logs goes to files beside its data directory."""

    def __init__(self, data, *arguments, settings, ready):
        self.data = pathlib.Path(data)
        base = self.data.parent
        self.output_file = pathlib.Path(tempfile.mkstemp(dir=base, prefix="output-")[1])
        self.log_file = pathlib.Path(tempfile.mkstemp(dir=base, prefix="log-")[1])
        with open(self.output_file, "w") as output, open(self.log_file, "w") as log:
            self.process = subprocess.Popen([PROGRAM, *map(str, arguments), "--data-directory", str(data)],
                                            env=environment(settings, data), cwd=base, stdout=output, stderr=log)
        self.announcement = self.wait_for_output(ready)

    def wait_for_output(self, pattern, seconds=20):
        """The match of `pattern` in what the process printed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if match := re.search(pattern, self.output_file.read_text()):
                return match
            assert self.process.poll() is None, f"the process ended: {self.log()}"
            time.sleep(0.002)
        raise AssertionError(f"the process did not print {pattern}: {self.log()}")

    def log(self):
        return self.log_file.read_text()

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def peak_bytes(self):
        """The most that was resident since the start."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self):
        """SIGTERM. How long it took to end, in seconds; it must end well, and without an internal error."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=15)
        assert code == 0, self.log()
        assert '"level":"error"' not in self.log(), self.log()
        return time.monotonic() - begin

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if self.process.poll() is not None:
            return
        if failure:
            self.kill()
        else:
            self.stop()


class Server(Process):
    """`inpaint serve` on a free port."""

    def __init__(self, data, *flags, **settings):
        super().__init__(data, "serve", "--host", "127.0.0.1", "--port", "0", *flags, settings=settings,
                         ready=r"Listening on (http://127\.0\.0\.1:(\d+))\n")
        self.url = self.announcement.group(1)
        self.port = int(self.announcement.group(2))

    def administrator_password(self):
        return self.wait_for_output(r"Administrator: admin@localhost, password: (\S+) ").group(1)


class Worker(Process):
    """`inpaint worker` beside a server."""

    def __init__(self, data, *flags, **settings):
        super().__init__(data, "worker", *flags, settings=settings, ready=r"Working on inferences")
