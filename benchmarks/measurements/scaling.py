"""A training step, longer, wider and in larger batches."""

from benchmarks import problems
from benchmarks.measurements import Table
from benchmarks.measurements.training_step import build, results

__all__ = ["ABOUT", "COLUMNS", "PEER", "TITLE", "build", "finish", "results", "tables"]

TITLE = "Scaling"
ABOUT = (
    "Training steps, each table with one size that grows. *Against the first* is the time for a token (a step of a "
    "sequence) over that of the table's first row of the cell: a long sequence should cost as much for each "
    "token as a short one, and larger batches or layers make better use of each call."
)
PEER = "torch"
COLUMNS = (
    ("rnnbook: µs for a token", "us", ".2f"),
    ("torch", "peer_us", ".2f"),
    ("against the first", "growth", ".2f"),
)


def grow(what, cells, sizes):
    cases = [
        {"cell": k, what: s["TBDH".index(what)], "grows": what, "sizes": s, "dtype": "float32"}
        for k in cells
        for s in sizes
    ]
    return Table(cases, labels=("cell", what), heading=f"float32, {what} grows", seconds=0.2, together=True)


def tables():
    return [
        grow("T", problems.CELLS, [(T, 4, 32, 64) for T in (100, 1000, 10_000)]),
        grow("H", ("Elman", "LSTM"), [(50, 16, 64, H) for H in (16, 64, 256, 1024)]),
        grow("B", ("Elman", "LSTM"), [(50, B, 64, 128) for B in (1, 4, 16, 64, 256)]),
    ]


def finish(rows):
    first = {}
    for row in rows:
        T, B, _, _ = row["case"]["sizes"]
        for name, who in (("us", "rnnbook"), ("peer_us", "torch")):
            if who in row["measured"]:
                row["values"][name] = 1e6 * row["measured"][who]["wall"] / (T * B)
        us = row["values"]["us"]
        row["values"]["growth"] = us / first.setdefault(row["case"]["cell"], us)
