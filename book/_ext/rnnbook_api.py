"""The package's public names, as its own lists give them, and what puts them on pages.

A name is public if it stands in the `__all__` of rnnbook or of one of its modules. There is no
other list of them: a page says which modules it shows, and tests/test_api.py asks that each name
stands on one page.

    ```{eval-rst}
    .. public-names:: rnnbook.cells
    ```

shows what a module says of itself, then each of its names. On another page
{public}`rnnbook.cells` gives their links in a row.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any, NamedTuple

import rnnbook
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective, SphinxRole


class Name(NamedTuple):
    """A public name.

    How a reader writes it, the module under which it is shown, what it is, and where that stands.
    """

    path: str
    shown: str
    value: Any
    home: str
    line: int

    @property
    def short(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def kind(self) -> str:
        if inspect.isclass(self.value):
            return "exception" if issubclass(self.value, BaseException) else "class"
        return "function" if inspect.isfunction(self.value) else "data"

    @property
    def comment(self) -> list[str]:
        return comments(self.home).get(self.short, [])


@cache
def modules() -> dict[str, Any]:
    found = (m.name for m in pkgutil.walk_packages(rnnbook.__path__, "rnnbook."))
    return {"rnnbook": rnnbook} | {name: importlib.import_module(name) for name in found}


@cache
def comments(module: str) -> dict[str, list[str]]:
    """The lines that begin with #: above a constant, by its name."""
    analyzer = ModuleAnalyzer.for_module(module)
    analyzer.analyze()
    return {name: lines for (owner, name), lines in analyzer.attr_docs.items() if not owner}


def where(module: str, name: str, value: Any) -> tuple[str, int]:
    """The module and the line of a definition. Of a constant: where something is said of it."""
    if inspect.isclass(value) or inspect.isfunction(value):
        return value.__module__, inspect.getsourcelines(value)[1]
    for home, content in modules().items():
        if vars(content).get(name) is value and name in comments(home):
            return home, 0
    return module, 0


@cache
def public_names() -> tuple[Name, ...]:
    """Every public name once, under the shortest of its paths, in the order of the source."""
    found: dict[tuple[str, int], Name] = {}
    for module, content in modules().items():
        for name in getattr(content, "__all__", ()):
            value = getattr(content, name)
            if not inspect.ismodule(value) and (name, id(value)) not in found:
                home, line = where(module, name, value)
                shown = ".".join(home.split(".")[:2])
                found[name, id(value)] = Name(f"{module}.{name}", shown, value, home, line)
    order = list(modules())
    return tuple(sorted(found.values(), key=lambda n: (order.index(n.home), n.line)))


class PublicNames(SphinxDirective):
    """Show a module and its public names, through autodoc: so it has to stand in RST."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = self.arguments[0]
        names = [name for name in public_names() if name.shown == module]
        if not names:
            raise self.error(f"{module} has no public names")
        lines = [f".. automodule:: {module}", ""]
        for name in names:
            if name.kind == "data":
                said = [f"   {line}" for line in name.comment]
                module_of = name.path.rpartition(".")[0]
                lines += [f".. py:data:: {name.short}", f"   :module: {module_of}", "", *said, ""]
            else:
                members = ["   :members:"] if name.kind == "class" else []
                lines += [f".. auto{name.kind}:: {name.path}", *members, ""]
        content = StringList(lines, source=f"the public names of {module}")
        parent = nodes.Element()
        parent.document = self.state.document
        self.state.nested_parse(content, self.content_offset, parent)
        return parent.children


class Public(SphinxRole):
    """Links to the public names of a module, in a row."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        row: list[nodes.Node] = []
        for name in public_names():
            if name.shown == self.text:
                link = addnodes.pending_xref("", nodes.literal("", name.short))
                link.update_all_atts(
                    {"refdomain": "py", "reftype": "obj", "reftarget": name.path},
                )
                link["refexplicit"] = link["refwarn"] = True
                link["refdoc"] = self.env.docname
                row += [nodes.Text(", "), link] if row else [link]
        return row, []


def skip_fields(app, what, name, member, skip, options):
    """Show a class's methods and properties: no fields of named tuples, no traits of widgets."""
    method = inspect.isroutine(member) or isinstance(member, property | classmethod | staticmethod)
    return True if what == "class" and not method else None


def show_as_code(app, env, node, contnode):
    """Show a name in single backticks as code where no page has it: a parameter, or a value."""
    return contnode if node.get("reftype") == "obj" and not node.get("refexplicit") else None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("numpydoc")
    app.add_directive("public-names", PublicNames)
    app.add_role("public", Public())
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("missing-reference", show_as_code)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
