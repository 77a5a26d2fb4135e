"""A character model that runs in the page: type a beginning, see what it expects, let it write on."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from traitlets import Any as AnyTrait
from traitlets import Dict, Float, Int, List, Unicode, validate

from rnnbook import files
from rnnbook import validation as check
from rnnbook.cells import ElmanCell, LSTMCell
from rnnbook.data import Vocabulary
from rnnbook.layers import Dense, Embedding
from rnnbook.model import Sequential
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.sampling import next_probabilities
from rnnbook.widgets import carried
from rnnbook.widgets.base import Widget
from rnnbook.widgets.carried import Parts

Array = np.ndarray

#: What is read by `Writer.load`.
KIND = "character model"

#: What a page can hold: characters of the alphabet and of the text.
MAX_TOKENS, MAX_TEXT = 256, 2_000
#: The ends of the temperature, the largest seed, the k's to choose from, how many bars stand alone.
COLD, HOT, MAX_SEED, TOP_K, BARS = 0.2, 1.5, 9_999, (40, 10, 3, 1), 8


class Writer(Widget):
    """Let a trained character model write in the page.

    The reader types a beginning, sees the probabilities of the next character and all hidden units, looks at one unit
    along the text, and lets the model write.  The page computes what `model` computes, within 1e-5: the weights, a
    byte each, are in it.

    What is drawn for the k-th written character depends on the seed and on k alone: `draw`.  The same beginning, seed
    and settings write the same text, here and in the page.

    Parameters
    ----------
    model : Sequential
        Ids in, logits out: an Embedding or none, one Recurrent with a GRUCell, an LSTMCell or an ElmanCell, Dropout or
        none, a Dense without activation.  At most 256 hidden units and 240,000 parameters.
    vocabulary : Vocabulary
        Of single characters, as many as the model knows.
    text : str
        The beginning.  Characters that the model does not know are left out when it reads.
    about : str
        Plain words below the figure: what the model has read, and what to expect of it.
    temperature : float
        From 0.2 to 1.5.
    top_k : int, optional
        Only the k likeliest characters may come; by default all.
    seed : int
        From 0 to 9999.
    unit : int, optional
        The hidden unit whose values colour the text.
    units : mapping from str to int, optional
        Units with a name, to choose from.

    Attributes
    ----------
    weights : dict
        The rounded model and its alphabet; it cannot be changed.
    text, written, temperature, top_k, seed, unit
        In sync with the page.  The last `written` characters of the text are the model's.
    about, named
        Texts of the page.

    Raises
    ------
    TypeError, ValueError
        For a model that is built otherwise, or arguments that do not fit, by name.

    Examples
    --------
    >>> from rnnbook.cells import GRUCell
    >>> rng = np.random.default_rng(0)
    >>> letters = Vocabulary.of("hello")
    >>> net = Sequential(rnn=Recurrent(GRUCell(4, 8, rng=rng)), out=Dense(8, 4, rng=rng))
    >>> writer = Writer(net, letters, text="hell")
    >>> writer.probabilities().shape
    (4,)
    >>> writer.write(5) == writer.write(5)
    True
    """

    name = "writer"

    weights: Dict[str, Any] = Dict(read_only=True).tag(sync=True)
    about = Unicode("").tag(sync=True)
    named: List[Any] = List().tag(sync=True)
    text = Unicode("").tag(sync=True)
    written = Int(0).tag(sync=True)
    temperature = Float(0.8).tag(sync=True)
    top_k: AnyTrait = AnyTrait(None, allow_none=True).tag(sync=True)
    seed = Int(0).tag(sync=True)
    unit: AnyTrait = AnyTrait(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        model: Sequential,
        vocabulary: Vocabulary,
        *,
        text: str = "",
        about: str = "",
        temperature: float = 0.8,
        top_k: int | None = None,
        seed: int = 0,
        unit: int | None = None,
        units: Mapping[str, int] | None = None,
    ):
        parts = model if isinstance(model, Parts) else _own_parts(model)
        super().__init__()
        self._parts = parts
        self._model: dict[str, Sequential] = {}
        self._heard: tuple[Array, Any] | None = None
        self.set_trait("weights", carried.packed(parts, _alphabet(vocabulary, parts.sizes[0])))
        if units is not None and not isinstance(units, Mapping):
            raise TypeError(f"units must be a mapping from names to units, got {units!r}")
        for label, given in {"text": text, "about": about, **{f"units[{k!r}]": k for k in units or ()}}.items():
            if not isinstance(given, str):
                raise TypeError(f"{label} must be a text, got {given!r}")
        self.about = about
        self.named = [[label, self._one("units", at)] for label, at in (units or {}).items()]
        self.text = text
        self.temperature = check.number("temperature", temperature, COLD, HOT)
        self.top_k = top_k
        self.seed = check.count("seed", seed, 0)
        self.unit = unit

    @classmethod
    def load(cls, path: str | os.PathLike, *, about: str | None = None, **options: Any) -> Writer:
        """Read a file of rounded weights, and make the widget of it.

        Parameters
        ----------
        path : path
            A file that `rnnbook.files` wrote, of the kind "character model": for each parameter `<name>.whole` and
            `<name>.scale`, and the tokens in its header.  `scripts/train_shakespeare.py` makes one.
        about : str, optional
            By default what the header says of the text and of the bits for each character.
        **options
            As for the class.

        Returns
        -------
        Writer

        Raises
        ------
        OSError
            If there is no such file.
        ValueError, TypeError
            If it does not hold a model that can be shown.
        """
        header, arrays = files.read(path, KIND)
        tokens = header.get("tokens")
        if not isinstance(tokens, list):
            raise ValueError(f"{os.fspath(path)} must have the characters in its header, got {tokens!r}")
        parts = carried.from_file(arrays, str(header.get("activation", "tanh")), path)
        return cls(parts, Vocabulary(tokens), about=_told(header) if about is None else about, **options)  # type: ignore[arg-type]

    # The kernel may set these at any time; the page checks its own side.
    @validate("text")
    def _short(self, proposal: Any) -> str:
        text = proposal["value"]
        if len(text) > MAX_TEXT:
            raise ValueError(f"text must have at most {MAX_TEXT} characters, got {len(text)}")
        if any(ord(letter) > 0xFFFF for letter in text):
            raise ValueError("text must hold characters up to U+FFFF alone: the page counts others twice")
        return text

    @validate("temperature")
    def _warm(self, proposal: Any) -> float:
        return check.number("temperature", proposal["value"], COLD, HOT)

    @validate("seed", "written")
    def _whole(self, proposal: Any) -> int:
        name = proposal["trait"].name
        return int(check.number(name, proposal["value"], 0, MAX_SEED if name == "seed" else MAX_TEXT))

    @validate("top_k")
    def _likeliest(self, proposal: Any) -> int | None:
        if proposal["value"] is None:
            return None
        k, V = check.count("top_k", proposal["value"]), len(self.tokens)
        if k > V:
            raise ValueError(f"top_k must be at most {V}, the number of characters, got {k}")
        return k

    @validate("unit")
    def _chosen(self, proposal: Any) -> int | None:
        return None if proposal["value"] is None else self._one("unit", proposal["value"])

    def _one(self, name: str, unit: Any) -> int:
        check.count(name, unit, 0)
        return int(check.number(name, unit, 0, self.hidden_size - 1))

    @property
    def tokens(self) -> str:
        """The characters that the model knows, in the order of their ids."""
        return self.weights["tokens"]

    @property
    def hidden_size(self) -> int:
        """H, the number of hidden units."""
        return self._parts.sizes[2]

    @property
    def num_parameters(self) -> int:
        """How many numbers the model has; each is a byte in the page."""
        return self._parts.num_parameters

    def model(self, dtype: Any = np.float32) -> Sequential:
        """Give the model that the page runs: with rounded weights.

        Parameters
        ----------
        dtype : {float32, float64}
            Of its arithmetic; the weights are the same.

        Returns
        -------
        Sequential
            Layers `embedding` (if there is one), `rnn` and `out`.
        """
        dtype = check.float_dtype("dtype", dtype)
        if dtype.name not in self._model:
            self._model[dtype.name] = self._parts.model(dtype)
        return self._model[dtype.name]

    def ids(self, text: str | None = None) -> Array:
        """Give the ids of the characters of a text that the model knows.

        Parameters
        ----------
        text : str, optional
            By default the widget's.

        Returns
        -------
        int array (T,)
        """
        known = {letter: k for k, letter in enumerate(self.tokens)}
        return np.array([known[letter] for letter in (self.text if text is None else text) if letter in known], int)

    def probabilities(self, text: str | None = None) -> Array:
        """Compute the probabilities of the next character, after temperature and top-k.

        Parameters
        ----------
        text : str, optional
            What has been read; by default the widget's text.  If that is nothing, they come from a state of zeros.

        Returns
        -------
        float64 array (V,)
        """
        logits, _ = self._read(self.ids(text))
        return next_probabilities(logits, temperature=self.temperature, top_k=self.top_k)

    def write(self, num_steps: int) -> str:
        """Give what the page would write after the text, with this seed and these settings.

        Parameters
        ----------
        num_steps : int
            How many characters.

        Returns
        -------
        str
        """
        logits, state = self._read(self.ids())
        said = ""
        for k in range(check.count("num_steps", num_steps)):
            upto = np.cumsum(next_probabilities(logits, temperature=self.temperature, top_k=self.top_k))
            drawn = int((upto <= draw(self.seed, self._own() + k) * upto[-1]).sum())
            said += self.tokens[drawn]
            logits, state = self._read(np.array([drawn]), state)
        return said

    def _read(self, x: Array, state: Any = None) -> tuple[Array, Any]:
        """Logits (V,) after the ids x, and the state; after none, what the last layer says to zeros."""
        model = self.model(np.float64)
        if not len(x):
            return model.layers["out"](np.zeros(self.hidden_size)), None
        logits, state = model(x[:, None], state=state)
        return logits[-1, 0], state

    def _own(self) -> int:
        """How many characters at the end of the text are the model's."""
        return min(self.written, len(self.text))

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        net, letters = _counting()
        about = "It has read nothing: its weights were set by hand."
        rng = np.random.default_rng(1)
        abc = Vocabulary.of("abcdefghij klmnopqrstuvwxyz.\n")
        V = len(abc)
        memory = Sequential(
            embedding=Embedding(V, 6, rng=rng),
            rnn=Recurrent(LSTMCell(6, 96, rng=rng)),
            out=Dense(96, V, rng=rng),
        )
        one = cls(net, letters, text="hear ", about=about, seed=3, units={"counts letters of a word": 0})
        one.text, one.written = "hear " + (said := one.write(48)), len(said)
        return {
            "It has written": one,
            "A unit along the text": cls(net, letters, text="a sea\nhe heard", about=about, unit=1),
            "An LSTM that has not learned": cls(
                memory, abc, text="once upon a time 9", about="Its weights are random.", temperature=0.5, top_k=10
            ),
            "Nothing yet": cls(net, letters, top_k=3),
        }


def draw(seed: int, k: int) -> float:
    """Draw the k-th number of a seed, from 0 to 1: the k-th output of the generator mulberry32.

    It is computed from the seed and k alone, in Python and in the page alike, so that a character that is taken back
    and written again is the same.

    Parameters
    ----------
    seed, k : int

    Returns
    -------
    float

    Examples
    --------
    >>> [round(draw(7, k), 3) for k in range(4)]
    [0.012, 0.062, 0.977, 0.699]
    """
    every = 0xFFFFFFFF
    a = (seed + (k + 1) * 0x6D2B79F5) & every
    b = ((a ^ a >> 15) * (a | 1)) & every
    b ^= (b + (b ^ b >> 7) * (b | 61)) & every
    return (b ^ b >> 14) / 2**32


# -- the model


def _alphabet(vocabulary: Any, V: int) -> str:
    if not isinstance(vocabulary, Vocabulary):
        raise TypeError(f"vocabulary must be a Vocabulary, got {vocabulary!r}")
    wrong = next((token for token in vocabulary.tokens if len(token) != 1 or ord(token) > 0xFFFF), None)
    if wrong is not None:
        raise ValueError(f"vocabulary must hold single characters up to U+FFFF, got {wrong!r}")
    if len(vocabulary) != V:
        raise ValueError(f"vocabulary must have {V} characters, as many as the model, got {len(vocabulary)}")
    if not 2 <= V <= MAX_TOKENS:
        raise ValueError(f"vocabulary must have 2 to {MAX_TOKENS} characters, got {V}")
    return "".join(vocabulary.tokens)


def _own_parts(model: Any) -> Parts:
    """Round the model, if it is one that the page can run, and writes what it reads."""
    parts = carried.parts(model)
    if parts.sizes[0] != parts.sizes[3]:
        reads, writes = parts.sizes[0], parts.sizes[3]
        raise ValueError(f"model must read the characters that it writes, got {reads} in and {writes} out")
    return parts


def _told(header: Mapping[str, Any]) -> str:
    """What a file says of itself, in a sentence or two."""
    text, bits = header.get("text"), header.get("bits")
    said = []
    if isinstance(text, Mapping) and {"name", "characters"} <= text.keys():
        said.append(f"It has read nine tenths of {text['name']}: of {text['characters']:,} characters.")
    if isinstance(bits, Mapping) and "held out" in bits:
        said.append(f"In text that it has not read, a character costs it {bits['held out']:.2f} bits.")
    return " ".join([*said, "What it writes looks like that text, and has no meaning."])


# -- for the gallery


def _counting() -> tuple[Sequential, Vocabulary]:
    """A small model with weights set by hand and a little noise, which writes letters that follow each other."""
    letters = Vocabulary.of("\n adehrs")
    V, H = len(letters), 24
    rng = np.random.default_rng(0)
    sample = "he reads a shared sea hare\nshe heard her dad\nhe had ears\na sad hare had shed hair\n"
    W, U = 0.5 * rng.standard_normal((H, V)), 0.3 * rng.standard_normal((H, H))
    space, end = letters.encode(" \n")
    W[0], U[0], U[0, 0] = 0.25, 0, 1.0  # counts letters; a space sets it back
    W[0, [space, end]] = -2
    W[1], U[1], U[1, 1] = 0.06, 0, 1.0  # fills up along a line
    W[1, end] = -3
    W[2 : 2 + V] = 2 * np.eye(V) - 0.7  # one for each letter
    U[2 : 2 + V] *= 0.1
    follows = np.full((V, V), 0.05)
    known = [letter for letter in sample if letter in letters.tokens]
    for one, other in zip(letters.encode(known), letters.encode(known[1:]), strict=False):
        follows[other, one] += 1
    out = 0.1 * rng.standard_normal((V, H))
    out[:, 2 : 2 + V] = np.log(follows / follows.sum(axis=0)) / 1.9
    out[space, 0] += 2.5
    out[end, 1] += 3.0
    cell = ElmanCell(V, H, params={"W": W, "U": U, "b": np.zeros(H)})
    return Sequential(rnn=Recurrent(cell), out=Dense(H, V, params={"W": out, "b": np.zeros(V)})), letters


# -- without scripts


def shown(letter: str) -> str:
    r"""Give a character as it is drawn: a space and the end of a line have signs.

    Parameters
    ----------
    letter : str

    Returns
    -------
    str

    Examples
    --------
    >>> shown("a"), shown(" "), shown("\n")
    ('a', '␣', '↵')
    """
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(letter, letter)


def _picture(writer: Writer) -> str:
    """Draw the beginning, what follows it, and the bars after the last character."""
    own, begun = writer._own(), writer.text[: len(writer.text) - writer._own()]
    said = writer.text[len(begun) :]
    if not own:
        said = writer.write(160)
    count = f"{writer.num_parameters:,} weights, {writer.hidden_size} hidden units. {writer.about}".strip()
    style = (
        "<style>.rb-writer pre{font:17px/1.5 'STIX Two Text',Cambria,'Times New Roman',serif;white-space:pre-wrap;"
        "background:none;border:0;padding:0;color:inherit;overflow-wrap:anywhere}"
        ".rb-writer u{text-underline-offset:4px}.rb-writer text{font:14px system-ui,sans-serif;"
        "fill:var(--gs-ink,currentColor)}.rb-writer .q{fill:var(--gs-mute,currentColor)}"
        ".rb-writer .b{fill:var(--gs-ink,currentColor)}.rb-writer .r{fill:none;stroke:var(--gs-faint,currentColor)}"
        "</style>"
    )
    letters = f"<pre><u>{html.escape(begun)}</u>{html.escape(said)}</pre>"
    p = writer.probabilities(begun + said)
    best = [int(k) for k in np.argsort(-p, kind="stable")[:BARS]]
    rows = [(shown(writer.tokens[k]), float(p[k]), "b") for k in best]
    if len(p) > len(best):
        rows.append((f"{len(p) - len(best)} others", max(1 - float(p[best].sum()), 0.0), "r"))
    bars = ""
    for j, (label, share, look) in enumerate(rows):
        y = 24 * j
        bars += (
            f'<text x="80" y="{y + 16}" text-anchor="end" class="{"l" if look == "b" else "q"}">{html.escape(label)}'
            f'</text><rect x="92" y="{y + 4.5}" width="{max(240 * share, 0.8):.1f}" height="14" class="{look}"/>'
            f'<text x="{100 + 240 * share:.0f}" y="{y + 16}" class="q">{number(share)}</text>'
        )
    alt = "The next character: " + ", ".join(f"{label} {number(share)}" for label, share, _ in rows) + "."
    bars = (
        f'<svg viewBox="0 0 400 {24 * len(rows) + 4}" role="img" aria-label="{html.escape(alt)}" '
        f'style="width:100%;max-width:400px;height:auto">{bars}</svg>'
    )
    line = f"Underlined, the beginning; then what the model writes with seed {writer.seed}. Below, what may come next."
    return (
        f'<figure class="rb-figure rb-writer">{style}{letters}{bars}'
        f"<figcaption>{html.escape(line)} {html.escape(count)}</figcaption></figure>"
    )
