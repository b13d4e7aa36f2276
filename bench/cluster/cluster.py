"""What these benchmarks share: engines of their own, an account with tokens for all that follows, its dataset."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import ROOT, call, register

IMAGE, MASK = ROOT / "samples" / "coffee.png", ROOT / "samples" / "coffee_mask.png"
ADMIN = {"email": "admin@localhost", "password": "a bench password"}
ADMIN_FLAGS = ["--admin-email", ADMIN["email"], "--admin-password", ADMIN["password"]]
BOUNDARY = "inpaint-bench-boundary"


def start_engines(script):
    """Runs the script again below scripts/with-postgres and scripts/with-redis. Returns in that run, with their
    settings, which are in the environment no more."""
    if "INPAINT_TEST_REDIS" not in os.environ:
        os.execv(ROOT / "scripts/with-postgres", ["with-postgres", "-c", "fsync=on", "scripts/with-redis", script])
    return {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("DB_", "POSTGRES_", "REDIS_"))}


def cluster_flags(settings, name):
    """For data of this name, in a database that is made for it and a queue of its own."""
    server = ["-h", settings["DB_HOST"], "-p", settings["DB_PORT"], "-U", settings["POSTGRES_USER"]]
    subprocess.run(["createdb", *server, name], check=True)
    return ["--database-host", settings["DB_HOST"], "--database-port", settings["DB_PORT"], "--database-name", name,
            "--database-user", settings["POSTGRES_USER"], "--redis-host", settings["REDIS_HOST"],
            "--redis-port", settings["REDIS_PORT"], "--redis-prefix", name]


def demand(url, method, path, body=None, token=None, headers=None):
    """The answer of a call that must succeed."""
    status, answer = call(url, method, path, body, token, headers)
    if status not in (200, 201):
        sys.exit(f"{method} {path}: {status} {answer}")
    return answer


def prepare(url, tokens, dataset):
    """The token of a new user with a dataset of one picture."""
    user = register(url)
    admin = demand(url, "POST", "/api/users/login", ADMIN)["data"]["token"]
    demand(url, "POST", "/api/admin/user-tokens", {"email": "ada@example.com", "amount": tokens}, admin)
    demand(url, "POST", "/api/datasets", {"name": dataset}, user)
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\n{dataset}\r\n'.encode()]
    for field, file in (("image", IMAGE), ("mask", MASK)):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\n\r\n'
        parts += [head.encode(), file.read_bytes(), b"\r\n"]
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    demand(url, "POST", "/api/datasets/upload", body, user, headers)
    return user


def queue_counts(url):
    """Jobs by state, as /metrics has them."""
    metrics = urlopen(f"{url}/metrics", timeout=60).read().decode()
    states = re.findall(r'inpaint_queue_jobs{state="(\w+)"} (\S+)', metrics)
    return {state: int(float(count)) for state, count in states}
