"""What tokens of forms are made of."""

from django.middleware import csrf
from django.test import RequestFactory

from broadsheet.web.tokens import drawn


def test_signs_are_drawn_as_many_as_asked_for_and_all_of_them():
    for length in (0, 1, 32):
        assert len(drawn(length, "abc")) == length
    assert set(drawn(2000, "abc")) == set("abc")
    assert drawn(32, csrf.CSRF_ALLOWED_CHARS) != drawn(32, csrf.CSRF_ALLOWED_CHARS)


def test_tokens_of_a_page_are_drawn_so_and_fit_their_cookie():
    assert csrf.get_random_string is drawn
    request = RequestFactory().get("/")
    first, second = csrf.get_token(request), csrf.get_token(request)
    assert first != second  # the same secret behind another mask
    for token in (first, second):
        csrf._check_token_format(token)
        assert csrf._does_token_match(token, request.META["CSRF_COOKIE"])
