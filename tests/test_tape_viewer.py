"""The tape: its gradients, its moves and its memory in Python, and the same numbers in the browser."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnbook.cells import ElmanCell, LSTMCell
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent

pytest.importorskip("anywidget")
from rnnbook.widgets.tape_viewer import TapeViewer

SVG = "{http://www.w3.org/2000/svg}"


def own(H=3, D=2, T=7, seed=0, dtype=np.float64, **options):
    rng = np.random.default_rng(seed)
    cell = ElmanCell(D, H, rng=rng, dtype=dtype, activation=options.pop("activation", "tanh"))
    cell.params["b"][...] = 0.3 * rng.standard_normal(H)
    return TapeViewer(cell, rng.standard_normal((T, D)), targets=rng.standard_normal((T, H)), **options)


# -- Python


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cell": LSTMCell(1, 1, rng=np.random.default_rng(0))}, TypeError, "cell must be an ElmanCell"),
        ({"cell": ElmanCell(1, 9, rng=np.random.default_rng(0))}, ValueError, "at most 8 units"),
        ({"cell": ElmanCell(1, 2, rng=np.random.default_rng(0))}, TypeError, "inputs must be given"),
        ({"inputs": np.ones((3, 1))}, TypeError, "inputs needs a cell"),
        ({"targets": np.ones((3, 1))}, TypeError, "targets needs a cell"),
        ({"window": 0}, ValueError, "window must be at least 1"),
        ({"window": 13}, ValueError, "window must be .* at most 12"),
        ({"window": 2.5}, TypeError, "window must be an integer"),
        ({"loss": "first"}, ValueError, "loss must be one of every, last"),
        ({"moves": 28}, ValueError, "moves must be .* at most 27"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        TapeViewer(**arguments)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (np.ones((17, 2)), None, "inputs must have at most 16 steps"),
        (np.ones((3, 1)), None, r"inputs must have shape \(T, 2\)"),
        (np.full((3, 2), np.nan), None, "inputs must be finite"),
        (np.ones((3, 2)), np.ones((3, 1)), r"targets must have shape \(3, 4\)"),
    ],
)
def test_wrong_arrays_are_named(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        TapeViewer(ElmanCell(2, 4, rng=np.random.default_rng(0)), inputs, targets=targets)


def test_a_recurrent_layer_will_do_and_state_is_plain_json():
    layer = Recurrent(ElmanCell(2, 4, rng=np.random.default_rng(0)))
    viewer = TapeViewer(layer, np.ones((5, 2)), 2)
    state = json.loads(json.dumps(viewer.state(), allow_nan=False))
    assert list(state) == ["cell", "inputs", "targets", "itemsize", "window", "loss", "moves"]
    assert state["itemsize"] == 4 and np.array(state["targets"]).shape == (5, 4)
    assert np.allclose(state["cell"]["params"]["U"], layer.params["U"])
    assert own(dtype=np.float64).itemsize == 8


@pytest.mark.parametrize(("T", "K", "count"), [(7, 1, 21), (7, 3, 17), (7, 7, 15), (1, 1, 3)])
def test_there_are_as_many_moves_as_steps_both_ways_and_windows(T, K, count):
    assert own(T=T, window=K).num_moves == count


def test_the_kernel_may_move_and_is_checked():
    viewer = TapeViewer(moves=27)
    viewer.window = 12  # fewer windows, fewer moves
    assert viewer.moves == viewer.num_moves == 25
    for name, wrong in (("window", 13), ("moves", 26), ("loss", "never")):
        with pytest.raises(ValueError, match=name):
            setattr(viewer, name, wrong)


@pytest.mark.parametrize("loss", ["every", "last"])
@pytest.mark.parametrize("window", [1, 2, 3, 7])
def test_the_gradients_are_slopes_of_the_loss_of_the_window(window, loss):
    """Nudge one state: what changes is the loss from that step to the end of its window."""
    viewer = own(window=window, loss=loss)
    layer, x = viewer.layer(), np.array(viewer.inputs)[:, None, :]
    targets, T = np.array(viewer.targets), len(viewer.inputs)
    states = np.concatenate([s.h for s in layer.walk(x)])

    def loss_from(t, h):
        end = min((t // window + 1) * window, T)
        after = [s.h[0] for s in layer.walk(x[t + 1 : end], (h[None],))] if t + 1 < end else []
        each = [((y - target) ** 2).sum() for y, target in zip([h, *after], targets[t:end], strict=True)]
        return sum(each) if loss == "every" else each[-1] * (end == T)

    step, expected = 1e-6, np.zeros((T, 3))
    for t in range(T):
        for unit in range(3):
            nudge = step * np.eye(3)[unit]
            expected[t, unit] = (loss_from(t, states[t] + nudge) - loss_from(t, states[t] - nudge)) / (2 * step)
    assert np.allclose(viewer.gradients(), expected, atol=1e-7)
    assert np.allclose(viewer.sizes(), np.linalg.norm(expected, axis=1), atol=1e-7)


def test_a_cut_takes_everything_from_the_steps_before_if_only_the_last_counts():
    viewer = TapeViewer(loss="last")
    assert (viewer.sizes()[:8] == 0).all() and (viewer.sizes(12) > 0.2).all()
    assert np.allclose(viewer.sizes()[8:], viewer.sizes(12)[8:])


@pytest.mark.parametrize("viewer", TapeViewer.gallery().values(), ids=list(TapeViewer.gallery()))
def test_the_still_picture_says_what_it_shows(viewer):
    figure = ElementTree.fromstring(viewer.still().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    T, K = len(viewer.inputs), viewer.window
    assert svg.get("role") == "img" and f"h0 to h{T}" in svg.get("aria-label")
    assert f"windows of {K}" in figure.find("figcaption").text
    shown = [t.text for t in svg.iter(f"{SVG}text")]
    assert shown.count("cut") == (T - 1) // K
    dashed = [r for r in svg.iter(f"{SVG}rect") if r.get("stroke-dasharray")]
    assert len(dashed) == (T - 1) // K * K  # what has been given back
    text = viewer.still()
    assert "var(--gs-h,currentColor)" in text and "#" not in text and len(text) < 14_000


def test_the_still_picture_has_the_numbers():
    label = TapeViewer(loss="last").still()
    assert "with the cuts: 0, 0, 0, 0, 0, 0, 0, 0, 0.83, 0.88, 0.93, 1.13" in label
    assert "without: 0.25, 0.34," in label and "at most 5 states are kept (20 bytes), instead of 13 (52 bytes)" in label


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts, words  # noqa: E402

MODULE = 'globalThis.rnnbook["tape-viewer"]'


def page(viewer, **look):
    return widget_gallery.page({"": viewer.to_html()}, page_scripts("tape-viewer"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-tape-viewer').store.get()")


@browser
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "softsign", "identity"])
def test_the_page_computes_pythons_gradients(chromium, activation):
    viewers = [
        own(H=H, T=T, seed=H, activation=activation, window=K, loss=loss)
        for H, T, K in ((1, 5, 2), (3, 7, 3), (3, 7, 7), (2, 6, 1))
        for loss in ("every", "last")
    ]
    with opened(chromium, page(TapeViewer())) as tab:
        for viewer in viewers:
            found = tab.evaluate(
                f"s => {{ const c = {MODULE}.compute(s); return [c.cut, c.whole].map((all) => all.map((d) => d.dh)) }}",
                viewer.state(),
            )
            assert np.allclose(found[0], viewer.gradients(), atol=1e-12)
            assert np.allclose(found[1], viewer.gradients(len(viewer.inputs)), atol=1e-12)


@browser
@pytest.mark.parametrize("K", [1, 4, 5, 12])
def test_the_shares_of_a_window_are_pythons(chromium, K):
    viewer = TapeViewer(window=K)
    layer, x = viewer.layer(), np.array(viewer.inputs)[:, None, :]
    y, carry, expected = layer.forward(x)[0], None, []
    dy = 2 * (y - np.array(viewer.targets)[:, None, :])
    for start in range(0, 12, K):
        _, carry, run = layer.forward(x[start : start + K], carry)
        expected.append(layer.backward(dy[start : start + K], run)[2]["U"].item())
    with opened(chromium, page(viewer)) as tab:
        moves = tab.evaluate(f"{MODULE}.order(12, {K}).flatMap((m, k) => m.kind === 'free' ? [k + 1] : [])")
        assert len(moves) == len(expected)
        for move, share in zip(moves, expected, strict=True):
            tab.evaluate("moves => document.querySelector('rb-tape-viewer').store.set({ moves })", move)
            assert tab.locator(".equation .number").first.inner_text() == number(share)


@browser
def test_the_moves_come_in_the_order_of_truncated_bptt(chromium):
    with opened(chromium, page(own(T=5, window=2))) as tab:
        seen, kept = [], []
        step = tab.locator(".step")
        for _ in range(20):
            if step.get_attribute("aria-disabled"):
                break
            seen.append(
                f"{step.inner_text().strip()} {'back' if 'back' in step.get_attribute('class') else ''}".strip()
            )
            step.click()
            kept.append(tab.locator(".cell.kept").count())
        window = ["Step", "Step", "Step back back", "Step back back", "Give back"]
        assert seen == [*window, *window, "Step", "Step back back", "Give back"]
        # h_0 and two more; then only the state that is handed over
        assert kept == [2, 3, 3, 3, 1, 2, 3, 3, 3, 1, 2, 2, 1]
        assert state(tab)["moves"] == len(seen)
        assert tab.locator(".cell.freed").count() == 5 and tab.locator(".cell.blank").count() == 0


@browser
def test_nothing_is_shown_before_its_move(chromium):
    with opened(chromium, page(TapeViewer())) as tab:
        assert tab.locator(".value-cut").count() == tab.locator(".flow.grad").count() == 0
        assert tab.locator(".flow.h.none").count() == 12 and tab.locator(".value").count() == 1
        assert "given back" not in tab.locator(".drawing").text_content()
        assert not any(text.strip() for text in tab.locator(".equation .number").all_inner_texts())
        tab.locator(".step").click()
        assert tab.locator(".flow.h.none").count() == 11 and tab.locator(".value").count() == 2
    with opened(chromium, page(TapeViewer(moves=5))) as tab:
        assert tab.locator(".value-cut").all_text_contents() == ["0.31"]  # step 4 alone has been walked back


@browser
@pytest.mark.parametrize("loss", ["every", "last"])
def test_the_numbers_under_the_bars_are_pythons(chromium, loss):
    viewer = TapeViewer(loss=loss, moves=27)
    with opened(chromium, page(viewer)) as tab:
        for kind, sizes in (("cut", viewer.sizes()), ("whole", viewer.sizes(12))):
            assert tab.locator(f".value-{kind}").all_text_contents() == [f"{v:.2f}" if v else "0" for v in sizes]
            heights = tab.locator(f"rect.bar.{kind}[width='24']" if kind == "cut" else "rect.bar.whole[width='22.6']")
            tall = [float(b.get_attribute("height")) for b in heights.all()]
            assert np.allclose(tall, 62 * sizes / viewer.sizes(12).max(), atol=0.75)


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_nothing_is_left_over_from_what_was_drawn_before(chromium, width):
    """Two siblings with one key: the second would be drawn anew each time, and what was drawn would stay."""
    with opened(chromium, page(TapeViewer(window=2)), width=width) as tab:
        twins = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-tape-viewer'), found = new Set();
              for (const window of [2, 5, 1, 12]) for (let moves = 0; moves <= 25; moves++) {
                element.store.set({ window, moves });
                for (const e of element.shadowRoot.querySelectorAll('*')) {
                  const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                  if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                }
              }
              return [...found];
            }"""
        )
        assert twins == []


@browser
def test_the_keyboard_steps(chromium):
    with opened(chromium, page(TapeViewer())) as tab:
        tab.locator(".step").focus()
        for key, moves in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 27), ("ArrowRight", 27)):
            tab.keyboard.press(key)
            assert state(tab)["moves"] == moves
        tab.keyboard.press("Home")
        tab.keyboard.press("ArrowLeft")
        assert state(tab)["moves"] == 0
        before = tab.locator(".say").inner_text()
        tab.keyboard.press("ArrowRight")
        assert tab.locator(".say[aria-live=polite]").inner_text() != before


@browser
def test_the_window_slides_and_the_place_in_the_sequence_stays(chromium):
    with opened(chromium, page(TapeViewer(moves=13))) as tab:  # step 8 forward, in the second window
        slider = tab.get_by_role("slider", name="Length of a window")
        slider.focus()
        tab.keyboard.press("ArrowRight")
        assert (state(tab)["window"], state(tab)["moves"]) == (5, 14)
        assert "t = 8" in tab.locator(".where").inner_text()
        tab.keyboard.press("End")
        assert (state(tab)["window"], state(tab)["moves"]) == (12, 8)
        assert tab.locator(".wall").count() == 0
        tab.locator("[aria-label='To the end']").click()
        slider.focus()
        tab.keyboard.press("Home")
        assert (state(tab)["window"], state(tab)["moves"]) == (1, 36)  # the end stays the end
        assert tab.locator(".wall").count() == 11


@browser
def test_every_place_stays_with_every_window(chromium):
    with opened(chromium, page(TapeViewer())) as tab:
        wrong = tab.evaluate(
            f"""() => {{
              const {{ order, moved }} = {MODULE}, wrong = [];
              for (let K = 1; K <= 12; K++) for (let to = 1; to <= 12; to++) order(12, K).forEach((m, k, all) => {{
                const there = moved(12, K, k + 1, to), other = order(12, to)[there - 1];
                const same = m.kind === "free" ? other.a <= m.t && m.t <= other.z : other.t === m.t;
                if (k + 1 < all.length && !(same && other.kind === m.kind)) wrong.push([K, to, k]);
              }});
              return wrong;
            }}"""
        )
        assert wrong == []


@browser
def test_the_loss_is_chosen(chromium):
    with opened(chromium, page(TapeViewer(moves=27))) as tab:
        assert tab.locator(".own").count() == 12
        tab.get_by_role("button", name="last step").click()
        assert state(tab)["loss"] == "last" and tab.locator(".own").count() == 1
        assert tab.locator(".value-cut").all_text_contents()[:8] == ["0"] * 8
        assert "Steps 1 to 8 got nothing" in tab.locator(".say").inner_text()


@browser
@pytest.mark.parametrize(("dtype", "bytes_"), [(np.float32, 4), (np.float64, 8)])
def test_bytes_are_those_of_the_states(chromium, dtype, bytes_):
    viewer = own(H=3, T=7, window=2, moves=2, dtype=dtype)
    run = Recurrent(ElmanCell(2, 3, rng=np.random.default_rng(0), dtype=dtype)).forward(np.ones((7, 1, 2)))[2]
    assert run.trace.h.base.nbytes == 8 * 3 * bytes_  # h_0 to h_7, in one array
    with opened(chromium, page(viewer)) as tab:
        shown = dict(zip(tab.locator("dt").all_inner_texts(), tab.locator("dd").all_inner_texts(), strict=True))
    assert list(shown.values()) == [
        f"3 states · {9 * bytes_} bytes",
        f"3 states · {9 * bytes_} bytes",
        f"8 states · {24 * bytes_} bytes",
        f"1 state · {3 * bytes_} bytes",
    ]


@browser
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [390, 760])
def test_buttons_are_large_and_stay_where_they_are(chromium, width, lang):
    for loss, K in (("every", 4), ("last", 4), ("every", 1), ("last", 12)):
        with opened(chromium, page(TapeViewer(loss=loss, window=K), lang=lang), width=width) as tab:
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            small = tab.evaluate(
                """() => [...document.querySelector('rb-tape-viewer').shadowRoot.querySelectorAll('button, input')]
                  .map((e) => e.getBoundingClientRect()).filter((b) => b.width < 44 || b.height < 44).length"""
            )
            assert small == 0
            places, sizes = tab.evaluate(
                """async (all) => {
                  const element = document.querySelector('rb-tape-viewer'), root = element.shadowRoot;
                  const places = new Set(), sizes = new Set();
                  for (let moves = 0; moves <= all; moves++) {
                    element.store.set({ moves });
                    const box = root.querySelector('.step').getBoundingClientRect();
                    places.add([box.x, box.y, box.width].map(Math.round).join());
                    for (const e of root.querySelectorAll('.rb *'))
                      if (!e.closest('.index, sub, sup') && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
                        sizes.add(parseFloat(getComputedStyle(e).fontSize));
                  }
                  return [[...places], [...sizes]];
                }""",
                TapeViewer(loss=loss, window=K).num_moves,
            )
            assert len(places) == 1, places
            assert min(sizes) >= 12


@browser
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"window": 13}, "window must lie between 1 and 12, and is 13"),
        ({"window": 2.5}, "window must be a whole number"),
        ({"loss": "first"}, "loss must be one of every, last"),
        ({"moves": -1}, "moves must lie between 0 and 36"),
        ({"itemsize": "4"}, "itemsize must be a finite number"),
        ({"inputs": [[1]] * 17}, "T must lie between 1 and 16"),
        ({"inputs": []}, "T must lie between 1 and 16"),
        ({"inputs": [[1], [None]] * 6}, "inputs[1][0] must be a finite number"),
        ({"targets": [[1]] * 3}, "targets must have 12 entries"),
        ({"targets": [[1] * 9] * 12}, "H must lie between 1 and 8"),
        ({"cell": {"kind": "LSTMCell"}}, "cell.kind must be one of ElmanCell"),
        ({"cell": None}, "cell must be an object"),
    ],
)
def test_a_wrong_state_shows_one_line(chromium, change, line):
    with opened(chromium, page(TapeViewer())) as tab:
        tab.evaluate("change => document.querySelector('rb-tape-viewer').store.set(change)", change)
        shown = tab.locator(".rb").inner_text().strip()
        assert line in shown and "\n" not in shown and tab.locator(".bad[role=alert]").count() == 1


@browser
def test_weights_of_a_wrong_shape_show_one_line(chromium):
    viewer = TapeViewer()
    wrong = {**viewer.cell, "params": {**viewer.cell["params"], "U": [[1, 2]]}}
    with opened(chromium, page(viewer)) as tab:
        tab.evaluate("cell => document.querySelector('rb-tape-viewer').store.set({ cell })", wrong)
        assert "cell.params.U[0] must have 1 entries, and has 2" in tab.locator(".bad").inner_text()


@browser
def test_it_speaks_korean(chromium):
    said = words()["tape-viewer"]
    for entry in said.values():
        assert entry["ko"] and any("가" <= c <= "힣" for c in entry["ko"])
    with opened(chromium, page(TapeViewer(), lang="ko")) as tab:
        for loss in ("every", "last"):
            for moves in range(28):
                change = {"loss": loss, "moves": moves}
                tab.evaluate("change => document.querySelector('rb-tape-viewer').store.set(change)", change)
                assert "{" not in tab.locator(".rb").inner_text()
        assert tab.locator("section.rb").get_attribute("aria-label") == said["title"]["ko"]
        assert "step" not in tab.locator(".rb").inner_text().lower()


@browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_gallery(chromium, theme):
    with opened(chromium, widget_gallery.gallery("tape-viewer", theme), width=390, theme=theme) as tab:
        assert tab.locator("rb-tape-viewer .step").count() == len(TapeViewer.gallery())
        assert tab.locator(".bad").count() == 0
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
