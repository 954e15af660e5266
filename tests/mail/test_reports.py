"""What mail servers report is understood in their many ways of saying it; what is no report is left alone."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bounced import FOLDER, raw

from broadsheet.errors import BadInput
from broadsheet.mail import reports

TOKEN = "5a" * 12
LEAVING = "Zm9vYmFy-_" * 3

MEANT = {
    "unknown-postfix": ("hard", "5.1.1"),
    "unknown-headers-only": ("hard", "5.1.10"),
    "unknown-vague-status": ("hard", "5.1.1"),
    "unknown-only-in-words": ("hard", "5.0.0"),
    "unknown-domain": ("hard", "5.4.4"),
    "unknown-international": ("hard", "5.1.1"),
    "unknown-qmail": ("hard", "5.1.1"),
    "unknown-exim": ("hard", ""),
    "rewritten-id": ("hard", "5.1.1"),
    "foreign": ("hard", "5.1.1"),
    "full": ("soft", "5.2.2"),
    "full-exim": ("soft", ""),
    "expired": ("soft", "4.4.1"),
    "blocked": ("soft", "5.7.1"),
    "complaint-abuse": ("complaint", ""),
    "complaint-opt-out": ("complaint", ""),
    "delayed": None,
    "delayed-exim": None,
    "delivered": None,
    "report-not-spam": None,
    "report-auth-failure": None,
    "out-of-office": None,
    "letter": None,
}


def test_every_kept_message_has_its_meaning():
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(MEANT)


@pytest.mark.parametrize(("name", "meaning"), MEANT.items())
def test_a_message_means_what_its_server_meant(name, meaning):
    found = reports.read(raw(name, TOKEN, LEAVING))
    assert (found and (found.kind, found.status)) == meaning


@pytest.mark.parametrize("name", [name for name, meaning in MEANT.items() if meaning])
def test_the_mail_it_is_about_is_told_by_our_own_message_id(name):
    found = reports.read(raw(name, TOKEN, LEAVING))
    expected = {"foreign": ("", ""), "rewritten-id": ("", LEAVING)}.get(name, (TOKEN, LEAVING))
    assert (found.token, found.leaving) == expected


def test_the_words_of_the_server_are_kept_on_one_line():
    found = reports.read(raw("unknown-postfix"))
    assert found.text == "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown"
    assert reports.read(raw("unknown-qmail")).text == "Sorry, no mailbox here by that name. (#5.1.1)"
    assert reports.read(raw("unknown-exim")).text == "550 No such user here"


def test_control_characters_and_long_words_of_a_server_are_cut():
    hostile = raw("unknown-postfix").replace(b"User unknown", b"\x1b[31m\x00" + b"x" * 5000)
    found = reports.read(hostile)
    assert found.text.isprintable()
    assert len(found.text) == 300


def test_the_same_report_by_two_ways_is_known_again():
    again = b"Received: from elsewhere by here\r\n" + raw("full")
    assert reports.read(raw("full")).digest == reports.read(again).digest
    assert reports.read(raw("full")).digest != reports.read(raw("expired")).digest


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        ("5.1.1", "", "hard"),
        ("5.1.7", "bad sender", "soft"),
        ("5.2.1", "mailbox disabled", "hard"),
        ("5.2.2", "mailbox full", "soft"),
        ("5.3.4", "message too big", "soft"),
        ("5.4.1", "Recipient address rejected: Access denied", "hard"),
        ("5.5.0", "bad command", "soft"),
        ("5.7.1", "Relaying denied", "soft"),
        ("5.7.1", "550 5.7.1 no such user", "hard"),
        ("5.7.26", "does not pass DMARC", "soft"),
        ("", "550 no such user", "hard"),
        ("", "554 sending address blocked because of spam", "soft"),
        ("", "552 over quota", "soft"),
        ("", "451 greylisted", "soft"),
        ("", "550 refused", "hard"),
    ],
)
def test_only_an_address_that_is_gone_is_hard(status, text, kind):
    assert reports.kind_of(status, text) == kind


def test_a_message_that_is_too_long_is_not_read():
    with pytest.raises(BadInput, match="bytes"):
        reports.read(b"x" * (reports.LONGEST + 1))


def test_a_message_nested_beyond_reason_is_refused_and_not_a_crash():
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    with pytest.raises(BadInput, match="taken apart"):
        reports.read(deep)


@given(st.binary(max_size=2000), st.sampled_from(sorted(MEANT)), st.integers(0, 3000))
def test_no_bytes_break_the_reader(noise, name, place):
    whole = raw(name, TOKEN)
    for hostile in (noise, whole[:place] + noise + whole[place:], whole[:place]):
        try:
            found = reports.read(hostile)
        except BadInput:
            continue
        assert found is None or (found.kind in reports.KINDS and len(found.text) <= 300)


@pytest.mark.parametrize(
    "flood",
    [
        b"Content-Type: text/plain\n\n550 user unknown\n" + b"message-id: x\n" * 60_000,
        b"Content-Type: message/delivery-status\n\na: b\n\n" + b"\n" * 900_000,
        b"Content-Type: message/delivery-status\n\na: b\n\n" + b" \n" * 400_000,
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: 8bit\n\n" + b"a: b\n\n" * 4_000,
    ],
)
def test_a_letter_made_to_be_slow_is_soon_done_with(flood):
    """Anybody can write to the mailbox of bounces. With work that grows as its square each of these takes hours."""
    with contextlib.suppress(BadInput):
        found = reports.read(b"From: mailer-daemon@example.org\n" + flood)
        assert found is None or (found.token, found.leaving) == ("", "")
