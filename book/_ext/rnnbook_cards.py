"""The picture that a link to a page shows where people share it.

One for each page, drawn with the book's colours: the title, and a memory over as many steps as the
book has chapters. At the step of this chapter something is written, and from then on it is kept.
A card depends on its words, the colours and this file, so a build draws only those that are new.
"""

from __future__ import annotations

import hashlib
import textwrap
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from rnnbook.plots import PALETTE

SIZE = WIDTH, HEIGHT = 1200, 630  # what the sites that show such pictures ask for
MARGIN = 72


@dataclass(frozen=True)
class Card:
    """What stands on a card; `step` of `steps` is 0 on a page that is no chapter."""

    title: str
    book: str
    step: int = 0
    steps: int = 14

    @property
    def text(self) -> str:
        """Say what the picture shows, for those who do not see it."""
        place = f"Chapter {self.step}: " if self.step else ""
        return f"{place}{self.title}. Below, gates drawn as openings over a row of time steps."


def write(card: Card, file: Path, cache: Path) -> None:
    """Put a card's picture where a page expects it, drawn now or by an earlier build."""
    made_of = repr((card, PALETTE)).encode() + Path(__file__).read_bytes()
    kept = cache / f"{hashlib.sha256(made_of).hexdigest()[:24]}.png"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(draw(card))
    picture = kept.read_bytes()
    if not file.is_file() or file.read_bytes() != picture:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)


def draw(card: Card) -> bytes:
    """Draw one card as a PNG."""
    # Here, because most builds draw none.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    tints = PALETTE["dark"]
    with rc_context({"font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=tints["paper"])
        ax = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
        ax.set_axis_off()
        _words(ax, card, tints)
        _strip(ax, card, tints)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    # A palette makes the file a third as large, and flat colours lose nothing by it.
    file = BytesIO()
    drawn = Image.frombuffer("RGBA", SIZE, canvas.buffer_rgba()).convert("RGB")
    drawn.quantize(96, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _words(ax, card: Card, tints) -> None:
    """Set the title as large as it fits, and the book's name above it."""
    top = f"Chapter {card.step}" if card.step else ""
    above = card.book if card.title != card.book else "An open textbook that runs"
    ax.text(MARGIN, 92, f"{above}  ·  {top}" if top else above, color=tints["mute"], size=19.5)
    # Letters per line that fit at a size in points, measured with the widest of the book's titles.
    for points, letters in ((48, 26), (42, 30), (36, 35)):  # noqa: B007
        if len(lines := balanced(card.title, letters)) <= 2:
            break
    ax.text(
        MARGIN, 138, "\n".join(lines), color=tints["ink"], size=points, weight="bold",
        va="top", linespacing=1.2,
    )  # fmt: skip


def balanced(words: str, letters: int) -> list[str]:
    """Break a title into as few lines as it needs, and these into about the same length."""
    lines = textwrap.wrap(words, letters, break_long_words=False)
    for shorter in range(letters - 1, 0, -1):
        narrower = textwrap.wrap(words, shorter, break_long_words=False)
        if len(narrower) > len(lines) or max(map(len, narrower)) > letters:
            break
        lines = narrower
    return lines


def _strip(ax, card: Card, tints) -> None:
    """Draw the gates of every step as openings, and the memory as a pipe that fills at one step."""
    from matplotlib.patches import Ellipse, Rectangle

    left = MARGIN + 40
    pitch = (WIDTH - MARGIN - left) / card.steps
    radius = min(26, 0.36 * pitch)
    written = card.step or 1
    rows = {"f": 392, "i": 458, "o": 524}
    for t in range(1, card.steps + 1):
        x = left + (t - 0.5) * pitch
        value = {"f": t != written, "i": t == written, "o": t == card.steps}
        for name, y in rows.items():
            # Shut still shows a slit.
            height = 2 * radius * (0.96 if value[name] else 0.02)
            ax.add_patch(Ellipse((x, y), 2 * radius, height, fill=False, lw=3.6, ec=tints[name]))
    ax.add_patch(
        Rectangle((left, 572), WIDTH - MARGIN - left, 16, fc="none", ec=tints["line"], lw=1.5)
    )
    start = left + (written - 0.5) * pitch
    ax.add_patch(Rectangle((start, 572), WIDTH - MARGIN - start, 16, fc=tints["c"], lw=0))
    for name, y in {**rows, "c": 580}.items():
        ax.text(
            MARGIN, y, name, color=tints[name], size=24, family="STIXGeneral", style="italic",
            va="center_baseline",
        )  # fmt: skip
