"""Parameters to the arrays of any framework and back: `formats` says what stands where, this module moves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnbook import validation as check
from rnnbook.cells import Cell
from rnnbook.interop.formats import INSTEAD, PEEPHOLES, Form, Target, Tensor, reorder
from rnnbook.layers import Layer
from rnnbook.model import Sequential
from rnnbook.recurrent import Bidirectional, Recurrent, Stack

Array = np.ndarray


class Owner(NamedTuple):
    """Whose parameters: what stands before their names, the cell or layer, and its form if it is a cell."""

    prefix: str
    part: Any
    form: Form | None


class Piece(NamedTuple):
    """One tensor of a framework's, and its owners: one, or one for each direction along a first axis."""

    name: str
    tensor: Tensor
    owners: list[Owner]
    directions_first: bool


def form_of(cell: Cell, target: Target) -> Form:
    """How `target` writes this cell.

    Raises
    ------
    ValueError
        If it has no such cell, or the cell no such activation there.
    """
    kind = type(cell)  # and not a class above it: a subclass may compute something else
    if kind not in target.cells:
        has = ", ".join(k.__name__ for k in target.cells)
        advice = INSTEAD.get(kind, "a cell of your own needs an entry in the table, see rnnbook.interop.formats")
        raise ValueError(f"{target.name} has no {kind.__name__}, only {has}: {advice}")
    form = target.cells[kind]
    activation = getattr(cell, "activation", "tanh")
    if activation not in form.activations:
        raise ValueError(
            f"{target.name}'s {form.layer} has the activation {' or '.join(form.activations)}, got "
            f"{kind.__name__} with {activation!r}: use to_keras or to_onnx, which have it; or train with another"
        )
    return form


def cells_of(layer: Recurrent | Bidirectional | Stack) -> list[list[tuple[str, Cell]]]:
    """Our prefix and the cell, for each direction of each layer."""
    if isinstance(layer, Recurrent):
        return [[("", layer.cell)]]
    if isinstance(layer, Bidirectional):
        return [[("ahead.", layer.ahead.cell), ("back.", layer.back.cell)]]
    return [[(f"{n}.{k}", cell) for k, cell in cells_of(one)[0]] for n, one in enumerate(layer.layers)]


def alike(layers: list[list[tuple[str, Cell]]], target: Target) -> None:
    """Nothing, if all cells are of one kind and size and all layers have as many directions; an error otherwise."""

    def looks(cell: Cell) -> tuple[Any, ...]:
        return type(cell).__name__, cell.hidden_size, getattr(cell, "activation", "tanh")

    first = layers[0]
    for n, directions in enumerate(layers):
        if len(directions) != len(first) or any(looks(cell) != looks(first[0][1]) for _, cell in directions):
            every = "layer and direction of a stack" if len(layers) > 1 else "direction of a layer"
            raise ValueError(
                f"{target.name} wants one kind of cell, one hidden_size and one activation for every {every}, got "
                f"{', '.join(repr(cell) for _, cell in first)} and, in layer {n}, "
                f"{', '.join(repr(cell) for _, cell in directions)}: convert them one by one"
            )


def _pieces(layer: Any, target: Target, ours: str = "", theirs: str = "") -> Iterator[Piece]:
    """Every tensor that `target` has for this layer, in its order."""
    if isinstance(layer, Sequential):
        for name, part in layer.layers.items():
            with check.within(name):
                yield from _pieces(part, target, f"{name}.", f"{name}{target.dot}")
    elif type(layer) in target.layers:
        for name, tensor in target.layers[type(layer)].items():
            yield Piece(theirs + name, tensor, [Owner(ours, layer, None)], False)
    elif isinstance(layer, Recurrent | Bidirectional | Stack):
        yield from _recurrent_pieces(layer, target, ours, theirs)
    elif isinstance(layer, Cell):
        if target.one_node:
            raise TypeError(f"{target.name} has no single step: put the cell into a layer, Recurrent({layer!r})")
        owner = Owner(ours, layer, form_of(layer, target))
        for name, tensor in _tensors(owner, target):
            yield Piece(theirs + name, tensor, [owner], False)
    elif not isinstance(layer, Layer):
        raise TypeError(f"layer must be a layer of rnnbook's or a Sequential, got {type(layer).__name__}")
    elif layer.params:
        raise ValueError(f"{target.name} has no {type(layer).__name__}: take its params by hand")


def _recurrent_pieces(
    layer: Recurrent | Bidirectional | Stack, target: Target, ours: str, theirs: str
) -> Iterator[Piece]:
    layers = cells_of(layer)
    if target.uniform:  # a stack is one module in PyTorch, and one node for each layer in ONNX
        for together in [[one] for one in layers] if target.one_node else [layers]:
            alike(together, target)
    for n, directions in enumerate(layers):
        owners = [Owner(ours + prefix, cell, form_of(cell, target)) for prefix, cell in directions]
        for direction, group in enumerate([owners] if target.one_node else [[owner] for owner in owners]):
            for name, tensor in _tensors(group[0], target):
                place = target.place(name, n if isinstance(layer, Stack) else None, direction, len(directions))
                yield Piece(theirs + place, tensor, group, target.one_node)


def _tensors(owner: Owner, target: Target) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a cell, with the parts that its form has."""
    form = owner.form
    assert form is not None
    known = {"W", "U", "b", *(["b_h"] if form.biases == 2 else []), *(["P"] if form.peepholes else [])}
    for name, tensor in target.tensors.items():
        parts = tuple(part for part in tensor.parts if part in known)
        if parts:
            yield name, tensor._replace(parts=parts)


# -- one cell's blocks, and one tensor's parts: each with its way back -------------------------------------------------
def _to_form(owner: Owner) -> Mapping[str, Array]:
    """Parameters in the framework's order of blocks, with a second bias where it has one.

    Our b stands beside W x, so it goes to the bias there, and the one beside U h is zero: a sum is kept.  Where the
    GRU's b_n stands inside the reset, the two are not a sum, and it is the other's candidate.
    """
    cell, form = owner.part, owner.form
    if form is None:
        return cell.params
    carried = {"W", "U", "b", *(["b_n"] if form.biases == 2 else []), *(["P"] if form.peepholes else [])}
    assert cell.params.keys() <= carried, "the cell's entry in the table leaves parameters behind"
    params = {k: cell.params[k] for k in ("W", "U", "b")}
    if form.biases == 2:
        params["b_h"] = np.zeros_like(params["b"])
        if "b_n" in cell.params:
            params["b_h"][cell.rows("n")] = cell.params["b_n"]
    rows = {k: reorder(a, cell.GATES, form.order) for k, a in params.items()}
    if form.peepholes:
        rows["P"] = reorder(cell.params["P"], PEEPHOLES, form.peepholes)
    return rows


def _from_form(owner: Owner, rows: Mapping[str, Array]) -> dict[str, Array]:
    """The way back."""
    cell, form = owner.part, owner.form
    if form is None:
        return dict(rows)
    params = {k: reorder(a, form.order, cell.GATES) for k, a in rows.items() if k != "P"}
    if form.biases == 2:
        b, b_h = params["b"], params.pop("b_h")
        if "b_n" in cell.params:
            params["b_n"] = b_h[cell.rows("n")].copy()
            b_h[cell.rows("n")] = 0
        # -0.0 + 0.0 is 0.0: where nothing is added, every bit stays.
        with np.errstate(over="ignore"):  # what becomes infinite is refused by name
            params["b"] = np.where(b_h == 0, b, b + b_h)
    if form.peepholes:
        params["P"] = reorder(rows["P"], form.peepholes, PEEPHOLES)
    return params


def _join(tensor: Tensor, rows: Mapping[str, Array]) -> Array:
    parts = [rows[part].T if tensor.transposed else rows[part] for part in tensor.parts]
    return np.stack(parts) if tensor.rows and len(parts) > 1 else np.concatenate(parts)


def _part(tensor: Tensor, a: Array) -> dict[str, Array]:
    """The way back."""
    parts = a if tensor.rows and len(tensor.parts) > 1 else np.split(a, len(tensor.parts))
    return {k: p.T if tensor.transposed else p for k, p in zip(tensor.parts, parts, strict=True)}


# -- all of a layer ----------------------------------------------------------------------------------------------------
def write(layer: Any, target: Target) -> dict[str, Array]:
    """New arrays of all parameters, in `target`'s names, shapes and orders."""
    found = {}
    for piece in _pieces(layer, target):
        each = [_join(piece.tensor, _to_form(owner)) for owner in piece.owners]
        found[piece.name] = np.array(np.stack(each) if piece.directions_first else each[0], order="C")
    if not found:
        raise ValueError("layer must have parameters, got one with none")
    return found


def read(layer: Any, target: Target, given: Any) -> None:
    """Fill the layer's parameters from `target`'s arrays; after an error it is as it was."""
    rows: dict[str, tuple[Owner, dict[str, Array]]] = {}
    want = write(layer, target)  # names and shapes are those that go the other way
    arrays = _checked(given, want, target)
    for piece in _pieces(layer, target):
        a = arrays[piece.name]
        for owner, one in zip(piece.owners, a if piece.directions_first else [a], strict=True):
            rows.setdefault(owner.prefix, (owner, {}))[1].update(_part(piece.tensor, one))
    new = {f"{prefix}{k}": a for prefix, (owner, r) in rows.items() for k, a in _from_form(owner, r).items()}
    for k, a in new.items():
        check.finite(f"{k}, the sum of two biases,", a)
    params = layer.params
    assert new.keys() == params.keys()
    for k, a in new.items():
        params[k][...] = a


def _hint(target: Target, what: str, name: str) -> str:
    last = name.rpartition(target.dot)[2]
    found = [words for (case, start), words in target.hints.items() if case == what and last.startswith(start)]
    return f" ({found[0]})" if found else ""


def _checked(given: Any, want: Mapping[str, Array], target: Target) -> dict[str, Array]:
    """`given` in the dtypes of `want`, if it is of its names and shapes, finite, and loses no digit."""
    if not isinstance(given, Mapping):
        raise TypeError(f"arrays must be a mapping from {target.name}'s names to arrays, got {type(given).__name__}")
    zeros = {k: np.zeros_like(a) for k, a in want.items() if k.rpartition(target.dot)[2] in target.optional}
    given = zeros | {str(k): a for k, a in given.items()}
    unknown = [name for name in given if name not in want]
    for name in [name for name in want if name not in given]:
        hint, instead = _hint(target, "missing", name), f", got {', '.join(unknown)}" if unknown else ""
        raise ValueError(f"{name} is missing{hint}: expected shape {want[name].shape}{instead}")
    for name in unknown:
        raise ValueError(f"{name} is not expected{_hint(target, 'unexpected', name)}: known are {', '.join(want)}")
    return {name: _array(name, given[name], a, _hint(target, "shape", name)) for name, a in want.items()}


def _array(name: str, given: Any, like: Array, hint: str) -> Array:
    try:
        a = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor with a gradient, or on another device
        raise TypeError(f"{name} must be something that np.asarray makes an array of: {error}") from error
    if a.shape != like.shape and hint:
        raise ValueError(f"{name} must have shape {like.shape}{hint}, got {a.shape}")
    b = check.finite(name, check.floats(name, a, like.shape, like.dtype))
    if not np.array_equal(a, b):
        wider = "build the layer with dtype='float64', or " if like.dtype == np.float32 else ""
        raise ValueError(
            f"{name} must fit into {like.dtype}, the layer's dtype, without losing digits, got {a.dtype}: "
            f"{wider}round first with a.astype({like.dtype.name!r})"
        )
    return b
