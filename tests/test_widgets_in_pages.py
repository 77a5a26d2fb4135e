"""Every widget of the built book, used as a reader would, in both themes and on a phone."""

import re

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("anywidget")
import screenshots
from browser import opened, unavailable

from rnnbook.cells import CELLS
from rnnbook.plots import number
from rnnbook.recurrent import Recurrent
from rnnbook.widgets import WIDGETS
from rnnbook.widgets.modules import page_scripts

pytestmark = pytest.mark.browser

ELEMENT = re.compile(r"<rb-([a-z-]+) data-state=")
ALL = ", ".join(f"rb-{name}" for name in WIDGETS)
SITE = screenshots.SITE
USED = {page: sorted(set(ELEMENT.findall(page.read_text("utf-8")))) for page in screenshots.pages()}
PAGES = [page for page, widgets in USED.items() if widgets]
each_page = pytest.mark.parametrize("page", PAGES or [SITE / "no-page"], ids=lambda page: page.stem)


@pytest.fixture(scope="module")
def built():
    """The pages, which are opened as files: test_pages.py opens all of them over http too."""
    if not screenshots.pages():
        unavailable("the book is not built: make book")


def state(widget):
    return widget.evaluate("e => e.store.get()")


#: Widgets that are there before their chapter; a name goes when its chapter comes.
WAITING: dict[str, str] = {}


def test_every_widget_stands_on_a_page(built):
    on_pages = {name for widgets in USED.values() for name in widgets}
    assert on_pages | set(WAITING) == set(WIDGETS) and not on_pages & set(WAITING)
    assert not [chapter for chapter in WAITING.values() if (SITE / "book" / f"{chapter}.html").exists()]


@each_page
def test_a_reader_steps_forth_and_back_with_button_key_and_slider(chromium, built, page):
    with opened(chromium, page.as_uri()) as tab:
        widgets = tab.locator(ALL).all()
        assert len(widgets) == len(ELEMENT.findall(page.read_text("utf-8")))
        for widget in widgets:
            assert widget.locator("svg:visible").count() > 0
            step, undo = widget.locator("button.step"), widget.locator("button.undo")
            said = widget.locator(".say")
            if step.count():
                if step.get_attribute("aria-disabled"):  # it begins at its end
                    undo.click()
                begin, before = state(widget), said.inner_text()
                step.click()
                stepped = state(widget)
                assert stepped != begin and said.inner_text() != before
                undo.click()
                assert state(widget) == begin
                step.focus()
            else:  # it has no steps, but arrows go forth and back in it too
                assert widget.locator("button").count() > 2
                begin = state(widget)
                widget.locator("button").first.focus()
                tab.keyboard.press("ArrowRight")
                stepped = state(widget)
                assert stepped != begin
                tab.keyboard.press("ArrowLeft")
                assert state(widget) == begin
            # Left and right are those of time: one of them steps, the other takes it back.
            keys = ["ArrowRight", "ArrowLeft"]
            if widget.locator("[data-mode=backward]").count():
                keys.reverse()
            tab.keyboard.press(keys[0])
            assert state(widget) == stepped
            tab.keyboard.press(keys[1])
            assert state(widget) == begin
            sliders = widget.locator("input[type=range]:visible")
            # The path of one input is drawn on instead, and words are picked.
            assert sliders.count() or widget.get_by_role("grid").count() or widget.locator(".places button").count()
            if sliders.count():
                slider = sliders.first
                slider.focus()
                value = slider.input_value()
                tab.keyboard.press("End" if value != slider.get_attribute("max") else "Home")
                assert slider.input_value() != value and state(widget) != begin


@each_page
def test_a_widget_fits_every_screen_and_theme(chromium, built, page):
    with opened(chromium, page.as_uri()) as tab:
        for look, (theme, width) in enumerate(screenshots.LOOKS.values()):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.evaluate(screenshots.TURN, theme)
            for widget in tab.locator(ALL).all():
                step = widget.locator("button.step")
                if look == 0 and step.count():
                    (widget.locator("button.undo") if step.get_attribute("aria-disabled") else step).click()
                elif look == 0:
                    widget.locator("button").first.click()
                # The ink of the page is the ink of the widget.
                assert widget.evaluate(
                    "e => getComputedStyle(e.shadowRoot.querySelector('section')).color"
                ) == tab.evaluate("getComputedStyle(document.querySelector('article')).color")
                assert widget.evaluate("e => e.shadowRoot.querySelector('section').scrollWidth <= e.clientWidth + 1")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_gate_held_and_the_gradients_on_the_built_page(chromium, built):
    page = SITE / "book" / "gate-stepper.html"
    with opened(chromium, page.as_uri()) as tab:
        widget = tab.locator("rb-gate-stepper").first
        widget.locator("[data-gate=f]").click()
        widget.get_by_role("button", name="open", exact=True).click()
        widget.locator("[data-gate=f]").click()
        widget.get_by_role("button", name="Backward").click()
        now = state(widget)
        assert (now["hold"], now["direction"], now["t"]) == ({"f": 1}, "backward", len(now["inputs"]))
        from rnnbook.widgets import held

        cell = CELLS[now["cell"]["kind"]](len(now["inputs"][0]), 1, dtype=np.float64, params=now["cell"]["params"])
        layer = Recurrent(held(cell, now["hold"]))
        y, _, run = layer.forward(np.array(now["inputs"], float)[:, None, :])
        dy = np.zeros_like(y)
        dy[-1] = 1
        before = list(layer.walk_back(run, dy))[::-1]
        for t in range(len(y), 1, -1):
            for _ in range(3):
                widget.get_by_role("button", name="Step back").click()
            shown = widget.locator(".eq .v").all_inner_texts()
            assert [shown[0], shown[3]] == [number(before[t - 1].c.item()), number(before[t - 1].h.item())]
            widget.get_by_role("button", name="Step back").click()


@each_page
def test_a_page_loads_the_scripts_of_its_widgets_once(built, page):
    loaded = re.findall(r'<script[^>]* src="[^"]*widgets/([\w-]+\.js)', page.read_text("utf-8"))
    assert len(loaded) == len(set(loaded))
    assert set(loaded) == {script for name in USED[page] for script in page_scripts(name)}


def test_other_pages_load_none(built):
    for page, widgets in USED.items():
        if not widgets:
            assert "widgets/host.js" not in page.read_text("utf-8")


@each_page
def test_no_state_of_live_widgets_is_left_in_a_page(built, page):
    text = page.read_text("utf-8")
    assert "widget-state+json" not in text and "widget-view+json" not in text


def test_a_stepper_adds_at_most_60_kb_to_a_page(built):
    import gzip

    text = (SITE / "book" / "gate-stepper.html").read_text("utf-8")
    one = re.search(r"<rb-gate-stepper.*?</rb-gate-stepper>", text, re.S)[0]
    element = len(gzip.compress(text.encode())) - len(gzip.compress(text.replace(one, "").encode()))
    scripts = sum(len(gzip.compress(script.encode())) for script in page_scripts("gate-stepper").values())
    assert 5_000 < element + scripts < 60_000
