"""Figures: both themes drawn with their palettes, texts that never touch, marks that say what the arrays say."""

import base64
import io
import subprocess
import sys
import urllib.parse
from collections import namedtuple
from html.parser import HTMLParser

import numpy as np
import pytest

from rnnbook import plots

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("IPython")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.collections import EllipseCollection  # noqa: E402

LSTMTrace = namedtuple("LSTMTrace", "i f g o c h")
GRUTrace = namedtuple("GRUTrace", "r z n h")
ElmanTrace = namedtuple("ElmanTrace", "h")


def lstm_trace(T=20, B=2, H=3, seed=0):
    rng = np.random.default_rng(seed)
    i, f, o = rng.random((3, T, B, H))
    g, c = rng.uniform(-1, 1, (2, T, B, H))
    return LSTMTrace(i, f, g, o, c, o * np.tanh(c))


def record(n=200, best=120):
    update = np.arange(1, n + 1)
    loss = 2.3 * np.exp(-update / 50) + 0.1
    checks = list(range(10, n + 1, 10))
    valid = {"update": checks, "loss": [2.4 * np.exp(-u / 50) + 0.13 for u in checks]}
    return {
        "update": list(update), "loss": list(loss), "grad_norm": [1.0] * n, "learning_rate": [0.1] * n,
        "validation": valid, "best_update": best,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def sources(picture):
    """The images of a shown figure, as (class, alt, decoded source)."""
    found = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attributes):
            attributes = dict(attributes)
            if tag == "picture":
                found.append(attributes)
            if tag == "source":
                assert " " not in attributes["srcset"]  # a space would end the address
                found[-1]["phone"] = attributes
            if tag == "img":
                found[-1] |= {**attributes, "class": found[-1]["class"] + " " + attributes["class"]}
            assert tag in {"figure", "style", "picture", "source", "img", "figcaption"}

    Parser().feed(picture._repr_html_())
    return found


def svg_of(image):
    kind, text = image["src"].split(",", 1)
    assert kind == "data:image/svg+xml"
    return urllib.parse.unquote(text)


def assert_tidy(figure):
    """No text leaves the figure, none touches another, none is smaller than 9 points."""
    figure.canvas.draw()
    renderer, boxes = figure.canvas.get_renderer(), []
    unseen = set()  # matplotlib keeps labels of ticks beyond the limits, and does not draw them
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            unseen |= {t.label1 for t in axis.get_major_ticks() if not low <= t.get_loc() <= high}
            unseen |= {t.label2 for t in axis.get_major_ticks() if not low <= t.get_loc() <= high}
    for text in figure.findobj(matplotlib.text.Text):
        if not text.get_visible() or not text.get_text().strip() or text in unseen:
            continue
        # The text alone: an annotation's own extent holds its arrow too.
        box = matplotlib.text.Text.get_window_extent(text, renderer)
        assert text.get_fontsize() >= 9, text
        assert box.x0 >= -0.5 and box.y0 >= -0.5, text
        assert box.x1 <= figure.bbox.x1 + 0.5 and box.y1 <= figure.bbox.y1 + 0.5, text
        boxes.append((text, box))
    assert boxes
    for k, (one, a) in enumerate(boxes):
        for other, b in boxes[:k]:
            apart = a.x1 <= b.x0 + 0.5 or b.x1 <= a.x0 + 0.5 or a.y1 <= b.y0 + 0.5 or b.y1 <= a.y0 + 0.5
            assert apart, (one, other)


# --- palette ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_quantity_can_be_read_as_text_on_its_paper(name):
    palette = plots.PALETTE[name]
    for ground in ("paper", "wash"):
        for tint in ("f", "i", "g", "o", "c", "h", "grad", "ink", "mute"):
            assert plots.contrast(palette[tint], palette[ground]) >= 4.5, (tint, ground)
        assert plots.contrast(palette["faint"], palette[ground]) >= 3


def test_contrast_is_the_published_formula():
    assert plots.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert plots.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)  # the well-known near miss


def test_gru_letters_take_the_colour_and_line_of_their_role():
    for gru, lstm in {"z": "f", "r": "o", "n": "g"}.items():
        assert plots.color(gru) == plots.color(lstm)
        assert plots.line(gru) == plots.line(lstm)


def test_no_two_quantities_share_a_line():
    cues = [(str(s["linestyle"]), s["marker"], s["linewidth"]) for s in plots.LINES.values()]
    assert len(set(cues)) == len(cues)


def test_theme_answers_for_color_line_and_style():
    assert plots.color("f") == plots.PALETTE["light"]["f"]
    with plots.theme("dark"):
        assert plots.color("f") == plots.PALETTE["dark"]["f"]
        assert plots.line("f")["markerfacecolor"] == plots.PALETTE["dark"]["paper"]
        assert matplotlib.rcParams["figure.facecolor"] == plots.PALETTE["dark"]["paper"]
    assert plots.color("f") == plots.PALETTE["light"]["f"]


# --- show ----------------------------------------------------------------------------------------------------------


def test_both_themes_are_drawn_with_their_palettes():
    picture = plots._picture(lambda: plots.gates(lstm_trace()), "Gates", None)
    light, dark = sources(picture)
    assert "rb-light" in light["class"] and "rb-dark" in dark["class"]
    for name in ("f", "i", "g", "o", "c", "h"):
        one, other = plots.PALETTE["light"][name], plots.PALETTE["dark"][name]
        assert one in svg_of(light) and other not in svg_of(light)
        assert other in svg_of(dark) and one not in svg_of(dark)


def test_pixels_of_the_fallback_and_of_a_figure_too_big_for_svg():
    many = np.arange(200_000) % 977

    def draw():
        fig, ax = plt.subplots()
        ax.scatter(many[:4000], many[1:4001], s=9, marker="s", color=plots.color("c"), linewidth=0)
        return fig

    picture = plots._picture(draw, "Dots", None)
    pngs = {"fallback": picture.png}
    for image in sources(picture):
        kind, data = image["src"].split(",", 1)
        assert kind == "data:image/png;base64"
        pngs[image["class"].split()[0]] = base64.b64decode(data)
    for where, name in (("fallback", "light"), ("rb-light", "light"), ("rb-dark", "dark")):
        pixels = np.round(plt.imread(io.BytesIO(pngs[where]))[..., :3] * 255).astype(int)
        seen = {tuple(p) for p in pixels.reshape(-1, 3)[::3]}
        for theme in ("light", "dark"):
            tint = plots.PALETTE[theme]["c"]
            rgb = tuple(int(tint[k : k + 2], 16) for k in (1, 3, 5))
            assert (rgb in seen) == (theme == name), (where, theme)


def test_fallback_stands_on_its_own_paper():
    picture = plots._picture(lambda: plots.history(record()), "Loss", None)
    corner = plt.imread(io.BytesIO(picture.png))[0, 0]
    assert tuple(np.round(corner * 255)) == (255, 255, 255, 255)


def test_draw_is_called_in_each_theme_at_each_width():
    papers = []

    def draw():
        papers.append((plots.color("paper"), matplotlib.rcParams["axes.facecolor"]))
        return plt.figure()

    plots._picture(draw, "Nothing", None)
    assert papers == [(plots.PALETTE[n]["paper"],) * 2 for n in ("light", "light", "dark", "dark")]


def test_show_displays_one_output_with_text_and_picture(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *objects: shown.extend(objects))
    assert plots.show(lambda: plots.history(record()), alt="The loss falls.", caption="a < b") is None
    (picture,) = shown
    data, _ = picture._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert data["text/plain"] == repr(picture) == "The loss falls."
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "<figcaption>a &lt; b</figcaption>" in data["text/html"]
    assert not plt.get_fignums()


def test_alt_is_on_both_images_and_never_html():
    alt = 'The <b>loss</b> & its "floor" <script>alert(1)</script>'
    picture = plots._picture(lambda: plots.history(record()), alt, None)
    images = sources(picture)
    assert [image["alt"] for image in images] == [alt, alt]
    assert "<script" not in picture._repr_html_()


def test_alt_is_required():
    with pytest.raises(TypeError, match="alt"):
        plots.show(plt.figure)
    for empty in ("", "  \n"):
        with pytest.raises(ValueError, match="alt"):
            plots.show(plt.figure, alt=empty)
    with pytest.raises(TypeError, match="alt"):
        plots.show(plt.figure, alt=None)


def test_output_is_the_same_every_time():
    one, other = (plots._picture(lambda: plots.gates(lstm_trace()), "Gates", None) for _ in range(2))
    assert one._repr_mimebundle_() == other._repr_mimebundle_()
    assert "Matplotlib" not in svg_of(sources(one)[0])  # no version, no date
    assert b"Software" not in one.png


def test_picture_is_never_wider_than_the_column():
    picture = plots._picture(lambda: plt.figure(figsize=(14, 4)), "Wide", None)
    assert {(image["width"], image["height"]) for image in sources(picture)} == {("700", "200")}


def test_theme_style_and_figures_are_restored_when_draw_raises():
    before = dict(matplotlib.rcParams)
    kept = plt.figure()

    def draw():
        plt.subplots()
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        plots.show(draw, alt="x")
    with pytest.raises(RuntimeError), plots.theme("dark"):
        raise RuntimeError
    assert plots.color("paper") == plots.PALETTE["light"]["paper"]
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == [kept.number]


def test_draw_must_make_its_figure():
    figure, ax = plt.subplots()
    with pytest.raises(ValueError, match="draw: expected a function that makes a new figure"):
        plots.show(lambda: figure, alt="x")
    with pytest.raises(TypeError, match="draw: expected a function"):
        plots.show(figure, alt="x")
    with pytest.raises(TypeError, match="draw: expected it to return a Figure or an Axes; got NoneType"):
        plots.show(lambda: None, alt="x")


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", [False, True])
def test_labels_of_close_lines_do_not_touch(log):
    with plots.theme("light"):
        fig, ax = plt.subplots()
        for k, name in enumerate(("one", "two", "three", "four", "five")):
            ax.plot([0, 1], [1, 2 + 0.01 * k], label=name)
        texts = plots.label_lines(ax)
        ax.set_ylim(0.5, 50)  # limits that change after the call
        if log:
            ax.set_yscale("log")
        assert_tidy(fig)
        boxes = [text.get_window_extent(fig.canvas.get_renderer()) for text in texts]
        end = ax.transData.transform((1, 2))[0]
    assert all(box.x0 > end + 5 for box in boxes)  # beside the lines, not on them
    heights = [box.y0 for box in boxes]
    assert heights == sorted(heights)  # in the order of their lines


def test_labels_hold_at_every_resolution():
    with plots.theme("light"):
        fig, ax = plt.subplots()
        ax.plot([0, 1], [0, 1], label="up")
        ax.plot([0, 1], [0, 1.001], label="up too")
        texts = plots.label_lines(ax)
        places = []
        for dpi in (50, 100, 200):
            fig.savefig(io.BytesIO(), dpi=dpi)
            places.append([text.get_position() for text in texts])
    np.testing.assert_allclose(places[0], places[1], atol=1.0)
    np.testing.assert_allclose(places[2], places[1], atol=1.0)


def test_a_lonely_label_stands_at_its_line():
    with plots.theme("light"):
        fig, ax = plt.subplots()
        ax.plot([0, 1], [0, 0.5], label="here", color="#123456")
        (text,) = plots.label_lines(ax)
        fig.canvas.draw()
    assert text.xy == (1, 0.5) and text.get_position()[1] == pytest.approx(0)
    assert text.get_color() == "#123456"


def test_apart_keeps_order_gaps_and_free_places():
    rng = np.random.default_rng(0)
    for _ in range(50):
        wanted, heights = rng.uniform(0, 100, 7), rng.uniform(5, 15, 7)
        at = plots._apart(wanted, heights, 0, 120)
        order = np.argsort(wanted)
        gaps = np.diff(at[order]) - (heights[order][1:] + heights[order][:-1]) / 2
        assert gaps.min() >= -1e-9
        assert (at - heights / 2).min() >= -1e-9 and (at + heights / 2).max() <= 120 + 1e-9
    np.testing.assert_allclose(plots._apart(np.array([50.0, 10, 90]), np.full(3, 10.0), 0, 100), [50, 10, 90])


def test_dollars_in_a_label_are_not_maths():
    with plots.theme("light"):
        fig, ax = plt.subplots()
        ax.plot([0, 1], label="5$ or 6$")
        (text,) = plots.label_lines(ax)
        fig.canvas.draw()
    assert text.get_text() == r"5\$ or 6\$"


# --- plots -------------------------------------------------------------------------------------------------------------

T_SHORT, T_LONG = lstm_trace(20), lstm_trace(100)
FADE = 0.4 ** np.arange(60)[::-1]
DRAWINGS = {
    "gates": lambda: plots.gates(T_SHORT),
    "gates of 1 step": lambda: plots.gates(lstm_trace(1)),
    "gates of 40 steps": lambda: plots.gates(lstm_trace(40), steps="abcd" * 10),
    "gates with words": lambda: plots.gates(lstm_trace(12), steps=["write +1", "", "read"] * 4),
    "gates of 100 steps": lambda: plots.gates(T_LONG, unit=-1, sequence=1),
    "gates of a counter": lambda: plots.gates(T_SHORT._replace(c=np.cumsum(np.abs(T_SHORT.c), 0)), names="fc"),
    "gates alone": lambda: plots.gates(T_SHORT, names=["f", "i"]),
    "gru": lambda: plots.gates(GRUTrace(T_SHORT.o, T_SHORT.f, T_SHORT.g, T_SHORT.h)),
    "elman": lambda: plots.gates(ElmanTrace(T_SHORT.h)),
    "history": lambda: plots.history(record(), baseline={"chance": np.log(10)}),
    "history, logarithmic": lambda: plots.history(record(best=100), baseline={"chance": np.log(10)}, log=True),
    "history, best first": lambda: plots.history(record(best=1)),
    "history, best last": lambda: plots.history(record(best=200)),
    "history of 1 update": lambda: plots.history({"update": [1], "loss": [0.7]}),
    "histories": lambda: plots.histories({"LSTM": [record(), record(150)], "GRU": [record()]}, key="validation"),
    "gradient norms": lambda: plots.gradient_norms({"a": FADE, "b": np.ones(60), "c": np.where(FADE < 1e-9, 0, FADE)}),
    "gradient norms, all zero": lambda: plots.gradient_norms({"cut": np.zeros(5)}),
    "signed matrix": lambda: plots.matrix(T_SHORT.c[:5, 0] * 3, rows=list("abcde")),
    "large matrix": lambda: plots.matrix(np.abs(T_LONG.c[:40, 0].repeat(20, axis=1))),
}  # fmt: skip


@pytest.mark.parametrize("phone", [False, True], ids=["page", "phone"])
@pytest.mark.parametrize("drawing", DRAWINGS)
def test_texts_are_inside_apart_and_large_enough(drawing, phone):
    with plots.theme("dark", phone=phone):
        ax = DRAWINGS[drawing]()
        ax.set_title("A title is a sentence that says what to see")
        if phone:
            plots._fit_phone(ax.figure)
        assert ax.figure.get_size_inches()[0] <= (3.9 if phone else 7.0)
        assert_tidy(ax.figure)


def test_phone_gets_a_picture_of_its_own_width():
    for draw in (lambda: plots.history(record()), lambda: plt.figure(figsize=(7, 3))):
        for image in sources(plots._picture(draw, "x", None)):
            assert image["width"] == "700" and image["phone"]["width"] == "390"
            assert image["phone"]["srcset"].startswith("data:image/svg+xml,")


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_plots_draw_where_they_are_told(drawing, monkeypatch):
    ax = DRAWINGS[drawing]()  # without a theme: the book's style all the same
    assert ax.figure.get_facecolor() == matplotlib.colors.to_rgba(plots.PALETTE["light"]["paper"])


def test_given_axes_are_used():
    with plots.theme("dark"):
        fig, (one, other) = plt.subplots(2, 1, figsize=(7, 6))
        assert plots.history(record(), one) is one
        assert plots.gates(lstm_trace(), ax=other) is other
        assert plt.get_fignums() == [fig.number]
        assert_tidy(fig)


def test_openings_are_as_open_as_the_gate():
    trace = lstm_trace(20)
    ax = plots.gates(trace, unit=2, sequence=1, names="f")
    (openings,) = ax.findobj(EllipseCollection)
    ax.figure.canvas.draw()
    ratio = openings.get_heights() / openings.get_widths()
    np.testing.assert_allclose(ratio, trace.f[:, 1, 2], atol=0.05)
    np.testing.assert_allclose(openings.get_offsets()[:, 0], np.arange(1, 21))
    assert len(plots.gates(lstm_trace(40), names="fio").findobj(EllipseCollection)) == 3
    assert not plots.gates(lstm_trace(41), names="fio").findobj(EllipseCollection)


def test_memory_is_a_thick_staircase_and_hidden_state_has_dots():
    trace = lstm_trace(20)
    ax = plots.gates(trace, unit=1)
    drawn = {line.get_color(): line for line in ax.get_lines() if len(line.get_xdata()) == 20}
    c, h = drawn[plots.color("c")], drawn[plots.color("h")]
    np.testing.assert_array_equal(c.get_ydata(), trace.c[:, 0, 1])
    np.testing.assert_array_equal(h.get_ydata(), trace.h[:, 0, 1])
    assert c.get_linewidth() == 3 and c.get_drawstyle() == "steps-mid" and h.get_marker() == "."


def test_a_negative_candidate_hangs_below_its_line():
    g = np.array([0.5, -0.5]).reshape(2, 1, 1)
    up, down = plots.gates(namedtuple("Trace", "g")(g)).patches[:2]
    assert up.get_height() == -down.get_height() > 0
    assert up.get_facecolor()[3] == 1 and down.get_facecolor()[3] < 0.3


def test_median_of_runs():
    runs = [{"update": [1, 2, 3], "loss": [k, 2.0 * k, 3.0 * k]} for k in (1.0, 5.0, 2.0)]
    runs.append({"update": [1, 2], "loss": [9.0, 9.0]})  # stopped early
    ax = plots.histories(runs)
    (median,) = [line for line in ax.get_lines() if line.get_linewidth() == 2.5]
    np.testing.assert_array_equal(median.get_xdata(), [1, 2])
    np.testing.assert_array_equal(median.get_ydata(), [3.5, 6.5])
    assert sum(line.get_linewidth() < 1 for line in ax.get_lines()) == 4


def test_history_starts_at_zero_and_draws_what_was_recorded():
    kept = record()
    ax = plots.history(kept, baseline={"chance": 3.5})
    assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 3.5
    drawn = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_array_equal(drawn["validation"].get_ydata(), kept["validation"]["loss"])
    assert "chance 3.50" in drawn
    assert any("update 120" in text.get_text() for text in ax.texts)


def test_gradient_norms_show_zeros_and_clipped_values_for_what_they_are():
    norms = np.array([0.0, 0.0, 1e-30, 1e-4, 1.0])
    ax = plots.gradient_norms({"tanh": norms}, floor=1e-12)
    ax.figure.canvas.draw()
    marks = {line.get_marker(): line for line in ax.get_lines() if len(line.get_xdata())}
    np.testing.assert_array_equal(marks["x"].get_xdata(), [1, 2])
    np.testing.assert_array_equal(marks["v"].get_xdata(), [3])
    np.testing.assert_array_equal(marks["v"].get_ydata(), [1e-12])
    np.testing.assert_array_equal(marks["<"].get_ydata(), [np.nan, np.nan, np.nan, 1e-4, 1.0])
    ticks = dict(zip((t.get_text() for t in ax.get_yticklabels()), ax.get_yticks(), strict=True))
    assert ticks["< 10⁻¹²"] == pytest.approx(1e-12)
    assert ticks["0"] == pytest.approx(marks["x"].get_ydata()[0])
    assert ticks["0"] < 1e-12 and ax.get_yscale() == "log"


def test_matrix_colours_mean_signs():
    ax = plots.matrix([[-2.0, 0.0, 2.0]])
    shades = ax.images[0].to_rgba(ax.images[0].get_array())[0]
    for shade, name in zip(shades, ("c", "paper", "grad"), strict=True):
        np.testing.assert_allclose(shade[:3], matplotlib.colors.to_rgb(plots.color(name)), atol=0.01)
    assert [text.get_text() for text in ax.texts] == ["−2.00", "0", "2.00"]
    for text, shade in zip(ax.texts, shades, strict=True):
        assert plots.contrast(text.get_color(), matplotlib.colors.to_hex(shade)) >= 4.5


def test_numbers_are_written_as_in_the_book():
    written = [plots.number(v) for v in (0.931, -0.0534, 0.0001, 0, -0.0, 12.5, 0.0996, -0.00049)]
    assert written == ["0.93", "−0.053", "≈0", "0", "0", "12.50", "0.10", "≈0"]


TRACE = lstm_trace(3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.color("q"), ValueError, "name: expected one of f, i"),
        (lambda: plots.line("ink"), ValueError, "name: expected one of"),
        (lambda: plots.rc("sepia"), ValueError, "name: expected 'light' or 'dark'; got 'sepia'"),
        (lambda: plots.gates(TRACE, unit=3), ValueError, "unit: expected 0 to 2; got 3"),
        (lambda: plots.gates(TRACE, sequence=2), ValueError, "sequence: expected 0 to 1; got 2"),
        (lambda: plots.gates(TRACE, unit=1.0), TypeError, "unit: expected an integer; got float"),
        (lambda: plots.gates(TRACE, names="fz"), ValueError, "names: expected some of f, i, g, o, c, h.*got 'z'"),
        (lambda: plots.gates(TRACE, steps="ab"), ValueError, "steps: expected 3 labels.*got 2"),
        (lambda: plots.gates(TRACE.c), TypeError, "trace: expected a named tuple"),
        (lambda: plots.gates(ElmanTrace(np.ones((3, 2)))), ValueError, r"trace.h: expected shape \(T, B, H\)"),
        (lambda: plots.gates(ElmanTrace(np.full((3, 2, 1), np.nan))), ValueError, "trace.h: expected finite"),
        (lambda: plots.gates(TRACE, ax=plt.figure()), TypeError, "ax: expected a matplotlib Axes; got Figure"),
        (lambda: plots.history([1.0, 0.5]), TypeError, "record: expected a mapping"),
        (
            lambda: plots.history({"update": [1, 2], "loss": [1.0, 0.0]}, log=True),
            ValueError,
            "log: expected losses above 0",
        ),
        (lambda: plots.history({"loss": [1.0]}), ValueError, "record: expected the keys 'update' and 'loss'"),
        (lambda: plots.history({"update": [1, 2], "loss": [1.0]}), ValueError, "record: .* one length"),
        (lambda: plots.history({"update": [], "loss": []}), ValueError, "record: .* one length >= 1"),
        (lambda: plots.history({"update": [1], "loss": [np.nan]}), ValueError, "at least one finite loss"),
        (lambda: plots.histories([]), ValueError, "runs: expected at least one record"),
        (
            lambda: plots.histories([{"update": [k], "loss": [1.0]} for k in (1, 2)]),
            ValueError,
            "recorded at the same updates",
        ),
        (lambda: plots.gradient_norms(np.ones(3)), TypeError, "norms: expected a mapping"),
        (lambda: plots.gradient_norms({"a": [-1.0]}), ValueError, r'norms\["a"\]: expected finite norms >= 0'),
        (lambda: plots.gradient_norms({"a": [np.inf]}), ValueError, "expected finite norms"),
        (lambda: plots.matrix([1.0, 2.0]), ValueError, r"array: expected shape \(R, C\).*got \(2,\)"),
        (lambda: plots.matrix([[-1.0]], signed=False), ValueError, "signed: expected True"),
        (lambda: plots.matrix([[1.0]], rows=["a", "b"]), ValueError, "rows: expected 1 names; got 2"),
        (lambda: plots.label_lines(plt.subplots()[1]), ValueError, "ends: expected lines drawn with label="),
        (lambda: plots.label_lines(plt.subplots()[1], {"a": 1}, side="top"), ValueError, "side: expected"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_importing_loads_neither_matplotlib_nor_ipython():
    done = run_python(
        "import sys, rnnbook.plots, rnnbook.diagrams; print({'matplotlib', 'IPython'} & set(sys.modules))"
    )
    assert done.stdout.strip() == "set()", done.stderr


def test_missing_matplotlib_says_what_to_install():
    done = run_python(
        "import sys; sys.modules['matplotlib'] = None\n"
        "from rnnbook import plots\n"
        "plots.history({'update': [1], 'loss': [1.0]})"
    )
    assert 'pip install "rnnbook[notebook]"' in done.stderr and "matplotlib" in done.stderr


def test_a_logarithmic_history_has_equal_factors_as_equal_steps():
    assert plots.history(record(), log=True).get_yscale() == "log"
    assert plots.history(record()).get_yscale() == "linear"
    plt.close("all")
