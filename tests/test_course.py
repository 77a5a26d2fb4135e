"""What teachers use: levels of exercises, the switch that hides solutions, times, the map, the citation."""

import doctest
import html
import json
import os
import re
import subprocess
import symtable
import sys
import zlib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
pytest.importorskip("sphinx_exercise")
pytest.importorskip("myst_nb")
ROOT = Path(__file__).resolve().parents[1]
BOOK, SITE = ROOT / "book", ROOT / "_build" / "html"
sys.path.insert(0, str(BOOK / "_ext"))
import rnnbook_chapters as course  # noqa: E402
import rnnbook_citation as citation  # noqa: E402
import rnnbook_exercises as marks  # noqa: E402
import rnnbook_map as course_map  # noqa: E402
import rnnbook_solutions as solutions  # noqa: E402

CHAPTERS = sorted(BOOK.glob("[0-9]*.ipynb"))
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path):
    """(id, kind, text) of each cell."""
    notebook = json.loads(path.read_text("utf-8"))
    return [(cell["id"], cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def exercises(path):
    """Label and classes of each exercise, as they stand in a chapter."""
    pattern = re.compile(r"```\{exercise\}[^\n]*\n:label: (\S+)\n:class: ([^\n]+)\n")
    return [match.groups() for _, _, text in cells(path) for match in pattern.finditer(text)]


@pytest.mark.parametrize("module", [course, marks, course_map, solutions], ids=lambda module: module.__name__)
def test_the_examples_of_the_extensions(module):
    found = doctest.testmod(module)
    assert found.attempted > 0 and found.failed == 0


# -- exercises


@each_chapter
def test_every_exercise_says_how_hard_it_is_and_what_it_takes(path):
    found = exercises(path)
    assert len(found) == sum(text.count("```{exercise}") for _, kind, text in cells(path) if kind == "markdown")
    for label, classes in found:
        level, kind = marks.marks(classes.split())
        assert level and kind, f"{label}: {classes}"
        assert set(classes.split()) <= {*marks.LEVELS, *marks.KINDS}, label


# -- a small book, built with its solutions and without


PYTHON = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}


def notebook(*parts):
    """A notebook of text, and of code with what it printed."""
    made = []
    for part in parts:
        if isinstance(part, str):
            made.append({"cell_type": "markdown", "source": part})
        else:
            out = {"output_type": "stream", "name": "stdout", "text": part[1]}
            made.append({"cell_type": "code", "source": part[0], "outputs": [out], "execution_count": None})
    made = [{"id": f"cell-{k}", "metadata": {}, **cell} for k, cell in enumerate(made)]
    return json.dumps({"cells": made, "metadata": PYTHON, "nbformat": 4, "nbformat_minor": 5})


FIRST = notebook(
    "# First steps\n\n**You need** nothing.",
    "```{exercise} Walk\n:label: walk\n:class: warm-up pencil\nTake a step.\n```",
    "```{solution-start} walk\n:class: dropdown\n```\nSecretword one.",
    ("secretcode = 1", "secretoutput 1"),
    "Secretword two.\n```{solution-end}\n```",
    "After the exercise.",
    ("kept = 2", "keptoutput 2"),
)
SECOND = notebook(
    "# Second steps\n\n**You need** {doc}`the first <one>`.",
    "```{exercise} Run\n:label: run\n:class: stretch pencil code\nTake two.\n```",
    "```{solution-start} run\n```\n",
    ("secretcode = 3", "secretoutput 3"),
    "```{solution-end}\n```",
)
INDEX = """\
# Home

```{toctree}
:numbered:
one
two
```

```{only} solutions
Solutionsarehere.
```

```{course-map}
Part
one | h | A *state*.
two | f i | Gates.
```

```{chapter-table}
```

```{exercise-table}
```
"""
CONF = """\
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_nb", "rnnbook_exercises", "rnnbook_solutions", "rnnbook_chapters", "rnnbook_map"]
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "dollarmath"]
project = "Small"
html_static_path = [{static!r}]
"""
SECRET = ("secretword", "secretcode", "secretoutput", "solution to", "solution-start")


def files(folder):
    """Every file of a built book as lower-case text, the compressed list of its names too."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.name == "objects.inv":
                data = zlib.decompress(data.split(b"zlib.\n", 1)[1])
            found[path.relative_to(folder).as_posix()] = data.decode("utf-8", "ignore").lower()
    return found


@pytest.fixture(scope="module", params=[True, False], ids=["with-solutions", "without"])
def small_book(request, tmp_path_factory):
    source = tmp_path_factory.mktemp("small")
    for name, text in {
        "conf.py": CONF.format(extensions=str(BOOK / "_ext"), static=str(BOOK / "_static")),
        "index.md": INDEX,
        "one.ipynb": FIRST,
        "two.ipynb": SECOND,
    }.items():
        (source / name).write_text(text, "utf-8")
    switch = f"rnnbook_solutions={int(request.param)}"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", "-D", switch, "-d", str(source / "trees")]
    command += [str(source), str(source / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0 and not done.stderr, done.stderr
    return request.param, files(source / "out")


def test_the_switch_takes_every_trace_of_a_solution(small_book):
    shown, site = small_book
    found = {(word, name) for word in SECRET for name, text in site.items() if word in text}
    assert ("solutionsarehere" in site["index.html"]) is shown
    assert ("solution" in site["objects.inv"]) is shown
    if shown:  # on the page, in what it offers for download, and in the search
        assert {("secretcode", name) for name in ("one.html", "two.html", "_sources/one.ipynb.txt")} <= found
        assert ("secretword", "searchindex.js") in found
    else:
        assert found == set()
    for name, word in (("one.html", "keptoutput 2"), ("one.html", "after the exercise"), ("two.html", "take two")):
        assert word in site[name]
    assert "after the exercise" in site["_sources/one.ipynb.txt"] and "take two" in site["_sources/two.ipynb.txt"]


def test_marks_times_and_map_are_made_by_the_build(small_book):
    _, site = small_book
    assert re.search(r"\(walk\)\s*<span class=\"rb-level\">warm-up · pencil</span>", site["one.html"])
    assert "stretch · pencil and code" in site["two.html"]
    # Not executed, so nothing is said of running.
    assert '<p class="rb-effort">reading: about 5 min · 1 exercise</p>' in site["one.html"]
    assert "course.css" in site["one.html"] and "course.css" not in site["genindex.html"]
    home = site["index.html"]
    for link in ('href="one.html#walk"', 'href="two.html#run"', 'href="two.html"><span class="rb-map-unseen">2. '):
        assert link in home
    assert "you need 1." in home and '<em class="rb-h">state</em>' in home


def test_an_exercise_without_a_level_is_an_error_of_the_build(tmp_path):
    (tmp_path / "conf.py").write_text(CONF.format(extensions=str(BOOK / "_ext"), static=str(BOOK / "_static")))
    (tmp_path / "index.md").write_text("# Home\n\n```{exercise} Walk\n:label: walk\n:class: pencil\nTake a step.\n```")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode != 0 and "'walk' needs :class:" in done.stderr


def global_names(of):
    """What the code among these cells makes at its top level, and what it uses from there."""
    code = "\n".join(text for kind, text in of if kind == "code" and "%pip" not in text)
    top = symtable.symtable(code, "chapter", "exec")
    made = {name.get_name() for name in top.get_symbols() if name.is_assigned() or name.is_imported()}
    used = {name.get_name() for name in top.get_symbols() if name.is_referenced()}
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        used |= {name.get_name() for name in table.get_symbols() if name.is_global()}
        tables += table.get_children()
    return made, used


def test_which_names_a_cell_uses():
    made, used = global_names([("code", "a = 1\ndef f(b):\n    return a + b + c"), ("markdown", "d = 2")])
    assert made == {"a", "f"} and used == {"a", "c"}


@each_chapter
def test_a_chapter_reads_and_runs_without_its_solutions(path):
    inside, kept, hidden = False, [], []
    for name, kind, text in cells(path):
        start, end = "{solution-start}" in text, "{solution-end}" in text
        if kind == "markdown" and start:
            assert text.startswith("```{solution-start}"), f"{name}: something stands before the solution"
            assert ":label:" not in text, f"{name}: a link to a solution would lead nowhere without it"
        if kind == "markdown" and end:
            assert text.rstrip().endswith("```{solution-end}\n```"), f"{name}: something stands behind the solution"
        inside = inside or (kind == "markdown" and start)
        (hidden if inside else kept).append((kind, text))
        inside = inside and not (kind == "markdown" and end)
    assert not inside and hidden

    made, _ = global_names(hidden)
    made_elsewhere, used = global_names(kept)
    assert sorted((made - made_elsewhere) & used) == []
    glued = re.findall(r'glue\("(\w+)"', "\n".join(text for kind, text in hidden if kind == "code"))
    told = "\n".join(text for kind, text in kept if kind == "markdown")
    assert [name for name in glued if f"`{name}`" in told] == []


# -- the map


def test_no_line_of_the_map_runs_through_a_chapter_or_along_another_line():
    links = re.compile(r"\{doc\}`[^`<]*<([^`>]+)>`")
    needs = {}
    for path in CHAPTERS:
        title = next(text for name, _, text in cells(path) if name == "title")
        needs[path.stem] = links.findall(title.partition("**You need**")[2])
    assert needs["01-feedforward"] == [] and needs["06-lstm"][0] == "03-elman"
    order = list(needs)
    assert all(order.index(other) < order.index(name) for name in order for other in needs[name])

    parents = course_map.reduced(needs)
    lanes, lines = course_map.draw_up(parents)
    drawn = {(line.source, target) for line in lines for target in line.targets}
    assert drawn == {(p, name) for name in order for p in parents[name]}
    spans = [(line.lane, order.index(line.source), order.index(line.targets[-1])) for line in lines]
    for lane, start, end in spans:
        assert not [name for name in order[start + 1 : end] if lanes[name] == lane]
    for k, (lane, start, end) in enumerate(spans):
        for other, first, last in spans[k + 1 :]:
            assert lane != other or end <= first or last <= start


# -- the citation, and how to report an error


def test_the_citation_is_the_one_of_the_file():
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    fact = citation.facts(text, "2026")
    assert fact == {**fact, "version": yaml.safe_load(text)["version"], "year": "2026"}
    assert citation.facts(text + "\ndate-released: 2031-02-03\n", "2026")["year"] == "2031"
    entry = citation.bibtex(fact)
    assert entry.startswith("@misc{") and entry.count("{") == entry.count("}")
    assert all(fact[name] in entry for name in fact)


def test_the_forms_that_the_page_links_exist_and_ask_something():
    linked = re.findall(r"\{new-issue\}`[^`<]+ <([^`>]+)>`", (BOOK / "teachers.md").read_text("utf-8"))
    forms = {path.name for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")} - {"config.yml"}
    assert set(linked) == forms
    for name in forms:
        form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / name).read_text("utf-8"))
        assert form["name"] and form["description"] and form["body"]
        ids = [part["id"] for part in form["body"]]
        assert len(ids) == len(set(ids)) and all(part["attributes"]["label"] for part in form["body"])
        assert any(part.get("validations", {}).get("required") for part in form["body"])


# -- the built book


@pytest.fixture(scope="module")
def pages():
    if not (SITE / "book" / "teachers.html").is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built: make book")
    return {page.name: page.read_text("utf-8") for page in SITE.glob("book/*.html")}


def rows(page, name):
    """The rows of a table of this class, each a list of its cells' HTML."""
    table = re.search(rf'<table class="[^"]*\b{name}\b.*?</table>', page, re.DOTALL)[0]
    body = table.partition("<tbody>")[2]
    return [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in body.split("</tr>")[:-1]]


def test_the_table_has_every_exercise_and_every_link_arrives(pages):
    table = rows(pages["teachers.html"], "rb-exercises")
    found = []
    for number, link, level, kind in table:
        page, _, label = re.search(r'href="([^"]+)"', link)[1].partition("#")
        assert f'id="{label}"' in pages[page], label
        assert re.search(rf"Exercise {re.escape(re.sub('<.*?>', '', number))} ", pages[page])
        found.append((Path(page).stem, label, re.sub("<.*?>", "", f"{level} · {kind}")))
    written = [(path.stem, label, classes) for path in CHAPTERS for label, classes in exercises(path)]
    assert found == [(page, label, " · ".join(marks.marks(words.split()))) for page, label, words in written]


def test_every_chapter_says_once_how_long_it_takes(pages):
    for path in CHAPTERS:
        said = re.findall(r'<p class="rb-effort">(.*?)</p>', pages[f"{path.stem}.html"])
        count = len(exercises(path))
        assert len(said) == 1
        pattern = rf"Reading: about \d+ min · {count} exercises( · all cells ran in \d+ s where this page was built)?"
        assert re.fullmatch(pattern, said[0]), said
    table = rows(pages["teachers.html"], "rb-chapters")
    assert len(table) == len(CHAPTERS) + 1
    levels = [[int(re.sub("<.*?>", "", cell)) for cell in row[4:]] for row in table]
    assert [sum(column) for column in zip(*levels[:-1], strict=True)] == levels[-1]


def test_every_chapter_stands_on_the_map_under_its_own_title(pages):
    found = re.search(r'<nav class="rb-map".*?</nav>', pages["index.html"], re.DOTALL)[0]
    links = re.findall(r'<a href="([^"]+)"><span class="rb-map-unseen">(\d+)\. </span>(.*?)</a>', found)
    assert [address for address, _, _ in links] == [f"{path.stem}.html" for path in CHAPTERS]
    for address, number, title in links:
        heading = re.search(r"<h1><span class=\"section-number\">(.*?)<a class=\"headerlink\"", pages[address])[1]
        plain = " ".join(re.sub(r"<.*?>", "", html.unescape(heading)).split())
        assert plain == f"{number}. {html.unescape(title)}"
