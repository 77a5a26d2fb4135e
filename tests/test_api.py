"""What is public: each name is listed by its module, has its docstring, and stands on one page of the book."""

import inspect
import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

for package in ("numpydoc", "sphinx", "matplotlib", "IPython", "anywidget"):
    pytest.importorskip(package)
from numpydoc.docscrape import NumpyDocString  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
sys.path.insert(0, str(BOOK / "_ext"))
from rnnbook_api import public_names  # noqa: E402

each_name = pytest.mark.parametrize("name", public_names(), ids=lambda name: name.path)


def parameters(thing):
    """What a call takes, as numpydoc writes it."""
    maker = getattr(thing.__init__, "__module__", "") if inspect.isclass(thing) else ""
    if maker and not maker.startswith("rnnbook") or thing.__init__ is OSError.__init__:
        return []  # made as a class of another library is
    found = inspect.signature(thing).parameters.values()
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(p.kind, "") + p.name for p in found]


def faults(thing):
    """Say what the docstring of a function or a class lacks."""
    text = NumpyDocString(inspect.cleandoc(thing.__doc__ or ""))
    if not "".join(text["Summary"]).strip():
        yield "no summary"
    # A named tuple and a dataclass describe what they are made from as what they have.
    named = [name for p in text["Parameters"] or text["Attributes"] for name in p.name.split(", ")]
    needed = parameters(thing)
    if lacking := [name for name in needed if name not in named]:
        yield f"does not say what is {', '.join(lacking)}"
    if [name for name in named if name in needed] != [name for name in needed if name in named]:
        yield "names its parameters in another order"
    stars = [name for name in needed if name.startswith("**")]
    if text["Parameters"] and not stars and (extra := set(named) - set(needed)):
        yield f"names what it does not take: {', '.join(extra)}"
    methods = [m.__doc__ or "" for m in vars(thing).values()] if inspect.isclass(thing) else []
    if not any(">>> " in doc for doc in [thing.__doc__ or "", *methods]):
        yield "no example that runs"


@each_name
def test_a_public_name_is_documented(name):
    if name.kind == "data":
        assert "".join(name.comment), "say what it is in lines that begin with #:"
    else:
        assert list(faults(name.value)) == []


class Base:
    def __init__(self, size, *, rate=1.0, **options):
        self.size = size

    __init__.__module__ = "rnnbook.cells"


SIZE = "Parameters\n----------\nsize : int\n"
SEEN = {
    "": ["no summary", "does not say what is size, rate, **options"],
    "Say nothing of size.": ["does not say what is size, rate, **options"],
    f"Forget.\n\n{SIZE}": ["does not say what is rate, **options"],
    f"Turn.\n\n{SIZE}**options\n    As in x.\nrate : float": ["names its parameters in another order"],
    f"All is well.\n\n{SIZE}rate : float\n**options\n    As in x.": [],
}


@pytest.mark.parametrize("text", SEEN)
def test_this_test_can_see(text):
    example = "\n\nExamples\n--------\n>>> 1\n1"
    assert list(faults(type("Thing", (Base,), {"__doc__": text + example}))) == SEEN[text]
    assert list(faults(type("Thing", (Base,), {"__doc__": text}))) == [*SEEN[text], "no example that runs"]


def test_what_is_public():
    paths = [name.path for name in public_names()]
    assert len(paths) == len(set(paths)) > 150
    assert {"rnnbook.LSTMCell", "rnnbook.data.recall", "rnnbook.data.LETTERS", "rnnbook.widgets.Ink"} <= set(paths)
    # A name that is also in rnnbook itself is shown there, once.
    assert "rnnbook.losses.accuracy" not in paths and "rnnbook.accuracy" in paths
    assert not [path for path in paths if path.rpartition(".")[2].startswith("_")]


@pytest.mark.parametrize(
    ("pages", "pattern"),
    [("api-*.md", r"^\.\. public-names:: (\S+)$"), ("api.md", r"\{public\}`([^`]+)`")],
    ids=["shown", "listed"],
)
def test_each_name_stands_on_one_page(pages, pattern):
    modules = Counter(m for page in BOOK.glob(pages) for m in re.findall(pattern, page.read_text("utf-8"), re.M))
    assert modules == Counter({name.shown for name in public_names()})


def test_each_page_is_linked():
    pages = {path.stem for path in BOOK.glob("api-*.md")}
    assert set(re.findall(r"<(api-[\w-]+)>`", (BOOK / "api.md").read_text("utf-8"))) == pages


@pytest.mark.browser
def test_the_built_pages_have_every_name():
    from sphinx.util.inventory import InventoryFile

    inventory = ROOT / "_build" / "html" / "objects.inv"
    if not inventory.is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built: make book")
    with inventory.open("rb") as file:
        known = InventoryFile.load(file, "", lambda base, name: name)
    found = {name: place[2] for kind, names in known.items() if kind.startswith("py:") for name, place in names.items()}
    assert [name.path for name in public_names() if name.path not in found] == []
    for path, place in found.items():
        page, _, anchor = place.partition("#")
        if path.count(".") <= 2 and anchor and not anchor.startswith("module-"):
            html = (ROOT / "_build" / "html" / page).read_text("utf-8")
            assert f'id="{anchor}"' in html, place
