"""Checks at the door: each says which argument was wrong, what was expected, and what came."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

Array = np.ndarray
Shape = tuple[int | str, ...]


def count(name: str, value: Any, minimum: int = 1) -> int:
    """`value` as an int of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def number(name: str, value: Any, low: float = -np.inf, high: float = np.inf, *, above: bool = False) -> float:
    """`value` as a finite float in [low, high], or in (low, high] with `above`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        value = float(value)
    except OverflowError:  # an integer beyond the largest float
        value = np.inf
    if not np.isfinite(value) or value < low or value > high or (above and value == low):
        bounds = f"{'above' if above else 'at least'} {low:g}" if low > -np.inf else ""
        bounds += f"{' and ' if bounds and high < np.inf else ''}{f'at most {high:g}' if high < np.inf else ''}"
        raise ValueError(f"{name} must be a finite number{', ' + bounds if bounds else ''}, got {value:g}")
    return value


def one_of(name: str, value: Any, known: Iterable[str]) -> str:
    """`value`, which must be one of the `known` names."""
    known = list(known)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    return value


def initialiser(name: str, given: Any) -> Any:
    """`given`, which must be callable as ``(shape, rng)``."""
    if not callable(given):
        raise TypeError(f"{name} must be callable, such as rnnbook.init.orthogonal, got {given!r}")
    return given


def generator(name: str, rng: Any) -> np.random.Generator:
    """`rng`, which must be a `numpy.random.Generator`: nothing here draws from a global one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, such as numpy.random.default_rng(0), got {rng!r}")
    return rng


def float_dtype(name: str, dtype: Any) -> np.dtype:
    """`dtype` as float32 or float64, the two precisions in which layers compute."""
    try:
        found = np.dtype(dtype)
        if dtype is None:  # NumPy's word for float64
            raise TypeError
    except TypeError:
        raise TypeError(f"{name} must be float32 or float64, got {dtype!r}") from None
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"{name} must be float32 or float64, got {found}")
    return found


def _show(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _wrong_shape(name: str, expected: Shape, got: tuple[int, ...]) -> NoReturn:
    raise ValueError(f"{name} must have shape {_show(expected)}, got {_show(got)}")


def array(name: str, a: Any) -> Array:
    """`a` as an array; lists of unequal lengths make none."""
    try:
        return np.asarray(a)
    except ValueError as error:
        raise ValueError(f"{name} must be an array: {error}") from None


def shape(name: str, a: Array, expected: Shape) -> Array:
    """`a`, whose shape must be `expected`: a number is that size, a word any size but 0, "..." any axes."""
    lead = expected[0] == "..." if expected else False
    tail = expected[1:] if lead else expected
    if a.ndim < len(tail) or (not lead and a.ndim != len(tail)):
        _wrong_shape(name, expected, a.shape)
    for size, want in zip(a.shape[a.ndim - len(tail) :], tail, strict=True):
        if isinstance(want, int) and size != want:
            _wrong_shape(name, expected, a.shape)
    if a.size == 0 and 0 not in expected:
        raise ValueError(f"{name} must not be empty, got shape {_show(a.shape)}")
    return a


def floats(name: str, a: Any, expected: Shape, dtype: np.dtype) -> Array:
    """`a` as an array of `dtype` and of shape `expected`."""
    a = array(name, a)
    if a.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got dtype {a.dtype}")
    shape(name, a, expected)
    with np.errstate(over="ignore"):
        b = a.astype(dtype, copy=False)
    if b.dtype.itemsize < a.dtype.itemsize and np.isinf(b).any() and not np.isinf(a).any():
        raise ValueError(f"{name} must fit into {dtype}, got {np.abs(a).max():g}")
    return b


def ids(name: str, a: Any, expected: Shape, size: int) -> Array:
    """`a` as integer ids in 0 ... size - 1."""
    a = array(name, a)
    if a.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integer ids, got dtype {a.dtype}")
    shape(name, a, expected)
    low, high = a.min(), a.max()
    if low < 0 or high >= size:
        raise ValueError(f"{name} must hold ids from 0 to {size - 1}, got {low if low < 0 else high}")
    return a


def mask(name: str, a: Any, expected: Shape) -> Array:
    """`a` as a bool array with at least one True."""
    a = array(name, a)
    if a.dtype != np.bool_:
        raise TypeError(f"{name} must be a bool array, got dtype {a.dtype}")
    shape(name, a, expected)
    if not a.any():
        raise ValueError(f"{name} must keep at least one entry, but it masks everything")
    return a


def finite(name: str, a: Array) -> Array:
    """`a`, which must hold neither nan nor inf."""
    if a.dtype.kind == "f" and not np.isfinite(a).all():
        where = tuple(map(int, np.argwhere(~np.isfinite(a))[0]))
        raise ValueError(f"{name} must be finite, got {a[where]} at index {where}")
    return a


def parameters(name: str, given: Any, expected: Mapping[str, tuple[int, ...]], dtype: np.dtype) -> Mapping[str, Array]:
    """Copies of the `given` arrays, which must be the `expected` ones by name and shape."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a mapping from names to arrays, got {type(given).__name__}")
    if given.keys() != expected.keys():
        raise ValueError(f"{name} must hold {', '.join(expected)}, got {', '.join(map(str, given)) or 'nothing'}")
    return frozen(
        {
            k: np.array(finite(f"{name}[{k!r}]", floats(f"{name}[{k!r}]", given[k], s, dtype)), order="C")
            for k, s in expected.items()
        }
    )


class FrozenDict(dict):
    """A dict that takes no new entries.  Arrays in it are written in place, never exchanged.

    An optimiser, a stack and a model all look at the same arrays; ``params["W"] = other`` would part them in silence.
    """

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: write into the arrays instead."""
        raise TypeError('parameters are written in place, params["W"][...] = values, and never exchanged or removed')

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by way of a plain dict: filling this one entry by entry is refused."""
        return type(self), (dict(self),)


def frozen(params: dict[str, Array]) -> Mapping[str, Array]:
    """`params` as a dict that takes no new entries."""
    return FrozenDict(params)


@contextmanager
def within(name: str) -> Iterator[None]:
    """Put the name of a part before the message of what goes wrong in it."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if type(error) not in (ValueError, TypeError):  # an error of another kind has another constructor
            raise
        raise type(error)(f"{name}: {error}") from error
