"""The walk through Reber's grammar: its arguments in Python, the walk and the net in a real browser."""

import html
import json
import re

import numpy as np
import pytest

pytest.importorskip("anywidget")

import rnnbook as rb
from rnnbook.data import SYMBOLS, ReberGrammar
from rnnbook.functional import softmax
from rnnbook.plots import number
from rnnbook.widgets.reber_walker import ReberWalker


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
        ({"t": 5}, ValueError, "t must"),
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


# -- in a browser

pytest.importorskip("playwright")
from browser import chromium, opened  # noqa: E402, F401
from widget_gallery import page  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

TAG = "rb-reber-walker"


def shown(*walkers, lang="en"):
    return page({str(k): w.to_html() for k, w in enumerate(walkers)}, page_scripts("reber-walker"), lang=lang)


def state(tab):
    return tab.evaluate(f"document.querySelector('{TAG}').store.get()")


@pytest.mark.browser
def test_letters_are_pressed_or_refused(chromium):  # noqa: F811
    with opened(chromium, shown(ReberWalker("BTSXXTVPSE", t=2))) as tab:
        keys = tab.locator(TAG).get_by_role("group", name="Next letter")
        legal = [
            b.inner_text() for b in keys.get_by_role("button").all() if "legal" == (b.get_attribute("class") or "")
        ]
        assert legal == ["S", "X"]
        keys.get_by_role("button", name="S, legal", exact=True).click()
        assert (state(tab)["string"], state(tab)["t"]) == ("BTSXXTVPSE", 3)  # it was the next letter anyway
        keys.get_by_role("button", name="S, legal", exact=True).click()
        assert (state(tab)["string"], state(tab)["t"]) == ("BTSS", 4)  # another way
        keys.get_by_role("button", name="E, not legal here").click()
        assert (state(tab)["string"], state(tab)["t"]) == ("BTSS", 4)
        assert tab.locator(TAG).locator("[role=status]").inner_text() == "E is not legal at place 2: S or X."


@pytest.mark.browser
def test_a_typed_string_is_never_lost(chromium):  # noqa: F811
    with opened(chromium, shown(ReberWalker("BTSX", t=4))) as tab:
        field, status = tab.locator(TAG).get_by_role("textbox"), tab.locator(TAG).locator("[role=status]")
        field.fill("bpttse")
        assert (state(tab)["string"], state(tab)["t"]) == ("BPTTSE", 4)
        assert status.inner_text() == "The walk stops before letter 5, S: at place 3, legal is T or V."
        assert tab.locator(TAG).locator("button.step").get_attribute("aria-disabled") == "true"
        field.fill("BT<b>")
        assert (
            "< is no letter" in status.inner_text()
            and field.input_value() == "BT<b>"
            and state(tab)["string"] == "BPTTSE"
        )
        field.fill("B" * 41)
        assert "At most 40" in status.inner_text()
        field.fill("")
        assert (state(tab)["string"], state(tab)["t"]) == ("", 0)


@pytest.mark.browser
def test_a_random_walk_is_legal(chromium):  # noqa: F811
    with opened(chromium, shown(ReberWalker())) as tab:
        seen = set()
        for _ in range(30):
            tab.locator(TAG).get_by_role("button", name="Random walk").click()
            string = state(tab)["string"]
            assert ReberGrammar().is_legal(string) and len(string) <= 20 and state(tab)["t"] == 0
            seen.add(string)
        assert len(seen) > 3


@pytest.mark.browser
def test_the_net_on_the_page_is_the_packages_net(chromium):  # noqa: F811
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
            assert [float(v.replace("\u2212", "-").replace("≈0", "0")) for v in shown_p] == pytest.approx(p, abs=0.0051)
            fair = len(walker.legal())
            assert tab.locator(TAG).locator(".bars .fair").count() == fair
        tab.keyboard.press("ArrowLeft")
        assert state(tab)["t"] == 10
        tab.locator(TAG).get_by_role("slider", name="Letters read").focus()
        tab.keyboard.press("Home")
        assert state(tab)["t"] == 0


@pytest.mark.browser
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"t": 5}, "t must lie between 0 and 4"),
        ({"string": "BTQ"}, "string must be at most 40 letters of BTSXPVE"),
        ({"arrows": {}}, "the grammar has no place 0"),
        ({"arrows": {"0": [["B", 9]]}}, "arrows.0[0] must be one of"),
        ({"net": {"cell": {}}}, "net.cell.params must be an object"),
        ({"places": {"0": ["x", 1]}}, "places.0[0] must be a finite number"),
    ],
)
def test_a_wrong_state_is_one_clear_line(chromium, change, said):  # noqa: F811
    text = html.escape(json.dumps({**ReberWalker().state(), **change}))
    with opened(chromium, page({"bad": f'<{TAG} data-state="{text}"></{TAG}>'}, page_scripts("reber-walker"))) as tab:
        assert said in tab.locator(TAG).get_by_role("alert").inner_text()
        assert tab.locator(TAG).locator("svg").count() == 0


@pytest.mark.browser
def test_it_speaks_korean_on_a_korean_page(chromium):  # noqa: F811
    with opened(chromium, shown(ReberWalker("BTSX", t=1), lang="ko"), width=390) as tab:
        assert "1번 자리" in tab.locator(TAG).locator(".say").inner_text()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
