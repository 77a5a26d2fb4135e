"""How many operations PyTorch records for a training step: each is a call with a price of its own."""

from benchmarks import problems
from benchmarks.measurements import Table, training_step

TITLE = "Operations of PyTorch"
ABOUT = (
    "A count, not a time: the operations that `torch.profiler` sees in one training step of *minchar*, 25 time steps. "
    "A float32 LSTM is handed to a routine of oneDNN (the last column says if it is seen); all else is taken apart."
)
PEER = "torch"
COLUMNS = (
    ("operations", "operations", ".0f"),
    ("for a time step", "per_step", ".1f"),
    ("of them in oneDNN's layer", "fused", ".0f"),
)


def tables():
    cases = [case for dtype in ("float32", "float64") for case in problems.cases(("minchar",), dtype=dtype)]
    return [Table(cases, labels=("cell", "dtype"), together=True)]


def count(implementation, case):
    if implementation == "rnnbook":
        return {}  # an operator of NumPy leaves no record to count

    import torch

    step = training_step.build("torch", case)
    step()
    with torch.profiler.profile() as profile:
        step()
    seen = profile.key_averages()
    fused = sum(e.count for e in seen if e.key.startswith("aten::mkldnn_rnn"))
    return {"operations": sum(e.count for e in seen), "fused": fused}


def finish(rows):
    for row in rows:
        row["values"] |= row["measured"].get("torch", {})
        if "operations" in row["values"]:
            row["values"]["per_step"] = row["values"]["operations"] / row["case"]["sizes"][0]
