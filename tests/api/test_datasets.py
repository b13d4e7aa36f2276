"""/api/datasets: creating, listing, reading."""
import re
import uuid
from urllib.parse import quote

import pytest

from support.client import code_of, fields_of
from support.pictures import pair
from support.storage import blobs

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_dataset_is_created(user):
    body = user.post("/api/datasets", {"name": " My photos ", "tags": ["a", " b ", "a"]}, 201).json()
    assert body["message"] == "Dataset created"
    data = body["data"]
    assert uuid.UUID(data.pop("id")).version == 7 and TIME.fullmatch(data.pop("createdAt"))
    assert data == {"name": "My photos", "tags": ["a", "b"], "isDeleted": False}


def test_a_dataset_is_found_by_name_and_by_id(user):
    name = user.create_dataset("söme / ünusual?name#1 100%", tags=["x"])
    by_name = user.get(f"/api/datasets/{quote(name, safe='')}").json()["data"]
    assert TIME.fullmatch(by_name["createdAt"]) and TIME.fullmatch(by_name["updatedAt"])
    assert by_name == {"id": by_name["id"], "name": name, "tags": ["x"], "isDeleted": False, "itemCount": 0,
                       "type": None, "createdAt": by_name["createdAt"], "updatedAt": by_name["updatedAt"]}
    assert user.get(f"/api/datasets/{by_name['id']}").json()["data"] == by_name


def test_trap_M13_a_name_is_taken_once_and_by_each_user(user, other):
    name = user.create_dataset("photos")
    answer = user.post("/api/datasets", {"name": name}, 400)
    assert code_of(answer) == "DUPLICATE_NAME" and fields_of(answer) == ["name"]
    other.create_dataset("photos")


@pytest.mark.parametrize("name",
                         [None, "", " ", 5, ["a"], {"a": 1}, True, "a" * 256, "..", ".", "a\u0000b", "a\nb", "\x7f",
                                  "01a21512-c1cf-7c36-8a97-4a7bc09a34db"])
def test_trap_F8_odd_names_are_400(user, name):
    assert fields_of(user.post("/api/datasets", {"name": name}, 400)) == ["name"]


@pytest.mark.parametrize("tags", ["a", 5, {"a": 1}, [5], [None], [""], [["a"]], ["a" * 51], ["a"] * 21])
def test_odd_tags_are_400(user, tags):
    assert "tags" in fields_of(user.post("/api/datasets", {"name": "photos", "tags": tags}, 400))


@pytest.mark.parametrize("name",
                         ["../../etc", "a/b", "C:\\x", "'; DROP TABLE users; --", "%25", "%2e%2e", "data", "image",
                                  "upload", "null", "💾" * 255, "a" * 255])
def test_trap_F2_any_name_is_only_a_name(server, user, name):
    user.create_dataset(name)
    path = f"/api/datasets/{quote(name, safe='')}"
    user.upload(name, *pair())
    item = user.get(path + "/data").json()["data"]["items"][0]
    assert re.fullmatch(r"datasets/[0-9a-f-]{36}/[0-9a-f-]{36}\.png", item["imagePath"])
    assert item["imagePath"] in blobs(server.data)
    assert user.get(path).json()["data"]["itemCount"] == 1


def test_datasets_are_listed_newest_first_and_by_page(user):
    names = [user.create_dataset(tags=["even"] if i % 2 == 0 else ["odd"]) for i in range(5)]
    body = user.get("/api/datasets?limit=2").json()
    assert [data["name"] for data in body["data"]] == names[:2:-1]
    assert body["pagination"] == {"page": 1, "limit": 2, "total": 5, "totalPages": 3}
    assert [data["name"] for data in user.get("/api/datasets?page=3&limit=2").json()["data"]] == names[:1]
    assert user.get("/api/datasets?page=4&limit=2").json()["data"] == []
    assert [data["name"] for data in user.get("/api/datasets?tag=odd").json()["data"]] == [names[3], names[1]]
    assert user.get("/api/datasets?tag=od").json()["pagination"]["total"] == 0
    assert user.get("/api/datasets?includeDeleted=true").json()["pagination"]["total"] == 5
    assert user.get("/api/datasets").json()["pagination"] == {"page": 1, "limit": 20, "total": 5, "totalPages": 1}


@pytest.mark.parametrize("query, field", [
    ("page=0", "page"), ("page=-1", "page"), ("page=x", "page"), ("page=1.5", "page"), ("page=", "page"),
    ("limit=0", "limit"), ("limit=101", "limit"), ("page=99999999999999999999", "page"), ("limit=1e2", "limit"),
    ("includeDeleted=perhaps", "includeDeleted"),
])
def test_odd_queries_are_400(user, query, field):
    assert fields_of(user.get(f"/api/datasets?{query}", expect=400)) == [field]


def test_the_data_of_a_dataset_is_listed_by_page(user):
    name = user.create_dataset()
    for _ in range(3):
        user.upload(name, *pair())
    body = user.get(f"/api/datasets/{quote(name)}/data?limit=2").json()["data"]
    assert {key: body[key] for key in body if key != "items"} == {
        "name": name, "type": "image", "totalItems": 3, "currentPage": 1, "totalPages": 2, "itemsPerPage": 2}
    item = body["items"][1]
    assert set(item) == {"index", "imagePath", "maskPath", "type", "frameIndex", "uploadIndex", "imageUrl", "maskUrl"}
    assert (item["index"], item["uploadIndex"], item["type"], item["frameIndex"]) == (1, 1, "image", None)
    last = user.get(f"/api/datasets/{quote(name)}/data?limit=2&page=2").json()["data"]["items"]
    assert [item["index"] for item in last] == [2]


def test_an_empty_dataset_has_empty_data(user):
    name = user.create_dataset()
    data = user.get(f"/api/datasets/{quote(name)}/data").json()["data"]
    assert data["items"] == [] and data["totalItems"] == 0 and data["totalPages"] == 0 and data["type"] is None


def test_anothers_dataset_is_one_that_is_not_there(user, other):
    name = user.create_dataset("private")
    user.upload(name, *pair())
    identity = user.get("/api/datasets/private").json()["data"]["id"]
    unknown = other.get("/api/datasets/unknown", expect=404).json()
    for path in ("/api/datasets/private", f"/api/datasets/{identity}", f"/api/datasets/{identity}/data"):
        assert other.get(path, expect=404).json() == unknown
    assert other.upload(identity, *pair(), expect=404).json() == unknown
    assert other.submit(identity, 404).json() == unknown
    assert other.get("/api/datasets").json()["data"] == []
    assert other.balance() == 100
