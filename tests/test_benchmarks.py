"""The benchmark harness: what it refuses, its arithmetic and its table.  No test here depends on a time."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # benchmarks are not part of the package

from benchmarks import training_step as bench
from benchmarks import worker

SIZES = (5, 2, 3, 4)


def measurement(wall, **others):
    return {"wall": wall, "min": wall, "cpu": wall, "faults": 0} | others


def gradients(cell="LSTM", dtype="float64"):
    step = worker.rnnbook_step(cell, *worker.problem(cell, SIZES, dtype))
    return worker.results(cell, step, SIZES)


# -- the comparison before the timing ------------------------------------------------------------------------
@pytest.mark.parametrize("cell", bench.CELLS)
def test_every_process_gets_the_same_problem_and_every_gradient_is_compared(cell):
    names = {"y", "dx", "W", "U", "b"} | ({"b_n"} if cell == "GRU" else set())
    assert set(gradients(cell)) == names
    bench.compare(gradients(cell), gradients(cell), "float64", cell)


@pytest.mark.parametrize("name", ["y", "dx", "W", "U", "b"])
def test_one_wrong_entry_is_refused(name):
    wrong = gradients()
    wrong[name] = wrong[name].copy()  # y is read-only
    wrong[name].flat[-1] += 1e-9 * np.abs(wrong[name]).max()
    with pytest.raises(bench.Mismatch, match=f"here: {name} differs"):
        bench.compare(wrong, gradients(), "float64", "here")


def test_a_missing_gradient_nan_and_the_wrong_precision_are_refused():
    good = gradients()
    for wrong in (
        {k: v for k, v in good.items() if k != "U"},
        good | {"b": np.full_like(good["b"], np.nan)},
        good | {"b": good["b"].astype("float32")},
        good | {"b": good["b"][:1]},  # would broadcast
    ):
        with pytest.raises(bench.Mismatch):
            bench.compare(wrong, good, "float64", "here")
        with pytest.raises(bench.Mismatch):
            bench.compare(good, wrong, "float64", "here")


def test_nothing_is_timed_after_a_mismatch(monkeypatch, capsys):
    tasks = []

    def run(task, threads):
        tasks.append(task)
        assert "save" in task, "timed in spite of a wrong gradient"
        wrong = task["implementation"] == "torch" and task["config"] == "ptb"
        np.savez(task["save"], W=np.full(3, 2.0 if wrong else 1.0, np.float32))
        return {}

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(bench, "machine", lambda: "")
    with pytest.raises(SystemExit, match="Refused: .*W differs"):
        bench.main(["--cells", "LSTM", "--configs", "minchar", "ptb"])
    assert len(tasks) == 4
    assert "| LSTM" not in capsys.readouterr().out


@pytest.mark.torch
@pytest.mark.parametrize("dtype", list(bench.TOLERANCE))
@pytest.mark.parametrize("cell", bench.CELLS)
def test_torch_computes_the_same_step(cell, dtype):
    torch = pytest.importorskip("torch")
    inputs = worker.problem(cell, SIZES, dtype)
    theirs = worker.results(cell, worker.torch_step(cell, *inputs, threads=torch.get_num_threads()), SIZES)
    bench.compare(gradients(cell, dtype), theirs, dtype, cell)


# -- arithmetic and the table --------------------------------------------------------------------------------
def test_ratio_is_above_one_where_rnnbook_is_faster():
    assert bench.ratio(measurement(2.0), measurement(3.0)) == 1.5
    assert bench.ratio(measurement(2.0, cpu=1.0), measurement(3.0), "cpu") == 3.0


def test_rounds_merge_to_medians_and_the_least_minimum():
    rounds = [measurement(3.0, min=2.5, faults=7), measurement(1.0, min=0.5), measurement(9.0, faults=2)]
    assert bench.over_rounds(rounds) == {"wall": 3.0, "min": 0.5, "cpu": 3.0, "faults": 2}


def test_targets_are_four_fifths_of_the_readable_prototype():
    assert bench.target("LSTM", "float32", 1, "long") == pytest.approx(0.8 * 0.53)
    assert bench.target("GRU", "float32", 1, "minchar") == pytest.approx(0.8 * 3.7)
    assert bench.target("Elman", "float64", 2, "ptb") is None
    assert all(len(ratios) == len(bench.CONFIGS) for ratios in bench.READABLE.values())


def test_a_row_fits_its_header_and_says_met_missed_or_noisy():
    def row(ours, theirs, control, key=("LSTM", "ptb", "float32", 1)):
        measured = {"rnnbook": measurement(ours), "control": measurement(control)}
        return bench.row(*key, measured | ({"torch": measurement(theirs)} if theirs else {}))

    columns = bench.HEADER.splitlines()[0].count("|")
    assert row(0.01, 0.0069, 0.0101) == (
        "| LSTM | ptb | 10.00 (10.00, 10.00) | 0 | 6.90 (6.90, 6.90) | 0 | 0.69 | 0.69 | 1.01 | 0.69 met |"
    )
    assert row(0.01, 0.0050, 0.01).endswith("| 0.50 | 0.50 | 1.00 | 0.69 **missed** |")
    assert row(0.01, 0.0050, 0.0115).endswith("| 0.69 **missed** (noisy) |")
    idle = {"rnnbook": measurement(0.01, cpu=0.005), "control": measurement(0.01), "torch": measurement(0.01)}
    assert bench.row("LSTM", "ptb", "float32", 1, idle).endswith("| 0.69 met (noisy) |")  # it had to wait
    assert row(0.01, 0.0050, 0.01, ("GRU", "ptb", "float64", 1)).endswith("| 1.00 | – |")  # no target
    assert row(0.01, None, 0.01).endswith("| – | – | – | – | 1.00 | – |")  # no torch
    for theirs in (0.005, None):
        assert row(0.01, theirs, 0.01).count("|") == columns
    assert {line.count("|") for line in bench.HEADER.splitlines()} == {columns}


# -- the command line ----------------------------------------------------------------------------------------
def test_two_threads_are_refused_on_a_busy_machine(monkeypatch, capsys):
    monkeypatch.setattr(bench.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(bench, "load", lambda: 1.5)
    with pytest.raises(SystemExit):
        bench.parse(["--threads", "2"])
    assert "load average 1.50: the machine is busy" in capsys.readouterr().err
    assert bench.parse(["--threads", "1"]).threads == [1]
    assert bench.parse(["--threads", "2", "--force"]).force
    monkeypatch.setattr(bench, "load", lambda: 0.1)
    assert bench.parse(["--threads", "1", "2"]).threads == [1, 2]


def test_no_process_inherits_what_slows_one_library_alone(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    native, held = bench.environment(2, avx2=False), bench.environment(1, avx2=True)
    assert "OPENBLAS_CORETYPE" not in native and native["OMP_NUM_THREADS"] == "2"
    assert held["OPENBLAS_CORETYPE"] == "Haswell" and held["ONEDNN_MAX_CPU_ISA"] == "AVX2"


@pytest.mark.parametrize("wrong", [["--quick"], ["--rounds", "2"], ["--seconds", "0.5"]])
def test_only_a_full_measurement_is_written(wrong, capsys):
    with pytest.raises(SystemExit):
        bench.parse(["--write", *wrong])
    assert "--write wants a result" in capsys.readouterr().err


def test_without_torch_rnnbook_is_timed_alone(monkeypatch, capsys, tmp_path):
    found = importlib.util.find_spec
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "RESULTS.md")
    options = ["--cells", "Elman", "--configs", "minchar"]
    bench.main([*options, "--quick"])
    out = capsys.readouterr().out
    assert 'pip install "rnnbook[bench]"' in out
    assert "| Elman | minchar | " in out and "| – | – | – | – |" in out
    assert not bench.RESULTS.exists()

    monkeypatch.setattr(bench, "run", lambda task, threads: measurement(0.001))
    bench.main([*options, "--write"])
    out, written = capsys.readouterr().out, bench.RESULTS.read_text(encoding="utf-8")
    assert written == out
    assert "python -m benchmarks --cells Elman --configs minchar --write" in written
    assert str(Path.home()) not in written and str(bench.ROOT) not in written
