#!/usr/bin/env python3
"""Requests per second beside those of a "hello" server on the same library, in alternating rounds.

Each server has half of the cores to itself, and wrk the other half: what counts is what a request costs, and
threads that wait for each other can't hide behind an idle core. The median of the rounds' ratios is judged: of the rates, and of the CPU time a
request takes, which other work on the machine can't flatter.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, CORES, SERVER_CORES, Server, Table, build, median, register, serve, temporary_directory, wrk

CONNECTIONS = 64
ROUNDS = 7
SECONDS = 2
CLIENT_CORES = CORES[len(SERVER_CORES) :] or CORES


def main():
    build("inpaint", "bench_hello")
    with temporary_directory() as directory, open(directory / "hello-log", "w") as log:
        with serve(directory, SERVER_CORES) as ours, Server(
            [BUILD / "bench" / "bench_hello", len(SERVER_CORES)], log, SERVER_CORES
        ) as hello:
            token = register(ours.url)
            targets = {
                "hello": (hello, "/", None),
                "health": (ours, "/health", None),
                "profile": (ours, "/api/users/profile", token),
            }
            rounds = {name: [] for name in targets}
            for _ in range(ROUNDS):
                for name, target in targets.items():
                    rounds[name].append(load(*target))
    report(rounds)


def load(server, path, token):
    """(requests/s, median ms, 99th percentile ms, server's CPU microseconds a request) of one round."""
    before = server.cpu_seconds()
    rate, p50, p99 = wrk(server.url + path, CONNECTIONS, SECONDS, token, CLIENT_CORES)
    return rate, p50, p99, 1e6 * (server.cpu_seconds() - before) / (rate * SECONDS)


def report(rounds):
    table = Table()
    for name, figures in rounds.items():
        rate, p50, p99, cost = (median(column) for column in zip(*figures))
        table.add(f"{name}: requests/s, p50, p99, CPU", f"{rate:,.0f}  {p50:.2f} ms  {p99:.2f} ms  {cost:.1f} us")

    for name, path, bar in (("health", "GET /health", 0.75), ("profile", "GET /api/users/profile", 0.40)):
        pairs = list(zip(rounds[name], rounds["hello"]))
        table.at_least(f"{path}, share of hello's rate", median(mine[0] / hello[0] for mine, hello in pairs), bar)
        table.at_least(f"{path}, the same by CPU time", median(hello[3] / mine[3] for mine, hello in pairs), bar)
    table.below("GET /api/users/profile, p99 in ms", median(figures[2] for figures in rounds["profile"]), 20, "{:.1f}")
    table.finish()


main()
