"""Where a gate's weights live: what the widget says is what the converters do, and the page says the same."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook import cells
from rnnbook.interop import to_keras, to_onnx, to_torch
from rnnbook.interop.formats import KERAS, ONNX, TORCH
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.weight_mapper import CELLS, LARGEST, WeightMapper

SVG = "{http://www.w3.org/2000/svg}"
KINDS = [kind.__name__ for kind in CELLS]
GATES = [(kind.__name__, gate) for kind in CELLS for gate in kind.GATES]
each_cell = pytest.mark.parametrize("kind", KINDS)
each_gate = pytest.mark.parametrize(("kind", "gate"), GATES)
CONVERTERS = {"PyTorch": (to_torch, TORCH), "Keras": (to_keras, KERAS), "ONNX": (to_onnx, ONNX)}


def numbered(kind, D, H):
    """A cell whose parameters are all different and positive, and for each gate the set of its numbers."""
    cls = getattr(cells, kind)
    rng = np.random.default_rng(D * 100 + H)
    shapes = cls.shapes(D, H)
    draw = iter(rng.permutation(sum(int(np.prod(s)) for s in shapes.values())) + 1.0)
    params = {k: np.array([next(draw) for _ in range(np.prod(s))]).reshape(s) for k, s in shapes.items()}
    own = {gate: set() for gate in cls.GATES}
    for name, a in params.items():
        # As the book's notation page has it.
        order = {"P": "ifo", "b_n": "n"}.get(name, cls.GATES)
        for k, gate in enumerate(order):
            own[gate] |= set(a[k * H : (k + 1) * H].ravel())
    return cls(D, H, dtype=np.float64, params=params), own


def arrays_of(cell, framework):
    """What the framework has, or None."""
    if framework == "rnnbook":
        return dict(cell.params)
    convert, target = CONVERTERS[framework]
    return convert(Recurrent(cell)) if type(cell) in target.cells else None


def part(a, index):
    """What the text of an index takes out of an array: a view."""
    ends = [tuple(map(int, text.split(":"))) if text not in (":", "0") else text for text in index[1:-1].split(", ")]
    return a[tuple({":": slice(None), "0": 0}[e] if isinstance(e, str) else slice(*e) for e in ends)]


# -- Python


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cell": "LSTM1997Cell"}, ValueError, "cell must be one of .*GRUResetBeforeCell.*got 'LSTM1997Cell'"),
        ({"cell": 3}, TypeError, "cell"),
        ({"gate": "z"}, ValueError, "gate must be one of .*got 'z'"),
        ({"gate": 1}, TypeError, "gate"),
        ({"input_size": 0}, ValueError, "input_size must be"),
        ({"hidden_size": 65}, ValueError, "hidden_size must be at most 64, got 65"),
        ({"hidden_size": 2.5}, TypeError, "hidden_size must be"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        WeightMapper(**arguments)


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    mapper = WeightMapper("GRUCell", "z", input_size=3, hidden_size=4)
    state = mapper.state()
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert list(state) == ["cell", "gate", "input_size", "hidden_size", "table"]
    assert len(json.dumps(state, separators=(",", ":"))) < 10_000
    for name, wrong in (("cell", "GRU"), ("gate", "f"), ("input_size", 0), ("hidden_size", 65)):
        with pytest.raises(ValueError, match=name):
            setattr(mapper, name, wrong)
    assert mapper.state() == state


FOLLOWS = [
    ("LSTMCell", "f", "GRUCell", "z"),
    ("LSTMCell", "o", "GRUCell", "r"),
    ("LSTMCell", "i", "GRUCell", "r"),
    ("GRUCell", "n", "CoupledLSTMCell", "g"),
    ("GRUCell", "z", "ElmanCell", "h"),
    ("LSTMCell", "o", "PeepholeLSTMCell", "o"),
]


@pytest.mark.parametrize(("kind", "gate", "other", "follows"), FOLLOWS)
def test_the_gate_follows_the_cell(kind, gate, other, follows):
    mapper = WeightMapper(kind, gate)
    mapper.cell = other
    assert mapper.gate == follows


@pytest.mark.parametrize(("D", "H"), [(3, 4), (1, 1), (4, 4), (9, 2), (5, 7)])
@pytest.mark.parametrize("framework", ["rnnbook", *CONVERTERS])
@each_cell
def test_each_place_holds_exactly_its_gates_numbers(kind, framework, D, H):
    cell, own = numbered(kind, D, H)
    arrays = arrays_of(cell, framework)
    found = {g: WeightMapper(kind, g, input_size=D, hidden_size=H).places()[framework] for g in own}
    if arrays is None:
        assert not any(found.values())
        return
    taken = {name: np.zeros(a.shape, int) for name, a in arrays.items()}
    for gate, tensors in found.items():
        numbers = set()
        for name, indices in tensors.items():
            for index in indices:
                assert part(arrays[name], index).size > 0
                numbers |= set(np.abs(part(arrays[name], index)).ravel())
                part(taken[name], index)[...] += 1
        assert numbers - {0.0} == own[gate]
    # Every number of every tensor is somebody's, and nobody else's.
    assert all((counts == 1).all() for counts in taken.values())


@each_cell
def test_blocks_say_where_signs_are_turned_and_where_zeros_are(kind):
    D, H = 3, 4
    mapper = WeightMapper(kind, input_size=D, hidden_size=H)
    cell, own = numbered(kind, D, H)
    for frame in mapper.entry["frames"]:
        for tensor in frame["tensors"]:
            a = arrays_of(cell, frame["name"])[tensor["name"]]
            sizes = {"D": D, "H": H, "1": 1, "2": 2, **{f"{n}H": n * H for n in range(2, 9)}}
            assert a.shape == tuple(sizes[n] for n in tensor["shape"])
            axis = len(tensor["before"])
            lines = np.moveaxis(a, axis, 0).reshape(a.shape[axis] // H, H, -1)
            if tensor["rows"]:
                lines = np.concatenate([lines[..., k] for k in range(lines.shape[-1])])
            blocks = [block for blocks in tensor["parts"].values() for block in blocks]
            assert len(blocks) == len(lines)
            for block, values in zip(blocks, lines, strict=True):
                if block.startswith("0"):
                    assert not values.any()
                else:
                    assert set(np.abs(values).ravel()) <= own[block[-1]]
                    assert (np.sign(values) == (-1 if block.startswith("-") else 1)).all()


def test_the_orders_that_the_frameworks_document():
    """Written by hand from their pages: a check of the way from the table to the widget."""
    orders = {
        (entry["cell"], frame["name"]): "".join(
            block.replace("-f", "F") for block in next(iter(frame["tensors"][0]["parts"].values()))
        )
        for entry in WeightMapper().table
        for frame in entry["frames"]
        if frame["tensors"]
    }
    assert orders == {
        **{("ElmanCell", f): "h" for f in ("rnnbook", *CONVERTERS)},
        **dict.fromkeys([("LSTMCell", "rnnbook"), ("LSTMCell", "PyTorch"), ("LSTMCell", "Keras")], "ifgo"),
        ("LSTMCell", "ONNX"): "iofg",
        ("PeepholeLSTMCell", "rnnbook"): "ifgo",
        ("PeepholeLSTMCell", "ONNX"): "iofg",
        ("CoupledLSTMCell", "rnnbook"): "fgo",
        ("CoupledLSTMCell", "ONNX"): "Fofg",
        **dict.fromkeys([("GRUCell", "rnnbook"), ("GRUCell", "PyTorch"), ("GRUResetBeforeCell", "rnnbook")], "rzn"),
        **dict.fromkeys([(c, f) for c in ("GRUCell", "GRUResetBeforeCell") for f in ("Keras", "ONNX")], "zrn"),
    }
    n = WeightMapper("GRUCell", "n", input_size=3, hidden_size=4).places()
    assert n["rnnbook"]["b_n"] == ["[0:4]"] and n["PyTorch"]["bias_hh_l0"] == ["[8:12]"]
    assert n["Keras"]["bias"] == ["[:, 8:12]"] and n["ONNX"]["B"] == ["[0, 8:12]", "[0, 20:24]"]
    o = WeightMapper("PeepholeLSTMCell", "o").places()
    assert o["rnnbook"]["P"] == ["[32:48]"] and o["ONNX"]["P"] == ["[0, 16:32]"]
    assert o["PyTorch"] == o["Keras"] == {}
    assert "P" not in WeightMapper("PeepholeLSTMCell", "g").places()["ONNX"]
    f = WeightMapper("CoupledLSTMCell", "f", hidden_size=2).places()["ONNX"]
    assert f["W"] == ["[0, 0:2]", "[0, 4:6]"] and f["B"] == ["[0, 0:2]", "[0, 4:6]", "[0, 8:10]", "[0, 12:14]"]


def test_names_of_the_frameworks_own():
    """They call our g by the name c and our n by h; coupled, the first block is their i."""
    letters = {(e["cell"], f["name"]): f["letters"] for e in WeightMapper().table for f in e["frames"] if f["letters"]}
    g, n = {"g": "c"}, {"n": "h"}
    assert letters == {
        ("LSTMCell", "Keras"): g,
        ("LSTMCell", "ONNX"): g,
        ("PeepholeLSTMCell", "ONNX"): g,
        ("CoupledLSTMCell", "ONNX"): g | {"-f": "i"},
        **{(kind, f): n for kind in ("GRUCell", "GRUResetBeforeCell") for f in ("Keras", "ONNX")},
    }


def test_there_is_one_table(monkeypatch):
    """What changes in `formats` changes here."""
    monkeypatch.setitem(TORCH.cells, cells.LSTMCell, TORCH.cells[cells.LSTMCell]._replace(order="gofi"))
    monkeypatch.setitem(KERAS.cells, cells.LSTMCell, KERAS.cells[cells.LSTMCell]._replace(biases=2))
    monkeypatch.setitem(ONNX.tensors, "R", ONNX.tensors["R"]._replace(transposed=True))
    monkeypatch.delitem(ONNX.cells, cells.GRUCell)
    mapper = WeightMapper("LSTMCell", "f")
    places = mapper.places()
    assert places["PyTorch"]["weight_ih_l0"] == ["[32:48]"]
    assert places["Keras"]["bias"] == ["[:, 16:32]"]
    assert places["ONNX"]["W"] == ["[0, 32:48]"] and places["ONNX"]["R"] == ["[0, :, 32:48]"]
    assert WeightMapper("GRUCell").places()["ONNX"] == {}


@each_gate
def test_the_still_picture_says_what_it_shows(kind, gate):
    mapper = WeightMapper(kind, gate, input_size=64, hidden_size=64)
    figure = ElementTree.fromstring(mapper.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    assert svg.get("role") == "img" and f"of {kind}" in figure.find("figcaption").text
    texts = [t.text for t in svg.iter(f"{SVG}text")]
    for framework, tensors in mapper.places().items():
        for name, found in tensors.items():
            assert name in texts
            for index in found:
                assert f"{name}{index}" in svg.get("aria-label") and index in texts
        assert tensors or f"{framework}: no such cell" in svg.get("aria-label")
    lit = [e for e in svg.iter(f"{SVG}rect") if "y" in e.get("class").split()]
    blocks = [b for f in mapper.entry["frames"] for t in f["tensors"] for line in t["parts"].values() for b in line]
    assert len(lit) == sum(b[-1] == gate for b in blocks)
    assert len(list(svg.iter(f"{SVG}rect"))) == len(blocks)
    for text in svg.iter(f"{SVG}text"):  # nothing sticks out at the right
        if "m" in text.get("class", "").split():
            assert float(text.get("x")) + 7.3 * len(text.text) <= 700
    assert len(mapper.still()) < 10_000


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402


def page(mapper, **look):
    return widget_gallery.page({"": mapper.to_html()}, page_scripts("weight-mapper"), **look)


def state(tab):
    shared = tab.evaluate("document.querySelector('rb-weight-mapper').store.get()")
    return {k: v for k, v in shared.items() if k != "table"}


def set_state(tab, **changes):
    tab.evaluate("s => document.querySelector('rb-weight-mapper').store.set(s)", changes)


SHOWN = """() => Object.fromEntries([...document.querySelector('rb-weight-mapper').shadowRoot.querySelectorAll('.frame')].map((frame) => [
  frame.querySelector('h3').textContent,
  Object.fromEntries([...frame.querySelectorAll('.tensor')].map((t) => [t.querySelector('.name').textContent, {
    indices: [...t.querySelectorAll('.index-of')].map((e) => e.textContent),
    shape: t.querySelector('.shape').textContent,
    blocks: [...t.querySelectorAll('.block')].map((b) => {
      const box = b.querySelector('rect');
      return [b.querySelector('text').textContent, b.classList.contains('lit'), +box.getAttribute('x'), +box.getAttribute('y')];
    }),
  }])),
]))"""


def shown(tab):
    """What the drawing says: framework → tensor → indices, shape, blocks with their places."""
    return tab.evaluate(SHOWN)


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_the_page_shows_pythons_places(chromium, width):
    with opened(chromium, page(WeightMapper()), width=width) as tab:
        for kind, gate in GATES:
            for D, H in ((3, 4), (64, 64), (1, 1)):
                mapper = WeightMapper(kind, gate, input_size=D, hidden_size=H)
                set_state(tab, cell=kind, gate=gate, input_size=D, hidden_size=H)
                drawn = shown(tab)
                cell, _ = numbered(kind, D, H)
                assert list(drawn) == ["rnnbook", *CONVERTERS]
                for frame in mapper.entry["frames"]:
                    framework = frame["name"]
                    arrays = arrays_of(cell, framework) or {}
                    there = drawn[framework]
                    assert {k: t["shape"] for k, t in there.items()} == {k: str(a.shape) for k, a in arrays.items()}
                    indices = {k: t["indices"] for k, t in there.items() if t["indices"]}
                    assert indices == mapper.places()[framework]
                    assert tab.locator(".none").count() == sum(not f["tensors"] for f in mapper.entry["frames"])
                    for tensor in frame["tensors"]:
                        blocks = there[tensor["name"]]["blocks"]
                        letters = [b for line in tensor["parts"].values() for b in line]
                        said = ["0" if b[0] == "0" else b.replace("-", "\N{MINUS SIGN}") for b in letters]
                        assert [b[0] for b in blocks] == said
                        assert [b[1] for b in blocks] == [b[-1] == gate for b in letters]


@browser
def test_rows_lie_below_each_other_and_columns_side_by_side(chromium):
    with opened(chromium, page(WeightMapper("GRUCell"))) as tab:
        drawn = shown(tab)
        across = {("Keras", k) for k in ("kernel", "recurrent_kernel", "bias")} | {("ONNX", "B")}
        for framework, tensors in drawn.items():
            for name, tensor in tensors.items():
                xs, ys = [b[2] for b in tensor["blocks"]], [b[3] for b in tensor["blocks"]]
                lines = [slice(0, 3), slice(3, 6)] if name == "bias" else [slice(None)]
                along, still = (xs, ys) if (framework, name) in across else (ys, xs)
                for line in lines:
                    assert along[line] == sorted(set(along[line])) and len(set(still[line])) == 1
        assert len({b[3] for b in drawn["Keras"]["bias"]["blocks"]}) == 2


@browser
def test_a_reader_steps_from_gate_to_gate(chromium):
    with opened(chromium, page(WeightMapper())) as tab:
        step, undo = tab.locator("button.step"), tab.locator("button.undo")
        assert undo.get_attribute("aria-disabled") == "true"
        for gate in "fgo":
            step.click()
            assert state(tab)["gate"] == gate
            assert tab.locator(".tabs [aria-pressed=true] i").inner_text() == gate
            assert tab.locator(".say").inner_text().startswith(f"{gate}, the ")
        assert step.get_attribute("aria-disabled") == "true"
        step.click(force=True)
        assert state(tab)["gate"] == "o"
        undo.click()
        assert state(tab)["gate"] == "g"
        for key, gate in (("ArrowRight", "o"), ("ArrowRight", "o"), ("ArrowLeft", "g"), ("ArrowLeft", "f"), ("q", "f")):
            tab.keyboard.press(key)
            assert state(tab)["gate"] == gate
        set_state(tab, cell="ElmanCell", gate="h")
        assert step.get_attribute("aria-disabled") == undo.get_attribute("aria-disabled") == "true"


@browser
def test_pointing_lights_up_and_a_click_stays(chromium):
    with opened(chromium, page(WeightMapper())) as tab:

        def lit():
            names = tab.locator(".block.lit").evaluate_all("all => all.map((e) => e.dataset.gate)")
            assert len(names) == 14  # 3 + 4 + 3 + 4: in ONNX's B twice
            return set(names)

        assert lit() == {"i"}
        tab.locator(".block[data-gate=o]").nth(4).hover()
        assert lit() == {"o"} and state(tab)["gate"] == "i"
        assert tab.locator(".say").inner_text().startswith("o, the output gate: rows 48 to 63")
        tab.locator(".notes").hover()
        assert lit() == {"i"}
        tab.locator(".block[data-gate=g]").nth(8).click()
        assert lit() == {"g"} and state(tab)["gate"] == "g"
        tab.get_by_role("button", name="f forget").hover()
        assert lit() == {"f"} and state(tab)["gate"] == "g"
        tab.locator(".notes").hover()
        assert lit() == {"g"}
        tab.get_by_role("button", name="f forget").click()
        assert lit() == {"f"} and state(tab)["gate"] == "f"
        # What is under the pointer does not keep a step from being seen.
        tab.locator(".notes").hover()
        tab.get_by_role("button", name="o output").hover()
        assert lit() == {"o"}
        tab.keyboard.press("ArrowRight")
        assert lit() == {"g"} and state(tab)["gate"] == "g"


@browser
@pytest.mark.parametrize(("kind", "gate", "other", "follows"), FOLLOWS)
def test_another_cell_as_in_python(chromium, kind, gate, other, follows):
    with opened(chromium, page(WeightMapper(kind, gate))) as tab:
        tab.get_by_role("combobox", name="Cell").select_option(other)
        assert (state(tab)["cell"], state(tab)["gate"]) == (other, follows)


@browser
def test_sliders_turn_the_sizes(chromium):
    with opened(chromium, page(WeightMapper("LSTMCell", "f"))) as tab:
        tab.get_by_role("slider", name="H hidden units").fill("3")
        tab.get_by_role("slider", name="D inputs").fill("64")
        assert state(tab) == {"cell": "LSTMCell", "gate": "f", "input_size": 64, "hidden_size": 3}
        assert shown(tab)["ONNX"]["W"]["shape"] == "(1, 12, 64)"
        assert shown(tab)["ONNX"]["B"]["indices"] == ["[0, 6:9]", "[0, 18:21]"]


@browser
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("LSTMCell", "f"),
            "f, the forget gate: rows 16 to 31 of W, U, b. PyTorch: rows 16 to 31 of weight_ih_l0. "
            "Keras: columns 16 to 31 of kernel. ONNX: rows 32 to 47 of W[0].",
        ),
        (
            ("GRUCell", "n", 1),
            "n, the candidate: row 2 of W, U, b. PyTorch: row 2 of weight_ih_l0. "
            "Keras: column 2 of kernel. ONNX: row 2 of W[0].",
        ),
        (
            ("PeepholeLSTMCell", "i"),
            "i, the input gate: rows 0 to 15 of W, U, b, P. PyTorch: no place. Keras: no place. "
            "ONNX: rows 0 to 15 of W[0].",
        ),
        (
            ("CoupledLSTMCell", "f", 8),
            "f, the forget gate: rows 0 to 7 of W, U, b. PyTorch: no place. Keras: no place. "
            "ONNX: rows 0 to 7 of W[0] with the sign turned and rows 16 to 23 of W[0].",
        ),
    ],
)
def test_the_words_say_it(chromium, arguments, said):
    kind, gate, H = (*arguments, 16)[:3]
    with opened(chromium, page(WeightMapper(kind, gate, hidden_size=H))) as tab:
        assert tab.locator(".say[aria-live=polite]").inner_text().replace("\n", " ") == said


@browser
@pytest.mark.parametrize(
    ("kind", "gate", "begins"),
    [
        ("LSTMCell", "g", ["Keras, ONNX: g is called c", "PyTorch, ONNX: a second bias", "Keras: a step is"]),
        ("LSTMCell", "o", ["PyTorch, ONNX: a second bias", "Keras: a step is"]),
        ("GRUCell", "n", ["Keras, ONNX: n is called h", "PyTorch, Keras, ONNX: the second bias of n is b_n", "Keras:"]),
        ("GRUCell", "z", ["PyTorch, Keras, ONNX: a second bias", "Keras: a step is"]),
        ("GRUResetBeforeCell", "r", ["ONNX: a second bias", "Keras: a step is"]),
        ("PeepholeLSTMCell", "f", ["ONNX: a second bias", "P holds one number for each unit of a gate, here in the "
                                   "order i, f, o, in ONNX in the order i, o, f."]),
        ("PeepholeLSTMCell", "g", ["ONNX: g is called c", "ONNX: a second bias", "P has no part for g"]),
        ("CoupledLSTMCell", "f", ["Here i = 1", "ONNX: a second bias"]),
        ("CoupledLSTMCell", "o", ["ONNX: a second bias"]),
        ("ElmanCell", "h", ["PyTorch, ONNX: a second bias", "Keras: a step is"]),
    ],
)  # fmt: skip
def test_notes_say_what_is_particular(chromium, kind, gate, begins):
    with opened(chromium, page(WeightMapper(kind, gate))) as tab:
        found = [text.replace("\xa0", " ") for text in tab.locator(".notes li").all_inner_texts()]
        assert len(found) == len(begins) and all(map(str.startswith, found, begins)), found


@browser
def test_what_has_no_home_is_said(chromium):
    with opened(chromium, page(WeightMapper("PeepholeLSTMCell"))) as tab:
        none = tab.locator(".none").all_inner_texts()
        assert [text.split(".")[0] for text in none] == ["PyTorch has no peepholes", "Keras has no peepholes"]
        assert all("P has no place here" in text for text in none)
        set_state(tab, cell="GRUResetBeforeCell", gate="r")
        assert tab.locator(".none").all_inner_texts()[0].startswith("PyTorch resets after the product only")
        assert tab.locator(".head code").all_inner_texts() == [
            "GRUResetBeforeCell", "GRU", "reset_after=False", "GRU", "linear_before_reset=0",
        ]  # fmt: skip
        assert tab.locator(".theirs").all_text_contents() == ["called zrh", "called zrh"]


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_texts_do_not_meet_and_nothing_shifts(chromium, width, lang):
    with opened(chromium, page(WeightMapper(), lang=lang), width=width) as tab:
        wrong, shifted = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-weight-mapper'), root = element.shadowRoot, wrong = new Set(), shifted = [];
              for (const { cell, gates } of element.store.get().table) {
                const tops = new Set();
                for (const gate of Object.keys(gates)) for (const n of [1, 16, 64]) {
                  element.store.set({ cell, gate, hidden_size: n, input_size: n });
                  const at = `${cell} ${gate} ${n}`;
                  tops.add([...root.querySelectorAll('.frame, .sliders, .notes')].map((e) => e.getBoundingClientRect().top).join());
                  tops.add(root.querySelector('section').getBoundingClientRect().height);
                  for (const e of root.querySelectorAll('*')) {
                    const keys = [...e.childNodes].map((node) => node.rbKey).filter((k) => k != null);
                    if (new Set(keys).size < keys.length) wrong.add(`${at}: twins in ${e.outerHTML.slice(0, 99)}`);
                  }
                  for (const svg of root.querySelectorAll('svg.drawing')) {
                    const right = svg.getBoundingClientRect().right + 1;
                    const texts = [...svg.querySelectorAll('text.code')].map((t) => [t.textContent, t.getBoundingClientRect()]);
                    texts.forEach(([a, A], k) => {
                      if (A.right > right) wrong.add(`${at}: ${a} sticks out`);
                      for (const [b, B] of texts.slice(k + 1))
                        if (A.left < B.right - 0.5 && B.left < A.right - 0.5 && A.top < B.bottom - 4 && B.top < A.bottom - 4) wrong.add(`${at}: ${a} meets ${b}`);
                    });
                  }
                }
                if (tops.size > 2) shifted.push(`${cell}: ${[...tops].join(" | ")}`);
              }
              return [[...wrong], shifted];
            }"""
        )
        assert wrong == [] and shifted == []


def changed(path, value):
    """A state with something else at one place."""
    made = WeightMapper().state()
    *way, last = path
    at = made
    for key in way:
        at = at[key]
    at[last] = value
    return json.loads(json.dumps(made))


LSTM = KINDS.index("LSTMCell")
TENSOR = ("table", LSTM, "frames", 1, "tensors", 0)


@browser
def test_a_bad_state_is_told_in_one_line(chromium):
    cases = [
        (("cell",), "LSTM1997Cell", "cell must be one of ElmanCell"),
        (("gate",), "z", "gate must be one of i, f, g, o"),
        (("hidden_size",), 65, "hidden_size must lie between 1 and 64, and is 65"),
        (("input_size",), 1.5, "input_size must be a whole number"),
        (("table",), [], "table.length must lie between 1 and 6, and is 0"),
        (("table", 0, "cell"), "LSTMCell", "table must have 5 entries, and has 6"),
        (("table", LSTM, "cell"), "constructor", "cell must be one of ElmanCell"),
        (("table", LSTM, "gates"), {"i": "i"}, "must be one of i, -i, 0i"),
        (("table", LSTM, "gates", "f"), "grad", "gates.f must be one of h, i, f, g, o"),
        (("table", LSTM, "frames"), [], "frames.length must lie between 1 and 6"),
        (("table", LSTM, "frames", 1, "letters"), {"f": 1}, "letters.f must be a text"),
        ((*TENSOR, "shape", 0), "3H", "shape[0] must be one of 4H"),
        ((*TENSOR, "shape", 1), "X", "shape[1] must be one of D, H, 2H, 1, 2"),
        ((*TENSOR, "before"), [":", ":"], "before.length must lie between 0 and 1"),
        ((*TENSOR, "parts", "W", 0), "x", "parts.W[0] must be one of i, -i, 0i, f"),
        ((*TENSOR, "parts"), {}, "parts.length must lie between 1 and 2"),
        ((*TENSOR, "rows"), 1, "rows must be one of true, false"),
        ((*TENSOR, "name"), None, "name must be a text"),
    ]
    with opened(chromium, page(WeightMapper())) as tab:
        for path, value, said in cases:
            text = json.dumps(changed(path, value))
            tab.evaluate("s => { document.querySelector('rb-weight-mapper').dataset.state = s }", text)
            assert said in tab.get_by_role("alert").inner_text(), path
            assert tab.locator("section *").count() == 1
        tab.evaluate(
            "s => { document.querySelector('rb-weight-mapper').dataset.state = s }", json.dumps(WeightMapper().state())
        )
        assert tab.get_by_role("alert").count() == 0


@browser
def test_in_korean(chromium):
    with opened(chromium, page(WeightMapper("LSTMCell", "f"), lang="ko")) as tab:
        assert tab.locator(".say").inner_text().replace("\n", " ") == (
            "f, 망각 게이트: W, U, b의 16행부터 31행까지. PyTorch: weight_ih_l0의 16행부터 31행까지. "
            "Keras: kernel의 16열부터 31열까지. ONNX: W[0]의 32행부터 47행까지."
        )
        assert tab.get_by_role("slider", name="은닉 유닛 수").count() == 1
        for kind, gate in GATES:
            set_state(tab, cell=kind, gate=gate)
            text = tab.locator("section").inner_text()
            assert not {"the", "rows", "of", "has", "called", "place"} & set(text.replace(":", " ").split()), (
                kind,
                gate,
            )


def test_the_largest_size_is_the_pages_too():
    from rnnbook.widgets.modules import source

    text = source("weight-mapper")
    assert f"export const LARGEST = {LARGEST};" in text
    assert f"const CELLS = {json.dumps(KINDS)};" in text
