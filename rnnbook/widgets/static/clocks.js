// A calendar with clocks of different periods, a small net that runs through it, and how long a unit keeps a nudge.

import { h, num, sym, tsym, expect, slider, transport, Bad } from "./host.js";
import { ACTIVATIONS, dense, forward, shapes, sigmoid } from "./core.js";

export const name = "clocks";

/** The same numbers as in clocks.py. */
export const MAX = { days: 416, units: 16, clocks: 4, period: 9999 };
export const SMALL = 0.001;
export const LARGE = 1;
export const MARKS = [1, 2, 5, 10, 20, 50, 100, 200, 400];
const CELLS = ["GRUCell", "LSTMCell", "ElmanCell"];
const MINUS = "\u2212";

// --- maths --------------------------------------------------------------------------------------------------------

/** The calendar with the reader's changes. */
export function newsOf({ inputs, changes }) {
  const x = inputs.map((row) => [...row]);
  for (const [day, clock, value] of changes) x[day][clock] = value;
  return x;
}

/** Up to which day each clock brought what last: [{value, day}] for each day; day -1 where there was none yet. */
export function latest(x) {
  let now = x[0].map(() => ({ value: 0, day: -1 }));
  return x.map((row, day) => (now = row.map((value, k) => (value ? { value, day } : now[k]))));
}

/** All days: the news x, what came last, the states h (an LSTM's c too), and p, the net's probabilities of yes. */
export function computed({ weights, inputs, changes }) {
  const { kind, activation, params, out } = weights;
  const x = newsOf({ inputs, changes });
  const cell = { kind, activation, params };
  const trace = forward(cell, x);
  const read = { ...out, activation: "identity" };
  const p = trace.map((r) => dense(read, r.h).y.map(sigmoid));
  return { cell, x, last: latest(x), p, h: trace.map((r) => r.h), c: kind === "LSTMCell" ? trace.map((r) => r.c) : null };
}

/** What is nudged: c of an LSTM, h of the others. */
const letterOf = (weights) => (weights.kind === "LSTMCell" ? "c" : "h");

/** What is left of a nudge after 0, 1, 2, … days: a copy gets it after the day, and both run on. */
export function kept(run, unit, day, nudge) {
  const states = run.c ?? run.h;
  const moved = states[day].map((v, j) => (j === unit ? v + nudge : v));
  const start = run.c ? { h0: run.h[day], c0: moved } : { h0: moved };
  const other = forward(run.cell, run.x.slice(day + 1), start);
  const share = (r, n) => ((run.c ? r.c : r.h)[unit] - states[day + 1 + n][unit]) / nudge;
  return [1, ...other.map(share).map((v) => (Number.isFinite(v) ? v : 1e300))];
}

/** After how many days at most half is left; null if more is left on the last day. */
export function halfLife(left) {
  const n = left.findIndex((v) => Math.abs(v) <= 0.5);
  return n < 0 ? null : n;
}

/** A share in whole percent; from ten times on as a factor. */
export function percent(v) {
  const a = Math.abs(v);
  const text = a >= 9.995 ? `×${a >= 9999 ? a.toExponential(0).replace("e+", "e") : Math.round(a)}` : `${Math.round(100 * a)}%`;
  return v < 0 && text !== "0%" ? MINUS + text : text;
}

/** The run of a state, computed once for each calendar. */
function runOf({ s, ui }) {
  const was = ui.run;
  if (!was || was.weights !== s.weights || was.inputs !== s.inputs || was.changes !== s.changes) {
    const first = was && was.weights === s.weights && was.inputs === s.inputs ? was.first : null;
    const now = computed(s);
    ui.run = { ...now, weights: s.weights, inputs: s.inputs, changes: s.changes, first: first ?? (s.changes.length ? computed({ ...s, changes: [] }) : now), paths: {} };
  }
  return ui.run;
}

function keptOf({ s, ui }, run) {
  const of = [s.unit, s.day, s.nudge];
  if (ui.kept?.run !== run || String(ui.kept.of) !== String(of)) ui.kept = { run, of, left: kept(run, ...of) };
  return ui.kept.left;
}

// --- state --------------------------------------------------------------------------------------------------------

export function check(s) {
  const { kind, activation, params, out } = expect.object("weights", s.weights);
  expect.one("weights.kind", kind, CELLS);
  expect.one("weights.activation", activation, Object.keys(ACTIVATIONS));
  expect.object("weights.params", params);
  const K = expect.index("periods.length", expect.list("periods", s.periods).length, 1, MAX.clocks);
  s.periods.forEach((p, k) => expect.index(`periods[${k}]`, p, 1, MAX.period));
  expect.list("names", s.names, K).forEach((label, k) => expect.index(`names[${k}].length`, expect.text(`names[${k}]`, label).length, 1, 1e4));
  expect.list("weights.out.W", expect.object("weights.out", out).W, K);
  const H = expect.index("weights.out.W[0].length", expect.list("weights.out.W[0]", out.W[0]).length, 1, MAX.units);
  expect.array("weights.out.W", out.W, [K, H]);
  expect.array("weights.out.b", out.b, [K]);
  for (const [key_, shape] of Object.entries(shapes(kind, K, H))) expect.array(`weights.params.${key_}`, params[key_], shape);
  const T = expect.index("inputs.length", expect.list("inputs", s.inputs).length, 1, MAX.days);
  s.inputs.forEach((row, t) => expect.list(`inputs[${t}]`, row, K).forEach((v, k) => expect.one(`inputs[${t}][${k}]`, v, [-1, 0, 1])));
  expect.list("changes", s.changes).forEach((change, j) => {
    const [day, clock, value] = expect.list(`changes[${j}]`, change, 3);
    expect.index(`changes[${j}][0]`, day, 0, T - 1);
    expect.index(`changes[${j}][1]`, clock, 0, K - 1);
    expect.one(`changes[${j}][2]`, value, [-1, 0, 1]);
  });
  expect.index("day", s.day, 0, T - 1);
  expect.index("unit", s.unit, 0, H - 1);
  expect.number("nudge", s.nudge, SMALL, LARGE);
}

/** The next of yes, no, none for a clock on the cursor's day; what is as it was is no change. */
function turned(s, x, clock) {
  const value = { 1: -1, [-1]: 0, 0: 1 }[x[s.day][clock]];
  const others = s.changes.filter(([day, k]) => day !== s.day || k !== clock);
  return value === s.inputs[s.day][clock] ? others : [...others, [s.day, clock, value]];
}

export function key({ s, set }, { key: pressed }) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
  if (!by) return false;
  const day = s.day + by;
  if (day >= 0 && day < s.inputs.length) set({ day });
  return true;
}

// --- words --------------------------------------------------------------------------------------------------------

/** A clock's name; those that the table knows are translated. */
const called = (w, label) => (w.has(`clock_${label}`) ? w(`clock_${label}`) : label);
const yesNo = (w, value) => w(value > 0 ? "yes" : value < 0 ? "no" : "none");
function lastText(w, { value, day }, today) {
  if (day < 0) return w("last_none");
  const n = today - day;
  return w(n === 0 ? "last_today" : n === 1 ? "last_one" : "last_ago", { v: yesNo(w, value), n });
}
const days = (w, n) => w(n === 1 ? "half_one" : "half_after", { n });
function halfText(w, left) {
  if (left.length === 1) return w("half_end");
  const n = halfLife(left);
  return n == null ? w("half_never") : days(w, n);
}
/** What came on the day on which half was gone, of clocks that do not bring news daily. */
function whyText({ s, w }, run, left) {
  const day = s.day + (halfLife(left) ?? 0);
  const names = s.names.filter((_, k) => s.periods[k] > 1 && run.x[day][k] !== 0).map((label) => called(w, label));
  return day === s.day ? "" : names.length ? w("why", { day, names: names.join(", ") }) : w("why_none", { day });
}
const isRight = (p, { value, day }) => (day < 0 ? null : p > 0.5 === value > 0);

// --- today --------------------------------------------------------------------------------------------------------

const DAY = 15; // the width of a day beside the cursor

/** Yes points up and is full, no points down and is hollow. */
function mark(key_, x, y, value, r, cls = "") {
  if (!value) return h("circle", { key: key_, class: `dot ${cls}`, cx: x, cy: y, r: 1.3 });
  const [tip, base] = [y - value * r * 1.75, y - value * r * 0.1];
  return h("path", { key: key_, class: `${value > 0 ? "yes" : "no"} ${cls}`, d: `M${x - r} ${base}L${x} ${tip}L${x + r} ${base}z` });
}

function around({ s }, run, k, from, count, side) {
  const seen = Array.from({ length: count }, (_, j) => from + j).filter((t) => t >= 0 && t < s.inputs.length);
  const x = (t) => (t - from + 0.5) * DAY;
  const changed = new Set(s.changes.filter(([, clock]) => clock === k).map(([t]) => t));
  return h(
    "svg",
    { key: side, class: `around ${side}`, viewBox: `0 0 ${count * DAY} 48`, style: `width:${count * DAY}px`, "aria-hidden": "true" },
    seen.length ? h("path", { key: "zero", class: "rule", d: `M${x(seen[0]) - DAY / 2} 24H${x(seen.at(-1)) + DAY / 2}` }) : null,
    seen.map((t) => [mark(t, x(t), 24, run.x[t][k], 5, side), changed.has(t) ? h("path", { key: `changed ${t}`, class: "changed", d: `M${x(t) - 5} 41h10` }) : null]),
  );
}

function netCell({ w, wide }, p, last) {
  const right = isRight(p, last);
  return h(
    "span",
    { class: "net", key: "net" },
    wide
      ? h("svg", { key: "scale", class: "scale", viewBox: "0 0 60 20", "aria-hidden": "true" }, h("path", { class: "rule", d: "M4 10H56M30 5v10" }), h("circle", { class: "p", cx: 4 + 52 * p, cy: 10, r: 4 }))
      : h("span", { key: "who", class: "who" }, w("net"), " "),
    h("span", { class: "n p-text", key: "p" }, num(p)),
    h("span", { class: right === false ? "verdict wrong" : "verdict", key: "verdict" }, right == null ? "" : w(right ? "right" : "wrong")),
  );
}

function today(ctx, run) {
  const { s, w, set, wide } = ctx;
  const [before, after] = wide ? [10, 7] : [4, 2];
  const head = h(
    "div",
    { class: "row head", key: "head" },
    h("span", { key: "name" }),
    h("span", { key: "before" }),
    h("b", { key: "day", class: "n" }, s.day),
    h("span", { key: "after" }),
    wide ? h("span", { class: "read", key: "read" }, h("span", { class: "last" }, w("head_last")), h("span", { class: "ends" }, h("span", null, w("no")), h("span", null, w("yes"))), h("span", { class: "head-net" }, w("head_net"))) : h("span", { class: "read", key: "read" }, w("head_last")),
  );
  return h(
    "div",
    { class: "today", key: "today" },
    head,
    s.names.map((label, k) => {
      const [value, last, said] = [run.x[s.day][k], run.last[s.day][k], called(w, label)];
      const period = w(s.periods[k] === 1 ? "every_day" : "every", { n: s.periods[k] });
      const changed = value !== s.inputs[s.day][k];
      return h(
        "div",
        { class: "row", key: k },
        h("span", { class: "clock", key: "clock" }, h("span", { class: "name" }, said), h("small", null, period)),
        around(ctx, run, k, s.day - before, before, "before"),
        h(
          "button",
          { type: "button", key: "now", class: "now", "data-clock": k, "aria-label": w("change", { name: said, day: s.day, v: yesNo(w, value) }), title: w("change_short"), onclick: () => set({ changes: turned(s, run.x, k) }) },
          h("svg", { viewBox: "0 0 30 44", "aria-hidden": "true" }, h("path", { key: "zero", class: "rule", d: "M0 22H30" }), mark("mark", 15, 22, value, 8), changed ? h("path", { key: "changed", class: "changed", d: "M8 40h14" }) : null),
        ),
        around(ctx, run, k, s.day + 1, after, "after"),
        h("span", { class: "read", key: "read" }, h("span", { class: "last", key: "last" }, lastText(w, last, s.day)), netCell(ctx, run.p[s.day][k], last)),
      );
    }),
    h(
      "div",
      { class: "hint", key: "hint" },
      h("span", { class: "note", key: "note" }, w("hint")),
      h("button", { type: "button", key: "revert", class: "revert", "aria-disabled": s.changes.length ? null : "true", onclick: () => s.changes.length && set({ changes: [] }) }, w("revert")),
    ),
  );
}

// --- all days -----------------------------------------------------------------------------------------------------

const cut = (text, n) => (text.length > n ? `${text.slice(0, n - 1)}…` : text);

/** A line through values, one for each day. */
const through = (values, x, y, from = 0) => values.map((v, j) => `${j ? "L" : "M"}${x(from + j).toFixed(1)} ${y(v).toFixed(1)}`).join("");

/** Days on a line below: round ones, about five. */
function ticksOf(T) {
  const step = [1, 2, 5, 10, 20, 50, 100].find((v) => T / v <= 6) ?? 100;
  return Array.from({ length: Math.ceil(T / step) }, (_, j) => j * step);
}

function calendar(ctx, run, left) {
  const { s, w, wide, W, set } = ctx;
  const T = s.inputs.length;
  const [gutter, side, row, tall] = [ctx.gutter, ctx.side, 28, wide ? 64 : 56];
  const end = W - side;
  const x = (t) => gutter + ((end - gutter) * t) / Math.max(1, T - 1);
  const top = 22;
  const lane = top + row * s.names.length + 8;
  const bottom = lane + tall + 6;
  const letter = letterOf(s.weights);
  const states = run.c ?? run.h;
  const values = states.map((v) => v[s.unit]);
  const size = Math.max(1, ...values.map(Math.abs));
  const y = (v) => lane + tall / 2 - (v / size) * (tall / 2 - 3);
  const cache = (key_, make) => (run.paths[`${key_} ${W}`] ??= make());
  const cursor = x(s.day).toFixed(1);
  const [first, last] = [Math.max(0, s.day - (wide ? 10 : 4)), Math.min(T - 1, s.day + (wide ? 7 : 2))];
  let faults = 0;
  const clocks = s.names.map((label, k) => {
    const middle = top + row * (k + 0.5);
    const right = run.p.filter((p, t) => isRight(p[k], run.last[t][k])).length;
    const asked = run.last.filter((all) => all[k].day >= 0).length;
    faults += asked - right;
    return h(
      "g",
      { key: `clock ${k}` },
      h("text", { class: "label", x: 0, y: middle + 4.5 }, cut(called(w, label), wide ? 14 : 11)),
      h("path", { class: "rule", d: `M${gutter} ${middle}H${end}` }),
      h("path", { class: asked && run.x.filter((v) => v[k]).length > T / 3 ? "ticks dense" : "ticks", d: cache(`ticks ${k}`, () => run.x.map((v, t) => (v[k] ? `M${x(t).toFixed(1)} ${middle}v${-10 * v[k]}` : "")).join("")) }),
      // Days on which the net is wrong: a bar below the row.
      h("path", { class: "wrong", d: cache(`wrong ${k}`, () => run.p.map((p, t) => (isRight(p[k], run.last[t][k]) === false ? `M${(x(t) - 1).toFixed(1)} ${middle + 12.5}h2` : "")).join("")) }),
      h("text", { class: "end share", x: W, y: middle + 4.5 }, asked ? rightShare(right / asked) : "–"),
    );
  });
  const changed = !s.changes.length ? null : through((run.first.c ?? run.first.h).map((v) => Math.max(-size, Math.min(size, v[s.unit]))), x, y);
  const moved = left.length > 1 ? through(left.map((v, n) => Math.max(-size, Math.min(size, values[s.day + n] + v * s.nudge))), x, y, s.day) : null;
  return h(
    "svg",
    {
      key: "calendar",
      class: "calendar",
      viewBox: `0 0 ${W} ${bottom + 18}`,
      role: "img",
      "aria-label": w("alt", { n: T, day: s.day, unit: s.unit }),
      onclick: (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const at = (((event.clientX - box.left) / box.width) * W - gutter) / (end - gutter);
        if (at > -0.02 && at < 1.02) set({ day: Math.max(0, Math.min(T - 1, Math.round(at * (T - 1)))) });
      },
    },
    h("text", { key: "right", class: "end note", x: W, y: 12 }, w("right")),
    faults ? [h("path", { key: "key", class: "wrong", d: `M${wide ? gutter : 0} 8h10` }), h("text", { key: "wrong", class: "note", x: (wide ? gutter : 0) + 16, y: 12 }, w("key_wrong"))] : null,
    changed ? [h("path", { key: "key-before", class: "before-key", d: `M${end - 14} 8h14` }), h("text", { key: "before-text", class: "end note", x: end - 20, y: 12 }, w("key_before"))] : null,
    h("rect", { key: "window", class: "window", x: x(first) - 2, y: top - 4, width: x(last) - x(first) + 4, height: row * s.names.length + 8 }),
    clocks,
    h("path", { key: "zero", class: "rule", d: `M${gutter} ${y(0)}H${end}` }),
    changed ? h("path", { key: "before", class: "before-change", d: changed }) : null,
    h("path", { key: "trace", class: `trace ${letter}`, d: cache(`trace ${s.unit}`, () => through(values, x, y)) }),
    moved ? h("path", { key: "moved", class: `moved ${letter}`, d: moved }) : null,
    h("text", { key: "unit", class: `name ${letter}`, x: 0, y: y(0) + 6 }, tsym(letter, s.unit)),
    h("text", { key: "value", class: `end value ${letter}`, x: W, y: y(0) + 5 }, wide ? num(values[s.day]) : num(values[s.day]).slice(0, 6)),
    h("path", { key: "cursor", class: "cursor", d: `M${cursor} ${top - 4}V${bottom}` }),
    h("circle", { key: "at", class: `at ${letter}`, cx: cursor, cy: y(values[s.day]).toFixed(1), r: 4 }),
    ticksOf(T).map((t) => h("text", { key: `tick ${t}`, class: "mid note", x: x(t), y: bottom + 14 }, t)),
  );
}

/** A share of days: all only if it is all. */
const rightShare = (v) => (v === 1 ? "100%" : `${(Math.floor(1000 * v) / 10).toFixed(1)}%`);

// --- units --------------------------------------------------------------------------------------------------------

function units(ctx, run) {
  const { s, w, set } = ctx;
  const T = s.inputs.length;
  const x = (t) => (100 * t) / Math.max(1, T - 1);
  return h(
    "div",
    { class: "units", key: "units", role: "group", "aria-label": w("units") },
    run.h[0].map((_, j) => {
      const value = run.h[s.day][j];
      // The unit as it is, and as it was before the reader's changes.
      const [d, was] = (run.paths[`unit ${j}`] ??= (() => {
        const both = [run.h, run.first.h].map((h_) => h_.map((v) => v[j]));
        const size = Math.max(1, ...both.flat().map(Math.abs));
        return both.map((values) => through(values, x, (v) => 15 - (13 * v) / size));
      })());
      return h(
        "button",
        { type: "button", key: j, "aria-pressed": String(j === s.unit), "aria-label": w("unit", { n: j, v: num(value) }), onclick: () => set({ unit: j }) },
        h("span", { class: "letter" }, sym("h", j)),
        h("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" }, h("path", { key: "rule", class: "rule", d: "M0 15H100" }), s.changes.length ? h("path", { key: "before", class: "before-change", d: was }) : null, h("path", { key: "trace", class: "trace h", d }), h("path", { key: "cursor", class: "cursor", d: `M${x(s.day).toFixed(1)} 0V30` })),
        h("span", { class: "n number" }, num(value)),
      );
    }),
  );
}

// --- what is left of the nudge ------------------------------------------------------------------------------------

/** The next of 1, 2, 5, 10, 20, … that is not less. */
function nice(v) {
  if (v <= 1.02) return v <= 0.02 ? 0 : ([0.2, 0.5].find((m) => v <= m) ?? 1);
  const ten = 10 ** Math.floor(Math.log10(v));
  return ten * [1, 2, 5, 10].find((m) => m * ten >= v * 0.999);
}

function keptPlot(ctx, left) {
  const { s, w, wide } = ctx;
  const W = ctx.plot;
  const T = s.inputs.length;
  const letter = letterOf(s.weights);
  const [high, low] = [nice(Math.max(...left)), -nice(-Math.min(...left, 0))];
  const [start, end, top, bottom] = [50, W - 14, 30, wide ? 166 : 156];
  const most = Math.max(2, T - 1);
  const x = (n) => start + ((end - start) * Math.log(n)) / Math.log(most);
  const y = (v) => bottom - ((bottom - top) * (v - low)) / (high - low);
  const half = halfLife(left);
  const last = left.length - 1;
  const room = (end - start) / Math.log(most);
  // Below each other where there is no room: the days first, then what is left.
  const marks = MARKS.filter((n) => n <= most && (room * Math.LN2 > 30 || String(n)[0] === "1"));
  const lines = [[high, high], [low, low], [0, 0], [0.5, "½"]].filter(([v], j, all) => all.findIndex(([u]) => u === v) === j && (v !== 0.5 || high <= 2));
  const names = [];
  let until = -1e9;
  for (const k of s.periods.map((_, k_) => k_).sort((a, b) => s.periods[a] - s.periods[b])) {
    const P = s.periods[k];
    if (P > most) continue;
    const text = `${cut(called(w, s.names[k]), 12)} · ${P}`;
    const width = [...text].reduce((sum, letter_) => sum + (letter_ > "\u1100" ? 13 : 7), 0);
    const at = x(P);
    const from = Math.max(start - 6, Math.min(W - width, at - width / 2));
    names.push(h("path", { key: `period ${k}`, class: "period", d: `M${at.toFixed(1)} ${top - 8}V${bottom}` }));
    if (from > until + 4) {
      names.push(h("text", { key: `name ${k}`, class: "note mid", x: (from + width / 2).toFixed(1), y: top - 14 }, text));
      until = from + width;
    }
  }
  return h(
    "svg",
    { key: "plot", class: "plot", viewBox: `0 0 ${W} ${bottom + 44}`, role: "img", "aria-label": w("alt_kept", { unit: s.unit, day: s.day, what: MARKS.filter((n) => n <= last).map((n) => `${n}: ${percent(left[n])}`).join(", ") || percent(1) }) },
    last < most ? h("rect", { key: "beyond", class: "beyond", x: x(Math.max(1, last)), y: top, width: end - x(Math.max(1, last)), height: bottom - top }) : null,
    lines.map(([v, text]) => [
      h("path", { key: `line ${v}`, class: v === 0.5 ? "middle" : "rule", d: `M${start} ${y(v).toFixed(1)}H${end}` }),
      h("text", { key: `y ${v}`, class: "end note", x: start - 8, y: (y(v) + 4.5).toFixed(1) }, typeof text === "number" ? (Math.abs(text) >= 1e4 ? text.toExponential(0).replace("e+", "e") : String(text)).replace("-", MINUS) : text),
    ]),
    names,
    h("path", { key: "axis", class: "axis", d: `M${start} ${bottom}H${end}` }),
    h("text", { key: "days", class: "end note", x: start - 10, y: bottom + 20 }, w("days")),
    h("text", { key: "percent", class: `end kept-text ${letter}`, x: start - 22, y: bottom + 38 }, "%"),
    marks.map((n) => [
      h("path", { key: `tick ${n}`, class: "axis", d: `M${x(n).toFixed(1)} ${bottom}v4` }),
      h("text", { key: `n ${n}`, class: "mid note", x: x(n).toFixed(1), y: bottom + 20 }, n),
      h("text", { key: `v ${n}`, class: `mid kept-text ${letter}`, x: x(n).toFixed(1), y: bottom + 38 }, n <= last ? percent(left[n]).replace("%", "") : "–"),
    ]),
    last ? h("path", { key: "curve", class: `curve ${letter}`, d: left.slice(1).map((v, j) => `${j ? "L" : "M"}${x(j + 1).toFixed(1)} ${y(v).toFixed(1)}`).join("") }) : null,
    marks.filter((n) => n <= last).map((n) => h("circle", { key: `dot ${n}`, class: `spot ${letter}`, cx: x(n).toFixed(1), cy: y(left[n]).toFixed(1), r: 3.5 })),
    half ? [h("path", { key: "drop", class: `drop ${letter}`, d: `M${x(half).toFixed(1)} ${y(0.5).toFixed(1)}V${bottom}` }), h("circle", { key: "half", class: `half ${letter}`, cx: x(half).toFixed(1), cy: y(left[half]).toFixed(1), r: 5.5 })] : null,
  );
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx_) {
  const W = Math.max(300, Math.min(720, Math.round(ctx_.width)));
  const ctx = { ...ctx_, W, gutter: ctx_.wide ? 104 : 76, side: ctx_.wide ? 56 : 50, plot: ctx_.wide ? W - 344 : W };
  const { s, w, set } = ctx;
  const T = s.inputs.length;
  const run = runOf(ctx);
  if (!run.h.every((v) => v.every(Number.isFinite)) || !(run.c ?? []).every((v) => v.every(Number.isFinite))) throw new Bad("bad_overflow");
  const left = keptOf(ctx, run);
  const to = (day) => () => set({ day });
  const wrong = s.names.filter((_, k) => isRight(run.p[s.day][k], run.last[s.day][k]) === false).map((label) => called(w, label));
  const letter = letterOf(s.weights);
  return h(
    "div",
    { class: ctx.wide ? "wide" : "phone", style: `--gutter:${ctx.gutter - 8}px;--side:${ctx.side - 8}px` },
    today(ctx, run),
    calendar(ctx, run, left),
    slider({ key: "day", label: w("day"), name: w("name_day"), value: s.day, min: 0, max: T - 1, step: 1, text: String(s.day), oninput: (day) => set({ day }) }),
    h(
      "div",
      { class: "moves", key: "moves" },
      transport({
        where: [w("day"), " ", String(s.day), " ", h("span", null, w("of", { n: T - 1 }))],
        moves: { undo: s.day > 0 ? to(s.day - 1) : null, step: s.day < T - 1 ? to(s.day + 1) : null },
        names: { undo: w("undo"), step: w("step") },
      }),
      h(
        "div",
        { class: "jumps", key: "jumps" },
        s.names.map((label, k) => {
          if (s.periods[k] === 1) return null;
          const next = run.x.findIndex((row, t) => t > s.day && row[k] !== 0);
          return h("button", { type: "button", key: k, class: "jump", "aria-disabled": next < 0 ? "true" : null, onclick: () => next >= 0 && set({ day: next }) }, w("next", { name: called(w, label) }));
        }),
      ),
    ),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, wrong.length ? w("say_wrong", { day: s.day, names: wrong.join(", ") }) : w("say_right", { day: s.day }), " ", w("say_nudge", { unit: s.unit, half: halfText(w, left) })),
    h(
      "div",
      { class: "ruled bottom", key: "bottom" },
      units(ctx, run),
      h(
        "div",
        { class: "kept", key: "kept" },
        h("p", { class: "what", key: "what" }, w("what", { day: s.day, v: num(s.nudge) }), " ", h("span", { class: letter }, sym(letter, s.unit))),
        h("p", { class: `result ${letter}`, key: "result" }, halfText(w, left)),
        h("p", { class: "why", key: "why" }, whyText(ctx, run, left)),
        keptPlot(ctx, left),
      ),
    ),
  );
}

export const css = `
.rule{stroke:var(--gs-line);fill:none}
.yes{fill:var(--gs-ink);stroke:var(--gs-ink);stroke-width:1.5;stroke-linejoin:round}.no{fill:var(--gs-paper);stroke:var(--gs-ink);stroke-width:1.75;stroke-linejoin:round}.dot{fill:var(--gs-faint)}
.yes.after{fill:var(--gs-faint);stroke:var(--gs-faint)}.no.after{stroke:var(--gs-faint)}
.changed{stroke:var(--gs-ink);stroke-width:2}
.row{display:grid;grid-template-columns:104px 150px 48px 105px 1fr;align-items:center;min-height:48px}
.rb .head{min-height:30px;font-size:13px;color:var(--gs-mute)}.head b{background:var(--gs-wash);color:var(--gs-ink);text-align:center;align-self:stretch;line-height:30px;border-radius:8px 8px 0 0;font-size:14px}
.clock{display:flex;flex-direction:column;line-height:1.25;min-width:0}.clock .name{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.clock small{font-size:12.5px;color:var(--gs-mute);white-space:nowrap}
.rb .around{height:48px;flex:none}.around.before{justify-self:end}
.rb .now{align-self:stretch;min-height:48px;padding:0;border:0;border-radius:0;background:var(--gs-wash);position:relative}
.rb .now:hover:not(:disabled){background:var(--gs-line)}.rb .now .no{fill:var(--gs-wash)}.now svg{width:30px!important;height:44px!important;margin:0 auto}.now::after{content:"";position:absolute;inset:4px;border:1px solid var(--gs-faint);border-radius:9px}
.read{display:grid;grid-template-columns:minmax(0,1fr) 152px;align-items:center;padding-left:12px;font-size:14px;min-width:0}
.last{white-space:nowrap;font-size:12.5px}.head .last,.head .read{font-size:13px}
.head .read{grid-template-columns:minmax(0,1fr) 58px 94px}.ends{display:flex;justify-content:space-between;font-size:12px}.head-net{padding-left:8px}
.net{display:flex;align-items:center;gap:6px;white-space:nowrap}.rb .scale{width:58px;height:20px;flex:none}.scale .p{fill:var(--gs-ink);transition:cx .22s ease-out}.p-text{min-width:38px}.verdict{color:var(--gs-mute)}.verdict.wrong{color:var(--gs-ink);font-weight:600;text-decoration:underline;text-underline-offset:3px}
.hint{display:flex;justify-content:space-between;align-items:center;gap:12px;min-height:48px}.rb .revert{flex:none}
.calendar{cursor:crosshair}
svg text{fill:var(--gs-ink);font-size:13px;font-variant-numeric:tabular-nums}
.rb svg .end{text-anchor:end}.rb svg .mid{text-anchor:middle}.rb svg .note,.rb svg .share{font-size:12.5px;fill:var(--gs-mute)}.rb svg .name{font-size:17px;font-weight:600}.rb svg .name .index{font:600 12px var(--math)}.rb svg .value{font-weight:600}
.ticks{stroke:var(--gs-ink);stroke-width:1.5;fill:none}.ticks.dense{stroke:var(--gs-mute);stroke-width:1}path.wrong{stroke:var(--gs-ink);stroke-width:3}
.window{fill:var(--gs-wash);stroke:var(--gs-faint)}
.cursor{stroke:var(--gs-ink);stroke-width:1.5;fill:none}
.trace{fill:none;stroke-width:1.75;stroke-linejoin:round}.trace.h{stroke:var(--gs-h)}.trace.c{stroke:var(--gs-c)}
.moved{fill:none;stroke-width:1.25;stroke-dasharray:3 3}.moved.h{stroke:var(--gs-h)}.moved.c{stroke:var(--gs-c)}
.before-change,.before-key{fill:none;stroke:var(--gs-faint);stroke-width:1.25}
.at{stroke:var(--gs-paper);stroke-width:1.5}.at.h{fill:var(--gs-h)}.at.c{fill:var(--gs-c)}
.rb svg text.h{fill:var(--gs-h)}.rb svg text.c{fill:var(--gs-c)}
.rb .slider{grid-template-columns:var(--gutter) 1fr var(--side);gap:0;font-size:14px}.slider>span{color:var(--gs-mute)}
.moves{display:flex;flex-wrap:wrap;justify-content:center;align-items:center;gap:8px 18px;margin:4px 0 12px}.rb .moves .transport{margin:0}.jumps{display:flex;flex-wrap:wrap;gap:8px;justify-content:center}.rb .jump{font-weight:500}
.rb .where{min-width:104px}
.bottom{display:grid;grid-template-columns:320px minmax(0,1fr);gap:24px;padding-top:12px;align-items:start}
.units{display:grid;grid-template-columns:1fr 1fr;gap:2px 8px}
.rb .units button{display:grid;grid-template-columns:29px minmax(0,1fr) minmax(40px,auto);align-items:center;gap:3px;padding:0 6px 0 5px;border-color:transparent;text-align:left;font-weight:500;min-height:46px}
.rb .units button[aria-pressed=true]{border-color:var(--gs-ink);background:var(--gs-wash)}
.units .letter{font-size:17px;color:var(--gs-h);line-height:1}.units .number{font-size:12.5px;text-align:right;white-space:nowrap;color:var(--gs-mute)}.units [aria-pressed=true] .number{color:var(--gs-ink)}
.rb .units svg{height:30px}.units .trace{stroke-width:1;vector-effect:non-scaling-stroke}.units .before-change{stroke-width:1;vector-effect:non-scaling-stroke}.units .cursor{stroke-width:1;vector-effect:non-scaling-stroke}.units .rule{vector-effect:non-scaling-stroke}
.rb .what{font-size:14px;color:var(--gs-mute);line-height:22px}.what span{font-size:16px}.what .h,.result.h{color:var(--gs-h)}.what .c,.result.c{color:var(--gs-c)}
.rb .result{font-size:17px;font-weight:600;line-height:26px;min-height:26px}.rb .why{font-size:13px;line-height:20px;min-height:20px;margin-bottom:4px;color:var(--gs-mute)}
.axis{stroke:var(--gs-faint);fill:none}.middle,.period{stroke:var(--gs-faint);stroke-dasharray:2 4;fill:none}.beyond{fill:var(--gs-wash)}
.curve{fill:none;stroke-width:2.5;stroke-linejoin:round}.curve.h{stroke:var(--gs-h)}.curve.c{stroke:var(--gs-c)}
.spot{fill:var(--gs-paper);stroke-width:1.75}.spot,.half{transition:cx .22s ease-out,cy .22s ease-out}.spot.h,.half.h,.drop.h{stroke:var(--gs-h)}.spot.c,.half.c,.drop.c{stroke:var(--gs-c)}.half.h{fill:var(--gs-h)}.half.c{fill:var(--gs-c)}
.drop{fill:none;stroke-dasharray:4 3}.rb svg .kept-text{font-size:12px;font-weight:600}
.rb .phone .row{grid-template-columns:minmax(0,1fr) 60px 48px 30px 126px}.phone .read{display:block;padding-left:10px}.phone .last,.phone .net{display:block;font-size:13px;line-height:19px}.phone .net .p-text{min-width:0;font-weight:600}.phone .net .verdict{margin-left:5px}.phone .head{min-height:26px}
.phone .clock small{font-size:12px;white-space:normal}
.rb .phone .bottom{grid-template-columns:minmax(0,1fr);gap:16px}
.phone .who{color:var(--gs-mute)}
.rb .say{min-height:48px}.rb .phone .say{min-height:70px}
.rb .phone .where{min-width:92px}
`;
