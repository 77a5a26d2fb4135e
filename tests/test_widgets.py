"""What every widget promises: its words, its two forms, its manners with bad input, and that everybody can use it."""

import ast
import copy
import html
import inspect
import json
import re
import shutil
import sys
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest

pytest.importorskip("anywidget")
from browser import opened, unavailable
from traitlets import List, Unicode

from rnnbook.plots import PALETTE
from rnnbook.widgets import WIDGETS, Widget, modules
from rnnbook.widgets.modules import STATIC, needs, page_scripts, registered, source, words

import widget_gallery  # isort: skip - from scripts/, see pyproject.toml

browser = pytest.mark.browser
each_widget = pytest.mark.parametrize("name", WIDGETS)
each_module = pytest.mark.parametrize("module", sorted(path.stem for path in STATIC.glob("*.js")))
LANGUAGES = ("en", "ko")
WIDTHS = (1280, 390)

# What tests do in a page: look through shadow roots, and collect what goes wrong.
TOOLS = """
const deep = (selector, root = document) =>
  [...root.querySelectorAll("*")].flatMap((e) => [...(e.matches(selector) ? [e] : []), ...(e.shadowRoot ? deep(selector, e.shadowRoot) : [])]);
const shown = (e) => e.checkVisibility({ visibilityProperty: true });
const describe = (e) => {
  const box = e.getBoundingClientRect();
  const cls = e.getAttribute("class");
  const said = e.getAttribute("aria-label") ?? e.textContent.trim();
  return `${e.localName}${cls ? "." + cls.trim().replaceAll(/\\s+/g, ".") : ""} "${said.slice(0, 40)}" ${Math.round(box.width)}x${Math.round(box.height)}`;
};
const CONTROLS = "button, select, input, textarea, summary, a[href], [role=button], [role=slider], [tabindex]";
const controls = (root) => deep(CONTROLS, root).filter((e) => shown(e) && e.getAttribute("tabindex") !== "-1");
const focused = (root = document) => (root.activeElement?.shadowRoot ? focused(root.activeElement.shadowRoot) : root.activeElement);
const frames = async (n = 2) => { for (; n; n--) await new Promise(requestAnimationFrame); };
const unfold = () => { for (const e of deep("details")) e.open = true; return frames(); };
const failures = [];
addEventListener("error", (event) => failures.push(event.message));
addEventListener("unhandledrejection", (event) => failures.push(String(event.reason)));
"""


def gallery(name, theme="light", lang="en", tools=True):
    """The page of a widget's states, with the tools of the tests."""
    text = widget_gallery.gallery(name, theme, lang)
    return text.replace("</head>", f"<script>{TOOLS}</script></head>", 1) if tools else text


def element(name, state, still="<p>still</p>"):
    """One element of a page; `state` is the text of its attribute, None leaves it out."""
    attribute = "" if state is None else f' data-state="{html.escape(state)}"'
    return f"<rb-{name}{attribute}>{still}</rb-{name}>"


def page(*elements, scripts, theme="light", lang="en"):
    text = widget_gallery.page({f"number {n}": e for n, e in enumerate(elements)}, scripts, theme, lang)
    return text.replace("</head>", f"<script>{TOOLS}</script></head>", 1)


def states(name):
    return {title: widget.state() for title, widget in WIDGETS[name].gallery().items()}


# --- a widget of our own -------------------------------------------------------------------------------------------
TINY = """// The smallest widget.
import { h, expect, transport } from "./host.js";

export const name = "tiny";
export const css = ".tiny p{color:var(--gs-f)}";
export function check(s) {
  expect.text("text", s.text);
  expect.list("items", s.items).forEach((item, j) => expect.text(`items[${j}]`, item));
}
export function view({ s, w, set }) {
  return h("div", { key: "all", title: s.text }, h("p", { key: "text" }, s.text), s.items.map((item) => h("p", { key: item, "aria-label": item }, item)),
    transport({ where: w("items", { n: s.items.length }), names: { undo: w("undo"), step: w("step") },
      moves: { undo: s.items.length ? () => set({ items: s.items.slice(1) }) : null, step: () => set({ items: [`item ${s.items.length}`, ...s.items] }) } }));
}
"""
TINY_WORDS = {
    "title": {"en": "Tiny", "ko": "작은 것"},
    "items": {"en": "{n} items", "ko": "{n}개"},
    "undo": {"en": "Undo", "ko": "되돌리기"},
}


@contextmanager
def static_files(folder):
    """Let the package read its static files from a copy in `folder`, where a test may write its own."""
    copied = shutil.copytree(STATIC, folder / "static")
    caches = [f for f in vars(modules).values() if hasattr(f, "cache_clear")]
    kept, modules.STATIC = modules.STATIC, copied
    try:
        for f in caches:
            f.cache_clear()
        yield copied
    finally:
        modules.STATIC = kept
        for f in caches:
            f.cache_clear()


@pytest.fixture
def static(tmp_path):
    with static_files(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A small widget and the scripts of its page."""
    with static_files(tmp_path_factory.mktemp("tiny")) as folder:
        (folder / "tiny.js").write_text(TINY, "utf-8")
        table = json.loads((folder / "words.json").read_text("utf-8")) | {"tiny": TINY_WORDS}
        (folder / "words.json").write_text(json.dumps(table), "utf-8")

        class Tiny(Widget):
            name = "tiny"
            text = Unicode("hello").tag(sync=True)
            items = List(Unicode()).tag(sync=True)
            private = Unicode("not for the page")

            def still(self):
                return "<p>still</p>"

        scripts = page_scripts("tiny")
    return Tiny, scripts


# --- words ---------------------------------------------------------------------------------------------------------
PLACEHOLDER = re.compile(r"\{(\w+)\}")
#: Names that Korean writes in Latin letters too. Single letters are those of the equations.
NAMES = {"LSTM", "GRU", "RNN", "BPTT", "tanh"}


def words_of(section):
    return words()[section]


def test_the_table_has_the_common_words_and_one_section_for_a_widget():
    assert set(words()) - {"common"} <= set(WIDGETS), "a section of words.json belongs to no widget"
    assert all("title" in words().get(name, {}) for name in WIDGETS)


@pytest.mark.parametrize("section", words())
def test_words_stand_in_both_languages(section):
    for key, entry in words_of(section).items():
        assert set(entry) == set(LANGUAGES), (key, entry)
        en, ko = (entry[language] for language in LANGUAGES)
        assert en.strip() and ko.strip(), (key, entry)
        assert [en[0].isspace(), en[-1].isspace()] == [ko[0].isspace(), ko[-1].isspace()], (key, entry)
        assert set(PLACEHOLDER.findall(en)) == set(PLACEHOLDER.findall(ko)), (key, entry)
        assert not re.search(r"[{}]", PLACEHOLDER.sub("", en + ko)), (key, entry)
        assert not re.search(r"[가-힣]", en), (key, en)
        latin = set(re.findall(r"[A-Za-z]{2,}", PLACEHOLDER.sub("", ko)))
        assert re.search(r"[가-힣]", ko) or latin <= NAMES, (key, ko)


def scan(text):
    """Read a script: its string literals, the fixed parts of each template, and the code without comments.

    In the code a template is its number between backticks, and the code of its holes follows in parentheses.
    """
    literals, templates = set(), []
    quoted = re.compile(r"""(["'])((?:\\.|(?!\1)[^\\\n])*)\1""")
    comment = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)

    def code(at, hole):
        out, depth = [], 0
        while at < len(text):
            if found := quoted.match(text, at):
                literals.add(found[2])
                out.append(found[0])
            elif found := comment.match(text, at):
                pass
            elif text[at] == "`":
                inside, at = template(at + 1)
                out.append(inside)
                continue
            else:
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                if hole and depth < 0:
                    return "".join(out), at + 1
                out.append(text[at])
            at = found.end() if found else at + 1
        return "".join(out), at

    def template(at):
        parts, holes = [""], []
        while text[at] != "`":
            if text.startswith("${", at):
                inside, at = code(at + 2, True)
                holes.append(f"({inside})")
                parts.append("")
            else:
                length = 2 if text[at] == "\\" else 1
                parts[-1] += text[at : at + length]
                at += length
        templates.append(parts)
        return f"`{len(templates) - 1}`{''.join(holes)}", at + 1

    plain, _ = code(0, False)
    return literals, templates, plain


def strings(text):
    """String literals of a script, and templates as patterns: (set of texts, list of compiled patterns)."""
    literals, templates, _ = scan(text)
    return literals, [p for p in map(pattern, templates) if p]


def pattern(parts):
    """A pattern of keys from the fixed parts of a template; it must begin with a word: `say_${…}`."""
    if len(parts) > 1 and re.fullmatch(r"[a-z]\w*_", parts[0]):
        return re.compile(r"[\w-]+".join(map(re.escape, parts)))
    return None


def python_strings(module):
    """The same of a Python module."""
    literals, patterns = set(), []
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            literals.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts, open_ = [""], False
            for part in node.values:
                if isinstance(part, ast.Constant):
                    parts[-1] += part.value
                elif not open_:
                    parts.append("")
            patterns.append(pattern(parts))
    return literals, [p for p in patterns if p]


def used(name):
    """What a widget's modules, host.js and its Python say."""
    own = [strings(source(module)) for module in {*needs(name), "host"} - {"words", "palette"}]
    own.append(python_strings(sys.modules[WIDGETS[name].__module__]))
    return set().union(*(s for s, _ in own)), [p for _, patterns in own for p in patterns]


def unused(keys, literals, patterns):
    return [k for k in keys if k not in literals and not any(p.fullmatch(k) for p in patterns)]


@each_widget
def test_each_word_is_used(name):
    assert unused(words_of(name), *used(name)) == []


def test_each_common_word_is_used():
    literals, patterns = strings(source("host"))
    for name in WIDGETS:
        more, others = used(name)
        literals, patterns = literals | more, patterns + others
    assert unused(words_of("common"), literals, patterns) == []


def asked(text):
    """What a script asks for: keys of w("key"), w(a ? "one" : "other"), new Bad("key"), and templates of w(`say_${…}`)."""
    _, templates, text = scan(text)
    keys, patterns = [], []
    for found in re.finditer(r"(?<![\w$])(?:w|new Bad)\(", text):
        depth, argument = 1, ""
        for letter in text[found.end() :]:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
            if depth == 0 or (depth == 1 and letter == ","):
                break
            argument += letter if depth == 1 else ""
        said = re.findall(r'(?:^|[?:]\s*)(?:"([\w-]+)"|`(\d+)`)', argument.strip())
        keys += [key for key, _ in said if key]
        patterns += [pattern(templates[int(number)]) for _, number in said if number]
    return keys, patterns


@each_widget
def test_each_word_that_is_asked_for_is_there(name):
    known = words_of(name).keys() | words_of("common").keys()
    for module in set(needs(name)) - {"words", "palette"}:
        keys, patterns = asked(source(module))
        assert [key for key in keys if key not in known] == [], module
        # A template begins with a fixed word, and it must find something too.
        assert all(p and any(map(p.fullmatch, known)) for p in patterns), (module, patterns)


def test_the_tests_of_words_can_see():
    script = """w("one"); w(a ? "two" : "three", { n: 1 }); w(`say_${x > 0 ? "four" : "five"}`); throw new Bad("six") // "seven"
      draw("a", `${head}: ${w(`count_${kind}`, { n })} /* "b" */`); c.w("ten"); other.raw("c"); w(a === "d" ? "e" : f("g"));"""
    keys, patterns = asked(script)
    assert keys == ["one", "two", "three", "six", "ten", "e"]
    assert [p.pattern for p in patterns] == [r"say_[\w-]+", r"count_[\w-]+"]
    keys = ["one", "two", "three", "say_four", "six", "seven", "eight", "shout_four", "count_all", "b"]
    assert unused(keys, *strings(script)) == ["seven", "eight", "shout_four", "b"]
    assert scan('a = "http://x" + `\\`${b}`')[:2] == ({"http://x"}, [["\\`", ""]])


# --- modules -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "export default { name: 1 };\n",
        "export default function () {}\n",
        'import * as host from "./host.js";\n',
        'import {\n  h,\n  num,\n} from "./host.js";\n',
        'import host from "./host.js";\n',
        'import "./host.js";\n',
        'import { h } from "./host.js"\n',
        'import { h } from "elsewhere";\n',
        'import { h } from "https://example.org/host.js";\n',
        "const a = 1;\nexport { a };\n",
        'export * from "./host.js";\n',
        "export const { a, b } = { a: 1, b: 2 };\n",
    ],
)
def test_a_form_that_is_not_understood_is_refused(static, text):
    (static / "odd.js").write_text(f"{text}", "utf-8")
    with pytest.raises(ValueError, match=r"odd\.js: only one-line named imports and exports"):
        registered("odd")


@browser
def test_every_form_of_export_reaches_who_imports_it(chromium, static):
    (static / "lower.js").write_text(
        "// a comment with export const no = 1;\n"
        "export const one = 1;\nexport let two = 2;\nexport function three() { return 3; }\n"
        "export function* four() { yield 4; }\nexport async function five() { return 5; }\nexport class Six {}\n"
        "const own = 7;\n",
        "utf-8",
    )
    (static / "upper.js").write_text(
        'import { one, two, three } from "./lower.js";\nimport { four, five, Six } from "./lower.js";\n'
        "export const sum = async () => one + two + three() + [...four()][0] + (await five());\n"
        "export const seen = [typeof own, Six.name];\n",
        "utf-8",
    )
    assert needs("upper") == ("lower", "upper")
    text = "".join(map(registered, needs("upper")))
    with opened(chromium, "<!doctype html><title>modules</title>") as tab:
        tab.add_script_tag(content=f"globalThis.R = {{}};\n{text}")
        assert tab.evaluate("R.upper.sum()") == 15
        assert tab.evaluate("R.upper.seen") == ["undefined", "Six"]
        assert tab.evaluate("Object.keys(R.lower)") == ["one", "two", "three", "four", "five", "Six"]


@each_module
def test_what_a_module_imports_is_exported(module):
    """A script tells nothing of a name that is not there: it is undefined."""
    for names, other in modules._IMPORT.findall(source(module)):
        there = set(modules._EXPORT.findall(source(other)))
        asked_for = [name.strip() for name in names.split(",")]
        assert set(asked_for) <= there, f"{module}.js imports from {other}.js what is not there"
        assert len(set(asked_for)) == len(asked_for)
        # And it is used: the first time is the import.
        for name in asked_for:
            assert len(re.findall(rf"(?<![\w$]){name}(?![\w$])", source(module))) > 1, (
                f"{module}.js does not use {name}"
            )


FORBIDDEN = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|srcdoc|createContextualFragment|DOMParser|"
    r"document\.write(?:ln)?|eval|new Function|importScripts|fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|"
    r"localStorage|sessionStorage|indexedDB|document\.cookie)\b|\bimport\("
)


@each_module
def test_a_module_writes_no_html_and_asks_nobody(module):
    text = source(module)
    assert FORBIDDEN.findall(text) == []
    assert set(re.findall(r"https?://[^\s\"'`]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    "fault", ["e.innerHTML = x", "document.write(x)", "eval(x)", "new Function(x)", "fetch(x)", "await import(x)"]
)
def test_the_test_of_what_is_forbidden_can_see(fault):
    assert FORBIDDEN.search(f"const f = (e) => {{ {fault} }};")
    assert not FORBIDDEN.search("medieval(function() { }, prefetched, evaluate, imported(x))")


@each_widget
def test_scripts_can_stand_in_a_page(name):
    for script in page_scripts(name).values():
        assert not re.search(r"</script|<!--|<script", script, re.I)
        assert script.count("globalThis") == 1  # the registry, and nothing else that all pages see
    assert list(page_scripts(name)) == [f"{module}.js" for module in needs(name)]


def test_data_cannot_end_a_script(static):
    table = json.loads((static / "words.json").read_text("utf-8"))
    table["common"]["title"]["en"] = "</script><script>hacked=1</script>"
    (static / "words.json").write_text(json.dumps(table), "utf-8")
    (static / "numbers.json").write_text(json.dumps({"NUMBERS": {"a": "</script>"}}), "utf-8")
    (static / "uses.js").write_text(
        'import { words } from "./words.js";\nimport { NUMBERS } from "./numbers.js";\n', "utf-8"
    )
    scripts = page_scripts("uses")
    assert list(scripts) == ["words.js", "numbers.js", "uses.js"]
    assert not any("</script" in text for text in scripts.values())


@browser
@each_widget
def test_scripts_define_the_element(chromium, name):
    with opened(chromium, "<!doctype html><title>scripts</title>") as tab:
        before = set(tab.evaluate("Object.keys(globalThis)"))
        for script in page_scripts(name).values():
            assert not tab.evaluate("name => Boolean(customElements.get(name))", f"rb-{name}")
            tab.add_script_tag(content=script)
        assert tab.evaluate("name => Boolean(customElements.get(name))", f"rb-{name}")
        assert set(tab.evaluate("Object.keys(globalThis)")) - before == {"rnnbook"}


@browser
def test_all_widgets_stand_on_one_page(chromium):
    """Each module once, in the order in which the book's extension asks for them."""
    scripts = {file: text for name in WIDGETS for file, text in page_scripts(name).items()}
    first = [next(iter(WIDGETS[name].gallery().values())).to_html() for name in WIDGETS]
    with opened(chromium, page(*first, scripts=scripts)) as tab:
        for name in WIDGETS:
            section = tab.locator(f"rb-{name} section")
            assert section.get_attribute("aria-label").startswith(words_of(name)["title"]["en"])
            assert section.get_by_role("alert").count() == 0


# --- the two forms -------------------------------------------------------------------------------------------------
@each_widget
def test_the_gallery_shows_three_states_or_more(name):
    widgets = WIDGETS[name].gallery()
    assert len(widgets) >= 3
    assert all(isinstance(widget, WIDGETS[name]) for widget in widgets.values())
    shown = [json.dumps(widget.state(), sort_keys=True) for widget in widgets.values()]
    assert len(set(shown)) == len(shown), "two states of the gallery are the same"


@each_widget
def test_the_state_is_plain_json(name):
    for title, state in states(name).items():
        assert json.loads(json.dumps(state, allow_nan=False)) == state, title
        assert list(state) == WIDGETS[name].keys_of_state() != []


class Outline(HTMLParser):
    """Tags with their attributes, and whether each is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.depth = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), list(self.depth)))
        if tag not in {"img", "br", "hr", "input", "meta", "link", "col"}:
            self.depth.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), list(self.depth)))

    def handle_endtag(self, tag):
        assert self.depth and self.depth.pop() == tag, f"</{tag}> closes nothing"


@each_widget
def test_the_element_holds_the_state_and_the_still_figure(name):
    for widget in WIDGETS[name].gallery().values():
        outline = Outline(widget.to_html())
        assert outline.depth == []
        (tag, attributes, _), *rest = outline.tags
        assert tag == f"rb-{name}" and list(attributes) == ["data-state"]
        assert json.loads(attributes["data-state"]) == widget.state()
        assert rest and all(inside[0] == tag for _, _, inside in rest)
        # The extension of the book finds widgets by this text.
        assert re.findall(r"<rb-([a-z-]+) data-state=", widget.to_html()) == [name]
        assert not {t for t, _, _ in rest} & {"script", "iframe", "object", "link"}
        assert not [a for _, attrs, _ in rest for a in attrs if a.startswith("on")]


@each_widget
def test_a_notebook_shows_the_live_form_and_keeps_the_static_one(name):
    widget = next(iter(WIDGETS[name].gallery().values()))
    data, _ = widget._repr_mimebundle_()
    assert data["text/html"] == widget.to_html()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert widget._esm == modules.live_module(name, widget.keys_of_state())


def test_only_what_is_shared_is_state(tiny):
    Tiny, _ = tiny
    assert Tiny().state() == {"text": "hello", "items": []}


HOSTILE = """"'<b class=hacked>&amp;&</b><img class=hacked src=x onerror="hacked=1"></script><script class=hacked>hacked=1</script>"""


@browser
def test_texts_stay_texts(chromium, tiny):
    """Quotes, tags and ampersands come through the attribute as they are, and make no element."""
    Tiny, scripts = tiny
    widget = Tiny(text=HOSTILE, items=[f"{HOSTILE} {n}" for n in range(2)])
    with opened(chromium, page(widget.to_html(), scripts=scripts)) as tab:
        assert json.loads(tab.locator("rb-tiny").get_attribute("data-state")) == widget.state()
        assert tab.locator("rb-tiny section p").all_text_contents() == [HOSTILE, *widget.items]
        assert tab.locator("rb-tiny section div[title]").get_attribute("title") == HOSTILE
        assert tab.evaluate("deep('.hacked').length") == 0
        assert tab.evaluate("typeof hacked") == "undefined"


@browser
def test_texts_of_a_stepper_stay_texts(chromium):
    import numpy as np

    from rnnbook.cells import LSTMCell
    from rnnbook.widgets import GateStepper

    cell = LSTMCell(1, 1, rng=np.random.default_rng(0))
    widget = GateStepper(cell, np.ones((2, 1)), names=[HOSTILE], labels=[HOSTILE, "x"])
    with opened(chromium, page(widget.to_html(), scripts=page_scripts("gate-stepper"))) as tab:
        assert json.loads(tab.locator("rb-gate-stepper").get_attribute("data-state")) == widget.state()
        tab.evaluate("unfold()")
        assert tab.locator("rb-gate-stepper section").get_by_text(HOSTILE).count() >= 1
        assert tab.locator("rb-gate-stepper section [role=alert]").count() == 0
        assert tab.evaluate("deep('.hacked').length") == 0
        assert tab.evaluate("typeof hacked") == "undefined"


@contextmanager
def without_scripts(running, text):
    context = running.new_context(java_script_enabled=False)
    try:
        tab = context.new_page()
        tab.set_content(text, wait_until="load")
        yield tab
    finally:
        context.close()


def alternative(still):
    """What a screen reader finds in a still figure: names of its pictures, and texts outside of them."""
    said, pictures = [], []
    for tag, attributes, inside in Outline(still).tags:
        hidden = attributes.get("aria-hidden") == "true"
        if tag in {"svg", "img"} and "svg" not in inside:
            name = attributes.get("aria-label") or attributes.get("alt") or ""
            pictures.append((hidden, attributes.get("role", {"img": "img"}.get(tag)), name.strip()))
            said.append(name)
    return said, pictures


@browser
@each_widget
def test_without_scripts_the_still_figure_is_shown(chromium, name):
    widgets = WIDGETS[name].gallery()
    with without_scripts(chromium, gallery(name, tools=False)) as tab:
        shown = tab.locator(f"rb-{name} > :not(style)")
        assert shown.count() >= len(widgets)
        for one in tab.locator(f"rb-{name}").all():
            box = one.bounding_box()
            assert box["width"] >= 300 and box["height"] >= 40, box
        assert tab.locator(f"rb-{name} section").count() == 0
        pictures = tab.locator(f"rb-{name}").get_by_role("img")
        tables = tab.locator(f"rb-{name}").get_by_role("table")
        assert pictures.count() + tables.count() >= len(widgets)
    for title, widget in widgets.items():
        for hidden, role, label in alternative(widget.to_html())[1]:
            assert hidden or (role == "img" and len(label) > 10), f"{title}: a picture without a name"


@browser
@each_widget
@pytest.mark.parametrize("lang", LANGUAGES)
def test_print_shows_the_still_figure_alone(chromium, name, lang):
    count = """name => [...document.querySelectorAll(`rb-${name}`)].map(e => [
      [...e.children].filter(shown).filter(c => c.localName !== "style").length, deep("section, section *", e.shadowRoot).filter(shown).length])"""
    with opened(chromium, gallery(name, lang=lang)) as tab:
        assert all(still == 0 and live > 3 for still, live in tab.evaluate(count, name))
        tab.emulate_media(media="print")
        assert all(still >= 1 and live == 0 for still, live in tab.evaluate(count, name))


# --- what a page may hold ------------------------------------------------------------------------------------------
IMG = '<img class="hacked" src="x" onerror="hacked=1">'
BAD = [
    None,
    "",
    "not JSON",
    "[]",
    "null",
    "3",
    "true",
    "{",
    '{"t": null}',
    json.dumps(IMG),
    json.dumps([IMG]),
    json.dumps({IMG: IMG}),
    IMG,
]


def only_an_alert(tab, name):
    """Each element shows one line with role=alert and nothing else."""
    found = tab.evaluate(
        """name => [...document.querySelectorAll(`rb-${name}`)].map(e => {
          const section = e.shadowRoot.querySelector("section");
          const alerts = section.querySelectorAll("[role=alert]");
          return { alerts: alerts.length, nodes: section.querySelectorAll("*").length, text: section.innerText, lines: section.innerText.split("\\n").length };
        })""",
        name,
    )
    for one in found:
        assert one["alerts"] == one["nodes"] == one["lines"] == 1 and len(one["text"]) > 20, one
        assert not re.search(r"\{\w+\}|undefined", one["text"]), one
    assert tab.evaluate("deep('.hacked').length") == 0
    assert tab.evaluate("typeof hacked") == "undefined"
    return [one["text"] for one in found]


@browser
@each_widget
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_wrong_state_is_told_in_one_line(chromium, name, lang):
    elements = [element(name, state) for state in BAD]
    with opened(chromium, page(*elements, scripts=page_scripts(name), lang=lang)) as tab:
        told = only_an_alert(tab, name)
        start = words_of("common")["bad"][lang].split("{")[0]
        assert len(told) == len(BAD) and all(text.startswith(start) for text in told)


def leaves(value, path=()):
    """The paths of everything in a state."""
    if path:
        yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(part, (*path, key))


def replaced(state, path, junk):
    """The JSON text of a state with a text of JSON at one place; None leaves the place out."""
    state = copy.deepcopy(state)
    *way, last = path
    at = state
    for key in way:
        at = at[key]
    if junk is None:
        del at[last]
        return json.dumps(state)
    at[last] = "@@"
    return json.dumps(state).replace('"@@"', junk)


JUNK = [
    None,
    "null",
    "true",
    "-1",
    "7",
    "1.5",
    "1e9",
    "1e999",
    '""',
    json.dumps(IMG),
    '"LSTMCell"',
    '"constructor"',
    "[]",
    "[null]",
    "[[]]",
    "{}",
    '{"a":null}',
]


@browser
@pytest.mark.slow
@each_widget
def test_no_wrong_value_breaks_a_page(chromium, name):
    """Junk in every place of a state: it is drawn, or told in one line, and no script fails."""
    with opened(chromium, page(element(name, "{}"), scripts=page_scripts(name))) as tab:
        for state in list(states(name).values())[:2]:
            paths = sorted(leaves(state), key=len)
            first = [p for p in paths if len(p) == 1]
            rest = [p for p in paths if len(p) > 1]
            # From deep inside a sample: a hundred inputs break in one way.
            rest = rest[:: max(1, len(rest) // 25)]
            cases = [(path, junk, replaced(state, path, junk)) for path in first + rest for junk in JUNK]
            found = tab.evaluate(
                """async ([name, texts]) => {
                  const e = document.querySelector(`rb-${name}`);
                  const wrong = [];
                  for (const [n, text] of texts.entries()) {
                    failures.length = 0;
                    e.dataset.state = text;
                    if (n % 50 === 0) await frames(1);
                    const section = e.shadowRoot.querySelector("section");
                    const alerts = section.querySelectorAll("[role=alert]").length;
                    const all = section.querySelectorAll("*").length;
                    const said = section.textContent.match(/NaN|undefined|Infinity|\\[object/)?.[0];
                    if (failures.length) wrong.push([n, failures[0]]);
                    else if (alerts > 1 || (alerts && all > 1)) wrong.push([n, `${alerts} alerts`]);
                    else if (!alerts && all < 3) wrong.push([n, "empty"]);
                    else if (!alerts && said) wrong.push([n, `draws ${said}`]);
                    if (deep(".hacked").length) wrong.push([n, "makes an element"]);
                  }
                  return wrong;
                }""",
                [name, [text for *_, text in cases]],
            )
            told = [f"{'.'.join(map(str, cases[n][0]))} = {cases[n][1]}: {what}" for n, what in found]
            assert not told, "\n".join(told)
            # And it comes back.
            tab.evaluate(
                "([name, text]) => { document.querySelector(`rb-${name}`).dataset.state = text }",
                [name, json.dumps(state)],
            )
            assert tab.locator(f"rb-{name} section [role=alert]").count() == 0
        assert tab.evaluate("typeof hacked") == "undefined"


# --- for everybody -------------------------------------------------------------------------------------------------
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def axe():
    """The script of axe-core, from a package: nothing is asked of the network."""
    return pytest.importorskip("axe_playwright_python.base").AXE_FILE_PATH.read_text("utf-8")


def violations(tab, axe):
    """What axe-core finds wrong, one line for each."""
    tab.evaluate(axe)
    looked, found = tab.evaluate(
        """async tags => {
          const found = await axe.run(document, {
            runOnly: { type: "tag", values: tags }, rules: { "target-size": { enabled: true } }, resultTypes: ["violations"],
          });
          const lines = found.violations.flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${v.help}: ${n.target} ${n.failureSummary.split("\\n").at(-1).trim()}`));
          return [found.passes.length, lines];
        }""",
        TAGS,
    )
    assert looked > 8, "axe-core has hardly looked at anything"
    return found


@browser
@each_widget
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_wrong(chromium, axe, name, theme, width):
    with opened(chromium, gallery(name, theme), width=width, theme=theme) as tab:
        tab.evaluate("unfold()")
        if width < 600:  # once with what opens, and once with what it covers
            open_what_opens(tab)
        found = violations(tab, axe)
        assert not found, "\n".join(found)


PALE = """root => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const read = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [[r, g, b], a / 255];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return deep(`${root} svg text, ${root} svg tspan`).filter(shown).flatMap((e) => {
    if (![...e.childNodes].some((node) => node.nodeType === 3 && node.data.replace("\\u200b", "").trim())) return [];
    const style = getComputedStyle(e);
    const [paper] = read(style.getPropertyValue("--gs-paper"));
    let [ink, alpha] = read(style.fill);
    alpha *= style.fillOpacity;
    for (let p = e; p; p = p.parentElement) alpha *= getComputedStyle(p).opacity;
    const [low, high] = [light(paper), light(ink.map((v, k) => v * alpha + paper[k] * (1 - alpha)))].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    return contrast < 4.5 ? [`${describe(e)} ${contrast.toFixed(2)}`] : [];
  });
}"""


@browser
@each_widget
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_of_drawings_have_contrast(chromium, name, theme):
    """On the page's paper. axe-core does not know what lies behind a text of SVG, and says nothing."""
    with opened(chromium, gallery(name, theme), theme=theme) as tab:
        assert tab.evaluate(PALE, "section.rb") == []
        assert tab.evaluate("deep('section.rb svg text').filter(shown).length") > 10


@browser
@each_widget
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_still_figure(chromium, axe, name, theme):
    stills = [widget.still() for widget in WIDGETS[name].gallery().values()]
    with opened(chromium, page(*stills, scripts={}, theme=theme), theme=theme) as tab:
        found = violations(tab, axe)
        assert not found, "\n".join(found)


def open_what_opens(tab):
    """Press the first thing of each widget that says it opens something."""
    tab.evaluate(
        """async () => {
          for (const section of deep("section.rb")) deep("[aria-expanded=false]", section)[0]?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
          await frames();
        }"""
    )


SMALL = """controls(document).filter(e => {
  if (e.type === "checkbox" || e.type === "radio") e = e.closest("label") ?? e;
  const box = e.getBoundingClientRect();
  return box.height < 43.99 || (e.type !== "range" && box.width < 43.99);
}).map(describe)"""


@browser
@each_widget
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_controls_are_large_enough_for_a_finger(chromium, name, lang, width):
    with opened(chromium, gallery(name, lang=lang), width=width) as tab:
        assert tab.evaluate("controls(document).length") >= 3
        assert tab.evaluate(SMALL) == []
        tab.evaluate("unfold()")
        assert tab.evaluate(SMALL) == []
        open_what_opens(tab)
        assert tab.evaluate(SMALL) == []


@browser
@each_widget
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(chromium, name, lang, width):
    wide = """() => {
      const room = document.documentElement.clientWidth;
      const sticks = deep("section.rb *").filter(e => {
        const box = e.getBoundingClientRect();
        if (!shown(e) || !box.width || (box.right <= room + 1 && box.left >= -1) || e.closest(".hide")) return false;
        for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible" && p.localName !== "svg") return false;
        return true;
      });
      return [document.documentElement.scrollWidth > room ? `the page is ${document.documentElement.scrollWidth} px wide` : null, ...sticks.slice(0, 5).map(describe)].filter(Boolean);
    }"""
    with opened(chromium, gallery(name, lang=lang), width=width) as tab:
        assert tab.evaluate(wide) == []
        tab.evaluate("unfold()")
        open_what_opens(tab)
        assert tab.evaluate(wide) == []


@browser
@each_widget
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_takes_the_focus_has_a_name(chromium, name, lang):
    """As the browser tells it to a screen reader."""
    with opened(chromium, gallery(name, lang=lang)) as tab:
        tab.evaluate("unfold()")
        open_what_opens(tab)
        session = tab.context.new_cdp_session(tab)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        focusable = [
            node
            for node in nodes
            if any(p["name"] == "focusable" and p["value"]["value"] for p in node.get("properties", []))
            and node["role"]["value"] != "RootWebArea"
        ]
        assert len(focusable) >= 3
        nameless = [
            node["role"]["value"] for node in focusable if not str(node.get("name", {}).get("value", "")).strip()
        ]
        assert nameless == []
        # And what is pressed is told as a control, not as a group of shapes.
        assert not {node["role"]["value"] for node in focusable} & {"generic", "none", "GenericContainer"}


@browser
@each_widget
def test_reduced_motion_means_none(chromium, name):
    moving = """() => deep("section.rb, section.rb *").filter(e => {
      const style = getComputedStyle(e);
      return style.transitionDuration.split(",").some(d => parseFloat(d) > 0) || style.animationName !== "none" || style.scrollBehavior === "smooth";
    }).map(describe)"""
    with opened(chromium, gallery(name), motion="reduce") as tab:
        tab.evaluate("unfold()")
        open_what_opens(tab)
        assert tab.evaluate(moving) == []


# --- use it --------------------------------------------------------------------------------------------------------
@browser
@pytest.mark.slow
@each_widget
def test_every_control_can_be_used(chromium, name):
    """Each is pressed or moved to its ends: no script fails, no text is broken, the focus is not lost."""
    use = """async () => {
      const wrong = new Set();
      const watch = async (section, what) => {
        const root = section.getRootNode();
        await null;
        if (!root.activeElement) await frames(); // a widget may give the focus on after it is drawn
        if (failures.length) wrong.add(`${what}: ${failures.splice(0)[0]}`);
        if (section.querySelector("[role=alert]")) wrong.add(`${what}: ${section.textContent}`);
        const broken = section.textContent.match(/.{0,20}(NaN|undefined|Infinity|\\[object|\\{\\w+\\}).{0,20}/);
        if (broken) wrong.add(`${what}: says ${broken[0]}`);
        if (!root.activeElement) wrong.add(`${what}: the focus is lost`);
      };
      for (const section of deep("section.rb")) {
        for (const e of section.querySelectorAll("details")) e.open = true;
        await frames();
        const done = new Set();
        // What a control brings up is used too, three rounds of it.
        for (let round = 0; round < 3; round++)
          for (const e of controls(section)) {
            await frames(1);
            if (done.has(e) || !e.isConnected) continue;
            done.add(e);
            const what = describe(e);
            e.focus();
            if (e.localName === "select") {
              for (const option of [...e.options].filter((o) => !o.disabled && !o.hidden).map((o) => o.value)) {
                // As from a hand: what is chosen already, or is gone, brings no event.
                if (e.value === option || ![...e.options].some((o) => o.value === option)) continue;
                e.value = option;
                e.dispatchEvent(new Event("change", { bubbles: true }));
                await watch(section, `${what} = ${option}`);
              }
            } else if (e.localName === "input" && e.type === "range") {
              for (const value of [e.max, e.min, (+e.min + +e.max) / 2]) {
                if (!e.isConnected) break;
                e.value = value;
                e.dispatchEvent(new Event("input", { bubbles: true }));
                await watch(section, `${what} = ${value}`);
              }
            } else if (e.localName === "button" || e.getAttribute("role") === "button") {
              for (let n = 0; n < 3 && e.isConnected; n++) {
                e.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
                await watch(section, what);
              }
            }
          }
      }
      return [...wrong];
    }"""
    with opened(chromium, gallery(name)) as tab:
        wrong = tab.evaluate(use)
        assert not wrong, "\n".join(wrong)


@browser
@each_widget
def test_arrows_step(chromium, name):
    """Right and left undo each other; with another key held they belong to the browser."""
    with opened(chromium, gallery(name)) as tab:
        for n in range(tab.locator(f"rb-{name}").count()):
            host = tab.locator(f"rb-{name}").nth(n)
            host.locator("button:visible").first.focus()

            def state(host=host):
                return host.evaluate("e => JSON.stringify(e.store.get())")

            start = state()
            for pressed in ("Control+ArrowRight", "Alt+ArrowRight", "Meta+ArrowRight", "q"):
                host.locator("button:visible").first.press(pressed)
                assert state() == start, pressed
            # At its end a widget has no next step.
            for there, back in (("ArrowRight", "ArrowLeft"), ("ArrowLeft", "ArrowRight")):
                tab.keyboard.press(there)
                if state() != start:
                    tab.keyboard.press(back)
                    assert state() == start, there
                    break
            else:
                raise AssertionError(f"number {n}: no arrow changes anything")


@browser
@each_widget
def test_tab_reaches_every_control_and_shows_where_it_is(chromium, name):
    first = next(iter(WIDGETS[name].gallery().values())).to_html()
    with opened(chromium, page(first, scripts=page_scripts(name))) as tab:
        tab.evaluate("unfold()")
        tab.evaluate("() => { globalThis.waiting = new Set(controls(document)) }")
        seen = set()
        for _ in range(tab.evaluate("waiting.size") + 2):
            tab.keyboard.press("Tab")
            kind, box = tab.evaluate(
                """() => {
                  const e = globalThis.at = focused();
                  if (!waiting.delete(e)) return [null, null];
                  e.scrollIntoView({ block: "center" });
                  const b = e.getBoundingClientRect();
                  return [`${e.localName}.${e.getAttribute("class")}.${e.type}`, { x: b.x - 6, y: b.y - 6, width: b.width + 12, height: b.height + 12 }];
                }"""
            )
            if kind is None or kind in seen:
                continue
            # One of each kind is looked at: with the focus it is another picture.
            seen.add(kind)
            with_focus = tab.screenshot(clip=box)
            tab.evaluate("at.blur()")
            assert with_focus != tab.screenshot(clip=box), f"{kind}: nothing shows the focus"
            tab.evaluate("at.focus()")
        assert tab.evaluate("[...waiting].map(describe)") == []


@browser
@each_widget
def test_the_page_speaks_its_language(chromium, name):
    for lang in LANGUAGES:
        with opened(chromium, gallery(name, lang=lang)) as tab:
            section = tab.locator(f"rb-{name} section").first
            assert section.get_attribute("lang") == lang
            assert section.get_attribute("aria-label").startswith(words_of(name)["title"][lang])
            assert bool(re.search(r"[가-힣]", section.inner_text())) is (lang == "ko")


@browser
@each_widget
def test_texts_have_their_values(chromium, name):
    for lang in LANGUAGES:
        with opened(chromium, gallery(name, lang=lang)) as tab:
            tab.evaluate("unfold()")
            said = tab.evaluate(
                """() => deep("section.rb").flatMap(e => [e.textContent, ...deep("[aria-label], [aria-valuetext], title", e).map(d =>
                  `${d.getAttribute("aria-label")} ${d.getAttribute("aria-valuetext")} ${d.getAttribute("title")}`)])"""
            )
            assert len(said) > 3
            assert not [t for t in said if re.search(r"\{\w+\}|undefined|NaN|Infinity|\[object", t)]


# --- the host ------------------------------------------------------------------------------------------------------
@browser
def test_what_a_page_changes_is_drawn_in_place(chromium, tiny):
    """Nodes stay, and with them the focus; the order follows the state."""
    Tiny, scripts = tiny
    with opened(chromium, page(Tiny(items=["a", "b", "c"]).to_html(), scripts=scripts)) as tab:
        texts = tab.locator("rb-tiny section p")
        tab.evaluate("deep('[aria-label=c]')[0].mine = true")
        step = tab.locator("rb-tiny section").get_by_role("button", name="Step")
        step.focus()
        tab.keyboard.press("Enter")
        assert texts.all_text_contents() == ["hello", "item 3", "a", "b", "c"]
        assert tab.evaluate("deep('[aria-label=c]')[0].mine") is True
        assert step.evaluate("e => e.getRootNode().activeElement === e")
        undo = tab.locator("rb-tiny section").get_by_role("button", name="Undo")
        for _ in range(6):
            undo.click(force=True)  # at the last one it is aria-disabled, which a reader's finger does not know
        assert texts.all_text_contents() == ["hello"]
        # It says that there is nothing to undo, and keeps the focus.
        assert undo.get_attribute("aria-disabled") == "true"
        assert undo.evaluate("e => e.getRootNode().activeElement === e")


@browser
def test_a_new_state_in_the_attribute_is_drawn(chromium, tiny):
    Tiny, scripts = tiny
    with opened(chromium, page(Tiny().to_html(), scripts=scripts)) as tab:
        texts = tab.locator("rb-tiny section p")
        give = "text => { document.querySelector('rb-tiny').setAttribute('data-state', text) }"
        for state, wanted in (
            ({"text": "one", "items": ["two"]}, ["one", "two"]),
            ({"text": "three", "items": []}, ["three"]),
        ):
            tab.evaluate(give, json.dumps(state))
            assert texts.all_text_contents() == wanted
        tab.evaluate(give, "{")
        assert "data-state is not readable JSON" in only_an_alert(tab, "tiny")[0]
        # Taken out of the page and put elsewhere it still works.
        tab.evaluate(give, Tiny(text="moved").to_html().split('"')[1].replace("&quot;", '"'))
        tab.evaluate("() => { const e = document.querySelector('rb-tiny'); e.remove(); document.body.append(e) }")
        assert texts.all_text_contents() == ["moved"]


@browser
@pytest.mark.parametrize(
    ("host", "name", "value"),
    [
        ("html", "data-theme", "dark"),
        ("body", "data-jp-theme-light", "false"),
        ("html", "theme", "dark"),
        ("body", "class", "vscode-dark"),
    ],
)
def test_outside_of_the_book_the_colours_follow_the_theme(chromium, tiny, host, name, value):
    Tiny, scripts = tiny
    loaded = "".join(f"<script>{text}</script>" for text in scripts.values())
    text = f"<!doctype html><html><title>notebook</title><body>{Tiny().to_html()}{loaded}</body></html>"
    colour = "() => getComputedStyle(document.querySelector('rb-tiny').shadowRoot.querySelector('p')).color"
    with opened(chromium, text) as tab:

        def rgb(hexadecimal):
            return tab.evaluate(
                "c => { const e = document.createElement('p'); e.style.color = c; document.body.append(e); const said = getComputedStyle(e).color; e.remove(); return said }",
                hexadecimal,
            )

        light, dark = (rgb(PALETTE[theme]["f"]) for theme in ("light", "dark"))
        assert light != dark and tab.evaluate(colour) == light
        tab.evaluate(f"document.querySelector('{host}').setAttribute('{name}', '{value}')")
        tab.wait_for_function(f"({colour})() === '{dark}'")
        tab.evaluate(f"document.querySelector('{host}').removeAttribute('{name}')")
        tab.wait_for_function(f"({colour})() === '{light}'")


# --- can these tests see? ------------------------------------------------------------------------------------------
@browser
def test_the_tests_for_everybody_can_see(chromium, axe, tiny):
    """A widget that does it all wrong."""
    Tiny, scripts = tiny
    fault = """<div class="fault"><svg><text y="9" fill="#999">pale</text><text y="9">dark</text><text y="9" opacity=".4">thin</text></svg></div>
      <p style="color:#ccc">pale</p><button style="width:20px;height:20px"></button><div tabindex="0">x</div>
      <div style="width:3000px">wide</div><p style="transition:color 1s">moving</p>"""
    with opened(chromium, page(fault, scripts={}), width=390) as tab:
        found = "\n".join(violations(tab, axe))
        assert "color-contrast" in found and "button-name" in found
        assert [entry.split('"')[1] for entry in tab.evaluate(PALE, ".fault")] == ["pale", "thin"]
        small = tab.evaluate(SMALL)
        assert [entry.split()[0] for entry in small] == ["button", "div"]


def test_a_browser_that_is_missing_fails_where_tests_must_prove(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        unavailable("no browser")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception):
        unavailable("no browser")
