"""The book's search: terms, symbols, the package's names and Korean words lead to where they are explained."""

import doctest
import functools
import http.server
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("playwright")
from browser import opened, unavailable

pytest.importorskip("sphinx")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import rnnbook_search  # noqa: E402

SITE = ROOT / "_build" / "html"
# What a reader types, and a page (or a place on it) that stands among the first three results.
ASKED = {
    "forget gate": "glossary.html#entry-forget-gate",
    "Forget gate": "06-lstm.html#the-forget-gate-how-much-is-kept",
    "vanishing": "05-vanishing-and-exploding.html",
    "W_o": "notation.html#the-cells",
    "σ": "notation.html#entry-963",
    "h_t": "notation.html#entry-h-t",
    "c_t": "notation.html#entry-c-t",
    "∂": "notation.html",
    "⊙": "notation.html#entry-8857",
    "GRUCell": "api-cells.html#rnnbook.GRUCell",
    "softmax_cross_entropy": "api-losses.html#rnnbook.softmax_cross_entropy",
    "순환 신경망": "glossary.html#entry-recurrent-neural-network",
    "게이트": "glossary.html#entry-gate",
    "BPTT": "glossary.html#entry-backpropagation-through-time",
}


def test_equations_are_read_as_what_they_draw():
    assert doctest.testmod(rnnbook_search).failed == 0
    words = rnnbook_search.BookSearch({}).split(r"h_{t} = 4\sigma(\mathrm{W}) \odot \partial L")
    assert words == ["h_t", "4", "σ", "W", "⊙", "∂", "L"]


@pytest.fixture(autouse=True)
def built(request):
    if "chromium" in request.fixturenames and not (SITE / "search.html").is_file():
        unavailable("the book is not built: make book")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def served():
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def results(tab):
    """The addresses that were found, best first, when the search has ended."""
    tab.wait_for_function("document.querySelector('.search-summary')?.textContent")
    return tab.locator("#search-results li > a").evaluate_all("links => links.map(a => a.getAttribute('href'))")


@pytest.mark.browser
@pytest.mark.parametrize("asked", ASKED)
def test_what_a_reader_types_is_found_from_a_folder(chromium, asked):
    with opened(chromium, f"{(SITE / 'search.html').as_uri()}?q={quote(asked)}") as tab:
        first = results(tab)[:3]
        assert any(address.removeprefix("book/").startswith(ASKED[asked]) for address in first), first


@pytest.mark.browser
def test_results_say_what_they_are(chromium, served):
    with opened(chromium, f"{served}search.html?q={quote('망각 게이트')}", allowed=(served,)) as tab:
        assert results(tab)
        # The first is the glossary's entry; its excerpt is the row, and nothing of the buttons above the page.
        first = tab.locator("#search-results li").first
        assert first.locator("a").inner_text() == "Glossary > 망각 게이트"
        first.locator("p.context").wait_for()
        excerpt = first.locator("p.context").inner_text()
        assert excerpt.strip().startswith("forget gate 망각 게이트") and "Download" not in excerpt


@pytest.mark.browser
def test_nothing_is_found_where_nothing_is(chromium):
    with opened(chromium, f"{(SITE / 'search.html').as_uri()}?q=zzyzx") as tab:
        assert results(tab) == []
