"""Tasks and batches: every string, bit and letter against an oracle written apart, and chance as it is claimed."""

import itertools
import math
import re

import numpy as np
import pytest

import rnnbook as rb
from rnnbook.data import (
    LETTERS,
    ORDER_SYMBOLS,
    SYMBOLS,
    ReberGrammar,
    adding,
    adding_1997,
    brackets,
    calendar,
    copying,
    letters_in_words,
    one_hot,
    pad,
    recall,
    reversal,
    spike_timing,
    temporal_order,
    temporal_xor,
    two_sequences,
    weekly_cancellations,
)

# Reber's grammar read off its picture as a regular expression: from the upper node S* X, from the lower T* V.
# After the upper path comes S, or X and the lower path; the lower path ends in P (back up) or in V.
LOWER = "T*V(?:PXT*V)*"  # to a closing V, or to P S
INNER = re.compile(f"B(?:TS*X(?:S|X{LOWER}(?:V|PS))|P{LOWER}(?:V|PS))E")
EMBEDDED = re.compile(rf"B(T|P){INNER.pattern}\1E")


def strings(n=400, seed=0, **options):
    rng, grammar = np.random.default_rng(seed), ReberGrammar(**options)
    return [grammar.string(rng) for _ in range(n)]


class TestReber:
    def test_strings_obey_the_expression(self):
        assert all(INNER.fullmatch(s) for s in strings())
        assert all(EMBEDDED.fullmatch(s) for s in strings(embedded=True))
        assert all(INNER.fullmatch(s) for s in strings(loop_probability=0.9))

    @pytest.mark.parametrize("embedded", [False, True])
    def test_is_legal_exactly_where_the_expression_is(self, embedded):
        grammar, pattern = ReberGrammar(embedded=embedded), EMBEDDED if embedded else INNER
        rng, legal = np.random.default_rng(1), 0
        for s in strings(200, embedded=embedded):
            assert grammar.is_legal(s)
            bent = list(s)
            bent[rng.integers(len(s))] = SYMBOLS[rng.integers(7)]
            for other in ("".join(bent), s[:-1], s + "E", s[1:], ""):
                legal += bool(pattern.fullmatch(other))
                assert grammar.is_legal(other) == bool(pattern.fullmatch(other)), other
        assert legal > 0  # some bent strings stay legal
        for letters in itertools.product(SYMBOLS, repeat=5):
            s = "".join(letters)
            assert ReberGrammar().is_legal(s) == bool(INNER.fullmatch(s))

    def test_loops_come_as_often_as_asked(self):
        for p in (0.0, 0.3, 0.8):
            some = strings(2000, loop_probability=p)
            loops = sum(len(re.match("BTS*", s)[0]) - 2 for s in some if s[1] == "T")
            stays = loops / (loops + sum(s[1] == "T" for s in some))
            assert abs(stays - p) < 0.04
            assert abs(np.mean([s[1] == "T" for s in some]) - 0.5) < 0.05

    def test_both_sides_of_an_embedded_string_agree_and_both_come(self):
        some = strings(1000, embedded=True)
        assert all(s[1] == s[-2] for s in some)
        assert abs(np.mean([s[1] == "T" for s in some]) - 0.5) < 0.05
        # The inner string says nothing about the sides.
        inner = np.array([[s[1] == "T", s[3] == "T"] for s in some]).T
        assert abs(np.corrcoef(inner)[0, 1]) < 0.1

    @pytest.mark.parametrize("embedded", [False, True])
    def test_what_is_legal_is_what_is_seen_after_the_same_beginning(self, embedded):
        grammar, seen = ReberGrammar(embedded=embedded), {}
        for s in strings(8000, embedded=embedded):
            for k in range(1, min(len(s), 7)):
                seen.setdefault(s[:k], {}).setdefault(s[k], 0)
                seen[s[:k]][s[k]] += 1
        common = {begin: after for begin, after in seen.items() if sum(after.values()) > 100}
        assert len(common) > 15
        for begin, after in common.items():
            assert set(grammar.legal(begin)[-1]) == set(after), begin

    def test_batches_say_the_next_symbol(self):
        some = strings(20, embedded=True)
        batch = ReberGrammar(embedded=True).encode(some)
        assert batch.lengths.tolist() == [len(s) - 1 for s in some]
        for k, s in enumerate(some):
            n = len(s) - 1
            assert "".join(SYMBOLS[i] for i in batch.inputs[:n, k]) == s[:-1]
            assert "".join(SYMBOLS[i] for i in batch.targets[:n, k]) == s[1:]
            assert batch.mask[:n, k].all() and not batch.mask[n:, k].any()

    @pytest.mark.parametrize("embedded", [False, True])
    def test_legal_mask_follows_the_batch(self, embedded):
        grammar = ReberGrammar(embedded=embedded)
        batch = grammar.batch(np.random.default_rng(0), 30)
        legal = grammar.legal_mask(batch)
        assert legal.shape == (*batch.inputs.shape, 7) and legal.dtype == bool
        assert not legal[~batch.mask].any()
        assert np.take_along_axis(legal, batch.targets[..., None], -1)[..., 0][batch.mask].all()
        for k, n in enumerate(batch.lengths):
            s = "".join(SYMBOLS[i] for i in batch.inputs[:n, k])
            for t, after in enumerate(grammar.legal(s)):
                assert {SYMBOLS[j] for j in np.flatnonzero(legal[t, k])} == set(after)
        assert {1, 2} == set(legal[batch.mask].sum(axis=-1).tolist())

    def test_errors_by_name(self):
        grammar, rng = ReberGrammar(), np.random.default_rng(0)
        with pytest.raises(ValueError, match="string leaves the grammar at 2: 'V' is not one of S, X"):
            grammar.legal("BTV")
        with pytest.raises(ValueError, match="leaves the grammar at 0"):
            grammar.encode(["BTXSE", "TX"])
        with pytest.raises(ValueError, match="loop_probability must be below 1"):
            ReberGrammar(loop_probability=1)
        with pytest.raises(ValueError, match="loop_probability"):
            ReberGrammar(loop_probability=-0.1)
        with pytest.raises(TypeError, match="embedded must be True or False"):
            ReberGrammar(embedded="yes")
        with pytest.raises(ValueError, match="batch_size must be at least 1"):
            grammar.batch(rng, 0)
        with pytest.raises(TypeError, match="rng"):
            grammar.string(None)

    def test_strings_too_short_to_predict_are_named(self):
        with pytest.raises(ValueError, match="strings"):
            ReberGrammar().encode(["B"])


class TestReberStream:
    @pytest.mark.parametrize("embedded", [False, True])
    def test_it_is_strings_end_to_end(self, embedded):
        pattern = EMBEDDED if embedded else INNER
        batch, legal = ReberGrammar(embedded=embedded).stream(np.random.default_rng(0), num_steps=3000, batch_size=4)
        assert batch.inputs.shape == batch.targets.shape == (3000, 4) and legal.shape == (3000, 4, 7)
        assert (batch.inputs[1:] == batch.targets[:-1]).all() and batch.mask is None
        lengths = []
        for k in range(4):
            text, at = "".join(SYMBOLS[i] for i in np.append(batch.inputs[:, k], batch.targets[-1, k])), 0
            while match := pattern.match(text, at):
                lengths.append(match.end() - at)
                # What is legal inside a string, and after its last E another B.
                for t, after in enumerate(ReberGrammar(embedded=embedded).legal(match[0])):
                    if at + t < 3000:
                        assert {SYMBOLS[j] for j in np.flatnonzero(legal[at + t, k])} == set(after or "B")
                at = match.end()
            assert len(text) - at < 60  # what is left is a string that was cut
        # as long as single strings are, on the average
        alone = np.mean([len(s) for s in strings(4000, embedded=embedded)])
        assert abs(np.mean(lengths) - alone) < 0.4

    def test_choices_are_as_often_as_asked(self):
        for p in (0.2, 0.5, 0.8):
            grammar = ReberGrammar(embedded=True, loop_probability=p)
            batch, legal = grammar.stream(np.random.default_rng(0), num_steps=4000, batch_size=8)
            said = legal.sum(axis=-1) == 2
            s, x, v, t, u = (SYMBOLS.index(c) for c in "SXVTP")
            loops = legal[..., s] & legal[..., x]  # S stays at node 2; after node 4 the same two are no loop
            at_two = np.isin(batch.inputs, (SYMBOLS.index("T"), s)) & loops & said
            assert abs((batch.targets[at_two] == s).mean() - p) < 0.04
            at_three = legal[..., t] & legal[..., v] & said
            assert abs((batch.targets[at_three] == t).mean() - p) < 0.03
            fork = legal[..., t] & legal[..., u] & said
            assert abs((batch.targets[fork] == t).mean() - 0.5) < 0.03

    def test_errors_by_name(self):
        for name in ("num_steps", "batch_size"):
            with pytest.raises(ValueError, match=f"{name} must be at least 1"):
                ReberGrammar().stream(np.random.default_rng(0), **{"num_steps": 5, name: 0})
        with pytest.raises(TypeError, match="rng"):
            ReberGrammar().stream(0, num_steps=5)


class TestAdding:
    def test_today(self):
        batch = adding(np.random.default_rng(0), num_steps=9, batch_size=4000)
        value, marker = np.moveaxis(batch.inputs, -1, 0)
        assert set(np.unique(marker)) == {0, 1} and (marker.sum(axis=0) == 2).all()
        assert (marker[:4].sum(axis=0) == 1).all()  # one in the first half
        assert value.min() >= 0 and value.max() < 1 and abs(value.mean() - 0.5) < 0.01
        np.testing.assert_allclose(batch.targets[..., 0], np.tile((value * marker).sum(axis=0), (9, 1)), rtol=1e-6)
        assert batch.mask[-1].all() and not batch.mask[:-1].any()
        assert abs(np.square(batch.targets[-1] - 1).mean() - 1 / 6) < 0.01  # what always 1 pays
        assert (marker.mean(axis=1) > 0.15).all()  # every place is marked at times

    def test_of_1997(self):
        T = 60
        batch = adding_1997(np.random.default_rng(0), num_steps=T, batch_size=4000)
        value, marker = np.moveaxis(batch.inputs, -1, 0)
        assert batch.inputs.shape == (66, 4000, 2)
        assert set(batch.lengths.tolist()) == set(range(60, 67))
        zeroed = 0
        for k, n in enumerate(batch.lengths):
            m = marker[:n, k]
            assert m[0] == m[-1] == -1 and set(m[1:-1].tolist()) <= {0, 1}
            at = np.flatnonzero(m == 1)
            assert len(at) in (1, 2) and at.max() < T // 2 and (at[0] < 10 or len(at) == 1)
            if len(at) == 1:
                assert value[0, k] == 0
                zeroed += 1
            assert abs(batch.targets[n - 1, k, 0] - 0.5 - value[at, k].sum() / 4) < 1e-6
            assert np.flatnonzero(batch.mask[:, k]).tolist() == [n - 1]
            assert not batch.inputs[n:, k].any()
        assert 0.08 < zeroed / 4000 < 0.17  # 1/10, and the second mark on the first pair: 9/10 of 1/29
        assert value.min() < -0.99 and value.max() > 0.99
        answer = batch.targets[0, :, 0]
        assert abs((abs(answer - 0.5) < 0.04).mean() - 0.154) < 0.03
        assert abs(np.square(answer - 0.5).mean() - 1 / 24) < 0.004

    def test_every_place_is_marked_and_none_is_favoured(self):
        batch = adding_1997(np.random.default_rng(1), num_steps=40, batch_size=20000)
        often = (batch.inputs[..., 1] == 1).mean(axis=1)
        assert (often[20:] == 0).all() and np.ptp(often[10:20]) < 0.012 and np.ptp(often[1:10]) < 0.015

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match="num_steps must be at least 2"):
            adding(rng, num_steps=1)
        with pytest.raises(ValueError, match="num_steps must be at least 22"):
            adding_1997(rng, num_steps=21)
        for task in (adding, adding_1997):
            with pytest.raises(ValueError, match="batch_size must be at least 1"):
                task(rng, num_steps=30, batch_size=0)
            with pytest.raises(TypeError, match="rng"):
                task(None, num_steps=30)


class TestTwoSequences:
    def test_the_beginning_tells_the_class(self):
        batch = two_sequences(np.random.default_rng(0), num_steps=40, num_informative=2, batch_size=3000)
        x = batch.inputs[..., 0]
        kind = batch.targets[0]
        assert batch.inputs.shape == (44, 3000, 1) and (batch.targets == kind).all()
        assert (x[:2] == 2 * kind - 1).all() and abs(kind.mean() - 0.5) < 0.04
        assert set(batch.lengths.tolist()) == set(range(40, 45))
        rest = np.arange(44)[:, None] < batch.lengths
        assert not x[~rest].any()
        rest[:2] = False
        assert abs(x[rest].mean()) < 0.005 and abs(x[rest].var() - 0.2) < 0.005
        assert abs(np.corrcoef(kind, x[2:40].sum(axis=0))[0, 1]) < 0.06  # the noise says nothing
        assert (batch.mask.sum(axis=0) == 1).all()
        assert (batch.mask.argmax(axis=0) == batch.lengths - 1).all()

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match="num_informative must be at most num_steps = 5, got 6"):
            two_sequences(rng, num_steps=5, num_informative=6)
        with pytest.raises(ValueError, match="noise"):
            two_sequences(rng, num_steps=5, noise=-1)
        with pytest.raises(ValueError, match="num_steps must be at least 1"):
            two_sequences(rng, num_steps=0)
        with pytest.raises(TypeError, match="rng"):
            two_sequences(7, num_steps=5)


class TestSpikeTiming:
    def test_targets_say_the_delay(self):
        delays = (7, 4, 5)
        batch = spike_timing(np.random.default_rng(0), num_steps=60, delays=delays, batch_size=500)
        assert set(np.unique(batch.inputs)) == {0, 1}
        firsts, seen = [], []
        for k in range(500):
            at = np.flatnonzero(batch.inputs[:, k, 0])
            firsts.append(at[0])
            assert np.flatnonzero(batch.mask[:, k]).tolist() == at[1:].tolist()
            told = [delays[i] for i in batch.targets[at[1:], k]]
            assert told == np.diff(at).tolist() and 60 - at[-1] <= max(delays)
            seen += told
        assert set(firsts) == set(range(7))
        for d in delays:
            assert abs(np.mean(np.array(seen) == d) - 1 / 3) < 0.03

    def test_the_shortest_that_is_allowed_asks_in_every_sequence(self):
        batch = spike_timing(np.random.default_rng(0), num_steps=10, delays=(4, 5), batch_size=300)
        assert batch.mask.any(axis=0).all()

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        for bad in ((5,), (5, 5), ()):
            with pytest.raises(ValueError, match="delays must be two or more different"):
                spike_timing(rng, delays=bad)
        with pytest.raises(ValueError, match="delays must be at least 1"):
            spike_timing(rng, delays=(0, 4))
        with pytest.raises(ValueError, match="num_steps must be at least twice the longest delay, 42, got 41"):
            spike_timing(rng, num_steps=41)
        with pytest.raises(TypeError, match="rng"):
            spike_timing(None)


class TestTemporalOrder:
    @pytest.mark.parametrize(("marked", "bag"), [(2, 0.75), (3, 0.5)])
    def test_the_class_is_the_order_of_the_marked_symbols(self, marked, bag):
        batch = temporal_order(np.random.default_rng(0), num_marked=marked, batch_size=6000)
        assert batch.inputs.shape == (110, 6000) and set(batch.lengths.tolist()) == set(range(100, 111))
        seen, counts = set(), {}
        ranges = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}[marked]
        for k, n in enumerate(batch.lengths):
            text = "".join(ORDER_SYMBOLS[i] for i in batch.inputs[:n, k])
            assert re.fullmatch(f"E(?:[abcd]+[XY]){{{marked}}}[abcd]+B", text)
            at = [m.start() for m in re.finditer("[XY]", text)]
            seen.update(at)
            assert all(low <= a <= high for a, (low, high) in zip(at, ranges, strict=True))
            kind = int("".join(str("XY".index(text[a])) for a in at), 2)
            assert batch.targets[n - 1, k] == kind and np.flatnonzero(batch.mask[:, k]).tolist() == [n - 1]
            counts.setdefault(sum(text[a] == "Y" for a in at), []).append(kind)
        assert seen == {a for low, high in ranges for a in range(low, high + 1)}
        best = sum(np.bincount(kinds).max() for kinds in counts.values()) / 6000  # a bag of symbols, at its best
        assert abs(best - bag) < 0.02
        assert abs(np.bincount(batch.targets[0]) / 6000 - 0.5**marked).max() < 0.02

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match="num_marked must be 2 or 3, got 4"):
            temporal_order(rng, num_marked=4)
        with pytest.raises(ValueError, match="num_steps must be at least 20"):
            temporal_order(rng, num_steps=19)
        with pytest.raises(TypeError, match="rng"):
            temporal_order(None)
        short = temporal_order(rng, num_steps=20, num_marked=3, batch_size=2000)
        assert (np.isin(short.inputs, (0, 1)).sum(axis=0) == 3).all()  # no mark falls on another


class TestRepeating:
    @pytest.mark.parametrize(("task", "order"), [(copying, 1), (reversal, -1)])
    def test_it_comes_again(self, task, order):
        batch = task(np.random.default_rng(0), length=4, lag=3, num_symbols=6, batch_size=500)
        assert batch.inputs.shape == batch.targets.shape == (11, 500)
        said = batch.inputs[:4]
        assert set(np.unique(said)) == set(range(6))
        assert (batch.inputs[4:7] == 6).all() and (batch.inputs[7] == 7).all() and (batch.inputs[8:] == 6).all()
        assert (batch.targets[7:] == said[::order]).all()
        assert batch.mask[7:].all() and not batch.mask[:7].any()

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        for arguments, name in (({"length": 0}, "length"), ({"lag": -1}, "lag"), ({"num_symbols": 1}, "num_symbols")):
            for task in (copying, reversal):
                with pytest.raises(ValueError, match=f"{name} must be at least"):
                    task(rng, **arguments)


class TestBrackets:
    def test_nothing_closes_that_is_not_open_and_not_too_many_open(self):
        batch, depth = brackets(np.random.default_rng(0), num_steps=400, max_depth=3, batch_size=50)
        assert (batch.inputs[1:] == batch.targets[:-1]).all()
        assert (np.cumsum(1 - 2 * batch.inputs, axis=0) == depth).all()
        assert set(np.unique(depth)) == {0, 1, 2, 3}
        assert (batch.targets[depth == 0] == 0).all() and (batch.targets[depth == 3] == 1).all()
        between = (depth > 0) & (depth < 3)
        assert abs(batch.targets[between].mean() - 0.5) < 0.02
        assert abs(between.mean() - (1 - 1 / 3)) < 0.01  # what a net that counts pays, in units of ln 2

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match="max_depth must be at least 2"):
            brackets(rng, max_depth=1)
        with pytest.raises(ValueError, match="num_steps must be at least 1"):
            brackets(rng, num_steps=0)


class TestElman:
    def test_each_third_bit_is_the_exclusive_or_of_the_two_before(self):
        batch = temporal_xor(np.random.default_rng(0), num_triples=500, batch_size=4)
        assert batch.inputs.shape == batch.targets.shape == (1499, 4, 1)
        bits = np.concatenate([batch.inputs, batch.targets[-1:]])[..., 0]
        assert set(np.unique(bits)) == {0, 1} and (batch.inputs[1:] == batch.targets[:-1]).all()
        a, b, c = bits[0::3], bits[1::3], bits[2::3]
        assert ((a != b) == c).all()
        # a target at t % 3 == 1 is the third bit
        known = batch.targets[1::3, :, 0]
        assert ((batch.inputs[0::3, :, 0] != batch.inputs[1::3, :, 0]) == known).all()

    def test_the_two_bits_are_fair_and_apart(self):
        batch = temporal_xor(np.random.default_rng(0), num_triples=5000, batch_size=2)
        bits = np.concatenate([batch.inputs, batch.targets[-1:]])[..., 0]
        sides = np.array([bits[0::3, 0], bits[1::3, 0], bits[2::3, 0], bits[0::3, 1], bits[1::3, 1]])
        assert abs(sides.mean(axis=1) - 0.5).max() < 0.03
        assert abs(np.corrcoef(sides) - np.eye(5)).max() < 0.06
        assert np.square(batch.targets - 0.5).mean() == 0.25  # what chance pays

    def test_words_follow_from_their_consonants(self):
        batch = letters_in_words(np.random.default_rng(0), num_words=300, batch_size=3)
        assert (batch.inputs[1:] == batch.targets[:-1]).all()
        for k in range(3):
            text = "".join(LETTERS[i] for i in np.append(batch.inputs[:, k], batch.targets[-1, k]))
            assert re.fullmatch("(?:ba|dii|guuu)*(?:b|di?|gu{0,2})?", text)
        assert LETTERS[:3] == "bdg"

    def test_consonants_are_alike(self):
        batch = letters_in_words(np.random.default_rng(0), num_words=6000)
        ids = batch.inputs[batch.inputs < 3]
        assert abs(np.bincount(ids) / len(ids) - 1 / 3).max() < 0.03
        pairs = np.bincount(3 * ids[:-1] + ids[1:], minlength=9) / (len(ids) - 1)
        assert abs(pairs - 1 / 9).max() < 0.02  # one says nothing about the next

    @pytest.mark.parametrize("task, size", [(temporal_xor, "num_triples"), (letters_in_words, "num_words")])
    def test_errors_by_name(self, task, size):
        with pytest.raises(TypeError, match="rng"):
            task(0)
        for name in (size, "batch_size"):
            with pytest.raises(ValueError, match=f"{name} must be at least 1"):
                task(np.random.default_rng(0), **{name: 0})


class TestRecall:
    def test_the_first_symbol_is_asked_for_at_the_end(self):
        batch = recall(np.random.default_rng(0), lag=7, batch_size=500, num_classes=3, num_distractors=5)
        assert batch.inputs.shape == batch.targets.shape == batch.mask.shape == (8, 500)
        assert (batch.targets == batch.inputs[0]).all()
        assert batch.mask[-1].all() and not batch.mask[:-1].any()
        assert set(np.unique(batch.inputs[0])) == {0, 1, 2}
        assert set(np.unique(batch.inputs[1:])) == {3, 4, 5, 6, 7}

    def test_classes_and_distractors_are_alike_and_say_nothing(self):
        batch = recall(np.random.default_rng(0), lag=2, batch_size=9000, num_classes=3)
        assert abs(np.bincount(batch.inputs[0]) / 9000 - 1 / 3).max() < 0.03
        assert abs(np.bincount(batch.inputs[1:].ravel() - 3) / 18000 - 1 / 4).max() < 0.02
        assert abs(np.corrcoef(batch.inputs) - np.eye(3)).max() < 0.05

    def test_chance_pays_what_is_claimed(self):
        batch = recall(np.random.default_rng(0), lag=2, batch_size=9000, num_classes=3)
        loss, _ = rb.softmax_cross_entropy(np.zeros((3, 9000, 3)), batch.targets, batch.mask)
        assert loss == pytest.approx(math.log(3))
        guess = np.random.default_rng(1).standard_normal((3, 9000, 3))
        assert abs(rb.accuracy(guess, batch.targets, batch.mask) - 1 / 3) < 0.03

    @pytest.mark.parametrize("name, least", [("lag", 1), ("batch_size", 1), ("num_classes", 2), ("num_distractors", 1)])
    def test_errors_by_name(self, name, least):
        with pytest.raises(ValueError, match=f"{name} must be at least {least}"):
            recall(np.random.default_rng(0), **({"lag": 3} | {name: least - 1}))


class TestCalendar:
    def test_the_news_of_each_clock_come_at_its_own_pace_and_the_last_ones_count(self):
        periods = (1, 3, 10)
        batch = calendar(np.random.default_rng(0), periods=periods, num_days=60, batch_size=200)
        assert batch.inputs.shape == batch.targets.shape == (60, 200, 3)
        assert set(np.unique(batch.inputs)) == {-1, 0, 1} and set(np.unique(batch.targets)) == {0, 1}
        for b in range(200):
            for k, period in enumerate(periods):
                days = np.flatnonzero(batch.inputs[:, b, k])
                assert days[0] == 0 and 1 <= days[1] <= period
                assert (np.diff(days[1:]) == period).all() and days[-1] + period >= 60
                last = None
                for day in range(60):
                    last = batch.inputs[day, b, k] or last
                    assert batch.targets[day, b, k] == (last > 0)

    def test_phases_and_news_are_fair_and_know_nothing_of_each_other(self):
        batch = calendar(np.random.default_rng(0), periods=(4, 4), num_days=5, batch_size=20_000)
        phase = np.argmax(batch.inputs[1:] != 0, axis=0)
        for k in range(2):
            assert abs(np.bincount(phase[:, k]) / 20_000 - 1 / 4).max() < 0.02
        answers = np.concatenate([batch.targets[0], batch.targets[-1], phase], axis=1)
        # The last answer is the first one where no news came after day 0: never, with 4 days and a period of 4.
        assert abs(np.corrcoef(answers.T) - np.eye(6)).max() < 0.03

    def test_a_net_without_memory_pays_what_is_claimed(self):
        periods = np.array([1, 7, 208])
        batch = calendar(np.random.default_rng(0), num_days=416, batch_size=400)
        guess = 40.0 * batch.inputs  # sure on a day with news, even on all others
        for k, period in enumerate(periods):
            loss, _ = rb.binary_cross_entropy(guess[1:, :, [k]], batch.targets[1:, :, [k]])
            assert loss == pytest.approx((1 - 1 / period) * math.log(2), abs=1.1 / 416)
            right = np.where(guess == 0, 0.5, (guess > 0) == batch.targets)[1:, :, k].mean()
            assert right == pytest.approx((1 + 1 / period) / 2, abs=1.1 / 416)

    def test_errors_by_name(self):
        rng = np.random.default_rng(0)
        for name in ("num_days", "batch_size"):
            with pytest.raises(ValueError, match=f"{name} must be at least 1"):
                calendar(rng, **{name: 0})
        with pytest.raises(ValueError, match=r"periods\[1\] must be at least 1"):
            calendar(rng, periods=(1, 0))
        for bad in ((), 7, "17"):
            with pytest.raises(TypeError, match="periods must be a list"):
                calendar(rng, periods=bad)
        with pytest.raises(TypeError, match="rng"):
            calendar(0)


class TestWeeklyCancellations:
    def test_who_knows_the_mean_errs_as_claimed_and_nobody_errs_less(self):
        counts, m = weekly_cancellations(np.random.default_rng(0), num_weeks=260, num_series=800)
        assert counts.shape == m.shape == (260, 800) and counts.dtype.kind == "i" and counts.min() >= 0
        error = counts - m
        assert abs(error.mean()) < 4 * np.sqrt((m + m**2 / 40).mean() / error.size)
        small, large = m < 80, m > 160
        for some in (small, large):  # the spread grows with the mean, as a negative binomial's
            assert (error[some] ** 2).mean() == pytest.approx((m + m**2 / 40)[some].mean(), rel=0.04)
        floor = (error**2).mean()
        assert ((counts[1:] - counts[:-1]) ** 2).mean() > 2 * floor
        assert ((counts[52:] - counts[:-52]) ** 2).mean() > 2 * floor

    def test_season_swing_and_bad_weeks(self):
        _, m = weekly_cancellations(np.random.default_rng(0), num_weeks=4 * 52 + 1, num_series=3000)
        log = np.log(m)
        same_week, half_year = log[52:] - log[:-52], log[26:] - log[:-26]
        assert half_year.std() > 1.5 * same_week.std()  # the wave of a year is the stronger one
        # A bad week stands out by its neighbours on both sides.
        jump = log[1:-1] - (log[2:] + log[:-2]) / 2
        assert 0.02 < (jump > 0.35).mean() < 0.04
        # Elsewhere, of a week's departure from last year's, .8 is left a week later, .64 after two.
        usual = np.abs(jump) < 0.35
        usual = usual[52:] & usual[:-52]
        departure = (same_week - np.median(same_week, axis=0))[1:-1]
        for k in (1, 2, 3):
            both = usual[k:] & usual[:-k]
            left = np.sum(departure[k:] * departure[:-k] * both) / np.sum(departure[:-k] ** 2 * both)
            assert left == pytest.approx(0.8**k, abs=0.03)

    def test_hotels_differ_and_errors_by_name(self):
        counts, m = weekly_cancellations(np.random.default_rng(0), num_weeks=104, num_series=300)
        low, middle, high = np.quantile(np.exp(np.log(m).mean(axis=0)), [0.05, 0.5, 0.95])
        assert 55 < low < 72 and 92 < middle < 112 and 128 < high < 155
        assert abs(np.corrcoef(counts.T)[np.triu_indices(300, 1)].mean()) < 0.03
        for name in ("num_weeks", "num_series"):
            with pytest.raises(ValueError, match=f"{name} must be at least 1"):
                weekly_cancellations(np.random.default_rng(0), **{name: 0})
        with pytest.raises(TypeError, match="rng"):
            weekly_cancellations(0)


TASKS = {
    "calendar": lambda rng: calendar(rng, num_days=30),
    "temporal_xor": lambda rng: temporal_xor(rng, num_triples=20),
    "letters_in_words": lambda rng: letters_in_words(rng, num_words=20, batch_size=2),
    "recall": lambda rng: recall(rng, lag=3),
    "Reber": lambda rng: ReberGrammar().batch(rng, 5),
    "embedded Reber": lambda rng: ReberGrammar(embedded=True).batch(rng, 5),
}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_depends_on_its_generator_alone(name):
    task, state = TASKS[name], np.random.get_state()[1].copy()  # noqa: NPY002
    a, b, c = (task(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert a.inputs.tobytes() == b.inputs.tobytes() and a.targets.tobytes() == b.targets.tobytes()
    assert a.inputs.tobytes() != c.inputs.tobytes()
    rng = np.random.default_rng(5)
    assert task(rng).inputs.tobytes() != task(rng).inputs.tobytes()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


class TestBatch:
    def test_padding_and_mask_follow_lengths(self):
        batch = rb.Batch(np.zeros((4, 3, 2)), np.zeros((4, 3), int), lengths=[4, 1, 2])
        want = [[1, 1, 1], [1, 0, 1], [1, 0, 0], [1, 0, 0]]
        assert batch.padding.astype(int).tolist() == batch.mask.astype(int).tolist() == want
        assert rb.Batch(np.zeros((4, 3, 2)), np.zeros((4, 3))).padding is None

    def test_a_mask_and_lengths_hold_together(self):
        mask = np.array([[True, False], [False, True], [True, True]])
        batch = rb.Batch(np.zeros((3, 2, 1)), np.zeros((3, 2), int), mask, lengths=[3, 2])
        assert batch.mask.astype(int).tolist() == [[1, 0], [0, 1], [1, 0]]
        whole = rb.Batch(np.zeros((3, 2, 1)), np.zeros((3, 2, 4)), np.ones((3, 2, 4), bool), lengths=[3, 2])
        assert whole.mask[:, 1].sum(axis=-1).tolist() == [4, 4, 0]

    def test_one_answer_for_a_sequence_needs_no_mask(self):
        batch = rb.Batch(np.zeros((4, 3, 2)), np.zeros(3, int), lengths=[4, 1, 2])
        assert batch.mask is None and batch.padding.sum() == 7

    def test_is_frozen(self):
        batch = rb.Batch(np.zeros((4, 2)), np.zeros(4))
        with pytest.raises(AttributeError):
            batch.inputs = np.ones((4, 2))

    @pytest.mark.parametrize(
        "arguments, error, message",
        [
            (
                {"inputs": np.full((2, 3, 1), np.nan)},
                ValueError,
                r"inputs must be finite, got nan at index \(0, 0, 0\)",
            ),
            ({"targets": np.full((2, 3), np.inf)}, ValueError, "targets must be finite, got inf"),
            ({"inputs": np.zeros((0, 3, 1))}, ValueError, "inputs must not be empty"),
            ({"inputs": [["a"]]}, TypeError, "inputs must hold numbers"),
            ({"targets": np.zeros((2, 3), complex)}, TypeError, "targets must hold numbers"),
            ({"mask": np.ones((3, 2), bool)}, ValueError, r"mask must have shape \(2, 3\)"),
            ({"mask": np.zeros((2, 3), bool)}, ValueError, "mask.*masks everything"),
            ({"mask": np.ones((2, 3))}, TypeError, "mask must be a bool array"),
            ({"lengths": [2, 3, 1]}, ValueError, r"lengths must lie in 1 \.\.\. 2, the number of steps, got 3"),
            ({"lengths": [2, 0, 1]}, ValueError, "lengths must lie in .*got 0"),
            ({"lengths": [2, 1]}, ValueError, r"lengths must have shape \(3,\), got \(2,\)"),
            ({"lengths": [2.0, 1.0, 1.0]}, TypeError, "lengths must be integers"),
            ({"inputs": np.zeros(2), "lengths": [1, 1]}, ValueError, "lengths need inputs with time"),
            (
                {"mask": np.array([[False] * 3, [False, True, False]]), "lengths": [2, 1, 2]},
                ValueError,
                "mask.*masks everything",
            ),
        ],
    )
    def test_errors_by_name(self, arguments, error, message):
        good = {"inputs": np.zeros((2, 3, 1)), "targets": np.zeros((2, 3))}
        with pytest.raises(error, match=message):
            rb.Batch(**(good | arguments))

    @pytest.mark.parametrize(
        "inputs, targets", [((3, 2, 1), (3, 5)), ((3, 2, 1), (4,)), ((6, 2), (5,)), ((6, 2), (5, 1))]
    )
    def test_sizes_that_do_not_agree(self, inputs, targets):
        with pytest.raises(ValueError, match="targets"):
            rb.Batch(np.zeros(inputs), np.zeros(targets))


class TestMinibatches:
    def test_each_row_comes_once_with_its_own_target(self):
        x = np.arange(22.0).reshape(11, 2)
        data = rb.Minibatches(x, x[:, 0] * 10, batch_size=4)
        batches = list(data(np.random.default_rng(0)))
        assert [len(b.targets) for b in batches] == [4, 4, 3]
        rows = np.concatenate([b.inputs for b in batches])
        assert sorted(rows[:, 0]) == x[:, 0].tolist() and (rows[:, 0] != x[:, 0]).any()
        assert all((b.targets == 10 * b.inputs[:, 0]).all() for b in batches)

    def test_sequences_are_chosen_along_their_axis_with_their_lengths(self):
        ids = np.arange(5)[None, :] + 10 * np.arange(4)[:, None]
        lengths = np.array([1, 2, 3, 4, 4])
        for targets, axis in ((ids + 1, 1), (np.arange(5), 0)):
            data = rb.Minibatches(ids, targets, batch_size=2, lengths=lengths)
            seen = []
            for b in data(np.random.default_rng(0)):
                who = b.inputs[0]
                seen += who.tolist()
                assert (b.inputs == ids[:, who]).all() and (b.lengths == lengths[who]).all()
                assert (b.targets == targets.take(who, axis=axis)).all()
            assert sorted(seen) == [0, 1, 2, 3, 4]

    def test_the_same_generator_gives_the_same_order(self):
        data = rb.Minibatches(np.arange(20.0)[:, None], np.arange(20), batch_size=3)
        order = [np.concatenate([b.targets for b in data(np.random.default_rng(s))]).tolist() for s in (3, 3, 4)]
        assert order[0] == order[1] != order[2]

    def test_errors_by_name(self):
        x, y = np.zeros((5, 2)), np.zeros(5)
        for arguments, error, message in (
            ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
            ({"batch_size": 2, "lengths": [1] * 5}, ValueError, "lengths need inputs with time"),
        ):
            with pytest.raises(error, match=message):
                rb.Minibatches(x, y, **arguments)
        with pytest.raises(ValueError, match="targets must hold one for each of 5 inputs|targets"):
            rb.Minibatches(x, y[:4], batch_size=2)
        with pytest.raises(ValueError, match="inputs must be finite"):
            rb.Minibatches(np.full((5, 2), np.nan), y, batch_size=2)
        with pytest.raises(TypeError, match="rng"):
            list(rb.Minibatches(x, y, batch_size=2)(0))


def test_pad():
    ids, lengths = pad([[1, 2], [3], [4, 5, 6]], fill=-1)
    assert ids.T.tolist() == [[1, 2, -1], [3, -1, -1], [4, 5, 6]] and lengths.tolist() == [2, 1, 3]
    for bad in ([], [[1], []]):
        with pytest.raises(ValueError, match="sequences must hold at least one"):
            pad(bad)


def test_pad_does_not_cut_fractions_off():
    with pytest.raises(TypeError, match="sequences"):
        pad([[0.5, 1.7], [2]])


def test_one_hot():
    got = one_hot(np.array([[2, 0], [1, 1]]), 3)
    assert got.shape == (2, 2, 3) and got.dtype == np.float32
    assert (got.argmax(axis=-1) == [[2, 0], [1, 1]]).all() and (got.sum(axis=-1) == 1).all()
    assert one_hot([1], 2, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="ids must hold ids from 0 to 2, got 3"):
        one_hot([3], 3)


def test_a_mask_is_cut_with_its_targets():
    ids = np.arange(12).reshape(3, 4)
    mask = ids % 5 > 1  # another one for each sequence
    for batch in rb.Minibatches(ids, ids, batch_size=3, mask=mask)(np.random.default_rng(0)):
        np.testing.assert_array_equal(batch.mask, batch.targets % 5 > 1)


def test_integer_features_without_time_say_what_to_do():
    with pytest.raises(ValueError, match="make features floats"):
        rb.Batch(np.ones((5, 64), int), np.zeros(5, int))
