"""Draw the book's icon and logo into book/_static.

    python scripts/icons.py

The icon is one time step of a memory that is kept: the forget gate is open, a ring, and the input
gate below it is shut, a line. The logo is six such steps. At the third the two change places, something
is written, and the memory below is full from there on. Pictures of the icon are made with Chromium, for
what cannot read an SVG: on a dark tile, so that they can be seen on any ground.
"""

from pathlib import Path

import screenshots

from rnnbook.plots import PALETTE

FOLDER = Path(__file__).resolve().parent.parent / "book" / "_static"
MARK = (
    '<circle class="f" cx="16" cy="11.5" r="9" stroke-width="4"/>'
    '<path class="i" d="M5 28h22" stroke-width="4" stroke-linecap="round"/>'
)
# Pixels, how much of the tile's corners is cut off, and the share of the tile that the icon takes.
# Phones cut the corners themselves, and some cut out a circle.
PICTURES = {"favicon-32.png": (32, 6, 0.8), "apple-touch-icon.png": (180, 0, 0.66)}


def icon() -> str:
    """Draw the icon for light and for dark windows."""
    light, dark = (f".f{{stroke:{tints['f']}}}.i{{stroke:{tints['i']}}}" for tints in PALETTE.values())
    style = f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none">{style}{MARK}</svg>\n'


def tile(corner: int, share: float) -> str:
    """Draw the icon on dark ground that fills its square."""
    tints = PALETTE["dark"]
    style = f"<style>.f{{stroke:{tints['f']}}}.i{{stroke:{tints['i']}}}</style>"
    ground = f'<rect width="32" height="32" rx="{corner}" fill="{tints["paper"]}"/>'
    mark = f'<g transform="translate(16 16) scale({share}) translate(-16 -16.25)">{MARK}</g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none">{style}{ground}{mark}</svg>'


def logo(tints: dict[str, str], steps: int = 6, written: int = 2) -> str:
    """Draw gates and memory of a latch in one theme's colours."""
    pitch, radius = 22, 7.25
    first, last = radius + 1.5, radius + 1.5 + (steps - 1) * pitch
    parts = []
    for step in range(steps):
        x = first + step * pitch
        for name, y, is_open in (("f", 9, step != written), ("i", 27, step == written)):
            ring = f'<circle cx="{x:g}" cy="{y}" r="{radius:g}" stroke="{tints[name]}"/>'
            line = f'<path d="M{x - radius:g} {y}h{2 * radius:g}" stroke="{tints[name]}"/>'
            parts.append(ring if is_open else line)
    start, end, middle = first - radius, last + radius, first + written * pitch
    parts.append(f'<path d="M{start:g} 41H{middle:g}" stroke="{tints["line"]}"/>')
    parts.append(f'<path d="M{middle:g} 41H{end:g}" stroke="{tints["c"]}" stroke-width="4.5"/>')
    size = f'width="{end + 1.5:g}" height="44" viewBox="0 0 {end + 1.5:g} 44"'
    words = 'role="img" aria-label="Gates of a memory: at the third of six steps something is written and then kept"'
    start_tag = f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="none" stroke-width="2.75" {words}>'
    return start_tag + "".join(parts) + "</svg>\n"


def pictures() -> dict[str, bytes]:
    """Draw the icon's PNGs."""
    made = {}
    with screenshots.browser() as browser:
        for name, (pixels, corner, share) in PICTURES.items():
            tab = browser.new_page(viewport={"width": pixels, "height": pixels})
            tab.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{tile(corner, share)}")
            made[name] = tab.screenshot(omit_background=True)
            tab.close()
    return made


def main() -> None:
    """Write all files."""
    (FOLDER / "favicon.svg").write_text(icon(), "utf-8")
    for theme, tints in PALETTE.items():
        (FOLDER / f"logo-{theme}.svg").write_text(logo(tints), "utf-8")
    for name, content in pictures().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
