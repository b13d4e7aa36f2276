"""The database restarts under load: nobody is charged for nothing or twice, and the service goes on by itself."""
import contextlib
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections import Counter
from decimal import Decimal

import pytest

from support import database
from support.client import Client, code_of, register
from support.database import rows
from support.pictures import pair
from support.server import Server, verify_ledger
from support.storage import blobs

pytestmark = pytest.mark.skipif(not database.ON_POSTGRES, reason="needs PostgreSQL: scripts/with-postgres")
RESTARTS = ("fast", "immediate", "fast", "immediate")
CLIENTS = 8


class Customer:
    """Uploads and submits without pause, and remembers what each request was answered."""

    def __init__(self, url, number, administrator):
        self.user = register(url)
        administrator.post("/api/admin/user-tokens", {"email": self.user.email, "amount": 100_000})
        self.dataset = self.user.create_dataset()
        self.small = self.user.create_dataset_with(pair())
        self.name = f"customer-{number}"
        self.answers = {}  # of the picture's name or the idempotency key: "done", "refused" or "unknown"
        self.codes = Counter()
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            count = 0
            while not self.stopping.is_set():
                self.upload(f"{self.name}-{count}.png")
                if count % 5 == 0:
                    self.submit(f"{self.name}-{count}")
                count += 1
                time.sleep(0.02)
        except BaseException as failure:  # for the test to raise
            self.failure = failure

    def upload(self, name):
        self.remember(name, self.user.upload(self.dataset, *pair(), expect=None, image_name=name), 200)

    def submit(self, key):
        self.remember(key, self.user.submit(self.small, expect=None, headers={"Idempotency-Key": key}), 201)

    def remember(self, label, answer, expected):
        if answer.status_code == expected:
            self.answers[label] = "done"
            return
        code = code_of(answer)
        self.codes[code] += 1
        assert code in ("DATABASE_UNAVAILABLE", "DATABASE_BUSY", "COMMIT_UNKNOWN"), answer.text
        self.answers[label] = "unknown" if code == "COMMIT_UNKNOWN" else "refused"

    def join(self):
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive()
        if self.failure:
            raise self.failure


def restart(mode):
    subprocess.run([*shlex.split(os.environ["POSTGRES_CONTROL"]), "restart", "-m", mode], check=True, cwd="/",
                   stdout=subprocess.DEVNULL)


def wait_until_all_ended(data, seconds=120):
    end = time.monotonic() + seconds
    while left := rows(data, "SELECT id FROM inferences WHERE status IN ('PENDING', 'RUNNING')"):
        assert time.monotonic() < end, f"not ended: {left}"
        time.sleep(0.2)


def check_outcomes(data, customer):
    """Every request has exactly the outcome that it was answered."""
    stored = Counter(name for name, in rows(data, "SELECT image_name FROM dataset_items WHERE image_name LIKE ?",
                                            f"{customer.name}-%"))
    submitted = Counter(key for key, in rows(data, "SELECT idempotency_key FROM inferences WHERE "
                                                   "idempotency_key LIKE ?", f"{customer.name}-%"))
    found = stored + submitted
    assert set(found.values()) <= {1}
    for label, answer in customer.answers.items():
        assert answer == "unknown" or (label in found) == (answer == "done"), f"{label} was {answer}"
    uploads = len(stored) + 1  # and the one of the small dataset
    charged = rows(data, "SELECT COUNT(*), SUM(-amount) FROM token_transactions WHERE user_id = ? AND "
                         "operation_type = 'upload'", customer.user.id)
    assert charged == [(uploads, Decimal("0.65") * uploads)]


def test_restarts_under_load_lose_and_double_nothing(tmp_path):
    data = tmp_path / "data"
    server = Server(data, "--worker-concurrency", "1")
    administrator = Client(server.url).log_in("admin@localhost", server.administrator_password())
    customers = [Customer(server.url, number, administrator) for number in range(CLIENTS)]
    for mode in RESTARTS:
        time.sleep(1.5)
        restart(mode)
    time.sleep(1.5)
    for customer in customers:
        customer.join()
    Client(server.url).get("/ready")
    wait_until_all_ended(data)
    for customer in customers:
        customer.upload(f"{customer.name}-after.png")
        check_outcomes(data, customer)
    server.process.terminate()
    assert server.process.wait(15) == 0
    verify_ledger(data)
    named = {path for path, in rows(data, "SELECT image_path FROM dataset_items UNION ALL "
                                          "SELECT mask_path FROM dataset_items")}
    assert named <= set(blobs(data))
    answers = sum((Counter(customer.answers.values()) for customer in customers), Counter())
    print(dict(answers), dict(sum((customer.codes for customer in customers), Counter())))
    assert answers["done"] > CLIENTS


@contextlib.contextmanager
def hung_postgres():
    """All its processes stand still, as they do on a machine whose disk has died."""
    status = subprocess.run([*shlex.split(os.environ["POSTGRES_CONTROL"]), "status"], check=True, cwd="/",
                            capture_output=True, text=True).stdout
    parent = re.search(r"PID: (\d+)", status)[1]
    processes = [parent]

    def tell(signal_number):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):  # those that clean up come and go
                os.kill(int(process), signal_number)

    try:
        tell(signal.SIGSTOP)
        processes += subprocess.run(["pgrep", "-P", parent], check=True, capture_output=True, text=True).stdout.split()
        tell(signal.SIGSTOP)
        yield
    finally:
        tell(signal.SIGCONT)


def test_a_postgres_that_hangs_is_given_up_and_taken_up_again(tmp_path):
    server = Server(tmp_path / "data", "--worker-concurrency", "0")
    try:
        user = register(server.url)
        with hung_postgres():
            began = time.monotonic()
            assert code_of(user.get("/api/users/profile", expect=503)) == "DATABASE_UNAVAILABLE"
            assert time.monotonic() - began < 50
            user.get("/health", expect=200)
        user.get("/api/users/profile", expect=200)
        with hung_postgres():
            server.process.terminate()
            assert server.process.wait(15) == 0
    finally:
        server.process.kill()


def asked_about_callers(data):
    """The connections that are only for the question who is calling."""
    return [pid for pid, in rows(data, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
                                       "query LIKE '%FROM users WHERE id = ANY($1)%' AND pid <> pg_backend_pid()")]


def test_callers_are_known_though_the_connections_for_them_end_or_hang(tmp_path):
    data = tmp_path / "data"
    server = Server(data, "--worker-concurrency", "0")
    try:
        user = register(server.url)
        for harm in (signal.SIGTERM, signal.SIGSTOP):
            end = time.monotonic() + 10
            while not (connections := asked_about_callers(data)):
                user.get("/api/users/profile", expect=200)
                assert time.monotonic() < end
            for connection in connections:
                os.kill(connection, harm)
            began = time.monotonic()
            for _ in range(20):
                user.get("/api/users/profile", expect=200)
            assert time.monotonic() - began < 5
            if harm == signal.SIGSTOP:
                for connection in connections:
                    os.kill(connection, signal.SIGCONT)
                end = time.monotonic() + 10
                while set(connections) & set(asked_about_callers(data)):  # given up, and told so
                    assert time.monotonic() < end
                    time.sleep(0.05)
    finally:
        server.process.kill()
