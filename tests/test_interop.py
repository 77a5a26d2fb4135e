"""Laws of the exchange of weights that need no other framework: there and back, layouts by hand, and every refusal."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from checking import distance
from exchange import build, same_bits, scrambled
from hypothesis import given
from hypothesis import strategies as st

import rnnbook.interop
from rnnbook.cells import (
    CELLS,
    CoupledLSTMCell,
    ElmanCell,
    GRUCell,
    GRUResetBeforeCell,
    LSTM1997Cell,
    LSTMCell,
    PeepholeLSTMCell,
)
from rnnbook.functional import ACTIVATIONS
from rnnbook.interop import from_keras, from_onnx, from_torch, onnx_operator, to_keras, to_onnx, to_torch
from rnnbook.interop.formats import INSTEAD, KERAS, ONNX, TORCH, reorder
from rnnbook.layers import Dense, Dropout, Embedding, Last, Layer
from rnnbook.model import Sequential
from rnnbook.recurrent import Bidirectional, Recurrent, Stack

DOORS = {"torch": (to_torch, from_torch), "keras": (to_keras, from_keras), "onnx": (to_onnx, from_onnx)}
TARGETS = {"torch": TORCH, "keras": KERAS, "onnx": ONNX}
PAIRS = [(name, cls) for name, target in TARGETS.items() for cls in target.cells]
every_target = pytest.mark.parametrize("target", DOORS)


def a_layer(cls=LSTMCell, seed=0, **options):
    return build(cls, 3, 4, np.random.default_rng(seed), **options)


def a_model():
    rng = np.random.default_rng(0)
    stack = build(GRUCell, 3, 4, rng, storeys=2, both=True)
    return Sequential(embed=Embedding(6, 3, rng=rng), drop=Dropout(0.5), gru=stack, out=Dense(8, 2, rng=rng))


# -- there and back ------------------------------------------------------------------------------------------------------
@given(data=st.data())
@pytest.mark.parametrize(("target", "cls"), PAIRS)
def test_there_and_back_every_bit_is_the_same(target, cls, data):
    (to, back), form = DOORS[target], TARGETS[target].cells[cls]
    D, H = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    options = {} if "GRU" in cls.__name__ else {"activation": data.draw(st.sampled_from(form.activations))}
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    shape = {"storeys": data.draw(st.sampled_from([None, 1, 2, 3])), "both": data.draw(st.booleans())}
    layer = build(cls, D, H, rng, dtype=data.draw(st.sampled_from(["float32", "float64"])), **shape, **options)
    for a in layer.params.values():  # both zeros, and the smallest number, which a sum would lose
        a[...] = np.where(rng.random(a.shape) < 0.3, rng.choice([0.0, -0.0, 5e-324], a.shape), a)
    other = scrambled(layer, rng)
    assert back(other, to(layer)) is other
    assert same_bits(other.params, layer.params)


@every_target
def test_a_whole_model_there_and_back(target):
    to, back = DOORS[target]
    model = a_model()
    assert same_bits(back(scrambled(model, np.random.default_rng(1)), to(model)).params, model.params)


@every_target
def test_arrays_are_new_and_of_the_layers_dtype(target):
    layer, to = a_layer(dtype=np.float64), DOORS[target][0]
    kept = {k: a.copy() for k, a in layer.params.items()}
    for a in to(layer).values():
        assert a.dtype == np.float64 and a.flags.c_contiguous and a.flags.owndata and a.flags.writeable
        a[...] = 7
    assert same_bits(layer.params, kept)


@every_target
def test_what_comes_back_is_written_in_place_and_copied(target):
    layer, (to, back) = a_layer(), DOORS[target]
    arrays, params = to(scrambled(layer, np.random.default_rng(1))), dict(layer.params)
    back(layer, arrays)
    assert all(layer.params[k] is a for k, a in params.items())
    kept = {k: a.copy() for k, a in layer.params.items()}
    for a in arrays.values():
        a[...] = 7
    assert same_bits(layer.params, kept)


@given(order=st.permutations("ifgo"), signs=st.lists(st.booleans(), min_size=4, max_size=4), seed=st.integers(0, 99))
def test_reorder_is_its_own_way_back(order, signs, seed):
    a = np.random.default_rng(seed).standard_normal((8, 2))
    want = [f"-{letter}" if sign else letter for letter, sign in zip(order, signs, strict=True)]
    assert reorder(reorder(a, "ifgo", want), want, "ifgo").tobytes() == a.tobytes()


# -- layouts by hand -----------------------------------------------------------------------------------------------------
def numbered(cls, **shape):
    """One unit and two inputs: W holds 1, 2, 3 … by rows, U 10, 20 …, b 100, 200 …, b_n 7, P 4, 5, 6 for i, f, o."""
    G = len(cls.GATES)
    n = np.arange(1.0, G + 1)
    params = {"W": np.stack([n, n + 0.5], 1), "U": 10 * n[:, None], "b": 100 * n, "b_n": [7.0], "P": [4.0, 5.0, 6.0]}
    return Recurrent(cls(2, 1, params={k: params[k] for k in cls.shapes(2, 1)}))


BY_HAND = [
    (to_torch, ElmanCell, {"weight_ih_l0": [[1, 1.5]], "weight_hh_l0": [[10]], "bias_ih_l0": [100], "bias_hh_l0": [0]}),
    (
        to_torch,
        LSTMCell,
        {
            "weight_ih_l0": [[1, 1.5], [2, 2.5], [3, 3.5], [4, 4.5]],
            "weight_hh_l0": [[10], [20], [30], [40]],
            "bias_ih_l0": [100, 200, 300, 400],
            "bias_hh_l0": [0, 0, 0, 0],
        },
    ),
    (
        to_torch,
        GRUCell,
        {
            "weight_ih_l0": [[1, 1.5], [2, 2.5], [3, 3.5]],
            "weight_hh_l0": [[10], [20], [30]],
            "bias_ih_l0": [100, 200, 300],
            "bias_hh_l0": [0, 0, 7],
        },
    ),
    (to_keras, ElmanCell, {"kernel": [[1], [1.5]], "recurrent_kernel": [[10]], "bias": [100]}),
    (
        to_keras,
        LSTMCell,
        {
            "kernel": [[1, 2, 3, 4], [1.5, 2.5, 3.5, 4.5]],
            "recurrent_kernel": [[10, 20, 30, 40]],
            "bias": [100, 200, 300, 400],
        },
    ),
    (
        to_keras,
        GRUCell,
        {
            "kernel": [[2, 1, 3], [2.5, 1.5, 3.5]],
            "recurrent_kernel": [[20, 10, 30]],
            "bias": [[200, 100, 300], [0, 0, 7]],
        },
    ),
    (
        to_keras,
        GRUResetBeforeCell,
        {"kernel": [[2, 1, 3], [2.5, 1.5, 3.5]], "recurrent_kernel": [[20, 10, 30]], "bias": [200, 100, 300]},
    ),
    (to_onnx, ElmanCell, {"W": [[[1, 1.5]]], "R": [[[10]]], "B": [[100, 0]]}),
    (
        to_onnx,
        PeepholeLSTMCell,
        {
            "W": [[[1, 1.5], [4, 4.5], [2, 2.5], [3, 3.5]]],
            "R": [[[10], [40], [20], [30]]],
            "B": [[100, 400, 200, 300, 0, 0, 0, 0]],
            "P": [[4, 6, 5]],
        },
    ),
    (
        to_onnx,
        CoupledLSTMCell,  # rows f, g, o are 1, 2, 3
        {
            "W": [[[-1, -1.5], [3, 3.5], [1, 1.5], [2, 2.5]]],
            "R": [[[-10], [30], [10], [20]]],
            "B": [[-100, 300, 100, 200, 0, 0, 0, 0]],
        },
    ),
    (
        to_onnx,
        GRUCell,
        {
            "W": [[[2, 2.5], [1, 1.5], [3, 3.5]]],
            "R": [[[20], [10], [30]]],
            "B": [[200, 100, 300, 0, 0, 7]],
        },
    ),
    (
        to_onnx,
        GRUResetBeforeCell,
        {
            "W": [[[2, 2.5], [1, 1.5], [3, 3.5]]],
            "R": [[[20], [10], [30]]],
            "B": [[200, 100, 300, 0, 0, 0]],
        },
    ),
]


@pytest.mark.parametrize(("to", "cls", "expected"), BY_HAND, ids=lambda v: getattr(v, "__name__", ""))
def test_layouts_by_hand(to, cls, expected):
    found = to(numbered(cls))
    assert list(found) == list(expected)
    for name, a in found.items():
        assert np.array_equal(a, expected[name]), name


def test_names_of_layers_and_directions():
    model = a_model()
    assert list(to_torch(model))[:6] == [
        "embed.weight",
        *(f"gru.{kind}_{of}_l0" for kind in ("weight", "bias") for of in ("ih", "hh")),
        "gru.weight_ih_l0_reverse",
    ]
    assert list(to_torch(model))[-3:] == ["gru.bias_hh_l1_reverse", "out.weight", "out.bias"]
    of_one = ("kernel", "recurrent_kernel", "bias")
    ways = [f"gru/{n}/{way}/{name}" for n in (0, 1) for way in ("forward", "backward") for name in of_one]
    assert list(to_keras(model)) == ["embed/embeddings", *ways, "out/kernel", "out/bias"]
    assert list(to_onnx(model)) == ["embed.E", *(f"gru.{n}.{name}" for n in (0, 1) for name in "WRB"), "out.W", "out.b"]
    assert to_onnx(model)["gru.1.W"].shape == (2, 12, 8)
    assert list(to_torch(a_layer().cell)) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert list(to_keras(a_layer().cell)) == list(of_one)


@every_target
def test_each_direction_has_its_own_weights(target):
    layer, to = a_layer(both=True), DOORS[target][0]
    turned = to(Bidirectional(layer.back, layer.ahead))
    for name, a in to(layer).items():
        if target == "onnx":
            assert np.array_equal(turned[name], a[::-1])
        else:
            other = name.replace("forward", "backward") if target == "keras" else f"{name}_reverse"
            if other in turned and other != name:
                assert np.array_equal(turned[other], a)


def test_the_notation_page_says_the_same():
    """The rows of its two tables against the orders here."""
    text = (Path(__file__).parent.parent / "book" / "notation.md").read_text("utf-8")
    sections = {LSTMCell: text.split("## LSTM: others")[1].split("##")[0]}
    sections[GRUCell] = text.split("## GRU: others")[1].split("##")[0]
    for cls, section in sections.items():
        for row, target in (("PyTorch", TORCH), ("Keras 3", KERAS), ("ONNX", ONNX)):
            (order,) = re.findall(rf"^\| {row} \| \$(.*?)\$", section, flags=re.M)
            assert order.split(", ") == list(target.cells[cls].order), (cls, row)


# -- two biases ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cls", [ElmanCell, LSTMCell, GRUCell, GRUResetBeforeCell, CoupledLSTMCell])
def test_two_biases_are_added_but_for_the_one_inside_the_reset(cls):
    layer, rng = a_layer(cls, dtype=np.float64), np.random.default_rng(1)
    arrays = to_onnx(layer)
    first, second = rng.standard_normal((2, *np.split(arrays["B"], 2, axis=1)[0].shape))
    from_onnx(layer, arrays | {"B": np.concatenate([first, second], axis=1)})
    order = ONNX.cells[cls].order
    total = reorder((first + second)[0], order, cls.GATES)
    if cls is GRUCell:
        n = layer.cell.rows("n")
        assert np.array_equal(layer.params["b_n"], second[0, -4:])
        total[n] = first[0, -4:]
    assert distance(layer.params["b"], total) <= 1e-15


def test_torch_and_back_keeps_the_function_and_puts_the_sum_beside_the_input():
    layer, rng = a_layer(GRUCell, dtype=np.float64), np.random.default_rng(1)
    theirs = {k: rng.standard_normal(a.shape) for k, a in to_torch(layer).items()}
    again = to_torch(from_torch(layer, theirs))
    total = theirs["bias_ih_l0"] + theirs["bias_hh_l0"]
    assert np.array_equal(again["bias_ih_l0"], [*total[:8], *theirs["bias_ih_l0"][8:]])
    assert np.array_equal(again["bias_hh_l0"], [*np.zeros(8), *theirs["bias_hh_l0"][8:]])
    assert np.array_equal(again["weight_hh_l0"], theirs["weight_hh_l0"])


# -- what is refused -----------------------------------------------------------------------------------------------------
def refuses(target, layer, arrays, error, match):
    """Not loaded, not even by half."""
    kept = {k: a.copy() for k, a in layer.params.items()}
    with pytest.raises(error, match=match):
        DOORS[target][1](layer, arrays)
    assert same_bits(layer.params, kept)


@every_target
def test_bad_weights_are_named(target):
    """Every tensor of a model in turn; all but the bad one are new, and none of them arrives."""
    model, to = a_model(), DOORS[target][0]
    good = to(scrambled(model, np.random.default_rng(1)))
    for name, a in good.items():
        word, bad = re.escape(name), partial(refuses, target, model)
        if target != "onnx" or not name.endswith("B"):
            bad(
                {k: v for k, v in good.items() if k != name},
                ValueError,
                rf"^{word} is missing.*: expected shape {re.escape(str(a.shape))}",
            )
        wrong = np.concatenate([a, a])
        bad(good | {name: wrong}, ValueError, rf"^{word} must have shape {re.escape(str(a.shape))}.* got \(")
        bad(good | {name: a[0]}, ValueError, rf"^{word} must have shape")
        for value in (np.nan, np.inf, -np.inf):
            poisoned = a.copy()
            poisoned[(-1,) * a.ndim] = value
            bad(good | {name: poisoned}, ValueError, rf"^{word} must be finite, got {value} at index")
        bad(good | {name: a + 1j}, TypeError, f"^{word} must hold real numbers, got dtype complex")
        bad(good | {name: np.full(a.shape, "1")}, TypeError, f"^{word} must hold real numbers")
        bad(good | {name: a.astype("float64") + 1e-12}, ValueError, f"^{word} must fit into float32.*float64")
        bad(good | {name: a.astype("float64") * 1e60}, ValueError, f"^{word} must fit into float32")
    refuses(target, model, good | {"gru.weight": np.zeros(3)}, ValueError, "^gru.weight is not expected.*: known are")
    refuses(target, model, {}, ValueError, "^embed.* is missing: expected")
    refuses(target, model, list(good) if target != "keras" else 3, TypeError, "^arrays must be a mapping")


def test_a_name_that_is_misspelt_is_told_together_with_what_came_instead():
    arrays = to_torch(a_layer())
    arrays["weight_hh_0"] = arrays.pop("weight_hh_l0")
    refuses("torch", a_layer(), arrays, ValueError, r"^weight_hh_l0 is missing: .* \(16, 4\), got weight_hh_0$")


class OnAnotherDevice:
    """As a tensor on a GPU answers."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_what_makes_no_array_is_named():
    arrays = to_torch(a_layer()) | {"bias_ih_l0": OnAnotherDevice()}
    refuses("torch", a_layer(), arrays, TypeError, "^bias_ih_l0 must be something that np.asarray .* cuda:0")


def test_a_sum_of_biases_that_is_too_large_is_refused():
    arrays = to_torch(a_layer())
    arrays["bias_ih_l0"][3] = arrays["bias_hh_l0"][3] = 3e38
    refuses("torch", a_layer(), arrays, ValueError, "^b, the sum of two biases, must be finite, got inf")


def test_widening_is_exact_and_so_allowed():
    arrays = to_torch(a_layer())
    wide = from_torch(a_layer(seed=1, dtype=np.float64), arrays)
    assert all(np.array_equal(wide.params[k], a) for k, a in a_layer().params.items())
    assert np.array_equal(from_torch(a_layer(seed=1), {k: a.tolist() for k, a in arrays.items()}).params["W"], wide.params["W"])  # fmt: skip


def test_kerass_list_needs_every_array():
    layer = a_layer(both=True)
    listed = list(to_keras(layer).values())
    refuses("keras", layer, listed[:3], ValueError, "^arrays must be 6, forward/kernel, .*backward/bias, got 3$")
    listed[4] = listed[4] * np.nan
    refuses("keras", layer, listed, ValueError, "^backward/recurrent_kernel must be finite")
    after, before = a_layer(GRUCell), a_layer(GRUResetBeforeCell)
    refuses(
        "keras", after, to_keras(before), ValueError, r"^bias must have shape \(2, 12\) .*reset_after.* got \(12,\)"
    )
    refuses(
        "keras", before, to_keras(after), ValueError, r"^bias must have shape \(12,\) .*reset_after.* got \(2, 12\)"
    )


def test_onnxs_optional_tensors_are_zeros_where_they_are_missing():
    layer = a_layer(PeepholeLSTMCell)
    arrays = to_onnx(layer)
    from_onnx(layer, {k: arrays[k] for k in "WR"})
    assert not layer.params["b"].any() and not layer.params["P"].any() and layer.params["W"].any()
    refuses("onnx", a_layer(), arrays, ValueError, "^P is not expected .*PeepholeLSTMCell")


@pytest.mark.parametrize(
    ("cls", "attributes", "match"),
    [
        (GRUCell, {}, "linear_before_reset must be 1 .* got 0"),
        (GRUResetBeforeCell, {"linear_before_reset": 1}, "linear_before_reset must be 0 .* got 1"),
        (LSTMCell, {"input_forget": 1}, "input_forget must be 0 .* got 1"),
        (CoupledLSTMCell, {}, "input_forget must be 1 .* got 0"),
        (
            LSTMCell,
            {"activations": [b"Sigmoid", b"Relu", b"Tanh"]},
            r"activations must be \['Sigmoid', 'Tanh', 'Tanh'\]",
        ),
        (LSTMCell, {"clip": 3.0}, "clip must be None .* got 3.0"),
        (LSTMCell, {"hidden_size": 5}, "hidden_size must be 4 .* got 5"),
        (LSTMCell, {"direction": "bidirectional"}, "direction must be 'forward'"),
        (LSTMCell, {"projection": 1}, "projection is not an attribute of ONNX's LSTM"),
    ],
)
def test_attributes_under_which_onnx_computes_something_else(cls, attributes, match):
    layer = a_layer(cls)
    kept = {k: a.copy() for k, a in layer.params.items()}
    with pytest.raises(ValueError, match=match):
        from_onnx(layer, to_onnx(scrambled(layer, np.random.default_rng(1))), attributes)
    assert same_bits(layer.params, kept)


def test_attributes_that_mean_the_same():
    for attributes in (
        {},
        {"hidden_size": 4, "direction": b"forward", "layout": 1, "activations": ["Sigmoid", "Tanh", "Tanh"]},
    ):
        from_onnx(a_layer(), to_onnx(a_layer()), attributes)
    identity = build(ElmanCell, 3, 4, np.random.default_rng(0), both=True, activation="identity")
    operator, attributes = onnx_operator(identity)
    assert operator == "RNN" and attributes["activations"] == ["Affine"] * 2
    assert attributes["activation_alpha"] == [1.0] * 2 and attributes["activation_beta"] == [0.0] * 2
    with pytest.raises(ValueError, match="activation_alpha must be"):  # ONNX's default is another
        from_onnx(identity, to_onnx(identity), {k: v for k, v in attributes.items() if k != "activation_alpha"})
    with pytest.raises(TypeError, match="Recurrent or a Bidirectional, got Stack"):
        onnx_operator(a_layer(storeys=2))


# -- what a framework does not have --------------------------------------------------------------------------------------
MISSING = [(name, cls) for name, target in TARGETS.items() for cls in CELLS.values() if cls not in target.cells]


@pytest.mark.parametrize(("target", "cls"), MISSING)
def test_a_cell_that_a_framework_does_not_have(target, cls):
    to, back = DOORS[target]
    match = f"^{TARGETS[target].name} has no {cls.__name__}, only .*: {re.escape(INSTEAD[cls])}$"
    for layer in (a_layer(cls), a_layer(cls, both=True), a_layer(cls, storeys=2)):
        with pytest.raises(ValueError, match=match):
            to(layer)
        with pytest.raises(ValueError, match=match):
            back(layer, {})


def test_all_that_is_missing_is_known():
    assert MISSING == [
        ("torch", LSTM1997Cell),
        ("torch", PeepholeLSTMCell),
        ("torch", CoupledLSTMCell),
        ("torch", GRUResetBeforeCell),
        ("keras", LSTM1997Cell),
        ("keras", PeepholeLSTMCell),
        ("keras", CoupledLSTMCell),
        ("onnx", LSTM1997Cell),
    ]


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "tanh"])
def test_an_activation_that_pytorch_does_not_have(activation):
    with pytest.raises(
        ValueError, match=f"PyTorch's nn.LSTM has the activation tanh, got LSTMCell with '{activation}': use"
    ):
        to_torch(a_layer(activation=activation))
    if activation != "relu":
        with pytest.raises(ValueError, match="PyTorch's nn.RNN has the activation tanh or relu, got ElmanCell"):
            to_torch(a_layer(ElmanCell, activation=activation))


def test_the_advice_for_the_lstm_of_1997_works():
    layer, x = a_layer(LSTM1997Cell), np.random.default_rng(1).standard_normal((9, 2, 3))
    p, blocks = layer.params, {"i": 0, "g": 1, "o": 2}
    rows = {k: np.split(p[k], 3) for k in ("W", "U", "b")}
    params = {k: np.concatenate([rows[k][blocks[g]] if g in blocks else 0 * rows[k][0] for g in "ifgo"]) for k in rows}
    params["b"][4:8] = 100
    assert distance(Recurrent(LSTMCell(3, 4, params=params))(x)[0], layer(x)[0]) == 0


def test_the_advice_for_coupled_gates_works():
    layer, x = a_layer(CoupledLSTMCell), np.random.default_rng(1).standard_normal((9, 2, 3))
    params = {k: reorder(a, "fgo", ["-f", "f", "g", "o"]) for k, a in layer.params.items()}
    assert distance(Recurrent(LSTMCell(3, 4, params=params))(x)[0], layer(x)[0]) < 1e-6


def test_a_subclass_may_compute_something_else():
    class MyLSTMCell(LSTMCell):
        pass

    with pytest.raises(ValueError, match="no MyLSTMCell, only .*: a cell of your own needs an entry in the table"):
        to_torch(a_layer(MyLSTMCell))


def test_layers_that_are_not_alike():
    rng = np.random.default_rng(0)
    narrow, wide, other = a_layer(), Recurrent(LSTMCell(4, 6, rng=rng)), build(GRUCell, 4, 4, rng)
    for stack in (
        Stack([narrow, wide]),
        Stack([narrow, other]),
        Stack([narrow, build(LSTMCell, 4, 4, rng, both=True)]),
    ):
        with pytest.raises(ValueError, match="PyTorch wants .* one hidden_size .* in layer 1, .*: convert them one"):
            to_torch(stack)
        for target in ("keras", "onnx"):
            to, back = DOORS[target]
            assert same_bits(back(scrambled(stack, rng), to(stack)).params, stack.params)
    ways = Bidirectional(narrow, Recurrent(LSTMCell(3, 6, rng=rng)))
    for to, name in ((to_torch, "PyTorch"), (to_onnx, "ONNX")):
        with pytest.raises(ValueError, match=f"{name} wants .* for every direction of a layer"):
            to(ways)
    assert to_keras(ways)["backward/bias"].shape == (24,)  # Keras takes a backward_layer of its own size


def test_an_entry_that_leaves_parameters_behind_is_noticed(monkeypatch):
    """Keras with one bias for the GRU whose reset comes after: b_n would be lost."""
    forms = dict(KERAS.cells) | {GRUCell: KERAS.cells[GRUCell]._replace(biases=1)}
    monkeypatch.setattr("rnnbook.interop.frameworks.KERAS", KERAS._replace(cells=forms))
    with pytest.raises(AssertionError, match="leaves parameters behind"):
        to_keras(a_layer(GRUCell))


class Gain(Layer):
    """A layer of one's own, with a parameter."""

    def __init__(self):
        self.params = {"a": np.ones(1)}


@every_target
def test_what_is_no_layer_of_ours(target):
    to, name = DOORS[target][0], TARGETS[target].name
    with pytest.raises(ValueError, match=f"^gain: {name} has no Gain"):
        to(Sequential(gain=Gain()))
    with pytest.raises(ValueError, match="layer must have parameters, got one with none"):
        to(Last())
    with pytest.raises(TypeError, match="layer must be a layer .* got dict"):
        to({})


def test_onnx_has_no_step_of_its_own():
    with pytest.raises(TypeError, match=r"ONNX has no single step: put the cell into a layer, Recurrent\(LSTMCell"):
        to_onnx(a_layer().cell)


# -- what is imported ----------------------------------------------------------------------------------------------------
def test_no_framework_is_imported():
    code = "import sys, rnnbook; print('rnnbook.interop' in sys.modules); import rnnbook.interop; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    eager, loaded = done.stdout.split("\n", 1)
    assert eager == "False"
    assert {name.split(".")[0] for name in loaded.split()}.isdisjoint({"torch", "keras", "onnx", "onnxruntime"})


def test_what_the_package_exports():
    assert sorted(rnnbook.interop.__all__) == [
        "export_onnx",
        *("from_keras", "from_onnx", "from_torch"),
        "onnx_operator",
        *("to_keras", "to_onnx", "to_torch"),
    ]
