// The equation of the lit station with its numbers put in, and the station in a sentence.

import { h, num, sym } from "./host.js";
import { KINDS } from "./core.js";
import { ink } from "./cell-drawings.js";

export const equationCss = `
[data-mode=backward] .eq{min-height:166px}
.eq{min-height:118px;display:flex;flex-direction:column;justify-content:center;gap:6px;padding:10px 0 4px;overflow-x:auto;overflow-y:hidden}
.row{display:flex;align-items:flex-start;justify-content:safe center;gap:8px;white-space:nowrap}
.q{display:inline-grid;justify-items:center}
.s{font:20px/28px var(--math)}.rb .s i{font-size:1em}
.v{font:600 13.5px/20px var(--sans);font-variant-numeric:tabular-nums}
.o{font:20px/28px var(--math);color:var(--gs-mute)}.fn{margin-right:-4px}.sp{margin-right:18px}
.one .s,.one .o{font-size:25px;line-height:34px}.one .v{font-size:15px;line-height:22px}.one .heldtxt{line-height:34px}.one .row{gap:11px}
.up{font-family:var(--math)}
.heldtxt{line-height:28px;color:var(--gs-mute)}
.route{align-self:center;margin-left:14px;font-size:13px;color:var(--gs-mute)}
.route::before{content:"";display:inline-block;width:26px;border-top:4px solid var(--gs-grad);margin-right:7px;vertical-align:middle}
.route.dash::before{border-top:3px dashed var(--gs-grad)}
@media (max-width:560px){.eq{min-height:116px}.tight .route{margin-left:2px}.one .s,.one .o{font-size:20px}.one .row{gap:6px}.one .v{font-size:13px}.row{gap:5px}.s,.o{font-size:17px}.v{font-size:12.5px}.route{margin-left:6px}.tight .s,.tight .o,.one.tight .s,.one.tight .o{font-size:15.5px}.tight .row,.one.tight .row{gap:3px}.tight .v,.one.tight .v{font-size:12px}}
`;

const GRAD = "var(--gs-grad)";

// A letter above its number; an operator; a row of them.
const q = (letters, value, colour) =>
  h("span", { class: "q", style: colour ? `color:${colour}` : null }, h("span", { class: "s" }, letters), h("span", { class: "v" }, num(value)));
const op = (text, cls) => h("span", { class: `o ${cls ?? ""}` }, text);
const row = (...items) => h("span", { class: "row" }, ...items);
const route = (text, dash) => h("span", { class: `route ${dash ? "dash" : ""}` }, text);
const prime = (name) => h("span", { class: "up" }, `${name}′`);
const product = (...parts) => parts;

/** The gate's own equation: k = σ(W x + U h + b), or what it is held at. */
function gateRow(c, k, fn, letter = k) {
  const { r, t, hold, w } = c;
  const plain = letter === "h";
  const index = plain ? null : letter;
  if (hold[k] != null) return row(q(sym(k, t), r[k], ink(k)), op("="), h("span", { class: "heldtxt" }, w("eq_held", { v: num(r[k]) })));
  const terms = [
    q(product(sym("W", index), sym("x", t)), r.wx[k]),
    op("+"),
    q(product(sym("U", index), sym("h", t - 1)), r.uh[k], ink("h")),
    op("+"),
  ];
  if (r.pc[k] != null) terms.push(q(product(sym("p", index), sym("c", k === "o" ? t : t - 1)), r.pc[k], ink("c")), op("+"));
  terms.push(q(sym("b", index), r.b[k]));
  return row(q(sym(k, t), r[k], ink(k)), op("="), op(fn, "fn"), op("("), ...terms, op(")"));
}

const FORWARD = {
  forget: (c) => [gateRow(c, "f", "σ")],
  keep: (c) => [row(q([h("span", { class: "up" }, "1"), op("·"), sym("c", c.t - 1)], c.r.c0, ink("c")), op("="), q(sym("c", c.t - 1), c.r.c0, ink("c")))],
  input(c) {
    if (c.kind === "ElmanCell") return [row(q(product(sym("W"), sym("x", c.t)), c.r.wx.h), ...(c.xs.length === 1 ? [op("="), q(sym("W"), c.params.W[c.unit][0]), op("·"), q(sym("x", c.t), c.xs[0])] : []))];
    const gate = c.kind === "CoupledLSTMCell" ? row(q(sym("i", c.t), c.r.i, ink("i")), op("="), op("1"), op("−"), q(sym("f", c.t), c.r.f, ink("f"))) : gateRow(c, "i", "σ");
    return [gate, gateRow(c, "g", "tanh")];
  },
  update(c) {
    if (c.kind.startsWith("GRU")) return [gateRow(c, "z", "σ")];
    const { r, t } = c;
    const kept = c.kind === "LSTM1997Cell" ? [q(sym("c", t - 1), r.c0, ink("c"))] : [q(sym("f", t), r.f, ink("f")), op("·"), q(sym("c", t - 1), r.c0, ink("c"))];
    return [row(q(sym("c", t), r.c, ink("c")), op("="), ...kept, op("+"), q(sym("i", t), r.i, ink("i")), op("·"), q(sym("g", t), r.g, ink("g")))];
  },
  output: (c) => [
    gateRow(c, "o", "σ"),
    row(q(sym("h", c.t), c.r.h, ink("h")), op("="), q(sym("o", c.t), c.r.o, ink("o")), op("·"), op("tanh", "fn"), op("("), q(sym("c", c.t), c.r.c, ink("c")), op(")")),
  ],
  reset(c) {
    const { r, t } = c;
    const second = KINDS[c.kind].before
      ? row(q(product(sym("r", t), sym("h", t - 1)), r.rh, ink("h")), op("="), q(sym("r", t), r.r, ink("r")), op("·"), q(sym("h", t - 1), r.h0, ink("h")))
      : row(q(sym("m", t), r.m, ink("h")), op("="), q(product(sym("U", "n"), sym("h", t - 1)), r.uh.n, ink("h")), op("+"), q(sym("b", "n′"), r.m - r.uh.n), op(",", "sp"), q(product(sym("r", t), sym("m", t)), r.rm, ink("h")));
    return [gateRow(c, "r", "σ"), second];
  },
  candidate(c) {
    const { r, t } = c;
    const past = KINDS[c.kind].before ? q(product(sym("U", "n"), "(", sym("r", t), sym("h", t - 1), ")"), r.uh.n, ink("h")) : q(product(sym("r", t), sym("m", t)), r.rm, ink("h"));
    return [row(q(sym("n", t), r.n, ink("n")), op("="), op("tanh", "fn"), op("("), q(product(sym("W", "n"), sym("x", t)), r.wx.n), op("+"), q(sym("b", "n"), r.b.n), op("+"), past, op(")"))];
  },
  context: (c) => [row(q(product(sym("U"), sym("h", c.t - 1)), c.r.uh.h, ink("h")), ...(c.H === 1 ? [op("="), q(sym("U"), c.params.U[0][0]), op("·"), q(sym("h", c.t - 1), c.r.h0, ink("h"))] : []))],
  state(c) {
    const { r, t } = c;
    if (c.kind === "ElmanCell") return [row(q(sym("h", t), r.h, ink("h")), op("="), op(c.activation === "identity" ? "φ" : c.activation === "sigmoid" ? "σ" : c.activation, "fn"), op("("), q(product(sym("W"), sym("x", t)), r.wx.h), op("+"), q(product(sym("U"), sym("h", t - 1)), r.uh.h, ink("h")), op("+"), q(sym("b"), r.b.h), op(")"))];
    return [row(q(sym("h", t), r.h, ink("h")), op("="), q(sym("z", t), r.z, ink("z")), op("·"), q(sym("h", t - 1), r.h0, ink("h")), op("+"), q(product("(1 − ", sym("z", t), ")"), 1 - r.z, ink("z")), op("·"), q(sym("n", t), r.n, ink("n")))];
  },
};

const slope = (v) => v * (1 - v);
const D = (k, index) => sym(`d${k}`, index);

function passBack(c) {
  const { d, t, w } = c;
  const whole = [q(D("h", t - 1), d.dh0, GRAD), op("=")];
  if (!d.straight && d.straight !== 0) return row(...whole, q(product(sym("U"), "ᵀ", D("a")), d.dh0, GRAD), route(w("through_h"), true));
  const part = (k, ...letters) => [op("+"), q(product(sym("U", k), "ᵀ", ...letters), d.ud[k], GRAD)];
  const candidate = KINDS[c.kind].before
    ? [op("+"), q(product(sym("r", t), " ", sym("U", "n"), "ᵀ", D("a", "n")), d.ud.n, GRAD)]
    : part("n", "(", sym("r", t), " ", D("a", "n"), ")");
  return row(...whole, q(product(sym("z", t), D("h", t)), d.straight, GRAD), ...part("r", D("a", "r")), ...part("z", D("a", "z")), ...candidate);
}

function deltaRow(c, k, parts) {
  if (c.hold[k] != null) return row(q(D("a", k), 0, GRAD), h("span", { class: "heldtxt" }, c.w("eq_held_constant")));
  return row(q(D("a", k), c.d.delta[k], GRAD), op("="), ...parts.flatMap((part, j) => (j ? [op("·"), part] : [part])));
}

const BACKWARD = {
  output(c) {
    const { r, d, t } = c;
    const shown = d.dh * r.o * (1 - r.tanh_c ** 2);
    const inner = r.pc.o != null ? [q(product(D("h", t), sym("o", t), prime(" tanh")), shown, GRAD), op("+"), q(product(sym("p", "o"), D("a", "o")), d.dcH - shown, GRAD)] : [q(D("h", t), d.dh, GRAD), op("·"), q(sym("o", t), r.o), op("·"), q(prime("tanh"), 1 - r.tanh_c ** 2)];
    return [
      row(q(D("c", t), d.dc, GRAD), op("="), q(c.t < c.T ? c.w("eq_from", { t: t + 1 }) : c.w("eq_end"), d.dcIn, GRAD), op("+"), ...inner),
      deltaRow(c, "o", [q(D("h", t), d.dh, GRAD), q(product(h("span", { class: "up" }, "tanh "), sym("c", t)), r.tanh_c), q(prime("σ"), slope(r.o))]),
    ];
  },
  update(c) {
    const { r, d, t } = c;
    if (c.kind.startsWith("GRU"))
      return [deltaRow(c, "z", [q(D("h", t), d.dh, GRAD), q(product("(", sym("h", t - 1), " − ", sym("n", t), ")"), r.h0 - r.n), q(prime("σ"), slope(r.z))])];
    return [row(q(product(D(""), "(", h("i", null, c.kind === "LSTM1997Cell" ? "c" : "f c"), ")"), d.dc, GRAD), op("="), q(D("c", t), d.dc, GRAD), op(",", "sp"), q(product(D(""), "(", h("i", null, "i g"), ")"), d.dc, GRAD), op("="), q(D("c", t), d.dc, GRAD))];
  },
  input(c) {
    const { r, d, t } = c;
    if (c.kind === "ElmanCell") return [row(q(c.D > 1 ? product("|", D("x", t), "|") : D("x", t), d.dx, GRAD), op("="), q(product(c.D > 1 ? "|" : "", sym("W"), "ᵀ", D("a"), c.D > 1 ? "|" : ""), d.dx, GRAD))];
    const g = deltaRow(c, "g", [q(D("c", t), d.dc, GRAD), q(sym("i", t), r.i), q(prime("tanh"), 1 - r.g ** 2)]);
    return [c.kind === "CoupledLSTMCell" ? null : deltaRow(c, "i", [q(D("c", t), d.dc, GRAD), q(sym("g", t), r.g), q(prime("σ"), slope(r.i))]), g].filter(Boolean);
  },
  forget(c) {
    const { r, d, t, w } = c;
    const peep = d.dc0 - r.f * d.dc;
    const extra = c.r.pc.f == null ? [] : [op("+"), q(w("eq_peepholes"), peep, GRAD)];
    const was = c.kind === "CoupledLSTMCell" ? q(product("(", sym("c", t - 1), " − ", sym("g", t), ")"), r.c0 - r.g) : q(sym("c", t - 1), r.c0);
    return [
      row(q(D("c", t - 1), d.dc0, GRAD), op("="), q(sym("f", t), r.f), op("·"), q(D("c", t), d.dc, GRAD), ...(extra.length ? extra : [route(w("through_c"))])),
      passBack(c),
      deltaRow(c, "f", [q(D("c", t), d.dc, GRAD), was, q(prime("σ"), slope(r.f))]),
    ];
  },
  keep(c) {
    const { d, t, w } = c;
    return [row(q(D("c", t - 1), d.dc0, GRAD), op("="), q(D("c", t), d.dc, GRAD), route(w("through_c"))), passBack(c)];
  },
  state(c) {
    const { r, d, t } = c;
    if (c.kind === "ElmanCell") return [row(q(D("a"), d.delta.h, GRAD), op("="), q(D("h", t), d.dh, GRAD), op("·"), q(product(h("span", { class: "up" }, "φ′")), c.slope(r.h)))];
    return [
      row(q(D("n", t), d.dn, GRAD), op("="), q(product("(1 − ", sym("z", t), ")"), 1 - r.z), op("·"), q(D("h", t), d.dh, GRAD)),
      row(q(product(sym("z", t), D("h", t)), d.straight, GRAD), op("="), q(sym("z", t), r.z), op("·"), q(D("h", t), d.dh, GRAD), route(c.w("straight"))),
    ];
  },
  candidate: (c) => [deltaRow(c, "n", [q(D("n", c.t), c.d.dn, GRAD), q(prime("tanh"), 1 - c.r.n ** 2)])],
  reset(c) {
    const { r, d, t } = c;
    const parts = KINDS[c.kind].before
      ? [q(product(D(""), "(", h("i", null, "r h"), ")"), d.drh, GRAD), q(sym("h", t - 1), r.h0), q(prime("σ"), slope(r.r))]
      : [q(D("a", "n"), d.delta.n, GRAD), q(sym("m", t), r.m), q(prime("σ"), slope(r.r))];
    return [deltaRow(c, "r", parts), passBack(c)];
  },
  context: (c) => [row(q(D("h", c.t - 1), c.d.dh0, GRAD), op("="), q(product(sym("U"), "ᵀ", D("a")), c.d.dh0, GRAD), ...(c.H === 1 ? [op("="), q(sym("U"), c.params.U[0][0]), op("·"), q(D("a"), c.d.delta.h, GRAD)] : []))],
};

/** The lit station's equations. */
export function equation(c) {
  const rows = (c.bw ? BACKWARD : FORWARD)[c.stations[c.cur]](c);
  const longest = Math.max(...rows.map((r) => r.kids.length));
  return h("div", { class: `eq ${rows.length === 1 ? "one" : ""} ${longest > 10 ? "tight" : ""}`, key: `eq ${c.bw}`, role: "group", "aria-label": c.w("equation") }, rows);
}

const degree = (v) => (v < 0.2 ? "shut" : v > 0.8 ? "open" : "part");

/** The lit station in one sentence. */
export function sentence(c) {
  const { r, d, w, bw, t, kind } = c;
  const n = (values) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, num(v)]));
  const gru = kind.startsWith("GRU");
  const station = c.stations[c.cur];
  const gate = { forget: "f", input: "i", output: "o", reset: "r", update: "z" }[station];
  if (!bw && gate in c.hold) return w("say_gate_held", { gate: w(`gate_${gate}`), v: num(r[gate]) });
  if (!bw) {
    if (station === "forget") return w(`say_forget_${degree(r.f)}`, n({ f: r.f }));
    if (station === "keep") return w("say_keep", n({ c: r.c0 }));
    if (station === "input") {
      if (kind === "ElmanCell") return w("say_elman_input", n({ wx: r.wx.h }));
      if (kind === "CoupledLSTMCell") return w("say_input_coupled", n({ f: r.f, i: r.i, g: r.g }));
      if (Math.abs(r.g) < 0.0005) return w("say_input_nothing");
      return w(`say_input_${r.i < 0.2 ? "shut" : "open"}`, n({ i: r.i, g: r.g, came: r.i * r.g }));
    }
    if (station === "update") return gru ? w(`say_gru_update_${degree(r.z)}`, n({ z: r.z, new: 1 - r.z })) : w("say_update", n({ kept: r.f * r.c0, came: r.i * r.g, c: r.c }));
    if (station === "output") return w(`say_output_${r.o < 0.2 ? "shut" : "open"}`, n({ o: r.o, h: r.h }));
    if (station === "reset") return w(`say_reset_${degree(r.r)}`, n({ r: r.r }));
    if (station === "candidate") return w("say_candidate", n({ n: r.n }));
    if (station === "context") return w("say_context", n({ uh: r.uh.h }));
    return gru ? w("say_gru_state", n({ kept: r.z * r.h0, came: (1 - r.z) * r.n, h: r.h })) : w("say_elman_state", n({ a: r.a.h, h: r.h }));
  }
  if (gate in c.hold && (station === "update" || station === "output")) return w("say_gate_held_back", { gate: w(`gate_${gate}`) });
  if (station === "output") return w(t < c.T ? "back_output" : "back_output_last", n({ right: d.dcIn, out: d.dcH, dh: d.dh }));
  if (station === "update") return gru ? w("back_gru_update", n({ da: d.delta.z })) : w("back_update", n({ dc: d.dc }));
  if (station === "input") return kind === "ElmanCell" ? w("back_elman_input", n({ dx: d.dx })) : w("back_input", n({ i: r.i, dg: d.dg }));
  if (station === "forget") return w(`back_forget_${degree(r.f)}`, n({ f: r.f }));
  if (station === "keep") return w("back_keep", n({ dc: d.dc }));
  if (station === "state") return gru ? w("back_gru_state", n({ dh: d.dh, straight: d.straight, dn: d.dn })) : w("back_elman_state", n({ dh: d.dh, da: d.delta.h }));
  if (station === "candidate") return w("back_candidate", n({ da: d.delta.n }));
  if (station === "reset") return w("back_reset", n({ dh0: d.dh0, straight: d.straight, rest: d.dh0 - d.straight }));
  return w("back_context", n({ dh0: d.dh0, dh: d.dh }));
}
