"""Every built page in a real browser, over http and as a file: light and dark, 1280 and 390 px wide."""

import pytest

pytest.importorskip("playwright")
import screenshots  # from scripts/, see pyproject.toml
from browser import unavailable

pytestmark = pytest.mark.browser

SITE, ROOT = screenshots.SITE, screenshots.ROOT
PAGES = screenshots.pages()
CHAPTERS = [page for page in PAGES if (ROOT / "book" / f"{page.stem}.ipynb").is_file()]
each_page = pytest.mark.parametrize(
    "page", PAGES or [SITE / "no-page.html"], ids=lambda page: page.relative_to(SITE).with_suffix("").as_posix()
)


@pytest.fixture(scope="module")
def http():
    """The address of the site, served on this machine."""
    if not PAGES:
        unavailable("the book is not built: make book")
    with screenshots.served() as address:
        yield address


@pytest.fixture(scope="module")
def tab(chromium):
    """One tab for page after page, as a reader has it."""
    if not screenshots.axe():
        unavailable("axe-core is not installed: requirements.txt")
    tab = chromium.new_page()
    yield tab
    tab.close()


@pytest.mark.parametrize("how", ["http", "file"])
@each_page
def test_nothing_is_wrong_with_a_page(tab, http, page, how):
    # What axe-core looks at does not depend on where the page comes from.
    found = screenshots.visit(tab, page, base=http if how == "http" else None, barriers=how == "http")
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("how", ["http", "file"])
def test_the_site_opens_at_the_cover_of_the_book(tab, http, how):
    tab.goto((http if how == "http" else SITE.as_uri() + "/") + "index.html")
    tab.wait_for_url("**/book/index.html")


def test_chapters_were_run_into_the_folder_where_the_build_looks_for_them(http):
    assert not (ROOT / "global.db").exists() and not (ROOT / "executed").exists()
    assert len(list((SITE.parent / ".jupyter_cache" / "executed").iterdir())) >= len(CHAPTERS) > 0


# -- can these tests see? -------------------------------------------------------------------------------------------
FINE = """<!doctype html><html lang=en data-theme=light><title>page</title><link rel=icon href="data:,">
<main><h1>Page</h1><p>fine</p>{}</main></html>"""
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.mark.parametrize("how", ["http", "file"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<script>throw Error('broken')</script>", "error of a script: broken (phone)"),
        ("<script>console.error('oh')</script>", "error on the console: oh"),
        ("<img src='not-there.png' alt='x' width=1 height=1>", "request failed: "),
        ("<img src='not-there.png' alt='x' width=1 height=1 loading=lazy style='margin-top:9000px'>", "request failed: "),
        ("<img src='page.html' alt='x' width=1 height=1>", "broken image: page.html (phone)"),
        ("<img src='http://127.0.0.1:9/x.png' alt='x' width=1 height=1>", "asks another host: http://127.0.0.1:9/x.png (phone)"),
        ("<script>new MutationObserver(() => fetch('http://127.0.0.1:9/x')).observe(document.documentElement, "
         "{ attributeFilter: ['data-theme'] })</script>", "asks another host: http://127.0.0.1:9/x (phone, phone-dark, light, dark)"),
        ("<div style='width: 600px'>wide</div>", "wider than the screen: div. (phone, phone-dark)"),
        ("<style>[data-theme=dark] p { width: 2000px }</style>", "wider than the screen: p. (phone-dark, dark)"),
        (f"<img src='{DOT}' width=1 height=1>", "image without alt: data:image/gif"),
        (f"<article><img src='{DOT}' alt='' width=1 height=1></article>", "image without a text: data:image/gif"),
        (f"<img src='{DOT}' alt='x'>", "image without a size: data:image/gif"),
        ("<h1>Another</h1>", "2 headings of level 1 (phone)"),
        ("<h2>In order</h2><h4>Too deep</h4>", "heading of level 4 below level 2: Too deep (phone)"),
        ("<a href='gone.html'>x</a>", "link to a file that is not there: gone.html (phone)"),
        ("<a href='page.html#gone'>x</a>", "link to a place that is not there: page.html#gone (phone)"),
        ("<button style='width: 30px; height: 30px'></button>", "axe: button-name: button (phone, light)"),
        ("<button style='width: 9px; height: 9px; padding: 0' aria-label=a></button>"
         "<button style='width: 9px; height: 9px; padding: 0' aria-label=b></button>", "axe: target-size: button[aria-label=\"a\"] (phone, light)"),
        ("<style>[data-theme=dark] p { color: #888; background: #777 }</style>", "axe: color-contrast: p (phone-dark, dark)"),
        ("<style>@media (min-width: 600px) { em { display: none } } em { color: #ccc; background: #fff }</style><em>pale</em>",
         "axe: color-contrast: em (phone, phone-dark)"),
        ("<div class=highlight><pre><span class=k>for</span> <span class=k>while</span> <span class=c style='color: #ccc; background: #fff'>pale</span></pre></div>",
         "axe: color-contrast: .c (phone, phone-dark"),
    ],
)  # fmt: skip
def test_this_test_can_see(tab, tmp_path, content, problem, how):
    page = tmp_path / "page.html"

    def found(content):
        page.write_text(FINE.format(content), "utf-8")
        with screenshots.served(tmp_path) as address:
            return screenshots.visit(tab, page, site=tmp_path, base=address if how == "http" else None)

    assert any(entry.startswith(problem) for entry in found(content)), found(content)
    # And nothing is reported of a page that is fine.
    assert found("") == []
