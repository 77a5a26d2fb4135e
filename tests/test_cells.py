"""Each cell against naive loops, its laws, its limits, and what its door refuses."""

import itertools
from functools import partial

import numpy as np
import pytest
import reference
from checking import (
    VARIANTS,
    assert_all_close,
    assert_close,
    distance,
    length_mask,
    make_cell,
    numeric_gradient,
    random_like,
)
from hypothesis import given
from hypothesis import strategies as st

from rnnbook import init
from rnnbook.cells import (
    CELLS,
    Cell,
    CoupledLSTMCell,
    ElmanCell,
    GRUCell,
    GRUResetBeforeCell,
    LSTM1997Cell,
    LSTMCell,
    PeepholeLSTMCell,
)
from rnnbook.recurrent import Recurrent

every_variant = pytest.mark.parametrize("variant", VARIANTS)
every_class = pytest.mark.parametrize("cls", CELLS.values(), ids=CELLS)
T, B, D, H = 6, 4, 3, 5

HOLES = length_mask(T, [6, 4, 0, 6])
HOLES[2:4, 3] = False
MASKS = {"no mask": None, "lengths and holes": HOLES}
every_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def one_step(variant, seed=0, batch=B, **options):
    rng = np.random.default_rng(seed)
    cell = make_cell(variant, D, H, rng, **options)
    a = rng.standard_normal((batch, cell.G * H)).astype(cell.dtype)
    return cell, a, random_like(cell.initial_state(batch), rng), rng


# --- oracle -------------------------------------------------------------------------------------------------
def test_the_reference_knows_every_cell():
    assert set(reference.CELLS) == set(CELLS)
    assert {cls.__name__ for cls, _ in VARIANTS.values()} == set(CELLS)


def against_reference(variant, sizes, mask, dtype, seed, tol):
    """Outputs, last state, every quantity of the trace, and all gradients of one layer."""
    T, B, D, H = sizes
    name, options = VARIANTS[variant][0].__name__, VARIANTS[variant][1]
    rng = np.random.default_rng(seed)
    layer = Recurrent(make_cell(variant, D, H, rng, dtype=dtype))
    x = rng.standard_normal((T, B, D)).astype(dtype)
    state = random_like(layer.initial_state(B), rng)
    y, last, run = layer.forward(x, state, mask)
    dy, dlast = rng.standard_normal(y.shape).astype(dtype), random_like(last, rng)
    dx, dfirst, grads = layer.backward(dy, run, dlast)

    params = {k: v.astype(np.float64) for k, v in layer.params.items()}
    y_ref, last_ref, tape = reference.forward(name, params, x, state, mask, **options)
    dx_ref, dfirst_ref, grads_ref = reference.backward(name, params, x, tape, dy, dlast, **options)
    assert_close(y, y_ref, tol, "y")
    assert_all_close(tuple(last), last_ref, tol, "last state")
    for b, t in itertools.product(range(B), range(T)):
        prev, now = tape[b][t]
        for field, value in prev.items():
            assert_close(getattr(run.prev, field)[t, b], value, tol, f"prev.{field}")
        for field in (now or {}).keys() - {"a"}:
            assert_close(getattr(run.trace, field)[t, b], now[field], tol, f"trace.{field}")
    assert_close(dx, dx_ref, tol, "dx")
    assert_all_close(tuple(dfirst), dfirst_ref, tol, "gradient of the first state")
    assert_all_close(grads, grads_ref, tol, "gradient of")
    return y, last, dx, dfirst, grads


@every_variant
@every_mask
def test_equals_the_naive_loops_forward_and_backward(variant, mask):
    against_reference(variant, (T, B, D, H), mask, np.float64, seed=1, tol=1e-12)


@given(
    st.sampled_from(sorted(VARIANTS)),
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 9),
)
def test_any_sizes_and_dtype_agree_with_the_naive_loops_and_keep_the_dtype(variant, sizes, masked, dtype, seed):
    mask = None
    if masked:
        mask = np.random.default_rng(seed).random(sizes[:2]) < 0.6
        mask[0, 0] = True
    tol = {np.float32: 2e-5, np.float64: 1e-12}[dtype]
    y, last, dx, dfirst, grads = against_reference(variant, sizes, mask, dtype, seed, tol)
    for a in (y, *last, dx, *dfirst, *grads.values()):
        assert a.dtype == dtype


# --- the names and orders that files, prose and other frameworks rely on ------------------------------------
@every_class
def test_gates_and_shapes_are_in_the_order_that_the_book_states(cls):
    order, fields, _, _ = reference.CELLS[cls.__name__]
    assert (order, tuple(fields)) == (cls.GATES, cls.State._fields)
    G = len(order)
    shapes = {"W": (G * H, D), "U": (G * H, H), "b": (G * H,)}
    shapes |= {"PeepholeLSTMCell": {"P": (3 * H,)}, "GRUCell": {"b_n": (H,)}}.get(cls.__name__, {})
    cell = cls(D, H, rng=np.random.default_rng(0))
    assert {k: p.shape for k, p in cell.params.items()} == shapes == cls.shapes(D, H)
    assert cell.G == G
    for k, gate in enumerate(order):
        assert cell.rows(gate) == slice(k * H, (k + 1) * H)


@every_class
def test_room_for_state_trace_and_delta_has_the_shapes_of_the_book(cls):
    cell = cls(D, H, rng=np.random.default_rng(0))
    state = cell.initial_state(B)
    assert isinstance(state, cls.State)
    for s in state:
        assert s.shape == (B, H) and s.dtype == np.float32 and not s.any()
    for lead in ((B,), (T, B)):
        trace = cell.new_trace(*lead)
        assert cell.new_delta(*lead).shape == (*lead, cell.G * H)
        names = [*cls.State._fields, *(cls.GATES if cls is not ElmanCell else "h")]
        for name in names:
            assert getattr(trace, name).shape == (*lead, H), name
        assert all(a.dtype == np.float32 for a in trace)


@every_class
def test_is_float32_unless_told(cls):
    assert {p.dtype for p in cls(D, H, rng=np.random.default_rng(0)).params.values()} == {np.dtype(np.float32)}
    cell = cls(D, H, rng=np.random.default_rng(0), dtype="float64")
    assert {p.dtype for p in cell.params.values()} == {np.dtype(np.float64)}


@every_variant
def test_config_and_params_build_the_cell_again(variant):
    cell = make_cell(variant, D, H, np.random.default_rng(0))
    again = type(cell)(**cell.config(), params=cell.params)
    assert again.config() == cell.config() and repr(again) == repr(cell)
    x = np.random.default_rng(1).standard_normal((T, B, D))
    np.testing.assert_array_equal(Recurrent(again)(x)[0], Recurrent(cell)(x)[0])


# --- first values -------------------------------------------------------------------------------------------
@every_class
def test_the_same_seed_gives_the_same_cell(cls):
    one, two, other = (cls(D, H, rng=np.random.default_rng(s)) for s in (3, 3, 4))
    assert_all_close(dict(one.params), dict(two.params), 0)
    assert distance(one.params["W"], other.params["W"]) > 0.01


@every_class
def test_every_gate_begins_with_an_orthogonal_U_and_its_own_W(cls):
    cell = cls(D, H, rng=np.random.default_rng(0), dtype=np.float64)
    for U in cell.params["U"].reshape(-1, H, H):
        assert_close(U @ U.T, np.eye(H))
    limit = np.sqrt(6 / (H + D))
    assert 0.7 * limit < abs(cell.params["W"]).max() <= limit
    assert len(np.unique(cell.params["W"])) == cell.params["W"].size


@every_class
def test_initialisers_are_arguments(cls):
    ones = lambda shape, rng: np.ones(shape)  # noqa: E731
    cell = cls(
        D, H, rng=np.random.default_rng(0), W_init=init.zeros, U_init=partial(init.identity, gain=2), b_init=ones
    )
    assert not cell.params["W"].any()
    for U in cell.params["U"].reshape(-1, H, H):
        np.testing.assert_array_equal(U, 2 * np.eye(H))
    for name in cell.params.keys() - {"W", "U"}:
        expected = np.ones(cell.params[name].shape)
        if name == "b" and "f" in cell.GATES:
            expected[cell.rows("f")] += 1  # the forget bias comes on top
        np.testing.assert_array_equal(cell.params[name], expected)


@pytest.mark.parametrize("cls", [LSTMCell, PeepholeLSTMCell, CoupledLSTMCell])
@pytest.mark.parametrize("bias", [None, 0.0, 2.5])
def test_the_forget_bias_stands_in_the_forget_rows_alone(cls, bias):
    options = {} if bias is None else {"forget_bias": bias}
    b = cls(D, H, rng=np.random.default_rng(0), **options).params["b"].copy()
    rows = slice(H, 2 * H) if cls is not CoupledLSTMCell else slice(0, H)
    np.testing.assert_array_equal(b[rows], 1.0 if bias is None else bias)
    b[rows] = 0
    assert not b.any()


@pytest.mark.parametrize("cls", [GRUCell, GRUResetBeforeCell])
@pytest.mark.parametrize("bias", [None, -1.5])
def test_the_update_bias_stands_in_the_update_rows_alone(cls, bias):
    options = {} if bias is None else {"update_bias": bias}
    b = cls(D, H, rng=np.random.default_rng(0), **options).params["b"].copy()
    np.testing.assert_array_equal(b[H : 2 * H], 0 if bias is None else bias)
    b[H : 2 * H] = 0
    assert not b.any()


@every_variant
def test_given_parameters_are_copied_and_nothing_is_added_to_them(variant):
    cls, options = VARIANTS[variant]
    given = {k: np.random.default_rng(0).standard_normal(s) for k, s in cls.shapes(D, H).items()}
    kept = {k: v.copy() for k, v in given.items()}
    cell = cls(D, H, params=given, dtype=np.float64, **options)
    assert_all_close(dict(cell.params), kept, 0)
    for p in cell.params.values():
        p += 1
    assert_all_close(given, kept, 0)


@every_class
def test_parameters_are_written_in_place_never_exchanged(cls):
    cell = cls(D, H, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="written in place"):
        cell.params["W"] = np.zeros((1, 1))
    cell.params["W"][...] = 0
    assert not cell.params["W"].any()


# --- one step -----------------------------------------------------------------------------------------------
@every_variant
def test_step_without_out_writes_into_none_of_its_inputs(variant):
    cell, a, prev, _ = one_step(variant)
    kept = [v.copy() for v in (a, *prev)]
    for v in (a, *prev):
        v.flags.writeable = False
    state, trace = cell.step(a, prev)
    for v, k in zip((a, *prev), kept, strict=True):
        np.testing.assert_array_equal(v, k)
    for new in (*state, *trace):
        assert not any(np.shares_memory(new, v) for v in (a, *prev))
    assert isinstance(trace, cell.Trace)


@every_variant
def test_two_steps_without_out_share_nothing(variant):
    cell, a, prev, _ = one_step(variant)
    state, trace = cell.step(a, prev)
    kept = [v.copy() for v in (*state, *trace)]
    cell.step(a + 1, state)
    for v, k in zip((*state, *trace), kept, strict=True):
        np.testing.assert_array_equal(v, k)


@every_variant
@pytest.mark.parametrize("plain", [False, True], ids=["named tuple", "plain tuple"])
def test_step_with_out_writes_there(variant, plain):
    cell, a, prev, _ = one_step(variant)
    expected, trace = cell.step(a, prev)
    out = cell.new_trace(B)
    for v in out:
        v[...] = np.nan
    target = tuple(out) if plain else out
    state, returned = cell.step(a, tuple(prev) if plain else prev, target)
    assert returned is target
    assert_all_close(tuple(out), tuple(trace), 0, "trace")
    assert_all_close(tuple(state), tuple(expected), 0, "state")
    for s, field in zip(state, cell.State._fields, strict=True):
        assert np.shares_memory(s, getattr(out, field))


def local_of_one_step(cell, a, prev):
    """`linearise` wants all steps: here they are one, and its answer's first row is that step's."""
    _, trace = cell.step(a, prev)
    add_axis = lambda t: type(t)(*(v[None] for v in t))  # noqa: E731
    return tuple(v[0] for v in cell.linearise(add_axis(prev), add_axis(trace)))


@every_variant
def test_step_backward_is_linear(variant):
    cell, a, prev, rng = one_step(variant)
    local = local_of_one_step(cell, a, prev)
    d1, d2 = random_like(prev, rng), random_like(prev, rng)
    both = tuple(2 * u - 3 * v for u, v in zip(d1, d2, strict=True))
    (p1, delta1), (p2, delta2), (p, delta) = (cell.step_backward(d, local) for d in (d1, d2, both))
    assert_close(delta, 2 * delta1 - 3 * delta2)
    for u, v, w in zip(p1, p2, p, strict=True):
        assert_close(w, 2 * u - 3 * v)
    zero, nothing = cell.step_backward(tuple(np.zeros_like(d) for d in d1), local)
    assert not nothing.any() and not any(z.any() for z in zero)


@every_variant
def test_step_backward_writes_delta_into_out_and_into_none_of_its_inputs(variant):
    cell, a, prev, rng = one_step(variant)
    local, d = local_of_one_step(cell, a, prev), random_like(prev, rng)
    inputs = (*local, *d)
    kept = [v.copy() for v in inputs]
    for v in inputs:
        v.flags.writeable = False
    dprev, delta = cell.step_backward(d, local)
    out = np.full((B, cell.G * H), np.nan)
    again, returned = cell.step_backward(d, local, out)
    assert returned is out
    assert_close(out, delta, 0)
    assert_all_close(tuple(again), tuple(dprev), 0)
    for v, k in zip(inputs, kept, strict=True):
        np.testing.assert_array_equal(v, k)


@every_variant
def test_identity_as_a_batch_of_gradients_is_the_jacobian_of_one_step(variant):
    cell, a, prev, _ = one_step(variant, batch=1)
    local, F = local_of_one_step(cell, a, prev), len(prev)
    eye = np.eye(F * H)  # one row for each number of the state after the step
    dprev, delta = cell.step_backward(tuple(np.split(eye, F, axis=1)), local)
    jacobian = np.concatenate(dprev, axis=1)
    assert delta.shape == (F * H, cell.G * H)
    for row, (field, unit) in enumerate(itertools.product(range(F), range(H))):
        after = lambda f=field, u=unit: float(cell.step(a, prev)[0][f][0, u])  # noqa: E731
        numeric = np.concatenate([numeric_gradient(after, p)[0] for p in prev])
        assert_close(jacobian[row], numeric, 1e-8, f"row {row}")


@every_variant
def test_float32_stays_float32_in_every_step(variant):
    cell, a, prev, rng = one_step(variant, dtype=np.float32)
    state, trace = cell.step(a, prev)
    local = local_of_one_step(cell, a, prev)
    dprev, delta = cell.step_backward(random_like(prev, rng), local)
    projected = cell.project(rng.standard_normal((B, D)))  # float64 comes in
    for v in (*state, *trace, *local, *dprev, delta, projected):
        assert v.dtype == np.float32


# --- the input's share --------------------------------------------------------------------------------------
@every_variant
@pytest.mark.parametrize("lead", [(), (B,), (T, B)], ids=str)
def test_project_is_W_x_plus_b_for_any_leading_axes(variant, lead):
    cell, _, _, rng = one_step(variant)
    x = rng.standard_normal((*lead, D))
    assert_close(cell.project(x), np.einsum("gd,...d->...g", cell.params["W"], x) + cell.params["b"])


@every_variant
@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_ids_are_projected_like_one_hot_vectors(variant, dtype):
    cell, _, _, rng = one_step(variant)
    ids = rng.integers(0, D, (T, B)).astype(dtype)
    delta = rng.standard_normal((T, B, cell.G * H))
    assert_close(cell.project(ids), cell.project(np.eye(D)[ids]))
    (dx, grads), (_, expected) = (cell.project_backward(v, delta) for v in (ids, np.eye(D)[ids]))
    assert dx is None
    assert_all_close(grads, expected)


def test_project_leaves_the_parameters_alone():
    cell, _, _, rng = one_step("LSTMCell")
    kept = {k: v.copy() for k, v in cell.params.items()}
    cell.project(rng.integers(0, D, (T, B)))
    cell.project(rng.standard_normal((T, B, D)))
    assert_all_close(dict(cell.params), kept, 0)


# --- limits: one cell turns into another --------------------------------------------------------------------
def pair(one, two, seed=5):
    """Run two cells on the same sequence, state and gradients; give both backward results."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, B, D))
    state = tuple(rng.standard_normal((B, H)) for _ in one.State._fields)
    dy, dlast = rng.standard_normal((T, B, H)), tuple(rng.standard_normal((B, H)) for _ in state)
    results = []
    for cell in (one, two):
        layer = Recurrent(cell)
        y, last, run = layer.forward(x, state)
        dx, dfirst, grads = layer.backward(dy, run, dlast)
        results.append(((y, tuple(last), dx, tuple(dfirst)), grads))
    (a, grads_a), (b, grads_b) = results
    assert_all_close(a, b, what="y, states and their gradients")
    return grads_a, grads_b


def rows_of(params, cell, gates):
    """Some gates' rows of W, U and b."""
    at = np.concatenate([np.arange(H) + cell.GATES.index(g) * H for g in gates])
    return {k: params[k][at].copy() for k in ("W", "U", "b")}


@pytest.mark.parametrize("cls", [LSTMCell, PeepholeLSTMCell, LSTM1997Cell])
def test_a_memory_that_forgets_and_writes_nothing_keeps_c_to_the_last_bit(cls):
    cell = make_cell(cls.__name__, D, H, np.random.default_rng(0))
    cell.params["b"][cell.rows("i")] = -1000
    if "f" in cell.GATES:
        cell.params["b"][cell.rows("f")] = 1000
    layer, rng = Recurrent(cell), np.random.default_rng(1)
    state = random_like(cell.initial_state(B), rng)
    y, last, run = layer.forward(rng.standard_normal((50, B, D)), state)
    np.testing.assert_array_equal(last.c, state.c)
    np.testing.assert_array_equal(run.trace.c, np.broadcast_to(state.c, run.trace.c.shape))
    # … and its gradient comes back through 50 steps as it was: the constant error carousel.
    dc = rng.standard_normal((B, H))
    _, dfirst, _ = layer.backward(np.zeros_like(y), run, cell.State(np.zeros((B, H)), dc))
    np.testing.assert_array_equal(dfirst.c, dc)


def test_a_coupled_memory_held_open_keeps_c_but_for_rounding():
    cell = make_cell("CoupledLSTMCell", D, H, np.random.default_rng(0))
    cell.params["b"][cell.rows("f")] = 1000
    rng = np.random.default_rng(1)
    state = random_like(cell.initial_state(B), rng)
    _, last = Recurrent(cell)(rng.standard_normal((50, B, D)), state)
    assert_close(last.c, state.c, 1e-14)


@pytest.mark.parametrize("cls", [GRUCell, GRUResetBeforeCell])
def test_a_gru_that_never_updates_keeps_h_but_for_rounding(cls):
    cell = make_cell(cls.__name__, D, H, np.random.default_rng(0))
    cell.params["b"][cell.rows("z")] = 1000  # z keeps the past: 1 is "keep", not "take"
    rng = np.random.default_rng(1)
    state = random_like(cell.initial_state(B), rng)
    _, last = Recurrent(cell)(rng.standard_normal((50, B, D)), state)
    assert_close(last.h, state.h, 1e-14)


@pytest.mark.parametrize("cls", [GRUCell, GRUResetBeforeCell])
def test_a_gru_with_r_1_and_z_0_is_elman(cls):
    gru = make_cell(cls.__name__, D, H, np.random.default_rng(0))
    gru.params["b"][gru.rows("r")] = 1000
    gru.params["b"][gru.rows("z")] = -1000
    if "b_n" in gru.params:
        gru.params["b_n"][...] = 0
    elman = ElmanCell(D, H, params=rows_of(gru.params, gru, "n"), dtype=np.float64)
    ours, theirs = pair(gru, elman)
    assert_all_close(rows_of(ours, gru, "n"), theirs)
    if "b_n" in ours:
        assert_close(ours["b_n"], theirs["b"])


def test_the_two_grus_agree_where_U_n_is_diagonal_and_b_n_is_zero():
    after = make_cell("GRUCell", D, H, np.random.default_rng(0))
    after.params["U"][after.rows("n")] = np.diag(np.linspace(-1, 1, H))  # then r ⊙ (U_n h) = U_n (r ⊙ h)
    after.params["b_n"][...] = 0
    before = GRUResetBeforeCell(D, H, params={k: after.params[k] for k in "WUb"}, dtype=np.float64)
    ours, theirs = pair(after, before)
    assert_all_close(rows_of(ours, after, "rz"), rows_of(theirs, before, "rz"))


def test_the_two_grus_differ_otherwise():
    after = make_cell("GRUCell", D, H, np.random.default_rng(0))
    after.params["b_n"][...] = 0
    before = GRUResetBeforeCell(D, H, params={k: after.params[k] for k in "WUb"}, dtype=np.float64)
    x = np.random.default_rng(1).standard_normal((T, B, D))
    assert distance(Recurrent(after)(x)[0], Recurrent(before)(x)[0]) > 0.01


def test_the_lstm_of_1997_is_an_lstm_whose_forget_gate_is_held_open():
    lstm = make_cell("LSTMCell", D, H, np.random.default_rng(0))
    lstm.params["b"][lstm.rows("f")] = 1000
    old = LSTM1997Cell(D, H, params=rows_of(lstm.params, lstm, "igo"), dtype=np.float64)
    ours, theirs = pair(lstm, old)
    assert_all_close(rows_of(ours, lstm, "igo"), theirs)
    assert not any(v.any() for v in rows_of(ours, lstm, "f").values())


def test_the_coupled_lstm_is_an_lstm_with_i_equal_to_1_minus_f():
    lstm = make_cell("LSTMCell", D, H, np.random.default_rng(0))
    for p in lstm.params.values():
        p[lstm.rows("i")] = -p[lstm.rows("f")]  # σ(-a) = 1 - σ(a)
    coupled = CoupledLSTMCell(D, H, params=rows_of(lstm.params, lstm, "fgo"), dtype=np.float64)
    ours, theirs = pair(lstm, coupled)
    assert_all_close(rows_of(ours, lstm, "go"), rows_of(theirs, coupled, "go"))
    for k in "WUb":
        assert_close(ours[k][lstm.rows("f")] - ours[k][lstm.rows("i")], theirs[k][coupled.rows("f")])


def test_a_peephole_lstm_without_its_peepholes_is_an_lstm():
    peephole = make_cell("PeepholeLSTMCell", D, H, np.random.default_rng(0))
    peephole.params["P"][...] = 0
    lstm = LSTMCell(D, H, params={k: peephole.params[k] for k in "WUb"}, dtype=np.float64)
    ours, theirs = pair(peephole, lstm)
    assert_all_close({k: ours[k] for k in "WUb"}, theirs)
    assert ours["P"].all()  # yet they would learn


@pytest.mark.parametrize("gate", range(3), ids=["i", "f", "o"])
def test_each_peephole_opens_its_own_gate(gate):
    cell = make_cell("PeepholeLSTMCell", D, H, np.random.default_rng(0))
    cell.params["P"][...] = 0
    cell.params["P"][gate * H : (gate + 1) * H] = 1000
    prev = cell.State(np.zeros((1, H)), np.full((1, H), 5.0))
    _, trace = cell.step(np.zeros((1, 4 * H)), prev)
    gates = np.stack([trace.i, trace.f, trace.o])
    assert (gates[gate] == 1).all()
    assert (np.delete(gates, gate, axis=0) < 1).all()


@pytest.mark.parametrize(
    "cls", [LSTMCell, PeepholeLSTMCell, CoupledLSTMCell, GRUCell, GRUResetBeforeCell, LSTM1997Cell]
)
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_gates_are_silent_and_finite_along_time(cls, sign, dtype):
    cell = make_cell(cls.__name__, D, H, np.random.default_rng(0), dtype=dtype)
    cell.params["b"][...] = 1e4 * sign
    layer = Recurrent(cell)
    y, last, run = layer.forward(np.ones((T, B, D)))  # a warning is an error in these tests
    dx, _, grads = layer.backward(np.ones_like(y), run)
    for v in (y, *last, dx, *grads.values()):
        assert np.isfinite(v).all()


# --- the door -----------------------------------------------------------------------------------------------
def build(cls=LSTMCell, D=D, H=H, **options):
    return cls(D, H, **({"rng": np.random.default_rng(0)} | options))


def broken_params(**changes):
    params = {"W": np.zeros((4 * H, D)), "U": np.zeros((4 * H, H)), "b": np.zeros(4 * H)} | changes
    return {k: v for k, v in params.items() if v is not None}


REFUSED = {
    "input size 0": ({"D": 0}, ValueError, "input_size must be at least 1, got 0"),
    "input size below 0": ({"D": -2}, ValueError, "input_size must be at least 1, got -2"),
    "input size a bool": ({"D": True}, TypeError, "input_size must be an integer, got True"),
    "input size a float": ({"D": 3.0}, TypeError, r"input_size must be an integer, got 3\.0"),
    "hidden size 0": ({"H": 0}, ValueError, "hidden_size must be at least 1, got 0"),
    "hidden size below 0": ({"H": -1}, ValueError, "hidden_size must be at least 1, got -1"),
    "hidden size a bool": ({"H": False}, TypeError, "hidden_size must be an integer, got False"),
    "hidden size a float": ({"H": 5.5}, TypeError, r"hidden_size must be an integer, got 5\.5"),
    "hidden size a word": ({"H": "5"}, TypeError, "hidden_size must be an integer, got '5'"),
    "no rng": ({"rng": None}, TypeError, "rng must be a numpy.random.Generator, .* got None"),
    "a seed as rng": ({"rng": 0}, TypeError, "rng must be a numpy.random.Generator, .* got 0"),
    "dtype float16": ({"dtype": np.float16}, ValueError, "dtype must be float32 or float64, got float16"),
    "dtype int": ({"dtype": int}, ValueError, "dtype must be float32 or float64, got int64"),
    "dtype complex": ({"dtype": complex}, ValueError, "dtype must be float32 or float64, got complex128"),
    "dtype unknown": ({"dtype": "double-ish"}, TypeError, "dtype must be float32 or float64, got 'double-ish'"),
    "params missing one": (
        {"params": broken_params(U=None)},
        ValueError,
        "params must hold W, U, b, got W, b",
    ),
    "params with one more": (
        {"params": broken_params(P=np.zeros(3 * H))},
        ValueError,
        "params must hold W, U, b, got W, U, b, P",
    ),
    "params empty": ({"params": {}}, ValueError, "params must hold W, U, b, got nothing"),
    "params of a wrong shape": (
        {"params": broken_params(W=np.zeros((D, 4 * H)))},
        ValueError,
        r"params\['W'\] must have shape \(20, 3\), got \(3, 20\)",
    ),
    "params that would broadcast": (
        {"params": broken_params(b=np.zeros(()))},
        ValueError,
        r"params\['b'\] must have shape \(20,\), got \(\)",
    ),
    "params of words": (
        {"params": broken_params(b=np.full(4 * H, "x"))},
        TypeError,
        r"params\['b'\] must hold real numbers, got dtype <U1",
    ),
    "params as a list": ({"params": [1, 2, 3]}, TypeError, "params must be a mapping from names to arrays, got list"),
    "forget bias a word": ({"forget_bias": "1"}, TypeError, "forget_bias must be a number, got '1'"),
    "forget bias nan": ({"forget_bias": np.nan}, ValueError, "forget_bias must be a finite number, got nan"),
    "forget bias a bool": ({"forget_bias": True}, TypeError, "forget_bias must be a number, got True"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(case):
    options, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        build(**options)


@every_class
@pytest.mark.parametrize(
    "options", [{"rng": None}, {"rng": 42}, {"H": 0}, {"dtype": "f2"}, {"params": {"W": 0}}], ids=str
)
def test_every_cell_has_the_same_door(cls, options):
    with pytest.raises((TypeError, ValueError), match="^(rng|hidden_size|dtype|params) must "):
        build(cls, **options)


@pytest.mark.parametrize("cls", [CoupledLSTMCell, PeepholeLSTMCell])
def test_siblings_check_their_forget_bias(cls):
    with pytest.raises(TypeError, match="forget_bias must be a number, got None"):
        build(cls, forget_bias=None)


@pytest.mark.parametrize("cls", [GRUCell, GRUResetBeforeCell])
def test_grus_check_their_update_bias(cls):
    with pytest.raises(ValueError, match="update_bias must be a finite number, got inf"):
        build(cls, update_bias=np.inf)


@pytest.mark.parametrize("cls", [LSTMCell, LSTM1997Cell, PeepholeLSTMCell, CoupledLSTMCell])
def test_a_cell_with_a_memory_refuses_an_unknown_activation(cls):
    with pytest.raises(ValueError, match="activation must be one of tanh"):
        build(cls, activation="elu")


def test_an_lstm_with_relu_has_no_bound_and_the_gates_keep_the_sigmoid():
    params = {"W": [[9.0], [9], [1], [9]], "U": np.zeros((4, 1)), "b": np.zeros(4)}
    seen = {}
    for name in ("tanh", "relu"):
        h, _, run = Recurrent(LSTMCell(1, 1, params=params, activation=name, dtype=np.float64)).forward(
            np.ones((50, 1, 1))
        )
        seen[name] = h[-1, 0, 0]
        assert 0.999 < run.trace.f.min() and run.trace.f.max() < 1
    assert seen["tanh"] < 1 and seen["relu"] == pytest.approx(50, rel=0.01)


def test_elman_refuses_an_unknown_activation():
    with pytest.raises(
        ValueError, match="activation must be one of tanh, sigmoid, relu, softsign, identity, got 'elu'"
    ):
        build(ElmanCell, activation="elu")


def test_elman_refuses_a_function_as_activation():
    with pytest.raises(TypeError, match="activation must be one of"):
        build(ElmanCell, activation=np.tanh)


@pytest.mark.parametrize("cls", [LSTM1997Cell, GRUCell, GRUResetBeforeCell, ElmanCell])
def test_a_cell_without_a_forget_gate_takes_no_forget_bias(cls):
    with pytest.raises(TypeError, match="forget_bias"):
        build(cls, forget_bias=1.0)


def test_an_initialiser_of_a_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"params\['W'\] must have shape \(20, 3\), got \(12, 5\)"):
        build(W_init=lambda shape, rng: np.zeros(shape[::-1]))


@pytest.mark.parametrize("bad", ["z", "", "if", None])
def test_rows_of_an_unknown_gate_are_refused(bad):
    with pytest.raises((ValueError, TypeError), match="gate must be one of i, f, g, o, got"):
        build().rows(bad)


@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (np.zeros((2, D + 1)), ValueError, r"x must have shape \(\.\.\., 3\), got \(2, 4\)"),
        (np.zeros((0, D)), ValueError, r"x must not be empty, got shape \(0, 3\)"),
        (np.array([0, D]), ValueError, "x must hold ids from 0 to 2, got 3"),
        (np.array([-1, 0]), ValueError, "x must hold ids from 0 to 2, got -1"),
        (np.zeros((2, D), complex), TypeError, "x must hold real numbers, got dtype complex128"),
    ],
    ids=["a wrong feature size", "nothing", "an id too large", "a negative id", "complex numbers"],
)
def test_project_refuses(x, error, words):
    with pytest.raises(error, match=words):
        build().project(x)


def test_the_base_class_says_that_it_has_no_equations():
    cell = Cell(D, H, rng=np.random.default_rng(0))
    for call in (lambda: cell.step(None, None), lambda: cell.linearise(None, None), lambda: cell.step_backward(0, 0)):
        with pytest.raises(TypeError, match="Cell does not say"):
            call()
