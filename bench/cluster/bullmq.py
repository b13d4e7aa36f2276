#!/usr/bin/env python3
"""Jobs per second from adding to completion, with empty jobs, beside BullMQ on Node.js on the same Redis.

The workers keep the same number of jobs under way, with the same attempts and counts of kept jobs, in alternating
rounds; the clock runs from the first job's adding to the last one's completion. BullMQ's producer and worker are
one process or two, and so are ours beside them; the lesser of the two medians of the rounds' ratios is judged. In
one process BullMQ adds a hundred jobs at a time, in two one by one, which was the faster for each. BullMQ's worker
looks for jobs that are kept too many at each completion; ours at each 64th.

Redis runs BullMQ's scripts for everybody, one after the other on one core. How much of that core was used, and how long
it was inside the scripts, says what is left to gain.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, ROOT, Table, build, median, temporary_directory

JOBS = int(os.environ.get("JOBS", 10_000))
CONCURRENCY = int(os.environ.get("CONCURRENCY", 16))
ROUNDS = 5
MODULES = ROOT / "build" / "npm" / "node_modules"
NODE = ["node", Path(__file__).with_name("queue_node.js")]
OURS = [BUILD / "bench" / "bench_queue"]
SIDES = {
    "BullMQ on Node.js, one process": [[*NODE, "both"]],
    "BullMQ on Node.js, two processes": [[*NODE, role] for role in ("work", "produce")],
    "inpaint, one process": [[*OURS, "both"]],
    "inpaint, two processes": [[*OURS, role] for role in ("work", "produce")],
}


class Job(NamedTuple):
    """The seconds that a job took."""
    clock: float
    cpu: float  # outside Redis
    redis: float  # of CPU time
    scripts: float  # by the clock


def main():
    build("bench_queue")
    subprocess.run(["bash", "-c", ". scripts/common.sh && install_npm_packages"], cwd=ROOT, check=True)
    with temporary_directory() as directory:
        redis, port = start_redis(directory)
        try:
            rounds = [{side: measure(commands, redis, port) for side, commands in SIDES.items()} for _ in range(ROUNDS)]
        finally:
            redis.terminate()
            redis.wait()
    report(rounds)


def start_redis(directory):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    redis = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout != b"PONG\n":
        time.sleep(0.1)
    return redis, port


def measure(commands, redis, port):
    for command in (["flushall"], ["config", "resetstat"]):
        subprocess.run(["redis-cli", "-p", str(port), *command], check=True, stdout=subprocess.DEVNULL)
    environment = {**os.environ, "NODE_PATH": str(MODULES)}
    processes = [subprocess.Popen([str(part) for part in (*command, port, JOBS, CONCURRENCY)], env=environment,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands]
    for process in processes:
        expect(process, "Ready")
    begin = [time.monotonic(), cpu_seconds(*processes), cpu_seconds(redis)]
    processes[-1].stdin.write("go\n")
    processes[-1].stdin.flush()
    expect(processes[0], "Done")
    end = [time.monotonic(), cpu_seconds(*processes), cpu_seconds(redis)]
    scripts = script_seconds(port)
    for process in processes:
        process.communicate()
    return Job(*((after - before) / JOBS for before, after in zip(begin, end)), scripts / JOBS)


def cpu_seconds(*processes):
    fields = [Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split() for process in processes]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


def script_seconds(port):
    """By the clock: true where nothing else wants Redis's core."""
    told = subprocess.run(["redis-cli", "-p", str(port), "info", "commandstats"], capture_output=True, text=True,
                          check=True).stdout
    return sum(int(usec) for usec in re.findall(r"^cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)", told, re.M)) / 1e6


def expect(process, word):
    line = process.stdout.readline().strip()
    if line != word:
        sys.exit(f"{process.args[0]} said {line!r} instead of {word!r}")


def report(rounds):
    table = Table()
    for side in SIDES:
        jobs = [measured[side] for measured in rounds]
        table.add(f"{side}, jobs/s at {CONCURRENCY} at a time", f"{median(1 / job.clock for job in jobs):,.0f}")
        table.add("  CPU µs a job outside Redis", f"{median(job.cpu for job in jobs) * 1e6:,.0f}")
        table.add("  CPU µs a job in Redis", f"{median(job.redis for job in jobs) * 1e6:,.0f}")
        table.add("  µs a job inside BullMQ's scripts", f"{median(job.scripts for job in jobs) * 1e6:,.0f}")
        table.add("  Redis's core in use", f"{median(job.redis / job.clock for job in jobs):.0%}")
    node_one, node_two, our_one, our_two = SIDES
    beside_one = median(m[node_one].clock / m[our_one].clock for m in rounds)
    beside_two = median(m[node_two].clock / m[our_two].clock for m in rounds)
    table.add("jobs/s beside BullMQ, both in one process", f"{beside_one:.2f}")
    table.add("jobs/s beside BullMQ, both in two processes", f"{beside_two:.2f}")
    table.at_least("jobs/s beside BullMQ, the lesser of the two", min(beside_one, beside_two), 2)
    table.finish()


main()
