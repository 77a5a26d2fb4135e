"""How many bytes a reader's browser gets for each page of the built book.

    python scripts/page_weight.py

A page, its style sheets, its scripts and the images that it shows at once, as GitHub Pages sends
them: text is compressed, pictures are as they are. Files that two pages share count for both, as for
a reader who comes to one page first. Lazy images come while the reader scrolls.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import screenshots
from bs4 import BeautifulSoup, Tag

# What GitHub Pages compresses. A notebook is not among it.
COMPRESSED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt"}
KINDS = ("page", "styles", "scripts", "images", "lazy images")


@cache
def compressed(file: Path) -> bytes:
    """Give a file as it travels."""
    content = file.read_bytes()
    return gzip.compress(content, 6, mtime=0) if file.suffix in COMPRESSED else content


def _hidden(image: Tag) -> bool:
    """Say whether an image is for the dark theme; a lazy one is then not asked for in the light theme."""
    return any("only-dark" in part.get("class", []) for part in (image, *image.parents))


def requested(document: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Name what a page asks for, without fonts and what its scripts may ask for later."""
    for link in document.select("link[rel~=stylesheet][href]"):
        yield "styles", link["href"]
    for script in document.select("script[src]"):
        yield "scripts", script["src"]
    for image in document.select("img[src]"):
        lazy = image.get("loading") == "lazy"
        if not (lazy and _hidden(image)):
            yield "lazy images" if lazy else "images", image["src"]


def weigh(page: Path) -> dict[str, int]:
    """Count the bytes of one page by kind; a file that is named twice travels once."""
    files = {page: "page"}
    for kind, address in requested(BeautifulSoup(page.read_bytes(), "html.parser")):
        parts = urlsplit(address)
        if not parts.scheme and not parts.netloc:  # not `data:`, which is in the page already
            files.setdefault((page.parent / unquote(parts.path)).resolve(), kind)
    return {kind: sum(len(compressed(file)) for file, its in files.items() if its == kind) for kind in KINDS}


def main() -> int:
    """Print the table, the heaviest page first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=screenshots.SITE, help="the folder of the built book")
    site = parser.parse_args().site
    weights = {page.relative_to(site).as_posix(): weigh(page) for page in sorted(site.glob("book/**/*.html"))}
    if not weights:
        print("The book is not built. First: make book", file=sys.stderr)
        return 1
    width = max(map(len, weights))
    print(f"{'kB, compressed':{width}}", *(f"{kind:>11}" for kind in (*KINDS, "at once")))
    for name, weight in sorted(weights.items(), key=lambda entry: -sum(entry[1].values())):
        at_once = sum(weight.values()) - weight["lazy images"]
        print(f"{name:{width}}", *(f"{number / 1000:11.1f}" for number in (*weight.values(), at_once)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
