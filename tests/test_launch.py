"""Where a chapter runs: its launch buttons, whose repository they name, and JupyterLite beside the pages."""

import contextlib
import functools
import hashlib
import html
import http.server
import json
import os
import re
import sys
import threading
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("sphinx")
yaml = pytest.importorskip("yaml")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("playwright")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import rnnbook_launch as launch  # noqa: E402
import rnnbook_lite as lite  # noqa: E402
from browser import unavailable  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402

SITE = ROOT / "_build" / "html"
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
PAGES = sorted((SITE / "book").glob("*.html"))
PYODIDE = "https://cdn.jsdelivr.net/pyodide/"
HOME = launch.Repository("https://github.com/home/book", "main")


@pytest.fixture(scope="module")
def built():
    if not (SITE / "lite" / "index.html").is_file():
        unavailable("the book is not built: make book")
    return SITE / "lite"


# -- whose repository


def test_away_from_github_the_repository_is_the_configured_one():
    assert launch.repository({}, HOME) == HOME
    assert launch.repository({"GITHUB_SERVER_URL": "https://github.com"}, HOME) == HOME


@pytest.mark.parametrize(
    ("event", "branch"),
    [
        ({"ref": "refs/heads/trunk", "repository": {"default_branch": "trunk"}}, "trunk"),
        ({"pull_request": {"head": {"ref": "patch-1"}}, "repository": {"default_branch": "trunk"}}, "trunk"),
        ({"schedule": "0 5 * * 1"}, "main"),  # it need not say more
        (None, "main"),
    ],
)
def test_a_forks_site_leads_to_the_fork(tmp_path, event, branch):
    environment = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "fork/its-name",
        "GITHUB_REF_NAME": "12/merge",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
    }
    if event is not None:
        (tmp_path / "event.json").write_text(json.dumps(event), "utf-8")
    assert launch.repository(environment, HOME) == ("https://github.com/fork/its-name", branch)


# -- the buttons


def buttons(page):
    """Give the launch buttons of a page, text to address."""
    text = page.read_text("utf-8")
    group = re.search(r'<div class="dropdown dropdown-launch-buttons">.*?</ul>', text, re.DOTALL)
    links = re.findall(r'<a href="([^"]*)".*?btn__text-container">([^<]*)<', group[0] if group else "", re.DOTALL)
    return {name: html.unescape(address) for address, name in links}


def expected_repository():
    said = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    return launch.repository(os.environ, launch.Repository(said["url"], said["branch"]))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapters_buttons_lead_to_it(built, notebook):
    page = SITE / "book" / f"{notebook.stem}.html"
    found = buttons(page)
    url, branch = expected_repository()
    name, file = urlsplit(url).path.strip("/"), f"book/{notebook.name}"
    wanted = {
        "In the browser": f"../lite/lab/index.html?path={file}",
        "Binder": f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{file}",
        "Colab": f"https://colab.research.google.com/github/{name}/blob/{branch}/{file}",
    }
    if f"book/{notebook.stem}" in launch.NOT_ALONE:
        del wanted["Colab"]
    assert list(found.items()) == list(wanted.items())
    address = urlsplit(found["In the browser"])
    assert (page.parent / address.path).resolve() == built / "lab" / "index.html"
    assert (built / "lab" / "index.html").is_file()
    assert (built / "files" / parse_qs(address.query)["path"][0]).is_file()


def test_other_pages_have_no_launch_button(built):
    others = [page for page in PAGES if not (ROOT / "book" / f"{page.stem}.ipynb").is_file()]
    assert len(others) > 10 and [page.name for page in others if buttons(page)] == []


def test_repository_and_issue_buttons_name_the_same_repository(built):
    url, _ = expected_repository()
    for page in PAGES:
        text = page.read_text("utf-8")
        links = re.findall(r'href="(https://github\.com/[^"]*)" target="_blank"\s+class="btn[^"]*"', text)
        assert len(links) == 2 and links[0] == url and links[1].startswith(f"{url}/issues/new?"), page.name


# -- JupyterLite beside the pages


def test_it_has_the_chapters_as_they_are_and_what_lies_beside_them(built):
    there = {p.relative_to(built / "files"): p.read_bytes() for p in (built / "files").rglob("*") if p.is_file()}
    beside = [path for path in (ROOT / "book" / "data").rglob("*") if path.is_file()]
    assert there == {path.relative_to(ROOT): path.read_bytes() for path in [*NOTEBOOKS, *beside]}
    listed = json.loads((built / "api" / "contents" / "book" / "all.json").read_text("utf-8"))["content"]
    assert {entry["name"] for entry in listed} == {path.name for path in NOTEBOOKS} | {"data"}


def test_the_first_cell_finds_the_package_of_this_commit_there(built):
    index = json.loads((built / "pypi" / "all.json").read_text("utf-8"))
    assert set(index) == {"rnnbook", "anywidget", "ipywidgets"}
    for releases in index.values():
        ((release,),) = releases["releases"].values()
        content = (built / "pypi" / release["filename"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == release["digests"]["sha256"]
        assert release["filename"].endswith("py3-none-any.whl")  # Pyodide takes it as it is
    (wheel,) = (built / "pypi").glob("rnnbook-*.whl")
    with zipfile.ZipFile(wheel) as content:
        inside = {name: content.read(name) for name in content.namelist() if name.startswith("rnnbook/")}
    files = [p for p in (ROOT / "rnnbook").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert inside == {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}


def test_it_has_what_chapters_need_and_nothing_more(built):
    settings = json.loads((built / "jupyter-lite.json").read_text("utf-8"))["jupyter-config-data"]
    assert {extension["name"] for extension in settings["federated_extensions"]} == {
        "@jupyter-widgets/jupyterlab-manager",
        "anywidget",
        "jupyterlab-myst",
        "@jupyterlite/pyodide-kernel-extension",
    }
    assert settings["fileTypes"]["npz"]["fileFormat"] == "base64"
    assert not [app for app in ("repl", "tree", "notebooks", "consoles", "edit") if (built / app).exists()]
    assert list(built.rglob("*.map")) == []


@pytest.mark.parametrize("solutions", [True, False])
def test_a_book_without_solutions_has_none_here_either(tmp_path, solutions):
    lite.copy_chapters(tmp_path, solutions)
    chapters = [path.read_text("utf-8") for path in (tmp_path / "book").glob("[01]*.ipynb")]
    assert len(chapters) == 14
    for chapter in chapters:
        assert ("{solution-start}" in chapter) == ("{solution-end}" in chapter) == solutions
        assert chapter.count("{exercise}") >= 4 and json.loads(chapter)["nbformat"] == 4


def test_a_repacked_package_is_the_installed_one(tmp_path):
    from importlib.metadata import distribution

    lite.repack("anywidget", tmp_path)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
        assert (
            content.read("anywidget/__init__.py")
            == distribution("anywidget").locate_file("anywidget/__init__.py").read_bytes()
        )
        (record,) = [name for name in names if name.endswith(".dist-info/RECORD")]
        rows = content.read(record).decode().splitlines()
    assert [row.split(",")[0] for row in rows] == names
    assert not [name for name in names if ".." in name or "__pycache__" in name or name.endswith("INSTALLER")]


def test_what_is_not_python_alone_is_not_repacked(tmp_path):
    with pytest.raises(ExtensionError, match="numpy is not Python alone"):
        lite.repack("numpy", tmp_path)


@pytest.mark.slow
def test_building_twice_gives_the_same_bytes(tmp_path):
    def digest(folder):
        lite.build(folder, "title", "favicon.svg")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        assert len(files) > 500
        return [(path.relative_to(folder), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]

    assert digest(tmp_path / "one") == digest(tmp_path / "two")


# -- in a real browser


@contextlib.contextmanager
def served(folder):
    """Serve a folder on this machine; gives its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.browser
def test_the_button_opens_the_chapter(built, chromium):
    """From the page to the chapter's text and code. Pyodide would come from its host, which is not asked here."""
    problems, others = [], set()
    with served(SITE.parent) as address:  # so that the site does not stand at the top of its server
        context = chromium.new_context(viewport={"width": 1280, "height": 900})

        def answer(route):
            url = route.request.url
            if url.startswith(address):
                return route.continue_()
            others.add(url)
            # In Pyodide's place: a Python that never starts.
            body = "export const loadPyodide = () => new Promise(() => {})"
            return route.fulfill(
                body=body, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
            )

        context.route("**/*", answer)

        def watch(tab):
            tab.on("pageerror", lambda error: problems.append(f"error of a script: {error}"))
            tab.on("requestfailed", lambda r: problems.append(f"request failed: {r.url}"))
            tab.on("response", lambda r: r.status >= 400 and problems.append(f"{r.status}: {r.url}"))

        context.on("page", watch)
        page = context.new_page()
        page.goto(f"{address}/{SITE.name}/book/06-lstm.html")
        page.locator(".dropdown-launch-buttons > button").click()
        with context.expect_page() as opening:
            page.locator(".btn-launch-lite").click()
        editor = opening.value
        chapter = nbformat.read(ROOT / "book" / "06-lstm.ipynb", as_version=4)
        title = next(line for c in chapter.cells for line in c.source.splitlines() if line.startswith("# "))
        editor.locator(".jp-MarkdownCell h1").first.wait_for(timeout=60_000)
        assert editor.locator(".jp-MarkdownCell h1").first.inner_text().strip("¶ \n") == title.removeprefix("# ")
        first = editor.locator(".jp-CodeCell .cm-content").first
        first.wait_for()
        assert '%pip install -q "rnnbook[notebook]"' in first.inner_text()
        editor.wait_for_function("document.body.innerText.includes('Python (Pyodide)')")
        # The kernel asks for Pyodide, and nothing asks for anything else.
        for _ in range(600):
            if not others:
                editor.wait_for_timeout(100)
        editor.wait_for_load_state("networkidle")
        context.close()
    assert {url.startswith(PYODIDE) for url in others} == {True}, others
    assert problems == []


@pytest.mark.browser
def test_from_a_folder_there_is_no_button_that_cannot_work(built, chromium):
    page = SITE / "book" / "06-lstm.html"
    with served(SITE) as address:
        for where, seen in [(page.as_uri(), False), (f"{address}/book/06-lstm.html", True)]:
            tab = chromium.new_page()
            tab.goto(where)
            tab.locator(".dropdown-launch-buttons > button").click()
            tab.locator(".dropdown-launch-buttons .dropdown-menu").wait_for()
            assert tab.locator(".btn-launch-lite").is_visible() == seen
            # It is the only one that goes, with its place in the list.
            assert len([b for b in tab.locator(".dropdown-launch-buttons li").all() if b.is_visible()]) == 2 + seen
            tab.close()
