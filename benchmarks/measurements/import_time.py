"""How long `import rnnbook` takes, beside `import numpy`, which it cannot do without."""

import json
import os
import statistics
import subprocess
import sys

from benchmarks.measurements import Table

TITLE = "Import"
ABOUT = (
    "`import rnnbook` against `import numpy`, in fresh interpreters that take turns: medians, from inside, without the "
    "start of Python itself."
)
PEER = "numpy"
COLUMNS = (
    ("rnnbook: ms", "ms", ".1f"),
    ("numpy: ms", "peer_ms", ".1f"),
    ("difference: ms", "more", ".1f"),
    ("modules of rnnbook", "modules", ".0f"),
)
TIMES = 8
CODE = (
    "import json, sys, time; t = time.perf_counter(); import {0}; t = time.perf_counter() - t; "
    "print(json.dumps([t, sum(name.split('.')[0] == 'rnnbook' for name in sys.modules)]))"
)


def tables():
    return [Table([{"what": "import rnnbook"}], labels=("what",))]


def count(implementation, case):
    command = [sys.executable, "-c", CODE.format(implementation)]
    # Compiled once and kept, as on the second start of any program: the first run is not counted.
    env = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found = [
        json.loads(subprocess.run(command, capture_output=True, check=True, env=env).stdout) for _ in range(1 + TIMES)
    ][1:]
    return {"ms": 1e3 * statistics.median(t for t, _ in found), "modules": found[0][1]}


def finish(rows):
    for row in rows:
        row["values"]["peer_ms"] = row["measured"]["numpy"]["ms"]
        row["values"]["more"] = row["values"]["ms"] - row["values"]["peer_ms"]
