"""How hard each exercise is, said where it stands, and the table of all of them.

An exercise carries its marks as classes: one level, and with what it is done.

    ```{exercise} Count the weights
    :label: ex-count
    :class: warm-up pencil

The build puts them behind its title, and {exercise-table} lists every exercise of the book. An
exercise without a level is a warning, and so an error of the build.
"""

from __future__ import annotations

from typing import NamedTuple

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import exercise_subtitle, is_exercise_node

LEVELS = ("warm-up", "core", "stretch")
KINDS = ("pencil", "code")


class Exercise(NamedTuple):
    """What the table says of one."""

    docname: str
    label: str
    number: str
    title: list[nodes.Node]
    level: str
    kind: str


def marks(classes: list[str]) -> tuple[str, str]:
    """The level and the kind, in words; empty if it says none, or two levels.

    >>> marks(["exercise", "stretch", "pencil", "code"]), marks(["exercise", "code"])
    (('stretch', 'pencil and code'), ('', 'code'))
    >>> marks(["core", "stretch", "pencil"])
    ('', 'pencil')
    """
    levels = [level for level in LEVELS if level in classes]
    kinds = [kind for kind in KINDS if kind in classes]
    return levels[0] if len(levels) == 1 else "", " and ".join(kinds)


def exercises(env) -> list[Exercise]:
    """Every exercise, in the order of the book."""
    found = []
    for label, entry in getattr(env, "sphinx_exercise_registry", {}).items():
        if entry["type"].startswith("exercise"):
            docname, node = entry["docname"], entry["node"]
            number = env.toc_fignumbers.get(docname, {}).get("exercise", {}).get(label, ())
            title = [part for name in node.findall(exercise_subtitle) for part in name.children]
            dotted = ".".join(map(str, number))
            found.append((number, Exercise(docname, label, dotted, title, *marks(node["classes"]))))
    return [exercise for _, exercise in sorted(found, key=lambda pair: pair[0])]


class ReadMarks(SphinxTransform):
    """Keep the marks of an exercise, and ask that there are some."""

    default_priority = 12  # after sphinx-exercise has gathered exercises of several cells, at 10

    def apply(self):
        for node in self.document.findall(is_exercise_node):
            node["level"], node["kind"] = marks(node["classes"])
            # Words as common as these mean other things to other style sheets.
            node["classes"] = [c for c in node["classes"] if c not in LEVELS + KINDS]
            if not (node["level"] and node["kind"]):
                logging.getLogger(__name__).warning(
                    "the exercise %r needs :class: with one of %s, and with pencil or code or both",
                    node["label"],
                    ", ".join(LEVELS),
                    location=node,
                )


class ShowMarks(SphinxPostTransform):
    """Put the marks of an exercise behind its title."""

    default_priority = 21  # sphinx-exercise makes the title at 20

    def run(self):
        for node in self.document.findall(is_exercise_node):
            if node.get("level"):
                text = f"{node['level']} · {node['kind']}"
                # The space belongs to the text: a page may be read aloud, or without its style.
                node[0] += [nodes.Text(" "), nodes.inline("", text, classes=["rb-level"])]
                self.document["course_style"] = True


def table(head: list[str], rows: list[list[list[nodes.Node]]], name: str) -> nodes.table:
    """A table of inline content with a heading line; `name` is its class."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    lines = [[[nodes.Text(word)] for word in head], *rows]
    made = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in line))
        for line in lines
    ]
    group += [nodes.thead("", made[0]), nodes.tbody("", *made[1:])]
    return nodes.table("", group, classes=[name])


class exercise_table(nodes.General, nodes.Element):
    """Stands for the table until every page has been read."""


class ExerciseTable(SphinxDirective):
    def run(self):
        return [exercise_table()]


class MakeTable(SphinxPostTransform):
    default_priority = 21

    def run(self):
        for place in list(self.document.findall(exercise_table)):
            rows = []
            for exercise in exercises(self.env):
                page = self.app.builder.get_relative_uri(self.env.docname, exercise.docname)
                title = [part.deepcopy() for part in exercise.title]
                link = nodes.reference("", "", *title, refuri=f"{page}#{exercise.label}")
                link["internal"] = True
                words = [[nodes.Text(word)] for word in (exercise.level, exercise.kind)]
                rows.append([[nodes.Text(exercise.number)], [link], *words])
            place.replace_self(table(["No.", "Exercise", "Level", "Kind"], rows, "rb-exercises"))
            self.document["course_style"] = True


def add_style(app, pagename, templatename, context, doctree):
    """Load course.css on the pages whose marks, tables or map use it."""
    if doctree and doctree.get("course_style"):
        app.add_css_file("course.css", priority=900)


def setup(app):
    app.setup_extension("sphinx_exercise")
    app.add_node(exercise_table)
    app.add_directive("exercise-table", ExerciseTable)
    app.add_transform(ReadMarks)
    app.add_post_transform(ShowMarks)
    app.add_post_transform(MakeTable)
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
