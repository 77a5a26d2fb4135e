// Elman's net of one unit on a string: folded, station by station, and unrolled, column by column.

import { h, num, sym, tsym, expect, Bad, slider, transport } from "./host.js";
import { forward, ACTIVATIONS } from "./core.js";

export const name = "unroller";

export const LETTERS = { 1: 1, 0: 0, "-": -1 };
export const MAX_STEPS = 12;
const STATIONS = ["read", "combine", "squash", "copy"];
const SQUASHES = { tanh: "tanh", sigmoid: "σ", softsign: "softsign" };
// The settings of the chapter's figure.
const PRESETS = { forgets: [2, 0], deaf: [0, 0.9], fades: [2, 0.7], alternates: [2, -0.9], latches: [3, 1.6] };

// --- state --------------------------------------------------------------------------------------------------------

/** Why a string cannot be read: [key of words, values]; null if it can. */
export function fault(string) {
  const letters = [...string];
  if (!letters.length) return ["type_empty", {}];
  const odd = letters.find((letter) => !(letter in LETTERS));
  if (odd != null) return [/\s/.test(odd) ? "type_space" : "type_letter", { letter: odd }];
  return letters.length > MAX_STEPS ? ["type_long", { most: MAX_STEPS, got: letters.length }] : null;
}

export function check(s) {
  const wrong = fault(expect.text("string", s.string));
  if (wrong) throw new Bad("bad_string", { most: MAX_STEPS });
  expect.object("ranges", s.ranges);
  for (const k of ["w", "u", "b"]) {
    const [low, high] = expect.array(`ranges.${k}`, s.ranges[k], [2]);
    expect.number(k, s[k], low, high);
  }
  expect.one("activation", s.activation, Object.keys(SQUASHES));
  expect.index("t", s.t, 1, s.string.length);
  expect.index("station", s.station, 1, STATIONS.length);
  expect.one("folded", s.folded, [true, false]);
}

/** The net on the string: {x, before, wx, uh, a, h} for each step. */
export function run(s) {
  const cell = { kind: "ElmanCell", activation: s.activation, params: { W: [[s.w]], U: [[s.u]], b: [s.b] } };
  const inputs = [...s.string].map((letter) => [LETTERS[letter]]);
  return forward(cell, inputs).map((r) => ({
    x: r.x[0], before: r.prev.h[0], wx: r.wx.h[0], uh: r.uh.h[0], a: r.a.h[0], h: r.h[0],
  }));
}

/** Where a step or an undo leads, or null. Unrolled, a step is a column. */
export function next({ string, t, station, folded }) {
  if (!folded) return station < 3 ? { t, station: 4 } : t < string.length ? { t: t + 1, station: 4 } : null;
  if (station < STATIONS.length) return { t, station: station + 1 };
  return t < string.length ? { t: t + 1, station: 1 } : null;
}
export function previous({ t, station, folded }) {
  if (!folded) return t > 1 ? { t: t - 1, station: 4 } : station > 1 ? { t: 1, station: 1 } : null;
  if (station > 1) return { t, station: station - 1 };
  return t > 1 ? { t: t - 1, station: STATIONS.length } : null;
}

export function key({ s, set }, { key: pressed }) {
  const last = { t: s.string.length, station: STATIONS.length };
  const moves = { ArrowRight: () => next(s), ArrowLeft: () => previous(s), Home: () => ({ t: 1, station: 1 }), End: () => last };
  const to = Object.hasOwn(moves, pressed) ? moves[pressed]() : undefined;
  if (to) set(to);
  return to !== undefined;
}

/** An input, which is whole. */
const whole = (x) => (x < 0 ? "\u2212" : "") + Math.abs(x);

// --- parts of a drawing -------------------------------------------------------------------------------------------

/** A letter or a number in the drawing. */
const label = (x, y, cls, ...kids) => h("text", { x, y, class: cls }, ...kids);

/** A value as a ring: as thick as it is large; outlined if it is negative. null: not computed yet. */
function ring(x, y, r, value, look, tint) {
  const thick = value == null ? 1.5 : 1.25 + 3.75 * Math.abs(value);
  const negative = value < 0;
  const circle = (key, radius, width, opacity = 1) =>
    h("circle", { key, cx: x, cy: y, r: radius, "stroke-width": width, "stroke-opacity": opacity });
  return h(
    "g",
    { class: `ring ${look} ${tint}`, key: `ring ${Math.round(x)} ${Math.round(y)}` },
    h("circle", { key: "paper", cx: x, cy: y, r, class: "paper" }),
    value == null
      ? circle("band", r - 0.75, 1.5)
      : [
          circle("rim", r, 1),
          circle("band", r - thick / 2, thick, negative ? 0.2 : 1),
          circle("out", r - 0.6, negative ? 1.25 : 0),
          circle("in", r - thick, negative ? 1.25 : 0),
        ],
  );
}

/** A pipe with what flows in it: as thick as it is large; outlined if it is negative. */
function pipe(key, d, inside, value, px, look, tint) {
  const wide = value == null ? 0 : Math.max(Math.abs(value) * px, value === 0 ? 0 : 1.5);
  return h(
    "g",
    { key, class: `pipe ${look} ${tint}` },
    h("path", { key: "wall", class: "wall", d, "stroke-width": inside + 2 }),
    h("path", { key: "bore", class: "bore", d, "stroke-width": inside }),
    h("path", { key: "flow", class: "flow", d, "stroke-width": wide }),
    // Negative: the inside is taken out and tinted; what is left is an outline.
    h("path", { key: "hollow", class: "hollow", d, "stroke-width": value < 0 ? Math.max(wide - 3, 0) : 0 }),
    h("path", { key: "tint", class: "tint", d, "stroke-width": value < 0 ? Math.max(wide - 3, 0) : 0 }),
  );
}

/** A chevron that points the way of a flow. */
const chevron = (key, x, y, angle, look) =>
  h("path", { key, class: `chevron ${look}`, d: "M-3 -4L2 0L-3 4", transform: `translate(${x} ${y}) rotate(${angle})` });

/** An arrow of a weight: as thick as the weight is large; dashed if it is negative. */
function arrow(key, x1, y1, x2, y2, weight, most, look, tint) {
  const thick = 1 + 3.5 * (Math.abs(weight) / most);
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const angle = (Math.atan2(uy, ux) * 180) / Math.PI;
  return h(
    "g",
    { key, class: `arrow ${look} ${tint}` },
    h("path", {
      d: `M${x1} ${y1}L${x2 - 3 * ux} ${y2 - 3 * uy}`,
      "stroke-width": thick,
      "stroke-dasharray": weight < 0 ? "5 4" : null,
    }),
    h("path", { class: "tip", d: "M-7 -4.5L0 0L-7 4.5", transform: `translate(${x2} ${y2}) rotate(${angle})` }),
  );
}

// --- folded -------------------------------------------------------------------------------------------------------

/** Where the parts of the folded net are, at a width. */
function places(W, wide) {
  const at = (share) => Math.round(share * W);
  return wide
    ? { H: 290, rail: 84, foot: 240, x: at(0.1), w: at(0.262), sum: at(0.42), squash: at(0.6), h: at(0.805), end: W - 6,
        R: 30, r: 27, gain: 19, curve: 30, plus: 13, bands: [0, 0.182, 0.51, 0.695, 1].map(at), most: 30, one: 22 }
    : { H: 300, rail: 80, foot: 244, x: at(0.092), w: at(0.272), sum: at(0.425), squash: at(0.607), h: at(0.84), end: W - 1,
        R: 26, r: 23, gain: 16, curve: 24, plus: 11, bands: [0, 0.182, 0.506, 0.708, 1].map(at), most: 24, one: 18 };
}

function folded({ s, w, wide, set, W }, steps, now) {
  const p = places(W, wide);
  const { rail, foot } = p;
  const { x, before, wx, uh, a, h: state } = now;
  const look = (station) => (s.station === station ? "now" : s.station > station ? "done" : "todo");
  const known = (station, value) => (s.station >= station ? value : null);
  // One scale for all flows, so that the squash is seen to squeeze.
  const largest = Math.max(1, ...steps.flatMap((r) => [r.wx, r.uh, r.a].map(Math.abs)));
  const px = Math.min(p.one, p.most / largest);
  const bore = px * largest;
  const roomy = W >= 660;
  const middle = Math.round((rail + foot) / 2) + 2;
  const corner = 26;
  const copied = s.station === 4;
  const held = copied ? state : before;
  const context = copied || s.station === 2 ? "now" : "done";
  const say = (value, place, y, cls, ...letter) =>
    value == null && !letter.length ? null : label(place, y, cls, ...letter, value == null ? null : h("tspan", { class: "n", dx: letter.length ? 4 : 0 }, num(value)));
  const [phi] = ACTIVATIONS[s.activation];
  // The squash as a curve, in its disc: 3 either way.
  const span = 0.58 * p.curve;
  const on = (v) => [p.squash + (Math.max(-3, Math.min(3, v)) / 3) * span * 1.05, rail - phi(v) * span];
  const curve = Array.from({ length: 41 }, (_, k) => on((k - 20) * 0.15).map((v) => v.toFixed(1)).join(" ")).join("L");
  const [dotX, dotY] = on(a);
  const loop = `M${p.h} ${rail}V${foot - corner}Q${p.h} ${foot} ${p.h - corner} ${foot}H${p.sum}`;
  const lit = (k) => (s.station === k + 1 ? "lit" : "");

  const tabs = h(
    "div",
    { class: "tabs", key: "tabs", role: "group", "aria-label": w("stations") },
    STATIONS.map((station, k) =>
      h(
        "button",
        {
          key: station, type: "button", class: lit(k), style: `width:${((p.bands[k + 1] - p.bands[k]) / W) * 100}%`,
          "aria-current": s.station === k + 1 ? "step" : null, onclick: () => set({ station: k + 1 }),
        },
        w(station),
      ),
    ),
  );
  const drawing = h(
    "svg",
    { key: "folded", viewBox: `0 0 ${W} ${p.H}`, role: "img", "aria-label": w("folded_alt", { t: s.t, context: num(held), x: whole(x) }) },
    h("rect", { key: "band", class: "band", x: p.bands[s.station - 1], y: 0, width: p.bands[s.station] - p.bands[s.station - 1], height: p.H }),
    // Flows, back to front.
    pipe("copy", loop, px, known(4, state), px, look(4), "h"),
    pipe("uh in", `M${p.sum} ${foot}V${middle}`, px, known(2, before), px, look(2), "h"),
    pipe("uh", `M${p.sum} ${middle}V${rail}`, bore, known(2, uh), px, look(2), "h"),
    pipe("wx in", `M${p.x} ${rail}H${p.w}`, px, known(1, x), px, s.station === 1 ? "now" : look(1), "x"),
    pipe("wx", `M${p.w} ${rail}H${p.sum}`, bore, known(2, wx), px, look(2), "x"),
    pipe("a", `M${p.sum} ${rail}H${p.squash}`, bore, known(2, a), px, s.station === 3 ? "now" : look(2), "x"),
    pipe("h", `M${p.squash} ${rail}H${p.h}`, px, known(3, state), px, look(3), "h"),
    h("path", { key: "way", class: `way ${look(3)}`, d: `M${p.h + p.R} ${rail}H${p.end}M${p.end - 7} ${rail - 5}l7 5l-7 5` }),
    s.station === 4 ? [0.25, 0.5, 0.75].map((k) => chevron(`c${k}`, p.h - corner - k * (p.h - corner - p.sum - p.r), foot, 180, Math.abs(state) * px > 8 ? "in" : "thin")) : null,
    // Gains: what comes in is w times, or u times, as thick when it goes out.
    [["w", p.w, rail, 2], ["u", p.sum, middle, 2]].map(([letter, cx, cy, station]) =>
      h("g", { key: letter, class: `gain ${look(station)} ${letter === "u" ? "h" : "x"}` },
        h("circle", { cx, cy, r: p.gain }), label(cx, cy + 6, "letter it", letter)),
    ),
    h("g", { key: "plus", class: `plus ${look(2)}` },
      h("circle", { cx: p.sum, cy: rail, r: p.plus }), h("path", { d: `M${p.sum - 5} ${rail}h10M${p.sum} ${rail - 5}v10` })),
    h("g", { key: "squash", class: `squash ${look(3)}` },
      h("circle", { cx: p.squash, cy: rail, r: p.curve }),
      h("path", { class: "axis", d: `M${p.squash - span * 1.05} ${rail}h${2.1 * span}M${p.squash} ${rail - span}v${2 * span}` }),
      h("path", { class: "curve", d: `M${curve}` }),
      s.station >= 3 ? h("circle", { key: "dot", class: "dot", cx: dotX, cy: dotY, r: 4.5 }) : null),
    ring(p.x, rail, p.r, x, look(1), "x"),
    ring(p.h, rail, p.R, known(3, state), s.station === 4 ? "now" : look(3), "h"),
    ring(p.sum, foot, p.r, held, context, "h"),
    // Words and numbers.
    label(p.x, rail + 5, `value ${look(1)}`, whole(x)),
    s.station >= 3 ? label(p.h, rail + 5, `value h ${s.station >= 3 ? "now" : ""}`, num(state)) : null,
    label(p.sum, foot + 5, `value h ${context}`, num(held)),
    label(p.x, rail - p.r - 11, `name ${look(1)}`, tsym("x", s.t)),
    label(p.h, rail - p.R - 11, `name h ${s.station === 4 ? "now" : look(3)}`, tsym("h", s.t)),
    label(p.sum - p.r - 10, foot - 1, `name end h ${context}`, tsym("h", copied ? s.t : s.t - 1)),
    label(p.sum - p.r - 10, foot + 17, "note end", w("context")),
    label(p.w, rail + p.gain + 20, `small ${look(2)}`, num(s.w)),
    label(p.sum - p.gain - 9, middle + 5, `small end ${look(2)}`, num(s.u)),
    label((p.h + p.sum) / 2, foot - Math.max(px / 2, 6) - 11, `note ${s.station === 4 ? "h now" : ""}`, w("copied")),
    roomy ? say(known(2, wx), (p.w + p.sum + p.gain - p.plus) / 2, rail - bore / 2 - 10, `small ${look(2)}`, h("tspan", { class: "it" }, "w x")) : null,
    roomy ? say(known(2, uh), p.sum + bore / 2 + 10, (middle - p.gain + rail + p.plus) / 2 + 5, `small start h ${look(2)}`, h("tspan", { class: "it" }, "u h")) : null,
    roomy ? say(known(2, a), (p.sum + p.squash - p.curve + p.plus) / 2, rail - bore / 2 - 10, `small ${s.station === 3 ? "now" : look(2)}`, h("tspan", { class: "it" }, "a")) : null,
    wide ? label(p.end, rail + 24, "note end", w("output")) : null,
    s.activation === "tanh" || wide ? label(p.squash, rail + p.curve + 19, `note ${look(3)}`, SQUASHES[s.activation]) : null,
  );
  return [tabs, drawing];
}

// --- unrolled -----------------------------------------------------------------------------------------------------

function unrolled({ s, w, wide, W }, steps) {
  const T = steps.length;
  const H = wide ? 334 : 344;
  const rows = !wide && T > 6 ? 2 : 1;
  const columns = Math.ceil(T / rows);
  const apart = Math.min(wide ? 104 : 84, Math.floor((W - (wide ? 44 : 52)) / columns));
  const big = rows === 1 && apart >= 72;
  const r = big ? Math.min(28, Math.floor(apart * 0.335)) : Math.min(18, Math.floor(apart * 0.34));
  const rx = big ? r : Math.min(15, r);
  const left = Math.round((W - columns * apart) / 2);
  const pitch = 172;
  const rise = rows === 2 ? 78 : wide ? 146 : 138;
  const top = rows === 2 ? 48 : Math.round((H - rise) / 2) - 6;
  const most = Math.max(1, Math.abs(s.w), Math.abs(s.u));
  const done = (t) => t < s.t || (t === s.t && s.station >= 3);
  const look = (t) => (t === s.t ? "now" : t < s.t ? "done" : "todo");
  const nodes = [];
  const words = [];
  const lines = [];

  function state(x, y, t, value, how) {
    nodes.push(ring(x, y, r, value, how, "h"));
    const name = tsym("h", t);
    if (big) {
      if (value != null) words.push(label(x, y + 5, `value h ${how}`, num(value)));
      words.push(value == null ? label(x, y + 6, `name ${how}`, name) : label(x, y - r - 10, `name h ${how}`, name));
    } else {
      words.push(label(x, y + 5, `name h ${how}`, name));
      if (value != null) words.push(label(x, y - r - 9, `value h ${how}`, num(value)));
    }
  }
  let band = null;
  for (let row = 0; row < rows; row++) {
    const y = top + row * pitch;
    const first = row * columns;
    const before = first ? steps[first - 1].h : 0;
    // The state before the row: at the first row it is 0, at the second it is the end of the first, again.
    state(left, y, first, first === 0 || done(first) ? before : null, first && !done(first) ? "todo" : s.t === first + 1 ? "now" : "done");
    for (let t = first + 1; t <= Math.min(T, first + columns); t++) {
      const x = left + (t - first) * apart;
      const { x: input, h: value } = steps[t - 1];
      const how = look(t);
      const line = t === s.t && !done(t) ? "todo" : how;
      if (t === s.t) {
        const half = Math.min(apart / 2, 46);
        band = h("rect", { key: "band", class: "band", x: x - half, y: rows === 2 ? y - 46 : 0, width: 2 * half, height: rows === 2 ? pitch - 2 : H, rx: 5 });
      }
      lines.push(arrow(`w${t}`, x, y + rise - rx, x, y + r + 2, s.w, most, line, "x"));
      lines.push(arrow(`u${t}`, x - apart + r, y, x - r - 2, y, s.u, most, line, "h"));
      if (big || t === s.t) {
        words.push(label(x - 9, y + (r + rise - rx) / 2 + 5, `small end ${line}`, h("tspan", { class: "it" }, "w")));
        words.push(label(x - apart / 2 - 1, y + (big ? -9 : 19), `small ${line}`, h("tspan", { class: "it" }, "u")));
      }
      state(x, y, t, done(t) ? value : null, how);
      nodes.push(ring(x, y + rise, rx, t <= s.t ? input : null, how, "x"));
      words.push(label(x, y + rise + 5, `value ${how}`, whole(input)));
      words.push(label(x, y + rise + rx + 19, `name ${how}`, tsym("x", t)));
    }
  }
  const listed = steps.filter((_, k) => done(k + 1)).map((r_) => num(r_.h)).join(", ");
  return h(
    "svg",
    { key: "unrolled", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("unfolded_alt", { n: T, states: listed || w("none") }) },
    band,
    lines.flat(),
    nodes,
    h("g", { key: "words" }, words),
  );
}

// --- equation, sentence, strip ------------------------------------------------------------------------------------

function equation({ s }, now) {
  const station = s.folded ? s.station : s.station >= 3 ? 0 : 1;
  // When a number is known, and at which stations it is looked at. Station 0: all at once.
  const term = (letter, index, value, from, at, tint = "") => {
    const known = station === 0 || station >= from;
    const lit = station === 0 || at.includes(station);
    return h("span", { class: `term ${tint} ${lit ? "now" : ""}`, key: letter + at },
      h("span", { class: "letter" }, sym(letter, index)), h("span", { class: "n" }, known ? (letter === "x" ? whole(value) : num(value)) : "\u2007"));
  };
  const op = (text, key) => h("span", { class: "op", key }, text);
  const sumKnown = station === 0 || station >= 2;
  return h(
    "div",
    { class: "equation", key: "equation" },
    term("h", s.t, now.h, 3, [3, 4], "h"),
    op("=", "is"),
    op([SQUASHES[s.activation], h("span", { class: "paren" }, "(")], "phi"),
    h(
      "span",
      { class: "inside", key: "inside" },
      h("span", { class: "line" },
        term("w", null, s.w, 1, [2]), op("·", "w·"), term("x", s.t, now.x, 1, [1, 2]), op("+", "+u"),
        term("u", null, s.u, 1, [2]), op("·", "u·"), term("h", s.t - 1, now.before, 1, [2], "h"), op("+", "+b"),
        term("b", null, s.b, 1, [2]), op(h("span", { class: "paren" }, ")"), "end")),
      h("span", { class: `sum ${[0, 2, 3].includes(station) ? "now" : ""}` },
        h("span", { class: "letter" }, sym("a", s.t)), h("span", { class: "n" }, sumKnown ? num(now.a) : "")),
    ),
  );
}

function sentence({ s, w }, now) {
  const values = { t: s.t, next: s.t + 1, b: num(s.b) };
  for (const [k, v] of Object.entries(now)) values[k] = k === "x" ? whole(v) : num(v);
  const last = s.t === s.string.length;
  if (!s.folded) return w(s.station >= 3 ? (last ? "say_last_column" : "say_column") : "say_ahead", values);
  const which = { 2: s.b ? "say_combine_b" : "say_combine", 4: last ? "say_copy_last" : "say_copy" }[s.station];
  return w(which ?? `say_${STATIONS[s.station - 1]}`, values);
}

function strip({ s, ui, w, wide, set, W }, steps) {
  const T = steps.length;
  const left = wide ? 112 : 30;
  const column = (W - left) / T;
  const [top, half] = [46, 34];
  const zero = top + 8 + half;
  const bar = Math.min(34, column * 0.62);
  const done = (t) => t < s.t || (t === s.t && s.station >= 3);
  const at = (t) => left + (t - 0.5) * column;
  const listed = steps.flatMap((r, k) => (done(k + 1) || ui.ahead ? [`${k + 1}: ${num(r.h)}`] : [])).join(", ");
  const H = zero + half + 8;
  return h(
    "div",
    { class: "strip ruled", key: "strip" },
    h(
      "svg",
      { key: "strip", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("strip_alt", { states: listed || w("none") }) },
      h("rect", { key: "band", class: "band", x: at(s.t) - Math.min(column, 64) / 2, y: 0, width: Math.min(column, 64), height: H, rx: 5 }),
      label(4, 17, "row it", "t"),
      label(4, 39, "row it", "x"),
      label(4, zero + 6, "row it h", "h"),
      wide ? [label(30, 16, "note start", w("row_t")), label(30, 38, "note start", w("row_x")), label(30, zero + 5, "note start", w("row_h"))] : null,
      h("path", { key: "zero", class: "zero", d: `M${left} ${zero}H${W}` }),
      h("path", { key: "ends", class: "ends", d: `M${left} ${zero - half}H${W}M${left} ${zero + half}H${W}` }),
      label(left - 6, zero - half + 4, "note end scale", wide ? "1" : ""),
      label(left - 6, zero + half + 4, "note end scale", wide ? "−1" : ""),
      steps.map((r, k) => {
        const t = k + 1;
        const how = t === s.t ? "now" : "";
        const tall = Math.max(Math.abs(r.h) * half, 0.8);
        const x = at(t);
        const end = zero - r.h * half;
        return h(
          "g",
          { key: `step ${t}`, class: how },
          label(x, 16, `n count ${how}`, String(t)),
          label(x, 38, `n read ${how}`, whole(r.x)),
          done(t)
            ? h("rect", { key: "bar", class: `bar ${r.h < 0 ? "negative" : ""}`, x: x - bar / 2, y: r.h < 0 ? zero : zero - tall, width: bar, height: tall })
            : ui.ahead
              ? h("g", { key: "ahead", class: `ahead ${r.h < 0 ? "negative" : ""}` }, h("path", { d: `M${x} ${zero}V${end.toFixed(1)}` }), h("circle", { cx: x, cy: end.toFixed(1), r: 3 }))
              : h("circle", { key: "dot", class: "dot", cx: x, cy: zero, r: 1.3 }),
        );
      }),
    ),
    T > 1
      ? h("input", {
          key: "t", type: "range", class: "time", min: 1, max: T, step: 1, value: s.t, "aria-label": w("go"), "aria-valuetext": `${s.t} ${w("of", { n: T })}`,
          style: `margin-left:${((at(1) - 8) / W) * 100}%;width:${((at(T) - at(1) + 16) / W) * 100}%`,
          oninput: (e) => set({ t: +e.target.value, ...(s.folded ? {} : { station: 4 }) }),
        })
      : h("div", { key: "t", class: "time" }),
  );
}

function gains({ s, ui, w, set }) {
  const turn = (changes) => {
    ui.ahead = true; // whoever turns a weight wants to see the whole response
    set(changes);
  };
  const close = (a, b) => Math.abs(a - b) < 1e-9;
  const fits = Object.entries(PRESETS).filter(([, [a, c]]) => a >= s.ranges.w[0] && a <= s.ranges.w[1] && c >= s.ranges.u[0] && c <= s.ranges.u[1]);
  const chosen = s.b === 0 ? fits.find(([, [a, c]]) => close(a, s.w) && close(c, s.u))?.[0] : null;
  const weight = (k) =>
    slider({
      key: k, name: w(`weight_${k}`), label: [h("i", null, k), " ", h("small", null, w(`short_${k}`))], value: s[k],
      min: s.ranges[k][0], max: s.ranges[k][1], step: 0.05, oninput: (v) => turn({ [k]: v }),
    });
  return h(
    "div",
    { class: "gains ruled", key: "gains" },
    // The labels speak of tanh without a bias.
    s.activation === "tanh" && s.b === 0
      ? h(
          "select",
          { key: "preset", "aria-label": w("presets"), value: chosen ?? "own", onchange: (e) => turn({ w: PRESETS[e.target.value][0], u: PRESETS[e.target.value][1] }) },
          chosen ? null : h("option", { key: "own", value: "own" }, w("preset_own")),
          fits.map(([k]) => h("option", { key: k, value: k }, w(`preset_${k}`))),
        )
      : null,
    h("p", { class: "note ahead-note", key: "note" }, ui.ahead && !(s.t === s.string.length && s.station >= 3) ? w("ahead") : ""),
    h("div", { class: "weights", key: "weights" }, weight("w"), weight("u")),
  );
}

function typing({ s, ui, w, wide, set, setUI }) {
  // What is typed but cannot be read stays in the field, until the string is changed elsewhere.
  const draft = ui.draft?.of === s.string ? ui.draft.text : null;
  const wrong = draft == null ? null : fault(draft);
  const typed = (event) => {
    // A dash of any kind is a minus.
    const text = event.target.value.replace(/[\u2010-\u2015\u2212\uff0d]/g, "-");
    if (fault(text)) return setUI({ draft: { of: s.string, text: event.target.value } });
    ui.draft = null;
    // Written back at once where a dash was exchanged; else it is the same.
    if (text === s.string) setUI({});
    else set({ string: text, t: Math.min(s.t, text.length) });
  };
  return [
    h("label", { key: "typing", class: "typing" }, h("span", { class: wide ? "" : "hide" }, w("type")),
      h("input", {
        type: "text", value: draft ?? s.string, autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "done",
        "aria-invalid": wrong ? "true" : null, "aria-describedby": "hint", oninput: typed,
      })),
    h("p", { key: "hint", id: "hint", class: wrong ? "hint wrong" : "hint", "aria-live": "polite" }, wrong ? w("wrong", { why: w(...wrong) }) : w("hint", { most: MAX_STEPS })),
  ];
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, set, setUI } = ctx;
  const steps = run(s);
  const now = steps[s.t - 1];
  const T = steps.length;
  const [onward, back] = [next(s), previous(s)];
  const start = s.t === 1 && s.station === 1;
  const [field, hint] = typing(ctx);
  const choice = h(
    "div",
    { class: "choice", key: "choice", role: "group", "aria-label": w("view") },
    [true, false].map((value) =>
      h("button", { type: "button", key: value, "aria-pressed": String(s.folded === value), onclick: () => set({ folded: value }) }, w(value ? "folded" : "unfolded")),
    ),
  );
  return h(
    "div",
    { class: ctx.wide ? "wide" : ctx.W < 340 ? "phone narrow" : "phone" },
    h("div", { class: "top", key: "top" }, field, choice, hint),
    h("div", { class: "stage", key: "stage" }, s.folded ? folded(ctx, steps, now) : unrolled(ctx, steps)),
    equation(ctx, now),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, now)),
    transport({
      where: [sym("t"), ` = ${s.t} `, h("span", null, w("of", { n: T }))],
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
      moves: {
        first: start ? null : () => (set({ t: 1, station: 1 }), setUI({ ahead: false })),
        undo: back && (() => set(back)),
        step: onward && (() => set(onward)),
        last: onward && (() => set({ t: T, station: STATIONS.length })),
      },
    }),
    strip(ctx, steps),
    gains(ctx),
  );
}

export const css = `
.top{display:grid;grid-template-columns:1fr auto;gap:4px 16px;align-items:center}
.typing span{color:var(--gs-mute);font-size:14px;white-space:nowrap}
.rb .typing input{max-width:230px;letter-spacing:.16em;font-variant-numeric:tabular-nums;font-weight:600}
.rb .typing input[aria-invalid]{border:2px solid var(--gs-ink)}
.rb .hint{grid-column:1/-1;font-size:13px;line-height:20px;min-height:20px;color:var(--gs-mute)}
.rb .hint.wrong{color:var(--gs-ink);font-weight:600}
.stage{margin-top:2px;min-height:334px}
.tabs{display:flex;height:44px;border-bottom:1px solid var(--gs-line)}
.rb .tabs button{border:0;border-radius:0;padding:0;min-width:0;font-weight:400;font-size:15px;color:var(--gs-mute);border-bottom:3px solid transparent;margin-bottom:-1px}
.rb .tabs button.lit{color:var(--gs-ink);font-weight:600;border-bottom-color:var(--gs-ink)}
.band{fill:var(--gs-wash)}
svg text{fill:var(--gs-ink);text-anchor:middle;font-size:14px;font-variant-numeric:tabular-nums}
.rb svg .start{text-anchor:start}.rb svg .end{text-anchor:end}
.rb svg .it{font-style:italic}
svg .name{font-size:17px;fill:var(--gs-mute)}svg .name.h.now{fill:var(--gs-h)}svg .name.now{fill:var(--gs-ink)}
svg .name .it{font-size:1.1em}
svg .value{font-size:13.5px;fill:var(--gs-mute)}svg .value.now{font-weight:600;fill:var(--gs-ink)}svg .value.h.now{fill:var(--gs-h)}
svg .small{font-size:14px;fill:var(--gs-mute)}svg .small.now{fill:var(--gs-ink);font-weight:600}svg .small.h.now{fill:var(--gs-h)}
svg .small .it{font-size:17px;font-weight:400}
svg .note{font-size:13px;fill:var(--gs-mute)}svg .note.now{fill:var(--gs-ink)}svg .note.h.now{fill:var(--gs-h);font-weight:600}
.ring circle{fill:none;stroke:var(--gs-ink);transition:stroke-width .22s ease-out,r .22s ease-out}
.ring .paper{fill:var(--gs-paper);stroke:none}
.ring.h circle:not(.paper){stroke:var(--gs-h)}
.ring.done circle:not(.paper){opacity:.5}
.ring.todo circle:not(.paper){stroke:var(--gs-faint)}
.pipe path{fill:none;transition:stroke-width .22s ease-out}
.pipe .wall{stroke:var(--gs-line)}.pipe .bore,.pipe .hollow{stroke:var(--gs-paper)}
.pipe .flow,.pipe .tint{stroke:var(--gs-mute)}.pipe.h .flow,.pipe.h .tint{stroke:var(--gs-h)}
.pipe .tint{opacity:.18}
.pipe.done .flow{opacity:.34}.pipe.done .tint{opacity:.1}
.way{fill:none;stroke:var(--gs-faint);stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}.way.now{stroke:var(--gs-h);stroke-width:2}
.chevron{fill:none;stroke:var(--gs-paper);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}.chevron.thin{stroke:var(--gs-h)}
.gain circle,.plus circle,.squash>circle:first-child{fill:var(--gs-paper);stroke:var(--gs-faint);stroke-width:1.5}
.gain.now circle,.plus.now circle,.squash.now>circle:first-child{stroke:var(--gs-ink);stroke-width:2.5}
.gain.now.h circle{stroke:var(--gs-h)}
svg .gain .letter{font-size:20px;fill:var(--gs-mute)}svg .gain.now .letter{fill:var(--gs-ink)}svg .gain.now.h .letter{fill:var(--gs-h)}
.plus path{stroke:var(--gs-mute);stroke-width:2;stroke-linecap:round}.plus.now path{stroke:var(--gs-ink)}
.squash .axis{stroke:var(--gs-line);fill:none}.squash .curve{stroke:var(--gs-faint);stroke-width:2;fill:none;stroke-linecap:round}
.squash.now .curve{stroke:var(--gs-ink)}.squash .dot{fill:var(--gs-h);transition:cx .22s ease-out,cy .22s ease-out}.squash.done .dot{opacity:.6}
.arrow path{fill:none;stroke:var(--gs-mute);transition:stroke-width .22s ease-out}.arrow .tip{stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
.arrow.now path{stroke:var(--gs-ink)}.arrow.h.now path{stroke:var(--gs-h)}.arrow.done path{opacity:.5}.arrow.h.done path{stroke:var(--gs-h)}
.arrow.todo path{stroke:var(--gs-faint);opacity:.7}
.equation{display:flex;justify-content:center;align-items:flex-start;min-height:106px;padding-top:8px;font-size:25px;line-height:34px;color:var(--gs-mute);font-family:var(--math)}
.equation .letter{display:block;height:34px}
.equation .term{display:flex;flex-direction:column;align-items:center;min-width:44px}
.equation .n{font:600 15px/20px var(--sans);display:block;min-height:20px;color:var(--gs-mute)}
.equation .now,.equation .now .n{color:var(--gs-ink)}.equation .h.now,.equation .h.now .n{color:var(--gs-h)}
.equation .op{padding:0 5px;white-space:nowrap}.equation .paren{margin-left:2px}
.equation .inside{display:flex;flex-direction:column}
.equation .line{display:flex}
.equation .op:last-child{margin-right:-14px}
.equation .sum{display:flex;justify-content:center;align-items:baseline;gap:8px;margin:5px 10px 0;padding-top:1px;border:1px solid var(--gs-faint);border-width:1px 0 0;position:relative;font-size:20px;line-height:26px}
.equation .sum::before,.equation .sum::after{content:"";position:absolute;top:-6px;height:6px;border-left:1px solid var(--gs-faint)}
.equation .sum::before{left:0}.equation .sum::after{right:0}
.equation .sum .letter{height:auto}.equation .sum .n{min-width:48px}
.rb .strip{padding-top:6px}
svg .row{font-size:17px;text-anchor:start;font-family:var(--math);fill:var(--gs-ink)}svg .row.h{fill:var(--gs-h);font-weight:600}
svg .count{font-size:13px;fill:var(--gs-mute)}svg .count.now{font-weight:600;fill:var(--gs-ink)}
svg .read{font-size:14px;fill:var(--gs-ink)}svg .read.now{font-weight:600}
svg .scale{font-size:12px}
.zero{stroke:var(--gs-faint);fill:none}.ends{stroke:var(--gs-line);stroke-dasharray:2 4;fill:none}
.strip .dot{fill:var(--gs-faint)}
.bar{fill:var(--gs-h);stroke:var(--gs-h);stroke-width:1.75;transition:y .22s ease-out,height .22s ease-out}
.bar.negative{fill:color-mix(in srgb,var(--gs-h) 18%,var(--gs-paper))}
.ahead path{stroke:var(--gs-h);stroke-width:1.5}.ahead circle{fill:var(--gs-h);stroke:var(--gs-h);stroke-width:1.5;transition:cy .22s ease-out}.ahead.negative circle{fill:var(--gs-paper)}
.rb .time{display:block;height:44px}
.gains{display:grid;grid-template-columns:236px 1fr;gap:2px 20px;align-items:center}
.gains .weights{grid-column:1/-1;display:grid;grid-template-columns:1fr 1fr;gap:0 32px}
.gains .slider{grid-template-columns:112px 1fr 46px}
.rb .ahead-note{min-height:20px;grid-column:2}
.rb .phone .top{grid-template-columns:1fr auto;gap:4px 10px}
.rb .phone .typing input{padding:0 8px;letter-spacing:.08em}
.rb .phone .hint{min-height:40px}
.rb .phone .stage{min-height:344px}
.rb .phone .tabs button{font-size:14px}
.rb .phone svg .name{font-size:15px}
.rb .phone svg .value{font-size:12.5px}
.rb .phone svg .small{font-size:12.5px}
.rb .phone svg .gain .letter{font-size:18px}
.rb .phone .equation{font-size:17px;line-height:24px;min-height:90px;flex-wrap:wrap}
.rb .phone .equation .letter{height:24px}
.rb .phone .equation .term{min-width:22px;padding:0 2px}
.rb .phone .equation .n{font-size:12.5px;line-height:18px;min-height:18px}
.rb .phone .equation .op{padding:0 2px}.rb .phone .equation .op:last-child{margin-right:-4px}
.rb .phone .equation .sum{font-size:16px;line-height:24px}
.rb .narrow .transport{flex-wrap:wrap}
.rb .narrow .where{flex-basis:100%;text-align:center}
.rb .phone .gains{grid-template-columns:1fr}
.rb .phone .gains .weights{grid-template-columns:1fr}
.rb .phone .ahead-note{grid-column:1;order:3}
`;
