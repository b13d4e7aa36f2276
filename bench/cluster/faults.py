#!/usr/bin/python3
"""Whether anything is lost, paid twice or left behind while everything fails that can.

usage: bench/cluster/faults.py [--seconds 300] [--seed NUMBER] [--without-disk]

Two API processes and two workers, as on machines of their own, share PostgreSQL, Redis and S3, all started here. Eight
clients upload and submit all the while. Meanwhile, in an order that the seed decides: kill -9 of an API process or of
a worker, PostgreSQL restarted, Redis killed and begun anew, Redis flushed, the S3 server gone for ten seconds, the
temporary directory of an API process full (a small disk of its own; left out with --without-disk, and where there is no
right to mount one). In the end everything comes back, and what clients were told is held against what is there. Prints
the tally; the exit code is 1 when anything is wrong, or too little happened to tell.
"""
import argparse
import contextlib
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if "INPAINT_TEST_S3" not in os.environ:
    os.execv(ROOT / "scripts/with-postgres",
             ["with-postgres", "scripts/with-s3", str(Path(__file__).resolve()), *sys.argv[1:]])
sys.path.insert(0, str(ROOT / "tests"))

import requests

from support import database
from support.client import Client, code_of, register
from support.database import rows
from support.pictures import pair
from support.redis_server import RedisServer
from support.server import Server, Worker, run
from support.storage import blobs, bucket_of, is_stored

CLIENTS = 8
PICTURE, MASK = pair(96, 96)
OUTAGE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
# What may be asked for again: refused for now, and nothing was done.
LATER = {429, 503}
PATIENCE = 240  # seconds, for all that was accepted to end
CAP_SYS_ADMIN = 21


class Machine:
    """A place for one process, which is started again after it was killed."""

    def __init__(self, kind, directory, *flags, **settings):
        self.kind, self.directory, self.flags, self.settings = kind, directory, flags, settings
        directory.mkdir(exist_ok=True)
        self.start()

    def start(self):
        self.process = self.kind(self.directory / "data", *self.flags, **self.settings)

    def crash(self):
        self.process.kill()
        self.start()

    @property
    def url(self):
        return self.process.url


class Customer(threading.Thread):
    """Uploads and submits until told to stop, at any API process that answers. Remembers what it was told."""

    def __init__(self, user, machines, seed):
        super().__init__(daemon=True)
        self.user, self.machines, self.chance = user, machines, random.Random(seed)
        self.stopping = threading.Event()
        self.uploads, self.inferences = Counter(), {}  # name: what was told · key: id
        self.told, self.failure = Counter(), None

    def run(self):
        count = 0
        try:
            while not self.stopping.is_set():
                count += 1
                (self.upload if self.chance.random() < 0.5 else self.submit)(f"{self.user.email}-{count}")
                time.sleep(self.chance.uniform(0, 0.1))
        except BaseException as failure:
            self.failure = failure

    def client(self):
        return Client(self.chance.choice(self.machines).url, self.user.token)

    def ask(self, action):
        """The answer; nothing when there is none."""
        try:
            answer = action(self.client())
        except OUTAGE:
            self.told["no answer"] += 1
            time.sleep(0.1)
            return None
        self.told[f"{answer.status_code}{'' if answer.ok else ' ' + code_of(answer)}"] += 1
        return answer

    def upload(self, name):
        """Once: a repeat would be another item."""
        answer = self.ask(lambda client: client.upload("big", PICTURE, MASK, None, f"{name}.png"))
        if answer is None or not answer.ok and code_of(answer) == "COMMIT_UNKNOWN":
            self.uploads[f"{name}.png"] = "unknown"
        else:
            assert answer.ok or answer.status_code in LATER, f"upload: {answer.status_code} {answer.text}"
            self.uploads[f"{name}.png"] = "stored" if answer.ok else "refused"

    def submit(self, key):
        """Until it is answered: its key makes a repeat harmless."""
        while not self.stopping.is_set():
            answer = self.ask(lambda client: client.submit("small", None, {"Idempotency-Key": key}, parameters={
                "quality": "low"}))
            if answer is not None and answer.ok:
                self.inferences[key] = answer.json()["jobId"]
                return
            assert answer is None or answer.status_code in LATER, f"submit: {answer.status_code} {answer.text}"
            time.sleep(0.2)


class Cluster:
    """All processes, and what can go wrong with them."""

    def __init__(self, directory, chance, with_disk):
        self.directory, self.chance, self.happened = directory, chance, Counter()
        self.disk = self.mount_disk(directory / "api 0") if with_disk else None
        self.redis = RedisServer(directory)
        settings = {"POSTGRES_DB": database.name_of(directory), "JWT_SECRET": "a secret that all processes know",
                    "S3_BUCKET": bucket_of(directory), "MINIMUM_FREE_MEGABYTES": "8", "RING_AGAIN_AFTER": "10s",
                    **self.redis.settings}
        self.apis = [Machine(Server, directory / f"api {i}", "--worker-concurrency", "0", **settings) for i in range(2)]
        self.workers = [Machine(Worker, directory / f"worker {i}", "--worker-concurrency", "1", **settings)
                        for i in range(2)]
        self.faults = [self.kill_an_api, self.kill_a_worker, self.restart_postgres, self.restart_redis,
                       self.flush_redis, self.lose_s3]
        if self.disk:
            self.faults.append(self.fill_the_disk)

    def mount_disk(self, directory):
        directory.mkdir()
        if not may_mount():
            print("Without the right to mount no disk is filled.")
            return None
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", directory], check=True)
        return directory

    def kill_an_api(self):
        self.chance.choice(self.apis).crash()

    def kill_a_worker(self):
        self.chance.choice(self.workers).crash()

    def restart_postgres(self):
        subprocess.run([*shlex.split(os.environ["POSTGRES_CONTROL"]), "restart", "-m",
                        self.chance.choice(["fast", "immediate"])], check=True, cwd="/", stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def restart_redis(self):
        self.redis.stop()
        time.sleep(self.chance.uniform(0, 2))
        self.redis.start()

    def flush_redis(self):
        self.redis.flush()

    def lose_s3(self):
        control = shlex.split(os.environ["S3_CONTROL"])
        subprocess.run([*control, "stop"], check=True, cwd=ROOT)
        time.sleep(10)
        subprocess.run([*control, "start"], check=True, cwd=ROOT)

    def fill_the_disk(self):
        file = self.disk / "filler"
        with contextlib.suppress(OSError), open(file, "wb") as filler:
            while True:
                filler.write(bytes(1 << 16))
                filler.flush()
        time.sleep(2)
        file.unlink()

    def disturb(self, seconds):
        """Every fault in turn, in an order that changes, until the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for fault in self.chance.sample(self.faults, len(self.faults)):
                if time.monotonic() >= end:
                    return
                fault()
                self.happened[name_of(fault)] += 1
                time.sleep(self.chance.uniform(0.5, 2))

    def stop(self):
        for machine in [*self.apis, *self.workers]:
            machine.process.kill()
        self.redis.stop()
        if self.disk:
            subprocess.run(["umount", "--lazy", self.disk], check=True)


def may_mount():
    effective = re.search(r"CapEff:\s+(\w+)", Path("/proc/self/status").read_text())[1]
    return bool(int(effective, 16) >> CAP_SYS_ADMIN & 1)


def name_of(fault):
    return fault.__name__.replace("_", " ")


class Judgement:
    """What was told, held against what is there."""

    def __init__(self, directory, customers):
        self.directory, self.customers, self.wrong = directory, customers, []

    def check(self, right, sentence):
        if not right:
            self.wrong.append(sentence)

    def rows(self, query):
        return rows(self.directory, query)

    def told(self):
        """All answers."""
        return sum((customer.told for customer in self.customers), Counter())

    def check_uploads(self):
        names = Counter(name for name, in self.rows("SELECT image_name FROM dataset_items WHERE upload_index >= 0"))
        told = {name: outcome for customer in self.customers for name, outcome in customer.uploads.items()}
        for name, outcome in told.items():
            self.check(names[name] <= 1, f"{name} is stored {names[name]} times")
            self.check(outcome != "stored" or names[name] == 1, f"{name} was stored and is not there")
            self.check(outcome != "refused" or names[name] == 0, f"{name} was refused and is there")
        (charges,), = self.rows("SELECT COUNT(*) FROM token_transactions WHERE operation_type = 'upload'")
        self.check(charges == names.total(), f"{charges} charges for {names.total()} items")
        return Counter(told.values())

    def check_inferences(self):
        statuses = dict(self.rows("SELECT id, status FROM inferences"))
        for customer in self.customers:
            for key, inference in customer.inferences.items():
                self.check(inference in statuses, f"{key} was accepted and is not there")
        ids = [inference for customer in self.customers for inference in customer.inferences.values()]
        self.check(len(ids) == len(set(ids)), "one inference was given out for two keys")
        wrong = self.rows("SELECT id FROM inferences "
                          "WHERE (status = 'COMPLETED') = (tokens_refunded = tokens_reserved)")
        self.check(not wrong, f"{len(wrong)} inferences were refunded otherwise than they ended")
        entries = self.rows("SELECT operation_id, COUNT(*) FROM token_transactions WHERE operation_type = 'inference' "
                            "GROUP BY operation_id")
        self.check(sorted(entries) == sorted((inference, 1) for inference in statuses),
                   "an inference has no reservation, or two")
        pending = self.rows("SELECT id FROM token_transactions WHERE status = 'pending'")
        self.check(not pending, f"{len(pending)} reservations were never settled")
        return Counter(statuses.values())

    def reasons(self):
        """Why inferences failed."""
        return Counter(reason for reason, in self.rows("SELECT error FROM inferences WHERE status = 'FAILED'"))

    def check_enough_happened(self, cluster, seconds, uploads, inferences):
        """So that all the other checks say something."""
        for fault in cluster.faults:
            self.check(cluster.happened[name_of(fault)] > 0, f"never happened: {name_of(fault)}")
        self.check(not cluster.disk or self.told()["503 STORAGE_FULL"] > 0, "nobody was told of the full disk")
        self.check(uploads["stored"] >= seconds, "hardly anything was stored")
        self.check(inferences["COMPLETED"] >= seconds, "hardly an inference was completed")
        self.check(inferences["COMPLETED"] >= 0.9 * inferences.total(), "a tenth of the inferences failed")

    def check_ledger(self):
        finished = run("ledger", "verify", "--data-directory", self.directory)
        self.check(finished.returncode == 0, f"ledger verify: {finished.stdout}{finished.stderr}")

    def check_blobs(self):
        named = {path for path, in self.rows(
            "SELECT image_path FROM dataset_items UNION SELECT mask_path FROM dataset_items UNION "
            "SELECT output_path FROM inference_items WHERE output_path IS NOT NULL")}
        stored = set(blobs(self.directory))
        unlisted = sorted(named - stored)
        if unlisted:
            print(f"not in the bucket's list: {', '.join(unlisted)}")
        missing = [key for key in unlisted if not is_stored(self.directory, key)]
        self.check(not missing, f"{len(missing)} files are missing: {', '.join(missing)}")
        self.check(stored <= named, f"{len(stored - named)} files belong to nothing")
        return len(stored)


def wait_until_all_ended(directory):
    end = time.monotonic() + PATIENCE
    while True:
        (left,), = rows(directory, "SELECT COUNT(*) FROM inferences WHERE status IN ('PENDING', 'RUNNING')")
        if left == 0 or time.monotonic() > end:
            return left
        time.sleep(0.5)


def prepare(cluster):
    """The users, each with tokens for all that follows and two datasets."""
    api = cluster.apis[0]
    administrator = Client(api.url).log_in("admin@localhost", api.process.administrator_password())
    users = [register(api.url) for _ in range(CLIENTS)]
    for user in users:
        administrator.post("/api/admin/user-tokens", {"email": user.email, "amount": 100_000})
        user.create_dataset("big")
        user.create_dataset("small")
        user.upload("small", PICTURE, MASK, image_name=f"{user.email} small.png")
    return users


def settle(cluster, customers, seconds):
    """Disturbs, ends, and waits for what was accepted. How many inferences did not end, and how long that took."""
    for customer in customers:
        customer.start()
    try:
        cluster.disturb(seconds)
    finally:
        for customer in customers:
            customer.stopping.set()
    for customer in customers:
        customer.join()
    begun = time.monotonic()
    left = wait_until_all_ended(cluster.directory)
    return left, time.monotonic() - begun


def judge(cluster, customers, seconds, left, took):
    judgement = Judgement(cluster.directory, customers)
    for customer in customers:
        judgement.check(customer.failure is None, f"{customer.user.email}: {customer.failure!r}")
    judgement.check(left == 0, f"{left} inferences never ended")
    swept = run("sweep", "--grace-minutes", "0", "--data-directory", cluster.directory, timeout=300)
    judgement.check(swept.returncode == 0, f"sweep: {swept.stderr}")
    uploads, inferences = judgement.check_uploads(), judgement.check_inferences()
    judgement.check_enough_happened(cluster, seconds, uploads, inferences)
    judgement.check_ledger()
    files = judgement.check_blobs()
    print(f"faults: {tally(cluster.happened)}")
    print(f"answers: {tally(judgement.told())}")
    print(f"uploads: {tally(uploads)}; inferences: {tally(inferences)}, the last {took:.0f} s after the end; "
          f"{files} files; {swept.stdout.strip()}")
    print(f"failed because: {tally(judgement.reasons())}")
    return judgement.wrong


def tally(counts):
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--without-disk", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="inpaint-faults-") as directory:
        cluster = Cluster(Path(directory), chance, not options.without_disk)
        try:
            customers = [Customer(user, cluster.apis, chance.random()) for user in prepare(cluster)]
            left, took = settle(cluster, customers, options.seconds)
        finally:
            cluster.stop()
        wrong = judge(cluster, customers, options.seconds, left, took)
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
