"""The walk through Reber's grammar: its arguments in Python, the walk and the net in a real browser."""

import ast
import html
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("anywidget")

import rnnbook as rb
from rnnbook.data import SYMBOLS, ReberGrammar
from rnnbook.data.reber import ARROWS
from rnnbook.functional import softmax
from rnnbook.plots import number
from rnnbook.widgets.reber_walker import MAX_LETTERS, PLACES, ReberWalker

BOOK = Path(__file__).resolve().parent.parent / "book"


def elman(hidden_size=5, seed=0):
    rng = np.random.default_rng(seed)
    return rb.Sequential(rnn=rb.Recurrent(rb.ElmanCell(7, hidden_size, rng=rng)), out=rb.Dense(hidden_size, 7, rng=rng))


def other(layer):
    rng = np.random.default_rng(0)
    return {
        "lstm": lambda: rb.Sequential(rnn=rb.Recurrent(rb.LSTMCell(7, 5, rng=rng)), out=rb.Dense(5, 7, rng=rng)),
        "inputs": lambda: rb.Sequential(rnn=rb.Recurrent(rb.ElmanCell(6, 5, rng=rng)), out=rb.Dense(5, 7, rng=rng)),
        "outputs": lambda: rb.Sequential(rnn=rb.Recurrent(rb.ElmanCell(7, 5, rng=rng)), out=rb.Dense(5, 6, rng=rng)),
        "squash": lambda: rb.Sequential(
            rnn=rb.Recurrent(rb.ElmanCell(7, 5, rng=rng)), out=rb.Dense(5, 7, rng=rng, activation="tanh")
        ),
    }[layer]()


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"string": "BTQ"}, ValueError, "string must be at most 40 letters of BTSXPVE"),
        ({"string": "B" * 41}, ValueError, "string must be at most 40"),
        ({"string": 7}, TypeError, "string must be a text"),
        ({"string": None}, TypeError, "string must be a text"),
        ({"t": 5}, ValueError, "t must be at most 4"),
        ({"t": 1.5}, TypeError, "t must be an integer"),
        ({"t": True}, TypeError, "t must be an integer"),
        ({"t": -1}, ValueError, "t must"),
        ({"string": "BTQ"[:2] + "B", "t": 3}, ValueError, "t must"),
        ({"net": rb.Dense(7, 7, rng=np.random.default_rng(0))}, TypeError, "net must be a Sequential"),
        ({"net": other("lstm")}, ValueError, "net must be"),
        ({"net": other("inputs")}, ValueError, "net must be"),
        ({"net": other("outputs")}, ValueError, "net must be"),
        ({"net": other("squash")}, ValueError, "net must be"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, named):
    with pytest.raises(error, match=named):
        ReberWalker(**arguments)


def test_it_walks_as_the_grammar_does():
    grammar, rng = ReberGrammar(), np.random.default_rng(0)
    for _ in range(20):
        string = next(s for s in iter(lambda: grammar.string(rng), None) if len(s) <= 40)
        for t, after in enumerate(grammar.legal(string)):
            assert ReberWalker(string, t=t + 1).legal() == after


def test_a_shorter_string_takes_t_along():
    walker = ReberWalker("BTSXXTVPSE", t=9)
    walker.string = "BPV"
    assert (walker.t, walker.place()) == (3, 5)


def test_the_kernel_may_set_what_the_constructor_takes():
    walker, net = ReberWalker("BTSX", t=2), elman()
    walker.net = net
    assert walker.state()["net"] == ReberWalker(net=net).net
    assert json.loads(json.dumps(walker.state())) == walker.state()
    walker.net = None
    assert walker.expected() is None
    for key, value, error in (("t", 9, ValueError), ("string", "BTQ", ValueError), ("net", other("lstm"), ValueError)):
        with pytest.raises(error, match=f"{key} must"):
            setattr(walker, key, value)
    assert (walker.string, walker.t, walker.net) == ("BTSX", 2, None)


def test_its_map_is_the_one_of_the_chapter_and_of_the_grammar():
    cells = json.loads((BOOK / "03-elman.ipynb").read_text("utf-8"))["cells"]
    source = "".join(next(c["source"] for c in cells if c["id"] == "grammar-picture"))
    drawn = next(ast.literal_eval(a.value) for a in ast.parse(source).body if isinstance(a, ast.Assign))
    assert drawn == PLACES
    state = ReberWalker().state()
    assert {int(k): [tuple(a) for a in v] for k, v in state["arrows"].items() if v} == {
        k: list(v) for k, v in ARROWS.items()
    }
    assert {int(k): tuple(v) for k, v in state["places"].items()} == PLACES


def test_six_digits_of_the_weights_are_enough():
    net = elman(16, seed=3)
    walker = ReberWalker("BTSSXXTVPSE", net=net)
    ids = np.array([[SYMBOLS.index(letter)] for letter in walker.string])
    whole = softmax(net(ids)[0])[:, 0]
    for t in range(1, 12):
        walker.t = t
        assert np.abs(walker.expected() - whole[t - 1]).max() < 1e-5
    assert len(json.dumps(walker.state())) < 12_000


def test_the_still_figure_says_where_the_walk_stands_and_what_is_expected():
    walker = ReberWalker("BTSX", net=elman(), t=4)
    text = html.unescape(re.sub("<[^>]+>", " ", walker.still()))
    assert "stands at 4" in " ".join(text.split()), text[-300:]
    rows = re.findall(r"scope='row'>(\w)</th><td>(\w*)</td><td>([^<]+)<", walker.still())
    assert [(letter, bool(legal)) for letter, legal, _ in rows] == [(k, k in "SX") for k in SYMBOLS]
    assert [p for *_, p in rows] == [number(p) for p in walker.expected()]
    assert "<caption>After BTSX</caption>" in walker.still()


def test_the_still_figure_of_a_whole_string_asks_the_net_before_its_last_letter():
    walker = ReberWalker("BTXSE", net=elman(), t=5)
    assert "stands at 7" in walker.still() and "<caption>After BTXS</caption>" in walker.still()
    rows = re.findall(r"scope='row'>(\w)</th><td>(\w*)</td><td>([^<]+)<", walker.still())
    assert [letter for letter, legal, _ in rows if legal] == ["E"]
    walker.t = 4
    assert [p for *_, p in rows] == [number(p) for p in walker.expected()]
    assert "aria-label" in walker.still() and "table" not in ReberWalker("BTSX", t=2).still()
    # From the beginning, the figure shows the whole walk; an empty string, none.
    assert "B, T, S, X is lit" in ReberWalker("BTSX").still() and "has not begun" in ReberWalker("").still()


# -- in a browser

pytest.importorskip("playwright")
from browser import opened  # noqa: E402
from widget_gallery import page  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

TAG = "rb-reber-walker"


def shown(*walkers, lang="en"):
    return page({str(k): w.to_html() for k, w in enumerate(walkers)}, page_scripts("reber-walker"), lang=lang)


def state(tab):
    return tab.evaluate(f"document.querySelector('{TAG}').store.get()")


@pytest.mark.browser
def test_letters_are_pressed_or_refused(chromium):
    with opened(chromium, shown(ReberWalker("BTSXXTVPSE", t=2))) as tab:
        keys = tab.locator(TAG).get_by_role("group", name="Next letter")
        assert keys.locator(".legal").all_inner_texts() == ["S\nlegal", "X\nlegal"]
        keys.get_by_role("button", name="S legal", exact=True).click()
        assert (state(tab)["string"], state(tab)["t"]) == ("BTSXXTVPSE", 3)  # it was the next letter anyway
        keys.get_by_role("button", name="S legal", exact=True).click()
        assert (state(tab)["string"], state(tab)["t"]) == ("BTSS", 4)  # another way
        keys.get_by_role("button", name="E, not legal here").click()
        assert (state(tab)["string"], state(tab)["t"]) == ("BTSS", 4)
        status = tab.locator(TAG).locator("[role=status]")
        assert status.inner_text() == "E is not legal at place 2. Legal: S or X."
        tab.locator(TAG).get_by_role("button", name="Undo").click()
        assert status.inner_text() == "" and state(tab) | {"string": "BTSS", "t": 3} == state(tab)


@pytest.mark.browser
def test_no_letter_is_taken_beyond_the_last_that_fits(chromium):
    with opened(chromium, shown(ReberWalker("BT" + "S" * (MAX_LETTERS - 2), t=MAX_LETTERS))) as tab:
        tab.locator(TAG).get_by_role("button", name="S legal").click()
        assert state(tab)["t"] == MAX_LETTERS == len(state(tab)["string"])
        assert f"At most {MAX_LETTERS} letters fit." in tab.locator(TAG).locator("[role=status]").inner_text()


@pytest.mark.browser
def test_a_typed_string_is_never_lost(chromium):
    with opened(chromium, shown(ReberWalker("BTSX", t=4))) as tab:
        field, status = tab.locator(TAG).get_by_role("textbox"), tab.locator(TAG).locator("[role=status]")
        field.fill("bpttse")
        assert (state(tab)["string"], state(tab)["t"]) == ("BPTTSE", 1)  # B was walked, and still is
        assert status.inner_text() == "The walk stops before letter 5, S: at place 3, legal is T or V."
        step = tab.locator(TAG).locator("button.step")
        for _ in range(3):
            step.click()
        assert state(tab)["t"] == 4 and step.get_attribute("aria-disabled") == "true"
        field.fill("BT<b>")
        assert (
            "Letter 3, <, is none of B T S X P V E." in status.inner_text()
            and field.input_value() == "BT<b>"
            and state(tab)["string"] == "BPTTSE"
        )
        field.fill("B" * 41)
        assert "At most 40" in status.inner_text()
        # What cannot be walked stays in the field, and its line with it, while one steps along the last string.
        tab.locator(TAG).get_by_role("button", name="Undo").click()
        assert field.input_value() == "B" * 41 and "At most 40" in status.inner_text() and state(tab)["t"] == 3
        tab.locator(TAG).get_by_role("button", name="Random walk").click()
        assert field.input_value() == state(tab)["string"] and status.inner_text() == ""
        field.fill("")
        assert (state(tab)["string"], state(tab)["t"]) == ("", 0)


@pytest.mark.browser
def test_small_letters_leave_the_caret_where_it_is(chromium):
    with opened(chromium, shown(ReberWalker("BTXSE", t=1))) as tab:
        field = tab.locator(TAG).get_by_role("textbox")
        field.focus()
        tab.keyboard.press("Home")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.type("ss")
        assert state(tab)["string"] == "BTSSXSE" and field.evaluate("e => e.selectionStart") == 4
        assert state(tab)["t"] == 1  # typing does not walk
        assert field.evaluate("e => getComputedStyle(e).textTransform") == "uppercase"
        tab.evaluate(f"document.querySelector('{TAG}').store.set({{string: 'BPV', t: 0}})")  # as a kernel does
        assert field.input_value() == "BPV"


@pytest.mark.browser
def test_a_random_walk_is_legal(chromium):
    with opened(chromium, shown(ReberWalker())) as tab:
        seen = set()
        for _ in range(30):
            tab.locator(TAG).get_by_role("button", name="Random walk").click()
            string = state(tab)["string"]
            assert ReberGrammar().is_legal(string) and len(string) <= 20 and state(tab)["t"] == 0
            seen.add(string)
        assert len(seen) > 3
        many = "s => Array.from({length: 3000}, () => rnnbook['reber-walker'].chance(s))"
        strings = tab.evaluate(many, state(tab))
        assert all(map(ReberGrammar().is_legal, strings)) and 15 < max(map(len, strings)) <= 20
        endless = {**state(tab), "arrows": {"0": [["B", 0]]}, "string": "", "t": 0}
        assert tab.evaluate("s => rnnbook['reber-walker'].chance(s)", endless) is None


@pytest.mark.browser
def test_the_net_on_the_page_is_the_packages_net(chromium):
    walker = ReberWalker("BTSSXXTVPSE", net=elman(6, seed=4), t=0)
    with opened(chromium, shown(walker)) as tab:
        found = tab.evaluate(f"rnnbook['reber-walker'].expected(document.querySelector('{TAG}').store.get())")
        step = tab.locator(TAG).locator("button.step")
        step.focus()
        for t in range(1, 12):
            tab.keyboard.press("ArrowRight")
            walker.t = t
            p = walker.expected()
            assert np.abs(np.array(found[t - 1]["p"]) - p).max() < 1e-12
            shown_p = tab.locator(TAG).locator(".bars .p").all_text_contents()
            if t == 11:  # the walk is over: nothing is asked of the net
                assert shown_p == [] and "nothing comes" in tab.locator(TAG).locator(".bars").inner_text()
                break
            assert [float(v.replace("\u2212", "-").replace("≈0", "0")) for v in shown_p] == pytest.approx(p, abs=0.0051)
            legal = walker.legal()
            marks = tab.locator(TAG).locator(".bars .fair:not(.cut)")
            assert marks.count() == len(legal) == tab.locator(TAG).locator(".keys").get_by_text("legal").count()
            together = sum(p[SYMBOLS.index(k)] for k in legal)
            said = tab.locator(TAG).locator(".legend").inner_text()
            assert float(re.search(r"together: ([\d.]+)\.", said)[1]) == pytest.approx(together, abs=0.0051)
            # A bar is as high as its probability, and the mark stands at one part of as many as are legal.
            heights = [
                float(v)
                for v in tab.locator(TAG)
                .locator(".bars .bar")
                .evaluate_all("b => b.map(e => e.getAttribute('height'))")
            ]
            floor = float(re.search(r"M0 ([\d.]+)H", tab.locator(TAG).locator(".bars .base").get_attribute("d"))[1])
            mark = float(re.match(r"M[\d.]+ ([\d.]+)", marks.first.get_attribute("d"))[1])
            assert np.array(heights) / sum(heights) == pytest.approx(p, abs=1e-9)
            assert floor - mark == pytest.approx(sum(heights) / len(legal))
            tops = tab.locator(TAG).locator(".bars .bar").evaluate_all("b => b.map(e => +e.getAttribute('y'))")
            assert np.array(tops) + heights == pytest.approx(floor)
        tab.keyboard.press("ArrowLeft")
        assert state(tab)["t"] == 10
        tab.locator(TAG).get_by_role("slider", name="Letters read").focus()
        tab.keyboard.press("Home")
        assert state(tab)["t"] == 0


@pytest.mark.browser
def test_the_context_is_a_copy_of_the_state_before(chromium):
    walker = ReberWalker("BTSSXXTVPSE", net=elman(6, seed=4), t=5)
    h, _ = elman(6, seed=4).layers["rnn"](np.array([[SYMBOLS.index(letter)] for letter in walker.string]))
    with opened(chromium, shown(walker)) as tab:
        svg = tab.locator(TAG).locator(".units svg")
        was, now = svg.locator(".was"), svg.locator(".unit:not(.was)")
        for bars, state_ in ((was, h[3, 0]), (now, h[4, 0])):
            size = bars.evaluate_all(
                "b => b.map(e => +e.getAttribute('height') * (e.classList.contains('neg') ? -1 : 1))"
            )
            assert np.array(size) / 15 == pytest.approx(state_, abs=0.04)
        before = now.evaluate_all("b => b.map(e => e.getAttribute('height'))")
        tab.locator(TAG).locator("button.step").click()
        assert was.evaluate_all("b => b.map(e => e.getAttribute('height'))") == before
        numbers = svg.get_attribute("aria-label")
        assert numbers.startswith("context (copy): ") and "new state: " in numbers


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 760])
def test_the_string_so_far_keeps_its_column_in_sight(chromium, width):
    string = "BTSSSSSSSXXTTTTVPXTVPSE"
    walker = ReberWalker(string, net=elman(), t=0)
    with opened(chromium, shown(walker), width=width) as tab:
        svg, slider = tab.locator(TAG).locator(".string svg"), tab.locator(TAG).get_by_role("slider")
        inside = """s => { const f = s.getBoundingClientRect();
            return [...s.querySelectorAll('text')].every(e => { const r = e.getBoundingClientRect();
                return r.left >= f.left - 1 && r.right <= f.right + 1; }); }"""
        for t in (0, 1, 7, 14, 22, 23):
            slider.fill(str(t))
            walker.t = t
            now = svg.locator(".now text").all_text_contents()
            assert now[:2] == [string[t - 1] if t else "–", str(walker.place())]
            assert svg.evaluate(inside)
            places = svg.locator("g").evaluate_all(
                "g => g.map(e => e.getBoundingClientRect()).map(r => [r.left, r.right])"
            )
            assert all(one[1] < two[0] for one, two in itertools.pairwise(sorted(places)))
            if t > 1:
                walker.t = t - 1
                given = walker.expected()[SYMBOLS.index(string[t - 1])]
                assert float(now[2]) == pytest.approx(given, abs=0.0051)
        assert svg.get_attribute("aria-label").count(" leads to ") == 23


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [320, 390, 760])
def test_nothing_shifts_and_nothing_is_too_small(chromium, width, lang):
    places = "[...r.querySelector('.rb > div').children].map(e => Math.round(e.getBoundingClientRect().top))"
    with opened(chromium, shown(ReberWalker("BTSSXXTVPSE", net=elman(16)), lang=lang), width=width) as tab:
        root = f"(r => {{}})(document.querySelector('{TAG}').shadowRoot)"
        ask = lambda body: tab.evaluate(root.replace("{}", f"{{ return {body}; }}"))  # noqa: E731
        seen = set()
        states = [("BTSSXXTVPSE", t) for t in range(12)] + [
            ("BPTTSE", 4),
            ("B" * 30, 1),
            ("BT" + "S" * 38, 40),
            ("", 0),
        ]
        for string, t in states:
            tab.evaluate(f"document.querySelector('{TAG}').store.set({{string: '{string}', t: {t}}})")
            seen.add(tuple(ask(places)))
            small = "[...r.querySelectorAll('*')].filter(e => e.children.length === 0 && e.textContent.trim() && e.tagName !== 'STYLE')"
            assert ask(f"{small}.every(e => parseFloat(getComputedStyle(e).fontSize) >= 12)")
        tab.locator(TAG).get_by_role("textbox").fill("BTQ")
        seen.add(tuple(ask(places)))
        assert len(seen) == 1
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        drawn = "[...r.querySelectorAll('svg[role=img]')].map(e => e.getBoundingClientRect().width / e.viewBox.baseVal.width)"
        assert min(ask(drawn)) > 0.99  # the text in a drawing is as large as it says
        if width >= 390:
            sizes = "[...r.querySelectorAll('button, input')].map(e => e.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
            assert min(ask(sizes)) >= 44


@pytest.mark.browser
def test_two_on_one_page_have_names_of_their_own(chromium):
    with opened(chromium, shown(ReberWalker("BTSX"), ReberWalker("BTSX", net=elman()), ReberWalker(""))) as tab:
        names = [tab.locator(TAG).nth(k).locator("section").get_attribute("aria-label") for k in range(3)]
        assert [n.removeprefix("A walk through Reber's grammar: ") for n in names] == [
            "BTSX", "BTSX, with a net", "nothing yet",
        ]  # fmt: skip


@pytest.mark.browser
def test_the_walk_is_lit_on_the_map(chromium):
    with opened(chromium, shown(ReberWalker("BTSX", t=3))) as tab:
        drawn = tab.locator(TAG).locator(".map svg")
        letters = lambda cls: sorted(drawn.locator(f".{cls} .letter").all_text_contents())  # noqa: E731
        assert (letters("walked"), letters("just"), letters("next")) == (["B", "S", "T"], ["S"], ["S", "X"])
        assert drawn.locator(".here .name").all_text_contents() == ["2"]
        assert "BTS" in drawn.get_attribute("aria-label") and "place 2" in drawn.get_attribute("aria-label")
        tab.locator(TAG).locator("button.step").click()
        assert (letters("just"), letters("next")) == (["X"], ["S", "X"])
        assert letters("walked.just") == ["X"]  # the X from 2 to 4, not the one that leaves 4
        assert drawn.locator(".here .name").all_text_contents() == ["4"]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"t": 5}, "t must lie between 0 and 4"),
        ({"string": "BTQ"}, "string must be at most 40 letters of BTSXPVE"),
        ({"arrows": {}}, "the grammar has no place 0"),
        ({"symbols": ""}, "symbols must have"),
        ({"string": "B" * 41}, "string must be at most 40 letters"),
        ({"t": 0.5}, "t must be a whole number"),
        ({"arrows": {"0": [["B", 9]]}}, "arrows.0[0] must be one of"),
        ({"net": {"cell": {}}}, "net.cell.params must be an object"),
        ({"places": {"0": ["x", 1]}}, "places.0[0] must be a finite number"),
    ],
)
def test_a_wrong_state_is_one_clear_line(chromium, change, said):
    text = html.escape(json.dumps({**ReberWalker().state(), **change}))
    with opened(chromium, page({"bad": f'<{TAG} data-state="{text}"></{TAG}>'}, page_scripts("reber-walker"))) as tab:
        assert said in tab.locator(TAG).get_by_role("alert").inner_text()
        assert tab.locator(TAG).locator("svg").count() == 0


@pytest.mark.browser
def test_it_speaks_korean_on_a_korean_page(chromium):
    with opened(chromium, shown(ReberWalker("BTSX", t=1), lang="ko"), width=390) as tab:
        assert "1번 자리" in tab.locator(TAG).locator(".say").inner_text()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
