"""Chapter 14 with PyTorch and without: what was recorded is what PyTorch answers, and both ways run to their end."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent

for name in ("matplotlib", "IPython", "anywidget"):
    pytest.importorskip(name)  # the chapter needs them


def load_script():
    path = ROOT / "scripts" / "make_chapter_fixtures.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script():
    return load_script()


@pytest.fixture(scope="module")
def hidden(script):
    """The chapter as it runs where PyTorch is missing, in a process of its own."""
    code = """
import sys
sys.modules["torch"] = None  # an import of it fails
sys.path.insert(0, "scripts")
import make_chapter_fixtures as script
names = script.run(script.cells())
assert names["torch"] is None and names["answers"] == []
print("seeds", names["torch_seeds"])
try:
    names["ask"](names["gate_in_torch"], 0, 1.0, 2.0, 3.0)
except LookupError as error:
    print("refused:", error)
"""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def live(script):
    """The chapter as it runs where PyTorch is installed."""
    pytest.importorskip("torch")
    return script.run(script.cells())


def test_without_pytorch_every_cell_runs_and_says_so(script, hidden):
    assert hidden.returncode == 0, hidden.stderr[-2000:]
    with np.load(script.OUT, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
    assert f"which = a recording of PyTorch {about['torch']}\n" in hidden.stdout
    assert f"seeds {about['seeds']}\n" in hidden.stdout
    assert "there is nothing to race against" in hidden.stdout
    assert hidden.stderr == ""


def test_a_question_that_was_not_recorded_is_refused(hidden):
    assert "refused: this question was not recorded" in hidden.stdout


def test_with_pytorch_the_page_says_which_version_answered(live):
    assert live["which"].startswith(f"PyTorch {live['torch'].__version__.split('+')[0]}, which answered")
    assert live["torch_seeds"] == [0, 1, 2]


def test_the_recording_is_what_pytorch_answers_now(script, live):
    live["record_file"] = script.OUT
    about, recorded = live["read_recording"]()
    asked = script.asked(live)
    assert len(asked) == len(recorded) > 40, "run python scripts/make_chapter_fixtures.py again"
    for now, then in zip(asked, recorded, strict=True):
        assert now["name"] == then["name"] and live["alike"](now["given"], then["given"]), now["name"]
        assert now["answer"].keys() == then["answer"].keys(), now["name"]
        exact = all(a.dtype == np.float64 for a in now["answer"].values())
        for key, a in now["answer"].items():
            b = then["answer"][key]
            assert a.shape == b.shape, (now["name"], key)
            scale = max(np.abs(a).max(), 1e-6)
            assert np.abs(a - b).max() / scale < (1e-8 if exact else 1e-5), (now["name"], key)


def test_the_recording_says_how_it_was_made(script):
    with np.load(script.OUT, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        assert len(file.files) == 1 + len(about["asked"])
    assert about["command"] == "python scripts/make_chapter_fixtures.py"
    assert about["torch"].count(".") == 2 and about["seeds"] == script.SEEDS
    assert script.OUT.stat().st_size < 250_000


def test_with_neither_the_chapter_says_what_to_do(script, tmp_path):
    source = script.cells()
    code = {name: source[name] for name in ("imports", "ask")}
    shutil.copy(ROOT / "scripts" / "make_chapter_fixtures.py", tmp_path)
    (tmp_path / "code.json").write_text(json.dumps(code))
    program = (
        "import sys, json; sys.modules['torch'] = None; import make_chapter_fixtures as script\n"
        "from pathlib import Path\n"
        "script.run(json.load(open('code.json')), Path('.'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and "pip install torch" in done.stderr
