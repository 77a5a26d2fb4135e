"""Sequential: names, counts, gradients, independence of runs, and weights that survive a file bit for bit."""

import json
import zipfile

import numpy as np
import pytest
from checking import assert_all_close, assert_close

import rnnbook as rb
from rnnbook.gradcheck import check_layer
from rnnbook.model import describe


def stacked(cell, rng, dtype=np.float64, **options):
    return rb.Sequential(
        embed=rb.Embedding(5, 4, rng=rng, dtype=dtype),
        rnn=rb.Stack.of(rb.CELLS[cell], 4, 3, num_layers=2, bidirectional=True, rng=rng, dtype=dtype, **options),
        drop=rb.Dropout(0.25, shared_over_time=True),
        out=rb.Dense(6, 5, activation="tanh", rng=rng, dtype=dtype),
    )


def simple(cell, rng, dtype=np.float32, **options):
    return rb.Sequential(
        rnn=rb.Recurrent(rb.CELLS[cell](5, 3, rng=rng, dtype=dtype, **options)),
        last=rb.Last(),
        out=rb.Dense(3, 2, rng=rng, dtype=dtype),
    )


def disturb(model, seed=1):
    rng = np.random.default_rng(seed)
    for p in model.params.values():
        p += rng.standard_normal(p.shape).astype(p.dtype)
    return model


IDS = np.random.default_rng(5).integers(5, size=(4, 3))


def test_names_of_parameters():
    rng = np.random.default_rng(0)
    lstm = lambda n: rb.Recurrent(rb.LSTMCell(n, 3, rng=rng))  # noqa: E731
    model = rb.Sequential(
        lstm=lstm(2),
        stack=rb.Stack([lstm(3), rb.Bidirectional(lstm(3), lstm(3))]),
        both=rb.Bidirectional(lstm(6), lstm(6)),
        out=rb.Dense(6, 1, rng=rng),
    )
    kinds = ("W", "U", "b")
    parts = ("lstm", "stack.0", "stack.1.ahead", "stack.1.back", "both.ahead", "both.back")
    assert list(model.params) == [f"{part}.{k}" for part in parts for k in kinds] + ["out.W", "out.b"]
    assert model.params["stack.1.back.W"] is model.layers["stack"].layers[1].back.cell.params["W"]


def test_params_is_read_only_but_its_arrays_are_the_layers_own():
    model = simple("LSTMCell", np.random.default_rng(0))
    with pytest.raises(TypeError):
        model.params["out.W"] = np.zeros((2, 3))
    with pytest.raises(TypeError):
        del model.params["out.W"]
    model.params["out.b"][...] = 7
    y, _ = model(IDS)
    assert (model.layers["out"].params["b"] == 7).all()
    assert (y != simple("LSTMCell", np.random.default_rng(0))(IDS)[0]).all()


def test_summary_counts_every_number():
    model = stacked("LSTMCell", np.random.default_rng(0))
    table = model.summary()
    want = {
        "embed": 5 * 4,
        "rnn": 2 * (12 * 4 + 12 * 3 + 12) + 2 * (12 * 6 + 12 * 3 + 12),
        "drop": 0,
        "out": 5 * 6 + 5,
    }
    rows = {line.split()[0]: line for line in table.splitlines()}
    for name, count in want.items():
        assert int(rows[name].split()[-1].replace(",", "")) == count
    assert int(rows["total"].split()[-1]) == sum(want.values()) == model.num_parameters
    assert len({len(line) for line in table.splitlines()}) == 1  # columns stand under each other
    assert "Recurrent(GRUCell)" in simple("GRUCell", np.random.default_rng(0)).summary()
    assert "E (5, 4)" in rows["embed"]
    assert "1,000,000" in rb.Sequential(e=rb.Embedding(1000, 1000, rng=np.random.default_rng(0))).summary()


@pytest.mark.parametrize("cell", sorted(rb.CELLS))
def test_gradients_of_everything_together(cell):
    rng = np.random.default_rng(0)
    model = disturb(stacked(cell, rng))
    mask = np.arange(4)[:, None] < [4, 2, 3]
    assert check_layer(model, IDS, mask=mask, rng=rng, directions=4).ok


def test_forward_and_call_agree_and_carry_states():
    rng = np.random.default_rng(0)
    model = disturb(stacked("PeepholeLSTMCell", rng))
    mask = np.arange(4)[:, None] < [4, 2, 3]
    state = model.forward(IDS)[1]
    y1, s1, _ = model.forward(IDS, state, mask)
    y2, s2 = model(IDS, state, mask)
    assert_close(y1, y2, 0)
    assert_all_close(s1["rnn"], s2["rnn"], 0)
    assert not (y1 == model(IDS, None, mask)[0]).all()


def test_a_sequence_in_two_pieces_is_the_whole():
    model = disturb(simple("GRUCell", np.random.default_rng(0), np.float64))
    whole, _ = model(IDS)
    _, state = model(IDS[:1])
    assert set(state) == {"rnn"}
    rest, _ = model(IDS[1:], state)
    assert_close(rest, whole, 1e-15)


def test_gradient_of_the_last_state_reaches_the_first():
    model = disturb(simple("LSTMCell", np.random.default_rng(0), np.float64))
    y, state, run = model.forward(IDS, model.initial_state(3))
    zero = np.zeros_like(y)
    _, dfirst, _ = model.backward(zero, run, {"rnn": tuple(np.ones_like(s) for s in state["rnn"])})
    assert all((d != 0).all() for d in dfirst["rnn"])
    _, dfirst, _ = model.backward(zero, run)
    assert all((d == 0).all() for d in dfirst["rnn"])


def test_two_forwards_before_a_backward_do_not_interfere():
    rng = np.random.default_rng(0)
    model = disturb(stacked("LSTMCell", rng))
    dy = rng.standard_normal((4, 3, 5))

    def gradients(run):
        return model.backward(dy, run)[2]

    _, _, run = model.forward(IDS, rng=np.random.default_rng(1))
    alone = gradients(run)
    _, _, one = model.forward(IDS, rng=np.random.default_rng(1))
    _, _, two = model.forward((IDS + 1) % 5, rng=np.random.default_rng(2))
    other = gradients(two)
    assert_all_close(gradients(one), alone, 0)
    assert_all_close(gradients(one), alone, 0)  # and the same run twice
    assert not (other["out.W"] == alone["out.W"]).all()


def test_dropout_acts_with_a_generator_and_not_without():
    model = stacked("GRUCell", np.random.default_rng(0))
    quiet = model.forward(IDS)[0]
    assert (quiet == model(IDS)[0]).all()
    assert not (quiet == model.forward(IDS, rng=np.random.default_rng(0))[0]).all()


class TestErrors:
    rng = np.random.default_rng(0)

    def dense(self, n, m, **options):
        return rb.Dense(n, m, rng=self.rng, **options)

    def test_no_layers(self):
        with pytest.raises(ValueError, match="at least one layer"):
            rb.Sequential()

    def test_not_a_layer(self):
        with pytest.raises(TypeError, match="rnn must be a layer.*got LSTMCell"):
            rb.Sequential(rnn=rb.LSTMCell(2, 3, rng=self.rng))

    def test_sizes_that_do_not_meet(self):
        with pytest.raises(ValueError, match="out must take the 3 features that hidden gives, got 4"):
            rb.Sequential(hidden=self.dense(2, 3), drop=rb.Dropout(0.5), out=self.dense(4, 1))

    def test_precisions_that_do_not_meet(self):
        with pytest.raises(ValueError, match="out must be of hidden's dtype, float32, got float64"):
            rb.Sequential(hidden=self.dense(2, 3), out=self.dense(3, 1, dtype=np.float64))

    def test_the_same_layer_twice(self):
        layer = self.dense(3, 3)
        with pytest.raises(ValueError, match="twice"):
            rb.Sequential(a=layer, b=layer)

    def test_the_same_cell_in_two_layers(self):
        cell = rb.ElmanCell(3, 3, rng=self.rng)
        with pytest.raises(ValueError, match="twice"):
            rb.Sequential(a=rb.Recurrent(cell), b=rb.Recurrent(cell))
        with pytest.raises(ValueError, match="twice"):
            rb.Sequential(a=rb.Recurrent(cell), b=rb.Stack([rb.Recurrent(cell)]))

    def test_a_name_with_a_dot_would_be_another_layers(self):
        with pytest.raises(ValueError, match="name"):
            rb.Sequential(
                **{
                    "a": rb.Stack.of(rb.ElmanCell, 2, 2, num_layers=1, rng=self.rng),
                    "a.0": rb.Recurrent(rb.ElmanCell(2, 2, rng=self.rng)),
                }
            )

    def test_states(self):
        model = simple("LSTMCell", self.rng)
        for bad in ({}, {"other": None}, {"rnn": None, "out": None}, [None], "rnn"):
            with pytest.raises(TypeError, match="state must be a dict with one entry for each of rnn"):
                model.forward(IDS, state=bad)
        with pytest.raises(ValueError, match=r"state.h must have shape \(3, 3\), got \(2, 3\)"):
            model.forward(IDS, state=model.initial_state(2))
        y, _, run = model.forward(IDS)
        with pytest.raises(TypeError, match="dstate must be a dict"):
            model.backward(y, run, {"nn": None})

    def test_runs(self):
        model = simple("LSTMCell", self.rng)
        y, _, run = model.forward(IDS)
        for bad in (None, run[:-1], tuple(run), y):
            with pytest.raises(TypeError, match="run must be what forward returned last, a list of 3"):
                model.backward(y, bad)

    def test_inputs(self):
        model = simple("LSTMCell", self.rng)
        with pytest.raises(ValueError, match="x must hold ids from 0 to 4, got 5"):
            model(np.full((2, 2), 5))
        with pytest.raises(ValueError, match=r"x must have shape \(T, B, 5\)"):
            model(np.zeros((2, 2, 4)))


# -- files ------------------------------------------------------------------------------------------------------------
OPTIONS = [("ElmanCell", {"activation": "relu"}), *((name, {}) for name in sorted(rb.CELLS))]


@pytest.mark.parametrize("cell, options", OPTIONS)
@pytest.mark.parametrize("make", [simple, stacked])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_comes_back_bit_for_bit(cell, options, make, dtype, tmp_path):
    model = disturb(make(cell, np.random.default_rng(0), dtype=dtype, **options))
    path = tmp_path / "model.npz"
    model.save(path)
    built = rb.load(path)
    filled = make(cell, np.random.default_rng(99), dtype=dtype, **options)
    arrays = dict(filled.params)
    filled.load(path)
    for other in (built, filled):
        assert describe(other) == describe(model) and repr(other) == repr(model)
        assert list(other.params) == list(model.params)
        for name, p in model.params.items():
            q = other.params[name]
            assert q.dtype == p.dtype and q.tobytes() == p.tobytes()
        assert (other(IDS)[0] == model(IDS)[0]).all()
    assert all(filled.params[name] is a for name, a in arrays.items())


def test_numpy_reads_the_arrays_of_a_file_and_json_its_header(tmp_path):
    model = simple("LSTMCell", np.random.default_rng(0))
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        for name, p in model.params.items():
            assert (file[name] == p).all() and file[name].dtype == p.dtype
    with zipfile.ZipFile(tmp_path / "m.npz") as file:
        header = json.loads(file.read("header.json"))
    assert header["format"] == "rnnbook" and header["kind"] == "model"
    assert header["architecture"]["layers"]["rnn"]["cell"]["hidden_size"] == 3


def test_text_paths_and_path_objects_alike(tmp_path):
    model = simple("LSTMCell", np.random.default_rng(0))
    model.save(str(tmp_path / "m.npz"))
    model.load(str(tmp_path / "m.npz"))
    rb.load(tmp_path / "m.npz")


@pytest.mark.parametrize(
    "other",
    [
        lambda rng: simple("GRUCell", rng),
        lambda rng: simple("LSTMCell", rng, np.float64),
        lambda rng: rb.Sequential(
            rnn=rb.Recurrent(rb.LSTMCell(5, 4, rng=rng)), last=rb.Last(), out=rb.Dense(4, 2, rng=rng)
        ),
        lambda rng: rb.Sequential(rnn=rb.Recurrent(rb.LSTMCell(5, 3, rng=rng)), out=rb.Dense(3, 2, rng=rng)),
        lambda rng: rb.Sequential(
            nn=rb.Recurrent(rb.LSTMCell(5, 3, rng=rng)), last=rb.Last(), out=rb.Dense(3, 2, rng=rng)
        ),
        lambda rng: rb.Sequential(
            rnn=rb.Recurrent(rb.LSTMCell(5, 3, rng=rng)), last=rb.Last(), out=rb.Dense(3, 2, activation="tanh", rng=rng)
        ),
    ],
)
def test_another_architecture_is_refused_and_no_weight_changes(other, tmp_path):
    other(np.random.default_rng(0)).save(tmp_path / "m.npz")
    model = simple("LSTMCell", np.random.default_rng(1))
    before = {k: p.copy() for k, p in model.params.items()}
    with pytest.raises(ValueError, match="another architecture: expected .*LSTMCell.*got"):
        model.load(tmp_path / "m.npz")
    assert all((model.params[k] == p).all() for k, p in before.items())


def test_no_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        rb.load(tmp_path / "nothing.npz")


def test_a_checkpoint_is_not_a_model(tmp_path):
    model = simple("LSTMCell", np.random.default_rng(0))
    trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.SGD(0.1), rng=np.random.default_rng(0))
    trainer.save(tmp_path / "c.npz")
    with pytest.raises(ValueError, match="'checkpoint', expected a 'model'"):
        rb.load(tmp_path / "c.npz")
    model.save(tmp_path / "m.npz")
    with pytest.raises(ValueError, match="'model', expected a 'checkpoint'"):
        trainer.load(tmp_path / "m.npz")


class Copy(rb.Cell):
    """A cell of a reader's own: h = W x + U h_prev + b."""

    Trace = rb.ElmanCell.Trace

    def step(self, a, prev, out=None):
        (h,) = out = out or self.new_trace(len(prev[0]))
        np.add(a, prev[0] @ self.params["U"].T, out=h)
        return (h,), out


def test_a_cell_of_ones_own_is_loaded_when_it_is_named(tmp_path):
    model = rb.Sequential(own=rb.Recurrent(Copy(2, 3, rng=np.random.default_rng(0))))
    model.save(tmp_path / "own.npz")
    with pytest.raises(ValueError, match="its Copy is not one of .*`known`"):
        rb.load(tmp_path / "own.npz")
    again = rb.load(tmp_path / "own.npz", known=[Copy])
    np.testing.assert_array_equal(again.params["own.U"], model.params["own.U"])


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (lambda r, b, d, e: {"out": d, "table": e}, "table takes ids.*must stand first"),
        (
            lambda r, b, d, e: {"rnn": r, "last": rb.Last(), "more": rb.Recurrent(rb.GRUCell(4, 4, rng=RNG))},
            "more needs",
        ),
        (lambda r, b, d, e: {"both": b, "last": rb.Last()}, "last must be Ends"),
    ],
)
def test_layers_that_cannot_follow_one_another(layers, message):
    one = lambda: rb.Recurrent(rb.GRUCell(3, 4, rng=RNG))  # noqa: E731
    with pytest.raises(ValueError, match=message):
        rb.Sequential(
            **layers(one(), rb.Bidirectional(one(), one()), rb.Dense(3, 5, rng=RNG), rb.Embedding(5, 3, rng=RNG))
        )


RNG = np.random.default_rng(0)
