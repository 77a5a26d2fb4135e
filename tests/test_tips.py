"""Chapter 13's text for those who have a kernel: what it tells to write into a cell works."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ipywidgets = pytest.importorskip("ipywidgets")

CHAPTER = Path(__file__).parents[1] / "book" / "13-tips.ipynb"


def block(cell_id):
    """The Python block of a text cell."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(CHAPTER.read_text("utf-8"))["cells"]}
    (found,) = re.findall(r"```python\n(.*?)```", cells[cell_id], re.DOTALL)
    return found


def test_two_menus_choose_which_runs_are_drawn():
    drawn = []
    names = {
        "OPTIMISERS": {"SGD": None, "Adam": None},
        "RATES": (0.1, 1.0),
        "show_runs": lambda name, rate: drawn.append((name, rate)),
    }
    exec(block("live-panel-read"), names)
    assert drawn[-1] == ("SGD", 0.1)
    names["menus"]["name"].value = "Adam"
    names["menus"]["rate"].value = 1.0
    assert drawn[-1] == ("Adam", 1.0)


def test_two_sliders_move_the_stop(capsys):
    losses = np.zeros((3, 100, 3, 2))
    losses[:, :, 1, 0] = np.abs(np.arange(100) - np.array([[20], [40], [60]]))  # lowest at epochs 21, 41 and 61
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(CHAPTER.read_text("utf-8"))["cells"]}
    names = {"watched": losses}
    exec(cells["stopping"].partition("\nends")[0], names)
    exec(block("stopping-try"), names)
    names["sliders"]["run"].value = 1
    assert capsys.readouterr().out.splitlines()[-1] == "stops at epoch 51, returns epoch 41"
    names["sliders"]["patience"].value = 5
    assert capsys.readouterr().out.splitlines()[-1] == "stops at epoch 46, returns epoch 41"
