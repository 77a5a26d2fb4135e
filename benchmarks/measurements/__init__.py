"""What is measured, in the order of the report.  A new measurement is a file beside this one and a line here.

Such a file says, as names of the module:

TITLE, ABOUT
    Its heading, and what the reader of the report must know.
PEER
    What rnnbook is compared with, or None.
tables()
    A list of `Table`.
build(implementation, case)
    A function to time, made ready.  It returns what it worked out, as a dict of arrays; where PEER is another
    implementation of the same thing, these are compared before anything is timed (COMPARED = False: they are not).
results(step, case), optional
    What to compare, where that is not what the function returns.
count(implementation, case), in the place of `build`
    A dict of numbers that no clock gives, or that need a clock of their own.
COLUMNS, finish(rows), optional
    More columns, (heading, name, format) each, and a function that fills in ``row["values"][name]``.
"""

import importlib
from dataclasses import dataclass

NAMES = (
    "training_step",
    "forward_only",
    "generation",
    "character_model",
    "products_only",
    "scaling",
    "operations",
    "textbook_layer",
    "naive_loops",
    "memory",
    "import_time",
)


@dataclass
class Table:
    """A table of the report: its cases are measured with the same threads and on the same vector instructions.

    A case is a dict that JSON can hold; the columns named in `labels` show it.  `seconds` is the time of each turn.
    With `together`, the process of a turn takes one case after another, which saves its start; without, each case has
    processes of its own.
    """

    cases: list
    labels: tuple = ("cell", "config")
    heading: str = ""
    threads: int = 1
    avx2: bool = False
    seconds: float = 0.8
    together: bool = False


def find(name):
    """The module of one measurement."""
    return importlib.import_module(f"{__name__}.{name}")
