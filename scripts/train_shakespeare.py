"""Train the character model that writes in chapter 10's page, and keep it in a quarter of its size.

    .venv/bin/python scripts/train_shakespeare.py                     # writes book/data/10-shakespeare.npz
    .venv/bin/python scripts/train_shakespeare.py --text some.txt     # the text, if it is already on this machine

A GRU reads nine tenths of the tiny Shakespeare text, in order and with carried state; half of the rest chooses
nothing and is looked at while it trains, the other half is looked at once, at the end. Then each row of each matrix is
rounded to whole numbers from -127 to 127 times one factor, and the loss is measured again with what was rounded: the
rounded model is the one that the page runs. The file says all of it in its header, beside what tables of characters
reach on the same held-out text and how many of the words that it writes occur in what it read. Some ten minutes on
one core.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shlex
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import rnnbook as rb
from rnnbook import files
from rnnbook.data import Vocabulary, streams, tiny_shakespeare, words
from rnnbook.optim import cosine_decay
from rnnbook.quantize import restored, rounded

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "book" / "data" / "10-shakespeare.npz"
KIND = "character model"


def build(vocabulary: Vocabulary, hidden_size: int, dropout: float, rng: np.random.Generator) -> rb.Sequential:
    """One recurrent layer between characters and characters."""
    V = len(vocabulary)
    return rb.Sequential(
        gru=rb.Recurrent(rb.GRUCell(V, hidden_size, rng=rng)),
        drop=rb.Dropout(dropout),
        out=rb.Dense(hidden_size, V, rng=rng),
    )


def bits(model: rb.Sequential, ids: np.ndarray, num_streams: int = 8) -> float:
    """Bits for each character of a text, the state carried through it from nothing."""
    return rb.evaluate(model, streams(ids, batch_size=num_streams), rb.softmax_cross_entropy) / np.log(2)


def table_bits(train: str, exam: str, most: int = 5) -> list[float]:
    """Bits for each character with tables of 0 ... `most` characters of context: what chapter 2 counts.

    A table that has met a context n times answers n / (n + 5) of its own shares and 5 / (n + 5) of the shorter
    context's; below the empty context all characters are alike (MacKay and Peto, 1995).
    """
    pairs = [Counter(train[k - n : k + 1] for k in range(n, len(train))) for n in range(most + 1)]
    contexts = [Counter(train[k - n : k] for k in range(n, len(train))) for n in range(most + 1)]
    total, even = np.zeros(most + 1), 1 / len(set(train))
    for k in range(most, len(exam)):
        p = even
        for n in range(most + 1):
            p = (pairs[n][exam[k - n : k + 1]] + 5 * p) / (contexts[n][exam[k - n : k]] + 5)
            total[n] -= np.log2(p)
    return [round(float(b), 4) for b in total / (len(exam) - most)]


def known_words(text: str, read: str) -> float:
    """Give the share of a text's words that occur in what was read."""
    known, found = set(words(read.lower())), [word for word in words(text.lower()) if word[0].isalpha()]
    return round(sum(word in known for word in found) / len(found), 4)


def measures(model: rb.Sequential, vocabulary: Vocabulary, text: str) -> dict[str, Any]:
    """What the chapter tells and cannot measure itself, since the text is not in the repository."""
    counted, exam = text[: int(0.9 * len(text))], text[int(0.95 * len(text)) :]
    said = {}
    for temperature in (0.5, 1.0):
        start = np.repeat(vocabulary.encode("\n"), 16)[None]
        ids = rb.generate(model, start, 1250, rng=np.random.default_rng(0), temperature=temperature)
        said[f"written at temperature {temperature:g}"] = "\n".join("".join(vocabulary.decode(row)) for row in ids.T)
    return {
        "table bits": table_bits(counted, exam),
        "known words": {name: known_words(part, counted) for name, part in {**said, "held out": exam}.items()},
    }


def main() -> int:
    """Train, round, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, help="the text; without it, it is downloaded")
    parser.add_argument("--hidden-size", type=int, default=224)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--window", type=int, default=96)
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()

    text = options.text.read_text("utf-8") if options.text else tiny_shakespeare()
    vocabulary = Vocabulary.of(text)
    ids = vocabulary.encode(text)
    ninety, ninety_five = int(0.9 * len(ids)), int(0.95 * len(ids))
    train, watch, exam = ids[:ninety], ids[ninety:ninety_five], ids[ninety_five:]

    rng = np.random.default_rng(options.seed)
    model = build(vocabulary, options.hidden_size, options.dropout, rng)
    batch = streams(train, batch_size=options.batch_size)
    per_epoch = -(-len(batch.inputs) // options.window)
    optimizer = rb.Adam(cosine_decay(options.rate, num_updates=options.epochs * per_epoch))
    trainer = rb.Trainer(model, rb.softmax_cross_entropy, optimizer, rng=rng, clip_norm=1, truncate=options.window)
    started = time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        history = trainer.fit(lambda _: batch, num_updates=epoch * per_epoch)
        recent = np.mean(history["loss"][-per_epoch:]) / np.log(2)
        print(f"epoch {epoch:3d}: training {recent:.3f}, watched {bits(model, watch):.3f} bits", flush=True)
    seconds = time.perf_counter() - started

    arrays = {}
    before = bits(model, exam)
    for name, weight in model.params.items():
        arrays[f"{name}.whole"], arrays[f"{name}.scale"] = rounded(weight)
        weight[...] = restored(arrays[f"{name}.whole"], arrays[f"{name}.scale"])
    after = bits(model, exam)
    header = {
        "tokens": list(vocabulary.tokens),
        "text": {
            "name": "tiny Shakespeare",
            "characters": len(text),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
        "hidden_size": options.hidden_size,
        "parameters": sum(p.size for p in model.params.values()),
        "updates": trainer.num_updates,
        "bits": {
            "held out": round(after, 4),
            "held out, not rounded": round(before, 4),
            "watched": round(bits(model, watch), 4),
        },
        **measures(model, vocabulary, text),
        "seed": options.seed,
        "command": "python scripts/train_shakespeare.py "
        + shlex.join(a for a in sys.argv[1:] if not a.endswith(".txt") and a != "--text"),
        "seconds": round(seconds),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "rnnbook": rb.__version__},
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    files.write(options.out, KIND, header, arrays)
    print(json.dumps(header["bits"]), f"{options.out.stat().st_size:,} bytes, {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
