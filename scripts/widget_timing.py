"""How long a reader waits for the gate stepper, and what it weighs. Prints medians; nothing is asserted.

    python scripts/widget_timing.py

Load: from the start of the navigation until the stepper of the built page can be pressed, over http, each time in a
fresh browser context. Step: from the press of a key to the next frame's drawing, at 100 steps and 8 units.
"""

from __future__ import annotations

import gzip
import re
import statistics
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import screenshots
import widget_gallery

import rnnbook as rb
from rnnbook.widgets import GateStepper
from rnnbook.widgets.modules import page_scripts

PAGE = "book/gate-stepper.html"
LOADS, STEPS = 15, 200

_USABLE = """() => new Promise(done => {
  const look = () => {
    const e = document.querySelector('rb-gate-stepper');
    if (e?.shadowRoot?.querySelector('button.step')) done(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""

# The press, everything that it causes, layout and style included.
_STEP = """(n) => {
  const root = document.querySelector('rb-gate-stepper').shadowRoot;
  const button = root.querySelector('button.step');
  const times = [];
  for (let k = 0; k < n; k++) {
    const start = performance.now();
    button.click();
    root.querySelector('section').getBoundingClientRect();
    times.push(performance.now() - start);
  }
  return times;
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def weight() -> tuple[int, int]:
    """Bytes, compressed, of the page's scripts for the stepper, and of one stepper's HTML."""
    scripts = sum(len(gzip.compress(text.encode())) for text in page_scripts("gate-stepper").values())
    text = (screenshots.SITE / PAGE).read_text("utf-8")
    one = re.search(r"<rb-gate-stepper.*?</rb-gate-stepper>", text, re.S)
    assert one is not None
    return scripts, len(gzip.compress(text.encode())) - len(gzip.compress(text.replace(one[0], "").encode()))


def main() -> int:
    """Print the table; the exit status is 1 if there is no browser or no book."""
    if not screenshots.chromium() or not (screenshots.SITE / PAGE).is_file():
        print("This needs Chromium, and the built book: make book", file=sys.stderr)
        return 1
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=screenshots.SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rng = np.random.default_rng(0)
    long = GateStepper(rb.LSTMCell(4, 8, rng=rng), rng.standard_normal((100, 4)), t=50)
    with screenshots.browser() as running:
        loads = []
        for _ in range(LOADS):
            context = running.new_context(viewport={"width": 1280, "height": 900})
            tab = context.new_page()
            tab.goto(f"http://127.0.0.1:{server.server_port}/{PAGE}", wait_until="commit")
            loads.append(tab.evaluate(_USABLE))
            context.close()
        tab = running.new_page()
        tab.set_content(widget_gallery.page({"long": long.to_html()}, page_scripts("gate-stepper")))
        tab.evaluate(_STEP, 20)
        tab.evaluate("document.querySelector('rb-gate-stepper').store.set({t: 50, station: 1})")
        steps = tab.evaluate(_STEP, STEPS)
    server.shutdown()
    scripts, element = weight()
    for name, values in (("load to usable", loads), ("one step, T=100, H=8", steps)):
        low, high = np.quantile(values, [0.1, 0.9])
        middle = statistics.median(values)
        print(f"{name}: median {middle:.1f} ms, 10 to 90 %: {low:.1f} to {high:.1f} ms, {len(values)} times")
    print(f"scripts: {scripts / 1000:.1f} kB, one stepper in the page: {element / 1000:.1f} kB, compressed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
