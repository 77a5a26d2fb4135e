"""Where a gate's weights live: in the matrices of this book, of PyTorch, of Keras and of ONNX."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from traitlets import Int, List, Unicode, observe, validate

from rnnbook import validation as check
from rnnbook.cells import (
    Cell,
    CoupledLSTMCell,
    ElmanCell,
    GRUCell,
    GRUResetBeforeCell,
    LSTMCell,
    PeepholeLSTMCell,
)
from rnnbook.interop.formats import KERAS, ONNX, PEEPHOLES, TORCH, Target, Tensor
from rnnbook.interop.weights import write
from rnnbook.plots import SAME_ROLE
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget
from rnnbook.widgets.modules import words

Array = np.ndarray

#: The cells that can be picked, and how large the sizes can be.
CELLS: tuple[type[Cell], ...] = (
    ElmanCell,
    LSTMCell,
    PeepholeLSTMCell,
    CoupledLSTMCell,
    GRUCell,
    GRUResetBeforeCell,
)
LARGEST = 64

#: How a framework's own pages call our gates, where it is another letter.
_THEIRS: Mapping[str, Mapping[str, str]] = {
    "Keras": {"g": "c", "n": "h"},
    "ONNX": {"g": "c", "n": "h", "-f": "i"},
}

#: D and H of the cell that is sent through the converters: each size of an array says then what it is.
_D, _H = 5, 7


class WeightMapper(Widget):
    """Point at a gate and see where its rows live in every framework.

    Six cells can be picked, and the sizes turned.  What stands where is read from the arrays that `rnnbook.interop`
    makes of a cell whose parameters are numbered, so it is what `to_torch`, `to_keras` and `to_onnx` do.

    Parameters
    ----------
    cell : str
        "ElmanCell", "LSTMCell", "PeepholeLSTMCell", "CoupledLSTMCell", "GRUCell" or "GRUResetBeforeCell".
    gate : str, optional
        The letter of the gate that is pointed at; the cell's first without it.
    input_size, hidden_size : int
        D and H, from 1 to 64.

    Attributes
    ----------
    cell, gate, input_size, hidden_size
        In sync with the page.
    table : list of dict
        For each cell what stands where, for the page to draw.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> mapper = WeightMapper("LSTMCell", "f", input_size=10, hidden_size=16)
    >>> for framework, found in mapper.places().items():
    ...     print(framework, found)
    rnnbook {'W': ['[16:32]'], 'U': ['[16:32]'], 'b': ['[16:32]']}
    PyTorch {'weight_ih_l0': ['[16:32]'], 'weight_hh_l0': ['[16:32]'], 'bias_ih_l0': ['[16:32]'], 'bias_hh_l0': ['[16:32]']}
    Keras {'kernel': ['[:, 16:32]'], 'recurrent_kernel': ['[:, 16:32]'], 'bias': ['[16:32]']}
    ONNX {'W': ['[0, 32:48]'], 'R': ['[0, 32:48]'], 'B': ['[0, 32:48]', '[0, 96:112]']}
    """  # noqa: E501

    name = "weight-mapper"

    cell = Unicode("LSTMCell").tag(sync=True)
    gate = Unicode("i").tag(sync=True)
    input_size = Int(10).tag(sync=True)
    hidden_size = Int(16).tag(sync=True)
    table: List[Any] = List(read_only=True).tag(sync=True)

    def __init__(self, cell: str = "LSTMCell", gate: str | None = None, *, input_size: int = 10, hidden_size: int = 16):
        gates = _kind(check.one_of("cell", cell, _names())).GATES
        super().__init__(
            cell=cell,
            gate=gates[0] if gate is None else check.one_of("gate", gate, gates),
            input_size=_size("input_size", input_size),
            hidden_size=_size("hidden_size", hidden_size),
        )
        self.set_trait("table", [_entry(kind) for kind in CELLS])

    # The kernel may set these at any time; the page checks its own side.
    @validate("cell")
    def _known(self, proposal: Any) -> str:
        return check.one_of("cell", proposal["value"], _names())

    @validate("gate")
    def _there(self, proposal: Any) -> str:
        return check.one_of("gate", proposal["value"], _kind(self.cell).GATES)

    @validate("input_size", "hidden_size")
    def _in_range(self, proposal: Any) -> int:
        return _size(proposal["trait"].name, proposal["value"])

    @observe("cell")
    def _another(self, change: Any) -> None:
        # The page sends both at once; here the gate follows: the same letter, or the same role, or the first.
        gates = _kind(self.cell).GATES
        if self.gate not in gates:
            role = SAME_ROLE.get(self.gate, self.gate)
            self.gate = next((g for g in gates if SAME_ROLE.get(g, g) == role), gates[0])

    def places(self) -> dict[str, dict[str, list[str]]]:
        """Give the index of the gate's numbers in every tensor that has a place for them.

        Returns
        -------
        dict
            Framework → tensor → indices, as NumPy takes them.  A framework without such a cell has no tensors.
            A place that holds zeros, as in a second bias, counts too.
        """
        return {
            frame["name"]: {
                tensor["name"]: found
                for tensor in frame["tensors"]
                if (found := [_index(tensor, place, self.hidden_size) for place in _starts(tensor, self.gate)])
            }
            for frame in self.entry["frames"]
        }

    @property
    def entry(self) -> dict[str, Any]:
        """What stands where of the cell that is picked: its part of `table`."""
        return next(entry for entry in self.table if entry["cell"] == self.cell)

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "The forget gate of an LSTM": cls("LSTMCell", "f"),
            "The candidate of a GRU, and its bias b_n": cls("GRUCell", "n", input_size=3, hidden_size=4),
            "Peepholes live in ONNX alone": cls("PeepholeLSTMCell", "o", input_size=64, hidden_size=64),
            "Coupled gates: rows with their sign turned": cls("CoupledLSTMCell", "f", hidden_size=8),
            "A GRU that resets before the product": cls("GRUResetBeforeCell", "z", hidden_size=32),
        }


# --- what stands where: read from arrays whose numbers say what they are ----------------------------------------------
class _Origin(NamedTuple):
    """Where a number comes from."""

    gate: str
    row: int


def _entry(kind: type[Cell]) -> dict[str, Any]:
    """One cell's gates, with the palette's names of their colours, and its tensors in every framework."""
    cell, origins = _numbered(kind)
    own = [_tensor(k, Tensor((k,)), a, _order(kind, k), origins) for k, a in cell.params.items()]
    ours = {"name": "rnnbook", "layer": kind.__name__, "options": [], "letters": {}, "tensors": own}
    return {
        "cell": kind.__name__,
        "gates": {letter: SAME_ROLE.get(letter, letter) for letter in kind.GATES},
        "frames": [ours, *(_frame(target, cell, origins) for target in (TORCH, KERAS, ONNX))],
    }


def _frame(target: Target, cell: Cell, origins: Sequence[_Origin]) -> dict[str, Any]:
    """The same of one framework: no tensors, if it has no such cell."""
    form = target.cells.get(type(cell))
    if form is None:
        return {"name": target.name, "layer": "", "options": [], "letters": {}, "tensors": []}
    arrays = write(Recurrent(cell), target)
    places = {target.place(name, None, 0, 1): tensor for name, tensor in target.tensors.items()}
    letters = {k: v for k, v in _THEIRS.get(target.name, {}).items() if k in form.order}
    return {
        "name": target.name,
        "layer": form.layer,
        "options": [f"{k}={v}" for k, v in form.options.items()],
        "letters": letters,
        "tensors": [
            _tensor(k, places[k], a, form.peepholes if "P" in places[k].parts else form.order, origins, target.one_node)
            for k, a in arrays.items()
        ],
    }


def _order(kind: type[Cell], name: str) -> str:
    """The gates of one of our own parameters' blocks."""
    return {"P": PEEPHOLES, "b_n": "n"}.get(name, kind.GATES)


def _numbered(kind: type[Cell]) -> tuple[Cell, list[_Origin]]:
    """A cell with the numbers 1, 2, 3, … for its parameters, and where each number comes from; 0 is nobody's."""
    params, origins = {}, [_Origin("", -1)]
    for name, shape in kind.shapes(_D, _H).items():
        order = _order(kind, name)
        a = np.arange(len(origins), len(origins) + np.prod(shape), dtype=np.float64).reshape(shape)
        params[name] = a
        origins += [_Origin(order[row // _H], row) for row in range(len(a)) for _ in range(a[row].size)]
    return kind(_D, _H, dtype=np.float64, params=params), origins


def _tensor(
    name: str, tensor: Tensor, a: Array, order: Sequence[str], origins: Sequence[_Origin], one_node: bool = False
) -> dict[str, Any]:
    """One tensor: its shape in letters, what stands before a block in an index, and its blocks part by part.

    A block is the letter of its gate, "-f" with the sign turned, "0f" where f's place holds zeros.
    """

    def told(v: float) -> _Origin:
        return origins[round(abs(v))]

    before = ["0"] if one_node else []
    m = a[0] if one_node else a
    lines = [m]
    if tensor.rows and m.ndim == 2:
        before, lines = [*before, ":"], list(m)
    elif m.ndim == 2:
        down = told(m[0, 0]).row != told(m[1, 0]).row
        before, lines = (before, [m[:, 0]]) if down else ([*before, ":"], [m[0]])
    firsts = [v for line in lines for v in line[::_H]]
    blocks: list[str] = [f"{'-' if v < 0 else ''}{told(v).gate}" for v in firsts]
    # Zeros are nobody's: they stand at the place of the gate whose turn it is.
    blocks = [block or f"0{order[k % len(order)][-1]}" for k, block in enumerate(blocks)]
    chunks = [blocks[k : k + len(order)] for k in range(0, len(blocks), len(order))]
    return {
        "name": name,
        "shape": [_letters(n) for n in a.shape],
        "before": before,
        "rows": len(lines) > 1,
        "parts": dict(zip(tensor.parts, chunks, strict=False)),
    }


def _letters(n: int) -> str:
    if n == _D:
        return "D"
    return f"{n // _H if n > _H else ''}H" if n % _H == 0 else str(n)


# --- indices ----------------------------------------------------------------------------------------------------------
def _starts(tensor: Mapping[str, Any], gate: str) -> list[int]:
    """At which block each of the gate's places begins."""
    found, first = [], 0
    for blocks in tensor["parts"].values():
        found += [first + k for k, block in enumerate(blocks) if block[-1] == gate]
        first += 0 if tensor["rows"] else len(blocks)
    return list(dict.fromkeys(found))


def _index(tensor: Mapping[str, Any], place: int, H: int) -> str:
    return f"[{', '.join([*tensor['before'], f'{place * H}:{(place + 1) * H}'])}]"


def _shape(tensor: Mapping[str, Any], D: int, H: int) -> str:
    sizes = [D if n == "D" else int(n[:-1] or 1) * H if n[-1] == "H" else int(n) for n in tensor["shape"]]
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def _names() -> list[str]:
    return [kind.__name__ for kind in CELLS]


def _kind(name: str) -> type[Cell]:
    return CELLS[_names().index(name)]


def _size(name: str, n: Any) -> int:
    if check.count(name, n) > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST}, got {n}")
    return int(n)


# --- the picture for print --------------------------------------------------------------------------------------------
def _picture(mapper: WeightMapper) -> str:
    """Draw the tensors of every framework as blocks; those of the gate have a ring."""
    entry, called = mapper.entry, words()[mapper.name]
    places, tint = mapper.places(), f"g{entry['gates'][mapper.gate]}"
    out: list[str] = []
    top = 0
    for frame in entry["frames"]:
        out.append(f'<path d="M0 {top}H700" class="a"/><text x="0" y="{top + 24}" class="k">{frame["name"]}</text>')
        if not frame["tensors"]:
            out.append(f'<text x="158" y="{top + 24}">has no such cell</text>')
            top += 40
            continue
        out += [
            f'<text x="0" y="{top + 24 + 17 * n}" class="m">{html.escape(text)}</text>'
            for n, text in enumerate([frame["layer"], *frame["options"]], 1)
        ]
        x, bottom = 158, top + 24 + 17 * (1 + len(frame["options"]))
        for tensor in frame["tensors"]:
            found = places[frame["name"]].get(tensor["name"], [])
            width, height, drawn = _blocks(tensor, frame["tensors"][0], mapper.gate, entry["gates"], x, top + 30)
            texts = [(20, "m k", tensor["name"])]
            shape = _shape(tensor, mapper.input_size, mapper.hidden_size)
            below = [("m", shape), *((f"m y {tint}", text) for text in found)]
            texts += [(46 + height + 16 * n, look, text) for n, (look, text) in enumerate(below)]
            out += [f'<text x="{x}" y="{top + y}" class="{look}">{html.escape(text)}</text>' for y, look, text in texts]
            out += drawn
            x += 20 + max(width, *(round(7.3 * len(text)) for *_, text in texts))
            bottom = max(bottom, top + texts[-1][0])
        top = bottom + 14
    said = "; ".join(
        f"{name}: " + (", ".join(f"{k}{v}" for k, found in tensors.items() for v in found) or "no such cell")
        for name, tensors in places.items()
    )
    title = f"Where {mapper.gate} lives, the {called[f'gate_{mapper.gate}']['en']} of {mapper.cell}"
    style = (
        "<style>.rb-map text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-map .m{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
        ".rb-map .k{font-weight:600;fill:var(--gs-ink,currentColor)}"
        ".rb-map .l{font:italic 14px 'STIX Two Text',Cambria,'Times New Roman',serif;text-anchor:middle}"
        ".rb-map .a{stroke:var(--gs-line,#999)}.rb-map rect{fill:currentColor;fill-opacity:.16}"
        ".rb-map .y{font-weight:700;stroke-width:2.5}.rb-map text.y{fill:currentColor}"
        ".rb-map rect.y{stroke:currentColor}"
        ".rb-map rect.z{fill:none;stroke:currentColor;stroke-dasharray:3}"
        f"{''.join(f'.rb-map .g{k}{{color:var(--gs-{k},#444)}}' for k in entry['gates'].values())}</style>"
    )
    return (
        f'<figure class="rb-figure rb-map"><svg viewBox="0 0 700 {top}" role="img" '
        f'aria-label="{html.escape(f"{title}. {said}.")}" style="width:100%;max-width:720px;height:auto">'
        f"{style}{''.join(out)}</svg><figcaption>{html.escape(title)}: its blocks are ringed.</figcaption></figure>"
    )


def _blocks(
    tensor: Mapping[str, Any], first: Mapping[str, Any], gate: str, tints: Mapping[str, str], left: int, top: int
) -> tuple[int, int, list[str]]:
    """Width, height and drawing of one tensor."""
    across = _lies_across(tensor, first)
    lines = list(tensor["parts"].values())
    if not tensor["rows"]:
        lines = [[block for line in lines for block in line]]
    # A matrix is D or H wide, and a side of H is longer; a vector is a thin line.
    long = tensor["shape"][len(tensor["before"]) - 1 if across else -1] == "H"
    cross = ((24, 36) if across else (30, 46))[long] if {"W", "U"} & set(tensor["parts"]) else 20
    along = (26 if len(lines[0]) < 6 else 24) if across else 20
    out: list[str] = []
    for row, line in enumerate(lines):
        for k, block in enumerate(line):
            x, y = (left + k * along, top + row * cross) if across else (left, top + k * along)
            w, h = (along, cross) if across else (cross, along)
            out += _block(block, f"g{tints[block[-1]]}", block[-1] == gate, x, y, w, h)
    size = (along * len(lines[0]), cross * len(lines)) if across else (cross, along * len(lines[0]))
    return *size, out


def _block(block: str, tint: str, lit: bool, x: int, y: int, w: int, h: int) -> Iterator[str]:
    zero, ring = block[0] == "0", " y" if lit else ""
    text = "0" if zero else block.replace("-", "\N{MINUS SIGN}")
    yield f'<rect x="{x + 1}" y="{y + 1}" width="{w - 2}" height="{h - 2}" class="{tint}{" z" if zero else ""}{ring}"/>'
    yield f'<text x="{x + w // 2}" y="{y + h // 2 + 5}" class="l{f" {tint}{ring}" if lit else ""}">{text}</text>'


def _lies_across(tensor: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Whether blocks lie side by side: along the last of several axes; with one axis, as the framework's W has it."""
    if len(tensor["shape"]) > 1:
        return len(tensor["before"]) == len(tensor["shape"]) - 1
    return tensor is not first and _lies_across(first, first)
