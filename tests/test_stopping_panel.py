"""Early stopping: the rule is the Trainer's, and the page follows it epoch by epoch."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook import train as training
from rnnbook.widgets.stopping_panel import StoppingPanel, ends, example, four, watch

TRAIN, HELD, TEST = example()
SVG = "{http://www.w3.org/2000/svg}"


def panel_of(**options):
    return StoppingPanel(TRAIN, HELD, test=TEST, **options)


# -- Python


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"validation": 3.0}, ValueError, r"validation must have shape \(epochs\)|validation must have shape"),
        ({"validation": [1.0], "train": [1.0]}, ValueError, "validation must hold 2 to 200 epochs, got 1"),
        (
            {"validation": [1.0] * 201, "train": [1.0] * 201},
            ValueError,
            "validation must hold 2 to 200 epochs, got 201",
        ),
        ({"validation": ["a", "b"]}, TypeError, "validation must hold real numbers"),
        ({"validation": [1.0, float("nan")]}, ValueError, "validation must be finite, got nan"),
        ({"validation": [1.0, 1e13]}, ValueError, "validation must lie between .*, got 1e[+]13"),
        ({"train": [1.0, 2.0, 3.0]}, ValueError, r"train must have shape \(2,\), got \(3,\)"),
        ({"test": [1.0]}, ValueError, r"test must have shape \(2,\), got \(1,\)"),
        ({"patience": 0}, ValueError, "patience must be at least 1, got 0"),
        ({"patience": 51}, ValueError, "patience must be .* at most 50, got 51"),
        ({"patience": 1.5}, TypeError, "patience must be an integer"),
        ({"min_gain": -0.1}, ValueError, "min_gain must be a finite number, at least 0"),
        ({"min_gain": "0"}, TypeError, "min_gain must be a number"),
        ({"epoch": 0}, ValueError, "epoch must be at least 1"),
        ({"epoch": 3}, ValueError, "epoch must be .* at most 2, got 3"),
    ],
)
def test_wrong_arguments_are_named(change, error, message):
    with pytest.raises(error, match=message):
        StoppingPanel(**{"train": [2.0, 1.0], "validation": [2.0, 1.0]} | change)


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    panel = StoppingPanel(np.array([3, 2, 1]), (3.0, 2.5, 2.6), patience=np.int64(2), epoch=2)
    assert json.loads(json.dumps(panel.state(), allow_nan=False)) == {
        "train": [3.0, 2.0, 1.0],
        "validation": [3.0, 2.5, 2.6],
        "test": [],
        "patience": 2,
        "min_gain": 0.0,
        "epoch": 2,
    }
    panel.epoch, panel.patience, panel.min_gain = 3, 1, 0.25
    assert (panel.epoch, panel.patience, panel.min_gain) == (3, 1, 0.25)
    for name, wrong in (("epoch", 4), ("patience", 0), ("min_gain", -1)):
        with pytest.raises(ValueError, match=name):
            setattr(panel, name, wrong)


@pytest.mark.parametrize("patience", [1, 2, 3, 7])
@pytest.mark.parametrize("seed", range(6))
def test_the_rule_is_the_trainers(monkeypatch, patience, seed):
    """The Trainer's own code, with validation losses that are given to it; ties among them."""
    losses = [float(v) for v in np.random.default_rng(seed).integers(0, 12, 15)]
    trainer = object.__new__(training.Trainer)
    trainer.history, trainer.num_updates = training.new_history(), 0
    trainer._best, trainer._best_loss, trainer._stale, trainer._stopped = {}, np.inf, 0, False
    trainer.loss = None
    trainer.model = type("Model", (), {"params": {}})()
    left = iter(losses)
    monkeypatch.setattr(training, "evaluate", lambda *_: next(left))
    counters = []
    while trainer.num_updates < len(losses) and not trainer._stopped:
        trainer.num_updates += 1
        trainer._validate([], patience)
        counters.append(trainer._stale)
    panel = StoppingPanel(losses, losses, patience=patience)
    assert panel.stop() == (trainer.num_updates, trainer.history["best_update"])
    assert panel.counters() == counters and panel.watch().stopped is trainer._stopped


def test_a_least_gain():
    losses = [1.0, 0.95, 0.9, 0.85, 0.8, 0.75]
    assert watch(losses, 2) == ([0] * 6, [1, 2, 3, 4, 5, 6], False)
    # Each gain is too small by itself, but what adds up against the last best counts.
    assert watch(losses, 3, 0.08) == ([0, 1, 0, 1, 0, 1], [1, 1, 3, 3, 5, 5], False)
    assert watch(losses, 2, 0.125) == ([0, 1, 2], [1, 1, 1], True)
    # Exactly the least gain is not more than it.
    assert watch([1.0, 0.5], 1, 0.5).stopped and not watch([1.0, 0.5], 1, 0.49).stopped


@pytest.mark.parametrize("panel", StoppingPanel.gallery().values(), ids=StoppingPanel.gallery())
def test_the_still_picture_says_what_it_shows(panel):
    figure = ElementTree.fromstring(panel.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    caption, (stop, best) = figure.find("figcaption").text, panel.stop()
    assert svg.get("role") == "img" and caption in svg.get("aria-label")
    assert four(panel.validation[panel.watch().bests[panel.epoch - 1] - 1]) in caption
    dotted = svg.findall(f"{SVG}path[@class='l']")
    if panel.epoch == stop:
        assert f"after epoch {stop} of {len(panel.validation)}, and the weights of epoch {best} come back" in caption
        assert len(dotted) == (2 + bool(panel.test) if stop < len(panel.validation) else 0)
        assert (f"test loss is {four(panel.test[best - 1])}" in caption) if panel.test else "test" not in caption
    else:
        assert f"the counter is at {panel.counters()[panel.epoch - 1]} of {panel.patience}." in caption
        assert dotted == []
    curve = svg.find(f"{SVG}path[@class='v']").get("d")
    assert len(re.findall(r"[\d.]+ [\d.]+", curve)) == min(panel.epoch, stop)
    assert "var(--gs-ink,currentColor)" in panel.still() and len(panel.still()) < 6000


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = 'globalThis.rnnbook["stopping-panel"]'


def page(panel, **look):
    return widget_gallery.page({"": panel.to_html()}, page_scripts("stopping-panel"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-stopping-panel').store.get()")


def said(tab):
    return tab.locator(".say[aria-live=polite]").inner_text().replace("\n", " ")


def readings(tab):
    return [cell.inner_text().split("\n") for cell in tab.locator(".marks > div").all()]


@browser
def test_the_page_follows_pythons_rule(chromium):
    rng = np.random.default_rng(3)
    cases = [(rng.integers(0, 20, 30) / 7, int(p), float(g)) for p in (1, 2, 4, 9, 50) for g in (0, 1 / 7, 0.3)]
    cases = [([float(v) for v in losses], p, g) for losses, p, g in cases] + [(HELD, 5, 0.0), (HELD, 5, 0.03)]
    with opened(chromium, page(panel_of())) as tab:
        found = tab.evaluate(
            f"cases => cases.map(([v, p, g]) => {{ const f = {MODULE}.watch(v, p, g); return [f.counters, f.bests, f.stopped]; }})",
            cases,
        )
        assert found == [list(watch(*case)) for case in cases]
        assert {stopped for *_, stopped in found} == {True, False}
        np.testing.assert_allclose(tab.evaluate(f"s => {MODULE}.ends(s)", panel_of().state()), ends(panel_of()))


@browser
def test_stepping_goes_epoch_by_epoch_to_the_stop(chromium):
    panel = panel_of()
    seen, (stop, best) = panel.watch(), panel.stop()
    with opened(chromium, page(panel)) as tab:
        step = tab.get_by_role("button", name="Step")
        for epoch in range(1, stop + 1):
            assert state(tab)["epoch"] == epoch
            assert tab.locator(".bar").count() == epoch
            assert tab.locator("text.end.strong").first.text_content() == str(seen.counters[epoch - 1])
            assert readings(tab)[0][1:] == [four(HELD[seen.bests[epoch - 1] - 1]), f"epoch {seen.bests[epoch - 1]}"]
            # Nothing that lies ahead is shown before the stop.
            curve = tab.locator("path.validation").get_attribute("d") or ""
            assert len(re.findall("[ML]", curve)) == (epoch if epoch > 1 else 0)
            assert (tab.locator("path.later").count() > 0) is (epoch == stop)
            assert (readings(tab)[1][1] == "–") is (epoch < stop)
            if epoch < stop:
                step.click()
        assert step.get_attribute("aria-disabled") == "true"
        low = [int(np.argmin(curve)) + 1 for curve in (HELD, TEST)]
        assert low[0] == best != low[1]
        assert readings(tab)[1:] == [
            ["Epochs not run", str(40 - stop), "of 40"],
            ["Validation, returned", four(HELD[best - 1]), "the lowest of all"],
            ["Test, returned", four(TEST[best - 1]), f"lowest {four(TEST[low[1] - 1])}, epoch {low[1]}"],
        ]


@browser
def test_the_words_say_it(chromium):
    losses = [0.9, 0.7, 0.8, 0.65, 0.6, 0.7, 0.7]
    with opened(chromium, page(StoppingPanel(losses, losses, patience=2, min_gain=0.06))) as tab:
        step = tab.get_by_role("button", name="Step")
        told = [said(tab)]
        for _ in range(3):
            step.click()
            told.append(said(tab))
        assert told == [
            "Epoch 1: the validation loss is 0.9, the first best. Its weights are kept.",
            "Epoch 2: 0.7 is a new best. Its weights are kept, and the counter is back at 0.",
            "Epoch 3: 0.8 is not below 0.7, the best. The counter goes to 1 of 2.",
            "Stopped after epoch 4: the counter has reached 2. The weights of epoch 2 come back, with loss 0.7.",
        ]
        assert readings(tab)[2] == ["Validation, returned", "0.7", "lowest 0.6, epoch 5"]
        tab.get_by_role("slider", name="Patience").fill("3")
        assert said(tab) == "Epoch 4: 0.65 is below 0.7, but not by more than 0.06. The counter goes to 2 of 3."
        tab.get_by_role("button", name="On to the stop").click()
        assert (
            said(tab)
            == "All 7 epochs have run, with the counter at 2 of 3. The weights of epoch 5 come back, with loss 0.6."
        )
        assert len(readings(tab)) == 3  # without a test


@browser
def test_the_sliders_move_the_stop(chromium):
    panel = panel_of(epoch=40)
    with opened(chromium, page(panel)) as tab:
        patience, gain = (tab.get_by_role("slider", name=name) for name in ("Patience", "Least gain"))
        stops = set()
        for p, k in ((1, 0), (5, 0), (40, 0), (5, 6), (5, 20), (2, 40)):
            patience.fill(str(p))
            gain.fill(str(k))
            got = state(tab)
            panel.patience, panel.min_gain = p, got["min_gain"]
            by = tab.evaluate(f"s => {MODULE}.gainStep(s)", panel.state() | {"min_gain": 0.0})
            assert got["patience"] == p and got["min_gain"] == pytest.approx(k * by)
            stop, best = panel.stop()
            stops.add(stop)
            assert f"after epoch {stop}:" in said(tab) or f"All {stop} epochs" in said(tab)
            assert f"The weights of epoch {best} come back" in said(tab)
        assert len(stops) >= 4
        assert 40 * by >= 0.19 * (ends(panel)[1] - ends(panel)[0])


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_the_drawing_shows_the_numbers(chromium, width):
    panel = panel_of()
    stop, best = panel.stop()
    panel.epoch = stop
    with opened(chromium, page(panel), width=width) as tab:
        points = np.array(re.findall(r"([\d.]+) ([\d.]+)", tab.locator("path.validation").get_attribute("d")), float)
        low, high = ends(panel)
        shares = np.minimum(1.03, (np.array(HELD[:stop]) - low) / (high - low))
        fit = np.polyfit(shares, points[:, 1], 1)
        np.testing.assert_allclose(np.polyval(fit, shares), points[:, 1], atol=0.2)
        assert fit[0] < -100
        dot = tab.locator("circle.dot")
        assert [float(dot.get_attribute(k)) for k in ("cx", "cy")] == pytest.approx(points[best - 1], abs=0.1)
        heights = [float(bar.get_attribute("height")) for bar in tab.locator(".bar").all()]
        np.testing.assert_allclose(np.array(heights) / heights[-1], np.array(panel.counters()) / 5, atol=0.01)
        assert float(re.match(r"M([\d.]+)", tab.locator("path.stop").get_attribute("d"))[1]) == points[-1, 0]
        assert tab.get_by_text(f"stops at {stop}").count() == 1


@browser
def test_the_keyboard_steps(chromium):
    panel = panel_of(epoch=20)
    stop = panel.stop()[0]
    with opened(chromium, page(panel)) as tab:
        tab.get_by_role("button", name="Step").focus()
        for key, epoch in (("ArrowRight", 21), ("ArrowLeft", 20), ("Home", 1), ("ArrowLeft", 1), ("End", stop), ("ArrowRight", stop), ("ArrowLeft", stop - 1), ("q", stop - 1)):  # fmt: skip
            tab.keyboard.press(key)
            assert state(tab)["epoch"] == epoch
    # Past the stop one step back leads before it.
    with opened(chromium, page(panel_of(epoch=40))) as tab:
        tab.get_by_role("button", name="Back one epoch").click()
        assert state(tab)["epoch"] == stop - 1


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_is_left_over_and_nothing_shifts(chromium, width, lang):
    with opened(chromium, page(panel_of(), lang=lang), width=width) as tab:
        twins, tops, texts = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-stopping-panel'), found = new Set(), tops = new Set(), texts = new Set();
              for (const [patience, min_gain] of [[1, 0], [5, 0], [5, 0.03], [50, 0], [50, 0.2]]) for (let epoch = 1; epoch <= 40; epoch++) {
                element.store.set({ patience, min_gain, epoch });
                const root = element.shadowRoot;
                for (const e of root.querySelectorAll('*')) {
                  const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                  if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                }
                tops.add(['.transport', '.marks'].map((c) => root.querySelector(c).getBoundingClientRect().top).join());
                // No two texts of the drawing lie on each other.
                const boxes = [...root.querySelectorAll('.drawing text')].map((t) => [t.textContent, t.getBoundingClientRect()]);
                for (const [a, p] of boxes) for (const [b, q] of boxes)
                  if (p !== q && p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 4 && q.top < p.bottom - 4) texts.add(`${a} on ${b} (patience ${patience}, epoch ${epoch})`);
              }
              return [[...found], [...tops], [...texts]];
            }"""
        )
        assert twins == [] and texts == [] and len(tops) == 1


@browser
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patience": 0}, "patience must lie between 1 and 50, and is 0"),
        ({"patience": 2.5}, "patience must be a whole number"),
        ({"min_gain": -1}, "min_gain must lie between 0"),
        ({"min_gain": "0"}, "min_gain must be a finite number"),
        ({"epoch": 41}, "epoch must lie between 1 and 40, and is 41"),
        ({"validation": [1]}, "validation.length must lie between 2 and 200"),
        ({"train": [1, 2]}, "train must have 40 entries, and has 2"),
        ({"test": [1, 2]}, "test must have 40 entries, and has 2"),
        ({"validation": [None] * 40}, "validation[0] must be a finite number"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, message):
    with opened(chromium, page(panel_of())) as tab:
        text = json.dumps(panel_of().state() | change)
        tab.evaluate("s => { document.querySelector('rb-stopping-panel').dataset.state = s }", text)
        assert message in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(panel_of(epoch=40), lang="ko")) as tab:
        assert (
            said(tab)
            == "에폭 22에서 멈췄습니다. 횟수가 5에 이르렀습니다. 손실이 0.3774인 에폭 17의 가중치를 되돌립니다."
        )
        assert tab.get_by_role("slider", name="인내").count() == 1
