import pytest

from support.client import Client, register
from support.server import Server, verify_ledger


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The service that most tests share, with a worker inside. In the end its ledger is verified."""
    with Server(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running
    verify_ledger(running.data)


@pytest.fixture(scope="session")
def administrator(server):
    return Client(server.url).log_in("admin@localhost", server.administrator_password())


@pytest.fixture
def nobody(server):
    return Client(server.url)


@pytest.fixture
def user(server):
    return register(server.url)


@pytest.fixture
def other(server):
    return register(server.url)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """A service of the module's own, on which nothing works: inferences stay PENDING."""
    with Server(tmp_path_factory.mktemp("own") / "data", "--worker-concurrency", "0") as running:
        yield running
    verify_ledger(running.data)
