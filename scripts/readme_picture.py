"""Draw the README's picture: an LSTM as a latch, its gates as openings.

    python scripts/readme_picture.py

Writes book/_images/latch-light.svg and latch-dark.svg. Nothing is trained and nothing is drawn by
hand: the weights below say what to do, and the package computes the rest.
"""

from pathlib import Path

import matplotlib
import numpy as np

from rnnbook import plots
from rnnbook.cells import LSTMCell
from rnnbook.recurrent import Recurrent

matplotlib.use("agg")
FOLDER = Path(__file__).resolve().parent.parent / "book" / "_images"

# One unit. Its inputs: the value, "write it", "show it".
cell = LSTMCell(3, 1, rng=np.random.default_rng(0), dtype=np.float64)
W, b = cell.params["W"], cell.params["b"]
cell.params["U"][...] = 0
W[...] = 0
W[cell.rows("i")], b[cell.rows("i")] = [0, 10, 0], -5  # shut, but for "write it"
W[cell.rows("f")], b[cell.rows("f")] = [0, -9, 0], 5  # open, but for "write it"
W[cell.rows("g")], b[cell.rows("g")] = [2, 0, 0], 0
W[cell.rows("o")], b[cell.rows("o")] = [0, 0, 8], -4  # shut, but for "show it"

x = np.zeros((20, 1, 3))
x[2, 0], x[9, 0] = [-1, 1, 0], [1, 1, 0]  # step 3 writes -1, step 10 writes +1
x[7, 0, 2] = x[19, 0, 2] = 1  # steps 8 and 20 show what is kept
_, _, run = Recurrent(cell).forward(x)

# What the alternative text in README.md says.
f, i, c, h = (getattr(run.trace, name)[:, 0, 0] for name in "fich")
assert [int(t) + 1 for t in np.flatnonzero(f < 0.5)] == [int(t) + 1 for t in np.flatnonzero(i > 0.5)] == [3, 10]
assert (c[2:9] < -0.7).all() and (c[9:] > 0.7).all()
assert [int(t) + 1 for t in np.flatnonzero(abs(h) > 0.5)] == [8, 20]

FOLDER.mkdir(exist_ok=True)
for name in ("light", "dark"):
    with plots.theme(name):
        ax = plots.gates(run.trace, names="fioch")
        ax.set_title("Open and shut: the gates of a latch")
        ax.figure.savefig(
            FOLDER / f"latch-{name}.svg",
            transparent=name == "dark",
            metadata=dict.fromkeys(("Date", "Creator", "Type", "Format")),
        )
