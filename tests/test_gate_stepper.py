"""The gate stepper: its arguments in Python, and its numbers in a real browser."""

import html
import json
import re
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("anywidget")

import rnnbook as rb
from rnnbook.functional import overflow_is_fine
from rnnbook.plots import number
from rnnbook.widgets.examples import EXAMPLES
from rnnbook.widgets.gate_stepper import ROWS, STATIONS, GateStepper, held


def lstm(D=2, H=3, **options):
    return rb.LSTMCell(D, H, rng=np.random.default_rng(0), **options)


# -- in Python


@pytest.mark.parametrize(
    ("arguments", "options", "error", "named"),
    [
        ((None, np.ones((3, 2))), {}, TypeError, "inputs needs a cell"),
        ((None,), {"labels": ["a"]}, TypeError, "labels needs a cell"),
        ((None,), {"examples": ["nothing"]}, ValueError, "examples"),
        ((None,), {"examples": "remember"}, TypeError, "examples"),
        ((lstm(),), {}, TypeError, "inputs must be given"),
        ((lstm(), np.ones((3, 4))), {}, ValueError, "inputs"),
        ((lstm(), np.full((3, 2), np.nan)), {}, ValueError, "inputs must be finite"),
        ((lstm(), np.ones((201, 2))), {}, ValueError, "at most 200 steps"),
        ((lstm(), [0, 1, 2]), {}, ValueError, "inputs must hold ids from 0 to 1"),
        ((lstm(H=65), np.ones((3, 2))), {}, ValueError, "at most 64 units"),
        (
            (rb.LSTMCell(2, 3, rng=np.random.default_rng(0), activation="relu"), np.ones((3, 2))),
            {},
            ValueError,
            "cell must have tanh",
        ),
        ((rb.Dense(2, 3, rng=np.random.default_rng(0)), np.ones((3, 2))), {}, TypeError, "cell must be one of"),
        ((lstm(), np.ones((3, 2))), {"names": ["one"]}, ValueError, "names must have 2"),
        ((lstm(), np.ones((3, 2))), {"labels": ["one"]}, ValueError, "labels must have 3"),
        ((lstm(), np.ones((3, 2))), {"t": 4}, ValueError, "t must"),
        ((lstm(), np.ones((3, 2))), {"t": 0}, ValueError, "t must"),
        ((lstm(), np.ones((3, 2))), {"station": 5}, ValueError, "station must"),
        ((lstm(), np.ones((3, 2))), {"unit": 3}, ValueError, "unit must"),
        ((lstm(), np.ones((3, 2))), {"direction": "sideways"}, ValueError, "direction"),
        ((lstm(), np.ones((3, 2))), {"hold": {"g": 1}}, ValueError, "hold"),
        ((lstm(), np.ones((3, 2))), {"hold": {"f": 1.5}}, ValueError, "hold"),
    ],
)
def test_a_wrong_argument_is_named(arguments, options, error, named):
    with pytest.raises(error, match=named):
        GateStepper(*arguments, **options)


def test_what_the_kernel_sets_later_is_checked_too():
    stepper = GateStepper(lstm(), np.ones((3, 2)))
    for name, value in (("t", 4), ("station", 0), ("unit", 9), ("direction", "up"), ("hold", {"x": 1})):
        before = getattr(stepper, name)
        with pytest.raises(ValueError, match=name):
            setattr(stepper, name, value)
        assert getattr(stepper, name) == before
    stepper.t, stepper.hold = 3, {"f": 1}
    assert (stepper.t, stepper.hold) == (3, {"f": 1.0})


def test_a_refused_state_leaves_the_old_one_also_from_the_page():
    stepper = GateStepper()
    with pytest.raises(ValueError, match="t must"):
        stepper.set_state({"t": 99, "station": 2})
    assert stepper.t == 1
    for name, value in (
        ("cell", {}),
        ("cell", {"kind": "LSTMCell", "params": {}}),
        ("inputs", [[1, 2], [3]]),
        ("inputs", []),
    ):
        before = getattr(stepper, name)
        with pytest.raises(ValueError):
            setattr(stepper, name, value)
        assert getattr(stepper, name) == before
    assert "<svg" in stepper.to_html()


def test_another_cell_or_sequence_takes_along_what_points_beyond_it():
    stepper = GateStepper(examples=["remember", "latches"], t=8, station=4, hold={"f": 1})
    stepper.inputs = stepper.inputs[:3]
    assert stepper.t == 3
    stepper.cell = stepper.examples["latches"]["cell"]
    assert (stepper.station, stepper.hold) == (3, {})


def test_the_kernel_chooses_an_example_by_its_name():
    stepper = GateStepper(examples=["remember", "gru-remember"], t=8, station=4, hold={"f": 1})
    stepper.example = "gru-remember"
    assert (stepper.cell["kind"], len(stepper.inputs[0]), stepper.hold) == ("GRUCell", 2, {})
    assert "GRU" in stepper.still()


def test_where_it_begins_can_be_said_in_both_directions():
    stepper = GateStepper(direction="backward", t=1, station=1)
    assert (stepper.t, stepper.station) == (1, 1)


def test_backward_begins_at_the_end():
    assert (GateStepper(direction="backward").t, GateStepper(direction="backward").station) == (8, 4)


def test_ids_are_one_hot_inputs():
    stepper = GateStepper(lstm(), [0, 1, 1])
    assert stepper.inputs == [[1, 0], [0, 1], [0, 1]]
    assert GateStepper(rb.Recurrent(lstm()), [0, 1, 1]).state() == stepper.state()


@pytest.mark.parametrize("name", rb.CELLS)
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_held_gate_stands_still_and_the_other_rows_are_untouched(name, value):
    rng = np.random.default_rng(1)
    cell = rb.CELLS[name](2, 3, rng=rng, dtype=np.float64)
    gates = [k for k in cell.GATES if k in "fiorz"]
    for gate in gates:
        stopped = held(cell, {gate: value})
        with overflow_is_fine():
            _, trace = stopped.step(
                stopped.project(rng.standard_normal((4, 2))), [rng.standard_normal((4, 3))] * len(cell.State._fields)
            )
        assert np.abs(getattr(trace, gate) - value).max() < 1e-15
        others = np.ones(len(cell.params["b"]), bool)
        others[cell.rows(gate)] = False
        for p in ("W", "U", "b"):
            assert (stopped.params[p][others] == cell.params[p][others]).all()
    assert all((cell.params[p] == held(cell, {}).params[p]).all() for p in cell.params)
    with pytest.raises(ValueError, match="hold"):
        held(cell, {"?": value})


def test_a_held_peephole_gate_sees_no_memory():
    cell = rb.PeepholeLSTMCell(1, 2, rng=np.random.default_rng(0), dtype=np.float64)
    cell.params["P"][...] = 5
    assert held(cell, {"f": 0.5}).params["P"].tolist() == [5, 5, 0, 0, 5, 5]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_is_called(name):
    stepper = GateStepper(examples=[name])
    _, _, run = stepper.layer().forward(np.array(stepper.inputs)[:, None, :])
    trace = run.trace
    h = trace.h[:, 0, 0]
    c = trace.c[:, 0, 0] if hasattr(trace, "c") else None
    if name in ("remember", "coupled"):
        assert (c[:3] < -0.8).all() and (c[3:] > 0.8).all() and np.abs(h[:-1]).max() < 0.1 and h[-1] > 0.5
    elif name == "count":
        assert np.abs(c - np.cumsum(np.array(stepper.inputs)[:, 0]) * c[0]).max() < 0.15
    elif name == "forget":
        assert c[2] > 0.5 and abs(c[3]) < 0.1 and c[4] > 0.15
    elif name == "leaky":
        assert c[0] < c[1] < c[2] > c[3] > c[4]
    elif name == "hundred":
        assert len(c) == 100 and c.min() > 0.9 * c[0] and h[-1] > 0.6 and np.abs(h[:-1]).max() < 0.1
    elif name == "never-forgets":
        assert (np.diff(c) >= 0).all()
    elif name == "timer":
        assert [t + 1 for t in range(10) if h[t] > 0.5] == [5, 10] and np.ptp(np.array(stepper.inputs)) == 0
    elif name == "gru-remember":
        assert (h[:3] < -0.8).all() and (h[3:] > 0.8).all()
    elif name in ("gru-restart", "gru-before"):
        assert h[2] > 0.6 and abs(h[3]) < 0.05 and h[4] > 0.3
    elif name == "fades":
        assert h[1] > 0.9 and 0 < h[4] < h[3] < h[2] < h[1]
    else:
        assert name == "latches" and h[4] > 0.8 and h[7] < -0.8


def test_the_still_figure_says_what_the_gates_do():
    stepper = GateStepper(t=4)
    shown = stepper.still()
    said = html.unescape(re.search(r'aria-label="([^"]*)"', shown)[1])
    _, _, run = stepper.layer().forward(np.array(stepper.inputs)[:, None, :])
    assert "forget f: " + ", ".join(number(v) for v in run.trace.f[:, 0, 0]) in said
    assert shown.count("<ellipse") == 3 * 8 and shown.count("<rect") == 3 * 8


def test_the_still_figure_of_the_way_back_holds_the_gradients():
    stepper = GateStepper(examples=["forget"], direction="backward")
    said = html.unescape(re.search(r'aria-label="([^"]*)"', stepper.still())[1])
    _, before, _ = python(stepper)
    dc = [number(before[t].c.item()) for t in range(1, 8)]
    assert "to memory dc: " + ", ".join([*dc, "0"]) in said
    assert stepper.still() != GateStepper(examples=["forget"]).still()


def test_the_still_figure_takes_no_label_as_html():
    stepper = GateStepper(lstm(), np.ones((3, 2)), labels=["<b>", "&", '"'])
    assert "<b>" not in stepper.still() and "<b>" not in stepper.to_html()


def test_every_cell_has_stations_and_rows():
    assert set(STATIONS) == set(ROWS) == set(rb.CELLS)
    for kind, rows in ROWS.items():
        assert set(rows.values()) <= set(STATIONS[kind])


# -- in a browser

pytest.importorskip("playwright")
from browser import opened  # noqa: E402
from widget_gallery import page  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

browser_test = pytest.mark.browser
TAG = "rb-gate-stepper"


def shown(*steppers, lang="en"):
    return page({str(k): s.to_html() for k, s in enumerate(steppers)}, page_scripts("gate-stepper"), lang=lang)


def state(tab, k=0):
    return tab.evaluate(f"document.querySelectorAll('{TAG}')[{k}].store.get()")


def numbers(tab, k=0):
    return tab.locator(TAG).nth(k).locator(".eq .v").all_inner_texts()


def python(stepper):
    """Everything that the package computes for a stepper's state, of its unit."""
    layer = stepper.layer()
    y, _, run = layer.forward(np.array(stepper.inputs)[:, None, :])
    dy = np.zeros_like(y)
    dy[-1, 0, stepper.unit] = 1
    delta = layer.cell.new_delta(len(y), 1)
    before = list(layer.walk_back(run, dy, delta=delta))[::-1]
    return run, before, delta


@browser_test
def test_stepping_forward_shows_the_packages_numbers(chromium):
    stepper = GateStepper(t=3)
    run, _, _ = python(stepper)
    tr = {k: getattr(run.trace, k)[:, 0, 0] for k in "figoch"}
    with opened(chromium, shown(stepper)) as tab:
        step = tab.locator(TAG).get_by_role("button", name="Step", exact=True)
        for t in (3, 4, 5):
            for station in (1, 2, 3, 4):
                assert (state(tab)["t"], state(tab)["station"]) == (t, station)
                values = numbers(tab)
                if station == 1:
                    assert values[0] == number(tr["f"][t - 1])
                elif station == 2:
                    assert [values[0], values[4]] == [number(tr[k][t - 1]) for k in "ig"]
                elif station == 3:
                    was = tr["c"][t - 2]
                    assert values == [
                        number(v) for v in (tr["c"][t - 1], tr["f"][t - 1], was, tr["i"][t - 1], tr["g"][t - 1])
                    ]
                else:
                    assert [values[0], *values[4:]] == [number(tr[k][t - 1]) for k in "ohoc"]
                step.click()
        tab.locator(TAG).get_by_role("button", name="Undo one station").click()
        assert (state(tab)["t"], state(tab)["station"]) == (5, 4)


@browser_test
@pytest.mark.parametrize("hold", [{}, {"f": 0.9}])
def test_stepping_back_shows_the_packages_gradients(chromium, hold):
    stepper = GateStepper(examples=["forget"], direction="backward", hold=hold)
    run, before, delta = python(stepper)
    cell = stepper.layer().cell
    with opened(chromium, shown(stepper)) as tab:
        back = tab.locator(TAG).get_by_role("button", name="Step back")
        seen = 0
        for t in range(8, 3, -1):
            for station in (4, 3, 2, 1):
                values = numbers(tab)
                of = {k: number(delta[t - 1, 0, cell.rows(k)].item()) for k in "ifgo"}
                if station == 4:
                    after = before[t].c.item() if t < 8 else 0
                    assert values[1] == number(after)
                    assert of["o"] in values
                elif station == 2:
                    assert values[0] == of["i"] and values[4] == of["g"]
                    seen += {values[0], values[4]} != {"0"}
                elif station == 1:
                    assert [values[0], values[3]] == [number(before[t - 1].c.item()), number(before[t - 1].h.item())]
                    f = run.trace.f[t - 1].item()
                    assert values[1:3] == [number(f), number(before[t - 1].c.item() / f)]
                back.click()
        assert seen >= 4


@browser_test
@pytest.mark.parametrize("kind", rb.CELLS)
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_every_cell_can_be_walked_from_end_to_end(chromium, kind, direction):
    cell = rb.CELLS[kind](2, 3, rng=np.random.default_rng(2), dtype=np.float64)
    x = np.random.default_rng(3).standard_normal((3, 2))
    stepper = GateStepper(cell, x, unit=2, direction=direction)  # more units than inputs
    _, before, _ = python(stepper)
    names = STATIONS[kind]
    with opened(chromium, shown(stepper), width=390) as tab:
        button = tab.locator(TAG).locator(".step")
        said = set()
        for k in range(3 * len(names)):
            here = k if direction == "forward" else 3 * len(names) - 1 - k
            now = state(tab)
            assert (now["t"] - 1) * len(names) + now["station"] - 1 == here
            said.add(tab.locator(TAG).locator(".say").inner_text())
            # The text of the drawing too; the element's own text would be that of the still.
            shown_text = tab.locator(TAG).locator("section").text_content()
            assert "NaN" not in shown_text and "undefined" not in shown_text
            if direction == "backward" and kind.startswith("GRU") and names[now["station"] - 1] == "reset":
                dh = before[now["t"] - 1].h[0, 2]
                assert tab.locator(TAG).locator(".eq .row").nth(1).locator(".v").first.inner_text() == number(dh)
            if k < 3 * len(names) - 1:
                button.click()
        button.click()  # and again from where it began
        assert (state(tab)["t"], state(tab)["station"]) == ((1, 1) if direction == "forward" else (3, len(names)))
        assert len(said) > len(names)  # each press says something of its own
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@browser_test
def test_keys_step_while_the_figure_has_the_focus(chromium):
    with opened(chromium, shown(GateStepper(t=2), GateStepper(direction="backward"))) as tab:
        first = tab.locator(TAG).nth(0)
        first.get_by_role("button", name="Step", exact=True).focus()
        for press, t, station in (
            ("ArrowRight", 2, 2),
            ("ArrowRight", 2, 3),
            ("ArrowLeft", 2, 2),
            ("Shift+ArrowRight", 3, 2),
            ("Shift+ArrowLeft", 2, 2),
        ):
            tab.keyboard.press(press)
            assert (state(tab)["t"], state(tab)["station"]) == (t, station)
        # In the other direction the keys keep their meaning in time.
        tab.locator(TAG).nth(1).get_by_role("button", name="Step back").focus()
        tab.keyboard.press("ArrowLeft")
        assert (state(tab, 1)["t"], state(tab, 1)["station"]) == (8, 3)
        assert state(tab)["t"] == 2
        # In a slider the arrows belong to the slider.
        tab.locator(TAG).nth(0).get_by_role("slider", name="Time step").focus()
        tab.keyboard.press("ArrowRight")
        assert (state(tab)["t"], state(tab)["station"]) == (3, 2)


@browser_test
def test_a_gate_is_held_from_the_keyboard(chromium):
    stepper = GateStepper(t=4, station=1)
    with opened(chromium, shown(stepper)) as tab:
        widget = tab.locator(TAG)
        gate = widget.get_by_role("button", name=re.compile("forget gate"))
        gate.focus()
        tab.keyboard.press("Enter")
        slider = widget.get_by_role("slider", name="Hold the forget gate")
        tab.wait_for_function(f"document.querySelector('{TAG}').shadowRoot.activeElement?.type === 'range'")
        tab.keyboard.press("End")
        assert state(tab)["hold"] == {"f": 1}
        widget.get_by_role("button", name="shut").click()
        assert state(tab)["hold"] == {"f": 0}
        assert "held at 0" in widget.locator(".eq").inner_text()
        slider.focus()
        tab.keyboard.press("Escape")
        assert widget.locator(".pop").count() == 0
        tab.wait_for_function(f"document.querySelector('{TAG}').shadowRoot.activeElement?.dataset.gate === 'f'")
        stepper.hold = {"f": 0}
        run, _, _ = python(stepper)
        widget.get_by_role("button", name="Update").click()
        assert numbers(tab)[0] == number(run.trace.c[3].item())
        gate.click()
        widget.get_by_role("button", name="free").click()
        assert state(tab)["hold"] == {}


@browser_test
def test_inputs_and_weights_have_sliders_and_a_way_back(chromium):
    with opened(chromium, shown(GateStepper(t=1, station=3))) as tab:
        widget = tab.locator(TAG)
        widget.get_by_text("Inputs and weights").click()
        widget.get_by_role("slider", name="Input bit at step 1").focus()
        tab.keyboard.press("End")
        assert state(tab)["inputs"][0][0] == 2
        widget.get_by_role("button", name="f, forget", exact=True).click()
        widget.get_by_role("slider", name="Bias of f").focus()
        tab.keyboard.press("Home")
        assert state(tab)["cell"]["params"]["b"] == [-4, -10, 0, -2.5]
        assert state(tab)["examples"]["remember"]["cell"]["params"]["b"] == [-4, 4, 0, -2.5]
        widget.get_by_role("button", name="Reset").click()
        assert state(tab)["inputs"][0][0] == -1 and state(tab)["cell"]["params"]["b"][1] == 4


@browser_test
@pytest.mark.parametrize(
    ("name", "hold"),
    [
        ("remember", {"f": 0.25}),
        ("timer", {"f": 0.0, "o": 0.5}),
        ("coupled", {}),
        ("gru-restart", {"r": 1.0}),
        ("gru-before", {}),
        ("latches", {}),
        ("never-forgets", {"i": 1.0}),
    ],
)
def test_the_copied_code_prints_the_same_numbers(chromium, name, hold):
    stepper = GateStepper(examples=[name], hold=hold)
    run, before, _ = python(stepper)
    with opened(chromium, shown(stepper)) as tab:
        tab.locator(TAG).get_by_text("Copy as Python").click()
        code = tab.locator(TAG).locator("pre").inner_text()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    T = len(stepper.inputs)
    letters = "h" if name == "latches" else "".join(ROWS[stepper.cell["kind"]])
    for t, line in enumerate(lines[:T]):
        words = line.split()
        assert words[0] == str(t + 1) and words[1::2] == list(letters)
        assert [float(v) for v in words[2::2]] == pytest.approx(
            [getattr(run.trace, k)[t].item() for k in letters], abs=1e-12
        )
    for t, line in zip(range(T - 1, -1, -1), lines[T:], strict=True):
        dh = float(re.search(r"dh (\S+)", line)[1])
        assert f"step {t} " in line and dh == pytest.approx(before[t].h.item(), abs=1e-12)


@browser_test
def test_another_example_brings_its_own_cell(chromium):
    with opened(
        chromium, shown(GateStepper(examples=["remember", "gru-remember", "fades"], t=4, station=4, hold={"f": 1}))
    ) as tab:
        select = tab.locator(TAG).get_by_role("combobox", name="Example")
        select.select_option("gru-remember")
        now = state(tab)
        assert (now["cell"]["kind"], now["hold"], now["t"], now["station"]) == ("GRUCell", {}, 1, 1)
        assert tab.locator(TAG).locator(".tab").all_inner_texts() == ["Reset", "Update", "Candidate", "State"]
        select.select_option("fades")
        assert tab.locator(TAG).locator(".tab").all_inner_texts() == ["Input", "Context", "State"]


@browser_test
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"t": 9}, "t must lie between 1 and 8"),
        ({"t": None}, "t must be a finite number"),
        ({"station": 1.5}, "station must be a whole number"),
        ({"inputs": [[1, 2, 3], [1, 2]]}, "inputs[1] must have 3 entries"),
        ({"inputs": []}, "inputs must not be empty"),
        ({"hold": {"q": 1}}, "hold must be one of"),
        ({"hold": {"f": 2}}, "hold.f must lie between 0 and 1"),
        ({"direction": "<b>up</b>"}, "direction must be one of"),
        ({"cell": {"kind": "Transformer", "params": {}}}, "cell.kind must be one of"),
        (
            {
                "cell": {
                    "kind": "LSTMCell",
                    "activation": "relu",
                    "params": {"W": [[0]] * 4, "U": [[0]] * 4, "b": [0] * 4},
                }
            },
            "cell.activation must be one of tanh",
        ),
        ({"labels": ["a"]}, "labels must have 8 entries"),
    ],
)
def test_a_wrong_state_is_one_clear_line(chromium, change, said):
    stepper = GateStepper()
    text = html.escape(json.dumps({**stepper.state(), **change}))
    with opened(
        chromium,
        page({"bad": f'<{TAG} data-state="{text}"></{TAG}>', "good": stepper.to_html()}, page_scripts("gate-stepper")),
    ) as tab:
        line = tab.locator(TAG).first.get_by_role("alert")
        assert said in line.inner_text()
        assert tab.locator(TAG).first.locator("svg").count() == 0
        assert tab.locator(TAG).nth(1).locator("svg").count() > 1
        # Mended by hand, it is drawn.
        tab.locator(TAG).first.evaluate("(e, s) => e.dataset.state = s", json.dumps(stepper.state()))
        assert tab.locator(TAG).first.get_by_role("alert").count() == 0
        assert tab.locator(TAG).first.locator("svg").count() > 1


@browser_test
def test_it_speaks_the_language_of_the_page(chromium):
    with opened(chromium, shown(GateStepper(), lang="ko")) as tab:
        assert tab.locator(TAG).locator(".tab").all_inner_texts() == ["망각", "입력", "갱신", "출력"]
        tab.locator(TAG).get_by_role("button", name="다음", exact=True).click()
        assert state(tab)["station"] == 2
        assert "게이트" in tab.locator(TAG).locator(".say").inner_text()
