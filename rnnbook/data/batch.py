"""What a task gives and a trainer takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from rnnbook import validation as check

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Batch:
    """Inputs and what should come out.

    Sequences are time-major.  A batch checks itself, so what a trainer is given has no nan in it.

    Attributes
    ----------
    inputs : array (T, B, D), ids (T, B), or (B, D) for a net without time
    targets : array (T, B, ...), one for each step, or (B, ...), one for each sequence
        Where both would fit, because T = B, they are taken as one for each step.
    mask : bool array of the targets' shape, or of that shape without its last axis, optional
        True where a target counts.  By default all count, but those in padding.
    lengths : int array (B,), optional
        How many steps each sequence has; beyond them is padding.

    Raises
    ------
    ValueError, TypeError
        For nan or inf, for lengths outside 1 ... T, for a mask that masks everything, for sizes that do not agree.

    Examples
    --------
    >>> batch = Batch(np.zeros((3, 2, 1)), np.zeros((3, 2), int), lengths=[3, 1])
    >>> batch.mask.astype(int)
    array([[1, 1],
           [1, 0],
           [1, 0]])
    """

    inputs: Array
    targets: Array
    mask: Array | None = None
    lengths: Array | None = None

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        for name in ("inputs", "targets"):
            a = check.array(name, getattr(self, name))
            if a.dtype.kind not in "fiub":
                raise TypeError(f"{name} must hold numbers, got dtype {a.dtype}")
            put(name, check.finite(name, check.shape(name, a, ("...", "B"))))
        # One target for each step, or one for each sequence (row, for a net without time).
        timed = _has_time(self.inputs)
        batch = self.inputs.shape[1:2] if timed else self.inputs.shape[:1]
        if self.targets.shape[:1] != batch and not (timed and self.targets.shape[:2] == self.inputs.shape[:2]):
            per_step = f" or {self.inputs.shape[:2]}" if timed else ""
            ids = (
                ". Integers with two axes are ids (T, B): make features floats"
                if self.inputs.dtype.kind in "iu"
                else ""
            )
            got = f"{self.targets.shape}{ids}"
            raise ValueError(f"targets must begin with shape {batch}{per_step}, as inputs do, got {got}")
        if self.mask is not None:
            whole = np.ndim(self.mask) == self.targets.ndim
            put(
                "mask",
                check.mask("mask", self.mask, self.targets.shape if whole else self.targets.shape[:-1]),
            )
        if self.lengths is None:
            return
        if not timed:
            raise ValueError(f"lengths need inputs with time, (T, B, D) or ids (T, B), got shape {self.inputs.shape}")
        T, B = self.inputs.shape[:2]
        lengths = np.asarray(self.lengths)
        if lengths.dtype.kind not in "iu":
            raise TypeError(f"lengths must be integers, got dtype {lengths.dtype}")
        check.shape("lengths", lengths, (B,))
        if lengths.min() < 1 or lengths.max() > T:
            wrong = lengths.min() if lengths.min() < 1 else lengths.max()
            raise ValueError(f"lengths must lie in 1 ... {T}, the number of steps, got {wrong}")
        put("lengths", lengths)
        if self.targets.shape[:2] == (T, B):
            there = np.arange(T)[:, None] < lengths
            if self.mask is not None:
                there = self.mask & there.reshape(T, B, *[1] * (self.mask.ndim - 2))
                check.mask("mask", there, self.mask.shape)
            put("mask", there)

    @property
    def padding(self) -> Array | None:
        """Bool (T, B), True where a sequence is, False where it is padded; None without lengths."""
        if self.lengths is None:
            return None
        return np.arange(len(self.inputs))[:, None] < self.lengths


def _has_time(inputs: Array) -> bool:
    """Whether inputs are sequences, (T, B, D) or ids (T, B), and not the rows (B, D) of a net without time."""
    return inputs.ndim == 3 or (inputs.ndim == 2 and inputs.dtype.kind in "iu")


class Minibatches:
    """A data set, cut into batches in a new order each epoch.

    Parameters
    ----------
    inputs : array
        Sequences (T, N, D) or ids (T, N), time-major; or rows (N, D) for a net without time.
    targets : array
        One for each step, (T, N, ...), or one for each sequence or row, (N, ...).
    batch_size : int
        The last batch of an epoch has what is left.
    mask : bool array of the targets' shape, optional
        True where a target counts.
    lengths : int array (N,), optional
        For sequences of unequal length.

    Examples
    --------
    >>> data = Minibatches(np.arange(10.0).reshape(5, 2), np.arange(5), batch_size=2)
    >>> [len(batch.targets) for batch in data(np.random.default_rng(0))]
    [2, 2, 1]
    """

    def __init__(
        self,
        inputs: Array,
        targets: Array,
        *,
        batch_size: int,
        mask: Array | None = None,
        lengths: Array | None = None,
    ):
        self.batch_size = check.count("batch_size", batch_size)
        self.whole = Batch(inputs, targets, mask, lengths)
        # The axis that is cut: sequences stand behind time.
        self._axis = 1 if _has_time(self.whole.inputs) else 0
        per_step = self._axis == 1 and self.whole.targets.shape[:2] == self.whole.inputs.shape[:2]
        self._targets_axis = 1 if per_step else 0

    def __call__(self, rng: np.random.Generator) -> Iterator[Batch]:
        """One epoch, in an order that `rng` draws."""
        inputs, targets, mask, lengths = (getattr(self.whole, f.name) for f in fields(Batch))
        order = check.generator("rng", rng).permutation(inputs.shape[self._axis])
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            yield Batch(
                inputs.take(chosen, axis=self._axis),
                targets.take(chosen, axis=self._targets_axis),
                None if mask is None else mask.take(chosen, axis=self._targets_axis),
                None if lengths is None else lengths[chosen],
            )


def pad(sequences: Sequence[Sequence[int]], *, fill: int = 0) -> tuple[Array, Array]:
    """Sequences of ids side by side.

    Parameters
    ----------
    sequences : sequence of B sequences of int
    fill : int
        The id of padding.

    Returns
    -------
    ids : int array (T, B)
        T is the longest length; `fill` stands behind the shorter ones.
    lengths : int array (B,)

    Examples
    --------
    >>> ids, lengths = pad([[5, 6, 7], [8]])
    >>> ids.T, lengths
    (array([[5, 6, 7],
           [8, 0, 0]]), array([3, 1]))
    """
    for s in sequences:
        if len(s) and np.asarray(s).dtype.kind not in "iu":
            raise TypeError(f"sequences must hold integer ids, got {np.asarray(s).dtype}")
    lengths = np.array([len(s) for s in sequences], dtype=np.int64)
    if lengths.size == 0 or lengths.min() == 0:
        raise ValueError("sequences must hold at least one sequence, and none of them empty")
    ids = np.full((lengths.max(), len(sequences)), fill, dtype=np.int64)
    for k, s in enumerate(sequences):
        ids[: len(s), k] = s
    return ids, lengths


def one_hot(ids: Array, size: int, dtype: Any = np.float32) -> Array:
    """A 1 at each id and 0 elsewhere: (...) → (..., size).

    Parameters
    ----------
    ids : int array (...)
        In 0 ... size - 1.
    size : int
    dtype : dtype

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    size = check.count("size", size)
    return np.eye(size, dtype=dtype)[check.ids("ids", ids, ("...",), size)]
