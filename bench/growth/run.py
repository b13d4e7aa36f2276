#!/usr/bin/env python3
"""Whether what a dataset holds makes using it dearer: uploads to one of 10,000 items and to a new one in turn, and
the first and the last page of one of 1,000,000 items.

Rows are written into the database by SQL, since only their number matters. Uploads alternate, so that what else the
machine does meets both alike, and are judged by the median.
"""

import sqlite3
import sys
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import ROOT, Table, build, call, median, register, serve, temporary_directory

IMAGE, MASK = ROOT / "samples" / "coffee.png", ROOT / "samples" / "coffee_mask.png"
MANY, HUGE = 10_000, 1_000_000
UPLOADS = 60  # to each; the purse of a new account holds out
PAGES = 200
LIMIT = 100
BOUNDARY = "inpaint-bench-boundary"


def form(dataset):
    """A multipart body with the pair."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="datasetName"\r\n\r\n{dataset}\r\n'.encode()]
    for field, file in (("image", IMAGE), ("mask", MASK)):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\n\r\n'
        parts += [head.encode(), file.read_bytes(), b"\r\n"]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def timed(*arguments):
    """Seconds of a call that must succeed."""
    started = monotonic()
    status, answer = call(*arguments)
    seconds = monotonic() - started
    if status not in (200, 201):
        sys.exit(f"{arguments[1]} {arguments[2]}: {status} {answer}")
    return seconds


def fill(database, dataset, count):
    """Gives the dataset so many items."""
    with sqlite3.connect(database) as connection:
        identity, = connection.execute("SELECT id FROM datasets WHERE name = ?", (dataset,)).fetchone()
        rows = ((identity, index, index, f"datasets/{identity}/{index}.png", f"datasets/{identity}/{index}_mask.png")
                for index in range(count))
        connection.executemany(
            "INSERT INTO dataset_items(dataset_id, item_index, upload_index, type, image_path, mask_path, image_name, "
            "created_at) VALUES (?, ?, ?, 'image', ?, ?, 'photo.png', 0)", rows)
        connection.execute("UPDATE datasets SET item_count = ?, next_upload_index = ? WHERE id = ?",
                           (count, count, identity))
    connection.close()


def upload_ratio(url, token):
    """What the upload of the 10,000th item and those around it takes, over that of the first ones."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    few, many = [], []
    for number in range(UPLOADS):
        # Which of the two comes first alternates too.
        order = [("few", few), ("many", many)]
        for dataset, seconds in order if number % 2 else reversed(order):
            seconds.append(timed(url, "POST", "/api/datasets/upload", form(dataset), token, headers))
    return median(few), median(many)


def page_times(url, token, dataset, total):
    """Seconds of the first page and of the last, in turn."""
    first, last = [], []
    for _ in range(PAGES):
        for page, seconds in ((1, first), (total // LIMIT, last)):
            path = f"/api/datasets/{dataset}/data?page={page}&limit={LIMIT}"
            seconds.append(timed(url, "GET", path, None, token))
    return median(first), median(last)


def main():
    build("inpaint")
    with temporary_directory() as directory:
        with serve(directory) as server:
            token = register(server.url)
            for dataset in ("few", "many", "huge"):
                timed(server.url, "POST", "/api/datasets", {"name": dataset}, token)
        for dataset, count in (("many", MANY - UPLOADS // 2), ("huge", HUGE)):
            fill(directory / "data" / "inpaint.db", dataset, count)
        with serve(directory) as server:
            few, many = upload_ratio(server.url, token)
            small_page, _ = page_times(server.url, token, "few", LIMIT)
            first, last = page_times(server.url, token, "huge", HUGE)

    table = Table()
    table.add("upload into a new dataset: ms", f"{few * 1000:.2f}")
    table.add(f"upload around item {MANY:,}: ms", f"{many * 1000:.2f}")
    table.at_most("upload, ratio", many / few, 1.2)
    table.add(f"first page of {HUGE:,} items: ms", f"{first * 1000:.2f}")
    table.add(f"last page of {HUGE:,} items: ms", f"{last * 1000:.2f}")
    table.at_most("last page against the first", last / first, 1.2)
    table.add(f"page of {UPLOADS} items of a small dataset: ms", f"{small_page * 1000:.2f}")
    table.finish()


main()
