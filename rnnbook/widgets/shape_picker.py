"""One cell, wired in different shapes: how many inputs, how many outputs, and what can reach what."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from traitlets import Bool, Int, Unicode, observe, validate

from rnnbook import validation as check
from rnnbook.widgets.base import Widget
from rnnbook.widgets.modules import data, words

Arrow = tuple[str, str]

#: By name.  One entry is one shape: its tokens step by step, and the code that makes it.
SHAPES: dict[str, dict[str, Any]] = data("shapes")["SHAPES"]
_WHY = {"feedback": "no step comes after its output", "both": "it has one input"}


class ShapePicker(Widget):
    """Pick how a recurrent cell is wired, step through it, and ask what each output can depend on.

    Parameters
    ----------
    shape : str
        "one-to-one", "one-to-many", "many-to-one", "in-step" (many to many, an output at each step) or
        "after-reading" (many to many, the outputs after the last input).
    feedback : bool
        Each output is also an input of the next step.  It needs an output with a step after it.
    both : bool
        A second chain reads the inputs from their end.  It needs more than one input.
    step : int
        How many moments have passed.  With two chains, the one from the end goes first.
    selected : str, optional
        The input or output that is picked: "x" or "y" and its step, counted from 1, such as "y2".

    Attributes
    ----------
    shape, feedback, both, step, selected
        In sync with the page.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind, out of range, or that makes no sense for the shape, by name.

    Examples
    --------
    >>> picker = ShapePicker("in-step")
    >>> picker.reaches().astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [1, 1, 1, 0],
           [1, 1, 1, 1]])
    >>> ShapePicker("in-step", both=True).reaches().all()
    np.True_
    """

    name = "shape-picker"

    shape = Unicode("many-to-one").tag(sync=True)
    feedback = Bool(False).tag(sync=True)
    both = Bool(False).tag(sync=True)
    step = Int(0).tag(sync=True)
    selected = Unicode(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        shape: str = "many-to-one",
        *,
        feedback: bool = False,
        both: bool = False,
        step: int = 0,
        selected: str | None = None,
    ):
        check.one_of("shape", shape, SHAPES)
        for name, on in (("feedback", feedback), ("both", both)):
            _switch(shape, name, on)
        super().__init__(
            shape=shape,
            feedback=feedback,
            both=both,
            step=_moment(shape, both, step),
            selected=_node(shape, selected),
        )

    # The kernel may set these at any time; the page checks its own side.
    @validate("shape")
    def _known(self, proposal: Any) -> str:
        return check.one_of("shape", proposal["value"], SHAPES)

    @validate("feedback", "both")
    def _sensible(self, proposal: Any) -> bool:
        return _switch(self.shape, proposal["trait"].name, proposal["value"])

    @validate("step")
    def _reached(self, proposal: Any) -> int:
        return _moment(self.shape, self.both, proposal["value"])

    @validate("selected")
    def _there(self, proposal: Any) -> str | None:
        return _node(self.shape, proposal["value"])

    @observe("shape", "both")
    def _another(self, change: Any) -> None:
        # The page sends all at once; here the rest follows.
        for name in ("feedback", "both"):
            if getattr(self, name) and not allowed(self.shape)[name]:
                setattr(self, name, False)
        self.step = min(self.step, len(self.moments()))
        if self.selected not in (None, *_nodes(self.shape)):
            self.selected = None

    def arrows(self) -> list[Arrow]:
        """Give the arrows of the drawing as pairs of nodes.

        A node is a letter and its step: x an input, h a state, b a state of the chain from the end, y an output.
        """
        T, ins, outs = steps(self.shape), inputs(self.shape), outputs(self.shape)
        found = [(f"x{t}", f"h{t}") for t in ins]
        found += [(f"h{t}", f"h{t + 1}") for t in range(1, T)]
        found += [(f"h{t}", f"y{t}") for t in outs]
        if self.both:
            found += [(f"x{t}", f"b{t}") for t in ins]
            found += [(f"b{t}", f"b{t - 1}") for t in ins[:0:-1]]
            if set(ins) <= set(outs):
                found += [(f"b{t}", f"y{t}") for t in ins]
            else:
                found.append(("b1", f"h{len(ins) + 1}" if len(ins) < T else f"y{T}"))
        if self.feedback:
            found += [(f"y{t}", f"h{t + 1}") for t in outs if t < T]
        return found

    def reaches(self, letter: str = "x") -> np.ndarray:
        """Say which output can depend on which input.

        Parameters
        ----------
        letter : {"x", "y"}
            "y" asks for the other outputs in the inputs' place.

        Returns
        -------
        bool array (outputs, inputs), or (outputs, outputs)
        """
        columns = (inputs if check.one_of("letter", letter, "xy") == "x" else outputs)(self.shape)
        behind = [reachable(self.arrows(), f"y{t}", back=True) for t in outputs(self.shape)]
        return np.array([[f"{letter}{k}" in nodes for k in columns] for nodes in behind])

    def moments(self) -> list[list[str]]:
        """Give what comes, one moment after another."""
        ins, outs = inputs(self.shape), outputs(self.shape)
        back = [[f"x{t}", f"b{t}"] for t in reversed(ins)] if self.both else []
        ahead = [
            [*([f"x{t}"] if t in ins and not self.both else []), f"h{t}", *([f"y{t}"] if t in outs else [])]
            for t in range(1, steps(self.shape) + 1)
        ]
        return back + ahead

    def code(self) -> str:
        """Give the lines of Python that make this shape."""
        wiring = " ".join(name for name in ("feedback", "both") if getattr(self, name))
        lines: list[str] = SHAPES[self.shape]["code"][wiring]
        return "\n".join(lines)

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "A digit row by row, half read": cls(step=3),
            "In step: what the second tag can depend on": cls("in-step", step=4, selected="y2"),
            "In step, both directions": cls("in-step", both=True, step=6, selected="y2"),
            "Sequence to sequence with feedback": cls("after-reading", feedback=True, step=5, selected="y5"),
            "Sequence to sequence, both directions": cls("after-reading", both=True, feedback=True, step=9),
            "A caption": cls("one-to-many", feedback=True, step=4),
            "Many to one, both directions": cls("many-to-one", both=True, step=10),
            "In step, everything on": cls("in-step", both=True, feedback=True, step=8, selected="x2"),
            "One to one": cls("one-to-one", step=1),
        }


def steps(shape: str) -> int:
    """How many steps the cell goes."""
    return len(SHAPES[shape]["inputs"])


def inputs(shape: str) -> list[int]:
    """The steps with an input that says something: a sign to begin says nothing."""
    said = (token is not None and "begin" not in token for token in SHAPES[shape]["inputs"])
    return [t for t, says in enumerate(said, 1) if says]


def outputs(shape: str) -> list[int]:
    """The steps with an output."""
    return [t for t, token in enumerate(SHAPES[shape]["outputs"], 1) if token is not None]


def allowed(shape: str) -> dict[str, bool]:
    """Which switches make sense for a shape."""
    return {"feedback": outputs(shape)[0] < steps(shape), "both": len(inputs(shape)) > 1}


def reachable(arrows: Iterable[Arrow], node: str, *, back: bool = False) -> set[str]:
    """All nodes that one leads to, against the arrows if `back`; the node itself is not among them."""
    edges = [(to, from_) if back else (from_, to) for from_, to in arrows]
    seen: set[str] = set()
    ahead = [node]
    while ahead:
        at = ahead.pop()
        new = {to for from_, to in edges if from_ == at} - seen
        seen |= new
        ahead += new
    return seen


def _nodes(shape: str) -> list[str]:
    return [f"x{t}" for t in inputs(shape)] + [f"y{t}" for t in outputs(shape)]


def _switch(shape: str, name: str, on: Any) -> bool:
    if not isinstance(on, bool):
        raise TypeError(f"{name} must be True or False, got {on!r}")
    if on and not allowed(shape)[name]:
        raise ValueError(f"{name} must be False for {shape!r}: {_WHY[name]}; got True")
    return on


def _moment(shape: str, both: bool, step: Any) -> int:
    last = steps(shape) + both * len(inputs(shape))
    if check.count("step", step, 0) > last:
        raise ValueError(f"step must be at most {last}, the last moment of {shape!r}, got {step}")
    return int(step)


def _node(shape: str, node: Any) -> str | None:
    return None if node is None else check.one_of("selected", node, _nodes(shape))


def _text(token: Any) -> str:
    """A token in English."""
    said = words()["shape-picker"]
    if isinstance(token, str):
        return token
    if "word" in token:
        return said[f"token_{token['word']}"]["en"]
    return said["row"]["en"].replace("{n}", str(token["row"])) if "row" in token else said["image"]["en"]


def _picture(picker: ShapePicker) -> str:
    """Draw the net: what has come is filled in, what belongs to a picked node is thick."""
    shape, selected, arrows, moments = picker.shape, picker.selected, picker.arrows(), picker.moments()
    T, ins, table = steps(shape), inputs(shape), SHAPES[shape]
    came = {node for moment in moments[: picker.step] for node in moment}
    near = reachable(arrows, selected, back=selected[0] == "y") | {selected} if selected else set()
    column = min(108.0, 608 / T)
    start = max(92.0, 350 - column * T / 2)
    heights = {"y": 62, "h": 140 if picker.both else 166, "b": 204, "x": 270}

    def at(node: str) -> tuple[float, float]:
        t = int(node[1:])
        aside = 16 if picker.both and t in ins and node[0] in "hb" else 0
        return start + (t - 0.5) * column + (-aside if node[0] == "h" else aside), heights[node[0]]

    def look(*nodes: str) -> str:
        if selected:
            return " l" if near.issuperset(nodes) else " d"
        return "" if came.issuperset(nodes) else " d"

    out = []
    for from_, to in sorted(arrows, key=lambda arrow: near.issuperset(arrow)):
        tint = " h" if from_[0] in "hb" else ""
        out.append(f'<path class="w{tint}{look(from_, to)}" d="{_way(from_, to, at)}"/>')
    for t, token in enumerate(table["inputs"], 1):
        if token is not None and t not in ins:
            x = start + (t - 0.5) * column
            out.append(f'<path class="w d" d="M{x:.0f} 256V{heights["h"] + 20}m-4 5l4 -6l4 6"/>')
            out.append(f'<text x="{x:.0f}" y="275" class="q">{words()["shape-picker"]["begin"]["en"]}</text>')
    for node in dict.fromkeys(node for moment in moments for node in moment):
        (x, y), how = at(node), look(node)
        if node[0] in "xy":
            token = table["inputs" if node[0] == "x" else "outputs"][int(node[1:]) - 1]
            out.append(f'<circle cx="{x:.0f}" cy="{y}" r="22" class="n{how}"/>')
            inside = [token] if node[0] == "x" or node in came else []
        else:
            out.append(f'<rect x="{x - 27:.0f}" y="{y - 17}" width="54" height="34" rx="6" class="n h{how}"/>')
            behind = reachable(arrows, node, back=True) if node in came else set()
            inside = [table["inputs"][t - 1] for t in ins if f"x{t}" in behind]
        out += _inside(inside, table.get("pixels", []), x, y)
    for t in range(1, T + 1):
        x, counts = start + (t - 0.5) * column, t in outputs(shape)
        out.append(f'<path class="w" d="M{x - 6:.0f} 16{"l4.5 5l8 -10" if counts else "h12"}"/>')
        out.append(f'<text x="{x:.0f}" y="314" class="q">{t}</text>')
    names = [(16, "loss"), (62, "output"), (270, "input"), (309, "step")]
    names += [(140, "ahead"), (204, "from end")] if picker.both else [(166, "state")]
    out += [f'<text x="0" y="{y + 4}">{name}</text>' for y, name in names]
    said = _alt(picker)
    style = (
        "<style>.rb-shape text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-shape .q{text-anchor:middle}.rb-shape .k{text-anchor:middle;fill:var(--gs-ink,currentColor)}"
        ".rb-shape .w{fill:none;stroke:var(--gs-mute,#666);stroke-width:1.5}"
        ".rb-shape .n{fill:var(--gs-paper,#fff);stroke:var(--gs-ink,currentColor);stroke-width:1.75}"
        ".rb-shape .h{stroke:var(--gs-h,#666)}.rb-shape .l{stroke-width:3}"
        ".rb-shape .d{stroke:var(--gs-faint,#999);stroke-width:1}.rb-shape .p{fill:var(--gs-ink,currentColor)}</style>"
    )
    return (
        f'<figure class="rb-figure rb-shape"><svg viewBox="0 0 700 322" role="img" aria-label="{html.escape(said)}" '
        f'style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(said)}</figcaption><pre><code>{html.escape(picker.code())}</code></pre></figure>"
    )


def _way(from_: str, to: str, at: Callable[[str], tuple[float, float]]) -> str:
    """The path of an arrow, with its tip."""
    (x1, y1), (x2, y2) = at(from_), at(to)
    up, down, right, left = "m-4 5l4 -6l4 6", "m-4 -5l4 6l4 -6", "m-5 -4l6 4l-6 4", "m5 -4l-6 4l6 4"
    if from_[0] == to[0]:
        d = 1 if x2 > x1 else -1
        return f"M{x1 + 27 * d:.0f} {y1}H{x2 - 29 * d:.0f}{right if d > 0 else left}"
    if from_[0] == "b" and from_[1:] != to[1:]:
        side = at("h1")[0] - 38
        if to[0] == "y":
            return f"M{x1 - 27:.0f} {y1}H{side:.0f}V{y2}H{x2 - 25:.0f}{right}"
        return f"M{x1 - 27:.0f} {y1}H{side:.0f}V{y2 - 40}H{x2 - 9:.0f}V{y2 - 19}{down}"
    if from_[0] == "y":
        gap, end = at(f"x{to[1:]}")[0] - 30, x2 - 14
        down_to = f"V{y1 + 24}C{gap:.0f} {y1 + 42} {end:.0f} {y1 + 34} {end:.0f} {y1 + 54}V{y2 - 19}{down}"
        return f"M{x1 + 22:.0f} {y1}H{gap - 12:.0f}Q{gap:.0f} {y1} {gap:.0f} {y1 + 12}{down_to}"
    first, last = (y1 - 22, y2 + 19) if from_[0] == "x" else (y1 - 17, y2 + 24)
    if abs(y1 - y2) > 120 and x1 != x2:  # past the other chain
        lane = x1 - 20 if from_[0] == "x" else x2 + 20
        return f"M{lane:.0f} {first - (-8 if from_[0] == 'x' else 0)}V{last - (8 if to[0] == 'y' else 0)}{up}"
    return f"M{x1:.0f} {first}L{x2 + (x1 - x2) * 0.5:.0f} {last}{up}"


def _inside(tokens: list[Any], rows: list[str], x: float, y: float) -> Iterator[str]:
    """What stands in a node: text, or the rows of an image."""
    if not tokens:
        return
    if isinstance(tokens[0], str) or "word" in tokens[0]:
        yield f'<text x="{x:.0f}" y="{y + 4.5}" class="k">{html.escape("".join(map(_text, tokens)))}</text>'
        return
    own = set(range(len(rows))) if "image" in tokens[0] else {token["row"] - 1 for token in tokens}
    size = min(5.0, 25 / len(rows))
    corner = x - size * len(rows[0]) / 2, y - size * len(rows) / 2
    dots = [
        f"M{corner[0] + k * size:.1f} {corner[1] + j * size:.1f}h{size - 0.5:.1f}v{size - 0.5:.1f}h{0.5 - size:.1f}z"
        for j, row in enumerate(rows)
        if j in own
        for k, one in enumerate(row)
        if one == "1"
    ]
    yield f'<path class="p" d="{"".join(dots)}"/>'


def _alt(picker: ShapePicker) -> str:
    """Say which shape it is, what has come out, and what depends on what."""
    shape, table = picker.shape, SHAPES[picker.shape]
    wiring = [name for name, on in (("feedback", picker.feedback), ("both directions", picker.both)) if on]
    came = {node for moment in picker.moments()[: picker.step] for node in moment}
    given = ", ".join(_text(table["inputs"][t - 1]) for t in inputs(shape))
    out = ", ".join(_text(table["outputs"][t - 1]) for t in outputs(shape) if f"y{t}" in came)
    name = words()["shape-picker"][f"shape_{shape}"]["en"].capitalize()
    said = f"{name}{', with ' + ' and '.join(wiring) if wiring else ''}: in comes {given}; "
    said += f"after {picker.step} of {len(picker.moments())} moments, out so far: {out or 'nothing'}. "
    pairs = zip(outputs(shape), picker.reaches(), strict=True)
    each = [
        f"output {t} on {', '.join(str(k) for k, r in zip(inputs(shape), row, strict=True) if r)}" for t, row in pairs
    ]
    return f"{said}Each can depend on the inputs of these steps: {'; '.join(each)}."
