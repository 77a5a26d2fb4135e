"""Shapes of a recurrent net: what can depend on what, by the arrows of the drawing and by nets that are nudged."""

import json
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook import layers
from rnnbook.cells import ElmanCell
from rnnbook.layers import Embedding, Ends, Last
from rnnbook.losses import softmax_cross_entropy
from rnnbook.model import Sequential
from rnnbook.recurrent import Bidirectional, Recurrent
from rnnbook.widgets.shape_picker import SHAPES, ShapePicker, allowed, inputs, outputs, reachable, steps

SVG = "{http://www.w3.org/2000/svg}"
WIRINGS = [
    (shape, feedback, both)
    for shape, feedback, both in product(SHAPES, (False, True), (False, True))
    if allowed(shape)["feedback"] >= feedback and allowed(shape)["both"] >= both
]
each_wiring = pytest.mark.parametrize(("shape", "feedback", "both"), WIRINGS)


# -- arguments and state


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"shape": "none-to-many"}, ValueError, "shape must be one of .*one-to-many"),
        ({"feedback": True}, ValueError, "feedback must be False for 'many-to-one': no step comes after its output"),
        ({"shape": "one-to-many", "both": True}, ValueError, "both must be False for 'one-to-many': it has one input"),
        ({"both": 1}, TypeError, "both must be True or False, got 1"),
        ({"step": 6}, ValueError, "step must be at most 5, the last moment of 'many-to-one', got 6"),
        ({"step": -1}, ValueError, "step must be"),
        ({"selected": "y1"}, ValueError, "selected must be one of x1, .*y5"),
        ({"shape": "after-reading", "selected": "x4"}, ValueError, "selected must be one of x1, x2, x3, y4"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        ShapePicker(**arguments)


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    picker = ShapePicker("in-step", feedback=True, both=True, step=8, selected="y2")
    assert json.loads(json.dumps(picker.state())) == {
        "shape": "in-step", "feedback": True, "both": True, "step": 8, "selected": "y2",
    }  # fmt: skip
    for name, wrong in (("shape", "?"), ("step", 9), ("selected", "h1")):
        with pytest.raises(ValueError, match=name):
            setattr(picker, name, wrong)
    picker.both = False
    assert picker.step == 4
    picker.shape = "many-to-one"  # what makes no sense there goes
    assert picker.state() == {"shape": "many-to-one", "feedback": False, "both": False, "step": 4, "selected": None}
    with pytest.raises(ValueError, match="feedback must be False"):
        picker.feedback = True


def test_which_switches_make_sense():
    found = {shape: tuple(allowed(shape).values()) for shape in SHAPES}
    assert found == {
        "one-to-one": (False, False), "one-to-many": (True, False), "many-to-one": (False, True),
        "in-step": (True, True), "after-reading": (True, True),
    }  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_an_entry_of_the_table_is_complete(shape):
    entry = SHAPES[shape]
    assert len(entry["inputs"]) == len(entry["outputs"]) <= 6
    assert inputs(shape) == list(range(1, len(inputs(shape)) + 1)), "the inputs come first, without a gap"
    wirings = {" ".join(n for n, on in (("feedback", f), ("both", b)) if on) for s, f, b in WIRINGS if s == shape}
    assert set(entry["code"]) == wirings
    assert all(len(line) <= 49 for lines in entry["code"].values() for line in lines), "too long for a phone"


# -- the law: a nudge of an input moves an output if, and only if, the arrows lead there


class Net:
    """The code that the widget shows, run on inputs of our own; what it gives out is noted."""

    D = O = 3
    H, B = 4, 1

    def __init__(self, shape, feedback, both):
        self.shape, rng = shape, np.random.default_rng(7)
        self.code, T, R = ShapePicker(shape, feedback=feedback, both=both).code(), steps(shape), len(inputs(shape))
        D, O, H, net = self.D, self.O, self.H, self
        self.noted = []

        def weights(*size):
            return {"W": rng.normal(0, 1, (H, size[0])), "U": rng.normal(0, 1, (H, H)), "b": rng.normal(0, 0.1, H)}

        def cell(size):
            return ElmanCell(size, H, params=weights(size), dtype=np.float64)

        class Dense(layers.Dense):
            def __init__(self, *sizes, rng, **options):
                W, b = rng.normal(0, 1, sizes[::-1]), rng.normal(0, 1, sizes[1])
                super().__init__(*sizes, params={"W": W, "b": b}, dtype=np.float64, **options)

            def __call__(self, x):
                y = super().__call__(x)
                if y.shape[-1] == O:
                    net.noted.append(y.reshape(-1, O))
                return y

        fed_tags = shape == "in-step" and feedback
        # How many steps x has: the loops read one after the other what the plain form reads at once.
        rows = T if not (both or feedback) else R + (shape == "after-reading" and not both)
        self.x = rng.normal(size=(rows, 1, D))
        self.known = {
            "np": np, "rng": rng, "D": D, "O": O, "H": H, "T": T, "B": 1, "range": range, "zip": zip,
            "cell": cell(D + O if fed_tags else D), "back": cell(D), "writer": cell(D),
            "Sequential": Sequential, "Recurrent": Recurrent, "Bidirectional": Bidirectional, "Last": Last, "Ends": Ends,
            "Dense": Dense, "words": Embedding(O, D, params={"E": 2 * rng.normal(size=(O, D))}, dtype=np.float64),
            "join": layers.Dense(2 * H, H, rng=rng, dtype=np.float64, activation="tanh"),
            "begin": rng.normal(size=(1, 1, D)), "blanks": np.zeros((T - R, 1, D)),
            "softmax_cross_entropy": softmax_cross_entropy,
            "targets": np.zeros((T, 1), int), "mask": np.array([[t in outputs(shape)] for t in range(1, T + 1)]),
        }  # fmt: skip
        self.weights = {k: v for k, v in self.known.items() if k not in ("rng",)}

    def __call__(self, x):
        """The outputs (outputs, O), for inputs (steps, B, D)."""
        self.noted.clear()
        x = x[0] if self.shape == "one-to-one" else x
        exec(self.code, self.weights | {"rng": np.random.default_rng(3), "x": x, "image": x[0]})
        y = np.concatenate(self.noted)
        assert len(y) >= len(outputs(self.shape))
        return y[-len(outputs(self.shape)) :]


@each_wiring
def test_a_nudged_input_moves_what_the_arrows_say(shape, feedback, both):
    net = Net(shape, feedback, both)
    if shape == "one-to-one":
        net.x = net.x[:1]
    before = net(net.x)
    moved = np.zeros((len(outputs(shape)), len(inputs(shape))), bool)
    rng = np.random.default_rng(0)
    for k in range(len(inputs(shape))):
        for _ in range(8):
            x = net.x.copy()
            x[k] += rng.normal(size=x[k].shape)
            moved[:, k] |= (net(x) != before).any(axis=1)
    np.testing.assert_array_equal(moved, ShapePicker(shape, feedback=feedback, both=both).reaches())


def outputs_of(shape, feedback, both, changed=None):
    """All outputs of a net that is run step by step; the output of one step, `changed`, is another than it gave."""
    rng = np.random.default_rng(5)
    T, ins, outs, H, N = steps(shape), inputs(shape), outputs(shape), 4, 3
    ahead, behind = (ElmanCell(N, H, rng=rng, dtype=np.float64) for _ in range(2))
    W, V = rng.normal(size=(N, H)), rng.normal(size=(N, H))
    x = {t: rng.normal(size=(1, N)) for t in ins}
    back = {}
    if both:
        read, _ = Recurrent(behind)(np.array([x[t] for t in ins[::-1]]))
        back = dict(zip(ins[::-1], read, strict=True))
    state, last, y = np.zeros((1, H)), np.zeros((1, N)), {}
    for t in range(1, T + 1):
        if both and shape == "after-reading" and t == len(ins) + 1:
            state = state + back[1]
        given = x.get(t, np.zeros((1, N))) + (last if feedback else 0)
        h, _ = Recurrent(ahead)(given[None], ElmanCell.State(state))
        state = h[0]
        if t in outs:
            side = back.get(t if len(outs) > 1 else 1, np.zeros((1, H)))
            y[t] = state @ W.T + side @ V.T + (t == changed)
            last = y[t]
    return np.array([y[t][0] for t in outs])


@each_wiring
def test_an_output_moves_those_after_it_with_feedback_alone(shape, feedback, both):
    before = outputs_of(shape, feedback, both)
    moved = np.array([(outputs_of(shape, feedback, both, t) != before).any(axis=1) for t in outputs(shape)]).T
    np.fill_diagonal(moved, False)  # a node does not depend on itself
    picker = ShapePicker(shape, feedback=feedback, both=both)
    np.testing.assert_array_equal(moved, picker.reaches("y"))
    assert picker.reaches("y").any() == feedback


def test_past_only_or_everything():
    assert (ShapePicker("in-step").reaches() == np.tri(4, dtype=bool)).all()
    assert ShapePicker("in-step", both=True).reaches().all()
    after = ShapePicker("after-reading", feedback=True)
    assert after.reaches().all() and (after.reaches("y") == np.tri(3, k=-1, dtype=bool)).all()


@each_wiring
def test_nothing_comes_before_what_it_needs(shape, feedback, both):
    picker = ShapePicker(shape, feedback=feedback, both=both)
    order = [node for moment in picker.moments() for node in moment]
    assert len(order) == len(set(order)) and {node for arrow in picker.arrows() for node in arrow} == set(order)
    assert all(order.index(from_) < order.index(to) for from_, to in picker.arrows())
    assert not [node for node in order if node in reachable(picker.arrows(), node)], "a circle"


# -- the still figure


@each_wiring
def test_the_still_picture_says_what_it_shows(shape, feedback, both):
    picker = ShapePicker(shape, feedback=feedback, both=both, selected=f"y{outputs(shape)[-1]}")
    picker.step = len(picker.moments())
    figure = ElementTree.fromstring(picker.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    assert svg.get("role") == "img" and svg.get("aria-label") == figure.find("figcaption").text
    assert figure.find("pre/code").text == picker.code()
    for t, row in zip(outputs(shape), picker.reaches(), strict=True):
        on = ", ".join(str(k) for k, there in zip(inputs(shape), row, strict=True) if there)
        assert f"output {t} on {on}" in svg.get("aria-label")
    assert ("feedback" in svg.get("aria-label"), "both directions" in svg.get("aria-label")) == (feedback, both)
    nodes = {node for moment in picker.moments() for node in moment}
    found = [e for e in svg.iter() if e.get("class", "").split()[:1] == ["n"]]
    thick = [e for e in found if "l" in e.get("class").split()]
    assert len(found) == len(nodes)
    assert len(thick) == len(reachable(picker.arrows(), picker.selected, back=True)) + 1
    assert len(picker.still()) < 7000


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = 'globalThis.rnnbook["shape-picker"]'


def page(picker, **look):
    return widget_gallery.page({"": picker.to_html()}, page_scripts("shape-picker"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-shape-picker').store.get()")


def lit(tab):
    return sorted(tab.locator(".node.lit, .box.lit").evaluate_all("all => all.map((e) => e.dataset.node)"))


def spoken(tab, of):
    return tab.locator(f"p.{of}[aria-live=polite]").inner_text().replace("\n", " ").replace("\u2060", "")


@browser
def test_the_page_finds_pythons_matrix(chromium):
    with opened(chromium, page(ShapePicker())) as tab:
        for shape, feedback, both in WIRINGS:
            picker = ShapePicker(shape, feedback=feedback, both=both)
            arrows, moments, x, y, can = tab.evaluate(
                f"s => [{MODULE}.arrows(s), {MODULE}.moments(s), {MODULE}.reaches(s), {MODULE}.reaches(s, 'y'), {MODULE}.allowed(s)]",
                picker.state(),
            )
            assert sorted(map(tuple, arrows)) == sorted(picker.arrows())
            assert moments == picker.moments() and can == allowed(shape)
            np.testing.assert_array_equal(x, picker.reaches())
            np.testing.assert_array_equal(y, picker.reaches("y"))


@browser
@each_wiring
def test_a_picked_node_lights_what_it_is_bound_to(chromium, shape, feedback, both):
    picker = ShapePicker(shape, feedback=feedback, both=both)
    nodes = {node for moment in picker.moments() for node in moment}
    with opened(chromium, page(picker)) as tab:
        assert lit(tab) == []
        for node in sorted(node for node in nodes if node[0] in "xy"):
            button = tab.locator(f"button[data-node={node}]")
            button.click()
            bound = reachable(picker.arrows(), node, back=node[0] == "y") | {node}
            assert state(tab)["selected"] == node and button.get_attribute("aria-pressed") == "true"
            assert lit(tab) == sorted(bound)
            ways = [f"{a} {b}" for a, b in picker.arrows() if {a, b} <= bound]
            drawn = tab.locator(".arrow.lit").evaluate_all("all => all.map((e) => e.dataset.arrow)")
            assert sorted(drawn) == sorted(ways)
            assert tab.locator(".node.dim, .box.dim").count() == len(nodes - bound)
        button.click()
        assert state(tab)["selected"] is None and lit(tab) == []


@browser
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shape": "in-step", "selected": "y2"}, "Output 2 can depend on inputs 1–2. Inputs 3–4 come too late for it."),
        ({"shape": "in-step", "selected": "y3"}, "Output 3 can depend on inputs 1–3. Input 4 comes too late for it."),
        ({"shape": "in-step", "both": True, "selected": "y1"}, "Output 1 can depend on all 4 inputs."),
        ({"shape": "in-step", "selected": "x3"}, "Input 3 can reach outputs 3–4. What came out before cannot know it."),
        ({"shape": "many-to-one", "selected": "x1"}, "Input 1 can reach output 5."),
        (
            {"shape": "after-reading", "feedback": True, "selected": "y6"},
            "Output 6 can depend on all 3 inputs, and on what came out before: outputs 4–5.",
        ),
    ],
)
def test_the_words_say_what_depends_on_what(chromium, options, said):
    with opened(chromium, page(ShapePicker(**options))) as tab:
        assert spoken(tab, "reach") == said


@browser
def test_a_reader_steps_with_button_key_and_slider(chromium):
    with opened(chromium, page(ShapePicker("in-step", feedback=True))) as tab:
        assert spoken(tab, "say") == "Nothing has come in yet."
        out, boxes = tab.locator(".node.out"), tab.locator(".box .seen")
        assert out.all_inner_texts() == [""] * 4 and boxes.count() == 0
        tab.locator("button.step").click()
        assert spoken(tab, "say") == "Step 1: in comes c. The state has read c. Out comes: C"
        tab.keyboard.press("ArrowRight")
        assert spoken(tab, "say").startswith(
            "Step 2: in comes a, and with it the last output, C. The state has read c, a."
        )
        assert out.all_inner_texts() == ["C", "V", "", ""] and boxes.all_text_contents() == ["c", "ca"]
        assert tab.locator(".tick.there").count() == 2
        tab.locator("button.undo").click()
        assert state(tab)["step"] == 1
        tab.keyboard.press("End")
        tab.keyboard.press("ArrowRight")
        assert state(tab)["step"] == 4
        assert tab.locator("button.step").get_attribute("aria-disabled") == "true"
        tab.get_by_role("slider", name="Moment").fill("3")
        assert state(tab)["step"] == 3
        tab.locator("button[data-node=y1]").focus()
        tab.keyboard.press("Enter")
        assert state(tab)["selected"] == "y1"
        tab.keyboard.press("Escape")
        assert state(tab)["selected"] is None


@browser
def test_the_chain_from_the_end_reads_first(chromium):
    with opened(chromium, page(ShapePicker("in-step", both=True))) as tab:
        seen = []
        for _ in range(8):
            tab.locator("button.step").click()
            seen.append(tab.locator(".box.now .seen").text_content())
        assert seen == ["s", "ts", "ats", "cats", "c", "ca", "cat", "cats"]
        tab.get_by_role("slider").fill("2")
        assert spoken(tab, "say") == "The second chain, from the end: t comes in at place 3. It has read t, s."


@browser
@each_wiring
def test_each_moment_has_its_words(chromium, shape, feedback, both):
    picker = ShapePicker(shape, feedback=feedback, both=both)
    with opened(chromium, page(picker)) as tab:
        assert tab.locator("section pre").inner_text() == picker.code()
        said = [spoken(tab, "say")]
        for k in range(1, len(picker.moments()) + 1):
            tab.locator("button.step").click()
            said.append(spoken(tab, "say"))
            there = [n for moment in picker.moments()[:k] for n in moment if n[0] == "y"]
            assert tab.locator(".tick.there").count() == len(there)
            assert tab.locator("button.node.out").evaluate_all("all => all.filter((e) => e.textContent).length") == len(
                there
            )
        assert len(set(said)) == len(said)
        assert tab.locator(".tick").count() == len(outputs(shape))


@browser
def test_another_shape_keeps_what_makes_sense(chromium):
    with opened(chromium, page(ShapePicker("in-step", feedback=True, both=True, step=8, selected="y2"))) as tab:
        tab.get_by_role("button", name="one to many").click()
        assert state(tab) == {"shape": "one-to-many", "feedback": True, "both": False, "step": 4, "selected": None}
        both = tab.get_by_role("switch", name="Both directions")
        assert both.get_attribute("aria-disabled") == "true"
        assert tab.locator("#why-both").inner_text() == "One input has no other end to read from."
        both.click(force=True)  # Playwright waits for what is disabled
        assert state(tab)["both"] is False
        tab.get_by_role("switch", name="Feedback").click()
        assert state(tab)["feedback"] is False
        tab.keyboard.press("ArrowLeft")
        tab.get_by_role("button", name="many to many, after reading").click()
        assert state(tab) == {"shape": "after-reading", "feedback": False, "both": False, "step": 0, "selected": None}
        tab.locator("button[data-node=y5]").click()
        tab.get_by_role("switch", name="Both directions").click()
        assert state(tab)["selected"] == "y5" and state(tab)["both"] is True


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_shifts_and_buttons_lie_on_the_drawing(chromium, width, lang):
    found = """([wirings]) => {
      const element = document.querySelector('rb-shape-picker'), root = element.shadowRoot, tops = {}, off = [];
      const note = (name, selector) => (tops[name] ??= new Set()).add(Math.round(root.querySelector(selector).getBoundingClientRect().top));
      for (const s of wirings) for (let step = 0; step <= s.last; step++) for (const selected of [null, ...s.nodes]) {
        element.store.set({ ...s.state, step, selected });
        note('drawing', '.drawing'); note('say', '.say'); note('step', 'button.step'); note('made', '.made');
        const room = root.querySelector('section').getBoundingClientRect();
        for (const e of root.querySelectorAll('.node, .drawing rect, .drawing text, pre')) {
          const box = e.getBoundingClientRect();
          if (box.left < room.left - 1 || box.right > room.right + 1) off.push(`${s.state.shape} ${e.outerHTML.slice(0, 80)}`);
        }
        const pre = root.querySelector('pre');
        if (pre.scrollWidth > pre.clientWidth) off.push(`code of ${s.state.shape}`);
        for (const p of root.querySelectorAll('p')) if (p.scrollWidth > p.clientWidth + 1) off.push(p.textContent);
      }
      return [Object.fromEntries(Object.entries(tops).map(([k, v]) => [k, [...v]])), [...new Set(off)]];
    }"""
    wirings = []
    for shape, feedback, both in WIRINGS:
        picker = ShapePicker(shape, feedback=feedback, both=both)
        nodes = [node for moment in picker.moments() for node in moment]
        wirings.append(
            {"state": picker.state(), "last": len(picker.moments()), "nodes": [n for n in nodes if n[0] in "xy"]}
        )
    with opened(chromium, page(ShapePicker(), lang=lang), width=width) as tab:
        tops, off = tab.evaluate(found, [wirings])
        assert off == []
        assert {name: len(at) for name, at in tops.items()} == {"drawing": 1, "say": 1, "step": 1, "made": 1}, tops


@browser
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": "x"}, "shape must be one of one-to-one,"),
        ({"feedback": True}, "feedback must be one of false"),
        ({"both": "yes"}, "both must be one of false, true"),
        ({"step": 9}, "step must lie between 0 and 5, and is 9"),
        ({"step": 1.5}, "step must be a whole number"),
        ({"selected": "h1"}, "selected must be one of"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, said):
    with opened(chromium, page(ShapePicker())) as tab:
        text = json.dumps(ShapePicker().state() | change)
        tab.evaluate("s => { document.querySelector('rb-shape-picker').dataset.state = s }", text)
        assert said in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(ShapePicker("one-to-many", feedback=True, step=3), lang="ko")) as tab:
        assert tab.locator(".node.out").all_inner_texts() == ["다섯", "위에", "둘", ""]
        assert "앞 단계의 출력 위에" in spoken(tab, "say")
        tab.get_by_role("button", name="출력 2: 위에").click()
        assert spoken(tab, "reach") == "출력 2의 값은 입력 1, 그리고 먼저 나온 출력 1에 의존할 수 있습니다."
