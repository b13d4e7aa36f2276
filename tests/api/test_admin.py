"""/api/admin: balances and recharges."""
from urllib.parse import quote

import pytest

from support.client import code_of, fields_of
from support.pictures import pair


def recharge(administrator, email, amount, expect=200):
    return administrator.post("/api/admin/user-tokens", {"email": email, "amount": amount}, expect)


@pytest.mark.parametrize("method, path", [("GET", "/users/a@example.com/tokens"), ("POST", "/user-tokens")])
def test_only_an_administrator_may_ask(user, method, path):
    body = {"email": user.email, "amount": 5} if method == "POST" else None
    assert code_of(user.request(method, "/api/admin" + path, 403, json=body)) == "FORBIDDEN"
    assert user.balance() == 100


def test_a_balance_is_shown_with_its_transactions(administrator, user):
    name = user.create_dataset_with(pair())
    email = quote(user.email.upper(), safe="")
    body = administrator.get(f"/api/admin/users/{email}/tokens").json()
    assert body["email"] == user.email and body["tokens"] == 99.35
    assert body["data"]["user"]["id"] == user.id and "password" not in body["data"]["user"]
    rows = body["data"]["transactions"]
    assert [(row["type"], row["amount"]) for row in rows] == [("upload", -0.65), ("registration", 100)]
    assert rows[0]["balanceBefore"] == 100 and rows[0]["balanceAfter"] == 99.35
    assert name in rows[0]["description"]


@pytest.mark.parametrize("email", ["nobody@example.com", "x", "%2e%2e", "a%40b", "\u4e2d@example.com", "x" * 3000])
def test_an_unknown_email_is_404(administrator, email):
    path = email if "%" in email else quote(email, safe="")
    assert code_of(administrator.get(f"/api/admin/users/{path}/tokens", expect=404)) == "NOT_FOUND"


@pytest.mark.parametrize("amount, balance", [(1, 101), (0.01, 100.01), (12.34, 112.34), (1e2, 200), (5.50, 105.5),
                                             (1_000_000, 1_000_100), (99999.99, 100099.99)])
def test_a_recharge_adds_exactly(administrator, user, amount, balance):
    body = recharge(administrator, f" {user.email.upper()} ", amount).json()
    assert body["message"] == "User tokens updated"
    assert body["data"] == {"email": user.email, "tokens": balance} and user.balance() == balance


@pytest.mark.parametrize("amount",
                         [0, -1, 0.001, 1.005, 1_000_000.01, 1e300, -1e300, 1e-300, 2**63, 10**30, None, "5", [], {},
                                    True])
def test_an_odd_amount_is_400(administrator, user, amount):
    assert fields_of(recharge(administrator, user.email, amount, 400)) == ["amount"]
    assert user.balance() == 100


def test_every_bad_field_is_named(administrator):
    assert fields_of(administrator.post("/api/admin/user-tokens", {}, 400)) == ["amount", "email"]
    assert code_of(recharge(administrator, "nobody@example.com", 5, 404)) == "NOT_FOUND"


def test_trap_M12_a_balance_beyond_the_column_is_refused_with_a_sentence(administrator, user):
    for _ in range(99):
        recharge(administrator, user.email, 1_000_000)
    answer = recharge(administrator, user.email, 999_900, 400)
    assert code_of(answer) == "BALANCE_LIMIT" and user.balance() == 99_000_100
    recharge(administrator, user.email, 999_899.99)
    assert user.balance() == 99_999_999.99
    assert code_of(recharge(administrator, user.email, 0.01, 400)) == "BALANCE_LIMIT"
