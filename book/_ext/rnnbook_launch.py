"""Buttons that open a chapter where it runs: in the browser, on Binder, in Colab.

Their addresses, and that of the button for issues, are those of the repository in which the site is
built: in a fork's site they lead to the fork, with nothing to change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sphinx.errors import ConfigError

# What a reader should know before the click: where it runs, and who is asked for what.
TOOLTIPS = {
    "In the browser": "Runs here, on your own machine. Loads Python (Pyodide) from"
    " cdn.jsdelivr.net, and some packages from pypi.org",
    "Binder": "Runs on mybinder.org, in this book's own environment. It takes minutes to start",
    "Colab": "Runs at Google, and asks for an account there",
}
# Colab opens a notebook and nothing beside it. Chapters do without what lies there; this page
# cannot.
NOT_ALONE = {"book/speed"}
# JupyterLite needs a server. From a folder its button would lead to an empty page.
ONLY_FROM_A_SERVER = """if (location.protocol === "file:") document.head.insertAdjacentHTML(
  "beforeend", "<style>.dropdown-menu li:has(> .btn-launch-lite) {display: none}</style>")"""


class Repository(NamedTuple):
    """Where the book's source is: its address, and the branch that is shown."""

    url: str
    branch: str


def repository(environment: Mapping[str, str], configured: Repository) -> Repository:
    """Say in which repository the site is built.

    GitHub tells a workflow so. The branch is then the repository's default branch: that of a pull
    request is gone when its page is read. Anywhere else it is what _config.yml says.
    """
    server, name = (environment.get(f"GITHUB_{key}") for key in ("SERVER_URL", "REPOSITORY"))
    if not (server and name):
        return configured
    event = Path(environment.get("GITHUB_EVENT_PATH", ""))
    payload = json.loads(event.read_text("utf-8")) if event.is_file() else {}
    branch = payload.get("repository", {}).get("default_branch")
    return Repository(f"{server.rstrip('/')}/{name}", branch or configured.branch)


def follow_repository(app, config):
    """Tell the theme, which writes the addresses of Binder, Colab and the repository."""
    options = config.html_theme_options
    configured = Repository(options["repository_url"], options["repository_branch"])
    options["repository_url"], options["repository_branch"] = repository(os.environ, configured)


def add_browser_button(app, pagename, templatename, context, doctree):
    """Put "In the browser" before the other launch buttons, which the theme gives to notebooks."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            # Relative to the page: a site may stand under any address.
            lite = context["pathto"]("lite/lab/index.html", 1)
            button = {
                "type": "link",
                "text": "In the browser",
                "icon": "_static/images/logo_jupyterlite.svg",
                "url": f"{lite}?path={pagename}.ipynb",
                "label": "launch-lite",
            }
            group["buttons"].insert(0, button)
            if pagename in NOT_ALONE:
                group["buttons"][:] = [b for b in group["buttons"] if b["text"] != "Colab"]
            for button in group["buttons"]:
                if button["text"] not in TOOLTIPS:
                    raise ConfigError(f"say in rnnbook_launch.py what {button['text']} does")
                button["tooltip"] = TOOLTIPS[button["text"]]
            app.add_js_file(None, body=ONLY_FROM_A_SERVER)


def setup(app):
    app.setup_extension("rnnbook_lite")  # so that the button has something to open
    # Before rnnbook_site, which makes the site's own address of it.
    app.connect("config-inited", follow_repository, priority=850)
    # After the theme's own buttons.
    app.connect("html-page-context", add_browser_button, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
