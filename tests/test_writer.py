"""The character model that writes in the page: in Python, and the same numbers and texts in the browser."""

import base64
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")
import rnnbook as rb
from rnnbook import files
from rnnbook.data import Vocabulary
from rnnbook.quantize import restored, rounded
from rnnbook.widgets.writer import KIND, MAX_TEXT, Writer, draw

REAL = Path(__file__).resolve().parent.parent / "book" / "data" / "10-shakespeare.npz"
SVG = "{http://www.w3.org/2000/svg}"
LETTERS = Vocabulary.of("\n ,.abcdeghilmnorstuwy")
V = len(LETTERS)
CELLS = {"GRUCell": rb.GRUCell, "LSTMCell": rb.LSTMCell, "ElmanCell": rb.ElmanCell}


def net(kind="GRUCell", *, embedding=0, H=20, dropout=False, vocabulary=LETTERS, gain=2.0, seed=0, **options):
    """A small model with random weights, large enough that its states differ; biases too."""
    rng = np.random.default_rng(seed)
    size = len(vocabulary)
    layers = {"embed": rb.Embedding(size, embedding, rng=rng)} if embedding else {}
    layers["rnn"] = rb.Recurrent(CELLS[kind](embedding or size, H, rng=rng, **options))
    if dropout:
        layers["drop"] = rb.Dropout(0.5)
    layers["out"] = rb.Dense(H, size, rng=rng)
    model = rb.Sequential(**layers)
    for name, p in model.params.items():
        p *= gain
        if p.ndim == 1:
            p += rng.normal(0, 0.5, p.shape)
        if name == "out.W":
            p *= 3
    return model


def write_file(path, model, header=None, change=None):
    """A file as `scripts/train_shakespeare.py` writes it."""
    arrays = {}
    for name, p in model.params.items():
        arrays[f"{name}.whole"], arrays[f"{name}.scale"] = rounded(p)
    if change:
        change(arrays)
    files.write(path, KIND, {"tokens": list(LETTERS.tokens)} if header is None else header, arrays)
    return path


VARIANTS = {
    "GRU": {"kind": "GRUCell", "dropout": True},
    "LSTM": {"kind": "LSTMCell", "embedding": 7},
    "Elman": {"kind": "ElmanCell", "gain": 1.2},
    "Elman, softsign, embedding": {"kind": "ElmanCell", "activation": "softsign", "embedding": 5},
}

# -- Python


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (3, TypeError, "model must be a Sequential of Embedding or nothing, one Recurrent"),
        (rb.Sequential(out=rb.Dense(3, 3, rng=np.random.default_rng(0))), ValueError, "model must be a Sequential of"),
        (net(), None, None),
        (net("ElmanCell", activation="relu"), None, None),
    ],
)
def test_a_model_is_checked(model, error, message):
    if error is None:
        assert Writer(model, LETTERS).num_parameters == model.num_parameters
        return
    with pytest.raises(error, match=message):
        Writer(model, LETTERS)


def other_models():
    rng = np.random.default_rng(0)

    def rnn(cell=rb.GRUCell, D=V, H=4, **options):
        return rb.Recurrent(cell(D, H, rng=rng, **options))

    def out(H=4, O=V, **options):
        return rb.Dense(H, O, rng=rng, **options)

    yield rb.Sequential(a=rnn(), b=rnn(D=4), out=out()), "one Recurrent"
    yield rb.Sequential(a=rnn(), last=rb.Last(), out=out()), "one Recurrent"
    yield rb.Sequential(a=rnn(rb.PeepholeLSTMCell), out=out()), "one of GRUCell, LSTMCell, ElmanCell"
    yield rb.Sequential(a=rnn(rb.GRUResetBeforeCell), out=out()), "one of GRUCell, LSTMCell, ElmanCell"
    yield rb.Sequential(a=rnn(), out=out(activation="tanh")), "must end in logits"
    yield rb.Sequential(a=rnn(D=V + 1), out=out()), f"got {V + 1} in and {V} out"
    yield rb.Sequential(e=rb.Embedding(V - 1, 3, rng=rng), a=rnn(D=3), out=out()), f"got {V - 1} in and {V} out"
    yield rb.Sequential(a=rnn(H=300), out=out(H=300)), "at most 256 hidden units and 240,000 parameters"
    yield rb.Sequential(a=rnn(rb.LSTMCell, H=250), out=out(H=250)), "at most 256 hidden units and 240,000 parameters"
    broken = rb.Sequential(a=rnn(), out=out())
    broken.params["a.b"][1] = np.nan
    yield broken, r"model.params\['a.b'\] must be finite"


@pytest.mark.parametrize(("model", "message"), list(other_models()))
def test_another_model_is_refused(model, message):
    with pytest.raises(ValueError, match=message):
        Writer(model, LETTERS)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vocabulary": list("abc")}, TypeError, "vocabulary must be a Vocabulary"),
        ({"vocabulary": Vocabulary(["ab", *LETTERS.tokens[1:]])}, ValueError, "single characters up to .*, got 'ab'"),
        ({"vocabulary": Vocabulary(["🜁", *LETTERS.tokens[1:]])}, ValueError, "single characters up to U"),
        ({"vocabulary": Vocabulary.of("abc")}, ValueError, f"vocabulary must have {V} characters"),
        ({"text": "a" * 2001}, ValueError, "text must have at most 2000 characters, got 2001"),
        ({"text": "🜁"}, ValueError, "text must hold characters up to U"),
        ({"temperature": 0.1}, ValueError, "temperature must be .* at least 0.2 and at most 1.5"),
        ({"temperature": "hot"}, TypeError, "temperature must be a number"),
        ({"top_k": 0}, ValueError, "top_k must be at least 1"),
        ({"top_k": V + 1}, ValueError, f"top_k must be at most {V}"),
        ({"top_k": 2.5}, TypeError, "top_k must be an integer"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": 10_000}, ValueError, "seed must be .* at most 9999"),
        ({"unit": 20}, ValueError, "unit must be .* at most 19"),
        ({"unit": 1.5}, TypeError, "unit must be an integer"),
        ({"units": [1]}, TypeError, "units must be a mapping"),
        ({"units": {"line": 20}}, ValueError, "units must be .* at most 19"),
        ({"units": {3: 2}}, TypeError, r"units\[3\] must be a text"),
        ({"text": 3}, TypeError, "text must be a text"),
        ({"about": 3}, TypeError, "about must be a text"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        Writer(net(), **{"vocabulary": LETTERS, **arguments})


def test_the_state_is_plain_json_and_the_kernel_is_checked():
    writer = Writer(net(), LETTERS, text="the sea", units={"one": 3})
    state = writer.state()
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert state["named"] == [["one", 3]] and state["weights"]["sizes"] == [V, 0, 20]
    for name, wrong in (("unit", 20), ("top_k", 0), ("temperature", 2), ("seed", -1), ("text", "a" * 2001)):
        before = writer.state()
        with pytest.raises(ValueError, match=name):
            setattr(writer, name, wrong)
        assert writer.state() == before
    with pytest.raises(Exception, match="weights"):
        writer.weights = {}
    # The weights are a byte each, and a factor of four bytes for each row.
    rows = 3 * 20 + 3 * 20 + 1 + 1 + V + 1
    assert len(base64.b64decode(state["weights"]["data"])) == writer.num_parameters + 4 * rows


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_model_is_the_rounded_one(variant):
    original = net(**VARIANTS[variant])
    writer = Writer(original, LETTERS)
    given = [restored(*rounded(p)) for p in original.params.values()]
    for dtype in (np.float32, np.float64):
        model = writer.model(dtype)
        assert model.dtype == dtype and writer.model(dtype) is model
        for mine, wanted in zip(model.params.values(), given, strict=True):
            np.testing.assert_array_equal(mine, wanted)
    text = "the sea, all the sea."
    logits, _ = writer.model(np.float64)(LETTERS.encode(text)[:, None])
    writer.temperature, writer.top_k = 0.5, 5
    wanted = rb.next_probabilities(logits[-1, 0], temperature=0.5, top_k=5)
    np.testing.assert_allclose(writer.probabilities(text), wanted, atol=1e-14)


def test_what_it_does_not_know_is_passed_over():
    writer = Writer(net(), LETTERS, text="th7e Zsea")
    assert writer.ids().tolist() == LETTERS.encode("the sea").tolist()
    np.testing.assert_array_equal(writer.probabilities(), writer.probabilities("the sea"))
    # Having read nothing, the state is zero and only the last bias speaks.
    p = Writer(net(), LETTERS, temperature=1).probabilities()
    b = writer.model(np.float64).params["out.b"]
    np.testing.assert_allclose(p, np.exp(b) / np.exp(b).sum(), rtol=1e-12)


def test_the_generator_is_mulberry32():
    assert draw(0, 0) == 0.26642920868471265
    many = np.array([draw(seed, k) for seed in range(50) for k in range(400)])
    assert len(np.unique(many)) > 19_900 and 0 <= many.min() and many.max() < 1
    assert np.histogram(many, 10, (0, 1))[0].std() < 120


def test_what_is_written_depends_on_seed_and_place():
    writer = Writer(net(gain=1.0), LETTERS, text="the", seed=4)
    said = writer.write(60)
    assert len(said) == 60 and set(said) <= set(LETTERS.tokens) and writer.write(60) == said
    # Written in two parts it is the same.
    writer.text, writer.written = "the" + said[:25], 25
    assert writer.write(35) == said[25:]
    writer.text, writer.written, writer.seed = "the", 0, 5
    assert writer.write(60) != said
    cold = Writer(net(), LETTERS, text="the", top_k=1)
    greedy = rb.generate(cold.model(), LETTERS.encode("the"), 30, temperature=0)
    assert cold.write(30) == "".join(LETTERS.decode(greedy))


def test_draws_follow_the_probabilities():
    writer = Writer(net(), LETTERS, text="the", temperature=1.5)
    p = writer.probabilities()
    first = [LETTERS.tokens.index(Writer.write(writer, 1)) for writer.seed in range(1500)]
    found = np.bincount(first, minlength=V) / 1500
    assert np.abs(found - p).max() < 0.04


@pytest.mark.parametrize("variant", [v for v in VARIANTS if "softsign" not in v])
def test_a_file_of_rounded_weights_is_read(tmp_path, variant):
    original = net(**VARIANTS[variant])
    path = write_file(tmp_path / "a.npz", original)
    writer, same = Writer.load(path, text="sea", seed=2), Writer(original, LETTERS, text="sea", seed=2)
    assert writer.weights == same.weights and writer.write(20) == same.write(20)
    assert "no meaning" in writer.about


def test_a_file_says_what_it_has_read(tmp_path):
    header = {
        "tokens": list(LETTERS.tokens),
        "text": {"name": "the sea", "characters": 12345},
        "bits": {"held out": 2.1234},
    }
    path = write_file(tmp_path / "a.npz", net(), header)
    about = Writer.load(path).about
    assert "nine tenths of the sea: of 12,345 characters" in about and "2.12 bits" in about
    assert Writer.load(path, about="Mine.").about == "Mine."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("rnn.U.scale"), "rnn.U lacks"),
        (lambda a: a.update({"x.whole": a["rnn.b.whole"]}), "x lacks"),
        (lambda a: [a.pop(f"rnn.b_n.{k}") for k in ("whole", "scale")], "no cell of GRUCell"),
        (lambda a: [a.pop(f"out.{n}.{k}") for n in "Wb" for k in ("whole", "scale")], "the layers rnn"),
        (lambda a: [a.update({f"more.{n}.{k}": a[f"out.{n}.{k}"]}) for n in "W" for k in ("whole", "scale")], "more"),
        (lambda a: a.update({"rnn.U.scale": a["rnn.U.scale"][:3]}), "scale must have shape"),
        (lambda a: a.update({"a.b.whole": a["rnn.b.whole"], "a.b.scale": a["rnn.b.scale"]}), "a is no layer"),
        (lambda a: a.update({"rnn.U.whole": a["rnn.U.whole"].ravel()}), "scale must have shape"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        Writer.load(write_file(tmp_path / "a.npz", net(), change=change))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must have the characters in its header"):
        Writer.load(write_file(tmp_path / "a.npz", net(), {}))
    with pytest.raises(OSError, match="none"):
        Writer.load(tmp_path / "none.npz")


def test_the_still_figure_shows_text_and_bars():
    writer = Writer(net(), LETTERS, text="the <sea>\n", seed=3, about="It has read <nothing>.")
    still = writer.still()
    figure = ElementTree.fromstring(still)
    assert len(still) < 8_000
    pre = figure.find("pre")
    assert pre.find("u").text == "the <sea>\n" and pre.find("u").tail == writer.write(160)
    svg = figure.find("svg")
    p = np.sort(writer.probabilities(writer.text + writer.write(160)))[::-1]
    widths = [float(r.get("width")) for r in svg.findall("rect")]
    np.testing.assert_allclose(widths, np.maximum(240 * np.append(p[:8], p[8:].sum()), 0.8), atol=0.051)
    assert svg.get("role") == "img" and f"{V - 8} others" in svg.get("aria-label")
    assert "It has read <nothing>." in figure.find("figcaption").text
    # What the model has written already stands there as it is.
    writer.text, writer.written = "the sea.", 4
    pre = ElementTree.fromstring(writer.still()).find("pre")
    assert (pre.find("u").text, pre.find("u").tail) == ("the ", "sea.")
    assert ElementTree.fromstring(Writer(net(), LETTERS).still()).find("pre").find("u").text is None


def test_the_book_has_the_model():
    writer = Writer.load(REAL)
    assert writer.num_parameters > 200_000 and "Shakespeare" in writer.about


# -- the page


browser = pytest.mark.browser

pytest.importorskip("playwright")
import widget_gallery  # noqa: E402 - from scripts/, see pyproject.toml
from browser import opened  # noqa: E402

from rnnbook.widgets.modules import page_scripts  # noqa: E402

MODULE = "globalThis.rnnbook.writer"


def page(writer, **look):
    return widget_gallery.page({"": writer.to_html()}, page_scripts("writer"), **look)


def state(tab):
    return tab.evaluate("document.querySelector('rb-writer').store.get()")


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).click()


def said(tab):
    return tab.locator(".say").inner_text().replace("\n", " ")


def contexts(writer, texts):
    """(The page's probabilities, ours in float64, ours in float32) after each character of each text."""
    ours = []
    for dtype in (np.float64, np.float32):
        each = [writer.model(dtype)(writer.ids(text)[:, None])[0][:, 0] for text in texts]
        ours.append([rb.next_probabilities(y, temperature=writer.temperature, top_k=writer.top_k) for y in each])
    return [np.concatenate(p) for p in ours]


PROBABILITIES = f"""texts => {{
  const {{ netOf }} = globalThis.rnnbook.carried;
  const {{ read, probabilities }} = {MODULE};
  const s = document.querySelector("rb-writer").store.get();
  const net = netOf(s.weights);
  return texts.flatMap((text) => {{
    let run = null;
    return [...text].map((_, n) => {{
      run = read(net, text.slice(0, n + 1), run);
      return probabilities(run, s.temperature, s.top_k);
    }});
  }});
}}"""


def agree(tab, writer, texts):
    double, single = contexts(writer, texts)
    page_says = np.array(tab.evaluate(PROBABILITIES, texts))
    assert page_says.shape == double.shape and len(double) >= 1000
    assert np.abs(page_says - double).max() < 1e-9
    assert np.abs(page_says - single).max() < 1e-5


@browser
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("settings", [{"temperature": 1.0}, {"temperature": 0.35, "top_k": 4}])
def test_probabilities_are_the_packages(chromium, variant, settings):
    """After each character of ten texts, a thousand contexts."""
    writer = Writer(net(**VARIANTS[variant]), LETTERS, **settings)
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list(LETTERS.tokens), 100)) for _ in range(10)]
    with opened(chromium, page(writer)) as tab:
        agree(tab, writer, texts)


@browser
def test_probabilities_of_the_books_model_are_the_packages(chromium):
    writer = Writer.load(REAL, text="ROMEO:\n", temperature=1.0)
    with opened(chromium, page(writer)) as tab:
        agree(tab, writer, ["ROMEO:\n" + writer.write(500), "What is it? " * 43])


@browser
@pytest.mark.parametrize("change", ["tanh)", "r.U =", "* factors[r]", "- most) / temperature"])
def test_this_test_can_see(chromium, change):
    writer = Writer(net("GRUCell"), LETTERS, temperature=0.7)
    scripts = page_scripts("writer")
    faults = {
        "tanh)": ("core.js", "r.n = r.a.n.map(Math.tanh)", "r.n = r.a.n.map(Math.sin)"),
        "r.U =": ("core.js", "add(r.uh.n, b_n)", "r.uh.n"),
        "* factors[r]": ("carried.js", "* factors[r]", "* factors[0]"),
        "- most) / temperature": ("writer.js", "(v - most) / temperature", "v - most"),
    }
    file, old, new = faults[change]
    assert old in scripts[file]
    scripts[file] = scripts[file].replace(old, new)
    text = widget_gallery.page({"": writer.to_html()}, scripts)
    with opened(chromium, text) as tab, pytest.raises(AssertionError):
        agree(tab, writer, ["the sea, all the sea.\n" * 50])


@browser
def test_the_page_draws_the_same_numbers(chromium):
    with opened(chromium, page(Writer(net(), LETTERS))) as tab:
        seeds = [0, 1, 7, 4321, 9999]
        found = tab.evaluate(
            f"seeds => seeds.map((s) => [...Array(300).keys()].map((k) => {MODULE}.draw(s, k)))", seeds
        )
        assert found == [[draw(s, k) for k in range(300)] for s in seeds]
        for p, u in (([0.25, 0.5, 0.25], 0.25), ([0, 1, 0], 0), ([0, 1, 0], 0.999999), ([0.5, 0.5, 0], 0.9999999)):
            upto = np.cumsum(p)
            assert tab.evaluate(f"([p, u]) => {MODULE}.pick(p, u)", [p, u]) == (upto <= u * upto[-1]).sum()


@browser
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_seed_writes_the_same_text_as_python(chromium, variant):
    writer = Writer(net(**VARIANTS[variant]), LETTERS, text="the sea", seed=12, temperature=1.1)
    wanted = writer.write(400)
    with opened(chromium, page(writer)) as tab:
        for n in (200, 400):  # without motion, so many at once
            press(tab, "Write on")
            assert state(tab)["text"] == "the sea" + wanted[:n] and state(tab)["written"] == n
            assert said(tab) == "It wrote 200 characters."
            assert tab.locator("p.hide[aria-live=polite]").text_content() == f"It wrote: {wanted[n - 200 : n].strip()}"
        # Back to the beginning, it writes the same again; with another seed, another text.
        press(tab, "Back to the beginning: take back all that it wrote")
        assert state(tab)["text"] == "the sea" and state(tab)["written"] == 0
        press(tab, "Write one")
        assert state(tab)["text"] == "the sea" + wanted[0]
        press(tab, "Take back one character")
        tab.get_by_label("Seed").fill("13")
        press(tab, "Write on")
        writer.seed = 13
        assert state(tab)["text"] == "the sea" + writer.write(200) != "the sea" + wanted[:200]


@browser
def test_it_writes_on_until_it_is_stopped(chromium):
    writer = Writer(net(gain=1.0), LETTERS, text="the sea", seed=0, temperature=1.5)
    wanted = "the sea" + writer.write(MAX_TEXT - 7)
    assert wanted[:80].count("\n") >= 2
    with opened(chromium, page(writer), motion="no-preference") as tab:
        tab.evaluate(
            """() => {
              const root = document.querySelector("rb-writer").shadowRoot;
              globalThis.heard = [];
              const say = root.querySelector(".say"), hidden = root.querySelector("p.hide");
              new MutationObserver(() => heard.push(say.textContent)).observe(say, { characterData: true, childList: true, subtree: true });
              new MutationObserver(() => heard.push(hidden.textContent)).observe(hidden, { characterData: true, childList: true, subtree: true });
            }"""
        )
        press(tab, "Write on")
        tab.wait_for_function(
            "document.querySelector('rb-writer').shadowRoot.querySelector('textarea').value.length > 90", timeout=60_000
        )
        assert said(tab) == "It writes on. Stop it, or type."
        press(tab, "Stop")
        text = state(tab)["text"]
        assert wanted.startswith(text) and len(text) > 90 and state(tab)["written"] == len(text) - 7
        assert tab.locator("textarea").input_value() == text
        assert said(tab) == f"It wrote {len(text) - 7} characters."
        # It was said line by line, and not for every character.
        lines = text[7:].split("\n")
        heard = tab.evaluate("heard")
        assert len(heard) <= 2 + 2 * len(lines)
        assert heard[-1] == f"It wrote: {lines[-1].strip()}" or lines[-1].strip() == ""
        assert all(words.removeprefix("It wrote: ") in text[7:] for words in heard if words.startswith("It wrote: "))
        tab.wait_for_timeout(150)
        assert state(tab)["text"] == text == tab.locator("textarea").input_value()
        # Typing stops it too.
        press(tab, "Write on")
        tab.wait_for_function(
            f"document.querySelector('rb-writer').shadowRoot.querySelector('textarea').value.length > {len(text) + 3}"
        )
        tab.locator("textarea").press("End")
        tab.locator("textarea").press("a")
        after = state(tab)
        assert after["written"] == 0 and len(after["text"]) > len(text)
        tab.wait_for_timeout(150)
        assert state(tab) == after and tab.get_by_role("button", name="Stop").count() == 0


@browser
def test_a_kernel_that_sets_the_text_ends_the_writing(chromium):
    with opened(chromium, page(Writer(net(), LETTERS, text="the sea")), motion="no-preference") as tab:
        press(tab, "Write on")
        tab.wait_for_timeout(150)
        tab.evaluate("document.querySelector('rb-writer').store.set({ text: 'all', written: 0 })")
        tab.wait_for_timeout(150)
        assert tab.locator("textarea").input_value() == "all" == state(tab)["text"]
        assert tab.get_by_role("button", name="Write on", exact=True).count() == 1


@browser
def test_the_reader_types(chromium):
    writer = Writer(net(), LETTERS, text="the", temperature=0.6)
    with opened(chromium, page(writer)) as tab:
        box = tab.get_by_label("Text", exact=True)
        for letter in " sea.":
            box.press("End")
            box.press("Space" if letter == " " else letter)
            writer.text += letter
            p = writer.probabilities()
            assert state(tab)["text"] == writer.text and state(tab)["written"] == 0
            best = {" ": "a space", "\n": "the end of a line"}.get(found := LETTERS.tokens[p.argmax()], f"“{found}”")
            after = "a space" if letter == " " else f"“{letter}”"
            assert said(tab).startswith(f"After {after} it expects {best} most, with probability ")
        # What it does not know is struck out, and the state is as it was.
        box.press("End")
        box.press("Z")
        assert said(tab) == "It does not know “Z”: struck out, and passed over when it reads."
        tab.wait_for_function(
            "document.querySelector('rb-writer').shadowRoot.querySelectorAll('.marks .unknown').length"
        )
        line = tab.locator(".marks .unknown").get_attribute("d")
        assert line.count("M") == 1 and 5 < float(line.split("h")[1]) < 20
        assert "after “.”" in tab.locator(".right .note").first.inner_text()
        for letter in ("Z", "a", "s"):
            if letter != "Z":
                box.press("End")
                box.press(letter)
            writer.text += letter
            widths = bars(tab)[1]
            np.testing.assert_allclose(widths[:8], np.sort(writer.probabilities())[:-9:-1], atol=0.005)
        press(tab, "Clear")
        assert state(tab)["text"] == "" == box.input_value()
        assert said(tab).startswith("Type a beginning. Having read nothing, it expects ")
        press(tab, "Write one")
        assert len(state(tab)["text"]) == 1


def bars(tab):
    """(Letters, widths as shares, numbers) of the bars."""
    svg = tab.locator("svg.bars")
    long = float(svg.get_attribute("viewBox").split()[2]) - 84 - 52
    widths = [float(b.get_attribute("width")) / long for b in svg.locator("rect").all()]
    return svg.locator(".letter").all_text_contents(), widths, svg.locator("text.n").all_text_contents()


@browser
def test_bars_show_the_eight_likeliest_and_the_rest(chromium):
    writer = Writer(net(), LETTERS, text="the sea")
    with opened(chromium, page(writer)) as tab:
        for temperature, top_k in ((0.8, None), (0.2, None), (1.5, 10), (1.0, 3), (1.0, 1)):
            tab.get_by_role("slider", name="Temperature").fill(str(temperature))
            press(tab, "all" if top_k is None else str(top_k))
            writer.temperature, writer.top_k = temperature, top_k
            assert (state(tab)["temperature"], state(tab)["top_k"]) == (temperature, top_k)
            p = writer.probabilities()
            best = np.argsort(-p, kind="stable")[:8]
            letters, widths, _ = bars(tab)
            signs = {" ": "␣", "\n": "↵"}
            some = [j for j, k in enumerate(best) if p[k] > 0]
            assert [letters[j] for j in some] == [signs.get(t := LETTERS.tokens[best[j]], t) for j in some]
            assert len(widths) == 9
            for width, share in zip(widths, [*p[best], 1 - p[best].sum()], strict=True):
                assert width == pytest.approx(share, abs=0.005)
        assert tab.locator(".choice [aria-pressed=true]").all_inner_texts() == ["1"]


def hidden(writer, text, unit):
    rnn = writer.model(np.float64).layers
    x = writer.ids(text)[:, None]
    if "embedding" in rnn:
        x = rnn["embedding"](x)
    return np.array([s.h[0, unit] for s in rnn["rnn"].walk(x)])


@browser
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("variant", ["GRU", "LSTM"])
def test_a_unit_is_seen_along_the_text(chromium, width, variant):
    writer = Writer(net(**VARIANTS[variant]), LETTERS, text="the sea, all", units={"the third": 3, "the last": 19})
    with opened(chromium, page(writer), width=width) as tab:
        slider = tab.get_by_role("slider", name="Unit")
        pieces = """async () => {
          for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
          const root = document.querySelector("rb-writer").shadowRoot;
          const mirror = root.querySelector(".mirror"), node = mirror.firstChild, range = document.createRange();
          const from = mirror.getBoundingClientRect();
          return [...node.data.slice(0, -1)].map((_, n) => {
            range.setStart(node, n);
            range.setEnd(node, n + 1);
            const box = range.getBoundingClientRect();
            const point = { x: box.left + box.width / 2 - from.left, y: box.top + box.height / 2 - from.top };
            const found = [...root.querySelectorAll(".marks .plus, .marks .minus")].filter((path) => path.isPointInFill(point));
            if (found.length > 1) throw new Error("two colours at one place");
            if (!found.length) return 0;
            const size = +found[0].style.getPropertyValue("--v");
            if (!(size > 0)) throw new Error("a colour without strength");
            return found[0].classList.contains("minus") ? -size : size;
          });
        }"""
        for unit in (3, 0, 11):
            slider.fill(str(unit))
            assert state(tab)["unit"] == unit
            values = hidden(writer, writer.text, unit)
            np.testing.assert_allclose(tab.evaluate(pieces), values, atol=0.0251)
            assert tab.locator(".read").inner_text().startswith(f"Unit {unit} stands at ")
            # In the grid: area is size, an outline is a minus.
            square = tab.locator(".unit").nth(unit)
            assert ("minus" in square.get_attribute("class")) == (values[-1] < 0)
            side = float(square.get_attribute("width")) + float(square.get_attribute("stroke-width"))
            cell = float(tab.locator(".cell").first.get_attribute("width")) + 1
            assert side == pytest.approx(np.sqrt(abs(values[-1])) * (cell - 3), abs=1e-6)
        # One that has a name, and none.
        tab.get_by_label("Look at").select_option("the last")
        assert state(tab)["unit"] == 19 and slider.input_value() == "19"
        tab.get_by_label("Look at").select_option("no unit")
        assert state(tab)["unit"] is None and set(tab.evaluate(pieces)) == {0}
        # With a pointer: to look, and to choose.
        box = tab.locator("svg.units").bounding_box()
        tab.locator("svg.units").scroll_into_view_if_needed()
        box = tab.locator("svg.units").bounding_box()
        columns = round(box["width"] / (tab.locator(".cell").first.bounding_box()["width"] + 1))
        at = [(5 % columns + 0.5) * box["width"] / columns, (5 // columns + 0.5) * box["width"] / columns]
        tab.mouse.move(box["x"] + at[0], box["y"] + at[1])
        assert tab.locator(".read").inner_text().startswith("Unit 5 stands at ") and state(tab)["unit"] is None
        np.testing.assert_allclose(tab.evaluate(pieces), hidden(writer, writer.text, 5), atol=0.0251)
        tab.mouse.click(box["x"] + at[0], box["y"] + at[1])
        assert state(tab)["unit"] == 5
        tab.mouse.click(box["x"] + at[0], box["y"] + at[1])
        assert state(tab)["unit"] is None
        tab.mouse.move(0, 0)
        assert tab.locator(".read").inner_text().startswith("Solid is positive")


@browser
@pytest.mark.parametrize("width", [390, 760])
def test_colours_lie_below_their_letters_and_the_box_scrolls(chromium, width):
    writer = Writer(net(), LETTERS, text="the sea, all the sea and more. " * 20 + "\n\nend\n", unit=2)
    with opened(chromium, page(writer), width=width) as tab:
        measure = """() => {
          const root = document.querySelector("rb-writer").shadowRoot;
          const [area, mirror, sheet] = ["textarea", ".mirror", ".sheet"].map((s) => root.querySelector(s));
          area.style.height = "0";
          const needed = area.scrollHeight;
          area.style.height = "";
          return [needed, mirror.getBoundingClientRect().height, area.clientWidth, mirror.clientWidth, sheet.clientHeight, sheet.scrollTop + sheet.clientHeight, sheet.scrollHeight];
        }"""
        needed, tall, one, other, room, *_ = tab.evaluate(measure)
        assert needed == pytest.approx(tall, abs=1) and one == other
        press(tab, "Write on")
        tab.wait_for_timeout(60)
        needed, tall, one, other, now, bottom, end = tab.evaluate(measure)
        assert needed == pytest.approx(tall, abs=1) and now == room
        assert bottom == pytest.approx(end, abs=2)  # what was written last is in sight


@browser
def test_a_full_box_is_told(chromium):
    writer = Writer(net(H=4), LETTERS, text="the sea " * 249)
    with opened(chromium, page(writer)) as tab:
        press(tab, "Write on")
        assert len(state(tab)["text"]) == MAX_TEXT
        assert said(tab) == "The box is full: 2000 characters. Take some back, or clear it."
        for name in ("Write one", "Write on"):
            button = tab.get_by_role("button", name=name, exact=True)
            assert button.get_attribute("aria-disabled") == "true"
            button.click(force=True)
            tab.keyboard.press("ArrowRight")
        assert len(state(tab)["text"]) == MAX_TEXT and tab.get_by_role("alert").count() == 0
        press(tab, "Take back one character")
        assert len(state(tab)["text"]) == MAX_TEXT - 1


@browser
def test_the_keyboard_writes_and_takes_back(chromium):
    writer = Writer(net(), LETTERS, text="the", seed=8)
    wanted = writer.write(3)
    with opened(chromium, page(writer)) as tab:
        tab.get_by_role("button", name="Write one", exact=True).focus()
        for key, n in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowRight", 2), ("q", 2)):
            tab.keyboard.press(key)
            assert state(tab)["text"] == "the" + wanted[:n] and state(tab)["written"] == n
        assert re.fullmatch(r"It wrote .+, which had probability [\d.]+\.", said(tab))
        for _ in range(4):
            tab.keyboard.press("ArrowLeft")
        assert state(tab)["text"] == "the"
        # In the text the arrows move the caret.
        tab.locator("textarea").press("ArrowRight")
        assert state(tab)["text"] == "the"


@browser
def test_a_seed_that_is_none_is_not_taken(chromium):
    with opened(chromium, page(Writer(net(), LETTERS, text="the", seed=8))) as tab:
        seed = tab.get_by_label("Seed")
        for typed, taken in (("12", 12), ("", 12), ("x", 12), ("9999", 9999), ("-1", 9999)):
            seed.fill(typed)
            assert state(tab)["seed"] == taken and seed.input_value() == typed
        seed.blur()
        assert seed.input_value() == "9999"


@browser
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [390, 760])
def test_nothing_shifts(chromium, width, lang):
    writer = Writer(net(), LETTERS, text="the sea", about="About.")
    with opened(chromium, page(writer, lang=lang), width=width) as tab:
        tops = tab.evaluate(
            """() => {
              const element = document.querySelector("rb-writer"), tops = new Set();
              for (const text of ["", "t", "the sea", "the sea\\n", "Zthe\\nsea\\n".repeat(60)])
                for (const written of [0, text.length]) {
                  element.store.set({ text, written });
                  tops.add(element.shadowRoot.querySelector(".about").getBoundingClientRect().top);
                }
              return [...tops];
            }"""
        )
        assert len(tops) == 1
        where = (
            "() => document.querySelector('rb-writer').shadowRoot.querySelector('.about').getBoundingClientRect().top"
        )
        tab.locator(".transport .on").click()
        tops.append(tab.evaluate(where))
        tab.locator(".transport .step").click()
        tops.append(tab.evaluate(where))
        assert len(set(tops)) == 1


def changed(weights):
    return lambda s: s["weights"].update(weights)


@browser
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed({"data": "AAAA"}), "weights.data does not hold the numbers of this model"),
        (changed({"data": "no base64!"}), "weights.data does not hold the numbers of this model"),
        (changed({"kind": "PeepholeLSTMCell"}), "weights.kind must be one of GRUCell, LSTMCell, ElmanCell"),
        (changed({"sizes": [V, 0, 21]}), "weights.data does not hold the numbers of this model"),
        (changed({"sizes": [V, 0, 257]}), "must lie between 1 and 256"),
        (changed({"sizes": [V - 1, 0, 20]}), f"weights.tokens must have {V - 1} entries"),
        (changed({"tokens": "a" * V}), "weights.tokens must be characters that all differ"),
        (lambda s: s.update(text=3), "text must be a text"),
        (lambda s: s.update(text="a" * 2001), "text.length must lie between 0 and 2000"),
        (lambda s: s.update(temperature=0), "temperature must lie between 0.2 and 1.5"),
        (lambda s: s.update(top_k=V + 1), "top_k must lie between 1 and"),
        (lambda s: s.update(seed=0.5), "seed must be a whole number"),
        (lambda s: s.update(unit=20), "unit must lie between 0 and 19"),
        (lambda s: s.update(named=[["a", 20]]), "named[0][1] must lie between 0 and 19"),
    ],
)
def test_a_bad_state_is_told_in_one_line(chromium, change, told):
    writer = Writer(net(), LETTERS, text="the")
    with opened(chromium, page(writer)) as tab:
        bad = json.loads(json.dumps(writer.state()))
        change(bad)
        tab.evaluate("s => { document.querySelector('rb-writer').dataset.state = s }", json.dumps(bad))
        assert told in tab.get_by_role("alert").inner_text()
        assert tab.locator("section *").count() == 1


@browser
def test_factors_that_are_no_numbers_are_told(chromium):
    writer = Writer(net(), LETTERS, text="the")
    bad = json.loads(json.dumps(writer.state()))
    data = bytearray(base64.b64decode(bad["weights"]["data"]))
    data[-4:] = np.float32(np.nan).tobytes()
    bad["weights"]["data"] = base64.b64encode(bytes(data)).decode()
    # And weights with which a state without bounds grows and grows.
    wild = Writer(net("ElmanCell", activation="relu", gain=40.0), LETTERS, text="the sea " * 200).state()
    with opened(chromium, page(writer)) as tab:
        for given, told in ((bad, "weights.data does not hold"), (wild, "grow beyond all numbers")):
            tab.evaluate("s => { document.querySelector('rb-writer').dataset.state = s }", json.dumps(given))
            assert told in tab.get_by_role("alert").inner_text()


@browser
def test_in_korean(chromium):
    writer = Writer(net(), LETTERS, text="the sea", units={"x": 1})
    with opened(chromium, page(writer, lang="ko")) as tab:
        assert "‘a’ 다음 글자로 가장 크게 기대하는 것은" in said(tab)
        press(tab, "한 글자 쓰기")
        assert "그 확률은" in said(tab)
        assert "(를)" not in tab.locator("section").inner_text() and "(가)" not in tab.locator("section").inner_text()
        assert tab.get_by_role("slider", name="온도").count() == 1
        press(tab, "계속 쓰기")
        assert said(tab) == "200자를 썼습니다."
        assert not re.search("Write|Temperature|Unit |hidden", tab.locator("section").inner_text())


@browser
def test_what_the_page_says_of_the_model(chromium):
    writer = Writer(net("LSTMCell"), LETTERS, about="It has <b>read</b> nothing.")
    with opened(chromium, page(writer)) as tab:
        n = f"{writer.num_parameters:,}"
        wanted = f"An LSTM with 20 hidden units and {n} weights, computed in this page. It has <b>read</b> nothing."
        assert tab.locator(".about").inner_text() == wanted
