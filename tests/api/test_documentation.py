"""/openapi.json and /docs."""
import json
import re

from support.openapi import DOCUMENT
from support.server import REPOSITORY


def test_the_description_is_the_one_of_the_repository(nobody):
    answer = nobody.get("/openapi.json")
    assert json.loads(answer.text) == DOCUMENT and answer.headers["Cache-Control"].startswith("public")


def test_the_page_needs_nothing_else(nobody):
    answer = nobody.get("/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for path, operations in DOCUMENT["paths"].items():
        assert f"<code>{path}</code>" in answer.text
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in answer.text
    links = set(re.findall(r'(?:href|src|action)="([^"]*)"', answer.text))
    assert {link for link in links if not link.startswith("#")} == {"/openapi.json", "data:,"}
    targets = set(re.findall(r'id="([^"]*)"', answer.text))
    assert {link[1:] for link in links if link.startswith("#")} <= targets
    assert "<script" not in answer.text


def test_its_style_is_allowed_by_the_policy(nobody):
    policy = nobody.get("/docs").headers["Content-Security-Policy"]
    assert "style-src 'self' https: 'unsafe-inline'" in policy


def codes_in(text):
    return set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bOVERLOADED\b|\bFORBIDDEN\b|\bUNAUTHENTICATED\b", text))


def test_the_codes_are_those_of_the_page_in_the_repository():
    page = (REPOSITORY / "docs/api.md").read_text()
    table = page[page.index("| status | codes |"):page.index("## Service")]
    assert codes_in(json.dumps(DOCUMENT["components"]["responses"])) == codes_in(table)


def test_the_table_of_tests_names_tests_that_are_there():
    folder = REPOSITORY / "tests/api"
    named = set(re.findall(r"`(test_\w+)`", (folder / "README.md").read_text()))
    files = {file.stem: file.read_text() for file in folder.glob("test_*.py")}
    functions = {name for text in files.values() for name in re.findall(r"def (test_\w+)", text)}
    assert named - set(files) - functions == set()
    assert set(files) - named == set()
