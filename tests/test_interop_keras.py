"""Weights to Keras 3 and back, on its PyTorch backend; where it is missing, against what it computed once."""

import importlib.util
import warnings

import make_interop_fixtures as make
import numpy as np
import pytest
from checking import distance, length_mask
from exchange import build, nest, same_bits, scrambled, unnest

from rnnbook.cells import ElmanCell, GRUCell, GRUResetBeforeCell, LSTMCell
from rnnbook.functional import ACTIVATIONS
from rnnbook.interop import from_keras, to_keras
from rnnbook.interop.formats import KERAS
from rnnbook.layers import Dense, Embedding
from rnnbook.model import Sequential

VERSIONS = {"keras": "3.15.1", "torch": "2.13.0"}
DTYPES = ("float64", "float32")
TOLERANCE = 1e-5  # for float64 too: Keras's torch backend multiplies matrices in float32 whatever they are of
# Keras's own way to NumPy, which no reader of these tests can mend.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def cell_for(name, options):
    """Our cell and its options for a layer of Keras's."""
    if name == "GRU":
        return (GRUCell if options["reset_after"] else GRUResetBeforeCell), {}
    ours = {"linear": "identity"}.get(options.get("activation", "tanh"), options.get("activation", "tanh"))
    return (ElmanCell if name == "SimpleRNN" else LSTMCell), {"activation": ours}


def deviations(found, form, lengths=None):
    """Distance of outputs and last states from Keras's; and our layer, with its weights."""
    name, options, both = form
    (_, T, D), H, dtype = found["x"].shape, found["h_0"].shape[-1], found["x"].dtype
    cls, ours = cell_for(name, options)
    assert KERAS.cells[cls].layer == name and KERAS.cells[cls].options.items() <= options.items()
    layer = build(cls, D, H, np.random.default_rng(0), both=both, dtype=dtype, **ours)
    assert from_keras(layer, [found[str(n)] for n in range(3 * (1 + both))]) is layer
    mask = None if lengths is None else length_mask(T, lengths)
    y, last = layer(found["x"].swapaxes(0, 1), nest(layer, found), mask)
    y = y.swapaxes(0, 1)
    if mask is not None:  # padding: Keras repeats the output in one direction and writes zeros in both
        y, found = y * mask.T[..., None], found | {"y": found["y"] * mask.T[..., None]}
    return {k: distance(a, found[k]) for k, a in ({"y": y} | unnest(last)).items()}, layer


@pytest.mark.parametrize("form", make.KERAS)
def test_kerass_weights_give_what_keras_computed_once(form):
    errors, _ = deviations(make.read("keras")[1][form], make.KERAS[form])
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE} == {}


def test_the_fixture_says_how_it_was_made():
    about, cases = make.read("keras")
    assert {k: about[k] for k in VERSIONS} == VERSIONS and about["seed"] == make.SEED
    assert about["command"] == "python scripts/make_interop_fixtures.py"
    assert list(cases) == list(make.KERAS)


@pytest.fixture(scope="module")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of their own imports, which no reader of these tests can mend
        reason = "is not installed; Keras's recorded numbers are compared"
        torch = pytest.importorskip("torch", reason=f"PyTorch, Keras's backend here, {reason}")
        if importlib.util.find_spec("keras") is None:
            pytest.skip(f"Keras {reason}")
        keras = make.load_keras()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield keras
    torch.set_num_threads(threads)


@pytest.mark.torch
def test_the_fixture_is_what_keras_computes_today(keras):
    for form, kept in make.read("keras")[1].items():
        fresh = make.keras_case(form)
        assert fresh.keys() == kept.keys()
        assert {k: distance(fresh[k], a) for k, a in kept.items() if distance(fresh[k], a) > TOLERANCE} == {}, form


def random_case(name, seed):
    """One of 50 configurations of a layer, and what Keras computes in it."""
    rng = np.random.default_rng([seed, len(name)])
    both, masked = bool(rng.integers(2)), bool(rng.integers(2))
    T, B, D, H = (int(rng.integers(1, n)) for n in (8, 5, 6, 6))
    known = [a if a != "identity" else "linear" for a in ACTIVATIONS]
    options = {"reset_after": bool(seed % 2)} if name == "GRU" else {"activation": known[seed % len(known)]}
    lengths = rng.integers(1, T + 1, B) if masked else None
    form, dtype = (name, options, both), DTYPES[seed // 10 % 2]
    return make.keras_case(form, seed, (T, B, D, H), dtype, lengths), form, lengths, dtype


@pytest.mark.torch
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize("seed", range(50))
def test_weights_move_both_ways(keras, name, seed):
    found, form, lengths, dtype = random_case(name, seed)
    errors, layer = deviations(found, form, lengths)
    assert {k: e for k, e in errors.items() if not e <= TOLERANCE} == {}
    # And from here to a layer that has never seen them.
    theirs = getattr(keras.layers, name)(found["h_0"].shape[-1], return_sequences=True, dtype=dtype, **form[1])
    theirs = keras.layers.Bidirectional(theirs, dtype=dtype) if form[2] else theirs
    theirs.build(found["x"].shape)
    ours = to_keras(layer)
    for name_of, weight in zip(ours, theirs.weights, strict=True):  # our names are the ends of Keras's
        assert weight.path.endswith(name_of.rpartition("/")[2])
        assert weight.path.count("forward") == name_of.count("forward")
    theirs.set_weights(list(ours.values()))
    y = keras.ops.convert_to_numpy(theirs(found["x"]))
    assert distance(y, layer(found["x"].swapaxes(0, 1))[0].swapaxes(0, 1)) <= TOLERANCE
    home = from_keras(scrambled(layer, np.random.default_rng(seed)), theirs.get_weights())
    assert same_bits(home.params, layer.params)


@pytest.mark.torch
def test_a_model_goes_into_a_model(keras):
    rng, of = np.random.default_rng(0), keras.layers
    stack = build(GRUCell, 3, 4, rng, storeys=2, both=True)
    model = Sequential(embed=Embedding(7, 3, rng=rng), gru=stack, out=Dense(8, 2, activation="tanh", rng=rng))
    ways = [of.Bidirectional(of.GRU(4, return_sequences=True)) for _ in range(2)]
    theirs = keras.Sequential([keras.Input((None,)), of.Embedding(7, 3), *ways, of.Dense(2, activation="tanh")])
    theirs.set_weights(list(to_keras(model).values()))
    ids = rng.integers(0, 7, (2, 5))
    y = keras.ops.convert_to_numpy(theirs(ids))
    assert distance(y, model(ids.T)[0].swapaxes(0, 1)) < 1e-5
    assert same_bits(from_keras(scrambled(model, rng), theirs.get_weights()).params, model.params)
