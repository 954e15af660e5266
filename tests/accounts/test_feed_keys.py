"""Secret addresses of private feeds: whose they open, that nobody can make one, and that a reset ends them."""

import pytest
from django.contrib.auth.models import AnonymousUser

from broadsheet.accounts import feed_keys
from broadsheet.errors import Gone, NotFound, SignInNeeded

pytestmark = pytest.mark.django_db


def test_a_secret_opens_the_feed_it_was_made_for(ada):
    for key in ("following:" + ada.public_id, "search:graph cat:cs.LG", "search:", "search:ünïcode 図 🙂", "list:abc"):
        secret = feed_keys.token(ada, key)
        assert feed_keys.opened(secret) == (ada, key)
        assert secret.isascii()
        assert secret.replace("-", "a").replace("_", "a").isalnum()


def test_a_secret_is_the_same_each_time_and_another_for_others(ada, bo):
    assert feed_keys.token(ada, "search:graph") == feed_keys.token(ada, "search:graph")
    assert feed_keys.token(ada, "search:graph") != feed_keys.token(bo, "search:graph")


def test_nobody_makes_a_secret_by_changing_one(ada):
    secret = feed_keys.token(ada, "search:graph")
    wrong = [
        secret[:place] + ("A" if secret[place] != "A" else "B") + secret[place + 1 :] for place in range(len(secret))
    ]
    for one in [*wrong, secret + "A", secret[:-1], "", "x", "é" * 20, "a b", "A" * 5000, secret + "\n", secret + "="]:
        with pytest.raises(NotFound):
            feed_keys.opened(one)


def test_a_reset_ends_every_secret_of_its_reader_and_nobody_elses(ada, bo):
    old, other = feed_keys.token(ada, "search:graph"), feed_keys.token(bo, "search:graph")
    feed_keys.reset(ada)
    with pytest.raises(Gone):
        feed_keys.opened(old)
    assert feed_keys.opened(other) == (bo, "search:graph")
    assert feed_keys.opened(feed_keys.token(ada, "search:graph")) == (ada, "search:graph")


def test_the_secrets_of_who_left_are_gone(ada):
    secret = feed_keys.token(ada, "search:graph")
    ada.delete()
    with pytest.raises(Gone):
        feed_keys.opened(secret)


def test_a_visitor_has_no_secrets_to_reset(db):
    with pytest.raises(SignInNeeded):
        feed_keys.reset(AnonymousUser())
