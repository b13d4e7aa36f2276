"""A worker that hangs, ends or loses Redis in the middle of its work: the work goes on, and is settled once."""
import signal
import time

import pytest

from support.client import register
from support.database import rows
from support.pictures import pair, slow_pair
from support.queues import job_counts
from support.server import Server, Worker, verify_ledger

PICTURES = 12
SOME = [pair(700, 700)] * PICTURES  # work for a second or two
PRICE = 275  # hundredths, of the inference of one image


@pytest.fixture
def service(tmp_path, redis):
    flags = ["--worker-concurrency", "0", "--ring-again-after", "2s"]
    with Server(tmp_path / "data", *flags, **redis.settings) as running:
        yield running
    verify_ledger(running.data)


@pytest.fixture
def start_worker(service, redis):
    return lambda: Worker(service.data, "--worker-concurrency", "1", "--ring-again-after", "2s", **redis.settings)


@pytest.fixture
def user(service):
    return register(service.url)


def submit(user, *pairs):
    """Work that a worker has begun when this returns."""
    inference = user.submit(user.create_dataset_with(*pairs)).json()["jobId"]
    user.wait_until_running(inference)
    return inference


def check_settled_once(service, user, inference):
    assert user.wait_until_ended(inference)["status"] == "COMPLETED"
    assert len(user.results(inference)) == PICTURES
    assert rows(service.data, "SELECT operation_type, status, hundredths(amount) FROM token_transactions "
                              "WHERE operation_id = ?", inference) == [("inference", "completed", -PICTURES * PRICE)]


def ends(worker):
    return worker.log().count('"inference ended"')


def test_what_a_hung_worker_had_goes_to_another_and_it_changes_nothing_when_it_wakes(service, user, start_worker):
    with start_worker() as hung:
        inference = submit(user, *SOME)
        hung.process.send_signal(signal.SIGSTOP)
        with start_worker() as other:
            assert user.wait_until_ended(inference)["status"] == "COMPLETED"
            hung.process.send_signal(signal.SIGCONT)
        check_settled_once(service, user, inference)
        assert user.complete(user.create_dataset_with(pair()))  # by the one that hung
    assert (ends(other), ends(hung)) == (1, 1)


def test_a_worker_that_is_asked_to_end_gives_its_work_back(service, user, redis, start_worker):
    with start_worker() as first:
        inference = submit(user, slow_pair())
        assert first.stop() < 8
    assert job_counts(service)["waiting"] == 1  # at once, not when its lock has run out
    with start_worker():
        while job_counts(service)["active"] == 0:
            time.sleep(0.05)
        job = f"bull:inference-processing:{inference}"
        assert redis.ask("hmget", job, "atm", "stc").split() in ([], ["0"])  # attempts that failed, workers that died
        user.post(f"/api/inferences/{inference}/abort")
    assert user.status(inference)["status"] == "ABORTED"


def test_work_survives_a_redis_that_restarts_empty(service, user, redis, start_worker):
    worker = start_worker()
    inference = submit(user, *SOME)
    redis.stop()
    redis.start()
    check_settled_once(service, user, inference)
    assert user.complete(user.create_dataset_with(pair()))
    worker.process.send_signal(signal.SIGTERM)  # its log tells of the queue that did not answer
    assert worker.process.wait(15) == 0
