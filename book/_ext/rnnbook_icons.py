"""The theme's icons as shapes in the page, in place of a script of 1.5 MB that draws them.

The script of Font Awesome that comes with the theme holds the outline of every icon; those that the
pages use are taken from it while the book is built.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pydata_sphinx_theme
from rnnbook_html import add_rewriter
from sphinx.util import logging

logger = logging.getLogger(__name__)

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
STYLES = {"fa-solid", "fas", "fa-brands", "fab", "fa-regular", "far"}
SIZES = {"fa-lg", "fa-sm", "fa-xs", "fa-xl", "fa-fw"}
TAG = re.compile(
    r'<(?P<tag>i|span)\b(?P<before>[^>]*?)\bclass="(?P<names>[^"]*\bfa-[^"]*)"(?P<after>[^>]*)>\s*</(?P=tag)>'
)
SCRIPT = re.compile(r'<script src="[^"]*/fontawesome\.js[^"]*"></script>')


@functools.cache
def outline(name: str) -> tuple[str, str, str] | None:
    """The width, height and path of an icon."""
    script = (THEME / "scripts" / "fontawesome.js").read_text("utf-8")
    quoted = rf'(?:"{name}"|(?<=[{{,]){name})'
    found = re.search(quoted + r':\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]', script)
    return found.groups() if found else None


def shape(tag: re.Match) -> str:
    names = tag["names"].split()
    icons = [name for name in names if name.startswith("fa-") and name not in STYLES | SIZES]
    found = outline(icons[0].removeprefix("fa-")) if icons else None
    if found is None:
        logger.warning("no outline of the icon %r", tag["names"])
        return tag[0]
    width, height, path = found
    kept = " ".join(["rb-icon", *(name for name in names if name not in STYLES)])
    data = "".join(re.findall(r'\sdata-[\w-]+="[^"]*"', tag["before"] + tag["after"]))
    box = f'viewBox="0 0 {width} {height}"'
    return f'<svg class="{kept}"{data} {box} aria-hidden="true"><path d="{path}"/></svg>'


def draw_icons(app, pagename, text):
    return TAG.sub(shape, SCRIPT.sub("", text))


def drop_rules(app, exception):
    """Take the rules for a font of icons, a quarter of the theme's style sheet, out of it."""
    if exception is None and app.builder.format == "html":
        sheet = Path(app.outdir) / "_static" / "styles" / "pydata-sphinx-theme.css"
        text = sheet.read_text("utf-8")
        name = r"\.fa[a-z0-9-]*(?:::?before)?"
        text = re.sub(rf"(?<=[}}/]){name}(?:,{name})*\{{[^{{}}]*\}}", "", text)
        sheet.write_text(re.sub(r"@font-face\{[^}]*Font Awesome[^}]*\}", "", text), "utf-8")


def setup(app):
    app.connect("build-finished", drop_rules)
    add_rewriter(app, draw_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
