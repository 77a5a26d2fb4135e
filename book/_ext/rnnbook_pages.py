"""The little that this book adds to Jupyter Book.

It serves the style sheet, MathJax and the widgets from the book itself, gives a page the scripts of
the widgets that stand on it and no others, keeps two scripts of the theme from doing harm, forgets
executed chapters when the package they import has changed, and runs several chapters at a time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import multiprocessing
import os
import re
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from docutils import nodes

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


def write_widget_scripts(app, config):
    """Write the widgets' scripts into a folder that is copied beside the pages."""
    from rnnbook.widgets import WIDGETS
    from rnnbook.widgets.modules import page_scripts

    folder = Path(app.outdir).parent / ".widgets"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "widgets").mkdir(parents=True)
    app.rnnbook_widgets = {name: page_scripts(name) for name in WIDGETS}
    for scripts in app.rnnbook_widgets.values():
        for name, text in scripts.items():
            (folder / "widgets" / name).write_text(text, "utf-8")
    config.html_static_path.append(str(folder))


def add_widget_scripts(app, pagename, templatename, context, doctree):
    """Load, on this page, what its widgets need. Plain scripts: a page may be opened as a file."""
    raw = doctree.findall(nodes.raw) if doctree else []
    used = {
        name for node in raw for name in re.findall(r"<rb-([a-z0-9-]+) data-state=", node.astext())
    }
    # In the order of WIDGETS; a module that two widgets need comes once.
    for name in [name for name in app.rnnbook_widgets if name in used]:
        for script in app.rnnbook_widgets[name]:
            # Before MathJax, which is large: deferred scripts run in the order of the page.
            app.add_js_file(f"widgets/{script}", loading_method="defer", priority=150)


def execution_cache(app):
    """The folder where MyST-NB keeps executed chapters, unless it is told another."""
    return Path(app.outdir).parent / ".jupyter_cache"


def forget_stale_executions(app, config):
    """Empty the execution cache when something changed that its key does not cover.

    jupyter-cache looks at the code of a chapter alone. A chapter also depends on the package, on
    the results it reads, on the pinned versions, on Python and on the shift of the seeds.
    """
    digest = hashlib.sha256()
    package = sorted(p for p in (ROOT / "rnnbook").rglob("*") if p.suffix in {".py", ".json"})
    results = sorted(p for p in (BOOK / "data").rglob("*") if p.is_file())
    sources = [ROOT / "requirements.txt", *package, *results]
    for path in sources:
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    digest.update(sys.version.encode())
    digest.update(os.environ.get("RNNBOOK_SEED_OFFSET", "").encode())

    cache = execution_cache(app)
    stamp = cache / "made-with.txt"
    if not stamp.is_file() or stamp.read_text("utf-8") != digest.hexdigest():
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        stamp.write_text(digest.hexdigest(), "utf-8")


def run_chapters(app, env, docnames):
    """Run the chapters that are not in the cache, several at a time.

    MyST-NB runs one after another, and finds all of these in the cache. One that fails is left to
    it: it says what went wrong, and where.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn
    from jupyter_cache.executors.utils import single_nb_execution

    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(execution_cache(app))
    notebooks = {}
    for path in sorted(Path(env.doc2path(name)) for name in docnames):
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                notebooks[path] = notebook
    if len(notebooks) < 2:
        return
    seconds = app.config.nb_execution_timeout  # for one cell
    workers = int(os.environ.get("JOBS", os.cpu_count() or 1))
    # Fresh processes, not copies of this one, which has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(notebooks)), mp_context=context) as pool:
        running = {
            path: pool.submit(single_nb_execution, notebook, str(path.parent), seconds, False)
            for path, notebook in notebooks.items()
        }
        for path, future in running.items():
            result = None if future.exception() else future.result()
            if result and result.err is None:
                record = cache.add_nb_to_project(str(path))
                data = {"execution_seconds": result.time}
                cache.cache_notebook_bundle(
                    CacheBundleIn(result.nb, record.uri, data=data),
                    check_validity=False,
                    overwrite=True,
                )


def drop_scripts(app, pagename, templatename, context, doctree):
    """Leave out what a page does not use.

    sphinx-thebe declares its constants twice on each page. The state of live widgets is for a
    widget manager, which a page without a kernel does not have.
    """

    def wanted(script):
        attributes = getattr(script, "attributes", None) or {}
        body = attributes.get("body") or ""
        name = str(getattr(script, "filename", None) or script)
        state = "jupyter.widget-state" in attributes.get("type", "")
        return not state and "THEBE_JS_URL" not in body and "sphinx-thebe" not in name

    context["script_files"][:] = [
        script for script in context.get("script_files", []) if wanted(script)
    ]


def setup(app):
    app.connect("config-inited", add_static_folders, priority=900)
    app.connect("config-inited", write_widget_scripts, priority=900)
    app.connect("html-page-context", add_widget_scripts, priority=900)
    app.connect("config-inited", forget_stale_executions, priority=900)
    app.connect("env-before-read-docs", run_chapters)
    app.connect("html-page-context", drop_scripts, priority=950)
    app.add_css_file("book.css", priority=900)
    # The theme's Font Awesome watches the page and replaces icons as they appear, which breaks the
    # controls of ipywidgets. It only has to look once.
    app.add_js_file(None, body="window.FontAwesomeConfig={observeMutations:false};", priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
