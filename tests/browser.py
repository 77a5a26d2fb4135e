"""Chromium for tests: tabs that are used again, and that watch for what goes wrong. Its fixture is in conftest.py."""

import os
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import pytest

pytest.importorskip("playwright")
import screenshots

#: For each browser, by what cannot be changed in them, the tabs that no test has open.
FREE = WeakKeyDictionary()


def unavailable(reason):
    """Where tests are to prove something, a browser that is not there proves nothing."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def new_tab(browser, stored):
    tab = browser.new_context(permissions=[]).new_page()
    if stored:
        tab.add_init_script(f"localStorage.setItem('mode', '{stored}'); localStorage.setItem('theme', '{stored}')")
    return tab


@contextmanager
def opened(browser, address, *, width=1280, theme="light", motion="reduce", allowed=()):
    """Open an address (or a text of HTML) in a tab of which nothing is left from another test but its process.

    A process for each test would cost more than most of the tests. On leaving, no script may have failed, no
    request either, and none gone to a host that is not `allowed`; a tab in which something failed is not used again.
    """
    text = address.lstrip().startswith("<")
    # A page of the book remembers its theme; a text of its own says its theme itself.
    free = FREE.setdefault(browser, {}).setdefault(None if text else theme, [])
    tab = free.pop() if free else new_tab(browser, None if text else theme)
    problems = []
    try:
        tab.emulate_media(media="screen", color_scheme=theme, reduced_motion=motion)
        tab.set_viewport_size({"width": width, "height": 900})
        with screenshots.watched(tab, problems.append, allowed):
            if text:
                tab.set_content(address, wait_until="load")
            else:
                tab.goto(address, wait_until="load")
            yield tab
        assert problems == []
        # The mouse is where it is in a new tab, and what the test left running ends. In this order: moved over an
        # empty page, it would never be said to leave an element of the next one.
        tab.mouse.move(0, 0)
        tab.goto("about:blank")
    except BaseException:
        tab.context.close()
        raise
    free.append(tab)
