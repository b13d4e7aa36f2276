"""Videos inside ZIP archives, made by ffmpeg."""
import functools
import pathlib
import subprocess
import tempfile

import numpy
import pytest

from support.archives import archive, pairs
from support.client import code_of
from support.pictures import encode_mask
from test_zip import items_of, reasons, upload

WIDTH, HEIGHT = 64, 48
PRICE = 0.7


@functools.cache
def video(seconds, extension="mp4", source="testsrc="):
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, f"video.{extension}")
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i",
                        f"{source}size={WIDTH}x{HEIGHT}:rate=10:duration={seconds}", "-pix_fmt", "yuv420p", file],
                       check=True)
        return file.read_bytes()


def mask():
    holes = numpy.zeros((HEIGHT, WIDTH), bool)
    holes[10:20, 10:30] = True
    return encode_mask(holes)


def test_trap_M8_a_video_of_30_seconds_costs_what_it_costs_outside(user):
    name = user.create_dataset()
    body = upload(user, name, archive({"video_1.mp4": video(30), "mask_1.png": mask()})).json()
    assert body["processedItems"] == 30 and body["tokensUsed"] == 30 * 0.4
    items = items_of(user, name)
    assert {item["uploadIndex"] for item in items} == {0} and {item["type"] for item in items} == {"video"}
    assert [item["frameIndex"] for item in items] == list(range(30))


def test_trap_M10_a_video_of_one_frame_is_a_video(user):
    name = user.create_dataset()
    body = upload(user, name, archive({"g/video_1.mp4": video(0.3), "g/mask_1.png": mask()})).json()
    assert body["processedItems"] == 1 and body["tokensUsed"] == PRICE
    item, = items_of(user, name)
    assert item["type"] == "video" and item["frameIndex"] == 0


def test_trap_M9_pictures_and_videos_of_one_archive_do_not_mix(user):
    name = user.create_dataset()
    files = {**pairs(1, "a/"), "b/clip_2.avi": video(3, "avi"), "b/mask_2.png": mask(),
             "b/clip_10.mp4": video(2), "b/mask_10.mp4": video(2, source="color=c=white:")}
    body = upload(user, name, archive(files)).json()
    assert body["processedItems"] == 6 and body["tokensUsed"] == round(PRICE + 3 * 0.4 + 2 * 0.4, 2) and body["skipped"] == []
    items = items_of(user, name)
    assert [item["uploadIndex"] for item in items] == [0, 1, 1, 1, 2, 2]
    assert [item["type"] for item in items] == ["image"] + ["video"] * 5
    assert user.get(f"/api/datasets/{name}").json()["data"]["type"] == "mixed"


def test_masks_of_another_length_skip_the_video_only(user):
    files = {**pairs(1), "clip_2.mp4": video(3), "mask_2.mp4": video(2, source="color=c=white:")}
    answer = upload(user, user.create_dataset(), archive(files))
    assert answer.json()["processedItems"] == 1 and answer.json()["tokensUsed"] == PRICE
    assert "frames" in reasons(answer)["clip_2.mp4"]


def test_frames_that_the_balance_does_not_reach_are_refused_whole(user):
    name = user.create_dataset()
    answer = upload(user, name, archive({"video_1.mp4": video(251), "mask_1.png": mask()}), 401)
    assert code_of(answer) == "INSUFFICIENT_TOKENS" and answer.json()["required"] >= 100.4
    assert items_of(user, name) == [] and user.balance() == 100


@pytest.mark.parametrize("extension", ["mp4", "avi"])
def test_content_and_name_must_agree(user, extension):
    other = {"mp4": "avi", "avi": "mp4"}[extension]
    files = {f"clip_1.{other}": video(1, extension), "mask_1.png": mask()}
    assert code_of(upload(user, user.create_dataset(), archive(files), 400)) == "NO_VALID_PAIR"
