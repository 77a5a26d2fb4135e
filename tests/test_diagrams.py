"""Diagrams: well-formed, the same every time, numbers where they belong, and text that is never markup."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnbook.data.reber import ARROWS
from rnnbook.diagrams import Diagram, Edge, Node, automaton, feedforward, graph, recurrent
from rnnbook.plots import PALETTE

SVG = "{http://www.w3.org/2000/svg}"
X = np.array([0.5, -1.0])
W1, W2 = np.array([[0.4, 0.3], [-0.6, 0.8]]), np.array([[1.2, -0.7]])
H = np.tanh(W1 @ X)
Y = W2 @ H


def by_hand(**more):
    return feedforward(
        [2, 2, 1], values=[X, H, Y], weights=[W1, W2], labels=[["x_1", "x_2"], ["h_1", "h_2"], ["y"]],
        alt="Two inputs, two hidden units, one output.", **more,
    )  # fmt: skip


def backward():
    return by_hand(
        biases=[[0.1, 0.0], [0.05]], gradients=[[0.1, -0.2], [0.3, -0.4], [0.5]],
        weight_gradients=[np.full((2, 2), -0.123), np.full((1, 2), 0.456)], captions=["input", "hidden", "output"],
    )  # fmt: skip


PLACES = {0: (0, 1), 1: (1, 1), 2: (2, 0), 3: (2, 2), 4: (4, 0), 5: (4, 2), 6: (5, 1), 7: (6, 1)}

DIAGRAMS = {
    "sketch": lambda: feedforward([64, 32, 10], captions=["64 pixels", "32 hidden units", "10 digits"], alt="Sketch"),
    "path": lambda: feedforward([64, 32, 10], path=[40, 2, 8], labels=[None, None, list("0123456789")], alt="Path"),
    "forward": by_hand,
    "backward": backward,
    "three": lambda: feedforward(
        [3, 3, 2], values=[[1, -1, 0.05]] + [None] * 2, weights=[np.ones((3, 3)), -np.ones((2, 3))],
        weight_gradients=[np.ones((3, 3)), None], alt="3",
    ),
    "loop": lambda: graph(
        [Node(60, 90, "x", place="left"), Node(200, 90, "h", tint="h")],
        [Edge(0, 1, tip=True), Edge(1, 1, tip=True, label="U")], size=(280, 140), alt="A loop",
    ),
    "grammar": lambda: automaton(ARROWS, PLACES, alt="Reber's grammar"),
    "walk": lambda: automaton(ARROWS, PLACES, path="BTSX", alt="A walk"),
    "folded": lambda: recurrent(alt="Folded"),
    "both": lambda: recurrent(3, folded=True, alt="Folded and unrolled"),
    "string": lambda: recurrent(4, inputs="BTXS", outputs=["TP", "SX", "SX", "E"], alt="A string"),
    "numbers": lambda: recurrent(3, states=[0, 0.5, -1, 0.05], inputs="100", arrows=("W", "U", ""), alt="Numbers"),
    "long": lambda: recurrent(7, arrows=("w", "u", ""), alt="Long"),
    "curves": lambda: graph(
        [Node(60, 80, "x", place="corner"), Node(220, 80, "h", place="corner")],
        [Edge(0, 1, bend=0.3, tip=True, label="U", at=0.5), Edge(1, 0, bend=0.3, label="T", at=0.5, symbol=True),
         Edge(0, 0, side="below", label="W"), Edge(1, 1, side="right", label="U")],
        size=(320, 180), alt="Curves",
    ),
}  # fmt: skip


def parse(diagram):
    return ElementTree.fromstring(diagram.svg)


def texts(diagram):
    return ["".join(item.itertext()) for item in parse(diagram).iter(f"{SVG}text")]


def lines(diagram):
    return [path for path in parse(diagram).iter(f"{SVG}path")]


def boxes(diagram):
    """Generous boxes of all texts: no glyph of the fonts in use is wider than .65 em on average."""
    for item in parse(diagram).iter(f"{SVG}text"):
        text, kind = "".join(item.itertext()), item.get("class")
        maths = item.find(f"{SVG}tspan") is not None
        wide = (11 + 7 * (len(text) - 1)) if maths else 8.4 * len(text)
        x, y = float(item.get("x")), float(item.get("y"))
        left = x - (wide if "rb-end" in kind else 0 if "rb-start" in kind else wide / 2)
        yield text, (left, y - 7.5, left + wide, y + 7.5)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_diagram_is_well_formed_and_the_same_every_time(name):
    one, other = DIAGRAMS[name](), DIAGRAMS[name]()
    root = parse(one)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img" and root.get("aria-label") == one.alt
    assert one.svg == other.svg == str(one)
    # Without ids, two diagrams in one page cannot clash.
    assert not [item for item in root.iter() if item.get("id")]


@pytest.mark.parametrize("name", DIAGRAMS)
def test_texts_are_inside_and_apart(name):
    diagram = DIAGRAMS[name]()
    width, height = (float(parse(diagram).get(side)) for side in ("width", "height"))
    assert width <= 700
    placed = list(boxes(diagram))
    for k, (text, (x0, y0, x1, y1)) in enumerate(placed):
        assert x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height, text
        for other, (u0, v0, u1, v1) in placed[:k]:
            assert x1 <= u0 or u1 <= x0 or y1 <= v0 or v1 <= y0, (text, other)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_number_on_a_line_lies_in_a_circle(name):
    diagram = DIAGRAMS[name]()
    circles = [[float(c.get(a)) for a in ("cx", "cy", "r")] for c in parse(diagram).iter(f"{SVG}circle")]
    on_lines = [item for item in parse(diagram).iter(f"{SVG}text") if "rb-weight" in item.get("class")]
    spots = {(float(item.get("x")), float(item.get("y"))) for item in on_lines}
    for text, (x0, y0, x1, y1) in boxes(diagram):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        if (round(x, 1), round(y, 1)) in {(round(u, 1), round(v, 1)) for u, v in spots}:
            for cx, cy, r in circles:
                near = np.hypot(max(x0 - cx, 0, cx - x1), max(y0 + 3 - cy, 0, cy - y1 + 3))
                assert near >= r - 0.5, text


def test_both_themes_are_in_every_diagram():
    style = parse(by_hand()).find(f"{SVG}style").text
    rules = dict(re.findall(r"([^{}]+)\{([^{}]+)\}", style))
    light = next(body for selector, body in rules.items() if selector.strip() == ".rb-diagram")
    dark = next(body for selector, body in rules.items() if 'html[data-theme="dark"] .rb-diagram' in selector)
    selectors = next(selector for selector, body in rules.items() if body == dark)
    for host in ('body[data-jp-theme-light="false"]', 'html[theme="dark"]', "body.vscode-dark"):
        assert host in selectors
    for name in ("ink", "mute", "grad", "wash", "line", "h"):
        assert f"--rb-{name}:{PALETTE['light'][name]};" in light
        assert f"--rb-{name}:{PALETTE['dark'][name]};" in dark
    # All else is drawn with variables: no colour escapes the theme.
    body = style.replace(light, "").replace(dark, "") + re.sub(r"<style>.*?</style>", "", by_hand().svg)
    assert not re.findall(r"#[0-9a-f]{6}", body)


def test_forward_numbers_are_carried_through():
    written = texts(by_hand())
    for value in ("0.50", "−1.00", "0.40", "0.30", "−0.60", "0.80", "1.20", "−0.70"):
        assert value in written, value
    assert {"x1", "x2", "h1", "h2", "y"} <= set(written)


def test_backward_is_crimson_and_points_back():
    items = [item for item in parse(backward()).iter(f"{SVG}text") if "rb-back" in item.get("class")]
    written = ["".join(item.itertext()) for item in items]
    assert written.count("◂ −0.12") == 4 and written.count("◂ 0.46") == 2
    assert {"◂ 0.10", "◂ −0.20", "◂ 0.30", "◂ −0.40", "◂ 0.50"} <= set(written)
    assert not [item for item in parse(by_hand()).iter(f"{SVG}text") if "rb-back" in item.get("class")]


def test_weight_is_thickness_and_its_sign_is_dashed():
    diagram = feedforward([2, 1], weights=[[[0.25, -0.5]]], alt="x")
    small, large = lines(diagram)
    thick = [float(path.get("stroke-width")) for path in (small, large)]
    assert thick[1] - 1 == pytest.approx(2 * (thick[0] - 1))
    assert small.get("stroke-dasharray") is None and large.get("stroke-dasharray")


def test_weights_are_read_as_rows_of_the_unit_that_reads():
    W = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])  # (3 out, 2 in)
    diagram = feedforward([2, 3], weights=[W], alt="x")
    heights = {}
    for path in lines(diagram):
        _, y0, _, y1 = map(float, re.findall(r"-?[\d.]+", path.get("d")))
        heights[round(float(path.get("stroke-width")), 2)] = (y0, y1)
    by_weight = [heights[thick] for thick in sorted(heights)]
    starts = [w for w, _ in by_weight]
    # 2, 4, 6 come from the lower input: each starts below its odd neighbour.
    assert all(lower > upper for upper, lower in zip(starts[::2], starts[1::2], strict=True))
    ends = [e for _, e in by_weight]
    assert max(ends[:2]) < min(ends[2:4]) and max(ends[2:4]) < min(ends[4:])


def test_value_is_the_thickness_of_the_ring_and_its_sign_an_outline():
    def rings(value):
        diagram = graph([Node(40, 40, value=value)], [], size=(80, 80), alt="x")
        return [c for c in parse(diagram).iter(f"{SVG}circle") if c.get("class") == "rb-s-ink"]

    def thick(value):
        return float(rings(value)[0].get("stroke-width"))

    assert thick(0.1) < thick(0.5) < thick(1.0)
    assert rings(0.5)[0].get("stroke-opacity") is None
    assert rings(-0.5)[0].get("stroke-opacity") == "0.18" and len(rings(-0.5)) == 3


def test_ellipsis_names_first_and_last_and_keeps_the_path():
    written = texts(DIAGRAMS["path"]())
    assert written == ["0", "1", "2", "8", "9"]  # 8 lies on the path, next to the last
    lit = [item for item in parse(DIAGRAMS["path"]()).iter() if item.get("stroke-width") in ("2.5", "2.50")]
    assert [item.tag for item in lit].count(f"{SVG}path") == 2
    assert [item.tag for item in lit].count(f"{SVG}circle") == 3


def test_a_loop_leaves_and_enters_the_same_circle():
    loop = next(path for path in lines(DIAGRAMS["loop"]()) if "C" in path.get("d"))
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", loop.get("d"))]
    for x, y in (numbers[:2], numbers[-2:]):
        assert np.hypot(x - 200, y - 90) == pytest.approx(30, abs=0.2)


@pytest.mark.parametrize(
    ("side", "across", "down"), [("above", 0, -1), ("below", 0, 1), ("left", -1, 0), ("right", 1, 0)]
)
def test_a_loop_stands_on_its_side_and_begins_and_ends_on_the_circle(side, across, down):
    diagram = graph([Node(90, 90, "h")], [Edge(0, 0, side=side, tip=True)], size=(180, 180), alt="x")
    loop = next(path for path in lines(diagram) if "C" in path.get("d"))
    x0, y0, x1, y1, x2, y2, x3, y3 = (float(n) - 90 for n in re.findall(r"-?[\d.]+", loop.get("d")))
    for x, y in ((x0, y0), (x3, y3)):
        assert np.hypot(x, y) == pytest.approx(30, abs=0.2)
        assert x * across + y * down == pytest.approx(30 * 0.7071, abs=0.2)
    for x, y in ((x1, y1), (x2, y2)):
        assert x * across + y * down > 60


def test_a_bend_swings_to_the_left_and_keeps_its_ends():
    """Left as one walks along the line: up, for a line that runs to the right."""

    def path(bend):
        diagram = graph([Node(40, 90), Node(240, 90)], [Edge(0, 1, bend=bend, tip=True)], size=(280, 180), alt="x")
        return lines(diagram)[0].get("d")

    assert "L" in path(0.0) and "Q" not in path(0.0)
    up, down = ([float(n) for n in re.findall(r"-?[\d.]+", path(bend))] for bend in (0.2, -0.2))
    assert up[3] == pytest.approx(90 - 2 * 0.2 * 200) and down[3] == pytest.approx(90 + 2 * 0.2 * 200)
    for x, y, *_, end_x, end_y in (up, down):
        assert np.hypot(x - 40, y - 90) == pytest.approx(29, abs=0.2)
        assert np.hypot(end_x - 240, end_y - 90) == pytest.approx(29 + 9, abs=0.2)


def test_the_folded_net_is_the_unrolled_one_with_a_loop():
    assert texts(DIAGRAMS["folded"]()) == ["W", "W" + "y", "U", "h", "x", "y"]
    assert len([p for p in lines(DIAGRAMS["folded"]()) if "C" in p.get("d")]) == 1
    unrolled = recurrent(3, alt="x")
    assert not [p for p in lines(unrolled) if "C" in p.get("d")]  # no loop is left
    written = texts(unrolled)
    for name in ("W", "U", "Wy"):  # the same weights at every step
        assert written.count(name) == 3
    assert {f"{letter}{t}" for letter in "xhy" for t in (1, 2, 3)} | {"h0"} <= set(written)
    assert texts(recurrent(12, arrows=("W", "U", ""), alt="x")).count("x12") == 1


def test_every_state_of_an_unrolled_net_reads_the_one_before():
    diagram = recurrent(3, arrows=("W", "U", ""), alt="x")
    circles = [[float(c.get(a)) for a in ("cx", "cy")] for c in parse(diagram).iter(f"{SVG}circle")]
    y = min(down for _, down in circles)
    states = sorted({x for x, down in circles if down == y})
    level = []
    for path in lines(diagram):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))]
        if len(numbers) == 4 and numbers[1] == numbers[3] == y:
            level.append((numbers[0] - 20, numbers[2] + 20 + 9))  # from edge to edge, the tip's room included
    assert np.allclose(sorted(level), list(zip(states, states[1:], strict=False)), atol=0.2) and len(level) == 3


def test_numbers_of_an_unrolled_unit_stand_in_its_circles():
    written = texts(DIAGRAMS["numbers"]())
    assert [t for t in written if t in ("0", "0.50", "−1.00", "0.050")] == ["0", "0.50", "−1.00", "0.050"] + ["0", "0"]


def test_every_arrow_of_a_grammar_is_drawn_from_its_table():
    drawn = [t for t in texts(DIAGRAMS["grammar"]()) if t.isalpha()]
    assert sorted(drawn) == sorted(symbol for leaving in ARROWS.values() for symbol, _ in leaving)
    extra = ARROWS | {6: (("E", 7), ("Z", 0))}
    assert "Z" in texts(automaton(extra, PLACES, alt="x"))


def test_symbols_stand_upright_and_letters_of_mathematics_do_not():
    symbols, names = (DIAGRAMS[name]() for name in ("grammar", "folded"))
    assert not [item for item in parse(symbols).iter(f"{SVG}tspan")]
    assert [item for item in parse(names).iter(f"{SVG}tspan")]


def test_a_walk_lights_its_arrows_and_where_it_stands():
    def lit(path):
        diagram = automaton(ARROWS, PLACES, path=path, alt="x")
        bold = [item for item in parse(diagram).iter() if item.get("stroke-width") in ("2.5", "2.50")]
        return [item.tag for item in bold].count(f"{SVG}path"), [
            (round(float(c.get("cx"))), round(float(c.get("cy")))) for c in bold if c.tag == f"{SVG}circle"
        ]

    steps, (four,) = lit("BTSX")
    assert steps == 4
    assert lit("BTSSSX") == (4, [four])  # the loop is one arrow, however often it was taken
    steps, (end,) = lit("BTXSE")
    assert steps == 5 and end[0] > four[0]
    assert lit("")[0] == 0 and len(lit("")[1]) == 1
    assert lit(None) == (0, [])


def test_text_is_never_markup():
    evil = '</svg><script>alert("1")</script>&'
    diagram = feedforward([1, 1], labels=[[evil], ["a<b"]], captions=[evil, "&amp;"], alt=evil, caption=evil)
    html = diagram._repr_html_()
    assert "<script" not in html and html.count("</svg>") == 1
    assert parse(diagram).get("aria-label") == evil
    assert set(texts(diagram)) == {evil, "a<b", "&amp;"}


def test_jupyter_gets_html_svg_and_text():
    diagram = by_hand(caption="By hand")
    bundle = diagram._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == repr(diagram) == diagram.alt
    assert bundle["image/svg+xml"] == diagram.svg and diagram.svg in bundle["text/html"]
    assert "<figcaption>By hand</figcaption>" in bundle["text/html"]
    assert isinstance(diagram, Diagram)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: feedforward([2, 1]), TypeError, "alt"),
        (lambda: feedforward([2, 1], alt=" "), ValueError, "alt: expected a text"),
        (lambda: feedforward([2, 1], alt=3), TypeError, "alt: expected a text; got int"),
        (lambda: feedforward([2], alt="x"), ValueError, "sizes: expected at least two layers; got 1"),
        (lambda: feedforward([2, 0], alt="x"), ValueError, r"sizes\[1\]: expected at least one unit; got 0"),
        (lambda: feedforward([2, 1.5], alt="x"), TypeError, r"sizes\[1\]: expected an integer; got float"),
        (lambda: feedforward([2, 1], weights=[np.ones((2, 1))], alt="x"), ValueError,
         r"weights\[0\]: expected shape \(1, 2\); got \(2, 1\)"),
        (lambda: feedforward([2, 1], values=[X], alt="x"), ValueError, "values: expected 2 arrays.*got 1"),
        (lambda: feedforward([2, 1], values=[X, [np.nan]], alt="x"), ValueError, r"values\[1\]: expected finite"),
        (lambda: feedforward([2, 1], labels=[["a"], None], alt="x"), ValueError, r"labels\[0\]: expected 2 names; got 1"),
        (lambda: feedforward([2, 1], captions=["a"], alt="x"), ValueError, "captions: expected 2 texts"),
        (lambda: feedforward([2, 1], path=[2, 0], alt="x"), ValueError, r"path\[0\]: expected 0 to 1; got 2"),
        (lambda: feedforward([2, 1], shown=2, alt="x"), ValueError, "shown: expected an integer >= 3; got 2"),
        (lambda: graph([Node(0, 0)], [Edge(0, 1)], size=(9, 9), alt="x"), ValueError, r"edges\[0\].end: expected 0 to 0"),
        (lambda: graph([Node(0, 0, tint="red")], [], size=(9, 9), alt="x"), ValueError, r"nodes\[0\].tint"),
        (lambda: graph([Node(0, 0, look="big")], [], size=(9, 9), alt="x"), ValueError, r"nodes\[0\].look"),
        (lambda: graph([Node(0, 0)], [Edge(0, 0, side="up")], size=(9, 9), alt="x"), ValueError, r"edges\[0\].side"),
        (lambda: recurrent(0, alt="x"), ValueError, "steps: expected an integer >= 1, or None; got 0"),
        (lambda: recurrent(True, alt="x"), ValueError, "steps"),
        (lambda: recurrent(folded=False, alt="x"), ValueError, "folded: expected True"),
        (lambda: recurrent(2, inputs="abc", alt="x"), ValueError, "inputs: expected 2 texts.*got 3"),
        (lambda: recurrent(2, outputs="ab", arrows=("W", "U", ""), alt="x"), ValueError, "outputs: expected None"),
        (lambda: recurrent(2, arrows=("W", "", "V"), alt="x"), ValueError, "arrows: expected three names"),
        (lambda: recurrent(2, states=[0, 1], alt="x"), ValueError, r"states: expected shape \(3,\); got \(2,\)"),
        (lambda: automaton({}, {}, alt="x"), ValueError, "arrows: expected at least one place"),
        (lambda: automaton(ARROWS, {0: (0, 0)}, alt="x"), ValueError, "places: expected.*none for 1"),
        (lambda: automaton(ARROWS, PLACES, path="BX", alt="x"), ValueError, r"path\[1\]: expected one of T, P; got 'X'"),
        (lambda: automaton(ARROWS, PLACES, path="BTXSEB", alt="x"), ValueError, r"path\[5\]: expected one of nothing more"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_diagrams_need_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = sys.modules['IPython'] = None\n"
        "from rnnbook.diagrams import feedforward\n"
        "print(feedforward([2, 1], alt='x').svg[:4])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "<svg", done.stderr
