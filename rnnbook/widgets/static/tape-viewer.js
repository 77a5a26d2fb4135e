// The tape of backpropagation through time. Above the tape runs the forward pass, which nothing cuts; below it the
// way back, which ends at a wall.

import { ACTIVATIONS, backward, forward, shapes, zeros } from "./core.js";
import { expect, h, num, slider, sym, transport, tsym } from "./host.js";

export const name = "tape-viewer";

/** What a drawing can hold: the same numbers as in tape_viewer.py. */
export const MAX_STEPS = 16;
export const MAX_UNITS = 8;

// --- maths --------------------------------------------------------------------------------------------------------

/** The moves in their order, for T steps in windows of K: {kind, t, a, z}; a window is the steps a to z. */
export function order(T, K) {
  const all = [];
  for (let a = 1; a <= T; a += K) {
    const z = Math.min(a + K - 1, T);
    for (let t = a; t <= z; t++) all.push({ kind: "forward", t, a, z });
    for (let t = z; t >= a; t--) all.push({ kind: "back", t, a, z });
    all.push({ kind: "free", t: z, a, z });
  }
  return all;
}

/** dh at each step, when the way back is cut into windows of K: {own, arrived, dh, da, passed} for the steps 1 to T. */
export function slopes(cell, trace, dy, K) {
  const all = [];
  for (let a = 0; a < trace.length; a += K) {
    let arrived = null;
    for (let t = Math.min(a + K, trace.length) - 1; t >= a; t--) {
      const dh = dy[t].map((v, u) => v + (arrived ? arrived[u] : 0));
      const [d] = backward(cell, [trace[t]], dh);
      all[t] = { own: dy[t], arrived, dh, da: d.delta.h, passed: d.dprev.h };
      arrived = d.dprev.h;
    }
  }
  return all;
}

/** Where the same thing happens with windows of another length; the end stays the end. */
export function moved(T, K, moves, to) {
  if (moves <= 0) return 0;
  const { kind, t } = order(T, K)[moves - 1];
  return 1 + order(T, to).findIndex((m) => m.kind === kind && (kind === "free" ? m.a <= t && t <= m.z : m.t === t));
}

const norm = (v) => Math.hypot(...v);

/** All that is drawn, after `moves` moves. */
export function compute(s) {
  const T = s.inputs.length;
  const K = s.window;
  const H = s.targets[0].length;
  const trace = forward(s.cell, s.inputs);
  const dy = trace.map((r, t) => r.h.map((v, u) => (s.loss === "every" || t === T - 1 ? 2 * (v - s.targets[t][u]) : 0)));
  const cut = slopes(s.cell, trace, dy, K);
  const whole = slopes(s.cell, trace, dy, T);
  const all = order(T, K);
  const moves = Math.min(s.moves, all.length);
  const kept = zeros(T + 1).map((_, t) => t === 0);
  const written = zeros(T + 1).map((_, t) => t === 0);
  const back = zeros(T + 1).map(() => false);
  for (const m of all.slice(0, moves)) {
    if (m.kind === "forward") kept[m.t] = written[m.t] = true;
    else if (m.kind === "back") back[m.t] = true;
    else kept.fill(false, m.a - 1, m.z);
  }
  const states = [zeros(H), ...trace.map((r) => r.h)];
  const count = kept.filter(Boolean).length;
  const each = H * s.itemsize;
  return {
    T, K, H, trace, dy, cut, whole, all, moves, kept, written, back, states, count, each,
    now: moves ? all[moves - 1] : null,
    next: all[moves] ?? null,
    most: Math.min(K, T) + 1,
  };
}

// --- state --------------------------------------------------------------------------------------------------------

export function check(s) {
  expect.object("cell", s.cell);
  expect.one("cell.kind", s.cell.kind, ["ElmanCell"]);
  expect.one("cell.activation", s.cell.activation, Object.keys(ACTIVATIONS));
  const T = expect.list("inputs", s.inputs).length;
  expect.number("T", T, 1, MAX_STEPS);
  const D = expect.list("inputs[0]", s.inputs[0]).length;
  expect.number("D", D, 1);
  expect.array("inputs", s.inputs, [T, D]);
  const H = expect.list("targets[0]", expect.list("targets", s.targets, T)[0]).length;
  expect.number("H", H, 1, MAX_UNITS);
  expect.array("targets", s.targets, [T, H]);
  expect.object("cell.params", s.cell.params);
  for (const [key, shape] of Object.entries(shapes("ElmanCell", D, H)))
    expect.array(`cell.params.${key}`, s.cell.params[key], shape);
  expect.index("itemsize", s.itemsize, 1, 16);
  expect.index("window", s.window, 1, T);
  expect.one("loss", s.loss, ["every", "last"]);
  expect.index("moves", s.moves, 0, 3 * T); // as many as there are with windows of one step
}

// --- drawing ------------------------------------------------------------------------------------------------------
// Heights, from the top: step numbers, forward pipe, tape, backward pipe, own losses, bars of dh, two rows of numbers.
const HEIGHTS = {
  wide: { numbers: 15, forward: 50, tape: 88, box: 46, backward: 178, loss: 216, zero: 300, bar: 62, first: 317, second: 334, all: 342 },
  phone: { numbers: 13, forward: 58, tape: 92, box: 40, backward: 190, loss: 226, zero: 322, bar: 58, first: 338, second: 354, all: 360 },
};
const BORE = 18;

/** A size below its column; in a column of a phone with one digit less. Nothing reads 0 that is not. */
function short(v, narrow) {
  if (v === 0) return "0";
  if (v < 0.005) return "≈0";
  if (!narrow) return v < 9.995 ? v.toFixed(2) : num(v);
  return v < 0.0995 ? v.toFixed(2).slice(1) : v < 9.95 ? v.toFixed(1) : v < 999.5 ? v.toFixed(0) : num(v);
}

const tip = (x, y, up) => `M${x - 4} ${y + (up ? 5 : -5)}L${x} ${y}L${x + 4} ${y + (up ? 5 : -5)}`;

function drawing(ctx, c) {
  const { w, wide, width } = ctx;
  const { T, K, H, now } = c;
  const W = Math.round(Math.min(width, 720));
  const left = wide ? 96 : 0;
  const col = (W - left) / (T + 1);
  const y = HEIGHTS[wide ? "wide" : "phone"];
  const x = (t) => left + (t + 0.5) * col;
  const edge = (t) => left + t * col; // the left end of a column
  const kids = [];
  const at = (...nodes) => kids.push(...nodes);

  // What is now: a band in the column, or in a whole window.
  const [from, to] = !now ? [0, 0] : now.kind === "free" ? [now.a, now.z] : [now.t, now.t];
  at(h("rect", { key: "band", class: "band", x: edge(from), y: 0, width: edge(to + 1) - edge(from), height: y.all, rx: 6 }));

  const heads = [
    ["forward", y.forward, w("row_forward"), w("row_forward_note")],
    ["tape", y.tape + y.box / 2, w("row_tape"), w("row_tape_note")],
    ["backward", y.backward, w("row_backward"), w("row_backward_note")],
  ];
  if (wide)
    for (const [key, mid, head, note] of heads)
      at(h("text", { key: `head-${key}`, class: `head ${key}`, x: 0, y: mid - 3 }, head), h("text", { key: `note-${key}`, class: "small", x: 0, y: mid + 13 }, note));
  else at(h("text", { key: "head-forward", class: "head forward", x: 1, y: y.forward - 18 }, `${w("row_forward")}: ${w("row_forward_note")}`));

  for (let t = 0; t <= T; t++)
    at(h("text", { key: `n${t}`, class: `mid step-number${t >= from && t <= to && (now || t === 0) ? " on" : ""}`, x: x(t), y: y.numbers }, String(t)));

  // Forward: a pipe without a wall in it. The state after step t fills it from t to t + 1; the largest fills it whole.
  const scale = Math.max(0.1, ...c.states.flat().map(Math.abs));
  at(h("path", { key: "pipe-f", class: "pipe", d: `M${x(0)} ${y.forward - BORE / 2 - 1}H${W}M${x(0)} ${y.forward + BORE / 2 + 1}H${W}` }));
  for (let t = 0; t <= T; t++) {
    const value = H === 1 ? c.states[t][0] : norm(c.states[t]) / Math.sqrt(H);
    const thick = Math.max((Math.abs(value) / scale) * BORE, 1.25);
    const end = t === T ? W : x(t + 1);
    const state = !c.written[t] ? "none" : now?.kind === "forward" && now.t === t ? "now" : "done";
    at(h("rect", { key: `f${t}`, class: `flow h ${state}${value < 0 ? " minus" : ""}`, x: x(t), y: y.forward - thick / 2, width: end - x(t), height: thick }));
  }

  // The tape.
  const box = col - (wide ? 7 : 4);
  const unit = Math.min(wide ? 22 : 14, (box - 4) / H);
  for (let t = 0; t <= T; t++) {
    const state = c.kept[t] ? "kept" : c.written[t] ? "freed" : "blank";
    const lit = now?.kind === "forward" && now.t === t;
    at(h("rect", { key: `cell${t}`, class: `cell ${state}${lit ? " on" : ""}`, x: x(t) - box / 2, y: y.tape, width: box, height: y.box, rx: 5 }));
    const mid = y.tape + y.box / 2;
    if (state === "blank") at(h("circle", { key: `dot${t}`, class: "dot", cx: x(t), cy: mid, r: 1.3 }));
    else
      c.states[t].forEach((v, u) => {
        const tall = state === "kept" ? Math.max((Math.abs(v) / scale) * (y.box / 2 - 4), 0.75) : 0;
        const across = x(t) + (u - H / 2) * unit + unit * 0.1;
        at(h("rect", { key: `v${t}-${u}`, class: `value h${v < 0 ? " minus" : ""}`, x: across, y: v < 0 ? mid : mid - tall, width: unit * 0.8, height: tall }));
      });
  }
  if (now?.kind === "forward") {
    const end = y.tape - 3;
    at(h("path", { key: "write", class: "control h", d: `M${x(now.t)} ${y.forward + BORE / 2 + 2}V${end}${tip(x(now.t), end, false)}` }));
  }

  // Backward: the same pipe, with a wall at each cut.
  for (let a = 1; a <= T; a += K) {
    const z = Math.min(a + K - 1, T);
    const start = a === 1 ? x(0) : edge(a);
    const end = z === T ? W - (wide ? 8 : 4) : edge(z + 1);
    const bore = BORE / 2 + 1;
    at(h("path", { key: `pipe-b${a}`, class: "pipe", d: `M${start} ${y.backward - bore}H${end}M${start} ${y.backward + bore}H${end}` }));
    const freed = c.written[z] && !c.kept[a - 1];
    const middle = (edge(a) + edge(z)) / 2;
    if (freed && (z - a) * col > (wide ? 76 : 70))
      at(h("text", { key: `freed${a}`, class: "mid small", x: middle, y: y.tape + y.box + 18 }, w("given_back")));
  }
  const top = Math.max(...c.cut.map((d) => norm(d.dh)), ...c.whole.map((d) => norm(d.dh)), 1e-9);
  for (let t = 1; t <= T; t++) {
    if (!c.back[t]) continue;
    const a = t - ((t - 1) % K);
    const size = norm(c.cut[t - 1].passed);
    const thick = size === 0 ? 0 : Math.max((size / top) * BORE, 1.5);
    const start = t === a && t > 1 ? edge(t) : x(t - 1);
    const lit = now?.kind === "back" && now.t === t;
    const look = lit ? "now" : "done";
    at(h("path", { key: `b${t}`, class: `flow grad ${look}`, d: `M${x(t)} ${y.backward}H${start}`, "stroke-width": thick }));
    if (thick && (lit || t === a)) at(h("path", { key: `tip${t}`, class: `tip ${look}`, d: `M${start + 9} ${y.backward - 6}L${start + 3} ${y.backward}L${start + 9} ${y.backward + 6}` }));
  }
  for (let a = 1 + K; a <= T; a += K) {
    // On a phone the wall leaves room for the name of the row.
    const gap = wide ? "" : `V${y.tape + y.box + 5}M${edge(a)} ${y.backward - BORE / 2 - 4}`;
    at(h("path", { key: `wall${a}`, class: "wall", d: `M${edge(a)} ${y.tape - 5}${gap}V${y.backward + BORE / 2 + 4}` }));
    if (K * col > 34) at(h("text", { key: `cut${a}`, class: "mid small ink", x: edge(a), y: y.backward + BORE / 2 + 18 }, w("cut")));
  }
  if (now?.kind === "back") {
    const end = y.backward - BORE / 2 - 3;
    at(h("path", { key: "read", class: "control h", d: `M${x(now.t)} ${y.tape + y.box + 2}V${end}${tip(x(now.t), end, false)}` }));
  }
  if (now?.kind === "free" && now.z < T)
    at(h("text", { key: "over", class: "mid small halo ink", x: edge(now.z + 1), y: y.tape - 10 }, w("handed_over")));

  if (!wide) at(h("text", { key: "head-backward", class: "head backward halo", x: 1, y: y.backward - 17 }, `${w("row_backward")}: ${w("row_backward_note")}`));

  // Each step's own loss comes in from below.
  at(h("text", { key: "head-loss", class: `head grad${wide ? "" : " mid"}`, x: wide ? 0 : x(0), y: y.loss + 2 }, wide ? `${w("row_loss")} ` : "", tsym("dy")));
  for (let t = 1; t <= T; t++) {
    const has = ctx.s.loss === "every" || t === T;
    const lit = now?.kind === "back" && now.t === t;
    if (!has) continue;
    const peak = y.backward + BORE / 2 + 3;
    at(h("path", { key: `own${t}`, class: `own ${lit ? "now" : c.back[t] ? "done" : ""}`, d: `M${x(t)} ${y.loss + 6}V${peak}${tip(x(t), peak, true)}` }));
  }

  // What reaches each step: solid with the cuts, an outline without them.
  const mark = (kind, across, up) => h("rect", { key: `mark-${kind}`, class: `bar ${kind}`, x: across, y: up - 9, width: 10, height: 10 });
  if (wide) {
    at(h("text", { key: "head-dh", class: "head grad", x: 0, y: y.zero - 24 }, w("row_size"), " ", tsym("dh")));
    at(mark("cut", 1, y.first), h("text", { key: "with", class: "small", x: 17, y: y.first }, w("with_cuts")));
    at(mark("whole", 1, y.second), h("text", { key: "without", class: "small", x: 17, y: y.second }, w("without")));
  } else {
    const up = y.loss + 24;
    at(h("text", { key: "head-dh", class: "head grad", x: 1, y: up }, w("row_size"), " ", tsym("dh")));
    at(mark("cut", W - 190, up), h("text", { key: "with", class: "small", x: W - 175, y: up }, w("with_cuts")));
    at(mark("whole", W - 76, up), h("text", { key: "without", class: "small", x: W - 61, y: up }, w("without")));
  }
  at(h("path", { key: "zero", class: "zero", d: `M${left} ${y.zero}H${W}` }));
  const broad = Math.min(24, col * 0.62);
  for (let t = 1; t <= T; t++) {
    if (!c.back[t]) {
      at(h("circle", { key: `wait${t}`, class: "dot", cx: x(t), cy: y.zero, r: 1.3 }));
      continue;
    }
    const lit = now?.kind === "back" && now.t === t;
    for (const [kind, d, row, inset] of [["whole", c.whole, y.second, 0.7], ["cut", c.cut, y.first, 0]]) {
      const size = norm(d[t - 1].dh);
      const tall = Math.max((size / top) * y.bar - inset, 0);
      at(h("rect", { key: `${kind}${t}`, class: `bar ${kind}`, x: x(t) - broad / 2 + inset, y: y.zero - tall, width: broad - 2 * inset, height: tall }));
      if (col >= 23 || lit) at(h("text", { key: `${kind}-n${t}`, class: `mid value-${kind}`, x: x(t), y: row }, short(size, col < 38)));
    }
  }
  return h("svg", { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${y.all}`, role: "img", "aria-label": seen(ctx, c) }, kids);
}

/** The drawing in words. */
function seen({ w }, c) {
  const list = (flags) => c.states.map((_, t) => t).filter((t) => flags[t]).join(", ");
  const reached = c.back.map((yes, t) => (yes ? `${t}: ${num(norm(c.cut[t - 1].dh))} / ${num(norm(c.whole[t - 1].dh))}` : "")).filter(Boolean);
  return `${w("alt", { T: c.T, K: c.K, kept: list(c.kept) })} ${reached.length ? w("alt_sizes", { sizes: reached.join("; ") }) : ""}`.trim();
}

// --- the equation of this move ------------------------------------------------------------------------------------
const term = (letter, value, cls = "", note = "") =>
  h("span", { class: `term ${cls}` }, h("span", { class: "letter" }, letter), h("span", { class: `number n ${note}` }, value == null ? "" : value));
const sign = (text) => h("span", { class: "sign" }, text);

function equations({ w, s }, c) {
  const move = c.now ?? c.next;
  const { kind, t, a, z } = move;
  const show = (v) => (c.H === 1 && c.now ? num(v[0]) : null);
  const row = (key, ...kids) => h("div", { class: "row", key }, kids);
  if (kind === "forward") {
    const r = c.trace[t - 1];
    const inside = [term([h("i", null, "W"), sym("x", t)], show(r.wx.h)), sign("+"), term([h("i", null, "U"), sym("h", t - 1)], show(r.uh.h), "h"), sign("+"), term(sym("b"), show(r.b.h))];
    const plain = s.cell.activation === "identity";
    return row("forward", term(sym("h", t), show(r.h), "h"), sign("="), plain ? null : sign(`${s.cell.activation}(`), inside, plain ? null : sign(")"));
  }
  const d = c.cut[t - 1];
  if (kind === "back") {
    const past = d.arrived ? show(d.arrived) : w(t === c.T ? "nothing" : "cut");
    const slope = c.H === 1 && d.dh[0] !== 0 ? [d.da[0] / d.dh[0]] : c.H === 1 ? backwardSlope(s.cell, c.trace[t - 1]) : [NaN];
    const prime = s.cell.activation === "tanh" ? ["(1 − ", sym("h", t), h("sup", null, "2"), ")"] : [h("i", null, "φ"), "′"];
    return [
      row("dh", term(sym("dh", t), show(d.dh), "grad"), sign("="), term(sym("dy", t), show(d.own), "grad"), sign("+"), term([h("i", null, "U"), h("sup", null, "⊤"), sym("da", t + 1)], past, "grad", d.arrived ? "" : "none")),
      row("da", term(sym("da", t), show(d.da), "grad"), sign("="), term(sym("dh", t), show(d.dh), "grad"), sign("·"), term(prime, show(slope), "h")),
    ];
  }
  let total = 0;
  for (let k = a; k <= z; k++) total += c.cut[k - 1].da[0] * c.states[k - 1][0];
  const index = (up) => h("small", null, up);
  return row(
    "free",
    term(sym("dU"), c.H === 1 ? num(total) : null, "grad"),
    sign("="),
    h("span", { class: "sum", key: "sum" }, index(String(z)), h("span", { class: "sigma" }, "Σ"), index([h("i", null, "t"), ` = ${a}`])),
    term([h("i", null, "da"), h("sub", null, h("i", null, "t"))], null, "grad"),
    term([h("i", null, "h"), h("sub", null, h("i", null, "t"), "−1")], null, "h"),
  );
}

const backwardSlope = (cell, r) => backward(cell, [r], [1])[0].delta.h;

// --- words --------------------------------------------------------------------------------------------------------
function sentence({ w, s }, c) {
  const { now, T, K, H } = c;
  const say = (key, values = {}) => w(key, { t: now?.t, T, K, past: now?.t - 1, next: now?.t + 1, ...values });
  if (!now) return say("say_start");
  const { kind, t, a, z } = now;
  if (kind === "forward") {
    if (t === a && a > 1) return say("say_over");
    return say(t === z ? "say_full" : "say_write");
  }
  const d = c.cut[t - 1];
  if (kind === "back") {
    const passed = num(H === 1 ? d.passed[0] : norm(d.passed));
    if (!norm(d.dh)) return say(t === z && z < T ? "say_cut_zero" : "say_zero");
    if (t === a) return say(a === 1 ? "say_first" : "say_wall", { v: passed });
    if (t === z) return say(t === T ? "say_last" : "say_cut", { v: passed });
    return say(H === 1 ? "say_back" : "say_back_size", { v: passed });
  }
  if (z < T) return say("say_free", { a });
  return say(K === T ? "say_end_full" : s.loss === "last" ? "say_end_last" : "say_end", { lost: z - ((z - 1) % K) - 1, n: c.most, all: T + 1 });
}

// --- what is kept -------------------------------------------------------------------------------------------------
function memory({ w, wide, width }, c) {
  const rows = [
    ["now", w("mem_now"), c.count],
    ["most", w("mem_most", { K: c.K }), c.most],
    ["all", w("mem_all"), c.T + 1],
    ["run", w("mem_run"), 1],
  ];
  const W = Math.round(Math.min(width, 720) - (wide ? 380 : 0));
  const each = W / (c.T + 1);
  return h(
    "dl",
    { class: "memory ruled", key: "memory" },
    rows.map(([key, head, n]) =>
      h(
        "div",
        { key, class: key },
        h("dt", null, head),
        h("dd", null, w(n === 1 ? "one_state" : "states", { n, bytes: (n * c.each).toLocaleString("en") })),
        h(
          "svg",
          { viewBox: `0 0 ${W} 12`, "aria-hidden": "true" },
          zeros(c.T + 1).map((_, k) => h("rect", { key: `k${k}`, class: k < n ? "full" : "empty", x: k * each + 1, y: k < n ? 1 : 5.5, width: each - 3, height: k < n ? 10 : 1, rx: k < n ? 2 : 0 })),
        ),
      ),
    ),
  );
}

// --- the widget ---------------------------------------------------------------------------------------------------
export function view(ctx) {
  const { w, s, set } = ctx;
  const c = compute(s);
  const go = (moves) => () => set({ moves });
  const { moves, all, next, now } = c;
  const label = { forward: "step", back: "step_back", free: "give_back" }[next?.kind ?? "forward"];
  return h(
    "div",
    { class: "tape" },
    h(
      "div",
      { class: "top", key: "top" },
      slider({
        key: "window",
        label: [w("window"), " ", sym("K")],
        name: w("window_name"),
        value: c.K,
        min: 1,
        max: c.T,
        step: 1,
        text: String(c.K),
        oninput: (K) => set({ window: K, moves: moved(c.T, c.K, moves, K) }),
      }),
      h(
        "div",
        { key: "loss" },
        h("span", { class: "loss-name", id: "loss-name" }, w("loss")),
        h(
          "div",
          { class: "choice", role: "group", "aria-labelledby": "loss-name" },
          ["every", "last"].map((key) => h("button", { key, type: "button", "aria-pressed": String(s.loss === key), onclick: () => set({ loss: key }) }, w(`loss_${key}`))),
        ),
      ),
    ),
    drawing(ctx, c),
    h("div", { class: "equation", key: "equation" }, equations(ctx, c)),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, c)),
    transport({
      where: now ? [h("i", null, "t"), ` = ${now.t} `, h("span", null, w("of", { n: c.T }))] : [h("i", null, "t"), " = 0 ", h("span", null, w("of", { n: c.T }))],
      moves: {
        first: moves > 0 ? go(0) : null,
        undo: moves > 0 ? go(moves - 1) : null,
        step: next ? go(moves + 1) : null,
        last: next ? go(all.length) : null,
      },
      names: { first: w("to_start"), undo: w("undo"), step: w(label), last: w("to_end") },
      back: next?.kind === "back",
    }),
    memory(ctx, c),
    h("p", { class: "note", key: "note" }, w("note")),
  );
}

export function key(ctx, event) {
  const { all, moves } = compute(ctx.s);
  const to = { ArrowRight: moves + 1, ArrowLeft: moves - 1, Home: 0, End: all.length }[event.key];
  if (to == null) return false;
  if (to >= 0 && to <= all.length) ctx.set({ moves: to });
  return true;
}

export const css = `
.tape{--quick:220ms ease-out}
.tape .top{gap:6px 24px;margin-bottom:6px}
.tape .top>.slider{display:grid;flex:1 1 240px;max-width:340px;white-space:nowrap;grid-template-columns:auto 1fr 28px;gap:12px}
.loss-name{font-size:14px;color:var(--gs-mute)}
.tape .top .choice{gap:0}
.drawing text{font-size:13px;fill:var(--gs-ink)}
.drawing .mid{text-anchor:middle}
.drawing .head{font-weight:600;font-size:13px}.drawing .head.forward{fill:var(--gs-h)}.drawing .head:is(.backward,.grad){fill:var(--gs-grad)}
.drawing .small{font-size:12px;fill:var(--gs-mute)}.drawing .small.ink{fill:var(--gs-ink)}
.drawing .halo{stroke:var(--gs-paper);stroke-width:4px;paint-order:stroke;stroke-linejoin:round}
.drawing .step-number{fill:var(--gs-mute);font-size:13px;font-variant-numeric:tabular-nums}.drawing .step-number.on{fill:var(--gs-ink);font-weight:700}
.band{fill:var(--gs-wash);transition:x var(--quick),width var(--quick)}
.pipe{fill:none;stroke:var(--pipe)}
.flow.h{fill:var(--gs-h);transition:width var(--quick),opacity var(--quick)}
.flow.h.minus{fill:color-mix(in srgb,var(--gs-h) 18%,transparent);stroke:var(--gs-h);stroke-width:1.25}
.flow.h.none{opacity:0}.flow.h.done{opacity:.4}
.flow.grad{fill:none;stroke:var(--gs-grad);stroke-dasharray:5 4;transition:stroke-width var(--quick),opacity var(--quick)}.flow.grad.done{opacity:.42}
.cell{fill:var(--gs-paper);stroke:var(--gs-line);stroke-width:1;transition:stroke var(--quick)}
.cell.kept{stroke:var(--gs-h);stroke-width:1.75}.cell.kept.on{stroke-width:2.75}
.cell.freed{stroke:var(--gs-faint);stroke-dasharray:3 3;fill:none}
.value.h{fill:var(--gs-h);transition:height var(--quick),y var(--quick)}
.value.h.minus{fill:color-mix(in srgb,var(--gs-h) 18%,transparent);stroke:var(--gs-h);stroke-width:1.25}
.value.h.minus[height="0"]{stroke:none}
.drawing .dot{fill:var(--gs-faint)}
.control{fill:none;stroke:var(--gs-h);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.tip{fill:none;stroke:var(--gs-grad);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}.tip.done{opacity:.6}
.wall{stroke:var(--gs-ink);stroke-width:3;stroke-linecap:round}
.own{fill:none;stroke:var(--gs-faint);stroke-width:1.25;stroke-linecap:round;stroke-linejoin:round}.own.done{stroke:var(--gs-grad);opacity:.5}.own.now{stroke:var(--gs-grad);stroke-width:2}
.zero{stroke:var(--gs-line)}
.bar{transition:height var(--quick),y var(--quick)}
.bar.cut{fill:var(--gs-grad)}.bar.whole{fill:none;stroke:var(--gs-grad);stroke-width:1.25;stroke-dasharray:3 2}
.drawing .value-cut{font-size:12.5px;font-weight:600;fill:var(--gs-grad);font-variant-numeric:tabular-nums}
.drawing .value-whole{font-size:12.5px;fill:var(--gs-mute);font-variant-numeric:tabular-nums}
.equation{min-height:72px;display:flex;flex-wrap:wrap;justify-content:center;align-items:center;gap:8px 52px;margin-top:4px}
.equation .row{display:flex;align-items:flex-start;gap:8px}
.equation .term{display:flex;flex-direction:column;align-items:center;font:22px/1.3 var(--math);min-width:34px}
.equation .term i{font-size:1em}.equation .term sub{font-size:.66em;vertical-align:-.3em}.equation sup{font-size:.62em;line-height:0;vertical-align:.45em}
.equation .number{font:600 14px/1.3 var(--sans);min-height:18px}.equation .number.none{font-weight:400;color:var(--gs-mute)}
.equation .sign{font:20px/1.43 var(--math);color:var(--gs-mute)}
.equation .term.h{color:var(--gs-h)}.equation .term.grad{color:var(--gs-grad)}
.equation .sum{display:grid;justify-items:center;font:22px/1 var(--math);color:var(--gs-mute);margin-top:-8px}.equation .sum small{font:13px/1 var(--math)}.sigma{line-height:1}
/* The arrow back to the move before changes sides; the step stays in its place. */
.tape .step{width:150px;white-space:nowrap;margin-right:52px}.tape .step.back{margin:0 0 0 52px}.tape .where{min-width:98px}
.memory{margin:0;padding-top:12px;display:grid;gap:6px}
.memory>div{display:grid;grid-template-columns:190px minmax(0,1fr) 166px;align-items:center;gap:12px;min-height:22px}
.memory dt{color:var(--gs-mute);font-size:14px}.memory dd{margin:0;order:3;font-size:14px;font-variant-numeric:tabular-nums;text-align:right}
.memory .now :is(dt,dd){color:var(--gs-ink);font-weight:600}
.memory svg{height:12px}
.memory .full{fill:color-mix(in srgb,var(--gs-h) 18%,transparent);stroke:var(--gs-h);stroke-width:1.25}.memory .now .full{fill:var(--gs-h)}
.memory .empty{fill:var(--gs-line)}
.tape .note{margin-top:12px;text-wrap:pretty}
@media (max-width:560px){
.tape .top>.slider{max-width:none;flex-basis:100%}
.tape .top>div{flex:1;justify-content:space-between}
.equation{min-height:124px}
.equation .term{font-size:20px}
.tape .transport{flex-wrap:wrap}.tape .where{flex-basis:100%;text-align:center}.tape .step{width:122px;font-size:13px;margin-right:50px}.tape .step.back{margin-left:50px}
.memory>div{grid-template-columns:minmax(0,1fr) auto;gap:3px 8px}.memory dd{order:0}.memory svg{grid-column:1/-1}
}
`;
