"""What administrators see across all users: the ledger with its sums, datasets with their owners, the audit."""
import pytest

from support.client import Client, fields_of, register
from support.pictures import pair
from support.server import Server


@pytest.fixture(scope="module")
def overview(tmp_path_factory):
    """The administrator of a service with the small world that the tests look at: Ada, with a picture and a
    completed inference, and Bob, who has deleted his account."""
    with Server(tmp_path_factory.mktemp("overview") / "data") as server:
        administrator = Client(server.url).log_in("admin@localhost", server.administrator_password())
        administrator.ada, bob = register(server.url, email="ada@example.com"), register(server.url, email="bob@example.com")
        administrator.ada.create_dataset("photos")
        administrator.ada.upload("photos", *pair())
        administrator.ada.complete("photos")
        for name in ("kept", "deleted"):
            bob.create_dataset(name)
        bob.delete("/api/datasets/deleted")
        administrator.post("/api/admin/user-tokens", {"email": "ada@example.com", "amount": 12.5})
        bob.delete(f"/api/users/{bob.id}")
        administrator.bob = bob
        yield administrator


def transactions(administrator, query=""):
    return administrator.get(f"/api/admin/transactions{query}").json()


def test_the_ledger_of_all_is_listed_newest_first(overview):
    body = transactions(overview)
    assert [(row["userEmail"], row["type"], row["amount"]) for row in body["data"]] == [
        ("ada@example.com", "recharge", 12.5), ("ada@example.com", "inference", -2.75), ("ada@example.com", "upload", -0.65),
        ("bob@example.com", "registration", 100), ("ada@example.com", "registration", 100),
        ("admin@localhost", "registration", 100)]
    assert body["pagination"] == {"page": 1, "limit": 20, "total": 6, "totalPages": 1}
    assert body["data"][0]["balanceAfter"] - body["data"][0]["balanceBefore"] == 12.5


def test_the_ledger_is_added_up(overview):
    summary = transactions(overview, "?limit=1&page=3")["summary"]
    assert (summary["count"], summary["amount"]) == (6, 309.1)
    assert summary["byType"]["registration"] == {"count": 3, "amount": 300}
    assert summary["byStatus"] == {"completed": {"count": 6, "amount": 309.1}}
    assert {"type": "upload", "status": "completed", "count": 1, "amount": -0.65} in summary["byTypeAndStatus"]


@pytest.mark.parametrize("query, count, amount", [
    ("email=ada@example.com", 4, 109.1), ("email=ADA%40example.com", 4, 109.1), ("email=bob@example.com", 1, 100),
    ("email=nobody@example.com", 0, 0), ("type=registration", 3, 300), ("type=refund", 0, 0), ("status=completed", 6, 309.1),
    ("status=pending", 0, 0), ("type=upload&email=ada@example.com", 1, -0.65), ("from=2000-01-01", 6, 309.1),
    ("to=2000-01-01", 0, 0), ("from=2000-01-01T00:00:00Z&to=2999-12-31T23:59:59.999%2B01:00", 6, 309.1), ("from=2999-01-01", 0, 0),
])
def test_the_ledger_is_filtered(overview, query, count, amount):
    body = transactions(overview, f"?{query}")
    assert len(body["data"]) == body["pagination"]["total"] == body["summary"]["count"] == count
    assert body["summary"]["amount"] == amount


def test_a_day_includes_its_end(overview):
    day = transactions(overview)["data"][0]["createdAt"][:10]
    assert transactions(overview, f"?from={day}&to={day}")["pagination"]["total"] > 0
    moment = transactions(overview)["data"][0]["createdAt"]
    assert transactions(overview, f"?from={moment}&to={moment}")["data"][0]["type"] == "recharge"


@pytest.mark.parametrize("query, field", [("type=gift", "type"), ("type=", "type"), ("status=done", "status"),
                                          ("from=yesterday", "from"), ("to=2026-02-30", "to"), ("from=2026-01-01T25:00", "from")])
def test_a_bad_filter_is_400(overview, query, field):
    assert fields_of(overview.get(f"/api/admin/transactions?{query}", expect=400)) == [field]


def test_every_bad_filter_is_named(overview):
    answer = overview.get("/api/admin/transactions?type=x&status=x&from=x&to=x", expect=400)
    assert fields_of(answer) == ["from", "status", "to", "type"]


@pytest.mark.parametrize("query, expected", [
    ("", [("kept", None), ("photos", "ada@example.com")]),
    ("?includeDeleted=true", [("deleted", None), ("kept", None), ("photos", "ada@example.com")]),
    ("?orphaned=true", [("kept", None)]),
    ("?orphaned=1&includeDeleted=1", [("deleted", None), ("kept", None)]),
])
def test_datasets_of_all_are_listed_with_their_owners(overview, query, expected):
    body = overview.get(f"/api/admin/datasets{query}").json()
    assert [(row["name"], row["owner"] and row["owner"]["email"]) for row in body["data"]] == expected
    assert body["pagination"]["total"] == len(expected)


@pytest.mark.parametrize("field", ["includeDeleted", "orphaned"])
def test_a_bad_flag_is_400(overview, field):
    assert fields_of(overview.get(f"/api/admin/datasets?{field}=perhaps", expect=400)) == [field]


def test_what_an_administrator_does_is_in_the_audit(overview):
    before = overview.get("/api/admin/audit").json()["pagination"]["total"]
    user = register(overview.url)
    user.put(f"/api/users/{user.id}", {"name": "Augusta"})  # oneself: no matter of an audit
    overview.put(f"/api/users/{user.id}", {"email": f"new-{user.email}", "password": "a secret of mine"})
    overview.delete(f"/api/users/{user.id}")
    overview.delete(f"/api/users/{user.id}", expect=404)  # what is refused did not happen
    body = overview.get("/api/admin/audit?limit=2").json()
    assert body["pagination"]["total"] == before + 2 and "secret" not in str(body)
    assert [(row["action"], row["subject"], row["details"]) for row in body["data"]] == [
        ("user.delete", {"id": user.id, "email": f"new-{user.email}"}, {}),
        ("user.update", {"id": user.id, "email": user.email}, {"fields": ["email", "password"]})]
    assert {row["actor"]["email"] for row in body["data"]} == {"admin@localhost"}
    oldest = overview.get(f"/api/admin/audit?limit=1&page={before + 2}").json()["data"][0]
    assert (oldest["action"], oldest["details"]) == ("tokens.recharge", {"amount": 12.5})
