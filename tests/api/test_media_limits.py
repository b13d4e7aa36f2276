"""The limits of videos and archives from both sides, as they are by default and as an operator sets them."""
import pytest

from support import videos
from support.archives import archive, pairs
from support.client import code_of, register
from support.pictures import encode, holes
from support.server import Server

ULTRAFAST = f"{videos.X264} -preset ultrafast"
TINY = videos.mask_of(64, 48, (10, 10, 20, 20))


def black(width, height, rate, frames):
    return videos.make("clip.mp4", f"-f lavfi -i color=gray:s={width}x{height}:r={rate} -frames:v {frames} {ULTRAFAST}")


def upload(user, content, name, mask=TINY, expect=200, **fields):
    return user.upload(user.create_dataset(), content, mask, expect, name, **fields)


def test_pixels_of_a_frame(user):
    mask = videos.mask_of(4000, 2500, (10, 10, 50, 50))
    assert upload(user, black(4000, 2500, 1, 1), "clip.mp4", mask).json()["tokensUsed"] == 0.4
    answer = upload(user, black(4000, 2502, 1, 1), "clip.mp4", mask, 413)
    assert code_of(answer) == "VIDEO_TOO_LARGE"


def test_seconds(user):
    assert upload(user, black(64, 48, "1/100", 36), "clip.mp4", fps="0.01").json()["processedItems"] == 36
    assert code_of(upload(user, black(64, 48, "1/100", 37), "clip.mp4", expect=413, fps="0.01")) == "VIDEO_TOO_LONG"


def test_frames(user):
    # 10,000 are not refused for their number but for their price.
    assert code_of(upload(user, black(64, 48, 100, 10_000), "clip.mp4", expect=401, fps="native")) == "INSUFFICIENT_TOKENS"
    assert code_of(upload(user, black(64, 48, 100, 10_001), "clip.mp4", expect=413, fps="native")) == "VIDEO_TOO_LONG"


@pytest.fixture(scope="module")
def strict_user(tmp_path_factory):
    """Of a service with low limits on videos and archives."""
    with Server(tmp_path_factory.mktemp("strict") / "data", WORKER_CONCURRENCY="0", MAXIMUM_VIDEO_MEGAPIXELS="1",
                MAXIMUM_VIDEO_SECONDS="3", MAXIMUM_VIDEO_FRAMES="4", MAXIMUM_ARCHIVE_MEGABYTES="1",
                MAXIMUM_ARCHIVE_ENTRIES="4") as server:
        yield register(server.url)


@pytest.mark.parametrize("kept, passed, code", [
    ((1000, 1000, 1, 1), (1000, 1002, 1, 1), "VIDEO_TOO_LARGE"),
    ((64, 48, 1, 3), (64, 48, 1, 4), "VIDEO_TOO_LONG"),
])
def test_configured_limits_of_videos(strict_user, kept, passed, code):
    mask = videos.mask_of(*kept[:2], (10, 10, 20, 20))
    upload(strict_user, black(*kept), "clip.mp4", mask)
    assert code_of(upload(strict_user, black(*passed), "clip.mp4", mask, 413)) == code


def test_configured_number_of_frames(strict_user):
    assert upload(strict_user, black(64, 48, 4, 4), "clip.mp4", fps="native").json()["processedItems"] == 4
    assert code_of(upload(strict_user, black(64, 48, 4, 5), "clip.mp4", expect=413, fps="native")) == "VIDEO_TOO_LONG"


def test_configured_number_of_entries(strict_user):
    assert upload(strict_user, archive(pairs(2)), "pairs.zip").json()["processedItems"] == 2
    answer = upload(strict_user, archive({**pairs(2), "more.txt": b"x"}), "pairs.zip", expect=413)
    assert code_of(answer) == "ARCHIVE_TOO_LARGE"


@pytest.mark.parametrize("surplus, status", [(0, 200), (1, 413)])
def test_configured_size_of_an_archive(strict_user, surplus, status):
    """What is behind a picture's end is expanded with it, and counts."""
    files = pairs(1)
    missing = (1 << 20) - sum(len(data) for data in files.values()) + surplus
    answer = upload(strict_user, archive({**files, "image_1.png": files["image_1.png"] + noise(missing)}), "pairs.zip",
                    expect=status)
    assert status == 200 or code_of(answer) == "ARCHIVE_TOO_LARGE"


def noise(count):
    """Bytes that don't compress."""
    picture = encode(holes(8, 8))
    return (picture * (count // len(picture) + 1))[:count]
