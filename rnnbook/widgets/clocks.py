"""Clocks of different periods: what each unit of a small net holds, and for how many days."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import Dict, Float, Int, List, validate

from rnnbook import validation as check
from rnnbook.cells import Cell, ElmanCell, GRUCell, LSTMCell
from rnnbook.data.calendar import calendar
from rnnbook.layers import Dense
from rnnbook.model import Sequential
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget

Array = np.ndarray

#: What a page can hold and compute at once.
MAX_DAYS, MAX_UNITS, MAX_CLOCKS, MAX_PERIOD = 416, 16, 4, 9_999
#: The smallest and the largest nudge; after how many days it is read.
SMALL, LARGE, MARKS = 0.001, 1.0, (1, 2, 5, 10, 20, 50, 100, 200, 400)

CELLS: dict[str, type[Cell]] = {cell.__name__: cell for cell in (GRUCell, LSTMCell, ElmanCell)}


class Clocks(Widget):
    """Let a net of a few units run through a calendar, and see for how long each unit keeps a nudge.

    Each clock brings news, yes or no, and the net answers each day what each brought last.  The reader moves a day,
    looks at the units, changes the news of the day, and reads a unit's half-life: on the day a copy of the net has one
    unit nudged, and both run on side by side.  The page computes what this class computes, with weights of six digits.

    Parameters
    ----------
    model : Sequential
        One Recurrent with a GRUCell, an LSTMCell or an ElmanCell of at most 16 units, then a Dense without activation:
        K numbers in, K logits out.
    inputs : array (T, K) of -1, 0, 1
        The news of at most 416 days: 1 for yes, -1 for no, 0 on a day without, as `rnnbook.data.calendar` gives them.
    periods : K ints
        Days between two pieces of news.
    names : K texts
        Of the clocks.
    day : int
        Where the cursor stands, from 0.
    unit : int
        The unit that is looked at, from 0.
    nudge : float
        By how much its state is moved, from 0.001 to 1.

    Attributes
    ----------
    weights, inputs, periods, names
        What was given, as plain JSON.
    changes : list of [day, clock, news]
        What the reader has changed in the calendar.
    day, unit, nudge, changes
        In sync with the page.

    Raises
    ------
    TypeError, ValueError
        For a model that is built otherwise, or arguments that do not fit, by name.

    Examples
    --------
    >>> cell = GRUCell(1, 1, params={"W": [[0], [0], [1]], "U": [[0], [0], [0]], "b": [0, 3, 0], "b_n": [0]})
    >>> net = Sequential(rnn=Recurrent(cell), out=Dense(1, 1, params={"W": [[9]], "b": [0]}))
    >>> clocks = Clocks(net, [[1], [0], [0], [-1], [0]], periods=[3], names=["call"], day=1)
    >>> clocks.kept(unit=0, day=1).round(2)
    array([1.  , 0.95, 0.91, 0.86])
    >>> clocks.answers().round(2).ravel()
    array([0.58, 0.58, 0.57, 0.49, 0.49])
    """

    name = "clocks"

    weights: Dict[str, Any] = Dict(read_only=True).tag(sync=True)
    inputs: List[Any] = List(read_only=True).tag(sync=True)
    periods: List[int] = List(read_only=True).tag(sync=True)
    names: List[str] = List(read_only=True).tag(sync=True)
    changes: List[Any] = List().tag(sync=True)
    day = Int(0).tag(sync=True)
    unit = Int(0).tag(sync=True)
    nudge = Float(0.1).tag(sync=True)

    def __init__(
        self,
        model: Sequential,
        inputs: Any,
        *,
        periods: Sequence[int] = (1, 7, 208),
        names: Sequence[str] = ("place", "call", "election"),
        day: int = 0,
        unit: int = 0,
        nudge: float = 0.1,
    ):
        weights = _weights(model)
        K = len(weights["out"]["b"])
        x = check.shape("inputs", check.array("inputs", inputs), ("T", K))
        if x.dtype.kind not in "fiu" or not np.isin(x, (-1, 0, 1)).all():
            raise ValueError("inputs must hold -1, 0 and 1 alone: no, no news, yes")
        if len(x) > MAX_DAYS:
            raise ValueError(f"inputs must have at most {MAX_DAYS} days, got {len(x)}")
        for label, given in (("periods", periods), ("names", names)):
            if not isinstance(given, list | tuple | np.ndarray):
                raise TypeError(f"{label} must be a list, got {given!r}")
            if len(given) != K:
                raise ValueError(f"{label} must have {K} entries, one for each clock, got {len(given)}")
        for k, label in enumerate(names):
            if not isinstance(label, str) or not label.strip():
                raise TypeError(f"names[{k}] must be a text, got {label!r}")
        days = [check.count(f"periods[{k}]", period) for k, period in enumerate(periods)]
        if max(days) > MAX_PERIOD:
            raise ValueError(f"periods must be at most {MAX_PERIOD} days, got {max(days)}")
        super().__init__()
        self.set_trait("weights", weights)
        self.set_trait("inputs", x.astype(int).tolist())
        self.set_trait("periods", days)
        self.set_trait("names", list(names))
        self._model = _model(weights)
        self._ran: tuple[Any, Any] | None = None
        self.day = check.count("day", day, 0)
        self.unit = check.count("unit", unit, 0)
        self.nudge = nudge

    # The kernel may set these at any time; the page checks its own side.
    @validate("day", "unit")
    def _within(self, proposal: Any) -> int:
        name = proposal["trait"].name
        last = (self.num_days if name == "day" else self.hidden_size) - 1
        return int(check.number(name, proposal["value"], 0, last))

    @validate("nudge")
    def _pushed(self, proposal: Any) -> float:
        return check.number("nudge", proposal["value"], SMALL, LARGE)

    @validate("changes")
    def _changed(self, proposal: Any) -> list[Any]:
        for j, change in enumerate(proposal["value"]):
            if not isinstance(change, list | tuple) or len(change) != 3:
                raise ValueError(f"changes[{j}] must be [day, clock, news], got {change!r}")
            for at, (part, end) in enumerate((("day", self.num_days), ("clock", self.num_clocks))):
                check.number(
                    f"{part} of changes[{j}]", check.count(f"{part} of changes[{j}]", change[at], 0), 0, end - 1
                )
            if change[2] not in (-1, 0, 1):
                raise ValueError(f"news of changes[{j}] must be -1, 0 or 1, got {change[2]!r}")
        return [[int(part) for part in change] for change in proposal["value"]]

    @property
    def num_days(self) -> int:
        """T."""
        return len(self.inputs)

    @property
    def num_clocks(self) -> int:
        """K."""
        return len(self.periods)

    @property
    def hidden_size(self) -> int:
        """H, the number of units."""
        return len(self.weights["params"]["U"][0])

    @property
    def letter(self) -> str:
        """What is nudged: c of an LSTM, h of the others."""
        return "c" if self.weights["kind"] == "LSTMCell" else "h"

    def news(self) -> Array:
        """Give the calendar with the reader's changes.

        Returns
        -------
        float64 array (T, K)
        """
        x = np.array(self.inputs, float)
        for day, clock, value in self.changes:
            x[day, clock] = value
        return x

    def latest(self) -> tuple[Array, Array]:
        """Give what each clock brought last, and on which day.

        Returns
        -------
        news : float64 array (T, K)
            0 where there was none yet.
        days : int array (T, K)
            -1 where there was none yet.
        """
        x = self.news()
        days = np.maximum.accumulate(np.where(x != 0, np.arange(len(x))[:, None], -1), axis=0)
        return np.where(days < 0, 0.0, np.take_along_axis(x, np.maximum(days, 0), axis=0)), days

    def answers(self) -> Array:
        """Compute the net's probability of yes, for each clock on each day.

        Returns
        -------
        float64 array (T, K)
        """
        logits = self._model.layers["out"](self.states()[:, None])[:, 0]
        return 1 / (1 + np.exp(-logits))

    def states(self) -> Array:
        """Compute what each unit shows after each day: h.

        Returns
        -------
        float64 array (T, H)
        """
        return self._run()["h"]

    def kept(self, unit: int, day: int) -> Array:
        """Compute how much of a nudge is left: a copy of the net gets it after the day, and both run on.

        Parameters
        ----------
        unit : int
            Its state (h; for an LSTM c) grows by `nudge`, and in this unit's state the two are compared.
        day : int

        Returns
        -------
        float64 array (T - day,)
            The difference after 0, 1, 2, ... days, as a share of the nudge; the first is 1.
        """
        unit = int(check.number("unit", check.count("unit", unit, 0), 0, self.hidden_size - 1))
        day = int(check.number("day", check.count("day", day, 0), 0, self.num_days - 1))
        run, rnn = self._run(), self._model.layers["rnn"]
        start = {field: run[field][day].copy() for field in run}
        start[self.letter][unit] += self.nudge
        left = np.ones(self.num_days - day)
        if day < self.num_days - 1:
            state = rnn.cell.State(*(start[field][None] for field in rnn.cell.State._fields))
            _, _, other = rnn.forward(self.news()[day + 1 :, None], state)
            moved = getattr(other.trace, self.letter)[:, 0, unit]
            left[1:] = (moved - run[self.letter][day + 1 :, unit]) / self.nudge
        return left

    def half_life(self, unit: int, day: int) -> int | None:
        """Give the number of days after which at most half of a nudge is left.

        Parameters
        ----------
        unit, day : int
            As for `kept`.

        Returns
        -------
        int or None
            None if more than half is left on the last day.
        """
        below = np.flatnonzero(np.abs(self.kept(unit, day)) <= 0.5)
        return int(below[0]) if len(below) else None

    def _run(self) -> dict[str, Array]:
        """The states after each day, computed once for each calendar."""
        key = [list(change) for change in self.changes]
        if self._ran is None or self._ran[0] != key:
            rnn = self._model.layers["rnn"]
            _, _, run = rnn.forward(self.news()[:, None])
            self._ran = key, {field: getattr(run.trace, field)[:, 0] for field in rnn.cell.State._fields}
        return self._ran[1]

    def still(self) -> str:
        return _picture(self)

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        x = calendar(np.random.default_rng(6), batch_size=1).inputs[:, 0]
        first = calendar(np.random.default_rng(3), periods=(1, 7), num_days=70, batch_size=1).inputs[:, 0]
        rng = np.random.default_rng(0)
        loose = Sequential(rnn=Recurrent(ElmanCell(3, 16, rng=rng)), out=Dense(16, 3, rng=rng))
        days = int(np.flatnonzero(x[:, 2])[1])
        changed = cls(_holding("LSTMCell"), x, day=days, unit=4)
        changed.changes = [[days, 2, -int(x[days, 2])]]
        return {
            "A GRU with a pair of units for each clock": cls(_holding("GRUCell"), x, day=27, unit=4),
            "An LSTM, and an election that went the other way": changed,
            "Sixteen units that have not learned": cls(loose, x, day=120, unit=9),
            "Latches: they hold the news, and pull back a nudge": cls(
                _latches(2), first, periods=(1, 7), names=("place", "call"), day=20, unit=1
            ),
        }


# -- the model, as it is sent


def _weights(model: Any) -> dict[str, Any]:
    """Give the parameters as lists of numbers of six digits, if the page can run the model."""
    wanted = "a Sequential of one Recurrent and a Dense"
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be {wanted}, got {model!r}")
    layers = list(model.layers.values())
    if [type(layer) for layer in layers] != [Recurrent, Dense]:
        raise ValueError(f"model must be {wanted}, got {model!r}")
    (rnn, out), kind = layers, type(layers[0].cell).__name__
    if CELLS.get(kind) is not type(rnn.cell):
        raise ValueError(f"model must have one of {', '.join(CELLS)}, got {rnn.cell!r}")
    if out.activation != "identity":
        raise ValueError(f"model must end in logits, a Dense without activation, got {out.activation}")
    D, H, K = rnn.cell.input_size, rnn.cell.hidden_size, out.output_size
    if D != K or K > MAX_CLOCKS:
        raise ValueError(f"model must read and answer the same 1 to {MAX_CLOCKS} clocks, got {D} in and {K} out")
    if H > MAX_UNITS:
        raise ValueError(f"model must have at most {MAX_UNITS} hidden units, got {H}")
    for name, p in model.params.items():
        check.finite(f"model.params[{name!r}]", p)
    return {
        "kind": kind,
        "activation": getattr(rnn.cell, "activation", "tanh"),
        "params": {name: _rounded(rnn.cell.params[name]) for name in CELLS[kind].shapes(D, H)},
        "out": {name: _rounded(out.params[name]) for name in ("W", "b")},
    }


def _rounded(a: Array) -> Any:
    six = np.array([float(f"{v:.6g}") for v in a.ravel()]).reshape(a.shape)
    return six.tolist()


def _model(weights: dict[str, Any]) -> Sequential:
    """Build the model that the page runs, in float64."""
    options = {"activation": weights["activation"]} if weights["kind"] == "ElmanCell" else {}
    H, K = len(weights["params"]["U"][0]), len(weights["out"]["b"])
    cell = CELLS[weights["kind"]](K, H, dtype=np.float64, params=weights["params"], **options)
    return Sequential(rnn=Recurrent(cell), out=Dense(H, K, dtype=np.float64, params=weights["out"]))


# -- for the gallery


def _holding(kind: str, periods: Sequence[int] = (1, 7, 208)) -> Sequential:
    """Set a GRU or an LSTM by hand: of two units for each clock one is filled by yes, one by no, and both leak.

    The half-life of a pair is twice its clock's period, so what came last is always the larger of the two.  A daily
    clock needs none: its pair is filled anew each day.
    """
    K = len(periods)
    H, cls = 2 * K, CELLS[kind]
    params = {name: np.zeros(shape) for name, shape in cls.shapes(K, H).items()}
    rows = {letter: slice(k * H, (k + 1) * H) for k, letter in enumerate(cls.GATES)}
    sign = np.zeros((H, K))
    for k in range(K):
        sign[2 * k : 2 * k + 2, k] = 1, -1
    left = np.repeat(0.5 ** (1 / (2 * np.array(periods))), 2)
    daily = np.repeat(np.array(periods) == 1, 2)
    keep = np.where(daily, -8, np.log(left / (1 - left)))
    hold, fill = ("z", "n") if kind == "GRUCell" else ("f", "g")
    params["W"][rows[hold]], params["b"][rows[hold]] = np.where(daily, 0, -24 * sign.T).T, keep
    params["W"][rows[fill]] = 4 * sign
    if kind == "LSTMCell":
        params["W"][rows["i"]], params["b"][rows["i"]] = 16 * sign, -8
        params["b"][rows["o"]] = 3
    out = Dense(H, K, params={"W": 60 * sign.T, "b": np.zeros(K)})
    return Sequential(rnn=Recurrent(cls(K, H, params=params)), out=out)


def _latches(K: int) -> Sequential:
    """Set Elman units by hand: for each clock one that stands at one of two values, and one that leaks."""
    eye, none = np.eye(K), np.zeros((K, K))
    W, U = np.vstack([4 * eye, 0.5 * eye]), np.block([[2 * eye, none], [none, 0.9 * eye]])
    cell = ElmanCell(K, 2 * K, params={"W": W, "U": U, "b": np.zeros(2 * K)})
    out = Dense(2 * K, K, params={"W": np.hstack([4 * eye, none]), "b": np.zeros(K)})
    return Sequential(rnn=Recurrent(cell), out=out)


# -- without scripts

_LEFT, _RIGHT = 92, 690


def _told(clocks: Clocks, unit: int) -> str:
    """How long a unit keeps a nudge, in words."""
    if clocks.day == clocks.num_days - 1:
        return "no day comes after it"
    half = clocks.half_life(unit, clocks.day)
    if half is None:
        return "over half is left on the last day"
    return f"half is gone after {half} {'day' if half == 1 else 'days'}"


def _picture(clocks: Clocks) -> str:
    """Draw the calendar, the units, and what is left of the nudge."""
    T, day = clocks.num_days, clocks.day

    def x(t: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * t / max(1, T - 1)

    news, p, h = clocks.news(), clocks.answers(), clocks.states()
    latest, days = clocks.latest()
    out: list[str] = []
    said = []
    for k, name in enumerate(clocks.names):
        y = 16 + 28 * k
        ticks = "".join(f"M{x(t):.1f} {y}v{-10 * v:g}" for t, v in enumerate(news[:, k]) if v)
        out.append(f'<text x="0" y="{y + 4}">{html.escape(name)}</text><path d="M{_LEFT} {y}H{_RIGHT}" class="a"/>')
        out.append(f'<path d="{ticks}" class="k"/>')
        right = int(((p[:, k] > 0.5) == (latest[:, k] > 0))[latest[:, k] != 0].sum())
        when = f"{'yes' if latest[day, k] > 0 else 'no'} on day {days[day, k]}" if days[day, k] >= 0 else "nothing yet"
        said.append(f"{name}: {when}, the net says yes with {number(p[day, k])}, right on {right} of {T} days")
    top = 16 + 28 * clocks.num_clocks
    every = math.ceil(T * clocks.hidden_size / 350)
    size = max(1.0, float(np.abs(h).max()))
    for j in range(clocks.hidden_size):
        y = top + 12 + 22 * j
        line = "L".join(f"{x(t):.0f} {y - 9 * h[t, j] / size:.1f}" for t in _extremes(h[:, j], every))
        look = "h" if j == clocks.unit else "l"
        out.append(f'<text x="0" y="{y + 4}">unit {j}</text><path d="M{line}" class="{look}"/>')
    bottom = top + 12 + 22 * clocks.hidden_size
    out.append(f'<path d="M{x(day):.1f} 2V{bottom}" class="d"/><text x="{_LEFT}" y="{bottom + 14}">day 0</text>')
    out.append(f'<text x="{_RIGHT}" y="{bottom + 14}" class="e">{T - 1}</text>')
    if abs(x(day) - _LEFT) > 60 and x(day) < _RIGHT - 50:
        out.append(f'<text x="{x(day):.1f}" y="{bottom + 14}" class="q">{day}</text>')
    left = clocks.kept(clocks.unit, day)
    out += _curve(clocks, left, bottom + 34)
    kept = ", ".join(f"{_percent(left[n])} after {n}" for n in MARKS if n < len(left))
    what = f"A nudge of {number(clocks.nudge)} to {clocks.letter} of unit {clocks.unit}: {_told(clocks, clocks.unit)}"
    alt = f"Day {day} of {T - 1}. {'; '.join(said)}. {what}" + (f"; left are {kept} days" if kept else "")
    others = "; ".join(f"unit {j}: {_told(clocks, j)}" for j in range(clocks.hidden_size) if j != clocks.unit)
    style = (
        "<style>.rb-clocks text{font:13px system-ui,sans-serif;fill:var(--gs-mute,currentColor)}"
        ".rb-clocks .q{text-anchor:middle}.rb-clocks .e{text-anchor:end}.rb-clocks path{fill:none}"
        ".rb-clocks .t{font-weight:600}.rb-clocks .th{fill:var(--gs-h,currentColor)}"
        ".rb-clocks .tc{fill:var(--gs-c,currentColor)}.rb-clocks .n{stroke-width:2}"
        ".rb-clocks .nh{stroke:var(--gs-h,currentColor)}.rb-clocks .nc{stroke:var(--gs-c,currentColor)}"
        ".rb-clocks .a{stroke:var(--gs-line,#999)}.rb-clocks .k{stroke:var(--gs-mute,currentColor)}"
        ".rb-clocks .d{stroke:var(--gs-ink,currentColor);stroke-width:1.5}"
        ".rb-clocks .l,.rb-clocks .h{stroke:var(--gs-h,currentColor)}.rb-clocks .h{stroke-width:2.25}</style>"
    )
    caption = f"{alt}." + (f" On the same day, {others}." if others else "")
    return (
        f'<figure class="rb-figure rb-clocks"><svg viewBox="0 0 700 {bottom + 194}" role="img" '
        f'aria-label="{html.escape(alt)}" style="width:100%;max-width:720px;height:auto">{style}{"".join(out)}</svg>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def _extremes(values: Array, every: int) -> list[int]:
    """Where a line may be drawn with fewer points: of so many days, the lowest and the highest."""
    days: list[int] = []
    for start in range(0, len(values), every):
        part = values[start : start + every]
        days += sorted({start + int(part.argmin()), start + int(part.argmax())})
    return days


def _percent(v: float) -> str:
    """A share in whole percent, from ten times on as a factor: as in the page."""
    a = abs(v)
    text = f"×{a:.0f}" if a >= 9.995 else f"{math.floor(100 * a + 0.5)}%"
    return f"\N{MINUS SIGN}{text}" if v < 0 and text != "0%" else text


def _curve(clocks: Clocks, left: Array, top: float) -> list[str]:
    """Draw what is left of the nudge over days, on a log axis."""
    days = np.arange(1, len(left))
    end = math.log(max(2, clocks.num_days - 1))
    low, high = min(0.0, float(left.min())), max(1.0, float(left.max()))

    def x(n: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * math.log(n) / end

    def y(v: float) -> float:
        return top + 14 + 110 * (high - v) / (high - low)

    out = [f'<path d="M{_LEFT} {y(v):.1f}H{_RIGHT}" class="a"/>' for v in (0, 0.5, 1)]
    out += [
        f'<text x="{_LEFT - 8}" y="{y(v) + 4:.1f}" class="e">{text}</text>'
        for v, text in ((0, "0"), (0.5, "½"), (1, "1"))
    ]
    for n in (n for n in MARKS if n <= max(2, clocks.num_days - 1)):
        out.append(f'<text x="{x(n):.1f}" y="{top + 142:.0f}" class="q">{n}</text>')
    if len(days):
        shown = [n for n in days if n <= 20 or n % max(1, len(days) // 60) == 0]
        line = "L".join(f"{x(float(n)):.1f} {y(float(left[n])):.1f}" for n in shown)
        out.append(f'<path d="M{line}" class="n n{clocks.letter}"/>')
    text = f"unit {clocks.unit}, days after the nudge: {_told(clocks, clocks.unit)}"
    out.append(f'<text x="{_LEFT}" y="{top + 1:.0f}" class="t t{clocks.letter}">{html.escape(text)}</text>')
    return out
