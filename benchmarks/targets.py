"""What to reach, and what was tried where it was not: the one place for both.

A target holds for the rows of a measurement whose case has the values of `where`.  Each such row of the report says
"met", or by how much it misses.  Notes in `TRIED` stand under the table of a row that misses.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.problems import CONFIGS


class Target(NamedTuple):
    """A number to reach; `key` names it in ``row["values"]``.  A `floor` below it must be reached in any case."""

    number: str
    what: str
    measurement: str
    where: dict
    key: str = "ratio"
    at_least: float | None = None
    at_most: float | None = None
    floor: float | None = None


# Everywhere but at one sequence.
BATCHED = tuple(name for name, (_, B, _, _) in CONFIGS.items() if B > 1)
WIDE = ("ptb", "charlm", "long")
ONE = {"dtype": "float32", "threads": 1}

TARGETS = (
    Target(
        "1a",
        "Elman and GRU against torch, every configuration, precision and number of threads",
        "training_step",
        {"cell": ("Elman", "GRU")},
        at_least=1.0,
    ),
    Target(
        "1b",
        "Elman, float32, one thread, at ptb, charlm and long",
        "training_step",
        ONE | {"cell": "Elman", "config": WIDE},
        at_least=1.5,
    ),
    Target(
        "1c",
        "GRU, float32, one thread, at ptb, charlm and long",
        "training_step",
        ONE | {"cell": "GRU", "config": WIDE},
        at_least=1.3,
    ),
    Target(
        "2a",
        "LSTM, float64",
        "training_step",
        {"cell": "LSTM", "dtype": "float64", "config": BATCHED},
        at_least=1.15,
    ),
    Target(
        "2b",
        "LSTM, float64, one sequence",
        "training_step",
        {"cell": "LSTM", "dtype": "float64", "config": "minchar"},
        at_least=3.0,
    ),
    Target(
        "2c",
        "LSTM, float32, one thread (the moonshot)",
        "training_step",
        ONE | {"cell": "LSTM"},
        at_least=1.0,
        floor=0.85,
    ),
    Target(
        "2d",
        "LSTM, float32, two threads (the moonshot)",
        "training_step",
        {"dtype": "float32", "threads": 2, "cell": "LSTM"},
        at_least=1.0,
        floor=0.65,
    ),
    Target(
        "3",
        "Share of the matrix products in a training step, 512 units",
        "products_only",
        {"config": "big", "threads": 1},
        at_least=0.85,
    ),
    Target("4a", "Generation against torch's Cell classes", "generation", {}, at_least=2.5),
    Target("4b", "LSTM against a textbook's layer", "textbook_layer", {}, at_least=1.3),
    Target(
        "5a",
        "Time for a token, T = 10,000 against T = 100",
        "scaling",
        {"grows": "T", "T": 10_000},
        key="growth",
        at_most=1.15,
    ),
    Target(
        "5b",
        "Memory of truncated BPTT, 8000 steps against 500",
        "memory",
        {"what": "truncated BPTT", "T": 8000},
        key="growth",
        at_most=1.05,
    ),
    Target("6", "`import rnnbook` above `import numpy`, in ms", "import_time", {}, key="more", at_most=15.0),
    Target("7", "Floats kept for each token and unit", "memory", {"what": "kept for each token"}, "kept", at_most=8.0),
    Target("8", "Against the naive loops", "naive_loops", {}, at_least=3.0),
)

# (measurement, where, what was tried, with figures).  `where` as in a target; it may also name avx2, True or False.
LAID_OUT = (
    "Kept: U laid out once for a run, so that each step multiplies by U.T as it lies (20 × 100 by 100 × 400: "
    "28 → 10 µs; "
    "32 × 128 by 128 × 512: 55 → 37 µs; 64 × 512 by 512 × 2048: 1.29 → 1.04 ms)"
)
SPANS = (
    "Kept: input projections, local derivatives and weight gradients in spans that stay in the cache, without room for "
    "the gradients of all steps (LSTM at long 68 → 56 ms and no page faults, at charlm 27 → 25 ms)"
)
NATIVE = (
    "The targets come from a processor without AVX-512. With it, PyTorch's libraries multiply faster than the OpenBLAS "
    "in NumPy's wheel: see the tables that are held to AVX2"
)
TRIED: tuple[tuple[str, dict, str], ...] = (
    ("training_step", {"avx2": False}, NATIVE),
    ("training_step", {}, LAID_OUT),
    ("training_step", {}, SPANS),
    (
        "training_step",
        {"cell": "LSTM"},
        "Dropped: pre-activations added in place (0.99 to 1.03 times), which makes the step harder to read. "
        "Not tried: blocks "
        "in the order i, f, o, g, which would save one of two sigmoid calls at each step and part with the "
        "order of the rows",
    ),
    (
        "training_step",
        {"cell": "LSTM", "threads": 2},
        "Dropped: the two halves of the batch in two threads of Python. Against two threads inside of the products: "
        "charlm 34 and 31 ms, big 209 and 251, long 140 and 58",
    ),
    (
        "training_step",
        {"config": "big"},
        "With 512 units most of the time is matrix products (see the table of products alone), and the order "
        "of their sums "
        "is the library's",
    ),
    (
        "generation",
        {},
        "Kept: one table of projected inputs, made once. What is left is 17 to 19 calls of NumPy for a symbol; "
        "in shorter runs "
        "on the same machine the ratios were 3.1 (GRU) and 4.0 (LSTM), so the row is uncertain",
    ),
    ("products_only", {}, LAID_OUT),
    (
        "products_only",
        {"cell": "GRU"},
        "The GRU copies more than the others: what it keeps of U h, and delta once more with the reset gate's "
        "share. Writing both "
        "into the room of the step before was not tried: it would need more arguments for the cell",
    ),
)

NOISE = 0.1  # an A/A ratio further from 1 makes a row noisy; so does so much time without the processor


def applies(where, case):
    """Whether a case has the values of `where`, each one value or a tuple of them."""
    return all(case.get(k) in (v if isinstance(v, tuple) else (v,)) for k, v in where.items())


def goal(name, case):
    """The hardest target of a row, or None."""
    found = [t for t in TARGETS if t.measurement == name and applies(t.where, case)]
    return max(found, key=lambda t: t.at_least or 0, default=None)


def misses(target, value):
    """By how much a value misses a target; nought where it is met."""
    if target.at_least is not None:
        return max(0.0, target.at_least - value)
    return max(0.0, value - target.at_most)


def noisy(row, threads):
    """Whether rnnbook differed from itself, or a process waited for the processor."""
    measured = [m for m in row["measured"].values() if "cpu" in m]
    waited = threads == 1 and any(m["cpu"] / m["wall"] < 1 - NOISE for m in measured)
    return waited or abs(row["values"].get("control", 1) - 1) > NOISE


def judge(name, table, row):
    """What the target says of a row: a dict for the report, or None."""
    case = row["case"] | {"threads": table["threads"], "avx2": table["avx2"]}
    target = goal(name, case)
    if target is None or target.key not in row["values"]:
        return None
    value = row["values"][target.key]
    floor = None if target.floor is None else max(0.0, target.floor - value)
    tried = [text for of, where, text in TRIED if of == name and applies(where, case)]
    missed = misses(target, value)
    return {
        "target": target.number,
        "goal": target.at_least if target.at_most is None else target.at_most,
        "value": value,
        "missed_by": missed,
        "below_floor_by": floor,
        "noisy": noisy(row, table["threads"]),
        "tried": tried if missed else [],
    }


def summary(measured):
    """Each target: how many rows it has, how many of them meet it, and the worst."""
    found = []
    for target in TARGETS:
        rows = [
            (row, table)
            for m in measured
            if m["name"] == target.measurement
            for table in m["tables"]
            for row in table["rows"]
            if applies(target.where, row["case"] | {"threads": table["threads"], "avx2": table["avx2"]})
            and target.key in row["values"]
        ]
        if not rows:
            continue
        values = [row["values"][target.key] for row, _ in rows]
        pick = min if target.at_least is not None else max
        worst = pick(values)
        row, table = rows[values.index(worst)]
        found.append(
            {
                "number": target.number,
                "what": target.what,
                "measurement": target.measurement,
                "at_least": target.at_least,
                "at_most": target.at_most,
                "floor": target.floor,
                "rows": len(rows),
                "met": sum(not misses(target, v) for v in values),
                "above_floor": None if target.floor is None else sum(v >= target.floor for v in values),
                "worst": worst,
                "worst_case": " ".join([*(str(row["case"][k]) for k in table["labels"]), *settings(table, row)]),
                "missed_by": misses(target, worst),
            }
        )
    return found


def settings(table, row):
    """What a table's heading says, for a row that stands alone."""
    dtype = row["case"].get("dtype")
    if dtype is None:
        return []
    held = ", AVX2" if table["avx2"] else ""
    return [f"({dtype}, {table['threads']} thread{'s' * (table['threads'] > 1)}{held})"]
