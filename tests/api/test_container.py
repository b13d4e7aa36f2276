"""A process that may use less than the whole machine, as in a container."""
import concurrent.futures
import contextlib
import os
import time

import numpy
import pytest

from support import control_groups
from support.client import register
from support.pictures import encode, encode_mask
from support.server import Server


@contextlib.contextmanager
def server_within(data, controller, file, value):
    try:
        with control_groups.limited(controller, file, value):
            server = Server(data, WORKER_CONCURRENCY="0")
        with server:
            yield server
    finally:
        control_groups.remove(controller)


def threads_of(server):
    """Those that stay: what a start does beside serving, such as making the administrator, ends."""
    server.administrator_password()
    counts = []
    for _ in range(20):
        counts.append(len(os.listdir(f"/proc/{server.process.pid}/task")))
        time.sleep(0.05)
    return min(counts)


@pytest.mark.skipif(os.cpu_count() < 2, reason="needs two cores")
def test_there_are_threads_for_as_many_cores_as_it_may_use(tmp_path):
    with server_within(tmp_path / "within", "cpu", "cpu.cfs_quota_us", 50_000) as within:
        with Server(tmp_path / "without", WORKER_CONCURRENCY="0") as without:
            assert threads_of(within) < threads_of(without)


def test_large_pictures_at_once_do_not_take_more_memory_than_there_is(tmp_path):
    side = 9_000
    picture = encode(numpy.full((side, side, 3), (10, 200, 30), numpy.uint8))
    hole = numpy.zeros((side, side), bool)
    hole[100:300, 100:300] = True
    mask = encode_mask(hole)
    with server_within(tmp_path / "data", "memory", "memory.limit_in_bytes", 600 << 20) as server:
        user = register(server.url)
        dataset = user.create_dataset()
        with concurrent.futures.ThreadPoolExecutor() as clients:
            uploads = [clients.submit(user.again().upload, dataset, picture, mask) for _ in range(6)]
            assert all(upload.result().json()["processedItems"] == 1 for upload in uploads)
