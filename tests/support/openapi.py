"""Holds answers to docs/openapi.json: an answer that it does not describe fails the test that sees it."""
import functools
import json
import pathlib
import re

from jsonschema import Draft202012Validator, FormatChecker, RefResolver

DOCUMENT = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json").read_text())
RESOLVER = RefResolver("", DOCUMENT)
# What the server answers before it knows the route, or when it can't serve any: described once, as "default".
OF_ALL_ROUTES = {405, 408, 411, 413, 415, 431, 500, 501, 503, 505}


def resolved(node):
    while "$ref" in node:
        node = RESOLVER.resolve(node["$ref"])[1]
    return node


@functools.cache
def patterns():
    """(expression, how literal it is, operations) of every path, the most literal first."""
    found = []
    for path, operations in DOCUMENT["paths"].items():
        expression = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(path))
        literals = [not segment.startswith("{") for segment in path.split("/")]
        found.append((re.compile(expression.rstrip("/") + "/?"), literals, operations))
    return sorted(found, key=lambda entry: entry[1], reverse=True)


def find_operation(method, path):
    """The operation that a request is for, or None where the service has none."""
    path = re.sub(r"^https?://[^/]+", "", path).split("?")[0]
    method = "get" if method == "HEAD" else method.lower()
    for expression, _, operations in patterns():
        if method in operations and expression.fullmatch(path):
            return operations[method]
    return None


@functools.lru_cache(maxsize=None)
def validator(schema):
    return Draft202012Validator(json.loads(schema), resolver=RESOLVER, format_checker=FormatChecker())


def check_body(where, schema, answer):
    errors = sorted(validator(json.dumps(schema)).iter_errors(answer.json()), key=str)
    assert not errors, f"{where}: {answer.text[:500]}\n" + "\n".join(
        f"{error.json_path}: {error.message}"[:500] for error in errors)


def check_code(where, response, code):
    """Clients act on codes, so each is described with its status: by its name or by an example."""
    examples = response["content"]["application/json"].get("examples", {})
    assert code in examples or re.search(rf"\b{code}\b", response["description"]), f"{where}: {code} is not described"


def check(method, path, answer):
    """The answer's status, headers, type and body are what the description of its route says."""
    where = f"{method} {path[:200]} {answer.status_code}"
    operation = find_operation(method, path)
    if operation is None:
        assert answer.status_code >= 400 or method in ("OPTIONS", "RAW"), f"{where}: is not described"
        if answer.status_code >= 400:
            check_body(where, {"$ref": "#/components/schemas/Error"}, answer)
        return
    described = operation["responses"]
    assert str(answer.status_code) in described or answer.status_code in OF_ALL_ROUTES, (
        f"{where}: this status is not described")
    response = resolved(described.get(str(answer.status_code), described["default"]))
    for name in response.get("headers", {}):
        optional = name.startswith("RateLimit-") or name == "Retry-After"
        assert optional or name in answer.headers, f"{where}: has no {name}"
    content = response.get("content", {})
    if method == "HEAD" or not content:
        return
    kind = answer.headers["Content-Type"].split(";")[0]
    assert kind in content, f"{where}: is {kind}, described is {', '.join(content)}"
    if kind == "application/json":
        check_body(where, content[kind]["schema"], answer)
        if answer.status_code >= 400 and "error" in answer.json():
            check_code(where, response, answer.json()["error"]["code"])
