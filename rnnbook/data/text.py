"""Text as ids: vocabularies, streams to read with carried state, and a corpus that every Python brings along."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch

Array = np.ndarray


def words(text: str) -> list[str]:
    """The words and the punctuation marks of a text, in order; white space is dropped.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> words("You say goodbye, and I don't.")
    ['You', 'say', 'goodbye', ',', 'and', 'I', "don't", '.']
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text)


class Vocabulary:
    """Tokens and their ids: characters, words, or whatever a text is cut into.

    Parameters
    ----------
    tokens : sequence of str
        All different; a token's id is its place.
    unknown : str, optional
        One of `tokens`, which stands for all that are not among them. Without it an unknown token is an error.

    Examples
    --------
    >>> letters = Vocabulary.of("hello")
    >>> letters.tokens, letters.encode("hole"), letters.decode([0, 1, 2])
    (('e', 'h', 'l', 'o'), array([1, 3, 2, 0]), ['e', 'h', 'l'])
    """

    def __init__(self, tokens: Sequence[str], *, unknown: str | None = None):
        self.tokens = tuple(tokens)
        wrong = next((t for t in self.tokens if not isinstance(t, str)), None)
        if not self.tokens or wrong is not None:
            got = "none" if not self.tokens else repr(wrong)
            raise TypeError(f"tokens must be one string or more, got {got}")
        self._ids = {token: k for k, token in enumerate(self.tokens)}
        if len(self._ids) < len(self.tokens):
            twice = Counter(self.tokens).most_common(1)[0][0]
            raise ValueError(f"tokens must all be different, got {twice!r} twice")
        if not (unknown is None or unknown in self._ids):
            raise ValueError(f"unknown must be one of the tokens, got {unknown!r}")
        self.unknown = unknown

    @classmethod
    def of(cls, tokens: Iterable[str], *, min_count: int = 1, unknown: str = "<unknown>") -> Vocabulary:
        """The vocabulary of a text: a string, for its characters, or its words; in the order of the alphabet.

        Parameters
        ----------
        tokens : iterable of str
        min_count : int
            A token that comes less often becomes `unknown`, whose id is then 0.
        unknown : str
            Used only with min_count above 1.

        Examples
        --------
        >>> Vocabulary.of(words("to be or not to be"), min_count=2).tokens
        ('<unknown>', 'be', 'to')
        """
        counts = Counter(tokens)
        kept = sorted(token for token, n in counts.items() if n >= check.count("min_count", min_count))
        if min_count == 1:
            return cls(kept)
        return cls([unknown, *(token for token in kept if token != unknown)], unknown=unknown)

    def __len__(self) -> int:
        """How many tokens there are: V."""
        return len(self.tokens)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.tokens[:5]))
        return f"<Vocabulary of {len(self)}: {shown}{', …' if len(self) > 5 else ''}>"

    def encode(self, tokens: Iterable[str]) -> Array:
        """The ids (N,) of tokens; of the characters, if it is given a string.

        Raises
        ------
        ValueError
            For a token that is not in the vocabulary; it says which, and where it stands.
        """
        default = -1 if self.unknown is None else self._ids[self.unknown]
        given = list(tokens)
        ids = np.array([self._ids.get(token, default) for token in given], int)
        if (ids < 0).any():
            place = int((ids < 0).argmax())
            raise ValueError(f"tokens must be in the vocabulary, got {given[place]!r} at {place}")
        return ids

    def decode(self, ids: Any) -> list[str]:
        """The tokens of ids (N,); join them as the text needs it."""
        return [self.tokens[i] for i in check.ids("ids", ids, ("N",), len(self))]


def streams(ids: Any, *, batch_size: int) -> Batch:
    """A text cut into `batch_size` long pieces that are read side by side, to predict each token from those before.

    For `Trainer(…, truncate=K)`: row t + 1 goes on where row t stopped, so the state can be carried from window to
    window. At most batch_size tokens at the end are left out.

    Parameters
    ----------
    ids : int array (N,)
    batch_size : int
        At most N - 1.

    Returns
    -------
    Batch
        Ids (T, batch_size), T = (N - 1) // batch_size, and the ids that follow them.

    Examples
    --------
    >>> streams(np.arange(8), batch_size=2).inputs.T
    array([[0, 1, 2],
           [3, 4, 5]])
    >>> streams(np.arange(8), batch_size=2).targets.T
    array([[1, 2, 3],
           [4, 5, 6]])
    """
    a = check.shape("ids", check.array("ids", ids), ("N",))
    if a.dtype.kind not in "iu":
        raise TypeError(f"ids must be integers, got dtype {a.dtype}")
    B = check.count("batch_size", batch_size)
    T = (len(a) - 1) // B
    if T < 1:
        raise ValueError(f"ids must hold more than batch_size = {B}, got {len(a)}")
    return Batch(a[: T * B].reshape(B, T).T, a[1 : T * B + 1].reshape(B, T).T)


def python_documentation() -> str:
    """The reference texts that ``help("assert")`` shows: English and code, some 460,000 characters.

    They come with Python, so nothing is downloaded, and differ a little from version to version. Where an
    installation lacks them, the docstrings of the built-in functions and types take their place, some tens of
    thousands of characters.

    Examples
    --------
    >>> len(python_documentation()) > 50_000
    True
    """
    try:
        from pydoc_data.topics import topics
    except ModuleNotFoundError:
        return _docstrings()
    return "\n".join(topics[name] for name in sorted(topics))


def _docstrings() -> str:
    """What built-in functions, types and their methods say about themselves."""
    import builtins

    texts: dict[str, None] = {}  # in order, each once
    for name in sorted(vars(builtins)):
        thing = getattr(builtins, name)
        parts = [thing, *(vars(thing)[k] for k in sorted(vars(thing)))] if isinstance(thing, type) else [thing]
        texts.update((part.__doc__, None) for part in parts if isinstance(getattr(part, "__doc__", None), str))
    return "\n\n".join(texts)
