"""What a chapter needs of Jupyter: seeds, numbers for the prose, and quizzes.

Nothing here is needed to use the package. IPython is imported only when a function needs it, so
all of this also runs in a plain script, where it prints.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["Quiz", "glue", "quiz", "seeds"]

_GLUE_PREFIX = "application/papermill.record/"  # what myst-nb looks for among a cell's outputs
_SEED_VARIABLE = "RNNBOOK_SEED_OFFSET"


def seeds(n: int) -> list[int]:
    """Give the seeds of an experiment: ``[0, 1, …, n-1]``, shifted by the environment.

    A claim of this book holds over several seeds. Whoever doubts the choice sets the environment
    variable ``RNNBOOK_SEED_OFFSET`` to another whole number and runs the chapter again; no cell has
    to be edited. Offset ``k`` gives ``1000 k, 1000 k + 1, …``.

    Parameters
    ----------
    n : int
        How many seeds, at least 1.

    Returns
    -------
    list of int
        `n` different seeds for ``numpy.random.default_rng``.

    Raises
    ------
    TypeError
        If `n` is not a whole number.
    ValueError
        If `n` is less than 1, or the environment variable is not a whole number ≥ 0.

    Examples
    --------
    >>> from rnnbook.notebook import seeds
    >>> seeds(3)
    [0, 1, 2]
    """
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be a whole number of seeds, got {type(n).__name__}")
    count = int(n)
    if count < 1:
        raise ValueError(f"n must be at least 1, got {count}")
    text = os.environ.get(_SEED_VARIABLE, "").strip() or "0"
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError(f"the environment variable {_SEED_VARIABLE} must be a whole number ≥ 0, got {text!r}")
    return [int(text) * 1000 + k for k in range(count)]


def glue(name: str, value: Any, format: str | None = None) -> None:
    """Print a number, and let the prose of the book quote it.

    The cell shows ``name = value``. The built book replaces ``{glue:text}`name``` with the same
    text, so a number in a sentence is the number that this build computed. Where nothing replaces
    it (Colab, an editor), the role reads as the name, and the value stands below the cell.

    The record is in myst-nb's format and is sent through IPython alone: a chapter runs where
    myst-nb is missing. Without IPython the function only prints.

    Parameters
    ----------
    name : str
        Unique in its chapter: letters, digits and underscores, as in ``test_accuracy``.
    value : object
        What to quote: a number or a short text.
    format : str, optional
        A format specification, as after the colon of an f-string: ``".1%"``, ``".2f"``, ``","``.
        By default a float is written with four significant digits and anything else with ``str``.

    Raises
    ------
    TypeError
        If `name` or `format` is not a string.
    ValueError
        If `name` has other characters, or `format` does not suit `value`.

    Notes
    -----
    Another page quotes it with the chapter's file in front and ``:s``, without which myst-nb would
    misread the colons: ``{glue:text}`01-feedforward.ipynb::test_accuracy:s```.

    Examples
    --------
    >>> from rnnbook.notebook import glue
    >>> glue("test_accuracy", 0.96296, ".1%")
    test_accuracy = 96.3%
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, got {type(name).__name__}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"name must be letters, digits and underscores, a letter first; got {name!r}")
    if not (format is None or isinstance(format, str)):
        raise TypeError(f"format must be a string such as '.1%', got {type(format).__name__}")
    if format is None:
        # numpy's float32 is no Python float, but it says what kind of number it is.
        is_float = isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"
        format = ".4g" if is_float and getattr(value, "ndim", 0) == 0 else ""
    try:
        text = f"{value:{format}}"
    except (TypeError, ValueError) as error:
        raise ValueError(f"format must suit the value {value!r}, got {format!r}: {error}") from None

    if text.startswith("-") and not isinstance(value, str):
        text = f"\N{MINUS SIGN}{text[1:]}"

    print(f"{name} = {text}")
    if _in_ipython():
        from IPython.display import display

        display(
            # A quoted string, because myst-nb evaluates what looks like a literal: a bare 0.960
            # would come back as 0.96, and 1,797 as a tuple.
            {f"{_GLUE_PREFIX}text/plain": repr(text)},
            raw=True,
            metadata={"scrapbook": {"name": name, "mime_prefix": _GLUE_PREFIX}},
        )


def _in_ipython() -> bool:
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return False
    return get_ipython() is not None  # type: ignore[no-untyped-call, unused-ignore]


class Quiz:
    """A question whose answers explain themselves; made by :func:`quiz`.

    Jupyter shows it as HTML and the book keeps that HTML. It is made of ``<details>`` alone, so it
    needs neither a kernel nor a script, works from the keyboard, and is read aloud properly.

    Attributes
    ----------
    question : str
        The question.
    answers : tuple of (str, bool, str)
        Each answer, whether it is right, and why.

    Examples
    --------
    >>> print(Quiz("What is `sigmoid(0)`?", (("0", False, "That is `tanh(0)`."), ("0.5", True, "One half."))))
    What is `sigmoid(0)`?
      ( ) 0
      ( ) 0.5
    """

    def __init__(self, question: str, answers: tuple[tuple[str, bool, str], ...]) -> None:
        self.question = question
        self.answers = answers

    def _repr_html_(self) -> str:
        items = []
        for answer, right, why in self.answers:
            verdict = "Right." if right else "Not this one."
            items.append(
                f'<li><details class="rb-answer"><summary><span class="rb-mark" aria-hidden="true"></span>'
                f"<span>{_inline(answer)}</span></summary>"
                f'<p class="rb-why"><strong>{verdict}</strong> {_inline(why)}</p></details></li>'
            )
        label = "Question: " + re.sub("</?(code|em)>", "", _inline(self.question)).replace('"', "&quot;")
        return (
            f"<style>{_QUIZ_CSS}</style>"
            f'<div class="rb-quiz" role="group" aria-label="{label}">'
            f'<p class="rb-question">{_inline(self.question)}</p><ul>{"".join(items)}</ul></div>'
        )

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"  ( ) {answer}" for answer, _, _ in self.answers)])


def quiz(question: str, answers: Sequence[tuple[str, bool, str]]) -> Quiz:
    """Ask the reader something, with an explanation behind every answer.

    Put it last in a cell, so that Jupyter shows it.

    Parameters
    ----------
    question : str
        The question. Text between backticks is shown as code, between stars it is stressed;
        everything else is plain text.
    answers : sequence of (answer, is_right, explanation)
        Two answers or more, at least one of them right. The explanation says why the answer is
        right, or what thought leads to the wrong one. Backticks and stars work here too.

    Returns
    -------
    Quiz
        An object that Jupyter shows as HTML.

    Raises
    ------
    TypeError
        If a text is not a string, ``is_right`` is not a bool, or `answers` is not made of triples.
    ValueError
        If a text is empty, an answer occurs twice, there are fewer than two, or none is right.

    Examples
    --------
    >>> from rnnbook.notebook import quiz
    >>> quiz(
    ...     "What is `sigmoid(0)`?",
    ...     [
    ...         ("0", False, "That is `tanh(0)`."),
    ...         ("0.5", True, "`1 / (1 + exp(0))` is one half."),
    ...     ],
    ... )
    What is `sigmoid(0)`?
      ( ) 0
      ( ) 0.5
    """
    _require_text("question", question)
    if not isinstance(answers, (list, tuple)):
        raise TypeError(f"answers must be a list of (answer, is_right, explanation), got {type(answers).__name__}")
    checked: list[tuple[str, bool, str]] = []
    for k, entry in enumerate(answers):
        if not isinstance(entry, (tuple, list)) or len(entry) != 3:
            raise TypeError(f"answers[{k}] must be (answer, is_right, explanation), got {entry!r}")
        answer, right, why = entry
        _require_text(f"answers[{k}][0], the answer,", answer)
        if not isinstance(right, bool):
            raise TypeError(f"answers[{k}][1] must be True or False, got {right!r}")
        _require_text(f"answers[{k}][2], the explanation,", why)
        if answer in (earlier for earlier, _, _ in checked):
            raise ValueError(f"answers must differ, but {answer!r} stands there twice")
        checked.append((answer, right, why))
    if len(checked) < 2:
        raise ValueError(f"answers must be at least two, got {len(checked)}")
    if not any(right for _, right, _ in checked):
        raise ValueError("answers must contain a right one, but every is_right is False")
    return Quiz(question, tuple(checked))


def _require_text(what: str, text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{what} must be a string, got {type(text).__name__}")
    if not text.strip():
        raise ValueError(f"{what} must not be empty")


def _inline(text: str) -> str:
    """Escape `text` for HTML; between two backticks is code, between two stars is stressed."""
    parts = html.escape(text, quote=False).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is a backtick
        parts[-2:] = [f"{parts[-2]}`{parts[-1]}"]
    return "".join(
        # A star inside of a word or between spaces is a product: 2*3, W * x.
        f"<code>{part}</code>" if k % 2 else re.sub(r"(?<!\w)\*(\S|\S[^*]*\S)\*(?!\w)", r"<em>\1</em>", part)
        for k, part in enumerate(parts)
    )


# Only `currentColor` and no named colour: the quiz takes the colours of whatever page it is on, in
# light and dark, in the book, JupyterLab and Colab. Its mark is the book's gate: shut until chosen.
_QUIZ_CSS = """
.rb-quiz{margin:1.25em 0;color:inherit;background:none;max-width:44em}
.rb-quiz .rb-question{font-weight:600;margin:0 0 .5em}
.rb-quiz ul,.rb-quiz li{list-style:none;margin:0;padding:0}
.rb-quiz ul{border-top:1px solid color-mix(in srgb,currentColor 22%,transparent)}
.rb-quiz li{border-bottom:1px solid color-mix(in srgb,currentColor 22%,transparent)}
.rb-quiz details.rb-answer{margin:0;padding:0;border:0;background:none;box-shadow:none}
.rb-quiz summary{display:flex;gap:.75em;align-items:center;min-height:44px;padding:.35em .25em;
cursor:pointer;list-style:none;font-weight:inherit;color:inherit;background:none}
.rb-quiz summary::-webkit-details-marker{display:none}
.rb-quiz summary::marker{content:""}
.rb-quiz summary:hover{background:color-mix(in srgb,currentColor 6%,transparent)}
.rb-quiz summary:focus-visible{outline:3px solid currentColor;outline-offset:2px;border-radius:3px}
.rb-quiz .rb-mark{flex:none;box-sizing:border-box;width:1.1em;height:3px;
border:2px solid currentColor;border-radius:50%}
.rb-quiz details[open] .rb-mark{height:1.1em}
.rb-quiz details[open] summary{font-weight:600}
.rb-quiz .rb-why{margin:0;padding:0 .25em .8em 2.1em}
.rb-quiz code{color:inherit;background:color-mix(in srgb,currentColor 8%,transparent);
padding:.1em .3em;border-radius:3px}
@media (prefers-reduced-motion:no-preference){.rb-quiz .rb-mark{transition:height .22s ease-out}}
""".strip().replace("\n", "")
