"""What a forward pass keeps for its backward pass, and what truncated BPTT needs for a longer sequence."""

import tracemalloc

import numpy as np

from benchmarks import problems
from benchmarks.measurements import Table

TITLE = "Memory"
ABOUT = (
    "Counts, not times. *Kept* is the bytes that a `Run` holds besides the input, for each token and each hidden unit, "
    "in floats: 7 means seven arrays of (T, B, H). *Peak* is the most that truncated BPTT (windows of 50 steps, LSTM) "
    "needed beside its data from the third window to the last, as `tracemalloc` counts it; what grows is the history, "
    "a few numbers for each update."
)
PEER = None
COLUMNS = (("kept", "kept", ".2f"), ("peak, MiB", "peak", ".2f"), ("against the first", "growth", ".2f"))
WINDOW = 50


def tables():
    kept = [{"what": "kept for each token", "cell": k, "T": 1000} for k in problems.CELLS]
    peak = [{"what": "truncated BPTT", "cell": "LSTM", "T": T} for T in (500, 2000, 8000)]
    return [Table(kept + peak, labels=("what", "cell", "T"), together=True)]


def count(implementation, case):
    if case["what"] == "truncated BPTT":
        return {"peak": truncated_peak(case["T"]) / 2**20}
    sizes = (case["T"], 4, 8, 16)
    params, x, _ = problems.problem(case["cell"], sizes, "float32")
    _, _, run = problems.rnnbook_layer(case["cell"], params).forward(x)
    return {"kept": kept_bytes(run) / (x.itemsize * sizes[0] * sizes[1] * sizes[3])}


def kept_bytes(run):
    """Bytes of all arrays that a run holds besides its input, each buffer once."""
    buffers = {}

    def collect(part):
        if isinstance(part, np.ndarray):
            while part.base is not None:
                part = part.base
            buffers[id(part)] = part.nbytes
        elif isinstance(part, tuple):
            for each in part:
                collect(each)

    collect((run.prev, run.trace, run.mask))
    return sum(buffers.values())


def truncated_peak(T, B=32, D=32, H=64):
    """The most memory that an epoch of truncated BPTT over T steps takes beside its data, in bytes."""
    import rnnbook as rb

    rng = np.random.default_rng(0)
    batch = rb.Batch(*(rng.standard_normal((T, B, size)).astype(np.float32) for size in (D, 1)))
    model = rb.Sequential(lstm=rb.Recurrent(rb.LSTMCell(D, H, rng=rng)), out=rb.Dense(H, 1, rng=rng))
    trainer = rb.Trainer(model, rb.mean_squared_error, rb.Adam(1e-3), rng=rng, clip_norm=1, truncate=WINDOW)
    trainer.fit(lambda rng: batch, num_updates=2)  # the optimiser's memory is there now
    tracemalloc.start()
    try:
        trainer.fit(lambda rng: batch, num_updates=T // WINDOW)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def finish(rows):
    first = {}
    for row in rows:
        if (peak := row["values"].get("peak")) is not None:
            row["values"]["growth"] = peak / first.setdefault("peak", peak)
