"""Puts the widgets' ES modules together: for a page of the book, and for a live notebook.

The files in ``static/`` are plain ES modules.  A page that is opened as a file may not import modules, and a live
widget is handed over as one text.  So each module becomes a function that fills one entry of a registry::

    R["core"] = (() => { …the file…; return { forward, backward }; })();

A page loads them as ordinary scripts with a registry of its own, `globalThis.rnnbook`; a live widget gets them in
one module, with a registry that nothing else sees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rnnbook.plots import DARK_HOSTS, PALETTE

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w-]+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:const|let|function\*?|async function|class) (\w+))", re.M)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.M | re.S)
# What is left of imports and exports, a second name of an exported const, and imports while running.
_ODD = re.compile(
    r"""^(?:import\s*[{*"'].*|import\b.*\bfrom\b.*|export\b.*)$|\bimport\(""",
    re.M,
)
_SECOND = re.compile(r"^export (?:const|let) \w+ = [^\n({\[]*, \w+ =", re.M)


def words() -> dict[str, dict[str, dict[str, str]]]:
    """The table of words: section → key → language → text."""
    return data("words")


@cache
def data(name: str) -> Any:
    """What a file ``static/<name>.json`` holds; as a module, each of its first names is an export."""
    return json.loads((STATIC / f"{name}.json").read_text("utf-8"))


@cache
def source(name: str) -> str:
    """The text of one module; `words`, `palette` and files of data become modules here."""
    if name == "words":
        return f"export const words = {_json({'common': words()['common']})};\n"
    if name == "palette":
        return f"export const palette = {_json(PALETTE)};\nexport const darkHosts = {_json(DARK_HOSTS)};\n"
    if (STATIC / f"{name}.json").exists():
        return "".join(f"export const {key} = {_json(value)};\n" for key, value in data(name).items())
    return (STATIC / f"{name}.js").read_text("utf-8")


@cache
def needs(name: str, above: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The modules that one module imports, and theirs, each after what it needs; itself last."""
    if name in above:
        raise ValueError(f"{' → '.join([*above, name])}: modules import each other in a circle")
    order: list[str] = []
    for _, other in _IMPORT.findall(source(name)):
        order += [m for m in needs(other, (*above, name)) if m not in order]
    return (*order, name)


@cache
def registered(name: str) -> str:
    """One module as a statement that fills its entry of the registry R."""
    text = _COMMENT.sub("", source(name))
    text = _IMPORT.sub(lambda found: f'const {{ {found[1]} }} = R["{found[2]}"];\n', text)
    exports = _EXPORT.findall(text)
    text = _EXPORT.sub("", text)
    for wanted, other in _IMPORT.findall(source(name)):
        if missing := set(re.findall(r"\w+", wanted)) - set(_EXPORT.findall(source(other))):
            raise ValueError(f"{name}.js imports {', '.join(sorted(missing))}, which {other}.js does not export")
    if left := _ODD.search(text) or _SECOND.search(source(name)):
        raise ValueError(f"{name}.js: only one-line named imports and exports are understood, got {left[0]!r}")
    own = words().get(name)
    said = f'R["words"].words["{name}"] = {_json(own)};\n' if own else ""
    return f'{said}R["{name}"] = (() => {{\n"use strict";\n{text}return {{ {", ".join(exports)} }};\n}})();\n'


def page_scripts(name: str) -> dict[str, str]:
    """The scripts that a page needs for one widget, in order: file name → text."""
    scripts = {}
    for module in needs(name):
        end = f'R["host"].defineElement(R["{name}"]);\n' if module == name else ""
        scripts[f"{module}.js"] = f"((R) => {{\n{registered(module)}{end}}})((globalThis.rnnbook ??= {{}}));\n"
    return scripts


def live_module(name: str, keys: Sequence[str]) -> str:
    """One ES module for anywidget; `keys` are the names that the page and the kernel share."""
    parts = "".join(map(registered, needs(name)))
    return f'const R = {{}};\n{parts}export default R["host"].live(R["{name}"], {_json(list(keys))});\n'


def _json(data: object) -> str:
    # "</" would end a script; json.dumps with ASCII only would make Korean twice as long.
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
