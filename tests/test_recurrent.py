"""Along time and back: gradients, laws, and what the doors of Recurrent, Bidirectional and Stack refuse."""

from collections import deque

import numpy as np
import pytest
from checking import (
    VARIANTS,
    assert_all_close,
    assert_close,
    distance,
    layer_gradient_errors,
    leaves,
    length_mask,
    make_cell,
    make_layer,
    numeric_gradient,
    random_like,
)
from hypothesis import given
from hypothesis import strategies as st

from rnnbook import recurrent
from rnnbook.cells import CELLS, ElmanCell, GRUCell, LSTMCell
from rnnbook.recurrent import Bidirectional, Recurrent, Run, Stack

T, B, D, H = 6, 4, 3, 4
LENGTHS = (6, 3, 0, 5)
MASK = length_mask(T, LENGTHS)
MASK_WITH_HOLES = MASK.copy()
MASK_WITH_HOLES[2:4, 0] = MASK_WITH_HOLES[0, 3] = False

KINDS = ["one layer", "both directions", "two layers", "both directions under a layer"]
every_variant = pytest.mark.parametrize("variant", VARIANTS)
every_cell = pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "ElmanCell-identity"])
every_kind = pytest.mark.parametrize("kind", KINDS)
few_cells = pytest.mark.parametrize("variant", ["ElmanCell-tanh", "PeepholeLSTMCell", "GRUCell"])


def setting(kind, variant, seed=0, sizes=(T, B, D, H), ids=False, **options):
    """A layer, an input, a random state, and the generator that drew them."""
    T, B, D, H = sizes
    rng = np.random.default_rng(seed)
    layer = make_layer(kind, variant, D, H, rng, **options)
    x = rng.integers(0, D, (T, B)) if ids else rng.standard_normal((T, B, D)).astype(layer.dtype)
    return layer, x, random_like(layer.initial_state(B), rng), rng


# --- gradients ----------------------------------------------------------------------------------------------
# Every case has a random first state and a gradient that arrives at the last one.
GRADIENT_CASES = {
    "one layer": ("one layer", None, False),
    "one layer, lengths with a 0, holes": ("one layer", MASK_WITH_HOLES[:5], False),
    "two layers, lengths": ("two layers", MASK[:5], False),
    "both directions, lengths with holes": ("both directions", MASK_WITH_HOLES[:5], False),
    "both directions under a layer": ("both directions under a layer", None, False),
    "one layer, ids": ("one layer", MASK_WITH_HOLES[:5], True),
    "both directions under a layer, ids": ("both directions under a layer", MASK[:5], True),
}


@every_variant
@pytest.mark.parametrize("case", GRADIENT_CASES)
def test_gradients_are_the_numerical_ones(variant, case):
    kind, mask, ids = GRADIENT_CASES[case]
    layer, x, state, rng = setting(kind, variant, sizes=(5, B, 2, 3), ids=ids)
    errors = layer_gradient_errors(layer, x, state, mask, rng)
    assert {k: e for k, e in errors.items() if not e <= 1e-6} == {}


# --- laws of time -------------------------------------------------------------------------------------------
@every_variant
@pytest.mark.parametrize("kind", ["one layer", "two layers"])
@pytest.mark.parametrize("mask", [None, MASK_WITH_HOLES], ids=["no mask", "mask"])
def test_chunks_give_what_the_whole_gives(variant, kind, mask):
    layer, x, state, rng = setting(kind, variant)
    cuts = [slice(0, 1), slice(1, 4), slice(4, T)]
    cut = [None if mask is None else mask[c] for c in cuts]
    y, last, run = layer.forward(x, state, mask)
    dy, dlast = rng.standard_normal(y.shape), random_like(last, rng)
    dx, dfirst, grads = layer.backward(dy, run, dlast)

    s, ys, runs = state, [], []
    for c, m in zip(cuts, cut, strict=True):
        part, s, r = layer.forward(x[c], s, m)
        ys.append(part)
        runs.append(r)
    assert_close(np.concatenate(ys), y, what="y")
    assert_all_close(s, last, what="last state")

    d, dxs, total = dlast, [], dict.fromkeys(grads, 0)
    for c, r in zip(reversed(cuts), reversed(runs), strict=True):
        part, d, g = layer.backward(dy[c], r, d)
        dxs.insert(0, part)
        total = {k: total[k] + g[k] for k in g}
    assert_close(np.concatenate(dxs), dx, what="dx")
    assert_all_close(d, dfirst, what="gradient of the first state")
    assert_all_close(total, grads, what="gradient of")


@every_variant
@every_kind
def test_permuting_the_batch_permutes_the_outputs(variant, kind):
    layer, x, state, rng = setting(kind, variant)
    p = np.array([2, 0, 3, 1])
    shuffled = _rebuild(state, lambda s: s[p])
    y, last, run = layer.forward(x, state, MASK)
    yp, lastp, runp = layer.forward(x[:, p], shuffled, MASK[:, p])
    dy = rng.standard_normal(y.shape)
    (dx, dfirst, grads), (dxp, dfirstp, gradsp) = layer.backward(dy, run), layer.backward(dy[:, p], runp)
    assert_close(yp, y[:, p], what="y")
    assert_all_close(leaves(lastp), [s[p] for s in leaves(last)], what="last state")
    assert_close(dxp, dx[:, p], what="dx")
    assert_all_close(leaves(dfirstp), [s[p] for s in leaves(dfirst)], what="gradient of the first state")
    assert_all_close(gradsp, grads, what="gradient of")


def _rebuild(tree, f):
    if isinstance(tree, np.ndarray):
        return f(tree)
    parts = [_rebuild(t, f) for t in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


@every_variant
@every_kind
def test_one_sequence_knows_nothing_of_the_others(variant, kind):
    layer, x, state, _ = setting(kind, variant)
    changed = x.copy()
    changed[:, 1] += 1
    y, z = layer(x, state)[0], layer(changed, state)[0]
    others = [0, 2, 3]
    assert_close(z[:, others], y[:, others])
    assert distance(z[:, 1], y[:, 1]) > 1e-3


@every_variant
@pytest.mark.parametrize("kind", ["one layer", "two layers"])
@pytest.mark.parametrize("t", range(T))
def test_a_later_input_never_changes_an_earlier_output(variant, kind, t):
    layer, x, state, _ = setting(kind, variant)
    changed = x.copy()
    changed[t] += 1
    y, z = layer(x, state)[0], layer(changed, state)[0]
    np.testing.assert_array_equal(z[:t], y[:t])
    assert all(distance(z[s], y[s]) > 1e-9 for s in range(t, T))  # and it changes every one from its own on


@every_variant
def test_y_is_the_hidden_state_and_the_last_state_is_the_last_step(variant):
    layer, x, state, _ = setting("one layer", variant)
    y, last, run = layer.forward(x, state)
    np.testing.assert_array_equal(y, run.trace.h)
    np.testing.assert_array_equal(y[-1], last.h)
    for field in layer.cell.State._fields:
        prev, after = getattr(run.prev, field), getattr(run.trace, field)
        np.testing.assert_array_equal(prev[0], getattr(state, field))
        np.testing.assert_array_equal(prev[1:], after[:-1])
        np.testing.assert_array_equal(getattr(last, field), after[-1])


@every_variant
@every_kind
def test_without_a_state_it_begins_at_zeros(variant, kind):
    layer, x, _, _ = setting(kind, variant)
    zeros = layer.initial_state(B)
    assert all(s.shape == (B, H) and not s.any() for s in leaves(zeros))
    assert_close(layer.forward(x)[0], layer.forward(x, zeros)[0], 0)
    assert_close(layer(x)[0], layer(x, zeros)[0], 0)


# --- one pass does not meddle with another ------------------------------------------------------------------
@every_variant
@every_kind
def test_two_forwards_before_a_backward_do_not_interfere(variant, kind):
    layer, x, state, rng = setting(kind, variant)
    other = rng.standard_normal(x.shape)
    y, last, run = layer.forward(x, state, MASK)
    dy, dlast = rng.standard_normal(y.shape), random_like(last, rng)
    kept, kept_last = y.copy(), [s.copy() for s in leaves(last)]
    expected = layer.backward(dy, run, dlast)
    y2, _, run2 = layer.forward(other)
    layer(other)
    layer.backward(dy, run2)
    again = layer.backward(dy, run, dlast)  # the same run gives the same gradients twice, to the last bit
    np.testing.assert_array_equal(y, kept)
    assert_all_close(leaves(last), kept_last, 0)
    assert_all_close(again[0], expected[0], 0, "dx")
    assert_all_close(again[1], expected[1], 0, "gradient of the first state")
    assert_all_close(again[2], expected[2], 0, "gradient of")


@every_variant
@every_kind
def test_no_call_writes_into_what_it_is_given(variant, kind):
    layer, x, state, rng = setting(kind, variant)
    mask = MASK.copy()
    dy = rng.standard_normal((T, B, layer.output_size))
    dlast = random_like(state, rng)
    given_ = [x, mask, dy, *leaves(state), *leaves(dlast), *layer.params.values()]
    kept = [v.copy() for v in given_]
    for v in given_:
        v.flags.writeable = False
    _, last, run = layer.forward(x, state, mask)
    layer(x, state, mask)
    _, dfirst, _ = layer.backward(dy, run, dlast)
    for v, k in zip(given_, kept, strict=True):
        np.testing.assert_array_equal(v, k)
    for new in (*leaves(last), *leaves(dfirst)):
        assert not any(np.shares_memory(new, v) for v in given_)


@every_variant
@every_kind
@pytest.mark.parametrize("mask", [None, MASK_WITH_HOLES], ids=["no mask", "mask"])
def test_the_call_that_keeps_no_trace_equals_forward(variant, kind, mask):
    layer, x, state, _ = setting(kind, variant)
    y, last, _ = layer.forward(x, state, mask)
    z, lastz = layer(x, state, mask)
    np.testing.assert_array_equal(z, y)
    assert_all_close(lastz, last, 0)


# --- cutting and laying out a run, which is for speed alone -------------------------------------------------
@every_variant
@pytest.mark.parametrize("masked", [False, True])
def test_a_run_cut_into_pieces_is_the_same_run(variant, masked, monkeypatch):
    layer, x, state, rng = setting("one layer", variant, sizes=(20, B, D, H))
    mask = rng.random((20, B)) > 0.3 if masked else None
    dy, dstate = rng.standard_normal((20, B, H)), random_like(state, rng)

    def everything():
        y, last, run = layer.forward(x, state, mask)
        dx, dfirst, grads = layer.backward(dy, run, dstate)
        return (y, last, layer(x, state, mask), dx, dfirst, tuple(grads[name] for name in sorted(grads)))

    whole, step = everything(), B * layer.cell.G * H * layer.dtype.itemsize
    steps, linearise = [], layer.cell.linearise
    monkeypatch.setattr(
        layer.cell, "linearise", lambda prev, trace: (steps.append(len(trace.h)), linearise(prev, trace))[1]
    )
    for sizes in ((1, 7 * step, 20 * B), (7 * step, 1, 20 * B), (19 * step, 20 * step, 7 * B), (1, 3 * step, 7 * B)):
        for name, size in zip(("PROJECTED", "LINEARISED", "SUMMED"), sizes, strict=True):
            monkeypatch.setattr(recurrent, name, size)
        assert_all_close(everything(), whole)
    # From the end, and each step once.
    assert steps == [6, 7, 7] + [1] * 20 + [6, 7, 7] + [3, 3, 1, 3, 3, 1, 3, 3]


@every_variant
@pytest.mark.parametrize("num_steps, batch", [(15, 3), (16, 3), (40, 1), (40, 3)])
def test_a_run_is_the_steps_of_its_cell(variant, num_steps, batch):
    layer, x, state, _ = setting("one layer", variant, sizes=(num_steps, batch, D, H))
    before = {name: p.copy() for name, p in layer.params.items()}
    y, last, _ = layer.forward(x, state)
    for t, a_t in enumerate(layer.cell.project(x)):
        state, _ = layer.cell.step(a_t, state)
        assert_close(y[t], state[0])
    assert_all_close(tuple(last), tuple(state))
    for name, p in layer.params.items():  # what is laid out anew is a copy
        np.testing.assert_array_equal(p, before[name])
        assert p.flags.c_contiguous


@every_variant
def test_y_is_read_only_because_the_way_back_reads_it(variant):
    layer, x, state, _ = setting("one layer", variant)
    y, last, _ = layer.forward(x, state)
    with pytest.raises(ValueError, match="read-only"):
        y[0] = 0
    before = y[-1].copy()
    for s in last:  # the state is the caller's own
        s[...] = 0
    np.testing.assert_array_equal(y[-1], before)


@every_variant
def test_the_backward_pass_reads_the_weights_as_they_are(variant):
    layer, x, state, rng = setting("one layer", variant)
    y, _, run = layer.forward(x, state)
    dy = rng.standard_normal(y.shape)
    dx = layer.backward(dy, run)[0]
    layer.params["W"][...] = 2 * layer.params["W"]
    assert_close(layer.backward(dy, run)[0], 2 * dx)  # the way back through the gates is unchanged, W's share doubles


# --- masks --------------------------------------------------------------------------------------------------
@every_variant
@every_kind
@pytest.mark.parametrize("mask", [MASK, MASK_WITH_HOLES], ids=["lengths", "holes"])
def test_garbage_in_the_padding_changes_nothing(variant, kind, mask):
    layer, x, state, rng = setting(kind, variant)
    dirty = np.where(mask[..., None], x, 1e6 * rng.standard_normal(x.shape))
    y, last, run = layer.forward(x, state, mask)
    z, lastz, runz = layer.forward(dirty, state, mask)
    np.testing.assert_array_equal(z, y)
    assert_all_close(lastz, last, 0, "last state")
    dy, dlast = rng.standard_normal(y.shape), random_like(last, rng)
    (dx, dfirst, grads), (dz, dfirstz, gradsz) = layer.backward(dy, run, dlast), layer.backward(dy, runz, dlast)
    assert_close(dz, dx, 0, "dx")
    assert_all_close(dfirstz, dfirst, 0, "gradient of the first state")
    assert_all_close(gradsz, grads, what="gradient of")


@every_variant
@every_kind
def test_the_gradient_of_padding_is_exactly_zero(variant, kind):
    layer, x, state, rng = setting(kind, variant)
    y, last, run = layer.forward(x, state, MASK_WITH_HOLES)
    dx, _, _ = layer.backward(rng.standard_normal(y.shape), run, random_like(last, rng))
    assert not dx[~MASK_WITH_HOLES].any()
    assert all(dx[t, b].any() for t, b in np.argwhere(MASK_WITH_HOLES))


@every_variant
@every_kind
def test_a_padded_batch_equals_each_sequence_alone(variant, kind):
    layer, x, state, rng = setting(kind, variant)
    y, last, run = layer.forward(x, state, MASK)
    dy, dlast = rng.standard_normal(y.shape) * MASK[..., None], random_like(last, rng)
    dx, dfirst, grads = layer.backward(dy, run, dlast)
    total = dict.fromkeys(grads, 0)
    for b, n in enumerate(LENGTHS):
        one, done = _rebuild(state, lambda s, b=b: s[b : b + 1]), _rebuild(dlast, lambda s, b=b: s[b : b + 1])
        if n == 0:  # a sequence without steps: all passes by
            assert_all_close([s[b : b + 1] for s in leaves(last)], leaves(one), 0)
            assert_all_close([s[b : b + 1] for s in leaves(dfirst)], leaves(done), 0)
            continue
        alone, last_alone, run_alone = layer.forward(x[:n, b : b + 1], one)
        assert_close(y[:n, b : b + 1], alone, what=f"y of sequence {b}")
        assert_all_close([s[b : b + 1] for s in leaves(last)], leaves(last_alone), what="last state")
        dxa, dfa, ga = layer.backward(dy[:n, b : b + 1], run_alone, done)
        assert_close(dx[:n, b : b + 1], dxa, what=f"dx of sequence {b}")
        assert_all_close([s[b : b + 1] for s in leaves(dfirst)], leaves(dfa), what="gradient of the first state")
        total = {k: total[k] + ga[k] for k in ga}
    assert_all_close(grads, total, what="gradient of")


@every_variant
def test_a_hole_in_the_middle_is_as_if_the_step_were_cut_out(variant):
    layer, x, state, rng = setting("one layer", variant)
    mask = np.ones((T, B), bool)
    mask[2:4] = False
    keep = [0, 1, 4, 5]
    y, last, run = layer.forward(x, state, mask)
    short, last_short, run_short = layer.forward(x[keep], state)
    assert_close(y[keep], short)
    assert_close(y[2:4], np.stack([y[1], y[1]]), 0)  # the state stays as it is
    assert_all_close(last, last_short)
    dy = rng.standard_normal(y.shape) * mask[..., None]
    (dx, _, grads), (dx_short, _, grads_short) = layer.backward(dy, run), layer.backward(dy[keep], run_short)
    assert_close(dx[keep], dx_short)
    assert_all_close(grads, grads_short)


@every_kind
@few_cells
def test_a_mask_of_ones_is_no_mask(kind, variant):
    layer, x, state, rng = setting(kind, variant)
    y, last, run = layer.forward(x, state)
    z, lastz, runz = layer.forward(x, state, np.ones((T, B), bool))
    assert_close(z, y, 0)
    assert_all_close(lastz, last, 0)
    dy = rng.standard_normal(y.shape)
    for one, two in zip(layer.backward(dy, run)[1:], layer.backward(dy, runz)[1:], strict=True):
        assert_all_close(one, two)


# --- both directions ----------------------------------------------------------------------------------------
@every_variant
@pytest.mark.parametrize("t", range(T))
def test_the_half_that_reads_back_knows_the_future_alone(variant, t):
    layer, x, state, _ = setting("both directions", variant)
    changed = x.copy()
    changed[t] += 1
    y, z = layer(x, state)[0], layer(changed, state)[0]
    np.testing.assert_array_equal(z[:t, :, :H], y[:t, :, :H])  # ahead: x[:t + 1]
    np.testing.assert_array_equal(z[t + 1 :, :, H:], y[t + 1 :, :, H:])  # back: x[t:]
    assert all(distance(z[s, :, :H], y[s, :, :H]) > 1e-9 for s in range(t, T))
    assert all(distance(z[s, :, H:], y[s, :, H:]) > 1e-9 for s in range(t + 1))


@every_variant
def test_both_directions_are_two_layers_side_by_side(variant):
    layer, x, (ahead, back), rng = setting("both directions", variant)
    y, last, run = layer.forward(x, (ahead, back), MASK)
    y1, last1, run1 = layer.ahead.forward(x, ahead, MASK)
    y2, last2, run2 = layer.back.forward(x[::-1], back, MASK[::-1])
    assert_close(y, np.concatenate([y1, y2[::-1]], axis=-1), 0)
    assert_all_close(last, (last1, last2), 0)
    dy = rng.standard_normal(y.shape)
    dx, _, grads = layer.backward(dy, run)
    dx1, _, g1 = layer.ahead.backward(dy[..., :H], run1)
    dx2, _, g2 = layer.back.backward(dy[::-1, :, H:], run2)
    assert_close(dx, dx1 + dx2[::-1])
    assert_all_close(grads, {f"ahead.{k}": v for k, v in g1.items()} | {f"back.{k}": v for k, v in g2.items()})


def test_the_two_directions_may_differ_in_cell_and_size():
    rng = np.random.default_rng(0)
    layer = Bidirectional(Recurrent(make_cell("LSTMCell", D, 2, rng)), Recurrent(make_cell("GRUCell", D, 5, rng)))
    x = rng.standard_normal((T, B, D))
    errors = layer_gradient_errors(layer, x, random_like(layer.initial_state(B), rng), MASK, rng)
    assert layer.output_size == 7 and max(errors.values()) <= 1e-6


# --- stacks -------------------------------------------------------------------------------------------------
@every_variant
def test_a_stack_is_one_layer_after_another(variant):
    layer, x, states, _ = setting("both directions under a layer", variant)
    y, last, _ = layer.forward(x, states, MASK)
    low, s0 = layer.layers[0](x, states[0], MASK)
    high, s1 = layer.layers[1](low, states[1], MASK)
    assert_close(y, high, 0)
    assert_all_close(last, [s0, s1], 0)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_stack_of_builds_equal_layers(name, bidirectional):
    stack = Stack.of(
        CELLS[name], D, H, num_layers=3, bidirectional=bidirectional, rng=np.random.default_rng(0), dtype=np.float64
    )
    width = H * (1 + bidirectional)
    assert (stack.input_size, stack.output_size, stack.dtype) == (D, width, np.float64)
    assert [layer.input_size for layer in stack.layers] == [D, width, width]
    parts = ["ahead.", "back."] if bidirectional else [""]
    names = CELLS[name].shapes(D, H)
    assert set(stack.params) == {f"{n}.{part}{k}" for n in range(3) for part in parts for k in names}
    Us = [p for k, p in stack.params.items() if k.endswith(".U")]
    assert all(distance(Us[0], U) > 0.01 for U in Us[1:])  # each has weights of its own
    x = np.random.default_rng(1).standard_normal((T, B, D))
    assert stack(x)[0].shape == (T, B, width)


@few_cells
@every_kind
def test_params_are_the_cells_own_arrays(kind, variant):
    layer, x, state, _ = setting(kind, variant)
    before = layer(x, state)[0]
    with pytest.raises(TypeError):
        layer.params["W"] = 0
    for p in layer.params.values():
        p *= 0.5
    assert distance(layer(x, state)[0], before) > 1e-3


def test_repr_names_the_cells():
    layer = setting("both directions under a layer", "ElmanCell-relu")[0]
    assert repr(layer).startswith("Stack([Bidirectional(Recurrent(ElmanCell(input_size=3, hidden_size=4,")
    assert repr(layer).count("activation='relu'") == 3


# --- ids ----------------------------------------------------------------------------------------------------
@every_variant
@every_kind
@pytest.mark.parametrize("mask", [None, MASK_WITH_HOLES], ids=["no mask", "mask"])
def test_ids_equal_one_hot_vectors(variant, kind, mask):
    layer, ids, state, rng = setting(kind, variant, ids=True)
    hot = np.eye(D)[ids]
    (y, last, run), (z, lastz, runz) = (layer.forward(v, state, mask) for v in (ids, hot))
    assert_close(y, z)
    assert_all_close(last, lastz)
    dy = rng.standard_normal(y.shape)
    (dx, dfirst, grads), (_, dfirstz, gradsz) = layer.backward(dy, run), layer.backward(dy, runz)
    assert dx is None
    assert_all_close(dfirst, dfirstz)
    assert_all_close(grads, gradsz, what="gradient of")
    assert_close(layer(ids, state, mask)[0], y, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64])
def test_ids_may_be_of_any_integer_dtype(dtype):
    layer, ids, state, _ = setting("both directions", "GRUCell", ids=True)
    assert_close(layer(ids.astype(dtype), state)[0], layer(ids, state)[0], 0)
    assert_close(layer(ids.tolist(), state)[0], layer(ids, state)[0], 0)


# --- dtype --------------------------------------------------------------------------------------------------
@every_variant
@every_kind
@pytest.mark.parametrize("ids", [False, True], ids=["floats", "ids"])
def test_float32_in_all_float32(variant, kind, ids):
    layer, x, state, rng = setting(kind, variant, ids=ids, dtype=np.float32)
    y, last, run = layer.forward(x, state, MASK)
    dx, dfirst, grads = layer.backward(rng.standard_normal(y.shape).astype(np.float32), run, random_like(last, rng))
    called, called_last = layer(x, state, MASK)
    everything = [y, called, *leaves(last), *leaves(called_last), *leaves(dfirst), *grads.values()]
    assert {a.dtype for a in everything + ([] if ids else [dx])} == {np.dtype(np.float32)}


@few_cells
@every_kind
def test_float64_is_taken_down_to_the_layers_float32(kind, variant):
    layer, x, state, rng = setting(kind, variant, dtype=np.float32)
    x64, state64 = x.astype(np.float64), _rebuild(state, lambda s: s.astype(np.float64))
    y, last, run = layer.forward(x64, state64)
    dx, dfirst, grads = layer.backward(rng.standard_normal(y.shape), run)
    assert {a.dtype for a in (y, dx, *leaves(last), *leaves(dfirst), *grads.values())} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(y, layer(x, state)[0])


@given(
    st.sampled_from(KINDS),
    st.sampled_from(sorted(VARIANTS)),
    st.tuples(*[st.integers(1, 4)] * 4),
    st.sampled_from([np.float32, np.float64]),
    st.booleans(),
)
def test_any_size_gives_the_promised_shapes(kind, variant, sizes, dtype, masked):
    layer, x, state, rng = setting(kind, variant, sizes=sizes, dtype=dtype)
    mask = rng.random(sizes[:2]) < 0.5 if masked else None
    if masked:
        mask[-1, -1] = True
    y, last, run = layer.forward(x, state, mask)
    dx, dfirst, grads = layer.backward(np.ones(y.shape), run)
    assert y.shape == (*sizes[:2], layer.output_size)
    assert dx.shape == x.shape
    assert [s.shape for s in leaves(last)] == [s.shape for s in leaves(dfirst)] == [s.shape for s in leaves(state)]
    assert {k: g.shape for k, g in grads.items()} == {k: p.shape for k, p in layer.params.items()}
    assert {a.dtype for a in (y, dx, *leaves(last), *leaves(dfirst), *grads.values())} == {np.dtype(dtype)}


# --- step by step -------------------------------------------------------------------------------------------
@every_variant
@pytest.mark.parametrize("mask", [None, MASK_WITH_HOLES], ids=["no mask", "mask"])
def test_walk_yields_the_states_of_forward(variant, mask):
    layer, x, state, _ = setting("one layer", variant)
    _, _, run = layer.forward(x, state, mask)
    steps = list(layer.walk(x, state, mask))  # all kept at once: none overwrites the one before
    assert len(steps) == T
    for t, step in enumerate(steps):
        assert isinstance(step, layer.cell.State)
        for field, value in zip(step._fields, step, strict=True):
            np.testing.assert_array_equal(value, getattr(run.trace, field)[t])


@every_variant
@pytest.mark.parametrize("mask", [None, MASK_WITH_HOLES], ids=["no mask", "mask"])
def test_walk_back_yields_the_gradients_of_every_state(variant, mask):
    layer, x, state, rng = setting("one layer", variant)
    y, last, run = layer.forward(x, state, mask)
    dy, dlast = rng.standard_normal(y.shape), random_like(last, rng)
    dx, dfirst, grads = layer.backward(dy, run, dlast)
    delta = np.full((T, B, layer.cell.G * H), np.nan)
    steps = list(layer.walk_back(run, dy, dlast, delta))
    assert len(steps) == T
    assert_all_close(steps[-1], dfirst, 0, "gradient of the first state")
    # The gradient before step t is what a run cut in front of t would hand back.
    for t in range(1, T):
        _, mid = layer(x[:t], state, None if mask is None else mask[:t])
        _, _, tail = layer.forward(x[t:], mid, None if mask is None else mask[t:])
        assert_all_close(steps[T - 1 - t], layer.backward(dy[t:], tail, dlast)[1], what=f"gradient before step {t}")
    assert_close(delta.sum(axis=(0, 1)), grads["b"], what="sum of delta")
    assert_close(delta @ layer.params["W"], dx, what="delta W")
    if mask is not None:
        assert not delta[~mask].any()
    without = list(layer.walk_back(run, dy, dlast))
    assert_all_close(without, steps, 0)


@every_variant
@pytest.mark.parametrize("masked", [False, True], ids=["no mask", "mask"])
def test_identity_at_the_end_gives_the_jacobian_over_all_steps(variant, masked):
    layer, x, state, _ = setting("one layer", variant, sizes=(4, 1, D, H))
    mask = np.array([[True], [False], [True], [True]]) if masked else None
    y, last, run = layer.forward(x, state, mask)
    F = len(last)
    start = layer.cell.State(*np.split(np.eye(F * H), F, axis=1))
    *_, end = layer.walk_back(run, np.zeros_like(y), start)
    jacobian = np.concatenate(end, axis=1)
    for row in range(F * H):
        after = lambda r=row: float(np.concatenate(layer(x, state, mask)[1], axis=1)[0, r])  # noqa: E731
        numeric = np.concatenate([numeric_gradient(after, s)[0] for s in state])
        assert_close(jacobian[row], numeric, 1e-8, f"row {row}")


@every_cell
def test_the_gradient_at_the_last_output_equals_one_at_the_last_state(variant):
    layer, x, state, rng = setting("one layer", variant)
    y, last, run = layer.forward(x, state)
    d, at_y = rng.standard_normal((B, H)), np.zeros_like(y)
    at_y[-1] = d
    dlast = layer.initial_state(B)._replace(h=d)
    for one, two in zip(layer.backward(at_y, run), layer.backward(np.zeros_like(y), run, dlast), strict=True):
        assert_all_close(one, two, 0)


@every_variant
def test_walking_leaves_numpys_error_settings_alone(variant):
    layer, x, state, rng = setting("one layer", variant)
    layer.params["b"][...] = -1e4  # every sigmoid overflows inside
    with np.errstate(over="raise", invalid="raise"):
        before = np.geterr()
        for _ in layer.walk(x, state):
            assert np.geterr() == before
        half = layer.walk(x, state)
        next(half)
        assert np.geterr() == before  # also where the walk is broken off
        half.close()
        assert np.geterr() == before
        y, _, run = layer.forward(x, state)
        assert np.geterr() == before
        for _ in layer.walk_back(run, np.ones_like(y)):
            assert np.geterr() == before
        layer(x, state)
        assert np.geterr() == before


def test_two_walks_side_by_side_do_not_interfere():
    layer, x, state, _ = setting("one layer", "LSTMCell")
    alone = [s.h for s in layer.walk(x, state)]
    for one, two, expected in zip(layer.walk(x, state), layer.walk(x, state), alone, strict=True):
        assert_close(one.h, expected, 0)
        assert_close(two.h, expected, 0)


# --- the doors ----------------------------------------------------------------------------------------------
def small(kind="one layer", variant="LSTMCell"):
    return make_layer(kind, variant, D, H, np.random.default_rng(0))


def doors(layer):
    """Every way in."""
    ways = {"forward": layer.forward, "call": layer}
    if isinstance(layer, Recurrent):
        ways["walk"] = lambda *args, **options: deque(layer.walk(*args, **options), maxlen=0)
    return ways


x_ok = np.zeros((T, B, D))
nan_in_padding = np.where(MASK[..., None], x_ok, np.nan)
inf_in_padding = np.where(MASK[..., None], x_ok, np.inf)

REFUSED_INPUT = {
    "x with one axis": ({"x": np.zeros(D)}, ValueError, r"x must have shape \(T, B, 3\), got \(3,\)"),
    "x with two axes": ({"x": np.zeros((T, D))}, ValueError, r"x must have shape \(T, B, 3\), got \(6, 3\)"),
    "x with four axes": ({"x": x_ok[None]}, ValueError, r"x must have shape \(T, B, 3\), got \(1, 6, 4, 3\)"),
    "x with a wrong feature size": (
        {"x": np.zeros((T, B, D + 1))},
        ValueError,
        r"x must have shape \(T, B, 3\), got \(6, 4, 4\)",
    ),
    "x with one feature, which would broadcast": (
        {"x": np.zeros((T, B, 1))},
        ValueError,
        r"x must have shape \(T, B, 3\), got \(6, 4, 1\)",
    ),
    "an empty sequence": ({"x": np.zeros((0, B, D))}, ValueError, r"x must not be empty, got shape \(0, 4, 3\)"),
    "a batch of 0": ({"x": np.zeros((T, 0, D))}, ValueError, r"x must not be empty, got shape \(6, 0, 3\)"),
    "x of words": ({"x": np.full((T, B, D), "a")}, TypeError, "x must hold real numbers, got dtype <U1"),
    "complex x": ({"x": x_ok.astype(complex)}, TypeError, "x must hold real numbers, got dtype complex128"),
    "an id too large": ({"x": np.full((T, B), D)}, ValueError, "x must hold ids from 0 to 2, got 3"),
    "a negative id": ({"x": np.full((T, B), -1)}, ValueError, "x must hold ids from 0 to 2, got -1"),
    "ids as floats": ({"x": np.zeros((T, B))}, ValueError, r"x must have shape \(T, B, 3\), got \(6, 4\)"),
    "ids with one axis": ({"x": np.zeros(T, int)}, ValueError, r"x must have shape \(T, B\), got \(6,\)"),
    "no ids": ({"x": np.zeros((0, B), int)}, ValueError, r"x must not be empty, got shape \(0, 4\)"),
    "integers with three axes": (
        {"x": x_ok.astype(int)},
        TypeError,
        r"x must hold floats \(T, B, D\) or integer ids \(T, B\), got integers with three axes",
    ),
    "a mask of integers": ({"mask": MASK.astype(int)}, TypeError, "mask must be a bool array, got dtype int64"),
    "a mask of floats": ({"mask": MASK * 1.0}, TypeError, "mask must be a bool array, got dtype float64"),
    "lengths as a mask": ({"mask": list(LENGTHS)}, TypeError, "mask must be a bool array, got dtype int64"),
    "a mask batch first": ({"mask": MASK.T}, ValueError, r"mask must have shape \(6, 4\), got \(4, 6\)"),
    "a mask of one row": ({"mask": MASK[:1]}, ValueError, r"mask must have shape \(6, 4\), got \(1, 4\)"),
    "a mask with features": (
        {"mask": MASK[..., None]},
        ValueError,
        r"mask must have shape \(6, 4\), got \(6, 4, 1\)",
    ),
    "a mask that masks everything": (
        {"mask": np.zeros((T, B), bool)},
        ValueError,
        "mask must keep at least one entry, but it masks everything",
    ),
    "nan in the padding": (
        {"x": nan_in_padding, "mask": MASK},
        ValueError,
        r"x, where a mask is given, must be finite, got nan at index \(0, 2, 0\)",
    ),
    "inf in the padding": ({"x": inf_in_padding, "mask": MASK}, ValueError, "x, where .* must be finite, got inf"),
}


@pytest.mark.parametrize("case", REFUSED_INPUT)
@pytest.mark.parametrize("kind", KINDS)
def test_every_way_in_refuses(kind, case):
    changes, error, words = REFUSED_INPUT[case]
    layer = small(kind)
    for door in doors(layer).values():
        with pytest.raises(error, match=words):
            door(**({"x": x_ok} | changes))


h, wide = np.zeros((B, H)), np.zeros((B, H + 1))
REFUSED_STATE = {
    "a batch that is not x's": ((h[:3], h), ValueError, r"state\.h must have shape \(4, 4\), got \(3, 4\)"),
    "a batch of 1, which would broadcast": (
        (h, h[:1]),
        ValueError,
        r"state\.c must have shape \(4, 4\), got \(1, 4\)",
    ),
    "a wrong size": ((h, wide), ValueError, r"state\.c must have shape \(4, 4\), got \(4, 5\)"),
    "one axis": ((h[0], h), ValueError, r"state\.h must have shape \(4, 4\), got \(4,\)"),
    "one field for two": ((h,), TypeError, r"state must be a tuple of 2 arrays, \(h, c\)"),
    "three fields for two": ((h, h, h), TypeError, r"state must be a tuple of 2 arrays, \(h, c\)"),
    "an array": (h, TypeError, r"state must be a tuple of 2 arrays, \(h, c\)"),
    "a list": ([h, h], TypeError, r"state must be a tuple of 2 arrays, \(h, c\)"),
    "words": ((h, np.full((B, H), "a")), TypeError, r"state\.c must hold real numbers, got dtype <U1"),
}


@pytest.mark.parametrize("case", REFUSED_STATE)
def test_every_way_in_refuses_a_state_of(case):
    state, error, words = REFUSED_STATE[case]
    layer = small()
    for door in doors(layer).values():
        with pytest.raises(error, match=words):
            door(x_ok, state)
    _, _, run = layer.forward(x_ok)
    with pytest.raises(error, match=words.replace("state", "dstate")):
        layer.backward(np.zeros((T, B, H)), run, state)


def test_a_cell_with_one_field_refuses_two():
    with pytest.raises(TypeError, match=r"state must be a tuple of 1 arrays, \(h\)"):
        small(variant="GRUCell").forward(x_ok, (h, h))


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("both directions", (h, h, h), r"state must be a pair, \(ahead's, back's\), got tuple"),
        ("both directions", h, r"state must be a pair, \(ahead's, back's\), got ndarray"),
        ("both directions", (h, h), "state must be a tuple of 2 arrays"),
        ("two layers", [None], "state must be a list of 2, one for each layer"),
        ("two layers", [None] * 3, "state must be a list of 2, one for each layer"),
        ("two layers", h, "state must be a list of 2, one for each layer"),
    ],
    ids=["three for both directions", "an array for both directions", "arrays for both directions"]
    + ["one for two layers", "three for two layers", "an array for two layers"],
)
def test_compositions_refuse_a_state_of(kind, state, words):
    layer = small(kind)
    for door in doors(layer).values():
        with pytest.raises(TypeError, match=words):
            door(x_ok, state)
    y, _, run = layer.forward(x_ok)
    with pytest.raises(TypeError, match=words.replace("state", "dstate")):
        layer.backward(np.zeros_like(y), run, state)


@every_kind
@pytest.mark.parametrize(
    "change",
    [lambda s: s[:-1], lambda s: s[:, :1], lambda s: s[..., :1], lambda s: s[0]],
    ids=["one step short", "one sequence", "one feature", "one step"],
)
def test_backward_refuses_a_dy_with(kind, change):
    layer = small(kind)
    y, _, run = layer.forward(x_ok)
    size = layer.output_size
    with pytest.raises(ValueError, match=rf"dy must have shape \(6, 4, {size}\), got"):
        layer.backward(change(np.zeros_like(y)), run)


def test_backward_refuses_complex_gradients():
    layer = small()
    y, _, run = layer.forward(x_ok)
    with pytest.raises(TypeError, match="dy must hold real numbers, got dtype complex128"):
        layer.backward(y.astype(complex), run)


@pytest.mark.parametrize("bad", [None, (1, 2, 3, 4), "run"], ids=repr)
def test_backward_refuses_what_is_no_run(bad):
    with pytest.raises(TypeError, match="run must be what forward returned last, a Run, got"):
        small().backward(np.zeros((T, B, H)), bad)


def test_compositions_refuse_a_run_of_another_form():
    one, both, two = small(), small("both directions"), small("two layers")
    run = one.forward(x_ok)[2]
    assert isinstance(run, Run)
    with pytest.raises(TypeError, match="run must be a pair"):
        both.backward(np.zeros((T, B, 2 * H)), run)
    with pytest.raises(TypeError, match="run must be a list of 2, one for each layer"):
        two.backward(np.zeros((T, B, H)), run)
    with pytest.raises(TypeError, match="run must be what forward returned last"):
        two.backward(np.zeros((T, B, H)), None)


def one(D=D, H=H, cls=ElmanCell, dtype=np.float32):
    return Recurrent(cls(D, H, rng=np.random.default_rng(0), dtype=dtype))


shared = one()
REFUSED_BUILDING = {
    "a class for a cell": (
        lambda: Recurrent(LSTMCell),
        TypeError,
        r"cell must be a Cell, such as LSTMCell\(3, 5, rng=rng\)",
    ),
    "no cell": (lambda: Recurrent(None), TypeError, "cell must be a Cell, .* got None"),
    "one layer twice": (
        lambda: Bidirectional(shared, shared),
        ValueError,
        "ahead and back must be two layers, each with weights of its own, got one twice",
    ),
    "one cell twice": (
        lambda: Bidirectional(shared, Recurrent(shared.cell)),
        ValueError,
        "ahead and back must be two layers",
    ),
    "a cell for a direction": (
        lambda: Bidirectional(one(), one().cell),
        TypeError,
        "back must be a Recurrent, got ElmanCell",
    ),
    "a bidirectional in both directions": (
        lambda: Bidirectional(Bidirectional(one(), one()), one()),
        TypeError,
        "ahead must be a Recurrent, got Bidirectional",
    ),
    "directions of two input sizes": (
        lambda: Bidirectional(one(D=2), one(D=3)),
        ValueError,
        "ahead and back must agree in input size and dtype",
    ),
    "directions of two dtypes": (
        lambda: Bidirectional(one(), one(dtype=np.float64)),
        ValueError,
        "ahead and back must agree in input size and dtype",
    ),
    "a stack of nothing": (lambda: Stack([]), ValueError, "layers must hold at least one layer, got none"),
    "a stack of cells": (
        lambda: Stack([one(), GRUCell(H, H, rng=np.random.default_rng(0))]),
        TypeError,
        r"layers\[1\] must be a Recurrent or a Bidirectional, got GRUCell",
    ),
    "layers that do not fit": (
        lambda: Stack([one(D, H), one(H + 1, H)]),
        ValueError,
        r"layers\[1\] must take 4 features of float32, got one that takes 5 of float32",
    ),
    "layers over both directions that do not fit": (
        lambda: Stack([Bidirectional(one(), one()), one(H, H)]),
        ValueError,
        r"layers\[1\] must take 8 features",
    ),
    "layers of two dtypes": (
        lambda: Stack([one(D, H), one(H, H), one(H, H, dtype=np.float64)]),
        ValueError,
        r"layers\[2\] must take 4 features of float32, got one that takes 4 of float64",
    ),
    "a stack of 0 layers": (
        lambda: Stack.of(LSTMCell, D, H, num_layers=0, rng=np.random.default_rng(0)),
        ValueError,
        "num_layers must be at least 1, got 0",
    ),
    "a stack of True layers": (
        lambda: Stack.of(LSTMCell, D, H, num_layers=True, rng=np.random.default_rng(0)),
        TypeError,
        "num_layers must be an integer, got True",
    ),
    "a stack without rng": (lambda: Stack.of(LSTMCell, D, H, num_layers=2), TypeError, "rng must be a numpy.random"),
    "a state for a batch of 0": (lambda: one().initial_state(0), ValueError, "batch must be at least 1, got 0"),
    "a state for half a batch": (lambda: one().initial_state(1.5), TypeError, "batch must be an integer"),
}


@pytest.mark.parametrize("case", REFUSED_BUILDING)
def test_building_refuses(case):
    build, error, words = REFUSED_BUILDING[case]
    with pytest.raises(error, match=words):
        build()


# -- what comes from elsewhere is refused by name


def test_one_layer_twice_in_a_stack_is_refused():
    layer = Recurrent(LSTMCell(4, 4, rng=np.random.default_rng(0)))
    with pytest.raises(ValueError, match="layers must be different ones.*got one twice"):
        Stack([layer, layer])


def test_a_run_of_another_layer_is_refused_forwards_and_step_by_step():
    rng = np.random.default_rng(0)
    lstm, gru, wide = (Recurrent(c(3, h, rng=rng)) for c, h in ((LSTMCell, 4), (GRUCell, 4), (LSTMCell, 5)))
    x, dy = np.zeros((2, 1, 3)), np.zeros((2, 1, 4))
    for other in (gru, wide):
        run = other.forward(x)[2]
        for door in (lambda run=run: lstm.backward(dy, run), lambda run=run: lstm.walk_back(run, dy)):
            with pytest.raises(ValueError, match="run must come from this layer's own forward"):
                door()
    with pytest.raises(TypeError, match="run must be what forward returned last"):
        lstm.walk_back(None, dy)


def test_walk_back_checks_its_gradients_at_the_call():
    layer = Recurrent(ElmanCell(2, 3, rng=np.random.default_rng(0)))
    run = layer.forward(np.zeros((4, 1, 2)))[2]
    with pytest.raises(ValueError, match=r"dstate.h must have shape \(4, 3\), got \(4, 4\)"):
        layer.walk_back(run, np.zeros((4, 1, 3)), (np.eye(4),))
    with pytest.raises(TypeError, match="dstate must be a tuple"):
        layer.walk_back(run, np.zeros((4, 1, 3)), np.eye(3))
    with pytest.raises(ValueError, match=r"dy must have shape \(4, N, 3\)"):
        layer.walk_back(run, np.zeros((3, 1, 3)))


def test_an_error_inside_a_stack_names_the_layer():
    stack = Stack.of(ElmanCell, 2, 3, num_layers=2, rng=np.random.default_rng(0))
    state = stack.initial_state(1)
    state[1] = (np.zeros((2, 3)),)
    with pytest.raises(ValueError, match=r"^layer 1: state.h must have shape \(1, 3\)"):
        stack.forward(np.zeros((4, 1, 2)), state)
