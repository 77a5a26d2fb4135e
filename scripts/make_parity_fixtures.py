"""Let PyTorch's recurrent layers compute small cases and keep their numbers in tests/fixtures/parity-*.npz.

``python scripts/make_parity_fixtures.py`` writes them anew; it needs PyTorch.  The tests read them where PyTorch is
missing, and call `case` for fresh numbers where it is installed.

Each file has one flat array for each case, which holds all its arrays one after another, and `about`, a JSON text
that says their names and shapes and how they were made.  One array for each would be mostly headers.
"""

import json
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
SEED = 20240229
T, B, D, H = 5, 4, 2, 3
LENGTHS = (5, 3, 1, 4)  # PyTorch knows no sequence of length 0

KINDS = {
    "rnn-tanh": ("RNN", {"nonlinearity": "tanh"}),
    "rnn-relu": ("RNN", {"nonlinearity": "relu"}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
}
# (layers, both directions, packed sequences)
FORMS = {
    "plain": (1, False, False),
    "packed": (1, False, True),
    "bidirectional": (1, True, False),
    "bidirectional-packed": (1, True, True),
    "two-layers-packed": (2, False, True),
    "two-layers-bidirectional-packed": (2, True, True),
}
DTYPES = ("float64", "float32")


def case(kind, form, dtype, seed=SEED, sizes=(T, B, D, H), lengths=LENGTHS):
    """Inputs, weights, outputs and all gradients of one case, under PyTorch's names.

    `form` is a name of FORMS, or such a triple.

    The loss is ⟨y, dy⟩ + ⟨h_n, dh_n⟩ + ⟨c_n, dc_n⟩ with random dy (zero in the padding), dh_n and dc_n.

    Returns
    -------
    dict of arrays
        ``weight_…``, ``bias_…``: parameters, and under ``d …`` their gradients.  ``x``, ``y``, ``h_0``, ``h_n`` … and
        ``d x`` …; ``lengths`` where sequences are packed.
    """
    import torch

    (name, options), (layers, both, packed) = KINDS[kind], FORMS.get(form, form)
    T, B, D, H = sizes
    rng = np.random.default_rng(seed)
    module = getattr(torch.nn, name)(
        D, H, num_layers=layers, bidirectional=both, dtype=getattr(torch, dtype), **options
    )
    leaf = lambda *shape: torch.tensor(rng.standard_normal(shape).astype(dtype), requires_grad=True)  # noqa: E731
    for p in module.parameters():
        p.data = torch.tensor(rng.uniform(-0.8, 0.8, tuple(p.shape)).astype(dtype))
    x = leaf(T, B, D)
    first = {"h_0": leaf(layers * (1 + both), B, H)}
    if name == "LSTM":
        first["c_0"] = leaf(layers * (1 + both), B, H)
    state = tuple(first.values()) if name == "LSTM" else first["h_0"]

    if packed:
        rnn = torch.nn.utils.rnn
        y, last = module(rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False), state)
        y, _ = rnn.pad_packed_sequence(y)
    else:
        y, last = module(x, state)
    last = dict(zip(("h_n", "c_n"), last if name == "LSTM" else (last,), strict=False))

    dy = rng.standard_normal(tuple(y.shape)).astype(dtype)
    if packed:
        dy *= (np.arange(T)[:, None] < np.array(lengths))[..., None]
    dlast = {k: rng.standard_normal(tuple(v.shape)).astype(dtype) for k, v in last.items()}
    loss = (y * torch.tensor(dy)).sum() + sum((last[k] * torch.tensor(d)).sum() for k, d in dlast.items())
    loss.backward()

    values = {"x": x, "y": y, **first, **last, **dict(module.named_parameters())}
    found = {k: v.detach().numpy().copy() for k, v in values.items()}
    found |= {f"d {k}": v.grad.numpy().copy() for k, v in values.items() if v.is_leaf}
    found |= {"d y": dy, **{f"d {k}": d for k, d in dlast.items()}}
    if packed:
        found["lengths"] = np.array(lengths, dtype)
    return found


def write(kind):
    """One file for each kind of layer."""
    import torch

    flat, shapes = {}, {}
    for dtype in DTYPES:
        for form in FORMS:
            arrays = case(kind, form, dtype)
            key = f"{dtype} {form}"
            flat[key] = np.concatenate([a.ravel() for a in arrays.values()])
            shapes[key] = {k: list(a.shape) for k, a in arrays.items()}
    about = {
        "torch": torch.__version__.split("+")[0],
        "seed": SEED,
        "command": "python scripts/make_parity_fixtures.py",
        "shapes": shapes,
    }
    path = FIXTURES / f"parity-{kind}.npz"
    np.savez_compressed(path, about=np.array(json.dumps(about)), **flat)
    return path


def read(kind):
    """What `write` wrote: about, and a dict of arrays for each case."""
    with np.load(FIXTURES / f"parity-{kind}.npz", allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        cases = {}
        for key, shapes in about["shapes"].items():
            ends = np.cumsum([int(np.prod(s)) for s in shapes.values()])
            parts = np.split(file[key], ends[:-1])
            cases[key] = {k: a.reshape(s) for (k, s), a in zip(shapes.items(), parts, strict=True)}
    return about, cases


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    for kind in KINDS:
        path = write(kind)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
