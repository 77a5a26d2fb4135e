"""Compound interest: arguments by name, float32 as the package's numbers have it, and what a reader turns in a browser."""

import json
import math
import re

import numpy as np
import pytest

pytest.importorskip("anywidget")

from rnnbook.widgets.compound_interest import CompoundInterest
from rnnbook.widgets.decades import LARGEST, LEAST, SMALLEST, plain, power, reach
from rnnbook.widgets.modules import needs, page_scripts, registered, words

# --- in Python ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"factor": "1"}, TypeError, "factor must be a number"),
        ({"factor": 0.2}, ValueError, r"factor must be .* at least 0\.25 and at most 1\.5"),
        ({"factor": math.nan}, ValueError, "factor must be a finite number"),
        ({"steps": 0}, ValueError, "steps must be at least 1"),
        ({"steps": 1001}, ValueError, "steps must be at most 1000"),
        ({"steps": 1.5}, TypeError, "steps must be an integer"),
        ({"log": 1}, TypeError, "log must be True or False"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, named):
    with pytest.raises(error, match=named):
        CompoundInterest(**arguments)


def test_what_the_kernel_sets_later_is_checked_and_steps_follow_the_axis():
    widget = CompoundInterest(1.01, 365)
    for name, value in (("factor", 2.0), ("steps", 1001), ("span", 500)):
        before = getattr(widget, name)
        with pytest.raises(ValueError, match=name):
            setattr(widget, name, value)
        assert getattr(widget, name) == before
    widget.span = 100
    assert widget.steps == 100
    assert CompoundInterest(1.01, 100).span == 100 and CompoundInterest(1.01, 101).span == 1000


def test_a_year_of_one_percent():
    more, less = CompoundInterest(1.01, 365).values()[-1], CompoundInterest(0.99, 365).values()[-1]
    assert (plain(more), plain(less)) == ("37.8", "0.0255")
    assert (power(1.01, 365), power(0.99, 365)) == ("37.8", "0.0255")


def test_float32_runs_over_and_under_and_stays_where_rounding_holds_it():
    ends = np.finfo(np.float32)
    assert (LARGEST, SMALLEST, LEAST) == (ends.max, ends.tiny, ends.smallest_subnormal)
    assert CompoundInterest(1.5, 300).values()[-1] == np.inf
    assert CompoundInterest(0.25, 100).values()[-1] == 0
    held = CompoundInterest(0.9, 1000).values()
    assert held[-1] == held[-2] == 4 * LEAST and 0.9**1000 < LEAST / 2


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (1, "1"), (0.25, "0.25"), (37.78, "37.8"), (999.6, "1,000"), (20959.2, "21,000"), (999499, "999,000"), (999500, "1e6"),
    (0.001, "0.001"), (0.00099, "9.9e−4"), (1.234e-7, "1.2e−7"), (-2.5, "−2.5"), (math.inf, "inf"), (3.4e38, "3.4e38"),
])  # fmt: skip
def test_plain_numbers(value, text):
    assert plain(value) == text


def test_state_is_json_and_complete():
    state = json.loads(json.dumps(CompoundInterest(0.9, 50, log=False).state(), allow_nan=False))
    assert state == {"factor": 0.9, "steps": 50, "span": 100, "log": False}


@pytest.mark.parametrize("title", CompoundInterest.gallery())
def test_the_still_says_what_it_shows(title):
    widget = CompoundInterest.gallery()[title]
    still = widget.still()
    alt = re.search(r'role="img" aria-label="([^"]*)"', still)[1]
    line = re.search(r"<figcaption>(.*)</figcaption>", still)[1]
    assert line in alt and power(widget.factor, widget.steps) in line
    assert plain(float(widget.values()[-1])) in line
    assert "var(--gs-ink" in still and "<script" not in still and len(still) < 8000
    far = max(abs(math.log10(widget.factor)) * widget.span, 0)
    assert ("float32" in still.split("</svg>")[0].split("aria-label")[1].split(">", 1)[1]) is (widget.log and far > 24)


# --- in a browser ---------------------------------------------------------------------------------------------------

pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

browser = pytest.mark.browser


def page(widget, theme="light", lang="en"):
    return widget_gallery.page({"one": widget.to_html()}, page_scripts("compound-interest"), theme, lang)


def state(tab):
    return tab.evaluate("document.querySelector('rb-compound-interest').store.get()")


def shown(tab):
    """What stands below the power, and below float32."""
    return tab.locator(".terms .n").all_text_contents()


@browser
def test_the_page_multiplies_and_writes_as_the_package_does(chromium):
    rng = np.random.default_rng(0)
    factors = [0.25, 0.5, 0.6, 0.9, 0.99, 1.0, 1.001, 1.01, 1.1, 1.5, *rng.uniform(0.25, 1.5, 40).round(4)]
    numbers = [0.0, 1.0, 999499.0, 999500.0, *(10 ** rng.uniform(-45, 38, 300)), *rng.uniform(0, 2000, 200)]
    source = "globalThis.R = {};\n" + "".join(registered(m) for m in needs("compound-interest"))
    with opened(chromium, "<!doctype html><html><title>maths</title></html>") as tab:
        tab.add_script_tag(content=source)
        run = "v => { const d = R.decades, c = R['compound-interest']; return (%s)(v, d, c); }"
        for factor in factors:
            chain = tab.evaluate(run % "(f, d, c) => c.chain(f, 1000).map(String)", factor)
            expected = CompoundInterest(float(factor), 1000).values()
            assert np.array_equal(np.array([float(v.replace("Infinity", "inf")) for v in chain]), expected), factor
            said = tab.evaluate(run % "(f, d) => [1, 7, 365, 1000].map(n => d.power(f, n))", factor)
            assert said == [power(float(factor), n) for n in (1, 7, 365, 1000)]
        assert tab.evaluate(run % "(all, d) => all.map(d.plain)", numbers) == [plain(v) for v in numbers]
        spans = [(-a, b) for a in (0, 0.4, 3, 5, 13, 25, 60) for b in (0, 2.9, 7, 24, 30)]
        told = tab.evaluate(run % "(all, d) => all.map(([low, high]) => d.reach(low, high))", spans)
        assert [tuple(v) for v in told] == [reach(*v) for v in spans]
        stops = tab.evaluate(run % "(_, d, c) => c.STOPS", None)
        assert stops == sorted(set(stops)) and (stops[0], stops[-1]) == (0.25, 1.5)
        assert {0.9, 0.99, 1, 1.01, 1.1} <= set(stops)
        # The first step at which it has doubled or halved.
        for factor in stops:
            if factor == 1:
                assert tab.evaluate(run % "(f, d, c) => c.doubling(f)", factor) is None
                continue
            k = tab.evaluate(run % "(f, d, c) => c.doubling(f)", factor)
            there = (lambda n, f=factor: f**n >= 2) if factor > 1 else (lambda n, f=factor: f**n <= 0.5)
            assert there(k) and not there(k - 1), factor


@browser
def test_steps_slider_and_keys(chromium):
    with opened(chromium, page(CompoundInterest(1.01, 365))) as tab:
        assert shown(tab) == ["37.8", "37.8"]
        assert tab.locator(".say").inner_text() == "After 365 steps: 37.8 times as much."
        tab.get_by_role("button", name="Step", exact=True).click()
        assert state(tab)["steps"] == 366 and shown(tab) == [plain(1.01**366)] * 2
        tab.get_by_role("button", name="One step less").click()
        assert state(tab)["steps"] == 365
        seen = []
        for key in ("ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft"):
            tab.keyboard.press(key)
            seen.append(state(tab)["steps"])
        assert seen == [366, 365, 1000, 1000, 1, 1]
        assert tab.locator(".say").inner_text() == "After 1 step: 1% more."
        slider = tab.get_by_role("slider", name="Number of steps, n")
        slider.fill("700")
        assert state(tab)["steps"] == 700 and slider.get_attribute("aria-valuetext") == "700 of 1,000"
        # The thumb stands below the point.
        dot, box = tab.locator(".dot").bounding_box(), slider.bounding_box()
        thumb = box["x"] + 8 + (box["width"] - 16) * 699 / 999
        assert abs(thumb - dot["x"] - dot["width"] / 2) < 2
        tab.get_by_role("button", name="100 steps").click()
        assert (state(tab)["span"], state(tab)["steps"]) == (100, 100)


@browser
@pytest.mark.parametrize(
    ("factor", "steps", "said"),
    [
        (1.0, 50, "After 50 steps: nothing has changed. 1 times 1 stays 1."),
        (1.00000001, 10, "nothing has changed"),  # float32 rounds the factor to 1
        (0.99, 365, "After 365 steps: one part in 39 is left."),
        (0.9, 44, "After 44 steps: one part in 103 is left."),
        (0.5, 1, "After 1 step: 50% of it is left."),
        (0.5, 30, "After 30 steps: 9.3e−10 of it is left."),
        (0.25, 65, "fewer digits"),
        (0.25, 100, "After 100 steps: float32 underflow. Since step 75 the value is 0."),
        (0.9, 1000, "After 1,000 steps: float32 stays at 5.6e−45. Times 0.9, it is rounded back to itself."),
        (1.5, 400, "After 400 steps: float32 overflow. Since step 219 the value is inf."),
    ],
)
def test_it_is_said_in_words(chromium, factor, steps, said):
    widget = CompoundInterest(factor, steps)
    values = widget.values()
    for word, end in (("overflow", np.inf), ("underflow", 0)):
        if word in said:
            assert int(re.search(r"step (\d+)", said)[1]) == int(np.argmax(values == end))
    with opened(chromium, page(widget)) as tab:
        assert said in tab.locator(".say").inner_text()
        assert shown(tab) == [power(factor, steps), plain(float(values[-1]))]
        assert tab.locator(".read").text_content() == plain(float(values[-1]))


@browser
def test_the_ends_of_float32_are_seen_where_they_are_reached(chromium):
    with opened(chromium, page(CompoundInterest(1.01, 365))) as tab:
        names = tab.locator("svg .note")
        assert not any("float32" in text for text in names.all_text_contents())
        presets = tab.get_by_role("combobox", name="Factors to try")
        presets.select_option("1.1")
        assert state(tab)["factor"] == 1.1
        assert {"3.4e38, the largest float32", "float32: inf"} <= set(names.all_text_contents())
        presets.select_option("0.25")
        assert {"1.2e−38, the smallest normal float32", "float32: 0"} <= set(names.all_text_contents())
        line = tab.locator("path.exact")
        assert line.count() == 1
        presets.select_option("1")
        assert line.count() == 0
        # The slider turns through round numbers, and the list says when it is none of its own.
        tab.get_by_role("slider", name=re.compile("^r factor")).fill("0")
        assert state(tab)["factor"] == 0.25 and presets.input_value() == "0.25"
        tab.get_by_role("slider", name=re.compile("^r factor")).fill("1")
        assert state(tab)["factor"] == 0.3 and presets.input_value() == "own"


@browser
def test_a_linear_axis_hides_most_of_the_curve_and_says_how_much(chromium):
    with opened(chromium, page(CompoundInterest(1.01, 730)), width=760) as tab:
        tab.get_by_role("button", name="Linear axis").click()
        assert state(tab)["log"] is False
        flat = int(re.search(r"^(\d+) of the 1,000 steps", tab.locator(".hint").inner_text())[1])
        values = CompoundInterest(1.01, 1000).values()
        assert flat == (values[1:] < values[-1] / 288).sum() > 400
        ticks = tab.locator("svg .tick").all_text_contents()
        assert ticks[:2] != ["1e6", "10,000"] and "21,000" in ticks


@browser
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"factor": "1"}, "factor must be a finite number"),
        ({"factor": 2}, "factor must lie between 0.25 and 1.5, and is 2"),
        ({"steps": 1001}, "steps must lie between 1 and 1000"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"span": 500}, "span must be one of 100, 1000"),
        ({"span": 100}, "steps must lie between 1 and 100"),
        ({"log": "yes"}, "log must be one of true, false"),
    ],
)
def test_a_bad_state_is_one_line(chromium, changes, line):
    with opened(chromium, page(CompoundInterest())) as tab:
        tab.evaluate(
            "changes => { const e = document.querySelector('rb-compound-interest');"
            " e.dataset.state = JSON.stringify({ ...JSON.parse(e.dataset.state), ...changes }); }",
            changes,
        )
        assert line in tab.get_by_role("alert").inner_text()
        assert tab.get_by_role("button").count() == 0


@browser
def test_korean(chromium):
    with opened(chromium, page(CompoundInterest(1.01, 365), lang="ko")) as tab:
        assert tab.locator(".say").inner_text() == "365단계 뒤: 37.8배입니다."
        axis = words()["compound-interest"]["linear"]["ko"]
        tab.get_by_role("button", name=axis).click()
        assert "1픽셀" in tab.locator(".hint").inner_text()


FAULTS = """name => {
  const root = document.querySelector(`rb-${name}`).shadowRoot, found = [];
  for (const e of root.querySelectorAll('.rb *')) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > innerWidth || box.left < 0) && !e.closest('.hide')) found.push(['outside', e.outerHTML.slice(0, 200)]);
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (own && parseFloat(getComputedStyle(e).fontSize) < 12 && !e.matches('.index, sub, .hide')) found.push(['small', e.outerHTML]);
  }
  for (const e of root.querySelectorAll('button, input, select')) {
    const box = e.getBoundingClientRect();
    if (box.width < 43.9 || box.height < 43.9) found.push(['target', e.outerHTML]);
  }
  const where = root.querySelector('.where').getBoundingClientRect(), first = root.querySelector('.transport button').getBoundingClientRect();
  const range = document.createRange();
  range.selectNodeContents(root.querySelector('.where'));
  if (where.top + 5 > first.top && range.getBoundingClientRect().right > first.left) found.push(['where', 'overlaps']);
  for (const svg of root.querySelectorAll('svg[role=img]')) {
    const texts = [...svg.querySelectorAll('text')].filter(e => e.textContent.trim()).map(e => [e.textContent, e.getBoundingClientRect()]);
    texts.forEach(([one, a], i) => texts.slice(0, i).forEach(([other, b]) => {
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5)
        found.push(['overlap', one, other]);
    }));
  }
  return found;
}"""


@browser
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [320, 390, 760])
def test_it_fits_and_everything_can_be_hit_and_read(chromium, width, lang):
    with opened(chromium, page(CompoundInterest(), lang=lang), width=width) as tab:
        for widget in (
            *CompoundInterest.gallery().values(),
            CompoundInterest(0.5, 1),
            CompoundInterest(1.001, 1000, log=False),
        ):
            tab.evaluate(
                "s => { document.querySelector('rb-compound-interest').dataset.state = s }", json.dumps(widget.state())
            )
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.evaluate(FAULTS, "compound-interest") == [], widget.state()
