"""Whatever is sent, the answer is a clear 4xx, never a 500, and nothing stays behind."""
import pytest

from support.client import code_of, fields_of, send_raw
from support.pictures import pair

JSON_ROUTES = [("POST", "/api/users/user"), ("POST", "/api/users/login"), ("POST", "/api/datasets"),
               ("POST", "/api/inferences"), ("POST", "/api/admin/user-tokens")]
BOUNDARY = "limit"


def send(client, method, path, body, content_type="application/json", expect=400, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        headers["Content-Type"] = content_type
    return client.request(method, path, expect, data=body, headers=headers)


@pytest.mark.parametrize("body", [
    b"", b"{", b"{}x", b"nonsense", b'{"name": }', b"[]", b"null", b'"text"', b"5", b"{'name': 'x'}", b'{"a": NaN}',
    b'{"a": 1e999999}', b'{"name": "\xff\xfe"}', b'{"name": "\xc0\xaf"}', b'{"name": "\\ud800"}', b'{"na\x00me": 1}',
    b'{"name": "a\nb"}', b"\xef\xbb\xbf", b"[" * 100_000, b'{"a":' * 50_000, b'{"a":[' * 33 + b"]}" * 33,
    b'{"a": "' + b"x" * 1_000_000,
], ids=lambda body: repr(body[:16]))
def test_malformed_json_is_400(administrator, body):
    for method, path in JSON_ROUTES:
        assert code_of(send(administrator, method, path, body)) == "MALFORMED_JSON"


@pytest.mark.parametrize("value",
                         ["null", "true", "5", "-0", "1e308", "123456789012345678901234567890", "[]", "[[]]", "{}",
                                   '{"$ne": null}', '"\\u0000"', '""', '"' + "x" * 100_000 + '"'])
def test_values_of_the_wrong_type_are_4xx(administrator, value):
    fields = ("name", "surname", "email", "password", "tags", "datasetName", "modelId", "parameters", "amount")
    body = "{" + ", ".join(f'"{field}": {value}' for field in fields) + "}"
    for method, path in [*JSON_ROUTES, ("PUT", f"/api/users/{administrator.id}")]:
        send(administrator, method, path, body)


def test_many_members_are_refused_at_once(nobody):
    """50,000 members in an object that keeps their order kept a thread busy for half a minute."""
    body = "{" + ",".join(f'"k{i}": {i}' for i in range(50_000)) + "}"
    answer = send(nobody, "POST", "/api/users/login", body)
    assert code_of(answer) == "MALFORMED_JSON" and answer.elapsed.total_seconds() < 2


def test_the_last_of_a_repeated_member_counts(nobody):
    answer = send(nobody, "POST", "/api/users/login", '{"email": "a@example.com", "email": 5, "password": "x"}')
    assert fields_of(answer) == ["email"]


def test_a_json_body_over_a_megabyte_is_413(user, server):
    assert code_of(send(user, "POST", "/api/datasets", b" " * 1_048_577, expect=413)) == "BODY_TOO_LARGE"
    chunks = (b" " * 65536 for _ in range(17))
    assert code_of(send(user, "POST", "/api/datasets", chunks, expect=413)) == "BODY_TOO_LARGE"
    head = f"POST /api/datasets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n"
    answer = send_raw(server, head + "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n")
    assert answer.status_code == 413


@pytest.mark.parametrize("content_type, code", [
    (None, "UNSUPPORTED_MEDIA_TYPE"), ("text/plain", "UNSUPPORTED_MEDIA_TYPE"),
    ("application/xml", "UNSUPPORTED_MEDIA_TYPE"),
    ("multipart/form-data; boundary=x", "UNSUPPORTED_MEDIA_TYPE"),
    ("application/json; charset=utf-16", "UNSUPPORTED_CHARSET"),
    ("application/json; charset=klingon", "UNSUPPORTED_CHARSET"), ("", "UNSUPPORTED_MEDIA_TYPE"),
    (";;;", "UNSUPPORTED_MEDIA_TYPE"),
])
def test_trap_F8_other_types_and_charsets_are_415(user, content_type, code):
    assert code_of(send(user, "POST", "/api/datasets", b'{"name": "x"}', content_type, 415)) == code


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x", "gzip, identity"])
def test_trap_F8_compressed_bodies_are_415(user, encoding):
    answer = send(user, "POST", "/api/datasets", b'{"name": "x"}', expect=415, Content_Encoding=encoding)
    assert code_of(answer) == "UNSUPPORTED_ENCODING"


def test_no_length_is_411(server, user):
    answer = send_raw(server, f"POST /api/datasets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n"
                              "Content-Type: application/json\r\n\r\n")
    assert answer.status_code == 411 and code_of(answer) == "LENGTH_REQUIRED"


@pytest.mark.parametrize("path", ["/%", "/%2", "/%zz", "/%00", "/%ff", "/api/datasets/%c0%af", "/api/datasets/a%00b",
                                  "/api/datasets?tag=%", "/api/datasets?tag=%ff", "/api/datasets?%zz=1", "/%ed%a0%80"])
def test_trap_F8_malformed_escapes_are_400(server, user, path):
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n\r\n"
    answer = send_raw(server, request)
    assert answer.status_code == 400 and code_of(answer) == "BAD_URL"


@pytest.mark.parametrize("name",
                         ["%25", "%2525", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "%252e%252e%252f", "%5c..%5c", "a%0ab",
                                  "%F0%9F%92%BE", "'%20OR%201=1%20--", "x" * 8000, "%2F", "*", "%20"])
def test_trap_F8_odd_names_in_a_path_are_404(user, name):
    for path in (f"/api/datasets/{name}", f"/api/datasets/{name}/data", f"/api/inferences/{name}",
                 f"/api/inferences/job/{name}/status", f"/api/datasets/image/{name}",
                 f"/api/inferences/download/{name}"):
        assert code_of(user.get(path, expect=404)) == "NOT_FOUND"


@pytest.mark.parametrize("request_text, status", [
    ("\r\n\r\n", 400), ("GET\r\n\r\n", 400), ("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400), ("nonsense\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost x\r\n\r\n", 400), ("GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
    ("POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400),
    ("POST /api/users/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{i}: {'x' * 100}\r\n" for i in range(300)) + "\r\n", 431),
    ("GET /" + "x" * 20_000 + " HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    ("BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n", 404),
])
def test_malformed_http_is_4xx(server, request_text, status):
    assert send_raw(server, request_text, end=True).status_code == status


def part(name, data, file_name=None):
    disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
    return (f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n")


def whole_form(name):
    image, mask = pair()
    return (part("datasetName", name.encode()) + part("image", image, "a.png") + part("mask", mask, "b.png")
            + f"--{BOUNDARY}--\r\n".encode())


def upload(user, body, content_type=f"multipart/form-data; boundary={BOUNDARY}", expect=400):
    return send(user, "POST", "/api/datasets/upload", body, content_type, expect)


def test_the_form_of_these_tests_is_well_formed(user):
    upload(user, whole_form(user.create_dataset()), expect=200)


@pytest.mark.parametrize("fraction", [0, 0.01, 0.1, 0.3, 0.5, 0.9, 0.99])
def test_trap_F4_a_truncated_form_is_400_and_leaves_no_file(server, user, fraction):
    whole = whole_form(user.create_dataset())
    assert code_of(upload(user, whole[:int(len(whole) * fraction)])) == "MALFORMED_MULTIPART"
    assert list((server.data / "tmp").glob("*/*")) == [] and user.balance() == 100


def malformed_forms():
    end = f"--{BOUNDARY}--\r\n".encode()
    yield "no boundary in the body", b"x" * 10_000
    yield "empty", b""
    yield "no header", f"--{BOUNDARY}\r\n\r\ndata\r\n".encode() + end
    yield "no name", f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\ndata\r\n".encode() + end
    yield "open quote", f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="x\r\n\r\ndata\r\n'.encode() + end
    yield "bad utf-8 in a name", part("x", b"", "?").replace(b"?", b"\xff\xfe") + end
    yield "NUL in a name", part("image", b"", "a\0.png") + end
    yield "bad utf-8 in a field", part("datasetName", b"\xff\xfe") + end
    yield "huge header", f"--{BOUNDARY}\r\nX: {'x' * 100_000}\r\n\r\n".encode() + end
    yield "huge field", part("datasetName", b"x" * 100_000) + end
    yield "100 parts", part("x", b"") * 100 + end
    yield "100 files", part("image", b"", "a.png") * 100 + end


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in malformed_forms()])
def test_a_malformed_form_is_400(server, user, body):
    assert code_of(upload(user, body)) == "MALFORMED_MULTIPART"
    assert list((server.data / "tmp").glob("*/*")) == []


@pytest.mark.parametrize("content_type, status", [
    ("multipart/form-data", 400), ("multipart/form-data; boundary=", 400),
    ("multipart/form-data; boundary=" + "x" * 71, 400),
    ('multipart/form-data; boundary="', 400), ("multipart/mixed; boundary=limit", 415), ("application/json", 415),
    (None, 415),
])
def test_a_form_with_an_odd_type_is_4xx(user, content_type, status):
    upload(user, b"x", content_type, status)
