"""Activations in a recurrent cell: in Python against the definitions, and the same numbers in the browser."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook.functional import ACTIVATIONS
from rnnbook.widgets.activation_picker import GATES, ActivationPicker, label, signed, size

SVG = "{http://www.w3.org/2000/svg}"
CELLS = ("ElmanCell", "LSTMCell")
# Written once more, apart from the package.
PHI = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: max(a, 0.0),
    "softsign": lambda a: a / (1 + abs(a)),
    "identity": lambda a: a,
}
each_cell = pytest.mark.parametrize("cell", CELLS)
each_activation = pytest.mark.parametrize("activation", PHI)


def by_hand(p, name, t, h=0.0, c=0.0):
    """The states after 1 to t steps by the equations of the docstring, from h and c: rows of (h, c, g)."""
    phi, out = PHI[name], []
    for x in p.series[:t]:
        a = p.w * x + p.u * h + p.b
        if p.cell == "ElmanCell":
            h = g = phi(a)
        else:
            g = phi(a)
            c = 0.9 * c + 0.5 * g
            h = 0.5 * phi(c)
        out.append((h, c, g))
    return np.array(out, float).reshape(-1, 3)


def some(seed, cell, steps=20, **more):
    rng = np.random.default_rng(seed)
    w, u = rng.uniform(-2, 2, 2)
    given = {"w": w, "u": u, "b": rng.uniform(-1, 1), "t": steps - 3} | more
    return ActivationPicker(rng.normal(size=steps), cell=cell, activation="softsign", **given)


# -- Python


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"series": [1.0]}, ValueError, "series must have 2 to 104 steps, got 1"),
        ({"series": np.zeros(105)}, ValueError, "series must have 2 to 104 steps, got 105"),
        ({"series": [[1.0, 2.0]]}, ValueError, r"series must have shape \(T,\)"),
        ({"series": ["a", "b"]}, TypeError, "series must hold real numbers"),
        ({"series": [0, float("nan")]}, ValueError, "series must be finite"),
        ({"series": [0, -1e7]}, ValueError, "series must lie between .* got -1e[+]07"),
        ({"activation": "gelu"}, ValueError, "activation must be one of tanh, sigmoid, relu, softsign, identity"),
        ({"cell": "GRUCell"}, ValueError, "cell must be one of ElmanCell, LSTMCell"),
        ({"activation": 3}, TypeError, "activation must be one of"),
        ({"w": 2.1}, ValueError, "w must be .* at most 2"),
        ({"u": -2.1}, ValueError, "u must be .* at least -2"),
        ({"b": "0"}, TypeError, "b must be a number"),
        ({"b": 3.5}, ValueError, "b must be .* at most 3"),
        ({"t": 53}, ValueError, "t must be .* at most 52"),
        ({"t": -1}, ValueError, "t must be at least 0"),
        ({"t": 1.5}, TypeError, "t must be an integer"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        ActivationPicker(**arguments)


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    p = ActivationPicker([1, 2, 3], activation="relu", cell="ElmanCell", u=-1, t=3)
    state = {
        "series": [1.0, 2.0, 3.0],
        "activation": "relu",
        "cell": "ElmanCell",
        "w": 1.0,
        "u": -1.0,
        "b": 0.0,
        "t": 3,
    }
    assert json.loads(json.dumps(p.state(), allow_nan=False)) == state
    for name, wrong in (("activation", "swish"), ("cell", "RNN"), ("u", 3), ("w", float("nan")), ("b", -4), ("t", 4)):
        with pytest.raises(ValueError, match=name):
            setattr(p, name, wrong)
    with pytest.raises(ValueError, match="activation must be one of"):
        p.states("gelu")
    assert p.state() == state


def test_the_built_in_series_is_standardised_with_one_bad_week():
    x = np.array(ActivationPicker().series)
    assert len(x) == 52 and abs(x.mean()) < 1e-3 and x.std() == pytest.approx(1, abs=1e-3)
    assert x.argmin() == 30 and x[30] < -3.5 and np.delete(x, 30).min() > -1.7


@each_cell
@each_activation
@pytest.mark.parametrize("seed", range(3))
def test_states_and_summary_are_those_of_the_definitions(cell, activation, seed):
    p = some(seed, cell)
    hand = by_hand(p, activation, 20)
    lstm = cell == "LSTMCell"
    np.testing.assert_allclose(p.states(activation), hand[:, : 1 + lstm], rtol=1e-12, atol=1e-15)
    found, t = p.summary()[activation], p.t
    assert found["largest_h"] == pytest.approx(np.abs(hand[:t, 0]).max(), rel=1e-12)
    assert found["zeros"] == (hand[:t, 2] == 0).mean()
    # A nudge of the first state, by differences.
    nudge = 1e-6
    if lstm:
        assert found["largest_c"] == pytest.approx(np.abs(hand[:t, 1]).max(), rel=1e-12)
        assert found["along_c"] == pytest.approx(0.9**t, rel=1e-12)
        up, down = (by_hand(p, activation, t, c=v)[-1, 1] for v in (nudge, -nudge))
        assert found["along_c"] + found["through_h"] == pytest.approx((up - down) / (2 * nudge), rel=1e-4, abs=1e-8)
    else:
        assert found["left"] == pytest.approx(found["slopes"] * p.u**t, rel=1e-10)
        up, down = (by_hand(p, activation, t, h=v)[-1, 0] for v in (nudge, -nudge))
        assert found["left"] == pytest.approx((up - down) / (2 * nudge), rel=1e-4, abs=1e-8)


@each_cell
def test_before_the_first_step_nothing_has_happened(cell):
    for found in ActivationPicker(cell=cell).summary().values():
        start = {"largest_h": 0, "largest_c": 0, "zeros": 0, "slopes": 1, "left": 1, "along_c": 1, "through_h": 0}
        assert found == {k: start[k] for k in found}


def test_what_the_reasons_of_the_blog_come_to():
    found = ActivationPicker(cell="ElmanCell", t=52, u=0.5).summary()
    # A slope of 1 is no protection where u is small, and one step at 0 ends it.
    assert found["identity"]["slopes"] == 1 and found["identity"]["left"] == pytest.approx(0.5**52)
    assert found["relu"]["slopes"] == found["relu"]["left"] == 0 and found["relu"]["zeros"] > 0.2
    assert found["tanh"]["zeros"] == 0
    grown = ActivationPicker(t=52, u=1.5).summary()
    assert grown["relu"]["largest_c"] > 1e4 and grown["tanh"]["largest_h"] < 0.5 and grown["tanh"]["largest_c"] <= 5
    assert len({round(f["along_c"], 12) for f in grown.values()}) == 1  # φ does not touch it


def test_numbers_are_short():
    assert [size(v) for v in (0.5, 4.26, 18.94, 1860.3, 99999, 5580268.9, 1.35e37)] == [
        *("0.50", "4.26", "18.9", "1860.3", "99999.0", "5.6e6", "1.4e37")
    ]
    assert [signed(v) for v in (0.5, -0.5, 2, -2e9, -1e-9, 0)] == ["50%", "−50%", "×2.0", "×−2.0e9", "−1.0e−9", "0"]


@each_cell
def test_no_setting_overflows(cell):
    for u, b in ((2, 3), (-2, 3), (2, -3)):
        for x in (1e6, -1e6):
            p = ActivationPicker(np.full(104, x), cell=cell, w=2, u=u, b=b, t=104)
            assert all(np.isfinite(list(f.values())).all() for f in p.summary().values())
            assert all(np.isfinite(p.states(k)).all() for k in PHI)
            assert not re.search("nan|inf", p.still())


@each_cell
@each_activation
def test_the_still_picture_says_what_it_shows(cell, activation):
    p = ActivationPicker(cell=cell, activation=activation, t=31, u=1.2)
    text = p.still()
    assert len(text) < 9000 and "var(--gs-h,currentColor)" in text
    text = re.sub("<style>.*?</style>", "", text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    text = text.replace("class=rb-on", 'class="rb-on"')
    figure = ElementTree.fromstring(text)
    svg, found = figure.find(f"{SVG}svg"), p.summary()
    assert svg.get("role") == "img" and f"with {label(activation)}, w = 1.00, u = 1.20" in svg.get("aria-label")
    rows = {
        row.find("th").text: [cell.text for cell in row.findall("td")]
        for row in figure.iter("tr")
        if row.find("td") is not None
    }
    assert list(rows) == ["tanh", "sigmoid", "ReLU", "softsign", "identity"]
    for name in ACTIVATIONS:
        of = found[name]
        last = ("along_c", "through_h") if cell == "LSTMCell" else ("slopes", "left")
        assert rows[label(name)][0] == size(of["largest_h"])
        assert rows[label(name)][-3:] == [f"{int(100 * of['zeros'] + 0.5)}%", *(signed(of[k]) for k in last)]
    assert [row.find("th").text for row in figure.iter("tr") if row.get("class") == "rb-on"] == [label(activation)]
    assert "<" not in svg.get("aria-label") and rows[label(activation)][0] in svg.get("aria-label")
    points = re.findall(r"[\d.]+ [\d.]+", svg.find(f"{SVG}path[@class='h']").get("d"))
    assert len(points) == 32
    assert (svg.find(f"{SVG}path[@class='c']") is not None) is (cell == "LSTMCell")


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = 'globalThis.rnnbook["activation-picker"]'


def page(p, **look):
    return widget_gallery.page({"": p.to_html()}, page_scripts("activation-picker"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-activation-picker').store.get()")


def say(tab):
    return re.sub(r"\s+", " ", tab.locator(".say[aria-live=polite]").inner_text())


def rows(tab):
    """The table: activation → texts of its numbers."""
    found = tab.locator(".all tbody tr").evaluate_all(
        "rows => rows.map(r => [r.querySelector('th').firstChild.textContent, [...r.querySelectorAll('td.n')].map(d => d.textContent)])"
    )
    return dict(found)


def expected(p):
    def text(k, v):
        return size(v) if k.startswith("largest") else f"{int(100 * v + 0.5)}%" if k == "zeros" else signed(v)

    return {label(n): [text(k, v) for k, v in of.items()] for n, of in p.summary().items()}


@browser
def test_the_page_computes_pythons_numbers(chromium):
    with opened(chromium, page(ActivationPicker())) as tab:
        for seed in range(12):
            p = some(seed, CELLS[seed % 2], steps=30, t=[30, 1, 0, 17][seed % 4])
            found = tab.evaluate(
                f"""s => Object.fromEntries({json.dumps(list(PHI))}.map((k) => {{
                  const run = {MODULE}.runOf(s, k);
                  return [k, {{ h: run.h.slice(1), c: run.c?.slice(1), sum: {MODULE}.summary(run, s.t) }}];
                }}))""",
                p.state(),
            )
            want = p.summary()
            for name, got in found.items():
                states = np.array([got["h"], *([got["c"]] if seed % 2 else [])]).T
                np.testing.assert_allclose(states, p.states(name), rtol=1e-10, atol=1e-12)
                assert list(got["sum"]) == list(want[name])
                np.testing.assert_allclose(list(got["sum"].values()), list(want[name].values()), rtol=1e-9, atol=1e-300)


@browser
def test_the_gates_stand_where_the_figure_says(chromium):
    with opened(chromium, page(ActivationPicker())) as tab:
        r = tab.evaluate(f"s => {MODULE}.runOf(s, 'tanh').trace[7]", ActivationPicker().state())
        for k, v in GATES.items():
            assert r[k][0] == pytest.approx(v, rel=1e-12)
            assert f"{k}\u00a0=\u00a0{v}" in tab.locator(".rule-note").inner_text()


@browser
@each_cell
@pytest.mark.parametrize("width", [390, 760])
def test_every_change_reaches_the_table(chromium, cell, width):
    p = ActivationPicker(cell=cell)
    with opened(chromium, page(p), width=width) as tab:
        for trait, name, value in (
            ("t", "t step", 33),
            ("u", "u recurrent", 1.6),
            ("w", "w of the input", -0.75),
            ("b", "b bias", 0.5),
            ("t", "t step", 52),
            ("u", "u recurrent", -2),
        ):
            tab.get_by_role("slider", name=name).fill(str(value))
            setattr(p, trait, value)
            assert state(tab) == p.state()
            assert rows(tab) == expected(p)
        for k in ("relu", "identity", "softsign", "sigmoid", "tanh"):
            tab.get_by_role("button", name=label(k), exact=True).click()
            assert state(tab)["activation"] == k
            assert tab.locator(".all tr[aria-current=true] th").evaluate("e => e.firstChild.textContent") == label(k)
        tab.get_by_role("button", name="LSTM" if cell == "ElmanCell" else "Elman").click()
        p.cell = CELLS[1 - CELLS.index(cell)]
        assert state(tab)["cell"] == p.cell and rows(tab) == expected(p)


@browser
def test_half_a_percent_is_rounded_up(chromium):
    p = ActivationPicker([1, -1, *[1] * 6], cell="ElmanCell", activation="relu", u=0.5, t=8)
    assert p.summary()["relu"]["zeros"] == 0.125
    with opened(chromium, page(p)) as tab:
        assert rows(tab)["ReLU"][1] == "13%" and "<td>13%</td>" in p.still()


@browser
@each_cell
@each_activation
def test_the_marks_stand_on_curve_and_slope(chromium, cell, activation):
    p = ActivationPicker(cell=cell, activation=activation, t=9, w=0.4, u=0.5)
    hand = by_hand(p, activation, 9)
    a = p.w * p.series[8] + p.u * hand[7, 0] + p.b
    with opened(chromium, page(p), width=760) as tab:
        # The scale, from the labels of the axes: pixel = c0 + c1 value.
        scale = tab.locator(".curves").evaluate(
            """svg => ["curve", "slope"].map((k) => {
              const at = (label) => [...svg.childNodes].find((n) => n.rbKey === `text/${k} ${label}`);
              const [x0, x4, y0, y1] = [+at("x0").getAttribute("x"), +at("x4").getAttribute("x"), at("y0").getAttribute("y") - 4, at("y1").getAttribute("y") - 4];
              return [x0, (x4 - x0) / 4, y0, y1 - y0];
            })"""
        )
        marks = tab.locator(".curves .at").evaluate_all(
            "all => all.map(e => [e.getAttribute('class').split(' ')[1], +e.getAttribute('cx'), +e.getAttribute('cy')])"
        )
        where = (
            [("h", a, hand[8, 0])] if cell == "ElmanCell" else [("g", a, hand[8, 2]), ("c", hand[8, 1], 2 * hand[8, 0])]
        )
        # The slope, by differences.
        slopes = [(PHI[activation](v + 1e-6) - PHI[activation](v - 1e-6)) / 2e-6 for _, v, _ in where]
        want = [
            (k, x0 + dx * v, y0 + dy * value)
            for (x0, dx, y0, dy), values in zip(scale, ([y for *_, y in where], slopes), strict=True)
            for (k, v, _), value in zip(where, values, strict=True)
        ]
        assert [m[0] for m in marks] == [m[0] for m in want]
        np.testing.assert_allclose([m[1:] for m in marks], [m[1:] for m in want], atol=0.02)


@browser
def test_a_mark_beyond_the_curve_is_an_arrow_with_its_size(chromium):
    p = ActivationPicker([3, 3, 3, -5], activation="identity", cell="ElmanCell", u=2, t=3)
    with opened(chromium, page(p)) as tab:
        assert tab.locator(".curves .at").count() == 0 and tab.locator(".curves .beyond").count() == 2
        assert tab.locator(".curves .value").all_text_contents() == ["a 21.0", "1.00"]


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("activation", ["relu", "identity"])
@each_cell
def test_what_explodes_stays_in_the_figure(chromium, cell, activation, width):
    p = ActivationPicker(
        np.full(104, 1e6), cell=cell, activation=activation, w=2, u=-2 if activation == "identity" else 2, t=104
    )
    with opened(chromium, page(p), width=width) as tab:
        box = [float(v) for v in tab.locator(".strip").get_attribute("viewBox").split()]
        for line in tab.locator(".strip .line").all():
            points = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", line.get_attribute("d")), float)
            assert len(points) == 105 and (points >= 0).all() and (points <= box[2:]).all()
        assert "log scale" in tab.locator(".strip").text_content()
        huge = p.summary()[activation]
        assert f"it has reached {size(max(huge['largest_h'], huge.get('largest_c', 0)))}" in say(tab)
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not re.search("NaN|Infinity", tab.locator("section").inner_html())
        # No label beyond the picture.
        right = tab.locator(".strip").bounding_box()
        for text in tab.locator(".strip text, .curves text").all():
            b = text.bounding_box()
            assert b["x"] >= right["x"] - 1 and b["x"] + b["width"] <= right["x"] + right["width"] + 1


@browser
def test_the_words_say_it(chromium):
    cases = [
        (
            ActivationPicker(),
            "No step is done, and the state is 0. Which of the five will vanish, and which will grow?",
        ),
        (
            ActivationPicker([1, -2, 1], cell="ElmanCell", activation="relu", t=3),
            "Step 3: a = 1.00 gives h = 1.00, with slope 1.00. Nothing of a nudge to h₀ arrives any more.",
        ),
        (
            ActivationPicker([1, 1], cell="ElmanCell", activation="identity", u=-0.5, t=1),
            "Step 1: a = 1.00 gives h = 1.00, with slope 1.00. Of a nudge to h₀, −50% arrives.",
        ),
        (
            ActivationPicker([1, 1], cell="ElmanCell", activation="identity", u=2, t=2),
            "Step 2: a = 3.00 gives h = 3.00, with slope 1.00. A nudge to h₀ arrives multiplied: ×4.0.",
        ),
        (
            ActivationPicker([1, 1], activation="identity", u=2, t=2),
            "Step 2: g = 1.50, c = 1.20, h = 0.60. Of a nudge to c₀, 81% arrives along c, 45% through h.",
        ),
    ]
    for p, text in cases:
        with opened(chromium, page(p)) as tab:
            assert say(tab) == text


@browser
def test_buttons_keys_and_a_click_step(chromium):
    with opened(chromium, page(ActivationPicker(t=50))) as tab:
        step, undo = tab.locator("button.step"), tab.locator("button.undo")
        for button, t in ((step, 51), (step, 52), (step, 52), (undo, 51)):
            button.dispatch_event("click")  # also where it says that it is at its end
            assert state(tab)["t"] == t
            assert len(re.findall("[ML]", tab.locator(".strip .line.h").get_attribute("d"))) == t + 1
        assert step.get_attribute("aria-disabled") is None
        step.focus()
        for pressed, t in (("ArrowLeft", 50), ("ArrowRight", 51), ("ArrowRight", 52), ("ArrowRight", 52), ("q", 52)):
            tab.keyboard.press(pressed)
            assert state(tab)["t"] == t
        tab.get_by_role("button", name="Before the first step").click()
        assert state(tab)["t"] == 0 and undo.get_attribute("aria-disabled") == "true"
        tab.keyboard.press("ArrowLeft")
        assert state(tab)["t"] == 0 and tab.locator(".curves .at").count() == 0
        tab.get_by_role("button", name="To the last step").click()
        assert state(tab)["t"] == 52
        # A click in the run sets the step where it is.
        tab.keyboard.press("ArrowLeft")
        tab.locator(".strip").scroll_into_view_if_needed()
        now = tab.locator(".strip .now").bounding_box()
        tab.get_by_role("button", name="Before the first step").click()
        box = tab.locator(".strip").bounding_box()
        tab.locator(".strip").click(position={"x": now["x"] + now["width"] / 2 - box["x"], "y": 90})
        assert state(tab)["t"] == 51


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
@each_cell
def test_nothing_shifts_and_no_two_nodes_are_one(chromium, width, lang, cell):
    with opened(chromium, page(ActivationPicker(cell=cell), lang=lang), width=width) as tab:
        twins, tops = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-activation-picker'), found = new Set(), tops = new Set();
              for (const activation of ["tanh", "sigmoid", "relu", "softsign", "identity"])
                for (const u of [-2, 0, 0.9, 1.6]) for (const t of [0, 1, 31, 52]) {
                  element.store.set({ activation, u, t });
                  for (const e of element.shadowRoot.querySelectorAll('*')) {
                    const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                    if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                  }
                  tops.add([".strip", ".transport", ".all"].map((c) => element.shadowRoot.querySelector(c).getBoundingClientRect().top).join());
                }
              return [[...found], [...tops]];
            }"""
        )
        assert twins == [] and len(tops) == 1, tops


@browser
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"series": [1]}, "series.length must lie between 2 and 104, and is 1"),
        ({"series": [1, "2"]}, "series[1] must be a finite number"),
        ({"series": [1, 1e7]}, "series[1] must lie between -1000000 and 1000000"),
        ({"activation": "gelu"}, "activation must be one of tanh, sigmoid, relu, softsign, identity"),
        ({"cell": "GRUCell"}, "cell must be one of ElmanCell, LSTMCell"),
        ({"u": 2.5}, "u must lie between -2 and 2"),
        ({"w": None}, "w must be a finite number"),
        ({"b": 4}, "b must lie between -3 and 3"),
        ({"t": 53}, "t must lie between 0 and 52"),
        ({"t": 1.5}, "t must be a whole number"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, said):
    with opened(chromium, page(ActivationPicker())) as tab:
        text = json.dumps(ActivationPicker().state() | change)
        tab.evaluate("s => { document.querySelector('rb-activation-picker').dataset.state = s }", text)
        assert said in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(ActivationPicker(cell="ElmanCell", activation="identity", u=2, t=5), lang="ko")) as tab:
        assert say(tab).startswith("5 시점: a = ") and "커집니다" in say(tab)
        assert tab.get_by_role("button", name="항등").get_attribute("aria-pressed") == "true"
        assert tab.get_by_role("slider", name="u 순환 가중치").count() == 1
        assert not re.search("Step|Unbounded|slope", tab.locator("section").inner_text())
