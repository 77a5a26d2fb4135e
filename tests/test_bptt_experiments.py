"""Chapter 4's precomputed runs belong to the code that the chapter shows."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "bptt_experiments.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def record(script):
    return json.loads(script.OUT.read_text("utf-8"))


def test_the_file_was_made_by_the_cell_in_the_chapter(script, record):
    assert record["cell"]["sha256_of_its_code"] == script.fingerprint(), f"run {record['command']} again"


def test_every_arm_was_run_over_every_seed(script, record):
    assert list(record["runs"]) == list(script.chapter()["ARMS"])
    assert len(record["seeds"]) >= 10
    for runs in record["runs"].values():
        assert len(runs) == len(record["seeds"])
        for strings, right, on_train in runs:
            assert 0 <= right <= 1 and 0 <= on_train <= 1
            assert strings is None or (right == 1 and 0 < strings <= record["max_strings"])


def test_the_fingerprint_sees_code_and_not_comments(script, monkeypatch):
    code = 'def f(x):\n    """Double."""\n    return 2 * x\n'
    prints = []
    for text in (code, code.replace("Double", "Twice"), code + "# the end\n", code.replace("2", "3")):
        monkeypatch.setattr(script, "source", lambda text=text: text)
        prints.append(script.fingerprint())
    assert prints[0] == prints[1] == prints[2] != prints[3]


def test_the_script_writes_what_it_says(script, tmp_path):
    out = tmp_path / "try.json"
    command = [sys.executable, script.__file__, "--seeds", "1", "--max-strings", "1600", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    small = json.loads(out.read_text("utf-8"))
    assert small["seeds"] == [0] and small["max_strings"] == 1600
    assert all(runs[0][0] is None for runs in small["runs"].values())  # nobody solves it in 50 updates
    assert list(tmp_path.iterdir()) == [out]
    assert "seed 0" in done.stdout
