"""Layers without time, against naive loops, laws of chance and numerical gradients."""

import numpy as np
import pytest
from checking import assert_close

import rnnbook as rb
from rnnbook import functional
from rnnbook.gradcheck import check_layer

ACTIVATIONS = sorted(functional.ACTIVATIONS)


def dense(activation="identity", D=3, O=4, dtype=np.float64, seed=0):
    """A dense layer all of whose parameters are random; a bias of zeros would hide a forgotten one."""
    rng = np.random.default_rng(seed)
    params = {"W": rng.standard_normal((O, D)), "b": rng.standard_normal(O)}
    return rb.Dense(D, O, activation=activation, dtype=dtype, params=params)


class TestDense:
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("lead", [(), (5,), (2, 5), (2, 1, 3)])
    def test_equals_a_loop_over_outputs_and_inputs(self, activation, lead):
        layer = dense(activation)
        x = np.random.default_rng(1).standard_normal((*lead, 3))
        phi = {
            "identity": lambda a: a,
            "tanh": lambda a: (np.exp(2 * a) - 1) / (np.exp(2 * a) + 1),
            "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
            "relu": lambda a: a if a > 0 else 0.0,
            "softsign": lambda a: a / (1 + abs(a)),
        }[activation]
        want = np.empty((*lead, 4))
        for at in np.ndindex(lead):
            for o in range(4):
                a = layer.params["b"][o]
                for d in range(3):
                    a = a + layer.params["W"][o, d] * x[at][d]
                want[at][o] = phi(a)
        assert_close(layer(x), want, 1e-14)
        assert_close(layer.forward(x)[0], want, 1e-14)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    @pytest.mark.parametrize("lead", [(5,), (2, 5)])
    def test_gradients(self, activation, lead):
        rng = np.random.default_rng(2)
        x = rng.standard_normal((*lead, 3))
        report = check_layer(dense(activation), x, rng=rng)
        assert report.ok, report
        assert [t.name for t in report.tensors] == ["W", "b", "x"]

    def test_input_is_left_alone_and_two_runs_do_not_meet(self):
        layer, rng = dense("tanh"), np.random.default_rng(3)
        x1, x2 = rng.standard_normal((2, 5, 3))
        kept = x1.copy()
        y1, run1 = layer.forward(x1)
        alone = layer.backward(np.ones_like(y1), run1)[1]["W"]
        _, run2 = layer.forward(x2)
        layer.backward(np.ones_like(y1), run2)
        assert (layer.backward(np.ones_like(y1), run1)[1]["W"] == alone).all()
        assert (x1 == kept).all()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dtype_goes_through(self, dtype):
        layer = dense("tanh", dtype=dtype)
        y, run = layer.forward(np.ones((2, 3), np.float64 if dtype == np.float32 else np.float32))
        dx, grads = layer.backward(np.ones((2, 4)), run)
        assert {a.dtype for a in (y, dx, *grads.values())} == {np.dtype(dtype)}

    def test_weights_begin_as_xavier_and_zeros(self):
        layer = rb.Dense(200, 100, rng=np.random.default_rng(0))
        limit = np.sqrt(6 / 300)
        assert 0.98 * limit < abs(layer.params["W"]).max() <= limit
        assert (layer.params["b"] == 0).all()
        ones = rb.Dense(2, 3, rng=np.random.default_rng(0), b_init=lambda shape, rng: np.ones(shape))
        assert (ones.params["b"] == 1).all()

    def test_errors_by_name(self):
        layer = dense()
        with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., 3\), got \(2, 4\)"):
            layer(np.zeros((2, 4)))
        with pytest.raises(TypeError, match="x must hold real numbers"):
            layer(np.array([["a", "b", "c"]]))
        with pytest.raises(ValueError, match="x must not be empty"):
            layer(np.zeros((0, 3)))
        _, run = layer.forward(np.zeros((2, 3)))
        with pytest.raises(ValueError, match=r"dy must have shape \(2, 4\), got \(4,\)"):
            layer.backward(np.zeros(4), run)  # it would broadcast
        for bad in (0, -1):
            with pytest.raises(ValueError, match="output_size"):
                rb.Dense(3, bad, rng=np.random.default_rng(0))
        with pytest.raises(TypeError, match="input_size"):
            rb.Dense(3.0, 2, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match="activation must be one of.*'swish'"):
            rb.Dense(3, 2, activation="swish", rng=np.random.default_rng(0))
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
            rb.Dense(3, 2)
        with pytest.raises(ValueError, match=r"params\['W'\] must have shape \(2, 3\)"):
            rb.Dense(3, 2, params={"W": np.zeros((3, 2)), "b": np.zeros(2)})
        with pytest.raises(TypeError, match="run"):
            layer.backward(np.zeros((2, 4)), None)


class TestEmbedding:
    def layer(self, V=5, N=3):
        return rb.Embedding(V, N, rng=np.random.default_rng(0), dtype=np.float64)

    @pytest.mark.parametrize("lead", [(), (4,), (4, 2)])
    def test_is_a_one_hot_times_the_table(self, lead):
        layer = self.layer()
        x = np.random.default_rng(1).integers(5, size=lead)
        one_hot = (x[..., None] == np.arange(5)).astype(float)
        assert (layer(x) == one_hot @ layer.params["E"]).all()

    def test_repeated_ids_add_up(self):
        layer, x = self.layer(), np.array([[3, 3], [0, 3], [0, 1]])
        y, run = layer.forward(x)
        dy = np.random.default_rng(1).standard_normal(y.shape)
        dx, grads = layer.backward(dy, run)
        want = np.zeros((5, 3))
        for at in np.ndindex(x.shape):
            want[x[at]] += dy[at]
        assert dx is None
        assert_close(grads["E"], want, 1e-14)
        assert (grads["E"][[2, 4]] == 0).all()

    def test_gradients(self):
        rng = np.random.default_rng(2)
        assert check_layer(self.layer(), rng.integers(5, size=(6, 4)), rng=rng).ok

    def test_looking_up_gives_a_copy(self):
        layer = self.layer()
        kept = layer.params["E"].copy()
        layer(np.array([1, 2]))[...] = 9
        assert (layer.params["E"] == kept).all()

    def test_begins_standard_normal(self):
        E = rb.Embedding(100, 100, rng=np.random.default_rng(0)).params["E"]
        assert abs(E.mean()) < 0.04 and abs(E.std() - 1) < 0.03

    def test_errors_by_name(self):
        layer = self.layer()
        for bad, got in (([-1], "-1"), ([5], "5")):
            with pytest.raises(ValueError, match=f"x must hold ids from 0 to 4, got {got}"):
                layer(np.array(bad))
        with pytest.raises(TypeError, match="x must hold integer ids, got dtype float64"):
            layer(np.zeros(2))
        _, run = layer.forward(np.array([1, 2]))
        with pytest.raises(ValueError, match=r"dy must have shape \(2, 3\)"):
            layer.backward(np.zeros((1, 3)), run)


class TestDropout:
    def test_without_a_generator_or_rate_it_is_the_identity(self):
        x = np.random.default_rng(0).standard_normal((4, 3, 2))
        for layer, rng in ((rb.Dropout(0.5), None), (rb.Dropout(0), np.random.default_rng(0))):
            y, run = layer.forward(x, rng=rng)
            assert (y == x).all()
            dy = np.ones_like(x)
            assert (layer.backward(dy, run)[0] == dy).all()
        assert (rb.Dropout(0.9)(x) == x).all()

    @pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
    @pytest.mark.parametrize("shared", [False, True])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_drops_the_share_and_keeps_the_mean(self, rate, shared, dtype):
        x = np.ones((1 if shared else 10, 100, 100 if shared else 10), dtype)
        for seed in range(3):
            y, _ = rb.Dropout(rate, shared_over_time=shared).forward(x, rng=np.random.default_rng(seed))
            n = y.size
            dropped = (y == 0).sum()
            # Five standard deviations of a binomial.
            assert abs(dropped - n * rate) < 5 * np.sqrt(n * rate * (1 - rate))
            assert y.dtype == dtype
            np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)
            assert abs(y.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / n)

    def test_one_mask_over_time_or_one_for_each_step(self):
        x = np.ones((6, 4, 5))
        y, _ = rb.Dropout(0.5, shared_over_time=True).forward(x, rng=np.random.default_rng(0))
        assert (y == y[0]).all()
        assert not (y[:, 0] == y[:, 1]).all() and not (y[..., 0] == y[..., 1]).all()
        y, _ = rb.Dropout(0.5).forward(x, rng=np.random.default_rng(0))
        assert not (y == y[0]).all()

    def test_draws_come_from_the_generator_alone(self):
        x, layer = np.ones((2, 3, 4)), rb.Dropout(0.5)
        a, b = (layer.forward(x, rng=np.random.default_rng(7))[0] for _ in range(2))
        c, _ = layer.forward(x, rng=np.random.default_rng(8))
        assert (a == b).all() and not (a == c).all()

    @pytest.mark.parametrize("shared", [False, True])
    def test_gradients(self, shared):
        rng = np.random.default_rng(2)
        report = check_layer(rb.Dropout(0.4, shared_over_time=shared), rng.standard_normal((3, 4, 5)), rng=rng)
        assert report.ok, report

    @pytest.mark.parametrize("rate", [-0.1, 1, 1.5, np.nan])
    def test_rates_that_are_none(self, rate):
        with pytest.raises(ValueError, match="rate"):
            rb.Dropout(rate)

    def test_errors_by_name(self):
        with pytest.raises(TypeError, match="rate must be a number"):
            rb.Dropout("half")
        with pytest.raises(TypeError, match="shared_over_time must be True or False, got 1"):
            rb.Dropout(0.5, shared_over_time=1)
        with pytest.raises(ValueError, match=r"x must have shape \(T, B, D\)"):
            rb.Dropout(0.5, shared_over_time=True)(np.zeros((2, 3)))
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
            rb.Dropout(0.5).forward(np.ones((2, 3)), rng=3)

    def test_integers_are_refused_by_name(self):
        with pytest.raises(TypeError, match="x must"):
            rb.Dropout(0.5).forward(np.ones((2, 3), int), rng=np.random.default_rng(0))

    def test_a_gradient_of_another_shape_is_not_broadcast(self):
        layer = rb.Dropout(0.5)
        _, run = layer.forward(np.ones((2, 3, 4)), rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match="dy must have shape"):
            layer.backward(np.ones(4), run)


class TestLast:
    def test_gives_the_last_step_and_its_gradient_goes_there(self):
        x = np.random.default_rng(0).standard_normal((4, 3, 2))
        y, run = rb.Last().forward(x)
        assert (y == x[3]).all()
        dy = np.ones((3, 2))
        dx, grads = rb.Last().backward(dy, run)
        assert dx.shape == x.shape and (dx[3] == dy).all() and (dx[:3] == 0).all() and grads == {}

    def test_gradients(self):
        rng = np.random.default_rng(0)
        assert check_layer(rb.Last(), rng.standard_normal((4, 3, 2)), rng=rng).ok

    @pytest.mark.parametrize("cell", sorted(rb.CELLS))
    def test_behind_a_mask_it_is_each_sequences_own_last(self, cell):
        rng = np.random.default_rng(0)
        layer = rb.Recurrent(rb.CELLS[cell](2, 3, rng=rng, dtype=np.float64))
        x, lengths = rng.standard_normal((6, 3, 2)), [6, 2, 4]
        mask = np.arange(6)[:, None] < np.array(lengths)
        model = rb.Sequential(rnn=layer, last=rb.Last())
        y, _ = model(x, mask=mask)
        for k, n in enumerate(lengths):
            alone, _ = layer(x[:n, k : k + 1])
            assert_close(y[k], alone[-1, 0], 1e-14)

    def test_errors_by_name(self):
        with pytest.raises(ValueError, match=r"x must have shape \(T, B, D\), got \(2, 3\)"):
            rb.Last()(np.zeros((2, 3)))
        _, run = rb.Last().forward(np.zeros((4, 3, 2)))
        with pytest.raises(ValueError, match=r"dy must have shape \(3, 2\), got \(2,\)"):
            rb.Last().backward(np.zeros(2), run)


def test_a_layer_of_ones_own_says_what_it_lacks():
    class Mine(rb.layers.Layer):
        pass

    with pytest.raises(TypeError, match="Mine does not say what it computes"):
        Mine().forward(np.zeros(1))
    with pytest.raises(TypeError, match="Mine does not say what its gradients are"):
        Mine().backward(np.zeros(1), None)


def test_a_layer_shows_how_it_was_made():
    assert repr(dense("tanh")) == ("Dense(input_size=3, output_size=4, activation='tanh', dtype='float64')")
    assert repr(rb.Dropout(0.5)) == "Dropout(rate=0.5, shared_over_time=False)"
    assert repr(rb.Last()) == "Last()"


class TestEnds:
    def test_each_direction_is_taken_where_it_has_read_everything(self):
        rng = np.random.default_rng(0)
        both = rb.Bidirectional(rb.Recurrent(rb.LSTMCell(3, 4, rng=rng)), rb.Recurrent(rb.LSTMCell(3, 4, rng=rng)))
        x, mask = rng.standard_normal((6, 3, 3)), np.arange(6)[:, None] < [6, 2, 4]
        y, (ahead, back), _ = both.forward(x, mask=mask)
        np.testing.assert_array_equal(rb.Ends()(y), np.concatenate([ahead.h, back.h], axis=-1))

    def test_gradients(self):
        rng = np.random.default_rng(0)
        assert rb.gradcheck.check_layer(rb.Ends(), rng.standard_normal((5, 2, 6)), rng=rng).ok

    def test_an_odd_number_of_features(self):
        with pytest.raises(ValueError, match="x must have an even number of features.* got 3"):
            rb.Ends()(np.zeros((2, 1, 3)))
