"""What the tests of rnnbook.interop share: layers with random weights, and states as other frameworks lay them out."""

import copy

import numpy as np

from rnnbook.recurrent import Bidirectional, Recurrent, Stack


def cells(layer):
    """All cells, layer by layer and way by way."""
    if isinstance(layer, Stack):
        return [cell for one in layer.layers for cell in cells(one)]
    return [layer.cell] if isinstance(layer, Recurrent) else [layer.ahead.cell, layer.back.cell]


def build(cls, D, H, rng, *, storeys=None, both=False, dtype=np.float32, **options):
    """A layer, or with `storeys` a stack of so many, whose parameters are all random, biases and peepholes too."""

    def cell(inputs):
        params = {k: rng.uniform(-0.8, 0.8, s).astype(dtype) for k, s in cls.shapes(inputs, H).items()}
        return Recurrent(cls(inputs, H, params=params, dtype=dtype, **options))

    def one(inputs):
        return Bidirectional(cell(inputs), cell(inputs)) if both else cell(inputs)

    if storeys is None:
        return one(D)
    return Stack([one(D if n == 0 else H * (1 + both)) for n in range(storeys)])


def scrambled(layer, rng):
    """Another layer of the same architecture, with other weights."""
    other = copy.deepcopy(layer)
    for a in other.params.values():
        a[...] = rng.standard_normal(a.shape)
    return other


def same_bits(a, b):
    """Whether two dicts hold the same arrays, bit by bit: 0.0 is not -0.0."""
    return a.keys() == b.keys() and all(
        (a[k].dtype, a[k].shape, a[k].tobytes()) == (b[k].dtype, b[k].shape, b[k].tobytes()) for k in a
    )


def nest(layer, found, suffix="_0", before=""):
    """The layer's state from arrays (cells, B, H) under the names ``h_0``, ``c_0``."""
    names = [f"{before}{field}{suffix}" for field in cells(layer)[0].State._fields]
    rows = zip(*(found[name] for name in names), strict=True)
    one = [cell.State(*next(rows)) for cell in cells(layer)]
    if isinstance(layer, Recurrent):
        return one[0]
    pairs = [tuple(one[k : k + 2]) for k in range(0, len(one), 2)]
    if isinstance(layer, Bidirectional):
        return pairs[0]
    return pairs if isinstance(layer.layers[0], Bidirectional) else one


def unnest(state, suffix="_n", before=""):
    """The way back."""

    def leaves(s):
        return [s] if hasattr(s, "_fields") else [leaf for part in s for leaf in leaves(part)]

    found = leaves(state)
    return {f"{before}{f}{suffix}": np.stack([getattr(s, f) for s in found]) for f in found[0]._fields}
