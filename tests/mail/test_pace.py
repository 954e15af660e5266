"""How fast digests go: evenly, no faster than a minute and a domain allow, and slower where a server asks for it."""

import math

from broadsheet.mail.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def sent_in(pace: Pace, clock: Clock, seconds: float, domains: list[str]) -> list[tuple[float, str]]:
    """Send as fast as the pace allows for some seconds; return when each went, and whereto."""
    gone: list[tuple[float, str]] = []
    until = clock.now + seconds
    while clock.now < until:
        waits = {domain: pace.claim(domain) for domain in domains[:1]}
        domain = domains[0]
        domains = domains[1:] + domains[:1]
        if waits[domain] == math.inf:
            clock.now += 0.05
            continue
        clock.now += waits[domain]
        gone.append((clock.now, domain))
    return gone


def test_without_limits_nothing_waits():
    pace = Pace(0, 0, clock=Clock())
    assert [pace.claim("example.org") for _ in range(1000)] == [0.0] * 1000
    assert pace.full() == []


def test_no_minute_holds_more_than_the_limit_wherever_it_begins():
    clock = Clock()
    gone = [at for at, _ in sent_in(Pace(30, 0, clock=clock), clock, 300, ["example.org"])]
    assert len(gone) in range(150, 152)
    assert all(sum(first <= at < first + 60 for at in gone) <= 30 for first in gone)


def test_a_domain_has_its_own_share_and_others_go_on_meanwhile():
    clock = Clock()
    pace = Pace(0, 6, clock=clock)
    gone = sent_in(pace, clock, 120, ["small.example", "large.example"])
    for domain in ("small.example", "large.example"):
        times = [at for at, to in gone if to == domain]
        assert len(times) in range(11, 14)
        assert all(sum(first <= at < first + 60 for at in times) <= 6 for first in times)


def test_a_domain_that_had_its_share_is_told_and_takes_no_place_of_the_others():
    clock = Clock()
    pace = Pace(60, 1, clock=clock)
    assert pace.claim("example.org") == 0
    assert pace.claim("example.org") == math.inf
    assert pace.full() == ["example.org"]
    assert pace.until_free() == 60
    assert pace.claim("example.net") == 1.0, "one second after the first, as if the second had not been asked for"
    clock.now += 61
    assert pace.full() == []
    assert pace.until_free() == 0


def test_a_server_that_is_overrun_gets_ever_fewer_and_then_the_old_pace_again():
    clock = Clock()
    pace = Pace(0, 0, clock=clock)
    for _ in range(12):
        pace.too_fast()
    assert 29 < pace.claim("example.org") <= 30
    for _ in range(500):
        pace.went_well()
    clock.now += 60
    pace.claim("example.org")
    assert pace.claim("example.org") == 0


def test_the_domains_of_a_whole_world_are_not_all_remembered():
    clock = Clock()
    pace = Pace(0, 60, clock=clock)
    for number in range(25_000):
        pace.claim(f"{number}.example")
        clock.now += 0.01
    assert len(pace.full()) <= 100
