"""Gradient flow: arguments by name, sizes as the package walks them back, and what a reader turns in a browser."""

import json
import math
import re

import numpy as np
import pytest

pytest.importorskip("anywidget")

import rnnbook as rb
from rnnbook.widgets.decades import SMALLEST, plain
from rnnbook.widgets.gradient_flow import ACTIVATIONS, SQUASHES, GradientFlow
from rnnbook.widgets.modules import needs, page_scripts, registered, words

# --- in Python ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"gain": "1"}, TypeError, "gain must be a number"),
        ({"gain": 2.1}, ValueError, "gain must be .* at most 2"),
        ({"scale": -0.1}, ValueError, "scale must be .* at least 0"),
        ({"scale": math.inf}, ValueError, "scale must be a finite number"),
        ({"length": 9}, ValueError, "length must be at least 10"),
        ({"length": 101}, ValueError, "length must be at most 100"),
        ({"length": 20.0}, TypeError, "length must be an integer"),
        ({"back": 51}, ValueError, "back must be at most 50"),
        ({"back": -1}, ValueError, "back must be at least 0"),
        ({"activation": "softsign"}, ValueError, "activation must be one of tanh, sigmoid, relu, identity"),
        ({"view": "both"}, ValueError, "view must be one of net, squash"),
        ({"squash": "relu"}, ValueError, "squash must be one of sigmoid, tanh"),
        ({"times": 11}, ValueError, "times must be at most 10"),
        ({"times": 0}, ValueError, "times must be at least 1"),
        ({"units": 25}, ValueError, "units must be at most 24"),
        ({"units": 0}, ValueError, "units must be at least 1"),
        ({"rng": 3}, TypeError, "rng must be a numpy.random.Generator"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, named):
    with pytest.raises(error, match=named):
        GradientFlow(**arguments)


def test_what_the_kernel_sets_later_is_checked_and_back_follows_length():
    widget = GradientFlow(length=40)
    assert widget.back == 20
    for name, value in (("gain", 3.0), ("scale", -1.0), ("length", 5), ("back", 41), ("times", 11), ("view", "x")):
        before = getattr(widget, name)
        with pytest.raises(ValueError, match=name):
            setattr(widget, name, value)
        assert getattr(widget, name) == before
    widget.length = 12
    assert widget.back == 12


def test_the_matrix_is_orthogonal_and_what_is_drawn_repeats():
    one, other = GradientFlow(), GradientFlow(rng=np.random.default_rng(1))
    np.testing.assert_allclose(np.array(one.Q) @ np.array(one.Q).T, np.eye(16), atol=1e-8)
    assert one.Q == GradientFlow().Q != other.Q
    assert len(json.dumps(one.state())) < 9000


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.5])
def test_without_a_slope_the_gain_alone_decides(gain):
    powers = gain ** np.arange(31)
    np.testing.assert_allclose(GradientFlow(gain, 1.0, 30, "identity").sizes(), powers, rtol=1e-6)
    # Without input tanh stays at 0, where it is steepest; the sigmoid's slope there is below a quarter.
    np.testing.assert_allclose(GradientFlow(gain, 0.0, 30).sizes(), powers, rtol=1e-6)
    assert (GradientFlow(gain, 1.0, 30).sizes()[1:] < powers[1:]).all()
    assert (GradientFlow(gain, 0.0, 30, "sigmoid").sizes()[1:] <= 1.0001 * (gain / 4) ** np.arange(1, 31)).all()


def test_sizes_are_those_of_the_products_of_jacobians():
    widget = GradientFlow(1.2, 0.7, 12)
    W, U = np.array(widget.W), 1.2 * np.array(widget.Q)
    h, jacobians = np.zeros(16), []
    for x in 0.7 * np.array(widget.noise)[:12]:
        h = np.tanh(W @ x + U @ h)
        jacobians.append((1 - h**2)[:, None] * U)
    product, sizes = np.eye(16), [1.0]
    for J in reversed(jacobians):
        product = product @ J
        sizes.append(np.linalg.norm(product) / 4)
    np.testing.assert_allclose(widget.sizes(), sizes, rtol=1e-12)
    slopes = [np.sqrt(np.mean((np.linalg.norm(J, axis=1) / 1.2) ** 2)) for J in jacobians]
    np.testing.assert_allclose(widget.slopes(), slopes, rtol=1e-6)


def test_a_gradient_whose_squares_are_too_small_is_not_lost():
    sizes = GradientFlow(0.05, 1.0, 100, "sigmoid").sizes()
    assert 0 < sizes[-1] < 1e-185
    assert GradientFlow(0.0).sizes().tolist() == [1.0] + [0.0] * 50


def test_the_sigmoid_of_the_sigmoid():
    x = np.linspace(-6, 6, 1201)
    value, slope = GradientFlow(times=4).repeated(x)
    assert (plain(value[0]), plain(value[-1]), plain(slope.max())) == ("0.651", "0.663", "0.00303")
    np.testing.assert_allclose(np.gradient(value, x)[1:-1], slope[1:-1], atol=1e-6)
    assert x[100] == -5 and x.min() == -6
    # What is given is left as it was.
    assert GradientFlow(squash="tanh", times=10).repeated(x)[1].max() == 1


def test_state_is_json_and_complete():
    state = json.loads(json.dumps(GradientFlow(1.5, 0.5, 20, "relu", back=3, units=2).state(), allow_nan=False))
    assert {k: v for k, v in state.items() if k not in "QWnoise"} == {
        "view": "net", "gain": 1.5, "scale": 0.5, "length": 20, "activation": "relu", "back": 3, "squash": "sigmoid", "times": 4,
    }  # fmt: skip
    assert [np.shape(state[k]) for k in ("Q", "W", "noise")] == [(2, 2), (2, 4), (100, 4)]


@pytest.mark.parametrize("title", GradientFlow.gallery())
def test_the_still_says_what_it_shows(title):
    widget = GradientFlow.gallery()[title]
    still = widget.still()
    alt = re.search(r'role="img" aria-label="([^"]*)"', still)[1]
    line = re.search(r"<figcaption>(.*)</figcaption>", still)[1]
    assert line.split(" Dashed")[0] in alt
    if widget.view == "net":
        assert plain(widget.sizes()[widget.back]) in line and plain(widget.sizes()[-1]) in line
        assert "var(--gs-grad" in still
    else:
        assert plain(widget.repeated(np.linspace(-6, 6, 1201))[1].max()) in line
    assert "<script" not in still and len(still) < 8000


def test_the_still_without_a_gain():
    assert "Size of the gradient: 0 after 1 step back, 0 after all 50." in GradientFlow(0.0, back=1).still()


# --- in a browser ---------------------------------------------------------------------------------------------------

pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402
from test_compound_interest import FAULTS  # noqa: E402

browser = pytest.mark.browser


def page(widget, theme="light", lang="en"):
    return widget_gallery.page({"one": widget.to_html()}, page_scripts("gradient-flow"), theme, lang)


def state(tab):
    return tab.evaluate("document.querySelector('rb-gradient-flow').store.get()")


def shown(tab):
    """The numbers below the letters."""
    return tab.locator(".terms .n").all_text_contents()


@browser
def test_the_page_walks_back_as_the_package_does(chromium):
    rng = np.random.default_rng(0)
    source = "globalThis.R = {};\n" + "".join(registered(m) for m in needs("gradient-flow"))
    with opened(chromium, "<!doctype html><html><title>maths</title></html>") as tab:
        tab.add_script_tag(content=source)
        for n in range(24):
            widget = GradientFlow(
                round(float(rng.uniform(0, 2)), 2) if n else 0.0,
                round(float(rng.uniform(0, 2)), 2),
                int(rng.integers(10, 101)),
                ACTIVATIONS[n % 4],
                units=int(rng.integers(1, 20)),
                rng=rng,
            )
            told = tab.evaluate("s => R['gradient-flow'].flow(s)", widget.state())
            np.testing.assert_allclose(
                np.array(told["sizes"], float), widget.sizes(), rtol=1e-9, err_msg=str(widget.gain)
            )
            np.testing.assert_allclose(told["slopes"], widget.slopes(), rtol=1e-9)
        tiny = GradientFlow(0.05, 1.0, 100, "sigmoid")
        told = tab.evaluate("s => R['gradient-flow'].flow(s)", tiny.state())
        np.testing.assert_allclose(np.array(told["sizes"], float), tiny.sizes(), rtol=1e-9)
        x = np.linspace(-6, 6, 1201)
        for squash in SQUASHES:
            for n in range(1, 11):
                value, slope = GradientFlow(squash=squash, times=n).repeated(x)
                told = tab.evaluate("([f, n]) => R['gradient-flow'].summary(f, n)", [squash, n])
                expected = {"low": value[0], "high": value[-1], "slope": slope.max(), "at": x[slope.argmax()]}
                assert told == pytest.approx(expected, rel=1e-12, abs=1e-12)
                all_ = tab.evaluate(
                    "([f, n, xs]) => xs.map(x => R['gradient-flow'].repeated(f, n, x))", [squash, n, x[::40].tolist()]
                )
                np.testing.assert_allclose(np.array(all_).T, [value[::40], slope[::40]], rtol=1e-12)


@browser
def test_a_reader_walks_back(chromium):
    widget = GradientFlow(0.9, 0.5, 30, back=1)
    sizes = widget.sizes()
    with opened(chromium, page(widget)) as tab:
        assert tab.locator(".say").inner_text().startswith(f"1 step back, {plain(sizes[1])} of it is left")
        step = tab.get_by_role("button", name="Step back", exact=True)
        for k in (2, 3, 4):
            step.click()
            assert state(tab)["back"] == k
            each = plain(sizes[k] ** (1 / k))
            assert shown(tab) == [plain(sizes[k]), each, plain(0.9**k)]
            assert tab.locator(".say").inner_text() == (
                f"{k} steps back, {plain(sizes[k])} of it is left: times {each} a step, on average."
            )
            assert tab.locator(".read").text_content() == plain(sizes[k])
            assert tab.locator(".where").inner_text() == f"t = {30 - k} of 30"
            assert tab.locator(".bar.now").count() == k
        seen = []
        for key in ("ArrowLeft", "ArrowRight", "Home", "ArrowLeft", "End", "ArrowRight"):
            tab.keyboard.press(key)
            seen.append(state(tab)["back"])
        assert seen == [5, 4, 30, 30, 0, 0]
        assert tab.locator(".say").inner_text() == "At t = 30, the last step, all of it is there: 1."
        time = tab.get_by_role("slider", name="Step t")
        time.fill("10")
        assert state(tab)["back"] == 20 and time.get_attribute("aria-valuetext") == "t = 10"
        dot, box = tab.locator("circle.dot").bounding_box(), time.bounding_box()
        assert abs(box["x"] + 8 + (box["width"] - 16) / 3 - dot["x"] - dot["width"] / 2) < 2


@browser
def test_sliders_and_activation_change_what_is_left(chromium):
    with opened(chromium, page(GradientFlow())) as tab:
        tab.get_by_role("slider", name="gain").fill("0.5")
        tab.get_by_role("slider", name="input scale").fill("0")
        now = state(tab)
        assert (now["gain"], now["scale"]) == (0.5, 0)
        assert shown(tab) == [plain(0.5**25), "0.5", plain(0.5**25)]
        tab.get_by_role("slider", name="steps").fill("20")
        assert (state(tab)["length"], state(tab)["back"]) == (20, 20)
        for name, activation in (("σ", "sigmoid"), ("ReLU", "relu"), ("identity", "identity"), ("tanh", "tanh")):
            tab.get_by_role("button", name=name, exact=True).click()
            assert state(tab)["activation"] == activation
            expected = GradientFlow(0.5, 0.0, 20, activation).sizes()[20]
            assert shown(tab)[0] == plain(expected)
            # What σ can pass on at most has a line of its own.
            assert tab.locator("path.most").count() == (activation == "sigmoid")
        tab.get_by_role("slider", name="gain").fill("0")
        assert shown(tab) == ["0", "–", "0"]
        assert tab.locator(".say").inner_text() == "20 steps back, nothing of it is left."
        tab.get_by_role("slider", name="gain").fill("2")
        assert "times as large" in tab.locator(".say").inner_text()
        tab.get_by_role("slider", name="gain").fill("1")
        assert tab.locator(".say").inner_text() == "20 steps back, all of it is left."


@browser
def test_where_it_leaves_float32_is_said(chromium):
    widget = GradientFlow(1.0, 1.0, 80, "sigmoid", back=70)
    k = int(np.argmax(widget.sizes() < SMALLEST))
    with opened(chromium, page(widget)) as tab:
        hint = tab.locator(".hint")
        assert (
            hint.inner_text()
            == f"{k} steps back, at t = {80 - k}, it falls below 1.2e−38, the smallest normal float32."
        )
        assert "float32: 0" in tab.locator("svg .note").all_text_contents()
        tab.get_by_role("button", name="tanh", exact=True).click()
        assert hint.inner_text().startswith("Size: the root mean square")


@browser
def test_one_function_again_and_again(chromium):
    with opened(chromium, page(GradientFlow())) as tab:
        tab.get_by_role("button", name="Again and again").click()
        assert shown(tab) == ["0.651 to 0.663", "0.00303"]
        assert tab.locator(".nest").inner_text() == "σ(σ(σ(σ(x))))"
        assert tab.locator("path.later").count() == 3
        tab.get_by_role("button", name="Once more", exact=True).click()
        assert state(tab)["times"] == 5
        assert (
            tab.locator(".say")
            .inner_text()
            .startswith("σ, applied 5 times: values 0.657 to 0.66, steepest slope 6.8e−4")
        )
        seen = []
        for key in ("ArrowLeft", "ArrowRight", "End", "ArrowRight", "Home", "ArrowLeft"):
            tab.keyboard.press(key)
            seen.append(state(tab)["times"])
        assert seen == [4, 5, 10, 10, 1, 1]
        assert "applied once" in tab.locator(".say").inner_text() and shown(tab)[1] == "0.25"
        tab.get_by_role("slider", name="times").fill("10")
        tab.get_by_role("button", name="tanh", exact=True).click()
        assert state(tab)["squash"] == "tanh" and shown(tab) == ["−0.373 to 0.373", "1"]
        tab.get_by_role("button", name="Through a net").click()
        assert state(tab)["view"] == "net" and state(tab)["activation"] == "tanh"


@browser
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"gain": "1"}, "gain must be a finite number"),
        ({"scale": 3}, "scale must lie between 0 and 2, and is 3"),
        ({"length": 5}, "length must lie between 10 and 100"),
        ({"back": 51}, "back must lie between 0 and 50"),
        ({"activation": "softsign"}, "activation must be one of tanh"),
        ({"view": 1}, "view must be one of net, squash"),
        ({"squash": "relu"}, "squash must be one of sigmoid, tanh"),
        ({"times": 0}, "times must lie between 1 and 10"),
        ({"Q": [[1, 0]]}, "Q[0] must have 1 entries, and has 2"),
        ({"Q": []}, "Q.length must lie between 1 and 24"),
        ({"Q": [[7]], "W": [[1, 1, 1, 1]]}, "Q must lie between"),
        ({"W": [[1]] * 16}, "noise[0] must have 1 entries, and has 4"),
        ({"noise": [[0, 0, 0, 0]]}, "noise must have 100 entries"),
    ],
)
def test_a_bad_state_is_one_line(chromium, changes, line):
    with opened(chromium, page(GradientFlow())) as tab:
        tab.evaluate(
            "changes => { const e = document.querySelector('rb-gradient-flow');"
            " e.dataset.state = JSON.stringify({ ...JSON.parse(e.dataset.state), ...changes }); }",
            changes,
        )
        assert line in tab.get_by_role("alert").inner_text()
        assert tab.get_by_role("button").count() == 0


@browser
def test_korean(chromium):
    with opened(chromium, page(GradientFlow(1.0, 0.0), lang="ko")) as tab:
        assert tab.locator(".say").inner_text() == "25단계 거슬러 가면 모두 그대로 남습니다."
        tab.get_by_role("button", name=words()["gradient-flow"]["squash"]["ko"]).click()
        assert "σ, 4번 적용" in tab.locator(".say").inner_text()


@browser
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [320, 390, 760])
def test_it_fits_and_everything_can_be_hit_and_read(chromium, width, lang):
    more = [
        GradientFlow(0.05, 1.0, 100, "sigmoid", back=100), GradientFlow(2.0, 0.0, 100, "identity", back=100),
        GradientFlow(view="squash", times=10), GradientFlow(view="squash", squash="tanh", times=5), GradientFlow(view="squash", times=1),
    ]  # fmt: skip
    with opened(chromium, page(GradientFlow(), lang=lang), width=width) as tab:
        for widget in (*GradientFlow.gallery().values(), *more):
            tab.evaluate(
                "s => { document.querySelector('rb-gradient-flow').dataset.state = s }", json.dumps(widget.state())
            )
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            shown_state = {k: v for k, v in widget.state().items() if k not in "QWnoise"}
            assert tab.evaluate(FAULTS, "gradient-flow") == [], shown_state


def test_the_numbers_of_both_sides_are_the_same():
    text = "".join(registered(m) for m in needs("gradient-flow"))
    from rnnbook.widgets import gradient_flow as python

    for name in ("MAX_UNITS", "MIN_STEPS", "MAX_STEPS", "MAX_TIMES"):
        assert f"const {name} = {getattr(python, name)};" in text
    assert set(python.ACTIVATIONS) <= set(rb.functional.ACTIVATIONS)
