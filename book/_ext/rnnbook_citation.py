"""How to cite the book, from CITATION.cff, and where to report an error: typed nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

SOURCE = Path(__file__).resolve().parent.parent.parent / "CITATION.cff"


def facts(text: str, year: str) -> dict[str, str]:
    """What a citation says. Before the first release the year is the one of the copyright."""
    cff = yaml.safe_load(text)
    people = [
        person.get("name") or f"{person['family-names']}, {person['given-names']}"
        for person in cff["authors"]
    ]
    released = cff.get("date-released")
    return {
        "author": " and ".join(people),
        "title": cff["title"],
        "year": str(released)[:4] if released else year,
        "version": str(cff["version"]),
        "url": cff["url"],
    }


def bibtex(fact: dict[str, str]) -> str:
    """An entry that every BibTeX style knows; double braces keep a name and a title as they are."""
    return (
        "@misc{rnnbook,\n"
        f"  author       = {{{{{fact['author']}}}}},\n"
        f"  title        = {{{{{fact['title']}}}}},\n"
        f"  year         = {{{fact['year']}}},\n"
        f"  note         = {{Version {fact['version']}}},\n"
        f"  howpublished = {{\\url{{{fact['url']}}}}},\n"
        "}"
    )


class Citation(SphinxDirective):
    """The citation as a sentence, and as BibTeX."""

    def run(self):
        self.env.note_dependency(str(SOURCE))
        year = re.search(r"\d{4}", self.config.copyright)[0]
        fact = facts(SOURCE.read_text("utf-8"), year)
        sentence = nodes.paragraph("", f"{fact['author']} ({fact['year']}). ")
        sentence += nodes.emphasis("", fact["title"])
        sentence += nodes.Text(f". Version {fact['version']}. ")
        # Without its scheme: the theme shows an icon and a short name for a whole address.
        sentence += nodes.reference("", fact["url"].partition("//")[2], refuri=fact["url"])
        entry = nodes.literal_block("", bibtex(fact), language="bibtex")
        return [nodes.block_quote("", sentence), entry]


class NewIssue(SphinxRole):
    """A link to a form of .github/ISSUE_TEMPLATE: {new-issue}`text <file>`."""

    def run(self):
        text, form = re.fullmatch(r"(.+) <(.+)>", self.text).groups()
        repository = self.config.html_theme_options["repository_url"].rstrip("/")
        address = f"{repository}/issues/new?template={form}"
        return [nodes.reference("", text, refuri=address)], []


def setup(app):
    app.add_directive("citation", Citation)
    app.add_role("new-issue", NewIssue())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
