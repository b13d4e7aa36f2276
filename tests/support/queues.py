"""The queue that belongs to a data directory: a table of its database, or, below scripts/with-redis, one of its own on
that server."""
import hashlib
import os
import pathlib
import re

import requests

ON_REDIS = "INPAINT_TEST_REDIS" in os.environ


def settings(data):
    """What tells the program to use it."""
    if not ON_REDIS:
        return {}
    path = str(pathlib.Path(data).resolve())
    return {name: os.environ[name] for name in ("REDIS_HOST", "REDIS_PORT")} | {
        "REDIS_PREFIX": "test-" + hashlib.sha256(path.encode()).hexdigest()[:24]}


def job_counts(server):
    """The jobs of each state, as /metrics has them."""
    metrics = requests.get(f"{server.url}/metrics", timeout=20).text
    states = re.findall(r'inpaint_queue_jobs{state="(\w+)"} (\S+)', metrics)
    return {state: int(float(count)) for state, count in states}
