"""ZIP archives that lie, explode, or lead elsewhere: each ends in a line of `skipped` or a clear refusal, and takes
neither memory nor disk."""
import pathlib
import threading
import time
import zipfile

import pytest

from support.archives import Raw, archive, encrypted, pairs, symbolic_link
from support.client import code_of, register
from support.pictures import pair
from support.server import Server
from test_zip import items_of, reasons, stored_files, upload

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def measured_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("measured") / "data", "--worker-concurrency", "0") as server:
        # What every process takes once for its first archive is no cost of the ones that are measured.
        user = register(server.url)
        upload(user, user.create_dataset(), archive(pairs(1)))
        yield server


def size_on_disk(server):
    total = 0
    for path in server.data.glob("**/*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            pass
    return total


class Watch:
    """The most memory and disk that the service takes while the block runs, beyond what it had before, in bytes."""

    def __init__(self, server):
        self.server = server
        self.ended = threading.Event()

    def __enter__(self):
        self.memory_before, self.disk_before = self.server.resident_bytes(), size_on_disk(self.server)
        self.memory = self.disk = 0
        self.thread = threading.Thread(target=self.look)
        self.begin = time.monotonic()
        self.thread.start()
        return self

    def look(self):
        while not self.ended.is_set():
            self.memory = max(self.memory, self.server.resident_bytes() - self.memory_before)
            self.disk = max(self.disk, size_on_disk(self.server) - self.disk_before)
            time.sleep(0.01)

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.seconds = time.monotonic() - self.begin
        self.disk_after = size_on_disk(self.server) - self.disk_before


def bombs():
    zeros = bytes(600 * MEGABYTE)
    plain = Raw()
    plain.add(b"a/image_1.png", zeros)
    plain.add(b"a/mask_1.png", pair()[1])
    yield "598 KB that become 600 MB", plain.finish()

    lying = Raw()
    lying.add(b"a/image_1.png", zeros, size=1000)
    lying.add(b"a/mask_1.png", pair()[1])
    yield "600 MB that claim to be 1000 bytes", lying.finish()

    listed = Raw()
    listed.add(b"a/image_1.png", zeros, directory_size=1000)
    listed.add(b"a/mask_1.png", pair()[1])
    yield "600 MB by one header, 1000 bytes by the other", listed.finish()

    overlapping = Raw()
    block = bytes(20 * MEGABYTE)
    at = overlapping.add(b"image_1.png", block)
    overlapping.add(b"mask_1.png", block, offset=at)
    for number in range(2, 100):
        for role in ("image", "mask"):
            overlapping.add(f"{role}_{number}.png".encode(), block, offset=at)
    yield "4 GB in 200 entries over the same bytes", overlapping.finish()

    many = Raw()
    for number in range(1, 31):
        many.add(f"image_{number}.png".encode(), block)
        many.add(f"mask_{number}.png".encode(), block)
    yield "1.2 GB in sixty files that are each small enough", many.finish()


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in bombs()])
def test_trap_F3_a_bomb_is_refused_without_memory_or_disk(measured_server, content):
    assert len(content) < 2 * MEGABYTE
    user = register(measured_server.url)
    name = user.create_dataset()
    with Watch(measured_server) as watch:
        answer = upload(user, name, content, None)
    print(f"{watch.memory / MEGABYTE:.0f} MB of memory, {watch.disk / MEGABYTE:.0f} MB of disk, {watch.seconds:.1f} s")
    assert (answer.status_code, code_of(answer)) in ((400, "NO_VALID_PAIR"), (413, "ARCHIVE_TOO_LARGE"))
    assert watch.memory < 64 * MEGABYTE and watch.disk < 256 * MEGABYTE and watch.disk_after < MEGABYTE
    assert user.balance() == 100 and items_of(user, name) == []


def test_trap_F3_a_bomb_beside_a_pair_is_skipped(user):
    raw = Raw()
    for path, data in pairs(1, "good/").items():
        raw.add(path.encode(), data)
    raw.add(b"bomb/image_1.png", bytes(100 * MEGABYTE))
    raw.add(b"bomb/mask_1.png", pair()[1])
    answer = upload(user, user.create_dataset(), raw.finish())
    assert answer.json()["processedItems"] == 1 and answer.json()["tokensUsed"] == 0.7
    assert reasons(answer)["bomb/image_1.png"] == "It expands to more than 200 times its size."


def test_trap_F3_archives_inside_archives_are_not_opened(user):
    inner = archive({"zeros.png": bytes(10 * MEGABYTE)})
    for _ in range(3):
        inner = archive({f"lib {letter}.zip": inner for letter in "abcdefghijklmnop"})
    answer = upload(user, user.create_dataset(), inner, 400)
    assert code_of(answer) == "NO_VALID_PAIR"
    answer = upload(user, user.create_dataset(), archive({**pairs(1), "inner.zip": inner}))
    assert reasons(answer) == {"inner.zip": "A ZIP archive inside a ZIP archive is not opened."}


def test_a_hundred_thousand_entries_are_taken_and_one_more_is_not(measured_server):
    user = register(measured_server.url)
    name = user.create_dataset()
    files = {**pairs(1), **{f"{number}.txt": b"x" for number in range(99_998)}}
    content = archive(files, zipfile.ZIP_STORED)
    with Watch(measured_server) as watch:
        answer = upload(user, name, content).json()
    print(f"{watch.memory / MEGABYTE:.0f} MB of memory, {watch.disk / MEGABYTE:.0f} MB of disk, {watch.seconds:.1f} s")
    assert answer["processedItems"] == 1 and answer["tokensUsed"] == 0.7 and len(answer["skipped"]) == 1000
    assert watch.memory < 128 * MEGABYTE and watch.disk < len(content) + 2 * MEGABYTE
    content = archive({**files, "more.txt": b"x"}, zipfile.ZIP_STORED)
    assert code_of(upload(user, name, content, 413)) == "ARCHIVE_TOO_LARGE"


def test_a_list_of_millions_of_entries_takes_no_memory(measured_server):
    raw = Raw()
    raw.add(b"a", b"x")
    raw.directory *= 1_000_000
    raw.entries = 1_000_000
    user = register(measured_server.url)
    with Watch(measured_server) as watch:
        answer = upload(user, user.create_dataset(), raw.finish(), 413)
    assert code_of(answer) == "ARCHIVE_TOO_LARGE" and watch.memory < 256 * MEGABYTE


@pytest.mark.parametrize("path", ["../escaped_1.png", "a/../../escaped_1.png", "/tmp/escaped_1.png", "C:\\escaped_1.png",
                                  "..\\escaped_1.png", "a\\..\\..\\escaped_1.png"])
def test_trap_F2_no_entry_leads_out(server, user, path):
    before = stored_files(server)
    info = zipfile.ZipInfo("x")
    info.filename = path  # as it is: ZipInfo would make the separators plain
    answer = upload(user, user.create_dataset(), archive({info: pair()[0], **pairs(1)}))
    assert answer.json()["processedItems"] == 1
    assert reasons(answer)[path.replace("\\", "/")] in ("Its path is absolute.", "Its path leads out of the archive.")
    assert len(stored_files(server)) == len(before) + 2
    assert not list(server.data.parent.rglob("*escaped*")) and not pathlib.Path("/tmp/escaped_1.png").exists()


def test_links_are_not_followed(server, user):
    target = str(server.data / "jwt_secret").encode()
    answer = upload(user, user.create_dataset(), archive({symbolic_link("image_2.png"): target, **pairs(1)}))
    assert reasons(answer) == {"image_2.png": "It is a symbolic link."}


def test_what_is_encrypted_is_skipped(user):
    answer = upload(user, user.create_dataset(), encrypted(pairs(1)), 400)
    assert code_of(answer) == "NO_VALID_PAIR"
    assert [detail["message"] for detail in answer.json()["error"]["details"]] == ["It is encrypted."] * 2


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_skipped(user, method):
    answer = upload(user, user.create_dataset(), archive(pairs(1), method), 400)
    assert "deflate" in answer.json()["error"]["details"][0]["message"]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(user, part):
    content = archive(pairs(3))
    answer = upload(user, user.create_dataset(), content[:int(len(content) * part)], 400)
    assert code_of(answer) == "BAD_ARCHIVE" and user.balance() == 100


def test_a_damaged_entry_costs_its_pair_only(user):
    content = bytearray(archive(pairs(2), zipfile.ZIP_STORED))
    content[content.index(b"IDAT") + 20] ^= 0xFF
    answer = upload(user, user.create_dataset(), bytes(content))
    assert answer.json()["processedItems"] == 1 and answer.json()["tokensUsed"] == 0.7
    assert reasons(answer) == {"image_1.png": "It is damaged in the archive.",
                               "mask_1.png": "Its image image_1.png was skipped."}


def test_trap_F4_nothing_temporary_stays(measured_server):
    user = register(measured_server.url)
    name = user.create_dataset()
    for content in (archive(pairs(2)), archive({}), archive(pairs(3))[:500], archive({**pairs(1), "image_2.png": b"x"})):
        upload(user, name, content, None)
    assert not [path for path in (measured_server.data / "tmp").glob("*/*")]
