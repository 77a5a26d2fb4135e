"""Weights, inputs and layers that several measurements share: the same numbers in every process.

A process loads one implementation, so torch and rnnbook are imported where they are needed.
"""

from __future__ import annotations

import numpy as np

GATES = {"Elman": 1, "GRU": 3, "LSTM": 4}
CELLS = tuple(GATES)
CONFIGS = {  # (T, B, D, H): steps, sequences, inputs, hidden units
    "ptb": (35, 20, 100, 100),
    "minchar": (25, 1, 100, 100),
    "charlm": (100, 32, 65, 128),
    "big": (50, 64, 256, 512),
    "long": (1000, 16, 2, 64),
}


def cases(configs=tuple(CONFIGS), cells=CELLS, dtype="float32"):
    """Each cell at each configuration, in the form that a table wants."""
    return [{"cell": k, "config": c, "sizes": CONFIGS[c], "dtype": dtype} for k in cells for c in configs]


def parameters(cell, D, H, dtype, rng):
    """Fresh weights, with the names of rnnbook and the shapes of both."""
    n = GATES[cell] * H
    shapes = {"W": (n, D), "U": (n, H), "b": (n,)} | ({"b_n": (H,)} if cell == "GRU" else {})
    return {name: (rng.uniform(-1, 1, s) / np.sqrt(H)).astype(dtype) for name, s in shapes.items()}


def problem(cell, sizes, dtype):
    """Weights, inputs and the loss's gradient at the outputs."""
    (T, B, D, H), rng = sizes, np.random.default_rng(0)
    params = parameters(cell, D, H, dtype, rng)
    x, dy = (rng.standard_normal((T, B, size)).astype(dtype) for size in (D, H))
    return params, x, dy


def rnnbook_cell(cell, params):
    from rnnbook import cells

    W = params["W"]
    return getattr(cells, f"{cell}Cell")(W.shape[1], params["U"].shape[1], dtype=W.dtype, params=params)


def rnnbook_layer(cell, params):
    from rnnbook.recurrent import Recurrent

    return Recurrent(rnnbook_cell(cell, params))


def copy_weights(params, W, U, b, b_hh):
    """Put rnnbook's weights into PyTorch's.  It has two biases where one is enough: the second is nought."""
    import torch

    with torch.no_grad():
        for name, leaf in (("W", W), ("U", U), ("b", b)):
            leaf.copy_(torch.from_numpy(params[name]))
        b_hh.zero_()
        if "b_n" in params:  # the one bias of bias_hh that bias_ih cannot stand for: inside the GRU's reset
            b_hh[-len(params["b_n"]) :] = torch.from_numpy(params["b_n"])


def torch_module(cell, params):
    """The module of torch.nn with these weights."""
    import torch

    kind = {"Elman": torch.nn.RNN, "GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}[cell]
    W = params["W"]
    module = kind(W.shape[1], params["U"].shape[1], dtype=getattr(torch, W.dtype.name))
    copy_weights(params, module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0, module.bias_hh_l0)
    return module


def torch_cell(cell, params):
    """The class of torch.nn for one step, with these weights."""
    import torch

    kind = {"Elman": torch.nn.RNNCell, "GRU": torch.nn.GRUCell, "LSTM": torch.nn.LSTMCell}[cell]
    W = params["W"]
    module = kind(W.shape[1], params["U"].shape[1], dtype=getattr(torch, W.dtype.name))
    copy_weights(params, module.weight_ih, module.weight_hh, module.bias_ih, module.bias_hh)
    return module
