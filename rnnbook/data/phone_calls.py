"""Telephone calls, harmless and phishing, in English and Korean, as a machine that listens would write them down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch, pad
from rnnbook.data.text import Vocabulary

# One line of each so many is held out.
_FOLDS = 4

Sentence = tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A telephone call as it was written down: words without punctuation, and not who said them.

    Attributes
    ----------
    label : int
        1 for phishing, 0 for harmless.
    sentences : tuple of tuples of str
    templates : tuple of str
        What each sentence was made from: "demand-3" is line 3, counted from 0, of the demands. A template of three
        sentences stands here three times.
    decided_at : int
        After so many words everything that decides has been said. With ``task="order"`` the first of the two decisive
        sentences ends here; until it begins, a call and its twin are the same. With ``task="keywords"`` the call's own
        template ends here; single words of it may tell earlier.
    language, task : str

    Examples
    --------
    >>> call = phone_calls(np.random.default_rng(0), num_calls=2)[0]
    >>> call.label in (0, 1), call.language, len(call.sentences) == len(call.templates)
    (True, 'en', True)
    """

    label: int
    sentences: tuple[Sentence, ...]
    templates: tuple[str, ...]
    decided_at: int
    language: str
    task: str

    @property
    def words(self) -> tuple[str, ...]:
        """All words of the call, in order."""
        return tuple(word for sentence in self.sentences for word in sentence)

    @property
    def twin(self) -> Call:
        """The call with the other label: the same sentences, but the two decisive ones have changed places.

        Raises
        ------
        ValueError
            For a call with ``task="keywords"``, which has none.
        """
        if self.task != "order":
            raise ValueError(f"task must be 'order' for a call to have a twin, got {self.task!r}")
        i, j = (k for k, name in enumerate(self.templates) if _kind(name) in ("request", "demand"))
        order = list(range(len(self.templates)))
        order[i], order[j] = j, i
        sentences = tuple(self.sentences[k] for k in order)
        return replace(
            self,
            label=1 - self.label,
            sentences=sentences,
            templates=tuple(self.templates[k] for k in order),
            decided_at=sum(map(len, sentences[: i + 1])),
        )

    def __str__(self) -> str:
        return " ".join(self.words)


def phone_calls(
    rng: np.random.Generator,
    num_calls: int = 32,
    *,
    task: str = "keywords",
    language: str = "en",
    phishing_share: float = 0.5,
    hard_negatives: float = 0.2,
    templates: str = "all",
    fold: int = 0,
    noise: float = 0.0,
) -> list[Call]:
    """Telephone calls, some of them phishing, written for this book.

    Persons, banks, offices and streets are invented, and there is no number to dial. The sentences are lines with
    slots in ``phone_calls.json``: one more template is one more line there.

    With ``task="keywords"`` words give it away, such as a safe account, gift cards, "tell nobody". A bag of words
    suffices. Hard negatives are harmless calls with the words of phishing: a bank that warns of it, for instance.

    With ``task="order"`` the order of two sentences decides, and nothing else. In one the customer asks for help, in
    the other the other side demands a code or the like. Help first is harmless; a demand before anybody asked for help
    is phishing. The label is drawn when all words are there, so they say nothing about it: in the long run a bag of
    words is right as often as always giving the more frequent label, 1/2 by default. A net that remembers which of the
    two came first gets all right, unless noise has swallowed both.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_calls : int
    task : {"keywords", "order"}
    language : {"en", "ko"}
    phishing_share : float
        The probability with which a call is phishing.
    hard_negatives : float
        The probability with which a harmless call is a hard negative. With ``task="order"`` it changes nothing: there
        every harmless call has the words of phishing.
    templates : {"all", "train", "test"}
        "test" uses one line in four of every kind and "train" the others, so training sees no sentence pattern of the
        test. Slots are filled with the same words. Of the words of the test 3 to 17 % never come in training, and
        21 to 25 % with Korean keywords, as the fold has it.
    fold : int
        Which of four lines is held out, 0 to 3. The mean over all four depends less on luck.
    noise : float
        The probability with which a word suffers on its way: it is dropped, doubled, preceded by a filler such as
        "uh", or replaced by one that sounds alike, all as likely as each other. Most words have none that sounds alike
        and suffer one of the first three. A sentence of which nothing would be left stays. Labels are always right.

    Returns
    -------
    list of Call
        Without noise they have some 20 to 70 words each.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> call = phone_calls(np.random.default_rng(516), 1, task="order")[0]
    >>> for sentence in call.sentences:
    ...     print(*sentence)
    yes tobias lund speaking who is there please
    for your security you must tell me the last numbers and the code
    one moment please
    please help me i lost my bank card and would like to block it
    all right thank you and goodbye
    >>> call.label, call.decided_at, call.twin.label, sorted(call.twin.words) == sorted(call.words)
    (1, 21, 0, True)
    """
    check.generator("rng", rng)
    N = check.count("num_calls", num_calls)
    check.one_of("task", task, ("keywords", "order"))
    share = check.number("phishing_share", phishing_share, 0, 1)
    hard_share = check.number("hard_negatives", hard_negatives, 0, 1)
    speaker = _Speaker(rng, language, templates, fold, noise)
    calls = []
    for _ in range(N):
        speaker.begin_call()
        if task == "order":
            body = speaker.say("request") + speaker.say("demand")
        else:
            label = int(rng.random() < share)
            body = speaker.say("phishing" if label else "hard" if rng.random() < hard_share else "harmless")
        opening, closing = speaker.say("opening"), speaker.say("closing")
        talk = speaker.say("small_talk", int(rng.integers(1, 4)))
        if task == "order":
            # Only now that every word is there: so none can depend on the label.
            label = int(rng.random() < share)
            body = body[::-1] if label else body
        places = np.sort(rng.integers(len(body) + 1, size=len(talk)))  # how much of the body comes before
        for k in range(len(talk))[::-1]:
            body.insert(places[k], talk[k])
        names, sentences = zip(*opening, *body, *closing, strict=True)
        own = [k for k, name in enumerate(names) if _kind(name) not in ("opening", "small_talk", "closing")]
        decisive = own[0] if task == "order" else own[-1]
        calls.append(Call(label, sentences, names, sum(map(len, sentences[: decisive + 1])), language, task))
    return calls


def encode_calls(calls: Sequence[Call], vocabulary: Vocabulary, *, per_step: bool = False) -> Batch:
    """Calls as ids side by side, with their labels.

    Parameters
    ----------
    calls : sequence of Call
    vocabulary : Vocabulary
        Best with a token for unknown words, which training has seen: ``Vocabulary.of(words, min_count=2)``.
    per_step : bool
        One target for each word, the label every time, to train a net that gives its opinion all along. Before
        `Call.decided_at` it can only guess.

    Returns
    -------
    Batch
        Ids (T, B), T words in the longest call; targets (B,), or (T, B) with `per_step`. With lengths.

    Raises
    ------
    ValueError
        For no calls; for a word that is not in a vocabulary without a token for unknown words.

    Examples
    --------
    In calls made from lines that were held out some words are new:

    >>> rng = np.random.default_rng(0)
    >>> train, test = (phone_calls(rng, 500, templates=which) for which in ("train", "test"))
    >>> known = Vocabulary.of((word for call in train for word in call.words), min_count=2)
    >>> batch = encode_calls(test, known)
    >>> batch.inputs.shape, batch.targets.shape
    ((61, 500), (500,))
    >>> unknown = batch.inputs == known.encode([known.unknown])
    >>> print(f"{unknown[batch.padding].mean():.2f}")
    0.17
    """
    if not calls:
        raise ValueError("calls must hold at least one call, got none")
    rows = []
    for k, call in enumerate(calls):
        if not isinstance(call, Call):
            raise TypeError(f"calls[{k}] must be a Call, got {type(call).__name__}")
        with check.within(f"calls[{k}]"):
            rows.append(vocabulary.encode(call.words).tolist())
    ids, lengths = pad(rows)
    labels = np.array([call.label for call in calls])
    return Batch(ids, np.repeat(labels[None], len(ids), axis=0) if per_step else labels, lengths=lengths)


class _Speaker:
    """Makes sentences out of lines, and lets them pass through the telephone."""

    def __init__(self, rng: np.random.Generator, language: str, templates: str, fold: int, noise: float):
        table = _table()
        self.rng = rng
        self.table = table[check.one_of("language", language, table)]
        check.one_of("templates", templates, ("all", "train", "test"))
        if check.count("fold", fold, 0) >= _FOLDS:
            raise ValueError(f"fold must be at most {_FOLDS - 1}, got {fold}")
        self.noise = check.number("noise", noise, 0, 1)
        self.lines = {
            kind: [
                (f"{kind}-{k}", line)
                for k, line in enumerate(self.table[kind])
                if templates == "all" or (k % _FOLDS == fold) == (templates == "test")
            ]
            for kind in _KINDS
        }

    def begin_call(self) -> None:
        """Who calls, from where, about how much: it stays the same during a call."""
        self.slots = {name: self.one(fillers) for name, fillers in self.table["slots"].items()}

    def one(self, choices: Sequence[Any]) -> Any:
        """Any of the choices, each as likely."""
        return choices[int(self.rng.integers(len(choices)))]

    def say(self, kind: str, num_lines: int = 1) -> list[tuple[str, Sentence]]:
        """The sentences of different lines, each with the name of its line."""
        chosen = self.rng.choice(len(self.lines[kind]), size=num_lines, replace=False)
        return [
            (name, self.hear(sentence.split()))
            for name, line in (self.lines[kind][k] for k in chosen)
            for sentence in line.format(**self.slots).split(" | ")
        ]

    def hear(self, words: Sequence[str]) -> Sentence:
        """What is left of the words of a sentence."""
        heard: list[str] = []
        for word in words:
            if self.rng.random() >= self.noise:
                heard.append(word)
                continue
            alike = self.alike(word)
            what = self.one(("drop", "double", "filler", "alike")[: 4 if alike else 3])
            if what == "double":
                heard += [word, word]
            elif what == "filler":
                heard += [self.one(self.table["filler"]), word]
            elif what == "alike":
                heard.append(self.one(alike))
        return tuple(heard or words)

    def alike(self, word: str) -> list[str]:
        """Words that sound like this one; a star in the table stands for any ending."""
        return [
            other + word[len(stem.removesuffix("*")) :]
            for stem, others in self.table["confusion"].items()
            if word == stem or (stem.endswith("*") and word.startswith(stem[:-1]))
            for other in others
        ]


# The kinds of lines in the table.
_KINDS = ("opening", "small_talk", "closing", "phishing", "harmless", "hard", "request", "demand")


def _kind(template: str) -> str:
    """The kind of a template's name: "demand-3" is a demand."""
    return template.rpartition("-")[0]


@cache
def _table() -> dict[str, Any]:
    """The slots, lines and noise of each language."""
    from importlib.resources import files

    return json.loads(files("rnnbook.data").joinpath("phone_calls.json").read_text("utf-8"))
