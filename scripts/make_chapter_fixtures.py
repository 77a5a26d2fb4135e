"""Let PyTorch answer what chapter 14 asks it, and keep its answers in book/data/14-pytorch.npz.

    python scripts/make_chapter_fixtures.py

It needs PyTorch, runs the code cells of the chapter as they stand, and saves what they asked and what they were
answered: no question is written twice. Where PyTorch is missing, the chapter reads the file and says so.

The file has one flat array for each question, and `about`, a JSON text: PyTorch's version, the command, the seeds,
and for each question the name of the function that asked, marks by which the chapter knows the question again, and the
names and shapes of the answer's arrays.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = ROOT / "book" / "14-numpy-to-pytorch.ipynb"
OUT = ROOT / "book" / "data" / "14-pytorch.npz"
SEEDS = [0, 1, 2]


def cells() -> dict[str, str]:
    """The chapter's code by the ids of its cells, without the pictures, the widget and the quizzes."""
    found = {}
    for cell in json.loads(CHAPTER.read_text("utf-8"))["cells"]:
        tags = set(cell["metadata"].get("tags", ()))
        drawn = tags & {"hide-input", "remove-input"} and cell["id"] != "ask"
        if cell["cell_type"] == "code" and cell["id"] != "setup" and not drawn:
            found[cell["id"]] = "".join(cell["source"])
    return found


def run(code: dict[str, str], folder: Path = ROOT / "book") -> dict[str, Any]:
    """What the cells define, after they ran one after another in `folder`; the seeds are the recording's."""
    names: dict[str, Any] = {"__name__": "chapter"}
    offset = os.environ.pop("RNNBOOK_SEED_OFFSET", None)
    try:
        with contextlib.chdir(folder):
            for name, source in code.items():
                exec(compile(source, name, "exec"), names)
    finally:
        if offset is not None:
            os.environ["RNNBOOK_SEED_OFFSET"] = offset
    return names


def asked(names: dict[str, Any]) -> list[dict[str, Any]]:
    """Each question once."""
    found: list[dict[str, Any]] = []
    for one in names["answers"]:
        if not any(one["name"] == other["name"] and names["alike"](one["given"], other["given"]) for other in found):
            found.append(one)
    return found


def write(names: dict[str, Any], path: Path = OUT) -> None:
    """Save what PyTorch answered in a run."""
    questions, flat = [], {}
    for n, one in enumerate(asked(names)):
        answer = one["answer"]
        flat[str(n)] = np.concatenate([a.ravel() for a in answer.values()])
        shapes = {key: list(a.shape) for key, a in answer.items()}
        questions.append({"name": one["name"], "given": one["given"], "shapes": shapes})
    about = {
        "torch": names["torch"].__version__.split("+")[0],
        "command": "python scripts/make_chapter_fixtures.py",
        "seeds": SEEDS,
        "asked": questions,
    }
    np.savez_compressed(path, about=np.array(json.dumps(about)), **flat)


if __name__ == "__main__":
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        done = run(cells())
    if done["torch"] is None:
        sys.exit("PyTorch is missing: pip install torch")
    if done["torch_seeds"] != SEEDS:
        sys.exit(f"the chapter asked with the seeds {done['torch_seeds']}, not {SEEDS}")
    OUT.parent.mkdir(exist_ok=True)
    write(done)
    print(f"{OUT.relative_to(ROOT)}: {len(asked(done))} questions, {OUT.stat().st_size / 1000:.0f} kB")
