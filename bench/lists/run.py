#!/usr/bin/env python3
"""What a page of a list costs when the list has a million rows, beside the same page of a thousand rows.

The ledger of all users, one user's inferences and datasets, and the datasets of all users; the first page, the
last one and the one in the middle, with their totals and sums. Medians of alternating requests on one connection.
"""

import contextlib
import http.client
import json
import sqlite3
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import Table, build, call, median, register, serve, temporary_directory

FEW, MANY = 1_000, 1_000_000
PAGE = 20
REQUESTS = 100
PASSWORD = "correct horse battery"
OPTIONS = ("--admin-email", "admin@example.com", "--admin-password", PASSWORD, "--bcrypt-salt-rounds", "4",
           "--worker-concurrency", "0")
LISTS = {
    "ledger of all": ("/api/admin/transactions?", True),
    "ledger, one type": ("/api/admin/transactions?type=recharge&", True),
    "ledger, one status": ("/api/admin/transactions?status=completed&", True),
    "own inferences": ("/api/inferences?", False),
    "own inferences, one status": ("/api/inferences?status=COMPLETED&", False),
    "own datasets": ("/api/datasets?", False),
    "datasets of all": ("/api/admin/datasets?", True),
}


def fill(database, total):
    """Brings each list to about so many rows; the balance stays the sum of the ledger."""
    sql = sqlite3.connect(database, isolation_level=None)
    (user, tokens), = sql.execute("SELECT id, tokens FROM users WHERE email = 'ada@example.com'").fetchall()
    (there,), = sql.execute("SELECT COUNT(*) FROM datasets").fetchall()
    numbers = range(there, total)
    ids = [str(uuid.UUID(int=(1 << 124) + number)) for number in numbers]
    now = int(time.time() * 1000)
    sql.execute("BEGIN")
    sql.executemany(
        "INSERT INTO token_transactions(id, user_id, operation_type, operation_id, amount, balance_before, "
        "balance_after, status, description, created_at) VALUES (?, ?, 'recharge', ?, 1, ?, ?, 'completed', 'bench', ?)",
        ((id, user, id, tokens + place, tokens + place + 1, now) for place, id in enumerate(ids)))
    sql.execute("UPDATE users SET tokens = tokens + ? WHERE id = ?", (len(ids), user))
    sql.executemany(
        "INSERT INTO inferences(id, user_id, dataset_name, status, model_id, item_count, tokens_reserved, created_at, "
        "updated_at) VALUES (?, ?, 'bench', 'COMPLETED', 'telea', 1, 0, ?, ?)", ((id, user, now, now) for id in ids))
    sql.executemany("INSERT INTO datasets(id, user_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                    ((id, user, id, now, now) for id in ids))
    sql.execute("COMMIT")
    sql.close()


class Caller:
    """Requests on one connection."""

    def __init__(self, url, token):
        address = urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path):
        """(milliseconds, the answer)."""
        begin = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        milliseconds = 1000 * (time.perf_counter() - begin)
        if answer.status != 200:
            sys.exit(f"{path}: {text.decode()}")
        return milliseconds, json.loads(text)


def measure(url, callers):
    """The median milliseconds of (list, page), by names."""
    times = {}
    targets = []
    for name, (path, is_administrators) in LISTS.items():
        caller = callers[is_administrators]
        _, answer = caller.get(f"{path}limit={PAGE}")
        last = answer["pagination"]["totalPages"]
        for page, number in {"first": 1, "middle": (last + 1) // 2, "last": last}.items():
            targets.append((caller, f"{path}limit={PAGE}&page={number}", times.setdefault((name, page), [])))
    for _ in range(REQUESTS):
        for caller, path, found in targets:
            milliseconds, answer = caller.get(path)
            found.append(milliseconds)
            if not answer["data"]:
                sys.exit(f"{path}: an empty page")
    return {key: median(found) for key, found in times.items()}


def measure_with(directory, rows):
    with serve(directory, None, *OPTIONS) as server:
        user = register(server.url)
    fill(directory / "data" / "inpaint.db", rows)
    with serve(directory, None, *OPTIONS) as server:
        _, answer = call(server.url, "POST", "/api/users/login", {"email": "admin@example.com", "password": PASSWORD})
        callers = {False: Caller(server.url, user), True: Caller(server.url, answer["data"]["token"])}
        with contextlib.closing(callers[False].connection), contextlib.closing(callers[True].connection):
            return measure(server.url, callers)


def main():
    build("inpaint")
    table = Table()
    with temporary_directory() as directory:
        few, many = (measure_with(directory, rows) for rows in (FEW, MANY))
    for name, page in few:
        figure = f"{name}, {page} page: ms with {FEW:,}, {MANY:,} rows"
        table.add(figure, f"{few[name, page]:.2f}  {many[name, page]:.2f}", "< 3x" if page != "middle" else "",
                  many[name, page] < 3 * few[name, page])
    table.finish()


main()
