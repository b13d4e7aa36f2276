"""ZIP archives: which layouts are taken, what they cost, what is skipped and why."""
import itertools
import threading
import zipfile

import pytest

from support.archives import Raw, Unseekable, archive, pairs
from support.client import code_of
from support.pictures import decode, encode, encode_mask, holes, pair, truth
from support.storage import blobs

PRICE = 0.7


def upload(user, name, content, expect=200, file_name="pairs.zip", mask=("mask.txt", b"placeholder"), **options):
    files = {"image": (file_name, content, *options.pop("content_type", []))}
    if mask:
        files["mask"] = mask
    return user.post("/api/datasets/upload", expect=expect, data={"datasetName": name}, files=files)


def stored_files(server):
    return blobs(server.data)


def items_of(user, name):
    return user.get(f"/api/datasets/{name}/data?limit=100").json()["data"]["items"]


def reasons(answer):
    return {line["file"]: line["reason"] for line in answer.json()["skipped"]}


def test_every_pair_is_stored_and_paid_for(nobody, user):
    name = user.create_dataset()
    body = upload(user, name, archive({**pairs(2, "first/"), **pairs(1, "second/", (50, 70))})).json()
    assert body == {"success": True, "message": "Data uploaded and processed", "processedItems": 3,
                    "tokensUsed": 2.1, "tokensRemaining": 97.9, "skipped": []}
    assert user.balance() == 97.9
    items = items_of(user, name)
    assert [item["index"] for item in items] == [item["uploadIndex"] for item in items] == [0, 1, 2]
    assert nobody.get(items[2]["imageUrl"]).content == pair(50, 70)[0]
    assert (decode(nobody.get(items[2]["maskUrl"]).content) > 0).tolist() == holes(50, 70).tolist()
    user.complete(name)


@pytest.mark.parametrize("files, expected", [
    pytest.param(pairs(2), 2, id="no folder"),
    pytest.param(pairs(2, "wrap/group/"), 2, id="wrapping folder"),
    pytest.param({"wrap/": b"", "wrap/in/": b"", **pairs(1, "wrap/in/a/"), **pairs(1, "wrap/in/b/")}, 2, id="nested"),
    pytest.param({"g/sea.png": pair()[0], "g/Mask of the sea.PNG": pair()[1]}, 1, id="by name"),
    pytest.param({"g\\image_1.png": pair()[0], "g\\mask_1.png": pair()[1]}, 1, id="backslashes"),
    pytest.param({"./g/./image_1.png": pair()[0], "g//mask_1.png": pair()[1]}, 1, id="steps that mean nothing"),
])
def test_layouts(user, files, expected):
    name = user.create_dataset()
    answer = upload(user, name, archive(files)).json()
    assert answer["processedItems"] == expected and answer["skipped"] == []
    assert answer["tokensUsed"] == round(PRICE * expected, 2)


def test_order_is_by_folder_and_number(nobody, user):
    name = user.create_dataset()
    sizes = {("a", 2): 40, ("a", 10): 48, ("b", 1): 56}
    files = {}
    for (folder, number), size in reversed(sizes.items()):
        image, mask = pair(size, size)
        files |= {f"{folder}/mask_{number}.png": mask, f"{folder}/image_{number}.png": image}
    upload(user, name, archive(files))
    assert [decode(nobody.get(item["imageUrl"]).content).shape[0] for item in items_of(user, name)] == [40, 48, 56]


def written_by_others():
    files = pairs(1, "g/")
    stream = Unseekable()
    archive(files, output=stream)
    yield "sizes behind the data", bytes(stream.data)
    yield "zip64", archive(files, zip64=True)
    yield "stored", archive(files, zipfile.ZIP_STORED)
    with_comment = bytearray(archive(files))
    with_comment[-2:] = (5).to_bytes(2, "little")
    yield "comment", bytes(with_comment + b"hello")


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in written_by_others()])
def test_what_other_programs_write(user, content):
    assert upload(user, user.create_dataset(), content).json()["processedItems"] == 1


@pytest.mark.parametrize("flags, encoding", [(0x800, "utf-8"), (0, "utf-8"), (0, "cp437")])
def test_names_that_are_not_ascii(user, flags, encoding):
    raw = Raw()
    raw.add("été/über_1.png".encode(encoding), pair()[0], flags=flags)
    raw.add("été/über_mask_1.png".encode(encoding), pair()[1], flags=flags)
    raw.add("été/naïve.txt".encode(encoding), b"text", flags=flags)
    answer = upload(user, user.create_dataset(), raw.finish())
    assert answer.json()["processedItems"] == 1 and list(reasons(answer)) == ["été/naïve.txt"]


@pytest.mark.parametrize("mask", [None, ("mask.txt", b"x"), ("mask.png", b""), ("pairs.zip", archive(pairs(1)))])
def test_the_mask_beside_it_is_a_placeholder(user, mask):
    assert upload(user, user.create_dataset(), archive(pairs(1)), mask=mask).json()["processedItems"] == 1


@pytest.mark.parametrize("declared", ["application/zip", "application/x-zip-compressed", "application/octet-stream",
                                      "image/png", "nonsense"])
def test_trap_V9_any_declared_type_is_taken(user, declared):
    answer = upload(user, user.create_dataset(), archive(pairs(1)), content_type=[declared])
    assert answer.json()["processedItems"] == 1


def test_trap_V6_pairs_go_by_number_not_by_position(nobody, user):
    name = user.create_dataset()
    files = pairs(3, "g/")
    del files["g/mask_1.png"]
    files["lone/a_2.png"], files["lone/mask_1.png"] = pair()
    answer = upload(user, name, archive(files))
    assert answer.json()["processedItems"] == 2
    assert reasons(answer) == {
        "g/image_1.png": "There is no mask of the number 1 in its folder.",
        "lone/a_2.png": "There is no mask of the number 2 in its folder.",
        "lone/mask_1.png": "There is no image of the number 1 in its folder.",
        "lone/": "The folder has no valid pair."}


def test_duplicate_numbers_are_refused_with_their_names(user):
    files = {**pairs(2, "g/"), "g/other_01.png": pair()[0]}
    answer = upload(user, user.create_dataset(), archive(files))
    assert answer.json()["processedItems"] == 1
    sentence = "The number 1 stands twice in its folder: image_1.png and other_01.png."
    assert reasons(answer) == {"g/image_1.png": sentence, "g/mask_1.png": sentence, "g/other_01.png": sentence}


def test_trap_M8_only_what_is_valid_is_stored_and_paid_for(server, user):
    image, mask = pair()
    grey = encode(truth(64, 64))
    files = {
        **pairs(1, "good/"),
        "text/image_1.png": b"this is no picture", "text/mask_1.png": mask,
        "grey/image_1.png": image, "grey/mask_1.png": grey,
        "size/image_1.png": image, "size/mask_1.png": encode_mask(holes(32, 64)),
        "cut/image_1.png": image[:200], "cut/mask_1.png": mask,
        "kind/image_1.jpg": image, "kind/mask_1.png": mask,
        "other/notes.txt": b"x", "other/image_1.gif": b"GIF89a",
    }
    before = stored_files(server)
    name = user.create_dataset()
    answer = upload(user, name, archive(files))
    assert answer.json()["processedItems"] == 1 and answer.json()["tokensUsed"] == PRICE
    assert user.balance() == 99.3 and len(items_of(user, name)) == 1
    assert len(stored_files(server)) == len(before) + 2
    found = reasons(answer)
    for folder in ("text", "grey", "size", "cut", "kind"):
        assert found[f"{folder}/"] == "The folder has no valid pair."
    assert "neither" in found["text/image_1.png"] and "skipped" in found["text/mask_1.png"]
    assert "not binary" in found["grey/image_1.png"]
    assert "one size" in found["size/image_1.png"]
    assert "cannot be read" in found["cut/image_1.png"]
    assert ".jpg" in found["kind/image_1.jpg"]
    assert found["other/notes.txt"] == found["other/image_1.gif"] == \
        "It is no picture or video: .png, .jpg, .jpeg, .mp4 and .avi are taken."
    assert "good/" not in found and len(found) == 18


@pytest.mark.parametrize("files", [
    pytest.param({}, id="empty"),
    pytest.param({"folder/": b""}, id="folders only"),
    pytest.param({"readme.txt": b"x"}, id="no picture"),
    pytest.param({"image_1.png": pair()[0]}, id="no mask"),
    pytest.param({"image_1.png": b"x", "mask_1.png": b"x"}, id="no valid picture"),
])
def test_nothing_valid_is_refused_and_costs_nothing(server, user, files):
    before = stored_files(server)
    name = user.create_dataset()
    answer = upload(user, name, archive(files), 400)
    assert code_of(answer) == "NO_VALID_PAIR"
    assert user.balance() == 100 and items_of(user, name) == [] and stored_files(server) == before


def test_the_money_for_142_pairs_pays_for_142_and_not_for_143(server, user):
    before = stored_files(server)
    name = user.create_dataset()
    answer = upload(user, name, archive(pairs(143, size=(8, 8))), 401)
    assert code_of(answer) == "INSUFFICIENT_TOKENS"
    assert answer.json()["required"] == 100.1 and answer.json()["available"] == 100
    assert user.balance() == 100 and items_of(user, name) == [] and stored_files(server) == before
    body = upload(user, name, archive(pairs(142, size=(8, 8)))).json()
    assert body["tokensUsed"] == 99.4 and body["tokensRemaining"] == 0.6
    assert code_of(upload(user, name, archive(pairs(1)), 401)) == "INSUFFICIENT_TOKENS"


def test_trap_M9_the_next_upload_comes_after_all_pairs_of_the_archive(user):
    name = user.create_dataset()
    user.upload(name, *pair())
    upload(user, name, archive(pairs(3)))
    user.upload(name, *pair())
    assert [item["uploadIndex"] for item in items_of(user, name)] == [0, 1, 2, 3, 4]


def test_parallel_archives_share_no_place(user):
    name = user.create_dataset()
    contents = [archive(pairs(count)) for count in (3, 1, 5, 2)]
    threads = [threading.Thread(target=upload, args=(user.again(), name, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = items_of(user, name)
    assert [item["index"] for item in items] == [item["uploadIndex"] for item in items] == list(range(11))
    assert user.balance() == 92.3


def test_all_pairs_become_visible_together(user):
    name = user.create_dataset()
    content = archive(pairs(60))
    ended = threading.Event()
    seen = set()

    def watch(watcher):
        while not ended.is_set():
            seen.add(watcher.get(f"/api/datasets/{name}").json()["data"]["itemCount"])

    watching = threading.Thread(target=watch, args=(user.again(),))
    watching.start()
    for _ in range(2):
        upload(user, name, content)
    ended.set()
    watching.join()
    assert seen <= {0, 60, 120} and 0 in seen


@pytest.mark.parametrize("file_name, content", [
    ("pairs.zip", b"PK but no archive"), ("pairs.zip", pair()[0]), ("letter.docx", archive(pairs(1))),
    ("image.png", archive(pairs(1)))])
def test_name_and_content_must_agree(user, file_name, content):
    assert code_of(upload(user, user.create_dataset(), content, 400, file_name)) == "UNSUPPORTED_FORMAT"


def test_an_unknown_dataset_is_404(user):
    assert code_of(upload(user, "unknown", archive(pairs(1)), 404)) == "NOT_FOUND"


def test_the_list_of_what_is_skipped_ends_at_a_thousand_lines(user):
    def skipped(others):
        files = {**pairs(1), **{f"{number}.txt": b"" for number in range(others)}}
        return upload(user, user.create_dataset(), archive(files)).json()["skipped"]

    assert len(skipped(1000)) == 1000
    lines = skipped(1001)
    assert len(lines) == 1000 and lines[-1] == {"file": "…", "reason": "2 more were skipped."}


def test_paths_of_1024_bytes_are_taken_and_longer_ones_not(user):
    def files(length):
        folder = "".join(itertools.islice(itertools.cycle("deep/"), length - len("/image_1.png")))
        return {f"{folder}/image_1.png": pair()[0], f"{folder}/mask_1.png": pair()[1]}

    assert upload(user, user.create_dataset(), archive(files(1024))).json()["processedItems"] == 1
    answer = upload(user, user.create_dataset(), archive({**files(1025), **pairs(1)}))
    assert "Its path has more than 1024 bytes." in reasons(answer).values()
