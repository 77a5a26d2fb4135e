"""Show every widget in its gallery's states, light and dark, on a page and on a phone.

    python scripts/widget_gallery.py some/folder

It writes a page for each widget (open it by hand, nothing else is needed) and pictures of it taken
with Chromium, and lists errors of scripts and widgets wider than the screen. `--only gate-stepper`
takes one widget; `--lang ko` takes the Korean words.
"""

from __future__ import annotations

import argparse
import html
import sys
from pathlib import Path

import screenshots

from rnnbook.widgets import WIDGETS
from rnnbook.widgets.modules import page_scripts

CSS = screenshots.ROOT / "book" / "_static" / "book.css"


def page(elements: dict[str, str], scripts: dict[str, str], theme: str = "light", lang: str = "en") -> str:
    """Give one page, complete in itself: the book's colours, the elements by title, their scripts."""
    shown = "\n".join(f"<h2>{html.escape(title)}</h2>\n{element}" for title, element in elements.items())
    loaded = "\n".join(f"<script>\n{text}</script>" for text in scripts.values())
    return f"""<!doctype html>
<html lang="{lang}" data-theme="{theme}"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{CSS.read_text("utf-8")}
body {{ margin: 0; background: var(--gs-paper); color: var(--gs-ink); font: 15px system-ui; }}
main {{ max-width: 700px; margin: 0 auto; padding: 8px 16px 32px; }}
@media (min-width: 740px) {{ main {{ padding-inline: 0; }} }}
h2 {{ font: 600 13px system-ui; color: var(--gs-mute); margin: 28px 0 10px; }}
</style></head><body><main>
{shown}
</main>{loaded}</body></html>
"""


def gallery(name: str, theme: str = "light", lang: str = "en") -> str:
    """Give the page of one widget's states."""
    states = {title: widget.to_html() for title, widget in WIDGETS[name].gallery().items()}
    return page(states, page_scripts(name), theme, lang)


def main() -> int:
    """Write the pages and take the pictures; the exit status is 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where pages and pictures go")
    parser.add_argument("--only", choices=WIDGETS, help="one widget")
    parser.add_argument("--lang", default="en", choices=("en", "ko"))
    options = parser.parse_args()
    if not screenshots.chromium():
        print("Chromium is missing. On Debian: sudo apt install chromium", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with screenshots.browser() as running:
        tab = running.new_page()
        for name in [options.only] if options.only else WIDGETS:
            for look, (theme, width) in screenshots.LOOKS.items():
                file = options.folder / f"{name}-{look}.html"
                file.write_text(gallery(name, theme, options.lang), "utf-8")
                only = {look: (theme, min(width, 760))}
                picture = file.with_suffix(".png")
                for problem in screenshots.visit(
                    tab, file, only, site=options.folder, barriers=False, picture=lambda look, picture=picture: picture
                ):
                    count += 1
                    print(f"{name}: {problem}")
    print(f"{count} problems; pages and pictures in {options.folder}")
    return int(count > 0)


if __name__ == "__main__":
    raise SystemExit(main())
