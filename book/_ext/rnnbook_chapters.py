"""What each chapter asks of a reader: chapters to know before, minutes of reading, seconds to run.

Nothing of it is typed. What to know before are the links of the chapter's paragraph "You need".
Reading is counted from the page, running is taken from the record of its execution. A line under
the title says both; {chapter-table} has all chapters, and {reading-rate} says how it was counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from rnnbook_exercises import LEVELS, exercises, table
from sphinx import addnodes
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx_exercise.nodes import solution_node

# Words a minute: the mean of silent reading of English non-fiction (Brysbaert 2019). The other two
# are assumptions: seconds for a line of code that is shown, and for an equation that stands alone,
# a figure, a table or another result.
RATES = {"words": 238, "line": 4, "look": 20}


@dataclass
class Page:
    """What is to be read on a page, and which pages come before it."""

    words: int = 0
    lines: int = 0
    looks: int = 0
    needs: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        aside = self.lines * RATES["line"] + self.looks * RATES["look"]
        return self.words / RATES["words"] + aside / 60

    def count(self, node: nodes.Node) -> None:
        """Add what a reader sees without opening anything: no solution, and no folded code."""
        if isinstance(node, nodes.Text):
            self.words += len(node.split())
        elif isinstance(node, solution_node | nodes.raw | nodes.comment):
            pass
        elif isinstance(node, nodes.math):
            self.words += 1
        elif isinstance(node, nodes.math_block | nodes.image):
            self.looks += 1
        elif isinstance(node, nodes.literal_block):
            self.lines += sum(1 for line in node.astext().splitlines() if line.strip())
        elif node.get("nb_element") == "cell_code":
            for part in node.children:
                if "cell_output" in part["classes"]:
                    self.looks += 1
                elif not node.get("hide_mode"):
                    self.count(part)
        else:
            for child in node.children:
                self.count(child)


def needed(docname: str, doctree: nodes.document) -> list[str]:
    """The pages that the paragraph "You need" links."""
    for paragraph in doctree.findall(nodes.paragraph):
        bold = next(paragraph.findall(nodes.strong), None)
        if bold and bold.astext() == "You need" and paragraph.astext().startswith("You need"):
            links = paragraph.findall(addnodes.pending_xref)
            found = [docname_join(docname, link["reftarget"]) for link in links]
            return list(dict.fromkeys(found))
    return []


class ReadPages(EnvironmentCollector):
    """Count each page as it is read."""

    def pages(self, env):
        if not hasattr(env, "rnnbook_pages"):
            env.rnnbook_pages = {}
        return env.rnnbook_pages

    def clear_doc(self, app, env, docname):
        self.pages(env).pop(docname, None)

    def merge_other(self, app, env, docnames, other):
        for docname in docnames:
            self.pages(env)[docname] = self.pages(other)[docname]

    def process_doc(self, app, doctree):
        page = Page(needs=needed(app.env.docname, doctree))
        page.count(doctree)
        self.pages(app.env)[app.env.docname] = page


def chapters(env) -> dict[str, Page]:
    """The numbered pages of the course, in their order."""
    numbers = {name: env.toc_secnumbers.get(name, {}).get("") for name in env.rnnbook_pages}
    numbered = sorted((number, name) for name, number in numbers.items() if number)
    return {name: env.rnnbook_pages[name] for _, name in numbered}


def number(env, docname: str) -> str:
    return ".".join(map(str, env.toc_secnumbers[docname][""]))


def seconds_to_run(env, docname: str) -> float | None:
    """How long all cells took when they were last run, or None if they were not."""
    record = NbMetadataCollector.get_exec_data(env, docname) or {}
    return record.get("runtime")


def before(env, docname: str) -> list[str]:
    """The chapters that one needs, in their order."""
    needs = env.rnnbook_pages[docname].needs
    return [name for name in chapters(env) if name in needs]


def reading(minutes: float) -> str:
    """Rounded to five minutes: it is counted, not measured.

    >>> reading(53.2), reading(960)
    ('55 min', '16 h')
    """
    return f"{minutes / 60:.0f} h" if minutes >= 120 else f"{max(5, 5 * round(minutes / 5))} min"


def running(seconds: float | None) -> str:
    """In words; a dash stands for a chapter that was not run.

    >>> running(34.4), running(480), running(None)
    ('34 s', '8 min', '–')
    """
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


class SayEffort(SphinxPostTransform):
    """Say it in a line under the title of a chapter."""

    default_priority = 21

    def run(self):
        docname = self.env.docname
        page = chapters(self.env).get(docname)
        title = next(self.document.findall(nodes.title), None)
        if page is None or title is None:
            return
        count = sum(exercise.docname == docname for exercise in exercises(self.env))
        said = [f"Reading: about {reading(page.minutes)}"]
        said += [f"{count} exercise{'s' if count > 1 else ''}"] if count else []
        seconds = seconds_to_run(self.env, docname)
        if seconds is not None:
            said.append(f"all cells ran in {running(seconds)} where this page was built")
        # Not text of the page: a card or a result of the search should show the chapter's own.
        line = nodes.raw("", f'<p class="rb-effort">{" · ".join(said)}</p>', format="html")
        title.parent.insert(1, line)
        self.document["course_style"] = True


class chapter_table(nodes.General, nodes.Element):
    """Stands for the table until every page has been read."""


class ChapterTable(SphinxDirective):
    def run(self):
        return [chapter_table()]


class MakeTable(SphinxPostTransform):
    default_priority = 21

    def row(self, docname: str, page: Page) -> list[list[nodes.Node]]:
        def link(name, text):
            address = self.app.builder.get_relative_uri(self.env.docname, name)
            return nodes.reference("", text, refuri=address, internal=True)

        name = f"{number(self.env, docname)} {self.env.titles[docname].astext()}"
        links: list[nodes.Node] = []
        for other in before(self.env, docname):
            links += [nodes.Text(", ")] if links else []
            links.append(link(other, number(self.env, other)))
        levels = [e.level for e in exercises(self.env) if e.docname == docname]
        words = [
            reading(page.minutes),
            running(seconds_to_run(self.env, docname)),
            *(str(levels.count(level)) for level in LEVELS),
        ]
        text = [[nodes.Text(word)] for word in words]
        return [[link(docname, name)], links or [nodes.Text("–")], *text]

    def run(self):
        for place in list(self.document.findall(chapter_table)):
            found = chapters(self.env)
            rows = [self.row(docname, page) for docname, page in found.items()]
            seconds = [seconds_to_run(self.env, docname) for docname in found]
            levels = [exercise.level for exercise in exercises(self.env)]
            total = [
                "All",
                "",
                reading(sum(page.minutes for page in found.values())),
                running(sum(seconds) if seconds and None not in seconds else None),
                *(str(levels.count(level)) for level in LEVELS),
            ]
            rows.append([[nodes.strong("", word)] if word else [] for word in total])
            head = ["Chapter", "You need", "Reading", "Running", *map(str.capitalize, LEVELS)]
            place.replace_self(table(head, rows, "rb-chapters"))
            self.document["course_style"] = True


class ReadingRate(SphinxRole):
    """One of the numbers behind the reading times."""

    def run(self):
        return [nodes.Text(str(RATES[self.text]))], []


def setup(app):
    app.setup_extension("rnnbook_exercises")
    app.add_node(chapter_table)
    app.add_env_collector(ReadPages)
    app.add_directive("chapter-table", ChapterTable)
    app.add_role("reading-rate", ReadingRate())
    app.add_post_transform(SayEffort)
    app.add_post_transform(MakeTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
