"""The queue is only a bell: Redis that is down or emptied delays work and loses none."""
import signal
import time

import requests

from support.client import Client, register
from support.pictures import pair
from support.server import Server, Worker, run, verify_ledger


def end(process):
    """SIGTERM; that the queue was down is in the log, so that it can't be free of errors as usual."""
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(timeout=15) == 0


def queue(action, server, redis):
    """What `inpaint queue` prints."""
    finished = run("queue", action, "--data-directory", server.data, **redis.settings)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def wait_until_waiting(server, redis, jobs, seconds=20):
    deadline = time.monotonic() + seconds
    while f"waiting   {jobs}\n" not in queue("status", server, redis):
        assert time.monotonic() < deadline


def is_ready(server):
    checks = requests.get(f"{server.url}/ready", timeout=20).json()["checks"]
    assert checks["database"] == checks["storage"] == "OK"
    return checks["queue"] == "OK"


def test_trap_Q2_with_redis_down_an_inference_is_accepted_and_runs_when_it_is_back(tmp_path, redis):
    server = Server(tmp_path / "data", **redis.settings)
    user = register(server.url)
    dataset = user.create_dataset_with(pair())
    assert is_ready(server)
    redis.stop()
    begin = time.monotonic()
    inference = user.submit(dataset).json()["jobId"]
    assert time.monotonic() - begin < 5  # nobody waits for the queue
    assert not is_ready(server)
    assert requests.get(f"{server.url}/metrics", timeout=20).text.count("inpaint_queue_up 0") == 1
    time.sleep(2)
    assert user.status(inference)["status"] == "PENDING"
    redis.start()
    assert user.wait_until_ended(inference)["status"] == "COMPLETED"
    assert is_ready(server)
    end(server)
    verify_ledger(server.data)


def test_an_abort_works_while_redis_is_down(tmp_path, redis):
    server = Server(tmp_path / "data", "--worker-concurrency", "0", **redis.settings)
    user = register(server.url)
    inference = user.submit(user.create_dataset_with(pair())).json()["jobId"]
    redis.stop()
    user.post(f"/api/inferences/{inference}/abort")
    redis.start()
    worker = Worker(server.data, **redis.settings)
    time.sleep(2)
    assert user.status(inference)["status"] == "ABORTED"
    end(worker)
    end(server)
    verify_ledger(server.data)


def test_trap_Q2_of_100_jobs_in_a_redis_that_is_emptied_each_runs_and_is_settled_once(tmp_path, redis):
    with Server(tmp_path / "data", "--worker-concurrency", "0", "--ring-again-after", "2s", **redis.settings) as server:
        user = register(server.url)
        administrator = Client(server.url).log_in("admin@localhost", server.administrator_password())
        administrator.post("/api/admin/user-tokens", {"email": user.email, "amount": 1000})
        dataset = user.create_dataset_with(pair())
        before = user.balance()
        inferences = [user.submit(dataset).json()["jobId"] for _ in range(100)]
        wait_until_waiting(server, redis, 100)
        redis.flush()
        worker = Worker(server.data, "--worker-concurrency", "2", **redis.settings)
        for inference in inferences:
            assert user.wait_until_ended(inference, 120)["status"] == "COMPLETED"
        assert round(100 * (before - user.balance())) == 100 * 275
        worker.stop()
    verify_ledger(server.data)


def test_a_paused_queue_gives_out_no_jobs(tmp_path, redis):
    with Server(tmp_path / "data", **redis.settings) as server:
        user = register(server.url)
        dataset = user.create_dataset_with(pair())
        assert "paused" in queue("pause", server, redis)
        inference = user.submit(dataset).json()["jobId"]
        time.sleep(2)
        assert user.status(inference)["status"] == "PENDING"
        assert "paused" not in queue("resume", server, redis)
        assert user.wait_until_ended(inference)["status"] == "COMPLETED"
