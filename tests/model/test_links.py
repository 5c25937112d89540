"""Finding links in every dress, and reading what they point at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.links import MOST_LINKS, count_links, mark, marked, path_shape, read_url, registered_domain, take_out
from model.text import finish, start


@pytest.mark.parametrize(
    ("body", "hosts", "left"),
    [
        (
            'see <a href="http://www.shop.example.co.uk/x" rel="nofollow">cheap bags</a>!',
            ["shop.example.co.uk"],
            "see cheap bags !",
        ),
        ("[url=http://pills.ru/a]pills[/url] here", ["pills.ru"], "pills here"),
        ("[url]http://pills.ru[/url]", ["pills.ru"], ""),
        ("[docs](https://docs.example.org/a_b) say so", ["docs.example.org"], "docs say so"),
        ("go to www.example.com.", ["example.com"], "go to"),
        ("go to example.com/deal now", ["example.com"], "go to now"),
        ("hxxp://evil.com/a", ["evil.com"], ""),
        ("pills dot com or pills[dot]com", ["pills.com", "pills.com"], "or"),
        ("http://1.2.3.4/a", ["1.2.3.4"], ""),
        ("http://xn--80ak6aa92e.com/", ["аррӏе.com"], ""),
        ("mail joe@mail.example.com", ["mail.example.com"], "mail"),
    ],
)
def test_links_are_found_and_their_words_stay(body: str, hosts: list[str], left: str) -> None:
    now, links = take_out(start(body, trace=True))
    assert [link.host for link in links] == hosts
    assert finish(now).text == left


@pytest.mark.parametrize(
    "body",
    [
        "I like asp.net and node.js",
        "e.g. this, i.e. that",
        "the end.It was",
        "a polka dot dress",
        "version 1.2.3 of it",
        "in the end.it is",
    ],
)
def test_words_with_dots_are_no_links(body: str) -> None:
    assert count_links(body) == 0


def test_an_address_is_read_into_its_parts() -> None:
    link = read_url("HTTPS://user@WWW.Some.Blog.co.uk:8080/2016/05/post?x=1#y", "author")
    assert link is not None
    assert (link.host, link.domain, link.suffix) == ("some.blog.co.uk", "blog.co.uk", "co.uk")
    assert path_shape(link) == "query"


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "mailto:a@b.example", "http://", "///"])
def test_what_is_no_address_is_nothing(url: str) -> None:
    assert registered_domain(url) == ""


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        ("http://a.example", "root"),
        ("http://a.example/", "root"),
        ("http://a.example/~joe", "home"),
        ("http://a.example/cheap-ugg-boots.html", "page"),
        ("http://a.example/a/b/c", "deep"),
        ("http://a.example/?p=1", "query"),
    ],
)
def test_paths_have_shapes(url: str, shape: str) -> None:
    link = read_url(url, "author")
    assert link is not None
    assert path_shape(link) == shape


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from([*"ab. /:@[]<&\x01\n", "www", "http", "hxx", " dot ", "com", "E.g.", "[dot]", "://"]),
        max_size=14,
    )
)
def test_a_text_is_counted_alike_whether_or_not_it_is_looked_at_closely(pieces: list[str]) -> None:
    text = "".join(pieces)

    assert count_links(text) == sum(link.kind != "mail" for link in take_out(start(text, trace=False))[1])


def test_the_gap_of_a_link_tells_its_number() -> None:
    assert marked("a" + "".join(map(mark, range(MOST_LINKS))) + "b") == [
        (1 + 5 * number, number) for number in range(MOST_LINKS)
    ]
    assert all(mark(number).isspace() for number in range(MOST_LINKS + 2))
    assert marked(mark(MOST_LINKS)) == []


def test_a_text_cannot_bring_marks_of_its_own() -> None:
    text, links = take_out(start(f"see {mark(3)} &#28;&#30;&#28;&#30;&#28; http://a.example/ and", trace=False))
    assert [number for _, number in marked(text.text)] == [0]
    assert len(links) == 1


@pytest.mark.parametrize("other", ["", "http://x.example/ "])
def test_the_gap_of_a_link_is_in_no_link(other: str) -> None:
    for text in ("[url]go [url=http://y.example]z[/url] now", "[m <a href=http://q.example>](http://m.example/x)"):
        _, links = take_out(start(other + text, trace=False))
        assert len(links) > 1
        assert not any(sign in repr(link).encode().decode("unicode_escape") for link in links for sign in mark(0))
