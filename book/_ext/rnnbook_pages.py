"""The little that this book adds to Jupyter Book.

It serves the style sheet and MathJax from the book itself, keeps two scripts of the theme from
doing harm, and forgets executed chapters when the package they import has changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent
ROOT = BOOK.parent


def add_static_folders(app, config):
    # Not through a `_static` folder beside _config.yml: Jupyter Book would put each script found in
    # there on each page.
    config.html_static_path.append(str(BOOK / "_static"))
    # One file of MathJax, with every TeX extension and its glyphs as outlines: it loads no other.
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    mathjax = package.locate_file("sphinx-mathjax-offline/static/mathjax/tex-svg-full.js")
    config.html_static_path.append(str(mathjax))


def forget_stale_executions(app, config):
    """Empty the execution cache when something changed that its key does not cover.

    jupyter-cache looks at the code of a chapter alone. A chapter also depends on the package, on
    the pinned versions, on Python and on the shift of the seeds.
    """
    digest = hashlib.sha256()
    sources = [ROOT / "requirements.txt", *sorted((ROOT / "rnnbook").rglob("*.py"))]
    for path in sources:
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    digest.update(sys.version.encode())
    digest.update(os.environ.get("RNNBOOK_SEED_OFFSET", "").encode())

    cache = Path(app.outdir).parent / ".jupyter_cache"
    stamp = cache / "made-with.txt"
    if not stamp.is_file() or stamp.read_text("utf-8") != digest.hexdigest():
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        stamp.write_text(digest.hexdigest(), "utf-8")


def drop_scripts(app, pagename, templatename, context, doctree):
    """Leave out sphinx-thebe, which we do not use: it declares its constants twice on each page."""

    def wanted(script):
        body = (getattr(script, "attributes", None) or {}).get("body") or ""
        name = str(getattr(script, "filename", None) or script)
        return "THEBE_JS_URL" not in body and "sphinx-thebe" not in name

    context["script_files"][:] = [
        script for script in context.get("script_files", []) if wanted(script)
    ]


def setup(app):
    app.connect("config-inited", add_static_folders, priority=900)
    app.connect("config-inited", forget_stale_executions, priority=900)
    app.connect("html-page-context", drop_scripts, priority=950)
    app.add_css_file("book.css", priority=900)
    # The theme's Font Awesome watches the page and replaces icons as they appear, which breaks the
    # controls of ipywidgets. It only has to look once.
    app.add_js_file(None, body="window.FontAwesomeConfig={observeMutations:false};", priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
