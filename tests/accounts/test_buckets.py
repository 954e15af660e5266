"""Token buckets in the database, and who gets how much."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from tests import cast

from broadsheet.accounts import limits
from broadsheet.accounts.models import Bucket, Role
from broadsheet.errors import TooMany

START = 1_800_000_000


@pytest.mark.django_db
def test_a_bucket_is_used_up_and_fills_again():
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(3):
            limits.spend("comment:1", capacity=3, seconds=60)
        with pytest.raises(TooMany) as refused:
            limits.spend("comment:1", capacity=3, seconds=60)
        assert refused.value.wait == 20
        clock.shift(20)
        limits.spend("comment:1", capacity=3, seconds=60)
        with pytest.raises(TooMany):
            limits.spend("comment:1", capacity=3, seconds=60)
        clock.shift(10_000)
        for _ in range(3):
            limits.spend("comment:1", capacity=3, seconds=60)


@pytest.mark.django_db
def test_keys_are_counted_apart_however_long_they_are():
    limits.spend("a" * 300, capacity=1, seconds=60)
    limits.spend("a" * 301, capacity=1, seconds=60)
    with pytest.raises(TooMany):
        limits.spend("a" * 300, capacity=1, seconds=60)


@pytest.mark.django_db
def test_what_was_refused_costs_nothing():
    with time_machine.travel(START, tick=False) as clock:
        limits.spend("x", capacity=1, seconds=100)
        for _ in range(5):
            with pytest.raises(TooMany):
                limits.spend("x", capacity=1, seconds=100)
        clock.shift(100)
        limits.spend("x", capacity=1, seconds=100)


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_never_spend_the_same_token():
    done, refused, failed = [], [], []
    begin = threading.Barrier(8)

    def spend_some() -> None:
        begin.wait()
        try:
            for _ in range(4):
                try:
                    limits.spend("vote:1", capacity=10, seconds=86_400)
                    done.append(1)
                except TooMany:
                    refused.append(1)
        except Exception as error:  # noqa: BLE001 (told below, from the thread)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=spend_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert (len(done), len(refused)) == (10, 22)
    assert Bucket.objects.get(pk="vote:1").tokens < 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_address_counts_with_its_network(address, network):
    assert limits.subnet(address) == network


def test_a_new_account_gets_a_tenth_and_at_least_one(db, settings):
    new, old = cast.reader("cy", days=0), cast.reader("di", days=settings.NEW_DAYS + 1)
    assert (limits.share(new, 30), limits.share(new, 5), limits.share(old, 30)) == (3, 1, 30)
    new.role = Role.TRUSTED
    assert limits.share(new, 30) == 30
    new.role = Role.READER
    new.date_joined -= timedelta(days=settings.NEW_DAYS)
    assert not limits.is_new(new)
