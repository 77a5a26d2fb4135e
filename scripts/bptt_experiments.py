"""Run chapter 4's embedded Reber experiment over twenty seeds, and keep what came out beside the chapter.

    .venv/bin/python scripts/bptt_experiments.py                # writes book/data/04-embedded-reber.json
    .venv/bin/python scripts/bptt_experiments.py --seeds 1 --max-strings 3200 --out try.json

It runs the code of the chapter's own cell, so the chapter and its file cannot say two things; the file holds a
fingerprint of that cell, and tests/test_bptt_experiments.py compares it.  Ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import rnnbook as rb
from rnnbook.optim import clip_by_norm

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = ROOT / "book" / "04-backpropagation-through-time.ipynb"
OUT = ROOT / "book" / "data" / "04-embedded-reber.json"
CELL = "embedded"


def source() -> str:
    """The chapter's cell, as it is committed."""
    cells = json.loads(CHAPTER.read_text("utf-8"))["cells"]
    return "".join(next(cell["source"] for cell in cells if cell["id"] == CELL))


def fingerprint() -> str:
    """Of what the cell does: comments, docstrings and layout may change."""
    tree = ast.parse(source())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def chapter() -> dict[str, Any]:
    """What the cell defines: ARMS and learn_embedded."""
    names: dict[str, Any] = {"np": np, "rb": rb, "clip_by_norm": clip_by_norm}
    exec(compile(source(), f"{CHAPTER.name}:{CELL}", "exec"), names)
    return names


def run(arm: str, seed: int, max_strings: int) -> list[Any]:
    """One arm from one seed."""
    started = time.perf_counter()
    strings, on_test, on_train = chapter()["learn_embedded"](arm, seed, max_strings)
    print(f"{arm}, seed {seed}: {strings}, {on_test:.1%}, {time.perf_counter() - started:.0f} s", flush=True)
    return [strings, round(on_test, 4), round(on_train, 4)]


def main(arguments: list[str]) -> None:
    """Run every arm over every seed, and write the file when all are done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--max-strings", type=int, default=200_000)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)

    arms, seeds = list(chapter()["ARMS"]), range(given.seeds)
    jobs = [(arm, seed, given.max_strings) for arm in arms for seed in seeds]
    with ProcessPoolExecutor(given.processes) as pool:
        done = dict(zip(jobs, pool.map(run, *zip(*jobs, strict=True)), strict=True))
    runs = {arm: [done[arm, seed, given.max_strings] for seed in seeds] for arm in arms}

    record = {
        "what": "strings until solved (null: not within max_strings), shares of test and training strings right",
        "command": f"python scripts/bptt_experiments.py --seeds {given.seeds} --max-strings {given.max_strings}",
        "seeds": list(range(given.seeds)),
        "max_strings": given.max_strings,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "rnnbook": rb.__version__},
        "cell": {"id": CELL, "sha256_of_its_code": fingerprint()},
        "runs": runs,
    }
    given.out.parent.mkdir(exist_ok=True)
    beside = given.out.with_suffix(".part")
    beside.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    os.replace(beside, given.out)


if __name__ == "__main__":
    main(sys.argv[1:])
