"""Learning: one update, the loop around it, windows of time, early stopping, and runs that go on as if never stopped."""

import math
import os
import pickle
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from checking import assert_all_close, assert_close

import rnnbook as rb
from rnnbook import files, optim
from rnnbook.train import windows

CELLS = sorted(rb.CELLS)


def classifier(cell="LSTMCell", seed=0, dtype=np.float64, D=6, H=5, O=2, **layers):
    rng = np.random.default_rng(seed)
    return rb.Sequential(
        rnn=rb.Recurrent(rb.CELLS[cell](D, H, rng=rng, dtype=dtype)),
        **layers,
        out=rb.Dense(H, O, rng=rng, dtype=dtype),
    )


def line(seed=0):
    """The smallest model: one weight matrix."""
    return rb.Sequential(out=rb.Dense(2, 1, rng=np.random.default_rng(seed), dtype=np.float64))


def weights(model):
    return {k: p.copy() for k, p in model.params.items()}


def same(a, b):
    assert a.keys() == b.keys()
    for k in a:
        assert a[k].tobytes() == b[k].tobytes(), f"{k} differs by {abs(a[k] - b[k]).max():.1e}"


def recall(rng):
    return rb.data.recall(rng, lag=5, batch_size=8)


POINTS = rb.Batch(np.random.default_rng(1).standard_normal((20, 2)), np.random.default_rng(2).standard_normal((20, 1)))


def series(T=11, B=3, lengths=(11, 4, 7), seed=3):
    """Targets at every step, sequences of unequal length."""
    rng = np.random.default_rng(seed)
    return rb.Batch(
        rng.standard_normal((T, B, 6)),
        rng.integers(2, size=(T, B)),
        lengths=None if lengths is None else np.array(lengths),
    )


class TestTrainStep:
    @pytest.mark.parametrize("cell", CELLS)
    def test_the_loss_falls_on_the_batch_that_was_learned(self, cell):
        model, batch = classifier(cell), series()
        losses = [rb.train_step(model, batch, rb.softmax_cross_entropy, rb.SGD(0.1)).loss for _ in range(3)]
        assert losses[0] > losses[1] > losses[2]

    def test_is_a_step_against_the_gradient(self):
        model = line()
        W, b = model.params["out.W"].copy(), model.params["out.b"].copy()
        e = POINTS.inputs @ W.T + b - POINTS.targets
        update = rb.train_step(model, POINTS, rb.mean_squared_error, rb.SGD(0.1))
        dW, db = 2 * e.T @ POINTS.inputs / 20, 2 * e.mean(axis=0)
        assert_close(model.params["out.W"], W - 0.1 * dW, 1e-14)
        assert_close(model.params["out.b"], b - 0.1 * db, 1e-14)
        assert update.loss == pytest.approx((e**2).mean(), rel=1e-13)
        assert update.grad_norm == pytest.approx(math.sqrt((dW**2).sum() + (db**2).sum()), rel=1e-13)

    @pytest.mark.parametrize("limit", [0.01, 0.05])
    def test_clipping_acts_on_the_update_and_not_on_the_report(self, limit):
        for option, norm in (
            ("clip_norm", lambda d: np.sqrt(sum((v**2).sum() for v in d))),
            ("clip_value", lambda d: max(abs(v).max() for v in d)),
        ):
            model = line()
            before, full = weights(model), rb.train_step(line(), POINTS, rb.mean_squared_error, rb.SGD(1.0)).grad_norm
            update = rb.train_step(model, POINTS, rb.mean_squared_error, rb.SGD(1.0), **{option: limit})
            assert norm([before[k] - p for k, p in model.params.items()]) == pytest.approx(limit, rel=1e-12)
            assert update.grad_norm == full > limit

    def test_padding_and_masked_targets_do_not_count(self):
        batch = series()
        junk = batch.inputs.copy()
        junk[~batch.padding] = 1e3
        other = rb.Batch(junk, np.where(batch.padding, batch.targets, 1 - batch.targets), lengths=batch.lengths)
        one, two = classifier(), classifier()
        rb.train_step(one, batch, rb.softmax_cross_entropy, rb.SGD(0.1))
        rb.train_step(two, other, rb.softmax_cross_entropy, rb.SGD(0.1))
        same(weights(one), weights(two))

    def test_dropout_draws_from_rng(self):
        a, b, c = (classifier(drop=rb.Dropout(0.5)) for _ in range(3))
        rb.train_step(a, series(), rb.softmax_cross_entropy, rb.SGD(0.1), rng=np.random.default_rng(0))
        rb.train_step(b, series(), rb.softmax_cross_entropy, rb.SGD(0.1), rng=np.random.default_rng(0))
        rb.train_step(c, series(), rb.softmax_cross_entropy, rb.SGD(0.1))
        same(weights(a), weights(b))
        assert (a.params["out.W"] != c.params["out.W"]).any()

    def test_a_broken_gradient_changes_nothing_and_says_where(self):
        model = classifier()
        before, optimiser = weights(model), rb.Adam(0.1)

        def loss(y, targets, mask):
            d = np.zeros_like(y)
            d[-1, 0, 0] = np.nan
            return 0.5, d

        with pytest.raises(rb.Diverged) as error:
            rb.train_step(model, series(lengths=None), loss, optimiser)
        assert sorted(error.value.parameters) == ["out.W", "out.b", "rnn.U", "rnn.W", "rnn.b"]
        same(weights(model), before)
        assert optimiser.num_updates == 0 and not optimiser.memory


class TestTrainer:
    def trainer(self, model=None, optimiser=None, loss=rb.mean_squared_error, **options):
        return rb.Trainer(model or line(), loss, optimiser or rb.SGD(0.1), rng=np.random.default_rng(0), **options)

    def test_history_says_what_happened(self):
        rate = optim.step_decay(0.1, every=3)
        trainer = self.trainer(optimiser=rb.SGD(rate))
        twin, twins = line(), rb.SGD(rate)
        history = trainer.fit(lambda rng: POINTS, num_updates=5, validation=POINTS, validate_every=2)
        updates = []
        for k in range(5):
            updates.append(rb.train_step(twin, POINTS, rb.mean_squared_error, twins))
            if k % 2:
                assert history["validation"]["loss"][k // 2] == rb.evaluate(twin, POINTS, rb.mean_squared_error)
        same(weights(trainer.model), weights(twin))
        assert history is trainer.history
        assert history["update"] == [1, 2, 3, 4, 5]
        assert history["loss"] == [u.loss for u in updates]
        assert history["grad_norm"] == [u.grad_norm for u in updates]
        assert history["learning_rate"] == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05])
        assert history["validation"]["update"] == [2, 4]
        assert history["best_update"] == 4

    def test_counts_updates_over_all_calls(self):
        whole = self.trainer(classifier(), rb.Adam(0.01), rb.softmax_cross_entropy)
        whole.fit(recall, num_updates=7)
        parts = self.trainer(classifier(), rb.Adam(0.01), rb.softmax_cross_entropy)
        for n in (2, 2, 3, 7):
            parts.fit(recall, num_updates=n)
            assert parts.num_updates == n
        same(weights(whole.model), weights(parts.model))
        assert whole.history == parts.history

    def test_the_same_seed_gives_the_same_run_and_another_another(self):
        runs = []
        for seed in (0, 0, 1):
            trainer = rb.Trainer(classifier(), rb.softmax_cross_entropy, rb.Adam(0.01), rng=np.random.default_rng(seed))
            trainer.fit(recall, num_updates=3)
            runs.append(weights(trainer.model))
        same(runs[0], runs[1])
        assert (runs[0]["out.W"] != runs[2]["out.W"]).any()

    def test_each_epoch_brings_every_row_once_in_a_new_order(self):
        seen, data = [], rb.Minibatches(np.arange(5.0)[:, None] * [[1, 1]], np.zeros((5, 1)), batch_size=2)

        def spy(y, targets, mask):
            return rb.mean_squared_error(y, targets, mask)

        def watch(rng):
            for batch in data(rng):
                seen.append(batch.inputs[:, 0].tolist())
                yield batch

        self.trainer(loss=spy, optimiser=rb.SGD(0)).fit(watch, num_updates=12)
        epochs = [sum(seen[k : k + 3], []) for k in range(0, 12, 3)]
        assert all(sorted(e) == [0, 1, 2, 3, 4] for e in epochs)
        assert len({tuple(e) for e in epochs}) > 1

    def test_global_random_numbers_are_left_alone(self):
        state = np.random.get_state()[1].copy()  # noqa: NPY002
        self.trainer(classifier(drop=rb.Dropout(0.2)), loss=rb.softmax_cross_entropy).fit(recall, num_updates=2)
        assert (np.random.get_state()[1] == state).all()  # noqa: NPY002

    def test_clipping_is_handed_on(self):
        model = line()
        before = weights(model)
        self.trainer(model, rb.SGD(1.0), clip_norm=0.01).fit(lambda rng: POINTS, num_updates=1)
        assert np.sqrt(sum(((before[k] - p) ** 2).sum() for k, p in model.params.items())) == pytest.approx(0.01)
        model = line()
        self.trainer(model, rb.SGD(1.0), clip_value=0.01).fit(lambda rng: POINTS, num_updates=1)
        assert max(abs(before[k] - p).max() for k, p in model.params.items()) == pytest.approx(0.01)


class TestValidation:
    def test_is_weighted_by_what_counts(self):
        model, batches = classifier(), [series(), series(seed=4, lengths=(2, 1, 11)), series(seed=5, lengths=None)]
        total, n = 0.0, 0
        for batch in batches:
            y, _ = model(batch.inputs, mask=batch.padding)
            for t, b in np.ndindex(batch.targets.shape):
                if batch.padding is None or batch.padding[t, b]:
                    p = np.exp(y[t, b]) / np.exp(y[t, b]).sum()
                    total, n = total - math.log(p[batch.targets[t, b]]), n + 1
        assert rb.evaluate(model, batches, rb.softmax_cross_entropy) == pytest.approx(total / n, rel=1e-12)
        assert rb.evaluate(model, iter(batches), rb.softmax_cross_entropy) == pytest.approx(total / n, rel=1e-12)
        one = rb.softmax_cross_entropy(model(batches[2].inputs)[0], batches[2].targets)[0]
        assert rb.evaluate(model, batches[2], rb.softmax_cross_entropy) == pytest.approx(one, rel=1e-15)

    def test_counts_features_too(self):
        model = rb.Sequential(out=rb.Dense(2, 3, rng=np.random.default_rng(0), dtype=np.float64))
        rng = np.random.default_rng(0)
        a = rb.Batch(rng.standard_normal((4, 2)), rng.standard_normal((4, 3)), np.array([True, False, False, False]))
        b = rb.Batch(rng.standard_normal((4, 2)), rng.standard_normal((4, 3)), rng.random((4, 3)) < 0.5)
        e = [((model(x.inputs)[0] - x.targets) ** 2) for x in (a, b)]
        want = (e[0][0].sum() + e[1][b.mask].sum()) / (3 + b.mask.sum())
        assert rb.evaluate(model, [a, b], rb.mean_squared_error) == pytest.approx(want, rel=1e-13)

    def test_padding_is_not_read(self):
        rng = np.random.default_rng(0)
        model = rb.Sequential(rnn=rb.Recurrent(rb.GRUCell(6, 4, rng=rng)), last=rb.Last(), out=rb.Dense(4, 2, rng=rng))
        x, y, lengths = series().inputs, np.array([0, 1, 1]), np.array([11, 4, 7])
        alone = [
            rb.evaluate(model, rb.Batch(x[:n, k : k + 1], y[k : k + 1]), rb.softmax_cross_entropy)
            for k, n in enumerate(lengths)
        ]
        whole = rb.evaluate(model, rb.Batch(x, y, lengths=lengths), rb.softmax_cross_entropy)
        assert whole == pytest.approx(np.mean(alone), rel=1e-6)

    def test_drops_nothing_and_learns_nothing(self):
        model = classifier(drop=rb.Dropout(0.5))
        before = weights(model)
        assert len({rb.evaluate(model, series(), rb.softmax_cross_entropy) for _ in range(3)}) == 1
        same(weights(model), before)

    def test_errors_by_name(self):
        with pytest.raises(ValueError, match="batches must hold at least one Batch"):
            rb.evaluate(line(), [], rb.mean_squared_error)
        with pytest.raises(TypeError, match="batches must hold Batch, got ndarray"):
            rb.evaluate(line(), [np.ones((2, 2))], rb.mean_squared_error)

    def test_early_stopping_puts_the_best_weights_back(self):
        # The gradient pulls upwards by a fixed step, whatever the loss: the optimum at 1 is passed on the way.
        one = np.ones((1, 1))
        model = rb.Sequential(out=rb.Dense(1, 1, dtype=np.float64, params={"W": -one, "b": np.zeros(1)}))

        def pull(y, targets, mask):
            return float(abs(y - 1).sum()), -np.ones_like(y)

        trainer = rb.Trainer(model, pull, rb.SGD(0.1), rng=np.random.default_rng(0))
        history = trainer.fit(
            lambda rng: rb.Batch(one, one),
            num_updates=1000,
            validation=rb.Batch(one, one),
            validate_every=2,
            patience=3,
        )
        curve = history["validation"]["loss"]
        best = int(np.argmin(curve))
        assert 0 < best < len(curve) - 1  # it fell, and then rose
        assert len(curve) == best + 1 + 3
        assert history["best_update"] == history["validation"]["update"][best]
        assert rb.evaluate(model, rb.Batch(one, one), trainer.loss) == curve[best]
        assert trainer.num_updates == history["update"][-1] == history["validation"]["update"][-1] < 1000

    def test_patience_counts_anew_after_every_best(self):
        losses = iter([5, 4, 6, 3, 6, 6, 2, 7, 7, 7, 1])
        values = []

        def loss(y, targets, mask):
            if len(targets) == 1:  # the validation
                values.append(next(losses))
                return values[-1], y
            return rb.mean_squared_error(y, targets, mask)

        trainer = rb.Trainer(line(), loss, rb.SGD(0.01), rng=np.random.default_rng(0))
        small = rb.Batch(np.ones((1, 2)), np.ones((1, 1)))
        history = trainer.fit(lambda rng: POINTS, num_updates=99, validation=small, validate_every=1, patience=3)
        assert values == [5, 4, 6, 3, 6, 6, 2, 7, 7, 7]
        assert history["best_update"] == 7 and trainer.num_updates == 10

    def test_without_patience_the_last_weights_stay(self):
        a, b = (rb.Trainer(line(), rb.mean_squared_error, rb.SGD(0.1), rng=np.random.default_rng(0)) for _ in "ab")
        other = rb.Batch(POINTS.inputs, -POINTS.targets)
        a.fit(lambda rng: POINTS, num_updates=6, validation=other, validate_every=1)
        b.fit(lambda rng: POINTS, num_updates=6)
        same(weights(a.model), weights(b.model))

    def test_a_validation_that_is_not_a_number_is_no_best_and_no_warning(self):
        model = line()
        huge = rb.Batch(np.full((1, 2), 1e300), np.full((1, 1), 1e300))
        trainer = rb.Trainer(model, rb.mean_squared_error, rb.SGD(0.01), rng=np.random.default_rng(0))
        history = trainer.fit(lambda rng: POINTS, num_updates=3, validation=huge, validate_every=1, patience=2)
        assert history["best_update"] is None and trainer.num_updates == 2


# -- truncated backpropagation -----------------------------------------------------------------------------------------
class TestTruncation:
    @pytest.mark.parametrize("n", [1, 2, 3, 5, 11, 20])
    def test_windows_are_the_batch_cut_and_nothing_else(self, n):
        batch = series(lengths=None)
        got = list(windows(batch, n))
        assert [len(w.inputs) for w in got] == [min(n, 11 - k) for k in range(0, 11, n)]
        assert (np.concatenate([w.inputs for w in got]) == batch.inputs).all()
        assert (np.concatenate([w.targets for w in got]) == batch.targets).all()
        assert all(w.padding is None and w.mask is None for w in got)
        batch = series()
        got = list(windows(batch, n))
        assert (np.concatenate([w.mask for w in got]) == batch.mask).all()
        pads = [np.ones(w.targets.shape, bool) if w.padding is None else w.padding for w in got]
        assert (np.concatenate(pads) == batch.padding).all()

    def test_windows_in_which_every_sequence_has_ended_are_left_out(self):
        assert [len(w.inputs) for w in windows(series(lengths=(4, 3, 1)), 2)] == [2, 2]

    @pytest.mark.parametrize("cell", CELLS)
    def test_the_state_goes_on_where_the_last_window_ended(self, cell):
        model, batch = classifier(cell), series()
        whole, _ = model(batch.inputs, mask=batch.padding)
        state, parts = None, []
        for w in windows(batch, 4):
            y, state = model(w.inputs, state, w.padding)
            parts.append(y)
        assert_close(np.concatenate(parts), whole, 1e-14)
        # A trainer that does not learn sees the losses of the whole.
        trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.SGD(0), rng=np.random.default_rng(0), truncate=4)
        trainer.fit(lambda rng: batch, num_updates=3)
        want = [
            rb.softmax_cross_entropy(whole[k : k + 4], batch.targets[k : k + 4], batch.mask[k : k + 4])[0]
            for k in (0, 4, 8)
        ]
        assert trainer.history["loss"] == pytest.approx(want, rel=1e-13)

    @pytest.mark.parametrize("cell", CELLS)
    def test_no_gradient_passes_a_cut(self, cell):
        model, batch = classifier(cell), series(lengths=None)
        # By hand: forward to the cut, then a loss on the second window alone, from a state that is a constant.
        _, state = model(batch.inputs[:6])
        y, _, run = model.forward(batch.inputs[6:], state)
        _, dy = rb.softmax_cross_entropy(y, batch.targets[6:])
        _, dstate, grads = model.backward(dy, run)
        assert all((d != 0).any() for d in dstate["rnn"])  # else a cut would be no cut
        norms = optim.global_norm(grads)
        seen = []

        class Spy(rb.SGD):
            def step(self, params, grads):
                seen.append({k: g.copy() for k, g in grads.items()})

        trainer = rb.Trainer(model, rb.softmax_cross_entropy, Spy(0.1), rng=np.random.default_rng(0), truncate=6)
        trainer.fit(lambda rng: batch, num_updates=2)
        assert_all_close(seen[1], grads, 1e-14)
        assert trainer.history["grad_norm"][1] == pytest.approx(norms, rel=1e-12)

    def test_windows_without_a_target_only_advance_the_state(self):
        rng = np.random.default_rng(0)
        first = rng.integers(2, size=(1, 4))
        inputs = np.concatenate([first, rng.integers(2, 6, size=(7, 4))])
        mask = np.zeros((8, 4), bool)
        mask[-1] = True
        batch = rb.Batch(inputs, np.repeat(first, 8, axis=0), mask)
        model = classifier()
        whole = rb.softmax_cross_entropy(model(inputs)[0], batch.targets, mask)[0]
        trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.SGD(0.1), rng=rng, truncate=2)
        trainer.fit(lambda rng: batch, num_updates=2)
        assert trainer.history["update"] == [1, 2]  # one of four windows is an update
        assert trainer.history["loss"][0] == pytest.approx(whole, rel=1e-13)

    def test_each_batch_begins_with_no_memory(self):
        model, batch = classifier(), series(lengths=None)
        trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.SGD(0), rng=np.random.default_rng(0), truncate=6)
        trainer.fit(lambda rng: [batch, batch], num_updates=8)
        losses = trainer.history["loss"]
        assert losses[0:2] == losses[2:4] == losses[4:6] == losses[6:8] and losses[0] != losses[1]

    def test_whole_batches_begin_with_no_memory_either(self):
        trainer = rb.Trainer(classifier(), rb.softmax_cross_entropy, rb.SGD(0), rng=np.random.default_rng(0))
        trainer.fit(lambda rng: [series(), series()], num_updates=4)
        assert len(set(trainer.history["loss"])) == 1

    def test_one_answer_for_a_sequence_cannot_be_cut(self):
        batch = rb.Batch(np.zeros((4, 2, 6)), np.zeros(2, int))
        trainer = rb.Trainer(
            classifier(), rb.softmax_cross_entropy, rb.SGD(0.1), rng=np.random.default_rng(0), truncate=2
        )
        with pytest.raises(ValueError, match=r"targets at every step, .*\(4, 2\), got shape \(2,\)"):
            trainer.fit(lambda rng: batch, num_updates=1)

    def test_a_layer_that_reads_back_cannot_be_cut(self):
        rng = np.random.default_rng(0)
        one, two = (rb.Recurrent(rb.ElmanCell(6, 3, rng=rng)) for _ in "ab")
        model = rb.Sequential(both=rb.Bidirectional(one, two), out=rb.Dense(6, 2, rng=rng))
        # Its state after a window is that of the window's first step: to carry it on would be nonsense.
        with pytest.raises(ValueError, match=r"truncate.*Bidirectional|Bidirectional.*truncate"):
            rb.Trainer(model, rb.softmax_cross_entropy, rb.SGD(0.1), rng=rng, truncate=2)


# -- checkpoints -------------------------------------------------------------------------------------------------------
ROWS = 10
INPUTS = np.random.default_rng(0).integers(6, size=(7, ROWS))
TARGETS = np.random.default_rng(1).integers(2, size=(7, ROWS))
LENGTHS = np.array([7, 3, 5, 1, 7, 2, 6, 4, 7, 5])
EPOCH = rb.Minibatches(INPUTS, TARGETS, batch_size=4, lengths=LENGTHS)
OPTIMISERS = {
    "SGD": lambda: rb.SGD(0.1, l2=0.01),
    "Nesterov": lambda: rb.Nesterov(0.05),
    "AdaGrad": lambda: rb.AdaGrad(0.05),
    "RMSProp": lambda: rb.RMSProp(0.01),
    "Adam": lambda: rb.Adam(optim.warmup(0.05, num_updates=9)),
}


def run(optimiser="Adam", cell="LSTMCell", truncate=3, bits=np.random.PCG64, dtype=np.float32):
    """A trainer with all that a checkpoint must hold: dropout, windows, minibatches, memory."""
    model = classifier(cell, dtype=dtype, drop=rb.Dropout(0.3, shared_over_time=True))
    rng = np.random.Generator(bits(7))
    return rb.Trainer(
        model,
        rb.softmax_cross_entropy,
        OPTIMISERS[optimiser](),
        rng=rng,
        clip_norm=1,
        clip_value=0.5,
        truncate=truncate,
    )


def agree(one, two):
    same(weights(one.model), weights(two.model))
    same(one.optimizer.memory, two.optimizer.memory)
    assert one.history == two.history
    assert one.num_updates == two.num_updates and one.optimizer.num_updates == two.optimizer.num_updates
    assert one.rng.random() == two.rng.random()


class TestCheckpoints:
    @pytest.mark.parametrize(
        "optimiser, truncate",
        [("Adam", 3), ("Adam", None), ("Nesterov", 2), ("SGD", 3), ("RMSProp", 1), ("AdaGrad", 20)],
    )
    def test_resumed_at_any_update_it_ends_in_the_same_weights(self, optimiser, truncate, tmp_path):
        total, path = 17, tmp_path / "c.npz"
        whole = run(optimiser, truncate=truncate)
        whole.fit(EPOCH, num_updates=total)
        for n in range(1, total + 1):
            first = run(optimiser, truncate=truncate)
            first.fit(EPOCH, num_updates=n, checkpoint=path)
            resumed = run(optimiser, truncate=truncate)
            resumed.model.params["rnn.W"][...] = 9
            resumed.rng.random(3)
            resumed.load(path)
            resumed.fit(EPOCH, num_updates=total)
            agree(resumed, run_again(whole))

    def test_resumed_from_a_checkpoint_in_passing(self, tmp_path, monkeypatch):
        # Those written on the way are not those written at the end: the loop is in the middle of an epoch.
        path, kept = tmp_path / "c.npz", []
        save = rb.Trainer.save

        def keep(self, path):
            save(self, path)
            kept.append(path.read_bytes())

        monkeypatch.setattr(rb.Trainer, "save", keep)
        whole = run()
        whole.fit(EPOCH, num_updates=17, checkpoint=path, checkpoint_every=1)
        monkeypatch.undo()
        assert len(kept) == 17
        for data in kept:
            path.write_bytes(data)
            resumed = run()
            resumed.load(path)
            resumed.fit(EPOCH, num_updates=17)
            agree(resumed, run_again(whole))

    @pytest.mark.parametrize("cell", CELLS)
    def test_every_cells_state_is_carried_through_a_file(self, cell, tmp_path):
        path = tmp_path / "c.npz"
        whole, first, resumed = (run(cell=cell, truncate=2) for _ in range(3))
        whole.fit(EPOCH, num_updates=5)
        first.fit(EPOCH, num_updates=2, checkpoint=path)
        assert first._state is not None
        resumed.load(path)
        resumed.fit(EPOCH, num_updates=5)
        agree(resumed, whole)

    def test_a_stack_of_layers_carries_all_its_states(self, tmp_path):
        def make():
            rng = np.random.default_rng(0)
            model = rb.Sequential(
                first=rb.Recurrent(rb.GRUCell(6, 4, rng=rng)),
                rnn=rb.Stack.of(rb.LSTMCell, 4, 3, num_layers=2, rng=rng),
                out=rb.Dense(3, 2, rng=rng),
            )
            return rb.Trainer(model, rb.softmax_cross_entropy, rb.Adam(0.01), rng=rng, truncate=2)

        path, whole, first, resumed = tmp_path / "c.npz", make(), make(), make()
        whole.fit(EPOCH, num_updates=7)
        first.fit(EPOCH, num_updates=3, checkpoint=path)
        resumed.load(path)
        resumed.fit(EPOCH, num_updates=7)
        agree(resumed, whole)

    @pytest.mark.parametrize(
        "bits", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]
    )
    def test_every_generator_goes_into_a_file(self, bits, tmp_path):
        path = tmp_path / "c.npz"
        whole, first, resumed = (run(bits=bits) for _ in range(3))
        whole.fit(EPOCH, num_updates=8)
        first.fit(EPOCH, num_updates=4, checkpoint=path)
        resumed.load(path)
        resumed.fit(EPOCH, num_updates=8)
        agree(resumed, whole)

    def test_early_stopping_goes_on_where_it_was(self, tmp_path):
        path, validation = tmp_path / "c.npz", [series()]
        options = {"validation": validation, "validate_every": 2, "patience": 4}

        def make():
            return rb.Trainer(
                classifier(dtype=np.float32), rb.softmax_cross_entropy, rb.SGD(2.0), rng=np.random.default_rng(7)
            )

        whole = make()
        whole.fit(recall, num_updates=400, **options)
        stopped = whole.num_updates
        assert 4 < stopped < 400
        kept = {}
        first = make()
        save = first.save

        def keep(p):
            save(p)
            kept[first.num_updates] = path.read_bytes()

        first.save = keep
        first.fit(recall, num_updates=400, checkpoint=path, checkpoint_every=1, **options)
        for n in {1, 3, stopped // 2, stopped - 1, stopped}:
            path.write_bytes(kept[n])
            resumed = make()
            resumed.load(path)
            resumed.fit(recall, num_updates=400, **options)
            same(weights(resumed.model), weights(whole.model))
            assert resumed.history == whole.history

    def test_killed_in_the_middle_and_resumed(self, tmp_path):
        code = """
            import sys
            from test_train import EPOCH, run
            trainer, path, total = run("Adam"), sys.argv[1], int(sys.argv[2])
            try:
                trainer.load(path)
            except FileNotFoundError:
                pass
            def slow(rng):
                for batch in EPOCH(rng):
                    print(trainer.num_updates, flush=True)
                    yield batch
            trainer.fit(slow, num_updates=total, checkpoint=path, checkpoint_every=7)
            trainer.model.save(sys.argv[3])
            print("done", flush=True)
        """
        total, path, out = 4000, tmp_path / "c.npz", tmp_path / "m.npz"
        here = os.path.dirname(__file__)
        environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([here, os.path.dirname(os.path.dirname(rb.__file__))]),
        }

        def begin():
            return subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(code), str(path), str(total), str(out)],
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )

        for stop in (0.1, 0.17):
            process = begin()
            process.stdout.readline()
            time.sleep(stop)
            process.kill()
            assert "done" not in process.communicate()[0]
        updates = files.read(path, "checkpoint")[0]["num_updates"]
        assert 0 < updates < total and updates % 7 == 0
        target = updates + 60
        total = target
        process = begin()
        assert process.communicate()[0].endswith("done\n") and process.returncode == 0
        whole = run("Adam")
        whole.fit(EPOCH, num_updates=target)
        resumed = classifier(seed=5, dtype=np.float32, drop=rb.Dropout(0.3, shared_over_time=True))
        resumed.load(out)
        same(weights(resumed), weights(whole.model))

    def test_an_interruption_between_update_and_loop_repeats_nothing(self):
        whole, broken = run(), run()
        whole.fit(EPOCH, num_updates=12)
        calls = []

        def loss(y, targets, mask):
            if targets.shape[1] == ROWS:  # only the validation has all of them
                calls.append(1)
                if len(calls) == 1:
                    raise KeyboardInterrupt  # the reader presses stop while the validation runs
            return rb.softmax_cross_entropy(y, targets, mask)

        broken.loss = loss
        tiny = rb.Batch(INPUTS[:1], TARGETS[:1])
        with pytest.raises(KeyboardInterrupt):
            broken.fit(EPOCH, num_updates=12, validation=tiny, validate_every=5)
        assert broken.num_updates == 5
        broken.fit(EPOCH, num_updates=12)
        same(weights(broken.model), weights(whole.model))

    @pytest.mark.parametrize(
        "other, word",
        [
            (lambda: run(cell="GRUCell"), "architecture"),
            (lambda: run(dtype=np.float64), "architecture"),
            (lambda: run("SGD"), "optimizer"),
            (lambda: run(truncate=4), "truncate"),
            (lambda: run(truncate=None), "truncate"),
            (lambda: changed(run(), clip_norm=2.0), "clip_norm"),
            (lambda: changed(run(), clip_value=None), "clip_value"),
            (lambda: changed(run(), optimizer=rb.Adam(0.05, beta1=0.8)), "optimizer"),
            (lambda: changed(run(), optimizer=rb.Adam(0.05, l2=0.1)), "optimizer"),
            (lambda: changed(run(), rng=np.random.Generator(np.random.Philox(0))), "checkpoint"),
        ],
    )
    def test_another_setting_is_refused_and_nothing_changes(self, other, word, tmp_path):
        run().fit(EPOCH, num_updates=4, checkpoint=tmp_path / "c.npz")
        trainer = other()
        trainer.fit(EPOCH, num_updates=1)
        before, history, state = snapshot(trainer)
        with pytest.raises(ValueError, match=word):
            trainer.load(tmp_path / "c.npz")
        same(snapshot(trainer)[0], before)
        assert snapshot(trainer)[1:] == (history, state)

    def test_another_learning_rate_is_allowed(self, tmp_path):
        run().fit(EPOCH, num_updates=4, checkpoint=tmp_path / "c.npz")
        trainer = changed(run(), optimizer=rb.Adam(0.001))
        trainer.load(tmp_path / "c.npz")
        trainer.fit(EPOCH, num_updates=5)
        assert trainer.history["learning_rate"][-1] == 0.001

    @pytest.mark.parametrize(
        "bend",
        [
            lambda header, arrays: arrays.pop("params/rnn.W"),
            lambda header, arrays: arrays.update({"params/rnn.W": arrays["params/rnn.W"].astype(np.float64)}),
            lambda header, arrays: arrays.pop("optimizer/rnn.W/mean"),
            lambda header, arrays: arrays.update({"optimizer/rnn.W/mean": np.zeros(3, np.float32)}),
            lambda header, arrays: arrays.update({"best/rnn.W": arrays["params/rnn.W"]}),
            lambda header, arrays: arrays.pop("state/1"),
            lambda header, arrays: arrays.update({"state/0": np.zeros((1, 9), np.float32)}),
            lambda header, arrays: arrays.update({"state/2": arrays["state/0"]}),
            lambda header, arrays: header.pop("rng"),
            lambda header, arrays: header.update(rng={"bit_generator": "PCG64"}),
            lambda header, arrays: header["rng"]["state"].update(state=2**200),
            lambda header, arrays: header["rng"]["state"].update(state=-1),
            lambda header, arrays: header.update(rng=None),
            lambda header, arrays: header.pop("history"),
            lambda header, arrays: header.update(history="long ago"),
            lambda header, arrays: header["history"].pop("loss"),
            lambda header, arrays: header["history"].update(loss=3),
            lambda header, arrays: header.pop("position"),
            lambda header, arrays: header.update(position="first"),
            lambda header, arrays: header.update(position=-1),
            lambda header, arrays: header.update(num_updates=None),
            lambda header, arrays: header.update(num_updates=1.5),
            lambda header, arrays: header.update(epoch_seed="one"),
            lambda header, arrays: header.update(epoch_seed=-1),
            lambda header, arrays: header.update(best_loss="low"),
            lambda header, arrays: header.update(stopped="yes"),
            lambda header, arrays: header.update(setting=None),
            lambda header, arrays: header.update(setting=[1]),
        ],
        ids=[
            "no weight", "weight of another dtype", "no memory", "memory of another shape", "a part of the best",
            "a state less", "state of another shape", "a state more", "no generator", "half a generator",
            "generator too large", "generator below 0", "generator null", "no history", "history a text",
            "history without loss", "history with a number", "no position", "position a text", "position below 0",
            "updates null", "half an update", "seed a text", "seed below 0", "best loss a text", "stopped a text",
            "setting null", "setting a list",
        ],
    )  # fmt: skip
    def test_a_bent_checkpoint_is_refused_and_nothing_changes(self, bend, tmp_path):
        path = tmp_path / "c.npz"
        run().fit(EPOCH, num_updates=4, checkpoint=path)
        header, arrays = files.read(path, "checkpoint")
        assert "state/1" in arrays
        bend(header, arrays)
        files.write(
            path, "checkpoint", {k: v for k, v in header.items() if k not in ("format", "version", "kind")}, arrays
        )
        trainer = run()
        trainer.fit(EPOCH, num_updates=1)
        before, history, state = snapshot(trainer)
        with pytest.raises(ValueError):
            trainer.load(path)
        same(snapshot(trainer)[0], before)
        assert snapshot(trainer)[1:] == (history, state)

    def test_a_cut_checkpoint_is_refused(self, tmp_path):
        path, trainer = tmp_path / "c.npz", run()
        run().fit(EPOCH, num_updates=4, checkpoint=path)
        data = path.read_bytes()
        for n in range(0, len(data), 499):
            path.write_bytes(data[:n])
            with pytest.raises(ValueError):
                trainer.load(path)


def run_again(trainer):
    """`agree` draws a number; take it back."""
    again = rb.Trainer(
        trainer.model, trainer.loss, trainer.optimizer, rng=np.random.Generator(type(trainer.rng.bit_generator)())
    )
    again.rng.bit_generator.state = trainer.rng.bit_generator.state
    again.history, again.num_updates = trainer.history, trainer.num_updates
    return again


def changed(trainer, **options):
    for name, value in options.items():
        setattr(trainer, name, value)
    return trainer


def snapshot(trainer):
    arrays = weights(trainer.model) | {k: m.copy() for k, m in trainer.optimizer.memory.items()}
    history = {k: list(v) if isinstance(v, list) else str(v) for k, v in trainer.history.items()}
    place = trainer.num_updates, trainer.optimizer.num_updates, trainer._position, trainer._epoch_seed, trainer._stopped
    return arrays, history, (str(trainer.rng.bit_generator.state), place)


# -- what goes wrong ---------------------------------------------------------------------------------------------------
class TestDiverged:
    @pytest.mark.parametrize("rate", [1e3, 1e30, 1e38, 1e39, 1e300])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("validation", [None, POINTS])
    def test_a_huge_rate_ends_in_one_exception_and_no_warning(self, rate, dtype, validation):
        rng = np.random.default_rng(0)
        model = rb.Sequential(a=rb.Dense(2, 4, rng=rng, dtype=dtype), b=rb.Dense(4, 1, rng=rng, dtype=dtype))
        trainer = rb.Trainer(model, rb.mean_squared_error, rb.SGD(rate), rng=rng)
        with pytest.raises(rb.Diverged) as error:
            trainer.fit(lambda rng: POINTS, num_updates=5000, validation=validation, validate_every=1)
        e = error.value
        assert e.update == trainer.num_updates + 1 == len(trainer.history["loss"]) + 1
        assert e.last_loss == (e.loss if e.spoiled else trainer.history["loss"][-1]) and math.isfinite(e.last_loss)
        assert e.parameters and set(e.parameters) <= {"a.W", "a.b", "b.W", "b.b"}
        for word in (f"at update {e.update}", f"{e.last_loss:.6g}", *e.parameters, "smaller learning rate"):
            assert word in str(e)

    def test_the_weights_are_those_before_and_training_can_go_on(self):
        trainer = rb.Trainer(line(), rb.mean_squared_error, rb.Adam(0.1), rng=np.random.default_rng(0))
        whole = rb.Trainer(line(), rb.mean_squared_error, rb.Adam(0.1), rng=np.random.default_rng(0))
        whole.fit(lambda rng: POINTS, num_updates=6)
        trainer.fit(lambda rng: POINTS, num_updates=3)
        before = weights(trainer.model)
        trainer.loss = lambda y, t, m: (math.nan, np.full_like(y, np.nan))
        with pytest.raises(rb.Diverged, match="at update 4") as error:
            trainer.fit(lambda rng: POINTS, num_updates=6)
        assert error.value.parameters == ["out.W", "out.b"] and error.value.last_loss == trainer.history["loss"][2]
        same(weights(trainer.model), before)
        trainer.loss = rb.mean_squared_error
        trainer.fit(lambda rng: POINTS, num_updates=6)
        same(weights(trainer.model), weights(whole.model))

    def test_at_the_first_update_there_was_no_finite_loss(self):
        trainer = rb.Trainer(line(), lambda y, t, m: (math.inf, y), rb.SGD(0.1), rng=np.random.default_rng(0))
        with pytest.raises(rb.Diverged, match="loss is inf at update 1") as error:
            trainer.fit(lambda rng: POINTS, num_updates=1)
        assert error.value.last_loss is None and "last finite" not in str(error.value)

    def test_a_gradient_too_large_for_its_norm_is_not_blamed_on_the_loss(self):
        # float64 gradients of 1e200 are finite, and so is their norm; only the sum of their squares is not.
        trainer = rb.Trainer(
            line(),
            lambda y, t, m: (1.0, np.full_like(y, 1e200)),
            rb.SGD(0.1),
            rng=np.random.default_rng(0),
            clip_norm=1,
        )
        history = trainer.fit(lambda rng: POINTS, num_updates=1)
        assert 1e200 < history["grad_norm"][0] < 1e203

    def test_is_an_arithmetic_error_that_travels_between_processes(self):
        import pickle

        e = rb.Diverged(math.nan, ["a.W"], 3, 0.5)
        assert isinstance(e, ArithmeticError)
        again = pickle.loads(pickle.dumps(e))
        assert str(again) == str(e) and again.parameters == ["a.W"] and again.update == 3


class TestErrors:
    def trainer(self, **options):
        return rb.Trainer(line(), rb.mean_squared_error, rb.SGD(0.1), rng=np.random.default_rng(0), **options)

    @pytest.mark.parametrize(
        "arguments, message",
        [
            ({"model": rb.Dense(2, 1, rng=np.random.default_rng(0))}, "model must be a Sequential, got Dense"),
            ({"loss": "mse"}, "loss must be callable"),
            ({"optimizer": rb.Adam}, "optimizer must be an Optimizer"),
            ({"optimizer": 0.1}, "optimizer must be an Optimizer"),
            ({"rng": 0}, "rng must be a numpy.random.Generator"),
            ({"clip_norm": "1"}, "clip_norm must be a number"),
            ({"truncate": 2.0}, "truncate must be an integer"),
        ],
    )
    def test_wrong_kinds(self, arguments, message):
        good = {
            "model": line(),
            "loss": rb.mean_squared_error,
            "optimizer": rb.SGD(0.1),
            "rng": np.random.default_rng(0),
        }
        with pytest.raises(TypeError, match=message):
            rb.Trainer(**(good | arguments))

    @pytest.mark.parametrize(
        "options, name",
        [
            ({"clip_norm": 0}, "clip_norm"),
            ({"clip_value": -1}, "clip_value"),
            ({"truncate": 0}, "truncate"),
            ({"clip_norm": math.nan}, "clip_norm"),
        ],
    )
    def test_wrong_values(self, options, name):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            self.trainer(**options)

    @pytest.mark.parametrize("name", ["num_updates", "validate_every", "checkpoint_every", "patience"])
    def test_counts(self, name):
        options = {"num_updates": 1, "validation": POINTS}
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            self.trainer().fit(lambda rng: POINTS, **(options | {name: 0}))
        with pytest.raises(TypeError, match=f"{name} must be an integer, got 1.5"):
            self.trainer().fit(lambda rng: POINTS, **(options | {name: 1.5}))

    @pytest.mark.parametrize(
        "data, message",
        [
            (POINTS, "data must be callable.*got Batch"),
            (lambda rng: (POINTS.inputs, POINTS.targets), "data must give Batch.*got ndarray"),
            (lambda rng: [POINTS.inputs], "data must give Batch.*got ndarray"),
            (lambda rng: None, "data must give.*Batch.*got NoneType"),
            (lambda rng: 3, "data must give.*Batch.*got int"),
        ],
    )
    def test_data_that_is_no_batch(self, data, message):
        with pytest.raises(TypeError, match=message):
            self.trainer().fit(data, num_updates=1)

    def test_data_that_is_empty(self):
        with pytest.raises(ValueError, match="data must give at least one Batch"):
            self.trainer().fit(lambda rng: [], num_updates=1)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    @pytest.mark.parametrize("where", ["inputs", "targets"])
    def test_nan_in_data_is_named(self, bad, where):
        arrays = {"inputs": POINTS.inputs.copy(), "targets": POINTS.targets.copy()}
        arrays[where][7, 0] = bad
        with pytest.raises(ValueError, match=rf"{where} must be finite, got {bad} at index \(7, 0\)"):
            self.trainer().fit(lambda rng: rb.Batch(**arrays), num_updates=1)

    def test_patience_without_validation(self):
        with pytest.raises(ValueError, match="patience needs validation"):
            self.trainer().fit(lambda rng: POINTS, num_updates=1, patience=2)

    @pytest.mark.parametrize("validation", [5, (POINTS.inputs, POINTS.targets), [], "ab"])
    def test_a_validation_that_is_none_is_refused_before_the_first_update(self, validation):
        trainer = self.trainer()
        with pytest.raises((TypeError, ValueError), match="validation"):
            trainer.fit(lambda rng: POINTS, num_updates=10, validation=validation, validate_every=10)
        assert trainer.num_updates == 0

    def test_a_progress_bar_without_tqdm_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm", None)
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
        trainer = self.trainer()
        with pytest.raises(ImportError, match=r'pip install "rnnbook\[notebook\]"'):
            trainer.fit(lambda rng: POINTS, num_updates=1, progress=True)
        assert trainer.num_updates == 0

    def test_a_progress_bar_shows_updates_and_loss(self, capsys):
        pytest.importorskip("tqdm")
        trainer = self.trainer()
        trainer.fit(lambda rng: POINTS, num_updates=3)
        trainer.fit(lambda rng: POINTS, num_updates=5, progress=True)
        shown = capsys.readouterr().err
        assert "5/5" in shown and "loss=" in shown


class MaskedMean(rb.layers.Layer):
    """Needs the mask and no state: the protocol must serve it in training and in use alike."""

    needs = ("mask",)

    def forward(self, x, mask=None):
        weights = np.ones(x.shape[:2]) if mask is None else mask.astype(x.dtype)
        share = (weights / weights.sum(axis=0))[..., None].astype(x.dtype)
        return (x * share).sum(axis=0), share

    def backward(self, dy, run):
        return run * dy, {}


def test_a_layer_that_needs_the_mask_gets_it_in_training_and_in_use():
    rng = np.random.default_rng(0)
    model = rb.Sequential(rnn=rb.Recurrent(rb.GRUCell(3, 4, rng=rng)), pool=MaskedMean(), out=rb.Dense(4, 2, rng=rng))
    x, mask = rng.standard_normal((5, 2, 3)), np.arange(5)[:, None] < [5, 2]
    trained, _, _ = model.forward(x, mask=mask)
    used, _ = model(x, mask=mask)
    np.testing.assert_allclose(used, trained, rtol=1e-6)
    assert np.abs(used - model(x)[0]).max() > 1e-3  # and the mask matters


def test_patience_that_comes_later_still_finds_the_best_weights():
    model = line()
    trainer = rb.Trainer(model, rb.mean_squared_error, rb.SGD(0.1), rng=np.random.default_rng(0))
    trainer.fit(lambda rng: POINTS, num_updates=50, validation=POINTS, validate_every=10)
    best, kept = rb.evaluate(model, POINTS, rb.mean_squared_error), weights(model)
    worse = rb.Batch(POINTS.inputs, POINTS.targets + 100)
    history = trainer.fit(lambda rng: worse, num_updates=200, validation=POINTS, validate_every=10, patience=2)
    assert history["best_update"] == 50 and history["update"][-1] == 70
    same(weights(model), kept)
    assert rb.evaluate(model, POINTS, rb.mean_squared_error) == best


def test_an_update_that_overflows_is_told_at_once():
    model = line()
    trainer = rb.Trainer(model, rb.mean_squared_error, rb.SGD(1e300), rng=np.random.default_rng(0))
    far = rb.Batch(POINTS.inputs, POINTS.targets + 1e30)
    with pytest.raises(rb.Diverged, match="at update 1.*weights that the update itself broke: out") as caught:
        trainer.fit(lambda rng: far, num_updates=3)
    assert caught.value.spoiled and pickle.loads(pickle.dumps(caught.value)).spoiled


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch": (1, 2)}, "batch must be a Batch, got tuple"),
        ({"optimizer": None}, "optimizer must be an Optimizer"),
        ({"loss": "mse"}, "loss must be callable"),
        ({"model": rb.functional}, "model must be a Sequential"),
    ],
)
def test_train_step_checks_what_it_is_given(arguments, message):
    good = {"model": line(), "batch": POINTS, "loss": rb.mean_squared_error, "optimizer": rb.SGD(0.1)}
    with pytest.raises(TypeError, match=message):
        rb.train_step(**(good | arguments))


def test_a_checkpoint_of_another_loss_is_refused(tmp_path):
    make = lambda loss: rb.Trainer(line(), loss, rb.SGD(0.1), rng=np.random.default_rng(0))  # noqa: E731
    make(rb.mean_squared_error).save(tmp_path / "run.npz")
    with pytest.raises(ValueError, match="another loss"):
        make(rb.binary_cross_entropy).load(tmp_path / "run.npz")
