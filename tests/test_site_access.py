"""Pages for readers who do not see them, do not click, or print them."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from browser import opened, unavailable

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
PAGES = sorted(page for page in SITE.rglob("*.html") if not {"_static", "lite"} & set(page.relative_to(SITE).parts))
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Outline(HTMLParser):
    """What a page is made of: headings, pictures without a text, and tags with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.wordless, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        hidden = attributes.get("aria-hidden") == "true" or attributes.get("role") == "presentation"
        logo = "logo__image" in (attributes.get("class") or "")  # its link has the book's name in words
        if tag == "img" and not logo and not (attributes.get("alt") or "").strip():
            self.wordless.append(str(attributes.get("src"))[:80])
        if tag == "svg" and not hidden and not attributes.get("aria-label"):
            self.wordless.append(f"svg {attributes.get('class')}")


@pytest.fixture(scope="module", params=PAGES or [SITE / "index.html"], ids=lambda page: page.stem)
def page(request):
    if not request.param.is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built: make book")
    return Outline(re.sub(r"<mjx-container.*?</mjx-container>", "", request.param.read_text("utf-8"), flags=re.DOTALL))


def test_headings_stand_in_order_under_one_title(page):
    assert page.headings[:1] == [1] and page.headings.count(1) == 1
    assert [pair for pair in zip(page.headings, page.headings[1:], strict=False) if pair[1] > pair[0] + 1] == []


def test_every_figure_has_a_text(page):
    assert page.wordless == []


def test_a_page_says_its_language_and_sets_the_viewport_once(page):
    assert ("html", "en") in [(tag, attributes.get("lang")) for tag, attributes in page.tags]
    assert sum(tag == "meta" and a.get("name") == "viewport" for tag, a in page.tags) == 1
    assert sum(tag == "title" for tag, _ in page.tags) >= 1


def test_landmarks_dialogs_and_folds_have_names(page):
    assert sum(tag == "header" or a.get("role") == "banner" for tag, a in page.tags) <= 1
    assert [a for tag, a in page.tags if tag == "dialog" and not a.get("aria-label")] == []
    assert [
        a for tag, a in page.tags if (a.get("class") or "").startswith("sidebar-toggle") and "Toggle" in str(a)
    ] == []


@pytest.fixture(autouse=True)
def built(request):
    if "chromium" in request.fixturenames and not (SITE / "search.html").is_file():
        unavailable("the book is not built: make book")


# What a reader of paper cannot use, if it takes up room there.
USELESS = """() => [...document.querySelectorAll('button, input, select, nav, dialog, .headerlink, a[href*="colab"]')]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 0).map(e => e.outerHTML.slice(0, 120))"""
LIVE = """() => [...document.querySelectorAll('*')].filter(e => e.localName.startsWith('rb-')).map(e => [
  e.localName, e.shadowRoot.querySelector('section').checkVisibility(), e.querySelector('figure, svg, img, table').checkVisibility()])"""
CUT = """() => [...document.querySelectorAll('.bd-article :is(pre, div.math, table, img, svg)')]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["06-lstm", "08-gru"])
def test_a_chapter_prints_as_a_chapter(chromium, name, theme):
    # A4 less its margins is 176 mm wide.
    with opened(chromium, (SITE / "book" / f"{name}.html").as_uri(), width=665, theme=theme) as tab:
        widgets = tab.evaluate(LIVE)
        assert widgets and all(live for _, live, _ in widgets)  # on the screen, they are there
        tab.emulate_media(media="print")
        assert tab.evaluate(USELESS) == []
        assert tab.evaluate(CUT) == []
        assert tab.evaluate(LIVE) == [[element, False, True] for element, _, _ in widgets]
        colours = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
        assert tab.locator("html").evaluate(colours)[0] == "rgb(255, 255, 255)"
        assert tab.locator(".bd-article section > p:not([class])").first.evaluate(colours)[1] == "rgb(31, 36, 41)"
        assert tab.locator(".bd-article h1").is_visible()
        # Solutions are printed, folded checks are not.
        solution = tab.locator(".bd-article .solution section p").first
        assert solution.evaluate("e => e.checkVisibility({visibilityProperty: true, opacityProperty: true})")
        assert not tab.locator("details.hide").first.is_visible()
        dark, light = tab.locator(".rb-figure .rb-dark"), tab.locator(".rb-figure .rb-light")
        assert light.count() == dark.count() > 0
        assert not dark.first.is_visible() and light.first.is_visible()


@pytest.mark.browser
def test_a_printed_sheet_is_numbered_and_named(chromium):
    page = (SITE / "book" / "08-gru.html").read_text("utf-8")
    assert re.search(r'@page\{@top-right\{content:"\d+\. GRU: one state, two gates"\}\}', page)
    assert "counter(page)" in (SITE / "_static" / "book.css").read_text("utf-8")
