"""Forward and backward of a layer: what training is made of."""

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

TITLE = "Training step"
ABOUT = "Forward and backward with every gradient, dx included. The peer is the module of `torch.nn`."
PEER = "torch"


def tables():
    # What is quoted most often gets the longest turns, and processes of its own for each row.
    main = Table(problems.cases(), heading="float32", seconds=0.8)
    two = Table(problems.cases(), heading="float32", threads=2, seconds=0.5, together=True)
    double = [
        Table(problems.cases(dtype="float64"), heading="float64", threads=n, seconds=0.3, together=True) for n in (1, 2)
    ]
    held = [
        Table(problems.cases(), heading="float32", threads=n, avx2=True, seconds=0.2, together=True) for n in (1, 2)
    ]
    return [main, two, *double, *held]


def build(implementation, case):
    params, x, dy = problems.problem(case["cell"], case["sizes"], case["dtype"])
    if implementation == "rnnbook":
        layer = problems.rnnbook_layer(case["cell"], params)

        def step():
            y, _, run = layer.forward(x)
            dx, _, grads = layer.backward(dy, run)
            return {"y": y, "dx": dx, **grads}

        return step
    return torch_step(case["cell"], params, x, dy)


def torch_step(cell, params, x, dy):
    import torch

    module = problems.torch_module(cell, params)
    x, dy = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dy)
    leaves = {
        "dx": x,
        "W": module.weight_ih_l0,
        "U": module.weight_hh_l0,
        "b": module.bias_ih_l0,
        "b_hh": module.bias_hh_l0,
    }

    def step():
        y, _ = module(x)
        # grad, not backward: it neither adds to nor zeroes the gradients of the step before.
        grads = torch.autograd.grad(y, list(leaves.values()), dy)
        return {"y": y.detach(), **dict(zip(leaves, grads, strict=True))}

    return step


def results(step, case):
    """What one step gives, under rnnbook's names."""
    found = {name: np.asarray(v) for name, v in step().items()}
    b_hh = found.pop("b_hh", None)
    return found | ({"b_n": b_hh[-case["sizes"][3] :]} if case["cell"] == "GRU" and b_hh is not None else {})
