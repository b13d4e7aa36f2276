"""Files by signed link: pictures, masks and results, whole, in part, and not at all."""
import re
import time
from urllib.parse import quote

import pytest

from support.client import Client, code_of, register
from support.pictures import encode, encode_mask, holes, pair, truth
from support.server import Server
from support.tokens import claims_of

IMAGE, MASK = encode(truth(90, 110)), encode_mask(holes(90, 110))


@pytest.fixture(scope="module")
def owner(server):
    """A user with a completed inference of one picture."""
    owner = register(server.url)
    owner.create_dataset("photos")
    owner.upload("photos", IMAGE, MASK, image_name='Mein Bild ü.png')
    owner.inference = owner.complete("photos")
    return owner


@pytest.fixture(scope="module")
def item(owner):
    return owner.get("/api/datasets/photos/data").json()["data"]["items"][0]


@pytest.fixture(scope="module", params=["image", "result"])
def link(request, owner, item):
    return item["imageUrl"] if request.param == "image" else owner.results(owner.inference)[0]["downloadUrl"]


def test_a_link_needs_no_login_and_is_relative(nobody, link):
    assert link.startswith("/api/")
    answer = nobody.get(link)
    assert answer.headers["Content-Type"] == "image/png"
    assert len(answer.content) == int(answer.headers["Content-Length"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_trap_F7_files_are_never_for_shared_caches(nobody, link):
    control = nobody.get(link).headers["Cache-Control"]
    assert "private" in control and "public" not in control


@pytest.mark.parametrize("wanted, slice_", [
    ("bytes=0-0", slice(0, 1)), ("bytes=10-19", slice(10, 20)), ("bytes=100-", slice(100, None)),
    ("bytes=-50", slice(-50, None)), ("bytes=5-999999999", slice(5, None)),
])
def test_a_range_is_answered_with_206(nobody, link, wanted, slice_):
    whole = nobody.get(link).content
    answer = nobody.get(link, 206, headers={"Range": wanted})
    start, stop, _ = slice_.indices(len(whole))
    assert answer.content == whole[slice_]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_a_range_outside_is_416_and_a_strange_one_ignored(nobody, link):
    whole = nobody.get(link).content
    for outside in (f"bytes={len(whole)}-", "bytes=-0", "bytes=9999999-99999999"):
        answer = nobody.get(link, 416, headers={"Range": outside})
        assert code_of(answer) == "RANGE_NOT_SATISFIABLE"
        assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"
    for strange in ("bytes=5-1", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=", "bytes=99999999999999999999-",
                    "x"):
        assert nobody.get(link, 200, headers={"Range": strange}).content == whole


def test_a_known_etag_is_answered_with_304(nobody, link):
    etag = nobody.get(link).headers["ETag"]
    assert re.fullmatch(r'"[^"]+"', etag)
    for known in (etag, "W/" + etag, '"other", ' + etag, "*"):
        answer = nobody.get(link, 304, headers={"If-None-Match": known})
        assert answer.content == b"" and answer.headers["ETag"] == etag
    assert nobody.get(link, 200, headers={"If-None-Match": '"other"'}).content


def test_if_range_decides_between_part_and_whole(nobody, link):
    etag = nobody.get(link).headers["ETag"]
    nobody.get(link, 206, headers={"Range": "bytes=0-9", "If-Range": etag})
    nobody.get(link, 200, headers={"Range": "bytes=0-9", "If-Range": '"other"'})


def test_head_tells_about_a_file(nobody, link):
    answer = nobody.request("HEAD", link, 200)
    assert answer.content == b"" and int(answer.headers["Content-Length"]) == len(nobody.get(link).content)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_result_is_named_after_its_picture(nobody, owner):
    header = nobody.get(owner.results(owner.inference)[0]["downloadUrl"]).headers["Content-Disposition"]
    assert header.startswith("attachment") and quote('Mein Bild ü-inpainted.png', safe="") in header


def test_a_changed_link_is_404(nobody, link):
    base, token = link.rsplit("/", 1)
    head, body, signature = token.split(".")
    swapped = ("B" if body[10] == "A" else "A")
    for bad in (token[:-2], token + "x", f"{head}.{body}.", f"{head}.{body[:10]}{swapped}{body[11:]}.{signature}",
                "x", ".", "..", "%2e%2e", "a.b.c", "x" * 5000, f"{head}.{body}"):
        assert code_of(nobody.get(f"{base}/{bad}", expect=404)) == "NOT_FOUND"


@pytest.mark.parametrize("suffix", ["png", ".png", "0.png", "%2Fpng", "*"])
def test_trap_F5_nothing_is_downloaded_by_a_suffix(nobody, owner, suffix):
    for caller in (nobody, owner):
        caller.get(f"/api/inferences/download/{suffix}", expect=404)


def test_a_stored_path_is_read_by_its_owner_only(nobody, owner, other, administrator, item):
    path = f"/api/datasets/image/{quote(item['imagePath'], safe='')}"
    answer = owner.get(path)
    assert answer.content == IMAGE and answer.headers["ETag"] == nobody.get(item["imageUrl"]).headers["ETag"]
    nobody.get(path, expect=401)
    for stranger in (other, administrator):
        assert code_of(stranger.get(path, expect=404)) == "NOT_FOUND"


@pytest.mark.parametrize("path",
                         ["datasets/../../jwt_secret", "../jwt_secret", "/etc/passwd", "datasets/a/../../../inpaint.db",
                                  "datasets//x.png", "results/x", "datasets/\u4e2d.png", "datasets/" + "a" * 4000])
def test_trap_F2_a_stored_path_never_leads_out(owner, path):
    for encoded in (quote(path, safe=""), quote(quote(path, safe=""), safe="")):
        assert owner.get(f"/api/datasets/image/{encoded}", expect=404).json()["error"]["code"] == "NOT_FOUND"


def test_a_link_ends_with_its_user(server):
    user = register(server.url)
    name = user.create_dataset()
    user.upload(name, IMAGE, MASK)
    link = user.results(user.complete(name))[0]["downloadUrl"]
    Client(server.url).get(link)
    user.delete(f"/api/users/{user.id}")
    assert code_of(Client(server.url).get(link, expect=404)) == "NOT_FOUND"


def test_a_download_link_lasts_24_hours_and_its_user(owner):
    claims = claims_of(owner.results(owner.inference)[0]["downloadUrl"].rsplit("/", 1)[1])
    assert abs(claims["exp"] - time.time() - 24 * 3600) < 60 and claims["sub"] == owner.id


def test_links_live_on_after_a_restart(tmp_path):
    with Server(tmp_path / "data") as server:
        user = register(server.url)
        name = user.create_dataset()
        user.upload(name, *pair())
        inference = user.complete(name)
        link = user.results(inference)[0]["downloadUrl"]
        content = user.get(link).content
    with Server(tmp_path / "data") as server:
        again = Client(server.url, user.token)
        assert again.get(link).content == content and again.results(inference)
        assert "Administrator" not in server.output_file.read_text()  # its password was printed once
