"""Learning rates, tried out: the rule in Python, and the same verdicts, numbers and drawing in the browser."""

import json
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook.widgets.decades import plain
from rnnbook.widgets.rate_panel import RatePanel, bounds, example, start

RUNS = example()
SVG = "{http://www.w3.org/2000/svg}"


def run(rate, *curves):
    return {"rate": rate, "losses": [list(curve) for curve in curves]}


def falling(rate, L=40):
    return [(1 - rate) ** (2 * k) for k in range(L)]


# -- Python


@pytest.mark.parametrize(
    ("runs", "options", "error", "message"),
    [
        (3, {}, TypeError, "runs must be a list of dicts"),
        ([], {}, ValueError, "runs must hold 1 to 12 rates, got 0"),
        ([run(0.1 * k, [1, 2]) for k in range(1, 14)], {}, ValueError, "runs must hold 1 to 12 rates, got 13"),
        ([[0.1]], {}, TypeError, r"runs\[0\] must be a dict"),
        ([{"rate": 0.1}], {}, ValueError, r"runs\[0\] must hold rate and losses, got rate"),
        ([run(0, [1, 2])], {}, ValueError, r"runs\[0\]\['rate'\] must be a finite number, above 0"),
        ([run("1", [1, 2])], {}, TypeError, r"runs\[0\]\['rate'\] must be a number"),
        ([run(1, [1, 2]), run(1, [1, 2])], {}, ValueError, "runs must have a rate each of their own"),
        ([run(1, [1, 2]), run(2, [1, 2, 3])], {}, ValueError, r"runs\[1\]\['losses'\] must have shape \(1, 2\)"),
        ([run(1, [1, 2], [1])], {}, ValueError, r"runs\[0\]\['losses'\] must be an array"),
        ([run(1, [1])], {}, ValueError, r"must hold 1 to 5 curves of 2 to 400 points, got \(1, 1\)"),
        ([run(1, [1] * 401)], {}, ValueError, "of 2 to 400 points"),
        ([run(1, *[[1, 2]] * 6)], {}, ValueError, "1 to 5 curves"),
        ([run(1, ["a", "b"])], {}, TypeError, r"runs\[0\]\['losses'\] must hold real numbers"),
        ([run(1, [math.nan, 2])], {}, ValueError, "runs must hold finite losses"),
        (RUNS, {"rate": 0.2}, ValueError, "rate must be one of 0.003, .*, got 0.2"),
        (RUNS, {"seed": 3}, ValueError, "seed must be .* at most 2"),
        (RUNS, {"seed": True}, TypeError, "seed must be an integer"),
        (RUNS, {"update": 201}, ValueError, "update must be .* at most 200"),
        (RUNS, {"update": 7, "every": 5}, ValueError, "update must be a multiple of every, 5, got 7"),
        (RUNS, {"every": 0}, ValueError, "every must be at least 1"),
        (RUNS, {"log": 1}, TypeError, "log must be True, False or None"),
        ([run(1, [1, 0])], {"log": True}, ValueError, "log needs losses above 0, got 0"),
    ],
)
def test_wrong_arguments_are_named(runs, options, error, message):
    with pytest.raises(error, match=message):
        RatePanel(runs, **options)


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    panel = RatePanel([run(2, [3, 1, math.inf, 1]), run(1, [3, 2.00004, 1, 0.5])], update=2)
    state = json.loads(json.dumps(panel.state(), allow_nan=False))
    assert state == {
        "runs": [{"rate": 1.0, "losses": [[3.0, 2.0, 1.0, 0.5]]}, {"rate": 2.0, "losses": [[3.0, 1.0, None, None]]}],
        "every": 1,
        "log": False,
        "rate": 1.0,
        "seed": 0,
        "update": 2,
    }
    panel.rate, panel.update = 2, 4
    assert (panel.rate, panel.update) == (2.0, 4)
    for name, wrong in (("rate", 3), ("seed", 1), ("update", 5), ("update", 0)):
        with pytest.raises(ValueError, match=name):
            setattr(panel, name, wrong)


def test_the_final_loss_is_the_mean_of_the_last_tenth_over_the_seeds():
    rng = np.random.default_rng(0)
    losses = rng.random((3, 57)).round(3)
    panel = RatePanel([run(0.1, *losses)])
    for n in (1, 9, 10, 19, 20, 45, 57):
        t = max(1, n // 10)
        assert panel.final(0.1, n) == pytest.approx(losses[:, n - t : n].mean(), rel=1e-12)


def test_one_seed_that_diverges_is_enough():
    panel = RatePanel([run(0.1, [3, 2, 1, 1]), run(1, [3, 1, 0.5, math.nan])])
    assert [panel.verdict(1, n) for n in (2, 3, 4)] == ["good", "good", "diverged"]
    assert [panel.best(n) for n in (2, 3, 4)] == [1, 1, 0.1]
    two = RatePanel([run(1, [3, 1, 1, 1], [3, 1, math.inf, 0.1])])
    assert [two.verdict(1, n) for n in (2, 3, 4)] == ["good", "diverged", "diverged"]
    assert two.best(4) is None and two.final(1, 4) is None
    assert RatePanel([run(1, [3, 1e13])]).runs[0]["losses"] == [[3.0, None]]


def test_the_rule():
    panel = RatePanel([run(r, falling(r)) for r in (0.001, 0.05, 0.5, 1.9, 2.2)])
    assert {n: [panel.verdict(r, n) for r in panel.rates] for n in (1, 4, 40)} == {
        1: ["early"] * 5,
        4: ["small", "small", "good", "large", "large"],
        40: ["small", "good", "good", "good", "large"],
    }
    # Twenty times as much as the best gained is the edge.
    edge = [run(0.1, [2, 1.04]), run(1, [2, 1]), run(2, [2, 1.06]), run(0.01, [2, 1.06])]
    assert [RatePanel(edge).verdict(r) for r in (0.01, 0.1, 1, 2)] == ["small", "good", "good", "large"]


def test_a_short_budget_prefers_a_larger_rate():
    panel = RatePanel(RUNS)
    best = [panel.best(n) for n in (5, 40, 200)]
    assert best == sorted(best, reverse=True) and best[0] > best[-1]
    assert panel.verdict(3.0, 200) == "diverged"


def test_a_logarithmic_axis_where_the_losses_fall_far():
    assert not RatePanel([run(1, [2, 0.11])]).log and RatePanel([run(1, [2, 0.09])]).log
    assert not RatePanel([run(1, [2, 0])]).log and not RatePanel([run(1, [2, 0.09])], log=False).log


@pytest.mark.parametrize("panel", RatePanel.gallery().values(), ids=RatePanel.gallery())
def test_the_still_picture_says_what_it_shows(panel):
    figure = ElementTree.fromstring(panel.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    alt, caption = svg.get("aria-label"), figure.find("figcaption").text
    assert svg.get("role") == "img" and alt.startswith(caption)
    for rate in panel.rates:
        value = panel.final(rate)
        assert f"{plain(rate)}: {'diverged' if value is None else plain(value)}" in alt
    assert f"The best rate for so many updates is {plain(panel.best())}." in caption
    finite = sum(panel.final(rate) is not None for rate in panel.rates)
    assert len(svg.findall(f"{SVG}circle")) == finite
    assert len(panel.still()) < 8000 and "var(--gs-ink" in panel.still()


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = 'globalThis.rnnbook["rate-panel"]'


def page(panel, **look):
    return widget_gallery.page({"": panel.to_html()}, page_scripts("rate-panel"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-rate-panel').store.get()")


def said(tab):
    return tab.locator(".say[aria-live=polite]").inner_text().replace("\n", " ")


def opened_at(chromium, **where):
    return opened(chromium, page(RatePanel(RUNS, **where)))


@browser
def test_the_page_computes_pythons_numbers(chromium):
    rng = np.random.default_rng(1)
    wild = np.exp(rng.normal(size=(6, 2, 50)).cumsum(-1))
    wild[4, 1, 30:] = np.inf
    other = RatePanel([run(10.0**k, *wild[k]) for k in range(6)])
    with opened(chromium, page(RatePanel(RUNS))) as tab:
        for panel in (RatePanel(RUNS), other):
            N = [1, 2, 9, 10, 11, 20, 31, 35, 50, panel.points]
            finals, best, verdicts, ends = tab.evaluate(
                f"""([runs, N, log]) => [
                  N.map(p => runs.map(run => {MODULE}.final(run, p))), N.map(p => {MODULE}.best(runs, p)),
                  N.map(p => runs.map((_, k) => {MODULE}.verdict(runs, k, p))), [true, false].map(log => {MODULE}.bounds(runs, log))]""",
                [panel.runs, N, panel.log],
            )
            assert finals == [[panel.final(r, n) for r in panel.rates] for n in N]
            assert [panel.rates[k] for k in best] == [panel.best(n) for n in N]
            assert verdicts == [[panel.verdict(r, n) for r in panel.rates] for n in N]
            np.testing.assert_allclose(ends, [bounds(panel.runs, log) for log in (True, False)], rtol=1e-12)
            assert ends[0][1] > start(panel.runs) > ends[0][0]
        assert len({v for row in verdicts for v in row}) == 5


@browser
@pytest.mark.parametrize(
    ("rate", "update", "words"),
    [
        (0.03, 40, "0.03 is too small for 40 updates: the loss is at 0.335 and still falling; rate 1 is at 0.0511."),
        (0.3, 200, "0.3 is the best rate here for 200 updates: the loss ends at 0.0393."),
        (1.0, 200, "1 is good for 200 updates: the loss ends at 0.0485, close to the best, 0.0393 at rate 0.3."),
        (1.9, 200, "1.9 is too large: the loss jumps, and after 200 updates it is at 0.194; rate 0.3 is at 0.0393."),
        (3.0, 200, "3 is too large: the run has diverged, and its loss is no longer a number."),
        (0.3, 1, "After so few updates no rate is below the first loss yet. Take a step."),
    ],
)  # fmt: skip
def test_the_words_say_it(chromium, rate, update, words):
    with opened_at(chromium, rate=rate, update=update) as tab:
        assert said(tab) == words


@browser
def test_other_verdicts_in_words(chromium):
    flat, down = [1.0] + [0.9] * 19, [1.0] + [0.2] * 19
    some = [run(0.1, flat, flat), run(1, down, down), run(2, flat, flat), run(4, down, [1.0] + [math.nan] * 19)]
    with opened(chromium, page(RatePanel(some, rate=0.1))) as tab:
        dial = tab.get_by_role("slider", name="Learning rate")
        assert said(tab) == "0.1 is too small for 20 updates: the loss is at 0.9; rate 1 is at 0.2."
        dial.fill("2")
        assert said(tab) == "2 is too large: after 20 updates the loss is at 0.9; rate 1 is at 0.2."
        dial.fill("3")
        assert said(tab) == "4 is too large: 1 of 2 seeds have diverged, and their loss is no longer a number."


@browser
def test_the_sliders_set_rate_and_budget(chromium):
    panel = RatePanel(RUNS)
    with opened_at(chromium, rate=0.1) as tab:
        dial, budget = (tab.get_by_role("slider", name=name) for name in ("Learning rate", "Updates"))
        for k, n in ((0, 40), (4, 20), (6, 200)):
            dial.fill(str(k))
            budget.fill(str(n))
            assert {key: state(tab)[key] for key in ("rate", "update")} == {"rate": panel.rates[k], "update": n}
            assert dial.get_attribute("aria-valuetext") == plain(panel.rates[k])
            assert plain(panel.final(panel.rates[k], n)) in said(tab)


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("log", [True, False])
def test_the_drawing_shows_the_numbers(chromium, width, log):
    panel = RatePanel(RUNS, rate=0.03, update=100, seed=2, log=log)
    with opened(chromium, page(panel), width=width) as tab:
        low, high = bounds(panel.runs, log)

        def share(v):
            return math.log(v / low) / math.log(high / low) if log else (v - low) / (high - low)

        # In both plots: the curve is the losses up to n, the line through the dots is the final losses.
        wanted = [panel.runs[2]["losses"][2][:100], [panel.final(r) for r in panel.rates if panel.final(r) is not None]]
        for place, values in zip(("curves", "valley"), wanted, strict=True):
            group = tab.locator(".drawing > g").nth(0 if place == "curves" else 1)
            points = np.array(re.findall(r"([\d.]+) ([\d.]+)", group.locator("path.curve").get_attribute("d")), float)
            heights = np.array([min(1.04, share(v)) for v in values])
            fit = np.polyfit(heights, points[:, 1], 1)
            np.testing.assert_allclose(np.polyval(fit, heights), points[:, 1], atol=0.2)
            assert fit[0] < -100  # higher losses stand higher
        now = tab.locator("circle.now")
        assert [float(now.get_attribute(k)) for k in ("cx", "cy")] == pytest.approx(points[2], abs=0.1)
        assert tab.locator("circle.best").count() == 1
        assert tab.locator(".cross").all_text_contents() == ["×"]
        # The line from one plot to the other, where they stand side by side.
        level = tab.locator("path.level").get_attribute("d")
        assert (level is not None) is (width > 600)
        if level:
            found = re.fullmatch(r"M([\d.]+) ([\d.]+)H([\d.]+)", level).groups()
            assert list(map(float, found[1:])) == pytest.approx([points[2][1], points[2][0]], abs=0.1)


@browser
def test_steps_and_keys_move_the_budget(chromium):
    with opened_at(chromium, update=193) as tab:
        step = tab.get_by_role("button", name="Step")
        for _ in range(2):
            step.click()
        assert state(tab)["update"] == 200 and step.get_attribute("aria-disabled") == "true"
        tab.get_by_role("button", name="Fewer updates").focus()
        for key, n in (("ArrowLeft", 195), ("ArrowLeft", 190), ("ArrowRight", 195), ("Home", 1), ("ArrowLeft", 1), ("ArrowRight", 5), ("End", 200), ("q", 200)):  # fmt: skip
            tab.keyboard.press(key)
            assert state(tab)["update"] == n
    with opened(chromium, page(RatePanel(RUNS, every=5, update=500))) as tab:
        tab.get_by_role("button", name="Step").click()
        assert state(tab)["update"] == 525


@browser
def test_a_seed_is_chosen(chromium):
    with opened_at(chromium, rate=0.1) as tab:
        before = tab.locator(".drawing > g").first.locator("path.curve").get_attribute("d")
        tab.get_by_role("button", name="2: show this seed").click()
        assert state(tab)["seed"] == 1 and tab.locator(".choice [aria-pressed=true]").all_inner_texts() == ["2"]
        assert tab.locator(".drawing > g").first.locator("path.curve").get_attribute("d") != before
    with opened(chromium, page(RatePanel(example(seeds=1)))) as tab:
        assert tab.locator(".choice").count() == 0


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_is_left_over_and_nothing_shifts(chromium, width, lang):
    with opened(chromium, page(RatePanel(RUNS), lang=lang), width=width) as tab:
        twins, tops = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-rate-panel'), found = new Set(), tops = new Set();
              for (const { rate } of element.store.get().runs) for (const update of [1, 3, 40, 120, 200]) {
                element.store.set({ rate, update });
                for (const e of element.shadowRoot.querySelectorAll('*')) {
                  const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                  if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                }
                tops.add(element.shadowRoot.querySelector('.transport').getBoundingClientRect().top);
              }
              return [[...found], [...tops]];
            }"""
        )
        assert twins == [] and len(tops) == 1


BAD_RUNS = RatePanel(RUNS).state()["runs"]


@browser
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 0.2}, "rate must be one of 0.003"),
        ({"seed": 3}, "seed must lie between 0 and 2, and is 3"),
        ({"update": 201}, "update must lie between 1 and 200"),
        ({"update": 7, "every": 5}, "update / every must be a whole number"),
        ({"log": 1}, "log must be one of true, false"),
        ({"runs": []}, "runs.length must lie between 1 and 12, and is 0"),
        ({"runs": BAD_RUNS[::-1]}, "runs[1].rate must be above the one before it"),
        ({"runs": [BAD_RUNS[4], run(1, [1, 2])]}, "runs[1].losses[0] must have 200 entries, and has 2"),
        ({"runs": [run(1, [None, None])]}, "runs must hold finite losses"),
        ({"runs": [run(1, [1, None, 2])]}, "runs[0].losses[0][1] must be a finite number"),
        ({"runs": [run(1, [1, "2"])]}, "runs[0].losses[0][1] must be a finite number"),
        ({"runs": [run(1, [1, 0])], "log": True}, "runs[0].losses[0][1] must lie between"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, message):
    with opened_at(chromium) as tab:
        text = json.dumps(RatePanel(RUNS).state() | change)
        tab.evaluate("s => { document.querySelector('rb-rate-panel').dataset.state = s }", text)
        assert message in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(RatePanel(RUNS, rate=0.03, update=40), lang="ko")) as tab:
        assert (
            said(tab)
            == "갱신 40번에서 0.03은 너무 작습니다. 손실은 0.335이고 아직 줄고 있습니다. 학습률 1의 손실은 0.0511입니다."
        )
        assert tab.get_by_role("slider", name="학습률").count() == 1
