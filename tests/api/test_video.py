"""Videos: uploaded, sampled, inpainted, and given back as one video."""
import concurrent.futures

import numpy
import pytest

from support import videos
from support.client import Client, code_of, fields_of, register
from support.pictures import decode, pair
from support.server import Server
from support.storage import ON_S3, blobs

WIDTH, HEIGHT = 160, 96
BOX = (60, 30, 90, 50)
MASK = videos.mask_of(WIDTH, HEIGHT, BOX)
HOLE = numpy.zeros((HEIGHT, WIDTH), bool)
HOLE[BOX[1]:BOX[3], BOX[0]:BOX[2]] = True
MASK_VIDEO = f"-f lavfi -i color=black:s={WIDTH}x{HEIGHT}:r=10:d=%s,drawbox=60:30:30:20:white:fill {videos.X264}"


@pytest.fixture(scope="module")
def clip():
    return videos.pattern(3.2)


def upload(user, video, mask=MASK, dataset=None, expect=200, image_name="clip.mp4", **fields):
    """(dataset, body of the answer)"""
    dataset = dataset or user.create_dataset()
    return dataset, user.upload(dataset, video, mask, expect, image_name, **fields).json()


def items(user, dataset):
    body = user.get(f"/api/datasets/{dataset}/data?limit=100").json()["data"]
    return body["items"]


def video_of(user, dataset, **fields):
    """(link, bytes) of the one video that the dataset gives."""
    inference = user.complete(dataset, **fields)
    results = user.get(f"/api/inferences/{inference}/results").json()["data"]
    assert len(results["videos"]) == 1 and results["videos"] == results["result"]["videos"]
    link = results["videos"][0]["downloadUrl"]
    return link, user.get(link).content


def near(left, right, limit=3.0):
    return numpy.abs(left.astype(int) - right.astype(int)).mean() < limit


def test_a_video_becomes_one_frame_a_second_at_0_4_each(user, clip):
    before = user.balance()
    dataset, body = upload(user, clip)
    assert (body["processedItems"], body["tokensUsed"], body["tokensRemaining"]) == (4, 1.6, before - 1.6)
    stored = items(user, dataset)
    assert [item["index"] for item in stored] == [item["frameIndex"] for item in stored] == [0, 1, 2, 3]
    assert len({item["maskPath"] for item in stored}) == 1  # one image for every frame is stored once
    wanted = videos.frames(clip)[::10]
    for item, frame in zip(stored, wanted, strict=True):
        assert near(decode(user.get(item["imageUrl"]).content), frame)
    assert numpy.array_equal(decode(user.get(stored[0]["maskUrl"]).content).astype(bool), HOLE)


def test_trap_V7_frame_0_is_0_and_a_dataset_of_both_is_mixed(user, clip):
    dataset, _ = upload(user, clip)
    first = items(user, dataset)[0]
    assert first["frameIndex"] == 0 and first["frameIndex"] is not False and first["type"] == "video"
    assert user.get(f"/api/datasets/{dataset}").json()["data"]["type"] == "video"
    user.upload(dataset, *pair())
    assert user.get(f"/api/datasets/{dataset}").json()["data"]["type"] == "mixed"
    last = items(user, dataset)[-1]
    assert last["frameIndex"] is None and last["type"] == "image"


def test_trap_M9_each_upload_has_an_index_of_its_own(user, clip):
    dataset = user.create_dataset_with(pair())
    upload(user, clip, dataset=dataset)
    user.upload(dataset, *pair())
    assert [item["uploadIndex"] for item in items(user, dataset)] == [0, 1, 1, 1, 1, 2]


def test_trap_M10_a_video_of_one_frame_is_priced_as_a_video(user):
    dataset, body = upload(user, videos.pattern(0.3))
    assert (body["processedItems"], body["tokensUsed"]) == (1, 0.4)
    submitted = user.submit(dataset).json()["data"]
    assert submitted["tokensReserved"] == 1.5
    user.wait_until_ended(submitted["inferenceId"])


def test_trap_V1_the_result_is_what_a_browser_plays(user):
    clip = videos.make("clip.mp4", f"-f lavfi -i testsrc2=s={WIDTH}x{HEIGHT}:r=10:d=3.2,drawbox=60:30:30:20:white:fill "
                                   f"{videos.X264}")
    dataset, _ = upload(user, clip)
    link, video = video_of(user, dataset, parameters={"outputFormat": "mp4"})
    stream = videos.probe(video)["video"]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"], stream["height"], stream["r_frame_rate"]) == (WIDTH, HEIGHT, "1/1")
    assert float(stream["duration"]) == 4 and stream["nb_frames"] == "4"
    assert video.find(b"moov") < video.find(b"mdat")
    for result, source in zip(videos.frames(video), videos.frames(clip)[::10], strict=True):
        assert near(result[~HOLE], source[~HOLE], 4)
        assert source[HOLE].mean() > 245 and result[HOLE].mean() < 215  # the white box is gone
    head = user.request("HEAD", link, 200).headers
    assert head["Content-Type"] == "video/mp4" and 'filename="clip-inpainted.mp4"' in head["Content-Disposition"]
    part = user.get(link, 206, headers={"Range": "bytes=4-7"})
    assert part.content == b"ftyp"


def test_a_phone_video_comes_back_upright_in_its_own_time_with_its_sound(user):
    upright = videos.make("phone.mp4", f"-f lavfi -i testsrc2=s={HEIGHT}x{WIDTH}:r=30:d=2 -f lavfi -i sine=d=2 "
                                       f"-vf select='not(mod(n\\,3))+lt(n\\,20)' -vsync vfr {videos.X264} -c:a aac")
    phone = videos.remake(upright, "phone.mp4", "-c copy -metadata:s:v rotate=90")
    before = videos.probe(phone)
    dataset, body = upload(user, phone, fps="native")
    assert body["processedItems"] == len(before["times"])
    link, video = video_of(user, dataset)
    after = videos.probe(video)
    assert (after["video"]["width"], after["video"]["height"]) == (WIDTH, HEIGHT)
    assert after["times"] == pytest.approx(before["times"], abs=0.001)
    assert float(after["video"]["duration"]) == pytest.approx(before["times"][-1] + 1 / 30, abs=0.001)
    assert after["audio"]["codec_name"] == "aac"
    assert float(after["audio"]["duration"]) == pytest.approx(2, abs=0.1)
    assert near(videos.frames(video)[5][~HOLE], videos.frames(phone)[5][~HOLE], 4)


@pytest.mark.parametrize("rotation, aspect, shown", [("0", "16/15", "16:15"), ("90", "16/15", "15:16"), ("0", "1000", "1:1")])
def test_pixels_that_are_no_squares_stay_none(user, rotation, aspect, shown):
    flat = videos.pattern(1, options=f"-vf setsar={aspect} {videos.X264}")
    video = videos.remake(flat, "clip.mp4", f"-c copy -metadata:s:v rotate={rotation}")
    size = (WIDTH, HEIGHT) if rotation == "0" else (HEIGHT, WIDTH)
    dataset, _ = upload(user, video, videos.mask_of(*size, BOX))
    assert videos.probe(video_of(user, dataset)[1])["video"]["sample_aspect_ratio"] == shown


def test_an_odd_size_is_made_even_by_one_pixel(user):
    video = videos.pattern(1, options="-vf scale=161:97 -c:v libx264 -pix_fmt yuv444p")
    dataset, _ = upload(user, video, videos.mask_of(161, 97, BOX))
    stream = videos.probe(video_of(user, dataset)[1])["video"]
    assert (stream["width"], stream["height"]) == (162, 98)


def test_trap_V5_a_mask_video_in_h264_is_taken_frame_by_frame(user, clip):
    mask = videos.make("mask.mp4", f"-f lavfi -i color=black:s={WIDTH}x{HEIGHT}:r=10:d=3.2 "
                                   f"-f lavfi -i color=white:s=40x30:r=10:d=3.2 "
                                   f"-filter_complex [0][1]overlay=x='2*n':y=20 {videos.X264}")
    dataset, body = upload(user, clip, mask, mask_name="mask.mp4")
    assert body["processedItems"] == 4
    for item, frame in zip(items(user, dataset), videos.frames(mask)[::10], strict=True):
        stored = decode(user.get(item["maskUrl"]).content).astype(bool)
        assert stored.sum() == pytest.approx(40 * 30, abs=10)
        assert (stored != (frame[..., 0] > 127)).sum() < 10


@pytest.mark.parametrize("seconds", ["2", "5"])
def test_frame_counts_that_differ_are_refused_with_both(user, clip, seconds):
    mask = videos.make("mask.mp4", MASK_VIDEO % seconds)
    before = user.balance()
    dataset, body = upload(user, clip, mask, expect=400, mask_name="mask.mp4")
    assert body["error"]["code"] == "FRAME_COUNT_MISMATCH"
    assert f"{seconds} frames" in body["message"] and "video has 4;" in body["message"]
    assert user.balance() == before and items(user, dataset) == []


def test_a_mask_frame_that_is_not_binary_is_named(user, clip):
    mask = videos.make("mask.mp4", (MASK_VIDEO % "3.2").replace(
        "fill ", "fill,lutyuv=y=min(val\\,120):enable='between(t\\,1.9\\,2.5)' "))
    _, body = upload(user, clip, mask, expect=400, mask_name="mask.mp4")
    assert body["error"]["code"] == "MASK_NOT_BINARY" and body["message"].startswith("Frame 2 ")


@pytest.mark.parametrize("name, mime", [("Clip.AVI", "video/avi"), ("clip.avi", "application/octet-stream"),
                                        ("clip.avi", "video/x-msvideo"), ("clip.avi", "image/png")])
def test_trap_V9_the_content_says_what_it_is(user, name, mime):
    video = videos.make("clip.avi", f"-f lavfi -i testsrc2=s={WIDTH}x{HEIGHT}:r=10:d=2 -c:v mpeg4")
    files = {"image": (name, video, mime), "mask": ("mask.png", MASK, "application/x-anything")}
    dataset = user.create_dataset()
    body = user.post("/api/datasets/upload", data={"datasetName": dataset}, files=files).json()
    assert body["processedItems"] == 2


@pytest.mark.parametrize("video, name, code", [
    (b"no video", "clip.mp4", "UNSUPPORTED_FORMAT"),
    (b"\0\0\0\x18ftypisom" + bytes(100), "clip.mp4", "BAD_VIDEO"),
    (videos.pattern(1), "clip.avi", "UNSUPPORTED_FORMAT"),
    (videos.pattern(1), "clip.png", "UNSUPPORTED_FORMAT"),
    (videos.pattern(2)[:-2000], "clip.mp4", "BAD_VIDEO"),
])
def test_what_is_no_whole_video_is_refused_for_nothing(user, video, name, code):
    before = user.balance()
    dataset, body = upload(user, video, expect=400, image_name=name)
    assert body["error"]["code"] == code and user.balance() == before and items(user, dataset) == []


def test_a_mask_of_another_size_or_kind_is_refused(user, clip):
    _, body = upload(user, clip, videos.mask_of(WIDTH + 1, HEIGHT, BOX), expect=400)
    assert body["error"]["code"] == "MASK_SIZE_MISMATCH"
    answer = user.upload(user.create_dataset(), pair()[0], clip, 400, mask_name="mask.mp4")
    assert code_of(answer) == "UNSUPPORTED_FORMAT"


@pytest.mark.parametrize("fps, frames", [("", 4), ("1", 4), ("2.5", 8), ("0.5", 2), ("0.001", 1), ("native", 32)])
def test_fps_says_how_many_frames(user, clip, fps, frames):
    assert upload(user, clip, fps=fps)[1]["processedItems"] == frames


@pytest.mark.parametrize("fps", ["0", "-1", "120.001", "0.0009", "1e1", "all", "1,5", "1.", ".5", "NATIVE", "1 2"])
def test_any_other_fps_is_400(user, clip, fps):
    answer = user.upload(user.create_dataset(), clip, MASK, 400, "clip.mp4", fps=fps)
    assert fields_of(answer) == ["fps"]


def test_what_the_balance_cannot_pay_is_refused_before_it_is_decoded(user, server):
    rich = videos.pattern(40, "64x48", 25)
    mask = videos.mask_of(64, 48, (10, 10, 20, 20))
    stored_before = blobs(server.data, ".jpg")
    answer = user.upload(user.create_dataset(), rich, mask, 401, "clip.mp4", fps="native")
    assert code_of(answer) == "INSUFFICIENT_TOKENS"
    details = {detail["field"]: detail["message"] for detail in answer.json()["error"]["details"]}
    assert details == {"required": "400", "available": "100"}
    assert user.balance() == 100
    assert blobs(server.data, ".jpg") == stored_before


def test_an_image_beside_a_video_stays_an_image(user, clip):
    dataset, _ = upload(user, clip)
    user.upload(dataset, *pair())
    inference = user.complete(dataset, parameters={"outputFormat": "mp4"})
    results = user.get(f"/api/inferences/{inference}/results").json()["data"]
    assert len(results["videos"]) == 1 and len(results["images"]) == 1
    assert user.get(results["images"][0]["downloadUrl"]).headers["Content-Type"] == "image/png"
    assert results["videos"][0]["originalVideoId"] == 0


def test_trap_V3_videos_at_the_same_time_do_not_mix(user):
    colours = ["red", "green", "blue", "yellow"]

    def job(colour):
        caller = user.again()
        video = videos.make("a.mp4", f"-f lavfi -i color={colour}:s=64x48:r=5:d=2 {videos.X264}")
        dataset, _ = upload(caller, video, videos.mask_of(64, 48, (10, 10, 20, 20)))
        return videos.frames(video)[0], videos.frames(video_of(caller, dataset)[1])[1]

    with concurrent.futures.ThreadPoolExecutor(len(colours)) as pool:
        for source, result in pool.map(job, colours):
            assert near(source, result)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("measured") / "data") as running:
        yield running


@pytest.mark.skipif(ON_S3, reason="two thousand blobs, one after the other, take the bucket a minute")
def test_trap_V2_frames_stay_in_order_after_999(measured):
    count = 1003
    user = register(measured.url)
    administrator = Client(measured.url).log_in("admin@localhost", measured.administrator_password())
    administrator.post("/api/admin/user-tokens", {"email": user.email, "amount": 2000})
    video = videos.make("long.mp4", f"-f lavfi -i color=black:s=32x32:r=25:d={count / 25},"
                                    f"geq=lum='16+mod(N\\,200)':cb=128:cr=128 {videos.X264} -qp 0")
    dataset, body = upload(user, video, videos.mask_of(32, 32, (2, 2, 5, 5)), fps="native")
    assert body["processedItems"] == count
    inference = user.submit(dataset).json()["jobId"]
    assert user.wait_until_ended(inference, 240)["status"] == "COMPLETED"
    results = user.get(f"/api/inferences/{inference}/results").json()["data"]["videos"]
    shown = [frame[20, 20, 0] * 219 / 255 for frame in videos.frames(user.get(results[0]["downloadUrl"]).content)]
    assert len(shown) == count
    assert max(abs(value - number % 200) for number, value in enumerate(shown)) < 3
    # The results of single frames are gone, the video is there.
    results = [key for key in blobs(measured.data) if key.startswith("results/")]
    assert [key.split("/")[-1] for key in results] == ["video-0.mp4"]


def test_trap_V10_a_4k_video_takes_less_than_300_mb(measured):
    user = register(measured.url)
    video = videos.pattern(3, "3840x2160", 30, f"{videos.X264} -preset ultrafast")
    upload(user, video, videos.mask_of(3840, 2160, (100, 100, 200, 200)))
    assert measured.peak_bytes() < 300 << 20


def test_trap_F3_a_video_of_too_many_pixels_is_refused_from_its_header(user):
    bomb = videos.make("bomb.mp4", f"-f lavfi -i color=black:s=7680x4320:r=1:d=1 {videos.X264} -preset ultrafast")
    assert len(bomb) < 200_000
    answer = user.upload(user.create_dataset(), bomb, MASK, 413, "bomb.mp4")
    assert code_of(answer) == "VIDEO_TOO_LARGE"
