"""The net that listens to a call: in Python, and the same numbers and words in the browser."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
import rnnbook as rb
from rnnbook.data import Vocabulary, phone_calls
from rnnbook.quantize import restored, rounded
from rnnbook.widgets import carried
from rnnbook.widgets.listener import MAX_WORDS, Listener

CALLS = phone_calls(np.random.default_rng(0), 4, task="order")
KEYWORDS = phone_calls(np.random.default_rng(1), 3, hard_negatives=0.5)
KOREAN = phone_calls(np.random.default_rng(2), 2, task="order", language="ko")
ALL = [*CALLS, *KEYWORDS, *KOREAN]
TOKENS = sorted({word for call in ALL for word in call.words})
# Every third word is unknown.
SOME = [word for k, word in enumerate(TOKENS) if k % 3]
WITH = Vocabulary(["<unknown>", *SOME], unknown="<unknown>")
WITHOUT = Vocabulary(SOME)
CELLS = {"GRUCell": rb.GRUCell, "LSTMCell": rb.LSTMCell, "ElmanCell": rb.ElmanCell}


def net(
    kind="GRUCell", *, outputs=2, embedding=5, H=8, last=False, dropout=False, vocabulary=WITH, gain=1.0, **options
):
    """Random weights, large enough that probabilities differ from word to word."""
    rng = np.random.default_rng(3)
    size = len(vocabulary)
    layers = {"embed": rb.Embedding(size, embedding, rng=rng)} if embedding else {}
    layers["rnn"] = rb.Recurrent(CELLS[kind](embedding or size, H, rng=rng, **options))
    if dropout:
        layers["drop"] = rb.Dropout(0.5)
    if last:
        layers["last"] = rb.Last()
    layers["out"] = rb.Dense(H, outputs, rng=rng)
    model = rb.Sequential(**layers)
    for name, p in model.params.items():
        p *= gain
        if name == "embed.E":
            p *= 8
        if name == "out.W":
            p *= 3
        if p.ndim == 1:
            p += rng.normal(0, 0.4, p.shape)
    return model


VARIANTS = {
    "GRU": ({"kind": "GRUCell", "outputs": 2, "dropout": True}, WITH),
    "LSTM, one output": ({"kind": "LSTMCell", "outputs": 1}, WITH),
    "Elman, words passed over": ({"kind": "ElmanCell", "outputs": 2}, WITHOUT),
    "GRU, one output, one-hot, Last": ({"kind": "GRUCell", "outputs": 1, "embedding": 0, "last": True}, WITHOUT),
    "Elman, softsign": ({"kind": "ElmanCell", "activation": "softsign", "outputs": 1}, WITH),
}
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def listener(variant="GRU", calls=ALL, **options):
    look, vocabulary = VARIANTS[variant]
    return Listener(net(vocabulary=vocabulary, **look), vocabulary, calls, **options)


# -- Python


@each_variant
def test_probabilities_are_the_rounded_models(variant):
    look, vocabulary = VARIANTS[variant]
    original = net(vocabulary=vocabulary, **look)
    widget = Listener(original, vocabulary, ALL)
    model = widget.model()
    wanted = [restored(*rounded(p)) for p in original.params.values()]
    for mine, p in zip(model.params.values(), wanted, strict=True):
        np.testing.assert_array_equal(mine, p)
    for call in ALL:
        words = [w for w in call.words if vocabulary.unknown or w in vocabulary.tokens]
        logits = model(vocabulary.encode(words)[:, None])[0][:, 0]
        p = rb.functional.softmax(logits)[:, 1] if look["outputs"] == 2 else 1 / (1 + np.exp(-logits[:, 0]))
        found = widget.probabilities(call.words)
        heard = [k for k, w in enumerate(call.words) if vocabulary.unknown or w in vocabulary.tokens]
        np.testing.assert_allclose(found[heard], p, atol=1e-14)
        # A word that is passed over changes nothing.
        for k in set(range(1, len(found))) - set(heard):
            assert found[k] == found[k - 1]


def test_a_last_layer_changes_nothing():
    one, other = (Listener(net(last=last), WITH, CALLS) for last in (False, True))
    assert one.state() == other.state()


def test_before_the_first_known_word_only_the_bias_speaks():
    widget = listener("Elman, words passed over")
    b = widget.model().params["out.b"]
    np.testing.assert_allclose(widget.probabilities(["nothing", "known"]), 1 / (1 + np.exp(b[0] - b[1])), atol=1e-15)
    assert widget.probabilities([]).shape == (0,)
    with pytest.raises(TypeError, match="words must be a sequence of words, got one string"):
        widget.probabilities("hello")


def test_the_alarm_goes_off_at_the_first_word():
    widget = listener()
    p = widget.probabilities()
    for widget.threshold in (0.01, 0.4, 0.5, 0.6, 0.99):
        found = [n for n, v in enumerate(p, 1) if v >= widget.threshold]
        assert widget.alarm() == (found[0] if found else None)


def test_lines_say_what_is_heard():
    widget = listener()
    for k, call in enumerate(ALL):
        widget.call = k
        assert widget.words == call.words and widget.at == 0
        assert (widget.label, widget.decided_at) == (call.label, call.decided_at)
        if call.task == "order":
            widget.lines = widget.twin()
            assert widget.words == call.twin.words
            assert (widget.label, widget.decided_at) == (call.twin.label, call.twin.decided_at)
            assert widget.twin() == list(range(len(call.sentences)))
            widget.lines = [j for j, name in enumerate(call.templates) if not name.startswith("demand")]
            assert widget.label is widget.decided_at is None
            with pytest.raises(ValueError, match="lines must hold both decisive sentences"):
                widget.twin()
        else:
            with pytest.raises(ValueError, match="call must be one of the task 'order' to have a twin"):
                widget.twin()
            # Another order changes when it is decided, and not what it is.
            widget.lines = widget.lines[::-1]
            assert widget.label == call.label
    widget.call = 0
    widget.lines = [1, "tell  me the code", 0]
    assert widget.sentences == [list(CALLS[0].sentences[1]), ["tell", "me", "the", "code"], list(CALLS[0].sentences[0])]
    assert widget.label is None


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": 3}, TypeError, "model must be a Sequential of Embedding or nothing, .* Dropout or Last or nothing"),
        ({"model": net(outputs=3)}, ValueError, "model must have 1 or 2 outputs, harmless and phishing, got 3"),
        ({"vocabulary": WITH.tokens}, TypeError, "vocabulary must be a Vocabulary"),
        ({"vocabulary": WITHOUT}, ValueError, f"vocabulary must have {len(WITH)} words"),
        ({"calls": CALLS[0]}, TypeError, "calls must be a sequence of Call, got Call"),
        ({"calls": []}, ValueError, "calls must be 1 to 12, got 0"),
        ({"calls": CALLS * 4}, ValueError, "calls must be 1 to 12, got 16"),
        ({"calls": [CALLS[0], "hello"]}, TypeError, r"calls\[1\] must be a Call, got str"),
        (
            {"calls": [replace(CALLS[0], sentences=CALLS[0].sentences * 9)]},
            ValueError,
            r"calls\[0\] must have 1 to 12 s",
        ),
        ({"calls": [replace(CALLS[0], decided_at=2)]}, ValueError, r"calls\[0\] must have templates that tell"),
        (
            {"calls": [replace(CALLS[0], label=1 - CALLS[0].label, templates=("a-1",))]},
            ValueError,
            "must have templates",
        ),
        ({"call": len(ALL)}, ValueError, "call must be .* at most"),
        ({"call": 0.5}, TypeError, "call must be an integer"),
        ({"threshold": 0}, ValueError, "threshold must be .* at least 0.01"),
        ({"threshold": "high"}, TypeError, "threshold must be a number"),
        ({"at": -1}, ValueError, "at must be at least 0"),
    ],
)
def test_wrong_arguments_are_named(options, error, message):
    given = {"model": net(), "vocabulary": WITH, "calls": ALL, **options}
    with pytest.raises(error, match=message):
        Listener(given.pop("model"), given.pop("vocabulary"), given.pop("calls"), **given)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lines", [], "lines must be 1 to 12 sentences"),
        ("lines", [0, 99], "lines must be .* at most"),
        ("lines", [0, 0], "lines must hold each sentence of the call once"),
        ("lines", [0, "  "], "lines must hold sentences of a word or more"),
        ("lines", ["a " * 200], f"lines must have at most {MAX_WORDS} words, got 200"),
        ("call", 12, "call"),
        ("threshold", 1, "threshold"),
        ("at", 161, "at"),
    ],
)
def test_the_kernel_is_checked(name, value, message):
    widget = listener()
    before = widget.state()
    with pytest.raises(ValueError, match=message):
        setattr(widget, name, value)
    assert widget.state() == before


def test_the_state_is_plain_json():
    widget = listener(at=3, threshold=0.25)
    state = widget.state()
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert state["weights"]["sizes"] == [len(WITH), 5, 8, 2] and state["weights"]["unknown"] == 0
    assert listener("Elman, words passed over").weights["unknown"] is None
    for name in ("weights", "calls"):
        with pytest.raises(Exception, match=name):
            setattr(widget, name, {})


def test_the_still_figure_shows_text_and_curve():
    widget = listener(call=1)
    figure = ElementTree.fromstring(widget.still())
    assert len(widget.still()) < 8_000
    said = [" ".join("".join(li.itertext()).split()) for li in figure.find("ol").findall("li")]
    assert said == [" ".join(sentence) for sentence in CALLS[1].sentences]
    marked = {u.text for u in figure.iter("u")}
    assert marked == {w for w in CALLS[1].words if w not in WITH.tokens}
    path = next(p.get("d") for p in figure.iter("path") if p.get("class") == "c")
    points = np.array([xy.split() for xy in path[1:].split("L")], float)
    np.testing.assert_allclose((180 - points[:, 1]) / 140, widget.probabilities(), atol=0.001)
    alarm = widget.alarm()
    assert alarm and "".join(next(figure.iter("b")).itertext()) == widget.words[alarm - 1]
    assert f"goes off at word {alarm}," in figure.find("svg").get("aria-label")
    assert "In truth the call is" in figure.find("figcaption").text
    widget.call = len(ALL) - 1
    assert ElementTree.fromstring(widget.still()).find("ol").get("lang") == "ko"


def test_what_is_carried_is_refused_by_name():
    rng = np.random.default_rng(0)
    two = rb.Sequential(
        a=rb.Recurrent(rb.GRUCell(3, 4, rng=rng)), b=rb.Recurrent(rb.GRUCell(4, 4, rng=rng)), c=rb.Dense(4, 1, rng=rng)
    )
    with pytest.raises(ValueError, match="model must be a Sequential of .* Dropout or nothing, and Dense"):
        carried.parts(two)
    with pytest.raises(ValueError, match="Dropout or nothing, and Dense"):
        carried.parts(net(last=True))
    assert carried.parts(net(last=True), last=True).sizes == (len(WITH), 5, 8, 2)


# -- the page


browser = pytest.mark.browser

pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

HEARD = """words => {
  const s = document.querySelector("rb-listener").store.get();
  return globalThis.rnnbook.listener.probabilities(s, words);
}"""


def page(widget, **look):
    return widget_gallery.page({"": widget.to_html()}, page_scripts("listener"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-listener').store.get()")


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).click()


def said(tab):
    return tab.locator(".say").inner_text().replace("\n", " ")


def follow(tab, widget):
    """Bring the widget to the page's state, as a kernel would."""
    now = state(tab)
    widget.call, widget.lines, widget.at, widget.threshold = (now[k] for k in ("call", "lines", "at", "threshold"))
    return widget


def drawn(tab, cls="curve"):
    """The probabilities of a curve, from its path."""
    path = tab.locator(f"path.{cls}").get_attribute("d")
    y = np.array([xy.split()[1] for xy in path[1:].split("L")], float)
    axis = float(tab.locator("path.axis").get_attribute("d").split()[1].split("H")[0])
    return (axis - y) / (axis - 42)


@browser
@each_variant
def test_the_page_says_what_python_says(chromium, variant):
    widget = listener(variant)
    with opened(chromium, page(widget)) as tab:
        for call in ALL:
            for words in (call.words, call.words[::-1], ["never", "heard", *call.words[:9], "zzz"]):
                np.testing.assert_allclose(tab.evaluate(HEARD, list(words)), widget.probabilities(words), atol=1e-9)


@browser
@pytest.mark.parametrize("fault", ["y[1] - y[0]", "s.weights.unknown", "stepped(net, state, id)"])
def test_this_test_can_see(chromium, fault):
    widget = listener()
    scripts = page_scripts("listener")
    other = {
        "y[1] - y[0]": "y[0] - y[1]",
        "s.weights.unknown": "null",
        "stepped(net, state, id)": "stepped(net, null, id)",
    }
    assert fault in scripts["listener.js"]
    scripts["listener.js"] = scripts["listener.js"].replace(fault, other[fault], 1)
    with opened(chromium, widget_gallery.page({"": widget.to_html()}, scripts)) as tab:
        found = np.array(tab.evaluate(HEARD, list(widget.words)))
        assert np.abs(found - widget.probabilities()).max() > 1e-3


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_a_reader_hears_word_by_word(chromium, width):
    widget = listener("LSTM, one output", threshold=0.99)
    widget.threshold = float(np.round(np.sort(widget.probabilities())[-4], 2)) - 0.01
    words, p, alarm = widget.words, widget.probabilities(), widget.alarm()
    with opened(chromium, page(widget), width=width) as tab:
        assert said(tab).startswith("Nothing heard yet.") and tab.locator("path.curve").count() == 0
        for n, word in enumerate(words, 1):
            press(tab, "Word") if n % 2 else tab.keyboard.press("ArrowRight")
            assert state(tab)["at"] == n
            assert f"“{word}”" in said(tab)
            assert ("does not know" in said(tab)) == (word not in WITH.tokens)
            assert ("Here the alarm goes off." in said(tab)) == (n == alarm)
            shown = tab.locator(".words > span")
            if n in (1, 9, alarm, len(words)):
                np.testing.assert_allclose(drawn(tab), p[:n], atol=0.001)
                assert tab.locator(".words .now").inner_text() == word
                assert tab.locator(".words .ahead").count() == len(words) - n
                assert shown.all_inner_texts() == list(words)
            net_says = tab.locator(".verdict dd").first.inner_text()
            assert net_says.startswith("Alarm") == (n >= alarm)
        assert tab.locator(".words .rings").inner_text() == words[alarm - 1]
        assert sorted(set(tab.locator(".words .unknown").all_inner_texts())) == sorted(set(words) - set(WITH.tokens))
        tab.keyboard.press("ArrowRight")
        assert state(tab)["at"] == len(words)
        tab.keyboard.press("ArrowLeft")
        press(tab, "One word back")
        assert state(tab)["at"] == len(words) - 2
        press(tab, "Back to the beginning")
        upto = 0
        for sentence in widget.sentences:
            press(tab, "Sentence: hear it to its end")
            upto += len(sentence)
            assert state(tab)["at"] == upto
        press(tab, "Back to the beginning")
        press(tab, "Hear the whole call")
        assert state(tab)["at"] == len(words)
        tab.get_by_role("slider", name="Heard").fill("7")
        assert state(tab)["at"] == 7 and f"After “{words[6]}”" in said(tab)


@browser
def test_the_threshold_decides(chromium):
    widget = listener("GRU", at=0)
    widget.at = len(widget.words)
    with opened(chromium, page(widget)) as tab:
        for threshold in (0.01, 0.3, 0.5, 0.7, 0.99):
            tab.get_by_role("slider", name="Threshold").fill(str(threshold))
            assert state(tab)["threshold"] == threshold
            alarm = follow(tab, widget).alarm()
            net_says, truth = tab.locator(".verdict dd").all_inner_texts()
            right = {
                (True, 1): "is right",
                (True, 0): "false alarm",
                (False, 1): "Missed",
                (False, 0): "Rightly silent",
            }
            assert net_says == (f"Alarm, since word {alarm}: “{widget.words[alarm - 1]}”" if alarm else "No alarm")
            assert right[alarm is not None, widget.label] in truth
            assert truth.startswith("Phishing" if widget.label else "Harmless")


@browser
def test_the_truth_is_told_when_it_is_decided(chromium):
    widget = listener()
    with opened(chromium, page(widget)) as tab:
        for k, call in enumerate(ALL):
            tab.locator("select").select_option(str(k))
            assert state(tab)["call"] == k and state(tab)["lines"] == list(range(len(call.sentences)))
            for at in (call.decided_at - 1, call.decided_at):
                tab.get_by_role("slider", name="Heard").fill(str(at))
                truth = tab.locator(".verdict dd").nth(1).inner_text()
                assert (truth == "Not decided yet") == (at < call.decided_at)
                assert truth.startswith("Phishing" if call.label else "Harmless") == (at == call.decided_at)
            assert "Now it is decided." in said(tab) or "alarm" in said(tab)
            assert tab.locator(".words").first.get_attribute("lang") == call.language
            assert tab.get_by_role("button", name="Play the twin").count() == (call.task == "order")


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_sentences_are_moved_removed_and_added(chromium, width):
    widget = listener(call=0)
    widget.at = len(widget.words)
    first = widget.probabilities()
    n = len(widget.lines)
    with opened(chromium, page(widget), width=width) as tab:
        for name in ("Move up: pick a sentence first", "Remove: pick a sentence first"):
            assert tab.get_by_role("button", name=name).get_attribute("aria-disabled") == "true"
        tab.locator(".sentence").nth(2).click()
        press(tab, "Move sentence 3 up")
        press(tab, "Move sentence 2 up")
        assert state(tab)["lines"] == [2, 0, 1, *range(3, n)]
        assert tab.locator(".sentence[aria-pressed=true] .k").inner_text() == "1"
        assert tab.get_by_role("button", name="Move sentence 1 up").get_attribute("aria-disabled") == "true"
        follow(tab, widget)
        np.testing.assert_allclose(drawn(tab), widget.probabilities(), atol=0.001)
        np.testing.assert_allclose(drawn(tab, "was"), first, atol=0.001)
        assert said(tab).startswith("The sentence has moved. After") and tab.locator(".key").count() == 1
        press(tab, "Move sentence 1 down")
        assert state(tab)["lines"] == [0, 2, 1, *range(3, n)]
        press(tab, "Remove sentence 2")
        assert state(tab)["lines"] == [0, 1, *range(3, n)]
        assert state(tab)["at"] == len(follow(tab, widget).words)  # who has heard all hears all of it
        # An own sentence: after the picked one, in small letters, without punctuation.
        tab.locator(".sentence").first.click()
        box = tab.get_by_label("A sentence of your own")
        box.fill("Tell me, the CODE… zyzzy!")
        box.press("Enter")
        assert state(tab)["lines"] == [0, "tell me the code zyzzy", 1, *range(3, n)]
        assert box.input_value() == "" and box.evaluate("e => e.getRootNode().activeElement === e")
        strange = [w for w in ("tell", "me", "the", "code", "zyzzy") if w not in WITH.tokens]
        assert f"The net does not know {', '.join(f'“{w}”' for w in strange)}." in said(tab)
        np.testing.assert_allclose(drawn(tab), follow(tab, widget).probabilities(), atol=0.001)
        assert tab.locator(".verdict dd").nth(1).inner_text() == "With your changes nobody knows"
        box.fill("?!")
        box.press("Enter")
        assert len(state(tab)["lines"]) == n
        press(tab, "Undo my changes")
        assert state(tab)["lines"] == list(range(n)) and tab.locator("path.was").count() == 0
        np.testing.assert_allclose(drawn(tab), first, atol=0.001)


@browser
def test_the_twin_turns_the_truth(chromium):
    widget = listener(call=1, at=6)
    with opened(chromium, page(widget)) as tab:
        press(tab, "Play the twin")
        follow(tab, widget)
        assert widget.words == CALLS[1].twin.words and state(tab)["at"] == 6
        assert said(tab).startswith("The twin: the same words")
        press(tab, "Hear the whole call")
        truth = tab.locator(".verdict dd").nth(1).inner_text()
        assert truth.startswith("Phishing" if CALLS[1].twin.label else "Harmless")
        np.testing.assert_allclose(drawn(tab), widget.probabilities(CALLS[1].twin.words), atol=0.001)
        np.testing.assert_allclose(drawn(tab, "was"), widget.probabilities(CALLS[1].words), atol=0.001)
        press(tab, "Play the twin")
        assert state(tab)["lines"] == list(range(len(CALLS[1].sentences)))


@browser
def test_there_is_an_end_of_room(chromium):
    widget = listener()
    widget.lines = [*widget.lines, "a " * 100]
    with opened(chromium, page(widget)) as tab:
        box = tab.get_by_label("A sentence of your own")
        for k in range(9):
            box.fill("one more " + "word " * k)
            box.press("Enter")
        lines = state(tab)["lines"]
        assert len(follow(tab, widget).words) <= MAX_WORDS and len(lines) <= 12
        assert said(tab) == "No more room: a call has at most 12 sentences and 160 words."


@browser
def test_nothing_shifts(chromium):
    for lang, width in (("en", 390), ("ko", 390), ("en", 760)):
        widget = listener(calls=[*CALLS[:2], *KOREAN])
        with opened(chromium, page(widget, lang=lang), width=width) as tab:
            tops = tab.evaluate(
                """T => {
                  const element = document.querySelector("rb-listener"), tops = new Set();
                  for (const threshold of [0.01, 0.5, 0.99])
                    for (let at = 0; at <= T; at++) {
                      element.store.set({ at, threshold });
                      tops.add(element.shadowRoot.querySelector(".about").getBoundingClientRect().top);
                    }
                  return [...tops];
                }""",
                len(widget.words),
            )
            assert len(tops) == 1, (lang, width, tops)


def changed(**weights):
    return lambda s: s["weights"].update(weights)


@browser
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed(data="AAAA"), "weights.data does not hold the numbers of this model"),
        (changed(kind="PeepholeLSTMCell"), "weights.kind must be one of"),
        (changed(tokens=["a"] * len(WITH)), "weights.tokens must be words that all differ"),
        (changed(tokens="abc"), "weights.tokens must be a list"),
        (changed(sizes=[len(WITH), 5, 8, 3]), "weights.sizes[3] must lie between 1 and 2"),
        (changed(sizes=[len(WITH), 5, 8]), "weights.sizes must have 4 entries"),
        (changed(unknown=-1), "weights.unknown must lie between 0 and"),
        (lambda s: s.update(calls=[]), "calls.length must lie between 1 and 12"),
        (lambda s: s["calls"][0].update(label=2), "calls[0].label must lie between 0 and 1"),
        (lambda s: s["calls"][0].update(decisive=[1]), "calls[0].decisive must have 2 entries"),
        (lambda s: s["calls"][0]["sentences"][1].append(3), "must be a text"),
        (lambda s: s.update(call=99), "call must lie between 0 and"),
        (lambda s: s.update(lines=[]), "lines.length must lie between 1 and 12"),
        (lambda s: s.update(lines=[0, 0]), "lines[1] is a sentence that is there already"),
        (lambda s: s.update(lines=[0, " "]), "lines[1] must hold a word"),
        (lambda s: s.update(lines=["a " * 200]), "T must lie between 1 and 160"),
        (lambda s: s.update(threshold=1), "threshold must lie between 0.01 and 0.99"),
        (lambda s: s.update(at=0.5), "at must be a whole number"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, told):
    bad = json.loads(json.dumps(listener().state()))
    change(bad)
    with opened(chromium, page(listener())) as tab:
        tab.evaluate("s => { document.querySelector('rb-listener').dataset.state = s }", json.dumps(bad))
        assert told in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_in_korean(chromium):
    widget = listener(calls=KOREAN)
    with opened(chromium, page(widget, lang="ko"), width=390) as tab:
        for _ in range(3):
            press(tab, "단어")
        assert f"“{KOREAN[0].words[2]}”" in said(tab) and "P(피싱)" in said(tab)
        press(tab, "문장 끝까지 듣기")
        press(tab, "쌍둥이 통화")
        press(tab, "끝까지 듣기")
        tab.locator(".sentence").nth(1).click()
        press(tab, "문장 2 빼기")
        tab.get_by_label("직접 쓴 문장").fill("인증번호를 불러 주세요.")
        press(tab, "넣기")
        assert state(tab)["lines"][-1] == "인증번호를 불러 주세요"
        text = tab.locator("section").inner_text()
        assert not any(odd in text for odd in ("(를)", "(는)", "Alarm", "Heard", "Threshold", "Sentence"))
        lines = [" ".join(sentence) for sentence in follow(tab, widget).sentences]
        assert [" ".join(t.split()) for t in tab.locator(".words").all_inner_texts()] == lines
        assert set(tab.locator(".words").evaluate_all("all => all.map((e) => e.lang)")) == {"ko"}
