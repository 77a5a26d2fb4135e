"""The word swapper: what it checks, what it computes in Python and in the page, and what moves when words are swapped."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
from rnnbook import Dense, LSTMCell, Recurrent, Sequential
from rnnbook.data import Vocabulary
from rnnbook.functional import softmax
from rnnbook.widgets import WordSwapper
from rnnbook.widgets.word_swapper import MAX_PLACES, MAX_UNITS, MAX_WORDS, percent

SVG = "{http://www.w3.org/2000/svg}"
TOKENS = ("dog", "cat", "fox", "chases", "so")
V = len(TOKENS)
WINDOW = ("dog", "chases", "cat", "so")


def nets(n=4, words=V, rng=0):
    """A sum and a window with random weights, each with a hidden layer."""
    rng = np.random.default_rng(rng)
    return (
        Sequential(E=Dense(words, 6, rng=rng), h=Dense(6, 8, activation="tanh", rng=rng), out=Dense(8, words, rng=rng)),
        Sequential(h=Dense(n * words, 8, activation="tanh", rng=rng), out=Dense(8, words, rng=rng)),
    )


def swapper(words=WINDOW, rng=0, **given):
    return WordSwapper(TOKENS, words, *nets(len(words), rng=rng), **given)


# -- in Python


@pytest.mark.parametrize("words", [WINDOW, ("so", "so"), ("fox", "dog", "dog", "cat", "so", "chases")])
def test_it_says_what_the_nets_say(words):
    sums, places = nets(len(words))
    rows = np.eye(V)[[TOKENS.index(word) for word in words]]
    summed, placed = WordSwapper(TOKENS, words, sums, places).probabilities()
    np.testing.assert_allclose(summed, softmax(sums(rows.sum(axis=0)[None])[0][0].astype(float)), atol=1e-4)
    np.testing.assert_allclose(placed, softmax(places(rows.reshape(1, -1))[0][0].astype(float)), atol=1e-4)
    assert summed.sum() == pytest.approx(1) and placed.sum() == pytest.approx(1)


@pytest.mark.parametrize("rng", range(3))
def test_the_sum_forgets_the_order_and_the_window_does_not(rng):
    widget = swapper(rng=rng)
    summed, placed = widget.probabilities()
    widget.window = [widget.window[k] for k in (2, 1, 0, 3)]
    assert widget.words == ["cat", "chases", "dog", "so"]
    assert np.array_equal(widget.probabilities()[0], summed)
    assert np.abs(widget.probabilities()[1] - placed).max() > 1e-3


def test_the_state_is_plain_json():
    widget = swapper(picked=2)
    state = json.loads(json.dumps(widget.state(), allow_nan=False))
    assert state == widget.state()
    assert state["vocabulary"] == list(TOKENS) and state["picked"] == 2
    assert state["window"] == state["start"] == state["before"] == [0, 3, 1, 4]
    assert WordSwapper(Vocabulary(TOKENS), WINDOW, *nets()).state() == swapper().state()


def test_the_chapters_nets_make_a_small_state():
    rng = np.random.default_rng(0)
    words = [f"word{k}" for k in range(16)]
    sums = Sequential(E=Dense(16, 16, rng=rng), h=Dense(16, 32, rng=rng), out=Dense(32, 16, rng=rng))
    places = Sequential(h=Dense(64, 32, rng=rng), out=Dense(32, 16, rng=rng))
    assert len(json.dumps(WordSwapper(words, words[:4], sums, places).state())) < 45_000


def diverged():
    net = Sequential(out=Dense(V, V, rng=np.random.default_rng(0)))
    net.params["out.b"][2] = np.nan
    return net


def bad(**changes):
    given = {"vocabulary": TOKENS, "words": WINDOW, "summing": nets()[0], "windowed": nets()[1]} | changes
    return WordSwapper(
        given.pop("vocabulary"), given.pop("words"), given.pop("summing"), given.pop("windowed"), **given
    )


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"vocabulary": ["a"] * 3}, ValueError, "tokens must all be different"),
        ({"vocabulary": ["a"], "words": ["a", "a"]}, ValueError, f"vocabulary must have 2 to {MAX_WORDS} words, got 1"),
        ({"vocabulary": [str(k) for k in range(25)], "words": "1"}, ValueError, "vocabulary must have .* got 25"),
        ({"words": "dog chases cat so"}, TypeError, "words must be a sequence of words"),
        ({"words": ["dog", "hen"]}, ValueError, "words.*must be in the vocabulary, got 'hen' at 1"),
        ({"words": ["dog"]}, ValueError, f"words must be 2 to {MAX_PLACES}, got 1"),
        ({"words": ["dog"] * 7}, ValueError, f"words must be 2 to {MAX_PLACES}, got 7"),
        ({"summing": "net"}, TypeError, "summing must be a Sequential of Dense layers, got 'net'"),
        (
            {"windowed": Sequential(r=Recurrent(LSTMCell(V, V, rng=np.random.default_rng(0))))},
            TypeError,
            "windowed must be a Sequential of Dense layers",
        ),
        ({"summing": nets(words=4)[0]}, ValueError, "summing must lead from 5 numbers to 5, got from 4 to 4"),
        ({"windowed": nets(3)[1]}, ValueError, "windowed must lead from 20 numbers to 5, got from 15 to 5"),
        (
            {"summing": Sequential(a=Dense(V, 65, rng=np.random.default_rng(0)), b=Dense(65, V, rng=np.random.default_rng(0)))},
            ValueError,
            rf"summing must have at most 3 layers of at most {MAX_UNITS} units, got \[65, 5\]",
        ),
        (
            {"summing": Sequential(**{f"l{k}": Dense(V, V, rng=np.random.default_rng(0)) for k in range(4)})},
            ValueError,
            "summing must have at most 3 layers",
        ),
        (
            {"summing": diverged()},
            ValueError,
            r"summing\.params\['out\.b'\] must be finite",
        ),
        ({"picked": 4}, ValueError, "picked must"),
        ({"picked": -2}, ValueError, "picked must"),
        ({"picked": 0.5}, TypeError, "picked must"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(changes, error, said):
    with pytest.raises(error, match=said):
        bad(**changes)


@pytest.mark.parametrize("key", ["window", "before"])
@pytest.mark.parametrize("ids", [[0, 1, 2], [0, 1, 2, 5], [0, 1, 2, -1]])
def test_the_kernel_may_set_only_what_can_be_drawn(key, ids):
    with pytest.raises(ValueError, match=key):
        setattr(swapper(), key, ids)


@pytest.mark.parametrize(
    ("p", "text"), [(0, "0%"), (0.001, "<1%"), (0.005, "1%"), (0.125, "13%"), (0.9949, "99%"), (0.999, ">99%"), (1, "100%")]
)  # fmt: skip
def test_percentages(p, text):
    assert percent(p) == text


def test_the_still_picture_says_what_it_shows():
    widget = swapper()
    text = widget.still()
    figure = ElementTree.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    svg = figure.find(f"{SVG}svg")
    assert svg.get("role") == "img" and svg.get("aria-label") == figure.find("figcaption").text
    assert "dog chases cat so" in svg.get("aria-label")
    widths = np.array([float(r.get("width")) for r in svg.iter(f"{SVG}rect")]).reshape(V, 2)
    np.testing.assert_allclose(widths.T, np.maximum(1, 220 * np.array(widget.probabilities())), atol=0.06)
    for p in widget.probabilities():
        assert f"{TOKENS[p.argmax()]} {percent(p.max())}" in svg.get("aria-label")
    assert "var(--gs-ink,currentColor)" in text and len(text) < 8000


def test_words_are_text_in_the_still_picture():
    odd = ("<b>", "&", '"', "cat", "so")
    text = WordSwapper(odd, ("<b>", "&", '"', "so"), *nets()).still()
    ElementTree.fromstring(text)
    assert "<b>" not in text and "&lt;b&gt;" in text


# -- in the browser

browser = pytest.mark.browser
pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = 'globalThis.rnnbook["word-swapper"]'


def page(widget, **look):
    return widget_gallery.page({"": widget.to_html()}, page_scripts("word-swapper"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-word-swapper').store.get()")


def words(tab):
    return tab.locator(".places button").all_inner_texts()


def bars(tab, net):
    return tab.evaluate(
        "c => [...document.querySelector('rb-word-swapper').shadowRoot.querySelectorAll(`.${c} .bar`)].map((e) => +e.getAttribute('width'))",
        net,
    )


def said(tab):
    return tab.locator(".say[aria-live=polite]").inner_text().replace("\n", " ")


@browser
@pytest.mark.parametrize("words", [WINDOW, ("so", "dog"), ("fox", "dog", "dog", "cat", "so", "chases")])
def test_the_page_computes_pythons_numbers(chromium, words):
    widget = swapper(words)
    with opened(chromium, page(widget)) as tab:
        found = tab.evaluate(f"s => {MODULE}.probabilities(s, s.window)", widget.state())
        np.testing.assert_allclose(found, widget.probabilities(), rtol=1e-10)
        values = [0, 0.001, 0.005, 0.125, 0.9949, 0.995, 0.999, 1]
        assert tab.evaluate(f"v => v.map({MODULE}.percent)", values) == [percent(p) for p in values]


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_picking_two_words_swaps_them(chromium, width):
    with opened(chromium, page(swapper()), width=width) as tab:
        sums, places = bars(tab, "sum"), bars(tab, "window_net")
        assert len(sums) == len(places) == V
        tab.get_by_role("button", name="dog, place 1 of 4: pick").click()
        assert state(tab)["picked"] == 0
        assert tab.locator(".places [aria-pressed=true]").all_inner_texts() == ["dog"]
        tab.get_by_role("button", name="cat, place 3 of 4: swap with dog").click()
        assert words(tab) == ["cat", "chases", "dog", "so"]
        assert state(tab)["picked"] == -1 and state(tab)["before"] == [0, 3, 1, 4]
        assert bars(tab, "sum") == sums
        assert max(abs(a - b) for a, b in zip(bars(tab, "window_net"), places, strict=True)) > 1
        assert said(tab).startswith("Same words, another order. No bar of the sum moves: still ")
        assert tab.locator(".places .moved").all_inner_texts() == ["cat", "dog"]


@browser
def test_a_word_is_put_back(chromium):
    with opened(chromium, page(swapper())) as tab:
        for _ in range(2):
            tab.locator(".places button").nth(1).click()
        assert state(tab) == swapper().state()


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_bars_and_shares_are_those_of_python(chromium, width):
    widget = swapper(rng=2)
    with opened(chromium, page(widget), width=width) as tab:
        for net, p in zip(("sum", "window_net"), widget.probabilities(), strict=True):
            found = np.array(bars(tab, net))
            np.testing.assert_allclose(found / found.max(), p / p.max(), atol=0.01)
            assert tab.locator(f".{net} .share").all_text_contents() == [percent(q) for q in p if q >= 0.005]
            assert f"{TOKENS[p.argmax()]} {percent(p.max())}" in tab.locator(f".{net} svg").get_attribute("aria-label")
            assert tab.locator(f".{net} .best").count() == 1


@browser
def test_another_word_may_move_both(chromium):
    with opened(chromium, page(swapper(picked=3))) as tab:
        sums = bars(tab, "sum")
        tab.get_by_role("combobox", name="Another word in place of so").select_option(label="fox")
        assert words(tab) == ["dog", "chases", "cat", "fox"] and state(tab)["picked"] == 3
        assert bars(tab, "sum") != sums
        assert said(tab).startswith("Another word: now both may move.")
        assert tab.get_by_role("combobox", name="Another word in place of fox").input_value() == "2"


@browser
def test_ticks_stand_where_bars_ended(chromium):
    with opened(chromium, page(swapper(rng=1))) as tab:
        assert tab.locator(".was").count() == 0
        ends = {}
        for net in ("sum", "window_net"):
            left = float(tab.locator(f".{net} .bar").first.get_attribute("x"))
            ends[net] = [left + width for width in bars(tab, net)]
        tab.locator(".places button").nth(0).click()
        tab.locator(".places button").nth(2).click()
        for net, p in zip(("sum", "window_net"), swapper(rng=1).probabilities(), strict=True):
            ticks = [float(d.split()[0][1:]) for d in (e.get_attribute("d") for e in tab.locator(f".{net} .was").all())]
            assert ticks == pytest.approx([end for end, q in zip(ends[net], p, strict=True) if q >= 0.02], abs=0.02)


@browser
def test_arrow_keys_pick(chromium):
    with opened(chromium, page(swapper())) as tab:
        tab.locator(".places button").nth(0).focus()
        keys = ("Left", -1), ("Right", 0), ("Right", 1), ("Right", 2), ("Right", 3), ("Right", 3), ("Left", 2)
        for pressed, picked in keys:
            tab.keyboard.press(f"Arrow{pressed}")
            assert state(tab) == swapper().state() | {"picked": picked}
        tab.keyboard.press("q")
        assert state(tab)["picked"] == 2
        tab.keyboard.press("Escape")
        assert state(tab)["picked"] == -1


@browser
def test_arrow_buttons_move_the_picked_word(chromium):
    with opened(chromium, page(swapper(picked=1))) as tab:
        right = tab.get_by_role("button", name="Move chases one place to the right")
        left = tab.get_by_role("button", name="Move chases one place to the left")
        for button, there, picked in (
            (right, ["dog", "cat", "chases", "so"], 2),
            (right, ["dog", "cat", "so", "chases"], 3),
            (right, ["dog", "cat", "so", "chases"], 3),  # at the end it stays
            (left, ["dog", "cat", "chases", "so"], 2),
            (left, ["dog", "chases", "cat", "so"], 1),
            (left, ["chases", "dog", "cat", "so"], 0),
            (left, ["chases", "dog", "cat", "so"], 0),
        ):
            button.click(force=True)
            assert words(tab) == there and state(tab)["picked"] == picked
            assert right.get_attribute("aria-disabled") == ("true" if picked == 3 else None)
            assert left.get_attribute("aria-disabled") == ("true" if picked == 0 else None)


@browser
def test_reset_goes_back_to_the_beginning(chromium):
    widget = swapper()
    widget.window, widget.before = [1, 3, 0, 2], [4, 3, 0, 2]
    with opened(chromium, page(widget)) as tab:
        reset = tab.get_by_role("button", name="Reset")
        assert reset.get_attribute("aria-disabled") is None
        reset.click()
        assert state(tab) == swapper().state()
        assert reset.get_attribute("aria-disabled") == "true"
        assert said(tab).startswith("What comes next?")


@browser
def test_two_equal_words_change_nothing(chromium):
    with opened(chromium, page(swapper(("dog", "chases", "dog", "so")))) as tab:
        tab.locator(".places button").nth(0).click()
        tab.locator(".places button").nth(2).click()
        assert said(tab).startswith("What comes next?") and tab.locator(".was").count() == 0


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_is_left_over_and_nothing_shifts(chromium, width, lang):
    vocabulary, first = ("because", "cat", "fox", "chases", "so"), ("because", "chases", "cat", "so")
    widget = WordSwapper(vocabulary, first, *nets())
    with opened(chromium, page(widget, lang=lang), width=width) as tab:
        twins, tops, wide = tab.evaluate(
            """() => {
              const element = document.querySelector('rb-word-swapper'), found = new Set(), tops = new Set();
              let wide = 0;
              for (const picked of [-1, 0, 2, 3]) for (const window of [[0, 3, 1, 4], [1, 3, 0, 4], [0, 0, 0, 0], [4, 3, 2, 1]]) {
                element.store.set({ picked, window });
                for (const e of element.shadowRoot.querySelectorAll('*')) {
                  const keys = [...e.childNodes].map((n) => n.rbKey).filter((k) => k != null);
                  if (new Set(keys).size < keys.length) found.add(e.outerHTML.slice(0, 99));
                }
                tops.add(element.shadowRoot.querySelector('.note').getBoundingClientRect().top);
                wide = Math.max(wide, document.documentElement.scrollWidth);
              }
              return [[...found], [...tops], wide];
            }"""
        )
        assert twins == [] and len(tops) == 1 and wide <= width


@browser
@pytest.mark.parametrize(
    ("change", "said_"),
    [
        ({"window": [0, 1]}, "window must have 4 entries, and has 2"),
        ({"window": [0, 1, 2, 5]}, "window[3] must lie between 0 and 4, and is 5"),
        ({"before": [0, 1, 2, 0.5]}, "before[3] must be a whole number"),
        ({"picked": 4}, "picked must lie between -1 and 3, and is 4"),
        ({"picked": "0"}, "picked must be a finite number"),
        ({"vocabulary": ["dog", 1]}, "vocabulary[1] must be a text"),
        ({"summing": []}, "summing.length must lie between 1 and 3, and is 0"),
        ({"windowed": [{"W": [[1]], "b": [1], "activation": "tanh"}]}, "windowed[0].W must have 5 entries, and has 1"),
        ({"summing": [{"W": [[0] * 5] * 5, "b": [0] * 5, "activation": "sin"}]}, "summing[0].activation must be one of"),
        ({"summing": [{"W": [[0] * 5] * 5, "b": [0] * 4, "activation": "tanh"}]}, "summing[0].b must have 5 entries"),
        ({"summing": [{"W": [[0] * 5] * 4 + [[0] * 4 + [None]], "b": [0] * 5, "activation": "tanh"}]}, "summing[0].W[4][4] must be a finite number"),
    ],
)  # fmt: skip
def test_a_bad_state_is_told_in_one_line(chromium, change, said_):
    with opened(chromium, page(swapper())) as tab:
        text = json.dumps(swapper().state() | change)
        tab.evaluate("s => { document.querySelector('rb-word-swapper').dataset.state = s }", text)
        assert said_ in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    with opened(chromium, page(swapper(), lang="ko")) as tab:
        assert said(tab).startswith("다음 단어는 무엇일까요?")
        tab.get_by_role("button", name="dog, 4칸 중 1번째: 고르기").click()
        tab.get_by_role("button", name="cat, 4칸 중 3번째: dog와 자리 바꾸기").click()
        assert said(tab).startswith("단어는 같고 순서만 다릅니다.")
        assert "The sum" not in tab.locator("section").inner_text()
