"""The benchmarks: what they refuse, their arithmetic and their report, and what can be counted.

One test here depends on a time, and says so.
"""

import importlib.util
import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # benchmarks are not part of the package

import reference

import rnnbook as rb
from benchmarks import __main__ as command
from benchmarks import harness, measurements, problems, report, targets, worker
from benchmarks.measurements import generation, memory, naive_loops, products_only, training_step

SIZES = (5, 2, 3, 4)
MODULES = {name: measurements.find(name) for name in measurements.NAMES}
COMPARED = [name for name, m in MODULES.items() if not hasattr(m, "count") and getattr(m, "COMPARED", True)]


def measurement(wall, **others):
    return {"wall": wall, "min": wall, "cpu": wall, "faults": 0} | others


def case(cell="LSTM", dtype="float64", **others):
    return {"cell": cell, "config": "ptb", "sizes": SIZES, "dtype": dtype} | others


def gradients(cell="LSTM", dtype="float64"):
    return worker.arrays(training_step.build("rnnbook", case(cell, dtype)), case(cell, dtype), training_step)


# -- the comparison before the timing ------------------------------------------------------------------------
@pytest.mark.parametrize("cell", problems.CELLS)
def test_every_process_gets_the_same_problem_and_every_gradient_is_compared(cell):
    names = {"y", "dx", "W", "U", "b"} | ({"b_n"} if cell == "GRU" else set())
    assert set(gradients(cell)) == names
    harness.compare(gradients(cell), gradients(cell), "float64", cell)


@pytest.mark.parametrize("name", ["y", "dx", "W", "U", "b"])
def test_one_wrong_entry_is_refused(name):
    wrong = gradients()
    wrong[name] = wrong[name].copy()  # y is read-only
    wrong[name].flat[-1] += 1e-9 * np.abs(wrong[name]).max()
    with pytest.raises(harness.Mismatch, match=f"here: {name} differs"):
        harness.compare(wrong, gradients(), "float64", "here")


def test_a_missing_gradient_nan_and_the_wrong_precision_are_refused():
    good = gradients()
    for wrong in (
        {k: v for k, v in good.items() if k != "U"},
        good | {"b": np.full_like(good["b"], np.nan)},
        good | {"b": good["b"].astype("float32")},
        good | {"b": good["b"][:1]},  # would broadcast
    ):
        with pytest.raises(harness.Mismatch):
            harness.compare(wrong, good, "float64", "here")
        with pytest.raises(harness.Mismatch):
            harness.compare(good, wrong, "float64", "here")


def test_nothing_is_timed_after_a_mismatch(monkeypatch, capsys):
    tasks = []

    def run(task):
        tasks.append(task)
        assert "save" in task, "timed in spite of a wrong gradient"
        for k, one in enumerate(task["cases"]):
            wrong = task["implementation"] == "torch" and one["config"] == "ptb"
            np.savez(
                f"{task['save']}/{task['implementation']}-{k}.npz", W=np.full(3, 2.0 if wrong else 1.0, np.float32)
            )
        return []

    monkeypatch.setattr(harness, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(harness, "machine", lambda: MACHINE)
    with pytest.raises(SystemExit, match=r"Refused: training_step \(cell LSTM, config ptb.*W differs"):
        command.main(
            ["training_step", "--cells", "LSTM", "--configs", "minchar", "ptb", "--threads", "1", "--dtype", "float32"]
        )
    assert [task["implementation"] for task in tasks] == ["rnnbook", "torch"]
    assert "| LSTM" not in capsys.readouterr().out


def small(name, one):
    """The same case with few steps and units, for a test."""
    return one | ({"sizes": SIZES} if "sizes" in one else {})


@pytest.mark.parametrize("name", COMPARED)
def test_the_implementations_of_a_measurement_compute_the_same(name):
    """In one process, which would disturb times and does not disturb results."""
    module = MODULES[name]
    if module.PEER == "torch":
        pytest.importorskip("torch")
    cases = {json.dumps(small(name, one)): small(name, one) for table in module.tables() for one in table.cases}
    assert cases
    for one in cases.values():
        found = [worker.arrays(module.build(who, one), one, module) for who in ("rnnbook", module.PEER)]
        harness.compare(*found, one["dtype"], name, module.PEER)


@pytest.mark.torch
def test_the_character_models_learn_the_same_weights():
    pytest.importorskip("torch")
    module = MODULES["character_model"]
    for name in ("one-hot", "embedding"):
        steps = [module.build(who, {"input": name, "dtype": "float64"}) for who in ("rnnbook", "torch")]
        start = {k: p.copy() for k, p in steps[0].params.items()}
        norms = [[step()["norm"] for _ in range(3)] for step in steps]
        assert min(norms[0]) > module.CLIP, "clipping has nothing to do"
        assert steps[0].params.keys() == steps[1].params.keys()
        for k, mine in steps[0].params.items():
            assert np.abs(mine - start[k]).max() > module.RATE  # learned
            np.testing.assert_allclose(
                mine, steps[1].params[k].detach().numpy(), atol=1e-3 * module.RATE, err_msg=k
            )  # torch adds 1e-6 to the norm


def test_generation_writes_what_the_layer_reads():
    """Step by step out of the table, or ids through the whole layer: one last state."""
    rng = np.random.default_rng(0)
    for kind in problems.CELLS:
        params = problems.parameters(kind, generation.V, 8, "float64", rng)
        ids = rng.integers(generation.V, size=21)
        layer = problems.rnnbook_layer(kind, params)
        last = generation.rnnbook_writer(layer.cell, np.eye(generation.V), ids.tolist())()
        _, state = layer(ids[:, None])
        for field, s in state._asdict().items():
            np.testing.assert_allclose(last[field], s, rtol=1e-12)


# -- what can be counted -------------------------------------------------------------------------------------
KEPT = {  # floats kept by a run for each token and each hidden unit, beside the input
    "ElmanCell": 1,
    "LSTMCell": 7,
    "LSTM1997Cell": 6,
    "PeepholeLSTMCell": 7,
    "CoupledLSTMCell": 6,
    "GRUCell": 5,
    "GRUResetBeforeCell": 4,
}


def test_every_cell_has_its_count():
    assert KEPT.keys() == rb.CELLS.keys() and max(KEPT.values()) <= 8


@pytest.mark.parametrize("name", KEPT)
def test_a_run_keeps_no_more_floats_for_a_token_than_it_says(name):
    """A run grows by so many arrays of H floats for each step of each sequence, and nothing else is left behind."""
    rng, (B, D, H) = np.random.default_rng(0), (3, 5, 16)
    layer = rb.Recurrent(rb.CELLS[name](D, H, rng=rng))
    kept, traced = [], []
    layer.forward(np.zeros((2, B, D), np.float32))  # what is made once, is made
    for T in (50, 150):
        x = rng.standard_normal((T, B, D)).astype(np.float32)
        tracemalloc.start()
        try:
            y, _, run = layer.forward(x)
            traced.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        kept.append(memory.kept_bytes(run))
        assert y.base is not None and np.shares_memory(y, run.trace.h)  # the output costs nothing more
    one = 100 * B * H * 4  # bytes of one array over the steps between
    assert (kept[1] - kept[0]) / one == KEPT[name]
    assert (traced[1] - traced[0]) / one == pytest.approx(KEPT[name], abs=0.05)


def test_forward_only_keeps_nothing_but_its_output():
    rng = np.random.default_rng(0)
    layer = rb.Recurrent(rb.LSTMCell(4, 64, rng=rng))
    x = rng.standard_normal((400, 4, 4)).astype(np.float32)
    layer(x)
    tracemalloc.start()
    try:
        y, state = layer(x)
        now = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert now < 1.1 * (y.nbytes + sum(s.nbytes for s in state))


def test_truncated_bptt_needs_no_more_memory_for_a_longer_sequence():
    """Of the history, which grows by a few numbers for each update, it may."""
    short, long = memory.truncated_peak(500), memory.truncated_peak(4000)
    assert long < 1.05 * short


def test_importing_the_package_loads_numpy_and_little_else():
    code = "import sys; import numpy; before = set(sys.modules); import rnnbook; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if name.split(".")[0] == "rnnbook"}
    tops = {name.split(".")[0] for name in loaded} - {"rnnbook", "numpy"}
    assert 15 < len(ours) < 40
    # All else comes with Python (and with NumPy's random numbers, a part of Cython that has no file).
    assert {top for top in tops if top not in sys.stdlib_module_names and "cython" not in top} == set()
    # Each of these takes milliseconds to load, and is needed only where a file is read or fetched, or chance asked.
    slow = {"urllib", "http", "email", "ssl", "socket", "asyncio", "multiprocessing", "zipfile", "tempfile", "hashlib"}
    assert tops.isdisjoint(slow) and "numpy.random" not in loaded


def test_the_products_are_those_of_a_training_step(monkeypatch):
    """They multiply and add as often as the layer does, U's at each step and W's for all steps at once."""
    T, B, D, H = SIZES
    for kind, G in problems.GATES.items():
        found, real = [], np.matmul

        def counting(a, b, found=found, real=real, **options):
            found.append(a.shape[0] * a.shape[1] * b.shape[1])
            return real(a, b, **options)

        step = products_only.build("products", case(kind, "float32"))
        monkeypatch.setattr(np, "matmul", counting)
        step()
        monkeypatch.setattr(np, "matmul", real)
        assert sum(found) == 3 * T * B * G * H * (D + H)
        assert len(found) == 2 * T + 4


# -- the one test with a clock -------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", problems.CELLS)
def test_at_least_three_times_as_fast_as_the_naive_loops(cell):
    """A training step, best of five each, in turn.  It is some ten times as fast: three leaves room for neighbours."""
    one = case(cell, sizes=(20, 16, 32, 32))
    steps = {who: MODULES["naive_loops"].build(who, one) for who in ("rnnbook", "naive")}
    best = dict.fromkeys(steps, np.inf)
    for step in steps.values():
        step()
    for _ in range(5):
        for who, step in steps.items():
            started = time.perf_counter()
            step()
            best[who] = min(best[who], time.perf_counter() - started)
    assert best["naive"] >= 3 * best["rnnbook"]


def test_the_naive_loops_are_those_of_the_tests():
    assert Path(naive_loops.reference().__file__) == Path(reference.__file__)


# -- the list of measurements and the table of targets ---------------------------------------------------------
@pytest.mark.parametrize("name", measurements.NAMES)
def test_a_measurement_has_its_parts(name):
    module = MODULES[name]
    assert module.TITLE and module.ABOUT and (hasattr(module, "build") != hasattr(module, "count"))
    tables = module.tables()
    assert tables
    for table in tables:
        assert json.loads(json.dumps(table.cases)) == [
            {k: list(v) if isinstance(v, tuple) else v for k, v in one.items()} for one in table.cases
        ]
        assert any(set(table.labels) & set(one) for one in table.cases)
        assert (hasattr(module, "count") or table.seconds > 0) and all(
            one.get("dtype") in (*harness.TOLERANCE, None) for one in table.cases
        )


def test_the_list_names_every_file():
    files = {p.stem for p in Path(measurements.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(measurements.NAMES) and len(files) == len(measurements.NAMES)


def test_every_target_has_rows():
    for target in targets.TARGETS:
        assert (target.at_least is None) != (target.at_most is None)
        tables = MODULES[target.measurement].tables()
        rows = [one | {"threads": t.threads, "avx2": t.avx2} for t in tables for one in t.cases]
        assert any(targets.applies(target.where, one) for one in rows), f"nothing is measured for {target}"


def test_every_cell_configuration_precision_and_thread_count_has_a_target():
    """PERFORMANCE.md's first two targets leave no training step out."""
    for table in training_step.tables():
        for one in table.cases:
            target = targets.goal("training_step", one | {"threads": table.threads, "avx2": table.avx2})
            assert target is not None, one

    def goal(cell, config, dtype, threads):
        found = targets.goal("training_step", {"cell": cell, "config": config, "dtype": dtype, "threads": threads})
        return found.at_least, found.floor

    assert goal("Elman", "ptb", "float32", 1) == (1.5, None)  # the hardest one holds
    assert goal("GRU", "charlm", "float32", 1) == (1.3, None)
    assert goal("GRU", "charlm", "float32", 2) == goal("Elman", "big", "float32", 1) == (1.0, None)
    assert goal("LSTM", "minchar", "float64", 2) == (3.0, None) and goal("LSTM", "big", "float64", 1) == (1.15, None)
    assert goal("LSTM", "big", "float32", 1) == (1.0, 0.85) and goal("LSTM", "big", "float32", 2) == (1.0, 0.65)


# -- arithmetic and the report -------------------------------------------------------------------------------
MACHINE = {
    "processor": "P",
    "cores": 2,
    "vectors": {"avx2": True},
    "python": "3",
    "numpy": "2",
    "torch": "2",
    "blas": "b",
}
TABLE = {
    "heading": "float32", "labels": ["cell", "config"], "threads": 1, "avx2": False,
    "rounds": 3, "seconds": 0.8, "together": False,
}  # fmt: skip


def a_row(ours, theirs, control, cell="LSTM", config="ptb", threads=1, cpu=None):
    measured = {"rnnbook": measurement(ours, **({"cpu": cpu} if cpu else {})), "control": measurement(control)}
    measured |= {"torch": measurement(theirs)} if theirs else {}
    row = {"case": {"cell": cell, "config": config, "dtype": "float32"}, "measured": measured}
    row["values"] = harness.compared(measured, "torch")
    return row | {"verdict": targets.judge("training_step", TABLE | {"threads": threads}, row)}


def line(*arguments, **options):
    return report.table_lines("training_step", TABLE | {"rows": [a_row(*arguments, **options)]})[2]


def data(*rows):
    table = TABLE | {"rows": list(rows)}
    measured = {"name": "training_step", "title": "T", "about": "A", "peer": "torch", "tables": [table]}
    return {
        "date": "2026-01-02", "command": "c", "machine": MACHINE, "not_to_keep": "", "load": [0.1, 1.0], "threads": 1,
        "minutes": 1.0, "kernels": ["Haswell"], "targets": targets.summary([measured]), "measurements": [measured],
    }  # fmt: skip


def test_ratio_is_above_one_where_rnnbook_is_faster():
    assert harness.ratio(measurement(2.0), measurement(3.0)) == 1.5
    assert harness.ratio(measurement(2.0, cpu=1.0), measurement(3.0), "cpu") == 3.0


def test_rounds_merge_to_medians_and_the_least_minimum():
    rounds = [measurement(3.0, min=2.5, faults=7), measurement(1.0, min=0.5), measurement(9.0, faults=2)]
    rounds = [r | {"kernels": "Haswell"} for r in rounds]
    assert harness.over_rounds(rounds) == {"wall": 3.0, "min": 0.5, "cpu": 3.0, "faults": 2}
    assert harness.over_rounds([{"kept": 7.0}, {"kept": 7.0}]) == {"kept": 7.0}


@pytest.fixture(autouse=True)
def nothing_was_tried(monkeypatch):
    """The notes grow with what is tried; a test brings its own."""
    monkeypatch.setattr(targets, "TRIED", ())


def test_a_row_fits_its_header_and_says_met_missed_or_noisy():
    columns = report.table_lines("training_step", TABLE | {"rows": []})
    assert len({text.count("|") for text in columns}) == 1
    assert line(0.01, 0.0105, 0.0101) == (
        "| LSTM | ptb | 10.00 (10.00, 10.00) | 0 | 10.50 (10.50, 10.50) | 0 | 1.05 | 1.05 | 1.01 | 2c: 1 met |"
    )
    assert line(0.01, 0.0090, 0.01).endswith("| 2c: 1 **missed by 0.10**, floor met |")
    assert line(0.01, 0.0080, 0.01).endswith("| 2c: 1 **missed by 0.20**, floor **missed by 0.05** |")
    assert line(0.01, 0.00999, 0.01).endswith("| 2c: 1 **missed by less than 0.01**, floor met |")
    assert line(0.01, 0.0050, 0.01, cell="GRU").endswith("| 1c: 1.3 **missed by 0.80** |")
    assert line(0.01, 0.0105, 0.0115).endswith("| 2c: 1 met (noisy) |")
    assert line(0.01, 0.0105, 0.01, cpu=0.005).endswith("| 2c: 1 met (noisy) |")  # it had to wait
    assert line(0.01, 0.0105, 0.01, cpu=0.005, threads=2).endswith("| 2d: 1 met |")
    assert line(0.01, None, 0.01).endswith("| – | – | – | – | 1.00 | – |")  # no torch
    for theirs in (0.005, None):
        assert line(0.01, theirs, 0.01).count("|") == columns[0].count("|")


def test_a_row_that_misses_shows_what_was_tried(monkeypatch):
    tried = [("training_step", {"cell": "LSTM", "dtype": "float32"}, "a fused kernel: 1.02"), ("memory", {}, "else")]
    monkeypatch.setattr(targets, "TRIED", tried)
    rows = [a_row(0.01, 0.009, 0.01), a_row(0.01, 0.009, 0.01, config="big"), a_row(0.01, 0.011, 0.01)]
    lines = report.table_lines("training_step", TABLE | {"rows": rows})
    assert [text.endswith("floor met [1] |") for text in lines[2:5]] == [True, True, False]
    assert lines[5:] == ["\n[1] Tried: a fused kernel: 1.02"]
    assert a_row(0.01, 0.009, 0.01, cell="GRU")["verdict"]["tried"] == []


def test_the_summary_counts_what_is_met_and_names_the_worst():
    found = targets.summary([{
        "name": "training_step",
        "tables": [TABLE | {"rows": [a_row(0.01, r, 0.01, config=c) for c, r in (("ptb", 0.012), ("big", 0.008), ("long", 0.009))]}],
    }])  # fmt: skip
    (one,) = found
    assert (one["number"], one["rows"], one["met"], one["above_floor"]) == ("2c", 3, 1, 2)
    assert one["worst"] == pytest.approx(0.8) and one["missed_by"] == pytest.approx(0.2)
    assert one["worst_case"] == "LSTM big (float32, 1 thread)"
    text = "\n".join(report.summary_lines(found))
    assert "≥ 1, floor 0.85 | 3 | 1, floor 2 | 0.80 (**missed by 0.20**) | LSTM big (float32, 1 thread) |" in text


def test_a_target_that_bounds_from_above():
    target = next(t for t in targets.TARGETS if t.number == "5a")
    assert targets.misses(target, 1.10) == 0 and targets.misses(target, 1.25) == pytest.approx(0.1)
    rows = [
        {"case": {"cell": "LSTM", "T": T, "sizes": [T, 8, 32, 64], "grows": "T", "dtype": "float32"}, "values": {},
         "measured": {"rnnbook": measurement(wall)}}
        for T, wall in ((100, 1.0), (10_000, 130.0))
    ]  # fmt: skip
    MODULES["scaling"].finish(rows)
    assert rows[1]["values"]["growth"] == pytest.approx(1.3)
    assert targets.judge("scaling", TABLE, rows[0]) is None
    assert targets.judge("scaling", TABLE, rows[1])["missed_by"] == pytest.approx(0.15)


def test_the_report_is_made_of_the_data_alone(monkeypatch, tmp_path, capsys):
    """What is written as numbers gives the same text again, with the targets of today."""
    monkeypatch.setattr(command, "DATA", tmp_path / "speed.json")
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    command.write(data(a_row(0.01, 0.0090, 0.01)))
    text = command.RESULTS.read_text("utf-8")
    assert (
        "| LSTM | ptb | 10.00" in text and "Load average 0.10 before" in text and "2026-01-02, `c`. Machine: P" in text
    )
    monkeypatch.setattr(targets, "TRIED", [("training_step", {}, "something else")])
    command.main(["--report"])
    again = command.RESULTS.read_text("utf-8")
    assert capsys.readouterr().out == again
    assert "\n[1] Tried: something else\n" in again
    assert again.replace(" [1] |", " |").replace("\n[1] Tried: something else\n", "") == text


def test_the_committed_report_and_data_are_of_one_run():
    kept = json.loads(command.DATA.read_text("utf-8"))
    assert {m["name"] for m in kept["measurements"]} == set(measurements.NAMES)
    first = command.RESULTS.read_text("utf-8").splitlines()[2]
    assert first.startswith(kept["date"]) and kept["command"] in first
    times = [f"{1e3 * r['measured']['rnnbook']['wall']:.2f}" for r in kept["measurements"][0]["tables"][0]["rows"]]
    assert all(f"| {t} (" in command.RESULTS.read_text("utf-8") for t in times)


# -- the command line ----------------------------------------------------------------------------------------
def test_two_threads_are_refused_on_a_busy_machine(monkeypatch, capsys):
    monkeypatch.setattr(command.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(harness, "load", lambda: 1.5)
    for arguments in ([], ["--write"], ["--threads", "2"]):
        with pytest.raises(SystemExit):
            command.parse(arguments)
        assert "load average 1.50: the machine is busy" in capsys.readouterr().err
    assert {table.threads for _, table in command.parse(["--threads", "1"]).plan} == {1}
    assert command.parse(["--threads", "2", "--force"]).force
    assert command.parse(["generation"]).plan  # one thread alone
    monkeypatch.setattr(harness, "load", lambda: 0.1)
    assert {table.threads for _, table in command.parse([]).plan} == {1, 2}


def test_a_choice_of_rows_and_measurements(monkeypatch, capsys):
    monkeypatch.setattr(harness, "load", lambda: 0.0)
    monkeypatch.setattr(command.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(harness, "newer_instructions", lambda: ["AVX512F"])
    found = command.parse(
        ["training_step", "memory", "--cells", "GRU", "--configs", "ptb", "long", "--dtype", "float64"]
    ).plan
    assert [(name, table.threads, [one.get("config") for one in table.cases]) for name, table in found] == [
        ("training_step", 1, ["ptb", "long"]), ("training_step", 2, ["ptb", "long"]), ("memory", 1, [None]),
    ]  # fmt: skip
    everything, quick = command.parse([]).plan, command.parse(["--quick"])
    assert [name for name, _ in quick.plan] == list(measurements.NAMES) and (quick.rounds, quick.seconds) == (1, 0.05)
    assert sum(table.avx2 for _, table in everything) == 2
    held = command.parse(["--avx2"]).plan
    assert all(table.avx2 for _, table in held) and len(held) == len(everything) - 2
    monkeypatch.setattr(harness, "newer_instructions", list)  # nothing to hold back
    assert len(command.parse([]).plan) == len(everything) - 2
    for wrong in (["speed"], ["memory", "--dtype", "float64", "--cells", "GRU", "--threads", "2"], ["--rounds", "0"]):
        with pytest.raises(SystemExit):
            command.parse(wrong)


def test_no_process_inherits_what_slows_one_library_alone(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    native, held = harness.environment(2, avx2=False), harness.environment(1, avx2=True)
    assert "OPENBLAS_CORETYPE" not in native and native["OMP_NUM_THREADS"] == "2"
    assert held["OPENBLAS_CORETYPE"] == "Haswell" and held["ONEDNN_MAX_CPU_ISA"] == "AVX2"


@pytest.mark.parametrize(
    "wrong", [["--quick"], ["--rounds", "2"], ["--seconds", "0.5"], ["memory"], ["--cells", "GRU"], ["--avx2"]]
)
def test_only_a_full_measurement_is_written(wrong, capsys):
    with pytest.raises(SystemExit):
        command.parse(["--write", *wrong])
    assert "--write wants the full run" in capsys.readouterr().err


def test_turns_alternate_and_each_has_a_process_of_its_own(monkeypatch):
    tasks = []
    monkeypatch.setattr(harness, "run", lambda task: tasks.append(task) or [measurement(1.0) for _ in task["cases"]])
    table = measurements.Table([case(), case("GRU")], threads=2)
    rows = harness.measure("training_step", table, 2, 0.1, ["rnnbook", "torch", "control"])
    assert [(t["implementation"], len(t["cases"])) for t in tasks] == [("rnnbook", 1), ("torch", 1), ("rnnbook", 1)] * 4
    assert {t["threads"] for t in tasks} == {2} and [row["case"]["cell"] for row in rows] == ["LSTM", "GRU"]
    tasks.clear()
    table.together = True
    assert len(harness.measure("training_step", table, 2, 0.1, ["rnnbook", "torch", "control"])) == 2
    assert [len(t["cases"]) for t in tasks] == [2] * 6


def test_without_torch_rnnbook_is_timed_alone(monkeypatch, capsys, tmp_path):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "torch" else found(name, *a))
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(command, "DATA", tmp_path / "speed.json")
    command.main(["training_step", "--cells", "Elman", "--configs", "minchar", "--quick"])
    out = capsys.readouterr().out
    assert 'pip install "rnnbook[bench]"' in out
    assert "| Elman | minchar | " in out and "| – | – | – | – |" in out

    monkeypatch.setattr(harness, "run", lambda task: fake(task))
    monkeypatch.setattr(harness, "check_results", lambda name, table: None)
    monkeypatch.setattr(harness, "load", lambda: 0.0)
    monkeypatch.setattr(command.os, "cpu_count", lambda: 2)
    command.main(["--write"])
    assert "PyTorch is missing: RESULTS.md and speed.json stay as they are." in capsys.readouterr().out
    assert not command.RESULTS.exists() and not command.DATA.exists()


def fake(task):
    """What a process would find, without one."""
    if task["measurement"] == "operations":
        return [{} if task["implementation"] == "rnnbook" else {"operations": 9, "fused": 0}] * len(task["cases"])
    counts = {"ms": 1.0, "modules": 1}
    if task["measurement"] == "memory":
        return [{"peak": 1.0} if one["what"] == "truncated BPTT" else {"kept": 1.0} for one in task["cases"]]
    return [counts if task["measurement"] == "import_time" else measurement(0.001) for _ in task["cases"]]


def test_a_full_run_is_written_and_names_no_folder(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(command, "DATA", tmp_path / "speed.json")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: True)
    monkeypatch.setattr(harness, "machine", lambda: MACHINE)
    monkeypatch.setattr(harness, "run", fake)
    monkeypatch.setattr(harness, "check_results", lambda name, table: None)
    monkeypatch.setattr(harness, "load", lambda: 0.0)
    monkeypatch.setattr(command.os, "cpu_count", lambda: 2)
    command.main(["--write"])
    out, written = capsys.readouterr().out, command.RESULTS.read_text(encoding="utf-8")
    assert sorted(out.split()) == sorted(written.split())  # printed as it comes; written with the targets first
    assert "`python -m benchmarks --write`" in written and "no result to keep" not in written
    kept = command.DATA.read_text("utf-8")
    for text in (written, kept):
        assert str(Path.home()) not in text and str(harness.ROOT) not in text
    assert [m["name"] for m in json.loads(kept)["measurements"]] == list(measurements.NAMES)
