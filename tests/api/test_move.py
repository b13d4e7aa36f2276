"""`inpaint migrate --from sqlite: --to postgres:` moves an installation over."""
import os
import uuid

import pytest

from support import database
from support.client import Client, register
from support.pictures import pair
from support.server import Server, run

pytestmark = pytest.mark.skipif(not database.ON_POSTGRES, reason="needs PostgreSQL: scripts/with-postgres")
EMBEDDED = {"DB_HOST": ""}
TABLES = ("users", "datasets", "dataset_items", "inferences", "inference_items", "outbox", "queue_jobs",
          "token_transactions")


def move(source, target):
    url = f"postgres://{os.environ['POSTGRES_USER']}@{os.environ['DB_HOST']}:{os.environ['DB_PORT']}/"
    return run("migrate", "--from", f"sqlite:{source}/inpaint.db", "--to", url + database.name_of(target))


def test_an_installation_moves_whole_and_goes_on_counting(tmp_path):
    data = tmp_path / "data"
    with Server(data, **EMBEDDED) as server:
        user = register(server.url)
        name = user.create_dataset(tags=["red", 'with "quotes"', "änd ünïcode", "back\\slash"])
        for _ in range(2):
            user.upload(name, *pair())
        inference = user.complete(name)
        before = {path: user.get(path).json() for path in
                  ("/api/users/profile", "/api/users/tokens", "/api/datasets", f"/api/datasets/{name}",
                   f"/api/inferences/{inference}")}
    finished = move(data, data)
    assert finished.returncode == 0, finished.stderr
    assert "every balance is the sum of its entries" in finished.stdout
    with Server(data) as server:
        moved = Client(server.url, user.token)
        for path, answer in before.items():
            assert moved.get(path).json() == answer
        moved.get(moved.results(inference)[0]["downloadUrl"])
        moved.upload(name, *pair())
        assert moved.complete(name)
        Client(server.url).log_in(user.email)
    verified = run("ledger", "verify", "--data-directory", data)
    assert verified.returncode == 0, verified.stdout


def test_an_installation_that_is_at_work_is_not_moved(tmp_path):
    data = tmp_path / "data"
    with Server(data, **EMBEDDED) as server:
        register(server.url)
        finished = move(data, data)
        assert finished.returncode == 1 and "A process works on" in finished.stderr
    neighbours = [data / "tmp" / "note.txt", data / "tmp" / str(uuid.uuid4()) / "picture.png"]
    for file in neighbours:  # a database may lie anywhere, and beside anything
        file.parent.mkdir(exist_ok=True)
        file.touch()
    assert move(data, data).returncode == 0
    assert all(file.exists() for file in neighbours)


def test_a_target_that_is_not_empty_is_refused_and_left_alone(tmp_path):
    data = tmp_path / "data"
    with Server(data, **EMBEDDED) as server:
        register(server.url)
    with Server(data) as server:
        resident = register(server.url)
    count = [database.rows(data, f"SELECT COUNT(*) FROM {table}") for table in TABLES]
    finished = move(data, data)
    assert finished.returncode == 1 and "not empty" in finished.stderr
    assert [database.rows(data, f"SELECT COUNT(*) FROM {table}") for table in TABLES] == count
    assert database.rows(data, "SELECT id FROM users WHERE id = ?", resident.id)


@pytest.mark.parametrize("source, target", [("sqlite:", "postgres://x/y"), ("mysql:x", "postgres://x/y"),
                                            ("sqlite:/nowhere/inpaint.db", "postgres://x/y"),
                                            ("sqlite:", "http://user:secret@host/")])
def test_what_is_no_database_is_said(tmp_path, source, target):
    finished = run("migrate", "--from", source, "--to", target)
    assert finished.returncode in (1, 2) and finished.stderr.startswith("error: ")
    assert "secret" not in finished.stderr


def test_a_wrong_password_or_host_is_said(tmp_path):
    finished = run("serve", "--data-directory", tmp_path / "data", DB_PORT="1", PORT="0")
    assert finished.returncode == 1 and "can't be reached" in finished.stderr
