"""Times a training step of rnnbook against torch.nn, and prints the ratios: see README.md beside this file.

A training step is forward and backward with every gradient, dx included.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("RESULTS.md")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# What holds a library to AVX2 (NumPy's own loops: see `environment`). No process of ours inherits these from
# the shell, where they would slow one library alone: each chooses for itself, or both are held.
AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}

CELLS = ("Elman", "GRU", "LSTM")
CONFIGS = {  # (T, B, D, H): steps, sequences, inputs, hidden units
    "ptb": (35, 20, 100, 100),
    "minchar": (25, 1, 100, 100),
    "charlm": (100, 32, 65, 128),
    "big": (50, 64, 256, 512),
    "long": (1000, 16, 2, 64),
}

# Ratios of the readable prototype, one for each of CONFIGS, by (cell, dtype, threads). The package is to
# reach four fifths of them. They come from a processor with AVX2 but no AVX-512: elsewhere they are a guide.
READABLE = {
    ("Elman", "float32", 1): (2.0, 4.3, 1.6, 1.07, 2.9),
    ("GRU", "float32", 1): (1.7, 3.7, 1.4, 1.04, 2.7),
    ("LSTM", "float32", 1): (0.86, 0.93, 0.80, 0.97, 0.53),
    ("LSTM", "float32", 2): (0.59, 0.88, 0.51, 0.88, 0.75),
    ("LSTM", "float64", 1): (1.29, 3.3, 1.19, 0.96, 1.6),
}
SHARE = 0.8

TOLERANCE = {"float32": 1e-4, "float64": 1e-11}  # largest difference, as a share of the largest entry
NOISE = 0.1  # an A/A ratio further from 1 makes a row noisy; so does so much time without the processor
BUSY = 0.5  # load average above which two threads have not got two cores

COLUMNS = ("rnnbook: ms (min, CPU)", "faults", "torch: ms (min, CPU)", "faults", "ratio", "of CPU", "A/A")
HEADER = f"| cell | config | {' | '.join(COLUMNS)} | target |\n|---|---|{'--:|' * len(COLUMNS)}---|"


class Mismatch(ValueError):
    """The implementations do not compute the same thing, so their times must not be compared."""


def compare(ours, theirs, dtype, where):
    """Raise `Mismatch` unless both hold the same names, and the same arrays up to rounding."""
    if sorted(ours) != sorted(theirs):
        raise Mismatch(f"{where}: rnnbook gives {sorted(ours)}, torch {sorted(theirs)}")
    for name, mine in ours.items():
        wanted = theirs[name]
        same = mine.shape == wanted.shape and mine.dtype == wanted.dtype == np.dtype(dtype)
        # Written so that nan fails.
        if not (same and np.abs(mine - wanted).max() <= TOLERANCE[dtype] * np.abs(wanted).max()):
            raise Mismatch(f"{where}: {name} differs between rnnbook and torch; nothing was timed")


def over_rounds(rounds):
    """One measurement from several: medians of the rounds' medians, so that a disturbed round has no say."""
    merged = {key: statistics.median(r[key] for r in rounds) for key in ("wall", "cpu", "faults")}
    return merged | {"min": min(r["min"] for r in rounds)}


def ratio(ours, theirs, key="wall"):
    """Their median over ours: above 1, rnnbook is faster."""
    return theirs[key] / ours[key]


def target(cell, dtype, threads, config):
    """The ratio to reach, or None where none was set."""
    readable = READABLE.get((cell, dtype, threads))
    return None if readable is None else SHARE * readable[list(CONFIGS).index(config)]


def row(cell, config, dtype, threads, measured):
    """One line of the table; `measured` holds rnnbook, control (rnnbook again) and, if installed, torch."""
    ours, theirs = measured["rnnbook"], measured.get("torch")

    def times(m):
        return f"{1e3 * m['wall']:.2f} ({1e3 * m['min']:.2f}, {1e3 * m['cpu']:.2f}) | {m['faults']:.0f}"

    control, goal, verdict = ratio(ours, measured["control"]), target(cell, dtype, threads, config), "–"
    if theirs is not None and goal is not None:
        verdict = f"{goal:.2f} {'met' if ratio(ours, theirs) >= goal else '**missed**'}"
        waited = threads == 1 and min(m["cpu"] / m["wall"] for m in measured.values()) < 1 - NOISE
        verdict += " (noisy)" if waited or abs(control - 1) > NOISE else ""
    against = "– | – | – | –"
    if theirs is not None:
        against = f"{times(theirs)} | {ratio(ours, theirs):.2f} | {ratio(ours, theirs, 'cpu'):.2f}"
    return f"| {cell} | {config} | {times(ours)} | {against} | {control:.2f} | {verdict} |"


def environment(threads, avx2):
    """Variables of a fresh process: threads and vector instructions are ours to say."""
    ours = AVX2.keys() | {"OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    env |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    if avx2:
        found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
        newer = [name for name in found if "512" in name or name == "X86_V4"]
        env |= AVX2 | {"NPY_DISABLE_CPU_FEATURES": " ".join(newer)}
    return env


def run(task, threads):
    """Give one task to a fresh process; what it measured."""
    env = environment(threads, task["avx2"])
    command = [sys.executable, "-m", "benchmarks.worker", json.dumps(task | {"threads": threads})]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def check_gradients(task, threads):
    """Let both implementations work out everything once, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name in ("rnnbook", "torch"):
            run(task | {"implementation": name, "save": f"{folder}/{name}.npz"}, threads)
            with np.load(f"{folder}/{name}.npz") as saved:
                found.append(dict(saved))
    compare(*found, task["dtype"], f"{task['cell']}, {task['sizes']}, {task['dtype']}")


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
    versions = [f"{p} {importlib.metadata.version(p)}" for p in packages]
    vectors = [f"{f} {'yes' if f in flags else 'no'}" for f in ("avx2", "avx512f")] if flags else ["flags unknown"]
    return (
        f"Machine: {cpu}, {os.cpu_count()} cores ({', '.join(vectors)}). "
        f"Python {platform.python_version()}, {', '.join(versions)}, {blas['name']} {blas['version']}."
    )


def parse(arguments):
    """Options of the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS)
    parser.add_argument("--configs", nargs="+", choices=CONFIGS, default=tuple(CONFIGS))
    parser.add_argument("--dtype", nargs="+", choices=tuple(TOLERANCE), default=("float32",))
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2), default=(1,))
    parser.add_argument("--avx2", action="store_true", help="hold both to AVX2, where the targets come from")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each implementation (default: 3)")
    parser.add_argument("--seconds", type=float, default=0.8, help="time of each turn (default: 0.8)")
    parser.add_argument("--quick", action="store_true", help="one round of 0.1 s: it runs, no more")
    parser.add_argument("--force", action="store_true", help="two threads on a busy machine all the same")
    parser.add_argument("--write", action="store_true", help=f"write the report to {RESULTS.name} too")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds = 1, 0.1
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("--rounds and --seconds must be positive")
    if options.write and (options.rounds < 3 or options.seconds < 0.8):
        parser.error("--write wants a result: at least 3 rounds of 0.8 seconds, and not --quick")
    if 2 in options.threads and not options.force:
        if (os.cpu_count() or 1) < 2:
            parser.error("two threads want two cores (--force measures all the same)")
        if (busy := load()) is not None and busy > BUSY:
            parser.error(
                f"load average {busy:.2f}: the machine is busy, and two threads would not get two cores. "
                "Wait a minute or two if that was the run before; --force measures all the same"
            )
    return options


def main(arguments=None):
    """Check, time, print, and write if asked."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options, report = parse(arguments), []

    def say(line=""):
        print(line, flush=True)
        report.append(line)

    before, order = load(), ["rnnbook", "torch", "control"]
    say("# Training step: rnnbook against torch.nn\n")
    say(f"{datetime.date.today()}, `{shlex.join(['python', '-m', 'benchmarks', *arguments])}`. {machine()}")
    say("Ratio: torch's median time over rnnbook's; above 1, rnnbook is faster. A/A: rnnbook against itself.")
    if not importlib.util.find_spec("torch"):
        order.remove("torch")
        say('\nPyTorch is missing, so rnnbook is timed alone. To compare: pip install "rnnbook[bench]"')
    elif options.quick or options.force:
        say(f"\nMeasured with {'--quick' if options.quick else '--force'}: no result to keep.")
    tables = [(dtype, n) for dtype in options.dtype for n in options.threads]
    tasks = [
        {"cell": k, "config": c, "sizes": CONFIGS[c], "avx2": options.avx2}
        for k in options.cells
        for c in options.configs
    ]
    if "torch" in order:  # everything is compared before anything is timed
        for dtype, threads in tables:
            for task in tasks:
                try:
                    check_gradients(task | {"dtype": dtype}, threads)
                except Mismatch as error:
                    sys.exit(f"Refused: {error}")
    for dtype, threads in tables:
        say(f"\n## {dtype}, {threads} thread{'s' * (threads > 1)}\n\n{HEADER}")
        for task in tasks:
            rounds = {name: [] for name in order}
            task = task | {"dtype": dtype, "seconds": options.seconds}
            for _ in range(options.rounds):
                for name in order:  # in turn, so that a slow minute meets all of them
                    rounds[name].append(run(task | {"implementation": name}, threads))
            measured = {name: over_rounds(r) for name, r in rounds.items()}
            say(row(task["cell"], task["config"], dtype, threads, measured))
    kernels = {r["kernels"] for r in rounds["rnnbook"] if r.get("kernels")}
    held = "Both were held to AVX2" if options.avx2 else "Each library chose its vector instructions"
    say(f"\n{held}{'; OpenBLAS used its kernels for ' if kernels else ''}{', '.join(kernels)}.")
    if before is not None:
        own = f"up to {max(options.threads)} of it the benchmark's own"
        say(f"\nLoad average {before:.2f} before, {load():.2f} after ({own}).")
    if options.write:
        RESULTS.write_text("\n".join(report) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
