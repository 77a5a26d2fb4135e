"""Which scripts and styles a page loads: those that it uses, all served by the book itself."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from docutils import nodes
from rnnbook_html import add_rewriter

BOOK = Path(__file__).resolve().parent.parent

# What an extension puts on every page, and what a page has that needs it (None: no page of ours).
NEEDED_BY = {
    "sphinx-thebe": None,  # runs cells in the page through Binder
    "THEBE_JS_URL": None,
    "thebe_selector": None,
    "design-tabs": None,  # tabs, cards and grids
    "sphinx-design": None,
    "clipboard": r'class="highlight',
    "copybutton": r'class="highlight',
    "toggle": r'class="[^"]*\b(?:toggle|dropdown|tag_hide_\w+)\b',  # solutions that unfold
    "exercise": r'class="(?:exercise|solution|admonition)',
    "mystnb": r'class="[^"]*\bcell\b',
    "jupyter.widget-state": None,  # for a widget manager, which a page without a kernel has not
}
# They wait for nothing but the page: it is drawn before they run.
PATIENT = re.compile(
    r'<script (?=src="[^"]*/(?:doctools|sphinx_highlight|clipboard|copybutton|sphinx-book-theme'
    r"|togglebutton)\b)"
)


def add_static_folders(app, config):
    # Not through a `_static` folder beside _config.yml: Jupyter Book would put each script found in
    # there on each page.
    config.html_static_path.append(str(BOOK / "_static"))


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
            app.add_js_file(f"widgets/{script}", loading_method="defer")


def choose_files(app, pagename, templatename, context, doctree):
    """Leave out what a page does not use, and let the rest wait for the page."""
    body = context.get("body", "")

    def wanted(file):
        attributes = getattr(file, "attributes", None) or {}
        said = f"{file.filename or ''} {attributes.get('body', '')} {attributes.get('type', '')}"
        return all(
            name not in said or (marker is not None and re.search(marker, body))
            for name, marker in NEEDED_BY.items()
        )

    for kind in ("script_files", "css_files"):
        context[kind][:] = [file for file in context.get(kind, []) if wanted(file)]


def let_wait(app, pagename, text):
    """Draw the page before its scripts run. The search has scripts that want the others at once."""
    return text if pagename == "search" else PATIENT.sub('<script defer="defer" ', text)


def setup(app):
    app.connect("config-inited", add_static_folders, priority=900)
    app.connect("config-inited", write_widget_scripts, priority=900)
    app.connect("html-page-context", add_widget_scripts, priority=900)
    app.connect("html-page-context", choose_files, priority=950)
    add_rewriter(app, let_wait)
    app.add_css_file("book.css", priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
