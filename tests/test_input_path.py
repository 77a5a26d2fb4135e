"""The path of one picture: the net's numbers in Python, rounded, and the same numbers in the browser."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnbook.cells import ElmanCell
from rnnbook.functional import softmax
from rnnbook.layers import Dense, Dropout
from rnnbook.model import Sequential
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent

pytest.importorskip("anywidget")
from rnnbook.widgets.input_path import InputPath

SVG = "{http://www.w3.org/2000/svg}"


def net_of(*sizes, seed=0, activation="tanh", scale=1.0):
    rng = np.random.default_rng(seed)
    layers = {}
    for k, (D, n) in enumerate(zip(sizes, sizes[1:], strict=False)):
        last = k == len(sizes) - 2
        params = {"W": scale * rng.standard_normal((n, D)) / np.sqrt(D), "b": 0.2 * rng.standard_normal(n)}
        layers[f"layer{k}"] = Dense(
            D, n, activation="identity" if last else activation, params=params, dtype=np.float64
        )
    return Sequential(**layers)


def pictures_of(n=3, rows=8, columns=8, seed=1):
    return np.random.default_rng(seed).integers(0, 17, (n, rows, columns)) / 16


def small(**options):
    return InputPath(net_of(16, 5, 3), pictures_of(2, 4, 4), [0, 2], **options)


def like_the_chapter(**options):
    return InputPath(net_of(64, 32, 10, scale=3), pictures_of(6), [0, 1, 2, 3, 4, 9], **options)


# -- Python


def test_it_takes_the_chapters_net_and_its_rows_of_pixels():
    net, pictures = net_of(64, 32, 10), pictures_of()
    path = InputPath(net, pictures.reshape(3, 64), [1, 2, 3], row=2)
    expected = softmax(net(pictures.reshape(3, 64))[0])[2]
    assert np.allclose(path.values()[-1], expected, atol=1e-3)
    assert path.shape == [8, 8] and path.row == 2 and path.station == 0
    assert InputPath(net, pictures, [1, 2, 3]).state()["pictures"] == path.state()["pictures"]
    assert InputPath(Dense(6, 2, rng=np.random.default_rng(0)), np.ones((1, 2, 3)), [1]).shape == [2, 3]


def test_the_state_is_small_json_and_close_to_the_net():
    """Weights four times as large as fresh ones, and pictures of noise: the closest calls."""
    for seed in range(5):
        net = net_of(64, 32, 10, seed=seed, scale=4)
        x = pictures_of(200, seed=seed)
        exact = softmax(net(x.reshape(200, 64))[0])
        path = InputPath(net, x[:6], [0] * 6)
        assert len(json.dumps(path.state(), separators=(",", ":"), allow_nan=False)) < 25_000
        for row in range(200):
            path.drawn = x[row].ravel().tolist()
            assert np.abs(path.values()[-1] - exact[row]).max() < 1e-3


def test_by_default_it_looks_at_what_speaks_loudest():
    path = like_the_chapter()
    hidden, _, p = path.values()
    unit, digit = path.chosen
    assert digit == p.argmax()
    products = np.array(path.layers[1]["W"])[digit] * hidden
    assert products[unit] == products.max()
    assert like_the_chapter(chosen=[3, 1]).chosen == [3, 1]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"net": Recurrent(ElmanCell(64, 4, rng=np.random.default_rng(0)))}, TypeError, "net must be a Sequential"),
        ({"net": Sequential(a=Dropout(0.5), b=Dense(64, 4, rng=np.random.default_rng(0)))}, TypeError, "net must"),
        ({"net": net_of(64, 129, 10)}, ValueError, "net must have at most 128 hidden units"),
        ({"net": net_of(64, 10, 17)}, ValueError, "16 outputs"),
        ({"net": net_of(64, 4, 4, 4, 4, 4)}, ValueError, "net must have at most 4 layers"),
        ({"pictures": pictures_of(3, 4, 4)}, ValueError, r"pictures must have shape \(N, rows, columns\) or \(N, 64\)"),
        ({"pictures": pictures_of(9), "labels": [0] * 9}, ValueError, "pictures must be at most 8"),
        ({"pictures": pictures_of() + 1}, ValueError, "pictures must lie between 0 and 1"),
        ({"pictures": np.full((3, 8, 8), np.nan)}, ValueError, "pictures must be finite"),
        ({"labels": [0, 1]}, ValueError, r"labels must have shape \(3,\)"),
        ({"labels": [0, 1, 10]}, ValueError, "labels must hold ids from 0 to 9"),
        ({"row": 3}, ValueError, "row must be .* at most 2"),
        ({"row": 0.5}, TypeError, "row must be an integer"),
        ({"station": 4}, ValueError, "station must be .* at most 3"),
        ({"shape": (4, 16)}, ValueError, "shape must be that of the pictures"),
        ({"pictures": pictures_of().reshape(3, 64), "shape": (8, 9)}, ValueError, r"shape must be \(rows, columns\)"),
        ({"pictures": pictures_of().reshape(3, 64), "shape": (2, 32)}, ValueError, "at most 16 each"),
        ({"chosen": [0]}, ValueError, "chosen must have 2 entries"),
        ({"chosen": [32, 0]}, ValueError, "chosen must be .* at most 31"),
    ],
)
def test_wrong_arguments_are_named(change, error, message):
    given = {"net": net_of(64, 32, 10), "pictures": pictures_of(), "labels": [0, 1, 2]} | change
    with pytest.raises(error, match=message):
        InputPath(**given)


def test_pixels_without_a_square_need_a_shape():
    net = net_of(12, 2)
    with pytest.raises(ValueError, match="shape must be given, since 12 pixels make no square"):
        InputPath(net, np.ones((1, 12)), [0])
    assert InputPath(net, np.ones((1, 12)), [0], shape=(3, 4)).shape == [3, 4]


def test_the_kernel_may_draw_and_choose_and_is_checked():
    path = small()
    before = path.values()[-1]
    path.drawn = [0.0] * 16
    assert not np.allclose(path.values()[-1], before)
    path.row = 1  # another picture is not drawn on yet
    assert path.drawn is None
    for name, wrong in (("drawn", [0] * 15), ("drawn", [2] * 16), ("chosen", [5, 0]), ("row", 2)):
        with pytest.raises(ValueError, match=name):
            setattr(path, name, wrong)


@pytest.mark.parametrize("path", InputPath.gallery().values(), ids=list(InputPath.gallery()))
def test_the_still_picture_says_what_it_shows(path):
    figure = ElementTree.fromstring(path.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    label = svg.get("aria-label")
    *hidden, _, p = path.values()
    assert svg.get("role") == "img"
    assert all(f"{k}: {number(share)}" in label for k, share in enumerate(p))
    assert all(number(value) in label for said in hidden for value in said)
    assert f"The net says {p.argmax()}, with probability {number(p.max())}" in figure.find("figcaption").text
    assert len(list(svg.iter(f"{SVG}rect"))) == 1 + (path.pixels > 0).sum() + sum(map(len, hidden)) + len(p)
    text = path.still()
    assert "var(--gs-h,currentColor)" in text and "#" not in text and len(text) < 9_000


def test_the_still_picture_names_a_drawing():
    path = small()
    path.drawn = [1.0] * 16
    assert "A drawing. The net says" in path.still()


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts, words  # noqa: E402

CORE = "globalThis.rnnbook.core"


def page(path, **look):
    return widget_gallery.page({"": path.to_html()}, page_scripts("input-path"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-input-path').store.get()")


def shown(tab):
    """The probabilities as the softmax's table has them."""
    return tab.locator(".soft tbody tr:last-child td").all_inner_texts()


@browser
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "softsign", "identity"])
def test_the_page_computes_pythons_numbers(chromium, activation):
    with opened(chromium, page(small())) as tab:
        for sizes in ((16, 5, 3), (16, 3), (16, 7, 6, 4, 2)):
            net, x = net_of(*sizes, seed=len(sizes), activation=activation), pictures_of(2, 4, 4)
            path = InputPath(net, x, [0, 1], row=1)
            found = tab.evaluate(
                f"s => {{ const r = {CORE}.feedforward(s.layers, s.pictures[s.row]); return [...r.steps.map((l) => l.y), r.p] }}",
                path.state(),
            )
            for theirs, ours in zip(found, path.values(), strict=True):
                assert np.allclose(theirs, ours, atol=1e-12)
            assert np.allclose(found[-1], softmax(net(x.reshape(2, 16))[0])[1], atol=1e-3)
        assert tab.evaluate(f"{CORE}.softmax([1000, 0, -1000])") == [1, 0, 0]  # no overflow


@browser
def test_the_numbers_shown_are_pythons(chromium):
    path = like_the_chapter(row=3, station=3)
    hidden, y, p = path.values()
    unit, digit = path.chosen
    with opened(chromium, page(path)) as tab:
        assert shown(tab) == [number(v) for v in p]
        assert tab.locator(".overview .number").all_text_contents() == [f"{v:.2f}" if v >= 0.005 else "≈0" for v in p]
        assert tab.locator(".equation .number").all_inner_texts()[0] == number(p[digit])
        tab.locator(".tab", has_text="Output").click()
        W, b = (np.array(path.layers[1][name]) for name in "Wb")
        expected = [y[digit], W[digit] @ hidden, b[digit]]
        assert tab.locator(".equation .number").all_inner_texts() == [number(v) for v in expected]
        tab.locator(".tab", has_text="Hidden").click()
        W, b = (np.array(path.layers[0][name]) for name in "Wb")
        expected = [hidden[unit], W[unit] @ path.pixels, b[unit]]
        assert tab.locator(".equation .number").all_inner_texts() == [number(v) for v in expected]
        # squares: the area is the size, and an outline says negative
        drawn = tab.locator(".three figure:first-child .sq").all()
        areas = [(float(s.get_attribute("width")) + float(s.get_attribute("stroke-width"))) ** 2 for s in drawn]
        assert np.allclose(areas, np.abs(W[unit]) / np.abs(W).max() * (0.9 * 16) ** 2, rtol=0.02, atol=0.05)
        minus = ["minus" in s.get_attribute("class") for s in drawn]
        assert minus == (W[unit] < 0).tolist()


@browser
def test_nothing_is_shown_before_it_is_computed(chromium):
    with opened(chromium, page(small())) as tab:
        counts = []
        for _ in range(4):
            counts.append(
                (tab.locator(".overview .sq").count(), tab.locator(".overview .out").count(), len(shown(tab)))
            )
            label = tab.locator(".overview").get_attribute("aria-label")
            assert ("Softmax:" in label) == (len(counts) == 4) and ("Hidden:" in label) == (len(counts) > 1)
            if len(counts) < 4:
                tab.locator(".step").click()
        assert counts == [(0, 0, 0), (5, 0, 0), (5, 3, 0), (5, 6, 3)]
        assert tab.locator(".step").get_attribute("aria-disabled") == "true"


# Two siblings with one key: the second is drawn anew each time, and what was drawn stays.
TWINS = """root => { const found = [];
  for (const e of root.querySelectorAll('*')) {
    const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
    if (new Set(keys).size < keys.length) found.push(e.outerHTML.slice(0, 99));
  }
  return found; }"""


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_nothing_is_left_over_from_what_was_drawn_before(chromium, width):
    with opened(chromium, page(like_the_chapter(station=3)), width=width) as tab:
        root = tab.evaluate_handle("document.querySelector('rb-input-path').shadowRoot")
        for row in (1, 5, 0):
            tab.locator(".thumb").nth(row).click()
            assert len(shown(tab)) == 10 and tab.locator(".soft thead th").count() == 11
        for station in (0, 1, 2, 3, 0, 3):
            tab.locator(".tab").nth(station).click()
            assert root.evaluate(TWINS) == []


@browser
def test_the_keyboard_steps(chromium):
    with opened(chromium, page(small())) as tab:
        tab.locator(".step").focus()
        for key, station in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 3), ("ArrowRight", 3)):
            tab.keyboard.press(key)
            assert state(tab)["station"] == station
        tab.keyboard.press("Home")
        tab.keyboard.press("ArrowLeft")
        assert state(tab)["station"] == 0
        before = tab.locator(".say").inner_text()
        tab.keyboard.press("ArrowRight")
        assert tab.locator(".say[aria-live=polite]").inner_text() != before


@browser
def test_the_keyboard_draws(chromium):
    path = small(station=3)
    with opened(chromium, page(path)) as tab:
        tab.locator(".thumb").last.focus()
        while not tab.evaluate("document.querySelector('rb-input-path').shadowRoot.activeElement.matches('.picture')"):
            tab.keyboard.press("Tab")
        grid = tab.get_by_role("grid")
        assert grid.get_attribute("aria-activedescendant") == "pixel-1-1"
        for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp"):  # at the edge it stays
            tab.keyboard.press(key)
        assert grid.get_attribute("aria-activedescendant") == "pixel-1-3"
        assert state(tab)["station"] == 3 and state(tab)["drawn"] is None
        pixel = 1 * 4 + 3
        before = path.pixels[pixel]
        for expected in (float(before < 0.5), float(before >= 0.5)):
            tab.keyboard.press("Space")
            drawn = state(tab)["drawn"]
            assert (
                drawn[pixel] == expected and np.delete(drawn, pixel).tolist() == np.delete(path.pixels, pixel).tolist()
            )
            path.drawn = drawn
            assert shown(tab) == [number(v) for v in path.values()[-1]]
            cell = tab.locator("#pixel-1-3")
            assert cell.get_attribute("aria-label") == f"row 2, column 4: {expected:.0f}"
            assert tab.locator(".hide[aria-live]").inner_text() == cell.get_attribute("aria-label")
        tab.keyboard.press("Home")
        assert grid.get_attribute("aria-activedescendant") == "pixel-1-0"
        tab.keyboard.press("End")
        assert grid.get_attribute("aria-activedescendant") == "pixel-1-3"


@browser
def test_the_pointer_draws_strokes_without_gaps(chromium):
    path = like_the_chapter(station=3)
    with opened(chromium, page(path)) as tab:
        tab.get_by_role("button", name="Clear").click()
        assert state(tab)["drawn"] == [0] * 64
        box = tab.get_by_role("grid").bounding_box()

        def at(row, column):
            return box["x"] + (column + 0.5) * box["width"] / 8, box["y"] + (row + 0.5) * box["height"] / 8

        tab.mouse.move(*at(1, 1))
        tab.mouse.down()
        tab.mouse.move(*at(1, 6))  # one quick move
        tab.mouse.move(*at(4, 6), steps=9)
        tab.mouse.up()
        tab.mouse.move(*at(7, 7))  # not pressed
        expected = np.zeros((8, 8))
        expected[1, 1:7] = expected[1:5, 6] = 1
        assert state(tab)["drawn"] == expected.ravel().tolist()
        tab.mouse.move(*at(1, 3))
        tab.mouse.down()  # on ink: wipes
        tab.mouse.move(*at(1, 5))
        tab.mouse.up()
        expected[1, 3:6] = 0
        tab.mouse.move(*at(6, 2))
        tab.mouse.down()
        tab.mouse.move(*at(6, 10))  # beyond the picture: to its edge
        tab.mouse.move(*at(9, 10))
        tab.mouse.up()
        expected[6, 2:] = expected[7, 7] = 1
        found = np.array(state(tab)["drawn"]).reshape(8, 8)
        assert found.tolist() == expected.tolist()
        path.drawn = found.ravel().tolist()
        assert shown(tab) == [number(v) for v in path.values()[-1]]
        assert "never seen your hand" in tab.locator(".say").inner_text()


@browser
def test_another_picture_is_chosen(chromium):
    best = int(like_the_chapter(row=5).values()[-1].argmax())
    path = like_the_chapter(station=3, chosen=[3, (best + 1) % 10])
    with opened(chromium, page(path)) as tab:
        tab.get_by_role("button", name="Clear").click()
        assert tab.locator(".thumb[aria-pressed=true]").count() == 0
        tab.get_by_role("button", name="Picture 6, a 9").click()
        assert (state(tab)["row"], state(tab)["drawn"]) == (5, None)
        path.row = 5
        assert shown(tab) == [number(v) for v in path.values()[-1]]
        assert tab.locator(".thumb[aria-pressed=true]").get_attribute("aria-label") == "Picture 6, a 9"
        assert state(tab)["chosen"] == [3, best]  # the likeliest output is looked at
        assert ("So does the label" if best == 9 else "The label says 9") in tab.locator(".say").inner_text()


@browser
def test_a_unit_is_chosen(chromium):
    path = like_the_chapter(station=1, chosen=[0, 4])
    hidden = path.values()[0]
    with opened(chromium, page(path)) as tab:

        def number_of(unit):
            assert state(tab)["chosen"] == [unit, 4]
            assert tab.locator(".equation .number").first.inner_text() == number(hidden[unit])

        number_of(0)
        tab.get_by_role("button", name="The one before").click()
        number_of(31)  # round
        tab.get_by_role("button", name="The next one").click()
        number_of(0)
        tab.get_by_role("combobox", name="Hidden neuron").select_option("11")
        number_of(11)
        tab.locator(".overview .cell").nth(20).click()
        number_of(20)
        tab.locator(".tab", has_text="Output").click()
        tab.get_by_role("combobox", name="Output").select_option("7")
        assert state(tab)["chosen"] == [20, 7]


@browser
def test_the_picture_is_a_grid_of_pixels_for_a_screen_reader(chromium):
    with opened(chromium, page(small())) as tab:
        grid = tab.get_by_role("grid", name="4 by 4 pixels")
        assert grid.get_by_role("row").count() == 4 and grid.get_by_role("gridcell").count() == 16
        assert tab.locator(f"#{grid.get_attribute('aria-activedescendant')}").count() == 1
        assert tab.locator(".picture[tabindex='0']").count() == 1


@browser
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [390, 760])
def test_buttons_are_large_and_stay_where_they_are(chromium, width, lang):
    with opened(chromium, page(like_the_chapter(), lang=lang), width=width) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        places, sizes, small_ = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-input-path'), root = element.shadowRoot;
              const places = new Set(), sizes = new Set(), small = [];
              for (let row = 0; row < 6; row++) for (let station = 0; station < 4; station++) {
                element.store.set({ row, station, drawn: null });
                const box = root.querySelector('.step').getBoundingClientRect();
                places.add([box.x, box.y, box.width].map(Math.round).join());
                for (const e of root.querySelectorAll('.rb *'))
                  if (!e.closest('sub, sup') && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
                    sizes.add(parseFloat(getComputedStyle(e).fontSize));
                for (const e of root.querySelectorAll('button, select, [tabindex]')) {
                  const b = e.getBoundingClientRect();
                  if (b.width < 44 || b.height < 44) small.push(e.outerHTML.slice(0, 80));
                }
              }
              return [[...places], [...sizes], small];
            }"""
        )
        assert len(places) == 1, places
        assert min(sizes) >= 12 and small_ == []
        pixel = tab.locator(".picture [role=gridcell]").first.bounding_box()
        assert pixel["width"] >= 24 and pixel["height"] >= 24


@browser
@pytest.mark.parametrize("width", [360, 390, 600, 760])
@pytest.mark.parametrize("sizes", [(64, 128, 16), (64, 3), (64, 30, 20, 10, 10), (64, 1, 1)])
def test_any_net_fits(chromium, width, sizes):
    for station in range(len(sizes) + 1):
        path = InputPath(net_of(*sizes), pictures_of(8), [0] * 8, station=station)
        with opened(chromium, page(path), width=width) as tab:
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            over = tab.evaluate(
                """() => { const root = document.querySelector('rb-input-path').shadowRoot, svg = root.querySelector('.overview');
                  const all = svg.getBoundingClientRect();
                  return [...svg.querySelectorAll('rect, text')].filter((e) => { const b = e.getBoundingClientRect();
                    return b.right > all.right + 2 || b.bottom > all.bottom + 2; }).length; }"""
            )
            assert over == 0


@browser
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"row": 2}, "row must lie between 0 and 1, and is 2"),
        ({"station": 4}, "station must lie between 0 and 3"),
        ({"station": "1"}, "station must be a finite number"),
        ({"chosen": [0]}, "chosen must have 2 entries"),
        ({"chosen": [5, 0]}, "chosen[0] must lie between 0 and 4"),
        ({"drawn": [0] * 15}, "drawn must have 16 entries"),
        ({"drawn": [2] * 16}, "drawn[0] must lie between 0 and 1"),
        ({"shape": [4]}, "shape must have 2 entries"),
        ({"shape": [4, 5]}, "layers[0].W[0] must have 20 entries"),
        ({"pictures": [[0] * 16, [None] * 16]}, "pictures[1][0] must be a finite number"),
        ({"labels": [0, 3]}, "labels[1] must lie between 0 and 2"),
        ({"layers": []}, "L must lie between 1 and 4"),
        ({"layers": [1]}, "layers[0] must be an object"),
        ({"layers": [{"W": [[1] * 16], "b": [0], "activation": "none"}]}, "layers[0].activation must be one of"),
        ({"layers": [{"W": [[1] * 16], "b": [], "activation": "tanh"}]}, "layers[0].b must have 1 entries"),
    ],
)
def test_a_wrong_state_shows_one_line(chromium, change, line):
    with opened(chromium, page(small())) as tab:
        tab.evaluate("change => document.querySelector('rb-input-path').store.set(change)", change)
        said = tab.locator(".rb").inner_text().strip()
        assert line in said and "\n" not in said and tab.locator(".bad[role=alert]").count() == 1


@browser
def test_it_speaks_korean(chromium):
    said = words()["input-path"]
    for entry in said.values():
        assert entry["ko"] and any("가" <= c <= "힣" for c in entry["ko"])
    with opened(chromium, page(like_the_chapter(), lang="ko")) as tab:
        for station in range(4):
            text = tab.locator(".rb").inner_text()
            assert "{" not in text and not any(word in text for word in ("Neuron", "Digit", "Hidden", "The ", "Step"))
            assert tab.locator(".where").inner_text().startswith(str(station + 1))
            if station < 3:
                tab.locator(".step").click()
        assert tab.locator("section.rb").get_attribute("aria-label") == said["title"]["ko"]


@browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_gallery(chromium, theme):
    with opened(chromium, widget_gallery.gallery("input-path", theme), width=390, theme=theme) as tab:
        assert tab.locator("rb-input-path .step").count() == len(InputPath.gallery())
        assert tab.locator(".bad").count() == 0
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
