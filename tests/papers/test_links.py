"""Code and project pages found in abstracts and comments."""

import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.papers.links import Links, find_links, names_code
from broadsheet.papers.tex import plain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Code: https://github.com/example/net.", "https://github.com/example/net"),
        (r"at \url{https://github.com/example/a\_b}.", "https://github.com/example/a_b"),
        (r"at \href{https://github.com/example/net}{here}", "https://github.com/example/net"),
        ("at https://github.com/example/net{https://github.com/example/net}.", "https://github.com/example/net"),
        ("(https://github.com/example/net.git)", "https://github.com/example/net"),
        ("https://www.github.com/example/net/tree/main/sub", "https://github.com/example/net"),
        ("is on github.com/example/net, soon", "https://github.com/example/net"),
        ("at https:// github.com/example/net", "https://github.com/example/net"),
        ("at https: //github.com/example/net", "https://github.com/example/net"),
        ("athttps://github.com/example/net .", "https://github.com/example/net"),
        ("https://github.com/topics/nets and https://github.com/example/two", "https://github.com/example/two"),
        ("https://github.com/example and https://example.org", ""),
        ("https://gitlab.com/group/sub/net/-/tree/main", "https://gitlab.com/group/sub/net"),
        ("https://gitlab.example.org/group/net", "https://gitlab.example.org/group/net"),
        ("https://anonymous.4open.science/r/NET-1234/README.md", "https://anonymous.4open.science/r/NET-1234"),
        ("https://bitbucket.org/example/net", "https://bitbucket.org/example/net"),
        ("https://github.com@evil.example/a/b", ""),
        ("https://github.com.evil.example/a/b", ""),
        ("javascript://github.com/a/b and ftp://github.com/a/b", ""),
        ("no address at all", ""),
    ],
)
def test_the_first_repository_is_the_code(text, code):
    assert find_links(text).code == code
    assert names_code(text, plain(text)) == bool(code)


@given(
    st.lists(st.sampled_from(["https://github.com/", "a/b", "topics/", "$a$", "$", ".com/", " ", "@", "\\", "{", "}"]))
)
def test_whether_code_is_named_is_what_looking_for_it_tells(parts):
    text = "".join(parts)
    assert names_code(text, plain(text)) == bool(find_links(text).code)


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("See https://example.github.io/net/.", "https://example.github.io/net/"),
        ("Project page: https://example.org/net).", "https://example.org/net"),
        ("Our project website is at https://net.example.org}", "https://net.example.org"),
        ("https://sites.google.com/view/net", "https://sites.google.com/view/net"),
        ("A demo: https://huggingface.co/spaces/example/net", "https://huggingface.co/spaces/example/net"),
        (
            "Try https://huggingface.co/spaces/example/net or read https://example.github.io/net",
            "https://example.github.io/net",
        ),
        ("Project page: https://github.com/example/net", ""),
        ("Data at https://example.org/data", ""),
    ],
)
def test_a_page_of_the_project_is_told_from_other_addresses(text, project):
    assert find_links(text).project == project


@given(st.text(max_size=80) | st.text(max_size=40).map(lambda text: f"https://github.com/{text}"))
def test_whatever_is_found_is_an_address_of_the_web(text):
    found = find_links(text)
    assert all(address == "" or address.startswith("https://") for address in (found.code, found.project))
    assert not set(found.code + found.project) & set(' \n<>"{}\\')


def test_code_and_project_are_found_together():
    text = "Code: https://github.com/example/net, project page: https://example.github.io/net."
    assert find_links(text) == Links("https://github.com/example/net", "https://example.github.io/net")


@pytest.mark.shared
def test_repositories_agree_with_those_recorded_by_hand(shared_data):
    found = agreed = 0
    with lzma.open(shared_data("daily-2024-2026.jsonl.xz"), "rt") as lines:
        for line in lines:
            row = json.loads(line)
            code = find_links(row["abstract"]).code if row.get("github") else ""
            if code:
                found += 1
                agreed += row["github"].lower().startswith(code.lower())
    assert found > 700
    assert agreed / found > 0.95
