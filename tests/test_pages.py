"""The built pages in a real browser, opened as files: light, dark, and 390 px wide."""

import os

import pytest

playwright = pytest.importorskip("playwright")
import screenshots  # noqa: E402 - from scripts/, see pyproject.toml

pytestmark = pytest.mark.browser


def _missing():
    if not screenshots.chromium():
        return "Chromium is not installed"
    if not screenshots.pages():
        return "the book is not built: make book"
    return None


@pytest.fixture(scope="module")
def running():
    if missing := _missing():
        # Where tests are to prove something, a browser that is not there proves nothing.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with screenshots.browser() as browser:
        yield browser


def test_the_site_has_its_first_page(running):
    assert (screenshots.SITE / "index.html").is_file()


def test_chapters_were_run_into_the_folder_where_the_build_looks_for_them(running):
    root, built = screenshots.ROOT, screenshots.SITE.parent
    assert not (root / "global.db").exists() and not (root / "executed").exists()
    notebooks = [page for page in screenshots.pages() if (root / "book" / f"{page.stem}.ipynb").is_file()]
    assert len(list((built / ".jupyter_cache" / "executed").iterdir())) >= len(notebooks) > 0


@pytest.mark.parametrize("look", screenshots.LOOKS)
@pytest.mark.parametrize(
    "page", screenshots.pages() or [screenshots.SITE / "book" / "index.html"], ids=lambda page: page.stem
)
def test_nothing_is_wrong_with_a_page(running, page, look):
    assert screenshots.visit(running, page, look) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<script>throw Error('broken')</script>", "error of a script: broken"),
        ("<img src='not-there.png'>", "request failed"),
        ("<img src='http://127.0.0.1:9/x.png'>", "asks another host"),
        ("<div style='width: 600px'>wide</div>", "wider than the screen: div"),
        ("<script>console.error('oh')</script>", "error on the console: oh"),
    ],
)
def test_this_test_can_see(running, tmp_path, content, problem):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><html data-theme='light'><body>{content}</body></html>", "utf-8")
    found = screenshots.visit(running, page, "phone")
    assert any(entry.startswith(problem) for entry in found), found
    # And nothing else is reported for a page that is fine but for this.
    page.write_text("<!doctype html><html data-theme='light'><body>fine</body></html>", "utf-8")
    assert screenshots.visit(running, page, "phone") == []
