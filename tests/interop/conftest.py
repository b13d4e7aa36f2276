import json
import os
import subprocess

import pytest

from support.redis_server import RedisServer
from support.server import REPOSITORY

MODULES = REPOSITORY / "build/npm/node_modules"


class Peer:
    """BullMQ on Node.js on the same Redis: see peer.js."""

    def __init__(self, redis):
        self.redis = redis

    def start(self, action, *arguments):
        command = ["node", REPOSITORY / "tests/interop/peer.js", action, str(self.redis.port), *map(str, arguments)]
        environment = {**os.environ, "NODE_PATH": str(MODULES)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def run(self, action, *arguments):
        """The last thing that it printed."""
        process = self.start(action, *arguments)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return json.loads(output.splitlines()[-1])


@pytest.fixture
def redis(tmp_path):
    running = RedisServer(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def modules():
    """The npm packages of tests/npm, installed in the build tree."""
    subprocess.run(["bash", "-c", ". scripts/common.sh && install_npm_packages"], cwd=REPOSITORY, check=True)


@pytest.fixture
def peer(redis, modules):
    return Peer(redis)
