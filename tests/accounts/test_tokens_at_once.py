"""Tokens under requests that come together: a code is redeemed once, a token renewed once, the limit held."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from broadsheet.accounts import devices, tokens
from broadsheet.accounts.models import ApiToken, User
from broadsheet.errors import BroadsheetError

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[], Any], number: int = 6) -> list[Any]:
    """Do the same on several threads, started together; return what came of it, errors of the domain too."""
    ready = threading.Barrier(number)

    def run(_: int) -> Any:
        try:
            ready.wait(30)
            return work()
        except BroadsheetError as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_a_code_redeemed_many_times_at_once_gives_one_token(ada: User):
    begun = devices.begin("x")
    devices.approve(ada, begun.grant.user_code)
    came = at_once(lambda: devices.redeem(begun.device_code))
    assert sum(isinstance(one, devices.Granted) for one in came) == 1
    assert ApiToken.objects.count() == 1


def test_a_code_is_approved_by_one_of_many_readers(ada: User, bo: User):
    begun = devices.begin("x")
    readers = [ada, bo] * 3
    came = at_once(lambda: devices.approve(readers.pop(), begun.grant.user_code))
    assert sum(not isinstance(one, BroadsheetError) for one in came) == 1


def test_a_token_renewed_many_times_at_once_is_renewed_at_most_once(ada: User):
    begun = devices.begin("x")
    devices.approve(ada, begun.grant.user_code)
    granted = devices.redeem(begun.device_code)
    came = at_once(lambda: devices.renew(granted.refresh))
    assert sum(isinstance(one, devices.Granted) for one in came) == 1
    # What was shown twice was copied, for all one can tell: nobody keeps the token.
    assert not ApiToken.objects.exists()


def test_the_last_place_for_a_token_is_given_once(ada: User):
    for number in range(tokens.MOST - 1):
        tokens.issue(ada, f"number {number}")
    at_once(lambda: tokens.issue(ada, "last"))
    assert ApiToken.objects.count() == tokens.MOST
