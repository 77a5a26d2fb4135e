"""What the site says of itself, the page for lost readers, and the zip for classrooms without a network."""

import json
import re
import sys
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

pytest.importorskip("playwright")
pytest.importorskip("sphinx")
yaml = pytest.importorskip("yaml")
bs4 = pytest.importorskip("bs4")
PIL = pytest.importorskip("PIL.Image")
import screenshots  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened, unavailable  # noqa: E402
from docutils.core import publish_doctree  # noqa: E402
from sphinx.errors import ConfigError  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import rnnbook_cards as cards  # noqa: E402
import rnnbook_head as head  # noqa: E402
import rnnbook_metadata as metadata  # noqa: E402
import rnnbook_offline as offline  # noqa: E402
import rnnbook_site as site  # noqa: E402

SITE = screenshots.SITE
# Where this very build says that it is published.
BASE = re.compile(r"Sitemap: (\S+)sitemap\.xml")


@pytest.fixture(scope="module")
def built():
    """Where the built book lies."""
    if not (SITE / "sitemap.xml").is_file():
        unavailable("the book is not built: make book")
    return SITE


@pytest.fixture(scope="module")
def base(built):
    return BASE.search((built / "robots.txt").read_text("utf-8"))[1]


@pytest.fixture(scope="module")
def documents(built):
    """Every page of the book, parsed."""
    return {page: bs4.BeautifulSoup((built / f"{page}.html").read_bytes(), "html.parser") for page in in_toc()}


def in_toc():
    """Name the pages in the order of the sidebar."""
    return re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text("utf-8"))


def content(document, key):
    """Give the one value that a page's head has for a key."""
    found = document.head.select(f'meta[name="{key}"], meta[property="{key}"]')
    assert len(found) == 1, f"{key} stands {len(found)} times"
    return found[0]["content"]


@pytest.mark.parametrize(
    ("repository", "published", "address"),
    [
        ("https://github.com/Reader/fork", "", "https://reader.github.io/fork/"),
        ("https://github.com/reader/reader.github.io", "", "https://reader.github.io/"),
        ("https://github.com/reader/fork.git", "", "https://reader.github.io/fork/"),
        ("https://github.com/reader/fork/", "https://rnn.example", "https://rnn.example/"),
        ("https://git.example/reader/fork", "https://rnn.example/book/", "https://rnn.example/book/"),
    ],
)
def test_the_address_follows_the_repository(repository, published, address):
    assert site.base_address(repository, published) == address


def test_where_it_cannot_be_known_it_is_asked_for():
    with pytest.raises(ConfigError, match=r"html\.baseurl"):
        site.base_address("https://git.example/reader/fork")


@pytest.mark.parametrize(
    ("page", "description"),
    [
        ("    Why? Who asks?\n\nBecause. It is so.\n\n* no\n\nnor this", "Why? Who asks? Because. It is so."),
        ("Version 1.5 of f. i. is one sentence.", "Version 1.5 of f. i. is one sentence."),
        ("Words :math:`x` are for eyes.\n\nThese are for all.", "These are for all."),
        (f"Short. {'A long one' + ' and on' * 40}.", "Short."),
        (f"{'A long one' + ' and on' * 40}. Next.", f"{'A long one' + ' and on' * 40}."),
    ],
)
def test_a_description_is_the_first_whole_sentences(page, description):
    doctree = publish_doctree(f"Title\n=====\n\n{page}\n", settings_overrides={"doctitle_xform": False})
    assert metadata.describe(doctree) == description


def test_every_page_describes_itself_and_no_other(documents, base):
    seen = {}
    for page, document in documents.items():
        text = content(document, "description")
        assert 25 <= len(text) <= 320 and text[-1] in ".?!…)”", f"{page}: {text}"
        assert text not in seen, f"{page} and {seen[text]}"
        seen[text] = page
        address = f"{base}{page}.html"
        assert [link["href"] for link in document.select("link[rel=canonical]")] == [address]
        assert content(document, "og:url") == address
        assert content(document, "og:description") == text
        assert content(document, "twitter:card") == "summary_large_image"
        assert document.html["lang"] == "en"
        assert content(document, "viewport") == "width=device-width, initial-scale=1.0"
        assert not document.select('meta[name="robots"]')
        assert {tag["media"]: tag["content"] for tag in document.select('meta[name="theme-color"]')} == {
            "(prefers-color-scheme: light)": "#ffffff",
            "(prefers-color-scheme: dark)": "#121212",
        }


def test_the_words_for_machines_can_be_read(documents, base):
    for page, document in documents.items():
        (script,) = document.select('script[type="application/ld+json"]')
        data = json.loads(script.string)
        assert data["@context"] == "https://schema.org" and data["url"] == f"{base}{page}.html"
        book = data if page == in_toc()[0] else data["isPartOf"]
        assert (book["@type"], book["url"]) == ("Book", f"{base}{in_toc()[0]}.html")


def test_a_sentence_cannot_end_the_script():
    config = SimpleNamespace(html_title="Book", html_baseurl="", root_doc="index", author="we", language="en")
    text = metadata.learning_resource(SimpleNamespace(config=config), "</script>", "", "<b>", False)
    assert text.count("<") == 2 and json.loads(text[text.index("{") : text.rindex("}") + 1])["name"] == "</script>"


def test_every_page_has_its_picture(documents, built, base):
    pictures = set()
    for document in documents.values():
        address = content(document, "og:image")
        assert address.startswith(base)
        with PIL.open(built / address.removeprefix(base)) as picture:
            assert (picture.format, *picture.size) == ("PNG", 1200, 630)
        assert content(document, "og:image:alt")
        pictures.add((built / address.removeprefix(base)).read_bytes())
    assert len(pictures) == len(documents)


def test_a_picture_is_drawn_once(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(cards, "draw", lambda card: drawn.append(card) or repr(card).encode())
    first, second = cards.Card("One", "Book", 1), cards.Card("Two", "Book", 2)
    for card in (first, first, second, first):
        cards.write(card, tmp_path / "page.png", tmp_path / "kept")
        assert (tmp_path / "page.png").read_bytes() == repr(card).encode()
    assert drawn == [first, second]


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("The LSTM, one gate at a time", ["The LSTM, one", "gate at a time"]),
        ("Glossary", ["Glossary"]),
        ("Backpropagation", ["Backpropagation"]),
    ],
)
def test_lines_of_a_title_are_about_as_long(title, lines):
    assert cards.balanced(title, 26) == lines


def test_the_map_lists_the_pages_that_readers_meet(built, base):
    tree = ElementTree.parse(built / "sitemap.xml")
    space = {"": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    assert [place.text for place in tree.findall("url/loc", space)] == [f"{base}{page}.html" for page in in_toc()]


def test_tools_and_the_lost_page_are_not_to_be_found(built):
    for name in ("search", "genindex", "404"):
        document = bs4.BeautifulSoup((built / f"{name}.html").read_bytes(), "html.parser")
        assert content(document, "robots") == "noindex"


def test_the_root_leads_to_the_first_page_and_has_its_picture(built, documents, base):
    document = bs4.BeautifulSoup((built / "index.html").read_bytes(), "html.parser")
    first = documents[in_toc()[0]]
    assert document.select_one("meta[http-equiv=refresh]")["content"] == f"0; url={in_toc()[0]}.html"
    assert document.select_one("link[rel=canonical]")["href"] == f"{base}{in_toc()[0]}.html"
    for key in ("description", "og:image", "og:title"):
        assert content(document, key) == content(first, key)


def test_icons_are_where_pages_say(documents, built):
    for page, document in documents.items():
        icons = document.select("link[rel=icon], link[rel=apple-touch-icon]")
        assert len(icons) == 3
        assert all((built / page).parent.joinpath(icon["href"]).is_file() for icon in icons)


def test_icons_are_what_their_script_draws():
    import icons

    assert (icons.FOLDER / "favicon.svg").read_text("utf-8") == icons.icon()
    for theme, tints in icons.PALETTE.items():
        assert (icons.FOLDER / f"logo-{theme}.svg").read_text("utf-8") == icons.logo(tints)
    for name, (pixels, *_) in icons.PICTURES.items():
        with PIL.open(icons.FOLDER / name) as picture:
            assert picture.size == (pixels, pixels)


def test_one_viewport_is_left():
    text = '<meta name="viewport" content="a" />\n<meta name="viewport" content="b"/> <title>t</title>'
    assert head.keep_one_viewport(None, "page", text) == '<meta name="viewport" content="a" />\n<title>t</title>'
    assert head.keep_one_viewport(None, "page", "<p>no head</p>") == "<p>no head</p>"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_first_visit_has_its_theme_before_any_script_of_the_theme(chromium, built, theme):
    context = chromium.new_context(color_scheme=theme)
    tab, errors = context.new_page(), []
    tab.on("console", lambda message: message.type == "error" and errors.append(message.text))
    # The head's own script runs, and the theme's files do not come.
    tab.route("**/*.js*", lambda route: route.abort())
    tab.goto((built / "book" / "notation.html").as_uri())
    assert tab.evaluate("document.documentElement.dataset.theme") == theme
    tab.unroute_all()
    errors.clear()
    tab.reload()
    assert tab.evaluate("({...document.documentElement.dataset})")["mode"] == "auto"
    assert errors == []
    context.close()


class Publisher(SimpleHTTPRequestHandler):
    """Serves a site below a path, as GitHub does, and the lost page for what is not there."""

    path_of_site = "/"

    def translate_path(self, path):
        path = urlsplit(path).path
        below = path.removeprefix(self.path_of_site) if path.startswith(self.path_of_site) else "not below it"
        file = Path(self.directory) / below
        return str(file if file.exists() else Path(self.directory) / "404.html")

    def log_message(self, *_):
        pass


@pytest.fixture
def published(built, base):
    """The address of the site where a server has it."""
    path = urlsplit(base).path
    handler = type("Here", (Publisher,), {"path_of_site": path})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(built)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{path}"
    server.shutdown()
    server.server_close()


def links_of(tab):
    """Give what a page links, as the browser understands it."""
    return tab.evaluate("[...document.querySelectorAll('a')].map(a => a.href)")


@pytest.mark.browser
@pytest.mark.parametrize("place", ["lost.html", "book/lost.html", "book/a/b/c/"])
def test_the_lost_page_leads_back_from_any_depth(chromium, published, built, place):
    with opened(chromium, published + place, allowed=[published]) as tab:
        assert tab.title().startswith("This page is not here")
        leads = links_of(tab)
        assert len(leads) > 20 and all(link.startswith(published) for link in leads)
        assert all((built / link.removeprefix(published)).is_file() for link in leads)
        # The style sheet has come, too.
        assert tab.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--gs-f')")
        tab.fill("input", "forget")
        tab.click("button")
        tab.wait_for_url(f"{published}search.html?q=forget")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_lost_page_works_as_a_file(chromium, built, theme):
    with opened(chromium, (built / "404.html").as_uri(), theme=theme, width=390) as tab:
        leads = links_of(tab)
        assert all(link.startswith(built.as_uri()) for link in leads)
        ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 18, 18)"}[theme]
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def make_site(folder, page="<p>page</p>"):
    """Write a small site."""
    files = {
        "index.html": "home",
        "book/a.html": page,
        "_static/a.js": "1",
        "_static/a.js.map": "x",
        "_static/cards/a.png": "x",
        "lite/index.html": "x",
        "reports/a.err.log": "x",
        ".buildinfo": "x",
        "404.html": "x",
        "_sources/book/a.ipynb": "{}",
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


def test_the_same_site_makes_the_same_zip(tmp_path):
    one, two = make_site(tmp_path / "one"), make_site(tmp_path / "two")
    (two / "book" / "a.html").touch()
    offline.write_zip(one), offline.write_zip(two)
    assert (one / offline.NAME).read_bytes() == (two / offline.NAME).read_bytes()
    with zipfile.ZipFile(one / offline.NAME) as archive:
        names = ["_sources/book/a.ipynb", "_static/a.js", "book/a.html", "index.html"]
        assert archive.namelist() == [f"rnnbook/{name}" for name in names]


def test_the_zip_is_made_again_when_the_site_has_changed_and_only_then(tmp_path):
    folder = make_site(tmp_path)
    file = folder / offline.NAME
    offline.write_zip(folder)
    first = file.stat().st_ino
    offline.write_zip(folder)
    assert file.stat().st_ino == first
    (folder / "book" / "a.html").write_text("new")
    offline.write_zip(folder)
    with zipfile.ZipFile(file) as archive:
        assert archive.read("rnnbook/book/a.html") == b"new"
    file.write_bytes(b"half a file")
    offline.write_zip(folder)
    assert zipfile.is_zipfile(file)


def test_a_page_offers_the_zip_and_says_its_size(tmp_path):
    folder = make_site(tmp_path, "<p>before</p>\n<!-- offline zip -->\n<p>after</p>")
    app = SimpleNamespace(outdir=str(folder), builder=SimpleNamespace(format="html"))
    offline.offer_zip(app, None)
    page = (folder / "book" / "a.html").read_text("utf-8")
    link = f'<a href="../{offline.NAME}" download>The whole book as one file</a>'
    offer = f"<p>{link}: 0.0 MB. Unpack it, and open index.html.</p>"
    assert page == f"<p>before</p>\n<!-- offline zip -->{offer}\n<p>after</p>"
    made = (folder / offline.NAME).read_bytes()
    offline.offer_zip(app, None)  # a build in which this page was not written anew
    assert (folder / "book" / "a.html").read_text("utf-8") == page
    assert (folder / offline.NAME).read_bytes() == made
    with zipfile.ZipFile(folder / offline.NAME) as archive:
        assert archive.read("rnnbook/book/a.html").decode() == "<p>before</p>\n<!-- offline zip -->\n<p>after</p>"


@pytest.mark.browser
def test_the_unpacked_zip_works_from_a_folder(chromium, built, tmp_path):
    folder = tmp_path / "수업 자료"
    with zipfile.ZipFile(built / offline.NAME) as archive:
        archive.extractall(folder)
    unpacked = folder / offline.FOLDER
    for page in in_toc():
        assert (unpacked / f"{page}.html").is_file()
    for notebook in (ROOT / "book").glob("*.ipynb"):
        assert (unpacked / "_sources" / "book" / notebook.name).is_file()
    with opened(chromium, (unpacked / "index.html").as_uri()) as tab:
        tab.wait_for_url("**/book/index.html")
        tab.locator(".bd-sidebar a[href='06-lstm.html']").click()
        tab.wait_for_load_state()
        assert "The LSTM, one gate at a time" in tab.title()
        # A widget of the page has drawn itself.
        assert tab.locator("rb-gate-stepper").first.evaluate("e => (e.shadowRoot ?? e).querySelectorAll('svg').length")
    with opened(chromium, (unpacked / "search.html").as_uri() + "?q=forget") as tab:
        tab.locator("#search-results li a").first.wait_for()
        found = tab.locator("#search-results li a").first.get_attribute("href")
        assert (unpacked / found.partition("#")[0]).is_file()
