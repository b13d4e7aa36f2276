"""A Redis server of a test's own, which it may kill and begin anew."""
import socket
import subprocess
import time


class RedisServer:
    """A redis-server on a free port of the loopback that keeps nothing."""

    def __init__(self, directory):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.directory = directory
        self.start()

    def start(self):
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir",
                   str(self.directory), "--logfile", "redis-log", "--maxmemory-policy", "noeviction"]
        self.process = subprocess.Popen(command)
        end = time.monotonic() + 20
        while subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True).stdout != b"PONG\n":
            assert time.monotonic() < end and self.process.poll() is None
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def ask(self, *command):
        """What Redis answers, as redis-cli prints it."""
        return subprocess.run(["redis-cli", "-p", str(self.port), *command], check=True, capture_output=True,
                              text=True).stdout.strip()

    def flush(self):
        self.ask("flushall")

    @property
    def settings(self):
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port), "REDIS_PREFIX": "bull"}
