"""Many at once, at two processes of one installation. After each, the ledger must be in order to the hundredth."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.client import Client, code_of, register
from support.pictures import decode, encode, encode_mask, holes, pair, truth
from support.server import Server, verify_ledger


@pytest.fixture(scope="module")
def racing_servers(tmp_path_factory):
    """A service on which nothing works, so that balances stand still once the race is over. In two processes."""
    data = tmp_path_factory.mktemp("races") / "data"
    with Server(data, "--worker-concurrency", "0") as first, Server(data, "--worker-concurrency", "0") as second:
        yield first, second


@pytest.fixture
def racer(racing_servers):
    first, second = racing_servers
    client = register(first.url)
    client.second_url = second.url
    yield client
    verify_ledger(first.data)


@pytest.fixture(scope="module")
def racing_administrator(racing_servers):
    first, second = racing_servers
    client = Client(first.url).log_in("admin@localhost", first.administrator_password())
    client.second_url = second.url
    return client


def at_once(client, count, work, threads=None):
    """The results of work(client, number) for each number, each thread with a connection of its own, every other one
    to the second process."""
    threads = threads or count
    clients = [client.again() for _ in range(threads)]
    for other in clients[1::2]:
        other.url = client.second_url

    def share(thread):
        return [work(clients[thread], number) for number in range(thread, count, threads)]

    with ThreadPoolExecutor(threads) as pool:
        return [result for results in pool.map(share, range(threads)) for result in results]


def test_trap_M1_of_60_inferences_at_once_36_are_accepted_by_who_can_pay_for_36(racer):
    name = racer.create_dataset_with(pair())  # 99.35 are left, for 36 at 2.75
    answers = at_once(racer, 60, lambda client, _: client.submit(name, expect=None))
    assert sorted(answer.status_code for answer in answers) == [201] * 36 + [401] * 24
    for answer in answers:
        if answer.status_code == 401:
            assert code_of(answer) == "INSUFFICIENT_TOKENS"
            assert answer.json()["required"] == 2.75 and answer.json()["available"] == 0.35
    assert racer.balance() == 0.35
    assert racer.get("/api/inferences").json()["pagination"]["total"] == 36
    assert len({answer.json()["jobId"] for answer in answers if answer.status_code == 201}) == 36


def test_trap_M2_200_uploads_by_16_clients_are_all_stored_and_charged_once(racer, racing_administrator):
    racing_administrator.post("/api/admin/user-tokens", {"email": racer.email, "amount": 1000})
    name = racer.create_dataset()
    mask = encode_mask(holes(512, 512))
    base = truth(512, 512)

    def upload(client, number):
        picture = base.copy()
        picture[-1, -1] = (number, 0, 0)  # told apart by one pixel
        return client.upload(name, encode(picture, compress_level=1), mask).json()

    answers = at_once(racer, 200, upload, threads=16)
    assert {answer["tokensUsed"] for answer in answers} == {0.65}
    remaining = sorted((answer["tokensRemaining"] for answer in answers), reverse=True)
    assert remaining == [round(1100 - 0.65 * number, 2) for number in range(1, 201)]
    assert racer.balance() == 970
    dataset = racer.get("/api/datasets").json()["data"][0]["id"]
    items = [item for page in (1, 2)
             for item in racer.get(f"/api/datasets/{dataset}/data?limit=100&page={page}").json()["data"]["items"]]
    assert [item["index"] for item in items] == [item["uploadIndex"] for item in items] == list(range(200))
    seen = {decode(racer.get(item["imageUrl"]).content)[-1, -1, 0] for item in items}
    assert seen == set(range(200))


def test_trap_M1_uploads_at_once_never_overdraw(racer):
    name = racer.create_dataset_with(*[pair()] * 4)  # 97.40 are left
    for _ in range(35):
        racer.submit(name, expect=None)  # 11.00 each: 8 are accepted
    assert racer.balance() == 9.4  # pays for 14
    answers = at_once(racer, 20, lambda client, _: client.upload(name, *pair(), expect=None))
    assert sorted(answer.status_code for answer in answers) == [200] * 14 + [401] * 6
    assert racer.balance() == 0.3


def test_trap_M1_recharges_at_once_add_up(racer, racing_administrator):
    body = {"email": racer.email, "amount": 1.01}
    answers = at_once(racing_administrator, 40, lambda client, _: client.post("/api/admin/user-tokens", body).json())
    assert racer.balance() == 140.4
    assert len({answer["data"]["tokens"] for answer in answers}) == 40


def test_trap_M13_of_20_datasets_of_one_name_one_is_made(racer):
    answers = at_once(racer, 20, lambda client, _: client.post("/api/datasets", {"name": "photos"}, None))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert {code_of(answer) for answer in answers if answer.status_code == 400} == {"DUPLICATE_NAME"}
    assert racer.get("/api/datasets").json()["pagination"]["total"] == 1


def test_trap_M13_of_20_registrations_of_one_email_one_is_made(racer):
    body = {"name": "Ada", "surname": "Lovelace", "email": "race@example.com", "password": "correct horse battery"}
    answers = at_once(racer, 20, lambda client, _: client.post("/api/users/user", body, None))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert {code_of(answer) for answer in answers if answer.status_code == 400} == {"DUPLICATE_EMAIL"}


def test_one_idempotency_key_at_once_is_one_inference(racer):
    name = racer.create_dataset_with(pair())
    key = {"Idempotency-Key": "one"}
    answers = at_once(racer, 20, lambda client, _: client.submit(name, headers=key).json())
    assert all(answer == answers[0] for answer in answers) and racer.balance() == 96.6


def test_trap_M4_aborts_and_recharges_at_once_leave_the_exact_balance(racer, racing_administrator):
    name = racer.create_dataset_with(pair())
    jobs = [racer.submit(name).json()["jobId"] for _ in range(20)]
    administrators = [racing_administrator.again() for _ in range(20)]

    def abort_and_recharge(client, number):
        client.delete(f"/api/inferences/{jobs[number // 2]}")  # each twice at once
        if number < 20:
            administrators[number].post("/api/admin/user-tokens", {"email": racer.email, "amount": 0.01})

    at_once(racer, 40, abort_and_recharge)
    assert racer.balance() == 99.55


def test_trap_M3_more_requests_than_connections_never_freeze(racer):
    """With 16 connections to the database, 64 uploads and 64 reads at once are all answered."""
    name = racer.create_dataset()

    def work(client, number):
        return client.upload(name, *pair()) if number % 2 else client.get("/api/users/tokens")

    answers = at_once(racer, 128, work, threads=64)
    assert max(answer.elapsed.total_seconds() for answer in answers) < 20
    assert racer.balance() == round(100 - 64 * 0.65, 2)


def test_a_balance_and_its_newest_entry_are_of_one_moment(racer, racing_administrator):
    def read(client, number):
        if number % 4 == 0:
            amount = {"email": racer.email, "amount": 0.01}
            return racing_administrator.again().post("/api/admin/user-tokens", amount) and None
        if number % 4 == 1:
            account = racing_administrator.again().get(f"/api/admin/users/{racer.email}/tokens").json()
            return account["tokens"], account["data"]["transactions"][0]["balanceAfter"]
        answer = client.get("/api/users/tokens").json()
        return answer["tokens"], answer["data"]["recentTransactions"][0]["balanceAfter"]

    answers = [answer for answer in at_once(racer, 800, read, threads=8) if answer]
    assert [(balance, entry) for balance, entry in answers if balance != entry] == []
