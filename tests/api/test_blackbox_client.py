"""The worker lets somebody else's black box do the work: a service of Flask and OpenCV that shares nothing with us."""
import contextlib
import pathlib
import time

import numpy
import pytest

from support import videos
from support.blackbox import Service, free_port
from support.client import Client, register
from support.pictures import damaged, decode, encode, encode_mask, holes, pair, truth
from support.server import Server, Worker, verify_ledger
from support.storage import blobs

MASK = holes(64, 64)
TRUTH = truth(64, 64)
DAMAGED = damaged(TRUTH, MASK)
RED = numpy.full((64, 64, 3), (255, 0, 0), numpy.uint8)


@contextlib.contextmanager
def working_with(tmp_path, mode="well", **settings):
    """A user of a service whose work is done by a black box of that mode."""
    data = tmp_path / "data"
    with Service(data / "uploads", mode) as box:
        server = Server(data, **box.settings(INFERENCE_BLACKBOX_PATIENCE="2s", **settings))
        try:
            user = register(server.url)
            user.server = server
            yield user, box
        finally:
            server.kill()  # its log has errors where the box misbehaves
        verify_ledger(data)


def test_somebody_elses_black_box_does_the_work(tmp_path):
    with working_with(tmp_path) as (user, box):
        name = user.create_dataset_with(pair(), pair(48, 80))
        inference = user.complete(name, parameters={"quality": "high", "customParameter": "soft"}, modelId="telea")
        link = user.results(inference)[0]["downloadUrl"]
        pixels = decode(user.get(link).content)
        assert numpy.array_equal(pixels[~MASK], DAMAGED[~MASK])
        assert numpy.abs(pixels[MASK].astype(int) - TRUTH[MASK]).mean() < 8
        first, second = box.orders()
        assert first["userId"] == user.id and first["data"]["type"] == "image"
        assert first["parameters"] == {"quality": "high", "blendMode": "normal", "outputFormat": "png",
                                       "customParameter": "soft", "modelId": "telea"}
        sent, = first["data"]["pairs"]
        assert set(sent) == {"imagePath", "maskPath", "uploadIndex"} and sent["imagePath"].endswith(".png")
        assert user.balance() == round(100 - 2 * 0.65 - 2 * 2.75, 2)


def test_trap_F4_nothing_is_left_of_the_handover(tmp_path):
    with working_with(tmp_path) as (user, box):
        user.complete(user.create_dataset_with(pair()))
        shared = user.server.data / "uploads"
        assert [file for file in (shared / "blackbox").rglob("*") if file.is_file()] == []
        assert len([key for key in blobs(user.server.data) if key.startswith("results/")]) == 1  # the box's own is gone


@pytest.mark.parametrize("mode", ["refuses-red", "forgets-red", "crashes-on-red"])
def test_trap_M11_what_the_black_box_fails_is_refunded_item_by_item(tmp_path, mode):
    with working_with(tmp_path, mode) as (user, box):
        name = user.create_dataset_with(pair(), (encode(RED), encode_mask(MASK)), pair())
        inference = user.complete(name)
        result = user.get(f"/api/inferences/{inference}/results").json()["data"]["result"]
        assert len(result["images"]) == 2
        failed, = result["failed"]
        assert failed["reason"] == "The inference engine could not work on this picture."
        assert user.balance() == round(100 - 3 * 0.65 - 2 * 2.75, 2)
        assert "refuses a picture" in user.server.log()


@pytest.mark.parametrize("mode", ["other-size", "no-picture", "leads-out"])
def test_trap_F2_a_result_that_can_not_be_one_is_not_delivered(tmp_path, mode):
    with working_with(tmp_path, mode) as (user, box):
        (user.server.data / "secret.png").write_bytes(pair()[0])
        inference = user.submit(user.create_dataset_with(pair())).json()["jobId"]
        status = user.wait_until_ended(inference)
        assert status["status"] == "FAILED" and "could not work on this picture" in status["error"]
        assert user.balance() == 99.35


def test_a_busy_black_box_is_asked_again(tmp_path):
    with working_with(tmp_path, "busy-twice") as (user, box):
        user.complete(user.create_dataset_with(pair()))
        assert len(box.orders()) == 3


def test_one_that_is_too_slow_counts_as_absent(tmp_path):
    with working_with(tmp_path, "slow", INFERENCE_BLACKBOX_TIMEOUT="1s") as (user, box):
        inference = user.submit(user.create_dataset_with(pair())).json()["jobId"]
        status = user.wait_until_ended(inference)
        assert status["status"] == "FAILED" and "does not answer" in status["error"]
        assert user.balance() == 99.35


def test_trap_Q3_what_is_no_black_box_counts_as_absent(tmp_path):
    with working_with(tmp_path, "no-contract") as (user, box):
        inference = user.submit(user.create_dataset_with(pair())).json()["jobId"]
        status = user.wait_until_ended(inference)
        assert status["status"] == "FAILED"
        assert status["error"].startswith("The inference engine does not answer.")
        assert str(box.port) not in status["error"] and "127.0.0.1" not in status["error"]
        assert user.balance() == 99.35
        asked = len(box.orders())
        assert asked > 1, "it was asked again"
        others = [user.submit(user.create_dataset_with(pair())).json()["jobId"] for _ in range(3)]
        assert {user.wait_until_ended(other)["status"] for other in others} == {"FAILED"}
        assert len(box.orders()) <= asked + len(others), "each was spared all but one attempt"


def test_without_the_black_box_work_fails_after_its_attempts_and_is_refunded(tmp_path):
    data = tmp_path / "data"
    port = free_port()
    server = Server(data, INFERENCE_BLACKBOX_HOST="127.0.0.1", INFERENCE_BLACKBOX_PORT=str(port),
                    INFERENCE_BLACKBOX_PATIENCE="1s")
    try:
        user = register(server.url)
        inferences = [user.submit(user.create_dataset_with(pair())).json()["jobId"] for _ in range(3)]
        for inference in inferences:
            status = user.wait_until_ended(inference)
            assert status["status"] == "FAILED" and "tokens were given back" in status["error"]
        assert user.balance() == round(100 - 3 * 0.65, 2)
        assert "from now on it is asked now and then" in server.log()
        user.get(f"/api/inferences/{inferences[0]}/results", expect=409)
    finally:
        server.kill()
    verify_ledger(data)


def test_work_goes_on_when_the_black_box_comes_back(tmp_path):
    data = tmp_path / "data"
    with Service(data / "uploads") as box:
        server = Server(data, **box.settings())
        try:
            user = register(server.url)
            name = user.create_dataset_with(pair())
            user.complete(name)
            box.stop()
            inference = user.submit(name).json()["jobId"]
            user.wait_until_running(inference)
            time.sleep(2)
            with Service(data / "uploads", port=box.port):
                assert user.wait_until_ended(inference)["status"] == "COMPLETED"
        finally:
            server.kill()
    verify_ledger(data)


def test_an_abort_does_not_wait_for_the_black_box(tmp_path):
    with working_with(tmp_path, "slow") as (user, box):
        inference = user.submit(user.create_dataset_with(pair())).json()["jobId"]
        user.wait_until_running(inference)
        begin = time.monotonic()
        user.post(f"/api/inferences/{inference}/abort")
        while list((user.server.data / "uploads/blackbox").rglob("*.png")):
            assert time.monotonic() - begin < 2.5
            time.sleep(0.02)
        assert user.balance() == 99.35


def test_trap_V1_of_a_video_the_black_box_gets_frames_and_sound_and_times_stay_ours(tmp_path):
    with working_with(tmp_path) as (user, box):
        name = user.create_dataset()
        clip = videos.make("clip.mp4", "-f lavfi -i testsrc2=s=160x96:r=10:d=3 -f lavfi -i sine=d=3 -c:a aac "
                           + videos.X264)
        user.upload(name, clip, videos.mask_of(160, 96, (40, 30, 80, 60)), image_name="clip.mp4", fps="native")
        inference = user.complete(name)
        assert len(box.orders()) == 30
        video, = user.get(f"/api/inferences/{inference}/results").json()["data"]["videos"]
        probed = videos.probe(user.get(video["downloadUrl"]).content)
        assert probed["video"]["codec_name"] == "h264" and probed["audio"]["codec_name"] == "aac"
        assert len(probed["times"]) == 30


def test_a_jpeg_that_lies_on_its_side_reaches_the_black_box_upright(tmp_path):
    turned = (pathlib.Path(__file__).parents[1] / "fixtures/turned/6.jpg").read_bytes()
    height, width = decode(turned).shape[:2]
    with working_with(tmp_path) as (user, box):
        name = user.create_dataset()
        user.upload(name, turned, encode_mask(holes(width, height)), image_name="turned.jpg")
        link = user.results(user.complete(name))[0]["downloadUrl"]
        assert decode(user.get(link).content).shape[:2] == (width, height)


def test_a_worker_process_uses_it_too(tmp_path):
    data = tmp_path / "data"
    with Service(data / "uploads") as box, Server(data, "--worker-concurrency", "0") as server, \
            Worker(data, **box.settings()):
        user = Client(server.url, register(server.url).token)
        user.complete(user.create_dataset_with(pair()), parameters={"outputFormat": "jpg"})
        assert len(box.orders()) == 1
