"""How many changes one subnet can make, on pages and by the API together, whoever makes them."""

import pytest
from django.test import Client

from broadsheet.accounts import tokens

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(settings):
    settings.ACT_RATE = 3


def act(client: Client, paper, address: str, vote: str = "yes") -> int:
    return client.post(f"/papers/{paper.key}/vote", {"vote": vote}, REMOTE_ADDR=address).status_code


def test_readers_of_one_subnet_share_a_limit_and_others_do_not_feel_it(ada, bo, paper):
    first, second = Client(), Client()
    first.force_login(ada)
    second.force_login(bo)
    assert [act(first, paper, "192.0.2.1"), act(second, paper, "192.0.2.200")] == [302, 302]
    assert act(first, paper, "192.0.2.3", "no") == 302
    refused = second.post(f"/papers/{paper.key}/vote", {"vote": "no"}, REMOTE_ADDR="192.0.2.4")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert act(second, paper, "198.51.100.1", "no") == 302


def test_pages_and_the_api_are_counted_together(ada, paper):
    client = Client()
    client.force_login(ada)
    _, secret = tokens.issue(ada, "mine", "write")
    headers = {"Authorization": f"Bearer {secret}"}
    for _ in range(2):
        assert client.post(f"/api/papers/{paper.key}/vote", headers=headers).status_code == 200
    assert act(client, paper, "127.0.0.1") == 302
    refused = client.post(f"/api/papers/{paper.key}/vote", headers=headers)
    assert refused.status_code == 429
    assert "too often" in refused.json()["error"]


def test_the_one_reader_of_a_site_is_not_counted(paper, settings):
    settings.MODE = "single"
    client = Client()
    assert {act(client, paper, "127.0.0.1", vote) for vote in ("yes", "no", "yes", "no", "yes")} == {302}
