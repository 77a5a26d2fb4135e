"""One place where a finished page can still be changed.

What the theme or another extension writes into a page is mended here, after its template and
before its file: icons become shapes, inlined pictures become files. An extension of this book
registers a function with `add_rewriter`; each gets the page's text and gives it back.
"""

from __future__ import annotations

from collections.abc import Callable

Rewriter = Callable[[object, str, str], str]  # (app, pagename, text) -> text


def add_rewriter(app, rewriter: Rewriter, priority: int = 500) -> None:
    """Let `rewriter` see the text of every page; those with a smaller priority come first."""
    if not hasattr(app, "rnnbook_rewriters"):
        app.rnnbook_rewriters = []
        app.connect("builder-inited", _wrap_templates, priority=900)
    app.rnnbook_rewriters.append((priority, rewriter))
    app.rnnbook_rewriters.sort(key=lambda entry: entry[0])


def _wrap_templates(app):
    # Sphinx renders a page's template and writes the text at once; there is no event in between.
    templates = getattr(app.builder, "templates", None)
    if templates is None:  # a builder that writes no pages, such as the one that checks links
        return
    render = templates.render

    def render_and_rewrite(template, context):
        text = render(template, context)
        if "</html>" in text:  # the theme also renders parts of a page
            for _, rewriter in app.rnnbook_rewriters:
                text = rewriter(app, context["pagename"], text)
        return text

    templates.render = render_and_rewrite
