"""Look at every built page in a real browser: light and dark, on a desk and on a phone.

    python scripts/screenshots.py some/folder

It opens the pages as files, the way a reader may, writes one picture for each page and look, and
lists what is wrong: see `visit`, which tests use too. It needs Chromium and the built book (`make book`).
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
# The phone comes first, because a page is opened in the first look: when it is opened the theme lets the tab key reach
# the blocks that scroll, and after a turn it does so only when some time has passed.
LOOKS = {
    "phone": ("light", 390),
    "phone-dark": ("dark", 390),
    "light": ("light", 1280),
    "dark": ("dark", 1280),
}
# Folders of the site whose pages no reader of the book meets: parts of the theme, logs, and JupyterLite,
# which is another program.
NO_PAGES = {"_static", "_sources", "reports", "lite"}

# What a reader with a screen reader or a keyboard needs: WCAG 2.2, levels A and AA.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# Once for each page: what does not depend on the theme or on the width.
_CONTENT = """async () => {
  const broken = [], problems = [];
  const images = [...document.images];
  for (const image of images) image.loading = 'eager'; // those further down too
  await document.fonts.ready;
  await Promise.all(images.map(async (image) => {
    const name = image.src.startsWith('data:') ? image.src.slice(0, 40) : image.src.split('/').pop();
    await image.decode().catch(() => broken.push(`broken image: ${name}`));
    if (!image.hasAttribute('alt')) problems.push(`image without alt: ${name}`);
    else if (!image.alt.trim() && image.closest('article')) problems.push(`image without a text: ${name}`);
    if (!image.hasAttribute('width') || !image.hasAttribute('height')) problems.push(`image without a size: ${name}`);
  }));
  const equations = document.querySelectorAll('mjx-merror, [data-mjx-error]').length;
  if (equations) broken.push(`${equations} equations cannot be read by MathJax`);
  // Headings that are met on the screen: the theme has a title for print alone, and a fold can be opened.
  const main = document.querySelector('main') ?? document.body;
  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter((e) => e.checkVisibility() || e.closest('details:not([open])'))
    .map((e) => ({ level: +e.localName[1], text: e.textContent.trim(), within: main.contains(e) }));
  const titles = levels.filter(({ level }) => level === 1).length;
  if (titles !== 1) problems.push(`${titles} headings of level 1`);
  let above = 0;
  for (const { level, text } of levels.filter(({ within }) => within)) {
    if (level > above + 1) problems.push(`heading of level ${level} below level ${above}: ${text}`);
    above = level;
  }
  return [broken, problems, [...document.links].map((link) => link.href)];
}"""

# Follow the theme switch, and end what still moves towards its new colour or place.
TURN = """async (theme) => {
  document.documentElement.dataset.mode = document.documentElement.dataset.theme = theme;
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  for (const moving of document.getAnimations())
    if (isFinite(moving.effect.getComputedTiming().endTime)) moving.finish();
}"""

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

# axe-core walks through every element, and nine in ten of a chapter are of two kinds that repeat each other:
# the parts of equations, which axe does not know (it looks at the label of the whole), and the coloured words of
# code. Of these the first of each colour and kind of block stays, the others become plain text of their block.
# Nothing else is left out, and what takes minutes then takes seconds.
_THIN = """() => {
  for (const glyphs of document.querySelectorAll('mjx-container svg')) glyphs.replaceChildren();
  for (const formula of document.querySelectorAll('math')) formula.replaceChildren(formula.textContent);
  const known = new Set();
  for (const word of document.querySelectorAll('pre span')) {
    const block = word.closest('.cell_input, .cell_output, .highlight, pre').className;
    const kind = [word.className, word.parentElement.className, block].join(' in ');
    if (known.has(kind)) word.replaceWith(...word.childNodes);
    else known.add(kind);
  }
  for (const block of document.querySelectorAll('pre')) block.normalize();
}"""

# A colour depends on the theme, and all other things on the width: the rules about colours are run once for each
# theme, the others once for each width. At another width in a theme that was seen, colours are looked at outside
# of the article, where the menus are that only one width has.
# `preload` would ask for all style sheets once more, which a page opened as a file may not do; it serves one rule,
# which is experimental and not run.
_AXE = """async ([tags, themeSeen, widthSeen]) => {
  const rules = axe.getRules(tags).filter((rule) => !rule.tags.includes('experimental'));
  const coloured = (rule) => rule.tags.includes('cat.color');
  const found = [];
  const run = async (context, chosen) => {
    const runOnly = { type: 'rule', values: chosen.map((rule) => rule.ruleId) };
    const { violations } = await axe.run(context, { runOnly, resultTypes: ['violations'], preload: false });
    for (const rule of violations)
      for (const node of rule.nodes) found.push(`axe: ${rule.id}: ${node.target.flat().join(' ')}`);
  };
  if (!themeSeen && !widthSeen) await run(document, rules);
  else {
    await run(themeSeen ? { exclude: ['article'] } : document, rules.filter(coloured));
    if (!widthSeen) await run(document, rules.filter((rule) => !coloured(rule)));
  }
  return found;
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


@contextmanager
def served(folder: Path = SITE) -> Iterator[str]:
    """Serve a folder on this machine, and give its address."""

    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # one connection for many files

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@cache
def axe() -> str | None:
    """Read axe-core from its package: nothing is asked of the network. None where it is not installed."""
    found = find_spec("axe_playwright_python")
    return found and (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def pages() -> list[Path]:
    """List the pages that a reader meets, the largest first, without those that only send him on."""
    found = [page for page in SITE.rglob("*.html") if page.relative_to(SITE).parts[0] not in NO_PAGES]
    found = [page for page in found if 'http-equiv="refresh"' not in page.read_text("utf-8")[:1000].lower()]
    return sorted(found, key=lambda page: (-page.stat().st_size, page))


@cache
def _anchors(page: Path) -> frozenset[str]:
    return frozenset(re.findall(r'\s(?:id|name)="([^"]+)"', page.read_text("utf-8")))


def dead_links(links: list[str], base: str, site: Path) -> list[str]:
    """Of the links that stay in a site, those whose file or place in a file is not there."""
    found = []
    for link in dict.fromkeys(links):
        if link.startswith(base):
            parts = urlsplit(link.removeprefix(base))
            target = site / unquote(parts.path)
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                found.append(f"link to a file that is not there: {link.removeprefix(base)}")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _anchors(target):
                found.append(f"link to a place that is not there: {link.removeprefix(base)}")
    return found


@contextmanager
def watched(tab, note: Callable[[str], object], allowed: tuple[str, ...] = ()) -> Iterator[None]:
    """Note what goes wrong in a tab: scripts that fail, requests that fail, and those to a host not `allowed`."""

    def asked(request):
        if not request.url.startswith(("file:", "data:", "blob:", "about:", *allowed)):
            note(f"asks another host: {request.url}")

    heard = {
        "pageerror": lambda error: note(f"error of a script: {error}"),
        "console": lambda said: (
            said.type == "error" and note(f"error on the console: {said.text} {said.location['url']}")
        ),
        "requestfailed": lambda request: note(f"request failed: {request.url} {request.failure}"),
        "response": lambda answer: answer.status >= 400 and note(f"request failed: {answer.url} {answer.status}"),
        "request": asked,
    }
    for event, listener in heard.items():
        tab.on(event, listener)
    try:
        yield
    finally:
        for event, listener in heard.items():
            tab.remove_listener(event, listener)


def visit(
    tab,
    page: Path,
    looks: Mapping[str, tuple[str, int]] = LOOKS,
    *,
    site: Path = SITE,
    base: str | None = None,
    barriers: bool = True,
    picture: Callable[[str], Path] | None = None,
) -> list[str]:
    """Open one page, turn it from look to look, and say what is wrong with it.

    The page is opened once; themes and widths change in the same tab, as under the hands of a reader.

    Parameters
    ----------
    tab : playwright.sync_api.Page
        A tab, which can be used for page after page; nothing of a page stays in it.
    page : pathlib.Path
        A file in the folder `site`.
    looks : mapping of str to (str, int)
        Names, each with a theme and a width.
    site : pathlib.Path
    base : str, optional
        The address of the site; by default that of its folder.
    barriers : bool
        Whether the text is looked at too: headings, images, links, and what axe-core finds.
    picture : callable, optional
        Gives the file for the picture of a look.

    Returns
    -------
    list of str
        The problems, each with the looks in which it was seen.
    """
    base = base or site.resolve().as_uri() + "/"
    found: dict[str, list[str]] = {}
    look = ""

    def note(problem):
        seen = found.setdefault(problem, [])
        if look not in seen:
            seen.append(look)

    def turns():
        nonlocal look
        for look, (theme, width) in looks.items():
            tab.set_viewport_size({"width": width, "height": 900})
            tab.evaluate(TURN, theme)
            yield look, theme, width

    look, (theme, width) = next(iter(looks.items()))
    tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
    tab.set_viewport_size({"width": width, "height": 900})
    with watched(tab, note, allowed=(base,)):
        tab.goto(base + page.relative_to(site).as_posix(), wait_until="load")
        shown = tab.evaluate("document.documentElement.dataset.theme")
        if shown != theme:
            note(f"shows the {shown} theme instead of {theme}")
        broken, content, links = tab.evaluate(_CONTENT)
        for problem in broken + (content + dead_links(links, base, site) if barriers else []):
            note(problem)
        for name, *_ in turns():
            for problem in tab.evaluate(_WIDE):
                note(problem)
            if picture:
                tab.screenshot(path=picture(name), full_page=True)
        if barriers:
            tab.evaluate(_THIN)
            tab.evaluate(axe())
            # The theme makes what scrolls a stop of the Tab key, .3 s after the width has changed.
            tab.set_viewport_size({"width": next(iter(looks.values()))[1], "height": 900})
            tab.wait_for_timeout(400)
            themes, widths = set(), set()
            for _, theme, width in turns():
                for problem in tab.evaluate(_AXE, [WCAG, theme in themes, width in widths]):
                    note(problem)
                themes.add(theme)
                widths.add(width)
        tab.evaluate("localStorage.clear()")
        tab.goto("about:blank")
    return [f"{problem} ({', '.join(seen)})" for problem, seen in found.items()]


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
        tab = running.new_page()
        for page in pages():
            if options.only not in page.name:
                continue
            name = "-".join(page.relative_to(SITE).with_suffix("").parts)
            for problem in visit(tab, page, picture=lambda look, name=name: options.folder / f"{name}-{look}.png"):
                count += 1
                print(f"{page.relative_to(SITE)}: {problem}")
    print(f"{count} problems; pictures in {options.folder}")
    return int(count > 0)


if __name__ == "__main__":
    raise SystemExit(main())
