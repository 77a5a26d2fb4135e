// Pure maths of the widgets: the equations of rnnbook/cells.py, for one sequence, and of layers.Dense.
// A vector is an array of H numbers; a gate's rows of W, U and b stand in the order of the cell's `rows`.

export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

// The activations of Elman's cell, and of the candidate and the memory of an LSTM; their slopes from the output.
export const ACTIVATIONS = {
  tanh: [Math.tanh, (h) => 1 - h * h],
  sigmoid: [sigmoid, (h) => h * (1 - h)],
  relu: [(z) => Math.max(z, 0), (h) => (h > 0 ? 1 : 0)],
  softsign: [(z) => z / (1 + Math.abs(z)), (h) => (1 - Math.abs(h)) ** 2],
  identity: [(z) => z, () => 1],
};

// rows: the order of W's blocks. gates: what can be held. carry: what takes the state straight to the next step.
export const KINDS = {
  ElmanCell: { rows: "h", gates: "", memory: false, carry: null },
  LSTMCell: { rows: "ifgo", gates: "fio", memory: true, carry: "f" },
  LSTM1997Cell: { rows: "igo", gates: "io", memory: true, carry: "f" },
  PeepholeLSTMCell: { rows: "ifgo", gates: "fio", memory: true, carry: "f", peepholes: "ifo" },
  CoupledLSTMCell: { rows: "fgo", gates: "fo", memory: true, carry: "f" },
  GRUCell: { rows: "rzn", gates: "rz", memory: false, carry: "z" },
  GRUResetBeforeCell: { rows: "rzn", gates: "rz", memory: false, carry: "z", before: true },
};

const dot = (u, v) => {
  let sum = 0;
  for (let j = 0; j < u.length; j++) sum += u[j] * v[j];
  return sum;
};
const times = (rows, v) => rows.map((row) => dot(row, v));
const timesTransposed = (rows, v) => {
  const out = new Array(rows[0].length).fill(0);
  rows.forEach((row, k) => {
    for (let j = 0; j < out.length; j++) out[j] += row[j] * v[k];
  });
  return out;
};
const zip = (f, ...vectors) => vectors[0].map((_, u) => f(...vectors.map((v) => v[u])));
const add = (...vectors) => zip((...values) => values.reduce((a, b) => a + b), ...vectors);
export const zeros = (n) => new Array(n).fill(0);

/** One layer: y = φ(a), a = W x + b. */
export function dense({ W, b, activation }, x) {
  const a = add(times(W, x), b);
  return { x, a, y: a.map(ACTIVATIONS[activation][0]) };
}

export function softmax(y) {
  const most = Math.max(...y);
  const e = y.map((v) => Math.exp(v - most));
  const sum = e.reduce((u, v) => u + v);
  return e.map((v) => v / sum);
}

/** Dense layers, each from the one before, and a softmax at the end: {steps, p}. */
export function feedforward(layers, x) {
  const steps = [];
  for (const layer of layers) {
    steps.push(dense(layer, x));
    x = steps.at(-1).y;
  }
  return { steps, p: softmax(x) };
}

/** The shapes of a cell's parameters, as `Cell.shapes` gives them. */
export function shapes(kind, D, H) {
  const n = KINDS[kind].rows.length * H;
  const all = { W: [n, D], U: [n, H], b: [n] };
  if (kind === "PeepholeLSTMCell") all.P = [3 * H];
  if (kind === "GRUCell") all.b_n = [H];
  return all;
}

/** One letter's block of H rows, or of H entries. */
export function block(a, rows, letter, H) {
  const k = rows.indexOf(letter);
  return a.slice(k * H, (k + 1) * H);
}

/** All steps. cell: {kind, params, activation}, the last for Elman's and for a memory; hold: {letter: value}; one record of vectors for each step. */
export function forward(cell, inputs, { hold = {}, h0, c0 } = {}) {
  const { rows, memory, peepholes } = KINDS[cell.kind];
  const { W, U, b, P, b_n } = cell.params;
  const H = U[0].length;
  const [phi] = ACTIVATIONS[cell.activation ?? "tanh"];
  const of = {};
  for (const k of rows) of[k] = { W: block(W, rows, k, H), U: block(U, rows, k, H), b: block(b, rows, k, H) };
  const peep = (k) => block(P, peepholes, k, H);
  const held = (k, values) => (hold[k] == null ? values : values.map(() => hold[k]));
  let h = h0 ?? zeros(H);
  let c = memory ? (c0 ?? zeros(H)) : null;
  return inputs.map((x) => {
    const r = { x, prev: { h, c }, wx: {}, uh: {}, b: {}, pc: {}, a: {} };
    const read = (k, past = h) => {
      r.wx[k] = times(of[k].W, x);
      r.uh[k] = times(of[k].U, past);
      r.b[k] = of[k].b;
      return (r.a[k] = add(r.wx[k], r.uh[k], r.b[k]));
    };
    const see = (k, memory_) => {
      r.pc[k] = zip((p, m) => p * m, peep(k), memory_);
      return (r.a[k] = add(r.a[k], r.pc[k]));
    };
    const gate = (k) => (r[k] = held(k, r.a[k].map(sigmoid)));
    if (cell.kind === "ElmanCell") {
      r.h = read("h").map(phi);
    } else if (memory) {
      for (const k of rows) read(k);
      if (peepholes) ["i", "f"].forEach((k) => see(k, c));
      if (rows.includes("f")) gate("f");
      else r.f = c.map(() => 1); // 1997: nothing is forgotten
      r.g = r.a.g.map(phi);
      if (rows.includes("i")) gate("i");
      else r.i = r.f.map((f) => 1 - f); // coupled: as much is written as is forgotten
      if (rows.includes("i")) r.c = zip((f, was, i, g) => f * was + i * g, r.f, c, r.i, r.g);
      else r.c = zip((f, was, g) => f * (was - g) + g, r.f, c, r.g);
      if (peepholes) see("o", r.c);
      gate("o");
      r.tanh_c = r.c.map(phi);
      r.h = zip((o, m) => o * m, r.o, r.tanh_c);
      c = r.c;
    } else {
      ["r", "z"].forEach((k) => read(k));
      ["r", "z"].forEach(gate);
      if (KINDS[cell.kind].before) {
        r.rh = zip((gate_, was) => gate_ * was, r.r, h);
        read("n", r.rh);
      } else {
        read("n");
        r.m = add(r.uh.n, b_n);
        r.rm = zip((gate_, m) => gate_ * m, r.r, r.m);
        r.a.n = add(r.wx.n, r.b.n, r.rm);
      }
      r.n = r.a.n.map(Math.tanh);
      r.h = zip((z, was, n) => z * (was - n) + n, r.z, h, r.n);
    }
    h = r.h;
    return r;
  });
}

/**
 * The gradient of sum(dh · h_T) + sum(dc · c_T) at every step.
 *
 * Each record: dh and dc, of the state after the step; dcIn, dcH, the parts of dc that came from the right and from
 * the output; delta, of each row's pre-activation; ud, what each sends to h_prev; dx; dprev {h, c}, of the state
 * before; carry, the part of the state's gradient that came straight along it, past all gates but the one that
 * carries. A held gate is a constant: its delta is 0.
 */
export function backward(cell, trace, dh, dc, hold = {}) {
  const { rows, memory, peepholes, before } = KINDS[cell.kind];
  const { W, U, P } = cell.params;
  const H = U[0].length;
  const slope = ACTIVATIONS[cell.activation ?? "tanh"][1];
  const sigma = (k, r) => (hold[k] == null ? r[k].map((v) => v * (1 - v)) : zeros(H));
  const peep = (k) => block(P, peepholes, k, H);
  const all = new Array(trace.length);
  dc ??= memory ? zeros(H) : null;
  let carry = null;
  for (let t = trace.length - 1; t >= 0; t--) {
    const r = trace[t];
    const d = (all[t] = { dh, delta: {}, ud: {}, dprev: {} });
    if (cell.kind === "ElmanCell") {
      d.delta.h = zip((g, h) => g * slope(h), dh, r.h);
      d.carry = carry ?? dh;
      carry = zeros(H);
    } else if (memory) {
      const show = zip((o, m) => o * slope(m), r.o, r.tanh_c);
      d.delta.o = zip((g, m, s) => g * m * s, dh, r.tanh_c, sigma("o", r));
      d.dcIn = dc;
      d.dcH = zip((g, s) => g * s, dh, show);
      if (peepholes) d.dcH = zip((v, a, p) => v + a * p, d.dcH, d.delta.o, peep("o"));
      d.dc = add(d.dcIn, d.dcH);
      const coupled = !rows.includes("i");
      if (rows.includes("f")) {
        const was = coupled ? zip((c, g) => c - g, r.prev.c, r.g) : r.prev.c;
        d.delta.f = zip((g, c, s) => g * c * s, d.dc, was, sigma("f", r));
      }
      if (!coupled) d.delta.i = zip((g, v, s) => g * v * s, d.dc, r.g, sigma("i", r));
      d.dg = zip((g, i) => g * i, d.dc, r.i);
      d.delta.g = zip((g, v) => g * slope(v), d.dg, r.g);
      d.dprev.c = zip((g, f) => g * f, d.dc, r.f);
      d.carry = carry ?? d.dc;
      carry = zip((g, f) => g * f, d.carry, r.f);
      if (peepholes)
        d.dprev.c = zip((v, a, p, b, q) => v + a * p + b * q, d.dprev.c, d.delta.i, peep("i"), d.delta.f, peep("f"));
    } else {
      d.delta.z = zip((g, was, n, s) => g * (was - n) * s, dh, r.prev.h, r.n, sigma("z", r));
      d.dn = zip((g, z) => g * (1 - z), dh, r.z);
      d.delta.n = zip((g, n) => g * (1 - n * n), d.dn, r.n);
      d.straight = zip((g, z) => g * z, dh, r.z);
      d.carry = carry ?? dh;
      carry = zip((g, z) => g * z, d.carry, r.z);
      const Un = block(U, rows, "n", H);
      if (before) {
        d.drh = timesTransposed(Un, d.delta.n);
        d.delta.r = zip((g, was, s) => g * was * s, d.drh, r.prev.h, sigma("r", r));
        d.ud.n = zip((g, gate) => g * gate, d.drh, r.r);
      } else {
        d.delta.r = zip((g, m, s) => g * m * s, d.delta.n, r.m, sigma("r", r));
        d.ud.n = timesTransposed(Un, zip((g, gate) => g * gate, d.delta.n, r.r));
      }
    }
    for (const k of rows) d.ud[k] ??= timesTransposed(block(U, rows, k, H), d.delta[k]);
    d.dprev.h = add(...[...rows].map((k) => d.ud[k]), ...(d.straight ? [d.straight] : []));
    d.dx = add(...[...rows].map((k) => timesTransposed(block(W, rows, k, H), d.delta[k])));
    dh = d.dprev.h;
    dc = d.dprev.c ?? null;
  }
  return all;
}
