"""How fast the character model writes in the page, and what it weighs. Prints medians; nothing is asserted.

    python scripts/writer_timing.py
    python scripts/writer_timing.py --weights some.npz

Without trained weights (book/data/10-shakespeare.npz) it takes random ones of the same size. Two speeds: of the
model alone, and of the page, which draws after each character and waits between two so that they can be followed.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
from pathlib import Path

import numpy as np
import screenshots
import widget_gallery

import rnnbook as rb
from rnnbook.data import Vocabulary
from rnnbook.widgets import Writer
from rnnbook.widgets.modules import page_scripts

WEIGHTS = screenshots.ROOT / "book" / "data" / "10-shakespeare.npz"
HIDDEN, LETTERS, CHARACTERS, TIMES, SECONDS = 224, 65, 500, 7, 5

_MODEL = """([count, times]) => {
  const { decoded, netOf } = globalThis.rnnbook.carried;
  const { read, probabilities, pick, draw } = globalThis.rnnbook.writer;
  const { weights } = document.querySelector("rb-writer").store.get();
  const took = (f) => {
    const start = performance.now();
    f();
    return performance.now() - start;
  };
  const decode = [], write = [];
  for (let n = 0; n < times; n++) {
    decode.push(took(() => decoded(weights)));
    write.push(took(() => {
      let text = "", run = null;
      for (let k = 0; k < count; k++) {
        run = read(netOf(weights), text, run);
        text += weights.tokens[pick(probabilities(run, 0.8, null), draw(n, k))];
      }
    }));
  }
  return [decode, write];
}"""


def random_model() -> Writer:
    """A model of the size that the book has, which has learned nothing."""
    rng = np.random.default_rng(0)
    letters = Vocabulary([chr(33 + k) for k in range(LETTERS)])
    layers = {"gru": rb.Recurrent(rb.GRUCell(LETTERS, HIDDEN, rng=rng)), "out": rb.Dense(HIDDEN, LETTERS, rng=rng)}
    return Writer(rb.Sequential(**layers), letters, about="Random weights.")


def packed(text: str) -> int:
    """Bytes of a text, compressed."""
    return len(gzip.compress(text.encode(), 9))


def main() -> int:
    """Print the table; the exit status is 1 if there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    if not screenshots.chromium():
        print("This needs Chromium", file=sys.stderr)
        return 1
    writer = Writer.load(options.weights) if options.weights.exists() else random_model()
    scripts = page_scripts("writer")
    with screenshots.browser() as running:
        tab = running.new_context(reduced_motion="no-preference").new_page()
        tab.set_content(widget_gallery.page({"": writer.to_html()}, scripts))
        decode, write = tab.evaluate(_MODEL, [CHARACTERS, TIMES])
        tab.get_by_role("slider", name="Unit").fill("0")  # colours the text, which takes the longest
        tab.get_by_role("button", name="Write on", exact=True).click()
        tab.wait_for_timeout(1000 * SECONDS)
        shown = len(tab.locator("rb-writer textarea").input_value())
    own = packed(writer.to_html())
    rest = {name: packed(text) for name, text in scripts.items()}
    print(f"{writer.weights['kind']}, {writer.hidden_size} units, {writer.num_parameters:,} weights")
    print(f"decoding: median {statistics.median(decode):.0f} ms, {TIMES} times")
    speeds = sorted(1000 * CHARACTERS / ms for ms in write)
    print(f"model: median {statistics.median(speeds):.0f} characters a second, {speeds[0]:.0f} to {speeds[-1]:.0f}")
    print(f"page: {shown / SECONDS:.0f} characters a second, with a unit along the text")
    print(f"compressed: element {own / 1000:.1f} kB, writer.js {rest['writer.js'] / 1000:.1f} kB,", end=" ")
    print(f"all of its scripts {sum(rest.values()) / 1000:.1f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
