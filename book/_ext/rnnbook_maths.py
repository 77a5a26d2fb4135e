"""Equations are set while the book is built: a page loads no MathJax, and nothing moves in it.

MathJax runs here, in V8, without a browser. Each equation becomes outlines for the eye and MathML
for a screen reader. The outline of a glyph stands once on a page; every equation refers to it.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
from pathlib import Path

from docutils import nodes
from rnnbook_html import add_rewriter
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

# In this order: `startup` holds the loader, with which the other files register what they bring.
FILES = (
    "startup.js",
    "core.js",
    "adaptors/liteDOM.js",  # a document without a browser
    "input/tex-full.js",
    "output/svg.js",
    "output/svg/fonts/tex.js",
    "a11y/assistive-mml.js",
)
# Not among the packages: `noerrors` and `noundefined`, which would hide a mistake.
CONFIGURE = """
var global = globalThis;
var setTimeout = (f) => Promise.resolve().then(f), clearTimeout = () => {};
var MathJax = {
  loader: {load: [], ready() {}},
  startup: {typeset: false, ready() {}},
  tex: {packages: ["base", "ams", "boldsymbol", "html", "newcommand", "unicode"]},
  svg: {fontCache: "global"},
};
"""
START = """
MathJax.startup.getComponents();
MathJax.startup.makeMethods();
var written = (node) => MathJax.startup.adaptor.outerHTML(node);
var typeset = (tex, display) => written(MathJax.tex2svg(tex, {display}));
var glyphs = () => written(MathJax.startup.document.outputJax.fontCache.getCache());
0
"""


@functools.cache
def mathjax():
    """Start MathJax. Not before it is needed: V8 has threads, and a process that forks must not."""
    from py_mini_racer import MiniRacer

    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    folder = Path(package.locate_file("sphinx-mathjax-offline/static/mathjax"))
    engine = MiniRacer()
    engine.eval(CONFIGURE)
    for name in FILES:
        engine.eval((folder / name).read_text("utf-8") + "\n;0")
    engine.eval(START)
    return engine


@functools.cache
def typeset(tex: str, display: bool) -> str:
    """Set one equation. An error of TeX stands in the attribute `data-mjx-error`."""
    drawn = mathjax().eval(f"typeset({json.dumps(tex)}, {json.dumps(display)})")
    # Names for MathJax's own menu, which is not here.
    drawn = re.sub(r' (?:data-c|data-mml-node|unselectable|focusable)="[^"]*"', "", drawn)
    drawn = re.sub(r' xmlns(?::xlink)?="[^"]*"| style="position: relative;"', "", drawn)
    return drawn.replace("xlink:href", "href").replace('class=" ', 'class="')


def glyph_outlines() -> dict[str, str]:
    """Every glyph that was used since the start, by its name."""
    cache = mathjax().eval("glyphs()")
    return {name: path for path, name in re.findall(r'(<path id="([^"]+)".*?</path>)', cache)}


def drawing(node, tex, display):
    """Set what a node holds. A mistake in it is a warning of the build, with its place."""
    drawn = typeset(tex, display)
    if problem := re.search(r'data-mjx-error="([^"]*)"', drawn):
        logger.warning("MathJax cannot read %r: %s", tex, problem[1], location=node)
    elif "<text" in drawn:
        logger.warning("MathJax has no glyph for a character of %r", tex, location=node)
    return drawn


def visit_inline(translator, node):
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate"))
    translator.body.append(drawing(node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def visit_block(translator, node):
    tex = node.astext()
    if "\\\\" in tex and not node["nowrap"]:  # several lines
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    translator.body.append(translator.starttag(node, "div", "", CLASS="math notranslate"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})</span>')
    translator.body.append(drawing(node, tex, display=True) + "</div>\n")
    raise nodes.SkipNode


def add_glyphs(app, pagename, text):
    """Give a page the outlines to which its equations refer."""
    used = sorted(set(re.findall(r'href="#(MJX-[^"]+)"', text)))
    if not used:
        return text
    outlines = glyph_outlines()
    shapes = "".join(outlines[name] for name in used)
    hidden = f'<svg class="rb-glyphs" aria-hidden="true"><defs>{shapes}</defs></svg>'
    return re.sub(r"<body\b[^>]*>", lambda body: body[0] + hidden, text, count=1)


def setup(app):
    app.add_html_math_renderer("rnnbook", (visit_inline, None), (visit_block, None))
    add_rewriter(app, add_glyphs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
