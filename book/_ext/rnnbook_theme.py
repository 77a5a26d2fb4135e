"""What the theme and other extensions write into pages, mended for readers who do not see or click.

Each entry of `MENDED` is a fault: what it is, where it stands, and what stands there instead. A
theme that no longer has the fault leaves the entry without work: tests/test_site_access.py asks the
built pages, not this list, whether all is well.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from rnnbook_html import add_rewriter


class Fault(NamedTuple):
    """A fault of a page's HTML."""

    what: str
    where: re.Pattern
    instead: str


def _fault(what: str, where: str, instead: str) -> Fault:
    return Fault(what, re.compile(where, re.DOTALL), instead)


MENDED = [
    _fault(
        "the page begins with an empty banner; the book's name is the banner",
        r'<header class="(bd-header [^"]*)">(\s*)</header>(.*?)'
        r'<div class="sidebar-primary-item">(\s*<a class="navbar-brand logo")',
        r'<div class="\1">\2</div>\3<div class="sidebar-primary-item" role="banner">\4',
    ),
    _fault(
        "a folded part of the contents has no name",
        r'(<a class="[^"]*reference internal" href="[^"]*">)([^<]*)(</a><details[^>]*>)<summary>'
        r'<span class="toctree-toggle" role="presentation">',
        r'\1\2\3<summary aria-label="Pages of: \2">'
        r'<span class="toctree-toggle" aria-hidden="true">',
    ),
    _fault(
        "a second title and table of contents, for print alone; print begins with the chapter",
        r'<div id="jb-print-docs-body" class="onlyprint">.*?(?=<div id="searchbox">)',
        "",
    ),
    _fault(
        "an empty cell at the head of a table is no heading",
        r'<th class="head">(<p></p>)?</th>',
        '<td class="head"></td>',
    ),
    _fault(
        "an entry of a list has a role that is out of use, and none of the list",
        ' role="doc-biblioentry"',
        ' role="listitem"',
    ),
    _fault(
        "an empty footer below the footer",
        r'<footer class="bd-footer">\s*</footer>',
        '<div class="bd-footer"></div>',
    ),
    _fault(
        "a place for another host's advertisements",
        r'<div id="ethical-ad-placement"[^>]*>\s*</div>',
        "",
    ),
    _fault(
        "settings of a kernel that no page starts",
        r'<script type="text/x-thebe-config">.*?</script>\s*(<script>kernelName = [^<]*</script>)?',
        "",
    ),
    *(
        _fault(
            f"the dialog {part} has no name",
            f'<dialog id="pst-{part}">',
            f'<dialog id="pst-{part}" aria-label="{name}">',
        )
        for part, name in {
            "search-dialog": "Search",
            "primary-sidebar-modal": "Contents of the book",
            "secondary-sidebar-modal": "On this page",
        }.items()
    ),
    *(
        _fault(
            f"the button of the {part} sidebar is named for who built it, and by a tooltip alone",
            f'title="Toggle {part} sidebar"',
            f'aria-label="{name}" title="{name}"',
        )
        for part, name in {"primary": "Contents of the book", "secondary": "On this page"}.items()
    ),
    _fault(
        "a button of the page of modules is a picture that the keyboard does not reach",
        r'<img src="_static/minus\.png" class="toggler"[^>]*/>',
        "",
    ),
]


def mend(app, pagename: str, text: str) -> str:
    """Give a page without the faults."""
    for fault in MENDED:
        text = fault.where.sub(fault.instead, text)
    return text


def name_printed_pages(app, pagename: str, text: str) -> str:
    """Put the page's title at the head of each printed sheet: a style sheet cannot read it."""
    title = re.search(r"<title>(.*?)(?: &#8212; .*?)?</title>", text, re.DOTALL)
    page = re.sub(r'["\\<]', "", " ".join(html.unescape(title[1]).split()))
    style = f'<style>@page{{@top-right{{content:"{page}"}}}}</style>'
    return text.replace("</head>", f"{style}\n  </head>", 1)


def setup(app):
    add_rewriter(app, mend, priority=600)
    add_rewriter(app, name_printed_pages, priority=610)
    # Equations and tables that scroll can be reached with the keyboard, in every browser.
    app.add_js_file("scrolling.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
