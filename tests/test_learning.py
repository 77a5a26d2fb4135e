"""Everything public learns: two batches on end, and small tasks to their threshold, with seeds that were not chosen."""

import numpy as np
import pytest

import rnnbook as rb
from rnnbook.data import SYMBOLS, ReberGrammar

SEEDS = (0, 1, 2)
CELLS = sorted(rb.CELLS)


def network(cell, inputs, outputs, hidden, seed, **options):
    rng = np.random.default_rng(seed)
    model = rb.Sequential(
        rnn=rb.Recurrent(rb.CELLS[cell](inputs, hidden, rng=rng, **options)), out=rb.Dense(hidden, outputs, rng=rng)
    )
    return model, rng


def make(kind, cell, rng):
    one = lambda n: rb.Recurrent(rb.CELLS[cell](n, 6, rng=rng))  # noqa: E731
    layers = {
        "one layer": lambda: {"rnn": one(6)},
        "two layers": lambda: {"rnn": rb.Stack([one(6), one(6)])},
        "both directions": lambda: {"rnn": rb.Bidirectional(one(6), one(6))},
        "vectors": lambda: {"embed": rb.Embedding(6, 4, rng=rng), "rnn": one(4), "drop": rb.Dropout(0.1)},
    }[kind]()
    return rb.Sequential(**layers, out=rb.Dense(12 if kind == "both directions" else 6, 2, rng=rng))


@pytest.mark.parametrize("kind", ["one layer", "two layers", "both directions", "vectors"])
@pytest.mark.parametrize("cell", CELLS)
def test_learns_two_batches_on_end(kind, cell):
    rng = np.random.default_rng(0)
    model = make(kind, cell, rng)
    for _ in range(2):
        batch, optimiser = rb.data.recall(rng, lag=4), rb.Adam(0.02)
        before = rb.evaluate(model, batch, rb.softmax_cross_entropy)
        for _ in range(25):
            rb.train_step(model, batch, rb.softmax_cross_entropy, optimiser, rng=rng)
        assert rb.evaluate(model, batch, rb.softmax_cross_entropy) < 0.9 * before


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cell", CELLS)
def test_recalls_over_five_steps(cell, seed):
    model, rng = network(cell, 6, 2, 16, seed)
    trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.Adam(0.02), rng=rng, clip_norm=1)
    trainer.fit(lambda rng: rb.data.recall(rng, lag=5), num_updates=120)
    test = rb.data.recall(np.random.default_rng(99), lag=5, batch_size=500)
    assert rb.accuracy(model(test.inputs)[0], test.targets, test.mask) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_an_elman_net_ranks_what_reber_allows_on_top(seed):
    grammar = ReberGrammar()
    model, rng = network("ElmanCell", 7, 7, 16, seed)
    trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.Adam(0.02), rng=rng, clip_norm=1)
    trainer.fit(lambda rng: grammar.batch(rng, 32), num_updates=250)
    batch = grammar.batch(np.random.default_rng(99), 200)
    legal, logits = grammar.legal_mask(batch), model(batch.inputs, mask=batch.padding)[0]
    lowest = np.where(legal, logits, np.inf).min(axis=-1)
    highest = np.where(legal, -np.inf, logits).max(axis=-1)
    assert (lowest > highest)[batch.mask].mean() > 0.97
    # Nobody can pay less than ln 2 at a fork, and a net that knows the grammar pays little more.
    floor = np.log(legal.sum(axis=-1)[batch.mask]).mean()
    assert floor < rb.evaluate(model, batch, rb.softmax_cross_entropy) < floor + 0.1
    # and what it writes is Reber's
    start = np.full((1, 100), SYMBOLS.index("B"))
    ids = rb.generate(model, start, 60, rng=np.random.default_rng(0))
    texts = ["B" + "".join(SYMBOLS[i] for i in row) for row in ids.T]
    whole = [t[: t.index("E") + 1] for t in texts if "E" in t]
    assert len(whole) > 90 and np.mean([grammar.is_legal(t) for t in whole]) > 0.85


@pytest.mark.parametrize("seed", SEEDS)
def test_letters_in_words_cost_ln_3_at_consonants_and_nothing_at_vowels(seed):
    model, rng = network("ElmanCell", 6, 6, 16, seed)
    trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.Adam(0.02), rng=rng, clip_norm=1, truncate=20)
    trainer.fit(lambda rng: rb.data.letters_in_words(rng, num_words=100, batch_size=8), num_updates=200)
    batch = rb.data.letters_in_words(np.random.default_rng(99), num_words=400, batch_size=4)
    logits, consonant = model(batch.inputs)[0], batch.targets < 3
    assert abs(rb.softmax_cross_entropy(logits, batch.targets, consonant)[0] - np.log(3)) < 0.05
    assert rb.softmax_cross_entropy(logits, batch.targets, ~consonant)[0] < 0.05


@pytest.mark.parametrize(
    "optimiser",
    [rb.SGD(0.5), rb.Momentum(0.1), rb.Nesterov(0.1), rb.AdaGrad(0.3), rb.RMSProp(0.03), rb.Adam(0.05)],
    ids=lambda o: type(o).__name__,
)
def test_every_optimiser_learns_exclusive_or(optimiser):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        fresh = type(optimiser)(optimiser.rate)
        model = rb.Sequential(hidden=rb.Dense(2, 8, activation="tanh", rng=rng), out=rb.Dense(8, 1, rng=rng))
        batch = rb.Batch(x, np.array([[0], [1], [1], [0]]))
        trainer = rb.Trainer(model, rb.binary_cross_entropy, fresh, rng=rng)
        trainer.fit(lambda rng: batch, num_updates=600)  # noqa: B023
        assert ((model(x)[0] > 0) == batch.targets).all()
