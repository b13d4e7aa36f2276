#!/usr/bin/env python3
"""Submitting an inference and asking for its status while 10,000 wait, beside the same on a service where none does.

With SQLite and its queue, and with PostgreSQL and Redis. Nothing works on the jobs; what was submitted is aborted
before the next, so that as many wait as before. The two services are asked in turn, each first as often as the other,
and the ratio of their medians is judged.
"""

import concurrent.futures
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cluster import ADMIN_FLAGS, cluster_flags, demand, prepare, queue_counts, start_engines
from harness import Table, build, median, serve, temporary_directory

WAITING = int(os.environ.get("WAITING", 10_000))
ROUNDS = 200
CLIENTS = 8
PRICE = 2.75


class Service:
    def __init__(self, directory, flags, waiting):
        directory.mkdir()
        self.server = serve(directory, None, "--worker-concurrency", "0", *ADMIN_FLAGS, *flags)
        self.waiting = waiting
        self.submitting, self.asking = [], []

    def fill(self):
        self.token = prepare(self.server.url, (self.waiting + ROUNDS) * PRICE, "bench")
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda _: self.submit(), range(self.waiting)))
        while queue_counts(self.server.url)["waiting"] < self.waiting:
            time.sleep(0.1)

    def submit(self):
        return demand(self.server.url, "POST", "/api/inferences", {"datasetName": "bench"}, self.token)["data"]["jobId"]

    def round(self):
        begin = time.perf_counter()
        inference = self.submit()
        middle = time.perf_counter()
        demand(self.server.url, "GET", f"/api/inferences/{inference}/status", token=self.token)
        end = time.perf_counter()
        self.submitting.append(middle - begin)
        self.asking.append(end - middle)
        demand(self.server.url, "POST", f"/api/inferences/{inference}/abort", token=self.token)


def compare(table, name, directory, flags):
    """`flags`: of the empty service and of the full one."""
    services = [Service(directory / f"{name}-{number}", flags[number], number * WAITING) for number in range(2)]
    empty, full = services
    with empty.server, full.server:
        for service in services:
            service.fill()
        for number in range(ROUNDS):
            for service in services if number % 2 else reversed(services):
                service.round()
    for what, times in (("submit", lambda service: service.submitting), ("status", lambda service: service.asking)):
        few, many = (median(times(service)) for service in services)
        table.add(f"{name}: {what}, none waiting: ms", f"{few * 1000:.2f}")
        table.add(f"{name}: {what}, {WAITING:,} waiting: ms", f"{many * 1000:.2f}")
        table.at_most(f"{name}: {what}, ratio", many / few, 1.2)


def main():
    settings = start_engines(__file__)
    build("inpaint")
    table = Table()
    with temporary_directory() as directory:
        compare(table, "SQLite", directory, [[], []])
        compare(table, "PostgreSQL and Redis", directory,
                [cluster_flags(settings, name) for name in ("none_wait", "many_wait")])
    table.finish()


main()
