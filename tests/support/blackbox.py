"""Black boxes for tests: somebody else's (blackbox_service.py), and `inpaint blackbox`."""
import pathlib
import socket
import subprocess
import sys
import time

import requests

from support.server import Process


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


class Service:
    """Somebody else's black box on a shared directory."""

    def __init__(self, directory, mode="well", port=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).parent / "blackbox_service.py", str(directory), str(self.port), mode],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_until_healthy()
        except BaseException:
            self.stop()
            raise

    def wait_until_healthy(self, seconds=120):
        end = time.monotonic() + seconds
        while True:
            try:
                assert requests.get(self.url + "/health", timeout=5).json() == {"status": "healthy"}
                return
            except requests.ConnectionError:
                assert self.process.poll() is None and time.monotonic() < end, "the black box did not start"
                time.sleep(0.02)

    def orders(self):
        return requests.get(self.url + "/orders", timeout=5).json()

    def settings(self, **more):
        """What makes our service use it."""
        return {"INFERENCE_BLACKBOX_HOST": "127.0.0.1", "INFERENCE_BLACKBOX_PORT": str(self.port), **more}

    def stop(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Blackbox(Process):
    """`inpaint blackbox` on a free port, for the files in DATA/uploads."""

    def __init__(self, data, *flags, **settings):
        super().__init__(data, "blackbox", "--port", "0", *flags, settings=settings,
                         ready=r"A black box on (http://127\.0\.0\.1:(\d+)) ")
        self.url = self.announcement.group(1)
        self.port = int(self.announcement.group(2))
        self.directory = self.data / "uploads"

    def order(self, pairs, type="image", expect=200, **fields):
        body = {"userId": "7", "data": {"type": type, "pairs": pairs}, "parameters": {}, **fields}
        answer = requests.post(self.url + "/process-dataset", json=body, timeout=60)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def settings(self, **more):
        return {"INFERENCE_BLACKBOX_HOST": "127.0.0.1", "INFERENCE_BLACKBOX_PORT": str(self.port), **more}
