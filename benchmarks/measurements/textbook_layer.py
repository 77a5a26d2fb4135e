"""The LSTM as textbooks for NumPy have it: one object for each step, with its gradients, and a loop that adds them up.

The design is that of "Deep Learning from Scratch 2" (Saito 2018), and so are the order of its axes, (B, T, D), and of
its gates; the code is ours.
"""

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

TITLE = "A textbook's layer"
ABOUT = (
    "LSTM training steps. The peer is NumPy too: one object for each time step, weight gradients at every step, "
    'batch first, as in "Deep Learning from Scratch 2" (our writing of that design, not its code).'
)
PEER = "textbook"


def tables():
    return [Table(problems.cases(cells=("LSTM",)), heading="float32", seconds=0.3, together=True)]


class StepLSTM:
    """One time step."""

    def __init__(self, Wx, Wh, b):
        self.params = Wx, Wh, b

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        A = x @ Wx + h_prev @ Wh + b
        f, g, i, o = np.split(A, 4, axis=1)
        f, g, i, o = sigmoid(f), np.tanh(g), sigmoid(i), sigmoid(o)
        c = f * c_prev + g * i
        tanh_c = np.tanh(c)
        h = o * tanh_c
        self.cache = x, h_prev, c_prev, f, g, i, o, tanh_c
        return h, c

    def backward(self, dh, dc):
        Wx, Wh, _ = self.params
        x, h_prev, c_prev, f, g, i, o, tanh_c = self.cache
        dc = dc + dh * o * (1 - tanh_c**2)
        df, dg, di, do = dc * c_prev, dc * i, dc * g, dh * tanh_c
        dA = np.hstack([df * f * (1 - f), dg * (1 - g**2), di * i * (1 - i), do * o * (1 - o)])
        self.grads = x.T @ dA, h_prev.T @ dA, dA.sum(axis=0)
        return dA @ Wx.T, dA @ Wh.T, dc * f


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class TimeLSTM:
    """The loop along time."""

    def __init__(self, Wx, Wh, b):
        self.params = Wx, Wh, b

    def forward(self, xs):
        B, T, _ = xs.shape
        H = self.params[1].shape[0]
        h, c = np.zeros((B, H), xs.dtype), np.zeros((B, H), xs.dtype)
        hs, self.layers = np.empty((B, T, H), xs.dtype), []
        for t in range(T):
            layer = StepLSTM(*self.params)
            h, c = layer.forward(xs[:, t], h, c)
            hs[:, t] = h
            self.layers.append(layer)
        return hs

    def backward(self, dhs):
        B, T, H = dhs.shape
        dxs = np.empty((B, T, self.params[0].shape[0]), dhs.dtype)
        grads, dh, dc = [np.zeros_like(p) for p in self.params], 0, 0
        for t in reversed(range(T)):
            dxs[:, t], dh, dc = self.layers[t].backward(dhs[:, t] + dh, dc)
            for total, grad in zip(grads, self.layers[t].grads, strict=True):
                total += grad
        return dxs, grads


def gates_in_order(a, order):
    """Rows of the four gates i, f, g, o, in another order."""
    blocks = dict(zip("ifgo", np.split(a, 4), strict=True))
    return np.concatenate([blocks[k] for k in order])


def build(implementation, case):
    params, x, dy = problems.problem(case["cell"], case["sizes"], case["dtype"])
    if implementation == "rnnbook":
        from benchmarks.measurements.training_step import build

        return build("rnnbook", case)
    # Its own layout is made here, and not while the clock runs.
    W, U, b = (gates_in_order(params[name], "fgio").T.copy() for name in "WUb")
    xs, dhs = (np.ascontiguousarray(a.swapaxes(0, 1)) for a in (x, dy))
    layer = TimeLSTM(W, U, b)

    def step():
        hs = layer.forward(xs)
        dxs, (dW, dU, db) = layer.backward(dhs)
        return {"y": hs, "dx": dxs, "W": dW, "U": dU, "b": db}

    step.batch_first = True
    return step


def results(step, case):
    """What one step gives, in rnnbook's layout."""
    found = step()
    if not hasattr(step, "batch_first"):
        return found
    found = {name: a.swapaxes(0, 1) for name, a in found.items() if a.ndim > 1} | {"b": found["b"]}
    # The rows that the textbook calls f, g, i, o, given back as i, f, g, o.
    blocks = {name: dict(zip("fgio", np.split(found[name], 4), strict=True)) for name in "WUb"}
    return found | {name: np.concatenate([blocks[name][k] for k in "ifgo"]) for name in "WUb"}
