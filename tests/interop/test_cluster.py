"""Several API processes and workers, as on machines of their own: they share PostgreSQL, Redis, the directory of files
and the secret, and nothing else."""
import contextlib
import json

import pytest

from support import database
from support.client import Client, register
from support.database import rows
from support.pictures import pair
from support.server import Server, Worker, verify_ledger

pytestmark = pytest.mark.skipif(not database.ON_POSTGRES, reason="needs PostgreSQL: scripts/with-postgres")
INFERENCES = 100
PRICE = 275  # hundredths, of the inference of one image


@pytest.fixture
def start(tmp_path, redis):
    """Starts a process on a machine of its own: start(Server or Worker, the machine's name, flags)."""
    shared = {"POSTGRES_DB": database.name_of(tmp_path), "UPLOAD_DIRECTORY": str(tmp_path / "uploads"),
              "JWT_SECRET": "a secret that all processes know", **redis.settings}
    with contextlib.ExitStack() as running:

        def start(kind, machine, *flags):
            (tmp_path / machine).mkdir()
            return running.enter_context(kind(tmp_path / machine / "data", *flags, **shared))

        yield start
    verify_ledger(tmp_path)


@pytest.fixture
def services(start):
    return [start(Server, machine, "--worker-concurrency", "0") for machine in ("first", "second")]


@pytest.fixture
def users(services):
    """One user with tokens for all that follows, at each service."""
    password = services[0].administrator_password()
    user = register(services[1].url)
    Client(services[0].url).log_in("admin@localhost", password).post(
        "/api/admin/user-tokens", {"email": user.email, "amount": 1000})
    return [Client(service.url, user.token) for service in services]


def submit_everywhere(users):
    """Inferences of one picture, at each service in turn. Their ids."""
    dataset = users[0].create_dataset_with(pair())
    return [users[number % 2].submit(dataset).json()["jobId"] for number in range(INFERENCES)]


def check_each_was_settled_once(data, inferences):
    entries = rows(data, "SELECT operation_id, operation_type, status, hundredths(amount) FROM token_transactions "
                         "WHERE operation_type IN ('inference', 'refund') ORDER BY operation_id")
    assert entries == [(inference, "inference", "completed", -PRICE) for inference in sorted(inferences)]


def ended(worker):
    return worker.log().count('"inference ended"')


def test_two_services_and_two_workers_settle_each_of_100_inferences_once(services, users, start, tmp_path):
    workers = [start(Worker, machine, "--worker-concurrency", "1") for machine in ("third", "fourth")]
    inferences = submit_everywhere(users)
    for number, inference in enumerate(inferences):
        user = users[(number + 1) % 2]  # at the service that it was not submitted to
        assert user.wait_until_ended(inference)["status"] == "COMPLETED"
        assert len(user.results(inference)) == 1
    check_each_was_settled_once(tmp_path, inferences)
    assert sum(map(ended, workers)) == INFERENCES and min(map(ended, workers)) > 0


def test_what_a_killed_worker_had_goes_to_the_other(services, users, start, tmp_path):
    inferences = submit_everywhere(users)
    victim, survivor = [start(Worker, machine, "--worker-concurrency", "1") for machine in ("third", "fourth")]
    while ended(victim) == 0:
        assert ended(survivor) < INFERENCES / 2
    victim.kill()
    for inference in inferences:
        assert users[0].wait_until_ended(inference)["status"] == "COMPLETED"
    check_each_was_settled_once(tmp_path, inferences)


def test_what_a_user_changes_at_one_service_holds_at_the_other_at_once(users):
    first, second = users
    changed = {"password": "another horse battery"}
    own = f"/api/users/{first.get('/api/users/profile').json()['data']['id']}"
    for _ in range(10):  # so that both know the caller well
        second.get("/api/users/profile")
    first.put(own, {"name": "Grace"})
    assert second.get("/api/users/profile").json()["data"]["name"] == "Grace"
    first.put(own, changed)
    assert second.get("/api/users/profile", 401).json()["error"]["code"] == "UNAUTHENTICATED"


def test_a_service_tells_of_the_work_that_was_submitted_at_the_other(users, start):
    first, second = users
    inference = first.submit(first.create_dataset_with(pair())).json()["jobId"]
    with second.get(f"/api/inferences/{inference}/events", stream=True) as events:
        start(Worker, "third", "--worker-concurrency", "1")
        told = [json.loads(line[5:]) for line in events.iter_lines(decode_unicode=True) if line.startswith("data:")]
    assert told[-1]["status"] == "COMPLETED"
