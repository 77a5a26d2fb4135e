"""Loosen the pins of requirements.txt in place: the newest of everything that the book may be built with.

A scheduled workflow does this on its own copy, builds the book and tests it. So we hear of a new
release that breaks something before a reader does who installs today.
"""

import re
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "requirements.txt"
# Known not to work: there is nothing to be learnt from trying it each week.
CEILINGS = {
    "ipykernel": "<7",  # warns about its transport on every start
    "jupyter-book": "<2",  # another program
    "sphinx-book-theme": "<1.3",  # shows a second search bar
}


def loosened(text):
    r"""Turn each exact pin into "this or newer", up to its ceiling.

    >>> print(loosened("numpy==2.4.6   # why\njupyter-book==1.0.4\n-e ."))
    numpy>=2.4.6   # why
    jupyter-book>=1.0.4,<2
    -e .
    """

    def loosen(match):
        ceiling = CEILINGS.get(match["name"], "")
        return f"{match['name']}>={match['version']}{ceiling and ','}{ceiling}"

    return re.sub(r"(?m)^(?P<name>[\w.-]+)==(?P<version>\S+)", loosen, text)


if __name__ == "__main__":
    FILE.write_text(loosened(FILE.read_text("utf-8")), "utf-8")
