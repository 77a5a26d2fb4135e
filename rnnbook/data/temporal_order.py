"""Say in which order a few rare symbols came."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch

#: Ids of the inputs: X and Y are what counts, a to d distract, E begins a sequence and B ends it.
ORDER_SYMBOLS = "XYabcdEB"

# Where each rare symbol may stand, in per cent of the length: experiments 6a and 6b.
_PLACES = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}


def temporal_order(
    rng: np.random.Generator, *, num_steps: int = 100, num_marked: int = 2, batch_size: int = 32
) -> Batch:
    """Say at the end in which order X and Y came: experiment 6 of :cite:t:`Hochreiter1997`.

    Two symbols (6a) or three (6b) are X or Y, each by a fair draw; all others distract. Each order is a class of its
    own. Chance gets 1/4 right (1/8), at ln 4 nats (ln 8); a net that remembers gets all. A bag of symbols cannot tell
    XY from YX: it gets 3/4 right (1/2).

    Parameters
    ----------
    rng : numpy.random.Generator
    num_steps : int
        The paper has 100 to 110 steps; each sequence has num_steps to 1.1 num_steps. At least 20.
    num_marked : int
        2 as in experiment 6a, or 3 as in 6b.
    batch_size : int

    Returns
    -------
    Batch
        Ids (num_steps + num_steps // 10, batch_size) of `ORDER_SYMBOLS`; E comes first and B last. Targets (…,
        batch_size): the marked symbols as binary digits, the first one highest, X for 0. The mask lets the last step
        of each sequence alone count. With lengths.

    Examples
    --------
    >>> batch = temporal_order(np.random.default_rng(0), num_steps=20, batch_size=1)
    >>> "".join(ORDER_SYMBOLS[i] for i in batch.inputs[: batch.lengths[0], 0]), int(batch.targets[-1, 0])
    ('EcbXaaaadcdYcdccccdbdB', 1)
    """
    check.generator("rng", rng)
    T, B = check.count("num_steps", num_steps, 20), check.count("batch_size", batch_size)
    if num_marked not in _PLACES:
        raise ValueError(f"num_marked must be 2 or 3, got {num_marked!r}")
    longest, every = T + T // 10, np.arange(B)
    lengths = rng.integers(T, longest + 1, size=B)
    inputs = rng.integers(2, 6, size=(longest, B))
    kind = np.zeros(B, int)
    for low, high in _PLACES[num_marked]:
        which = rng.integers(2, size=B)
        inputs[rng.integers(low * T // 100, high * T // 100 + 1, size=B), every] = which
        kind = 2 * kind + which
    inputs[0] = ORDER_SYMBOLS.index("E")
    inputs[lengths - 1, every] = ORDER_SYMBOLS.index("B")
    step = np.arange(longest)[:, None]
    return Batch(inputs, np.repeat(kind[None], longest, axis=0), step == lengths - 1, lengths)
