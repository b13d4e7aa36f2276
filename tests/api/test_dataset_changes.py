"""Datasets renamed, tagged and deleted, and what is left of them."""
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from support.client import Client, code_of, fields_of, register
from support.pictures import decode, pair
from support.server import Server, Worker, verify_ledger


def names(user, query=""):
    return [row["name"] for row in user.get(f"/api/datasets{query}").json()["data"]]


def items(user, name):
    return user.get(f"/api/datasets/{quote(name, safe='')}/data").json()["data"]["items"]


def test_an_update_changes_what_it_names(user):
    user.create_dataset("photos", tags=["a"])
    before = user.get("/api/datasets/photos").json()["data"]
    body = user.put("/api/datasets/photos", {"name": " pictures / 2026 ", "isDeleted": True, "id": "x"}).json()
    assert body["message"] == "Dataset updated"
    assert body["data"] == {**before, "name": "pictures / 2026", "updatedAt": body["data"]["updatedAt"]}
    path = f"/api/datasets/{quote('pictures / 2026', safe='')}"
    assert user.put(path, {"tags": ["b", " c ", "b"]}).json()["data"]["tags"] == ["b", "c"]
    assert user.put(path, {"tags": []}).json()["data"]["tags"] == []
    assert user.put(path, {}).json()["data"]["name"] == "pictures / 2026"
    user.put(f"/api/datasets/{before['id']}/", {"name": "by id"})
    user.get("/api/datasets/photos", expect=404)
    assert names(user) == ["by id"]


def test_a_new_name_must_be_free(user, other):
    other.create_dataset("taken by another")
    for name in ("photos", "pictures"):
        user.create_dataset(name)
    answer = user.put("/api/datasets/photos", {"name": "pictures"}, 400)
    assert code_of(answer) == "DUPLICATE_NAME" and fields_of(answer) == ["name"]
    user.put("/api/datasets/photos", {"name": "photos"})
    user.put("/api/datasets/photos", {"name": "taken by another"})


def test_trap_M13_of_parallel_renames_to_one_name_one_succeeds(user):
    callers = [user.again() for _ in range(10)]
    for number in range(10):
        user.create_dataset(f"set {number}")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda numbered: numbered[1].request("PUT", f"/api/datasets/set%20{numbered[0]}",
                                                                     json={"name": "wanted"}), enumerate(callers)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert names(user).count("wanted") == 1


@pytest.mark.parametrize("body", [{"name": None}, {"name": 5}, {"name": ""}, {"name": "a/\u0000"}, {"name": ".."},
                                  {"name": "01a21512-c1cf-7c36-8a97-4a7bc09a34db"}, {"tags": "a"}, {"tags": [5]},
                                  {"name": "", "tags": [""]}])
def test_trap_F8_odd_updates_are_400_and_name_every_field(user, body):
    user.create_dataset("photos")
    assert sorted(set(fields_of(user.put("/api/datasets/photos", body, 400)))) == sorted(body)
    assert names(user) == ["photos"]


def test_others_datasets_are_not_there(user, other, administrator):
    user.create_dataset("photos")
    path = f"/api/datasets/{user.get('/api/datasets/photos').json()['data']['id']}"
    for stranger in (other, administrator):
        assert code_of(stranger.put(path, {"name": "mine"}, 404)) == "NOT_FOUND"
        assert code_of(stranger.delete(path, expect=404)) == "NOT_FOUND"
    assert names(user) == ["photos"]


def test_a_deleted_dataset_is_gone_and_its_name_is_free(user):
    user.create_dataset("photos")
    user.upload("photos", *pair())
    assert user.delete("/api/datasets/photos").json() == {"success": True, "message": "Dataset deleted (logical)"}
    for method, path in (("GET", ""), ("GET", "/data"), ("PUT", ""), ("DELETE", "")):
        body = {"name": "x"} if method == "PUT" else None
        assert code_of(user.request(method, f"/api/datasets/photos{path}", 404, json=body)) == "NOT_FOUND"
    assert code_of(user.upload("photos", *pair(), expect=404)) == "NOT_FOUND"
    assert code_of(user.submit("photos", 404)) == "NOT_FOUND"
    user.create_dataset("photos")
    assert user.get("/api/datasets/photos").json()["data"]["itemCount"] == 0
    listed = user.get("/api/datasets?includeDeleted=true").json()["data"]
    assert [(row["name"], row["isDeleted"], row["itemCount"]) for row in listed] == [("photos", False, 0), ("photos", True, 1)]
    assert names(user) == ["photos"] and user.balance() == 99.35


def test_links_end_with_the_dataset_and_results_stay(user, nobody):
    user.create_dataset("photos")
    user.upload("photos", *pair())
    [item] = items(user, "photos")
    result = user.results(user.complete("photos"))[0]["downloadUrl"]
    links = [item["imageUrl"], item["maskUrl"]]
    for link in links:
        nobody.get(link)
    user.delete("/api/datasets/photos")
    for link in links:
        assert code_of(nobody.get(link, expect=404)) == "NOT_FOUND"
    assert code_of(user.get(f"/api/datasets/image/{quote(item['imagePath'], safe='')}", expect=404)) == "NOT_FOUND"
    nobody.get(result)


def test_an_inference_goes_on_when_its_dataset_is_deleted(tmp_path):
    with Server(tmp_path / "data", "--worker-concurrency", "0") as server:
        user = register(server.url)
        user.create_dataset("photos")
        user.upload("photos", *pair())
        inference = user.submit("photos").json()["jobId"]
        user.delete("/api/datasets/photos")
        with Worker(tmp_path / "data"):
            assert user.wait_until_ended(inference)["status"] == "COMPLETED"
        [result] = user.results(inference)
        assert decode(Client(server.url).get(result["downloadUrl"]).content).shape == (64, 64, 3)
        assert user.balance() == 96.6
    verify_ledger(tmp_path / "data")


def test_files_are_named_as_they_were_uploaded(user, nobody):
    user.create_dataset("photos")
    user.upload("photos", *pair(), image_name="Mein Bild ü.png", mask_name="whatever.png")
    [item] = items(user, "photos")
    for link, name in ((item["imageUrl"], "Mein Bild ü.png"), (item["maskUrl"], "Mein Bild ü-mask.png")):
        header = nobody.get(link).headers["Content-Disposition"]
        assert header.startswith("inline; ") and header.endswith(f"filename*=UTF-8''{quote(name, safe='')}")


@pytest.mark.parametrize("name", ["../../etc/passwd.png", "C:\\\\secrets\\\\a.png", 'quote".png', "line\nbreak.png", "x" * 300 + ".png"])
def test_trap_F2_a_name_of_a_file_is_only_a_name(user, nobody, name):
    user.create_dataset("photos")
    user.upload("photos", *pair(), image_name=name)
    header = nobody.get(items(user, "photos")[0]["imageUrl"]).headers["Content-Disposition"]
    plain = header.split('filename="')[1].split('"; filename*=')[0]
    assert header.startswith("inline; ") and not set(plain) & set('/"\\\n') and plain.endswith(".png")
