"""The book's files: notebooks as they are committed, coverage, citations, links."""

import ast
import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
nbformat = pytest.importorskip("nbformat")

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.name[0].isdigit()]  # the others are pages that run
PAGES = sorted(BOOK.glob("*.md"))

# The first cell of every chapter, the same in all of them. It does nothing where rnnbook is installed.
SETUP_CELL = """\
try:
    import rnnbook  # noqa: F401
except ModuleNotFoundError:  # Colab and JupyterLite start without it
    %pip install -q "rnnbook[notebook]"\
"""

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def tags(cell):
    return set(cell.metadata.get("tags", ()))


def text_of(path):
    """Give all text of a page or of a chapter's text cells, without code blocks."""
    if path.suffix == ".ipynb":
        text = "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    else:
        text = path.read_text("utf-8")
    kept, fence, directive = [], "", False
    for line in text.splitlines():
        if not fence and (opening := re.match(r"(```+|~~~+)(.*)", line)):
            fence, directive = opening[1], opening[2].startswith("{")  # a directive holds text, other blocks code
        elif fence and line.rstrip() == fence:
            fence = ""
        elif not fence or directive:
            kept.append(line)
    return "\n".join(kept)


def test_what_is_text_and_what_is_code(tmp_path):
    page = "a\n```{note}\nb\n```\nc\n```python\nd\n```\ne\n````{tip}\n```\nf\n```\n````\ng"
    (tmp_path / "page.md").write_text(page)
    assert re.findall(r"(?m)^\w$", text_of(tmp_path / "page.md")) == ["a", "b", "c", "e", "f", "g"]


# -- notebooks as they are committed


@each_notebook
def test_no_outputs_are_committed(path):
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == [], f"cell {cell.id} holds outputs: run nbstripout {path.name}"
            assert cell.execution_count is None, f"cell {cell.id} holds a count: run nbstripout {path.name}"


@each_notebook
def test_every_cell_has_a_readable_id_of_its_own(path):
    notebook = read(path)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids)), {k for k in ids if ids.count(k) > 1}
    for name in ids:
        # What Jupyter makes up is eight hexadecimal digits or a UUID: it says nothing to a translator.
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name), f"{name!r} is no readable id"
        assert not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}.*", name), f"{name!r} was made up by Jupyter"


@each_notebook
def test_the_first_cell_makes_the_chapter_work_elsewhere(path):
    first = read(path).cells[0]
    assert (first.id, first.cell_type, first.source) == ("setup", "code", SETUP_CELL)
    assert tags(first) == {"remove-cell"}


@each_chapter
def test_a_chapter_has_its_parts(path):
    notebook = read(path)
    source = "\n".join(cell.source for cell in notebook.cells)
    assert source.count("{exercise}") >= 4, "a chapter has four exercises or more"
    assert source.count("{solution-start}") == source.count("{solution-end}") == source.count("{exercise}")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    quizzes = [cell for cell in code if re.search(r"\bquiz\(", cell.source)]
    assert quizzes, "a chapter ends with a quiz"
    for cell in quizzes:
        # The code of a quiz says which answers are right.
        assert "remove-input" in tags(cell), f"{cell.id} needs the tag remove-input"
    for cell in code:
        if cell.id.startswith("check-"):
            assert "assert" in cell.source, f"{cell.id} asserts nothing"


def test_a_label_stands_once_in_the_whole_book():
    """Sphinx keeps labels of all pages in one table; two exercises with one name are a warning of the build."""
    labels = [name for path in [*NOTEBOOKS, *PAGES] for name in re.findall(r"(?m)^:label: (\S+)", text_of(path))]
    assert len(labels) > 20 and [name for name in set(labels) if labels.count(name) > 1] == []


@each_notebook
def test_numbers_in_the_prose_were_glued_once(path):
    cells = read(path).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    glued = re.findall(r"""glue\(\s*f?["']([\w{}]+)["']""", code)
    assert len(glued) == len(set(glued)), "a name is glued twice"
    # In a loop a name is an f-string; what stands in its braces may be any letters.
    patterns = [re.sub(r"\{\w+\}", r"\\w+", name) for name in glued]
    for name in re.findall(r"\{glue:text\}`([^`:]+)`", text_of(path)):
        assert any(re.fullmatch(pattern, name) for pattern in patterns), f"nothing glues {name}"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: path.stem)
def test_only_one_form_of_glue_is_used(path):
    # The other roles show a value with quotes around it, or depend on what the reader's machine renders.
    assert re.findall(r"\{glue(?!:text\})[^}]*\}", text_of(path)) == []


# -- what the book owes


def coverage():
    return yaml.safe_load((BOOK / "coverage.yml").read_text("utf-8"))


def shows_or_asserts(source):
    """Say whether a cell would have an output or checks something, from its code alone."""
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    tree = ast.parse(code)
    if any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        return True
    calls = {
        getattr(node.func, "id", getattr(node.func, "attr", ""))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    last = tree.body[-1] if tree.body else None
    quiet = source.rstrip().endswith(";")
    return bool(calls & {"print", "display", "glue"}) or (isinstance(last, ast.Expr) and not quiet)


def test_a_cell_that_only_assigns_shows_nothing():
    assert not shows_or_asserts("x = 1\ndef f():\n    return 2")
    assert not shows_or_asserts("x = 1\nx;")
    assert not shows_or_asserts("")
    assert shows_or_asserts("x = 1\nx")
    assert shows_or_asserts("%matplotlib inline\nprint(1)")
    assert shows_or_asserts("def f():\n    assert True")


@each_chapter
def test_a_chapter_pays_what_it_owes(path):
    owed = coverage().get(path.stem)
    assert owed is not None, f"coverage.yml has no entry {path.stem}"
    cells = {cell.id: cell for cell in read(path).cells}
    for item, where in owed.items():
        assert where, f"{item} is still owed"
        for name in [where] if isinstance(where, str) else where:
            assert name in cells, f"{item}: there is no cell {name}"
            cell = cells[name]
            if cell.cell_type == "code":
                assert shows_or_asserts(cell.source), f"{item}: the cell {name} shows and asserts nothing"
            else:
                assert item.startswith("K"), f"{item}: {name} is text, but a code cell is owed"
                assert re.search(r"\{cite:\w+\}`", cell.source), f"{item}: the correction {name} cites nothing"


def test_what_is_not_written_yet_is_marked_as_owed():
    written = {path.stem for path in NOTEBOOKS} | {path.stem for path in PAGES}
    for page, items in coverage().items():
        for item, where in items.items():
            assert re.fullmatch(r"(S\d{3}-\d\d|K\d\db?|T\d\d)", item), item
            assert page in written or where is None, f"{item}: {page} does not exist"


def test_pages_pay_what_they_owe():
    labels = {p.stem: re.findall(r"^\(([\w-]+)\)=", p.read_text("utf-8"), re.M) for p in PAGES}
    for page in ("index", "references"):
        for item, where in coverage()[page].items():
            known = labels[page] + (sorted(bibliography()) if page == "references" else [])
            for name in [where] if isinstance(where, str) else where:
                assert name in known, f"{item}: {page} has no {name}"


# -- citations and links


def bibliography():
    keys = re.findall(r"^@\w+\{([^,]+),", (BOOK / "references.bib").read_text("utf-8"), re.M)
    assert len(keys) == len(set(keys))
    return set(keys)


def test_every_work_says_who_what_and_when():
    entries = (BOOK / "references.bib").read_text("utf-8").split("\n@")[1:]
    assert len(entries) == len(bibliography())
    for entry in entries:
        for field in ("author", "title", "year"):
            assert re.search(rf"\b{field} = \{{[^}}]", entry), f"no {field} in {entry.splitlines()[0]}"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: path.stem)
def test_citations_exist(path):
    for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text_of(path)):
        for key in keys.split(","):
            assert key.strip() in bibliography(), f"{key} is not in references.bib"


def test_docstrings_cite_existing_works():
    found = 0
    for path in sorted((ROOT / "rnnbook").rglob("*.py")):
        for keys in re.findall(r":cite(?::\w+)?:`([^`]+)`", path.read_text("utf-8")):
            for key in keys.split(","):
                found += 1
                assert key.strip() in bibliography(), f"{path.name} cites {key}, which is not in references.bib"
    assert found > 10


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: path.stem)
def test_links_inside_the_book_lead_somewhere(path):
    text = text_of(path)
    targets = [t for t in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", t)]
    targets += [
        (re.search(r"<(.*)>", t) or re.match("(.*)", t)).group(1) for t in re.findall(r"\{doc\}`([^`]+)`", text)
    ]
    for target in targets:
        found = BOOK / target.split("#")[0]
        assert any(p.exists() for p in (found, found.with_suffix(".md"), found.with_suffix(".ipynb"))), target


def test_every_page_has_its_place():
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    listed = set(re.findall(r"(?:file|root): (\S+)", toc))
    there = {f"book/{path.stem}" for path in [*NOTEBOOKS, *PAGES]}
    assert listed == there


def test_the_address_of_the_repository_stands_in_one_place():
    """Everything that names it takes _config.yml's; a moved book changes these files together."""
    url = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]["url"]
    for name in ("CITATION.cff", "README.md"):
        for found in re.findall(r"https://github\.com/[\w-]+/[\w-]+", (ROOT / name).read_text("utf-8")):
            assert found == url, f"{name} says {found}"
