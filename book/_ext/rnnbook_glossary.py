"""Links words to the glossary where they are first used.

The glossary is a table: a term and its other names, Korean, meaning. A page links a term where it
is set in bold for the first time, for that is where it is explained. A term that no page sets in
bold is linked at its first use in the book. Nothing has to be written in a chapter.
"""

from __future__ import annotations

import re

from docutils import nodes

GLOSSARY = "book/glossary"
# Text in these is a name, a number or a link already, or stands apart from the running text.
APART = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
)


def names(cell):
    """The names of a term, parted by commas or in brackets. A bracket with "of" explains.

    >>> names("backpropagation through time (BPTT)"), names("recall (of a detector)")
    (['backpropagation through time', 'BPTT'], ['recall'])
    """
    parts = re.split(r"[,()]", re.sub(r"\(of [^)]*\)", "", cell))
    return [part.strip() for part in parts if part.strip()]


def normal(text):
    """As it is compared: lower case, single spaces, no mark at its end."""
    return " ".join(text.lower().split()).strip(" .,:;?!")


def plural(name):
    """The name, or what English makes of it for more than one."""
    return rf"{name}s?|{name}es|{name[:-1]}ies" if name.endswith("y") else rf"{name}s?|{name}es"


def pattern(term):
    """Matches any name of a term, as whole words."""
    every = "|".join(plural(re.escape(normal(name)).replace(r"\ ", r"\s+")) for name in names(term))
    return re.compile(rf"(?<![\w-])(?:{every})(?![\w-])", re.IGNORECASE)


def read_table(app, doctree):
    """Give each row of the glossary an anchor, and remember where it is and what it says."""
    if app.env.docname != GLOSSARY:
        return
    app.env.rnnbook_terms = {}
    for row in doctree.findall(nodes.row):
        if isinstance(row.parent, nodes.thead):
            continue
        term, korean, meaning = (entry.astext() for entry in row.children)
        anchor = f"term-{nodes.make_id(names(term)[0])}"
        row.children[0]["ids"].append(anchor)
        app.env.rnnbook_terms[term] = {"anchor": anchor, "title": f"{korean}: {meaning}"}


def pages(env):
    """All pages but the glossary, in the order of the book."""
    order, waiting = [], [env.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        order.append(page)
        waiting = env.toctree_includes.get(page, []) + waiting
    return [page for page in order if page != GLOSSARY]


def in_bold(doctree, expression):
    """The first text of a term that is set in bold, or None."""
    for strong in doctree.findall(nodes.strong):
        text = strong.children[0] if len(strong.children) == 1 else None
        if isinstance(text, nodes.Text) and expression.fullmatch(normal(text)) and running(text):
            return text
    return None


def in_text(doctree, expression):
    """The first text in which a term is used, or None."""
    for text in doctree.findall(nodes.Text):
        if expression.search(text) and running(text):
            return text
    return None


def running(text):
    """Whether it stands in a paragraph, and not in anything of its own."""
    node, paragraph = text.parent, False
    while node is not None:
        if isinstance(node, APART):
            return False
        paragraph = paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return paragraph


def find_first_uses(app, env):
    """Say for each page which terms it links in bold, and which in its text."""
    expressions = {term: pattern(term) for term in getattr(env, "rnnbook_terms", {})}
    env.rnnbook_uses = {}
    trees = {page: env.get_doctree(page) for page in pages(env)}
    for term, expression in expressions.items():
        found = [(page, "bold") for page, tree in trees.items() if in_bold(tree, expression)]
        if not found:
            found = [(page, "text") for page, tree in trees.items() if in_text(tree, expression)][
                :1
            ]
        for page, how in found:
            env.rnnbook_uses.setdefault(page, []).append((term, how))


def link_terms(app, doctree, docname):
    """Put the links into a page."""
    for term, how in getattr(app.env, "rnnbook_uses", {}).get(docname, []):
        expression, entry = pattern(term), app.env.rnnbook_terms[term]
        text = (in_bold if how == "bold" else in_text)(doctree, expression)
        if text is None:
            continue  # the words went into another link
        start, end = (0, len(text)) if how == "bold" else expression.search(text).span()
        address = f"{app.builder.get_relative_uri(docname, GLOSSARY)}#{entry['anchor']}"
        link = nodes.reference("", "", nodes.Text(text[start:end]), internal=True, refuri=address)
        link["classes"].append("rb-term")
        link["reftitle"] = entry["title"]
        pieces = [nodes.Text(text[:start]), link, nodes.Text(text[end:])]
        text.parent.replace(text, [piece for piece in pieces if piece.astext()])


def setup(app):
    app.connect("doctree-read", read_table)
    app.connect("env-updated", find_first_uses)
    app.connect("doctree-resolved", link_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
