"""One switch that builds the book without its solutions, for a course that sets them as homework.

With `rnnbook_solutions: false` in _config.yml no page, no result of the search and no notebook that
a page offers for download holds a solution: neither its text, nor its code, nor what that prints.
The chapters run whole all the same, so the numbers in their text do not change.
"""

from __future__ import annotations

import json
from pathlib import Path

from sphinx.transforms import SphinxTransform
from sphinx_exercise.nodes import solution_node


class DropSolutions(SphinxTransform):
    """Take the solutions out of a page, before anything is collected from it."""

    default_priority = 11  # sphinx-exercise has gathered each into one node at 10

    def apply(self):
        if self.config.rnnbook_solutions:
            return
        for solution in list(self.document.findall(solution_node)):
            for name in solution["names"]:
                self.document.nametypes.pop(name, None)  # else it is listed in objects.inv
            solution.parent.remove(solution)


def without_solutions(notebook: dict) -> dict:
    """A notebook's JSON, without the cells from each solution's start to its end.

    >>> cells = ["Why?", "```{solution-start} why", "Because.", "```{solution-end}", "Next."]
    >>> notebook = {"cells": [{"cell_type": "markdown", "source": cell} for cell in cells]}
    >>> [cell["source"] for cell in without_solutions(notebook)["cells"]]
    ['Why?', 'Next.']
    """
    kept, inside = [], False
    for cell in notebook["cells"]:
        text = "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
        inside = inside or "{solution-start}" in text
        if not inside:
            kept.append(cell)
        inside = inside and "{solution-end}" not in text
    return {**notebook, "cells": kept}


def offer_notebooks_without(app, exception):
    """Write the notebooks that pages offer for download again."""
    if exception or app.config.rnnbook_solutions or app.builder.format != "html":
        return
    for notebook in (Path(app.outdir) / "_sources").rglob("*.ipynb*"):  # or .ipynb.txt
        kept = without_solutions(json.loads(notebook.read_text("utf-8")))
        notebook.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def say_whether_there_are_any(app, config):
    # A sentence about solutions stands in {only} solutions, and goes with them.
    if config.rnnbook_solutions:
        app.tags.add("solutions")


def setup(app):
    app.add_config_value("rnnbook_solutions", True, "env", types=[bool])
    app.connect("config-inited", say_whether_there_are_any)
    app.add_transform(DropSolutions)
    app.connect("build-finished", offer_notebooks_without)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
