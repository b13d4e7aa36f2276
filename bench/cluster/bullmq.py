#!/usr/bin/env python3
"""Jobs per second from adding to completion, with empty jobs, beside BullMQ on Node.js on the same Redis.

All keep the same number of jobs under way, with the same options, in alternating rounds; the clock starts when the
first job is added. Ours is one process that adds and works, and is judged beside BullMQ's producer and worker in one
process, by the median of the rounds' ratios. BullMQ in two processes is shown too: then Redis itself, which runs the
same scripts for everybody on one core, leaves room for less than twice as much.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, ROOT, Table, build, median, temporary_directory

JOBS = int(os.environ.get("JOBS", 10_000))
CONCURRENCY = 16
ROUNDS = 5
MODULES = ROOT / "build" / "npm" / "node_modules"
SIDES = {
    "BullMQ on Node.js, one process": [["node", Path(__file__).with_name("queue_node.js"), "both"]],
    "BullMQ on Node.js, two processes": [["node", Path(__file__).with_name("queue_node.js"), role]
                                         for role in ("work", "produce")],
    "inpaint": [[BUILD / "bench" / "bench_queue"]],
}


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
    """Jobs per second, and the CPU time of a job in seconds, that of Redis included."""
    subprocess.run(["redis-cli", "-p", str(port), "flushall"], check=True, stdout=subprocess.DEVNULL)
    before = cpu_seconds(redis)
    environment = {**os.environ, "NODE_PATH": str(MODULES)}
    processes = [subprocess.Popen([str(part) for part in (*command, port, JOBS, CONCURRENCY)], env=environment,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands]
    for process in processes:
        expect(process, "Ready")
    begin = time.monotonic()
    processes[-1].stdin.write("go\n")
    processes[-1].stdin.flush()
    expect(processes[0], "Done")
    seconds = time.monotonic() - begin
    for process in processes:
        process.communicate()
    return JOBS / seconds, (cpu_seconds(redis) - before) / JOBS


def cpu_seconds(redis):
    """Of Redis, and of all processes that have ended here."""
    fields = Path(f"/proc/{redis.pid}/stat").read_text().rpartition(")")[2].split()
    ended = os.times()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + ended.children_user + ended.children_system


def expect(process, word):
    line = process.stdout.readline().strip()
    if line != word:
        sys.exit(f"{process.args[0]} said {line!r} instead of {word!r}")


def report(rounds):
    table = Table()
    for side in SIDES:
        rate = median(measured[side][0] for measured in rounds)
        cpu = median(measured[side][1] for measured in rounds)
        table.add(f"{side}, jobs/s at {CONCURRENCY} at a time", f"{rate:,.0f}")
        table.add(f"{side}, CPU µs a job, with Redis", f"{cpu * 1e6:,.0f}")
    one, two, ours = SIDES
    table.add("jobs/s beside BullMQ in two processes", f"{median(m[ours][0] / m[two][0] for m in rounds):.2f}")
    table.at_least("jobs/s beside BullMQ in one process", median(m[ours][0] / m[one][0] for m in rounds), 2)
    table.finish()


main()
