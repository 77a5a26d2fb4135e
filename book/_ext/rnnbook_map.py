"""The map of the course: which chapter leads to which, and what each of them is about.

The order, the titles and the lines come from the book: a line leads from a chapter to those whose
paragraph "You need" names it, and is left out where a longer way leads there anyway. The page says
the parts, and for each chapter its quantities and what a reader gets from it.

    ```{course-map}
    A net that remembers
    03-elman | h | one more arrow, and a *hidden state*
    ```

The first quantity gives a chapter and its lines their colour, and *these words* too.
"""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from docutils import nodes
from rnnbook_chapters import before, chapters, number
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join
from sphinx.util.docutils import SphinxDirective

# A gate is drawn as an opening, what flows as a bar. GRU's letters have the colours of their roles.
GATES = {"f": "f", "i": "i", "o": "o", "z": "f", "r": "o"}
FLOWS = {"c": "c", "g": "g", "h": "h", "n": "g", "∂": "grad"}
# Lines are 20 px apart, a chapter's disc stands 28 px below the upper edge of its row.
LEFT, APART, DISC, Y, BEND = 17, 20, 13, 28, 10


class Line(NamedTuple):
    """A line of the map: from one chapter down its lane to others."""

    source: str
    lane: int
    targets: list[str]


def reduced(needs: dict[str, list[str]]) -> dict[str, list[str]]:
    """For each chapter those that lead to it directly, and by no longer way.

    >>> reduced({"a": [], "b": ["a"], "c": ["a", "b"]})
    {'a': [], 'b': ['a'], 'c': ['b']}
    """
    before: dict[str, set[str]] = {}
    for name, direct in needs.items():
        before[name] = set(direct).union(*(before.get(other, ()) for other in direct))
    return {
        name: [p for p in direct if not any(p in before.get(q, ()) for q in direct)]
        for name, direct in needs.items()
    }


def longest_way(parents: dict[str, list[str]]) -> list[str]:
    """The chapters of the longest way through the book; of two, the one that begins first.

    >>> longest_way({"a": [], "b": ["a"], "c": ["a"], "d": ["c"]})
    ['a', 'c', 'd']
    """
    ways: dict[str, list[str]] = {}
    for name, direct in parents.items():
        ways[name] = max((ways[p] for p in direct), key=len, default=[]) + [name]
    return max(ways.values(), key=len, default=[])


def draw_up(parents: dict[str, list[str]]) -> tuple[dict[str, int], list[Line]]:
    """Give each chapter and each line a lane, so that no line runs through a chapter.

    The longest way is the first lane. What else a chapter of it leads to has a line beside it.

    >>> lanes, lines = draw_up({"a": [], "b": ["a"], "c": ["a"], "d": ["c"]})
    >>> lanes
    {'a': 0, 'b': 1, 'c': 0, 'd': 0}
    >>> [tuple(line) for line in lines]
    [('a', 0, ['c']), ('a', 1, ['b']), ('c', 0, ['d'])]
    """
    order, way = list(parents), longest_way(parents)
    row = {name: k for k, name in enumerate(order)}
    lanes: dict[str, int] = {}
    lines: list[Line] = []

    def free(here: int) -> int:
        """The first lane beside the longest way in which no line goes on below a row."""
        taken = {line.lane for line in lines if here < row[line.targets[-1]]}
        return next(lane for lane in range(1, len(order) + 1) if lane not in taken)

    for name in order:
        ending = [line.lane for line in lines if line.targets[-1] == name]
        lanes[name] = 0 if name in way else min(ending, default=free(row[name]))
        targets = [other for other in order if name in parents[other]]
        beside = [other for other in targets if name not in way or other not in way]
        if len(beside) < len(targets):
            lines.append(Line(name, 0, [other for other in targets if other not in beside]))
        if beside:
            lane = free(row[name]) if name in way else lanes[name]
            lines.append(Line(name, lane, beside))
    return lanes, lines


class Drawing(NamedTuple):
    """All that the drawing beside a row needs to know."""

    order: list[str]
    lanes: dict[str, int]
    lines: list[Line]
    colors: dict[str, str]

    def across(self, lane: int) -> int:
        return LEFT + APART * lane

    @property
    def width(self) -> int:
        lanes = [*self.lanes.values(), *(line.lane for line in self.lines)]
        return self.across(max(lanes)) + DISC + 6

    def svg(self, shapes: list[str]) -> str:
        style = f'class="rb-map-gutter" width="{self.width}" aria-hidden="true"'
        return f"<svg {style}>{''.join(shapes)}</svg>"

    def pipe(self, line: Line, path: str, top: int | None) -> str:
        """A bend, and from `top` a straight pipe to the lower edge.

        It lies on a wider stroke of paper, so that of two that cross one is above.
        """
        x = self.across(line.lane)
        shapes = [f'<path class="{{0}}" d="{path}"/>'] if path else []
        if top is not None:
            shapes.append(f'<line class="{{0}}" x1="{x}" x2="{x}" y1="{top}" y2="100%"/>')
        drawn = "".join(shapes)
        color = self.colors[line.source]
        both = drawn.format("casing") + drawn.format("pipe")
        return f'<g style="--line: var(--gs-{color})">{both}</g>'

    def above(self, page: str) -> str:
        """Beside the heading that stands above a chapter: the lines that run past it."""
        k = self.order.index(page)
        past = [
            line
            for line in self.lines
            if self.order.index(line.source) < k <= self.order.index(line.targets[-1])
        ]
        return self.svg([self.pipe(line, "", 0) for line in past])

    def beside(self, page: str) -> str:
        """Beside a chapter: its disc, and the lines that run past it, come in, and go out."""
        k, own = self.order.index(page), self.across(self.lanes[page])
        past, ends = [], []
        for line in self.lines:
            start, end = self.order.index(line.source), self.order.index(line.targets[-1])
            x = self.across(line.lane)
            turn = BEND if own > x else -BEND  # towards the disc
            if start < k < end:
                past.append(self.pipe(line, "", 0))
            if page in line.targets:
                into = f"V{Y}" if x == own else f"V{Y - BEND}q0 {BEND} {turn} {BEND}H{own}"
                ends.append(self.pipe(line, f"M{x} 0{into}", None))
            if start == k and x == own:
                ends.append(self.pipe(line, "", Y))
            elif start == k:
                path = f"M{own} {Y}H{x + turn}q{-turn} 0 {-turn} {BEND}"
                ends.append(self.pipe(line, path, Y + BEND))
        disc = (
            f'<g style="--line: var(--gs-{self.colors[page]})">'
            f'<circle cx="{own}" cy="{Y}" r="{DISC}"/><text x="{own}" y="{Y}">{k + 1}</text></g>'
        )
        return self.svg([*past, *ends, disc])


def color(quantities: str) -> str:
    """The token of the first quantity, or the one of secondary text."""
    first = quantities.split()[0] if quantities else ""
    return GATES.get(first) or FLOWS.get(first) or "mute"


def letters(quantities: str) -> str:
    """The quantities of a chapter: gates as openings, the others as bars, each with its letter."""
    made = []
    for letter in quantities.split():
        if letter in GATES:
            shape = '<circle cx="8" cy="8" r="6"/>'
        else:
            shape = '<path d="M1 8H15"/>'
        kind = "gate" if letter in GATES else "flow"
        made.append(
            f'<span class="rb-{color(letter)}">'
            f'<svg class="{kind}" width="16" height="16" aria-hidden="true">'
            f"{shape}</svg><i>{letter}</i></span>"
        )
    return f'<span class="rb-map-letters" aria-hidden="true">{"".join(made)}</span>' if made else ""


class course_map(nodes.General, nodes.Element):
    """Stands for the map until every page has been read."""


class CourseMap(SphinxDirective):
    has_content = True

    def run(self):
        place = course_map()
        place["parts"] = []
        for line in self.content:
            if "|" in line:
                page, quantities, gives = (part.strip() for part in line.split("|"))
                page = docname_join(self.env.docname, page)
                place["parts"][-1][1].append((page, quantities, gives))
            elif line.strip():
                place["parts"].append((line.strip(), []))
        return [place]


class DrawMap(SphinxPostTransform):
    default_priority = 21

    def run(self):
        for place in list(self.document.findall(course_map)):
            self.document["course_style"] = True
            place.replace_self(nodes.raw("", self.draw(place["parts"]), format="html"))

    def draw(self, parts) -> str:
        said = {page: (quantities, gives) for _, rows in parts for page, quantities, gives in rows}
        found = chapters(self.env)
        order = [name for name in found if name in said]
        parents = reduced({k: [p for p in before(self.env, k) if p in said] for k in order})
        drawing = Drawing(order, *draw_up(parents), {k: color(said[k][0]) for k in order})
        html = ['<nav class="rb-map" aria-label="The chapters, and which leads to which">']
        for k, (part, rows) in enumerate(parts):
            pages = [page for page, *_ in rows if page in order]
            if pages:
                beside = drawing.above(pages[0])
                html.append(f'<p class="rb-map-part" id="rb-map-{k}">{beside}{escape(part)}</p>')
                html.append(f'<ol role="list" aria-labelledby="rb-map-{k}">')
                html += [self.row(page, *said[page], drawing.beside(page)) for page in pages]
                html.append("</ol>")
        return "".join([*html, "</nav>"])

    def row(self, page: str, quantities: str, gives: str, beside: str) -> str:
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        title = escape(self.env.titles[page].astext())
        tinted = rf'<em class="rb-{color(quantities)}">\1</em>'
        gives = re.sub(r"\*(.+?)\*", tinted, escape(gives))
        numbers = ", ".join(number(self.env, other) for other in before(self.env, page))
        need = f'<span class="rb-map-unseen">You need {numbers}.</span>' if numbers else ""
        return (
            f'<li>{beside}<a href="{escape(address)}">'
            f'<span class="rb-map-unseen">{number(self.env, page)}. </span>{title}</a>'
            f'<span class="rb-map-gives"><span>{gives}</span>{letters(quantities)}</span>'
            f"{need}</li>"
        )


def setup(app):
    app.setup_extension("rnnbook_chapters")
    app.add_node(course_map)
    app.add_directive("course-map", CourseMap)
    app.add_post_transform(DrawMap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
