"""Links words to the glossary where they are first used.

The glossary is a table: a term and its other names, Korean, meaning. A page links a term where it
is set in bold for the first time, for that is where it is explained. A term that no page sets in
bold is linked at its first use in the book. Nothing has to be written in a chapter.
"""

from __future__ import annotations

import re

from docutils import nodes
from rnnbook_order import pages

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


def bold_texts(doctree):
    """Every text that is set in bold, alone, in a paragraph."""
    for strong in doctree.findall(nodes.strong):
        text = strong.children[0] if len(strong.children) == 1 else None
        if isinstance(text, nodes.Text) and running(text):
            yield text


def running_texts(doctree):
    """Every text of the paragraphs."""
    return (text for text in doctree.findall(nodes.Text) if running(text))


def running(text):
    """Whether it stands in a paragraph, and not in anything of its own."""
    node, paragraph = text.parent, False
    while node is not None:
        if isinstance(node, APART):
            return False
        paragraph = paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return paragraph


def read_words(app, doctree):
    """Remember what a page says, so that no page has to be read a second time for its words."""
    app.env.rnnbook_words[app.env.docname] = {
        "bold": [normal(text) for text in bold_texts(doctree)],
        "text": "\n".join(running_texts(doctree)),
    }


def begin(app, env, docnames):
    if not hasattr(env, "rnnbook_words"):
        env.rnnbook_words = {}


def forget_words(app, env, docname):
    getattr(env, "rnnbook_words", {}).pop(docname, None)


def merge_words(app, env, docnames, other):
    """Take what another process has read."""
    env.rnnbook_words.update({name: other.rnnbook_words[name] for name in docnames})
    if GLOSSARY in docnames:
        env.rnnbook_terms = other.rnnbook_terms


def find_first_uses(app, env):
    """Say for each page which terms it links in bold, and which in its text."""
    env.rnnbook_uses = {}
    order = [page for page in pages(env) if page in env.rnnbook_words and page != GLOSSARY]
    words = {page: env.rnnbook_words[page] for page in order}
    for term in getattr(env, "rnnbook_terms", {}):
        expression = pattern(term)
        found = [
            (page, "bold")
            for page, said in words.items()
            if any(expression.fullmatch(text) for text in said["bold"])
        ]
        if not found:
            used = (page for page, said in words.items() if expression.search(said["text"]))
            found = [(page, "text") for page in used][:1]
        for page, how in found:
            env.rnnbook_uses.setdefault(page, []).append((term, how))


def place(doctree, expression, how):
    """The first text with a term, and from where to where in it the term stands; or None."""
    if how == "bold":
        found = (text for text in bold_texts(doctree) if expression.fullmatch(normal(text)))
        text = next(found, None)
        return text and (text, 0, len(text))
    for text in running_texts(doctree):
        if found := expression.search(text):
            return text, *found.span()
    return None


def link_terms(app, doctree, docname):
    """Put the links into a page."""
    for term, how in getattr(app.env, "rnnbook_uses", {}).get(docname, []):
        entry, found = app.env.rnnbook_terms[term], place(doctree, pattern(term), how)
        if found is None:
            continue  # the words went into another link
        text, start, end = found
        address = f"{app.builder.get_relative_uri(docname, GLOSSARY)}#{entry['anchor']}"
        link = nodes.reference("", "", nodes.Text(text[start:end]), internal=True, refuri=address)
        link["classes"].append("rb-term")
        link["reftitle"] = entry["title"]
        pieces = [nodes.Text(text[:start]), link, nodes.Text(text[end:])]
        text.parent.replace(text, [piece for piece in pieces if piece.astext()])


def setup(app):
    app.connect("env-before-read-docs", begin)
    app.connect("doctree-read", read_table)
    app.connect("doctree-read", read_words)
    app.connect("env-purge-doc", forget_words)
    app.connect("env-merge-info", merge_words)
    app.connect("env-updated", find_first_uses)
    app.connect("doctree-resolved", link_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
