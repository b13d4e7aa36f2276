#!/usr/bin/env python3
"""What the service needs while it does little: time to start, memory, and room for clients that only wait."""

import contextlib
import http.client
import resource
import socket
import sys
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import Table, build, call, median, register, serve, temporary_directory, wrk

MIB = 1024 * 1024
STARTS = 5
UPLOAD_BYTES = 1024 * MIB
IDLE_CLIENTS = 2000
ACTIVE_CLIENTS = 16
ROUNDS = 5
SECONDS = 2


def start_seconds(directory):
    """From the start of the process to its first answer; the first time in that directory it is all new."""
    with serve(directory) as server:
        call(server.url, "GET", "/health")
        return monotonic() - server.started


def upload_gigabyte(url, token):
    """Sends 1 GiB as a picture. It is none, which is said when all of it has arrived."""
    address = urlsplit(url)
    head = b'--b\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\nbench\r\n'
    head += b'--b\r\nContent-Disposition: form-data; name="mask"; filename="mask.png"\r\n\r\nno mask\r\n'
    head += b'--b\r\nContent-Disposition: form-data; name="image"; filename="image.png"\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=300)) as connection:
        connection.putrequest("POST", "/api/datasets/upload")
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", str(len(head) + UPLOAD_BYTES + len(tail)))
        connection.endheaders()
        connection.send(head)
        block = b"x" * MIB
        for _ in range(UPLOAD_BYTES // MIB):
            connection.send(block)
        connection.send(tail)
        status = connection.getresponse().status
        if status != 400:
            sys.exit(f"the upload of 1 GiB was answered {status}, not 400")


class IdleClients:
    """Connections that asked once and are kept open."""

    def __init__(self, url, count):
        address = urlsplit(url)
        self.sockets = []
        for _ in range(count):
            client = socket.create_connection((address.hostname, address.port), timeout=30)
            client.sendall(b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n")
            if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                sys.exit("an idle client was not answered")
            self.sockets.append(client)

    def count_open(self):
        def is_open(client):
            client.setblocking(False)
            try:
                return client.recv(1, socket.MSG_PEEK) != b""
            except BlockingIOError:
                return True

        return sum(is_open(client) for client in self.sockets)

    def close(self):
        for client in self.sockets:
            client.close()


def measure_memory(server, table):
    token = register(server.url)
    call(server.url, "POST", "/api/datasets", {"name": "bench"}, token)
    sleep(2)
    idle = server.memory_bytes()
    table.below("idle memory, MiB", idle / MIB, 60, "{:.1f}")
    server.forget_peak()
    started = monotonic()
    upload_gigabyte(server.url, token)
    seconds = monotonic() - started
    table.below("an upload of 1 GiB adds at most, MiB", (server.memory_bytes("VmHWM") - idle) / MIB, 32, "{:.1f}")
    table.add("and takes, s", f"{seconds:.1f}")


def measure_idle_clients(server, table):
    alone, beside = [], []
    for _ in range(ROUNDS):
        alone.append(wrk(server.url + "/health", ACTIVE_CLIENTS, SECONDS))
        idle = IdleClients(server.url, IDLE_CLIENTS)
        beside.append(wrk(server.url + "/health", ACTIVE_CLIENTS, SECONDS))
        still_open = idle.count_open()
        memory = server.memory_bytes()
        idle.close()
        sleep(0.5)
    table.add("idle clients still connected", f"{still_open}", f"= {IDLE_CLIENTS}", still_open == IDLE_CLIENTS)
    table.add("memory with them, MiB", f"{memory / MIB:.1f}")
    rate = median(b[0] / a[0] for a, b in zip(alone, beside))
    table.at_least("requests/s beside them, share of without them", rate, 0.9)
    table.add("p99 without, with them, ms", f"{median(a[2] for a in alone):.2f}  {median(b[2] for b in beside):.2f}")


def main():
    build("inpaint")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    table = Table()
    with temporary_directory() as directory:
        first = start_seconds(directory)
        table.below("start in an empty directory to first answer, s", first, 0.3)
        table.below("start to first answer, s", median(start_seconds(directory) for _ in range(STARTS)), 0.3)
        with serve(directory) as server:
            measure_memory(server, table)
        with serve(directory) as server:
            measure_idle_clients(server, table)
    table.finish()


main()
