"""The quickstart does what it says, word for word: the README's block, and those of the page that shows it."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

import rnnbook as rb

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "book" / "quickstart.md").read_text("utf-8")


def blocks(text):
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.M | re.S)


START, END = re.search(
    r"^```\{include\} \.\./README\.md\n:start-after: (.+)\n:end-before: (.+)\n```$", PAGE, re.M
).groups()
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder after the quickstart has run in it, and its names."""
    folder, before, names = tmp_path_factory.mktemp("quickstart"), os.getcwd(), {}
    os.chdir(folder)
    try:
        exec(blocks(README)[0], names)
    finally:
        os.chdir(before)
    return folder, names


def test_the_page_shows_the_block_of_the_readme():
    assert README.count(START) == README.count(END) == 1
    shown = README.split(START)[1].split(END)[0]
    assert shown.strip() == f"```python\n{blocks(README)[0]}```"


def test_it_is_short():
    assert len(blocks(README)[0].splitlines()) < 30


def test_it_trains_saves_reloads_and_exports(done):
    folder, names = done
    model, again = names["model"], names["again"]
    assert rb.accuracy(names["logits"], names["test"].targets, names["test"].mask) == 1
    assert names["history"]["loss"][0] > 0.6 and names["history"]["loss"][-1] < 0.01
    assert again is not model and (folder / "model.npz").is_file()
    assert all(np.array_equal(again.params[name], p) for name, p in model.params.items())
    with np.load(folder / "for-pytorch.npz") as weights:
        assert weights["lstm.weight_ih_l0"].shape == (64, 6) and weights["out.bias"].shape == (2,)


@pytest.fixture
def after(done, monkeypatch):
    """Run the block of the page that holds a word, where the quickstart has run."""

    def run(word):
        (block,) = [block for block in blocks(PAGE) if word in block]
        monkeypatch.chdir(done[0])
        names = {}
        exec(block, names)
        return names

    return run


@pytest.mark.torch
def test_pytorch_reads_the_weights(done, after):
    torch = pytest.importorskip("torch")
    net, ids = after("torch.nn")["net"], done[1]["test"].inputs
    with torch.no_grad():
        theirs = net(torch.from_numpy(np.eye(6, dtype=np.float32)[ids])).numpy()
    assert np.abs(theirs - done[1]["logits"]).max() < 1e-4


def test_the_onnx_file_runs(done, after):
    pytest.importorskip("onnx")
    after("export_onnx")
    runtime = pytest.importorskip("onnxruntime")
    (y,) = runtime.InferenceSession(str(done[0] / "model.onnx")).run(["y"], {"x": done[1]["test"].inputs})
    assert np.abs(y - done[1]["logits"]).max() < 1e-4


def test_the_widget_takes_the_trained_cell(done, after):
    pytest.importorskip("anywidget")
    stepper = after("stepper")["stepper"]
    assert np.array_equal(stepper.layer().params["W"], done[1]["model"].params["lstm.W"])
    assert len(stepper.inputs) == 6


def test_every_block_of_the_page_is_run():
    assert len(blocks(PAGE)) == 3
