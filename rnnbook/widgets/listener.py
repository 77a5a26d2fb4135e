"""A net listens to a telephone call: after each word, how likely it is phishing; and the sentences can be moved."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import Dict, Float, Int, List, observe, validate

from rnnbook import validation as check
from rnnbook.cells import ElmanCell
from rnnbook.data.phone_calls import Call, phone_calls
from rnnbook.data.text import Vocabulary
from rnnbook.functional import overflow_is_fine, sigmoid
from rnnbook.layers import Dense, Embedding
from rnnbook.model import Sequential
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets import carried
from rnnbook.widgets.base import Widget

Array = np.ndarray

#: What a drawing can hold: calls, sentences of a call, words of a call, words that the net knows.
MAX_CALLS, MAX_LINES, MAX_WORDS, MAX_TOKENS = 12, 12, 160, 4_000
#: The ends of the threshold.
LOW, HIGH = 0.01, 0.99


class Listener(Widget):
    """Let a trained net listen to a telephone call, word by word.

    The reader picks a call and hears it word by word; after each word the net says how likely the call is phishing,
    and from a threshold on the alarm goes off.  Sentences can be moved, removed and added; a call of the task "order"
    has a twin, in which the two decisive sentences have changed places.  The page computes what `model` computes,
    with its weights rounded to a byte each.

    Parameters
    ----------
    model : Sequential
        Ids in, logits out: an Embedding or none, one Recurrent with a GRUCell, an LSTMCell or an ElmanCell, Dropout
        and Last or none, a Dense without activation and with 2 outputs, of which the second stands for phishing, or
        with 1.  A Last changes nothing here: the widget shows what the net says after every word.
    vocabulary : Vocabulary
        Of as many words as the model knows.  Without a token for unknown words, the net passes over those.
    calls : sequence of Call
        1 to 12, of at most 12 sentences.
    call : int
        The call that is heard.
    threshold : float
        From which probability on the alarm goes off, 0.01 to 0.99.
    at : int
        How many words have been heard at the beginning.

    Attributes
    ----------
    weights, calls : dict, list
        The rounded model with its words, and the calls; they cannot be changed.
    call, threshold, at
        In sync with the page.
    lines : list
        In sync with the page: the sentences in the order in which they are heard.  A number is a sentence of the
        call, a text one of the reader's own.  With another call it begins anew.

    Raises
    ------
    TypeError, ValueError
        For a model that is built otherwise, or arguments that do not fit, by name.

    Examples
    --------
    >>> from rnnbook.cells import GRUCell
    >>> rng = np.random.default_rng(0)
    >>> calls = phone_calls(rng, 2, task="order")
    >>> words = Vocabulary.of((word for call in calls for word in call.words), min_count=2)
    >>> V = len(words)
    >>> net = Sequential(
    ...     embedding=Embedding(V, 4, rng=rng), rnn=Recurrent(GRUCell(4, 8, rng=rng)), out=Dense(8, 2, rng=rng)
    ... )
    >>> listener = Listener(net, words, calls)
    >>> listener.probabilities().shape == (len(calls[0].words),)
    True
    >>> listener.lines = listener.twin()
    >>> listener.words == calls[0].twin.words, listener.label == 1 - calls[0].label
    (True, True)
    """

    name = "listener"

    weights: Dict[str, Any] = Dict(read_only=True).tag(sync=True)
    calls: List[Any] = List(read_only=True).tag(sync=True)
    call = Int(0).tag(sync=True)
    threshold = Float(0.5).tag(sync=True)
    lines: List[Any] = List().tag(sync=True)
    at = Int(0).tag(sync=True)

    def __init__(
        self,
        model: Sequential,
        vocabulary: Vocabulary,
        calls: Sequence[Call],
        *,
        call: int = 0,
        threshold: float = 0.5,
        at: int = 0,
    ):
        parts = _own_parts(model)
        tokens, unknown = _known(vocabulary, parts.sizes[0])
        sent = _sent(calls)
        super().__init__()
        self._parts = parts
        self._net: Sequential | None = None
        self.set_trait("weights", {**carried.packed(parts, tokens), "sizes": list(parts.sizes), "unknown": unknown})
        self.set_trait("calls", sent)
        self.call = check.count("call", call, 0)
        self.lines = list(range(len(sent[self.call]["sentences"])))
        self.threshold = check.number("threshold", threshold, LOW, HIGH)
        self.at = check.count("at", at, 0)

    # The kernel may set these at any time; the page checks its own side.
    @validate("call")
    def _one_call(self, proposal: Any) -> int:
        return int(check.number("call", proposal["value"], 0, max(len(self.calls) - 1, 0)))

    @validate("threshold")
    def _between(self, proposal: Any) -> float:
        return check.number("threshold", proposal["value"], LOW, HIGH)

    @validate("lines")
    def _sentences(self, proposal: Any) -> list[int | str]:
        lines, found = proposal["value"], self.calls[self.call]["sentences"]
        if not 1 <= len(lines) <= MAX_LINES:
            raise ValueError(f"lines must be 1 to {MAX_LINES} sentences, got {len(lines)}")
        own = [line for line in lines if not isinstance(line, str)]
        for line in own:
            check.number("lines", check.count("lines", line, 0), 0, len(found) - 1)
        if len(set(own)) < len(own):
            raise ValueError(f"lines must hold each sentence of the call once at most, got {lines}")
        if any(isinstance(line, str) and not line.split() for line in lines):
            raise ValueError("lines must hold sentences of a word or more, got one without")
        size = sum(len(words) for words in self._words_of(lines))
        if size > MAX_WORDS:
            raise ValueError(f"lines must have at most {MAX_WORDS} words, got {size}")
        return [line if isinstance(line, str) else int(line) for line in lines]

    @validate("at")
    def _heard(self, proposal: Any) -> int:
        return int(check.number("at", proposal["value"], 0, MAX_WORDS))

    @observe("call")
    def _begin_anew(self, change: Any) -> None:
        self.lines = list(range(len(self.calls[change["new"]]["sentences"])))
        self.at = 0

    def _words_of(self, lines: Sequence[int | str]) -> list[list[str]]:
        sentences = self.calls[self.call]["sentences"]
        return [line.split() if isinstance(line, str) else sentences[line] for line in lines]

    @property
    def sentences(self) -> list[list[str]]:
        """The words of each sentence, in the order in which they are heard now."""
        return self._words_of(self.lines)

    @property
    def words(self) -> tuple[str, ...]:
        """All words, in the order in which they are heard now."""
        return tuple(word for sentence in self.sentences for word in sentence)

    @property
    def decided_at(self) -> int | None:
        """After how many words everything decisive has been said, as `Call.decided_at` counts it.

        None if the reader's changes have taken away or added what decides.
        """
        return _decided(self.calls[self.call], self.lines)[0]

    @property
    def label(self) -> int | None:
        """1 for phishing, 0 for harmless; None if nobody knows, because of the reader's changes."""
        return _decided(self.calls[self.call], self.lines)[1]

    @property
    def num_parameters(self) -> int:
        """How many numbers the net has; each is a byte in the page."""
        return self._parts.num_parameters

    def twin(self) -> list[int | str]:
        """Give the lines with the two decisive sentences exchanged.

        Raises
        ------
        ValueError
            If the call is not of the task "order", or has lost one of the two.
        """
        found = self.calls[self.call]
        if found["task"] != "order":
            raise ValueError("call must be one of the task 'order' to have a twin, got 'keywords'")
        one, other = found["decisive"]
        if not {one, other} <= {line for line in self.lines if not isinstance(line, str)}:
            raise ValueError(f"lines must hold both decisive sentences, {one} and {other}, got {self.lines}")
        return [{one: other, other: one}.get(line, line) if isinstance(line, int) else line for line in self.lines]

    def model(self) -> Sequential:
        """Give the model that the page runs: with rounded weights, in float64.

        Returns
        -------
        Sequential
            Layers `embedding` (if there is one), `rnn` and `out`: ids (T, B) in, logits (T, B, O) out.
        """
        if self._net is None:
            self._net = self._parts.model(np.float64)
        return self._net

    def probabilities(self, words: Sequence[str] | None = None) -> Array:
        """Compute how likely the call is phishing after each word.

        Parameters
        ----------
        words : sequence of str, optional
            By default those of the call as it stands.

        Returns
        -------
        float64 array (T,)
            For a word that the net passes over, the value is that of the word before.
        """
        if isinstance(words, str):
            raise TypeError("words must be a sequence of words, got one string: split it")
        ids = self._ids(self.words if words is None else words)
        net = self.model()
        with overflow_is_fine():
            states = net.layers["out"](np.zeros((1, 1, self._parts.sizes[2])))[:, 0]
            if heard := [k for k in ids if k is not None]:
                states = np.concatenate([states, net(np.array(heard)[:, None])[0][:, 0]])
            p = sigmoid(states[:, 1] - states[:, 0] if states.shape[1] == 2 else states[:, 0].copy())
        found: Array = p[np.cumsum([k is not None for k in ids], dtype=int)]
        return found

    def alarm(self, words: Sequence[str] | None = None) -> int | None:
        """After how many words the alarm goes off first; None if it never does.

        Parameters
        ----------
        words : sequence of str, optional
            By default those of the call as it stands.
        """
        rings = np.flatnonzero(self.probabilities(words) >= self.threshold)
        return int(rings[0]) + 1 if len(rings) else None

    def _ids(self, words: Sequence[str]) -> list[int | None]:
        known = {word: k for k, word in enumerate(self.weights["tokens"])}
        return [known.get(word, self.weights["unknown"]) for word in words]

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        english, words, calls = _first_come("en")
        korean, more, others = _first_come("ko")
        twin = cls(english, words, calls, at=len(calls[0].words))
        twin.lines = twin.twin()
        own = cls(korean, more, others, threshold=0.7)
        own.lines = [0, "엄마 나야 문자 인증번호 불러 주세요", *range(1, len(others[0].sentences))]
        own.at = 9
        return {
            "Half heard": cls(english, words, calls, call=1, at=24),
            "The twin of a call": twin,
            "A Korean call with a sentence of one's own": own,
        }


# -- what is sent


def _own_parts(model: Any) -> carried.Parts:
    parts = carried.parts(model, last=True)
    if parts.sizes[3] not in (1, 2):
        raise ValueError(f"model must have 1 or 2 outputs, harmless and phishing, got {parts.sizes[3]}")
    return parts


def _known(vocabulary: Any, V: int) -> tuple[list[str], int | None]:
    """The words of the net, and the id of the token for others."""
    if not isinstance(vocabulary, Vocabulary):
        raise TypeError(f"vocabulary must be a Vocabulary, got {vocabulary!r}")
    if len(vocabulary) != V:
        raise ValueError(f"vocabulary must have {V} words, as many as the model, got {len(vocabulary)}")
    if not 2 <= V <= MAX_TOKENS:
        raise ValueError(f"vocabulary must have 2 to {MAX_TOKENS} words, got {V}")
    unknown = vocabulary.unknown
    return list(vocabulary.tokens), None if unknown is None else vocabulary.tokens.index(unknown)


def _sent(calls: Any) -> list[dict[str, Any]]:
    """Calls as plain JSON; `decisive` are the places of the sentences that decide."""
    if isinstance(calls, Call) or not isinstance(calls, Sequence):
        raise TypeError(f"calls must be a sequence of Call, got {type(calls).__name__}")
    if not 1 <= len(calls) <= MAX_CALLS:
        raise ValueError(f"calls must be 1 to {MAX_CALLS}, got {len(calls)}")
    sent = []
    for k, call in enumerate(calls):
        if not isinstance(call, Call):
            raise TypeError(f"calls[{k}] must be a Call, got {type(call).__name__}")
        if not 1 <= len(call.sentences) <= MAX_LINES or len(call.words) > MAX_WORDS or not all(call.sentences):
            raise ValueError(
                f"calls[{k}] must have 1 to {MAX_LINES} sentences of a word or more, and at most {MAX_WORDS} words, "
                f"got {len(call.sentences)} and {len(call.words)}"
            )
        kinds = [name.rpartition("-")[0] for name in call.templates]
        wanted = ("request", "demand") if call.task == "order" else ("phishing", "harmless", "hard")
        decisive = [j for j, kind in enumerate(kinds) if kind in wanted]
        found = {
            "label": int(call.label),
            "language": call.language,
            "task": call.task,
            "sentences": [list(sentence) for sentence in call.sentences],
            "decisive": decisive,
        }
        if len(kinds) != len(call.sentences) or _decided(found, range(len(kinds))) != (call.decided_at, call.label):
            raise ValueError(f"calls[{k}] must have templates that tell its decided_at, as phone_calls makes them")
        sent.append(found)
    return sent


def _decided(call: dict[str, Any], lines: Sequence[int | str]) -> tuple[int | None, int | None]:
    """When the call is decided, and what it is; both None if nobody knows after the reader's changes."""
    places = [lines.index(j) if j in lines else -1 for j in call["decisive"]]
    if not places or -1 in places or any(isinstance(line, str) for line in lines):
        return None, None
    # Of a request and a demand the first decides; of several sentences with the words of a task, the last one.
    order = call["task"] == "order"
    place = min(places) if order else max(places)
    at = sum(len(call["sentences"][int(line)]) for line in lines[: place + 1])
    turned = order and (places[0] > places[1])
    return at, 1 - call["label"] if turned else call["label"]


# -- for the gallery


def _first_come(language: str) -> tuple[Sequential, Vocabulary, list[Call]]:
    """A net set by counts of words: of two units, one for demands and one for requests, the first to wake up wins."""
    many = phone_calls(np.random.default_rng(0), 150, task="order", language=language)
    vocabulary = Vocabulary.of((word for call in many for word in call.words), min_count=2)
    counts = np.zeros((len(vocabulary), 3))
    for call in many:
        for sentence, template in zip(call.sentences, call.templates, strict=True):
            kind = {"demand": 0, "request": 1}.get(template.rpartition("-")[0], 2)
            counts[:, kind] += np.bincount(vocabulary.encode(sentence), minlength=len(vocabulary))
    shares = counts[:, :2] / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    E = np.clip(shares - shares[:, ::-1], 0, 1)
    E[0] = 0
    cell = ElmanCell(
        2,
        2,
        activation="sigmoid",
        params={"W": 5.0 * np.eye(2), "U": np.array([[7.0, -7.0], [-7.0, 7.0]]), "b": np.full(2, -4.2)},
    )
    net = Sequential(
        embedding=Embedding(len(vocabulary), 2, params={"E": E}),
        rnn=Recurrent(cell),
        out=Dense(2, 1, params={"W": np.array([[5.0, -4.0]]), "b": np.full(1, -1.0)}),
    )
    return net, vocabulary, phone_calls(np.random.default_rng(4), 4, task="order", language=language)


# -- without scripts


def curve(values: Array, left: float, top: float, wide: float, tall: float) -> str:
    """Give the path of probabilities over words: each word's value stands in the middle of its column.

    Examples
    --------
    >>> curve(np.array([0.0, 1.0]), 0, 0, 100, 10)
    'M25.0 10.0L75.0 0.0'
    """
    column = wide / max(len(values), 1)
    return "".join(
        f"{'L' if t else 'M'}{left + (t + 0.5) * column:.1f} {top + (1 - p) * tall:.1f}" for t, p in enumerate(values)
    )


def _picture(listener: Listener) -> str:
    """Draw the call, sentence by sentence, and the whole curve."""
    call, words = listener.calls[listener.call], listener.words
    p, alarm, decided, label = listener.probabilities(), listener.alarm(), listener.decided_at, listener.label
    known = set(listener.weights["tokens"])
    rows, heard = "", 0
    for sentence in listener.sentences:
        said = []
        for word in sentence:
            heard += 1
            text = html.escape(word)
            text = text if word in known else f"<u>{text}</u>"
            said.append(f"<b>{text}</b>" if heard == alarm else text)
        rows += f"<li>{' '.join(said)}</li>"
    left, top, wide, tall = 40, 40, 650, 140
    x = lambda n: left + (n - 0.5) * wide / len(words)  # noqa: E731
    y = lambda v: top + (1 - v) * tall  # noqa: E731
    out = [f'<path class="l" d="M{left} {y(0)}H{left + wide}"/><text x="{left}" y="{top + tall + 18}">1</text>']
    out.append(f'<text x="{left + wide}" y="{top + tall + 18}" class="e">{len(words)} words</text>')
    out += [f'<text x="30" y="{y(v) + 4}" class="e">{v}</text>' for v in (0, 1)]
    level = y(listener.threshold)
    out.append(f'<path class="d" d="M{left} {level:.1f}H{left + wide}"/>')
    marks = []
    if decided is not None:
        marks.append((decided, 12, "the decisive words have been said"))
    if alarm is not None:
        marks.append((alarm, 28, f"alarm at “{words[alarm - 1]}”"))
    for at, base, text in marks:
        end, end_at = (' class="e"', -6) if x(at) > left + wide / 2 else ("", 6)
        out.append(f'<path class="m" d="M{x(at):.1f} {base - 9}V{y(0)}"/>')
        out.append(f'<text x="{x(at) + end_at:.1f}" y="{base}"{end}>{html.escape(text)}</text>')
    out.append(f'<path class="c" d="{curve(p, left, top, wide, tall)}"/>')
    rang = "never goes off" if alarm is None else f"goes off at word {alarm}, “{words[alarm - 1]}”"
    truth = "" if label is None else f"In truth the call is {'phishing' if label else 'harmless'}."
    told = (
        f"P(phishing) after each word: {number(p[-1])} after the last of {len(words)} words. With the threshold "
        f"{number(listener.threshold)} the alarm {rang}. {truth}"
    ).strip()
    style = (
        "<style>.rb-listen ol{margin:0 0 12px;padding-left:28px}.rb-listen u{text-decoration-style:dotted}"
        ".rb-listen text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}.rb-listen .e{text-anchor:end}"
        ".rb-listen path{fill:none;stroke:var(--gs-faint,currentColor)}.rb-listen .d{stroke-dasharray:5 4}"
        ".rb-listen .m{stroke-dasharray:2 3}.rb-listen .c{stroke:var(--gs-ink,currentColor);stroke-width:2}</style>"
    )
    return (
        f'<figure class="rb-figure rb-listen">{style}<ol lang="{call["language"]}">{rows}</ol>'
        f'<svg viewBox="0 0 700 {top + tall + 24}" role="img" aria-label="{html.escape(told)}" '
        f'style="width:100%;max-width:720px;height:auto">{"".join(out)}</svg>'
        f"<figcaption>{html.escape(told)}</figcaption></figure>"
    )
