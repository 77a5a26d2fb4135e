"""The glossary: every row complete, and every term linked from a page of the built book."""

import html
import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("docutils")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import rnnbook_glossary as glossary  # noqa: E402

SITE = ROOT / "_build" / "html"
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "book" / "glossary.md").read_text("utf-8").replace(r"\|", "∣").splitlines()
    if line.startswith("| ")
][1:]
LINK = re.compile(r'<a class="rb-term[^>]*href="([^"]*)"[^>]*>', re.DOTALL)


def test_every_row_has_a_term_a_korean_term_and_a_meaning():
    assert ROWS and not [row for row in ROWS if len(row) != 3 or not all(row)]
    terms = [row[0] for row in ROWS]
    assert terms == sorted(terms, key=str.lower)
    every = [glossary.normal(name) for term in terms for name in glossary.names(term)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("gate", "two gates, one bias", "gates"),
        ("gate", "a gatekeeper, or to navigate", None),
        ("gate", "the output-gate's rows", None),
        ("backpropagation through time (BPTT)", "by BPTT here", "BPTT"),
        ("neuron, unit", "each unit of it", "unit"),
        ("hidden state", "Hidden\nstates", "Hidden\nstates"),
        ("memory", "all memories", "memories"),
        ("recall (of a detector)", "the voice of a detector", None),
    ],
)
def test_a_term_is_found_as_whole_words(term, text, found):
    match = glossary.pattern(term).search(text)
    assert (match and match.group()) == found


@pytest.fixture(scope="module")
def pages():
    if not (SITE / "book" / "glossary.html").is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built: make book")
    return {page.name: page.read_text("utf-8") for page in [*SITE.glob("*.html"), *SITE.glob("book/*.html")]}


def test_every_term_is_linked_from_a_page_and_every_link_arrives(pages):
    anchors = set(re.findall(r'id="(term-[^"]*)"', pages["glossary.html"]))
    assert len(anchors) == len(ROWS)
    linked = {
        address.partition("#")[2]
        for name, page in pages.items()
        if name != "glossary.html"
        for address in LINK.findall(page)
    }
    assert linked <= anchors
    assert sorted(anchors - linked) == []


def test_a_page_links_a_term_once_and_says_it_in_korean(pages):
    korean = {f"term-{glossary.nodes.make_id(glossary.names(term)[0])}": word for term, word, _ in ROWS}
    for name, page in pages.items():
        links = re.findall(r'<a class="rb-term[^>]*>', page)
        addresses = [re.search(r'href="[^"#]*#([^"]*)"', link).group(1) for link in links]
        assert len(set(addresses)) == len(addresses), name
        for link, address in zip(links, addresses, strict=True):
            assert html.unescape(re.search(r'title="([^"]*)"', link).group(1)).startswith(korean[address])
