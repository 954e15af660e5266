"""What the tokens of forms are made of, drawn in one go. How tokens are made and checked is Django's."""

import secrets

from django.middleware import csrf


def drawn(length: int, allowed_chars: str) -> str:
    """Return so many signs, each drawn from all alike, as ``django.utils.crypto.get_random_string`` does.

    That asks the system for each sign anew, 64 times for the token of a page; here one large number is drawn, and its
    digits to the base of their number are the signs.
    """
    base = len(allowed_chars)
    number = secrets.randbelow(base**length)
    signs = []
    for _ in range(length):
        number, place = divmod(number, base)
        signs.append(allowed_chars[place])
    return "".join(signs)


def draw_at_once() -> None:
    """Let Django draw its tokens so."""
    csrf.get_random_string = drawn  # type: ignore[attr-defined]  # it takes the function into its own names
