"""Memory, start-up, idle and slow clients: measured on a server of its own."""
import contextlib
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import database
from support.client import Client, connect, receive, register
from support.server import Server

MEGABYTE = 1 << 20
GET_HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("quiet") / "data") as server:
        yield server


def test_an_idle_service_takes_less_than_60_megabytes(quiet_server):
    Client(quiet_server.url).get("/ready")
    megabytes = quiet_server.resident_bytes() / MEGABYTE
    print(f"idle: {megabytes:.1f} MB")
    assert megabytes < 60


@pytest.mark.skipif(database.ON_POSTGRES, reason="most of it is PostgreSQL's time for making the schema")
def test_it_answers_within_300_ms_of_its_start(tmp_path):
    seconds = []
    for attempt in range(5):  # the best counts: the machine may be busy with other things
        data = tmp_path / f"data{attempt}"
        begin = time.perf_counter()
        with Server(data, BCRYPT_SALT_ROUNDS="12") as server:
            with connect(server) as connection:
                connection.sendall(GET_HEALTH)
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
            seconds.append(time.perf_counter() - begin)
    print(f"start to first answer: {min(seconds):.3f} s")
    assert min(seconds) < 0.3


def send_gigabyte(server, token):
    """Sends 1 GiB as a picture. (the answer, the most that memory grew by meanwhile)."""
    block = bytes(range(256)) * 4096
    head = (b'--limit\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\nphotos\r\n'
            b'--limit\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n')
    tail = b"\r\n--limit--\r\n"
    length = len(head) + 1024 * len(block) + len(tail)
    before, peak = server.resident_bytes(), 0
    with connect(server) as connection:
        connection.sendall(f"POST /api/datasets/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                           f"Content-Type: multipart/form-data; boundary=limit\r\nContent-Length: {length}\r\n\r\n"
                           .encode() + head)
        for number in range(1024):
            connection.sendall(block)
            if number % 16 == 0:
                peak = max(peak, server.resident_bytes())
        connection.sendall(tail)
        return receive(connection), peak - before


def test_trap_V10_an_upload_of_a_gigabyte_moves_memory_by_less_than_32_megabytes(quiet_server):
    user = register(quiet_server.url)
    user.create_dataset("photos")
    begin = time.perf_counter()
    answer, grown = send_gigabyte(quiet_server, user.token)
    print(f"1 GB: {time.perf_counter() - begin:.1f} s, {grown / MEGABYTE:.1f} MB")
    assert answer.status_code == 400  # read to its end, and then found to lack its mask
    assert grown < 32 * MEGABYTE
    assert list((quiet_server.data / "tmp").glob("*/*")) == []


def median_seconds(server, count=300):
    times = []
    with connect(server) as connection:
        for _ in range(count):
            begin = time.perf_counter()
            connection.sendall(GET_HEALTH)
            assert connection.recv(65536)
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def test_2000_idle_connections_do_not_slow_the_others(quiet_server):
    ratios = []
    for _ in range(3):  # the best counts
        before = median_seconds(quiet_server)
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(connect(quiet_server)) for _ in range(2000)]
            for connection in idle:
                connection.sendall(GET_HEALTH)
            for connection in idle:
                assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            ratios.append(before / median_seconds(quiet_server))
            assert all(is_open(connection) for connection in (idle[0], idle[-1]))
    print(f"median latency without / with 2,000 idle connections: {max(ratios):.2f}")
    assert max(ratios) > 0.7


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True


def drip(connection, text, seconds):
    """Sends a byte a second. What the service said before it cut the connection, and when that was."""
    begin = time.monotonic()
    connection.settimeout(1)
    said = b""
    for byte in text:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(bytes([byte]))
        try:
            received = connection.recv(65536)
            said += received
            if not received:
                return said, time.monotonic() - begin
        except socket.timeout:
            assert time.monotonic() - begin < seconds, "not cut off"
        except ConnectionResetError:
            return said, time.monotonic() - begin
    raise AssertionError("the text was too short")


def test_trap_F10_clients_that_send_a_byte_a_second_are_cut_off(quiet_server):
    head = b"POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    with connect(quiet_server) as slow_head, connect(quiet_server) as slow_body, ThreadPoolExecutor(2) as pool:
        slow_body.sendall(head)
        ends = [pool.submit(drip, slow_head, head, 14), pool.submit(drip, slow_body, b" " * 100, 14)]
        for what, (said, seconds) in zip(("head", "body"), (end.result() for end in ends)):
            print(f"{what}: cut off after {seconds:.1f} s")
            assert 9 < seconds < 14
            assert said == b"" or said.startswith(b"HTTP/1.1 408")
    Client(quiet_server.url).get("/health")
