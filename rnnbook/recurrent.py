"""Runs a cell along time and back (backpropagation through time).  Knows time, and no particular cell."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, repeat
from typing import Any, NamedTuple

import numpy as np

from rnnbook import validation as check
from rnnbook.cells import Cell
from rnnbook.functional import overflow_is_fine

Array = np.ndarray

# A layer keeps nothing between calls, so each call asks for its buffers anew.  Until glibc has seen a large block
# freed, it gives every one back to the system, and each page of the next is a fault.  Showing it one here, untouched
# and so without cost, made a training step 10 to 30 % faster; other allocators do not notice.
np.empty(2**25 - 2**16, np.uint8)


# What needs no past is done for many steps at once, but not for all: arrays that leave the processor's cache cost more
# than they save.  Bytes of pre-activations, the best of five sizes each for `project` and for `linearise`.
PROJECTED, LINEARISED = 2**21, 2**19

# The gradients of the weights are sums over all steps.  Adding up the sums of pieces costs little if each is of some
# thousand rows (steps times sequences), and then a long run needs no room for the gradients of all its steps.
SUMMED = 4096


class Run(NamedTuple):
    """One forward pass: all that its backward pass needs.

    It holds x and mask as they were given, without a copy: do not write into them before `backward`.

    Attributes
    ----------
    x : array (T, B, D), or ids (T, B)
    prev : State of arrays (T, B, H)
        The states before each step.
    trace : Trace
        What each step computed.
    mask : bool array (T, B), or None
    """

    x: Array
    prev: Any
    trace: Any
    mask: Array | None

    def cut(self, span: slice) -> Run:
        """Some of its steps, without a copy."""
        prev, trace = (type(part)(*(field[span] for field in part)) for part in (self.prev, self.trace))
        return Run(self.x[span], prev, trace, None if self.mask is None else self.mask[span])


class Recurrent:
    """Runs one cell along time.

    Parameters
    ----------
    cell : Cell
        It knows one step, and holds the parameters.

    Examples
    --------
    >>> from rnnbook.cells import LSTMCell
    >>> rng = np.random.default_rng(0)
    >>> layer = Recurrent(LSTMCell(3, 5, rng=rng))
    >>> x = rng.standard_normal((7, 2, 3))  # 7 steps, 2 sequences, 3 features
    >>> y, state, run = layer.forward(x)
    >>> y.shape, state.c.shape, run.trace.f.shape
    ((7, 2, 5), (2, 5), (7, 2, 5))
    >>> dx, dstate, grads = layer.backward(np.ones_like(y), run)
    >>> dx.shape, sorted(grads)
    ((7, 2, 3), ['U', 'W', 'b'])
    """

    needs = ("state", "mask")
    causal = True

    def __init__(self, cell: Cell):
        if not isinstance(cell, Cell):
            raise TypeError(f"cell must be a Cell, such as LSTMCell(3, 5, rng=rng), got {cell!r}")
        self.cell = cell

    params = property(lambda self: self.cell.params)
    dtype = property(lambda self: self.cell.dtype)
    input_size = property(lambda self: self.cell.input_size)
    output_size = property(lambda self: self.cell.hidden_size)

    def initial_state(self, batch: int) -> Any:
        """Zeros, (batch, H) for each field of the cell's state."""
        return self.cell.initial_state(check.count("batch", batch))

    def config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        return {"cell": self.cell}

    def __repr__(self) -> str:
        return f"Recurrent({self.cell!r})"

    # -- the door ----------------------------------------------------------------------------------------------------
    def _sequence(self, x: Any, mask: Any) -> tuple[Array, Array | None]:
        x = check.array("x", x)
        if x.dtype.kind in "iu" and x.ndim != 3:
            check.ids("x", x, ("T", "B"), self.input_size)
        elif x.dtype.kind in "iu":
            raise TypeError("x must hold floats (T, B, D) or integer ids (T, B), got integers with three axes")
        else:
            x = check.floats("x", x, ("T", "B", self.input_size), self.dtype)
        if mask is not None:
            mask = check.mask("mask", mask, x.shape[:2])
            check.finite("x, where a mask is given,", x)  # the gradient of padding is 0 times it, and 0 * nan is nan
        return x, mask

    def _state(self, name: str, state: Any, batch: int) -> Any:
        if state is None:
            return self.cell.initial_state(batch)
        fields = self.cell.State._fields
        if not isinstance(state, tuple) or len(state) != len(fields):
            got = f"{len(state)} of them" if isinstance(state, tuple) else f"a {type(state).__name__}"
            raise TypeError(f"{name} must be a tuple of {len(fields)} arrays, ({', '.join(fields)}), got {got}")
        wanted = (batch, self.cell.hidden_size)
        return self.cell.State(
            *(check.floats(f"{name}.{f}", s, wanted, self.dtype) for f, s in zip(fields, state, strict=True))
        )

    # -- forward -----------------------------------------------------------------------------------------------------
    def _spans(self, T: int, B: int, size: int) -> list[slice]:
        """T steps, cut where the pre-activations of B sequences reach `size` bytes."""
        steps = max(1, size // (B * self.cell.G * self.cell.hidden_size * self.cell.dtype.itemsize))
        return [slice(t, t + steps) for t in range(0, T, steps)]

    def _laid_out(self, T: int, B: int) -> Cell:
        """The cell; for a long run with its U in another order, so that `step` multiplies by U.T up to twice as fast.

        A matrix product rearranges a transposed matrix each time.  One copy for all steps pays for itself after a
        dozen of them, but never with one sequence, for which nothing is rearranged.
        """
        if B == 1 or T < 16:
            return self.cell
        cell = copy.copy(self.cell)
        cell.params = check.frozen({**self.params, "U": np.asfortranarray(self.params["U"])})
        return cell

    def _steps(self, x: Array, state: Any, mask: Array | None, outs: Any) -> Iterator[Any]:
        """The time loop.  `outs` holds a row of the trace for each step, or None."""
        masks = repeat(None) if mask is None else mask
        T, B = x.shape[:2]
        cell = self._laid_out(T, B)
        projected = (a_t for span in self._spans(T, B, PROJECTED) for a_t in self.cell.project(x[span]))
        for a_t, mask_t, out in zip(projected, masks, outs, strict=False):
            new, _ = cell.step(a_t, state, out)
            if mask_t is not None:  # a padded sequence keeps its state
                for s, old in zip(new, state, strict=True):
                    np.copyto(s, old, where=~mask_t[:, None])
            state = new
            yield state

    def walk(self, x: Array, state: Any = None, mask: Array | None = None) -> Iterator[Any]:
        """Yield the state after each step, for looking on; arguments as in `forward`.

        Examples
        --------
        >>> from rnnbook.cells import ElmanCell
        >>> layer = Recurrent(ElmanCell(1, 2, rng=np.random.default_rng(0)))
        >>> [state.h.shape for state in layer.walk(np.ones((3, 1, 1)))]
        [(1, 2), (1, 2), (1, 2)]
        """
        x, mask = self._sequence(x, mask)
        steps = self._steps(x, self._state("state", state, x.shape[1]), mask, repeat(None))

        def states() -> Iterator[Any]:
            while True:
                with overflow_is_fine():  # not around the yield: it would hold for whoever asked for the state
                    state = next(steps, None)
                if state is None:
                    return
                yield self.cell.State(*state)

        return states()  # apart, so that a wrong argument is told at the call and not at the first step

    def forward(self, x: Array, state: Any = None, mask: Array | None = None) -> tuple[Array, Any, Run]:
        """Run the cell over whole sequences, and keep what `backward` needs.

        Parameters
        ----------
        x : float array (T, B, D), or int array (T, B)
            Integers are ids: each stands for a one-hot vector of D entries.
        state : State of arrays (B, H), optional
            The state before the first step; zeros by default.
        mask : bool array (T, B), optional
            False where a sequence is padded.  There its state stays as it is, so ``y[-1]`` is each sequence's last.

        Returns
        -------
        y : array (T, B, H), read-only
            The hidden state after each step.
        state : State of arrays (B, H)
            The state after the last step.
        run : Run

        Raises
        ------
        ValueError, TypeError
            For another rank, size, dtype or batch, for an empty sequence, for ids out of range, for a mask that
            masks everything, for padding that is not finite.
        """
        x, mask = self._sequence(x, mask)
        (T, B), cell = x.shape[:2], self.cell
        state = self._state("state", state, B)
        # One array of T+1 states serves as both prev and the trace's states: step t writes what step t+1 reads.
        past = [np.empty((T + 1, *s.shape), s.dtype) for s in state]
        for p, s in zip(past, state, strict=True):
            p[0] = s
        after = {name: p[1:] for name, p in zip(state._fields, past, strict=True)}
        trace = cell.new_trace(T, B)._replace(**after)
        with overflow_is_fine():
            for _ in self._steps(x, [p[0] for p in past], mask, zip(*trace, strict=True)):
                pass
        y = trace.h.view()
        y.flags.writeable = False  # it shares the buffer that the backward pass reads
        run = Run(x, cell.State(*(p[:-1] for p in past)), trace, mask)
        return y, cell.State(*(p[-1].copy() for p in past)), run

    def __call__(self, x: Array, state: Any = None, mask: Array | None = None) -> tuple[Array, Any]:
        """`forward` that keeps no trace: y and the last state, and no way back."""
        x, mask = self._sequence(x, mask)
        state = self._state("state", state, x.shape[1])
        y = np.empty((*x.shape[:2], self.output_size), self.dtype)
        last = state
        turns = cycle([self.cell.new_trace(x.shape[1]) for _ in range(2)])  # a step reads one and writes the other
        with overflow_is_fine():
            for y_t, last in zip(y, self._steps(x, state, mask, turns), strict=True):
                y_t[...] = last[0]
        return y, self.cell.State(*last)

    # -- backward ----------------------------------------------------------------------------------------------------
    def walk_back(self, run: Run, dy: Array, dstate: Any = None, delta: Array | None = None) -> Iterator[Any]:
        """Yield the gradient of the state *before* each step, from the last step to the first.

        Parameters
        ----------
        run : Run
        dy : array (T, B, H)
        dstate : State of arrays (B, H), optional
            Gradient of the state after the last step.  It may be a batch of N for a run of one sequence (then `dy`
            has N or 1 sequences): the H rows of the identity as `dstate.h` give ∂h_T/∂h_t.
        delta : array (T, B, G*H), optional
            Where to write the gradients of the pre-activations.

        Examples
        --------
        >>> from rnnbook.cells import ElmanCell
        >>> layer = Recurrent(ElmanCell(1, 2, rng=np.random.default_rng(0)))
        >>> y, _, run = layer.forward(np.ones((3, 1, 1)))
        >>> jacobians = [d.h for d in layer.walk_back(run, np.zeros_like(y), (np.eye(2),))]  # ∂h_3/∂h_2, h_1, h_0
        >>> len(jacobians), jacobians[-1].shape
        (3, (2, 2))
        """
        T = self._own(run)
        dy = check.floats("dy", dy, (T, "N", self.output_size), self.dtype)
        B = run.prev[0].shape[1]
        if dy.shape[1] not in (1, B) and B != 1:
            raise ValueError(f"dy must have {B} sequences, as the run has, got {dy.shape[1]}")
        if dstate is None:
            dstate = self.cell.initial_state(dy.shape[1])
        elif isinstance(dstate, tuple) and len(dstate) == len(self.cell.State._fields):
            n = max(B, dy.shape[1])
            n = len(np.atleast_1d(dstate[0])) if n == 1 else n
            dstate = self._state("dstate", dstate, n)
        else:
            fields = ", ".join(self.cell.State._fields)
            raise TypeError(f"dstate must be a tuple of arrays ({fields}), got {type(dstate).__name__}")
        return self._steps_back(run, dy, dstate, delta)

    def _own(self, run: Any) -> int:
        """How many steps a run of this layer has; an error for anything else."""
        cell = self.cell
        if not isinstance(run, Run):
            raise TypeError(f"run must be what forward returned last, a Run, got {type(run).__name__}")
        if not isinstance(run.trace, cell.Trace) or run.prev[0].shape[-1] != cell.hidden_size:
            of = f"{type(run.trace).__name__} with {run.prev[0].shape[-1]} units"
            raise ValueError(f"run must come from this layer's own forward, of {cell!r}, got one of {of}")
        return len(run.x)

    def _locals_back(self, run: Run) -> Iterator[Any]:
        """One step of `linearise` after the other, from the last to the first."""
        T, B = run.x.shape[:2]
        for span in reversed(self._spans(T, B, LINEARISED)):
            part = run.cut(span)
            yield from zip(*(v[::-1] for v in self.cell.linearise(part.prev, part.trace)), strict=True)

    def _steps_back(self, run: Run, dy: Array, dstate: Any, delta: Array | None) -> Iterator[Any]:
        """The time loop, backwards."""
        cell, mask = self.cell, run.mask
        masks = repeat(None) if mask is None else mask[::-1]
        outs = repeat(None) if delta is None else delta[::-1]
        for dy_t, mask_t, local_t, out in zip(dy[::-1], masks, self._locals_back(run), outs, strict=False):
            dh, *dc = dstate
            dstate = (dh + dy_t, *dc)
            if mask_t is None:
                dstate, _ = cell.step_backward(dstate, local_t, out)
            else:  # step_backward is linear, 0 in and 0 out; what was held passes by
                m = mask_t[:, None]
                held = [d * ~m for d in dstate]
                dstate, _ = cell.step_backward([d * m for d in dstate], local_t, out)
                dstate = tuple(d + k for d, k in zip(dstate, held, strict=True))
            yield cell.State(*dstate)

    def backward(self, dy: Array, run: Run, dstate: Any = None) -> tuple[Array | None, Any, dict[str, Array]]:
        """Gradients of a loss, by backpropagation through time.

        It reads the weights as they are now: call it before the optimiser's next step.

        Parameters
        ----------
        dy : array (T, B, H)
            Gradient of the loss with respect to `y`.
        run : Run
            What `forward` returned.  It stays as it is: the same run gives the same gradients twice.
        dstate : State of arrays (B, H), optional
            Gradient with respect to the state after the last step.

        Returns
        -------
        dx : array (T, B, D), or None for ids
        dstate : State of arrays (B, H)
            Gradient with respect to the state before the first step.
        grads : dict
            One gradient for each name of `params`.
        """
        T, cell = self._own(run), self.cell
        B = run.x.shape[1]
        dy = check.floats("dy", dy, (T, B, self.output_size), self.dtype)
        dstate = self._state("dstate", dstate, B)
        steps = max(1, SUMMED // B)
        room, dx = cell.new_delta(min(steps, T), B), None if run.x.ndim == 2 else np.empty_like(run.x)
        grads: dict[str, Array] = {}
        for span in reversed([slice(t, min(t + steps, T)) for t in range(0, T, steps)]):
            part = run.cut(span)
            delta = room[: len(part.x)]
            before = dstate
            for before in self._steps_back(part, dy[span], dstate, delta):  # noqa: B007  the last one is wanted
                pass
            dstate = before
            dx_part, more = cell.project_backward(part.x, delta)
            for name, g in (more | cell.gradients(part.prev, part.trace, delta)).items():
                grads[name] = grads[name] + g if name in grads else g
            if dx is not None:
                dx[span] = dx_part
        return dx, dstate, grads


def leaves(state: Any) -> list[Array]:
    """The arrays of a state, however its layers nest them (named tuples, pairs, lists, dicts), in a fixed order."""
    if isinstance(state, np.ndarray):
        return [state]
    parts = state.values() if isinstance(state, dict) else state
    return [a for part in parts for a in leaves(part)]


def with_leaves(state: Any, arrays: Iterator[Array]) -> Any:
    """A state built like `state`, from the next of `arrays`."""
    if isinstance(state, np.ndarray):
        return next(arrays)
    if isinstance(state, dict):
        return {k: with_leaves(part, arrays) for k, part in state.items()}
    parts = [with_leaves(part, arrays) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)


def prefixed(parts: Mapping[str, Any]) -> Mapping[str, Array]:
    """Parameters of several layers under one roof: ``{"0": layer}`` gives ``"0.W"`` and so on."""
    return check.frozen({f"{name}.{k}": p for name, part in parts.items() for k, p in part.items()})


class Bidirectional:
    """Two layers read the sequence from its two ends; their outputs stand side by side :cite:p:`Schuster1997`.

    With a mask the layer that reads back meets the padding first, keeps its initial state through it, and so begins
    at each sequence's own end.

    Parameters
    ----------
    ahead, back : Recurrent
        Of one input size and one dtype.

    Examples
    --------
    >>> from rnnbook.cells import GRUCell
    >>> rng = np.random.default_rng(0)
    >>> layer = Bidirectional(Recurrent(GRUCell(3, 4, rng=rng)), Recurrent(GRUCell(3, 4, rng=rng)))
    >>> y, (ahead, back), run = layer.forward(np.ones((6, 2, 3)))
    >>> y.shape, ahead.h.shape, "back.W" in layer.params
    ((6, 2, 8), (2, 4), True)
    """

    needs = ("state", "mask")
    causal = False

    def __init__(self, ahead: Recurrent, back: Recurrent):
        for name, layer in (("ahead", ahead), ("back", back)):
            if not isinstance(layer, Recurrent):
                raise TypeError(f"{name} must be a Recurrent, got {type(layer).__name__}")
        if ahead is back or ahead.cell is back.cell:
            raise ValueError("ahead and back must be two layers, each with weights of its own, got one twice")
        if (ahead.input_size, ahead.dtype) != (back.input_size, back.dtype):
            raise ValueError(f"ahead and back must agree in input size and dtype, got {ahead!r} and {back!r}")
        self.ahead, self.back = ahead, back

    params = property(lambda self: prefixed({"ahead": self.ahead.params, "back": self.back.params}))
    dtype = property(lambda self: self.ahead.dtype)
    input_size = property(lambda self: self.ahead.input_size)
    output_size = property(lambda self: self.ahead.output_size + self.back.output_size)

    def initial_state(self, batch: int) -> tuple[Any, Any]:
        """Zeros for both directions."""
        return self.ahead.initial_state(batch), self.back.initial_state(batch)

    def config(self) -> dict[str, Any]:
        """What it takes to build this layer again."""
        return {"ahead": self.ahead, "back": self.back}

    def __repr__(self) -> str:
        return f"Bidirectional({self.ahead!r}, {self.back!r})"

    @staticmethod
    def _pair(name: str, state: Any) -> tuple[Any, Any]:
        if state is None:
            return None, None
        if not isinstance(state, tuple | list) or len(state) != 2:
            raise TypeError(f"{name} must be a pair, (ahead's, back's), got {type(state).__name__}")
        return state[0], state[1]

    def _runs(self, run: Any) -> tuple[Run, Run]:
        if run is None:
            raise TypeError("run must be what forward returned last, a pair, got None")
        runs = self._pair("run", run)
        for layer, one in zip((self.ahead, self.back), runs, strict=True):
            layer._own(one)
        return runs

    def forward(self, x: Array, state: Any = None, mask: Array | None = None) -> tuple[Array, Any, Any]:
        """As `Recurrent.forward`; state is a pair, y (T, B, 2 H)."""
        s1, s2 = self._pair("state", state)
        x, mask = self.ahead._sequence(x, mask)
        with check.within("ahead"):
            y1, s1, r1 = self.ahead.forward(x, s1, mask)
        with check.within("back"):
            y2, s2, r2 = self.back.forward(x[::-1], s2, None if mask is None else mask[::-1])
        return np.concatenate([y1, y2[::-1]], axis=-1), (s1, s2), (r1, r2)

    def __call__(self, x: Array, state: Any = None, mask: Array | None = None) -> tuple[Array, Any]:
        """`forward` that keeps no trace."""
        s1, s2 = self._pair("state", state)
        x, mask = self.ahead._sequence(x, mask)
        with check.within("ahead"):
            y1, s1 = self.ahead(x, s1, mask)
        with check.within("back"):
            y2, s2 = self.back(x[::-1], s2, None if mask is None else mask[::-1])
        return np.concatenate([y1, y2[::-1]], axis=-1), (s1, s2)

    def backward(self, dy: Array, run: Any, dstate: Any = None) -> tuple[Array | None, Any, dict[str, Array]]:
        """As `Recurrent.backward`; dstate is a pair."""
        (r1, r2), (s1, s2) = self._runs(run), self._pair("dstate", dstate)
        dy = check.floats("dy", dy, (*r1.x.shape[:2], self.output_size), self.dtype)
        d1, d2 = np.split(dy, [self.ahead.output_size], axis=-1)
        with check.within("ahead"):
            dx1, s1, g1 = self.ahead.backward(d1, r1, s1)
        with check.within("back"):
            dx2, s2, g2 = self.back.backward(d2[::-1], r2, s2)
        dx = None if dx1 is None or dx2 is None else dx1 + dx2[::-1]
        return dx, (s1, s2), {f"{n}.{k}": g for n, gs in (("ahead", g1), ("back", g2)) for k, g in gs.items()}


def _cells(layer: Recurrent | Bidirectional) -> list[Cell]:
    return [layer.cell] if isinstance(layer, Recurrent) else [layer.ahead.cell, layer.back.cell]


class Stack:
    """Recurrent layers one upon another; each has its own state.

    Parameters
    ----------
    layers : sequence of Recurrent or Bidirectional
        Each one's input size is the output size of the one below.

    Examples
    --------
    >>> from rnnbook.cells import LSTMCell
    >>> stack = Stack.of(LSTMCell, 3, 5, num_layers=2, rng=np.random.default_rng(0))
    >>> y, state, run = stack.forward(np.ones((7, 2, 3)))
    >>> y.shape, len(state), sorted(stack.params)[:3]
    ((7, 2, 5), 2, ['0.U', '0.W', '0.b'])
    """

    needs = ("state", "mask")

    def __init__(self, layers: Sequence[Recurrent | Bidirectional]):
        if not isinstance(layers, Sequence):
            raise TypeError(f"layers must be a list of layers, got {type(layers).__name__}")
        self.layers = list(layers)
        if not self.layers:
            raise ValueError("layers must hold at least one layer, got none")
        for n, layer in enumerate(self.layers):
            if not isinstance(layer, Recurrent | Bidirectional):
                raise TypeError(
                    f"layers[{n}] must be a Recurrent or a Bidirectional, got {type(layer).__name__}; "
                    "other layers go between them in a Sequential"
                )
            below = self.layers[n - 1] if n else layer
            if n and (layer.input_size, layer.dtype) != (below.output_size, below.dtype):
                raise ValueError(
                    f"layers[{n}] must take {below.output_size} features of {below.dtype}, "
                    f"got one that takes {layer.input_size} of {layer.dtype}"
                )
        cells = [id(cell) for layer in self.layers for cell in _cells(layer)]
        if len(set(cells)) != len(cells):
            raise ValueError("layers must be different ones, each with weights of its own, got one twice")

    @classmethod
    def of(
        cls,
        cell: type[Cell],
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int,
        bidirectional: bool = False,
        **options: Any,
    ) -> Stack:
        """A stack of `num_layers` equal layers; `options` (rng, dtype …) go to every cell."""
        if not (isinstance(cell, type) and issubclass(cell, Cell)):
            raise TypeError(f"cell must be a class of cells, such as LSTMCell, got {cell!r}")
        if "params" in options:
            raise TypeError("params would give every layer the same weights; build the layers one by one instead")
        layers: list[Recurrent | Bidirectional] = []
        for _ in range(check.count("num_layers", num_layers)):
            one = Recurrent(cell(input_size, hidden_size, **options))
            two = Recurrent(cell(input_size, hidden_size, **options)) if bidirectional else None
            layers.append(one if two is None else Bidirectional(one, two))
            input_size = layers[-1].output_size
        return cls(layers)

    causal = property(lambda self: all(layer.causal for layer in self.layers))
    params = property(lambda self: prefixed({str(n): layer.params for n, layer in enumerate(self.layers)}))
    dtype = property(lambda self: self.layers[0].dtype)
    input_size = property(lambda self: self.layers[0].input_size)
    output_size = property(lambda self: self.layers[-1].output_size)

    def initial_state(self, batch: int) -> list[Any]:
        """Zeros for every layer."""
        return [layer.initial_state(batch) for layer in self.layers]

    def config(self) -> dict[str, Any]:
        """What it takes to build this stack again."""
        return {"layers": self.layers}

    def __repr__(self) -> str:
        return f"Stack({self.layers!r})"

    def _each(self, name: str, state: Any) -> list[Any]:
        if state is None:
            return [None] * len(self.layers)
        if not isinstance(state, tuple | list) or len(state) != len(self.layers):
            got = f"{len(state)}" if isinstance(state, tuple | list) else f"a {type(state).__name__}"
            raise TypeError(f"{name} must be a list of {len(self.layers)}, one for each layer, got {got}")
        return list(state)

    def forward(self, x: Array, state: Any = None, mask: Array | None = None) -> tuple[Array, list[Any], list[Any]]:
        """As `Recurrent.forward`; state and run are lists, one entry for each layer."""
        states, runs = self._each("state", state), []
        for n, layer in enumerate(self.layers):
            with check.within(f"layer {n}"):
                x, states[n], run = layer.forward(x, states[n], mask)
            runs.append(run)
        return x, states, runs

    def __call__(self, x: Array, state: Any = None, mask: Array | None = None) -> tuple[Array, list[Any]]:
        """`forward` that keeps no trace."""
        states = self._each("state", state)
        for n, layer in enumerate(self.layers):
            with check.within(f"layer {n}"):
                x, states[n] = layer(x, states[n], mask)
        return x, states

    def backward(self, dy: Array, run: Any, dstate: Any = None) -> tuple[Array | None, list[Any], dict[str, Array]]:
        """As `Recurrent.backward`; dstate is a list."""
        if run is None:
            raise TypeError(f"run must be what forward returned last, a list of {len(self.layers)}, got None")
        runs, dstates = self._each("run", run), self._each("dstate", dstate)
        grads: dict[str, Array] = {}
        d: Array | None = dy
        for n in reversed(range(len(self.layers))):
            with check.within(f"layer {n}"):
                d, dstates[n], g = self.layers[n].backward(d, runs[n], dstates[n])  # type: ignore[arg-type]
            grads |= {f"{n}.{k}": v for k, v in g.items()}
        return d, dstates, grads
