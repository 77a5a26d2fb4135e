"""Sampling: laws of temperature, top-k and top-p, frequencies, and generation against reading step by step."""

import numpy as np
import pytest
from checking import assert_close

import rnnbook as rb
from rnnbook import next_probabilities

CELLS = sorted(rb.CELLS)


def softmax(a):
    e = np.exp(np.asarray(a, float))
    return e / e.sum(axis=-1, keepdims=True)


LOGITS = np.random.default_rng(0).standard_normal((4, 3, 6))


class TestTemperature:
    def test_one_is_softmax(self):
        assert_close(next_probabilities(LOGITS), softmax(LOGITS), 1e-15)
        assert next_probabilities(LOGITS.astype(np.float32)).dtype == np.float64

    @pytest.mark.parametrize("t", [0.3, 2.0])
    def test_divides_the_logits(self, t):
        assert_close(next_probabilities(LOGITS, temperature=t), softmax(LOGITS / t), 1e-14)

    @pytest.mark.parametrize("t", [0, 1e-5, 1e-300, 5e-324])
    def test_towards_nought_only_the_likeliest_is_left(self, t):
        want = (LOGITS == LOGITS.max(axis=-1, keepdims=True)).astype(float)
        assert_close(next_probabilities(LOGITS, temperature=t), want, 1e-12)

    def test_towards_infinity_all_are_alike(self):
        assert_close(next_probabilities(LOGITS, temperature=1e9), np.full(LOGITS.shape, 1 / 6), 1e-8)

    def test_at_nought_the_first_of_equals_is_taken(self):
        assert next_probabilities(np.array([1.0, 3, 3]), temperature=0).tolist() == [0, 1, 0]

    def test_huge_logits(self):
        assert next_probabilities(np.array([1e308, -1e308, 0]), temperature=0.1).tolist() == [1, 0, 0]


class TestTopK:
    @pytest.mark.parametrize("k", range(1, 7))
    def test_keeps_the_k_likeliest_in_their_proportions(self, k):
        p, whole = next_probabilities(LOGITS, top_k=k), softmax(LOGITS)
        for at in np.ndindex(LOGITS.shape[:-1]):
            best = sorted(range(6), key=lambda j, at=at: -whole[at][j])[:k]
            want = np.zeros(6)
            want[best] = whole[at][best] / whole[at][best].sum()
            assert_close(p[at], want, 1e-15)

    def test_of_equal_ones_the_lower_ids(self):
        assert next_probabilities(np.zeros(5), top_k=2).tolist() == [0.5, 0.5, 0, 0, 0]
        # Sorts that are not stable are so for a few: take many.
        assert np.flatnonzero(next_probabilities(np.arange(500) % 2.0, top_k=3)).tolist() == [1, 3, 5]
        assert next_probabilities(np.array([0.0, 1, 0, 1, 0]), top_k=3)[[2, 4]].tolist() == [0, 0]

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
    def test_integers_are_ranked_as_numbers(self, dtype):
        a = np.array([0, 2, 1, np.iinfo(dtype).min], dtype)
        assert next_probabilities(a, top_k=1).tolist() == [0, 1, 0, 0]


class TestTopP:
    @pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.75, 0.9, 0.999])
    def test_is_the_smallest_set_that_reaches_p(self, p):
        got, whole = next_probabilities(LOGITS, top_p=p), softmax(LOGITS)
        for at in np.ndindex(LOGITS.shape[:-1]):
            kept = got[at] > 0
            assert whole[at][kept].sum() >= p
            assert whole[at][kept].sum() - whole[at][kept].min() < p
            assert whole[at][kept].min() > whole[at][~kept].max(initial=0)
            assert_close(got[at][kept], whole[at][kept] / whole[at][kept].sum(), 1e-15)

    def test_a_sum_that_is_p_exactly_reaches_it(self):
        assert next_probabilities(np.log([0.5, 0.25, 0.125, 0.125]), top_p=0.75) == pytest.approx([2 / 3, 1 / 3, 0, 0])
        assert next_probabilities(np.log([0.25] * 4), top_p=0.5) == pytest.approx([0.5, 0.5, 0, 0])

    def test_one_keeps_all(self):
        assert_close(next_probabilities(LOGITS, top_p=1), softmax(LOGITS), 1e-15)

    def test_comes_after_top_k_and_temperature(self):
        a = np.log([0.4, 0.3, 0.2, 0.1])
        # The three likeliest are 4/9, 3/9 and 2/9 among themselves, and two of them reach 0.75.
        assert next_probabilities(a, top_k=3, top_p=0.75) == pytest.approx([4 / 7, 3 / 7, 0, 0])
        assert next_probabilities(a, top_p=0.75) == pytest.approx([4 / 9, 3 / 9, 2 / 9, 0])
        # At temperature 1/2 the squares count: 16, 9, 4 and 1 thirtieths.
        assert next_probabilities(a, temperature=0.5, top_p=0.8) == pytest.approx([16 / 25, 9 / 25, 0, 0])


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"temperature": -1}, ValueError, "temperature must be a finite number, at least 0, got -1"),
        ({"temperature": np.nan}, ValueError, "temperature"),
        ({"temperature": "hot"}, TypeError, "temperature must be a number"),
        ({"top_k": 0}, ValueError, "top_k must be at least 1, got 0"),
        ({"top_k": 7}, ValueError, "top_k must be at most 6, the number of symbols, got 7"),
        ({"top_k": 2.0}, TypeError, "top_k must be an integer"),
        ({"top_p": 0}, ValueError, "top_p must be a finite number, above 0 and at most 1, got 0"),
        ({"top_p": 1.1}, ValueError, "top_p"),
    ],
)
def test_errors_of_options(options, error, message):
    with pytest.raises(error, match=message):
        next_probabilities(LOGITS, **options)


def test_errors_of_logits():
    with pytest.raises(ValueError, match="logits must be finite, or -inf"):
        next_probabilities(np.array([[0, np.nan]]))
    with pytest.raises(ValueError, match="logits must not be empty"):
        next_probabilities(np.zeros((2, 0)))
    with pytest.raises(TypeError, match="logits must hold real numbers"):
        next_probabilities(np.array(["a"]))


class TestSample:
    def test_frequencies(self):
        p = np.array([0.4, 0.3, 0, 0.2, 0.1])
        for seed in range(3):
            ids = rb.sample(np.tile(p, (20_000, 1)), np.random.default_rng(seed))
            seen = np.bincount(ids, minlength=5)
            assert seen[2] == 0
            want = 20_000 * p[p > 0]
            chi = ((seen[p > 0] - want) ** 2 / want).sum()
            assert chi < 16.27  # three degrees of freedom: one in a thousand is above

    def test_rows_are_drawn_apart(self):
        p = np.array([[1.0, 0, 0], [0, 0, 1.0]])
        ids = rb.sample(np.broadcast_to(p, (50, 2, 3)), np.random.default_rng(0))
        assert ids.shape == (50, 2) and (ids == [0, 2]).all()
        ids = rb.sample(np.full((1000, 2, 2), 0.5), np.random.default_rng(0))
        assert 0.4 < (ids[:, 0] == ids[:, 1]).mean() < 0.6

    def test_a_sum_that_rounds_below_one_is_never_passed(self):
        class Highest(np.random.Generator):
            def random(self, size=None, **_):
                return np.full(size, np.nextafter(1, 0))

        rng = Highest(np.random.PCG64())
        for n in (3, 7, 10, 49, 1000):
            assert rb.sample(np.full(n, 1 / n), rng) == n - 1
            assert rb.sample(np.append(np.full(n, 1 / n), 0.0), rng) == n - 1

    def test_a_draw_of_nought_passes_impossible_ids(self):
        class Lowest(np.random.Generator):
            def random(self, size=None, **_):
                return np.zeros(size)

        assert rb.sample(np.array([0, 0, 0.5, 0.5]), Lowest(np.random.PCG64())) == 2

    def test_errors_by_name(self):
        with pytest.raises(TypeError, match="rng"):
            rb.sample(np.ones(2) / 2, None)
        for bad in ([np.nan, 1], [-1, 2], [0.0, 0.0]):
            with pytest.raises(ValueError, match="probabilities"):
                rb.sample(np.array(bad), np.random.default_rng(0))


def language_model(cell="LSTMCell", seed=0):
    rng = np.random.default_rng(seed)
    model = rb.Sequential(
        embed=rb.Embedding(6, 4, rng=rng, dtype=np.float64),
        rnn=rb.Recurrent(rb.CELLS[cell](4, 8, rng=rng, dtype=np.float64)),
        drop=rb.Dropout(0.5),
        out=rb.Dense(8, 6, rng=rng, dtype=np.float64),
    )
    for p in model.params.values():
        p[...] = rng.normal(0, 1.5, p.shape)  # else every logit is about 0, and greedy writing about one symbol
    return model


PROMPT = np.array([[0, 5], [3, 1], [2, 2]])


class TestGenerate:
    @pytest.mark.parametrize("cell", CELLS)
    def test_greedy_is_reading_the_whole_anew_for_each_symbol(self, cell):
        model, text = language_model(cell), PROMPT
        for _ in range(8):
            logits, _ = model(text)
            text = np.concatenate([text, logits[-1].argmax(axis=-1)[None]])
        got = rb.generate(model, PROMPT, 8, temperature=0)
        assert (got == text[3:]).all()

    def test_greedy_writing_is_not_one_symbol_for_ever(self):
        # Otherwise the test above would see little.
        kinds = [len(np.unique(rb.generate(language_model(c), PROMPT, 8, temperature=0))) for c in CELLS]
        assert sum(k > 1 for k in kinds) > len(CELLS) / 2

    def test_one_sequence_is_a_row_of_ids(self):
        model = language_model()
        both = rb.generate(model, PROMPT, 5, temperature=0)
        one = rb.generate(model, PROMPT[:, 0].tolist(), 5, temperature=0)
        assert one.shape == (5,) and (one == both[:, 0]).all()

    def test_a_state_stands_for_what_was_read(self):
        model = language_model()
        _, state = model(PROMPT[:2])
        got = rb.generate(model, PROMPT[2:], 5, temperature=0, state=state)
        assert (got == rb.generate(model, PROMPT, 5, temperature=0)).all()
        assert (state["rnn"].h == model(PROMPT[:2])[1]["rnn"].h).all()

    def test_draws_follow_the_probabilities_of_the_model(self):
        model, prompt = language_model(), np.tile(PROMPT[:, :1], (1, 4000))
        p = next_probabilities(model(PROMPT[:, :1])[0][-1, 0], temperature=2, top_k=4)
        ids = rb.generate(model, prompt, 1, rng=np.random.default_rng(0), temperature=2, top_k=4)[0]
        seen, want = np.bincount(ids, minlength=6), 4000 * p
        assert (seen[p == 0] == 0).all()
        assert ((seen - want)[p > 0] ** 2 / want[p > 0]).sum() < 16.27

    def test_options_arrive(self):
        model, rng = language_model(), np.random.default_rng(0)
        greedy = rb.generate(model, PROMPT, 6, temperature=0)
        assert (rb.generate(model, PROMPT, 6, rng=rng, top_k=1) == greedy).all()
        assert (rb.generate(model, PROMPT, 6, rng=rng, top_p=1e-9) == greedy).all()
        assert (rb.generate(model, PROMPT, 6, rng=rng, temperature=1e-9) == greedy).all()
        assert not (rb.generate(model, PROMPT, 6, rng=rng, temperature=50) == greedy).all()

    def test_the_same_seed_writes_the_same_and_leaves_the_model_alone(self):
        model = language_model()
        before = {k: p.copy() for k, p in model.params.items()}
        a, b, c = (rb.generate(model, PROMPT, 20, rng=np.random.default_rng(s)) for s in (0, 0, 1))
        assert (a == b).all() and not (a == c).all()
        assert all((model.params[k] == p).all() for k, p in before.items())

    def test_errors_by_name(self):
        model, rng = language_model(), np.random.default_rng(0)
        for bad in ([], [[]], [0.5], 3, [[[1]]]):
            with pytest.raises(ValueError, match=r"prompt must hold integer ids \(T,\) or \(T, B\)"):
                rb.generate(model, bad, 3, rng=rng)
        with pytest.raises(ValueError, match="ids from 0 to 5, got 6"):
            rb.generate(model, [6], 3, rng=rng)
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
            rb.generate(model, [0], 3)
        with pytest.raises(ValueError, match="num_steps must be at least 1"):
            rb.generate(model, [0], 0, rng=rng)
        last = rb.Sequential(rnn=rb.Recurrent(rb.ElmanCell(6, 4, rng=rng)), last=rb.Last(), out=rb.Dense(4, 6, rng=rng))
        with pytest.raises(ValueError, match=r"model must give logits \(T, B, V\)"):
            rb.generate(last, [0], 3, rng=rng)

    def test_a_model_that_reads_back_cannot_write(self):
        rng = np.random.default_rng(0)
        one, two = (rb.Recurrent(rb.ElmanCell(6, 3, rng=rng)) for _ in "ab")
        model = rb.Sequential(both=rb.Bidirectional(one, two), out=rb.Dense(6, 6, rng=rng))
        with pytest.raises(ValueError, match="model.*Bidirectional|Bidirectional.*model"):
            rb.generate(model, [0], 3, rng=rng)
