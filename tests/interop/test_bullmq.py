"""BullMQ on Node.js and bull-board on the same queue: others see our jobs, and we work on theirs."""
import json
import time

import pytest
import requests

from support.client import register
from support.pictures import pair
from support.queues import job_counts
from support.server import Server, Worker, run, verify_ledger

PRICE = 2.75  # of the inference of one image
QUEUE = "inference-processing"


@pytest.fixture
def service(tmp_path, redis):
    """A service on Redis on which nothing works, and which rings once for each inference."""
    flags = ["--worker-concurrency", "0", "--ring-again-after", "1d"]
    with Server(tmp_path / "data", *flags, **redis.settings) as running:
        yield running
    verify_ledger(running.data)


@pytest.fixture
def user(service):
    return register(service.url)


def submit(user, pictures=1, size=64):
    dataset = user.create_dataset_with(*[pair(size, size)] * pictures)
    return user.submit(dataset).json()["jobId"]


def worker(service, redis):
    return Worker(service.data, "--worker-concurrency", "1", "--ring-again-after", "1d", **redis.settings)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_node_queue_sees_and_counts_our_jobs_and_workers(service, user, redis, peer):
    ids = [submit(user) for _ in range(3)]
    wait_for(lambda: job_counts(service)["waiting"] == 3)
    counts = peer.run("counts")
    assert counts["waiting"] + counts["prioritized"] == 3
    job = peer.run("job", ids[2])
    assert job["name"] == "process-inference" and job["data"] == {"inferenceId": ids[2]}
    with worker(service, redis):
        for inference in ids:
            assert user.wait_until_ended(inference)["status"] == "COMPLETED"
        assert peer.run("workers") == 1
    assert peer.run("counts")["completed"] == 3


def test_a_job_that_a_node_worker_completes_is_counted_and_the_inference_is_not_lost(service, user, redis, peer):
    inference = submit(user)
    assert peer.run("complete", 1) == [inference]
    assert job_counts(service)["completed"] == 1
    # The job was only the bell: nothing was inpainted, so nothing has ended, and the bell is rung again.
    assert user.status(inference)["status"] == "PENDING"
    with Worker(service.data, "--ring-again-after", "1s", **redis.settings):
        assert user.wait_until_ended(inference)["status"] == "COMPLETED"
    assert len(user.results(inference)) == 1
    assert user.balance() == pytest.approx(100 - 0.65 - PRICE)


def test_our_worker_completes_a_job_that_node_added(service, user, redis, peer):
    inference = submit(user)
    wait_for(lambda: job_counts(service)["waiting"] == 1)
    redis.flush()  # so that only Node.js rings
    assert peer.run("add", inference) == inference
    with worker(service, redis):
        assert user.wait_until_ended(inference)["status"] == "COMPLETED"
    assert peer.run("counts")["completed"] == 1


def test_queue_events_hears_progress_and_completion(service, user, redis, peer):
    inference = submit(user, pictures=8, size=900)
    listener = peer.start("listen", inference)
    assert json.loads(listener.stdout.readline()) == "Ready"
    with worker(service, redis):
        heard = [json.loads(line) for line in listener.stdout]
    assert listener.wait(10) == 0
    assert heard[-1] == "completed"
    progress = [int(event["progress"]) for event in heard[:-1]]
    assert progress == sorted(progress) and any(0 < percent < 100 for percent in progress)


def test_bull_board_lists_our_jobs_and_retries_one_that_failed(service, user, redis, peer):
    inference = submit(user)
    assert peer.run("fail", 1) == [inference]
    assert job_counts(service)["failed"] == 1
    board = peer.start("board")
    try:
        url = json.loads(board.stdout.readline())
        listed = requests.get(f"{url}/api/queues", {"activeQueue": QUEUE, "status": "failed"}, timeout=10).json()
        queue, = [queue for queue in listed["queues"] if queue["name"] == QUEUE]
        job, = queue["jobs"]
        assert (job["id"], job["failedReason"]) == (inference, "Node.js can't do this")
        requests.put(f"{url}/api/queues/{QUEUE}/{inference}/retry", timeout=10).raise_for_status()
    finally:
        board.kill()
        board.wait()
    assert job_counts(service)["failed"] == 0
    with worker(service, redis):
        assert user.wait_until_ended(inference)["status"] == "COMPLETED"


def test_a_redis_that_asks_for_a_password_is_said(service, redis):
    redis.ask("config", "set", "requirepass", "secret")
    finished = run("queue", "status", "--data-directory", service.data, **redis.settings)
    assert finished.returncode == 1 and "Redis asks for a password, and REDIS_PASSWORD is not set" in finished.stderr
    finished = run("queue", "status", "--data-directory", service.data, REDIS_PASSWORD="secret", **redis.settings)
    assert finished.returncode == 0, finished.stderr
    redis.ask("-a", "secret", "config", "set", "requirepass", "")
