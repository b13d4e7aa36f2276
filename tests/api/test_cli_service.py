"""The service's commands and settings: migrate, seed, ledger verify, configuration, starting and stopping."""
import os
import re
import signal
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import database
from support.client import Client, register
from support.database import rows, schema
from support.pictures import pair, slow_pair
from support.server import PROGRAM, REPOSITORY, Server, Worker, environment, run, verify_ledger
from support.storage import ON_S3, blobs, copy


def test_migrate_makes_the_schema_and_is_harmless_again(tmp_path):
    for _ in range(2):
        finished = run("migrate", "--data-directory", tmp_path / "data")
        assert finished.returncode == 0 and "at version" in finished.stdout
    names = {name for name, _ in schema(tmp_path / "data")}
    assert {"users", "datasets", "dataset_items", "inferences", "token_transactions"} <= names


def test_trap_Q6_processes_that_start_at_once_agree_on_one_schema(tmp_path):
    run("migrate", "--data-directory", tmp_path / "alone")
    data = tmp_path / "data"
    with ThreadPoolExecutor(4) as pool:
        running = list(pool.map(lambda start: start(data), [Server, Server, Worker, Worker]))
    try:
        assert schema(data) == schema(tmp_path / "alone")
        register(running[0].url)
        assert [Client(server.url).get("/ready").json()["status"] for server in running[:2]] == ["READY"] * 2
        printed = "".join(server.output_file.read_text() for server in running[:2])
        password, = re.findall(r"password: (\S+) ", printed)  # of the one administrator
        Client(running[1].url).log_in("admin@localhost", password)
    finally:
        for process in running:
            process.stop()
    verify_ledger(data)


def test_seed_twice_is_harmless(tmp_path):
    data = tmp_path / "data"
    first = run("seed", "--data-directory", data, "--samples", REPOSITORY / "samples")
    assert first.returncode == 0, first.stderr
    password = re.search(r"alice@demo\.localhost, password: (\S+)", first.stdout).group(1)
    again = run("seed", "--data-directory", data, "--samples", REPOSITORY / "samples")
    assert again.returncode == 0 and "password" not in again.stdout
    verify_ledger(data)
    with Server(data) as server:
        alice = Client(server.url).log_in("alice@demo.localhost", password)
        dataset, = alice.get("/api/datasets").json()["data"]
        assert dataset["itemCount"] >= 1 and alice.complete(dataset["name"])


def test_ledger_verify_reports_a_difference(tmp_path):
    data = tmp_path / "data"
    with Server(data) as server:
        user = register(server.url)
    rows(data, "UPDATE users SET tokens = tokens + tokens_of(1) WHERE id = ?", user.id)
    finished = run("ledger", "verify", "--data-directory", data)
    assert finished.returncode == 1
    assert f"user {user.id} has a balance of 100.01 but the sum of its rows is 100" in finished.stdout


@pytest.mark.skipif(database.ON_POSTGRES, reason="is about the embedded database")
def test_ledger_verify_makes_no_database(tmp_path):
    finished = run("ledger", "verify", "--data-directory", tmp_path / "mistyped")
    assert finished.returncode == 1 and "There is no database in" in finished.stderr
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("name, value, allowed", [
    ("PORT", "http", "0 to 65535"), ("PORT", "65536", "0 to 65535"), ("PORT", "-1", "0 to 65535"),
    ("WORKER_CONCURRENCY", "many", "0 to 256"), ("BCRYPT_SALT_ROUNDS", "3", "4 to 16"),
    ("BCRYPT_SALT_ROUNDS", "12.5", "4 to 16"),
    ("JWT_EXPIRES_IN", "soon", "24h"), ("JWT_EXPIRES_IN", "0", "24h"), ("LOG_LEVEL", "verbose", "debug, info, warn"),
    ("RATE_LIMIT", "0", "off"), ("JWT_SECRET", "short", "32"), ("ADMIN_PASSWORD", "short", "8 characters"),
    ("ADMIN_EMAIL", "x", "e-mail"), ("ADMIN_NAME", "R2D2", "letters"), ("MAXIMUM_MEGAPIXELS", "0", "1 to 1000"),
    ("MAXIMUM_UPLOAD_MEGABYTES", "0", "1 to 1048576"),
])
def test_trap_Q6_a_malformed_setting_is_refused_with_what_is_allowed(tmp_path, name, value, allowed):
    finished = run("serve", "--data-directory", tmp_path / "data", directory=tmp_path, timeout=10,
                   **{"PORT": "0", name: value})
    assert finished.returncode == 2 and finished.stderr.startswith("error: ")
    assert name in finished.stderr and allowed in finished.stderr
    assert name != "ADMIN_PASSWORD" or value not in finished.stderr
    assert not (tmp_path / "data").exists()


def test_trap_Q6_settings_are_obeyed(tmp_path):
    with Server(tmp_path / "data", BCRYPT_SALT_ROUNDS="5", LOG_LEVEL="off", ADMIN_EMAIL="root@example.com",
                ADMIN_PASSWORD="a chosen password", UPLOAD_DIRECTORY=str(tmp_path / "elsewhere")) as server:
        administrator = Client(server.url).log_in("root@example.com", "a chosen password")
        assert administrator.get("/api/users/profile").json()["data"]["role"] == "admin"
        administrator.create_dataset_with(pair())
        assert "a chosen password" not in server.output_file.read_text() and server.log() == ""
        (stored,), = rows(server.data, "SELECT password FROM users")
        assert stored.startswith("$2b$05$")
        if not ON_S3:
            assert list((tmp_path / "elsewhere/datasets").glob("*/*.png"))
        assert not (server.data / "uploads").exists()


def test_a_file_env_is_read_and_weighs_less_than_environment_and_flags(tmp_path):
    (tmp_path / ".env").write_text("# a comment\nexport ADMIN_EMAIL='dot@example.com'\n\n"
                                   "RATE_LIMIT=7 # per minute\nLOG_LEVEL=nonsense\n")
    finished = run("serve", "--data-directory", tmp_path / "data", directory=tmp_path, timeout=10)
    assert finished.returncode == 2 and "LOG_LEVEL" in finished.stderr
    settings = {key: value for key, value in environment({"LOG_LEVEL": "info"}).items() if key != "RATE_LIMIT"}
    process = subprocess.Popen([PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0", "--data-directory", "data"],
                               cwd=tmp_path,
                               env=settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        # The administrator's password is hashed meanwhile: that line comes first or last.
        said = "".join(process.stdout.readline() for _ in range(3))
        url = re.search(r"Listening on (\S+)", said).group(1)
        assert "dot@example.com" in said
        assert Client(url).get("/health").headers["RateLimit-Limit"] == "7"
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
    (tmp_path / ".env").write_text("this is no setting\n")
    finished = run("migrate", directory=tmp_path)
    assert finished.returncode == 2 and ".env, line 1" in finished.stderr


@pytest.mark.parametrize("name, hint", [("WORKER_CONCURENCY", "Did you mean WORKER_CONCURRENCY?"),
                                        ("ADMIN_PASSWROD", "Did you mean ADMIN_PASSWORD?"),
                                        ("port", "tells which there are"), ("GREETING", "tells which there are")])
def test_trap_Q6_an_unknown_name_in_a_file_env_is_refused(tmp_path, name, hint):
    (tmp_path / ".env").write_text(f"PORT=3000\n{name}=4\n")
    finished = run("migrate", "--data-directory", "data", directory=tmp_path)
    assert finished.returncode == 2 and f".env: {name} is no setting." in finished.stderr and hint in finished.stderr
    assert not (tmp_path / "data").exists()
    finished = run("run", "none.png", "none.png", "-o", "out.png", directory=tmp_path)
    assert finished.returncode == 1, "another program's settings are no matter to who repairs a picture"


def test_a_redirect_without_a_bucket_is_said_to_have_no_effect(tmp_path):
    with Server(tmp_path / "data", S3_BUCKET="", STORAGE_REDIRECT="1") as server:
        assert "STORAGE_REDIRECT has no effect without S3_BUCKET" in server.log()


def test_what_may_stand_beside_our_settings_is_no_matter(tmp_path):
    (tmp_path / ".env").write_text("NODE_ENV=production\nREDIS_PORT=6379\nCOMPOSE_PROJECT_NAME=inpaint\n"
                                   "S3_BUCKET=\nINFERENCE_BLACKBOX_DEBUG=true\n")
    finished = run("migrate", "--data-directory", "data", directory=tmp_path, MAXIMUM_MEGAPIXEL="7")
    assert finished.returncode == 0, finished.stderr
    warning, = [line for line in finished.stderr.splitlines() if "is no setting" in line]
    assert "MAXIMUM_MEGAPIXEL" in warning and "MAXIMUM_MEGAPIXELS" in warning


@pytest.mark.skipif(database.ON_POSTGRES, reason="there the data directory has no database")
@pytest.mark.parametrize("action", ["status", "pause", "resume"])
def test_a_mistyped_data_directory_has_no_queue(action, tmp_path):
    finished = run("queue", action, "--data-directory", tmp_path / "daat")
    assert finished.returncode == 1 and "There is no database in" in finished.stderr
    assert not (tmp_path / "daat").exists()
    run("migrate", "--data-directory", tmp_path / "data")
    assert run("queue", action, "--data-directory", tmp_path / "data").returncode == 0
    assert not (tmp_path / "data/uploads").exists(), "which may be in a bucket"


@pytest.mark.parametrize("arguments, unknown", [
    (["serv"], "serv"), (["queue", "stat"], "stat"), (["serve", "--prot", "4"], "--prot"), (["--hepl"], "--hepl")])
def test_a_mistyped_word_is_named(arguments, unknown):
    finished = run(*arguments)
    assert finished.returncode == 2 and f'"{unknown}" is not known here' in finished.stderr


def test_an_address_of_another_machine_cannot_be_listened_on(tmp_path):
    finished = run("serve", "--data-directory", tmp_path / "data", "--host", "192.0.2.1", "--port", "0")
    assert finished.returncode == 1 and "Choose another with --host." in finished.stderr


@pytest.mark.parametrize("place", ["environment", "a file .env"])
def test_a_flag_weighs_more_than(place, tmp_path):
    """Also where other commands have the same setting."""
    said = {"DATA_DIRECTORY": "elsewhere", "LOG_LEVEL": "no level at all", "MAXIMUM_MEGAPIXELS": "7"}
    if place == "a file .env":
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in said.items()))
        said = {}
    flags = ["--log-level", "info", "--maximum-megapixels", "1"]
    with Server(tmp_path / "data", *flags, **said) as server:
        user = register(server.url)
        answer = user.upload(user.create_dataset(), *pair(1001, 1000), expect=413)
        assert "at most 1000000 pixels" in answer.json()["message"]
    assert (tmp_path / "data/jwt_secret").exists() and not (tmp_path / "elsewhere").exists()


def reset_password(server, email, password=None):
    return run("user", "password", email, "--data-directory", server.data, stdin=password)


def test_a_lost_password_is_replaced_by_one_that_is_made(server, user, administrator):
    finished = reset_password(server, user.email)
    made = re.fullmatch(rf"User {user.email}, password: (\w{{16}}) \(shown only now\)\n", finished.stdout).group(1)
    user.get("/api/users/profile", expect=401)
    Client(server.url).post("/api/users/login", {"email": user.email, "password": "correct horse battery"}, 401)
    Client(server.url).log_in(user.email, made).get("/api/users/profile")
    entry = administrator.get("/api/admin/audit?limit=1").json()["data"][0]
    assert entry["action"] == "user.password" and entry["details"] == {"by": "command"}
    assert entry["subject"] == {"id": user.id, "email": user.email}


def test_a_lost_password_is_replaced_by_the_one_that_is_given(server, user):
    finished = reset_password(server, user.email.upper(), "pass with 'blanks' \n")
    assert finished.returncode == 0 and "blanks" not in finished.stdout + finished.stderr
    Client(server.url).log_in(user.email, "pass with 'blanks' ")


def test_a_password_that_breaks_the_rules_or_is_of_nobody_changes_nothing(server, user):
    finished = reset_password(server, user.email, "short\n")
    assert finished.returncode == 2 and "at least 8 characters" in finished.stderr
    finished = reset_password(server, "nobody@example.com")
    assert finished.returncode == 1 and "no such user" in finished.stderr
    user.get("/api/users/profile")
    Client(server.url).log_in(user.email)


def test_what_it_keeps_is_for_its_owner_only(server):
    assert stat.S_IMODE(os.stat(server.data / "jwt_secret").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(server.data).st_mode) == 0o700


def test_secrets_are_not_logged(server, user):
    user.get(f"/api/inferences/download/{user.token}", expect=404)
    log = server.log()
    assert user.token not in log and "correct horse battery" not in log
    assert (server.data / "jwt_secret").read_text().strip() not in log


def test_a_port_that_is_taken_is_said(server, tmp_path):
    finished = run("serve", "--host", "127.0.0.1", "--port", server.port, "--data-directory", tmp_path / "data")
    assert finished.returncode == 1 and str(server.port) in finished.stderr


def test_ctrl_c_ends_an_idle_service_at_once(tmp_path):
    server = Server(tmp_path / "data")
    begin = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=15) == 0 and time.monotonic() - begin < 3


def test_a_stop_ends_within_10_s_with_a_job_under_way_which_goes_on_at_the_next_start(tmp_path):
    data = tmp_path / "data"
    with Server(data) as server:
        user = register(server.url)
        inference = user.submit(user.create_dataset_with(slow_pair(), pair()), modelId="navier-stokes").json()["jobId"]
        user.wait_until_running(inference)
        assert server.stop() < 10
    if not ON_S3:  # else copies of blobs, which the next start removes
        assert list((data / "tmp").glob("*/*")) == []
    verify_ledger(data)
    with Server(data) as server:
        again = Client(server.url, user.token)
        again.wait_until_running(inference, seconds=60)
        again.post(f"/api/inferences/{inference}/abort")
    verify_ledger(data)


def test_sweep_removes_what_belongs_to_nothing(tmp_path):
    with Server(tmp_path / "data", "--worker-concurrency", "0") as server:
        user = register(server.url)
        user.create_dataset_with(pair())
    kept = blobs(tmp_path / "data")
    orphan = kept[0].rsplit("/", 1)[0] + "/00000000-0000-7000-8000-000000000000.png"
    copy(tmp_path / "data", kept[0], [orphan])
    young = run("sweep", "--data-directory", tmp_path / "data")
    assert young.stdout == "0 files removed that belonged to nothing.\n" and orphan in blobs(tmp_path / "data")
    if ON_S3:
        time.sleep(2)  # its times are whole seconds, rounded up
    swept = run("sweep", "--grace-minutes", "0", "--data-directory", tmp_path / "data")
    assert swept.stdout == "1 files removed that belonged to nothing.\n" and blobs(tmp_path / "data") == kept
