#!/usr/bin/env python3
"""Profile requests per second on PostgreSQL beside what pgbench reaches with the same prepared SELECT.

Both have the same number of connections to what they ask and share all cores with the database, in alternating
rounds; the median of the rounds' ratios is judged. The server is one of scripts/with-postgres. pgbench looks up
one user, and one user's requests are judged; what as many users as connections get, in turn, is printed beside
it, because the server knows the callers of equal tokens more cheaply.

A host that runs others meanwhile hits a server whose threads wait for each other harder than 16 processes that do
not: how much of the cores it took is printed beside the result, and changes nothing of it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import CORES, ROOT, Table, build, call, median, register, serve, stolen_seconds, temporary_directory, wrk

CONNECTIONS = 16
ROUNDS = 5
SECONDS = 3
# What a profile request asks the database: src/accounts/repository.cpp.
LOOKUP = """SELECT id, name, surname, email, hundredths(tokens), role, epoch_ms(created_at),
epoch_ms(password_changed_at) FROM users WHERE id = :id;"""


def pgbench(script, user):
    """Lookups per second."""
    command = ["pgbench", "-n", "-M", "prepared", "-f", script, "-D", f"id={user}", "-c", str(CONNECTIONS), "-j", "2",
               "-T", str(SECONDS), "-h", os.environ["DB_HOST"], "-p", os.environ["DB_PORT"],
               "-U", os.environ["POSTGRES_USER"], os.environ["POSTGRES_DB"]]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"tps = ([\d.]+)", said)[1])


def main():
    if "INPAINT_TEST_POSTGRES" not in os.environ:
        os.execv(ROOT / "scripts/with-postgres", ["with-postgres", "-c", "fsync=on", __file__])
    build("inpaint")
    lookups, profiles, many = [], [], []
    with temporary_directory() as directory, serve(directory) as server:
        tokens = [register(server.url, f"ada{i}@example.com") for i in range(CONNECTIONS)]
        profile = server.url + "/api/users/profile"
        user = call(server.url, "GET", "/api/users/profile", token=tokens[0])[1]["data"]["id"]
        script = directory / "lookup.sql"
        script.write_text(LOOKUP)
        stolen = -stolen_seconds()
        for _ in range(ROUNDS):
            lookups.append(pgbench(script, user))
            profiles.append(wrk(profile, CONNECTIONS, SECONDS, tokens[0])[0])
            many.append(wrk(profile, CONNECTIONS, SECONDS, tokens=tokens)[0])
        stolen += stolen_seconds()
    table = Table()
    table.add("pgbench, prepared SELECT, lookups/s", f"{median(lookups):,.0f}")
    table.add("GET /api/users/profile, requests/s", f"{median(profiles):,.0f}")
    table.add(f"the same by {CONNECTIONS} users", f"{median(many):,.0f}")
    table.add("their share of pgbench's", f"{median(m / q for m, q in zip(many, lookups)):.2f}")
    table.add("of the cores, taken by the host", f"{stolen / (3 * SECONDS * ROUNDS * len(CORES)):.1%}")
    table.at_least("requests/s, share of pgbench's", median(p / q for p, q in zip(profiles, lookups)), 0.70)
    table.finish()


main()
