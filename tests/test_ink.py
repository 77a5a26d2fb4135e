"""Ink in two units: what is left of it in Python, and the same numbers and drawing in the browser."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnbook.recurrent import Recurrent

pytest.importorskip("anywidget")
from rnnbook.widgets.ink import STEPS, Ink
from rnnbook.widgets.shares import gate, scientific, share

SVG = "{http://www.w3.org/2000/svg}"


# -- Python


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"u": 1.6}, ValueError, "u must be .* at most 1.5, got 1.6"),
        ({"u": -0.1}, ValueError, "u must be .* at least 0"),
        ({"u": "1"}, TypeError, "u must be a number"),
        ({"bias": 8.5}, ValueError, "bias must be .* at most 8"),
        ({"bias": float("nan")}, ValueError, "bias must be a finite number"),
        ({"noise": -1}, ValueError, "noise must be .* at least 0"),
        ({"noise": 2.1}, ValueError, "noise must be .* at most 2"),
        ({"steps": 13}, ValueError, "steps must be one of 12, 23, .*, 100, got 13"),
        ({"steps": 12.0}, TypeError, "steps must be an integer"),
        ({"t": 13}, ValueError, "t must be at most 12, got 13"),
        ({"t": 0}, ValueError, "t must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": None}, TypeError, "seed must be an integer"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        Ink(**arguments)


def test_the_state_is_plain_json():
    state = json.loads(json.dumps(Ink().state(), allow_nan=False))
    assert list(state) == ["u", "bias", "noise", "steps", "t", "paint", "cells"]
    assert len(state["paint"]) == 99 and state["paint"] != Ink(seed=2).state()["paint"]


def test_the_kernel_may_move_and_is_checked():
    ink = Ink(t=12)
    ink.set_state({"steps": 100, "t": 100})  # as the page sends it
    assert (ink.steps, ink.t) == (100, 100)
    ink.steps = 34
    assert ink.t == 34
    for name, wrong in (("u", 2.0), ("bias", -3.0), ("noise", 3.0), ("steps", 35), ("t", 35)):
        with pytest.raises(ValueError, match=name):
            setattr(ink, name, wrong)


def test_twelve_swatches_for_every_number_of_steps():
    assert STEPS[0] == 12 and STEPS[-1] == 100
    for steps in STEPS:
        shown = Ink(steps=steps).shown()
        assert len(shown) == 12 and shown[0] == 1 and shown[-1] == steps


@pytest.mark.parametrize("arguments", [{}, {"u": 1.5, "bias": -2, "noise": 2}, {"u": 0.3, "bias": 8, "noise": 1}])
def test_what_is_left_is_the_slope_of_the_state(arguments):
    """Nudge x_1 and run forward: no backward pass is involved."""
    ink = Ink(**arguments)
    x, step = ink.inputs(), 1e-6
    for unit, cell in ink.units().items():
        nudge = np.zeros_like(x)
        nudge[0, 0] = step
        up, down = (Recurrent(cell)((x + sign * nudge)[:, None])[0][:, 0, 0] for sign in (1, -1))
        slope = np.abs(up - down) / (2 * step)
        assert np.allclose(ink.left()[unit], slope / slope[0], atol=1e-7)


def test_without_paint_the_elman_unit_multiplies_by_u():
    for u in (0, 0.5, 1, 1.5):
        assert np.allclose(Ink(u, noise=0, steps=100).left()["elman"], float(u) ** np.arange(100), rtol=1e-12)


def test_without_paint_the_lstm_unit_multiplies_by_its_forget_gate():
    for bias in (-2, 0, 3, 8):
        left = Ink(bias=bias, noise=0).left()["lstm"]
        f = 1 / (1 + np.exp(-bias))
        assert np.allclose(left[2:] / left[1:-1], f, atol=5e-4)  # the small weights add less than that
        assert (left <= 1).all()
    assert Ink(bias=0, noise=0).left()["lstm"][-1] < 1e-3  # it loses the ink as well


def test_the_bias_reaches_the_forget_gate_alone():
    cell = Ink(bias=4).units()["lstm"]
    assert cell.params["b"].tolist() == [-5, 4, 0, 2] and cell.GATES == "ifgo"


@pytest.mark.parametrize("ink", Ink.gallery().values(), ids=list(Ink.gallery()))
def test_the_still_picture_says_what_it_shows(ink):
    figure = ElementTree.fromstring(ink.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    numbers = [share(v[t - 1], coarse=-10) for v in ink.left().values() for t in ink.shown()]
    texts = [t.text for t in svg.iter(f"{SVG}text")]
    assert [t for t in texts if t in numbers and not t.isdigit()] == numbers
    label = svg.get("aria-label")
    assert svg.get("role") == "img" and ", ".join(numbers[:12]) in label and ", ".join(numbers[12:]) in label
    opacities = [float(r.get("fill-opacity")) for r in svg.iter(f"{SVG}rect") if r.get("class") == "s"]
    wanted = [min(1, v[t - 1]) for v in ink.left().values() for t in ink.shown()]
    assert np.allclose(opacities, wanted, atol=6e-4)
    text = ink.still()
    assert "var(--gs-h,currentColor)" in text and "#" not in text.replace("#999", "") and len(text) < 12_000


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = "globalThis.rnnbook.ink"


def page(ink, **look):
    return widget_gallery.page({"": ink.to_html()}, page_scripts("ink"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-ink').store.get()")


def move(tab, name, value):
    tab.get_by_role("slider", name=name).evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })) }", value
    )


@browser
def test_the_page_computes_pythons_numbers(chromium):
    rng = np.random.default_rng(0)
    inks = [Ink(0, -2, 0), Ink(1.5, 8, 2, steps=100), Ink(1.5, -2, 0, steps=100)]
    inks += [
        Ink(rng.uniform(0.1, 1.5), rng.uniform(-2, 8), rng.uniform(0, 2), steps=steps, t=5, seed=seed)
        for seed, steps in enumerate(STEPS * 5)
    ]
    with opened(chromium, page(Ink())) as tab:
        for ink in inks:
            found = tab.evaluate(f"s => {MODULE}.compute(s)", ink.state())
            assert found["at"] == ink.shown()
            for unit, left in ink.left().items():
                np.testing.assert_allclose(found["shares"][unit], left[np.array(ink.shown()) - 1], rtol=1e-10, atol=0)
                np.testing.assert_allclose(found["now"][unit], left[ink.t - 1], rtol=1e-10, atol=0)


@browser
def test_shares_are_written_as_in_python(chromium):
    values = [0.0, 1.0, 1.004, 1.006, 1.09, 1.1, 9.94, 9.96, 998.0, 999.5, 2.7e17, 0.99996, 0.9999, 0.9991, 0.991]
    values += [0.5, 0.0996, 0.0994, 0.00996, 0.00994, 0.000996, 0.00099, 9.96e-6, 1e-12, 9.99e-101, 3e-200]
    values += [float(v) for v in 10 ** np.random.default_rng(0).uniform(-120, 12, 500)]
    biases = [float(b) for b in np.arange(-30, 101) / 10]
    with opened(chromium, page(Ink())) as tab:
        tools = tab.evaluate("values => values.map((v) => globalThis.rnnbook.shares.share(v))", values)
        assert tools == [share(v) for v in values]
        coarse = tab.evaluate("v => v.map((v) => globalThis.rnnbook.shares.share(v, Math.log10(v), -10))", values)
        assert coarse == [share(v, coarse=-10) for v in values] != tools
        logs = [-13.6, -1324.3, -99.999, -9.9999, -10.0001]
        found = tab.evaluate("v => v.map((v) => globalThis.rnnbook.shares.scientific(v))", logs)
        assert found == [scientific(v) for v in logs]
        found = tab.evaluate(
            "b => b.map((b) => [globalThis.rnnbook.shares.gate(b), globalThis.rnnbook.shares.gate(b, 1)])", biases
        )
        assert found == [[gate(b), gate(b, 1)] for b in biases]


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_swatches_numbers_and_bars_show_what_is_left(chromium, width):
    for ink in (Ink(0.6, 1.0, 0.5, t=12), Ink(1.0, 2.0, 0.5, steps=100, t=100)):
        with opened(chromium, page(ink), width=width) as tab:
            left = {unit: v[np.array(ink.shown()) - 1] for unit, v in ink.left().items()}
            for unit, values in left.items():
                texts = tab.locator(f".value.{unit}").all_text_contents()
                assert texts == [share(v, coarse=-10) for v in values]
            found = tab.evaluate(
                """() => ["dye", "bar"].map((cls) => [...document.querySelector("rb-ink").shadowRoot.querySelectorAll("." + cls)].map(
                  (e) => +e.getAttribute(cls === "dye" ? "fill-opacity" : "height")))"""
            )
            pairs = np.array([v for both in zip(*left.values(), strict=True) for v in both])
            assert np.allclose(found[0], np.minimum(pairs, 1), atol=1e-4)
            full = 30 if width > 600 else 22
            decades = 6 if ink.steps == 12 else 24
            assert np.allclose(found[1], np.clip(1 + np.log10(pairs) / decades, 0, 1) * full, atol=1e-6)


@browser
def test_ink_that_grows_is_marked_and_told(chromium):
    ink = Ink(1.5, 6, 0, t=12)
    with opened(chromium, page(ink)) as tab:
        assert tab.locator(".up").count() == 11
        assert tab.locator(".value.elman").last.text_content() == "×86"
        said = tab.locator(".say").inner_text()
        assert said == "After 12 steps the ink in the Elman unit has grown (×86); 98% is left in the LSTM unit."
        assert tab.locator(".dye").last.get_attribute("fill-opacity") != "1.0000"  # the LSTM's
    with opened(chromium, page(Ink(t=12))) as tab:
        assert tab.locator(".up").count() == 0


@browser
def test_the_words_say_both_numbers(chromium):
    ink = Ink(t=7)
    elman, lstm = (share(v[6]) for v in ink.left().values())
    with opened(chromium, page(ink)) as tab:
        say = tab.locator(".say[aria-live=polite]")
        assert (
            say.inner_text() == f"After 7 steps {elman} of the ink is left in the Elman unit, {lstm} in the LSTM unit."
        )
        tab.locator(".step").click()
        elman, lstm = (share(v[7]) for v in ink.left().values())
        assert f"After 8 steps {elman}" in say.inner_text() and f"{lstm} in the LSTM" in say.inner_text()
        move(tab, "forget bias", 0)
        assert share(Ink(bias=0.0).left()["lstm"][7]) in say.inner_text()


@browser
def test_nothing_is_shown_before_its_step_until_something_is_turned(chromium):
    with opened(chromium, page(Ink())) as tab:
        assert tab.locator(".value").count() == 2 and tab.locator(".dot").count() == 22
        assert "12:" not in tab.locator(".drawing").get_attribute("aria-label")
        tab.locator(".step").click()
        assert tab.locator(".value").count() == 4
        move(tab, "Grey paint", 1)
        assert tab.locator(".value").count() == 24 and state(tab)["t"] == 2
        assert f"12: {share(Ink(noise=1.0).left()['elman'][11])}" in tab.locator(".drawing").get_attribute("aria-label")
        tab.get_by_role("button", name="To the first step").click()
        assert tab.locator(".value").count() == 2


@browser
def test_the_keyboard_steps_from_swatch_to_swatch(chromium):
    with opened(chromium, page(Ink(steps=100))) as tab:
        tab.locator(".step").focus()
        for key, t in (("ArrowRight", 10), ("ArrowRight", 19), ("ArrowLeft", 10), ("End", 100), ("ArrowRight", 100)):
            tab.keyboard.press(key)
            assert state(tab)["t"] == t
        tab.keyboard.press("Home")
        tab.keyboard.press("ArrowLeft")
        assert state(tab)["t"] == 1
        tab.get_by_role("slider", name="Weight of the Elman unit").focus()
        tab.keyboard.press("ArrowRight")
        assert state(tab)["t"] == 1 and state(tab)["u"] == pytest.approx(0.95)


@browser
def test_a_step_of_the_kernel_between_two_swatches(chromium):
    ink = Ink(steps=100, t=12)
    with opened(chromium, page(ink)) as tab:
        assert share(ink.left()["lstm"][11]) in tab.locator(".say").inner_text()
        assert tab.locator(".count.now").text_content() == "10"
        tab.locator(".step").click()
        assert state(tab)["t"] == 19


@browser
def test_other_numbers_of_steps_keep_the_swatch(chromium):
    with opened(chromium, page(Ink(t=7))) as tab:
        move(tab, "Steps", 100)
        assert (state(tab)["steps"], state(tab)["t"]) == (100, 55)
        assert tab.locator(".count").all_text_contents() == [str(t) for t in Ink(steps=100).shown()]
        move(tab, "Steps", 12)
        assert state(tab)["t"] == 7


@browser
def test_the_weights_are_those_of_the_units(chromium):
    with opened(chromium, page(Ink(0.85, -1.5))) as tab:
        tab.locator("summary").click()
        lines = [re.sub(r"\s+", " ", text) for text in tab.locator(".line").all_text_contents()]
        assert lines == [
            "ht = tanh(xt + 0.85 ht−1)",
            "it = σ(0.2 xt + 10 mt + 0.05 ht−1 − 5)",
            "ft = σ(0.2 xt + 0.05 ht−1 − 1.5)",
            "gt = tanh(xt + 0.05 ht−1)",
            "ot = σ(0.2 xt + 0.05 ht−1 + 2)",
        ]
        assert tab.locator(".setting").all_text_contents() == ["u 0.85", "f 0.18"]


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_nothing_is_left_over_and_nothing_shifts(chromium, width):
    with opened(chromium, page(Ink()), width=width) as tab:
        twins, tops = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-ink'), found = new Set(), tops = new Set();
              for (const steps of [12, 100]) for (const u of [0, 0.9, 1.5]) for (const bias of [-2, 3]) for (const t of [1, 5, 12]) {
                element.store.set({ steps, u, bias, t, noise: u });
                for (const e of element.shadowRoot.querySelectorAll('*')) {
                  const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                  if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                }
                tops.add(element.shadowRoot.querySelector('.step').getBoundingClientRect().top);
              }
              return [[...found], [...tops]];
            }"""
        )
        assert twins == [] and len(tops) == 1


@browser
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"u": 2}, "u must lie between 0 and 1.5, and is 2"),
        ({"bias": None}, "bias must be a finite number"),
        ({"noise": -1}, "noise must lie between 0 and 2"),
        ({"steps": 13}, "steps must be one of 12, 23"),
        ({"t": 2.5}, "t must be a whole number"),
        ({"t": 13}, "t must lie between 1 and 12"),
        ({"paint": [1.0]}, "paint must have 99 entries, and has 1"),
        ({"paint": [99.0] * 99}, r"paint\[0\] must lie between -10 and 10"),
        ({"cells": {"elman": {"W": [[1, 0]], "b": [0]}}}, "cells.lstm must be an object"),
        ({"cells": {"elman": {"W": [[1]], "b": [0]}}}, r"cells.elman.W\[0\] must have 2 entries"),
        ({"cells": {"elman": {"W": [[1e9, 0]], "b": [0]}}}, "cells.elman.W must lie between -20 and 20"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, said):
    with opened(chromium, page(Ink())) as tab:
        tab.evaluate("s => { document.querySelector('rb-ink').dataset.state = s }", json.dumps(Ink().state() | change))
        assert re.search(said, tab.get_by_role("alert").inner_text())
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(Ink(t=7), lang="ko")) as tab:
        elman, lstm = (share(v[6]) for v in Ink().left().values())
        assert (
            tab.locator(".say").inner_text()
            == f"7번 시점까지 오면 잉크가 엘만 유닛에는 {elman}, LSTM 유닛에는 {lstm} 남습니다."
        )
        assert tab.get_by_role("slider", name="망각 편향").count() == 1
        assert "To the" not in tab.locator("section").inner_text()
