"""Every example in a docstring says what it says."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import rnnbook

NAMES = ["rnnbook", *(m.name for m in pkgutil.walk_packages(rnnbook.__path__, "rnnbook."))]
# What draws or shows needs the extra.
EXTRA = {"matplotlib", "IPython", "ipywidgets", "anywidget", "tqdm"}


def load(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if (error.name or "").split(".")[0] in EXTRA or "rnnbook[notebook]" in str(error):
            pytest.skip(f"{name} needs {error.name or 'an extra'}")
        raise


@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    module = load(name)
    tests = [t for t in doctest.DocTestFinder().find(module, extraglobs={"np": np}) if t.examples]
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    said = []
    for test in tests:
        try:
            runner.run(test, out=said.append)
        except ImportError:  # an example of a drawing
            load(name)
            raise
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_there_are_examples_to_run():
    core = ("functional", "cells", "recurrent", "layers", "losses", "model", "optim", "train", "sampling", "gradcheck")
    for name in core:
        module = importlib.import_module(f"rnnbook.{name}")
        assert any(t.examples for t in doctest.DocTestFinder().find(module)), name


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.M | re.S)
    assert blocks
    for block in blocks:
        names = {}
        exec(block, names)
        assert names["history"]["loss"][-1] < 0.3 and (tmp_path / "model.npz").is_file()
