"""The unroller: arguments by name, numbers of the package, and what a reader types, steps and turns in a browser."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("anywidget")

import rnnbook as rb
from rnnbook.plots import number
from rnnbook.widgets.modules import page_scripts, words
from rnnbook.widgets.unroller import Unroller


def elman(w=1.0, u=0.8, b=0.0, **options):
    params = {"W": [[w]], "U": [[u]], "b": [b]}
    return rb.ElmanCell(1, 1, params=params, dtype=np.float64, **options)


# --- in Python ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"string": 101}, TypeError, "string must be a text"),
        ({"string": ""}, ValueError, "string must have 1 to 12 letters, got 0"),
        ({"string": "1" * 13}, ValueError, "string must have 1 to 12 letters, got 13"),
        ({"string": "10x"}, ValueError, "string must be made of .* got 'x' at place 2"),
        ({"w": float("nan")}, ValueError, "w must be a finite number"),
        ({"u": "0.8"}, TypeError, "u must be a number"),
        ({"b": 11}, ValueError, "b must be .* at most 10"),
        ({"t": 5}, ValueError, "t must be at most 4"),
        ({"t": 0}, ValueError, "t must be at least 1"),
        ({"t": 1.5}, TypeError, "t must be an integer"),
        ({"station": 5}, ValueError, "station must be at most 4"),
        ({"folded": "yes"}, TypeError, "folded must be True or False"),
        ({"cell": "ElmanCell"}, TypeError, "cell must be an ElmanCell"),
        ({"cell": rb.GRUCell(1, 1, rng=np.random.default_rng(0))}, TypeError, "cell must be an ElmanCell"),
        ({"cell": rb.ElmanCell(1, 2, rng=np.random.default_rng(0))}, ValueError, "cell must have one input"),
        ({"cell": elman(activation="relu")}, ValueError, "cell.activation must be one of tanh"),
        ({"cell": elman(), "w": 2.0}, TypeError, "w stands in the cell"),
        ({"cell": elman(), "u": 2.0}, TypeError, "u stands in the cell"),
        ({"cell": elman(), "b": 2.0}, TypeError, "b stands in the cell"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, named):
    with pytest.raises(error, match=named):
        Unroller(**arguments)


def test_what_the_kernel_sets_later_is_checked_too():
    unroller = Unroller("1000", t=3)
    for name, value in (("t", 5), ("station", 0), ("w", 4.0), ("u", -3.0), ("string", "abc"), ("activation", "relu")):
        before = getattr(unroller, name)
        with pytest.raises(ValueError, match=name):
            setattr(unroller, name, value)
        assert getattr(unroller, name) == before


def test_t_follows_a_shorter_string():
    unroller = Unroller("10101", t=5)
    unroller.string = "1-"
    assert (unroller.string, unroller.t) == ("1-", 2)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softsign"])
def test_a_cell_gives_its_weights_and_its_squash(activation):
    cell = elman(-1.5, 2.5, 0.25, activation=activation)
    unroller = Unroller("1-01", cell=cell)
    assert (unroller.w, unroller.u, unroller.b, unroller.activation) == (-1.5, 2.5, 0.25, activation)
    y, _ = rb.Recurrent(cell)(np.array([1.0, -1, 0, 1])[:, None, None])
    np.testing.assert_allclose(unroller.states(), y[:, 0, 0], rtol=1e-14)
    # The sliders reach as far as this needs, and no less far than usual.
    assert unroller.ranges == {"w": [-2, 3], "u": [-2, 3], "b": [-2, 2]}


def test_state_is_json_and_complete():
    state = json.loads(json.dumps(Unroller("10-", 2, -0.9, t=2, station=3, folded=False).state(), allow_nan=False))
    assert state == {
        "string": "10-", "w": 2.0, "u": -0.9, "b": 0.0, "activation": "tanh", "t": 2, "station": 3, "folded": False,
        "ranges": {"w": [0, 3], "u": [-2, 2], "b": [-2, 2]},
    }  # fmt: skip


@pytest.mark.parametrize("string", ["1", "1000", "10-00", "01000-000010"])
def test_the_still_has_every_state_and_says_them(string):
    unroller = Unroller(string, 3.0, -1.6, 0.2)
    still = unroller.still()
    states = [number(h) for h in unroller.states()]
    in_circles = re.findall(r'class="rb-value"[^>]*>([^<]*)<', still)
    # A row begins with the state before it, so some stand there twice.
    rows = -(-len(string) // 4)
    columns = -(-len(string) // rows)
    before = ["0", *states]
    assert in_circles == [
        h for k in range(0, len(string), columns) for h in (before[k], *states[k : k + columns])
    ]  # fmt: skip
    alt = re.search(r'role="img" aria-label="([^"]*)"', still)[1]
    assert f"unrolled over {len(string)} steps" in alt and ", ".join(states) in alt
    assert "w = 3.00" in still and "u = −1.60" in still and "bias b = 0.20" in still
    assert "bias" not in Unroller(string).still()
    assert "var(--" in still and "<script" not in still
    # Nothing lies outside of the drawing.
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', still).groups())
    places = re.findall(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"', still)
    assert max(float(x) for x, _ in places) < width - 12 and max(float(y) for _, y in places) < height - 4


def test_the_gallery_shows_both_views():
    shown = Unroller.gallery().values()
    assert len(shown) >= 3 and {w.folded for w in shown} == {True, False}


# --- in a browser ---------------------------------------------------------------------------------------------------

pytest.importorskip("playwright")
import screenshots  # noqa: E402 - from scripts/, see pyproject.toml
import widget_gallery  # noqa: E402
from browser import opened  # noqa: E402

browser = pytest.mark.browser
DIGITS = re.compile(r"[−≈]*\d+(?:\.\d+)?")


def page(widget, theme="light", lang="en"):
    return widget_gallery.page({"one": widget.to_html()}, page_scripts("unroller"), theme, lang)


def state(tab):
    return tab.evaluate("document.querySelector('rb-unroller').store.get()")


def equation(tab):
    """Numbers below the letters: those that are known."""
    terms = tab.locator(".equation .term, .equation .sum").evaluate_all(
        "all => all.map(e => [e.querySelector('.letter').textContent, e.querySelector('.n').textContent.trim()])"
    )
    return {letter: value for letter, value in terms if value}


def ready(tab):
    tab.get_by_role("button", name="Step", exact=True).or_(
        tab.get_by_role("button", name="다음", exact=True)
    ).wait_for()


@browser
def test_every_step_of_the_folded_net_shows_the_numbers_of_the_package(chromium):
    widget = Unroller("1-01", 2.0, -0.9, 0.3)
    h = [0.0, *widget.states()]
    x = [1, -1, 0, 1]
    with opened(chromium, page(widget)) as tab:
        ready(tab)
        for t in range(1, 5):
            a = 2.0 * x[t - 1] - 0.9 * h[t - 1] + 0.3
            known = {"w": "2.00", f"x{t}": str(x[t - 1]).replace("-", "−"), "u": "−0.90", "b": "0.30"}
            known[f"h{t - 1}"] = number(h[t - 1])
            said = tab.locator(".say")
            assert state(tab)["station"] == 1 and equation(tab) == known
            assert DIGITS.findall(said.inner_text()) == [str(t), known[f"x{t}"], known[f"h{t - 1}"]]
            rings = tab.locator("svg .value.h")
            assert rings.all_text_contents() == [number(h[t - 1])]  # the context alone: h is not computed yet
            flows = []  # how many pipes are filled: at step 1 the context is 0, at step 3 the input

            def look(flows=flows):
                widths = tab.locator(".pipe .flow").evaluate_all("all => all.map(e => +e.getAttribute('stroke-width'))")
                flows.append(sum(width > 0 for width in widths))

            look()
            tab.get_by_role("button", name="Step", exact=True).click()
            look()
            known[f"a{t}"] = number(a)
            assert equation(tab) == known
            assert rings.all_text_contents() == [number(h[t - 1])]
            wx, uh = number(2.0 * x[t - 1]), number(-0.9 * h[t - 1])
            assert DIGITS.findall(said.inner_text()) == [wx, uh, "0.30", number(a)]
            tab.get_by_role("button", name="Step", exact=True).click()
            look()
            known[f"h{t}"] = number(h[t])
            assert equation(tab) == known
            assert rings.all_text_contents() == [number(h[t]), number(h[t - 1])]
            tab.get_by_role("button", name="Step", exact=True).click()
            look()
            assert flows == [[1, 3, 4, 5], [1, 5, 6, 7], [0, 3, 4, 5], [1, 5, 6, 7]][t - 1]
            # The copy: now the context holds the new state.
            assert rings.all_text_contents() == [number(h[t]), number(h[t])]
            assert tab.get_by_role("button", name="Copy", exact=True).get_attribute("aria-current") == "step"
            assert DIGITS.findall(said.inner_text()) == [number(h[t]), *([str(t + 1)] if t < 4 else [])]
            if t < 4:
                tab.get_by_role("button", name="Step", exact=True).click()
        assert tab.get_by_role("button", name="Step", exact=True).get_attribute("aria-disabled") == "true"
        tab.get_by_role("button", name="Step", exact=True).click(force=True)
        assert (state(tab)["t"], state(tab)["station"]) == (4, 4)


@browser
@pytest.mark.parametrize("width", [1000, 390])
def test_unfolded_columns_fill_up_one_by_one(chromium, width):
    widget = Unroller("010000-00010", 3.0, 1.6, folded=False)
    h = [number(v) for v in widget.states()]
    with opened(chromium, page(widget), width=width) as tab:
        ready(tab)
        shown = tab.locator(".stage svg .value.h")

        # On a phone the second row begins with the end of the first, which is computed by then.
        def expected(t):
            return ["0", *h[: min(t, 6)], *([h[5], *h[6:t]] if t >= 6 else [])] if width == 390 else ["0", *h[:t]]

        assert shown.all_text_contents() == ["0"]
        for t in range(1, 13):
            tab.get_by_role("button", name="Step", exact=True).click()
            assert (state(tab)["t"], state(tab)["station"]) == (t, 4)
            assert shown.all_text_contents() == expected(t)
            assert tab.locator(".strip .bar").count() == t
        tab.get_by_role("button", name="Undo the last step").click()
        assert shown.all_text_contents() == expected(11)
        for _ in range(9):
            tab.get_by_role("button", name="Undo the last step").click()
        assert shown.all_text_contents() == expected(2)
        for t in (1, 0):
            tab.get_by_role("button", name="Undo the last step").click()
            assert shown.all_text_contents() == expected(t)
        tab.get_by_role("button", name="To the end").click()
        tab.get_by_role("button", name="Back to the start").click()
        assert shown.all_text_contents() == ["0"]
        assert tab.locator(".strip .bar").count() == 0
        tab.get_by_role("button", name="To the end").click()
        assert shown.all_text_contents() == expected(12)
        # Negative has a second cue: an outline, and below the line.
        assert tab.locator(".strip .bar.negative").count() == sum(v < 0 for v in widget.states())


@browser
def test_arrows_step_and_leave_the_field_alone(chromium):
    with opened(chromium, page(Unroller("100"))) as tab:
        ready(tab)
        tab.get_by_role("button", name="Read", exact=True).focus()
        places = []
        for key in ["ArrowRight"] * 5 + ["ArrowLeft"] * 2 + ["End", "Home", "ArrowLeft"]:
            tab.keyboard.press(key)
            places.append((state(tab)["t"], state(tab)["station"]))
        assert places == [(1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 1), (1, 4), (3, 4), (1, 1), (1, 1)]
        tab.get_by_role("textbox", name="Input").focus()
        tab.keyboard.press("ArrowRight")
        assert (state(tab)["t"], state(tab)["station"]) == (1, 1)
        tab.get_by_role("button", name="Unfolded").focus()
        tab.keyboard.press("Enter")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowRight")
        assert state(tab)["folded"] is False and (state(tab)["t"], state(tab)["station"]) == (2, 4)
        # The focus is where it was: nodes stay.
        assert tab.evaluate("document.querySelector('rb-unroller').shadowRoot.activeElement.textContent") == "Unfolded"


@browser
def test_what_is_typed_is_drawn_and_what_cannot_be_read_is_kept(chromium):
    with opened(chromium, page(Unroller("1000", t=4, station=4))) as tab:
        ready(tab)
        field, hint = tab.get_by_role("textbox", name="Input"), tab.locator("#hint")
        usual = hint.inner_text()
        field.fill("1-")
        assert state(tab)["string"] == "1-" and state(tab)["t"] == 2
        for text, why in (
            ("1-x0", "“x”"),
            ("", "at least one"),
            ("1 0", "space"),
            ("1" * 13, "13 letters, and 12 fit"),
        ):
            field.fill(text)
            assert field.input_value() == text and why in hint.inner_text(), text
            assert field.get_attribute("aria-invalid") == "true"
            assert state(tab)["string"] == "1-" and tab.locator(".strip .bar").count() == 2
        tab.get_by_role("button", name="Undo the last step").click()
        assert field.input_value() == "1" * 13  # nothing is lost by a step
        field.fill("\N{MINUS SIGN}01")  # any dash is a minus
        assert state(tab)["string"] == "-01" and field.input_value() == "-01"
        assert hint.inner_text() == usual and field.get_attribute("aria-invalid") is None
        field.fill("1" * 12)
        assert state(tab)["string"] == "1" * 12


def chapter_settings():
    """Give the pairs (w, u) of the chapter's figure."""
    notebook = json.loads((screenshots.ROOT / "book" / "03-elman.ipynb").read_text("utf-8"))
    (cell,) = [c for c in notebook["cells"] if c["id"] == "gains-one-unit"]
    pairs = re.findall(r'": \(([-\d.]+), ([-\d.]+)\),', "".join(cell["source"]))
    return {(float(w), float(u)) for w, u in pairs}


@browser
def test_weights_turn_and_the_whole_response_follows(chromium):
    widget = Unroller("1000", t=2, station=4)
    with opened(chromium, page(widget)) as tab:
        ready(tab)
        assert tab.locator(".bar").count() == 2 and tab.locator(".ahead").count() == 0
        tab.get_by_role("slider", name="u, the weight from the context").fill("1.6")
        assert state(tab)["u"] == 1.6
        assert tab.locator(".bar").count() == 2 and tab.locator(".ahead").count() == 2
        widget.u = 1.6
        listed = ", ".join(f"{t}: {number(h)}" for t, h in enumerate(widget.states(), 1))
        assert listed in tab.locator(".strip svg").get_attribute("aria-label")
        assert equation(tab)["h2"] == number(widget.states()[1]) and equation(tab)["u"] == "1.60"
        tall = tab.locator(".bar").first.bounding_box()["height"]
        tab.get_by_role("slider", name="w, the weight from the input").fill("0.3")
        assert tab.locator(".bar").first.bounding_box()["height"] < 0.5 * tall
        presets = tab.get_by_role("combobox", name="Weights to try")
        assert presets.input_value() == "own"
        offered = presets.locator("option").evaluate_all("all => all.map(e => e.value)")
        seen = set()
        for name in offered[1:]:
            presets.select_option(name)
            assert presets.input_value() == name
            now = state(tab)
            seen.add((now["w"], now["u"]))
            label = presets.locator("option:checked").inner_text()
            assert re.search(r"\((\w) = ([−\d.]+)\)", label).groups() in {
                (k, f"{now[k]:g}".replace("-", "−")) for k in "wu"
            }
        assert seen == chapter_settings()


@browser
def test_the_slider_of_time(chromium):
    with opened(chromium, page(Unroller("10101", folded=False))) as tab:
        ready(tab)
        time = tab.get_by_role("slider", name="Step of the string")
        time.fill("4")
        assert (state(tab)["t"], state(tab)["station"]) == (4, 4)
        assert time.get_attribute("aria-valuetext") == "4 of 5"
        tab.get_by_role("button", name="Folded", exact=True).click()
        tab.get_by_role("button", name="Combine").click()
        time.fill("2")
        assert (state(tab)["t"], state(tab)["station"]) == (2, 2)
        # Its thumb stands below the column.
        band, slider = tab.locator(".strip .band").bounding_box(), time.bounding_box()
        thumb = slider["x"] + 8 + (slider["width"] - 16) / 4
        assert abs(thumb - band["x"] - band["width"] / 2) < 2


@browser
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"string": "1x"}, "string must be 1 to 12 letters"),
        ({"string": 10}, "string must be a text"),
        ({"string": "1" * 13}, "string must be 1 to 12 letters"),
        ({"w": "1"}, "w must be a finite number"),
        ({"u": 2.5}, "u must lie between -2 and 2, and is 2.5"),
        ({"b": None}, "b must be a finite number"),
        ({"ranges": {"w": [0, 3], "u": [-2], "b": [0, 0]}}, "ranges.u must have 2 entries"),
        ({"ranges": []}, "ranges must be an object"),
        ({"activation": "relu"}, "activation must be one of tanh, sigmoid, softsign"),
        ({"t": 5}, "t must lie between 1 and 4"),
        ({"station": 1.5}, "station must be a whole number"),
        ({"folded": 1}, "folded must be one of true, false"),
    ],
)
def test_a_bad_state_is_one_line(chromium, changes, line):
    with opened(chromium, page(Unroller("1000"))) as tab:
        ready(tab)
        tab.evaluate(
            "changes => { const e = document.querySelector('rb-unroller');"
            " e.dataset.state = JSON.stringify({ ...JSON.parse(e.dataset.state), ...changes }); }",
            changes,
        )
        alert = tab.get_by_role("alert")
        assert line in alert.inner_text()
        assert tab.get_by_role("button").count() == 0


@browser
def test_other_squashes_have_their_name_and_no_presets(chromium):
    widget = Unroller("1-0", cell=elman(2, 0.7, 0.5, activation="sigmoid"), t=3, station=4)
    with opened(chromium, page(widget)) as tab:
        ready(tab)
        assert "σ" in tab.locator(".equation").inner_text()
        assert equation(tab)["h3"] == number(widget.states()[2])
        assert tab.get_by_role("combobox").count() == 0


@browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 600, 760])
def test_it_fits_and_everything_can_be_hit_and_read(chromium, width, theme):
    states = [
        Unroller("1000", t=2, station=2), Unroller("------------", 3, -2, 0.5, t=12, station=4),
        Unroller("------------", 3, -2, t=11, station=4, folded=False), Unroller("1------", 3, -1.5, t=5, station=4, folded=False),
        Unroller("1", t=1, station=4, folded=False),
    ]  # fmt: skip
    for widget in states:
        with opened(chromium, page(widget, theme), width=width, theme=theme) as tab:
            ready(tab)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            faults = tab.evaluate(
                """() => {
                const root = document.querySelector('rb-unroller').shadowRoot, found = [];
                for (const e of root.querySelectorAll('.rb *')) {
                    const box = e.getBoundingClientRect();
                    if (box.width && (box.right > innerWidth || box.left < 0) && !e.closest('.hide')) found.push(['outside', e.outerHTML]);
                    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
                    if (own && parseFloat(getComputedStyle(e).fontSize) < 12 && !e.matches('.index, sub, .hide')) found.push(['small', e.outerHTML]);
                }
                for (const e of root.querySelectorAll('button, input, select')) {
                    const box = e.getBoundingClientRect();
                    if (box.width < 43.9 || box.height < 43.9) found.push(['target', e.outerHTML]);
                }
                for (const svg of root.querySelectorAll('svg[role=img]')) {
                    const texts = [...svg.querySelectorAll('text')].filter(e => e.textContent.trim()).map(e => [e.textContent, e.getBoundingClientRect()]);
                    texts.forEach(([one, a], i) => texts.slice(0, i).forEach(([other, b]) => {
                        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5)
                            found.push(['overlap', one, other]);
                    }));
                }
                return found;
                }"""
            )
            assert faults == []


@browser
def test_nothing_shifts_while_stepping(chromium):
    for width in (390, 760):
        with opened(chromium, page(Unroller("1-01", 3, -2, 0.5)), width=width) as tab:
            ready(tab)
            step = tab.get_by_role("button", name="Step", exact=True)
            tops = set()
            for _ in range(15):
                tops.add(round(step.bounding_box()["y"]))
                step.click()
            tab.get_by_role("button", name="Unfolded").click()
            tops.add(round(step.bounding_box()["y"]))
            tab.get_by_role("textbox").fill("1-0x")
            tops.add(round(step.bounding_box()["y"]))
            assert len(tops) == 1, tops


@browser
def test_korean_words(chromium):
    said = words()["unroller"]
    with opened(chromium, page(Unroller("1000"), lang="ko")) as tab:
        ready(tab)
        section = tab.locator("section.rb")
        assert section.get_attribute("aria-label") == said["title"]["ko"]
        for key in ("folded", "unfolded", "read", "combine", "squash", "copy"):
            assert tab.get_by_role("button", name=said[key]["ko"], exact=True).count() == 1, key
        english = {entry["en"] for entry in said.values() if len(entry["en"]) > 3}
        shown = section.inner_text()
        assert not [text for text in english if text in shown]
        assert "입력은 1입니다" in tab.locator(".say").inner_text()
