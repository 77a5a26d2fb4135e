"""The loops that a beginner would write: one matrix for each gate, one sequence and one step at a time."""

import importlib.util
from pathlib import Path

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

TITLE = "Naive loops"
ABOUT = (
    "Training steps in float64. The peer is `tests/reference.py`, the oracle of the tests: one matrix for each gate, "
    "one sequence and one step at a time. Most rows have one sequence, where the loops have the least to lose."
)
PEER = "naive"


def tables():
    return [Table(problems.cases(("minchar", "ptb"), dtype="float64"), heading="float64", seconds=0.2, together=True)]


def reference():
    """The module tests/reference.py, which is in no package."""
    path = Path(__file__).resolve().parents[2] / "tests" / "reference.py"
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(implementation, case):
    if implementation == "rnnbook":
        from benchmarks.measurements.training_step import build

        return build("rnnbook", case)
    params, x, dy = problems.problem(case["cell"], case["sizes"], case["dtype"])
    naive, name = reference(), f"{case['cell']}Cell"
    zeros = tuple(np.zeros(dy.shape[1:]) for _ in naive.CELLS[name][1])

    def step():
        y, _, tape = naive.forward(name, params, x, zeros)
        dx, _, grads = naive.backward(name, params, x, tape, dy, zeros)
        return {"y": y, "dx": dx, **grads}

    return step
