"""/api/inferences: submitting, following, listing, aborting."""
import json
import re
import time
import uuid

import pytest

from support.client import Client, code_of, fields_of, register
from support.pictures import pair, slow_pair
from support.server import Server, Worker, verify_ledger

MODELS = {"default_inpainting", "telea", "navier-stokes", "overlay"}


@pytest.fixture(scope="module")
def owner(own_server):
    """A user on a service where inferences stay PENDING, with a dataset of two pictures."""
    owner = register(own_server.url)
    owner.create_dataset("photos")
    for _ in range(2):
        owner.upload("photos", *pair())
    return owner


@pytest.fixture
def dataset(user):
    name = user.create_dataset()
    user.upload(name, *pair())
    return name


def events_of(client, inference):
    """(name, data) of each event, until the service ends the stream."""
    with client.get(f"/api/inferences/{inference}/events", stream=True) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        blocks = answer.content.decode().strip().split("\n\n")
    named = [re.fullmatch(r"event: (\w+)\ndata: (.*)", block) for block in blocks if not block.startswith(":")]
    return [(match.group(1), json.loads(match.group(2))) for match in named]


def test_a_submission_is_answered_in_both_spellings(owner):
    balance = owner.balance()
    body = owner.submit("photos", parameters={"quality": "high", "customParameter": "x"}).json()
    identity = body["jobId"]
    assert uuid.UUID(identity).version == 7
    assert body["message"] == "Inference started"
    assert body["data"] == {"inferenceId": identity, "jobId": identity, "status": "PENDING",
                            "modelId": "default_inpainting", "tokensReserved": 5.5,
                            "parameters": {"quality": "high", "customParameter": "x"}}
    created = body["inference"].pop("createdAt")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    assert body["inference"] == {"id": identity, "status": "PENDING", "modelId": "default_inpainting",
                                 "datasetName": "photos"}
    assert round(balance - owner.balance(), 2) == 5.5
    owner.delete(f"/api/inferences/{identity}")
    assert owner.balance() == balance


def test_the_status_is_answered_by_both_routes(owner):
    identity = owner.submit("photos").json()["jobId"]
    expected = {"inferenceId": identity, "jobId": identity, "status": "PENDING", "progress": 0, "error": None}
    assert owner.get(f"/api/inferences/{identity}/status").json()["data"] == expected
    assert owner.get(f"/api/inferences/job/{identity}/status").json()["data"] == expected
    one = owner.get(f"/api/inferences/{identity}").json()["data"]
    assert one["status"] == "PENDING" and one["itemCount"] == 2 and one["datasetName"] == "photos"
    owner.delete(f"/api/inferences/{identity}")


def test_a_repeat_with_the_same_key_is_answered_alike_and_charged_once(owner):
    balance = owner.balance()
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = owner.submit("photos", headers=key, parameters={"quality": "low", "blendMode": "darken"})
    again = owner.submit("photos", headers=key, parameters={"blendMode": "darken", "quality": "low"})
    assert first.json() == again.json() and round(balance - owner.balance(), 2) == 5.5
    assert code_of(owner.submit("photos", 409, key)) == "IDEMPOTENCY_KEY_REUSED"
    owner.delete(f"/api/inferences/{first.json()['jobId']}")
    aborted = owner.submit("photos", headers=key, parameters={"quality": "low", "blendMode": "darken"})
    assert aborted.json() == first.json() and owner.balance() == balance


def test_a_key_belongs_to_its_user(owner, own_server):
    other = register(own_server.url)
    other.create_dataset("photos")
    other.upload("photos", *pair())
    key = {"Idempotency-Key": "the-same-key"}
    first, second = owner.submit("photos", headers=key).json(), other.submit("photos", headers=key).json()
    assert first["jobId"] != second["jobId"]
    owner.delete(f"/api/inferences/{first['jobId']}")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\xe9"])
def test_an_odd_key_is_400(owner, key):
    answer = owner.submit("photos", 400, {"Idempotency-Key": key.encode("latin-1")})
    assert code_of(answer) == "BAD_IDEMPOTENCY_KEY"


def test_trap_Q5_an_unknown_parameter_is_refused_with_the_known(owner):
    answer = owner.submit("photos", 400, parameters={"quality": "best", "seed": 5, "outputFormat": "gif"})
    assert fields_of(answer) == ["parameters.outputFormat", "parameters.quality", "parameters.seed"]
    for known in ("quality", "outputFormat", "blendMode", "customParameter", "low, medium, high"):
        assert known in answer.json()["message"]
    answer = owner.submit("photos", 400, modelId="stable-diffusion")
    assert fields_of(answer) == ["modelId"] and all(model in answer.json()["message"] for model in MODELS)


@pytest.mark.parametrize("parameters", [5, "high", [], [1], True, {"quality": None}, {"quality": 5}, {"blendMode": []},
                                        {"customParameter": {}}, {"customParameter": "x" * 5000}, {"": 1}])
def test_odd_parameters_are_400(owner, parameters):
    assert code_of(owner.submit("photos", 400, parameters=parameters)) == "VALIDATION_ERROR"


@pytest.mark.parametrize("fields", [{"datasetName": None}, {"datasetName": 5}, {"datasetName": " "}, {"modelId": 5},
                                    {"modelId": ["telea"]}, {"modelId": "x" * 5000}])
def test_odd_submissions_are_400(owner, fields):
    owner.post("/api/inferences", {"datasetName": "photos", **fields}, 400)


def test_an_empty_or_unknown_dataset_is_refused_and_mp4_is_for_videos(owner):
    empty = owner.create_dataset()
    assert code_of(owner.submit(empty, 400)) == "EMPTY_DATASET"
    assert code_of(owner.submit("unknown", 404)) == "NOT_FOUND"
    assert code_of(owner.submit("photos", 400, parameters={"outputFormat": ".mp4"})) == "BAD_OUTPUT_FORMAT"


def test_inferences_are_listed_newest_first_by_page_and_status(own_server):
    user = register(own_server.url)
    user.create_dataset("photos")
    user.upload("photos", *pair())
    ids = [user.submit("photos").json()["jobId"] for _ in range(3)]
    user.delete(f"/api/inferences/{ids[1]}")
    body = user.get("/api/inferences?limit=2").json()
    assert [data["id"] for data in body["data"]] == ids[:0:-1]
    assert body["pagination"] == {"page": 1, "limit": 2, "total": 3, "totalPages": 2}
    assert [data["id"] for data in user.get("/api/inferences?status=ABORTED").json()["data"]] == [ids[1]]
    assert user.get("/api/inferences?status=PENDING").json()["pagination"]["total"] == 2
    assert fields_of(user.get("/api/inferences?status=pending", expect=400)) == ["status"]
    assert fields_of(user.get("/api/inferences?page=0&limit=1000", expect=400)) == ["limit", "page"]


def test_trap_Q4_anothers_inference_is_one_that_is_not_there(own_server, owner):
    identity = owner.submit("photos").json()["jobId"]
    stranger = register(own_server.url)
    for method, path in [("GET", ""), ("GET", "/status"), ("GET", "/events"), ("GET", "/results"), ("POST", "/abort"),
                         ("DELETE", "")]:
        refusals = [stranger.request(method, f"/api/inferences/{some}{path}", 404).json()
                    for some in (identity, str(uuid.uuid4()), "1", "null")]
        assert all(refusal == refusals[0] for refusal in refusals)
    stranger.get(f"/api/inferences/job/{identity}/status", expect=404)
    assert owner.status(identity)["status"] == "PENDING"
    owner.delete(f"/api/inferences/{identity}")


@pytest.mark.parametrize("method, path", [("POST", "/abort"), ("POST", "/abort/"), ("DELETE", "")])
def test_an_abort_refunds_once(owner, method, path):
    balance = owner.balance()
    identity = owner.submit("photos").json()["jobId"]
    for _ in range(2):
        body = owner.request(method, f"/api/inferences/{identity}{path}", 200).json()
        assert body["data"]["status"] == "ABORTED" and body["data"]["tokensRefunded"] == 5.5
    assert owner.balance() == balance
    assert code_of(owner.get(f"/api/inferences/{identity}/results", expect=409)) == "INFERENCE_NOT_COMPLETED"
    assert [name for name, _ in events_of(owner, identity)] == ["status", "progress"]


def test_trap_M4_an_abort_leaves_a_recharge_made_meanwhile(own_server, owner):
    administrator = Client(own_server.url).log_in("admin@localhost", own_server.administrator_password())
    balance = owner.balance()
    identity = owner.submit("photos").json()["jobId"]
    administrator.post("/api/admin/user-tokens", {"email": owner.email, "amount": 12.34})
    owner.delete(f"/api/inferences/{identity}")
    assert owner.balance() == round(balance + 12.34, 2)
    verify_ledger(own_server.data)


def test_a_running_inference_is_aborted_and_refunded(server, user):
    name = user.create_dataset()
    user.upload(name, *slow_pair())
    identity = user.submit(name, modelId="navier-stokes").json()["jobId"]
    user.wait_until_running(identity)
    assert user.post(f"/api/inferences/{identity}/abort").json()["data"]["status"] == "ABORTED"
    assert user.balance() == 99.35
    assert user.complete(user.create_dataset_with(pair()))  # the worker has turned to the next
    assert user.status(identity)["status"] == "ABORTED"


def test_events_tell_status_and_progress_until_the_end(user, dataset):
    identity = user.submit(dataset).json()["jobId"]
    events = events_of(user, identity)
    assert {name for name, _ in events} == {"status", "progress"}
    assert all(data["inferenceId"] == identity for _, data in events)
    progress = [data["progress"] for _, data in events]
    assert progress == sorted(progress)
    assert events[-1][1]["status"] == "COMPLETED" and progress[-1] == 100
    assert events_of(user, identity)[-1][1]["status"] == "COMPLETED"  # also for who comes late


def test_trap_M7_an_ended_inference_cannot_be_aborted(user, dataset):
    identity = user.complete(dataset)
    assert code_of(user.post(f"/api/inferences/{identity}/abort", expect=409)) == "INFERENCE_ENDED"
    assert code_of(user.delete(f"/api/inferences/{identity}", expect=409)) == "INFERENCE_ENDED"
    assert user.balance() == 96.6 and user.results(identity)


def test_trap_M6_a_completed_inference_is_paid_and_nothing_stays_pending(user, dataset):
    user.complete(dataset)
    rows = user.get("/api/users/tokens").json()["data"]["recentTransactions"]
    assert [(row["type"], row["amount"], row["status"]) for row in rows] == [
        ("inference", -2.75, "completed"), ("upload", -0.65, "completed"), ("registration", 100, "completed")]


def test_trap_Q3_the_status_of_an_old_inference_stays(server, user, dataset):
    ids = [user.submit(dataset).json()["jobId"] for _ in range(15)]
    for identity in ids:
        assert user.wait_until_ended(identity)["status"] == "COMPLETED"
        assert user.get(f"/api/inferences/job/{identity}/status").json()["data"]["progress"] == 100


def test_models_are_listed_with_their_parameters(user):
    data = user.get("/api/inferences/models").json()["data"]
    assert {model["id"] for model in data} >= MODELS
    for model in data:
        assert model["description"]
        assert set(model["parameters"]) == {"quality", "outputFormat", "blendMode", "customParameter"}


def test_a_worker_process_beside_a_server_without_one_does_the_work(tmp_path):
    with Server(tmp_path / "data", WORKER_CONCURRENCY="0") as server:
        user = register(server.url)
        dataset = user.create_dataset_with(pair())
        identity = user.submit(dataset).json()["jobId"]
        time.sleep(0.5)
        assert user.status(identity)["status"] == "PENDING"
        with Worker(server.data):
            assert user.wait_until_ended(identity)["status"] == "COMPLETED"
            assert user.get(user.results(identity)[0]["downloadUrl"]).content
    verify_ledger(server.data)


def test_a_picture_that_takes_too_long_fails_and_is_refunded(tmp_path):
    with Server(tmp_path / "data", INFERENCE_TIMEOUT="1s") as hasty:
        user = register(hasty.url)
        user.create_dataset("photos")
        user.upload("photos", *pair())
        user.upload("photos", *slow_pair())
        balance = user.balance()
        inference = user.complete("photos", parameters={"quality": "high"})
        result = user.get(f"/api/inferences/{inference}/results").json()["data"]["result"]
        assert len(result["images"]) == 1
        assert [failed["reason"] for failed in result["failed"]] == [
            "The picture takes longer than 1 s. Try a lower quality, or a smaller hole."]
        assert round(balance - user.balance(), 2) == 2.75
