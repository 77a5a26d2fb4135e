"""What the theme writes into the head of a page, mended."""

from __future__ import annotations

import itertools
import re

from rnnbook_html import add_rewriter

# The reader's choice, or what the system says, before anything is painted. The theme leaves it open
# until its scripts have come: a dark page would be light for a moment, and an error is logged.
CHOOSE_THEME = """<script data-cfasync="false">
    (({ dataset }) => {
      const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      dataset.mode = localStorage.getItem("mode") || "auto";
      dataset.theme = dataset.mode === "auto" ? system : dataset.mode;
    })(document.documentElement);
  </script>"""


def choose_theme_at_once(app, pagename, text):
    """Say whether a page is light or dark before it is painted."""
    theirs = r'<script data-cfasync="false">.*?</script>'
    return re.sub(theirs, lambda _: CHOOSE_THEME, text, count=1, flags=re.DOTALL)


def keep_one_viewport(app, pagename, text):
    """Docutils, Sphinx and the theme each say how wide a page is on a phone; once is enough."""
    places = itertools.count()
    return re.sub(
        r'<meta name="viewport"[^>]*>\s*', lambda found: "" if next(places) else found[0], text
    )


def setup(app):
    add_rewriter(app, choose_theme_at_once)
    add_rewriter(app, keep_one_viewport)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
