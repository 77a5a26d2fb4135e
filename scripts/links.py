"""Check the links of the built site.

    python scripts/links.py              # those within the site: a broken one is an error
    python scripts/links.py --elsewhere  # also ask every other address, and list what does not answer

Links elsewhere never make it fail: a publisher's server that rests tonight is no fault of the book.
It needs the built book (`make book`) and Python alone.
"""

import argparse
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
# Launch and issue buttons: tests hold their form, and to ask them would start things.
BUTTONS = ("https://mybinder.org/", "https://colab.research.google.com/", "/issues/new?")


class Page(HTMLParser):
    """Collects what a page links and what in it can be linked."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag != "base":  # where links begin is no link
            self.links += [values[key] for key in ("href", "src") if values.get(key)]


def read(site):
    """Give every page of the book, without JupyterLite's and the theme's templates."""
    apart = {"lite", "_static"}
    files = [path for path in sorted(site.rglob("*.html")) if path.relative_to(site).parts[0] not in apart]
    return {path: Page(path.read_text("utf-8")) for path in files}


def broken_within(pages, site):
    """List the links that lead to no file of the site, or to no place on its page."""
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            name = unquote(parts.fragment)
            if not target.is_file():
                found.append(f"{path.relative_to(site)}: there is no {link}")
            elif name and target in pages and name not in pages[target].anchors:
                found.append(f"{path.relative_to(site)}: {link} has no such place")
    return sorted(set(found))


def addresses_elsewhere(pages):
    """Give each other address once, with a page that links it."""
    found = {}
    for path, page in pages.items():
        for link in page.links:
            address = urldefrag(link).url
            if link.startswith(("http://", "https://")) and not any(button in link for button in BUTTONS):
                found.setdefault(address, path)
    return found


def ask(address):
    """Say what is wrong with an address, or None. Who does not let programs in is taken to be there."""
    for method in ("HEAD", "GET"):
        request = urllib.request.Request(address, method=method, headers={"User-Agent": "Mozilla/5.0 (link check)"})
        try:
            with urllib.request.urlopen(request, timeout=20):
                return None
        except urllib.error.HTTPError as error:
            if error.code in (401, 403, 429):
                return None
            problem = f"answers {error.code}"
        except (OSError, ValueError) as error:
            problem = f"does not answer: {error}"
    return problem


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", nargs="?", type=Path, default=SITE)
    parser.add_argument("--elsewhere", action="store_true", help="also ask every other address")
    arguments = parser.parse_args()
    site = arguments.site.resolve()
    pages = read(site)
    if not pages:
        raise SystemExit(f"There is no page in {site}: make book")
    broken = broken_within(pages, site)
    print(f"{len(pages)} pages: {len(broken)} broken links within the site", *broken, sep="\n  ")
    if arguments.elsewhere:
        found = addresses_elsewhere(pages)
        with ThreadPoolExecutor(8) as pool:
            answers = dict(zip(found, pool.map(ask, found), strict=True))
        silent = [f"{address} {answers[address]} ({found[address].name})" for address in found if answers[address]]
        print(f"{len(found)} addresses elsewhere: {len(silent)} to look at", *silent, sep="\n  ")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
