"""Plans turns, starts their processes, compares results before times, and puts rounds together."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import measurements

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# What holds a library to AVX2 (NumPy's own loops: see `environment`). No process of ours inherits these from
# the shell, where they would slow one library alone: each chooses for itself, or both are held.
AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
TOLERANCE = {"float32": 1e-4, "float64": 1e-11}  # largest difference, as a share of the largest entry


class Mismatch(ValueError):
    """The implementations do not compute the same thing, so their times must not be compared."""


def compare(ours, theirs, dtype, where, peer="torch"):
    """Raise `Mismatch` unless both hold the same names, and the same arrays up to rounding."""
    if sorted(ours) != sorted(theirs):
        raise Mismatch(f"{where}: rnnbook gives {sorted(ours)}, {peer} {sorted(theirs)}")
    for name, mine in ours.items():
        wanted = theirs[name]
        same = mine.shape == wanted.shape and mine.dtype == wanted.dtype == np.dtype(dtype)
        # Written so that nan fails.
        if not (same and np.abs(mine - wanted).max() <= TOLERANCE[dtype] * np.abs(wanted).max()):
            raise Mismatch(f"{where}: {name} differs between rnnbook and {peer}; nothing was timed")


def newer_instructions():
    """Vector instructions beyond AVX2 that NumPy finds here."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return [name for name in found if "512" in name or name == "X86_V4"]


def environment(threads, avx2):
    """Variables of a fresh process: threads and vector instructions are ours to say."""
    ours = AVX2.keys() | {"OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    env |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    if avx2:
        env |= AVX2 | {"NPY_DISABLE_CPU_FEATURES": " ".join(newer_instructions())}
    return env


def run(task):
    """Give one task to a fresh process; what it measured, one dict for each case."""
    command = [sys.executable, "-m", "benchmarks.worker", json.dumps(task)]
    env = environment(task["threads"], task["avx2"])
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    for line in done.stderr.splitlines():
        if not line.startswith("USDT:"):  # PyTorch's profiler announces itself
            print(line, file=sys.stderr)
    done.check_returncode()
    return json.loads(done.stdout)


def check_results(name, table):
    """Let both implementations work everything out once, and compare."""
    peer = measurements.find(name).PEER
    with tempfile.TemporaryDirectory() as folder:
        task = {"measurement": name, "cases": table.cases, "threads": table.threads, "avx2": table.avx2, "save": folder}
        for implementation in ("rnnbook", peer):
            run(task | {"implementation": implementation})
        for k, case in enumerate(table.cases):
            found = []
            for implementation in ("rnnbook", peer):
                with np.load(f"{folder}/{implementation}-{k}.npz") as saved:
                    found.append(dict(saved))
            shown = ", ".join(f"{field} {value}" for field, value in case.items())
            compare(*found, case["dtype"], f"{name} ({shown})", peer)


def over_rounds(rounds):
    """One measurement from several: medians of the rounds' medians, so that a disturbed round has no say."""
    numbers = [k for k, v in rounds[0].items() if isinstance(v, int | float) and k != "min"]
    merged = {key: statistics.median(r[key] for r in rounds) for key in numbers}
    return merged | ({"min": min(r["min"] for r in rounds)} if "min" in rounds[0] else {})


def ratio(ours, theirs, key="wall"):
    """Their median over ours: above 1, rnnbook is faster."""
    return theirs[key] / ours[key]


def measure(name, table, rounds, seconds, order):
    """Measure the cases of a table, the implementations in turn, and return its rows."""
    module, rows = measurements.find(name), []
    counted = hasattr(module, "count")
    for cases in [table.cases] if table.together else [[case] for case in table.cases]:
        turns = {who: [] for who in order}
        for _ in range(rounds):
            for who in order:  # in turn, so that a slow minute meets all of them
                task = {
                    "measurement": name,
                    "implementation": "rnnbook" if who == "control" else who,
                    "cases": cases,
                    "threads": table.threads,
                    "avx2": table.avx2,
                    "seconds": seconds,
                }
                turns[who].append(run(task))
        for k, case in enumerate(cases):
            measured = {who: over_rounds([turn[k] for turn in found]) for who, found in turns.items()}
            rows.append({"case": case, "measured": measured, "values": dict(measured["rnnbook"]) if counted else {}})
            if not counted:
                rows[-1]["kernels"] = turns["rnnbook"][0][k].get("kernels")
                rows[-1]["values"] |= compared(measured, module.PEER)
    if hasattr(module, "finish"):
        module.finish(rows)
    return rows


def compared(measured, peer):
    """Ratios of a row, where there is something to compare."""
    ours, found = measured["rnnbook"], {}
    if peer in measured:
        found = {"ratio": ratio(ours, measured[peer]), "of_cpu": ratio(ours, measured[peer], "cpu")}
    if "control" in measured:
        found["control"] = ratio(ours, measured["control"])
    return found


def order(module):
    """Who takes turns: rnnbook, its peer where that is installed, and rnnbook again."""
    missing = module.PEER == "torch" and not importlib.util.find_spec("torch")
    peers = [] if missing or not module.PEER else [module.PEER]
    return ["rnnbook", *peers, *([] if hasattr(module, "count") else ["control"])]  # a count needs no control


def load():
    """Load average of the last minute, or None where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def machine():
    """Processor, its vector instructions, and versions; nothing that names the machine."""
    cpu, flags = platform.processor() or platform.machine(), set()
    if Path("/proc/cpuinfo").exists():
        lines = (line.partition(":")[::2] for line in Path("/proc/cpuinfo").read_text().splitlines())
        info = {key.strip(): value.strip() for key, value in lines}
        cpu, flags = info.get("model name", cpu), set(info.get("flags", "").split())
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    packages = [p for p in ("numpy", "torch") if importlib.util.find_spec(p)]
    return {
        "processor": cpu,
        "cores": os.cpu_count(),
        "vectors": {f: f in flags for f in ("avx2", "avx512f")} if flags else None,
        "python": platform.python_version(),
        **{p: importlib.metadata.version(p) for p in packages},
        "blas": f"{blas['name']} {blas['version']}",
    }
