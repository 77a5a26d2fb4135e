"""The matrix products of a training step and nothing else: what no elementwise trick can go below."""

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

TITLE = "Matrix products alone"
ABOUT = (
    "The peer is the same training step with its matrix products only, into arrays made ready before: the input "
    "projection, U h at each step, U's share back at each step, and the gradients of x, W and U once. The ratio is "
    "the share of the training step that they take."
)
PEER = "products"
COMPARED = False  # the products alone have no result to compare


def tables():
    cases = problems.cases(("charlm", "big"))
    return [Table(cases, heading="float32", seconds=0.4, together=True)]


def build(implementation, case):
    params, x, dy = problems.problem(case["cell"], case["sizes"], case["dtype"])
    if implementation == "rnnbook":
        layer = problems.rnnbook_layer(case["cell"], params)

        def step():
            _, _, run = layer.forward(x)
            return layer.backward(dy, run)

        return step
    return products(params, x, dy)


def products(params, x, h):
    """A function that makes the products; `h` stands for the states (T, B, H), whatever they are."""
    W, U = params["W"], params["U"]
    T, B, D = x.shape
    n, H = U.shape
    x, h_rows = x.reshape(-1, D), h.reshape(-1, H)
    a, a_t, dh = np.empty((T * B, n), x.dtype), np.empty((B, n), x.dtype), np.empty((B, H), x.dtype)
    delta = np.random.default_rng(1).standard_normal((T, B, n)).astype(x.dtype)
    d_rows, dx, dW, dU = delta.reshape(-1, n), np.empty_like(x), np.empty_like(W), np.empty_like(U)

    def step():
        np.matmul(x, W.T, out=a)
        for h_t in h:
            np.matmul(h_t, U.T, out=a_t)
        for d_t in delta:
            np.matmul(d_t, U, out=dh)
        np.matmul(d_rows.T, h_rows, out=dU)
        np.matmul(d_rows.T, x, out=dW)
        np.matmul(d_rows, W, out=dx)

    return step
