"""NumPy layers for recurrent networks: the companion of "RNNs and LSTMs, One Gate at a Time".

Axes are time-major: inputs (T, B, D), T steps of B sequences with D features.  A *cell* knows one step, `Recurrent`
runs it along time, `Sequential` puts layers one after another, `Trainer` fits them.

Examples
--------
>>> import numpy as np
>>> import rnnbook as rb
>>> rng = np.random.default_rng(0)
>>> model = rb.Sequential(
...     lstm=rb.Recurrent(rb.LSTMCell(6, 16, rng=rng)),
...     out=rb.Dense(16, 2, rng=rng),
... )
>>> trainer = rb.Trainer(model, rb.softmax_cross_entropy, rb.Adam(0.01), rng=rng, clip_norm=1)
>>> history = trainer.fit(lambda rng: rb.data.recall(rng, lag=5), num_updates=150)
>>> history["loss"][-1] < 0.2
True
"""

from rnnbook import data, functional, init, losses, optim
from rnnbook.cells import (
    CELLS,
    Cell,
    CoupledLSTMCell,
    ElmanCell,
    GRUCell,
    GRUResetBeforeCell,
    LSTM1997Cell,
    LSTMCell,
    PeepholeLSTMCell,
)
from rnnbook.data import Batch, Minibatches
from rnnbook.layers import Dense, Dropout, Embedding, Ends, Last
from rnnbook.losses import accuracy, binary_cross_entropy, mean_squared_error, softmax_cross_entropy
from rnnbook.model import Sequential, load
from rnnbook.optim import SGD, AdaGrad, Adam, Momentum, Nesterov, RMSProp
from rnnbook.recurrent import Bidirectional, Recurrent, Stack
from rnnbook.sampling import generate, next_probabilities, sample
from rnnbook.train import Diverged, Trainer, evaluate, train_step

__version__ = "0.1.0"

__all__ = [
    "CELLS",
    "SGD",
    "AdaGrad",
    "Adam",
    "Batch",
    "Bidirectional",
    "Cell",
    "CoupledLSTMCell",
    "Dense",
    "Diverged",
    "Dropout",
    "ElmanCell",
    "Embedding",
    "Ends",
    "GRUCell",
    "GRUResetBeforeCell",
    "LSTM1997Cell",
    "LSTMCell",
    "Last",
    "Minibatches",
    "Momentum",
    "Nesterov",
    "PeepholeLSTMCell",
    "RMSProp",
    "Recurrent",
    "Sequential",
    "Stack",
    "Trainer",
    "accuracy",
    "binary_cross_entropy",
    "data",
    "evaluate",
    "functional",
    "generate",
    "init",
    "load",
    "losses",
    "mean_squared_error",
    "next_probabilities",
    "optim",
    "sample",
    "softmax_cross_entropy",
    "train_step",
]
