"""Weights to PyTorch and back: the same numbers forward and backward, and the same bits at home again."""

import warnings

import make_parity_fixtures as parity
import numpy as np
import pytest
from checking import distance, length_mask
from exchange import build, cells, nest, same_bits, scrambled, unnest

from rnnbook.cells import ElmanCell, GRUCell, LSTMCell
from rnnbook.interop import from_torch, to_torch
from rnnbook.layers import Dense, Embedding
from rnnbook.model import Sequential
from rnnbook.recurrent import Recurrent

TOLERANCE = {"float64": 1e-11, "float32": 1e-5}
KINDS = {
    "rnn-tanh": (ElmanCell, {"activation": "tanh"}),
    "rnn-relu": (ElmanCell, {"activation": "relu"}),
    "lstm": (LSTMCell, {}),
    "gru": (GRUCell, {}),
}


def weights_in(found):
    return {k: a for k, a in found.items() if k.startswith(("weight", "bias"))}


def gradients_as_torch(layer, grads):
    """PyTorch's names for our gradients.  Where it adds two biases, both have the gradient of our one."""
    holder = scrambled(layer, np.random.default_rng(0))
    for k, g in grads.items():
        holder.params[k][...] = g
    theirs = to_torch(holder)
    for name in [k for k in theirs if k.startswith("bias_hh")]:
        one = theirs[name.replace("hh", "ih")].copy()
        if isinstance(cells(layer)[0], GRUCell):
            n = slice(2 * len(one) // 3, None)
            one[n] = theirs[name][n]
        theirs[name] = one
    return theirs


def deviations(found, kind, layers, both, dtype):
    """Distance from PyTorch of outputs, last states and all gradients, by PyTorch's names; and our layer."""
    cls, options = KINDS[kind]
    (D, H), rng = (found["x"].shape[-1], found["weight_hh_l0"].shape[-1]), np.random.default_rng(0)
    layer = build(cls, D, H, rng, storeys=layers, both=both, dtype=dtype, **options)
    assert from_torch(layer, weights_in(found)) is layer
    mask = length_mask(len(found["x"]), found["lengths"]) if "lengths" in found else None
    y, last, run = layer.forward(found["x"], nest(layer, found), mask)
    dx, dfirst, grads = layer.backward(found["d y"], run, nest(layer, found, "_n", "d "))
    shown = y if mask is None else y * mask[..., None]  # PyTorch fills padding with zeros, we keep the state
    ours = {"y": shown, "d x": dx} | unnest(last) | unnest(dfirst, "_0", "d ")
    ours |= {f"d {k}": g for k, g in gradients_as_torch(layer, grads).items()}
    assert {a.dtype for a in ours.values()} == {np.dtype(dtype)}
    asked = {k for k in found if k.startswith("d ")} - {"d y", "d h_n", "d c_n"} | {"y", "h_n", "c_n"} & found.keys()
    assert ours.keys() == asked  # nothing of PyTorch's is left out
    return {k: distance(a, found[k]) for k, a in ours.items()}, layer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", parity.FORMS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_pytorchs_weights_give_what_pytorch_computed_once(kind, form, dtype):
    layers, both, _ = parity.FORMS[form]
    errors, _ = deviations(parity.read(kind)[1][f"{dtype} {form}"], kind, layers, both, dtype)
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE[dtype]} == {}


@pytest.fixture(scope="module")
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's own import, which no reader of these tests can mend
        torch = pytest.importorskip("torch", reason="PyTorch is not installed; its recorded numbers are compared")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


def tensors(torch, arrays):
    return {k: torch.from_numpy(a) for k, a in arrays.items()}


def random_case(seed):
    """One of 200 configurations, and what PyTorch computes in it."""
    rng = np.random.default_rng(seed)
    kind, dtype = list(KINDS)[seed % 4], list(TOLERANCE)[seed // 4 % 2]
    layers, both, packed = int(rng.integers(1, 4)), bool(rng.integers(2)), bool(rng.integers(2))
    T, B, D, H = (int(rng.integers(1, n)) for n in (10, 6, 7, 8))
    lengths = rng.integers(1, T + 1, B)
    lengths[rng.integers(B)] = T
    found = parity.case(kind, (layers, both, packed), dtype, seed, (T, B, D, H), tuple(map(int, lengths)))
    return found, kind, layers, both, dtype


def module_for(torch, layer, kind, layers, both, dtype):
    name, options = parity.KINDS[kind]
    D, H = layer.input_size, cells(layer)[0].hidden_size
    return getattr(torch.nn, name)(D, H, num_layers=layers, bidirectional=both, dtype=getattr(torch, dtype), **options)


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(200))
def test_weights_move_both_ways(torch, seed):
    found, kind, layers, both, dtype = random_case(seed)
    errors, layer = deviations(found, kind, layers, both, dtype)
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE[dtype]} == {}
    # And from here to a module that has never seen them.  Strict: every name and no other.
    module = module_for(torch, layer, kind, layers, both, dtype)
    module.load_state_dict(tensors(torch, to_torch(layer)), strict=True)
    y, _ = module(torch.from_numpy(found["x"]))
    assert distance(y.detach().numpy(), layer(found["x"])[0]) <= TOLERANCE[dtype]
    home = from_torch(scrambled(layer, np.random.default_rng(seed)), module.state_dict())
    assert same_bits(home.params, layer.params)


@pytest.mark.torch
def test_a_model_goes_into_a_module_with_the_same_names(torch):
    rng = np.random.default_rng(0)
    model = Sequential(embed=Embedding(7, 3, rng=rng), lstm=build(LSTMCell, 3, 4, rng), out=Dense(4, 2, rng=rng))
    module = torch.nn.Module()
    module.embed, module.lstm, module.out = torch.nn.Embedding(7, 3), torch.nn.LSTM(3, 4), torch.nn.Linear(4, 2)
    module.load_state_dict(tensors(torch, to_torch(model)))
    ids = rng.integers(0, 7, (5, 2))
    y = module.out(module.lstm(module.embed(torch.from_numpy(ids)))[0])
    assert distance(y.detach().numpy(), model(ids)[0]) < 1e-5
    assert same_bits(from_torch(scrambled(model, rng), module.state_dict()).params, model.params)


@pytest.mark.torch
@pytest.mark.parametrize(("kind", "name"), [("rnn-tanh", "RNNCell"), ("lstm", "LSTMCell"), ("gru", "GRUCell")])
def test_a_cell_alone_is_pytorchs_cell(torch, kind, name):
    cls, options = KINDS[kind]
    cell = build(cls, 3, 4, np.random.default_rng(0), **options).cell
    module = getattr(torch.nn, name)(3, 4)
    from_torch(cell, module.state_dict())
    module.load_state_dict(tensors(torch, to_torch(cell)))
    x = np.random.default_rng(1).standard_normal((1, 2, 3)).astype("f")
    h = module(torch.from_numpy(x[0]))
    h = h[0] if kind == "lstm" else h
    assert distance(h.detach().numpy(), Recurrent(cell)(x)[0][0]) < 1e-5


@pytest.mark.torch
def test_a_step_there_moves_the_sum_of_the_biases_twice_as_far(torch):
    """What to_torch's docstring says of training."""
    layer = build(LSTMCell, 3, 4, np.random.default_rng(0), dtype=np.float64)
    module = torch.nn.LSTM(3, 4, dtype=torch.float64)
    module.load_state_dict(tensors(torch, to_torch(layer)))
    x = np.random.default_rng(1).standard_normal((5, 2, 3))
    module(torch.from_numpy(x))[0].sum().backward()
    y, _, run = layer.forward(x)
    step = layer.backward(np.ones_like(y), run)[2]["b"]
    torch.optim.SGD(module.parameters(), lr=1.0).step()
    moved = from_torch(scrambled(layer, np.random.default_rng(0)), module.state_dict()).params["b"]
    assert distance(layer.params["b"] - moved, 2 * step) < 1e-11


@pytest.mark.torch
def test_what_a_module_has_that_we_have_not(torch):
    layer = build(LSTMCell, 3, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="weight_hr_l0 is not expected .* proj_size"):
        from_torch(layer, torch.nn.LSTM(3, 4, proj_size=2).state_dict())
    with pytest.raises(ValueError, match=r"weight_ih_l0 must have shape \(16, 3\), got \(12, 3\)"):
        from_torch(layer, torch.nn.GRU(3, 4).state_dict())
    with pytest.raises(ValueError, match="bias_ih_l0 is missing .*bias=False.* zeros"):
        from_torch(layer, torch.nn.LSTM(3, 4, bias=False).state_dict())
    with pytest.raises(TypeError, match="weight_ih_l0 .*detach"):
        from_torch(layer, dict(torch.nn.LSTM(3, 4).named_parameters()))
