"""Uploads of a picture with its mask: what is taken, what is refused, what it costs, what stays."""
import pathlib
import re
import uuid

import numpy
import pytest

from support import pictures
from support.client import code_of, fields_of, register
from support.pictures import decode, encode, encode_mask, holes, pair, truth
from support.storage import blobs

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"


def stored(server):
    """The files that the service keeps."""
    return blobs(server.data)


def temporary(server):
    return [path for path in (server.data / "tmp").glob("*/*")]


def first_item(user, name):
    identity = next(data["id"] for data in user.get("/api/datasets").json()["data"] if data["name"] == name)
    return user.get(f"/api/datasets/{identity}/data").json()["data"]["items"][0]


@pytest.mark.parametrize("path", ["/api/datasets/data", "/api/datasets/upload-data", "/api/datasets/upload",
                                  "/api/datasets/upload/"])
def test_every_spelling_of_the_route_stores_and_charges(user, path):
    name = user.create_dataset()
    body = user.upload(name, *pair(), path=path).json()
    assert body == {"success": True, "message": "Data uploaded and processed", "processedItems": 1,
                    "tokensUsed": 0.65, "tokensRemaining": 99.35, "skipped": []}
    assert user.balance() == 99.35


def test_a_dataset_is_named_by_its_id_too(user):
    name = user.create_dataset()
    user.upload(user.get("/api/datasets").json()["data"][0]["id"], *pair())
    assert user.get("/api/datasets").json()["data"][0]["itemCount"] == 1
    assert first_item(user, name)["index"] == 0


def test_what_is_stored_is_what_was_sent(nobody, user):
    name = user.create_dataset()
    image, mask = pair(50, 70)
    user.upload(name, image, mask)
    item = first_item(user, name)
    assert nobody.get(item["imageUrl"]).content == image
    stored_mask = decode(nobody.get(item["maskUrl"]).content)
    assert numpy.array_equal(stored_mask > 0, holes(50, 70))


def test_jpeg_pictures_and_masks_are_taken_and_the_mask_made_binary(nobody, user):
    name = user.create_dataset()
    image = encode(truth(80, 96), "JPEG", quality=90)
    mask = encode((holes(80, 96) * 255).astype(numpy.uint8), "JPEG", quality=85)
    user.upload(name, image, mask, image_name="IMG_1.JPG", mask_name="mask.jpeg")
    item = first_item(user, name)
    assert item["imagePath"].endswith(".jpg") and item["maskPath"].endswith(".png")
    assert numpy.array_equal(decode(nobody.get(item["maskUrl"]).content) > 0, holes(80, 96))


def test_trap_V5_every_good_mask_is_accepted_and_every_bad_one_named(user):
    name = user.create_dataset()
    good = sorted((FIXTURES / "mask_good").iterdir())
    for file in good:
        size = decode(file.read_bytes()).shape
        user.upload(name, encode(truth(*size[:2])), file.read_bytes(), mask_name=file.name)
    bad = sorted((FIXTURES / "mask_bad").iterdir())
    for file in bad:
        size = decode(file.read_bytes()).shape
        answer = user.upload(name, encode(truth(*size[:2])), file.read_bytes(), 400, mask_name=file.name)
        assert code_of(answer) == "MASK_NOT_BINARY" and "black" in answer.json()["message"], file.name
    assert len(good) > 5 and len(bad) > 5
    assert round(100 - user.balance(), 2) == round(0.65 * len(good), 2)


def test_trap_V5_a_mask_of_another_size_is_refused_with_both_sizes(user):
    name = user.create_dataset()
    answer = user.upload(name, pair(64, 64)[0], pair(64, 65)[1], 400)
    assert code_of(answer) == "MASK_SIZE_MISMATCH"
    assert "64" in answer.json()["message"] and "65" in answer.json()["message"]


def test_exif_orientation_counts_for_the_size(user):
    name = user.create_dataset()
    turned = (FIXTURES / "turned/6.jpg").read_bytes()  # stored lying, shown standing
    height, width = decode(turned).shape[:2]
    user.upload(name, turned, encode_mask(holes(width, height)), image_name="turned.jpg")
    answer = user.upload(name, turned, encode_mask(holes(height, width)), 400, image_name="turned.jpg")
    assert code_of(answer) == "MASK_SIZE_MISMATCH"


def bad_pairs():
    image, mask = pair()
    jpeg = encode(truth(64, 64), "JPEG")
    text = b"This is not a picture, whatever its name says.\n" * 20
    yield "text named png", text, mask, "a.png", "UNSUPPORTED_FORMAT"
    yield "zero bytes", b"", mask, "a.png", "BAD_IMAGE"
    yield "jpeg named png", jpeg, mask, "a.png", "UNSUPPORTED_FORMAT"
    yield "png named jpg", image, mask, "a.jpg", "UNSUPPORTED_FORMAT"
    yield "no extension", image, mask, "a", "UNSUPPORTED_FORMAT"
    yield "program", image, mask, "a.png.exe", "UNSUPPORTED_FORMAT"
    yield "gif", encode(truth(64, 64)[..., 0], "GIF"), mask, "a.gif", "UNSUPPORTED_FORMAT"
    yield "truncated png", image[:len(image) // 2], mask, "a.png", "BAD_IMAGE"
    yield "truncated mask", image, mask[:len(mask) - 30], "a.png", "BAD_IMAGE"
    yield "png signature only", image[:8], mask, "a.png", "BAD_IMAGE"
    yield "damaged png", image[:60] + b"\0\0\0\0" + image[64:], mask, "a.png", "BAD_IMAGE"
    yield "truncated jpeg", jpeg[:len(jpeg) // 3], mask, "a.jpg", "BAD_IMAGE"
    yield "text as mask", image, text, "a.png", "UNSUPPORTED_FORMAT"


@pytest.mark.parametrize("image, mask, image_name, code", [pytest.param(*rest, id=name) for name, *rest in bad_pairs()])
def test_trap_M11_what_is_no_picture_is_refused_costs_nothing_and_leaves_nothing(server, user, image, mask, image_name,
                                                                                 code):
    name = user.create_dataset()
    before = stored(server)
    answer = user.upload(name, image, mask, 400, image_name=image_name)
    assert code_of(answer) == code
    assert user.balance() == 100 and stored(server) == before and temporary(server) == []
    assert user.get("/api/datasets").json()["data"][0]["itemCount"] == 0


@pytest.mark.parametrize("bomb", ["image", "mask"])
@pytest.mark.parametrize("width, height", [(50_000, 50_000), (12_000, 9_000)])
def test_trap_F3_a_pixel_bomb_is_refused_without_memory(server, user, bomb, width, height):
    name = user.create_dataset()
    file = (FIXTURES / "bombs/50000x50000.png").read_bytes() if width == 50_000 else pictures.png_of_size(width, height)
    assert len(file) < 1_000_000
    files = {"image": pair()[0], "mask": pair()[1], bomb: file}
    before = server.resident_bytes()
    assert code_of(user.upload(name, files["image"], files["mask"], 413)) == "IMAGE_TOO_LARGE"
    assert server.resident_bytes() - before < 16 << 20
    assert user.balance() == 100 and temporary(server) == []


@pytest.mark.parametrize("fields, missing", [
    ({}, ["datasetName", "image", "mask"]),
    ({"datasetName": (None, "x")}, ["image", "mask"]),
    ({"image": ("a.png", b"x"), "mask": ("b.png", b"x")}, ["datasetName"]),
    ({"datasetName": (None, " "), "image": (None, "text"), "mask": ("", b"")}, ["datasetName", "image", "mask"]),
])
def test_every_missing_part_is_named(user, fields, missing):
    answer = user.post("/api/datasets/upload", files=fields or {"other": (None, "x")}, expect=400)
    assert code_of(answer) == "VALIDATION_ERROR" and fields_of(answer) == missing


def test_an_unknown_dataset_is_404(server, user):
    for name in ("unknown", str(uuid.uuid4()), "../../etc/passwd"):
        assert code_of(user.upload(name, *pair(), expect=404)) == "NOT_FOUND"
    assert temporary(server) == [] and user.balance() == 100


@pytest.mark.parametrize("file_name", ["../../../etc/cron.d/x.png", "..\\..\\x.png", "/etc/x.png", "a\u00e9\u4e2d.png",
                                       "%2e%2e%2fx.png", "x" * 1000 + ".png", "a;b.png", "con.png"])
def test_trap_F2_the_name_of_a_file_leads_nowhere(server, user, file_name):
    name = user.create_dataset()
    user.upload(name, *pair(), image_name=file_name)
    item = first_item(user, name)
    assert re.fullmatch(r"datasets/[0-9a-f-]{36}/[0-9a-f-]{36}\.png", item["imagePath"])
    assert item["imagePath"] in blobs(server.data)
    result = user.results(user.complete(name))[0]
    user.get(result["downloadUrl"])


def test_trap_F4_a_refused_charge_leaves_no_file(own_server):
    user = register(own_server.url)
    name = user.create_dataset()
    user.upload(name, *pair())
    for _ in range(36):
        user.submit(name)
    before = stored(own_server)
    answer = user.upload(name, *pair(), expect=401)
    assert code_of(answer) == "INSUFFICIENT_TOKENS"
    body = answer.json()
    assert body["required"] == body["error"]["required"] == 0.65
    assert body["available"] == body["error"]["available"] == user.balance() == 0.35
    assert stored(own_server) == before and temporary(own_server) == []
