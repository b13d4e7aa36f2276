"""`inpaint blackbox` by a plain HTTP client, and our worker with our own black box."""
import os
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import requests

from support import videos
from support.blackbox import Blackbox
from support.client import register
from support.pictures import damaged, decode, encode, encode_mask, holes, pair, png_of_size, truth
from support.server import Server, verify_ledger

MASK = holes(64, 64)
TRUTH = truth(64, 64)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with Blackbox(tmp_path_factory.mktemp("box") / "data") as running:
        for name, file in (("photo one.png", pair()[0]), ("mask.png", pair()[1]), ("bomb.png", png_of_size(50000, 50000)),
                           ("text.png", b"no picture"), ("small.png", encode_mask(MASK[:32]))):
            (running.directory / name).write_bytes(file)
        yield running


def one(**fields):
    return {"imagePath": "photo one.png", "maskPath": "mask.png", "uploadIndex": 0, **fields}


def test_health(box):
    answer = requests.get(box.url + "/health", timeout=5)
    assert answer.status_code == 200 and answer.json()["status"] == "healthy"


def test_a_picture_is_repaired(box):
    answer = box.order([one()], parameters={"modelId": "telea", "quality": "high"})
    assert answer["success"] is True and answer["videos"] == [] and "error" not in answer
    image, = answer["images"]
    assert image["originalPath"] == "photo one.png" and not os.path.isabs(image["outputPath"])
    pixels = decode((box.directory / image["outputPath"]).read_bytes())
    assert numpy.array_equal(pixels[~MASK], damaged(TRUTH, MASK)[~MASK])
    assert numpy.abs(pixels[MASK].astype(int) - TRUTH[MASK]).mean() < 8


def test_trap_Q5_parameters_are_obeyed(box):
    image, = box.order([one()], parameters={"outputFormat": ".jpg"})["images"]
    assert (box.directory / image["outputPath"]).read_bytes().startswith(b"\xff\xd8")
    assert "quality" in box.order([one()], parameters={"quality": "best"}, expect=400)["error"]
    assert "model" in box.order([one()], parameters={"modelId": "none"}, expect=400)["error"]
    assert "known are" in box.order([one()], parameters={"colour": "blue"}, expect=400)["error"]


def test_what_fails_is_left_out_and_told(box):
    answer = box.order([one(), one(imagePath="text.png"), one(maskPath="small.png"), one(imagePath="absent.png"), one()])
    assert answer["success"] is True and len(answer["images"]) == 2
    assert [failed["path"] for failed in answer["failed"]] == ["text.png", "photo one.png", "absent.png"]
    assert answer["error"] == answer["failed"][0]["reason"]


def test_trap_M11_when_nothing_could_be_done_it_is_no_success(box):
    answer = box.order([one(imagePath="text.png")])
    assert answer["success"] is False and answer["images"] == [] and answer["error"]


def test_trap_F2_no_path_and_no_user_leads_out_of_the_directory(box):
    (box.data / "secret.png").write_bytes(pair()[0])
    (box.directory / "link.png").symlink_to(box.data / "secret.png")
    before = {file for file in box.data.parent.rglob("*") if file.is_file()}
    for path in ("../secret.png", str(box.data / "secret.png"), str(box.directory / "mask.png"), "link.png",
                 "x/../../secret.png", "/etc/passwd"):
        answer = box.order([one(imagePath=path)], userId="../../../tmp")
        assert answer["success"] is False and "shared directory" in answer["error"], path
    assert box.order([one()], userId="../..")["success"] is True
    new = {file for file in box.data.parent.rglob("*") if file.is_file()} - before
    assert [file for file in new if not file.is_relative_to(box.directory / "results")] == []


def test_trap_F3_a_pixel_bomb_is_refused(box):
    before = box.peak_bytes()
    answer = box.order([one(imagePath="bomb.png")])
    assert answer["success"] is False and "at most 100000000 pixels" in answer["error"]
    assert box.peak_bytes() - before < 64 << 20


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", '{"data": 1}', '{"data": {"pairs": []}}', '{"data": {"pairs": [1]}}',
    '{"data": {"pairs": [{"imagePath": 1, "maskPath": "m"}]}}', '{"data": {"pairs": [{"imagePath": "i"}]}}',
    '{"data": {"pairs": [{"imagePath": "i", "maskPath": "m", "frameIndex": -1}]}}',
    '{"data": {"pairs": [{"imagePath": "i", "maskPath": "m", "uploadIndex": "1"}]}}',
    '{"data": {"pairs": [{"imagePath": "i", "maskPath": "m"}]}, "parameters": []}',
])
def test_trap_F8_odd_orders_are_refused(box, body):
    answer = requests.post(box.url + "/process-dataset", data=body, headers={"Content-Type": "application/json"},
                           timeout=10)
    assert answer.status_code == 400 and answer.json()["success"] is False
    assert isinstance(answer.json()["error"], str)


def test_a_long_order_is_taken_and_one_that_is_too_long_refused(box):
    pairs = [one(imagePath="absent.png", uploadIndex=n) for n in range(10_000)]
    assert len(box.order(pairs)["failed"]) == 10_000
    box.order(pairs + [one()], expect=400)


def frame(box, shade, index, upload):
    name = f"frame-{upload}-{index}.png"
    (box.directory / name).write_bytes(encode(numpy.full((48, 64, 3), shade, numpy.uint8)))
    return {"imagePath": name, "maskPath": "frame-mask.png", "frameIndex": index, "uploadIndex": upload}


def test_trap_V1_V2_frames_of_one_upload_make_one_video_in_the_order_of_numbers(box):
    (box.directory / "frame-mask.png").write_bytes(encode_mask(holes(48, 64)))
    shades = {index: index * 8 for index in (0, 2, 9, 10, 11, 20)}
    frames = [frame(box, shade, index, 3) for index, shade in shades.items()]
    answer = box.order([frames[i] for i in (4, 0, 5, 2, 1, 3)] + [frame(box, 99, 0, 5)] + [one()], "video")
    assert [video["originalVideoId"] for video in answer["videos"]] == [0, 3, 5]
    video = (box.directory / answer["videos"][1]["outputPath"]).read_bytes()
    probed = videos.probe(video)
    assert probed["video"]["codec_name"] == "h264" and probed["video"]["pix_fmt"] == "yuv420p"
    assert video.index(b"moov") < video.index(b"mdat")
    assert probed["times"] == [0, 1, 2, 3, 4, 5]
    assert [round(float(picture.mean()) / 8) for picture in videos.frames(video)] == [0, 2, 9, 10, 11, 20]


def test_a_frame_that_fails_is_left_out_and_told(box):
    (box.directory / "frame-mask.png").write_bytes(encode_mask(holes(48, 64)))
    frames = [frame(box, 40, 0, 1), one(imagePath="text.png", frameIndex=1, uploadIndex=1), frame(box, 80, 2, 1)]
    answer = box.order(frames)
    assert answer["success"] is True and [failed["path"] for failed in answer["failed"]] == ["text.png"]
    assert videos.probe((box.directory / answer["videos"][0]["outputPath"]).read_bytes())["times"] == [0, 2]


def test_trap_V3_parallel_videos_do_not_mix(box):
    (box.directory / "frame-mask.png").write_bytes(encode_mask(holes(48, 64)))
    orders = {shade: [frame(box, shade, index, shade) for index in range(5)] for shade in (40, 80, 120, 160)}
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(orders, pool.map(box.order, orders.values())))
    for shade, answer in answers.items():
        video = (box.directory / answer["videos"][0]["outputPath"]).read_bytes()
        assert all(abs(float(picture.mean()) - shade) < 3 for picture in videos.frames(video))


def test_our_worker_with_our_black_box(tmp_path):
    data = tmp_path / "data"
    with Blackbox(data) as box, Server(data, **box.settings()) as server:
        user = register(server.url)
        name = user.create_dataset_with(pair())
        user.upload(name, encode(TRUTH), encode_mask(numpy.ones_like(MASK)))  # all hole: the engine refuses it
        inference = user.complete(name)
        pixels = decode(user.get(user.results(inference)[0]["downloadUrl"]).content)
        assert numpy.array_equal(pixels[~MASK], damaged(TRUTH, MASK)[~MASK])
        assert user.balance() == round(100 - 2 * 0.65 - 2.75, 2)
    verify_ledger(data)
