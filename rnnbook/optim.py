"""Optimisers, clipping and learning-rate schedules.

An optimiser writes into the parameters in place, so layers, models and optimisers keep looking at the same arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from rnnbook import validation as check

__all__ = [
    "SGD", "AdaGrad", "Adam", "Momentum", "Nesterov", "Optimizer", "RMSProp", "clip_by_norm", "clip_by_value",
    "cosine_decay", "exponential_decay", "global_norm", "step_decay", "warmup",
]  # fmt: skip

Array = np.ndarray
Schedule = Callable[[int], float]


# --- clipping --------------------------------------------------------------------------------------------------------
def global_norm(grads: Mapping[str, Array]) -> float:
    """The Euclidean norm of all gradients together, as one long vector.

    Parameters
    ----------
    grads : mapping from names to arrays

    Returns
    -------
    float

    Examples
    --------
    >>> global_norm({"W": np.array([[3.0]]), "b": np.array([4.0])})
    5.0
    """
    with np.errstate(all="ignore"):
        squares = [float(np.vdot(g, g)) for g in grads.values()]
        # Squares leave the range of floats long before the numbers do: in float32 at 2e19, and below 1e-23.
        if not np.isfinite(squares).all() or min(squares, default=1.0) < 1e-30:
            largest = max(float(np.abs(g).max()) for g in grads.values())
            if largest == 0 or not np.isfinite(largest):
                return largest
            scaled = (np.divide(g, largest, dtype=np.float64) for g in grads.values())
            return largest * float(np.sqrt(sum(np.vdot(g, g) for g in scaled)))
    return float(np.sqrt(sum(squares)))


def clip_by_norm(grads: Mapping[str, Array], max_norm: float) -> float:
    """Scale all gradients by one factor, in place, so that their common norm is at most `max_norm`.

    The direction stays :cite:p:`Pascanu2013`.

    Parameters
    ----------
    grads : mapping from names to arrays
        Written over.
    max_norm : float
        Above 0.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    ValueError
        If a gradient is nan or inf; then none is changed.

    Examples
    --------
    >>> grads = {"W": np.array([3.0]), "b": np.array([4.0])}
    >>> clip_by_norm(grads, 1.0), grads["W"]
    (5.0, array([0.6]))
    """
    max_norm = check.number("max_norm", max_norm, 0, above=True)
    norm = global_norm(grads)
    if not np.isfinite(norm):
        raise ValueError(f"grads must be finite, got a norm of {norm}")
    if norm > max_norm:
        for g in grads.values():
            g *= g.dtype.type(max_norm / norm)
    return norm


def clip_by_value(grads: Mapping[str, Array], limit: float) -> None:
    """Cut every entry of every gradient to [-limit, limit], in place.  This turns the direction.

    Parameters
    ----------
    grads : mapping from names to arrays
        Written over.
    limit : float
        Above 0.

    Examples
    --------
    >>> grads = {"W": np.array([3.0, -0.5])}
    >>> clip_by_value(grads, 1.0)
    >>> grads["W"]
    array([ 1. , -0.5])
    """
    limit = check.number("limit", limit, 0, above=True)
    for g in grads.values():
        np.clip(g, -limit, limit, out=g)


# --- schedules -------------------------------------------------------------------------------------------------------
def step_decay(rate: float, *, every: int, factor: float = 0.5) -> Schedule:
    """`rate`, times `factor` after each `every` updates.

    Parameters
    ----------
    rate : float
    every : int
    factor : float

    Returns
    -------
    callable
        The rate, from the number of updates made so far.

    Examples
    --------
    >>> rate = step_decay(1.0, every=10)
    >>> rate(9), rate(10)
    (1.0, 0.5)
    """
    rate, every = check.number("rate", rate, 0), check.count("every", every)
    factor = check.number("factor", factor, 0)
    return lambda update: rate * factor ** (update // every)


def exponential_decay(rate: float, *, half_life: float) -> Schedule:
    """`rate`, halved smoothly in every `half_life` updates.

    Parameters
    ----------
    rate : float
    half_life : float
        In updates.

    Returns
    -------
    callable
        The rate, from the number of updates made so far.

    Examples
    --------
    >>> exponential_decay(1.0, half_life=10)(20)
    0.25
    """
    rate, half_life = check.number("rate", rate, 0), check.number("half_life", half_life, 0, above=True)
    return lambda update: rate * 0.5 ** (update / half_life)


def cosine_decay(rate: float, *, num_updates: int, minimum: float = 0.0) -> Schedule:
    """From `rate` down half a cosine to `minimum` at `num_updates`, where it stays.

    Parameters
    ----------
    rate : float
    num_updates : int
    minimum : float

    Returns
    -------
    callable
        The rate, from the number of updates made so far.

    Examples
    --------
    >>> rate = cosine_decay(1.0, num_updates=100)
    >>> rate(0), round(rate(50), 3), rate(200)
    (1.0, 0.5, 0.0)
    """
    rate, minimum = check.number("rate", rate, 0), check.number("minimum", minimum, 0)
    n = check.count("num_updates", num_updates)
    return lambda update: minimum + (rate - minimum) * float(1 + np.cos(np.pi * min(update / n, 1))) / 2


def warmup(schedule: float | Schedule, *, num_updates: int) -> Schedule:
    """`schedule`, reached on a straight line from nought over the first `num_updates`.

    Parameters
    ----------
    schedule : float, or callable
        What comes after.
    num_updates : int

    Returns
    -------
    callable
        The rate, from the number of updates made so far.

    Examples
    --------
    >>> rate = warmup(1.0, num_updates=4)
    >>> [rate(update) for update in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    n, after = check.count("num_updates", num_updates), _schedule("schedule", schedule)
    return lambda update: after(update) * min((update + 1) / n, 1.0)


def _schedule(name: str, rate: Any) -> Schedule:
    if callable(rate):
        return rate
    rate = check.number(name, rate, 0)
    return lambda update: rate


def _below_one(name: str, value: float) -> float:
    """A share of the past to keep.  At 1 nothing new would ever come in."""
    value = check.number(name, value, 0, 1)
    if value == 1:
        raise ValueError(f"{name} must be below 1, got 1")
    return value


def _blocks(p: Array, *others: Array) -> Iterator[list[Array]]:
    """The same numbers of several arrays, as many at a time as stay in the cache with all that is made of them.

    An update is a dozen passes over its arrays: a million weights take Adam two thirds of the time this way.
    """
    size = 2**15
    if p.size <= size or not p.flags.c_contiguous:  # a row of its numbers would be a copy, and p has to be written
        yield [p, *others]
        return
    flat = [a.reshape(-1) for a in (p, *others)]
    for k in range(0, p.size, size):
        yield [a[k : k + size] for a in flat]


# --- optimisers ------------------------------------------------------------------------------------------------------
class Optimizer:
    """What optimisers share: a learning rate, penalties, and the memory that they keep for each parameter.

    Parameters
    ----------
    learning_rate : float, or callable
        A schedule is called with the number of updates made so far.
    l1, l2 : float
        Add l1 Σ|w| + l2/2 Σw² of every matrix (not of biases) to the loss that is minimised.  The loss that is
        reported leaves them out.

    Attributes
    ----------
    num_updates : int
        How many updates were made.
    memory : dict
        Arrays by ``"parameter/what"``, such as ``"lstm.W/mean"``.

    Examples
    --------
    >>> optimizer = SGD(step_decay(0.1, every=2), l2=1.0)
    >>> p = {"W": np.ones((1, 1))}
    >>> optimizer.step(p, {"W": np.zeros((1, 1))})  # the penalty alone
    >>> p["W"], optimizer.num_updates
    (array([[0.9]]), 1)
    """

    KEEPS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, learning_rate: float | Schedule, *, l1: float = 0.0, l2: float = 0.0):
        self.learning_rate = _schedule("learning_rate", learning_rate)
        self.l1, self.l2 = check.number("l1", l1, 0), check.number("l2", l2, 0)
        self.num_updates = 0
        self.memory: dict[str, Array] = {}

    def config(self) -> dict[str, Any]:
        """Everything but the learning rate, which may change during a run."""
        return {"type": type(self).__name__, "l1": self.l1, "l2": self.l2}

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        return check.number("learning_rate", self.learning_rate(self.num_updates), 0)

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """One update, in place.

        Parameters
        ----------
        params, grads : mappings from names to arrays
            Of the same names and shapes.

        Raises
        ------
        ValueError
            If a gradient is missing, has no parameter, or has another shape; then no parameter changes.
        """
        if params.keys() != grads.keys():
            raise ValueError(f"grads must hold {', '.join(params)}, got {', '.join(grads) or 'nothing'}")
        grads = {name: check.array(f"grads[{name!r}]", g) for name, g in grads.items()}
        for name, p in params.items():
            check.shape(f"grads[{name!r}]", grads[name], p.shape)
            for what in self.KEEPS:
                kept = self.memory.get(f"{name}/{what}")
                if kept is not None and kept.shape != p.shape:
                    raise ValueError(f"params[{name!r}] must have shape {kept.shape}, as before, got {p.shape}")
        rate = self.rate
        self.num_updates += 1
        for name, p in params.items():
            g = grads[name]
            if p.ndim > 1 and self.l2:
                g = g + self.l2 * p
            if p.ndim > 1 and self.l1:
                g = g + self.l1 * np.sign(p)
            for what in self.KEEPS:
                if f"{name}/{what}" not in self.memory:
                    self.memory[f"{name}/{what}"] = np.zeros_like(p)
            memory = (self.memory[f"{name}/{what}"] for what in self.KEEPS)
            for p_part, g_part, *memory_part in _blocks(p, g, *memory):
                self._update(p_part, g_part, rate, *memory_part)

    def _update(self, p: Array, g: Array, rate: float, *memory: Array) -> None:
        raise TypeError(f"{type(self).__name__} does not say what an update is")


class SGD(Optimizer):
    """Gradient descent: p ← p - rate g :cite:p:`Robbins1951`.

    Parameters
    ----------
    learning_rate : float, or callable
        As in `Optimizer`.
    l1, l2 : float
        As in `Optimizer`.

    Examples
    --------
    >>> p = {"w": np.array([1.0])}
    >>> SGD(0.1).step(p, {"w": np.array([2.0])})
    >>> p["w"]
    array([0.8])
    """

    def _update(self, p, g, rate):
        p -= rate * g


class Momentum(Optimizer):
    """The heavy ball: v ← momentum v + g;  p ← p - rate v :cite:p:`Polyak1964`.

    Parameters
    ----------
    learning_rate : float, or callable
        As in `Optimizer`.
    momentum : float
        Share of the velocity that is kept, in [0, 1].
    **penalties : float
        `l1` and `l2`, as in `Optimizer`.

    Examples
    --------
    >>> p, g = {"w": np.array([1.0])}, {"w": np.array([1.0])}
    >>> optimizer = Momentum(0.1)
    >>> for _ in range(2):
    ...     optimizer.step(p, g)
    >>> p["w"].round(3)
    array([0.71])
    """

    KEEPS = ("velocity",)

    def __init__(self, learning_rate: float | Schedule, *, momentum: float = 0.9, **penalties: float):
        super().__init__(learning_rate, **penalties)
        self.momentum = check.number("momentum", momentum, 0, 1)

    def config(self) -> dict[str, Any]:
        return super().config() | {"momentum": self.momentum}

    def _update(self, p, g, rate, v):
        v *= self.momentum
        v += g
        p -= rate * v


class Nesterov(Momentum):
    """Momentum whose gradient is taken a step ahead: p ← p - rate (g + momentum v) :cite:p:`Sutskever2013`.

    Written so that p is where the gradient was taken, as in PyTorch.

    Parameters
    ----------
    learning_rate : float, or callable
        As in `Optimizer`.
    momentum : float
        As in `Momentum`.
    **penalties : float
        `l1` and `l2`, as in `Optimizer`.

    Examples
    --------
    >>> p, g = {"w": np.array([1.0])}, {"w": np.array([1.0])}
    >>> optimizer = Nesterov(0.1)
    >>> for _ in range(2):
    ...     optimizer.step(p, g)
    >>> p["w"].round(3)
    array([0.539])
    """

    def _update(self, p, g, rate, v):
        v *= self.momentum
        v += g
        p -= rate * (g + self.momentum * v)


class AdaGrad(Optimizer):
    """Each weight divides by the root of all its squared gradients so far :cite:p:`Duchi2011`.

    That sum only grows, so the steps only shrink.

    Parameters
    ----------
    learning_rate : float, or callable
        As in `Optimizer`.
    epsilon : float
        Keeps the division from 0.
    **penalties : float
        `l1` and `l2`, as in `Optimizer`.

    Examples
    --------
    >>> p, g = {"w": np.array([1.0])}, {"w": np.array([1.0])}
    >>> optimizer = AdaGrad(0.1)
    >>> for _ in range(2):
    ...     optimizer.step(p, g)
    >>> p["w"].round(3)
    array([0.829])
    """

    KEEPS = ("squares",)

    def __init__(self, learning_rate: float | Schedule, *, epsilon: float = 1e-10, **penalties: float):
        super().__init__(learning_rate, **penalties)
        self.epsilon = check.number("epsilon", epsilon, 0, above=True)

    def config(self) -> dict[str, Any]:
        return super().config() | {"epsilon": self.epsilon}

    def _update(self, p, g, rate, s):
        s += g * g
        p -= rate * g / (np.sqrt(s) + self.epsilon)


class RMSProp(Optimizer):
    """AdaGrad that forgets: squares fade by `decay` at each update :cite:p:`Tieleman2012`.

    Parameters
    ----------
    learning_rate : float, or callable
        As in `Optimizer`.
    decay : float
        Share of the squares that is kept, below 1.
    epsilon : float
        Keeps the division from 0.
    **penalties : float
        `l1` and `l2`, as in `Optimizer`.

    Examples
    --------
    >>> p, g = {"w": np.array([1.0])}, {"w": np.array([1.0])}
    >>> optimizer = RMSProp(0.1)
    >>> for _ in range(2):
    ...     optimizer.step(p, g)
    >>> p["w"].round(3)
    array([0.454])
    """

    KEEPS = ("squares",)

    def __init__(
        self,
        learning_rate: float | Schedule,
        *,
        decay: float = 0.9,
        epsilon: float = 1e-8,
        **penalties: float,
    ):
        super().__init__(learning_rate, **penalties)
        self.decay = _below_one("decay", decay)
        self.epsilon = check.number("epsilon", epsilon, 0, above=True)

    def config(self) -> dict[str, Any]:
        return super().config() | {"decay": self.decay, "epsilon": self.epsilon}

    def _update(self, p, g, rate, s):
        s *= self.decay
        s += (1 - self.decay) * g * g
        p -= rate * g / (np.sqrt(s) + self.epsilon)


class Adam(Optimizer):
    """Fading means of gradients and of their squares, corrected for starting at nought :cite:p:`Kingma2015`.

    Parameters
    ----------
    learning_rate : float, or callable
        As in `Optimizer`.
    beta1, beta2 : float
        Shares of the two means that are kept, below 1.
    epsilon : float
        Keeps the division from 0.
    **penalties : float
        `l1` and `l2`, as in `Optimizer`.

    Examples
    --------
    >>> p = {"w": np.array([1.0])}
    >>> Adam(0.1).step(p, {"w": np.array([1e-3])})  # the first step is the rate, whatever the gradient's size
    >>> p["w"].round(4)
    array([0.9])
    """

    KEEPS = ("mean", "squares")

    def __init__(
        self,
        learning_rate: float | Schedule = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        **penalties: float,
    ):
        super().__init__(learning_rate, **penalties)
        self.beta1, self.beta2 = _below_one("beta1", beta1), _below_one("beta2", beta2)
        self.epsilon = check.number("epsilon", epsilon, 0, above=True)

    def config(self) -> dict[str, Any]:
        return super().config() | {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}

    def _update(self, p, g, rate, m, s):
        m *= self.beta1
        m += (1 - self.beta1) * g
        s *= self.beta2
        s += (1 - self.beta2) * g * g
        # The two corrections are numbers, so they join the rate and epsilon and cost no array.
        unbias = float(np.sqrt(1 - self.beta2**self.num_updates))
        p -= (rate * unbias / (1 - self.beta1**self.num_updates)) * m / (np.sqrt(s) + self.epsilon * unbias)
