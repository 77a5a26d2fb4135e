"""A model as an ONNX file, which other programs run without Python."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rnnbook import files
from rnnbook import validation as check
from rnnbook.interop.frameworks import onnx_operator, to_onnx
from rnnbook.layers import Dense, Dropout, Embedding, Ends, Last
from rnnbook.model import Sequential
from rnnbook.recurrent import Bidirectional, Recurrent, Stack

Array = np.ndarray

#: 14 is the last version in which RNN, LSTM and GRU gained something (`layout`), and any runtime since 2022 reads 17.
OPSET, IR_VERSION = 17, 8

#: A `Dense`'s activation as an operator; the identity needs none.
POINTWISE = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "softsign": "Softsign"}


class _Graph:
    """Nodes, inputs and outputs as they come, each value with a name of its own."""

    def __init__(self, onnx: Any):
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def node(self, operator: str, inputs: list[str], outputs: int | list[str] = 1, **attributes: Any) -> Any:
        """Add a node; the name of its output, or names if they are given."""
        if isinstance(outputs, int):
            outputs = [f"{operator.lower()}_{len(self.nodes)}"]
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, outputs, **attributes))
        return outputs[0]

    def constant(self, values: Any, dtype: Any = np.int64) -> str:
        """A constant in the graph: no weight, so no initialiser either."""
        return self.node("Constant", [], value=self.onnx.numpy_helper.from_array(np.array(values, dtype)))

    def value(self, name: str, kind: Any, shape: list[int | str]) -> Any:
        """What is known of an input or an output."""
        kinds = self.onnx.TensorProto
        return self.onnx.helper.make_tensor_value_info(name, {"f": kinds.FLOAT, "i": kinds.INT64}[kind], shape)


def export_onnx(model: Any, path: str | os.PathLike, *, takes_ids: bool = False, takes_state: bool = False) -> None:
    """Write a model to an ONNX file that onnxruntime runs with the same outputs.

    It needs the package onnx: ``pip install "rnnbook[onnx]"``.  The file's weights are `to_onnx`'s arrays under their
    names, so `from_onnx` reads them back.  `Dropout` is left out, as when the model is used.

    Its input is ``x``: floats (T, B, D), or int64 ids (T, B); without T where nothing in the model knows time.  Its
    first output is ``y``; then come the last states of all recurrent layers, ``lstm.h_n`` and ``lstm.c_n``, each
    (directions, B, H).  T and B are free, and all sequences of a batch have one length: the file takes no mask.

    Parameters
    ----------
    model : Sequential, or one layer
        Of float32: onnxruntime has no recurrent layer for float64.
    path : path
        Written beside and moved into place: an old file stays whole until the new one is complete.
    takes_ids : bool
        Whether ``x`` holds ids where the first layer is recurrent and takes both.  Ids out of range are all zeros
        there, and no error as they are here.
    takes_state : bool
        Whether the file asks for first states too, ``lstm.h_0`` and ``lstm.c_0``; they are zeros otherwise.

    Raises
    ------
    ValueError, TypeError
        As `to_onnx`; and for a layer that is not of `rnnbook.layers`, for float64, for ids where none can be.
    ImportError
        If onnx is not installed.
    OSError
        If the file cannot be written.  Then the old one is whole.

    References
    ----------
    https://onnx.ai/onnx/operators/ and https://onnxruntime.ai/docs/.

    Examples
    --------
    In onnxruntime the file is run with ``InferenceSession(path).run(["y"], {"x": x})``.  What ONNX does not have is
    said before anything is written:

    >>> from rnnbook import Dense
    >>> export_onnx(Dense(2, 1, rng=np.random.default_rng(0), dtype="float64"), "model.onnx")
    Traceback (most recent call last):
        ...
    ValueError: model must be of float32, for onnxruntime has no recurrent layer of float64
    """
    weights = to_onnx(model)
    if model.dtype != np.float32:
        raise ValueError(f"model must be of float32, for onnxruntime has no recurrent layer of {model.dtype}")
    named = [(f"{n}.", layer) for n, layer in model.layers.items()] if isinstance(model, Sequential) else [("", model)]
    for _, layer in named:
        if not isinstance(layer, Recurrent | Bidirectional | Stack | Dense | Embedding | Dropout | Last | Ends):
            raise ValueError(f"ONNX has no {type(layer).__name__}: export the model without it")
    try:
        import onnx
    except ImportError as error:
        raise ImportError('export_onnx needs the package onnx: pip install "rnnbook[onnx]"') from error

    graph = _Graph(onnx)
    x, shape = _input(graph, named, takes_ids)
    for prefix, layer in named:
        x, shape = _layer(graph, prefix, layer, x, shape, takes_state)
    graph.node("Identity", [x], ["y"])
    graph.outputs.insert(0, graph.value("y", "f", shape))
    initialisers = [onnx.numpy_helper.from_array(a, name) for name, a in weights.items()]
    made = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "rnnbook", graph.inputs, graph.outputs, initialisers),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="rnnbook",
    )
    onnx.checker.check_model(made)
    with files.replacing(path) as file:
        file.write(made.SerializeToString())


def _input(graph: _Graph, named: list[tuple[str, Any]], takes_ids: bool) -> tuple[str, list[int | str]]:
    """The input x, and its name and shape as the first layer wants it."""
    first = next(layer for _, layer in named if layer.params)
    timed = any("state" in layer.needs or getattr(layer, "ends_time", False) for _, layer in named)
    lead: list[int | str] = ["T", "B"] if timed else ["B"]
    if isinstance(first, Embedding):
        graph.inputs.append(graph.value("x", "i", lead))
        return "x", lead
    shape = [*lead, first.input_size]
    if not takes_ids:
        graph.inputs.append(graph.value("x", "f", shape))
        return "x", shape
    if isinstance(first, Dense):
        raise ValueError("takes_ids is for a model that begins with a recurrent layer; Dense takes no ids")
    graph.inputs.append(graph.value("x", "i", lead))
    depth, values = graph.constant(first.input_size), graph.constant([0, 1], np.float32)
    return graph.node("OneHot", ["x", depth, values], axis=-1), shape


def _layer(
    graph: _Graph, prefix: str, layer: Any, x: str, shape: list[int | str], takes_state: bool
) -> tuple[str, list[int | str]]:
    """Nodes of one layer: the name and the shape of its output."""
    *lead, _ = shape
    if isinstance(layer, Stack):
        for n, one in enumerate(layer.layers):
            x, shape = _recurrent(graph, f"{prefix}{n}.", one, x, takes_state)
        return x, shape
    if isinstance(layer, Recurrent | Bidirectional):
        return _recurrent(graph, prefix, layer, x, takes_state)
    if isinstance(layer, Embedding):
        return graph.node("Gather", [f"{prefix}E", x]), [*shape, layer.output_size]
    if isinstance(layer, Dense):
        a = graph.node("Add", [graph.node("MatMul", [x, f"{prefix}W"]), f"{prefix}b"])
        y = a if layer.activation == "identity" else graph.node(POINTWISE[layer.activation], [a])
        return y, [*lead, layer.output_size]
    if isinstance(layer, Last):
        return graph.node("Gather", [x, graph.constant(-1)]), shape[1:]
    if isinstance(layer, Ends):
        half = check.count("half of the features", int(shape[-1]) // 2)
        ends = [(-1, 0, half), (0, half, 2 * half)]  # step, first feature, end of features
        parts = [
            graph.node(
                "Slice",
                [graph.node("Gather", [x, graph.constant(step)]), graph.constant([low]), graph.constant([high])]
                + [graph.constant([-1])],
            )
            for step, low, high in ends
        ]
        return graph.node("Concat", parts, axis=-1), shape[1:]
    return x, shape  # Dropout


def _recurrent(
    graph: _Graph, prefix: str, layer: Recurrent | Bidirectional, x: str, takes_state: bool
) -> tuple[str, list[int | str]]:
    """RNN, LSTM or GRU, and its outputs (T, directions, B, H) as ours (T, B, directions * H)."""
    operator, attributes = onnx_operator(layer)
    directions, H = (2 if isinstance(layer, Bidirectional) else 1), attributes["hidden_size"]
    fields = ("h", "c") if operator == "LSTM" else ("h",)
    first = [f"{prefix}{field}_0" if takes_state else "" for field in fields]
    last = [f"{prefix}{field}_n" for field in fields]
    state: list[int | str] = [directions, "B", H]
    graph.inputs += [graph.value(name, "f", state) for name in first if name]
    graph.outputs += [graph.value(name, "f", state) for name in last]
    weights = [f"{prefix}{name}" for name in to_onnx(layer)]
    W, R, B, *P = weights
    inputs = [x, W, R, B, "", *first, *P]  # "" where sequence_lens could be
    while not inputs[-1]:
        inputs.pop()
    y = graph.node(operator, inputs, [f"{prefix}Y", *last], **attributes)
    if directions == 2:
        side_by_side = graph.node("Transpose", [y], perm=[0, 2, 1, 3])
        return graph.node("Reshape", [side_by_side, graph.constant([0, 0, -1])]), ["T", "B", 2 * H]
    return graph.node("Squeeze", [y, graph.constant([1])]), ["T", "B", H]
