// One of five activations in a recurrent cell: its curve, its slope, the states over a series, and all five side by side.

import { h, num, sym, tsym, expect, slider, transport } from "./host.js";
import { ACTIVATIONS, backward, forward } from "./core.js";
import { share } from "./shares.js";

export const name = "activation-picker";

/** The same numbers as in activation_picker.py. */
export const WEIGHT = 2;
export const BIAS = 3;
export const STEPS = [2, 104];
export const LARGEST = 1e6;
export const GATES = { f: 0.9, i: 0.5, o: 0.5 };
const CELLS = ["ElmanCell", "LSTMCell"];
const NAMES = Object.keys(ACTIVATIONS);
const MINUS = "\u2212";

// --- state --------------------------------------------------------------------------------------------------------

export function check(s) {
  const T = expect.index("series.length", expect.list("series", s.series).length, ...STEPS);
  s.series.forEach((x, k) => expect.number(`series[${k}]`, x, -LARGEST, LARGEST));
  expect.one("activation", s.activation, NAMES);
  expect.one("cell", s.cell, CELLS);
  expect.number("w", s.w, -WEIGHT, WEIGHT);
  expect.number("u", s.u, -WEIGHT, WEIGHT);
  expect.number("b", s.b, -BIAS, BIAS);
  expect.index("t", s.t, 0, T);
}

export function key({ s, set }, { key: pressed }) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
  if (!by) return false;
  const t = s.t + by;
  if (t >= 0 && t <= s.series.length) set({ t });
  return true;
}

// --- maths --------------------------------------------------------------------------------------------------------

const isLSTM = (s) => s.cell === "LSTMCell";

/** The cell with one activation, one unit wide. Gates of weight 0 stand where their biases put them. */
export function cellOf({ cell, w, u, b }, activation) {
  const logit = (p) => Math.log(p / (1 - p));
  const rows = cell === "LSTMCell" ? [..."ifgo"] : ["h"];
  const own = (k) => k === "g" || k === "h";
  const params = { W: rows.map((k) => [own(k) ? w : 0]), U: rows.map((k) => [own(k) ? u : 0]), b: rows.map((k) => (own(k) ? b : logit(GATES[k]))) };
  return { kind: cell, activation, params };
}

/** All steps with one activation: h, c and φ's argument and value at each, from the state before the first step on. */
export function runOf(s, activation) {
  const cell = cellOf(s, activation);
  const trace = forward(cell, s.series.map((x) => [x]));
  const row = isLSTM(s) ? "g" : "h";
  return {
    cell,
    trace,
    a: trace.map((r) => r.a[row][0]),
    y: trace.map((r) => r[row][0]),
    shown: isLSTM(s) ? trace.map((r) => r.tanh_c[0]) : null, // φ(c)
    h: [0, ...trace.map((r) => r.h[0])],
    c: isLSTM(s) ? [0, ...trace.map((r) => r.c[0])] : null,
  };
}

const largest = (values) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** What the table shows of one run, after t steps: the same names as in Python's `summary`. */
export function summary(run, t) {
  const out = { largest_h: largest(run.h.slice(0, t + 1)) };
  if (run.c) out.largest_c = largest(run.c.slice(0, t + 1));
  out.zeros = t ? run.y.slice(0, t).filter((v) => v === 0).length / t : 0;
  const trace = run.trace.slice(0, t);
  const back = run.c ? backward(run.cell, trace, [0], [1]) : backward(run.cell, trace, [1]);
  if (!run.c) {
    const slope = ACTIVATIONS[run.cell.activation][1];
    return { ...out, slopes: run.y.slice(0, t).reduce((p, v) => p * slope(v), 1), left: t ? back[0].dprev.h[0] : 1 };
  }
  let [along, through] = [1, 0];
  for (let k = t - 1; k >= 0; k--) {
    const [f] = trace[k].f;
    // What comes to c from h goes on along c, with what came so before.
    through = (through + back[k].dcH[0]) * f;
    along *= f;
  }
  return { ...out, along_c: along, through_h: through };
}

/** All five runs, computed once for each cell and series. */
function runsOf({ s, ui }) {
  const of = [s.series, s.cell, s.w, s.u, s.b];
  if (!ui.runs || of.some((v, k) => v !== ui.runs.of[k])) ui.runs = { of, all: Object.fromEntries(NAMES.map((k) => [k, runOf(s, k)])), lines: {} };
  return ui.runs;
}

// --- words --------------------------------------------------------------------------------------------------------

const called = (w, k) => (w.has(`act_${k}`) ? w(`act_${k}`) : k === "relu" ? "ReLU" : k);
const signed = (v) => (v < 0 ? share(-v).replace(/^(×?)/, `$1${MINUS}`) : share(v));
const percent = (v) => `${Math.round(100 * v)}%`;

// --- curve and slope ----------------------------------------------------------------------------------------------

const ENDS = 4; // the curves run from −4 to 4
const SAMPLES = Array.from({ length: 161 }, (_, k) => (k - 80) / 20);

/** A line through points, broken where it leaves the frame and where it jumps. */
function curve(values, x, y, low, high) {
  let open = false;
  return values
    .map((v, k) => {
      const seen = v >= low && v <= high;
      const joined = open && Math.abs(v - values[k - 1]) < 0.5;
      open = seen;
      return seen ? `${joined ? "L" : "M"}${x(SAMPLES[k]).toFixed(1)} ${y(v).toFixed(1)}` : "";
    })
    .join("");
}

/** What is marked: φ's argument a, its value y, the letter of the quantity and its colour. */
function marksOf(s, run) {
  if (!s.t) return [];
  const k = s.t - 1;
  if (!run.c) return [{ id: "h", letter: "a", a: run.a[k], y: run.y[k], up: false }];
  return [
    { id: "g", letter: "a", a: run.a[k], y: run.y[k], up: false },
    { id: "c", letter: "c", a: run.c[s.t], y: run.shown[k], up: true },
  ];
}

function panel(ctx, run, kind, left, width) {
  const { s, wide } = ctx;
  const isCurve = kind === "curve";
  const [low, high] = isCurve ? [-1.5, 2.1] : [-0.06, 1.2];
  const [top, bottom] = [46, wide ? 176 : 160];
  const right = left + width;
  const x = (a) => left + (width * (a + ENDS)) / (2 * ENDS);
  const y = (v) => bottom - ((bottom - top) * (v - low)) / (high - low);
  const of = (k) => {
    const [f, slope] = ACTIVATIONS[k];
    return SAMPLES.map((a) => (isCurve ? f(a) : slope(f(a))));
  };
  const path = (k) => curve(of(k), x, y, low, high);
  const jump = !isCurve && s.activation === "relu";
  return [
    h("text", { key: `${kind} title`, class: "small", x: left, y: 15 }, h("tspan", { class: "it letter" }, isCurve ? "φ" : "φ′"), "(", h("tspan", { class: "it letter" }, "a"), ") ", ctx.w(kind)),
    h("path", { key: `${kind} rules`, class: "rule", d: (isCurve ? [1, -1] : [1]).map((v) => `M${left} ${y(v).toFixed(1)}H${right}`).join("") }),
    h("path", { key: `${kind} axis`, class: "axis", d: `M${left} ${y(0).toFixed(1)}H${right}${isCurve ? `M${x(0)} ${top}V${bottom}` : ""}` }),
    (isCurve ? [1, 0, -1] : [1, 0]).map((v) => h("text", { key: `${kind} y${v}`, class: "end small tick", x: left - 6, y: y(v) + 4 }, num(v).replace(".00", ""))),
    [-ENDS, 0, ENDS].map((v) => h("text", { key: `${kind} x${v}`, class: `small tick ${v < 0 ? "" : v ? "end" : "mid"}`, x: x(v), y: bottom + 17 }, String(v).replace("-", MINUS))),
    NAMES.filter((k) => k !== s.activation).map((k) => h("path", { key: `${kind} ${k}`, class: "other", d: path(k) })),
    h("path", { key: `${kind} picked`, class: "picked", d: path(s.activation) }),
    jump ? [h("circle", { key: "from", class: "closed", cx: x(0), cy: y(0), r: 2.75 }), h("circle", { key: "to", class: "open", cx: x(0), cy: y(1), r: 2.75 })] : null,
    marksOf(s, run).map(({ id, letter, a, y: value, up }) => {
      const shown = isCurve ? value : ACTIVATIONS[s.activation][1](value);
      const at = x(Math.max(-ENDS, Math.min(ENDS, a)));
      const [beyond, end] = [Math.abs(a) > ENDS, up ? top - 6 : bottom + 22];
      const cy = y(Math.max(low, Math.min(high, shown)));
      const near = at < left + 36 ? "" : at > right - 36 ? "end" : "mid";
      const where = near === "mid" ? at : near ? right : left;
      const text = isCurve ? [tsym(letter), ` ${num(a)}`] : [num(shown)];
      const arrow = a > 0 ? `M${at - 4} ${cy - 6}l9 6l-9 6z` : `M${at + 4} ${cy - 6}l-9 6l9 6z`;
      return [
        h("path", { key: `${kind} drop ${id}`, class: `drop ${id}`, d: `M${at.toFixed(1)} ${cy.toFixed(1)}V${end}` }),
        beyond
          ? h("path", { key: `${kind} beyond ${id}`, class: `beyond ${id}`, d: arrow })
          : h("circle", { key: `${kind} at ${id}`, class: `at ${id}`, cx: at, cy, r: 5.5 }),
        h("text", { key: `${kind} value ${id}`, class: `value ${id} ${near}`, x: where, y: up ? top - 11 : bottom + 36 }, text),
      ];
    }),
  ];
}

function curves(ctx, run) {
  const { w, W, wide, s } = ctx;
  const [gutter, gap] = [24, wide ? 44 : 30];
  const width = (W - gutter - gap - 8) / 2;
  return h(
    "svg",
    { key: "curves", class: "curves", viewBox: `0 0 ${W} ${wide ? 216 : 200}`, role: "img", "aria-label": w("alt_curves", { name: called(w, s.activation) }) },
    panel(ctx, run, "curve", gutter, width),
    panel(ctx, run, "slope", gutter + width + gap, width),
  );
}

// --- equations ----------------------------------------------------------------------------------------------------

const term = (letter, value, cls = "") => h("span", { class: `term ${cls}` }, h("span", { class: "letter" }, letter), h("span", { class: "n number" }, value));
const sign = (text) => h("span", { class: "sign" }, text);
const row = (key_, ...kids) => h("div", { class: "row", key: key_ }, kids);

function equations({ s, w }, run) {
  const t = s.t;
  const n = (v) => (t && v !== undefined ? num(v) : "");
  const k = t - 1;
  const at = t ? String(t) : "t";
  const before = t ? String(t - 1) : "t\u22121";
  const phi = () => term(h("i", null, "φ"), called(w, s.activation), "phi");
  const [one, two] = [
    row(
      "a",
      term(sym("a", at), n(run.a[k])), sign("="), term(h("i", null, "w"), num(s.w)), term(sym("x", at), n(s.series[k])), sign("+"),
      term(h("i", null, "u"), num(s.u)), term(sym("h", before), n(run.h[k]), "h"), sign("+"), term(h("i", null, "b"), num(s.b)),
    ),
    run.c ? row("g", term(sym("g", at), n(run.y[k]), "g main"), sign("="), phi(), sign("("), term(sym("a", at), ""), sign(")")) : null,
  ];
  const rest = run.c
    ? [
        row("c", term(sym("c", at), n(run.c[t]), "c main"), sign("="), term("0.9", "", "plain"), term(sym("c", before), n(run.c[k]), "c"), sign("+"), term("0.5", "", "plain"), term(sym("g", at), n(run.y[k]), "g")),
        row("h", term(sym("h", at), n(run.h[t]), "h main"), sign("="), term("0.5", "", "plain"), phi(), sign("("), term(sym("c", at), n(run.c[t]), "c"), sign(")")),
      ]
    : [
        row("h", term(sym("h", at), n(run.h[t]), "h main"), sign("="), phi(), sign("("), term(sym("a", at), n(run.a[k])), sign(")")),
        row("d", term([h("i", null, "φ′"), sign("("), sym("a", at), sign(")")], n(t ? ACTIVATIONS[s.activation][1](run.y[k]) : undefined), "slope")),
      ];
  return h("div", { class: run.c ? "equations" : "equations elman", key: "equations" }, one, two, rest);
}

// --- the run ------------------------------------------------------------------------------------------------------

const LINEAR = 12; // up to here an axis is linear

/** 1 for 1, and from there on one more for each power of ten, if the axis is a long one. */
const bent = (v, long) => (long && Math.abs(v) > 1 ? Math.sign(v) * (1 + Math.log10(Math.abs(v))) : v);

/** From where to where an axis goes that shows all of some values, and how. */
function span(values) {
  const [low, high] = [Math.min(-1, ...values), Math.max(1, ...values)];
  const long = Math.max(-low, high) > LINEAR;
  return { low: bent(low, long), high: bent(high, long), long };
}

/** Round numbers on such an axis. */
function ticksOf({ low, high, long }) {
  const step = high - low > 10 ? 5 : high - low > 5 ? 2 : 1;
  if (!long) return [-2, -1, 0, 1, 2, 3, 4, 5].flatMap((k) => [k * step, ...(step > 2 && Math.abs(k) === 1 ? [k] : [])]).filter((v) => v >= low && v <= high);
  const every = Math.max(1, Math.ceil((high - low) / 6));
  const one = (end) => Array.from({ length: Math.floor((end - 1) / every) }, (_, k) => 10 ** ((k + 1) * every)).filter((v) => bent(v, true) <= end);
  return [...one(-low).map((v) => -v), ...(high - low > 12 ? [0] : [-1, 0, 1]), ...one(high)];
}
const tickText = (v) => (v < 0 ? MINUS : "") + (Math.abs(v) >= 1e4 ? `1e${Math.round(Math.log10(Math.abs(v)))}` : Math.abs(v).toLocaleString("en"));

const through = (values, x, y) => values.map((v, k) => `${k ? "L" : "M"}${x(k).toFixed(1)} ${y(v).toFixed(1)}`).join("");

function strip(ctx, runs, run) {
  const { s, w, W, wide, set } = ctx;
  const T = s.series.length;
  const all = span(run.c ? [...run.h, ...run.c] : run.h);
  // −1e24 takes more room than 100.
  const [left, right] = [(wide ? 46 : 40) + (all.long && all.low < -4 ? 10 : 0), W - (wide ? 96 : 86)];
  const beside = right + (wide ? 12 : 8);
  const x = (t) => left + ((right - left) * t) / T;
  const [laneTop, laneBottom, top, bottom] = [8, 48, 70, wide ? 200 : 190];
  const y = (v) => bottom - ((bottom - top) * (bent(v, all.long) - all.low)) / (all.high - all.low);
  const [least, most] = [Math.min(0, ...s.series), Math.max(0, ...s.series)];
  const lane = (v) => (most === least ? laneBottom : laneBottom - ((laneBottom - laneTop) * (v - least)) / (most - least));
  const here = x(s.t);
  const series = s.series.map((v, k) => `${k ? "L" : "M"}${x(k + 1).toFixed(1)} ${lane(v).toFixed(1)}`).join("");
  // Two letters at the right end do not touch.
  const ends = [{ id: "h", v: run.h[s.t] }, ...(run.c ? [{ id: "c", v: run.c[s.t] }] : [])].map((e) => ({ ...e, y: y(e.v) }));
  if (ends.length > 1) {
    const lack = 18 - Math.abs(ends[0].y - ends[1].y);
    if (lack > 0) {
      const upper = ends[1].y <= ends[0].y ? 1 : 0;
      ends[upper].y -= lack / 2;
      ends[1 - upper].y += lack / 2;
    }
  }
  const dots = T <= 60;
  return h(
    "svg",
    {
      key: "strip",
      class: "strip",
      viewBox: `0 0 ${W} ${bottom + 24}`,
      role: "img",
      "aria-label": w("alt_run", { n: T, t: s.t, h: num(run.h[s.t]) }),
      onclick: (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const at = (((event.clientX - box.left) / box.width) * W - left) / (right - left);
        if (at > -0.02 && at < 1.02) set({ t: Math.max(0, Math.min(T, Math.round(at * T))) });
      },
    },
    h("rect", { key: "now", class: "now", x: here - 5, y: 0, width: 10, height: bottom + 2, rx: 3 }),
    h("text", { key: "x", class: "end small", x: left - 8, y: (laneTop + laneBottom) / 2 + 4 }, tsym("x")),
    h("path", { key: "series", class: "series", d: series }),
    s.t ? h("circle", { key: "x now", class: "x-now", cx: here, cy: lane(s.series[s.t - 1]), r: 3.5 }) : null,
    s.t ? h("text", { key: "x value", class: "small number", x: beside, y: lane(s.series[s.t - 1]) + 4 }, tsym("x"), ` ${num(s.series[s.t - 1])}`) : null,
    ticksOf(all).map((v) => [
      h("path", { key: `rule ${v}`, class: v ? "rule" : "axis", d: `M${left} ${y(v).toFixed(1)}H${right}` }),
      h("text", { key: `y ${v}`, class: "end small tick", x: left - 8, y: y(v) + 4 }, tickText(v)),
    ]),
    run.c ? h("path", { key: "c", class: "line c", d: through(run.c.slice(0, s.t + 1), x, y) }) : null,
    h("path", { key: "h", class: "line h", d: through(run.h.slice(0, s.t + 1), x, y) }),
    dots ? run.h.slice(0, s.t).map((v, k) => h("circle", { key: `dot ${k}`, class: "dot", cx: x(k).toFixed(1), cy: y(v).toFixed(1), r: wide ? 2 : 1.6 })) : null,
    run.c ? h("circle", { key: "c now", class: "at c", cx: here, cy: y(run.c[s.t]), r: 5 }) : null,
    h("circle", { key: "h now", class: "at h", cx: here, cy: y(run.h[s.t]), r: 5 }),
    ends.map((e) => h("text", { key: `end ${e.id}`, class: `value ${e.id}`, x: beside, y: Math.min(bottom + 6, Math.max(top, e.y + 5)) }, tsym(e.id), ` ${num(e.v)}`)),
    [0, T].map((t) => h("text", { key: `t ${t}`, class: `small tick ${t ? "end" : ""}`, x: x(t), y: bottom + 19 }, t)),
    all.long ? h("text", { key: "log", class: "mid small tick", x: (left + right) / 2, y: bottom + 19 }, w("log")) : null,
  );
}

// --- all five -----------------------------------------------------------------------------------------------------

function spark({ s, w, wide }, runs, k) {
  const [W, H] = wide ? [124, 26] : [56, 16];
  const run = runs.all[k];
  const all = span(run.h);
  const x = (t) => (W * t) / s.series.length;
  const y = (v) => H - 2 - ((H - 4) * (bent(v, all.long) - all.low)) / (all.high - all.low);
  return h(
    "svg",
    { key: "spark", class: "spark", viewBox: `0 0 ${W} ${H}`, style: `width:${W}px`, role: "img", "aria-label": w("alt_spark", { name: called(w, k) }) },
    h("path", { class: "rule", d: `M0 ${y(0).toFixed(1)}H${W}` }),
    h("path", { class: "line h", d: through(run.h.slice(0, s.t + 1), x, y) }),
  );
}

const derivative = (letter, t) => ["∂", sym(letter, t), "/∂", sym(letter, "0")];

function table(ctx, runs) {
  const { s, w, wide } = ctx;
  const at = s.t ? String(s.t) : "t";
  const bars = (letter) => ["|", h("i", null, letter), "|"];
  const head = (key_, ...kids) => h("th", { key: key_, scope: "col" }, kids);
  const group = (key_, span_, text) => h("th", { key: key_, scope: "colgroup", colspan: span_, class: "group" }, h("span", null, text));
  const zero = (letter) => [h("i", null, letter), " ", wide ? w("head_zeros") : "= 0"];
  const lstm = isLSTM(s);
  const heads = lstm
    ? [head("h", w("head_largest"), " ", bars("h")), head("c", w("head_largest"), " ", bars("c")), head("zero", zero("g")), head("one", w("head_along")), head("two", w("head_through"))]
    : [head("h", w("head_largest"), " ", bars("h")), head("zero", zero("h")), head("one", w("head_slopes")), head("two", derivative("h", at))];
  return h(
    "table",
    { key: "table", class: lstm ? "all lstm" : "all" },
    wide ? h("colgroup", { key: "cols" }, h("col", { class: "c-act" }), h("col", { class: "c-run" }), lstm ? [h("col"), h("col")] : h("col"), h("col", { class: "c-zero" })) : null,
    h(
      "thead",
      { key: "head" },
      h("tr", { key: "groups" }, h("td", { key: "act", colspan: wide ? 2 : 1 }), group("large", lstm ? 2 : 1, w("group_large")), group("zero", 1, w("group_zero")), group("left", 2, [w("group_left")])),
      h("tr", { key: "heads" }, h("th", { key: "act", scope: "col", class: "act" }, wide ? w("head_act") : h("span", { class: "hide" }, w("head_act"))), wide ? h("th", { key: "run", scope: "col", class: "run" }, w("head_run")) : null, heads),
    ),
    h(
      "tbody",
      { key: "body" },
      NAMES.map((k) => {
        const of = summary(runs.all[k], s.t);
        const cell = (id, text) => h("td", { key: id, class: `n ${id}` }, text);
        return h(
          "tr",
          { key: k, class: k === s.activation ? "on" : null, "aria-current": k === s.activation ? "true" : null },
          h("th", { key: "act", scope: "row", class: "act" }, called(w, k), wide ? null : spark(ctx, runs, k)),
          wide ? h("td", { key: "run", class: "run" }, spark(ctx, runs, k)) : null,
          cell("largest_h", num(of.largest_h)),
          lstm ? cell("largest_c", num(of.largest_c)) : null,
          cell("zeros", s.t ? percent(of.zeros) : "–"),
          lstm ? [cell("along_c", signed(of.along_c)), cell("through_h", signed(of.through_h))] : [cell("slopes", signed(of.slopes)), cell("left", signed(of.left))],
        );
      }),
    ),
  );
}

// --- everything ---------------------------------------------------------------------------------------------------

function sayings({ s, w }, run) {
  const t = s.t;
  if (!t) return [w("say_start")];
  const of = summary(run, t);
  const out = run.c
    ? [w("say_lstm", { t, g: num(run.y[t - 1]), c: num(run.c[t]), h: num(run.h[t]) }), w("say_c", { along: signed(of.along_c), through: signed(of.through_h) })]
    : [
        w("say_elman", { t, a: num(run.a[t - 1]), h: num(run.h[t]), slope: num(ACTIVATIONS[s.activation][1](run.y[t - 1])) }),
        of.left === 0 ? w("say_none") : w(Math.abs(of.left) >= 1.005 ? "say_grown" : "say_left", { v: signed(of.left) }),
      ];
  const huge = Math.max(of.largest_h, of.largest_c ?? 0);
  if (huge >= 1000) out.push(w("say_huge", { v: num(huge) }));
  return out;
}

const choice = (key_, label, buttons) =>
  h(
    "div",
    { class: `pick ${key_}`, key: key_ },
    h("span", { class: "name", id: `${key_}-name` }, label),
    h("div", { class: "choice", role: "group", "aria-labelledby": `${key_}-name` }, buttons.map(([text, on, onclick]) => h("button", { type: "button", key: text, "aria-pressed": String(on), onclick }, text))),
  );

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, set } = ctx;
  const T = s.series.length;
  const runs = runsOf(ctx);
  const run = runs.all[s.activation];
  const to = (t) => () => set({ t });
  const turn = (letter, most) => slider({ key: letter, label: [h("i", null, letter), " ", h("small", null, w(`short_${letter}`))], name: w(`name_${letter}`), value: s[letter], min: -most, max: most, step: 0.05, oninput: (v) => set({ [letter]: v }) });
  return h(
    "div",
    { class: ctx.wide ? "wide" : "phone" },
    h(
      "div",
      { class: "top", key: "top" },
      choice("activation", w("activation"), NAMES.map((k) => [called(w, k), s.activation === k, () => set({ activation: k })])),
      choice("cell", w("cell"), CELLS.map((k) => [k.replace("Cell", ""), s.cell === k, () => set({ cell: k })])),
    ),
    curves(ctx, run),
    equations(ctx, run),
    h("p", { class: "note rule-note", key: "fixed" }, w(run.c ? "gates" : "each")),
    strip(ctx, runs, run),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sayings(ctx, run).join(" ")),
    transport({
      where: [h("i", null, "t"), " = ", String(s.t), " ", h("span", null, w("of", { n: T }))],
      moves: { first: s.t > 0 ? to(0) : null, undo: s.t > 0 ? to(s.t - 1) : null, step: s.t < T ? to(s.t + 1) : null, last: s.t < T ? to(T) : null },
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
    }),
    h(
      "div",
      { class: "sliders ruled", key: "sliders" },
      slider({ key: "t", label: [h("i", null, "t"), " ", h("small", null, w("short_t"))], name: w("name_t"), value: s.t, min: 0, max: T, step: 1, text: String(s.t), oninput: (t) => set({ t }) }),
      turn("u", WEIGHT),
      turn("w", WEIGHT),
      turn("b", BIAS),
    ),
    table(ctx, runs),
    h("p", { class: "note", key: "note" }, w(run.c ? "note_lstm" : "note_elman")),
  );
}

export const css = `
.rb .top{gap:6px 18px;margin-bottom:10px}
.pick{display:flex;align-items:center;gap:10px}.pick .name{font-size:14px;color:var(--gs-mute);white-space:nowrap}
.rb .top .choice button{padding:0 11px}
svg text{fill:var(--gs-ink);font-size:13px;font-variant-numeric:tabular-nums}
.rb svg .mid{text-anchor:middle}.rb svg .end{text-anchor:end}
.rb svg .small{fill:var(--gs-mute)}.rb svg .tick{font-size:12px}.rb svg .letter{fill:var(--gs-ink);font-size:17px}
.rb svg .value{font-weight:600;font-size:14px}.rb svg .value .it{font-size:17px}.phone .strip .value{font-size:13px!important}
.rule{stroke:var(--gs-line);fill:none}.axis{stroke:var(--gs-faint);fill:none}
.other{fill:none;stroke:var(--gs-line);stroke-width:1.25}
.picked{fill:none;stroke:var(--gs-ink);stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
.closed{fill:var(--gs-ink)}.open{fill:var(--gs-paper);stroke:var(--gs-ink);stroke-width:1.75}
.drop{fill:none;stroke-dasharray:3 3}.drop.h{stroke:var(--gs-h)}.drop.g{stroke:var(--gs-g)}.drop.c{stroke:var(--gs-c)}
.at{stroke:var(--gs-paper);stroke-width:2;transition:cx .22s ease-out,cy .22s ease-out}
.at.h,.beyond.h{fill:var(--gs-h)}.at.g,.beyond.g{fill:var(--gs-g)}.at.c{fill:var(--gs-paper);stroke:var(--gs-c);stroke-width:2.5}.beyond.c{fill:var(--gs-c)}
.rb svg text.h{fill:var(--gs-h)}.rb svg text.g{fill:var(--gs-g)}.rb svg text.c{fill:var(--gs-c)}
.equations{display:grid;grid-template-columns:repeat(2,auto);justify-content:space-evenly;gap:4px 32px;min-height:112px;margin:6px 0 2px}
.equations .row{display:flex;align-items:flex-start;gap:3px}
.term{display:flex;flex-direction:column;align-items:center;font:22px/1.3 var(--math);min-width:42px}.term.plain{min-width:0;font-size:20px;line-height:1.43}
.term i{font-size:1em}.term sub{font-size:.6em;vertical-align:-.3em}.term .letter{white-space:nowrap}.term .number{font:600 13.5px/1.4 var(--sans);min-height:20px;color:var(--gs-mute);white-space:nowrap}
.term.h{color:var(--gs-h)}.term.g{color:var(--gs-g)}.term.c{color:var(--gs-c)}.term.h .number,.term.g .number,.term.c .number{color:inherit}
.term.slope .number{color:var(--gs-ink)}.term.phi .number{font-weight:500}
.sign{font:21px/1.36 var(--math);color:var(--gs-mute)}
.rb .rule-note{text-align:center;margin-bottom:12px}
.strip{cursor:crosshair}
.now{fill:var(--gs-wash)}
.series{fill:none;stroke:var(--gs-faint);stroke-width:1.25;stroke-linejoin:round}.x-now{fill:var(--gs-ink)}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.line.h{stroke:var(--gs-h)}.line.c{stroke:var(--gs-c);stroke-width:3}.dot{fill:var(--gs-h)}
.rb .say{min-height:48px;margin-top:8px!important}
.rb .where{min-width:92px}
.rb .sliders{padding-top:4px}.rb .slider{grid-template-columns:118px 1fr 46px}.slider i{font-size:18px}
.all{width:100%;border-collapse:collapse;margin:10px 0 6px;font-size:14px;border-top:1px solid var(--gs-line)}
.all th,.all td{padding:0 8px;text-align:right;font-weight:400;height:34px}.rb .all .run{text-align:left}
.all thead :is(th,td){font-size:12.5px;color:var(--gs-mute);height:24px;vertical-align:bottom;padding-bottom:3px;line-height:1.3}.all thead .group{color:var(--gs-ink);font-weight:600;padding-top:8px}.all thead i{font-size:15px}
.wide .all{table-layout:fixed}.c-act{width:98px}.c-run{width:142px}.c-zero{width:132px}.all .group span{display:block;border-bottom:1px solid var(--gs-line);padding-bottom:3px;margin-left:8px}
.all .act{text-align:left}.all tbody tr{border-top:1px solid var(--gs-line)}
.all .on{background:var(--gs-wash)}.all .on>*{font-weight:700}.all .on .act{box-shadow:inset 3px 0 var(--gs-ink)}
.all .spark .line{stroke:var(--gs-faint);stroke-width:1.5}.all .on .spark .line{stroke:var(--gs-h);stroke-width:2}.on .rule{stroke:var(--gs-faint)}
.rb .note{text-wrap:pretty}
.phone .top{display:grid;grid-template-columns:1fr}.phone .pick.activation{display:block}.phone .pick.activation .name{display:block;line-height:24px}.phone .pick.activation .choice{justify-content:space-between}.rb .phone .activation .choice button{padding:0 7px;flex:auto;font-size:13.5px}.phone .pick.cell{justify-content:space-between}
.wide .elman .row:first-child{grid-column:1/-1;justify-content:center}
.rb .phone .equations{display:flex;flex-wrap:wrap;justify-content:center;gap:4px 16px;min-height:228px}.rb .phone .equations.elman{min-height:112px}.phone .equations:not(.elman) .row{flex-basis:100%;justify-content:center}
.phone .term{font-size:20px;min-width:38px}.phone .equations .row{gap:1px}.phone .sign{font-size:18px;line-height:1.45}.phone .term .number{font-size:13px}
.rb .phone .say{min-height:94px}.rb .phone .rule-note{min-height:40px}
.rb .phone .where{min-width:80px}
.phone .all{font-size:13px}.phone .all th,.phone .all td{padding:0 2px}.phone .all .act{padding-left:8px}.phone .all tbody :is(th,td){height:44px}.phone .all thead :is(th,td){font-size:12px}.rb .phone .all .spark{margin:2px 0 0}
.phone .all.lstm tbody td{font-size:12.5px}
.phone .slider{grid-template-columns:104px 1fr 46px}
`;
