"""Layers one after another, with named parameters, saved and loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnbook import files
from rnnbook import validation as check
from rnnbook.cells import CELLS
from rnnbook.layers import Dense, Dropout, Embedding, Ends, Last, Layer
from rnnbook.recurrent import Bidirectional, Recurrent, Stack, prefixed

Array = np.ndarray

LAYERS: dict[str, Any] = {layer.__name__: layer for layer in (Dense, Embedding, Dropout, Last, Ends)}


class Sequential:
    """Layers one after another, each with a name.

    Parameters
    ----------
    **layers : layers by name, first to last
        A name is how parameters are found: `lstm=` gives ``params["lstm.W"]``.

    Attributes
    ----------
    layers : dict
    params : read-only mapping
        All parameters, by the layer's name and their own.  Write into the arrays.

    Examples
    --------
    >>> from rnnbook.cells import LSTMCell
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(lstm=Recurrent(LSTMCell(3, 8, rng=rng)), out=Dense(8, 2, rng=rng))
    >>> y, state, run = model.forward(np.ones((5, 4, 3)))
    >>> dx, dstate, grads = model.backward(np.ones_like(y), run)
    >>> y.shape, state["lstm"].c.shape, sorted(grads)
    ((5, 4, 2), (4, 8), ['lstm.U', 'lstm.W', 'lstm.b', 'out.W', 'out.b'])
    """

    needs = ("state", "mask", "rng")

    def __init__(self, **layers: Any):
        if not layers:
            raise ValueError("layers must hold at least one layer, got none")
        size, dtype, where, timed, causal = None, None, "", True, True
        for name, layer in layers.items():
            if not isinstance(layer, Layer | Recurrent | Bidirectional | Stack):
                raise TypeError(f"{name} must be a layer, such as Dense or Recurrent, got {type(layer).__name__}")
            if "." in name:
                raise ValueError(f"a layer's name must hold no dot, which stands between names, got {name!r}")
            if size is not None and layer.input_size is not None and layer.input_size != size:
                raise ValueError(f"{name} must take the {size} features that {where} gives, got {layer.input_size}")
            if layer.dtype is not None and dtype is not None and layer.dtype != dtype:
                raise ValueError(f"{name} must be of {where}'s dtype, {dtype}, got {layer.dtype}")
            if size is not None and getattr(layer, "takes_ids", False):
                raise ValueError(f"{name} takes ids, which no layer gives: it must stand first")
            if "state" in layer.needs and not timed:
                raise ValueError(f"{name} needs steps of time, which an earlier layer has ended")
            if isinstance(layer, Last) and not causal:
                raise ValueError(f"{name} must be Ends() after a layer that reads both ways, got Last()")
            timed &= not getattr(layer, "ends_time", False)
            causal = layer.causal if "state" in layer.needs else causal
            if layer.output_size is not None:
                size, dtype, where = layer.output_size, layer.dtype, name
        arrays = [id(p) for layer in layers.values() for p in layer.params.values()]
        if len(set(arrays)) != len(arrays):
            raise ValueError("layers must have weights of their own, got one twice: gradients would be lost")
        self.layers = layers
        self.dtype = dtype or np.dtype(np.float32)

    causal = property(lambda self: all(layer.causal for layer in self.layers.values()))
    params = property(lambda self: prefixed({name: layer.params for name, layer in self.layers.items()}))

    @property
    def num_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(p.size for p in self.params.values())

    def config(self) -> dict[str, Any]:
        """What it takes to build this model again."""
        return {"layers": self.layers}

    def __repr__(self) -> str:
        return f"Sequential({', '.join(f'{name}={layer!r}' for name, layer in self.layers.items())})"

    def summary(self) -> str:
        """A table of layers, parameters, shapes and counts.

        Examples
        --------
        >>> print(Sequential(out=Dense(3, 2, rng=np.random.default_rng(0))).summary())
        name   layer  parameters        count
        out    Dense  W (2, 3), b (2,)      8
        total                               8
        """
        rows = [("name", "layer", "parameters", "count")]
        for name, layer in self.layers.items():
            kind = type(layer).__name__
            if isinstance(layer, Recurrent):
                kind += f"({type(layer.cell).__name__})"
            shapes = ", ".join(f"{k} {p.shape}" for k, p in layer.params.items())
            rows.append((name, kind, shapes, f"{sum(p.size for p in layer.params.values()):,}"))
        rows.append(("total", "", "", f"{self.num_parameters:,}"))
        wide = [max(len(row[k]) for row in rows) for k in range(4)]
        return "\n".join(
            "  ".join((*(cell.ljust(w) for cell, w in zip(row[:3], wide[:3], strict=True)), row[3].rjust(wide[3])))
            for row in rows
        )

    # -- running ---------------------------------------------------------------------------------------------------
    def initial_state(self, batch: int) -> dict[str, Any]:
        """Zeros for every layer that has a state, by its name."""
        return {n: layer.initial_state(batch) for n, layer in self.layers.items() if "state" in layer.needs}

    def _states(self, name: str, state: Any) -> dict[str, Any]:
        known = [n for n, layer in self.layers.items() if "state" in layer.needs]
        if state is None:
            return dict.fromkeys(known)
        if not isinstance(state, Mapping) or state.keys() != set(known):
            got = ", ".join(map(str, state)) if isinstance(state, Mapping) else type(state).__name__
            raise TypeError(f"{name} must be a dict with one entry for each of {', '.join(known)}; got {got}")
        return {n: state[n] for n in known}

    def forward(
        self,
        x: Array,
        state: Mapping[str, Any] | None = None,
        mask: Array | None = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, dict[str, Any], list[Any]]:
        """Run all layers, and keep what `backward` needs.

        Parameters
        ----------
        x : array
            What the first layer takes.
        state : dict, optional
            The state of each recurrent layer by its name; zeros by default.
        mask : bool array (T, B), optional
            False where a sequence is padded; for recurrent layers.
        rng : numpy.random.Generator, optional
            For layers that draw while they learn (`Dropout`); without it they let everything pass.

        Returns
        -------
        y : array
            What the last layer gives.
        state : dict
        run : list
        """
        states, runs = self._states("state", state), []
        for name, layer in self.layers.items():
            given = {"state": states.get(name), "mask": mask, "rng": rng}
            with check.within(name):
                x, *after, run = layer.forward(x, **{k: given[k] for k in layer.needs})
            if after:
                (states[name],) = after
            runs.append(run)
        return x, states, runs

    def __call__(
        self, x: Array, state: Mapping[str, Any] | None = None, mask: Array | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """`forward` that keeps no run: the output and the state."""
        states = self._states("state", state)
        for name, layer in self.layers.items():
            given = {"state": states.get(name), "mask": mask}
            with check.within(name):
                x = layer(x, **{k: given[k] for k in layer.needs if k in given})
            if "state" in layer.needs:
                x, states[name] = x
        return x, states

    def backward(
        self, dy: Array, run: list[Any], dstate: Mapping[str, Any] | None = None
    ) -> tuple[Array | None, dict[str, Any], dict[str, Array]]:
        """Gradients of a loss.

        Parameters
        ----------
        dy : array
            Gradient with respect to the output.
        run : list
            What `forward` returned.
        dstate : dict, optional
            Gradient with respect to the states after the last step.

        Returns
        -------
        dx : array, or None where the input was ids
        dstate : dict
        grads : dict
            One gradient for each name of `params`.
        """
        if not isinstance(run, list) or len(run) != len(self.layers):
            raise TypeError(f"run must be what forward returned last, a list of {len(self.layers)}, got {type(run)}")
        dstates = self._states("dstate", dstate)
        grads: dict[str, Array] = {}
        d: Any = dy
        for (name, layer), layer_run in zip(reversed(self.layers.items()), reversed(run), strict=True):
            with check.within(name):
                if "state" in layer.needs:
                    d, dstates[name], g = layer.backward(d, layer_run, dstates[name])
                else:
                    d, g = layer.backward(d, layer_run)
            grads |= {f"{name}.{k}": v for k, v in g.items()}
        return d, dstates, grads

    # -- files -----------------------------------------------------------------------------------------------------
    def save(self, path: str | os.PathLike) -> None:
        """Write weights and architecture to one `.npz` file; an old file stays whole until the new one is complete."""
        files.write(path, "model", {"architecture": describe(self)}, self.params)

    def load(self, path: str | os.PathLike) -> None:
        """Read weights that `save` wrote into this model.

        Raises
        ------
        ValueError
            If the file is damaged, of another format version, or of another architecture; then no weight changes.
        """
        header, arrays = files.read(path, "model")
        adopt(self, header, arrays, path)


def describe(layer: Any) -> Any:
    """A layer's architecture as JSON can say it."""
    if isinstance(layer, dict):
        return {name: describe(part) for name, part in layer.items()}
    if isinstance(layer, list):
        return [describe(part) for part in layer]
    if hasattr(layer, "config"):
        return {"type": type(layer).__name__, **describe(layer.config())}
    return layer


def adopt(model: Sequential, header: Mapping[str, Any], arrays: Mapping[str, Array], path: Any) -> None:
    """Copy arrays from a file into a model, after checking that they are all of it."""
    want, got = describe(model), header.get("architecture")
    if want != got:
        raise ValueError(f"{os.fspath(path)} holds another architecture: expected {want}, got {got}")
    params = model.params
    if params.keys() != arrays.keys() or any(
        (arrays[k].shape, arrays[k].dtype) != (p.shape, p.dtype) for k, p in params.items()
    ):
        raise ValueError(f"{os.fspath(path)} must hold {', '.join(params)} in their shapes and dtypes, and does not")
    for k, p in params.items():
        p[...] = arrays[k]


def _part(arrays: Mapping[str, Array], name: str) -> dict[str, Array]:
    return {k.removeprefix(f"{name}."): a for k, a in arrays.items() if k.startswith(f"{name}.")}


def _rebuild(description: Mapping[str, Any], arrays: Mapping[str, Array], known: Mapping[str, Any]) -> Any:
    config = dict(description)
    kind = config.pop("type")
    if kind == "Sequential":
        return Sequential(**{n: _rebuild(d, _part(arrays, n), known) for n, d in config["layers"].items()})
    if kind == "Stack":
        return Stack([_rebuild(d, _part(arrays, str(n)), known) for n, d in enumerate(config["layers"])])
    if kind == "Bidirectional":
        return Bidirectional(*(_rebuild(config[n], _part(arrays, n), known) for n in ("ahead", "back")))
    if kind == "Recurrent":
        return Recurrent(_rebuild(config["cell"], arrays, known))
    if kind not in known:
        raise ValueError(f"its {kind} is not one of {', '.join(known)}; classes of your own go into `known`")
    return known[kind](**config, params=arrays) if arrays else known[kind](**config)


def load(path: str | os.PathLike, *, known: Sequence[type] = ()) -> Sequential:
    """The model that `Sequential.save` wrote, built anew from the file alone.

    Parameters
    ----------
    path : path
    known : sequence of classes
        Cells and layers of your own that the model has in it.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is damaged, of another format version, or describes layers that are unknown or do not fit its arrays.

    Examples
    --------
    >>> import tempfile
    >>> model = Sequential(out=Dense(3, 2, rng=np.random.default_rng(0)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.npz")
    ...     again = load(f"{folder}/model.npz")
    >>> bool((again.params["out.W"] == model.params["out.W"]).all())
    True
    """
    header, arrays = files.read(path, "model")
    try:
        model = _rebuild(header["architecture"], arrays, CELLS | LAYERS | {kind.__name__: kind for kind in known})
        check.one_of("architecture", type(model).__name__, ["Sequential"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)} does not describe a model of rnnbook's: {error}") from error
    adopt(model, header, arrays, path)
    return model
