"""What an operator looks at: logs, their level at run time, the queue, and who plays which role."""
import json
import signal
import time

import pytest

from support.client import Client, fields_of, register
from support.pictures import pair
from support.server import Server, Worker, run


@pytest.fixture
def watched(tmp_path):
    with Server(tmp_path / "data", LOG_LEVEL="debug") as running:
        yield running


def lines_of(server):
    return [json.loads(line) for line in server.log().splitlines()]


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def lines_about(server, request):
    """The lines of a request that was answered."""

    def lines():
        return [line for line in lines_of(server) if line.get("request") == request]

    wait_for(lambda: any(line["domain"] == "http" for line in lines()))
    return lines()


def test_every_line_of_a_request_says_whose_it_is(watched):
    user = register(watched.url)
    name = user.create_dataset()
    image, mask = pair()
    user.request("POST", "/api/datasets/upload", 200, headers={"X-Request-Id": "the-upload"}, data={"datasetName": name},
                 files={"image": ("a.png", image), "mask": ("b.png", mask)})
    lines = lines_about(watched, "the-upload")
    assert {line["domain"] for line in lines} == {"datasets", "http"}
    for line in lines:
        assert line["user"] == user.id and {"time", "level", "domain", "message"} <= set(line)


def test_a_login_and_a_link_say_whose_they_are(watched):
    user = register(watched.url)
    user.create_dataset("photos")
    user.upload("photos", *pair())
    link = user.get("/api/datasets/photos/data").json()["data"]["items"][0]["imageUrl"]
    stranger = Client(watched.url)
    stranger.request("POST", "/api/users/login", 200, headers={"X-Request-Id": "the-login"},
                     json={"email": user.email, "password": "correct horse battery"})
    stranger.get(link, headers={"X-Request-Id": "the-link"})
    for request in ("the-login", "the-link"):
        assert all(line["user"] == user.id for line in lines_about(watched, request))


def test_no_password_token_or_link_is_logged(watched):
    user = register(watched.url, password="a secret of mine")
    Client(watched.url).post("/api/users/login", {"email": user.email, "password": "a wrong secret"}, 401)
    name = user.create_dataset_with(pair())
    links = [user.results(user.complete(name))[0]["downloadUrl"]]
    item = user.get(f"/api/datasets/{name.replace(' ', '%20')}/data").json()["data"]["items"][0]
    for link in [*links, item["imageUrl"], item["maskUrl"]]:
        links.append(link)
        Client(watched.url).get(link)
        Client(watched.url).get(link + "x", expect=404)
    Client(watched.url, token="nonsense").get("/api/users/profile", expect=401)
    user.put(f"/api/users/{user.id}", {"password": "another secret"})
    secrets = ["a secret of mine", "a wrong secret", "another secret", "nonsense", user.token.rsplit(".", 1)[1],
               *(link.rsplit(".", 1)[1] for link in links), watched.administrator_password(),
               (watched.data / "jwt_secret").read_text().strip()]
    log = watched.log()
    assert not [secret for secret in secrets if secret in log]


def count_debug(server):
    return sum(line["level"] == "debug" for line in lines_of(server))


def test_sighup_reads_the_log_level_again(tmp_path):
    with Server(tmp_path / "data", LOG_LEVEL="info") as server:

        def hang_up(dotenv, message):
            (tmp_path / ".env").write_text(dotenv + "\n")
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: message in server.log())
            nobody.get("/health")

        nobody = Client(server.url)
        nobody.get("/health")
        assert count_debug(server) == 0
        hang_up("LOG_LEVEL=debug", "the log level was read again")
        wait_for(lambda: count_debug(server) == 1)
        hang_up("this is no setting", "could not be read again")
        hang_up("LOG_LEVEL=loud", "there is no log level to read again")
        wait_for(lambda: count_debug(server) == 3)


def test_the_file_of_settings_may_be_elsewhere(tmp_path):
    settings = tmp_path / "inpaint.env"
    settings.write_text("LOG_LEVEL=warn\n")
    with Server(tmp_path / "data", INPAINT_ENV_FILE=str(settings)) as server:
        assert server.log() == ""
        settings.write_text("LOG_LEVEL=debug\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: str(settings) in server.log())
    finished = run("serve", "--data-directory", tmp_path / "data", INPAINT_ENV_FILE=str(tmp_path / "absent"))
    assert finished.returncode == 2 and "INPAINT_ENV_FILE" in finished.stderr


def test_an_administrator_changes_the_log_level(watched):
    administrator = Client(watched.url).log_in("admin@localhost", watched.administrator_password())
    path = "/api/admin/log-level"
    assert administrator.get(path).json()["data"] == {"level": "debug"}
    assert administrator.put(path, {"level": "warn"}).json()["data"] == {"level": "warn"}
    before = watched.log()
    administrator.get("/api/users/profile")
    assert watched.log() == before
    for bad in ({}, {"level": "loud"}, {"level": 5}):
        assert set(fields_of(administrator.put(path, bad, 400))) == {"level"}
    entry = administrator.get("/api/admin/audit").json()["data"][0]
    assert (entry["action"], entry["details"]) == ("log.level", {"from": "debug", "to": "warn"})
    assert entry["actor"]["email"] == "admin@localhost" and entry["subject"] is None


def test_the_queue_is_counted_and_its_workers_are_named(tmp_path):
    with Server(tmp_path / "data", "--worker-concurrency", "0") as server:
        administrator = Client(server.url).log_in("admin@localhost", server.administrator_password())

        def queue():
            return administrator.get("/api/debug/queue").json()["data"]

        counts = dict.fromkeys(("waiting", "delayed", "active", "completed", "failed"), 0)
        assert queue() == {"counts": counts, "workers": []}
        user = register(server.url)
        user.submit(user.create_dataset_with(pair()))
        wait_for(lambda: queue()["counts"] == {**counts, "waiting": 1})
        with Worker(tmp_path / "data", "--worker-concurrency", "2") as worker:
            wait_for(lambda: queue()["counts"] == {**counts, "completed": 1} and queue()["workers"])
            [told] = queue()["workers"]
            assert told["processId"] == worker.process.pid and told["concurrency"] == 2 and told["alive"] is True
        assert queue()["workers"] == []


def test_patterns_name_who_plays_which_role(administrator):
    table = {row["role"]: row["playedBy"] for row in administrator.get("/api/debug/patterns").json()["data"]}
    assert "http::Router" in table["Chain of Responsibility"] and "log::Scope" in table["Decorator"]


@pytest.mark.parametrize("path", ["/api/debug/queue", "/api/debug/patterns", "/api/admin/audit", "/api/admin/log-level",
                                  "/api/admin/transactions", "/api/admin/datasets"])
def test_they_are_for_administrators(nobody, user, path):
    nobody.get(path, expect=401)
    user.get(path, expect=403)


def test_a_worker_can_be_asked_whether_it_lives(tmp_path):
    def check():
        return run("worker", "--check", "--data-directory", tmp_path / "data")

    with Server(tmp_path / "data", "--worker-concurrency", "0"):
        assert check().returncode == 1
        with Worker(tmp_path / "data") as worker:
            wait_for(lambda: check().returncode == 0)
            worker.process.send_signal(signal.SIGSTOP)  # it hangs, and says nothing any more
            wait_for(lambda: check().returncode == 1, seconds=30)
            worker.process.send_signal(signal.SIGCONT)
            wait_for(lambda: check().returncode == 0)
        assert check().returncode == 1
        assert '"message":"stopped"' in worker.log()
