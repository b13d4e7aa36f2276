"""What only holds of files in a bucket; scripts/with-s3 gives one. Everything else about files is tested on both."""
import collections
import os
import shlex
import subprocess
import threading
import time

import pytest
import requests

from support import s3
from support.client import Client, code_of, register
from support.pictures import decode, pair, slow_pair
from support.server import Server, run, verify_ledger
from support.storage import ON_S3, blobs, bucket_of, settings

pytestmark = pytest.mark.skipif(not ON_S3, reason="files are in a directory")


def control(what):
    subprocess.run([*shlex.split(os.environ["S3_CONTROL"]), what], check=True, timeout=400)


def test_nothing_is_kept_beside_the_bucket(tmp_path):
    with Server(tmp_path / "data") as server:
        user = register(server.url)
        user.complete(user.create_dataset_with(pair()))
        assert len(blobs(server.data)) == 3
        assert not (server.data / "uploads").exists() and list((server.data / "tmp").glob("*/*")) == []


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("redirecting") / "data", STORAGE_REDIRECT="1") as server:
        yield server


def test_a_client_is_sent_to_the_bucket_for_the_file(redirecting):
    user = register(redirecting.url)
    name = user.create_dataset()
    user.upload(name, *pair(), image_name="Bild ü.png")
    link = user.results(user.complete(name))[0]["downloadUrl"]
    answer = Client(redirecting.url).get(link, expect=302)
    assert answer.headers["Cache-Control"] == "private, no-store"
    url = answer.headers["Location"]
    assert url.startswith(os.environ["S3_ENDPOINT"]) and os.environ["AWS_SECRET_ACCESS_KEY"] not in url
    file = requests.get(url, timeout=10)
    assert file.status_code == 200 and decode(file.content).shape == (64, 64, 3)
    assert file.headers["Content-Type"] == "image/png"
    assert "Bild%20%C3%BC-inpainted.png" in file.headers["Content-Disposition"]
    part = requests.get(url, headers={"Range": "bytes=1-3"}, timeout=10)
    assert part.status_code == 206 and part.content == b"PNG"
    assert requests.get(url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"), timeout=10).status_code == 403
    assert requests.get(url.replace("results/", "datasets/"), timeout=10).status_code == 403
    head = Client(redirecting.url).request("HEAD", link)
    assert head.status_code == 200 and int(head.headers["Content-Length"]) == len(file.content)


def test_an_image_of_a_dataset_too(redirecting):
    user = register(redirecting.url)
    item = user.get(f"/api/datasets/{user.create_dataset_with(pair())}/data").json()["data"]["items"][0]
    file = requests.get(user.get(item["imageUrl"], expect=302).headers["Location"], timeout=10)
    assert file.content == pair()[0] and file.headers["Content-Disposition"].startswith("inline")


def test_a_large_file_goes_in_parts_and_comes_back(tmp_path):
    image, mask = slow_pair()
    assert len(image) > 16 << 20
    with Server(tmp_path / "data", "--worker-concurrency", "0") as server:
        user = register(server.url)
        item = user.get(f"/api/datasets/{user.create_dataset_with((image, mask))}/data").json()["data"]["items"][0]
        assert user.get(item["imageUrl"]).content == image
        part = user.get(item["imageUrl"], expect=206, headers={"Range": f"bytes={len(image) - 10}-"})
        assert part.content == image[-10:]
        assert s3.open_uploads(bucket_of(server.data)) == []


def test_while_the_bucket_is_gone_nothing_is_taken_and_afterwards_work_goes_on(tmp_path):
    data = tmp_path / "data"
    server = Server(data)
    try:
        user = register(server.url)
        name = user.create_dataset_with(pair())
        control("stop")
        inference = user.submit(name).json()["jobId"]
        answer = user.upload(name, *pair(), expect=503)
        assert code_of(answer) == "STORAGE_UNAVAILABLE" and int(answer.headers["Retry-After"]) > 0
        assert user.balance() == round(100 - 0.65 - 2.75, 2)
        control("start")
        assert user.wait_until_ended(inference, 120)["status"] == "COMPLETED"
        user.upload(name, *pair())
        assert user.get(f"/api/datasets/{name}").json()["data"]["itemCount"] == 2
    finally:
        control("start")
        server.kill()
    verify_ledger(data)


def test_the_bucket_that_stops_and_starts_here_is_whole_or_gone():
    """Half of it would tell the program that there is no such bucket, which no log of a test may have."""
    answers, over = collections.Counter(), threading.Event()

    def ask():
        while not over.is_set():
            try:
                s3.request("GET", f"/{os.environ['S3_BUCKET']}", {"list-type": "2"})
                answers["whole"] += 1
            except requests.RequestException:
                answers["gone"] += 1
            except AssertionError as refusal:
                answers[str(refusal)] += 1

    clients = [threading.Thread(target=ask) for _ in range(16)]
    for client in clients:
        client.start()
    try:
        for _ in range(2):
            control("stop")
            control("start")
            time.sleep(0.5)
    finally:
        over.set()
    for client in clients:
        client.join()
    assert answers.keys() == {"whole", "gone"}


def test_uploads_that_are_tried_while_it_comes_back_succeed(tmp_path):
    with Server(tmp_path / "data", "--worker-concurrency", "0") as server:
        user = register(server.url)
        name = user.create_dataset()
        control("stop")
        back = threading.Thread(target=lambda: (time.sleep(2), control("start")))
        back.start()
        user.upload(name, *pair())
        back.join()


def test_a_key_is_needed_and_a_wrong_one_is_said(tmp_path):
    finished = run("serve", "--data-directory", tmp_path / "data", PORT="0", AWS_ACCESS_KEY_ID="")
    assert finished.returncode == 2 and "AWS_ACCESS_KEY_ID" in finished.stderr
    with Server(tmp_path / "wrong", AWS_SECRET_ACCESS_KEY="wrong", S3_BUCKET=settings(tmp_path / "wrong")["S3_BUCKET"]) \
            as server:
        checks = Client(server.url).get("/ready", expect=503).json()["checks"]
        assert checks["storage"] == "UNAVAILABLE" and "SignatureDoesNotMatch" in server.log()
        server.kill()  # its log has the error that was provoked
