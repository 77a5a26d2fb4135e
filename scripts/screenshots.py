"""Look at every built page in a real browser: light, dark, and 390 px wide.

    python scripts/screenshots.py some/folder

It opens the pages as files, the way a reader may, writes one picture for each page and look, and
lists what is wrong: errors of scripts, requests that failed or went to another host, and pages
wider than the screen. It needs Chromium and the built book (`make book`). Tests use `visit` too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
LOOKS = {
    "light": ("light", 1280),
    "dark": ("dark", 1280),
    "phone": ("light", 390),
    "phone-dark": ("dark", 390),
}

# What sticks out at the right, unless it may be scrolled by itself.
_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const box = e.getBoundingClientRect();
    if (box.width && box.right > width + 1 && box.left < width) {
      let own = false;
      for (let p = e.parentElement; p; p = p.parentElement)
        if (p !== document.body && getComputedStyle(p).overflowX !== 'visible') own = true;
      if (!own) found.push(e.tagName.toLowerCase() + '.' + e.className);
    }
  }
  const what = found.slice(0, 5).join(', ') || document.documentElement.scrollWidth + ' px';
  return ['wider than the screen: ' + what];
}"""


def chromium() -> str | None:
    """Find the installed Chromium or Chrome; None is downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@contextmanager
def browser() -> Iterator:
    """Start Chromium without a window."""
    from playwright.sync_api import sync_playwright

    # No sandbox: in a container, as root, Chromium has none.
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        try:
            yield running
        finally:
            running.close()


def pages() -> list[Path]:
    """List the pages that a reader meets: those of the book, and the search."""
    return sorted(SITE.glob("book/**/*.html")) + sorted(SITE.glob("search.html"))


def visit(running, page: Path, look: str, picture: Path | None = None, width: int | None = None) -> list[str]:
    """Open one page, at the width of a look or another one, and say what is wrong with it."""
    theme, usual = LOOKS[look]
    width = width or usual
    problems: list[str] = []
    context = running.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    tab = context.new_page()

    def asked(request):
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            problems.append(f"asks another host: {request.url}")

    tab.on("pageerror", lambda error: problems.append(f"error of a script: {error}"))
    tab.on("console", lambda m: m.type == "error" and problems.append(f"error on the console: {m.text}"))
    tab.on("requestfailed", lambda r: problems.append(f"request failed: {r.url} {r.failure}"))
    tab.on("request", asked)
    tab.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    tab.goto(page.as_uri(), wait_until="load")
    if tab.locator("script[src*='mathjax']").count():
        tab.wait_for_function("window.MathJax?.startup?.promise")
        tab.evaluate("() => MathJax.startup.promise.then(() => true)")
    for image in tab.locator("img").all():
        image.evaluate("e => e.loading = 'eager'")
    shown = tab.evaluate("document.documentElement.dataset.theme")
    if shown != theme:
        problems.append(f"shows the {shown} theme instead of {theme}")
    broken = tab.locator("mjx-merror, [data-mjx-error]").count()
    if broken:
        problems.append(f"{broken} equations cannot be read by MathJax")
    problems += tab.evaluate(_WIDE)
    if picture:
        tab.screenshot(path=picture, full_page=True)
    context.close()
    return problems


def main() -> int:
    """Take all pictures; the exit status is 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", default="", help="pages whose name contains this")
    options = parser.parse_args()
    if not chromium():
        print("Chromium is missing. On Debian: sudo apt install chromium", file=sys.stderr)
        return 1
    if not pages():
        print("The book is not built. First: make book", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with browser() as running:
        for page in pages():
            if options.only not in page.name:
                continue
            for look in LOOKS:
                picture = options.folder / f"{page.stem}-{look}.png"
                for problem in visit(running, page, look, picture):
                    count += 1
                    print(f"{page.relative_to(SITE)} ({look}): {problem}")
    print(f"{count} problems; pictures in {options.folder}")
    return int(count > 0)


if __name__ == "__main__":
    raise SystemExit(main())
