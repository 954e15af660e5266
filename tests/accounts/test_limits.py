"""How many requests an address may make, and which address that is."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import RequestFactory
from pytest_django import Settings

from broadsheet.accounts import limits
from broadsheet.accounts.limits import client_address, take


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    limits.forget()
    yield
    limits.forget()


def test_a_quota_is_used_up_and_comes_back_with_the_next_window():
    with time_machine.travel(1_000_000 * 300 + 100, tick=False) as clock:
        assert [take("api", "192.0.2.1", 2).remaining for _ in range(2)] == [1, 0]
        refused = take("api", "192.0.2.1", 2)
        assert (refused.allowed, refused.remaining, refused.reset_seconds) == (False, 0, 200)
        clock.shift(200)
        assert take("api", "192.0.2.1", 2) == (True, 1, 300)


def test_addresses_and_buckets_are_counted_apart():
    assert take("api", "192.0.2.1", 1).allowed
    assert take("api", "192.0.2.2", 1).allowed
    assert take("search", "192.0.2.1", 1).allowed
    assert not take("api", "192.0.2.1", 1).allowed


def test_refused_requests_do_not_add_up():
    with time_machine.travel(1_000_000 * 300, tick=False):
        for _ in range(5):
            take("api", "192.0.2.1", 2)
        assert take("api", "192.0.2.1", 3).allowed


def test_one_network_of_version_6_counts_as_one():
    assert take("api", "2001:db8::1", 1).allowed
    assert not take("api", "2001:db8::ffff:2", 1).allowed
    assert take("api", "2001:db8:0:1::1", 1).allowed


def test_an_old_address_in_new_clothes_is_the_old_one():
    assert take("api", "192.0.2.1", 1).allowed
    assert not take("api", "::ffff:192.0.2.1", 1).allowed


def test_memory_is_bounded_and_the_oldest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST", 10)
    with time_machine.travel(1_000_000 * 300, tick=False):
        for number in range(11):
            take("api", f"192.0.2.{number}", 1)
        assert not take("api", "192.0.2.1", 1).allowed
        assert take("api", "192.0.2.0", 1).allowed


def test_something_that_is_no_address_is_counted_all_the_same():
    assert take("api", "unix:", 1).allowed
    assert not take("api", "unix:", 1).allowed


def test_the_address_is_that_of_the_connection(settings: Settings):
    settings.SECURE_PROXY = False
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert client_address(request) == "192.0.2.1"


def test_behind_a_trusted_proxy_it_is_the_entry_that_the_proxy_wrote(settings: Settings):
    settings.SECURE_PROXY = True
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.7")
    assert client_address(request) == "198.51.100.7"
