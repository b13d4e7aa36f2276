"""What the service's benchmarks share: building, servers that end with the benchmark, HTTP, wrk, the table."""

import contextlib
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
INPAINT = BUILD / "src" / "cli" / "inpaint"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = CORES[: max(1, len(CORES) // 2)]  # the other half is the load generator's


def build(*targets):
    """Builds the release program and the targets, with what Debian packages they need."""
    configure = "cmake --preset release -DINPAINT_BENCH=ON >/dev/null"
    script = f". scripts/common.sh && install_packages bench && {configure} && build release {' '.join(targets)}"
    run = subprocess.run(["bash", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        sys.exit(run.stdout)


@contextlib.contextmanager
def temporary_directory():
    path = Path(tempfile.mkdtemp(prefix="inpaint-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Server:
    """A process that prints "Listening on URL"; ended with the with-block. `cores` None: where it likes."""

    def __init__(self, command, log, cores=None):
        self.started = time.monotonic()
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=pin
        )
        for line in self.process.stdout:
            if found := re.match(r"Listening on (http://\S+)", line):
                self.url = found[1]
                return
        sys.exit(f"{command[0]} did not start; see {log.name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def cpu_seconds(self):
        """Spent by the process since its start, in user and kernel mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self, field="VmRSS"):
        """VmRSS: resident now; VmHWM: at most, since the start or forget_peak()."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M)[1]) * 1024

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


def serve(directory, cores=None, *options):
    """`inpaint serve` on a free port with its data in the directory, without a rate limit."""
    command = [INPAINT, "serve", "--host", "127.0.0.1", "--port", "0", "--data-directory", directory / "data"]
    with open(directory / "log", "a") as log:
        return Server([*command, "--rate-limit", "off", *options], log, cores)


def call(url, method, path, body=None, token=None, headers=None):
    """(status, parsed answer) of one request; a dict as body goes as JSON."""
    address = urlsplit(url)
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if isinstance(body, dict):
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=120)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def register(url, email="ada@example.com"):
    """A new user's token."""
    password = "correct horse battery"
    call(url, "POST", "/api/users/user", {"name": "Ada", "surname": "Bench", "email": email, "password": password})
    status, answer = call(url, "POST", "/api/users/login", {"email": email, "password": password})
    if status != 200:
        sys.exit(f"login: {answer}")
    return answer["data"]["token"]


_MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


def wrk(url, connections, seconds, token=None, cores=None, tokens=()):
    """(requests/s, median ms, 99th percentile ms) of a load by wrk; any answer but 2xx ends the benchmark. With
    tokens, each request comes from the next of these users."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if tokens:
        command += ["-s", ROOT / "bench/many_users.lua"]
    command += [url, *tokens]
    pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
    said = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=pin).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"{url} failed under load:\n{said}")

    def percentile(name):
        number, unit = re.search(rf"{name}%\s+([\d.]+)(us|ms|s)", said).groups()
        return float(number) * _MILLISECONDS[unit]

    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), percentile(50), percentile(99)


def stolen_seconds():
    """Of all cores, since the machine started: they had work, and the host of this virtual machine ran others."""
    return int(Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


def median(values):
    return statistics.median(values)


class Table:
    """Figures beside their bars; finish() prints it and ends with 1 when a bar is missed."""

    def __init__(self):
        self.rows = []

    def add(self, name, figure, bar="", met=True):
        self.rows.append((name, figure, bar, "" if not bar else "met" if met else "MISSED"))

    def at_least(self, name, value, bar, form="{:.2f}"):
        self.add(name, form.format(value), ">= " + form.format(bar), value >= bar)

    def at_most(self, name, value, bar, form="{:.2f}"):
        self.add(name, form.format(value), "<= " + form.format(bar), value <= bar)

    def below(self, name, value, bar, form="{:.2f}"):
        self.add(name, form.format(value), "< " + form.format(bar), value < bar)

    def finish(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(3)]
        for name, figure, bar, verdict in self.rows:
            line = f"{name:<{widths[0]}}  {figure:>{widths[1]}}  {bar:<{widths[2]}}  {verdict}"
            print(line.rstrip())
        sys.exit(any(row[3] == "MISSED" for row in self.rows))
