"""The same weights, the same numbers: PyTorch's RNN, LSTM and GRU, forward and backward.

Fixtures hold what PyTorch computed, so that this is tested everywhere; where PyTorch is installed, it is asked
again, with other sizes and seeds.
"""

import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest
from checking import assert_close, distance, length_mask

from rnnbook.cells import ElmanCell, GRUCell, LSTMCell
from rnnbook.recurrent import Bidirectional, Recurrent, Stack

TORCH = "2.13.0"
make = runpy.run_path(str(Path(__file__).parent.parent / "scripts" / "make_parity_fixtures.py"))
KINDS, FORMS = list(make["KINDS"]), list(make["FORMS"])
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}

every_kind = pytest.mark.parametrize("kind", KINDS)
every_form = pytest.mark.parametrize("form", FORMS)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def parameters_of(found, suffix, kind):
    """PyTorch's two biases are one here, but for the GRU's candidate, whose second one stands inside the reset."""
    b, b_h = found[f"bias_ih_{suffix}"].copy(), found[f"bias_hh_{suffix}"].copy()
    params = {"W": found[f"weight_ih_{suffix}"], "U": found[f"weight_hh_{suffix}"]}
    if kind == "gru":
        n = slice(2 * len(b) // 3, None)
        params["b_n"] = b_h[n].copy()
        b_h[n] = 0
    return params | {"b": b + b_h}


def build(found, kind):
    """Our layers with PyTorch's weights, and the suffixes of PyTorch's names, layer by layer."""
    cls = {"lstm": LSTMCell, "gru": GRUCell}.get(kind, ElmanCell)
    options = {"activation": kind.removeprefix("rnn-")} if cls is ElmanCell else {}

    def one(suffix):
        params = parameters_of(found, suffix, kind)
        D, H = params["W"].shape[1], params["U"].shape[1]
        return Recurrent(cls(D, H, params=params, dtype=found["x"].dtype, **options))

    layers, suffixes = [], []
    while f"weight_ih_l{len(layers)}" in found:
        l = f"l{len(layers)}"
        both = f"weight_ih_{l}_reverse" in found
        suffixes.append([l, f"{l}_reverse"] if both else [l])
        layers.append(Bidirectional(one(l), one(f"{l}_reverse")) if both else one(l))
    return Stack(layers), suffixes


def nest(found, names, suffixes, stack):
    """PyTorch's (layers · directions, B, H) as one state for each of our layers."""
    rows = iter(zip(*(found[k] for k in names if k in found), strict=True))
    states = []
    for layer, of_layer in zip(stack.layers, suffixes, strict=True):
        cells = [layer.cell] if len(of_layer) == 1 else [layer.ahead.cell, layer.back.cell]
        each = [cell.State(*next(rows)) for cell in cells]
        states.append(each[0] if len(each) == 1 else tuple(each))
    return states


def unnest(states, suffixes):
    """The way back: one array (layers · directions, B, H) for each field."""
    flat = [
        s for state, of_layer in zip(states, suffixes, strict=True) for s in ([state] if len(of_layer) == 1 else state)
    ]
    return [np.stack(field) for field in zip(*flat, strict=True)]


def errors_against(found, kind):
    """Distance of our outputs, last states and gradients from PyTorch's, by PyTorch's names."""
    stack, suffixes = build(found, kind)
    first = nest(found, ("h_0", "c_0"), suffixes, stack)
    dlast = nest(found, ("d h_n", "d c_n"), suffixes, stack)
    mask = length_mask(len(found["x"]), found["lengths"]) if "lengths" in found else None
    y, last, run = stack.forward(found["x"], first, mask)
    dx, dfirst, grads = stack.backward(found["d y"], run, dlast)
    shown = y if mask is None else y * mask[..., None]  # PyTorch fills padding with zeros, we keep the state

    ours = {"y": shown, "d x": dx}
    ours |= dict(zip(("h_n", "c_n"), unnest(last, suffixes), strict=False))
    ours |= dict(zip(("d h_0", "d c_0"), unnest(dfirst, suffixes), strict=False))
    for n, of_layer in enumerate(suffixes):
        for suffix in of_layer:
            way = "" if len(of_layer) == 1 else "back." if suffix.endswith("_reverse") else "ahead."
            prefix = f"{n}.{way}"
            g = {k.removeprefix(prefix): v for k, v in grads.items() if k.startswith(prefix)}
            ours |= {f"d weight_ih_{suffix}": g["W"], f"d weight_hh_{suffix}": g["U"], f"d bias_ih_{suffix}": g["b"]}
            b_h = g["b"].copy()
            if kind == "gru":
                b_h[-len(g["b_n"]) :] = g["b_n"]
            ours[f"d bias_hh_{suffix}"] = b_h
    assert {a.dtype for a in ours.values()} == {found["x"].dtype}
    asked = {k for k in found if k.startswith("d ")} - {"d y", "d h_n", "d c_n"} | {"y", "h_n", "c_n"} & found.keys()
    assert ours.keys() == asked  # nothing of PyTorch's is left out
    return {k: distance(v, found[k]) for k, v in ours.items()}


def assert_parity(found, kind, dtype):
    errors = errors_against(found, kind)
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE[dtype]} == {}


@every_kind
@every_form
@every_dtype
def test_equals_what_pytorch_computed_once(kind, form, dtype):
    _, cases = make["read"](kind)
    assert_parity(cases[f"{dtype} {form}"], kind, dtype)


@every_kind
def test_the_fixture_says_how_it_was_made(kind):
    about, cases = make["read"](kind)
    assert (about["torch"], about["seed"]) == (TORCH, make["SEED"])
    assert about["command"] == "python scripts/make_parity_fixtures.py"
    assert set(cases) == {f"{dtype} {form}" for dtype in TOLERANCE for form in FORMS}


def test_the_fixtures_are_small():
    assert sum(path.stat().st_size for path in make["FIXTURES"].glob("parity-*.npz")) < 200_000


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's own import, which no reader of these tests can mend
        torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # at these sizes threads wait for each other most of the time
    yield torch
    torch.set_num_threads(threads)


@pytest.mark.torch
@every_kind
@every_form
@every_dtype
def test_equals_pytorch_live(torch, kind, form, dtype):
    lengths = (20, 1, 13, 20, 7)
    found = make["case"](kind, form, dtype, seed=1, sizes=(20, 5, 7, 9), lengths=lengths)
    assert_parity(found, kind, dtype)


@pytest.mark.torch
@every_kind
def test_the_fixture_is_what_pytorch_computes_today(torch, kind):
    _, cases = make["read"](kind)
    for key, kept in cases.items():
        dtype, form = key.split()
        fresh = make["case"](kind, form, dtype)
        assert fresh.keys() == kept.keys()
        for name in kept:
            assert_close(kept[name], fresh[name], TOLERANCE[dtype], f"{key} {name}")
