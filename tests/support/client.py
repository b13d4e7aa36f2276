"""How the tests talk to the service. Every answer goes through check_answer()."""
import contextlib
import itertools
import socket
import time
from http.client import HTTPResponse

import requests

from support import openapi

PASSWORD = "correct horse battery"
ENDED = ("COMPLETED", "FAILED", "ABORTED")
_numbers = itertools.count(1)


def check_answer(method, path, answer):
    """What holds for every answer of the service, whatever was asked."""
    assert answer.status_code < 500 or answer.status_code == 503, f"{method} {path[:200]}: {answer.text[:500]}"
    assert answer.headers["X-Request-Id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Powered-By" not in answer.headers and "Server" not in answer.headers
    if answer.status_code >= 400 and method != "HEAD":
        check_error(answer)
    elif answer.status_code in (200, 201) and answer.headers["Content-Type"].startswith("application/json"):
        assert method == "HEAD" or path == "/openapi.json" or answer.json()["success"] is True
    openapi.check(method, path, answer)


def check_error(answer):
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    body = answer.json()
    if "checks" in body:  # /ready
        return
    assert body["success"] is False and body["message"]
    error = body["error"]
    assert error["code"] == error["code"].upper() and isinstance(error["details"], list)
    assert all(set(detail) == {"field", "message"} for detail in error["details"])


def code_of(answer):
    return answer.json()["error"]["code"]


def fields_of(answer):
    """The fields that a validation error names."""
    return sorted(detail["field"] for detail in answer.json()["error"]["details"])


class Client:
    """One caller: nobody, or the user whose token it has. Not shared between threads: see again()."""

    def __init__(self, url, token=None):
        self.url = url
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False

    def again(self):
        """The same caller on a connection of its own."""
        copy = Client(self.url, self.token)
        copy.__dict__.update({key: value for key, value in self.__dict__.items() if key != "session"})
        return copy

    def request(self, method, path, expect=None, headers=None, stream=False, **options):
        """Sends `path` to the letter. `expect`: the status that the answer must have."""
        headers = dict(headers or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        prepared = self.session.prepare_request(requests.Request(method, self.url, headers=headers, **options))
        prepared.url = self.url + path
        answer = self.session.send(prepared, timeout=60, stream=stream, allow_redirects=False)
        check_answer(method, path, answer)
        assert expect is None or answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def get(self, path, expect=200, **options):
        return self.request("GET", path, expect, **options)

    def post(self, path, json=None, expect=200, **options):
        return self.request("POST", path, expect, json=json, **options)

    def put(self, path, json=None, expect=200, **options):
        return self.request("PUT", path, expect, json=json, **options)

    def delete(self, path, expect=200, **options):
        return self.request("DELETE", path, expect, **options)

    def log_in(self, email, password=PASSWORD):
        self.email = email
        data = self.post("/api/users/login", {"email": email, "password": password}).json()["data"]
        self.token, self.id = data["token"], data["user"]["id"]
        return self

    # The steps of the main job.

    def balance(self):
        return self.get("/api/users/tokens").json()["tokens"]

    def create_dataset(self, name=None, **fields):
        name = name or f"dataset {next(_numbers)}"
        self.post("/api/datasets", {"name": name, **fields}, 201)
        return name

    def upload(self, dataset, image, mask, expect=200, image_name="picture.png", mask_name="mask.png",
               path="/api/datasets/upload", **fields):
        files = {"image": (image_name, image), "mask": (mask_name, mask)}
        return self.post(path, expect=expect, data={"datasetName": dataset, **fields}, files=files)

    def create_dataset_with(self, *pairs):
        """A dataset of these (image, mask) files. Its name."""
        name = self.create_dataset()
        for image, mask in pairs:
            self.upload(name, image, mask)
        return name

    def submit(self, dataset, expect=201, headers=None, **fields):
        return self.post("/api/inferences", {"datasetName": dataset, **fields}, expect, headers=headers)

    def status(self, inference):
        return self.get(f"/api/inferences/{inference}/status").json()["data"]

    def wait_until_ended(self, inference, seconds=60):
        """The last status, once the inference has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.status(inference)
            if status["status"] in ENDED:
                return status
            time.sleep(0.02)
        raise AssertionError(f"not ended after {seconds} s: {status}")

    def wait_until_running(self, inference, seconds=20):
        end = time.monotonic() + seconds
        while self.status(inference)["status"] != "RUNNING":
            assert time.monotonic() < end, self.status(inference)
            time.sleep(0.005)

    def complete(self, dataset, **fields):
        """Submits an inference and waits for it. Its id."""
        inference = self.submit(dataset, **fields).json()["jobId"]
        status = self.wait_until_ended(inference)
        assert status["status"] == "COMPLETED", status
        return inference

    def results(self, inference):
        return self.get(f"/api/inferences/{inference}/results").json()["data"]["images"]


def register(url, **fields):
    """A new user, logged in."""
    number = next(_numbers)
    body = {"name": "Ada", "surname": "Lovelace", "email": f"user{number}@example.com", "password": PASSWORD, **fields}
    Client(url).post("/api/users/user", body, 201)
    return Client(url).log_in(body["email"], body["password"])


class RawAnswer:
    """What a raw exchange got, in the form of an answer of requests."""

    def __init__(self, response):
        self.status_code = response.status
        self.headers = requests.structures.CaseInsensitiveDict(response.getheaders())
        self.content = response.read()
        self.text = self.content.decode()

    def json(self):
        return requests.compat.json.loads(self.text)


@contextlib.contextmanager
def connect(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        yield connection


def receive(connection):
    response = HTTPResponse(connection)
    response.begin()
    answer = RawAnswer(response)
    check_answer("RAW", "", answer)
    return answer


def send_raw(server, text, end=False):
    """Sends bytes as they are, for what no HTTP library would send. `end`: says that nothing follows."""
    with connect(server) as connection:
        connection.sendall(text if isinstance(text, bytes) else text.encode())
        if end:
            connection.shutdown(socket.SHUT_WR)
        return receive(connection)
