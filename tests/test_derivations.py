"""The backward passes that the book derives: the page's own code, not the package's, held against nudges and oracles.

A reader may copy these cells.  So they must run with NumPy alone, with any sizes, and be right.
"""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import rnnbook as rb
from rnnbook import gradcheck
from rnnbook.cells import HCState, HState

BOOK = Path(__file__).resolve().parent.parent / "book"
#: chapter, cells, name of the functions, package's cell, states, further parameters
DERIVED = {
    "elman": ("04-backpropagation-through-time", ["in-code"], rb.ElmanCell, ["h_0"], []),
    "lstm": ("06-lstm", ["in-code-forward", "in-code-backward"], rb.LSTMCell, ["h_0", "c_0"], []),
    "gru": ("08-gru", ["in-code-forward", "in-code-backward"], rb.GRUCell, ["h_0"], ["b_n"]),
}
SIZES = [(6, 3, 4, 5), (1, 1, 1, 1), (2, 1, 3, 2), (9, 2, 1, 3)]  # T, B, D, H


def sources(chapter, ids):
    cells = {c["id"]: "".join(c["source"]) for c in json.loads((BOOK / f"{chapter}.ipynb").read_text("utf-8"))["cells"]}
    return [cells[i] for i in ids]


def functions(name):
    """The page's forward and backward, run with nothing but NumPy."""
    chapter, ids, *_ = DERIVED[name]
    scope = {"np": np}
    for source in sources(chapter, ids):
        exec(compile(source, chapter, "exec"), scope)
    return scope[f"{name}_forward"], scope[f"{name}_backward"]


def example(name, size, seed=0):
    _, _, cell, states, more = DERIVED[name]
    T, B, D, H = size
    rng, G = np.random.default_rng(seed), len(cell.GATES)
    arrays = {"x": rng.standard_normal((T, B, D))}
    arrays |= {state: rng.standard_normal((B, H)) for state in states}
    arrays |= {"W": rng.standard_normal((G * H, D)), "U": rng.standard_normal((G * H, H)) / np.sqrt(H)}
    arrays |= {"b": rng.standard_normal(G * H)} | {extra: rng.standard_normal(H) for extra in more}
    return arrays, rng.standard_normal((T, B, H))


def hidden(kept):
    return kept["h"] if isinstance(kept, dict) else kept


@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize("size", SIZES)
class TestDerivation:
    def test_every_slope_is_what_a_nudge_says(self, name, size):
        forward, backward = functions(name)
        for seed in range(3):
            arrays, dy = example(name, size, seed)
            slopes = backward(dy, arrays["x"], forward(**arrays), arrays["W"], arrays["U"])
            assert set(slopes) == set(arrays)
            report = gradcheck.check_gradients(
                lambda arrays=arrays, dy=dy: (hidden(forward(**arrays))[1:] * dy).sum(), arrays, slopes
            )
            assert report.error < 1e-6, str(report)

    def test_it_is_the_package_s_cell(self, name, size):
        forward, backward = functions(name)
        arrays, dy = example(name, size, 1)
        _, _, cell, states, _ = DERIVED[name]
        params = {k: v for k, v in arrays.items() if k not in ("x", *states)}
        layer = rb.Recurrent(cell(size[2], size[3], params=params, dtype=np.float64))
        first = (HState if len(states) == 1 else HCState)(*(arrays[state] for state in states))
        y, _, run = layer.forward(arrays["x"], first)
        np.testing.assert_allclose(hidden(forward(**arrays))[1:], y, rtol=0, atol=1e-12)
        dx, dfirst, grads = layer.backward(dy, run)
        slopes = backward(dy, arrays["x"], forward(**arrays), arrays["W"], arrays["U"])
        theirs = {"x": dx, **dict(zip(states, dfirst, strict=True)), **grads}
        for key, value in theirs.items():
            np.testing.assert_allclose(slopes[key], value, rtol=1e-9, atol=1e-10, err_msg=key)

    def test_it_leaves_its_arguments_alone(self, name, size):
        forward, backward = functions(name)
        arrays, dy = example(name, size)
        before = {k: v.copy() for k, v in arrays.items()} | {"dy": dy.copy()}
        kept = forward(**arrays)
        once = backward(dy, arrays["x"], kept, arrays["W"], arrays["U"])
        again = backward(dy, arrays["x"], kept, arrays["W"], arrays["U"])
        for key, value in before.items():
            assert np.array_equal({**arrays, "dy": dy}[key], value), key
        for key in once:
            assert np.array_equal(once[key], again[key]), key


@pytest.mark.parametrize("name", DERIVED)
def test_the_page_s_code_needs_numpy_alone(name):
    chapter, ids, *_ = DERIVED[name]
    for source in sources(chapter, ids):
        tree = ast.parse(source)
        assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))
        used = {
            node.value.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        assert not used & {"rb", "rnnbook", "gradcheck"}
