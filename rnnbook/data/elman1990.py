"""Two tasks of Elman's "Finding structure in time"."""

from __future__ import annotations

import numpy as np

from rnnbook import validation as check
from rnnbook.data.batch import Batch

WORDS = {"b": "ba", "d": "dii", "g": "guuu"}
#: Ids of the letters of Elman's words: three consonants, three vowels.
LETTERS = "bdgaiu"


def temporal_xor(rng: np.random.Generator, *, num_triples: int = 1000, batch_size: int = 1) -> Batch:
    """Predict the next bit of triples: two fair bits, then their exclusive or :cite:p:`Elman1990`.

    Only each third bit can be known: its squared error can be 0, that of the others is at best 1/4.  A predictor
    that knows nothing pays 1/4 everywhere; the best one 1/6 on the average.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_triples : int
        1,000 in the paper, which makes 3,000 bits.
    batch_size : int

    Returns
    -------
    Batch
        inputs and targets (3 num_triples - 1, batch_size, 1), bits as floats.  Target t is bit t + 1, so those with
        t % 3 == 1 can be known.

    Examples
    --------
    >>> batch = temporal_xor(np.random.default_rng(0), num_triples=2)
    >>> bits = np.append(batch.inputs.ravel(), batch.targets.ravel()[-1]).astype(int)
    >>> (bits[0::3] ^ bits[1::3] == bits[2::3]).all()
    np.True_
    """
    check.generator("rng", rng)
    fair = rng.integers(2, size=(check.count("num_triples", num_triples), 2, check.count("batch_size", batch_size)))
    bits = np.concatenate([fair, fair[:, :1] ^ fair[:, 1:]], axis=1).reshape(-1, batch_size, 1).astype(np.float32)
    return Batch(bits[:-1], bits[1:])


def letters_in_words(rng: np.random.Generator, *, num_words: int = 1000, batch_size: int = 1) -> Batch:
    """Predict the next letter of words ba, dii and guuu in random order :cite:p:`Elman1990`.

    The consonant comes by chance, at ln 3 nats; the vowels follow from it, at 0.  Guessing all six letters alike costs
    ln 6.

    Parameters
    ----------
    rng : numpy.random.Generator
    num_words : int
        1,000 in the paper.
    batch_size : int

    Returns
    -------
    Batch
        Ids (T, batch_size) of `LETTERS`; the sequences are cut to the shortest.  Consonants are ids 0, 1 and 2.

    Examples
    --------
    >>> batch = letters_in_words(np.random.default_rng(0), num_words=3)
    >>> "".join(LETTERS[i] for i in batch.inputs[:, 0])
    'guuudiidi'
    """
    check.generator("rng", rng)
    consonants = rng.choice(list(WORDS), (check.count("batch_size", batch_size), check.count("num_words", num_words)))
    texts = ["".join(WORDS[c] for c in row) for row in consonants]
    shortest = min(map(len, texts))
    ids = np.array([[LETTERS.index(c) for c in text[:shortest]] for text in texts]).T
    return Batch(ids[:-1], ids[1:])
