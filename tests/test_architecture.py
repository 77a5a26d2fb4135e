"""Imports inside rnnbook run one way, and the core needs NumPy alone. Read from the source."""

import ast
import importlib
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rnnbook"

# The order to read the package in. A module imports only from those before it.
ORDER = [
    "validation", "files", "quantize", "functional", "init", "cells", "recurrent", "layers", "losses", "optim", "data",
    "model", "train", "sampling", "gradcheck", "interop", "plots", "diagrams", "notebook", "widgets",
]  # fmt: skip

# What is for showing things, and what only those modules may import at all.
SHOWING = {"plots", "diagrams", "notebook", "widgets"}
FOR_SHOWING = {"matplotlib", "IPython", "ipywidgets", "anywidget", "traitlets"}
# Inside a function of these, and nowhere else: the progress bar of a long training run, and what writes ONNX files.
LAZY = {"train": {"tqdm"}, "interop": {"onnx"}}


def part_of(path: Path) -> str:
    """Name the module of the first level that a file belongs to; "" for the package itself."""
    inside = path.relative_to(PACKAGE)
    name = inside.parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


def imports(path: Path, source: str | None = None):
    """Yield (dotted name, whether it stands inside a function) for every import of a file."""
    tree = ast.parse(path.read_text("utf-8") if source is None else source)
    package = ["rnnbook", *path.relative_to(PACKAGE).parts[:-1]]

    def walk(node, lazy):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield name.name, lazy
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                module = ".".join([*base, *([child.module] if child.module else [])])
                # `from . import cells` names a module, `from .cells import LSTMCell` something in it.
                for name in child.names:
                    yield (f"{module}.{name.name}" if module == "rnnbook" else module), lazy
            elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
                inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                yield from walk(child, lazy or inside)

    yield from walk(tree, False)


def faults(path: Path, source: str | None = None):
    """Say what a file imports that it may not."""
    part = part_of(path)
    for name, lazy in imports(path, source):
        top, _, rest = name.partition(".")
        if top == "rnnbook":
            target = rest.split(".")[0]
            if target.startswith("__") or target == part:
                continue
            if target not in ORDER:
                # A name such as `from rnnbook import LSTMCell` hides where it comes from.
                yield f"imports {name}, which is no module of ORDER"
            elif part and ORDER.index(target) > ORDER.index(part):
                yield f"imports {name}, which comes after {part} in ORDER"
        elif top in FOR_SHOWING and part not in SHOWING:
            yield f"imports {name}, which only {', '.join(sorted(SHOWING))} may"
        elif lazy and top in LAZY.get(part, ()):
            continue
        elif part not in SHOWING and any(top in known for known in LAZY.values()):
            yield f"imports {name}, which only a function of {', '.join(p for p in LAZY if top in LAZY[p])} may"
        elif part not in SHOWING and top not in {"numpy", *sys.stdlib_module_names}:
            yield f"imports {name}, but the core needs NumPy alone"


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_from_those_before_it(path):
    assert part_of(path) in {"", *ORDER}, "give the new module its place in ORDER"
    assert list(faults(path)) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("functional.py", "from rnnbook.cells import LSTMCell"),
        ("functional.py", "from .cells import LSTMCell"),
        ("functional.py", "from . import cells"),
        ("functional.py", "from rnnbook import LSTMCell"),
        ("cells.py", "import matplotlib.pyplot as plt"),
        ("cells.py", "def draw():\n    import matplotlib"),
        ("train.py", "from tqdm.auto import tqdm"),
        ("optim.py", "def step():\n    import tqdm"),
        ("interop/export.py", "import onnx"),
        ("interop/export.py", "def export_onnx():\n    import torch"),
        ("model.py", "def export_onnx():\n    import onnx"),
        ("init.py", "import scipy"),
        ("data/reber.py", "from ..train import Trainer"),
    ],
)
def test_this_test_can_see(module, source):
    """Each of these would be a fault."""
    assert list(faults(PACKAGE / module, source)) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cells.py", "from .functional import sigmoid\nimport numpy as np\nfrom . import __version__"),
        ("train.py", "def bar():\n    from tqdm.auto import tqdm"),
        ("interop/export.py", "def export_onnx():\n    import onnx"),
        ("data/reber.py", "from .batch import Batch\nfrom ..validation import check"),
        ("plots.py", "import matplotlib"),
        ("__init__.py", "from .cells import LSTMCell\nfrom .train import Trainer"),
    ],
)
def test_this_test_lets_pass_what_is_right(module, source):
    assert list(faults(PACKAGE / module, source)) == []


def test_importing_the_package_loads_nothing_for_showing():
    code = "import sys, rnnbook; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "rnnbook" in loaded
    assert loaded.isdisjoint({*FOR_SHOWING, "tqdm", "torch", "keras", "onnx", "sklearn", "scipy"})


def test_modules_for_showing_are_imported_without_what_they_show_with():
    """`import rnnbook.notebook` works in a plain script; only calling a function may need more."""
    present = [name for name in ("notebook", "diagrams") if importlib.util.find_spec(f"rnnbook.{name}")]
    code = "import sys\nfor name in ('IPython', 'ipywidgets', 'anywidget', 'tqdm'): sys.modules[name] = None\n"
    code += "".join(f"import rnnbook.{name}\n" for name in present)
    subprocess.run([sys.executable, "-c", code], check=True)


def public_names():
    """Every public function, class and method of the package, with the name by which a reader finds it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        dotted = ".".join(["rnnbook", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
        module = importlib.import_module(dotted)
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != dotted:
                continue
            yield f"{dotted}.{name}", thing
            if inspect.isclass(thing):
                for method, inside in vars(thing).items():
                    if not method.startswith("_") and (inspect.isfunction(inside) or isinstance(inside, classmethod)):
                        yield f"{dotted}.{name}.{method}", getattr(thing, method)


def test_every_public_name_says_what_it_does():
    # An override inherits what its base class says, which inspect.getdoc follows and a linter does not.
    silent = [name for name, thing in public_names() if not inspect.getdoc(thing)]
    assert silent == []
    assert sum(1 for _ in public_names()) > 100  # it has looked at something
