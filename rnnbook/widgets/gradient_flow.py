"""How much of a gradient is left on its way back: through an Elman net, and through one function again and again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from traitlets import Float, Int, List, Unicode, observe, validate

from rnnbook import functional, init
from rnnbook import validation as check
from rnnbook.cells import ElmanCell
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.base import Widget
from rnnbook.widgets.decades import figure, plain

Array = np.ndarray

#: What a drawing can hold.
MAX_UNITS, MIN_STEPS, MAX_STEPS, MAX_TIMES = 24, 10, 100, 10
ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
SQUASHES = ("sigmoid", "tanh")
VIEWS = ("net", "squash")
_INPUTS = 4
#: Decimals that are sent: U stays orthogonal to within 1e-8.
_DECIMALS = {"Q": 9, "W": 3, "noise": 3}


class GradientFlow(Widget):
    """Walk back through time and see how large ∂h_T/∂h_t still is.

    The net is an Elman net, h_t = φ(W x_t + g Q h_{t-1}), whose Q is orthogonal, so that φ and the gain g alone decide.
    The inputs are noise; h_0 is 0.  A second view applies one function to its own output, again and again.

    Parameters
    ----------
    gain : float
        g, from 0 to 2.
    scale : float
        What the noise is multiplied by, from 0 to 2.  With 1, W x_t has variance 1 for each unit.
    length : int
        T, from 10 to 100.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        φ.
    back : int, optional
        How many steps back the reader begins; by default half of `length`.
    view : {"net", "squash"}
        Which view is shown first.
    squash : {"sigmoid", "tanh"}
        The function of the second view.
    times : int
        How often it is applied, from 1 to 10.
    units : int
        H, at most 24.
    rng : numpy.random.Generator, optional
        Draws Q, W and the noise; by default always the same.

    Attributes
    ----------
    view, gain, scale, length, activation, back, squash, times, Q, W, noise
        In sync with the page: what the reader moves there can be read here, and the other way round.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind or out of range, by name.

    Examples
    --------
    >>> flow = GradientFlow(gain=0.9, scale=0.0, length=20)  # without input tanh is a straight line
    >>> bool(np.isclose(flow.sizes()[20], 0.9**20))
    True
    """

    name = "gradient-flow"

    view = Unicode("net").tag(sync=True)
    gain = Float(1.0).tag(sync=True)
    scale = Float(1.0).tag(sync=True)
    length = Int(50).tag(sync=True)
    activation = Unicode("tanh").tag(sync=True)
    back = Int(25).tag(sync=True)
    squash = Unicode("sigmoid").tag(sync=True)
    times = Int(4).tag(sync=True)
    Q: List[Any] = List().tag(sync=True)
    W: List[Any] = List().tag(sync=True)
    noise: List[Any] = List().tag(sync=True)

    def __init__(
        self,
        gain: float = 1.0,
        scale: float = 1.0,
        length: int = 50,
        activation: str = "tanh",
        *,
        back: int | None = None,
        view: str = "net",
        squash: str = "sigmoid",
        times: int = 4,
        units: int = 16,
        rng: np.random.Generator | None = None,
    ):
        rng = np.random.default_rng(0) if rng is None else check.generator("rng", rng)
        gain = check.number("gain", gain, 0, 2)
        scale = check.number("scale", scale, 0, 2)
        length = _between("length", length, MIN_STEPS, MAX_STEPS)
        back = length // 2 if back is None else _between("back", back, 0, length)
        activation = check.one_of("activation", activation, ACTIVATIONS)
        view = check.one_of("view", view, VIEWS)
        squash = check.one_of("squash", squash, SQUASHES)
        times = _between("times", times, 1, MAX_TIMES)
        units = _between("units", units, 1, MAX_UNITS)
        drawn = {
            "Q": init.orthogonal((units, units), rng),
            "W": rng.standard_normal((units, _INPUTS)) / math.sqrt(_INPUTS),
            "noise": rng.standard_normal((MAX_STEPS, _INPUTS)),
        }
        super().__init__(
            view=view, gain=gain, scale=scale, length=length, activation=activation, back=back, squash=squash,
            times=times, **{name: values.round(_DECIMALS[name]).tolist() for name, values in drawn.items()},
        )  # fmt: skip

    # The kernel may set these at any time; the page checks its own side.
    @validate("gain", "scale")
    def _turned(self, proposal: Any) -> float:
        return check.number(proposal["trait"].name, proposal["value"], 0, 2)

    @validate("length", "back", "times")
    def _reached(self, proposal: Any) -> int:
        name = proposal["trait"].name
        bounds = {"length": (MIN_STEPS, MAX_STEPS), "back": (0, self.length), "times": (1, MAX_TIMES)}
        return _between(name, proposal["value"], *bounds[name])

    @validate("activation", "view", "squash")
    def _known(self, proposal: Any) -> str:
        name = proposal["trait"].name
        known = {"activation": ACTIVATIONS, "view": VIEWS, "squash": SQUASHES}
        return check.one_of(name, proposal["value"], known[name])

    @observe("length")
    def _shorter(self, change: Any) -> None:
        # The page sends both at once; here back follows.
        self.back = min(self.back, change["new"])

    def sizes(self) -> Array:
        """Compute what is left after 0, 1, …, T steps back.

        Returns
        -------
        array (T + 1,)
            The size of ∂h_T/∂h_{T-k}: its Frobenius norm over √H, the root mean square over all directions.  An
            orthogonal matrix has size 1.
        """
        layer, run = self._forward()
        H = layer.cell.hidden_size
        back = layer.walk_back(run, np.zeros((self.length, 1, H)), (np.eye(H),))
        return np.array([1.0, *(_rms(d.h, H) for d in back)])

    def slopes(self) -> Array:
        """Compute the root mean square of φ′ over the units at each step.

        Returns
        -------
        array (T,)
        """
        layer, run = self._forward()
        slopes = functional.activation(self.activation).slope(run.trace.h[:, 0])
        return np.sqrt(np.mean(slopes**2, axis=1))

    def _forward(self) -> tuple[Recurrent, Any]:
        Q, W = np.array(self.Q), np.array(self.W)
        params = {"W": W, "U": self.gain * Q, "b": np.zeros(len(Q))}
        cell = ElmanCell(W.shape[1], len(Q), activation=self.activation, params=params, dtype=np.float64)
        layer = Recurrent(cell)
        _, _, run = layer.forward(self.scale * np.array(self.noise)[: self.length, None])
        return layer, run

    def repeated(self, x: Array) -> tuple[Array, Array]:
        """Apply `squash` to x, to the result, … `times` times.

        Parameters
        ----------
        x : array

        Returns
        -------
        value, slope : arrays

        Examples
        --------
        >>> value, slope = GradientFlow(times=4).repeated(np.array([0.0]))
        >>> value.round(3), slope.round(4)
        (array([0.657]), array([0.003]))
        """
        phi, slope = functional.activation(self.squash)
        y = np.array(x, np.float64)
        steep = np.ones_like(y)
        for _ in range(self.times):
            y = phi(y)
            steep = steep * slope(y)
        return y, steep

    def still(self) -> str:
        return self._still_of_net() if self.view == "net" else self._still_of_squash()

    def _still_of_net(self) -> str:
        sizes, T = self.sizes(), self.length
        t = np.arange(T, -1, -1)
        with np.errstate(divide="ignore"):
            curves = [(t, np.log10(sizes), "grad")]
            if self.gain:
                curves.insert(0, (t, np.arange(T + 1) * math.log10(self.gain), "faint"))
        reached = (
            f"{plain(sizes[self.back])} after {self.back} step{'s' * (self.back != 1)} back, " if self.back < T else ""
        )
        line = (
            f"Size of the gradient: {reached}{plain(sizes[T])} after all {T}. "
            f"Dashed: the gain alone, {plain(self.gain)} to the power k."
        )
        alt = (
            f"The size of the derivative of state {T} with respect to state t, on an axis of powers of ten, for "
            f"{self.activation}, gain {plain(self.gain)} and inputs of scale {plain(self.scale)}. {line}"
        )
        return figure(curves, [(0, "t = 0"), (T, f"t = {T}")], log=True, alt=alt, caption=line)

    def _still_of_squash(self) -> str:
        x = np.linspace(-6, 6, 1201)
        y, slope = self.repeated(x)
        letter = "σ" if self.squash == "sigmoid" else "tanh"
        line = (
            f"{letter}, applied {self.times} times: values from {plain(y[0])} to {plain(y[-1])}, "
            f"steepest slope {plain(slope.max())}."
        )
        first, _ = functional.activation(self.squash)
        curves = [(x, first(x.copy()), "faint"), (x, y, "ink")]
        alt = f"A curve over x from −6 to 6. {line} Dashed: applied once."
        return figure(curves, [(-6, "x = −6"), (6, "6")], log=False, alt=alt, caption=f"{line} Dashed: applied once.")

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        return {
            "tanh with noise": cls(),
            "A gain above 1, no input": cls(1.5, 0.0, 60, back=60),
            "The sigmoid, past the end of float32": cls(1.0, 1.0, 80, "sigmoid", back=70),
            "ReLU": cls(1.3, 0.5, 40, "relu", back=40),
            "Sigmoid of sigmoid of sigmoid of sigmoid": cls(view="squash"),
            "tanh ten times": cls(view="squash", squash="tanh", times=10),
        }


def _between(name: str, value: Any, low: int, high: int) -> int:
    value = check.count(name, value, low)
    if value > high:
        raise ValueError(f"{name} must be at most {high}, got {value}")
    return value


def _rms(values: Array, n: int) -> float:
    """Root of the sum of squares over n, also of numbers whose squares are too small for a computer."""
    most = float(np.abs(values).max())
    return most * math.sqrt(float(((values / most) ** 2).sum()) / n) if most else 0.0
