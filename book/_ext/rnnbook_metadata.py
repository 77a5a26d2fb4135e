"""What a page says of itself in its head: to search engines, previews of links, and bookmarks.

sphinxext-opengraph does some of this, but it cuts descriptions in the middle of a sentence, and its
pictures have one look. What would be left of it is shorter than its settings.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from rnnbook.plots import PALETTE
from rnnbook_cards import SIZE, Card, write

TEXT_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
LONGEST = 200  # letters of a description; search engines show about 160 of them


def sentences(doctree):
    """The sentences with which a page begins: its question, and its first paragraphs.

    It ends where something else than running text begins. A paragraph with a formula is left out.
    """
    section = next(iter(doctree.findall(nodes.section)), doctree)
    for child in section.children:
        if isinstance(child, nodes.section | nodes.bullet_list | nodes.table):
            return
        quoted = isinstance(child, nodes.block_quote)
        for paragraph in child.children if quoted else [child]:
            if isinstance(paragraph, nodes.paragraph) and not list(paragraph.findall(nodes.math)):
                text = " ".join(paragraph.astext().split())
                yield from re.split(r"(?<=[.?!…]) +(?=[^a-z])", text)


def describe(doctree) -> str:
    """The first whole sentences of a page, as many as a description has room for."""
    description = ""
    for sentence in sentences(doctree):
        longer = f"{description} {sentence}".strip()
        if description and len(longer) > LONGEST:
            break
        description = longer
    return description


def describe_page(app, pagename, doctree) -> str:
    """What the page says of itself in the field `description`, or its first sentences."""
    return app.env.metadata[pagename].get("description") or describe(doctree)


def card_of(app, pagename) -> Card:
    """What the picture of a page shows."""
    numbers = app.env.toc_secnumbers
    chapters = [page for page, sections in numbers.items() if sections.get("")]
    step = numbers[pagename][""][0] if pagename in chapters else 0
    return Card(app.env.titles[pagename].astext(), app.config.html_title, step, len(chapters) or 14)


def meta(key: str, value: str, attribute: str = "name") -> str:
    return f'<meta {attribute}="{key}" content="{escape(value)}"/>'


def learning_resource(app, title: str, address: str, description: str, is_book: bool) -> str:
    """The page in the words of schema.org, for programs that collect teaching material."""
    book = {
        "@type": "Book",
        "name": app.config.html_title,
        "url": f"{app.config.html_baseurl}{app.config.root_doc}.html",
        "author": {"@type": "Organization", "name": app.config.author},
        "inLanguage": app.config.language,
        "isAccessibleForFree": True,
        "license": TEXT_LICENCE,
    }
    part = {"@type": "LearningResource", "name": title, "url": address, "isPartOf": book}
    data = {"@context": "https://schema.org", **(book if is_book else part)}
    text = json.dumps(data | {"description": description}, ensure_ascii=False)
    text = text.replace("<", "\\u003c")  # nothing in it may look like the end of the script
    return f'<script type="application/ld+json">{text}</script>'


def add_metadata(app, pagename, templatename, context, doctree):
    """Write what a page says of itself into its head."""
    static = context["pathto"]("_static/", 1)
    tags = [
        f'<link rel="icon" type="image/png" sizes="32x32" href="{static}favicon-32.png"/>',
        f'<link rel="apple-touch-icon" href="{static}apple-touch-icon.png"/>',
    ]
    for theme, tints in PALETTE.items():
        wanted = f'media="(prefers-color-scheme: {theme})"'
        tags.append(f'<meta name="theme-color" {wanted} content="{tints["paper"]}"/>')
    if doctree is None:  # the search and the index: tools for those who are here already
        tags.append(meta("robots", "noindex"))
    else:
        tags += describing_tags(app, pagename, doctree)
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # or the book's title would stand twice in the window's
    context["metatags"] = "\n    ".join([context.get("metatags", ""), *tags, ""])


def describing_tags(app, pagename, doctree) -> list[str]:
    """What stands in a preview of the page."""
    is_book = pagename == app.config.root_doc
    address = f"{app.config.html_baseurl}{pagename}.html"
    title = app.env.titles[pagename].astext()
    description = describe_page(app, pagename, doctree)
    card = card_of(app, pagename)
    picture = f"_static/cards/{pagename.rpartition('/')[2]}.png"
    write(card, Path(app.outdir) / picture, Path(app.outdir).parent / ".cards")
    properties = {
        "og:type": "book" if is_book else "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:image": app.config.html_baseurl + picture,
        "og:image:width": str(SIZE[0]),
        "og:image:height": str(SIZE[1]),
        "og:image:alt": card.text,
        "og:locale": "en_GB",
    }
    return [
        meta("description", description),
        *(meta(key, value, "property") for key, value in properties.items()),
        meta("twitter:card", "summary_large_image"),  # the rest is taken from the lines above
        learning_resource(app, title, address, description, is_book),
    ]


def setup(app):
    app.connect("html-page-context", add_metadata, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
