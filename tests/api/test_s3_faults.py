"""What a bucket may do wrong, told request by request to a server that is none: see support/fake_s3.py."""
import socket
import threading
import time

import pytest

from support import database, fake_s3, queues
from support.client import Client, code_of, register
from support.pictures import pair, slow_pair
from support.server import Server, verify_ledger


@pytest.fixture
def bucket():
    with fake_s3.running() as running:
        yield running


@pytest.fixture(scope="module")
def large():
    """A picture that goes in two parts, and its mask."""
    image, mask = slow_pair()
    assert 16 << 20 < len(image) < 32 << 20
    return image, mask


@pytest.fixture
def server(tmp_path, bucket):
    """On that bucket, without a worker. What the bucket does wrong is an error in its log."""
    server = Server(tmp_path / "data", "--worker-concurrency", "0", **bucket.settings)
    yield server
    server.kill()
    verify_ledger(server.data)


def items(user, name):
    return user.get(f"/api/datasets/{name}/data").json()["data"]["items"]


@pytest.mark.parametrize("status, code", [(403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (404, "NoSuchBucket"),
                                          (403, "RequestTimeTooSkewed")])
def test_what_the_bucket_refuses_is_unavailable_and_its_code_is_in_the_log(server, bucket, status, code):
    user = register(server.url)
    name = user.create_dataset_with(pair())
    image = items(user, name)[0]["imageUrl"]
    balance = user.balance()
    # The answer to HEAD has no body, and so no code.
    bucket.fault = lambda method, key, query: (status, b"" if method == "HEAD" else fake_s3.error(code))
    answers = user.upload(name, *pair(), expect=503), user.get(image, expect=503)
    assert [code_of(answer) for answer in answers] == ["STORAGE_UNAVAILABLE"] * 2
    assert code not in answers[0].text and code in server.log()
    assert Client(server.url).get("/ready", expect=503).json()["checks"]["storage"] == "UNAVAILABLE"
    assert user.balance() == balance


def test_a_blob_that_is_not_there_is_not_a_bucket_that_is_not_there(server, bucket):
    user = register(server.url)
    image = items(user, user.create_dataset_with(pair()))[0]["imageUrl"]
    bucket.blobs.clear()
    user.get(image, expect=404)


def once(method, marker, answers):
    """A fault: those answers, one after the other, to that method with that parameter."""
    return lambda of, key, query: answers.pop(0) if of == method and marker in query and answers else None


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
def test_a_failure_inside_a_success_is_tried_again(server, bucket, large, code):
    user = register(server.url)
    name = user.create_dataset()
    bucket.fault = once("POST", "uploadId", [(200, fake_s3.error(code)), (200, fake_s3.error(code))])
    user.upload(name, *large)
    assert user.get(items(user, name)[0]["imageUrl"]).content == large[0] and bucket.uploads == {}


def test_a_completion_whose_answer_was_lost_is_found_out(server, bucket, large):
    user = register(server.url)
    name = user.create_dataset()

    def complete_and_lose_the_answer(method, key, query):
        if method == "POST" and "uploadId" in query and key not in bucket.blobs:
            bucket.answer(method, key, query, {}, b"")
            return 503, b""
        return None

    bucket.fault = complete_and_lose_the_answer
    user.upload(name, *large)
    assert user.get(items(user, name)[0]["imageUrl"]).content == large[0]


def test_an_upload_in_parts_that_the_server_lost_is_unavailable_and_charges_nothing(server, bucket, large):
    user = register(server.url)
    name = user.create_dataset()
    bucket.fault = once("POST", "uploadId", [(404, fake_s3.error("NoSuchUpload"))])
    assert code_of(user.upload(name, *large, expect=503)) == "STORAGE_UNAVAILABLE"
    assert user.balance() == 100 and items(user, name) == []


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def test_a_bucket_that_hangs_holds_up_few_and_jobs_are_given_back(tmp_path, bucket):
    data = tmp_path / "data"
    server = Server(data, "--worker-concurrency", "1", **bucket.settings)
    try:
        user = register(server.url)
        name = user.create_dataset_with(pair())
        bucket.fault = lambda *_: fake_s3.HANG
        assert seconds(lambda: Client(server.url).get("/ready", expect=503)) < 8
        waits = []
        uploads = [threading.Thread(target=lambda: waits.append(
            seconds(lambda: user.again().upload(name, *pair(), expect=503)))) for _ in range(3)]
        for upload in uploads:
            upload.start()
        for upload in uploads:
            upload.join()
        assert max(waits) < 25
        # Only one in every five seconds finds out whether it is there again.
        assert min(seconds(lambda: user.upload(name, *pair(), expect=503)) for _ in range(2)) < 2
        inference = user.submit(name).json()["jobId"]
        while user.status(inference)["status"] != "RUNNING":
            time.sleep(0.05)
        server.process.terminate()
        assert seconds(lambda: server.process.wait(timeout=12)) < 10
    finally:
        server.kill()
    if not queues.ON_REDIS:
        assert database.rows(data, "SELECT state, attempts FROM queue_jobs") == [("waiting", 0)]
    bucket.fault = lambda *_: None
    with Server(data, "--worker-concurrency", "1", **bucket.settings) as server:
        assert Client(server.url, user.token).wait_until_ended(inference, 60)["status"] == "COMPLETED"
    verify_ledger(data)


def test_many_slow_clients_take_little_memory(server, large):
    user = register(server.url)
    url = items(user, user.create_dataset_with(large))[0]["imageUrl"]
    user.get(url)
    before = server.resident_bytes()
    request = f"GET {url} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {user.token}\r\n\r\n".encode()
    with_all = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(80)]
    try:
        for client in with_all:
            client.sendall(request)
        for client in with_all:  # far enough for the longest piece to be read ahead, and not a byte further
            left = 8 << 20
            while left:
                left -= len(client.recv(min(left, 1 << 20)))
        time.sleep(1)
        assert server.resident_bytes() - before < 160 << 20
    finally:
        for client in with_all:
            client.close()
