#!/usr/bin/env python3
"""200 uploads of a 512x512 pair by 16 clients at once, beside a plain loop that decodes and writes the same.

Every upload must be stored and charged exactly once: what a round costs is recharged before it, so that the
balance ends where it began. The loop runs in alternation, on as many threads as there are cores: once waiting for the disk as the
service does, once leaving the files to the system's cache.
"""

import concurrent.futures
import subprocess
import sys
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, CORES, INPAINT, ROOT, Table, build, call, median, register, serve, temporary_directory

IMAGE, MASK = ROOT / "samples" / "coffee.png", ROOT / "samples" / "coffee_mask.png"
UPLOADS = 200
CLIENTS = 16
ROUNDS = 3
PAGE = 100
PRICE = 0.65
GIFT = 100  # of a new account
BOUNDARY = "inpaint-bench-boundary"
ADMIN = {"email": "admin@localhost", "password": "a bench password"}


def form(dataset):
    """A multipart body with the pair."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\n{dataset}\r\n'.encode()]
    for field, file in (("image", IMAGE), ("mask", MASK)):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\n\r\n'
        parts += [head.encode(), file.read_bytes(), b"\r\n"]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def upload_all(url, token, dataset):
    """Seconds until every upload of a new dataset is answered."""
    call(url, "POST", "/api/datasets", {"name": dataset}, token)
    body = form(dataset)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    def upload(_):
        return call(url, "POST", "/api/datasets/upload", body, token, headers)

    started = monotonic()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(upload, range(UPLOADS)))
    seconds = monotonic() - started
    if refused := [answer for answer in answers if answer[0] != 200]:
        sys.exit(f"{len(refused)} uploads were refused, the first with {refused[0]}")
    return seconds


def plain_loop(directory, durability):
    """Seconds of the loop."""
    directory.mkdir()
    command = [BUILD / "bench" / "bench_plain_loop", IMAGE, MASK, directory, UPLOADS, len(CORES), durability]
    said = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    return float(said)


def count_stored(url, token, dataset):
    """How many items of the dataset have an index of their own and give back the picture byte for byte."""
    original = IMAGE.read_bytes()
    stored = set()
    for page in range(1, -(-UPLOADS // PAGE) + 2):  # one more than there should be
        path = f"/api/datasets/{dataset}/data?page={page}&limit={PAGE}"
        for item in call(url, "GET", path, token=token)[1]["data"]["items"]:
            with urlopen(url + item["imageUrl"]) as answer:
                if answer.read() == original:
                    stored.add(item["index"])
    return len(stored)


def recharge(url):
    """Gives the user what a round costs."""
    _, answer = call(url, "POST", "/api/users/login", ADMIN)
    cost = round(UPLOADS * PRICE, 2)
    body = {"email": "ada@example.com", "amount": cost}
    status, answer = call(url, "POST", "/api/admin/user-tokens", body, answer["data"]["token"])
    if status != 200:
        sys.exit(f"recharge: {answer}")


def main():
    build("inpaint", "bench_plain_loop")
    service, durable, buffered, stored = [], [], [], 0
    with temporary_directory() as directory:
        with serve(directory, None, "--admin-email", ADMIN["email"], "--admin-password", ADMIN["password"]) as server:
            token = register(server.url)
            for number in range(ROUNDS):
                recharge(server.url)
                service.append(upload_all(server.url, token, f"round-{number}"))
                durable.append(plain_loop(directory / f"durable-{number}", "durable"))
                buffered.append(plain_loop(directory / f"buffered-{number}", "buffered"))
                stored += count_stored(server.url, token, f"round-{number}")
            balance = call(server.url, "GET", "/api/users/tokens", token=token)[1]["tokens"]
        ledger = subprocess.run(
            [str(INPAINT), "ledger", "verify", "--data-directory", str(directory / "data")], capture_output=True, text=True
        )

    table = Table()
    total = ROUNDS * UPLOADS
    table.add("pairs stored, each once and whole", f"{stored}", f"= {total}", stored == total)
    table.add("balance after all of them", f"{balance}", f"= {GIFT}", balance == GIFT)
    table.add("inpaint ledger verify", ledger.stdout.strip(), "no difference", ledger.returncode == 0)
    for name, seconds in (("the service", service), ("plain loop, durable", durable), ("plain loop, buffered", buffered)):
        table.add(f"{name}: pairs/s", f"{UPLOADS / median(seconds):.0f}")
    table.at_most("time against the durable loop", median(a / b for a, b in zip(service, durable)), 2)
    table.add("time against the buffered loop", f"{median(a / b for a, b in zip(service, buffered)):.2f}")
    table.finish()


main()
