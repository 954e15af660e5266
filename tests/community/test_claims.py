"""Claims of authorship: proved at once by what is known, else by a moderator's look; refused ones can be made anew."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import Role
from broadsheet.community import claims, votes
from broadsheet.community.models import Claim, ModerationEntry, Notification
from broadsheet.errors import BadInput, BroadsheetError, Conflict, NotFound, Refused, SignInNeeded, TooMany

pytestmark = pytest.mark.django_db

NAME = "Ada Example"


def test_a_claim_without_proof_waits_for_a_moderator(ada, paper):
    made = claims.claim(ada, paper, NAME, "I am the first author.")
    assert (made.state, made.proof, made.note) == ("pending", "moderator", "I am the first author.")
    assert list(claims.pending()) == [made]
    assert not claims.is_author(ada, paper)


def test_visitors_are_asked_to_sign_in_and_are_no_authors(paper):
    with pytest.raises(SignInNeeded):
        claims.claim(AnonymousUser(), paper, NAME)
    assert not claims.is_author(AnonymousUser(), paper)
    assert not claims.is_author(None, paper)


@pytest.mark.parametrize("told", ["Ada Example", "EXAMPLE, Ada", "Áda Éxample"])
def test_a_verified_orcid_id_with_the_authors_name_proves_it_among_invited_readers(ada, paper, told, settings):
    settings.MODE = "closed"
    ada.orcid, ada.orcid_verified, ada.orcid_name = "0000-0002-1825-0097", True, told
    ada.save()
    made = claims.claim(ada, paper, NAME)
    assert (made.state, made.proof) == ("verified", "orcid")
    assert claims.is_author(ada, paper)


def test_where_anybody_signs_up_an_orcid_name_alone_proves_nothing_and_an_id_in_the_metadata_does(ada):
    ada.orcid, ada.orcid_verified, ada.orcid_name = "0000-0002-1825-0097", True, NAME
    ada.save()
    assert claims.claim(ada, cast.paper(), NAME).state == "pending"
    told = cast.paper("2601.00002", comment="ORCID of the first author: 0000-0002-1825-0097")
    assert claims.claim(ada, told, NAME).proof == "orcid"


@pytest.mark.parametrize(
    "facts",
    [
        {"orcid_verified": True, "orcid_name": "Ada Otherwise"},
        {"orcid_verified": False, "orcid_name": NAME},
        {"orcid_verified": True, "orcid_name": "", "name": NAME},  # a name that the reader typed here proves nothing
    ],
)
def test_another_name_or_an_iD_that_was_only_typed_proves_nothing(ada, paper, facts, settings):  # noqa: N802
    settings.MODE = "closed"
    for name, value in facts.items():
        setattr(ada, name, value)
    ada.save()
    assert claims.claim(ada, paper, NAME).state == "pending"


@pytest.mark.parametrize(
    "facts",
    [
        {"comment": "Contact: ADA@example.org."},
        {"abstract": "We write (ada@example.org) short papers."},
        {"comment": "ada@example.org"},
    ],
)
def test_a_confirmed_address_in_the_metadata_proves_it_at_once(ada, facts):
    made = claims.claim(ada, cast.paper(**facts), NAME)
    assert (made.state, made.proof) == ("verified", "email")


@pytest.mark.parametrize("comment", ["canada@example.org", "ada@example.organic", "ada@example.org.example.com", ""])
def test_an_address_that_only_holds_the_readers_own_proves_nothing(ada, comment):
    assert claims.claim(ada, cast.paper(comment=comment), NAME).state == "pending"


def test_an_address_that_was_not_confirmed_proves_nothing(ada):
    ada.email_verified = False
    ada.save()
    assert claims.claim(ada, cast.paper(comment="ada@example.org"), NAME).state == "pending"


@pytest.mark.parametrize("name", ["Cy Nobody", "ada example", "", "Ada"])
def test_only_a_name_of_the_papers_list_can_be_claimed(ada, paper, name):
    with pytest.raises(BadInput, match="not among the authors"):
        claims.claim(ada, paper, name)


def test_a_note_has_an_end(ada, paper):
    with pytest.raises(BadInput, match="too long"):
        claims.claim(ada, paper, NAME, "x" * 501)


def test_one_reader_is_one_author(ada, paper):
    claims.claim(ada, paper, NAME)
    with pytest.raises(Conflict, match=r"claimed 2601\.00001 as Ada Example"):
        claims.claim(ada, paper, "Bo Sample")


def test_several_readers_wrote_a_paper_and_a_name_that_is_claimed_waits_for_a_moderator(ada, bo, mo, paper):
    paper.comment = "ada@example.org, bo@example.org"
    paper.save()
    assert claims.claim(ada, paper, NAME).state == "verified"
    second = claims.claim(bo, paper, NAME)
    assert second.state == "pending", "whatever the proof: two readers say they are one author"
    claims.withdraw(bo, second)
    third = claims.claim(bo, paper, "Bo Sample")
    assert [claim.reader for claim in claims.verified_authors([paper])[paper.pk]] == [ada, bo]
    claims.withdraw(bo, third)
    claims.decide(mo, claims.claim(bo, paper, NAME), True, "Both have shown who they are.")
    assert claims.is_author(bo, paper)


def test_a_moderator_verifies_and_the_reader_is_told(ada, mo, paper):
    claims.decide(mo, claims.claim(ada, paper, NAME), True, "Known by the university's page.")
    assert claims.is_author(ada, paper)
    assert "verified: Known by" in Notification.objects.get(reader=ada).text
    entry = ModerationEntry.objects.get()
    assert (entry.moderator, entry.verb, entry.paper_key) == ("mo", "verify-claim", paper.key)
    assert not claims.pending()


def test_a_verified_claim_can_be_refused_later(ada, mo, paper):
    made = claims.decide(mo, claims.claim(ada, paper, NAME), True, "It looks right.")
    claims.decide(mo, made, False, "The real author wrote to us.")
    assert not claims.is_author(ada, paper)
    assert claims.verified_authors([paper]) == {}


def test_only_moderators_decide_and_with_a_reason(ada, bo, mo, paper):
    made = claims.claim(ada, paper, NAME)
    with pytest.raises(Refused, match="for moderators"):
        claims.decide(bo, made, True, "A friend of mine.")
    with pytest.raises(BadInput):
        claims.decide(mo, made, True, " ")
    with pytest.raises(Conflict, match="verified already"):
        claims.decide(mo, claims.decide(mo, made, True, "It looks right."), True, "Twice.")


def test_nobody_decides_on_a_claim_of_their_own_but_an_administrator(mo, al, paper):
    with pytest.raises(Refused, match="of their own"):
        claims.decide(mo, claims.claim(mo, paper, NAME), True, "It is me.")
    claims.decide(al, claims.claim(al, paper, "Bo Sample"), True, "It is me.")
    assert claims.is_author(al, paper)


def test_after_a_refusal_it_can_be_claimed_again_and_after_three_a_month_must_pass(ada, mo, paper):
    for turn in range(3):
        made = claims.claim(ada, paper, NAME, f"Try {turn}.")
        claims.decide(mo, made, False, "No sign of it.")
    with pytest.raises(TooMany, match="3 claims") as refusal:
        claims.claim(ada, paper, NAME)
    assert 29 * 86400 < refusal.value.wait <= 30 * 86400 + 1
    assert claims.claim(ada, cast.paper("2601.00002"), NAME), "other papers are another matter"
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        assert claims.claim(ada, paper, NAME).state == "pending"
    assert Claim.objects.filter(paper=paper).count() == 4


def test_an_old_refusal_cannot_be_turned_while_a_newer_claim_is_open(ada, mo, paper):
    old = claims.decide(mo, claims.claim(ada, paper, NAME), False, "No sign of it.")
    claims.claim(ada, paper, NAME)
    with pytest.raises(Conflict, match="anew"):
        claims.decide(mo, old, True, "A mistake.")


def test_a_mistaken_refusal_can_be_turned(ada, mo, paper):
    old = claims.decide(mo, claims.claim(ada, paper, NAME), False, "No sign of it.")
    claims.decide(mo, old, True, "A mistake of mine.")
    assert claims.is_author(ada, paper)


def test_a_claim_is_withdrawn_by_its_reader_alone_and_a_refused_one_stays(ada, bo, mo, paper):
    made = claims.claim(ada, paper, NAME)
    with pytest.raises(NotFound):
        claims.withdraw(bo, made)
    claims.withdraw(ada, made)
    assert not Claim.objects.exists()
    refused = claims.decide(mo, claims.claim(ada, paper, NAME), False, "No sign of it.")
    with pytest.raises(NotFound):
        claims.withdraw(ada, refused)
    with pytest.raises(NotFound, match="withdrawn"):
        claims.decide(mo, made, True, "Too late.")


def test_an_author_hides_a_paper_from_the_profile(ada, bo, mo, paper):
    made = claims.decide(mo, claims.claim(ada, paper, NAME), True, "It looks right.")
    assert list(claims.shown_papers(ada)) == [paper]
    with pytest.raises(NotFound):
        claims.show_on_profile(bo, made, shown=False)
    claims.show_on_profile(ada, made, shown=False)
    assert not claims.shown_papers(ada)
    assert claims.is_author(ada, paper), "hidden is not withdrawn"


def test_the_marks_of_a_page_of_papers_take_one_query(ada, mo, paper, django_assert_num_queries):
    claims.decide(mo, claims.claim(ada, paper, NAME), True, "It looks right.")
    others = [cast.paper(f"2601.0001{number}") for number in range(3)]
    with django_assert_num_queries(1):
        found = claims.verified_authors([paper, *others])
        assert {pk: [claim.reader.username for claim in made] for pk, made in found.items()} == {paper.pk: ["ada"]}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_prove_one_name_at_once_one_waits_for_a_moderator():
    paper = cast.paper(comment="reader0@example.org reader1@example.org reader2@example.org")
    crowd = [cast.reader(f"reader{number}", Role.TRUSTED) for number in range(3)]

    def act(reader):
        try:
            return claims.claim(reader, paper, NAME).state
        except BroadsheetError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(act, [*crowd, *crowd]))
    assert sorted(str(one) for one in given if not isinstance(one, Exception)) == ["pending", "pending", "verified"]
    assert sum(isinstance(one, Conflict) for one in given) == 3


def test_an_authors_own_vote_stops_trending_when_the_claim_is_verified(ada, bo, mo, paper):
    votes.cast(ada, paper)
    votes.cast(bo, paper)
    both = paper.trending
    claim = claims.claim(ada, paper, "Ada Example")
    claims.decide(mo, claim, True, "is the author")
    paper.refresh_from_db()
    alone = paper.trending
    assert alone != both
    claims.withdraw(ada, claim)
    paper.refresh_from_db()
    assert paper.trending == pytest.approx(both, abs=0.01)
