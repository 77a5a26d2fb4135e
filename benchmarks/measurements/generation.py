"""Writing one symbol at a time: the next input is known only when the last output is."""

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

SYMBOLS, V, H = 200, 65, 128

TITLE = "Generation"
ABOUT = (
    f"The cell alone, one symbol of {V} after another, {SYMBOLS} of them for each time shown, one sequence, {H} units. "
    "rnnbook looks inputs up in `table = cell.project(eye(V))`, made once, and calls `step(table[id], state, out)`. "
    "The peer is the Cell class of `torch.nn` under `inference_mode`, whose inputs are the one-hot rows, made once."
)
PEER = "torch"
COLUMNS = (("rnnbook: µs for a symbol", "us", ".1f"), ("torch", "peer_us", ".1f"))


def tables():
    cells = [{"cell": k, "dtype": "float32"} for k in problems.CELLS]
    return [Table(cells, labels=("cell",), heading="float32", seconds=0.4)]


def build(implementation, case):
    rng = np.random.default_rng(0)
    params = problems.parameters(case["cell"], V, H, case["dtype"], rng)
    ids = rng.integers(V, size=SYMBOLS).tolist()
    eye = np.eye(V, dtype=case["dtype"])
    if implementation == "rnnbook":
        return rnnbook_writer(problems.rnnbook_cell(case["cell"], params), eye, ids)
    return torch_writer(problems.torch_cell(case["cell"], params), eye, ids)


def rnnbook_writer(cell, eye, ids):
    from rnnbook.functional import overflow_is_fine

    table = cell.project(eye)[:, None]  # (V, 1, G*H)
    first = cell.initial_state(1)
    outs = [tuple(cell.new_trace(1)) for _ in range(2)]  # in turn: the state lies in the one that was written last
    fields = cell.State._fields

    def step():
        state = first
        with overflow_is_fine():
            for k, symbol in enumerate(ids):
                state, _ = cell.step(table[symbol], state, outs[k % 2])
        return {name: s.copy() for name, s in zip(fields, state, strict=True)}

    return step


def torch_writer(cell, eye, ids):
    import torch

    inputs = list(torch.from_numpy(eye)[:, None])  # V rows (1, V)

    def step():
        state = None
        with torch.inference_mode():
            for symbol in ids:
                state = cell(inputs[symbol], state)
        return dict(zip("hc", state if isinstance(state, tuple) else (state,), strict=False))

    return step


def finish(rows):
    for row in rows:
        for name, who in (("us", "rnnbook"), ("peer_us", "torch")):
            if who in row["measured"]:
                row["values"][name] = 1e6 * row["measured"][who]["wall"] / SYMBOLS
