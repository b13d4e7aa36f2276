#!/usr/bin/env python3
"""A ZIP archive of 100 pairs of 512x512, beside a plain loop that inflates, decodes and writes the same files.

The loop runs in alternation with the uploads, on as many threads as there are cores: once waiting for the disk as
the service does, once leaving the files to the system's cache.
"""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import BUILD, CORES, ROOT, Table, build, call, median, register, serve, temporary_directory

IMAGE, MASK = ROOT / "samples" / "coffee.png", ROOT / "samples" / "coffee_mask.png"
PAIRS = 100
ROUNDS = 5
PRICE = 0.7
BOUNDARY = "inpaint-bench-boundary"
ADMIN = {"email": "admin@localhost", "password": "a bench password"}


def archive():
    """The pairs, deflated."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
        for number in range(1, PAIRS + 1):
            writer.write(IMAGE, f"group/image_{number}.png")
            writer.write(MASK, f"group/mask_{number}.png")
    return file.getvalue()


def form(dataset, content):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\n{dataset}\r\n' \
           f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="pairs.zip"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def upload(url, token, dataset, content):
    """Seconds until the archive is answered."""
    call(url, "POST", "/api/datasets", {"name": dataset}, token)
    body = form(dataset, content)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    started = monotonic()
    status, answer = call(url, "POST", "/api/datasets/upload", body, token, headers)
    seconds = monotonic() - started
    if status != 200 or answer["processedItems"] != PAIRS:
        sys.exit(f"the upload was answered {status} {answer}")
    return seconds


def plain_loop(directory, archive_file, durability):
    """Seconds of the loop."""
    directory.mkdir()
    command = [BUILD / "bench" / "bench_zip_loop", archive_file, directory, len(CORES), durability]
    said = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    if len(list(directory.iterdir())) != 2 * PAIRS:
        sys.exit("the loop did not write every file")
    return float(said)


def recharge(url):
    """Gives the user what a round costs."""
    _, answer = call(url, "POST", "/api/users/login", ADMIN)
    body = {"email": "ada@example.com", "amount": round(PAIRS * PRICE, 2)}
    status, answer = call(url, "POST", "/api/admin/user-tokens", body, answer["data"]["token"])
    if status != 200:
        sys.exit(f"recharge: {answer}")


def main():
    build("inpaint", "bench_zip_loop")
    service, durable, buffered = [], [], []
    with temporary_directory() as directory:
        content = archive()
        (directory / "pairs.zip").write_bytes(content)
        with serve(directory, None, "--admin-email", ADMIN["email"], "--admin-password", ADMIN["password"]) as server:
            token = register(server.url)
            for number in range(ROUNDS):
                recharge(server.url)
                service.append(upload(server.url, token, f"round-{number}", content))
                durable.append(plain_loop(directory / f"durable-{number}", directory / "pairs.zip", "durable"))
                buffered.append(plain_loop(directory / f"buffered-{number}", directory / "pairs.zip", "buffered"))

    table = Table()
    for name, seconds in (("the service", service), ("plain loop, durable", durable), ("plain loop, buffered", buffered)):
        table.add(f"{name}: seconds for {PAIRS} pairs", f"{median(seconds):.3f}")
    table.at_most("time against the durable loop", median(a / b for a, b in zip(service, durable)), 1.5)
    table.add("time against the buffered loop", f"{median(a / b for a, b in zip(service, buffered)):.2f}")
    table.finish()


main()
