"""Search that finds symbols, names in Korean and the place where a word is explained.

Sphinx's search looks for words. This one also takes mathematical signs for words, and reads an
equation's TeX as the signs that it draws. It puts first the entry of the glossary or the row of the
notation that is asked for, and the sections that explain it.
"""

from __future__ import annotations

import re
import unicodedata

import rnnbook_glossary as glossary
from docutils import nodes
from rnnbook_html import add_rewriter
from sphinx import addnodes
from sphinx.search.en import SearchEnglish

NOTATION = "book/notation"
SIGNS = {"partial": "∂", "odot": "⊙", "nabla": "∇", "sum": "∑", "prod": "∏", "infty": "∞"}
# The same on both sides: letters and digits, or one sign of Unicode's block of mathematics.
PYTHON_WORD, SCRIPT_WORD = r"\w+|[\u2200-\u22ff]", r"[\p{Letter}\p{Number}_]+|[\u2200-\u22ff]"


def sign(command: str) -> str:
    """The sign that a TeX command draws, or a space.

    >>> sign("sigma"), sign("odot"), sign("frac")
    ('σ', '⊙', ' ')
    """
    size = "CAPITAL" if command[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {command.upper()}")
    except KeyError:
        return SIGNS.get(command, " ")


def plain(tex: str) -> str:
    r"""TeX as a reader would type it.

    >>> plain(r"\class{rb-f}{f_t} = \sigma(W_{f} x_t)")
    ' {f_t} =  σ(W_f x_t)'
    """
    tex = re.sub(r"\\class\{[\w-]*\}", " ", tex)
    tex = re.sub(r"\\(?:begin|end)\{\w*\}", " ", tex)
    tex = re.sub(r"_\{(\w+)\}", r"_\1", tex)
    return re.sub(r"\\([A-Za-z]+)", lambda command: " " + sign(command[1]), tex)


class BookSearch(SearchEnglish):
    """English, with equations and signs."""

    js_splitter_code = f"var splitQuery = (query) => query.match(/{SCRIPT_WORD}/gu) ?? [];"

    def split(self, text):
        return re.findall(PYTHON_WORD, plain(text))


def entry(words, anchor):
    """An entry that the search puts first. It draws nothing."""
    entries = [("single", word, anchor, "main", None) for word in words]
    return addnodes.index(entries=entries)


def section_of(node):
    """The section in which something stands, with an anchor, or None."""
    while node is not None and not (isinstance(node, nodes.section) and node["ids"]):
        node = node.parent
    return node


def index_rows(doctree, names):
    """Give each row of the tables an anchor and an entry under its names; give back the names."""
    seen = set()
    for row in doctree.findall(nodes.row):
        words = [word for word in names(row.children) if word and word not in seen]
        if isinstance(row.parent, nodes.thead) or not words:
            continue
        seen.update(words)
        anchor = f"entry-{nodes.make_id(words[0]) or ord(words[0][0])}"
        row["ids"].append(anchor)
        row.children[0].append(entry(words, anchor))
    return seen


def terms_in(cells):
    """A term of the glossary in both languages."""
    english, korean, _ = (cell.astext() for cell in cells)
    return list(dict.fromkeys(glossary.names(english) + glossary.names(korean)))


def symbols_in(cells):
    r"""What a row of the notation explains: $\sigma(a)$ gives σ, "$W_y$, $b_y$" gives both."""
    found = [plain(maths.astext()) for maths in cells[0].findall(nodes.math)]
    return [re.sub(r"\(.*\)", "", text).strip() for text in found]


def index_symbols(doctree):
    """Give the notation's symbols their entries: those with a row, then those in equations."""
    seen = index_rows(doctree, symbols_in)
    for maths in [*doctree.findall(nodes.math), *doctree.findall(nodes.math_block)]:
        words = set(re.findall(PYTHON_WORD, plain(maths.astext()))) - seen
        words = sorted(word for word in words if "_" in word.strip("_") or not word.isascii())
        if words and (section := section_of(maths)):
            seen.update(words)
            section.append(entry(words, section["ids"][0]))


def index_explanations(app, doctree, docname):
    """Give a section an entry for each term that it sets in bold, for there it is explained."""
    for term, how in getattr(app.env, "rnnbook_uses", {}).get(docname, []):
        found = how == "bold" and glossary.place(doctree, glossary.pattern(term), how)
        if found:
            section = section_of(found[0])
            section.append(entry(glossary.names(term), section["ids"][0]))


def add_entries(app, doctree, docname):
    """Add entries to a page, for the search alone."""
    if docname == glossary.GLOSSARY:
        index_rows(doctree, terms_in)
    elif docname == NOTATION:
        index_symbols(doctree)
    else:
        index_explanations(app, doctree, docname)


# Sphinx names an entry that it finds after its page alone; here it has its section's name too, or
# its own. A page opened as a file may not read another one, so there results stand without
# excerpts. And an excerpt is of the article alone, without what is drawn.
SCRIPT = """<script>
{
  const find = Search._performSearch;
  Search._performSearch = (...query) => {
    const { indexentries, alltitles, docnames } = Search._index;
    const names = new Map();
    for (const [name, places] of [...Object.entries(indexentries), ...Object.entries(alltitles)])
      for (const [page, anchor] of places) names.set(`${docnames[page]}#${anchor}`, name);
    return find(...query).map(([page, title, anchor, ...rest]) => {
      const name = names.get(page + anchor);
      return [page, name && !title.endsWith(name) ? `${title} > ${name}` : title, anchor, ...rest];
    });
  };
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  const drawn = "article :is(.headerlink, script, style, svg, mjx-container)";
  Search.htmlToText = (text, anchor) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    page.querySelectorAll(drawn).forEach((e) => e.remove());
    const place = (anchor && page.getElementById(anchor.slice(1))) || page.querySelector("article");
    return (place?.textContent ?? "").replace(/\\s+/g, " ");
  };
}
</script>"""


def add_script(app, pagename, text):
    """Put the script where Sphinx's search is."""
    return text.replace("</body>", f"{SCRIPT}\n</body>", 1) if pagename == "search" else text


def setup(app):
    app.add_search_language(BookSearch)
    # Before the glossary's links: the terms still stand in bold alone.
    app.connect("doctree-resolved", add_entries, priority=400)
    add_rewriter(app, add_script, priority=620)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
