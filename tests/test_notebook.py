"""rnnbook.notebook: seeds, glue and quizzes."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from rnnbook.notebook import glue, quiz, seeds

ANSWERS = [("0", False, "That is tanh."), ("0.5", True, "One half.")]


# -- seeds


def test_seeds_count_from_zero(monkeypatch):
    monkeypatch.delenv("RNNBOOK_SEED_OFFSET", raising=False)
    assert seeds(4) == [0, 1, 2, 3]
    assert seeds(np.int64(2)) == [0, 1]


def test_the_environment_shifts_seeds_without_overlap(monkeypatch):
    seen = set()
    for offset in ("0", "1", "7", " 12 "):
        monkeypatch.setenv("RNNBOOK_SEED_OFFSET", offset)
        assert seeds(3) == [1000 * int(offset) + k for k in range(3)]
        assert seen.isdisjoint(seeds(3))
        seen.update(seeds(3))


@pytest.mark.parametrize("value", ["x", "-1", "1.5"])
def test_seeds_name_a_bad_environment(monkeypatch, value):
    monkeypatch.setenv("RNNBOOK_SEED_OFFSET", value)
    with pytest.raises(ValueError, match=f"RNNBOOK_SEED_OFFSET must be a whole number.*{re.escape(value)}"):
        seeds(3)


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_seeds_refuse_a_bad_count(n, error):
    with pytest.raises(error, match="^n must be"):
        seeds(n)


# -- glue


@pytest.mark.parametrize(
    ("value", "format", "shown"),
    [
        (0.96296, ".1%", "96.3%"),
        (np.float32(0.123456), None, "0.1235"),
        (1797, ",", "1,797"),
        (7, None, "7"),
        ("open", None, "open"),
        (np.float64(0.96), ".3f", "0.960"),
    ],
)
def test_glue_prints_the_formatted_value(capsys, value, format, shown):
    glue("a_name", value, format)
    assert capsys.readouterr().out == f"a_name = {shown}\n"


@pytest.mark.parametrize("name", ["", "1st", "two words", "a-b", "a:b", "a::b"])
def test_glue_refuses_names_that_a_role_cannot_say(name):
    with pytest.raises(ValueError, match="^name must be letters"):
        glue(name, 1)


def test_glue_refuses_other_types_and_formats():
    with pytest.raises(TypeError, match="^name must be a string, got int"):
        glue(3, 1)
    with pytest.raises(TypeError, match="^format must be a string.*got int"):
        glue("a", 1.0, 3)
    with pytest.raises(ValueError, match="^format must suit the value 'open', got '.2f'"):
        glue("a", "open", ".2f")


def test_glue_sends_what_myst_nb_reads():
    """Through a real IPython, read back by the functions of myst-nb that the book's build calls."""
    pytest.importorskip("IPython")
    extract = pytest.importorskip("myst_nb.ext.glue").extract_glue_data_cell
    format_plain_text = pytest.importorskip("myst_nb.core.variables").format_plain_text
    nbformat = pytest.importorskip("nbformat")
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as seen:
            shell.run_cell("from rnnbook.notebook import glue\nglue('trailing', 0.96, '.3f')\nglue('many', 1797, ',')")
    finally:
        InteractiveShell.clear_instance()
    assert seen.stdout == "trailing = 0.960\nmany = 1,797\n"
    outputs = [
        nbformat.v4.new_output("display_data", data=dict(o.data), metadata=dict(o.metadata)) for o in seen.outputs
    ]
    cell = nbformat.v4.new_code_cell(outputs=outputs)
    found = {key: format_plain_text(data["data"]["text/plain"], "s") for key, data in extract(cell)}
    assert found == {"trailing": "0.960", "many": "1,797"}
    assert cell.outputs == []  # the record itself is not shown a second time


def test_glue_and_quiz_work_where_ipython_is_missing():
    code = (
        "import sys; sys.modules['IPython'] = None\n"
        "from rnnbook.notebook import glue, quiz\n"
        "glue('a', 1.5); print(quiz('Q?', [('a', True, 'x'), ('b', False, 'y')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "a = 1.5\nQ?\n  ( ) a\n  ( ) b\n"


# -- quiz


class _Tree(HTMLParser):
    """Refuses unbalanced tags and keeps what is needed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


def test_quiz_is_plain_html_with_an_explanation_for_each_answer():
    tree = _Tree(quiz('What *is* "`sigmoid(0)`"?', ANSWERS)._repr_html_())
    tags = [tag for tag, _ in tree.tags]
    assert tags.count("details") == tags.count("summary") == 2
    assert "script" not in tags and not any(k.startswith("on") for _, attrs in tree.tags for k in attrs)
    text = " ".join(tree.words)
    assert "Not this one. That is tanh." in re.sub(r"\s+", " ", text)
    assert "Right. One half." in re.sub(r"\s+", " ", text)
    # Closed at first: no answer is given away.
    assert not any("open" in attrs for tag, attrs in tree.tags if tag == "details")
    label = next(attrs["aria-label"] for _, attrs in tree.tags if "aria-label" in attrs)
    assert label == 'Question: What is "sigmoid(0)"?'


def test_quiz_escapes_what_an_author_writes():
    evil = '<script>alert(1)</script> & "quotes"'
    text = quiz(evil, [(evil, True, f"`{evil}`"), ("b", False, "no")])._repr_html_()
    assert "<script" not in text
    tree = _Tree(text)
    assert sum("<script>alert(1)</script>" in words for words in tree.words) == 3
    assert ("code", {}) in tree.tags


def test_a_single_backtick_stays_a_backtick():
    text = quiz("Is `a` the same as `b?", ANSWERS)._repr_html_()
    assert "Is <code>a</code> the same as `b?" in text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("the *test* set", "the <em>test</em> set"),
        ("*a b*, *c*.", "<em>a b</em>, <em>c</em>."),
        ("2*3*4 and W * x * y", "2*3*4 and W * x * y"),
        ("`a*b*c` and `*x*`", "<code>a*b*c</code> and <code>*x*</code>"),
        ("*<b>*", "<em>&lt;b&gt;</em>"),
    ],
)
def test_stars_stress(written, shown):
    assert f'<p class="rb-question">{shown}</p>' in quiz(written, ANSWERS)._repr_html_()


def test_quiz_style_touches_nothing_else():
    style = re.search("<style>(.*)</style>", quiz("Q?", ANSWERS)._repr_html_()).group(1)
    style = re.sub(r"@media[^{]*\{(.*?\})\}", r"\1", style)
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", style)
    assert len(selectors) > 10
    for selector in selectors:
        assert all(part.strip().startswith(".rb-quiz") for part in selector.split(",")), selector
    # No fixed colour: it must be readable in the light and the dark theme of any host.
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", style)


@pytest.mark.parametrize(
    ("question", "answers", "error", "words"),
    [
        (3, ANSWERS, TypeError, "question must be a string, got int"),
        (" ", ANSWERS, ValueError, "question must not be empty"),
        ("Q?", "ab", TypeError, "answers must be a list"),
        ("Q?", ANSWERS[1:], ValueError, "at least two, got 1"),
        ("Q?", [("a", False, "x"), ("b", False, "y")], ValueError, "contain a right one"),
        ("Q?", [("a", True, "x"), ("a", False, "y")], ValueError, "'a' stands there twice"),
        ("Q?", [("a", True, "x"), ("b", False)], TypeError, r"answers\[1\] must be \(answer"),
        (
            "Q?",
            [("a", True, "x"), ("b", 0, "y")],
            TypeError,
            r"answers\[1\]\[1\] must be True or False, got 0",
        ),
        (
            "Q?",
            [("a", True, "x"), ("b", False, "")],
            ValueError,
            r"answers\[1\]\[2\], the explanation, must not",
        ),
        (
            "Q?",
            [("a", True, "x"), (0.5, False, "y")],
            TypeError,
            r"answers\[1\]\[0\], the answer, must be a string",
        ),
    ],
)
def test_quiz_says_what_is_wrong(question, answers, error, words):
    with pytest.raises(error, match=words):
        quiz(question, answers)
