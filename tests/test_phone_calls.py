"""Telephone calls: what decides them, what says nothing about them, and that a net can tell."""

import json
import re
from collections import Counter
from functools import partial
from importlib.resources import files

import numpy as np
import pytest

import rnnbook as rb
from rnnbook.data import Call, Minibatches, Vocabulary, encode_calls, phone_calls
from rnnbook.data.phone_calls import _Speaker

TABLE = json.loads(files("rnnbook.data").joinpath("phone_calls.json").read_text("utf-8"))
LANGUAGES, TASKS = sorted(TABLE), ["keywords", "order"]
FRAME = {"opening", "small_talk", "closing"}
KINDS = FRAME | {"phishing", "harmless", "hard", "request", "demand"}

each_language = pytest.mark.parametrize("language", LANGUAGES)
each_task = pytest.mark.parametrize("task", TASKS)


def calls(n=400, seed=0, **options):
    return phone_calls(np.random.default_rng(seed), n, **options)


def kinds(call):
    return [re.fullmatch(r"(\w+)-\d+", name)[1] for name in call.templates]


def patterns(language):
    """Every line as regular expressions, one for each of its sentences, by name."""
    slots = {name: "|".join(fillers) for name, fillers in TABLE[language]["slots"].items()}
    return {
        f"{kind}-{k}": [
            re.compile(re.sub(r"\{(\w+)\}", lambda m: f"(?:{slots[m[1]]})", part)) for part in line.split(" | ")
        ]
        for kind in KINDS
        for k, line in enumerate(TABLE[language][kind])
    }


def vocabulary(some):
    return Vocabulary.of((word for call in some for word in call.words), min_count=2)


def bag_of_words(batch, size):
    counts = np.zeros((batch.inputs.shape[1], size + 1))
    t, k = np.nonzero(batch.padding)
    np.add.at(counts, (k, batch.inputs[t, k]), 1)
    counts[:, -1] = 1
    return counts


def bag_accuracy(language, task, fold, **options):
    """Ridge regression on counts of words; on calls from held-out templates."""
    rng = np.random.default_rng(fold)
    settings = {"task": task, "language": language, "fold": fold, **options}
    train, test = (phone_calls(rng, 600, templates=which, **settings) for which in ("train", "test"))
    known = vocabulary(train)
    a, b = encode_calls(train, known), encode_calls(test, known)
    x = bag_of_words(a, len(known))
    w = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ (2.0 * a.targets - 1))
    return ((bag_of_words(b, len(known)) @ w > 0) == b.targets).mean()


class TestTable:
    @each_language
    def test_nothing_in_it_can_be_dialled_and_all_of_it_can_be_heard(self, language):
        table = TABLE[language]
        assert set(table) == KINDS | {"slots", "filler", "confusion"}
        for kind in KINDS:
            lines = table[kind]
            assert len(set(lines)) == len(lines) >= 8, kind
            for line in lines:
                assert set(re.findall(r"\{(\w+)\}", line)) <= set(table["slots"]), line
        for fillers in table["slots"].values():
            assert len(set(fillers)) == len(fillers) >= 3
        said = json.dumps([table[kind] for kind in KINDS] + list(table["slots"].values()), ensure_ascii=False)
        assert not re.search(r"\d", said)
        letters = r"[a-z]+" if language == "en" else r"[가-힣]+"
        for call in calls(300, language=language, noise=0.3) + calls(300, language=language, task="order", noise=0.3):
            assert all(re.fullmatch(letters, word) for word in call.words), call

    @each_language
    def test_every_slot_is_used_and_the_two_decisive_kinds_are_one_sentence(self, language):
        table = TABLE[language]
        used = set(re.findall(r"\{(\w+)\}", json.dumps([table[kind] for kind in KINDS])))
        assert used == set(table["slots"])
        assert not any(" | " in line for kind in FRAME | {"request", "demand"} for line in table[kind])
        assert all(line.count(" | ") >= 1 for kind in ("phishing", "harmless", "hard") for line in table[kind])

    @each_language
    def test_what_sounds_alike_is_another_word_and_is_needed(self, language):
        spoken = {word for task in TASKS for call in calls(500, task=task, language=language) for word in call.words}
        needed = 0
        for stem, others in TABLE[language]["confusion"].items():
            bare = stem.removesuffix("*")
            assert len(set(others)) == len(others) >= 2 and bare not in others and " " not in "".join(others), stem
            needed += any(word.startswith(bare) if stem != bare else word == stem for word in spoken)
        assert needed >= 20


class TestCalls:
    @each_language
    @each_task
    def test_each_sentence_is_of_its_line_and_slots_stay_the_same(self, language, task):
        lines = patterns(language)
        for call in calls(300, task=task, language=language):
            assert isinstance(call, Call) and (call.language, call.task) == (language, task)
            at = Counter()
            for name, sentence in zip(call.templates, call.sentences, strict=True):
                assert lines[name][at[name]].fullmatch(" ".join(sentence)), (name, sentence)
                at[name] += 1
            assert all(n == len(lines[name]) for name, n in at.items())  # each line once, and whole
            text = str(call)
            assert text.split() == list(call.words)
            for name in ("friend", "bank", "place", "amount", "company", "card"):
                assert sum(f" {filler}" in text for filler in TABLE[language]["slots"][name]) <= 1
            assert kinds(call)[0] == "opening" and kinds(call)[-1] == "closing"
            assert 1 <= kinds(call).count("small_talk") <= 3

    @each_language
    @each_task
    def test_they_differ_and_have_the_length_that_is_promised(self, language, task):
        some = calls(1500, task=task, language=language)
        assert len({call.words for call in some}) > 1480
        lengths = [len(call.words) for call in some]
        assert min(lengths) >= 15 and max(lengths) <= 75 and 25 < np.mean(lengths) < 60
        # Small talk comes before, between and after what counts.
        where = {re.sub("o|c", "", "".join(kind[0] for kind in kinds(call))) for call in calls(300, task="order")}
        assert {"srd", "rsd", "rds", "sdr", "dsr", "drs"} <= where

    @each_language
    def test_with_keywords_the_template_decides(self, language):
        for call in calls(300, language=language):
            own = [k for k, kind in enumerate(kinds(call)) if kind not in FRAME]
            assert len({call.templates[k] for k in own}) == 1
            assert {kinds(call)[own[0]]} <= ({"phishing"} if call.label else {"harmless", "hard"})
            assert call.decided_at == sum(len(sentence) for sentence in call.sentences[: own[-1] + 1])
            with pytest.raises(ValueError, match="task must be 'order'"):
                _ = call.twin

    @each_language
    @pytest.mark.parametrize("noise", [0.0, 0.3])
    def test_with_order_what_comes_first_decides(self, language, noise):
        for call in calls(300, task="order", language=language, noise=noise):
            own = [kind for kind in kinds(call) if kind not in FRAME]
            assert own == (["demand", "request"] if call.label else ["request", "demand"])
            first = kinds(call).index(own[0])
            assert call.decided_at == sum(len(sentence) for sentence in call.sentences[: first + 1])

    @each_task
    def test_phishing_and_hard_negatives_are_as_frequent_as_asked(self, task):
        for share in (0.01, 0.3, 0.5):
            labels = [call.label for call in calls(1500, task=task, phishing_share=share)]
            assert 0 < np.mean(labels) and abs(np.mean(labels) - share) < 4 * (share * (1 - share) / 1500) ** 0.5
        for share in (0, 1):
            assert {call.label for call in calls(100, task=task, phishing_share=share)} == {share}
        for share in (0, 0.2, 1):
            harmless = [call for call in calls(900, phishing_share=0.3, hard_negatives=share) if not call.label]
            assert abs(np.mean(["hard" in kinds(call) for call in harmless]) - share) <= 0.06 * (0 < share < 1)

    @each_language
    @each_task
    def test_held_out_lines_are_never_seen_in_training(self, language, task):
        seen = {kind for kind in KINDS if kind in FRAME or (kind in ("request", "demand")) == (task == "order")}
        every = {f"{kind}-{k}" for kind in seen for k in range(len(TABLE[language][kind]))}
        held_out = []
        for fold in range(4):
            train, test = (
                {name for call in calls(500, task=task, language=language, templates=which, fold=fold) for name in call.templates}
                for which in ("train", "test")
            )  # fmt: skip
            assert not train & test and train | test == every
            assert abs(len(test) / len(every) - 1 / 4) < 0.03
            held_out += test
        assert sorted(held_out) == sorted(every)  # every line is in one test
        assert {name for call in calls(500, task=task, language=language, fold=2) for name in call.templates} == every

    @each_language
    @each_task
    def test_few_words_of_the_test_are_new(self, language, task):
        for fold in range(4):
            train, test = (
                calls(600, task=task, language=language, templates=which, fold=fold) for which in ("train", "test")
            )
            known = {word for call in train for word in call.words}
            new = np.mean([word not in known for call in test for word in call.words])
            low, high = (0.19, 0.27) if (task, language) == ("keywords", "ko") else (0.02, 0.19)
            assert low < new < high

    def test_the_same_seed_makes_the_same_calls(self):
        assert calls(20, seed=1, noise=0.1) == calls(20, seed=1, noise=0.1) != calls(20, seed=2, noise=0.1)

    @pytest.mark.parametrize(
        ("options", "error", "match"),
        [
            ({"num_calls": 0}, ValueError, "num_calls must be at least 1"),
            ({"task": "words"}, ValueError, "task must be one of keywords, order, got 'words'"),
            ({"language": "de"}, ValueError, "language must be one of en, ko, got 'de'"),
            ({"templates": "held out"}, ValueError, "templates must be one of all, train, test"),
            ({"fold": 4}, ValueError, "fold must be at most 3, got 4"),
            ({"fold": 1.0}, TypeError, "fold must be an integer"),
            ({"phishing_share": 1.1}, ValueError, "phishing_share must be .* at most 1"),
            ({"hard_negatives": -0.1}, ValueError, "hard_negatives must be .* at least 0"),
            ({"noise": "much"}, TypeError, "noise must be a number"),
        ],
    )
    def test_errors_by_name(self, options, error, match):
        with pytest.raises(error, match=match):
            phone_calls(np.random.default_rng(0), **options)
        with pytest.raises(TypeError, match="rng"):
            phone_calls(0)


class TestTwins:
    @each_language
    @pytest.mark.parametrize("noise", [0.0, 0.3])
    def test_twins_have_the_same_words_and_part_where_the_decision_begins(self, language, noise):
        for call in calls(300, task="order", language=language, noise=noise):
            twin = call.twin
            assert twin.label == 1 - call.label and twin.twin == call
            assert Counter(twin.words) == Counter(call.words)
            own = [k for k, kind in enumerate(kinds(call)) if kind not in FRAME]
            swapped = [own[::-1][own.index(k)] if k in own else k for k in range(len(call.sentences))]
            assert twin.sentences == tuple(call.sentences[k] for k in swapped)
            assert twin.templates == tuple(call.templates[k] for k in swapped)
            # Up to the first decisive sentence nothing tells them apart; after it both are decided.
            begins = call.decided_at - len(call.sentences[own[0]])
            assert begins == twin.decided_at - len(twin.sentences[own[0]])
            assert call.words[:begins] == twin.words[:begins]
            assert call.words[: call.decided_at] != twin.words[: call.decided_at]

    @each_language
    @pytest.mark.parametrize("noise", [0.0, 0.2])
    def test_the_words_are_the_same_whatever_the_label_is(self, language, noise):
        """With the same seed, calls that must be harmless are the twins of calls that must be phishing."""
        both = [
            calls(200, task="order", language=language, noise=noise, phishing_share=share, templates="train")
            for share in (0, 1)
        ]
        assert both[1] == [call.twin for call in both[0]]
        drawn = calls(200, task="order", language=language, noise=noise, templates="train")
        assert all(call in (harmless, phishing) for call, harmless, phishing in zip(drawn, *both, strict=True))

    @each_language
    @pytest.mark.parametrize("fold", range(4))
    def test_a_bag_of_words_cannot_tell(self, language, fold):
        assert 0.4 < bag_accuracy(language, "order", fold) < 0.6

    @each_language
    def test_with_keywords_a_bag_of_words_can(self, language):
        # Templates are held out, so it gets less than all, and less than that of hard negatives.
        easy, hard = (
            np.mean([bag_accuracy(language, "keywords", fold, hard_negatives=share) for fold in range(4)])
            for share in (0.0, 1.0)
        )
        assert hard < easy and easy > 0.95 and hard > 0.6


class TestNoise:
    def test_as_many_words_suffer_as_asked_and_in_every_way(self):
        p, plain = 0.3, [f"w{k}" for k in range(9000)]
        speaker = _Speaker(np.random.default_rng(0), "en", "all", 0, p)
        heard = speaker.hear(plain)
        often, fillers = Counter(heard), set(TABLE["en"]["filler"])
        assert abs(sum(often[word] == 0 for word in plain) / 9000 - p / 3) < 0.015
        assert abs(sum(often[word] == 2 for word in plain) / 9000 - p / 3) < 0.015
        assert abs(sum(often[word] for word in fillers) / 9000 - p / 3) < 0.015
        assert set(heard) <= {*plain, *fillers} and all(often[word] for word in fillers)
        assert [word for word in dict.fromkeys(heard) if word not in fillers] == [w for w in plain if often[w]]
        often = Counter(speaker.hear(["code"] * 9000))
        for other in TABLE["en"]["confusion"]["code"]:
            assert abs(often[other] / 9000 - p / 8) < 0.012

    def test_a_star_stands_for_any_ending(self):
        korean = _Speaker(np.random.default_rng(0), "ko", "all", 0, 0)
        assert korean.alike("계좌에서") == ["게좌에서", "계자에서"] and korean.alike("네") == ["내", "예"]
        assert korean.alike("네가") == korean.alike("새계좌") == []
        english = _Speaker(np.random.default_rng(0), "en", "all", 0, 0)
        assert english.alike("for") and english.alike("forgot") == []

    @each_language
    @each_task
    def test_a_call_changes_as_much_as_asked_and_no_sentence_vanishes(self, language, task):
        lines = patterns(language)

        def whole(call):
            at = Counter()
            for name, sentence in zip(call.templates, call.sentences, strict=True):
                yield bool(lines[name][at[name]].fullmatch(" ".join(sentence))), len(sentence)
                at[name] += 1

        assert all(ok for call in calls(100, task=task, language=language) for ok, _ in whole(call))
        for p in (0.02, 0.2, 1):
            sentences = [told for call in calls(300, task=task, language=language, noise=p) for told in whole(call)]
            assert all(length > 0 for _, length in sentences)
            # Short sentences may stay by themselves, long ones must not.
            assert abs(np.mean([ok for ok, length in sentences if length > 5]) - (1 - p) ** 7.5) < 0.12


class TestEncoding:
    @each_language
    def test_what_was_encoded_comes_back(self, language):
        some = calls(60, language=language, task="order")
        known = Vocabulary.of(word for call in some for word in call.words)
        batch = encode_calls(some, known)
        assert batch.inputs.shape == (max(len(call.words) for call in some), 60) and batch.mask is None
        assert batch.targets.tolist() == [call.label for call in some]
        for k, call in enumerate(some):
            assert tuple(known.decode(batch.inputs[: batch.lengths[k], k])) == call.words
        steps = encode_calls(some, known, per_step=True)
        assert (steps.inputs == batch.inputs).all() and steps.targets.shape == steps.inputs.shape
        assert (steps.targets == batch.targets).all() and (steps.mask == batch.padding).all()

    def test_words_that_are_not_known(self):
        train, test = calls(200, templates="train"), calls(50, templates="test")
        known = vocabulary(train)
        batch = encode_calls(test, known)
        unknown = {word for call in test for word in call.words} - set(known.tokens)
        assert unknown
        for k, call in enumerate(test):
            said = known.decode(batch.inputs[: batch.lengths[k], k])
            assert said == ["<unknown>" if word in unknown else word for word in call.words]
        strict = Vocabulary.of(word for call in train for word in call.words)
        with pytest.raises(ValueError, match=r"calls\[\d+\]: tokens must be in the vocabulary, got "):
            encode_calls(test, strict)

    def test_errors_by_name(self):
        known = Vocabulary("ab")
        with pytest.raises(ValueError, match="calls must hold at least one call"):
            encode_calls([], known)
        with pytest.raises(TypeError, match=r"calls\[1\] must be a Call, got str"):
            encode_calls([*calls(1), "hello"], vocabulary(calls(50)))


@pytest.mark.slow
@each_language
def test_a_net_tells_the_order_in_sentences_it_has_never_seen(language):
    rng = np.random.default_rng(0)
    settings = {"task": "order", "language": language}
    train, test = (phone_calls(rng, 1000, templates=which, **settings) for which in ("train", "test"))
    known = vocabulary(train)
    a, b = encode_calls(train, known), encode_calls(test, known)
    model = rb.Sequential(
        embed=rb.Embedding(len(known), 16, rng=rng, E_init=partial(rb.init.normal, scale=0.1)),
        rnn=rb.Recurrent(rb.GRUCell(16, 24, rng=rng)),
        last=rb.Last(),
        out=rb.Dense(24, 2, rng=rng),
    )
    trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.Adam(0.01), rng=rng, clip_norm=1)
    trainer.fit(Minibatches(a.inputs, a.targets, batch_size=32, lengths=a.lengths), num_updates=200)
    assert rb.accuracy(model(b.inputs, mask=b.padding)[0], b.targets) > 0.95
