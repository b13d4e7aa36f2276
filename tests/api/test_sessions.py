"""Who is let in: session tokens, and what only looks like one."""
import time

import pytest

from support.client import PASSWORD, Client, code_of, register
from support.pictures import pair
from support.server import Server
from support.tokens import claims_of, forge

NOBODY = "3e2d16f5-1f51-41e7-bb09-8fecbcdee1a0"  # the id of no user
PROTECTED = [("GET", "/api/users/profile"), ("GET", "/api/users/tokens"), ("PUT", f"/api/users/{NOBODY}"),
             ("DELETE", f"/api/users/{NOBODY}"), ("POST", "/api/datasets"), ("GET", "/api/datasets"),
             ("GET", "/api/datasets/x"), ("GET", "/api/datasets/x/data"), ("POST", "/api/inferences"),
             ("GET", "/api/inferences"), ("GET", "/api/inferences/models"), ("GET", "/api/inferences/job/1/status"),
             ("GET", "/api/inferences/1"), ("GET", "/api/inferences/1/status"), ("GET", "/api/inferences/1/events"),
             ("GET", "/api/inferences/1/results"), ("POST", "/api/inferences/1/abort"),
             ("DELETE", "/api/inferences/1"), ("GET", "/api/admin/users/a@b.cd/tokens"),
             ("POST", "/api/admin/user-tokens"), ("GET", "/api/datasets/image/datasets%2Fa%2Fb.png")]


@pytest.fixture
def secret(server):
    return (server.data / "jwt_secret").read_bytes().strip()


@pytest.mark.parametrize("method, path", PROTECTED)
def test_routes_of_users_ask_for_a_login(nobody, method, path):
    body = {} if method in ("POST", "PUT") else None
    answer = nobody.request(method, path, 401, json=body)
    assert code_of(answer) == "UNAUTHENTICATED" and answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_forger_of_these_tests_forges_well(server, user, secret):
    token = forge(secret, claims_of(user.token))
    assert Client(server.url, token).get("/api/users/profile").json()["data"]["id"] == user.id


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_trap_F6_other_algorithms_are_refused(server, user, secret, algorithm):
    Client(server.url, forge(secret, claims_of(user.token), algorithm)).get("/api/users/profile", expect=401)


@pytest.mark.parametrize("change", [
    {"exp": None}, {"exp": 0}, {"exp": "2999-01-01"}, {"exp": 1e300}, {"aud": None}, {"aud": "image"},
    {"aud": ["session"]}, {"sub": None}, {"sub": "5"}, {"sub": 5}, {"sub": NOBODY}, {"sub": "' OR 1=1 --"},
    {"pwd": None}, {"pwd": 0}, {"pwd": "x"},
])
def test_trap_F6_tokens_with_other_claims_are_401(server, user, secret, change):
    claims = {**claims_of(user.token), **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    answer = Client(server.url, forge(secret, claims)).get("/api/users/profile", expect=401)
    assert code_of(answer) == "UNAUTHENTICATED"


@pytest.mark.parametrize("scheme",
                         ["Basic {}", "{}", "Bearer", "Bearer ", "Bearer {} x", "Token {}", "Bearer {}.",
                          "Bearer a.b.c",
                                    "Bearer " + "x" * 5000])
def test_trap_F6_other_schemes_are_refused(nobody, user, scheme):
    header = {"Authorization": scheme.format(user.token)}
    assert code_of(nobody.get("/api/users/profile", expect=401, headers=header)) == "UNAUTHENTICATED"


def test_a_changed_token_is_refused(server, user):
    for position in (5, len(user.token) // 2, len(user.token) - 3):
        other = "A" if user.token[position] != "A" else "B"
        changed = user.token[:position] + other + user.token[position + 1:]
        Client(server.url, changed).get("/api/users/profile", expect=401)


def test_trap_F1_the_token_of_a_link_is_no_session(server, user):
    name = user.create_dataset()
    user.upload(name, *pair())
    dataset = user.get("/api/datasets").json()["data"][0]["id"]
    item = user.get(f"/api/datasets/{dataset}/data").json()["data"]["items"][0]
    result = user.results(user.complete(name))[0]
    for link in (item["imageUrl"], item["maskUrl"], result["downloadUrl"]):
        thief = Client(server.url, link.rsplit("/", 1)[1])
        thief.get("/api/users/profile", expect=401)
        thief.delete(f"/api/users/{user.id}", expect=401)


def test_trap_F1_a_link_opens_what_it_was_made_for_and_nothing_else(nobody, user):
    name = user.create_dataset()
    user.upload(name, *pair())
    dataset = user.get("/api/datasets").json()["data"][0]["id"]
    image = user.get(f"/api/datasets/{dataset}/data").json()["data"]["items"][0]["imageUrl"].rsplit("/", 1)[1]
    result = user.results(user.complete(name))[0]["downloadUrl"].rsplit("/", 1)[1]
    nobody.get(f"/api/datasets/image/{image}")
    nobody.get(f"/api/inferences/download/{result}")
    for path in (f"/api/datasets/image/{result}", f"/api/inferences/download/{image}",
                 f"/api/datasets/image/{user.token}", f"/api/inferences/download/{user.token}"):
        assert code_of(nobody.get(path, expect=404)) == "NOT_FOUND"


def test_a_login_ends_when_JWT_EXPIRES_IN_says(tmp_path):
    with Server(tmp_path / "data", JWT_EXPIRES_IN="1s") as server:
        user = register(server.url)
        assert claims_of(user.token)["exp"] - claims_of(user.token)["iat"] == 1
        time.sleep(1.1)
        user.get("/api/users/profile", expect=401)


def test_trap_F7_wrong_passwords_are_throttled(server, user):
    attempts = [user.post("/api/users/login", {"email": user.email, "password": f"wrong password {i}"}, None)
                for i in range(20)]
    assert [answer.status_code for answer in attempts] == [401] * 10 + [429] * 10
    assert code_of(attempts[-1]) == "TOO_MANY_LOGINS" and int(attempts[-1].headers["Retry-After"]) > 0
    user.post("/api/users/login", {"email": user.email, "password": PASSWORD}, 429)  # even the right one
    register(server.url).get("/api/users/profile")  # others log in


def test_a_login_without_its_fields_is_400(nobody):
    assert nobody.post("/api/users/login", {}, 400).json()["error"]["code"] == "VALIDATION_ERROR"
    for bad in (None, 5, ["a"], {"$gt": ""}, "x" * 20_000):
        nobody.post("/api/users/login", {"email": "a@example.com", "password": bad}, 400)
