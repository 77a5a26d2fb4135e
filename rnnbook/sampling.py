"""Sampling from a language model, one symbol at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnbook import validation as check
from rnnbook.functional import softmax
from rnnbook.model import Sequential

Array = np.ndarray


def next_probabilities(
    logits: Array, *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Array:
    """Probabilities of the next symbol.

    Parameters
    ----------
    logits : float array (..., V)
    temperature : float
        Divides the logits.  Below 1 the likely grows likelier; towards 0 only the likeliest is left, and 0 means that.
    top_k : int, optional
        Keep the k likeliest alone; of equal ones those with the lower id.
    top_p : float, optional
        Keep the fewest likeliest whose probabilities reach p :cite:p:`Holtzman2020`; after `top_k`, if both are given.

    Returns
    -------
    float64 array (..., V)
        Each row adds up to 1.

    Raises
    ------
    ValueError, TypeError
        For nan or inf among the logits (-inf bans a symbol), a temperature below 0, a k outside 1 ... V, or a p
        outside (0, 1].

    Examples
    --------
    >>> next_probabilities(np.log([0.5, 0.3, 0.2]), top_k=2)
    array([0.625, 0.375, 0.   ])
    >>> next_probabilities(np.log([0.5, 0.3, 0.2]), top_p=0.6)
    array([0.625, 0.375, 0.   ])
    """
    logits = check.floats("logits", logits, ("...", "V"), np.dtype(np.float64))
    if np.isnan(logits).any() or np.isposinf(logits).any() or np.isneginf(logits).all(axis=-1).any():
        raise ValueError("logits must be finite, or -inf for symbols that may not come, and not for all of them")
    temperature = check.number("temperature", temperature, 0)
    V = logits.shape[-1]
    if top_k is not None and check.count("top_k", top_k) > V:
        raise ValueError(f"top_k must be at most {V}, the number of symbols, got {top_k}")
    if top_p is not None:
        top_p = check.number("top_p", top_p, 0, 1, above=True)
    # Sorted once, likeliest first; a stable sort leaves equal ones in the order of their ids.
    order = np.argsort(-logits, axis=-1, kind="stable")
    ranked = np.take_along_axis(logits, order, axis=-1)
    if temperature == 0:
        p = np.zeros_like(ranked)
        p[..., 0] = 1
    else:
        # The largest is taken off before the division, so that a small temperature overflows downwards, to 0.
        with np.errstate(over="ignore"):
            p = softmax((ranked - ranked[..., :1]) / temperature)
    if top_k is not None:
        p[..., top_k:] = 0
        p /= p.sum(axis=-1, keepdims=True)
    if top_p is not None:
        p[np.cumsum(p, axis=-1) - p >= top_p] = 0
        p /= p.sum(axis=-1, keepdims=True)
    out = np.empty_like(p)
    np.put_along_axis(out, order, p, axis=-1)
    return out


def sample(probabilities: Array, rng: np.random.Generator) -> Array:
    """Draw an id from each row of probabilities.

    Parameters
    ----------
    probabilities : float array (..., V)
        Rows that add up to 1.
    rng : numpy.random.Generator

    Returns
    -------
    int array (...)

    Examples
    --------
    >>> int(sample(np.array([0.0, 1.0, 0.0]), np.random.default_rng(0)))
    1
    """
    check.generator("rng", rng)
    p = check.floats("probabilities", probabilities, ("...", "V"), np.dtype(np.float64))
    if not (p >= 0).all() or not np.allclose(p.sum(axis=-1), 1, atol=1e-3):
        raise ValueError("probabilities must be at least 0 and add up to 1 along the last axis")
    upto = np.cumsum(p, axis=-1)
    # Scaled by its own last entry, a sum that rounds to less than 1 cannot be passed.
    u = rng.random((*upto.shape[:-1], 1)) * upto[..., -1:]
    return (upto <= u).sum(axis=-1)


def generate(
    model: Sequential,
    prompt: Any,
    num_steps: int,
    *,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    state: Any = None,
) -> Array:
    """Let a language model go on from a prompt.

    Parameters
    ----------
    model : Sequential
        Takes ids (T, B) and gives logits (T, B, V).
    prompt : int array (T,) or (T, B)
        What is read first.
    num_steps : int
        How many symbols to write.
    rng : numpy.random.Generator
        Draws them.  Greedy writing, ``temperature=0``, needs none.
    temperature, top_k, top_p
        See `next_probabilities`.
    state : dict, optional
        The model's state before the prompt.

    Returns
    -------
    int array (num_steps,) or (num_steps, B)
        The symbols written, without the prompt.

    Examples
    --------
    >>> from rnnbook.cells import ElmanCell
    >>> from rnnbook.layers import Dense
    >>> from rnnbook.recurrent import Recurrent
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(rnn=Recurrent(ElmanCell(5, 8, rng=rng)), out=Dense(8, 5, rng=rng))
    >>> generate(model, [0, 1], 6, rng=rng).shape
    (6,)
    """
    num_steps = check.count("num_steps", num_steps)
    if not model.causal:
        raise ValueError("model must read in one direction to write, got one with a Bidirectional layer")
    if temperature != 0 or rng is not None:
        check.generator("rng", rng)
    prompt = np.asarray(prompt)
    if prompt.dtype.kind not in "iu" or prompt.ndim not in (1, 2) or prompt.size == 0:
        raise ValueError(f"prompt must hold integer ids (T,) or (T, B), got {prompt.dtype} {prompt.shape}")
    x = prompt[:, None] if prompt.ndim == 1 else prompt
    written = np.empty((num_steps, x.shape[1]), np.int64)
    for t in range(num_steps):
        logits, state = model(x, state=state)
        if logits.ndim != 3:
            raise ValueError(f"model must give logits (T, B, V), one row for each step, got shape {logits.shape}")
        p = next_probabilities(logits[-1], temperature=temperature, top_k=top_k, top_p=top_p)
        written[t] = p.argmax(axis=-1) if temperature == 0 else sample(p, rng)  # type: ignore[arg-type]
        x = written[t : t + 1]
    return written[:, 0] if prompt.ndim == 1 else written
