"""A data directory with little room: a file system of its own in memory, which only root can make."""
import os
import subprocess

import numpy
import pytest

from support.client import code_of, register
from support.pictures import encode, encode_mask, holes, pair
from support.server import Server, verify_ledger
from support.storage import ON_S3, blobs

MEGABYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """48 MB of room."""
    if os.geteuid() != 0 or ON_S3:
        pytest.skip("needs the right to mount, and files on the disk")
    directory = tmp_path / "disk"
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", directory]).returncode != 0:
        pytest.skip("nothing may be mounted here")
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def noise(size):
    """A picture that compression does not make smaller: 3 bytes a pixel."""
    return encode(numpy.random.default_rng(1).integers(0, 255, (size, size, 3), numpy.uint8), compress_level=0)


def test_an_upload_never_fills_the_disk(small_disk):
    with Server(small_disk / "data", "--worker-concurrency", "0", MINIMUM_FREE_MEGABYTES="16") as server:
        user = register(server.url)
        user.create_dataset("photos")
        small, mask = pair()
        large, mask_of_large = noise(2600), encode_mask(holes(2600, 2600))  # 20 MB
        user.upload("photos", large, mask_of_large)
        before = blobs(server.data)
        answer = user.upload("photos", large, mask_of_large, expect=503)
        assert code_of(answer) == "STORAGE_FULL" and answer.headers["Retry-After"]
        assert os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize > 16 * MEGABYTE
        assert blobs(server.data) == before and list((server.data / "tmp").glob("*/*")) == []
        user.upload("photos", small, mask)
        assert round(100 - user.balance(), 2) == 1.3
    verify_ledger(small_disk / "data")
