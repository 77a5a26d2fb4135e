"""What the build does to a page's text: equations set, figures made files, icons drawn, scripts chosen."""

import base64
import logging
import os
import re
import struct
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

pytest.importorskip("docutils")
pytest.importorskip("sphinx")
pytest.importorskip("pydata_sphinx_theme")
pytest.importorskip("py_mini_racer")

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import rnnbook_execution as execution  # noqa: E402
import rnnbook_icons as icons  # noqa: E402
import rnnbook_images as images  # noqa: E402
import rnnbook_maths as maths  # noqa: E402
import rnnbook_scripts as scripts  # noqa: E402


@pytest.fixture(scope="module")
def pages():
    found = {page.relative_to(SITE).as_posix(): page.read_text("utf-8") for page in SITE.glob("book/*.html")}
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built: make book")
    return found


# -- equations


def test_an_equation_is_drawn_for_the_eye_and_spelled_for_a_screen_reader():
    drawn = maths.typeset(r"\class{rb-f}{f_t} = \sigma(a)", False)
    outlines, _, spelled = drawn.partition("<mjx-assistive-mml")
    assert 'aria-hidden="true"' in outlines and "<mi>f</mi>" in spelled and "<mi>σ</mi>" in spelled
    assert re.search(r'<g class="rb-f">', outlines)
    # f, t, =, σ, (, a and ): each refers to an outline, and none is text that needs a font.
    assert len(re.findall(r'<use href="#(MJX-[^"]+)"', outlines)) == 7 and "<text" not in drawn
    assert "data-mjx-error" not in drawn


def test_a_page_gets_each_outline_that_it_uses_once():
    text = "<html><body class='x'>" + maths.typeset("x + x", True) + maths.typeset("x^2", True) + "</body></html>"
    page = maths.add_glyphs(None, "page", text)
    defined = re.findall(r'<path id="([^"]+)"', page)
    assert len(defined) == len(set(defined))
    assert set(defined) == set(re.findall(r'href="#(MJX-[^"]+)"', page)) and len(defined) == 3  # x, + and 2
    assert maths.add_glyphs(None, "page", "<body>none</body>") == "<body>none</body>"


@pytest.mark.parametrize("tex", [r"\frac{1", r"\nosuchthing x", r"x^2^3", "h = ½"])
def test_a_mistake_in_an_equation_is_a_warning_with_its_place(tex):
    node, seen = SimpleNamespace(), []
    handler = logging.Handler()
    handler.emit = seen.append
    logger = logging.getLogger("sphinx.rnnbook_maths")
    logger.addHandler(handler)
    try:
        maths.drawing(node, tex, False)
    finally:
        logger.removeHandler(handler)
    assert len(seen) == 1 and repr(tex) in seen[0].getMessage() and seen[0].location is node


def test_no_page_loads_mathjax_and_every_equation_is_set(pages):
    equations = sum(page.count("<mjx-container") for page in pages.values())
    assert equations > 1500
    for name, page in pages.items():
        assert not re.search(r"<script[^>]*(?:mathjax|tex-svg)", page, re.IGNORECASE), name
        assert not re.search(r'class="math[^"]*">\s*\\[(\[]', page), name
        missing = set(re.findall(r'href="#(MJX-[^"]+)"', page)) - set(re.findall(r'<path id="([^"]+)"', page))
        assert not missing, (name, missing)


# -- figures


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\0" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="75pt" height="30pt" viewBox="0 0 75 30"/>'


@pytest.mark.parametrize(
    ("tag", "size", "ending", "data"),
    [
        (f'<img alt="a" src="data:image/svg+xml,{quote(SVG)}"/>', (100, 40), "svg", SVG.encode()),
        (f'<source media="m" srcset="data:image/svg+xml,{quote(SVG)}">', (100, 40), "svg", SVG.encode()),
        (f'<img src="data:image/png;base64,{base64.b64encode(png(7, 5)).decode()}">', (7, 5), "png", png(7, 5)),
    ],
)
def test_a_picture_in_a_page_becomes_a_file_of_known_size(tmp_path, tag, size, ending, data):
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    text = images.write_figures(app, "book/page", f"<p>{tag}</p>")
    name = re.search(r'src(?:set)?="\.\./_figures/([^"]+)"', text)[1]
    assert name.endswith(ending) and (tmp_path / "_figures" / name).read_bytes() == data
    assert f'width="{size[0]}" height="{size[1]}"' in text and "data:" not in text
    assert ('loading="lazy"' in text) == tag.startswith("<img")
    assert ('alt="a"' in text) == ('alt="a"' in tag) and ('media="m"' in text) == ('media="m"' in tag)
    # The same picture on another page is the same file; one that no page shows goes.
    assert images.write_figures(app, "index", tag).count(f'"_figures/{name}"') == 1
    (tmp_path / "index.html").write_text(text)
    (tmp_path / "_figures" / "0123.svg").write_text("old")
    images.finish_pictures(app, None)
    assert [file.name for file in (tmp_path / "_figures").iterdir()] == [name]


def test_every_figure_of_the_book_is_a_file_with_its_size(pages):
    shown = [tag for page in pages.values() for tag in re.findall(r"<(?:img|source)\b[^>]*_figures/[^>]*>", page)]
    assert len(shown) > 200
    for tag in shown:
        assert (SITE / re.search(r"_figures/[^\"]+", tag)[0]).is_file()
        assert re.search(r'width="\d+" height="\d+"', tag)
    assert not [name for name, page in pages.items() if re.search(r'src(?:set)?="data:image', page)]


# -- icons


def test_an_icon_is_its_outline_and_keeps_what_the_theme_asks_of_it():
    drawn = icons.draw_icons(
        None, "page", '<i class="theme-switch fa-solid fa-moon   fa-lg" data-mode="dark" title="D"></i>'
    )
    assert drawn.startswith('<svg class="rb-icon theme-switch fa-moon fa-lg" data-mode="dark" viewBox="0 0 384 512"')
    assert 'aria-hidden="true"' in drawn and re.search(r'<path d="M[^"]{40,}"/></svg>$', drawn)
    assert icons.outline("no-such-icon") is None


def test_no_page_loads_icons_or_their_font(pages):
    for name, page in pages.items():
        assert "fontawesome.js" not in page, name
        assert not re.search(r'class="[^"]*\bfa[bsr]?(?:-solid|-brands|-regular)?\s[^"]*fa-', page), name


# -- scripts and styles


def file(name, **attributes):
    return SimpleNamespace(filename=name, attributes=attributes)


def chosen(body, *files):
    context = {"body": body, "script_files": list(files), "css_files": []}
    scripts.choose_files(None, "page", "page.html", context, None)
    return [script.filename or script.attributes["body"] for script in context["script_files"]]


def test_a_page_loads_what_it_uses():
    every = [
        file("_static/copybutton.js"),
        file("_static/togglebutton.js"),
        file(None, body="let toggleHintShow = 'x';"),
        file("_static/sphinx-thebe.js"),
        file("_static/doctools.js"),
        file("_static/widgets/gate-stepper.js"),
    ]
    always = ["_static/doctools.js", "_static/widgets/gate-stepper.js"]
    assert chosen("<p>words</p>", *every) == always
    assert chosen('<div class="highlight-python notranslate">', *every) == ["_static/copybutton.js", *always]
    folded = '<div class="dropdown admonition solution">'
    assert chosen(folded, *every) == ["_static/togglebutton.js", "let toggleHintShow = 'x';", *always]


def test_scripts_wait_for_the_page_but_in_the_search():
    tags = (
        '<script src="../_static/doctools.js?v=1"></script><script src="../_static/documentation_options.js"></script>'
    )
    assert scripts.let_wait(None, "book/index", tags) == tags.replace("<script src", '<script defer="defer" src', 1)
    assert scripts.let_wait(None, "search", tags) == tags


def test_changing_a_pin_that_no_chapter_imports_runs_no_chapter_again():
    pins = execution.imported_by_chapters().splitlines()
    names = {pin.split("==")[0] for pin in pins}
    assert {"numpy", "matplotlib", "ipykernel"} <= names and not names & {"sphinx", "pytest", "mini-racer"}
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins)
