"""/api/users: registration, profile, tokens, changes, deletion."""
import re
import time
import uuid

import pytest

from support.client import PASSWORD, Client, code_of, fields_of, register
from support.database import rows
from support.pictures import pair, slow_pair
from support.server import Server, verify_ledger

ADA = {"name": "Ada", "surname": "Lovelace", "password": PASSWORD}


def test_registration_gives_a_hundred_tokens(nobody):
    body = nobody.post("/api/users/user", {**ADA, "email": "  New@Example.COM "}, 201).json()
    assert body["message"] == "User registered successfully"
    identity = body["data"].pop("id")
    assert uuid.UUID(identity).version == 7
    assert body["data"] == {"name": "Ada", "surname": "Lovelace", "email": "new@example.com", "tokens": 100,
                            "role": "user"}


def test_unknown_fields_are_ignored_and_give_no_rights(nobody):
    body = {**ADA, "email": "mallory@example.com", "role": "admin", "tokens": 1e6, "id": str(uuid.uuid4())}
    data = nobody.post("/api/users/user", body, 201).json()["data"]
    assert data["role"] == "user" and data["tokens"] == 100 and data["id"] != body["id"]
    user = Client(nobody.url).log_in("mallory@example.com")
    assert user.put(f"/api/users/{user.id}", {"role": "admin", "tokens": 5}).json()["data"]["role"] == "user"
    assert user.balance() == 100


def test_an_email_is_registered_once_whatever_its_case(nobody, user):
    answer = nobody.post("/api/users/user", {**ADA, "email": user.email.upper()}, 400)
    assert code_of(answer) == "DUPLICATE_EMAIL" and fields_of(answer) == ["email"]


def test_trap_F8_a_validation_error_names_every_bad_field_at_once(nobody):
    answer = nobody.post("/api/users/user", {"name": "4", "surname": " ", "email": "x", "password": "short"}, 400)
    assert code_of(answer) == "VALIDATION_ERROR"
    assert fields_of(answer) == ["email", "name", "password", "surname"]
    assert fields_of(nobody.post("/api/users/user", {}, 400)) == ["email", "name", "password", "surname"]


@pytest.mark.parametrize("name", ["O'Connor", "Anne-Marie", "Zoë", "李小龍", "Şule Öz", "नीलम", "x", "é" * 100])
def test_names_of_any_script_are_taken(nobody, name):
    body = {**ADA, "name": name, "email": f"{uuid.uuid4()}@example.com"}
    assert nobody.post("/api/users/user", body, 201).json()["data"]["name"] == name


@pytest.mark.parametrize("name", ["", "  ", "-", "R2D2", "a" * 101, "<b>", "Ada\n", "a\u0000b", None, 5, ["Ada"], {}])
def test_trap_F8_odd_names_are_400(nobody, name):
    body = {**ADA, "name": name, "email": f"{uuid.uuid4()}@example.com"}
    if name == "Ada\n":  # trimmed
        assert nobody.post("/api/users/user", body, 201).json()["data"]["name"] == "Ada"
    else:
        assert fields_of(nobody.post("/api/users/user", body, 400)) == ["name"]


@pytest.mark.parametrize("email", [
    "plain", "@example.com", "a@", "a@b", "a b@example.com", "a@@example.com", "a@example..com", ".a@example.com",
    "a@-example.com", "x" * 250 + "@example.com", "ä@example.com", "a@exa\u0000mple.com", None, 1, ["a@example.com"],
])
def test_trap_F8_odd_emails_are_400(nobody, email):
    assert fields_of(nobody.post("/api/users/user", {**ADA, "email": email}, 400)) == ["email"]


@pytest.mark.parametrize("password, status", [
    ("1234567", 400), ("12345678", 201), ("é" * 36, 201), ("é" * 37, 400), ("x" * 72, 201), ("x" * 73, 400),
    ("        ", 400), (12345678, 400), ("pass\u0000word", 400),
])
def test_a_password_has_8_characters_to_72_bytes(nobody, password, status):
    body = {**ADA, "email": f"{uuid.uuid4()}@example.com", "password": password}
    answer = nobody.post("/api/users/user", body, status)
    if status == 201:
        nobody.post("/api/users/login", {"email": body["email"], "password": password})
    else:
        assert fields_of(answer) == ["password"]


@pytest.mark.parametrize("route", ["/api/users/session", "/api/users/login"])
def test_both_routes_log_in(nobody, user, route):
    body = nobody.post(route, {"email": f" {user.email.upper()} ", "password": PASSWORD}).json()
    assert body["message"] == "Login successful"
    assert body["data"]["user"] == {"id": user.id, "name": "Ada", "surname": "Lovelace", "email": user.email,
                                    "tokens": 100}
    token = body["data"]["token"]
    assert nobody.get("/api/users/profile",
                      headers={"Authorization": f"Bearer {token}"}).json()["data"]["id"] == user.id


def test_a_wrong_password_and_an_unknown_email_are_answered_alike(nobody, user):
    wrong = nobody.post("/api/users/login", {"email": user.email, "password": "wrong password"}, 401)
    unknown = nobody.post("/api/users/login", {"email": "nobody@example.com", "password": "wrong password"}, 401)
    assert wrong.json() == unknown.json() and code_of(wrong) == "BAD_CREDENTIALS"


def test_an_unknown_email_takes_as_long_as_a_wrong_password(tmp_path):
    with Server(tmp_path / "data", BCRYPT_SALT_ROUNDS="9") as server:
        client = register(server.url)

        def best(email):
            times = []
            for _ in range(4):
                begin = time.perf_counter()
                client.post("/api/users/login", {"email": email, "password": "wrong password"}, 401)
                times.append(time.perf_counter() - begin)
            return min(times)

        known, unknown = best(client.email), best("nobody@example.com")
        assert 0.4 < known / unknown < 2.5, (known, unknown)


def test_profile_shows_the_user_and_no_secret(user):
    data = user.get("/api/users/profile").json()["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", data.pop("createdAt"))
    assert data == {"id": user.id, "name": "Ada", "surname": "Lovelace", "email": user.email, "tokens": 100,
                    "role": "user"}


def test_tokens_shows_balance_last_ten_transactions_and_prices(user):
    name = user.create_dataset()
    for _ in range(11):
        user.upload(name, *pair())
    body = user.get("/api/users/tokens").json()
    assert body["tokens"] == body["data"]["balance"] == 92.85
    recent = body["data"]["recentTransactions"]
    assert len(recent) == 10 and recent[0]["amount"] == -0.65
    assert recent[0]["balanceAfter"] == 92.85 and recent[0]["balanceBefore"] == 93.5
    assert all(newer["balanceBefore"] == older["balanceAfter"] for newer, older in zip(recent, recent[1:]))
    assert {0.65, 0.4, 0.7, 2.75, 1.5} <= set(numbers_in(body["data"]["tokenPricing"]))


def numbers_in(value):
    """Every number in a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    return [n for part in value for n in numbers_in(part)] if isinstance(value, list) else [value]


def test_an_update_changes_what_is_named(user):
    body = user.put(f"/api/users/{user.id}", {"surname": " King "}).json()
    assert body["message"] == "User updated successfully"
    assert body["data"]["name"] == "Ada" and body["data"]["surname"] == "King"
    new_email = f"{uuid.uuid4()}@EXAMPLE.com"
    assert user.put(f"/api/users/{user.id}", {"email": new_email}).json()["data"]["email"] == new_email.lower()
    assert user.get("/api/users/profile").json()["data"]["surname"] == "King"


def test_an_update_is_validated_like_a_registration(user, other):
    answer = user.put(f"/api/users/{user.id}", {"name": "", "email": None, "password": "short"}, 400)
    assert fields_of(answer) == ["email", "name", "password"]
    assert code_of(user.put(f"/api/users/{user.id}", {"email": other.email}, 400)) == "DUPLICATE_EMAIL"


def test_a_new_password_ends_every_session(user):
    user.put(f"/api/users/{user.id}", {"password": "a new password"})
    assert code_of(user.get("/api/users/profile", expect=401)) == "UNAUTHENTICATED"
    Client(user.url).post("/api/users/login", {"email": user.email, "password": PASSWORD}, 401)
    Client(user.url).log_in(user.email, "a new password").get("/api/users/profile")


def test_only_oneself_and_the_administrator_change_an_account(user, other, administrator):
    assert code_of(user.put(f"/api/users/{other.id}", {"name": "Eve"}, 403)) == "FORBIDDEN"
    assert code_of(user.delete(f"/api/users/{other.id}", expect=403)) == "FORBIDDEN"
    assert administrator.put(f"/api/users/{other.id}", {"name": "Grace"}).json()["data"]["name"] == "Grace"
    for unknown in (uuid.uuid4(), "5", "..%2F..", "null"):
        administrator.put(f"/api/users/{unknown}", {"name": "Grace"}, 404)
        administrator.delete(f"/api/users/{unknown}", expect=404)


def test_trap_F9_deleting_ends_sessions_and_keeps_the_audit_trail(own_server):
    user = register(own_server.url)
    name = user.create_dataset()
    user.upload(name, *pair())
    user.submit(name)
    assert user.delete(f"/api/users/{user.id}").json()["message"] == "User deleted successfully"
    assert code_of(user.get("/api/users/profile", expect=401)) == "UNAUTHENTICATED"
    Client(user.url).post("/api/users/login", {"email": user.email, "password": PASSWORD}, 401)
    entries = rows(own_server.data, "SELECT operation_type, status FROM token_transactions WHERE user_id = ? "
                                    "ORDER BY sequence", user.id)
    owner, = rows(own_server.data, "SELECT user_id FROM datasets WHERE name = ?", name)
    assert entries == [("registration", "completed"), ("upload", "completed"), ("inference", "refunded"),
                    ("refund", "completed")]
    assert owner == (None,)
    verify_ledger(own_server.data)


def test_a_deleted_email_may_register_again(user):
    user.delete(f"/api/users/{user.id}")
    again = register(user.url, email=user.email)
    assert again.id != user.id and again.get("/api/datasets").json()["data"] == []


def test_deleting_a_user_while_his_inference_runs_leaves_a_clean_ledger(server, user):
    name = user.create_dataset()
    user.upload(name, *slow_pair())
    user.wait_until_running(user.submit(name).json()["jobId"])
    user.delete(f"/api/users/{user.id}")
    verify_ledger(server.data)


def test_the_last_administrator_stays(administrator):
    assert code_of(administrator.delete(f"/api/users/{administrator.id}", expect=409)) == "LAST_ADMINISTRATOR"
