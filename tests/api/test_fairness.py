"""Nobody's many pictures keep another's single one waiting."""
import numpy
import pytest

from support.client import Client, register
from support.database import rows
from support.pictures import encode, encode_mask, pair
from support.server import Server, verify_ledger
from support.storage import copy

PICTURES = 10_000
MOST_DONE = 100  # of them, until another's single one is


def noise(size):
    """A picture that takes the engine a while: noise, nearly all of it a hole."""
    mask = numpy.ones((size, size), bool)
    mask[:20], mask[:, :20] = False, False
    return encode(numpy.random.default_rng(1).integers(0, 255, (size, size, 3), numpy.uint8)), encode_mask(mask)


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "data", "--worker-concurrency", "1") as running:
        yield running
    verify_ledger(running.data)


@pytest.fixture
def heavy(server):
    """A user with tokens for all that follows."""
    user = register(server.url)
    administrator = Client(server.url).log_in("admin@localhost", server.administrator_password())
    administrator.post("/api/admin/user-tokens", {"email": user.email, "amount": 30_000})
    return user


def multiply(data, dataset, count):
    """Makes the only picture of the dataset `count` pictures: rows that name copies of the file, of which those are
    there that can be worked on before the test ends."""
    (identity, path), = rows(data, "SELECT datasets.id, image_path FROM dataset_items JOIN datasets "
                                   "ON datasets.id = dataset_id WHERE name = ?", dataset)
    copy(data, path, [f"{path}-{number}" for number in range(1, MOST_DONE)])
    rows(data, "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ? - 1) "
               "INSERT INTO dataset_items(dataset_id, item_index, upload_index, type, image_path, mask_path, image_name, "
               "created_at) SELECT dataset_id, item_index + n, upload_index + n, type, image_path || '-' || n, "
               "mask_path, image_name, created_at FROM dataset_items CROSS JOIN numbers WHERE dataset_id = ?",
         count, identity)


def test_ten_thousand_pictures_of_one_user_let_a_single_one_of_another_through(server, heavy):
    dataset = heavy.create_dataset_with(noise(400))
    multiply(server.data, dataset, PICTURES)
    light = register(server.url)
    small = light.create_dataset_with(pair())
    large = heavy.submit(dataset).json()["jobId"]
    heavy.wait_until_running(large)
    single = light.submit(small).json()["jobId"]
    assert light.wait_until_ended(single)["status"] == "COMPLETED"
    assert heavy.status(large)["status"] == "RUNNING"
    done, = rows(server.data, "SELECT COUNT(*) FROM inference_items WHERE inference_id = ? AND status = 'DONE'", large)
    assert 0 < done[0] < MOST_DONE
    abort_live(heavy)


def test_many_inferences_of_one_user_let_another_through(server, heavy):
    dataset = heavy.create_dataset_with(noise(400))
    light = register(server.url)
    small = light.create_dataset_with(pair())
    inferences = [heavy.submit(dataset).json()["jobId"] for _ in range(60)]
    single = light.submit(small).json()["jobId"]
    assert light.wait_until_ended(single)["status"] == "COMPLETED"
    assert heavy.status(inferences[-1])["status"] == "PENDING"
    abort_live(heavy)


def abort_live(user):
    for status in ("PENDING", "RUNNING"):
        for inference in user.get(f"/api/inferences?limit=100&status={status}").json()["data"]:
            user.request("POST", f"/api/inferences/{inference['id']}/abort")
