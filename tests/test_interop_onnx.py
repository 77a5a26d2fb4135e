"""Weights to ONNX and back, and models as files that onnxruntime runs; where it is missing, what it computed once."""

import sys

import make_interop_fixtures as make
import numpy as np
import pytest
from checking import distance
from exchange import build, cells, nest, same_bits, scrambled, unnest

from rnnbook.cells import CoupledLSTMCell, ElmanCell, GRUCell, GRUResetBeforeCell, LSTMCell, PeepholeLSTMCell
from rnnbook.functional import ACTIVATIONS
from rnnbook.interop import export_onnx, from_onnx, onnx_operator, to_onnx
from rnnbook.layers import Dense, Dropout, Embedding, Ends, Last, Layer
from rnnbook.model import Sequential
from rnnbook.recurrent import Bidirectional, Recurrent, Stack

VERSIONS = {"onnx": "1.23.2", "onnxruntime": "1.31.1"}
TOLERANCE = 1e-5  # onnxruntime has recurrent layers of float32 alone
CELLS = [ElmanCell, LSTMCell, PeepholeLSTMCell, CoupledLSTMCell, GRUCell, GRUResetBeforeCell]


def cell_for(operator, attributes, peepholes):
    """Our cell and its options for a node of ONNX's."""
    if operator == "GRU":
        return (GRUCell if attributes.get("linear_before_reset") else GRUResetBeforeCell), {}
    slot = 0 if operator == "RNN" else 1  # before an LSTM's own comes that of its gates
    own = attributes.get("activations", ["Tanh", "Tanh"])[slot].lower()
    options = {"activation": "identity" if own == "affine" else own}
    if operator == "RNN":
        return ElmanCell, options
    if attributes.get("input_forget"):
        return CoupledLSTMCell, options
    return (PeepholeLSTMCell if peepholes else LSTMCell), options


def deviations(found, form):
    """Distance of outputs and last states from onnxruntime's; and our layer, with its weights."""
    operator, attributes, both, peepholes = form
    cls, options = cell_for(operator, attributes, peepholes)
    layer = build(cls, found["x"].shape[-1], found["h_0"].shape[-1], np.random.default_rng(0), both=both, **options)
    weights = {k: a for k, a in found.items() if k in "WRBP"}
    asked = attributes | {"direction": "bidirectional" if both else "forward"}
    assert from_onnx(layer, weights, asked) is layer
    y, last = layer(found["x"], nest(layer, found))
    theirs = np.concatenate(list(found["y"].swapaxes(0, 1)), axis=-1)  # (T, ways, B, H) with the ways side by side
    found = found | {"y": theirs}
    return {k: distance(a, found[k]) for k, a in ({"y": y} | unnest(last)).items()}, layer


@pytest.mark.parametrize("form", make.ONNX)
def test_onnxs_weights_give_what_onnxruntime_computed_once(form):
    errors, _ = deviations(make.read("onnx")[1][form], make.ONNX[form])
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE} == {}


def test_the_fixture_says_how_it_was_made():
    about, cases = make.read("onnx")
    assert {k: about[k] for k in VERSIONS} == VERSIONS and about["seed"] == make.SEED
    assert about["command"] == "python scripts/make_interop_fixtures.py"
    assert list(cases) == list(make.ONNX)


@pytest.fixture(scope="module")
def onnx():
    return pytest.importorskip("onnx", reason="onnx is not installed: pip install 'rnnbook[onnx]'")


@pytest.fixture(scope="module")
def onnxruntime(onnx):
    return pytest.importorskip("onnxruntime", reason="onnxruntime is not installed; its recorded numbers are compared")


def run(onnxruntime, path, given):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    assert {value.name for value in session.get_inputs()} == given.keys()
    return dict(zip(names, session.run(names, given), strict=True))


def test_the_fixture_is_what_onnxruntime_computes_today(onnxruntime):
    for form, kept in make.read("onnx")[1].items():
        fresh = make.onnx_case(form)
        assert fresh.keys() == kept.keys()
        assert {k: distance(fresh[k], a) for k, a in kept.items() if distance(fresh[k], a) > TOLERANCE} == {}, form


@pytest.mark.parametrize("form", make.ONNX)
def test_onnxs_weights_in_other_sizes(onnxruntime, form):
    found = make.onnx_case(form, seed=1, sizes=(9, 2, 5, 7))
    errors, layer = deviations(found, make.ONNX[form])
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE} == {}


def random_model(seed):
    """One of 50 models: what comes in, recurrent layers of one or two kinds, what comes out."""
    rng = np.random.default_rng(seed)
    D, H = (int(rng.integers(1, n)) for n in (6, 7))
    inputs = ("floats", "embedded ids", "one-hot ids")[seed % 3]
    layers = {"embed": Embedding(9, D, rng=rng)} if inputs == "embedded ids" else {}
    size, both = D, False
    for n in range(1 + (seed % 5 == 0)):
        cls, both = CELLS[(seed + n) % 6], bool(rng.integers(2))
        options = {} if "GRU" in cls.__name__ else {"activation": str(rng.choice(list(ACTIVATIONS)))}
        storeys = [None, 1, 2, 3][rng.integers(4)]
        layers[f"rnn{n}"] = build(cls, size, H, rng, storeys=storeys, both=both, **options)
        size = layers[f"rnn{n}"].output_size
    if seed % 4 == 0:
        layers["drop"] = Dropout(0.5)
    end = seed // 3 % 3
    if end == 1:
        layers["last"] = Ends() if both else Last()
    if end == 2 and size % 2 == 0:
        layers["ends"] = Ends()
    layers["out"] = Dense(size, 3, activation=str(rng.choice(list(ACTIVATIONS))), rng=rng)
    layers["out"].params["b"][...] = rng.standard_normal(3)
    model = Sequential(**layers)
    T, B = (int(rng.integers(1, n)) for n in (8, 5))
    x = rng.standard_normal((T, B, D)).astype("f")
    if inputs != "floats":
        x = rng.integers(0, 9 if inputs == "embedded ids" else D, (T, B))
    return model, x, inputs == "one-hot ids", bool(seed % 2)


@pytest.mark.parametrize("seed", range(50))
def test_an_exported_model_runs_with_the_same_outputs(onnx, onnxruntime, tmp_path, seed):
    model, x, ids, takes_state = random_model(seed)
    rng, path = np.random.default_rng(seed), tmp_path / "model.onnx"
    export_onnx(model, path, takes_ids=ids, takes_state=takes_state)
    state, given, parts = {}, {"x": x}, {}
    for name, layer in model.layers.items():
        if not isinstance(layer, Recurrent | Bidirectional | Stack):
            continue
        many = isinstance(layer, Stack)
        parts[name] = [(f"{name}.{n}.", one) for n, one in enumerate(layer.layers)] if many else [(f"{name}.", layer)]
        states = []
        for prefix, one in parts[name]:
            fields, shape = cells(one)[0].State._fields, (len(cells(one)), x.shape[1], cells(one)[0].hidden_size)
            first = {f"{prefix}{f}_0": rng.standard_normal(shape).astype("f") for f in fields}
            given |= first if takes_state else {}
            states.append(nest(one, first, before=prefix))
        state[name] = states if many else states[0]
    found = run(onnxruntime, path, given)
    y, last = model(x, state if takes_state else None)
    ours = {"y": y}
    for name, ones in parts.items():
        each = last[name] if isinstance(model.layers[name], Stack) else [last[name]]
        for (prefix, _), one in zip(ones, each, strict=True):
            ours |= unnest(one, before=prefix)
    assert ours.keys() == found.keys()
    assert {k: distance(ours[k], a) for k, a in found.items() if not distance(ours[k], a) <= TOLERANCE} == {}
    # The file's weights are to_onnx's, and home again they have the same bits.
    weights = {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load(path).graph.initializer}
    assert same_bits(weights, to_onnx(model))
    assert same_bits(from_onnx(scrambled(model, rng), weights).params, model.params)


@pytest.mark.parametrize("cls", [c for c in CELLS if c is not ElmanCell])
@pytest.mark.parametrize("both", [False, True])
def test_the_standards_own_evaluator_agrees(onnx, tmp_path, cls, both):
    """It reads neither activations nor input_forget, and computes coupled gates all the same: both rows are there."""
    from onnx.reference import ReferenceEvaluator

    layer = build(cls, 3, 4, np.random.default_rng(0), both=both)
    export_onnx(layer, tmp_path / "model.onnx")
    x = np.random.default_rng(1).standard_normal((5, 2, 3)).astype("f")
    y = ReferenceEvaluator(onnx.load(tmp_path / "model.onnx")).run(["y"], {"x": x})[0]
    assert distance(y, layer(x)[0]) <= TOLERANCE


@pytest.mark.parametrize("cls", CELLS)
def test_a_nodes_attributes_are_read_as_onnx_gives_them(onnx, tmp_path, cls):
    layer = build(cls, 3, 4, np.random.default_rng(0), both=True)
    export_onnx(layer, tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    (node,) = [node for node in graph.node if node.op_type in ("RNN", "LSTM", "GRU")]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    weights = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    home = from_onnx(scrambled(layer, np.random.default_rng(1)), weights, attributes)
    assert same_bits(home.params, layer.params) and node.op_type == onnx_operator(layer)[0]
    with pytest.raises(ValueError, match="direction must be 'bidirectional'.* got 'reverse'"):
        from_onnx(layer, weights, attributes | {"direction": b"reverse"})


def test_a_model_without_time(onnx, onnxruntime, tmp_path):
    rng = np.random.default_rng(0)
    model = Sequential(hidden=Dense(3, 5, activation="tanh", rng=rng), out=Dense(5, 2, rng=rng))
    export_onnx(model, tmp_path / "model.onnx")
    x = rng.standard_normal((4, 3)).astype("f")
    assert distance(run(onnxruntime, tmp_path / "model.onnx", {"x": x})["y"], model(x)[0]) <= TOLERANCE


def test_an_export_that_fails_leaves_the_old_file(onnx, tmp_path, monkeypatch):
    path, layer = tmp_path / "model.onnx", build(LSTMCell, 3, 4, np.random.default_rng(0))
    path.write_bytes(b"old")

    def broken(model):
        raise onnx.checker.ValidationError("broken")

    monkeypatch.setattr(onnx.checker, "check_model", broken)
    with pytest.raises(onnx.checker.ValidationError):
        export_onnx(layer, path)
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "rnnbook\[onnx\]"'):
        export_onnx(build(LSTMCell, 3, 4, np.random.default_rng(0)), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


class Scale(Layer):
    """A layer without parameters that ONNX knows nothing of."""


def test_what_cannot_be_exported_says_so(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "model.onnx"
    with pytest.raises(ValueError, match="model must be of float32, .* float64"):
        export_onnx(build(LSTMCell, 3, 4, rng, dtype=np.float64), path)
    with pytest.raises(ValueError, match="ONNX has no Scale"):
        export_onnx(Sequential(out=Dense(3, 2, rng=rng), scale=Scale()), path)
    with pytest.raises(TypeError, match="ONNX has no single step: .*Recurrent"):
        export_onnx(build(LSTMCell, 3, 4, rng).cell, path)
    assert list(tmp_path.iterdir()) == []


def test_ids_want_a_layer_that_takes_them(onnx, tmp_path):
    rng = np.random.default_rng(0)
    model = Sequential(hidden=Dense(3, 5, rng=rng), rnn=build(ElmanCell, 5, 2, rng))
    with pytest.raises(ValueError, match="takes_ids .* Dense"):
        export_onnx(model, tmp_path / "model.onnx", takes_ids=True)
    assert list(tmp_path.iterdir()) == []
