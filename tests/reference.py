"""Recurrent cells as a beginner would write them: one matrix for each gate, one sequence and one step at a time.

This is the oracle of the tests.  It imports nothing of `rnnbook`, keeps every quantity of every step in a dict, and
takes no short cut: each function is the equations of a paper, and each `..._back` is the chain rule applied to them
line by line, last line first.  It is slow, and that is fine.

Parameters come stacked, as the layers have them, and are cut into one matrix for each gate at the door: `W_i`, `U_i`,
`b_i` … , peepholes `p_i`, and `c_n` for the second bias of the GRU whose reset comes after the product.
"""

import numpy as np


# --- pieces -------------------------------------------------------------------------------------------------
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def pre(p, k, x, h):
    """Pre-activation of gate k: W_k x + U_k h + b_k."""
    return p[f"W_{k}"] @ x + p[f"U_{k}"] @ h + p[f"b_{k}"]


def pre_back(p, g, k, da, x, h):
    """Add gate k's share to the gradients g; return what reaches x and h."""
    g[f"W_{k}"] += np.outer(da, x)
    g[f"U_{k}"] += np.outer(da, h)
    g[f"b_{k}"] += da
    return p[f"W_{k}"].T @ da, p[f"U_{k}"].T @ da


# Functions and slopes of the pre-activation a (the package writes its slopes in terms of the output).
ACTIVATIONS = {
    "tanh": (np.tanh, lambda a: 1 / np.cosh(a) ** 2),
    "sigmoid": (sigmoid, lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    "relu": (lambda a: np.where(a > 0, a, 0), lambda a: np.where(a > 0, 1, 0)),
    "softsign": (lambda a: a / (1 + abs(a)), lambda a: 1 / (1 + abs(a)) ** 2),
    "identity": (lambda a: a, lambda a: np.ones(a.shape)),
}


# --- Elman 1990: h = φ(W x + U h_prev + b) ------------------------------------------------------------------
def elman(p, x, prev, activation="tanh"):
    a = pre(p, "h", x, prev["h"])
    return {"a": a, "h": ACTIVATIONS[activation][0](a)}


def elman_back(p, g, x, prev, now, d, activation="tanh"):
    da = d["h"] * ACTIVATIONS[activation][1](now["a"])
    dx, dh = pre_back(p, g, "h", da, x, prev["h"])
    return dx, {"h": dh}


# --- LSTM with a forget gate: Gers et al. 2000 --------------------------------------------------------------
def lstm(p, x, prev, activation="tanh"):
    phi, _ = ACTIVATIONS[activation]
    i = sigmoid(pre(p, "i", x, prev["h"]))
    f = sigmoid(pre(p, "f", x, prev["h"]))
    a = pre(p, "g", x, prev["h"])
    g = phi(a)
    o = sigmoid(pre(p, "o", x, prev["h"]))
    c = f * prev["c"] + i * g
    tanh_c = phi(c)
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "a": a, "tanh_c": tanh_c, "h": o * tanh_c}


def lstm_back(p, grads, x, prev, now, d, activation="tanh"):
    _, slope = ACTIVATIONS[activation]
    i, f, g, o, tanh_c = now["i"], now["f"], now["g"], now["o"], now["tanh_c"]
    do = d["h"] * tanh_c
    dc = d["c"] + d["h"] * o * slope(now["c"])
    di, dg, df, dc_prev = dc * g, dc * i, dc * prev["c"], dc * f
    slopes = {"i": di * i * (1 - i), "f": df * f * (1 - f), "g": dg * slope(now["a"]), "o": do * o * (1 - o)}
    dx, dh_prev = 0, 0
    for k, da in slopes.items():
        dx_k, dh_k = pre_back(p, grads, k, da, x, prev["h"])
        dx, dh_prev = dx + dx_k, dh_prev + dh_k
    return dx, {"h": dh_prev, "c": dc_prev}


# --- LSTM of 1997: no forget gate, c = c_prev + i g ---------------------------------------------------------
def lstm1997(p, x, prev, activation="tanh"):
    phi, _ = ACTIVATIONS[activation]
    i = sigmoid(pre(p, "i", x, prev["h"]))
    a = pre(p, "g", x, prev["h"])
    g = phi(a)
    o = sigmoid(pre(p, "o", x, prev["h"]))
    c = prev["c"] + i * g
    tanh_c = phi(c)
    return {"i": i, "g": g, "o": o, "c": c, "a": a, "tanh_c": tanh_c, "h": o * tanh_c}


def lstm1997_back(p, grads, x, prev, now, d, activation="tanh"):
    _, slope = ACTIVATIONS[activation]
    i, g, o, tanh_c = now["i"], now["g"], now["o"], now["tanh_c"]
    do = d["h"] * tanh_c
    dc = d["c"] + d["h"] * o * slope(now["c"])
    di, dg, dc_prev = dc * g, dc * i, dc
    dx, dh_prev = 0, 0
    for k, da in {"i": di * i * (1 - i), "g": dg * slope(now["a"]), "o": do * o * (1 - o)}.items():
        dx_k, dh_k = pre_back(p, grads, k, da, x, prev["h"])
        dx, dh_prev = dx + dx_k, dh_prev + dh_k
    return dx, {"h": dh_prev, "c": dc_prev}


# --- Peepholes, Gers and Schmidhuber 2000: i and f see c_prev, o sees the new c -----------------------------
def peephole(p, x, prev, activation="tanh"):
    phi, _ = ACTIVATIONS[activation]
    i = sigmoid(pre(p, "i", x, prev["h"]) + p["p_i"] * prev["c"])
    f = sigmoid(pre(p, "f", x, prev["h"]) + p["p_f"] * prev["c"])
    a = pre(p, "g", x, prev["h"])
    g = phi(a)
    c = f * prev["c"] + i * g
    o = sigmoid(pre(p, "o", x, prev["h"]) + p["p_o"] * c)
    tanh_c = phi(c)
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "a": a, "tanh_c": tanh_c, "h": o * tanh_c}


def peephole_back(p, grads, x, prev, now, d, activation="tanh"):
    _, slope = ACTIVATIONS[activation]
    i, f, g, o, c, tanh_c = now["i"], now["f"], now["g"], now["o"], now["c"], now["tanh_c"]
    da_o = d["h"] * tanh_c * o * (1 - o)
    grads["p_o"] += da_o * c
    dc = d["c"] + d["h"] * o * slope(now["c"]) + da_o * p["p_o"]
    da_i = dc * g * i * (1 - i)
    da_f = dc * prev["c"] * f * (1 - f)
    da_g = dc * i * slope(now["a"])
    grads["p_i"] += da_i * prev["c"]
    grads["p_f"] += da_f * prev["c"]
    dc_prev = dc * f + da_i * p["p_i"] + da_f * p["p_f"]
    dx, dh_prev = 0, 0
    for k, da in {"i": da_i, "f": da_f, "g": da_g, "o": da_o}.items():
        dx_k, dh_k = pre_back(p, grads, k, da, x, prev["h"])
        dx, dh_prev = dx + dx_k, dh_prev + dh_k
    return dx, {"h": dh_prev, "c": dc_prev}


# --- Coupled gates, Greff et al. 2017: i = 1 - f ------------------------------------------------------------
def coupled(p, x, prev, activation="tanh"):
    phi, _ = ACTIVATIONS[activation]
    f = sigmoid(pre(p, "f", x, prev["h"]))
    a = pre(p, "g", x, prev["h"])
    g = phi(a)
    o = sigmoid(pre(p, "o", x, prev["h"]))
    i = 1 - f
    c = f * prev["c"] + i * g
    tanh_c = phi(c)
    return {"f": f, "i": i, "g": g, "o": o, "c": c, "a": a, "tanh_c": tanh_c, "h": o * tanh_c}


def coupled_back(p, grads, x, prev, now, d, activation="tanh"):
    _, slope = ACTIVATIONS[activation]
    f, i, g, o, tanh_c = now["f"], now["i"], now["g"], now["o"], now["tanh_c"]
    do = d["h"] * tanh_c
    dc = d["c"] + d["h"] * o * slope(now["c"])
    di, dg, df, dc_prev = dc * g, dc * i, dc * prev["c"], dc * f
    df = df - di  # i = 1 - f
    dx, dh_prev = 0, 0
    for k, da in {"f": df * f * (1 - f), "g": dg * slope(now["a"]), "o": do * o * (1 - o)}.items():
        dx_k, dh_k = pre_back(p, grads, k, da, x, prev["h"])
        dx, dh_prev = dx + dx_k, dh_prev + dh_k
    return dx, {"h": dh_prev, "c": dc_prev}


# --- GRU, reset after the product: n = tanh(W_n x + b_n + r (U_n h_prev + c_n)) -----------------------------
def gru(p, x, prev):
    h = prev["h"]
    r = sigmoid(pre(p, "r", x, h))
    z = sigmoid(pre(p, "z", x, h))
    m = p["U_n"] @ h + p["c_n"]
    n = np.tanh(p["W_n"] @ x + p["b_n"] + r * m)
    return {"r": r, "z": z, "m": m, "n": n, "h": (1 - z) * n + z * h}


def gru_back(p, grads, x, prev, now, d):
    h, r, z, m, n = prev["h"], now["r"], now["z"], now["m"], now["n"]
    dn, dz, dh_prev = d["h"] * (1 - z), d["h"] * (h - n), d["h"] * z
    da_n = dn * (1 - n**2)
    grads["W_n"] += np.outer(da_n, x)
    grads["b_n"] += da_n
    dr, dm = da_n * m, da_n * r
    grads["U_n"] += np.outer(dm, h)
    grads["c_n"] += dm
    dx, dh_prev = p["W_n"].T @ da_n, dh_prev + p["U_n"].T @ dm
    for k, da in {"r": dr * r * (1 - r), "z": dz * z * (1 - z)}.items():
        dx_k, dh_k = pre_back(p, grads, k, da, x, h)
        dx, dh_prev = dx + dx_k, dh_prev + dh_k
    return dx, {"h": dh_prev}


# --- GRU, reset before the product, Cho et al. 2014: n = tanh(W_n x + U_n (r h_prev) + b_n) -----------------
def gru_before(p, x, prev):
    h = prev["h"]
    r = sigmoid(pre(p, "r", x, h))
    z = sigmoid(pre(p, "z", x, h))
    n = np.tanh(pre(p, "n", x, r * h))
    return {"r": r, "z": z, "n": n, "h": (1 - z) * n + z * h}


def gru_before_back(p, grads, x, prev, now, d):
    h, r, z, n = prev["h"], now["r"], now["z"], now["n"]
    dn, dz, dh_prev = d["h"] * (1 - z), d["h"] * (h - n), d["h"] * z
    dx, drh = pre_back(p, grads, "n", dn * (1 - n**2), x, r * h)
    dr, dh_prev = drh * h, dh_prev + drh * r
    for k, da in {"r": dr * r * (1 - r), "z": dz * z * (1 - z)}.items():
        dx_k, dh_k = pre_back(p, grads, k, da, x, h)
        dx, dh_prev = dx + dx_k, dh_prev + dh_k
    return dx, {"h": dh_prev}


# Order of the gates in the stacked matrices, fields of the state, one step, one step back.
CELLS = {
    "ElmanCell": ("h", "h", elman, elman_back),
    "LSTMCell": ("ifgo", "hc", lstm, lstm_back),
    "LSTM1997Cell": ("igo", "hc", lstm1997, lstm1997_back),
    "PeepholeLSTMCell": ("ifgo", "hc", peephole, peephole_back),
    "CoupledLSTMCell": ("fgo", "hc", coupled, coupled_back),
    "GRUCell": ("rzn", "h", gru, gru_back),
    "GRUResetBeforeCell": ("rzn", "h", gru_before, gru_before_back),
}


# --- stacked matrices and back ------------------------------------------------------------------------------
def split(params, order):
    """One matrix for each gate, copied."""
    H, p = params["U"].shape[1], {}
    for k, gate in enumerate(order):
        for name in ("W", "U", "b"):
            p[f"{name}_{gate}"] = params[name][k * H : (k + 1) * H].copy()
    if "P" in params:
        for k, gate in enumerate("ifo"):
            p[f"p_{gate}"] = params["P"][k * H : (k + 1) * H].copy()
    if "b_n" in params:
        p["c_n"] = params["b_n"].copy()
    return p


def join(p, order):
    """The way back from `split`."""
    params = {name: np.concatenate([p[f"{name}_{gate}"] for gate in order]) for name in ("W", "U", "b")}
    if "p_i" in p:
        params["P"] = np.concatenate([p["p_i"], p["p_f"], p["p_o"]])
    if "c_n" in p:
        params["b_n"] = p["c_n"]
    return params


# --- along time ---------------------------------------------------------------------------------------------
def forward(cell, params, x, state, mask=None, **options):
    """Outputs (T, B, H), last state (a tuple of (B, H)), and a tape: tape[b][t] = (prev, now), now None in padding."""
    order, fields, step, _ = CELLS[cell]
    p, (T, B) = split(params, order), x.shape[:2]
    y, last, tape = np.zeros((T, B, params["U"].shape[1])), [np.zeros(s.shape) for s in state], []
    for b in range(B):
        prev, steps = {k: s[b] for k, s in zip(fields, state, strict=True)}, []
        for t in range(T):
            if mask is None or mask[t, b]:
                now = step(p, x[t, b], prev, **options)
                steps.append((prev, now))
                prev = {k: now[k] for k in fields}
            else:
                steps.append((prev, None))
            y[t, b] = prev["h"]
        for s, k in zip(last, fields, strict=True):
            s[b] = prev[k]
        tape.append(steps)
    return y, tuple(last), tape


def backward(cell, params, x, tape, dy, dlast, **options):
    """Gradients of x, of the first state (a tuple), and of the stacked parameters (a dict)."""
    order, fields, _, step_back = CELLS[cell]
    p, (T, B) = split(params, order), x.shape[:2]
    grads = {k: np.zeros(v.shape) for k, v in p.items()}
    dx, dfirst = np.zeros(x.shape), [np.zeros(s.shape) for s in dlast]
    for b in range(B):
        d = {k: s[b] for k, s in zip(fields, dlast, strict=True)}
        for t in range(T - 1, -1, -1):
            d = d | {"h": d["h"] + dy[t, b]}
            prev, now = tape[b][t]
            if now is not None:
                dx[t, b], d = step_back(p, grads, x[t, b], prev, now, d, **options)
        for s, k in zip(dfirst, fields, strict=True):
            s[b] = d[k]
    return dx, tuple(dfirst), join(grads, order)
