"""One implementation, in a process of its own: works out its gradients, or times its training step.

`training_step.py` starts it with a task in JSON, and with the thread variables already set, because a BLAS
library reads them once, when it is loaded.  No process loads both implementations: in one process their
thread pools disturb each other.
"""

import importlib.util
import json
import statistics
import sys
import time

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None

GATES = {"Elman": 1, "GRU": 3, "LSTM": 4}


def problem(cell, sizes, dtype):
    """Weights, inputs and the loss's gradient at the outputs: the same numbers in every process."""
    (T, B, D, H), rng = sizes, np.random.default_rng(0)
    n = GATES[cell] * H
    shapes = {"W": (n, D), "U": (n, H), "b": (n,)} | ({"b_n": (H,)} if cell == "GRU" else {})
    params = {name: (rng.uniform(-1, 1, s) / np.sqrt(H)).astype(dtype) for name, s in shapes.items()}
    x, dy = (rng.standard_normal((T, B, size)).astype(dtype) for size in (D, H))
    return params, x, dy


def rnnbook_step(cell, params, x, dy):
    """The training step of a `Recurrent`."""
    from rnnbook import cells, recurrent

    kind = getattr(cells, f"{cell}Cell")
    layer = recurrent.Recurrent(kind(x.shape[2], dy.shape[2], dtype=x.dtype, params=params))

    def step():
        y, _, run = layer.forward(x)
        dx, _, grads = layer.backward(dy, run)
        return {"y": y, "dx": dx, **grads}

    return step


def torch_step(cell, params, x, dy, threads=1):
    """The training step of the module in torch.nn."""
    import torch

    torch.set_num_threads(threads)
    kind = {"Elman": torch.nn.RNN, "GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}[cell]
    module = kind(x.shape[2], dy.shape[2], dtype=getattr(torch, x.dtype.name))
    leaves = {"W": module.weight_ih_l0, "U": module.weight_hh_l0, "b": module.bias_ih_l0}
    with torch.no_grad():
        for name, leaf in leaves.items():
            leaf.copy_(torch.from_numpy(params[name]))
        module.bias_hh_l0.zero_()
        if cell == "GRU":  # the one bias of bias_hh that bias_ih cannot stand for: inside the reset
            module.bias_hh_l0[-dy.shape[2] :] = torch.from_numpy(params["b_n"])
    leaves = {"dx": torch.from_numpy(x).requires_grad_(), **leaves, "b_hh": module.bias_hh_l0}
    dy = torch.from_numpy(dy)

    def step():
        y, _ = module(leaves["dx"])
        # grad, not backward: it neither adds to nor zeroes the gradients of the step before.
        grads = torch.autograd.grad(y, list(leaves.values()), dy)
        return {"y": y.detach(), **dict(zip(leaves, grads, strict=True))}

    return step


def results(cell, step, sizes):
    """What one step gives, under rnnbook's names."""
    found = {name: np.asarray(v) for name, v in step().items()}
    b_hh = found.pop("b_hh", None)
    return found | ({"b_n": b_hh[-sizes[3] :]} if cell == "GRU" and b_hh is not None else {})


def page_faults():
    """Page faults of this process so far that read nothing from disk."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt if resource else 0


def measure(step, seconds):
    """Time steps for `seconds`, three at the least; both implementations free what a step made, each time."""
    for _ in range(2):
        step()
    wall, cpu, faults, end = [], [], page_faults(), time.perf_counter() + seconds
    while len(wall) < 3 or time.perf_counter() < end:
        t, c = time.perf_counter(), time.process_time()
        step()
        wall.append(time.perf_counter() - t)
        cpu.append(time.process_time() - c)
    faults = (page_faults() - faults) / len(wall)
    middle = statistics.median
    return {"wall": middle(wall), "min": min(wall), "cpu": middle(cpu), "faults": faults}


def kernels():
    """The processor that OpenBLAS takes this one for: one that it does not know is taken for an older."""
    if importlib.util.find_spec("threadpoolctl"):
        from threadpoolctl import threadpool_info

        return ", ".join(b["architecture"] for b in threadpool_info() if "architecture" in b)
    return None


def main(task):
    """Do one task, a dict; print the measurement as JSON, or save the results to ``task["save"]``."""
    inputs = problem(task["cell"], task["sizes"], task["dtype"])
    if task["implementation"] == "torch":
        step = torch_step(task["cell"], *inputs, threads=task["threads"])
    else:
        step = rnnbook_step(task["cell"], *inputs)
    if "save" in task:
        np.savez(task["save"], **results(task["cell"], step, task["sizes"]))
        measured = {}
    else:
        measured = measure(step, task["seconds"]) | {"kernels": kernels()}
    print(json.dumps(measured))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
