"""/, /health, /ready, /metrics, and what holds for every route."""
import re
import uuid

import pytest

from support.client import Client, code_of, send_raw
from support.pictures import pair
from support.server import Server
from support.storage import ON_S3


def test_root_tells_name_version_and_status(nobody):
    body = nobody.get("/").json()
    assert body["name"] == "P.A. Inpainting" and body["status"] == "running"
    assert re.fullmatch(r"\d+\.\d+\.\d+", body["version"])


def test_health_tells_that_it_lives(nobody):
    body = nobody.get("/health").json()
    assert body["status"] == "OK" and body["uptime"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["timestamp"])
    assert nobody.get("/health").json()["uptime"] > body["uptime"]


def test_ready_checks_database_queue_and_storage(nobody):
    body = nobody.get("/ready").json()
    assert body["status"] == "READY" and body["checks"] == {"database": "OK", "queue": "OK", "storage": "OK"}


@pytest.mark.skipif(ON_S3, reason="takes the directory away")
def test_ready_says_which_part_is_missing(tmp_path):
    with Server(tmp_path / "data") as server:
        (server.data / "uploads").rename(tmp_path / "away")
        answer = Client(server.url).get("/ready", expect=503)
        assert answer.json()["checks"] == {"database": "OK", "queue": "OK", "storage": "UNAVAILABLE"}
        assert int(answer.headers["Retry-After"]) > 0 and str(tmp_path) not in answer.text
        (tmp_path / "away").rename(server.data / "uploads")
        assert Client(server.url).get("/ready").json()["checks"]["storage"] == "OK"
        server.kill()  # its log has the error that was provoked


def test_metrics_count_requests_by_route_and_status(nobody):
    def count():
        text = nobody.get("/metrics").text
        match = re.search(r'requests_total\{method="GET",route="/api/datasets/:name",status="401"\} (\d+)', text)
        return int(match.group(1)) if match else 0

    before = count()
    nobody.get("/api/datasets/photos", expect=401)
    assert count() == before + 1
    answer = nobody.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "process_resident_memory_bytes" in answer.text and 'inpaint_queue_jobs{state="waiting"}' in answer.text


def test_a_sane_request_id_is_kept_and_another_replaced(nobody):
    assert nobody.get("/", headers={"X-Request-Id": "my-request_1.2"}).headers["X-Request-Id"] == "my-request_1.2"
    for bad in ("a b", "x" * 129, "<script>", "é"):
        made = nobody.get("/", headers={"X-Request-Id": bad.encode("latin-1")}).headers["X-Request-Id"]
        assert uuid.UUID(made).version == 7
    assert nobody.get("/nowhere", expect=404, headers={"X-Request-Id": "404"}).headers["X-Request-Id"] == "404"


def test_security_headers_are_those_of_helmet(nobody):
    for answer in (nobody.get("/"), nobody.get("/nowhere", expect=404), nobody.get("/api/datasets", expect=401)):
        headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "SAMEORIGIN" and headers["Referrer-Policy"] == "no-referrer"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert headers["Cache-Control"] == "no-store"


def test_pages_of_other_origins_may_ask(nobody):
    origin = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    answer = nobody.request("OPTIONS", "/api/users/profile", 204, headers=origin)
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert nobody.get("/", headers=origin).headers["Access-Control-Allow-Origin"] == "*"


def test_an_unknown_route_is_404(nobody):
    for path in ("/nowhere", "/api", "/api/users", "/api/users/a/b/c", "/api//users/profile", "/health/x"):
        assert code_of(nobody.get(path, expect=404)) == "NOT_FOUND"


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", "/health", "GET, HEAD, OPTIONS"),
    ("GET", "/api/users/user", "DELETE, OPTIONS, POST, PUT"),
    ("PUT", "/api/inferences", "GET, HEAD, OPTIONS, POST"),
    ("GET", "/api/admin/user-tokens", "OPTIONS, POST"),
    ("PATCH", "/api/datasets", "GET, HEAD, OPTIONS, POST"),
])
def test_a_wrong_method_is_405_with_allow(nobody, method, path, allowed):
    answer = nobody.request(method, path, 405)
    assert code_of(answer) == "METHOD_NOT_ALLOWED" and answer.headers["Allow"] == allowed


def test_head_is_get_without_a_body(nobody):
    answer = nobody.request("HEAD", "/health", 200)
    assert answer.content == b"" and int(answer.headers["Content-Length"]) > 0


def test_a_trailing_slash_changes_nothing(user):
    for path in ("/health", "/api/users/profile", "/api/datasets", "/api/inferences", "/api/inferences/models"):
        assert set(user.get(path).json()) == set(user.get(path + "/").json())


def test_trap_F7_links_are_relative_whatever_the_host_header_says(server, user):
    name = user.create_dataset()
    user.upload(name, *pair())
    answer = user.get(f"/api/datasets/{name.replace(' ', '%20')}/data", headers={"Host": "evil.example"})
    assert "evil.example" not in answer.text
    assert answer.json()["data"]["items"][0]["imageUrl"].startswith("/api/datasets/image/")


def test_a_rate_limit_is_told_and_kept(tmp_path):
    with Server(tmp_path / "data", RATE_LIMIT="5") as server:
        client = Client(server.url)
        for left in (4, 3, 2, 1, 0):
            headers = client.get("/health").headers
            assert headers["RateLimit-Limit"] == "5" and headers["RateLimit-Remaining"] == str(left)
            assert 0 < int(headers["RateLimit-Reset"]) <= 60
        answer = client.get("/health", expect=429)
        assert code_of(answer) == "RATE_LIMITED" and 0 < int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["RateLimit-Remaining"] == "0"


def test_a_request_without_host_is_refused(server):
    assert code_of(send_raw(server, "GET /health HTTP/1.1\r\n\r\n")) == "MALFORMED_REQUEST"


def test_pipelined_requests_are_answered_in_order(server):
    answer = send_raw(server, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status_code == 404
