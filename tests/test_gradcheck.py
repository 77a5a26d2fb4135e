"""The checker itself: it must see every kind of wrong gradient, say where, and leave the arrays as they were."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import rnnbook as rb
from rnnbook import functional, gradcheck
from rnnbook.gradcheck import check_gradients, check_layer, check_loss, numerical_gradient

A = np.random.default_rng(0).standard_normal((4, 3, 3))


def cubic():
    """loss = Σ tr(Wᵀ A W) + Σ b³ with a square W, whose gradient is not symmetric."""
    rng = np.random.default_rng(1)
    p = {"b": rng.standard_normal(3), "W": rng.standard_normal((3, 3))}

    def loss():
        return float(sum(np.trace(p["W"].T @ M @ p["W"]) for M in A) + (p["b"] ** 3).sum())

    grads = {"W": sum((M + M.T) @ p["W"] for M in A), "b": 3 * p["b"] ** 2}
    return loss, p, grads


WRONG = {
    "sign": lambda g: -g,
    "factor 2": lambda g: 2 * g,
    "transposed": lambda g: g.T.copy(),
    "one entry": lambda g: g + 1e-3 * (np.arange(9).reshape(3, 3) == 5),
    "a row missing": lambda g: g * (np.arange(3) != 1)[:, None],
    "zero": lambda g: 0 * g,
    "a term missing": lambda g: g - 0.01 * np.ones((3, 3)),
    "nan": lambda g: np.where(np.arange(9).reshape(3, 3) == 4, np.nan, g),
}


def test_a_right_gradient_is_right():
    loss, p, grads = cubic()
    report = check_gradients(loss, p, grads)
    assert report.ok and report.error < 1e-9
    assert str(report).endswith("all gradients agree (tolerance 1e-06)") and "WRONG" not in str(report)


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("directions", [None, 3])
def test_a_wrong_gradient_is_seen_and_named(kind, directions):
    loss, p, grads = cubic()
    report = check_gradients(
        loss, p, grads | {"W": WRONG[kind](grads["W"])}, directions=directions, rng=np.random.default_rng(2)
    )
    assert not report.ok
    lines = {line.split()[0]: line for line in str(report).splitlines()}
    assert "<- WRONG" in lines["W"] and "WRONG" not in lines["b"]
    assert "wrong: W (tolerance" in str(report)


def test_the_largest_error_of_a_report_with_nan_is_not_small():
    loss, p, grads = cubic()
    assert not check_gradients(loss, p, grads | {"W": WRONG["nan"](grads["W"])}).error <= 1e-6


def test_the_worst_entry_is_shown_with_both_values():
    loss, p, grads = cubic()
    bad = grads["W"].copy()
    bad[1, 2] += 0.5
    report = check_gradients(loss, p, grads | {"W": bad})
    (W,) = (t for t in report.tensors if t.name == "W")
    assert W.worst == (1, 2)
    assert W.analytic == bad[1, 2] and W.numerical == pytest.approx(grads["W"][1, 2], rel=1e-6)
    assert re.search(r"W +\(3, 3\).*at \[1, 2\]:", str(report))
    n = np.linalg.norm
    want = n(bad - grads["W"]) / (n(bad) + n(grads["W"]))
    assert W.error == pytest.approx(want, rel=1e-6)


def test_the_tolerance_counts():
    loss, p, grads = cubic()
    bad = grads | {"W": grads["W"] * (1 + 1e-4)}
    assert check_gradients(loss, p, bad, tolerance=1e-3).ok
    assert not check_gradients(loss, p, bad, tolerance=1e-5).ok


def test_a_small_gradient_is_not_waved_through():
    w = np.array([1.0, 2.0])
    assert not check_gradients(lambda: 1e-3 * float((w**2).sum()), {"w": w}, {"w": 1e-3 * w}).ok
    assert check_gradients(lambda: 1e-3 * float((w**2).sum()), {"w": w}, {"w": 2e-3 * w}).ok
    assert check_gradients(lambda: 3.0, {"w": w}, {"w": np.zeros(2)}).ok
    assert not check_gradients(lambda: 3.0, {"w": w}, {"w": np.full(2, 1e-6)}).ok


@pytest.mark.parametrize("directions", [None, 2])
def test_arrays_are_put_back_bit_for_bit_also_after_an_exception(directions):
    loss, p, grads = cubic()
    before = {k: v.tobytes() for k, v in p.items()}
    check_gradients(loss, p, grads, directions=directions, rng=np.random.default_rng(0))
    assert {k: v.tobytes() for k, v in p.items()} == before
    calls = []

    def breaks():
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return loss()

    with pytest.raises(KeyboardInterrupt):
        check_gradients(breaks, p, grads, directions=directions, rng=np.random.default_rng(0))
    assert {k: v.tobytes() for k, v in p.items()} == before


def test_numerical_gradient_is_central():
    w = np.array([0.5, -1.0])
    # The error of a central difference of x³ is exactly step²; a one-sided one is wrong by about 3 x step.
    got = numerical_gradient(lambda: float((w**3).sum()), w, step=1e-2)
    np.testing.assert_allclose(got - 3 * w**2, 1e-4, rtol=1e-6)


def test_float32_is_too_coarse():
    w = np.ones(2, np.float32)
    with pytest.raises(TypeError, match=r"arrays\['w'\] must be a float64 array.*got float32"):
        check_gradients(lambda: float(w.sum()), {"w": w}, {"w": w})
    with pytest.raises(TypeError, match="array must be a float64 array.*got list"):
        numerical_gradient(lambda: 0.0, [1.0])
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="float64"):
        check_layer(rb.Dense(2, 3, rng=rng), rng.standard_normal((4, 2)), rng=rng)


def test_errors_by_name():
    loss, p, grads = cubic()
    with pytest.raises(ValueError, match="grads must hold b, W, got W"):
        check_gradients(loss, p, {"W": grads["W"]})
    with pytest.raises(ValueError, match="grads must hold something"):
        check_gradients(loss, {}, {})
    with pytest.raises(ValueError, match=r"grads\['b'\] must have shape \(3,\), got \(1,\)"):
        check_gradients(loss, p, grads | {"b": grads["b"][:1]})
    with pytest.raises(ValueError, match="directions must be at least 1"):
        check_gradients(loss, p, grads, directions=0, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng"):
        check_gradients(loss, p, grads, directions=1)
    with pytest.raises(TypeError, match="rng"):
        check_layer(rb.Last(), np.zeros((2, 1, 1)), rng=0)


# -- layers that are wrong on purpose ---------------------------------------------------------------------------------
def lstm(rng):
    layer = rb.Recurrent(rb.LSTMCell(2, 3, rng=rng, dtype=np.float64))
    for p in layer.params.values():
        p += rng.standard_normal(p.shape)
    return layer


def spoiled(layer, spoil):
    """The layer with a backward pass whose results went through `spoil`."""
    backward = layer.backward

    def wrong(dy, run, dstate=None):
        dx, dfirst, grads = backward(dy, run, dstate)
        return spoil(dx, dfirst, dict(grads))

    layer.backward = wrong
    return layer


@pytest.mark.parametrize(
    "name, spoil",
    [
        ("U", lambda dx, ds, g: (dx, ds, g | {"U": g["U"] * 1.001})),
        ("b", lambda dx, ds, g: (dx, ds, g | {"b": np.roll(g["b"], 3)})),  # gates in another order
        ("x", lambda dx, ds, g: (dx[::-1], ds, g)),
        ("first state 0", lambda dx, ds, g: (dx, type(ds)(0 * ds.h, ds.c), g)),
        ("first state 1", lambda dx, ds, g: (dx, type(ds)(ds.h, ds.h), g)),
    ],
)
def test_check_layer_sees_each_gradient(name, spoil):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 3, 2))
    assert check_layer(lstm(rng), x, rng=rng).ok
    report = check_layer(spoiled(lstm(rng), spoil), x, rng=rng)
    assert [t.name for t in report.tensors if t.error > 1e-6] == [name]


def test_check_layer_sees_a_gradient_of_the_last_state_that_is_dropped():
    rng = np.random.default_rng(0)
    layer = lstm(rng)
    backward = layer.backward
    layer.backward = lambda dy, run, dstate=None: backward(dy, run)
    assert not check_layer(layer, rng.standard_normal((5, 3, 2)), rng=rng).ok


def test_check_layer_sees_a_mask_that_is_forgotten():
    rng = np.random.default_rng(0)
    layer, mask = lstm(rng), np.arange(5)[:, None] < [5, 2, 0]
    x = rng.standard_normal((5, 3, 2))
    assert check_layer(layer, x, mask=mask, rng=rng).ok
    backward = layer.backward
    layer.backward = lambda dy, run, dstate=None: backward(dy, run._replace(mask=None), dstate)
    assert not check_layer(layer, x, mask=mask, rng=rng).ok


def test_directions_agree_with_every_entry():
    rng = np.random.default_rng(0)
    layer, x = lstm(rng), rng.standard_normal((5, 3, 2))
    every, some = check_layer(layer, x, rng=rng), check_layer(layer, x, rng=rng, directions=3)
    assert every.ok and some.ok
    assert [t.name for t in every.tensors] == [t.name for t in some.tensors]
    assert all(t.worst is None for t in some.tensors) and "along one direction" in str(some)


def test_check_layer_leaves_input_and_weights_alone():
    rng = np.random.default_rng(0)
    layer, x = lstm(rng), rng.standard_normal((5, 3, 2))
    before = x.tobytes(), {k: p.tobytes() for k, p in layer.params.items()}
    check_layer(layer, x, rng=rng)
    assert (x.tobytes(), {k: p.tobytes() for k, p in layer.params.items()}) == before


def test_check_loss_sees_a_mean_that_is_a_sum():
    def summed(predictions, targets, mask=None):
        value, d = rb.mean_squared_error(predictions, targets, mask)
        return value, d * predictions.size

    x = np.random.default_rng(0).standard_normal((3, 2))
    assert check_loss(rb.mean_squared_error, x, np.zeros((3, 2))).ok
    assert not check_loss(summed, x, np.zeros((3, 2))).ok


# -- the command ------------------------------------------------------------------------------------------------------
def test_the_command_prints_a_row_for_everything_and_succeeds():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "rnnbook.gradcheck"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.path.dirname(os.path.dirname(rb.__file__))},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout and not done.stderr
    rows = {line[:38].strip(): line[38:].split() for line in done.stdout.splitlines()[1:-1]}
    for cell in rb.CELLS:
        assert len(rows[cell]) == 5  # plain, masked, two layers, both ways, ids
    for name in functional.ACTIVATIONS:
        assert f"Dense, {name}" in rows
        assert name == "tanh" or len(rows[f"ElmanCell, {name}"]) == len(rows[f"LSTMCell, {name}"]) == 5
    others = ("Embedding", "Dropout", "Dropout, shared over time", "Last", "Sequential")
    losses = ("softmax_cross_entropy", "binary_cross_entropy", "mean_squared_error")
    assert {*others, *losses} < rows.keys() and all(len(rows[name]) == 2 for name in losses)
    assert all(float(e) <= 1e-6 for row in rows.values() for e in row)
    assert all(float(e) > 0 for name, row in rows.items() for e in row if name != "Last")  # nothing compares 0 with 0


def test_the_command_fails_and_says_where(monkeypatch, capsys):
    # The slope of tanh with a forgotten square.
    monkeypatch.setitem(functional.ACTIVATIONS, "tanh", functional.Activation(np.tanh, lambda y: 1 - y))
    assert gradcheck.main() == 1
    out = capsys.readouterr().out
    assert "\nDense, tanh, plain:" in out and "\nElmanCell, masked:" in out and "<- WRONG" in out
    assert "\nLSTMCell, plain:" in out and "GRUCell, plain" not in out and "all within" not in out
