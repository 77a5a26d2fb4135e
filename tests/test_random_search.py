"""Chapter 13's random search: the same trials in a loop and on a Dask cluster."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
joblib = pytest.importorskip("joblib")

CHAPTER = Path(__file__).parents[1] / "book" / "13-tips.ipynb"
CELLS = ("imports", "data", "make-net", "trial")


@pytest.fixture(scope="module")
def trial():
    """The chapter's own `trial`: its cells are run, not copied."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(CHAPTER.read_text("utf-8"))["cells"]}
    names = {"__name__": "__main__"}  # so that a worker gets the function itself, and not a module to import
    for cell in CELLS:
        exec(compile(cells[cell], cell, "exec"), names)
    return names["trial"]


def same(one, other):
    for (drawn, loss, right), (drawn_2, loss_2, right_2) in zip(one, other, strict=True):
        assert drawn == drawn_2
        assert np.isclose(loss, loss_2, rtol=1e-5)
        assert np.array_equal(right, right_2)


def test_a_trial_depends_on_its_seed_and_number_alone(trial):
    first, again, other = trial(0, 1), trial(0, 1), trial(0, 2)
    same([first], [again])
    assert first[0] != other[0]
    assert 1e-4 <= first[0]["rate"] <= 1 and 4 <= first[0]["units"] <= 64


def test_a_cluster_gives_what_the_loop_gives(trial):
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed")
    alone = [trial(0, k) for k in range(4)]
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        found = joblib.Parallel()(joblib.delayed(trial)(0, k) for k in range(4))
    same(alone, found)
