"""The forget bias and its half-life: in Python, and the same numbers and drawing in the browser."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook.widgets.half_life import HIGH, LOW, MARKS, HalfLife
from rnnbook.widgets.shares import share

SVG = "{http://www.w3.org/2000/svg}"
BIASES = [float(b) for b in np.arange(-30, 101) / 10]


def written(gate, t):
    return share(gate.left(t), -t * gate.rate / np.log(10))


# -- Python


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"bias": -3.1}, ValueError, "bias must be .* at least -3 and at most 10, got -3.1"),
        ({"bias": 10.5}, ValueError, "bias must be .* at most 10"),
        ({"bias": float("inf")}, ValueError, "bias must be a finite number"),
        ({"bias": "1"}, TypeError, "bias must be a number"),
        ({"log": 1}, TypeError, "log must be True or False, got 1"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        HalfLife(**arguments)


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    gate = HalfLife(3)
    assert json.loads(json.dumps(gate.state(), allow_nan=False)) == {"bias": 3.0, "log": True}
    gate.bias = 5
    assert gate.bias == 5.0
    for wrong in (-4, 11, float("nan")):
        with pytest.raises(ValueError, match="bias"):
            gate.bias = wrong
    with pytest.raises(ValueError, match="t must be a finite number, at least 0"):
        gate.left(-1)


@pytest.mark.parametrize("bias", [LOW, -1.0, 0.0, 1.0, 3.0, 5.0, HIGH])
def test_half_is_left_after_a_half_life(bias):
    gate = HalfLife(bias)
    assert gate.f == pytest.approx(1 / (1 + np.exp(-bias)), rel=1e-12)
    assert gate.left(gate.half_life) == pytest.approx(0.5, rel=1e-12)
    assert gate.left(7) == pytest.approx(gate.f**7, rel=1e-12)
    assert gate.left(0) == 1


def test_the_numbers_of_the_chapter():
    gate = HalfLife(1.0)
    assert [f"{gate.f:.2f}", f"{gate.half_life:.1f}", f"{gate.left(100):.1e}"] == ["0.73", "2.2", "2.5e-14"]
    assert HalfLife(0).half_life == 1


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("bias", [LOW, 0.0, 1.0, 5.0, HIGH])
def test_the_still_picture_says_what_it_shows(bias, log):
    gate = HalfLife(bias, log=log)
    figure = ElementTree.fromstring(gate.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    assert svg.get("role") == "img"
    for t in MARKS:
        assert f"{written(gate, t)} after {t:,}" in svg.get("aria-label")
        assert f"{written(gate, t)} after {t:,}" in figure.find("figcaption").text
    # The curve passes through ½ where the half-life is.
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", svg.find(f"{SVG}path[@class='f']").get("d")), float)
    circle = svg.find(f"{SVG}circle")
    shown = (1 if log else 0) <= gate.half_life <= 10_000
    assert (circle is not None) is shown
    if shown:
        assert float(circle.get("cy")) == (18 + 170) / 2  # halfway between the lines of 1 and of 0
    if shown and (log or gate.half_life > 50):  # else within a pixel of the axis
        assert np.interp(float(circle.get("cx")), *points.T) == pytest.approx(float(circle.get("cy")), abs=3)
    text = gate.still()
    assert "var(--gs-f,currentColor)" in text and len(text) < 5000


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = 'globalThis.rnnbook["half-life"]'


def page(gate, **look):
    return widget_gallery.page({"": gate.to_html()}, page_scripts("half-life"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-half-life').store.get()")


def numbers(tab):
    return tab.locator(".marks dd").all_text_contents()


@browser
def test_the_page_computes_pythons_numbers(chromium):
    with opened(chromium, page(HalfLife())) as tab:
        found = tab.evaluate(
            f"b => b.map((b) => [{MODULE}.halfLife(b), {MODULE}.left(b, 10), {MODULE}.left(b, 1000)])", BIASES
        )
        gates = [HalfLife(b) for b in BIASES]
        np.testing.assert_allclose(found, [[g.half_life, g.left(10), g.left(1000)] for g in gates], rtol=1e-10)


@browser
def test_the_slider_changes_all_numbers(chromium):
    with opened(chromium, page(HalfLife())) as tab:
        slider = tab.get_by_role("slider", name="Bias of the forget gate")
        for bias in (-3.0, -0.4, 2.2, 7.0, 10.0):
            slider.fill(str(bias))
            gate = HalfLife(bias)
            assert state(tab)["bias"] == bias
            assert numbers(tab) == [written(gate, t) for t in MARKS]
            assert f"after 100 steps {written(gate, 100)} is left" in tab.locator(".say").inner_text()
            opening = float(tab.locator(".opening").get_attribute("ry"))
            assert opening == pytest.approx(max(1, 15 * gate.f), abs=1e-3)


@browser
@pytest.mark.parametrize(
    ("bias", "said"),
    [
        (1.0, "With b = 1 the gate keeps 73% at each step; half is gone after 2.2 steps; after 100 steps 2.5e−14 is left."),
        (0.0, "With b = 0 the gate keeps 50% at each step; half is gone after 1 step; after 100 steps 7.9e−31 is left."),
        (5.0, "With b = 5 the gate keeps 99.33% at each step; half is gone after 103 steps; after 100 steps 51% is left."),
        (-3.0, "With b = −3 the gate keeps 4.7% at each step; half is gone after 0.23 steps; after 100 steps 4e−133 is left."),
        (10.0, "With b = 10 the gate keeps 99.9955% at each step; half is gone after 15,268 steps; after 100 steps 99.5% is left."),
    ],
)  # fmt: skip
def test_the_words_say_it(chromium, bias, said):
    with opened(chromium, page(HalfLife(bias))) as tab:
        assert tab.locator(".say[aria-live=polite]").inner_text().replace("\n", " ") == said


@browser
def test_buttons_set_the_bias(chromium):
    with opened(chromium, page(HalfLife(2.5))) as tab:
        assert tab.locator(".choice [aria-pressed=true]").all_inner_texts() == ["log"]
        for b in (0, 1, 3, 5):
            tab.get_by_role("button", name=f"{b}: set the bias").click()
            assert state(tab)["bias"] == b
            assert tab.locator(".choice [aria-pressed=true]").all_inner_texts() == [str(b), "log"]


@browser
@pytest.mark.parametrize("n", MARKS)
def test_the_way_round_half_for_so_many_steps(chromium, n):
    with opened(chromium, page(HalfLife())) as tab:
        tab.get_by_role("button", name=f"{n:,} steps: keep half").click()
        assert HalfLife(state(tab)["bias"]).half_life == pytest.approx(n, rel=1e-4)
        assert numbers(tab)[MARKS.index(n)] == "50%"
        assert f"half is gone after {n:,} steps" in tab.locator(".say").inner_text()
        assert tab.locator(".choice [aria-pressed=true]").all_inner_texts() == [f"{n:,}", "log"]


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("log", [True, False])
def test_the_curve_passes_through_its_marks(chromium, width, log):
    with opened(chromium, page(HalfLife(5.0, log=log)), width=width) as tab:
        points = np.array(re.findall(r"([\d.]+) ([\d.]+)", tab.locator(".curve").get_attribute("d")), float)
        assert len(points) == 161
        for circle in tab.locator(".mark, .half").all():
            at = [float(circle.get_attribute(k)) for k in ("cx", "cy")]
            assert np.interp(at[0], *points.T) == pytest.approx(at[1], abs=1.5)
        # A mark is where its step is on the axis.
        axis = re.fullmatch(r"M(\d+) \d+H(\d+)", tab.locator("path.zero").first.get_attribute("d"))
        ends = points[0, 0], points[-1, 0]
        assert ends == tuple(map(float, axis.groups()))
        for mark, t in zip(tab.locator(".mark").all(), MARKS, strict=True):
            along = np.log10(t) / 4 if log else t / 10_000
            assert float(mark.get_attribute("cx")) == pytest.approx(ends[0] + along * (ends[1] - ends[0]), abs=0.1)
        assert tab.locator(".other").count() == (3 if log else 0)


@browser
def test_the_axis_is_switched(chromium):
    with opened(chromium, page(HalfLife())) as tab:
        assert "2,500" not in tab.locator(".drawing").text_content()
        tab.get_by_role("button", name="linear").click()
        assert state(tab) == {"bias": 1, "log": False}
        assert "2,500" in tab.locator(".drawing").text_content()


@browser
@pytest.mark.parametrize(
    ("bias", "text"), [(-1.0, "half after 0.53 steps"), (10.0, "half after 15,268 steps →"), (0.0, "half after 1 step")]
)
def test_a_half_life_beyond_the_axis_has_no_mark(chromium, bias, text):
    with opened(chromium, page(HalfLife(bias))) as tab:
        assert tab.locator(".half-text").text_content() == text
        assert tab.locator("circle.half").count() == (bias == 0)


@browser
def test_the_keyboard_turns_the_bias(chromium):
    with opened(chromium, page(HalfLife(9.4))) as tab:
        tab.get_by_role("button", name="linear").focus()
        for key, bias in (("ArrowRight", 9.9), ("ArrowRight", 9.9), ("ArrowLeft", 9.4), ("ArrowLeft", 8.9), ("q", 8.9)):
            tab.keyboard.press(key)
            assert state(tab)["bias"] == bias


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_is_left_over_and_nothing_shifts(chromium, width, lang):
    with opened(chromium, page(HalfLife(), lang=lang), width=width) as tab:
        twins, tops = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-half-life'), found = new Set(), tops = new Set();
              for (const log of [true, false]) for (const bias of [-3, 0, 1, 3.3, 7.2737, 10]) {
                element.store.set({ log, bias });
                for (const e of element.shadowRoot.querySelectorAll('*')) {
                  const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                  if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                }
                tops.add(element.shadowRoot.querySelector('.marks').getBoundingClientRect().top);
              }
              return [[...found], [...tops]];
            }"""
        )
        assert twins == [] and len(tops) == 1


@browser
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bias": "1"}, "bias must be a finite number"),
        ({"bias": 11}, "bias must lie between -3 and 10, and is 11"),
        ({"log": 1}, "log must be one of true, false"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, said):
    with opened(chromium, page(HalfLife())) as tab:
        text = json.dumps(HalfLife().state() | change)
        tab.evaluate("s => { document.querySelector('rb-half-life').dataset.state = s }", text)
        assert said in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(HalfLife(), lang="ko")) as tab:
        assert "게이트가 시점마다 남기는 몫은 73%입니다" in tab.locator(".say").inner_text().replace("\n", " ")
        assert tab.get_by_role("slider", name="망각 편향").count() == 1
        assert "This is" not in tab.locator("section").inner_text()
