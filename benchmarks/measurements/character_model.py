"""One update of a whole model: ids in, loss, gradients, clipping, Adam."""

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

V, D, T, B, H = 65, 64, 100, 32, 128
RATE, CLIP = 2e-3, 0.01  # the norm of the first gradients is larger, so clipping scales them

TITLE = "A whole character model"
ABOUT = (
    f"One update: ids of {V} symbols, {T} steps, {B} sequences, through an LSTM of {H} units and a Dense layer to "
    "softmax cross-entropy; the gradients are clipped by their norm; Adam. *one-hot*: rnnbook takes ids, and torch "
    f"gets `one_hot` of them. *embedding*: a table of {D} numbers for each symbol stands before the LSTM, in both. "
    "rnnbook is `train_step`, with all its checks; torch is `nn.LSTM`, `nn.Linear`, `clip_grad_norm_` and `optim.Adam`."
)
PEER = "torch"


def tables():
    found = []
    for threads in (1, 2):
        cases = [{"input": name, "dtype": "float32"} for name in ("one-hot", "embedding")]
        found.append(Table(cases, labels=("input",), heading="float32", threads=threads, seconds=0.4))
    return found


def problem(case):
    """Weights under rnnbook's names, inputs and targets."""
    rng, dtype = np.random.default_rng(0), case["dtype"]
    size = V if case["input"] == "one-hot" else D
    params = {f"lstm.{k}": p for k, p in problems.parameters("LSTM", size, H, dtype, rng).items()}
    params |= {"out.W": rng.uniform(-0.1, 0.1, (V, H)).astype(dtype), "out.b": np.zeros(V, dtype)}
    if case["input"] == "embedding":
        params["embed.E"] = rng.standard_normal((V, D)).astype(dtype)
    return params, rng.integers(V, size=(T, B)), rng.integers(V, size=(T, B))


def build(implementation, case):
    params, inputs, targets = problem(case)
    return {"rnnbook": rnnbook_update, "torch": torch_update}[implementation](params, inputs, targets)


def rnnbook_update(params, inputs, targets):
    import rnnbook as rb

    rng, layers, dtype = np.random.default_rng(0), {}, params["out.W"].dtype
    if "embed.E" in params:
        layers["embed"] = rb.Embedding(V, D, rng=rng, dtype=dtype)
    layers["lstm"] = rb.Recurrent(rb.LSTMCell(params["lstm.W"].shape[1], H, rng=rng, dtype=dtype))
    model = rb.Sequential(**layers, out=rb.Dense(H, V, rng=rng, dtype=dtype))
    for name, p in model.params.items():
        p[...] = params[name]
    batch, optimizer = rb.Batch(inputs, targets), rb.Adam(RATE)

    def step():
        update = rb.train_step(model, batch, rb.softmax_cross_entropy, optimizer, clip_norm=CLIP)
        return {"loss": update.loss, "norm": update.grad_norm}

    step.params = model.params
    return step


def torch_update(params, inputs, targets):
    import torch
    from torch import nn

    lstm = problems.torch_module("LSTM", {k[5:]: p for k, p in params.items() if k.startswith("lstm.")})
    lstm.bias_hh_l0.requires_grad_(False)  # Adam would move both biases, and so the sum of them twice as far
    dtype = lstm.weight_ih_l0.dtype
    out = nn.Linear(H, V, dtype=dtype)
    learned = {"out.W": out.weight, "out.b": out.bias}
    if "embed.E" in params:
        embed = nn.Embedding(V, D, dtype=dtype)
        learned["embed.E"] = embed.weight
    else:

        def embed(ids):
            return nn.functional.one_hot(ids, V).to(dtype)

    with torch.no_grad():
        for name, p in learned.items():
            p.copy_(torch.from_numpy(params[name]))
    learned |= {"lstm.W": lstm.weight_ih_l0, "lstm.U": lstm.weight_hh_l0, "lstm.b": lstm.bias_ih_l0}
    optimizer = torch.optim.Adam(learned.values(), RATE)
    inputs, targets = torch.from_numpy(inputs), torch.from_numpy(targets)

    def step():
        optimizer.zero_grad()
        y, _ = lstm(embed(inputs))
        loss = nn.functional.cross_entropy(out(y).flatten(0, 1), targets.flatten())
        loss.backward()
        norm = nn.utils.clip_grad_norm_(learned.values(), CLIP)
        optimizer.step()
        return {"loss": loss.item(), "norm": norm.item()}

    step.params = learned
    return step


def results(step, case):
    """Losses and norms of five updates: what the first four did to every weight is in the fifth."""
    found = [step() for _ in range(5)]
    return {name: np.array([f[name] for f in found], case["dtype"]) for name in ("loss", "norm")}
