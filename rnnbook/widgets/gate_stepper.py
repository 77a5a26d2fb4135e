"""One cell, one step, one gate at a time: forward, and backward."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from traitlets import Dict, Int, List, TraitError, Unicode, observe, validate

from rnnbook import validation as check
from rnnbook.cells import CELLS, Cell, ElmanCell
from rnnbook.data import one_hot
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget
from rnnbook.widgets.examples import EXAMPLES
from rnnbook.widgets.modules import data, words
from rnnbook.widgets.stills import Row, strip

Array = np.ndarray

#: Letters of gates, which can be held; the other rows of a cell are candidates.
GATES = "fiorz"
#: What a drawing can hold: steps, and weights in one gate's row.
MAX_STEPS, MAX_UNITS, MAX_INPUTS = 200, 64, 64

_LSTM = ("remember", "count", "forget", "leaky", "hundred")
#: The stations of one step in the order of the forward pass, and the rows of the strip with their station.
STATIONS: dict[str, list[str]] = data("stations")["STATIONS"]
ROWS: dict[str, dict[str, str]] = data("stations")["ROWS"]


class WrongState(TraitError, ValueError):
    """A state that cannot be drawn.  As a `TraitError` it makes traitlets keep the old one."""


def held(cell: Cell, hold: Mapping[str, float]) -> Cell:
    """Give a copy of a cell with gates held at fixed values.

    A gate that reads nothing and whose bias is log(v / (1 - v)) stands at v: its rows of W, U and P are 0.

    Parameters
    ----------
    cell : Cell
    hold : mapping from gates' letters to values in [0, 1]

    Returns
    -------
    Cell

    Raises
    ------
    ValueError
        For a letter that is none of the cell's gates, and for a value outside of [0, 1].

    Examples
    --------
    >>> from rnnbook.cells import LSTMCell
    >>> cell = held(LSTMCell(1, 2, rng=np.random.default_rng(0)), {"f": 1, "i": 0})  # it keeps what it has
    >>> _, _, run = Recurrent(cell).forward(np.ones((1, 1, 1)))
    >>> run.trace.f[0], run.trace.i[0]
    (array([[1., 1.]], dtype=float32), array([[0., 0.]], dtype=float32))
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell must be a Cell, such as LSTMCell(3, 5, rng=rng), got {cell!r}")
    gates = [k for k in cell.GATES if k in GATES]
    params = {name: a.copy() for name, a in cell.params.items()}
    for letter, value in hold.items():
        check.one_of("hold", letter, gates)
        value = check.number(f"hold[{letter!r}]", value, 0, 1)
        rows = cell.rows(letter)
        params["W"][rows] = params["U"][rows] = 0
        if "P" in params:
            start = "ifo".index(letter) * cell.hidden_size
            params["P"][start : start + cell.hidden_size] = 0
        # exp overflows on the way to an exact 0 or 1, which is right.
        params["b"][rows] = np.log(value / (1 - value)) if 0 < value < 1 else (2 * value - 1) * 1000
    return type(cell)(**{**cell.config(), "params": params})


class GateStepper(Widget):
    """Step through a cell, gate by gate, forward and backward.

    Without a cell it shows examples, and the reader chooses.  With one it shows that cell, trained or not, on a
    sequence of inputs.  The gradient that flows back is that of the last hidden state of the shown unit.

    Parameters
    ----------
    cell : Cell or Recurrent, optional
        What to step through; every cell of this package will do.
    inputs : array (T, D), or ids (T,), optional
        The sequence, up to 200 steps.  Needed with `cell`.
    names : sequence of D texts, optional
        Names of the inputs.
    labels : sequence of T texts, optional
        What is read at each step; a letter or a short word.
    examples : sequence of names of `EXAMPLES`, optional
        Without a cell: what can be chosen.
    t, station : int, optional
        Where to begin, counted from 1.  By default at the first step, or, backward, at the last.
    direction : {"forward", "backward"}
    unit : int
        The hidden unit that is shown, counted from 0.
    hold : mapping from letters to values in [0, 1], optional
        Gates that are held open, shut, or between.

    Attributes
    ----------
    cell, inputs, names, labels, example, examples, t, station, direction, unit, hold
        As plain JSON, in sync with the page: what the reader moves there can be read here, and the other way round.

    Raises
    ------
    TypeError, ValueError
        For arguments that do not fit together, by name.

    Examples
    --------
    >>> from rnnbook.cells import LSTMCell
    >>> stepper = GateStepper(LSTMCell(2, 3, rng=np.random.default_rng(0)), np.ones((4, 2)), hold={"f": 1})
    >>> stepper.t, stepper.hold, len(stepper.inputs)
    (1, {'f': 1.0}, 4)
    """

    name = "gate-stepper"

    cell = Dict().tag(sync=True)
    inputs: List = List().tag(sync=True)
    names = List(Unicode()).tag(sync=True)
    labels = List(Unicode()).tag(sync=True)
    example = Unicode().tag(sync=True)
    examples = Dict().tag(sync=True)
    t = Int(1).tag(sync=True)
    station = Int(1).tag(sync=True)
    direction = Unicode("forward").tag(sync=True)
    unit = Int(0).tag(sync=True)
    hold = Dict().tag(sync=True)

    def __init__(
        self,
        cell: Cell | Recurrent | None = None,
        inputs: Any = None,
        *,
        names: Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
        examples: Iterable[str] = _LSTM,
        t: int | None = None,
        station: int | None = None,
        direction: str = "forward",
        unit: int = 0,
        hold: Mapping[str, float] | None = None,
    ):
        if cell is None:
            for option, given in (("inputs", inputs), ("names", names), ("labels", labels)):
                if given is not None:
                    raise TypeError(f"{option} needs a cell: GateStepper(cell, inputs)")
            if isinstance(examples, str) or not (examples := list(examples)):
                raise TypeError(f"examples must be a list of names such as ['remember'], got {examples!r}")
            chosen = {k: _shown(EXAMPLES[check.one_of("examples", k, EXAMPLES)]) for k in examples}
            start = {"example": examples[0], "examples": chosen, **chosen[examples[0]]}
        else:
            start = {"example": "", "examples": {}, **_own(cell, inputs, names, labels)}
        super().__init__(**start)
        self.direction = check.one_of("direction", direction, ("forward", "backward"))
        back = direction == "backward"
        self.t = (len(self.inputs) if back else 1) if t is None else t
        self.station = (len(STATIONS[self.cell["kind"]]) if back else 1) if station is None else station
        self.unit, self.hold = unit, dict(hold or {})

    # The kernel may set these at any time; the page checks its own side.
    @validate("cell")
    def _drawable(self, proposal: Any) -> dict[str, Any]:
        shown = proposal["value"]
        with _wrong_state():
            kind = check.one_of("cell['kind']", shown.get("kind"), STATIONS)
            params = {k: np.asarray(p, float) for k, p in shown["params"].items()}
            D, H = params["W"].shape[1], params["U"].shape[1]
            check.parameters("cell['params']", params, CELLS[kind].shapes(D, H), np.dtype(np.float64))
        return shown

    @validate("inputs")
    def _sequence(self, proposal: Any) -> list[list[float]]:
        with _wrong_state():
            x = check.floats("inputs", np.asarray(proposal["value"]), ("T", "D"), np.dtype(np.float64))
            if len(check.finite("inputs", x)) > MAX_STEPS:
                raise ValueError(f"inputs must have at most {MAX_STEPS} steps to be drawn, got {len(x)}")
        return x.tolist()

    @validate("t", "station", "unit")
    def _within(self, proposal: Any) -> int:
        name = proposal["trait"].name
        with _wrong_state():
            return int(check.number(name, proposal["value"], *self._range(name)))

    @validate("direction")
    def _known(self, proposal: Any) -> str:
        with _wrong_state():
            return check.one_of("direction", proposal["value"], ("forward", "backward"))

    @validate("hold")
    def _holdable(self, proposal: Any) -> dict[str, float]:
        with _wrong_state():
            return {
                check.one_of("hold", k, self._gates()): check.number(f"hold[{k!r}]", v, 0, 1)
                for k, v in proposal["value"].items()
            }

    @observe("cell", "inputs")
    def _follow(self, change: Any) -> None:
        # Another cell or another sequence: what pointed beyond it comes back, what it has not goes.
        if self.cell and self.inputs:
            for name in ("t", "station", "unit"):
                low, high = self._range(name)
                setattr(self, name, min(max(getattr(self, name), low), high))
            self.hold = {k: v for k, v in self.hold.items() if k in self._gates()}

    @observe("example")
    def _choose(self, change: Any) -> None:
        # The page sends an example with all that belongs to it; from the kernel its name is enough.
        chosen = self.examples.get(change["new"])
        if chosen and chosen["cell"]["kind"] != self.cell.get("kind") or chosen and chosen["inputs"] != self.inputs:
            with self.hold_trait_notifications():
                self.hold = {}
                for name, value in chosen.items():
                    setattr(self, name, value)

    def _range(self, name: str) -> tuple[int, int]:
        return {
            "t": (1, len(self.inputs)),
            "station": (1, len(STATIONS[self.cell["kind"]])),
            "unit": (0, _hidden_size(self.cell) - 1),
        }[name]

    def _gates(self) -> list[str]:
        return [k for k in CELLS[self.cell["kind"]].GATES if k in GATES]

    def layer(self) -> Recurrent:
        """Build the cell as it is shown, its gates held, in float64."""
        D, H, made = len(self.inputs[0]), _hidden_size(self.cell), CELLS[self.cell["kind"]]
        options = {"activation": self.cell["activation"]} if "activation" in self.cell else {}
        return Recurrent(held(made(D, H, dtype=np.float64, params=self.cell["params"], **options), self.hold))

    def still(self) -> str:
        said, kind, u = words()[self.name], self.cell["kind"], self.unit
        layer, x = self.layer(), np.array(self.inputs, float)[:, None, :]
        y, _, run = layer.forward(x)
        backward = self.direction == "backward"
        if kind == "ElmanCell":
            W, U = layer.params["W"], layer.params["U"]
            values = {"x": x @ W.T, "u": run.prev.h @ U.T, "h": run.trace.h}
        else:
            values = {k: getattr(run.trace, k) for k in ROWS[kind]}
        rows = [
            Row(
                {"x": "W\u2009x", "u": "U\u2009h"}.get(k, k),
                said[f"row_{k}"]["en"],
                v[:, 0, u],
                tint="mute" if backward and k in GATES else {"x": "mute", "u": "h"}.get(k, k),
                gate=k in GATES,
            )
            for k, v in values.items()
            if not backward or k in GATES
        ]
        if backward:
            dy = np.zeros_like(y)
            dy[-1, 0, u] = 1
            states = [run.trace.h] + ([run.trace.c] if hasattr(run.trace, "c") else [])
            before = list(layer.walk_back(run, dy))[::-1]
            for letter, name, k in (("dh", "row_h", 0), ("dc", "row_c", 1))[: len(states)]:
                # Of the state after each step: what the step after it passes back, and the last output's 1.
                after = np.array([d[k][0, u] for d in before[1:]] + [1.0 - k])
                to = said["row_to"]["en"].replace("{row}", said[name]["en"])
                rows.append(Row(letter, to, after, tint="grad"))
        title = said[f"cell_{kind}"]["en"] + (", the gradient of the last output" if backward else "")
        return strip(rows, [_label(text) for text in self.labels], title)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "LSTM, the update": cls(t=4, station=3),
            "LSTM, a gate held, backward": cls(examples=["remember"], direction="backward", t=6, hold={"f": 0.8}),
            "LSTM, a hundred steps": cls(examples=["hundred"], t=60, station=4),
            "LSTM of 1997": cls(examples=["never-forgets"], t=5, station=2),
            "Peepholes": cls(examples=["timer"], t=5, station=4),
            "Coupled gates": cls(examples=["coupled"], t=4, station=3),
            "GRU, forward": cls(examples=["gru-restart", "gru-remember"], t=5, station=4),
            "GRU with the reset before, backward": cls(examples=["gru-before"], direction="backward", t=5, station=2),
            "Elman, forward": cls(examples=["fades", "latches"], t=3, station=3),
            "Elman, backward": cls(examples=["fades"], direction="backward", t=7, station=2),
        }


@contextmanager
def _wrong_state() -> Iterator[None]:
    """Make a `TraitError` of what a check says: only for these does traitlets keep the old value."""
    try:
        yield
    except (AttributeError, KeyError, IndexError) as error:
        raise WrongState(f"cell must be {{'kind': …, 'params': {{…}}}}: {error!r}") from None
    except (TypeError, ValueError) as error:
        raise WrongState(str(error)) from None


def _hidden_size(cell: Mapping[str, Any]) -> int:
    return len(cell["params"]["U"][0])


def _json(cell: Cell) -> dict[str, Any]:
    shown = {"kind": type(cell).__name__, "params": {k: p.tolist() for k, p in cell.params.items()}}
    return shown | ({"activation": cell.activation} if isinstance(cell, ElmanCell) else {})


def _shown(example: Any) -> dict[str, Any]:
    """Give an example as state."""
    return {
        "cell": _json(example.cell()),
        "inputs": example.sequence().tolist(),
        "names": list(example.inputs),
        "labels": list(example.labels),
    }


def _own(cell: Any, inputs: Any, names: Any, labels: Any) -> dict[str, Any]:
    """Give the reader's own cell and sequence as state."""
    if isinstance(cell, Recurrent):
        cell = cell.cell
    if type(cell).__name__ not in STATIONS or type(cell) is not CELLS[type(cell).__name__]:
        raise TypeError(f"cell must be one of {', '.join(STATIONS)}, or a Recurrent with one, got {cell!r}")
    if not isinstance(cell, ElmanCell) and getattr(cell, "activation", "tanh") != "tanh":
        raise ValueError(f"cell must have tanh, which stands in the equations drawn, got {cell!r}")
    if cell.hidden_size > MAX_UNITS or cell.input_size > MAX_INPUTS:
        raise ValueError(f"cell must have at most {MAX_UNITS} units and {MAX_INPUTS} inputs to be drawn, got {cell!r}")
    if inputs is None:
        raise TypeError("inputs must be given with a cell: an array (T, D) or ids (T,)")
    x = check.array("inputs", inputs)
    if x.dtype.kind in "iu" and x.ndim == 1:
        x = one_hot(check.ids("inputs", x, ("T",), cell.input_size), cell.input_size, np.float64)
    x = check.finite("inputs", check.floats("inputs", x, ("T", cell.input_size), np.dtype(np.float64)))
    if len(x) > MAX_STEPS:
        raise ValueError(f"inputs must have at most {MAX_STEPS} steps to be drawn, got {len(x)}")
    texts = {}
    for option, given, count in (("names", names, cell.input_size), ("labels", labels, len(x))):
        texts[option] = [] if given is None else [str(text) for text in given]
        if given is not None and len(texts[option]) != count:
            raise ValueError(f"{option} must have {count} entries, got {len(texts[option])}")
    for name, p in cell.params.items():
        check.finite(f"cell.params[{name!r}]", p)
    return {"cell": _json(cell), "inputs": x.tolist(), **texts}


def _label(text: str) -> str:
    """Give a step's label with the first word in the table's English, and a minus that is one."""
    first, _, rest = text.partition(" ")
    known = words()["gate-stepper"].get(f"label_{first}")
    return f"{known['en']} {rest}".strip().replace("-", "\N{MINUS SIGN}") if known else text
