"""The widgets' own arithmetic, core.js, agrees with the package: run in Chromium on thousands of random cells."""

import json
from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("anywidget")
from browser import opened
from checking import VARIANTS

from rnnbook.cells import CELLS
from rnnbook.functional import activation
from rnnbook.recurrent import Recurrent
from rnnbook.widgets.modules import needs, registered

pytestmark = pytest.mark.browser

CASES, TOLERANCE = 1000, 1e-12
#: What core.js lets hold. The other rows are no gates.
GATES = {name: "".join(k for k in cell.GATES if k in "fiorz") for name, cell in CELLS.items()}

# Each case forward and backward; one dict for each, from a quantity's dotted name to its values at all steps.
RUN = """text => {
  const { forward, backward } = R.core;
  const series = (records) => {
    const found = {};
    const note = (path, value) => {
      if (Array.isArray(value)) (found[path] ??= []).push(value);
      else if (value != null) for (const [key, part] of Object.entries(value)) note(path ? `${path}.${key}` : key, part);
    };
    records.forEach((record) => note("", record));
    return found;
  };
  return JSON.stringify(JSON.parse(text).map(({ cell, inputs, options, dh, dc }) => {
    const trace = forward(cell, inputs, options);
    const back = options.hold ? backward(cell, trace, dh, dc, options.hold) : backward(cell, trace, dh, dc);
    return [series(trace), series(back)];
  }));
}"""


@contextmanager
def core(browser, change=None):
    """A page with core.js in it, as it is or with one text of it put in another's place."""
    source = "".join(map(registered, needs("core")))
    if change:
        old, new = change
        assert old in source, f"core.js has no {old!r}: choose another fault"
        source = source.replace(old, new)
    with opened(browser, "<!doctype html><html><title>core</title></html>") as tab:
        tab.add_script_tag(content=f"globalThis.R = {{}};\n{source}")
        yield tab


@pytest.fixture(scope="module")
def page(chromium):
    with core(chromium) as tab:
        yield tab


def held(kind, params, hold, H):
    """The same weights with gates that stand still: they read nothing, and their bias says where they stand."""
    params = {k: p.copy() for k, p in params.items()}
    for letter, value in hold.items():
        k = CELLS[kind].GATES.index(letter)
        rows = slice(k * H, (k + 1) * H)
        params["W"][rows] = params["U"][rows] = 0
        if "P" in params:
            k = "ifo".index(letter)
            params["P"][k * H : (k + 1) * H] = 0
        params["b"][rows] = {0: -1000.0, 1: 1000.0}[value] if value in (0, 1) else np.log(value) - np.log1p(-value)
    return params


class Case:
    """One cell with random weights, one sequence, its first state, and the gradient of its last."""

    def __init__(self, variant, rng, *, hold=False):
        self.cls, self.options = VARIANTS[variant]
        self.kind = self.cls.__name__
        sizes = (1, 4) if rng.random() < 0.95 else (4, 7)
        self.T, self.D, self.H = int(rng.integers(1, 13)), *map(int, rng.integers(*sizes, 2))

        def draw(*shape):
            return rng.uniform(-1.5, 1.5, shape)

        self.params = {k: draw(*s) for k, s in self.cls.shapes(self.D, self.H).items()}
        self.x = draw(self.T, self.D)
        fields = self.cls.State._fields
        # Now and then what can be left out is left out.
        self.first = {f: draw(self.H) if rng.random() < 0.9 else None for f in fields}
        self.last = {f: draw(self.H) if f == "h" or rng.random() < 0.9 else None for f in fields}
        self.hold = {}
        while hold and not self.hold:
            chosen = [k for k in GATES[self.kind] if rng.random() < 0.5]
            self.hold = {k: float(rng.choice([0, 1, rng.uniform()])) for k in chosen}

    def state(self, given):
        return self.cls.State(*(np.zeros((1, self.H)) if v is None else v[None] for v in given.values()))

    def for_js(self):
        """The arguments of forward and backward, as JSON."""
        cell = {"kind": self.kind, "params": {k: p.tolist() for k, p in self.params.items()}}
        if self.options.get("activation", "tanh") != "tanh" or self.T % 2:  # tanh may be left out
            cell |= self.options
        options = {f"{f}0": v.tolist() for f, v in self.first.items() if v is not None}
        if self.hold:
            options["hold"] = self.hold
        given = {f"d{f}": v.tolist() for f, v in self.last.items() if v is not None}
        return {"cell": cell, "inputs": self.x.tolist(), "options": options, **given}

    def answer(self):
        """What core.js should say: (forward, backward), each a dict of arrays (T, H)."""
        cell = self.cls(
            self.D, self.H, dtype=np.float64, params=held(self.kind, self.params, self.hold, self.H), **self.options
        )
        layer = Recurrent(cell)
        x = self.x[:, None]
        _, _, run = layer.forward(x, self.state(self.first))
        delta = cell.new_delta(self.T, 1)
        start = self.state(self.last)
        before = list(layer.walk_back(run, np.zeros((self.T, 1, self.H)), start, delta))[::-1]
        return self.forward(cell, run), self.backward(cell, run, delta, [*before, start])

    def forward(self, cell, run):
        trace = {k: getattr(run.trace, k)[:, 0] for k in ("c", "tanh_c", "h", "m", *"ifgorzn") if hasattr(run.trace, k)}
        prev = {f"prev.{f}": getattr(run.prev, f)[:, 0] for f in cell.State._fields}
        said = {"x": self.x, **prev, **trace}
        past, before = prev["prev.h"], self.kind == "GRUResetBeforeCell"
        if self.kind == "LSTM1997Cell":
            said["f"] = np.ones_like(past)
        if before:
            said["rh"] = trace["r"] * past
        # A held gate still says what it reads: the parts are of the weights as they were given.
        for k in cell.GATES:
            rows = cell.rows(k)
            said[f"wx.{k}"] = self.x @ self.params["W"][rows].T
            said[f"uh.{k}"] = (said["rh"] if before and k == "n" else past) @ self.params["U"][rows].T
            said[f"b.{k}"] = np.broadcast_to(self.params["b"][rows], past.shape)
            parts = [said[f"wx.{k}"], said[f"uh.{k}"], said[f"b.{k}"]]
            if "P" in self.params and k in "ifo":
                p = self.params["P"].reshape(3, -1)["ifo".index(k)]
                said[f"pc.{k}"] = p * (trace["c"] if k == "o" else prev["prev.c"])
                parts.append(said[f"pc.{k}"])
            if k == "n" and self.kind == "GRUCell":
                said["rm"] = trace["r"] * trace["m"]
                parts[1] = said["rm"]
            said[f"a.{k}"] = sum(parts)
        return said

    def backward(self, cell, run, delta, states):
        """`states` are the gradients of the state before each step, and of the last state."""
        U = {k: cell.params["U"][cell.rows(k)] for k in cell.GATES}
        trace = run.trace
        dh, *dc = (np.concatenate([getattr(s, f) for s in states]) for f in cell.State._fields)
        said = {"dh": dh[1:], "dprev.h": dh[:-1]}
        said["dx"] = cell.project_backward(run.x, delta)[0][:, 0]
        for k in cell.GATES:
            # The package tells the gradient of a bias that holds a gate; where the gate is a constant, there is none.
            d = delta[:, 0, cell.rows(k)] * (k not in self.hold)
            said[f"delta.{k}"], said[f"ud.{k}"] = d, d @ U[k]
        if "c" in cell.State._fields:
            (dc,) = dc
            said["dprev.c"], said["dcIn"] = dc[:-1], dc[1:]
            said["dcH"] = dh[1:] * trace.o[:, 0] * activation(cell.activation).slope(trace.tanh_c[:, 0])
            if "P" in self.params:
                said["dcH"] = said["dcH"] + said["delta.o"] * cell.params["P"].reshape(3, -1)[2]
            said["dc"] = said["dcIn"] + said["dcH"]
            said["dg"] = said["dc"] * getattr(trace, "i")[:, 0]  # noqa: B009 - a gate
            keep, end = getattr(trace, "f", np.ones_like(trace.c))[:, 0], said["dc"][-1]
        elif self.kind == "ElmanCell":
            keep, end = np.zeros_like(trace.h)[:, 0], dh[-1]
        else:
            r, z = trace.r[:, 0], trace.z[:, 0]
            said["dn"], said["straight"] = dh[1:] * (1 - z), dh[1:] * z
            if self.kind == "GRUCell":
                said["ud.n"] = (said["delta.n"] * r) @ U["n"]
            else:
                said["drh"] = said["ud.n"]
                said["ud.n"] = said["drh"] * r
            keep, end = z, dh[-1]
        # What came along the state alone: the product of all that let it pass after step t.
        said["carry"] = np.array([end * np.prod(keep[t + 1 :], axis=0) for t in range(self.T)])
        return said


def cases(variant, count, *, hold=False, seed=0):
    """Random cases of one variant, the same in every run."""
    rng = np.random.default_rng([seed, hold, *variant.encode()])
    drawn = []
    while len(drawn) < count:
        case = Case(variant, rng, hold=hold)
        # At a kink of relu a rounding error would decide about the slope.
        said = case.answer()[0] if case.options.get("activation") == "relu" else {}
        if all(((v == 0) | (np.abs(v) > 1e-9)).all() for k, v in said.items() if k in ("a.h", "a.g", "c")):
            drawn.append(case)
    return drawn


def largest_errors(page, drawn):
    """The largest |JS - package| / max(1, |package|) of each quantity, over all cases: name → (error, case)."""
    worst = {}
    said = json.loads(page.evaluate(RUN, json.dumps([case.for_js() for case in drawn])))
    assert len(said) == len(drawn)
    for n, (case, got) in enumerate(zip(drawn, said, strict=True)):
        for way, ours, theirs in zip(("forward", "backward"), case.answer(), got, strict=True):
            assert theirs.keys() == ours.keys(), f"{way}: names {sorted(theirs)}, and here {sorted(ours)}"
            for name, value in ours.items():
                js = np.array(theirs[name], float)  # JSON has null for NaN and for infinity; here both are NaN
                assert js.shape == value.shape, f"{way} {name}: shapes {js.shape} and {value.shape}"
                error = np.abs(js - value) / np.maximum(1, np.abs(value))
                error = float(np.where(np.isnan(error), np.inf, error).max())
                key = f"{way} {name}"
                if key not in worst or error > worst[key][0]:
                    worst[key] = error, n
    return worst


def told(variant, worst):
    """A report: the largest error of the variant, then each quantity that is too far off."""
    name, (error, _) = max(worst.items(), key=lambda entry: entry[1][0])
    wrong = sorted(((e, n, k) for k, (e, n) in worst.items() if e > TOLERANCE), reverse=True)
    lines = [f"  {k:20} {e:.1e} in case {n}" for e, n, k in wrong]
    return "\n".join([f"{variant}: the largest error is {error:.1e}, of {name}", *lines])


@pytest.mark.parametrize(
    ("variant", "hold"),
    [(v, hold) for v, (cell, _) in VARIANTS.items() for hold in (False, True) if not hold or GATES[cell.__name__]],
    ids=lambda value: {False: "free", True: "held"}.get(value, value),
)
def test_javascript_agrees_with_the_package(page, variant, hold):
    """Forward and backward, every quantity that core.js gives for drawing, at every step."""
    worst = largest_errors(page, cases(variant, CASES, hold=hold))
    assert max(error for error, _ in worst.values()) <= TOLERANCE, told(variant, worst)


@pytest.mark.parametrize(
    "variant", [v for v, (_, options) in VARIANTS.items() if options.get("activation") not in ("relu", "identity")]
)
def test_javascript_agrees_where_gates_saturate(page, variant):
    """Pre-activations of some hundreds: exp overflows on its way to an exact 0 or 1."""
    drawn = cases(variant, 50, seed=1)
    rng = np.random.default_rng(0)
    for case in drawn:
        case.params["b"] *= rng.choice([1, 30, 800], case.params["b"].shape)
    worst = largest_errors(page, drawn)
    assert max(error for error, _ in worst.values()) <= TOLERANCE, told(variant, worst)


def test_the_slope_at_the_kink_is_the_packages(page):
    (case,) = cases("ElmanCell-relu", 1)
    case.params = {k: np.zeros_like(p) for k, p in case.params.items()}
    worst = largest_errors(page, [case])
    assert max(error for error, _ in worst.values()) == 0, told("relu at 0", worst)


def test_the_random_cases_are_what_they_should_be():
    """Every gate is held at 0, at 1 and between; sizes and lengths reach their ends."""
    for kind, gates in GATES.items():
        if not gates:
            continue
        drawn = cases(kind, CASES, hold=True)
        assert {case.T for case in drawn} == set(range(1, 13))
        assert {1, 2, 3} < {case.D for case in drawn} and {1, 2, 3} < {case.H for case in drawn}
        for letter in gates:
            values = [case.hold[letter] for case in drawn if letter in case.hold]
            assert {0, 1} < set(values) and len(set(values)) > 50, (kind, letter)
        assert all(case.hold for case in drawn)
        assert all(np.abs(p).max() <= 1.5 for case in drawn for p in case.params.values())


def test_rows_gates_and_shapes_are_the_packages(page):
    kinds = page.evaluate("() => Object.entries(R.core.KINDS).map(([k, v]) => [k, v.rows, v.gates, v.memory])")
    assert {k: (rows, set(gates), memory) for k, rows, gates, memory in kinds} == {
        name: (cell.GATES, set(GATES[name]), "c" in cell.State._fields) for name, cell in CELLS.items()
    }
    for name, cell in CELLS.items():
        for D, H in ((1, 1), (2, 3), (5, 2)):
            said = page.evaluate("([kind, D, H]) => R.core.shapes(kind, D, H)", [name, D, H])
            assert {k: tuple(s) for k, s in said.items()} == cell.shapes(D, H)


# A fault in core.js, and a variant that shows it.
FAULTS = [
    ("ElmanCell-tanh", "(h) => 1 - h * h", "(h) => 1 - h"),
    ("ElmanCell-sigmoid", "(h) => h * (1 - h)", "(h) => h * (1 + h)"),
    ("ElmanCell-relu", "(h > 0 ? 1 : 0)", "(h > 0.3 ? 1 : 0)"),
    ("ElmanCell-softsign", "(1 - Math.abs(h)) ** 2", "(1 - Math.abs(h))"),
    ("ElmanCell-identity", "() => 1]", "() => 0.5]"),
    ("ElmanCell-tanh", "carry = zeros(H);", "carry = dh;"),
    (
        "LSTMCell",
        'rows: "ifgo", gates: "fio", memory: true, carry: "f" }',
        'rows: "figo", gates: "fio", memory: true, carry: "f" }',
    ),
    ("LSTMCell", "f * was + i * g", "f * was + g"),
    ("LSTMCell-relu", "o * slope(m)", "o * (1 - m * m)"),
    ("LSTMCell-relu", "g * slope(v), d.dg, r.g", "g * (1 - v * v), d.dg, r.g"),
    ("PeepholeLSTMCell-sigmoid", "r.a.g.map(phi)", "r.a.g.map(Math.tanh)"),
    ("LSTM1997Cell-softsign", "r.c.map(phi)", "r.c.map(Math.tanh)"),
    ("LSTMCell", "carry = zip((g, f) => g * f, d.carry, r.f);", "carry = d.dprev.c;"),
    ("LSTMCell", "d.carry = carry ?? d.dc;", "d.carry = d.dc;"),
    ("LSTMCell", "h0 ?? zeros(H)", "zeros(H)"),
    ("LSTMCell", "(c0 ?? zeros(H))", "zeros(H)"),
    ("LSTM1997Cell", "c.map(() => 1)", "c.map(() => 0.999)"),
    ("PeepholeLSTMCell", 'if (peepholes) see("o", r.c);', 'if (peepholes) see("o", c);'),
    ("PeepholeLSTMCell", "v + a * p, d.dcH", "v, d.dcH"),
    ("PeepholeLSTMCell", "v + a * p + b * q", "v + a * p"),
    ("CoupledLSTMCell", "r.f.map((f) => 1 - f)", "r.f"),
    ("CoupledLSTMCell", "zip((c, g) => c - g, r.prev.c, r.g)", "r.prev.c"),
    ("GRUCell", "add(r.uh.n, b_n)", "r.uh.n"),
    ("GRUCell", "timesTransposed(Un, zip((g, gate) => g * gate, d.delta.n, r.r))", "timesTransposed(Un, d.delta.n)"),
    ("GRUCell", "...(d.straight ? [d.straight] : [])", ""),
    ("GRUCell", "carry = zip((g, z) => g * z, d.carry, r.z);", "carry = d.straight;"),
    ("GRUResetBeforeCell", 'read("n", r.rh)', 'read("n")'),
    ("GRUResetBeforeCell", "d.ud.n = zip((g, gate) => g * gate, d.drh, r.r);", "d.ud.n = d.drh;"),
    ("GRUResetBeforeCell", "d.drh, r.prev.h, sigma", "d.drh, r.h, sigma"),
]
HELD_FAULTS = [
    ("LSTMCell", "hold[k] == null ? values", "!hold[k] ? values"),
    ("PeepholeLSTMCell", "hold[k] == null ? r[k].map", "true ? r[k].map"),
    ("GRUCell", "hold[k] == null ? r[k].map", "true ? r[k].map"),
    ("CoupledLSTMCell", "hold[k] == null ? values", "true ? values"),
]


@pytest.mark.parametrize(("hold", "fault"), [*((False, f) for f in FAULTS), *((True, f) for f in HELD_FAULTS)])
def test_this_test_can_see(chromium, hold, fault):
    variant, *change = fault
    with core(chromium, change) as tab:
        worst = largest_errors(tab, cases(variant, 100, hold=hold))
    assert max(error for error, _ in worst.values()) > 1e-6
    assert told(variant, worst).startswith(f"{variant}: the largest error is ")
