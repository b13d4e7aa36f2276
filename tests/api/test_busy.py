"""Work that takes long keeps nobody else waiting."""
import concurrent.futures
import time

import pytest

from support import videos
from support.client import register
from support.server import Server

UPLOADS = 8  # more than there are threads


@pytest.fixture(scope="module")
def film():
    """Of which 9 frames are taken and 9,000 decoded."""
    return videos.make("film.mp4", f"-f lavfi -i testsrc2=s=320x240:r=30:d=300 {videos.X264} -preset ultrafast")


def slowest_answer(client, path, until):
    """Seconds, of one request after the other until the future is done."""
    slowest = 0
    while not until.done():
        begun = time.monotonic()
        client.get(path)
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.02)
    return slowest


def test_long_videos_leave_the_threads_of_others_alone(tmp_path, film):
    with Server(tmp_path / "data", WORKER_CONCURRENCY="0") as server:
        users = [register(server.url) for _ in range(UPLOADS)]
        names = [user.create_dataset() for user in users]
        mask = videos.mask_of(320, 240, (10, 10, 50, 50))
        with concurrent.futures.ThreadPoolExecutor(UPLOADS) as pool:
            begun = time.monotonic()
            uploads = [pool.submit(user.upload, name, film, mask, 200, "film.mp4", fps="0.03")
                       for user, name in zip(users, names)]
            time.sleep(0.2)
            slowest = slowest_answer(users[0], "/api/users/profile", uploads[0])
            assert users[0].get(f"/api/datasets/{names[0]}").json()["data"]["itemCount"] == 9
            for upload in uploads:
                upload.result()
            took = time.monotonic() - begun
    print(f"{UPLOADS} uploads in {took:.1f} s, the slowest answer meanwhile in {slowest:.2f} s")
    assert slowest < min(1, took / 4)
