"""Chromium for tests: one browser for a module of tests, and pages that watch for what goes wrong."""

import os
from contextlib import contextmanager

import pytest

pytest.importorskip("playwright")
import screenshots


def unavailable(reason):
    """Where tests are to prove something, a browser that is not there proves nothing."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def chromium():
    """A running Chromium."""
    if not screenshots.chromium():
        unavailable("Chromium is not installed")
    with screenshots.browser() as browser:
        yield browser


@contextmanager
def opened(browser, address, *, width=1280, theme="light", motion="reduce", allowed=()):
    """Open an address (or a text of HTML) in a fresh context.

    On leaving, no script may have failed, no request either, and none gone to a host that is not `allowed`.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion=motion, permissions=[]
    )
    tab = context.new_page()
    problems = []
    tab.on("pageerror", lambda error: problems.append(f"error of a script: {error}"))
    tab.on("console", lambda m: m.type == "error" and problems.append(f"error on the console: {m.text}"))
    tab.on("requestfailed", lambda r: problems.append(f"request failed: {r.url} {r.failure}"))

    def asked(request):
        if not request.url.startswith(("file:", "data:", "blob:", "about:", *allowed)):
            problems.append(f"asks another host: {request.url}")

    tab.on("request", asked)
    try:
        if address.lstrip().startswith("<"):  # a text of its own says its theme itself
            tab.set_content(address, wait_until="load")
        else:
            tab.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
            tab.goto(address, wait_until="load")
        yield tab
        assert problems == []
    finally:
        context.close()
