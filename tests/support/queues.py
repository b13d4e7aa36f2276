"""The queue that belongs to a data directory: a table of its database, or, below scripts/with-redis, one of its own on
that server."""
import hashlib
import os
import pathlib

ON_REDIS = "INPAINT_TEST_REDIS" in os.environ


def settings(data):
    """What tells the program to use it."""
    if not ON_REDIS:
        return {}
    path = str(pathlib.Path(data).resolve())
    return {name: os.environ[name] for name in ("REDIS_HOST", "REDIS_PORT")} | {
        "REDIS_PREFIX": "test-" + hashlib.sha256(path.encode()).hexdigest()[:24]}
