"""kill -9 at random points during uploads and inferences: nothing is lost, nothing is paid twice, nothing stays."""
import random
import threading
import time

import pytest
import requests

from support.client import Client, register
from support.database import rows
from support.pictures import encode, encode_mask, holes, truth
from support.server import Server, Worker, run, verify_ledger
from support.storage import ON_S3, blobs

# Of a server with its worker inside, and of a server and a worker process. A start takes longer with a bucket.
KILLS_EACH = 8 if ON_S3 else 15
PICTURE, MASK = encode(truth(160, 160)), encode_mask(holes(160, 160))
OUTAGE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


class Load:
    """A user who uploads and infers until the service is gone. Remembers what he was told."""

    def __init__(self, url, token, dataset, round_):
        self.stored, self.submitted, self.failures = [], [], []
        clients = [Client(url, token) for _ in range(3)]
        self.threads = [threading.Thread(target=self.run, args=(work, client, dataset, f"{round_}-{number}"))
                        for number, (work, client) in enumerate(zip((self.upload, self.upload, self.infer), clients))]
        for thread in self.threads:
            thread.start()

    def run(self, work, client, dataset, label):
        count = 0
        try:
            while True:
                work(client, dataset, f"{label}-{count}")
                count += 1
        except OUTAGE:
            pass  # killed, as it should be
        except BaseException as failure:  # whatever else is the service's fault, and must reach the test
            self.failures.append(failure)

    def upload(self, client, dataset, label):
        name = f"{label}.png"
        client.upload(dataset, PICTURE, MASK, image_name=name)
        self.stored.append(name)

    def infer(self, client, _, label):
        answer = client.submit("small", headers={"Idempotency-Key": label}, modelId="navier-stokes")
        self.submitted.append(answer.json()["jobId"])
        time.sleep(0.02)

    def wait(self):
        for thread in self.threads:
            thread.join(timeout=30)
            assert not thread.is_alive()
        assert not self.failures, self.failures


class Story:
    """What the user was told over all rounds."""

    def __init__(self):
        self.stored, self.submitted = [], []

    def round(self, server, number, kill):
        load = Load(server.url, self.token, "big", number)
        kill()
        server.kill()
        load.wait()
        self.stored += load.stored
        self.submitted += load.submitted


def prepare(data):
    story = Story()
    with Server(data) as server:
        user = register(server.url)
        administrator = Client(server.url).log_in("admin@localhost", server.administrator_password())
        administrator.post("/api/admin/user-tokens", {"email": user.email, "amount": 1_000_000})
        user.create_dataset("big")
        user.create_dataset("small")
        for _ in range(3):
            user.upload("small", PICTURE, MASK)
    story.token = user.token
    return story


def wait_until_all_ended(data, seconds=60):
    live = "SELECT id, status FROM inferences WHERE status IN ('PENDING', 'RUNNING')"
    end = time.monotonic() + seconds
    while left := rows(data, live):
        assert time.monotonic() < end, f"still not ended: {left}"
        time.sleep(0.1)


def recover(data):
    """One start that finds everything dead, and time for all that was under way to end."""
    with Server(data, "--worker-concurrency", "2"):
        wait_until_all_ended(data)
    with Server(data):  # its sweepers tidy up after the one before
        end = time.monotonic() + 20
        while unnamed_blobs(data) and time.monotonic() < end:
            time.sleep(0.1)
    if ON_S3:  # where nobody knows whether another process is at work on what is hours old at most
        assert run("sweep", "--grace-minutes", "0", "--data-directory", data).returncode == 0


def named_blobs(data):
    found = rows(data, "SELECT image_path FROM dataset_items UNION SELECT mask_path FROM dataset_items UNION "
                       "SELECT output_path FROM inference_items WHERE output_path IS NOT NULL")
    return {path for path, in found}


def stored_blobs(data):
    return set(blobs(data))


def unnamed_blobs(data):
    return stored_blobs(data) - named_blobs(data)


def check_nothing_is_lost(data, story):
    statuses = dict(rows(data, "SELECT id, status FROM inferences"))
    assert set(statuses.values()) <= {"COMPLETED", "FAILED", "ABORTED"} and "COMPLETED" in statuses.values()
    assert set(story.submitted) <= set(statuses)
    stored = [name for name, in rows(data, "SELECT image_name FROM dataset_items JOIN datasets ON "
                                           "datasets.id = dataset_id WHERE name = 'big'")]
    assert len(stored) == len(set(stored)) and set(story.stored) <= set(stored)
    print(f"{len(stored)} uploads ({len(story.stored)} answered), {len(statuses)} inferences, "
          f"{list(statuses.values()).count('FAILED')} failed")


def check_nothing_is_paid_twice(data):
    verify_ledger(data)
    assert rows(data, "SELECT id FROM token_transactions WHERE status = 'pending'") == []
    (charges,), = rows(data, "SELECT COUNT(*) FROM token_transactions WHERE operation_type = 'upload'")
    (items,), = rows(data, "SELECT COUNT(*) FROM dataset_items")
    assert charges == items
    wrong = rows(data, "SELECT inferences.id, status, tokens_reserved, tokens_refunded FROM inferences WHERE "
                       "(status = 'COMPLETED') = (tokens_refunded = tokens_reserved)")
    assert wrong == []


def check_nothing_stays(data):
    assert list((data / "tmp").glob("*/*")) == []
    assert unnamed_blobs(data) == set()
    assert named_blobs(data) <= stored_blobs(data)


@pytest.mark.parametrize("shape", ["worker-inside", "worker-beside"])
def test_trap_Q1_killed_at_random_points_nothing_is_lost_paid_twice_or_left(tmp_path, shape):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    data = tmp_path / "data"
    story = prepare(data)
    for number in range(KILLS_EACH):
        delay = chance.uniform(0.02, 0.5)
        if shape == "worker-inside":
            server = Server(data, "--worker-concurrency", "2")
            story.round(server, number, lambda: time.sleep(delay))
        else:
            server = Server(data, "--worker-concurrency", "0")
            worker = Worker(data, "--worker-concurrency", "2")

            def kill_the_worker_first():
                time.sleep(delay / 2)
                worker.kill()
                time.sleep(delay / 2)

            story.round(server, number, kill_the_worker_first)
    recover(data)
    check_nothing_is_lost(data, story)
    check_nothing_is_paid_twice(data)
    check_nothing_stays(data)
