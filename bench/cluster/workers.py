#!/usr/bin/env python3
"""The time in which two worker processes finish 200 pictures, beside that of one with one thread.

Each worker has a core of its own; the API process leaves all work to them, and the data is in PostgreSQL and Redis. The
pictures wait in a paused queue until the workers are there; the clock runs from its resumption to the last job's end.
In each round every core has its turn as the only one, and the mean of these is what both together are judged by.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cluster import ADMIN_FLAGS, cluster_flags, demand, prepare, queue_counts, start_engines
from harness import CORES, INPAINT, Table, build, median, serve, temporary_directory

PICTURES = 200
ROUNDS = 3
PRICE = 2.75


def control_queue(data, flags, action):
    subprocess.run([INPAINT, "queue", action, "--data-directory", data, *flags], check=True, stdout=subprocess.DEVNULL)


def start_worker(data, flags, core):
    command = [INPAINT, "worker", "--worker-concurrency", "1", "--log-level", "warn", "--data-directory", data, *flags]
    worker = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, [core]))
    worker.stdout.readline()  # that it works
    return worker


def finish_all(url, token, data, flags, cores):
    """Seconds until workers on these cores have finished the pictures."""
    control_queue(data, flags, "pause")
    workers = [start_worker(data, flags, core) for core in cores]
    expected = queue_counts(url)["completed"] + PICTURES
    for _ in range(PICTURES):
        demand(url, "POST", "/api/inferences", {"datasetName": "bench"}, token)
    while queue_counts(url)["waiting"] < PICTURES:
        time.sleep(0.1)
    control_queue(data, flags, "resume")
    begin = time.monotonic()
    while queue_counts(url)["completed"] < expected:
        time.sleep(0.02)
    seconds = time.monotonic() - begin
    for worker in workers:
        worker.terminate()
        worker.wait()
    return seconds


def main():
    settings = start_engines(__file__)
    build("inpaint")
    both = CORES[:2]
    if len(both) < 2:
        sys.exit("this needs two cores")
    alone, together = [], []
    with temporary_directory() as directory:
        flags = cluster_flags(settings, "workers")
        with serve(directory, None, "--worker-concurrency", "0", *ADMIN_FLAGS, *flags) as server:
            token = prepare(server.url, (len(both) + 1) * ROUNDS * PICTURES * PRICE, "bench")
            for _ in range(ROUNDS):
                times = [finish_all(server.url, token, directory / "data", flags, [core]) for core in both]
                alone.append(sum(times) / len(times))
                together.append(finish_all(server.url, token, directory / "data", flags, both))
    table = Table()
    table.add(f"one worker, {PICTURES} pictures: s", f"{median(alone):.1f}")
    table.add(f"two workers, {PICTURES} pictures: s", f"{median(together):.1f}")
    table.at_most("two workers, share of one's time", median(b / a for a, b in zip(alone, together)), 0.6)
    table.finish()


main()
