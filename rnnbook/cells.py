"""One time step of each recurrent cell, and its derivative.

A cell is split at its pre-activations.  What needs no past is done for the whole sequence at once (`project`,
`linearise`, `gradients`); what is left inside the two time loops (`step`, `step_backward`) is the recurrence of the
textbook.  A backward pass reads as what it is: linearise the forward pass at every step, then run a *linear*
recurrence back through time.

Products want rows: pre-activations and their gradients are (T, B, G*H), in the order of W's rows.  Elementwise work
wants blocks: gates are stored (T, G, B, H).  `by_gate` is the one place where they meet, and only copies cross it:
NumPy copies across strides fast, and does arithmetic across them slowly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rnnbook import functional, init
from rnnbook import validation as check
from rnnbook.functional import sigmoid_, sum_by_id

__all__ = [
    "CELLS", "Cell", "CoupledLSTMCell", "ElmanCell", "GRUCell", "GRUResetBeforeCell", "HCState", "HState",
    "LSTM1997Cell", "LSTMCell", "PeepholeLSTMCell",
]  # fmt: skip

Array = np.ndarray


def by_gate(a: Array, gates: int) -> Array:
    """The view (gates, B, H) of rows (B, gates*H): no copy."""
    return a.reshape(len(a), gates, -1).swapaxes(0, 1)


def rows(a: Array) -> Array:
    """All steps of all sequences as the rows of one matrix: (T, B, N) → (T*B, N)."""
    return a.reshape(-1, a.shape[-1])


def gate(k: int) -> Any:
    """Field k of a block of gates, of one step (G, B, H) or of all (T, G, B, H), as a view (…, B, H)."""
    return property(lambda trace: trace.gates[..., k, :, :])


class HState(NamedTuple):
    """State of a cell without a memory of its own.

    Attributes
    ----------
    h : array (B, H)
        The hidden state.

    Examples
    --------
    >>> HState(h=np.zeros((2, 4))).h.shape
    (2, 4)
    """

    h: Array


class HCState(NamedTuple):
    """State of a cell with a memory.

    Attributes
    ----------
    h : array (B, H)
        The hidden state: what the cell shows.
    c : array (B, H)
        The cell state: what it carries.

    Examples
    --------
    >>> h, c = HCState(h=np.zeros((2, 4)), c=np.ones((2, 4)))
    >>> c.shape
    (2, 4)
    """

    h: Array
    c: Array


class Cell:
    """What all cells share: parameters W, U and b, and what needs no past.

    Parameters
    ----------
    input_size : int
        D, the number of features of an input.
    hidden_size : int
        H, the number of hidden units.
    rng : numpy.random.Generator
        Draws the weights.  Leave it out when `params` gives them.
    W_init, U_init, b_init : callable, optional
        Initialisers of `rnnbook.init`, called as ``(shape, rng)`` once for each gate.  By default Xavier for W,
        orthogonal for U, zeros for b.
    dtype : {float32, float64}
        Precision of parameters, states and gradients.
    params : mapping from names to arrays, optional
        Copied and used in place of fresh weights.

    Attributes
    ----------
    params : read-only mapping
        W (G*H, D), U (G*H, H), b (G*H,) and a cell's extras; blocks of H rows in the order of `GATES`.
        Write into the arrays: ``cell.params["b"][cell.rows("f")] = 1``.

    Raises
    ------
    ValueError, TypeError
        For a size that is not a positive integer, for no `rng`, for `params` of other names or shapes.
    """

    GATES: ClassVar[str] = "h"
    State: ClassVar[Any] = HState
    Trace: ClassVar[Any]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        rng: np.random.Generator | None = None,
        W_init: init.Initialiser = init.xavier,
        U_init: init.Initialiser = init.orthogonal,
        b_init: init.Initialiser = init.zeros,
        dtype: Any = np.float32,
        params: Mapping[str, Array] | None = None,
    ):
        self.input_size = check.count("input_size", input_size)
        self.hidden_size = check.count("hidden_size", hidden_size)
        self.dtype = check.float_dtype("dtype", dtype)
        self.G = len(self.GATES)
        shapes = self.shapes(input_size, hidden_size)
        if params is not None:
            self.params = check.parameters("params", params, shapes, self.dtype)
            return
        rng = check.generator("rng", rng)
        first = {"W": check.initialiser("W_init", W_init), "U": check.initialiser("U_init", U_init)}
        check.initialiser("b_init", b_init)
        drawn = {}
        for name, (n, *inputs) in shapes.items():
            # One draw for each gate: an orthogonal U is one orthogonal block for each, not one tall matrix.
            blocks = [first.get(name, b_init)((hidden_size, *inputs), rng) for _ in range(n // hidden_size)]
            drawn[name] = np.concatenate(blocks).astype(self.dtype)
        self.params = check.parameters("params", drawn, shapes, self.dtype)

    @classmethod
    def shapes(cls, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters."""
        n = len(cls.GATES) * hidden_size
        return {"W": (n, input_size), "U": (n, hidden_size), "b": (n,)}

    def rows(self, gate: str) -> slice:
        """The rows of W, U and b that belong to one gate.

        Examples
        --------
        >>> LSTMCell(2, 8, rng=np.random.default_rng(0)).rows("f")
        slice(8, 16, None)
        """
        k = self.GATES.index(check.one_of("gate", gate, self.GATES))
        return slice(k * self.hidden_size, (k + 1) * self.hidden_size)

    def _lift(self, gate: str, name: str, value: float, fresh: bool) -> None:
        """Add `value`, the argument `name`, to one gate's bias, if the weights are fresh and not given."""
        value = check.number(name, value)
        if fresh:
            self.params["b"][self.rows(gate)] += value

    def config(self) -> dict[str, Any]:
        """What it takes, besides `params`, to build this cell again."""
        return {"input_size": self.input_size, "hidden_size": self.hidden_size, "dtype": self.dtype.name}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.config().items())})"

    # -- shapes of what a run keeps; the cell itself keeps none of it -----------------------------------------------
    def initial_state(self, batch: int) -> Any:
        """Zeros, (batch, H) for each field of the state."""
        return self.State(*(np.zeros((batch, self.hidden_size), self.dtype) for _ in self.State._fields))

    def new_trace(self, *lead: int) -> Any:
        """Room for the trace of one step, ``new_trace(B)``, or of all, ``new_trace(T, B)``."""
        *time, batch = lead
        blocks = {"gates": (*time, self.G, batch, self.hidden_size)}
        shapes = (blocks.get(field, (*lead, self.hidden_size)) for field in self.Trace._fields)
        return self.Trace(*(np.empty(s, self.dtype) for s in shapes))

    def new_delta(self, *lead: int) -> Array:
        """Room for dloss/da: rows of G*H, the shape that the products want."""
        return np.empty((*lead, self.G * self.hidden_size), self.dtype)

    # -- all steps at once -----------------------------------------------------------------------------------------
    def project(self, x: Array) -> Array:
        """The input's share of the pre-activations, W x + b, of all steps.

        Parameters
        ----------
        x : float array (..., D), or int array (...)
            Integers are ids: each stands for the one-hot vector of D entries, whose product with W is a column of W.

        Returns
        -------
        array (..., G*H)
        """
        W, b = self.params["W"], self.params["b"]
        x = np.asarray(x)
        if x.dtype.kind in "iu":
            a = W.T[check.ids("x", x, ("...",), self.input_size)]
        else:
            x = check.floats("x", x, ("...", self.input_size), self.dtype)
            a = (rows(x) @ W.T).reshape(*x.shape[:-1], -1)
        a += b
        return a

    def project_backward(self, x: Array, delta: Array) -> tuple[Array | None, dict[str, Array]]:
        """dx (None for ids) and the gradients of what `project` multiplies by."""
        d = rows(delta)
        if x.dtype.kind in "iu":
            return None, {"W": sum_by_id(x.ravel(), d, self.input_size).T, "b": d.sum(axis=0)}
        return (d @ self.params["W"]).reshape(x.shape), {"W": d.T @ rows(x), "b": d.sum(axis=0)}

    def gradients(self, prev: Any, trace: Any, delta: Array) -> dict[str, Array]:
        """Gradients of what `step` multiplies by, from delta = dloss/da of all steps (T, B, G*H)."""
        return {"U": rows(delta).T @ rows(prev.h)}

    # -- one step ----------------------------------------------------------------------------------------------------
    def step(self, a: Array, prev: Any, out: Any = None) -> tuple[Any, Any]:
        """One time step: the cell's equations.

        A gate far in the dark makes exp overflow on its way to 0, which is right, and which NumPy warns about;
        `rnnbook.functional.overflow_is_fine` around a loop of steps says so once.

        Parameters
        ----------
        a : array (B, G*H)
            `project` of this step's input.
        prev : State, or a plain tuple of its arrays (B, H)
        out : Trace of one step, or a plain tuple of its arrays, optional
            Where to write.  The state that comes back lies in it too, so a second use of it overwrites that state.
            Without it, new arrays.

        Returns
        -------
        state : tuple of arrays (B, H), in the order of `State`
        trace : `out`, or a new `Trace`
        """
        raise TypeError(f"{type(self).__name__} does not say what one step is")

    def linearise(self, prev: Any, trace: Any) -> tuple[Array, ...]:
        """The local derivatives of every step, all at once; `step_backward` multiplies by one step's."""
        raise TypeError(f"{type(self).__name__} does not say what its local derivatives are")

    def step_backward(self, dstate: Any, local: Any, out: Array | None = None) -> tuple[Any, Array]:
        """One step back: linear in `dstate`.

        Parameters
        ----------
        dstate : State of arrays (B, H), or a plain tuple of them
            Gradient of the loss with respect to the state after the step.
        local : tuple
            One step of `linearise`.  If it is of one sequence, it serves a whole batch of `dstate`: the identity as a
            batch of H rows gives a Jacobian.
        out : array (B, G*H), optional
            Where to write delta.

        Returns
        -------
        dprev : tuple of arrays (B, H)
        delta : array (B, G*H)
            Gradient with respect to this step's pre-activations.
        """
        raise TypeError(f"{type(self).__name__} does not say what one step back is")


# --- Elman -----------------------------------------------------------------------------------------------------------
class ActivatedCell(Cell):
    """A cell with a choice of activation: `_phi`, and `_slope` in terms of its output."""

    def __init__(self, input_size: int, hidden_size: int, *, activation: str = "tanh", **options: Any):
        super().__init__(input_size, hidden_size, **options)
        self.activation = activation
        self._phi, self._slope = functional.activation(activation)

    def config(self) -> dict[str, Any]:
        return super().config() | {"activation": self.activation}


class ElmanTrace(NamedTuple):
    """What an Elman step computes: h (…, B, H)."""

    h: Array


class ElmanCell(ActivatedCell):
    """Elman's simple recurrent cell: h = φ(W x + U h_prev + b) :cite:p:`Elman1990`.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    activation : {"tanh", "sigmoid", "relu", "softsign", "identity"}
        φ.
    **options
        As in `Cell`.

    Examples
    --------
    >>> cell = ElmanCell(3, 4, rng=np.random.default_rng(0))
    >>> state, trace = cell.step(cell.project(np.ones((1, 3))), cell.initial_state(1))
    >>> trace.h.shape
    (1, 4)
    """

    Trace = ElmanTrace

    def step(self, a, prev, out=None):
        (h_prev,) = prev
        (h,) = out = out or self.new_trace(len(h_prev))
        np.add(a, h_prev @ self.params["U"].T, out=h)
        self._phi(h, out=h)
        return (h,), out

    def linearise(self, prev, trace):
        return (self._slope(trace.h),)

    def step_backward(self, dstate, local, out=None):
        (dh,) = dstate
        delta = np.multiply(local[0], dh, out=out)
        return (delta @ self.params["U"],), delta


# --- LSTM and its siblings -------------------------------------------------------------------------------------------
class LSTMTrace(NamedTuple):
    """What an LSTM step computes: gates (…, 4, B, H), its blocks i, f, g, o, and c, tanh_c, h (…, B, H).

    tanh_c is φ(c) where the cell has another activation.
    """

    gates: Array
    c: Array
    tanh_c: Array
    h: Array
    i, f, g, o = map(gate, range(4))  # type: ignore[misc]


class MemoryLocal(NamedTuple):
    """Local derivatives of a step with a memory c.

    Attributes
    ----------
    d : array (…, G, B, H)
        dc/da of each gate; of the last one, o, dh/da.
    h_c : array (…, B, H)
        dh/dc.
    c_c : array (…, B, H)
        dc/dc_prev: the forget gate.
    """

    d: Array
    h_c: Array
    c_c: Array


class MemoryCell(ActivatedCell):
    """A cell whose last gate, o, shows a memory c: h = o tanh(c).  Its siblings differ in what they write into c.

    Parameters
    ----------
    activation : {"tanh", "sigmoid", "relu", "softsign", "identity"}
        What stands in the place of both tanh, that of the candidate g and that of h = o tanh(c).  The gates keep σ.
        Beware: with relu or identity neither c nor h has a bound.
    **options
        As in `Cell`.
    """

    State = HCState

    def step_backward(self, dstate, local, out=None):
        (dh, dc), (d, h_c, c_c) = dstate, local
        delta = self.new_delta(len(dh)) if out is None else out
        dc = dc + dh * h_c
        da = d * dc  # every gate but o is reached through c
        np.multiply(d[-1], dh, out=da[-1])  # o through h
        by_gate(delta, self.G)[...] = da
        return (delta @ self.params["U"], dc * c_c), delta


class LSTMCell(MemoryCell):
    """Long short-term memory with a forget gate :cite:p:`Hochreiter1997,Gers2000`.

    i, f, o = σ and g = tanh of W x + U h_prev + b;  c = f c_prev + i g;  h = o tanh(c).  Rows i, f, g, o.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    forget_bias : float
        First value of b's forget rows, on top of `b_init`'s; 1 by default :cite:p:`Jozefowicz2015`.
    activation : {"tanh", "sigmoid", "relu", "softsign", "identity"}
        In the place of both tanh, that of g and that of c.  With relu or identity neither c nor h has a bound.
    **options
        As in `Cell`.

    Examples
    --------
    >>> cell = LSTMCell(3, 4, rng=np.random.default_rng(0), forget_bias=2)
    >>> cell.params["b"][cell.rows("f")]
    array([2., 2., 2., 2.], dtype=float32)
    """

    GATES = "ifgo"
    Trace = LSTMTrace

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Any):
        super().__init__(input_size, hidden_size, **options)
        self._lift("f", "forget_bias", forget_bias, fresh=options.get("params") is None)

    def step(self, a, prev, out=None):
        h_prev, c_prev = prev
        gates, c, tanh_c, h = out = out or self.new_trace(len(h_prev))
        gates[...] = by_gate(a + h_prev @ self.params["U"].T, 4)
        i, f, g, o = gates
        sigmoid_(gates[:2])
        self._phi(g, out=g)
        sigmoid_(o)
        np.multiply(f, c_prev, out=c)
        c += i * g
        self._phi(c, out=tanh_c)
        np.multiply(o, tanh_c, out=h)
        return (h, c), out

    def linearise(self, prev, trace):
        i, f, g, o, tanh_c = trace.i, trace.f, trace.g, trace.o, trace.tanh_c
        d = 1 - trace.gates
        d *= trace.gates  # the sigmoid's slope for i, f, o
        d[:, 0] *= g  # dc/da_i
        d[:, 1] *= prev.c  # dc/da_f
        d[:, 2] = self._slope(g) * i  # dc/da_g
        d[:, 3] *= tanh_c  # dh/da_o
        return MemoryLocal(d, o * self._slope(tanh_c), f)


class PeepholeLSTMCell(LSTMCell):
    """LSTM whose gates also see the memory: i and f see c_prev, o sees c :cite:p:`GersSchmidhuber2000`.

    Each gate sees its own unit's memory alone, through P (3*H,) in the order i, f, o.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    forget_bias : float
        As in `LSTMCell`.
    **options
        As in `LSTMCell`.

    Examples
    --------
    >>> PeepholeLSTMCell(3, 4, rng=np.random.default_rng(0)).params["P"].shape
    (12,)
    """

    @classmethod
    def shapes(cls, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(input_size, hidden_size) | {"P": (3 * hidden_size,)}

    def step(self, a, prev, out=None):
        (h_prev, c_prev), (p_i, p_f, p_o) = prev, self.params["P"].reshape(3, -1)
        gates, c, tanh_c, h = out = out or self.new_trace(len(h_prev))
        gates[...] = by_gate(a + h_prev @ self.params["U"].T, 4)
        i, f, g, o = gates
        i += p_i * c_prev
        f += p_f * c_prev
        sigmoid_(gates[:2])
        self._phi(g, out=g)
        np.multiply(f, c_prev, out=c)
        c += i * g
        o += p_o * c
        sigmoid_(o)
        self._phi(c, out=tanh_c)
        np.multiply(o, tanh_c, out=h)
        return (h, c), out

    def step_backward(self, dstate, local, out=None):
        (dh, dc), (d, h_c, f), (p_i, p_f, p_o) = dstate, local, self.params["P"].reshape(3, -1)
        delta = self.new_delta(len(dh)) if out is None else out
        da_o = d[3] * dh
        dc = dc + dh * h_c + da_o * p_o  # c reaches h directly, and through o
        da = d * dc
        da[3] = da_o
        by_gate(delta, 4)[...] = da
        return (delta @ self.params["U"], dc * f + da[0] * p_i + da[1] * p_f), delta

    def gradients(self, prev, trace, delta):
        d_i, d_f, _, d_o = np.split(delta, 4, axis=-1)
        dP = [(d * c).sum(axis=(0, 1)) for d, c in ((d_i, prev.c), (d_f, prev.c), (d_o, trace.c))]
        return super().gradients(prev, trace, delta) | {"P": np.concatenate(dP)}


class ThreeGateTrace(NamedTuple):
    """What a step with rows i, g, o computes: gates (…, 3, B, H), and c, tanh_c, h (…, B, H)."""

    gates: Array
    c: Array
    tanh_c: Array
    h: Array
    i, g, o = map(gate, range(3))  # type: ignore[misc]


class CoupledTrace(NamedTuple):
    """What a coupled step computes: gates (…, 3, B, H) with blocks f, g, o, and c, tanh_c, h (…, B, H)."""

    gates: Array
    c: Array
    tanh_c: Array
    h: Array
    f, g, o = map(gate, range(3))  # type: ignore[misc]
    i = property(lambda trace: 1 - trace.f)  # type: ignore[misc]


class LSTM1997Cell(MemoryCell):
    """The LSTM of 1997, which cannot forget: c = c_prev + i g :cite:p:`Hochreiter1997`.  Rows i, g, o.

    It keeps tanh, as today's LSTM does, where the paper has logistic functions scaled to (-2, 2) and (-1, 1).

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    activation : str
        As in `LSTMCell`.
    **options
        As in `Cell`.

    Examples
    --------
    >>> LSTM1997Cell(3, 4, rng=np.random.default_rng(0)).params["W"].shape
    (12, 3)
    """

    GATES = "igo"
    Trace = ThreeGateTrace

    def step(self, a, prev, out=None):
        h_prev, c_prev = prev
        gates, c, tanh_c, h = out = out or self.new_trace(len(h_prev))
        gates[...] = by_gate(a + h_prev @ self.params["U"].T, 3)
        i, g, o = gates
        sigmoid_(i)
        self._phi(g, out=g)
        sigmoid_(o)
        np.add(c_prev, i * g, out=c)
        self._phi(c, out=tanh_c)
        np.multiply(o, tanh_c, out=h)
        return (h, c), out

    def linearise(self, prev, trace):
        i, g, o, tanh_c = trace.i, trace.g, trace.o, trace.tanh_c
        d = np.stack([g * i * (1 - i), i * self._slope(g), tanh_c * o * (1 - o)], axis=1)
        keep = np.broadcast_to(self.dtype.type(1), trace.c.shape)  # dc/dc_prev = 1: the constant error carousel
        return MemoryLocal(d, o * self._slope(tanh_c), keep)


class CoupledLSTMCell(MemoryCell):
    """LSTM that writes as much as it forgets: c = f c_prev + (1 - f) g :cite:p:`Greff2017`.  Rows f, g, o.

    Computed as f (c_prev - g) + g, so f = 1 keeps the memory up to rounding, where the LSTM keeps it to the last bit.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    forget_bias : float
        First value of b's forget rows, on top of `b_init`'s.
    **options
        As in `Cell`.

    Examples
    --------
    >>> CoupledLSTMCell(3, 4, rng=np.random.default_rng(0)).params["U"].shape
    (12, 4)
    """

    GATES = "fgo"
    Trace = CoupledTrace

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Any):
        super().__init__(input_size, hidden_size, **options)
        self._lift("f", "forget_bias", forget_bias, fresh=options.get("params") is None)

    def step(self, a, prev, out=None):
        h_prev, c_prev = prev
        gates, c, tanh_c, h = out = out or self.new_trace(len(h_prev))
        gates[...] = by_gate(a + h_prev @ self.params["U"].T, 3)
        f, g, o = gates
        sigmoid_(f)
        self._phi(g, out=g)
        sigmoid_(o)
        np.subtract(c_prev, g, out=c)
        c *= f
        c += g  # f c_prev + (1 - f) g
        self._phi(c, out=tanh_c)
        np.multiply(o, tanh_c, out=h)
        return (h, c), out

    def linearise(self, prev, trace):
        f, g, o, tanh_c = trace.f, trace.g, trace.o, trace.tanh_c
        d = np.stack([(prev.c - g) * f * (1 - f), (1 - f) * self._slope(g), tanh_c * o * (1 - o)], axis=1)
        return MemoryLocal(d, o * self._slope(tanh_c), f)


# --- GRU -------------------------------------------------------------------------------------------------------------
class GRUTrace(NamedTuple):
    """What a GRU step computes: gates (…, 3, B, H) with blocks r, z, n, then m = U_n h_prev + b_n and h (…, B, H)."""

    gates: Array
    m: Array
    h: Array
    r, z, n = map(gate, range(3))  # type: ignore[misc]


class GRUResetBeforeTrace(NamedTuple):
    """What a GRU step computes: gates (…, 3, B, H) with blocks r, z, n, and h (…, B, H)."""

    gates: Array
    h: Array
    r, z, n = map(gate, range(3))  # type: ignore[misc]


class GRULocal(NamedTuple):
    """Local derivatives of a GRU step.

    Attributes
    ----------
    d : array (…, 3, B, H)
        Of r, dn/da_r (reset before: d(r h_prev)/da_r); of z and n, dh/da.
    r : array (…, B, H)
        The reset gate, which scales what n takes from the past.
    z : array (…, B, H)
        dh/dh_prev past all gates.
    """

    d: Array
    r: Array
    z: Array


class GRUCell(Cell):
    """Gated recurrent unit, reset after the product, as PyTorch and cuDNN have it :cite:p:`Cho2014`.

    r, z = σ(W x + U h_prev + b);  n = tanh(W_n x + b + r (U_n h_prev + b_n));  h = (1 - z) n + z h_prev.
    Rows r, z, n; the second bias b_n (H,) stands inside the reset.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    update_bias : float
        First value of b's update rows, on top of `b_init`'s.  z keeps the past, so a positive one remembers longer.
    **options
        As in `Cell`.

    Examples
    --------
    >>> {k: p.shape for k, p in GRUCell(3, 4, rng=np.random.default_rng(0)).params.items()}
    {'W': (12, 3), 'U': (12, 4), 'b': (12,), 'b_n': (4,)}
    """

    GATES = "rzn"
    Trace = GRUTrace

    def __init__(self, input_size: int, hidden_size: int, *, update_bias: float = 0.0, **options: Any):
        super().__init__(input_size, hidden_size, **options)
        self._lift("z", "update_bias", update_bias, fresh=options.get("params") is None)

    @classmethod
    def shapes(cls, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(input_size, hidden_size) | {"b_n": (hidden_size,)}

    def step(self, a, prev, out=None):
        (h_prev,) = prev
        gates, m, h = out = out or self.new_trace(len(h_prev))
        u = by_gate(h_prev @ self.params["U"].T, 3).copy()
        gates[...] = by_gate(a, 3)
        gates[:2] += u[:2]
        sigmoid_(gates[:2])
        r, z, n = gates
        np.add(u[2], self.params["b_n"], out=m)
        n += r * m  # the one gate that scales a product
        np.tanh(n, out=n)
        np.subtract(h_prev, n, out=h)
        h *= z
        h += n  # (1 - z) n + z h_prev
        return (h,), out

    def linearise(self, prev, trace):
        r, z, n = trace.r, trace.z, trace.n
        n_a = (1 - z) * (1 - n * n)
        d = np.stack([n_a * trace.m * r * (1 - r), (prev.h - n) * z * (1 - z), n_a], axis=1)
        return GRULocal(d, r, z)

    def step_backward(self, dstate, local, out=None):
        (dh,), (d, r, z) = dstate, local
        delta = self.new_delta(len(dh)) if out is None else out
        by_gate(delta, 3)[...] = d * dh
        return (self._past_reset(delta, r) @ self.params["U"] + dh * z,), delta

    def _past_reset(self, delta: Array, r: Array) -> Array:
        """delta as U sees it: the candidate's share has passed the reset gate."""
        delta = delta.copy()
        delta[..., self.rows("n")] *= r
        return delta

    def gradients(self, prev, trace, delta):
        d = rows(self._past_reset(delta, trace.r))
        return {"U": d.T @ rows(prev.h), "b_n": d[:, self.rows("n")].sum(axis=0)}


class GRUResetBeforeCell(Cell):
    """Gated recurrent unit as Cho et al. wrote it: n = tanh(W_n x + U_n (r h_prev) + b) :cite:p:`Cho2014`.

    Rows r, z, n; one bias is enough.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H.
    update_bias : float
        As in `GRUCell`.
    **options
        As in `Cell`.

    Examples
    --------
    >>> {k: p.shape for k, p in GRUResetBeforeCell(3, 4, rng=np.random.default_rng(0)).params.items()}
    {'W': (12, 3), 'U': (12, 4), 'b': (12,)}
    """

    GATES = "rzn"
    Trace = GRUResetBeforeTrace

    def __init__(self, input_size: int, hidden_size: int, *, update_bias: float = 0.0, **options: Any):
        super().__init__(input_size, hidden_size, **options)
        self._lift("z", "update_bias", update_bias, fresh=options.get("params") is None)

    def step(self, a, prev, out=None):
        (h_prev,) = prev
        gates, h = out = out or self.new_trace(len(h_prev))
        U, split = self.params["U"], 2 * self.hidden_size
        gates[...] = by_gate(a, 3)
        gates[:2] += by_gate(h_prev @ U[:split].T, 2)
        sigmoid_(gates[:2])
        r, z, n = gates
        n += (r * h_prev) @ U[split:].T
        np.tanh(n, out=n)
        np.subtract(h_prev, n, out=h)
        h *= z
        h += n  # (1 - z) n + z h_prev
        return (h,), out

    def linearise(self, prev, trace):
        r, z, n = trace.r, trace.z, trace.n
        d = np.stack([prev.h * r * (1 - r), (prev.h - n) * z * (1 - z), (1 - z) * (1 - n * n)], axis=1)
        return GRULocal(d, r, z)

    def step_backward(self, dstate, local, out=None):
        (dh,), (d, r, z), U, split = dstate, local, self.params["U"], 2 * self.hidden_size
        delta = self.new_delta(len(dh)) if out is None else out
        d_r, d_z, d_n = by_gate(delta, 3)
        np.multiply(d[1], dh, out=d_z)
        np.multiply(d[2], dh, out=d_n)
        drh = delta[:, split:] @ U[split:]  # gradient of r * h_prev
        np.multiply(d[0], drh, out=d_r)
        return (delta[:, :split] @ U[:split] + drh * r + dh * z,), delta

    def gradients(self, prev, trace, delta):
        d, split = rows(delta), 2 * self.hidden_size
        return {"U": np.concatenate([d[:, :split].T @ rows(prev.h), d[:, split:].T @ rows(trace.r * prev.h)])}


#: Every cell by the name of its class, as files of models have it.  Gradient checks and tests go through this list.
CELLS = {
    cell.__name__: cell
    for cell in (
        ElmanCell,
        LSTMCell,
        LSTM1997Cell,
        PeepholeLSTMCell,
        CoupledLSTMCell,
        GRUCell,
        GRUResetBeforeCell,
    )
}
