"""Let Keras and onnxruntime compute small cases and keep their numbers in tests/fixtures/interop-*.npz.

``python scripts/make_interop_fixtures.py`` writes them anew; it needs PyTorch, Keras, onnx and onnxruntime.  The tests
read them where these are missing, and call `keras_case` and `onnx_case` for fresh numbers where they are installed.

Nothing here imports rnnbook.interop: weights are drawn under the frameworks' own names and in their own shapes.  Each
file has one flat array for each case and `about`, a JSON text that says names, shapes and how they were made.
"""

import importlib.metadata
import json
import os
import warnings
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
SEED = 20240229
T, B, D, H = 4, 3, 3, 2

# (Keras's layer, its options, both directions)
KERAS = {
    "SimpleRNN tanh": ("SimpleRNN", {}, False),
    "SimpleRNN softsign both": ("SimpleRNN", {"activation": "softsign"}, True),
    "LSTM": ("LSTM", {}, False),
    "LSTM relu": ("LSTM", {"activation": "relu"}, False),
    "LSTM both": ("LSTM", {}, True),
    "GRU after": ("GRU", {"reset_after": True}, False),
    "GRU before": ("GRU", {"reset_after": False}, False),
    "GRU after both": ("GRU", {"reset_after": True}, True),
    "GRU before both": ("GRU", {"reset_after": False}, True),
}
# (ONNX's operator, its attributes, both directions, peepholes)
ONNX = {
    "RNN": ("RNN", {}, False, False),
    "RNN affine both": (
        "RNN",
        {"activations": ["Affine"] * 2, "activation_alpha": [1.0, 1.0], "activation_beta": [0.0, 0.0]},
        True,
        False,
    ),
    "LSTM": ("LSTM", {}, False, False),
    "LSTM both": ("LSTM", {}, True, False),
    "LSTM relu": ("LSTM", {"activations": ["Sigmoid", "Relu", "Relu"]}, False, False),
    "LSTM peepholes": ("LSTM", {}, False, True),
    "LSTM peepholes both": ("LSTM", {}, True, True),
    "LSTM coupled": ("LSTM", {"input_forget": 1}, False, False),
    "LSTM coupled both": ("LSTM", {"input_forget": 1}, True, False),
    "GRU before": ("GRU", {}, False, False),
    "GRU after": ("GRU", {"linear_before_reset": 1}, False, False),
    "GRU after both": ("GRU", {"linear_before_reset": 1}, True, False),
}
FIELDS = {"SimpleRNN": "h", "RNN": "h", "GRU": "h", "LSTM": "hc"}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def load_keras():
    """Keras on PyTorch, whatever the machine's settings say."""
    os.environ["KERAS_BACKEND"] = "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other packages' imports
        import keras
    return keras


def keras_case(form, seed=SEED, sizes=(T, B, D, H), dtype="float32", lengths=None):
    """What one layer of Keras's computes with random weights.

    Returns
    -------
    dict of arrays
        ``0``, ``1`` …: weights in the order of ``get_weights()``.  ``x`` (B, T, D), ``y`` (B, T, ways * H) and the
        first and last states ``h_0``, ``h_n``, ``c_0`` … (ways, B, H).  With `lengths` what comes later is masked.
    """
    keras = load_keras()
    (name, options, both), (T, B, D, H) = KERAS[form] if isinstance(form, str) else form, sizes
    rng = np.random.default_rng(seed)
    layer = getattr(keras.layers, name)(H, return_sequences=True, return_state=True, dtype=dtype, **options)
    layer = keras.layers.Bidirectional(layer, dtype=dtype) if both else layer
    layer.build((B, T, D))
    weights = [rng.uniform(-0.8, 0.8, w.shape).astype(dtype) for w in layer.weights]
    layer.set_weights(weights)
    ways, fields = 1 + both, FIELDS[name]
    x = rng.standard_normal((B, T, D)).astype(dtype)
    first = {f"{f}_0": rng.standard_normal((ways, B, H)).astype(dtype) for f in fields}
    state = [keras.ops.convert_to_tensor(first[f"{f}_0"][way]) for way in range(ways) for f in fields]
    mask = None if lengths is None else keras.ops.convert_to_tensor(np.arange(T) < np.array(lengths)[:, None])
    y, *last = layer(keras.ops.convert_to_tensor(x), initial_state=state, mask=mask)
    last = [keras.ops.convert_to_numpy(s) for s in last]
    found = {str(n): w for n, w in enumerate(weights)} | {"x": x, "y": keras.ops.convert_to_numpy(y)} | first
    return found | {f"{f}_n": np.stack(last[k :: len(fields)]) for k, f in enumerate(fields)}


def onnx_case(form, seed=SEED, sizes=(T, B, D, H)):
    """What onnxruntime computes in one node with random weights.

    Returns
    -------
    dict of arrays
        ``W``, ``R``, ``B`` and where asked for ``P``; ``x`` (T, B, D), ``y`` (T, ways, B, H), and the first and last
        states ``h_0``, ``h_n``, ``c_0`` … (ways, B, H).
    """
    import onnx
    import onnxruntime

    (operator, attributes, both, peepholes), (T, B, D, H) = ONNX[form] if isinstance(form, str) else form, sizes
    rng, ways, G, fields = np.random.default_rng(seed), 1 + both, GATES[operator], FIELDS[operator]
    shapes = {"W": (ways, G * H, D), "R": (ways, G * H, H), "B": (ways, 2 * G * H)}
    shapes |= {"P": (ways, 3 * H)} if peepholes else {}
    weights = {k: rng.uniform(-0.8, 0.8, s).astype(np.float32) for k, s in shapes.items()}
    given = {"x": rng.standard_normal((T, B, D)).astype(np.float32)}
    given |= {f"{f}_0": rng.standard_normal((ways, B, H)).astype(np.float32) for f in fields}
    value = onnx.helper.make_tensor_value_info
    outputs = {"y": (T, ways, B, H)} | {f"{f}_n": (ways, B, H) for f in fields}
    node = onnx.helper.make_node(
        operator,
        ["x", "W", "R", "B", "", *(f"{f}_0" for f in fields), *(["P"] if peepholes else [])],
        list(outputs),
        hidden_size=H,
        direction="bidirectional" if both else "forward",
        **attributes,
    )
    graph = onnx.helper.make_graph(
        [node],
        "case",
        [value(k, onnx.TensorProto.FLOAT, a.shape) for k, a in given.items()],
        [value(k, onnx.TensorProto.FLOAT, s) for k, s in outputs.items()],
        [onnx.numpy_helper.from_array(a, k) for k, a in weights.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return weights | given | dict(zip(outputs, session.run(list(outputs), given), strict=True))


def write(framework, cases, packages):
    """One file for each framework."""
    about = {p: importlib.metadata.version(p).split("+")[0] for p in packages}
    about |= {"seed": SEED, "command": "python scripts/make_interop_fixtures.py"}
    about["shapes"] = {form: {k: list(a.shape) for k, a in found.items()} for form, found in cases.items()}
    flat = {form: np.concatenate([a.ravel() for a in found.values()]) for form, found in cases.items()}
    path = FIXTURES / f"interop-{framework}.npz"
    np.savez_compressed(path, about=np.array(json.dumps(about)), **flat)
    return path


def read(framework):
    """What `write` wrote: about, and a dict of arrays for each case."""
    with np.load(FIXTURES / f"interop-{framework}.npz", allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        cases = {}
        for form, shapes in about["shapes"].items():
            ends = np.cumsum([int(np.prod(s)) for s in shapes.values()])
            parts = np.split(file[form], ends[:-1])
            cases[form] = {k: a.reshape(s) for (k, s), a in zip(shapes.items(), parts, strict=True)}
    return about, cases


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    for path in (
        write("keras", {form: keras_case(form) for form in KERAS}, ["keras", "torch"]),
        write("onnx", {form: onnx_case(form) for form in ONNX}, ["onnx", "onnxruntime"]),
    ):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
