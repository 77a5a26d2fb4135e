// One number, multiplied by the same factor again and again.

import { h, expect, slider, sym, transport } from "./host.js";
import { LARGEST, LEAST, LOOK, SMALLEST, clipped, ground, plain, power, reach, whole } from "./decades.js";

export const name = "compound-interest";

export const LOW = 0.25;
export const HIGH = 1.5;
const SPANS = [100, 1000];
const PRESETS = [0.99, 1, 1.01, 0.9, 1.1, 0.25];

/** Factors of the slider: fine around 1, coarse far from it. */
export const STOPS = [
  [250, 500, 50], [500, 900, 20], [900, 980, 5], [980, 1020, 1], [1020, 1100, 5], [1100, 1500, 20],
].flatMap(([from, to, by]) => Array.from({ length: (to - from) / by }, (_, k) => (from + k * by) / 1000)).concat(HIGH);

export function check(s) {
  expect.number("factor", s.factor, LOW, HIGH);
  expect.one("span", s.span, SPANS);
  expect.index("steps", s.steps, 1, s.span);
  expect.one("log", s.log, [true, false]);
}

/** 1 times the factor, times the factor …: n products, each rounded to float32 as a computer would. */
export function chain(factor, n) {
  const r = Math.fround(factor);
  const all = [1];
  while (all.length <= n) all.push(Math.fround(all.at(-1) * r));
  return all;
}

/** The first step at which it has doubled, or halved; null for 1. */
export const doubling = (factor) => (factor === 1 ? null : Math.ceil(Math.LN2 / Math.abs(Math.log(factor)) - 1e-9));

const written = (factor) => String(+factor.toFixed(4));
const to = (s, steps) => (steps >= 1 && steps <= s.span && steps !== s.steps ? { steps } : null);

export function key({ s, set }, { key: pressed }) {
  const moves = { ArrowRight: s.steps + 1, ArrowLeft: s.steps - 1, Home: 1, End: s.span };
  if (!Object.hasOwn(moves, pressed)) return false;
  const change = to(s, moves[pressed]);
  if (change) set(change);
  return true;
}

// --- drawing ------------------------------------------------------------------------------------------------------

/** The plot's place in the drawing. */
const place = (W, wide) => ({ left: wide ? 72 : 62, right: W - 12, top: 10, bottom: wide ? 298 : 288 });

function drawing({ s, w, wide, W }, values) {
  const box = place(W, wide);
  const { left, right, top, bottom } = box;
  const X = (n) => left + (n / s.span) * (right - left);
  const l = Math.log10(s.factor);
  const now = values[s.steps];
  const span = s.log ? reach(Math.min(0, l * s.span), Math.max(0, l * s.span)) : [0, s.factor > 1 ? Math.min(s.factor ** s.span, LARGEST) : 1];
  const Y = (v) => bottom - ((v - span[0]) / (span[1] - span[0])) * (bottom - top);
  const scale = s.log ? Math.log10 : (v) => v;
  // What lies beyond float32 stands in its own band.
  const on = (v) => (!s.log ? Math.min(v, span[1]) : v === Infinity ? (span[1] + Math.log10(LARGEST)) / 2 : v === 0 ? (span[0] + Math.log10(LEAST)) / 2 : scale(v));
  const every = s.span / 100;
  // Where float32 runs over, or under: nothing is drawn across it.
  const [over, under] = [values.indexOf(Infinity), values.indexOf(0)];
  const points = (from, last) => {
    const all = new Set([from, last]);
    for (let n = from; n < last; n = Math.floor(n / every + 1) * every) all.add(n);
    for (const n of [over, over - 1, under, under - 1]) if (n > from && n < last) all.add(n);
    return [...all].sort((a, b) => a - b).map((n) => [n, scale(values[n])]).filter(([, y]) => y < Infinity);
  };
  const line = (cls, all) => h("path", { key: cls, class: cls, d: clipped(all, span[0], span[1], X, Y) });
  const k = doubling(s.factor);
  const [x, y] = [X(s.steps), Y(on(now))];
  const crossing = s.factor === 1 ? Infinity : Math.log10(s.factor > 1 ? LARGEST : SMALLEST) / l;
  const parted = values.findIndex((v) => v === Infinity || v < SMALLEST);
  const text = plain(now);
  const turned = s.factor > 1 ? 2 : 0.5;
  const half = k != null && k <= s.span;
  const [hx, hy] = half ? [X(k), Y(scale(turned))] : [0, 0];
  const far = hx > right - 150;
  // Its name stands where the curve never comes: beyond the line of 1, or above the curve.
  let named = s.log ? (s.factor > 1 ? Y(0) + 19 : Y(0) - 10) : hy - 12;
  if (!s.log && Math.abs(named - 4 - y) < 13) named = Math.min(named, y - 9);
  // The reading is a line to the axis, unless the value has left it.
  const across = now < Infinity && now > 0 ? `M${left} ${y.toFixed(1)}H${x.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}`;
  const linear = [0, span[1] / 2, span[1]];
  return h(
    "svg",
    {
      key: "plot", viewBox: `0 0 ${W} ${bottom + 26}`, role: "img",
      "aria-label": w("plot_alt", { r: written(s.factor), n: whole(s.span), end: power(s.factor, s.span), axis: w(s.log ? "log" : "linear") }),
    },
    h("path", { key: "cross", class: "cross", d: `${across}V${bottom}` }),
    s.log
      ? ground(box, span, { w, wide, read: { at: on(now), text }, side: crossing > 0.55 * s.span ? "left" : "right" })
      : [
          h("path", { key: "axis", class: "axis", d: `M${left} ${top}V${bottom}H${right}` }),
          linear.map((v) => (Math.abs(Y(v) - y) < 15 ? null : h("text", { key: `tick ${v}`, x: left - 8, y: Y(v) + 4.5, class: "tick end" }, plain(v)))),
          h("text", { key: "read", x: left - 8, y: y + 4.5, class: "read end" }, text),
        ],
    // Exactly, and as float32 has it: they part only beyond its ends.
    s.log && parted > 0 ? line("exact", [[parted - 1, l * (parted - 1)], [s.span, l * s.span]]) : null,
    line("later", points(s.steps, s.span)),
    line("curve", points(0, s.steps)),
    half
      ? h(
          "g",
          { key: "half" },
          h("path", { class: "end", d: `M${hx.toFixed(1)} ${(hy + (named > hy ? -5 : 5)).toFixed(1)}V${(named + (named > hy ? -4 : -12)).toFixed(1)}` }),
          h("text", { x: hx + (far ? -5 : 5), y: named, class: `note halo ${far ? "end" : "start"}` }, w(s.factor > 1 ? "doubled" : "halved", { k: whole(k) })),
        )
      : null,
    h("circle", { key: "dot", class: "dot", cx: x, cy: y, r: 6 }),
    [0, 0.25, 0.5, 0.75, 1].map((share) =>
      h("text", { key: `step ${share}`, x: X(share * s.span), y: bottom + 19, class: `tick ${share === 1 ? "end" : ""}` }, whole(share * s.span)),
    ),
  );
}

function sentence({ s, w }, values) {
  const v = values[s.steps];
  const after = s.steps === 1 ? w("after_one") : w("after", { n: whole(s.steps) });
  const say = (key, more = {}) => w(key, { after, v: plain(v), r: written(s.factor), ...more });
  if (s.factor === 1 || v === 1) return say("say_same");
  if (v === Infinity) return say("say_inf", { k: whole(values.indexOf(v)) });
  if (v === 0) return say("say_zero", { k: whole(values.indexOf(v)) });
  if (v < SMALLEST && v === values[s.steps - 1]) return say("say_stuck");
  if (v < SMALLEST) return say("say_few");
  if (v < 1e-6) return say("say_little");
  if (v < 0.1) return say("say_part", { part: whole(+(1 / v).toPrecision(3)) });
  if (v < 1) return say("say_percent", { p: plain(+(100 * v).toPrecision(3)) });
  if (v < 2) return say("say_percent_more", { p: plain(+(100 * (v - 1)).toPrecision(3)) });
  return say("say_more");
}

/** What the axis does to the curve. */
function remark({ s, w, wide }, values) {
  if (s.log) return w("note_log");
  const height = wide ? 288 : 278;
  const top = Math.max(1, ...values.filter((v) => v < Infinity));
  const flat = values.filter((v, n) => n > 0 && v < top / height).length;
  return flat ? w("note_linear", { flat: whole(flat), n: whole(s.span) }) : w("note_fits");
}

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, wide, set, W } = ctx;
  const values = chain(s.factor, s.span);
  const { left, right } = place(W, wide);
  const at = (n) => left + (n / s.span) * (right - left);
  const nearest = STOPS.reduce((best, v, k) => (Math.abs(v - s.factor) < Math.abs(STOPS[best] - s.factor) ? k : best), 0);
  const chosen = PRESETS.find((v) => v === s.factor);
  const go = (steps) => to(s, steps) && (() => set({ steps }));
  const choice = (key, label, options) =>
    h("div", { class: "choice", key, role: "group", "aria-label": label },
      options.map(([value, text, pressed, act]) => h("button", { type: "button", key: String(value), "aria-pressed": String(pressed), onclick: act }, text)));
  return h(
    "div",
    { class: wide ? "wide" : W < 440 ? "phone narrow" : "phone" },
    h(
      "div",
      { class: "top", key: "top" },
      h(
        "select",
        { key: "preset", "aria-label": w("presets"), value: chosen == null ? "own" : String(chosen), onchange: (e) => set({ factor: +e.target.value }) },
        chosen == null ? h("option", { key: "own", value: "own" }, w("preset_own")) : null,
        PRESETS.map((v) => h("option", { key: v, value: String(v) }, w(`preset_${Math.round(v * 100)}`))),
      ),
      choice("axis", w("axis"), [true, false].map((value) => [value, w(value ? "log" : "linear"), s.log === value, () => set({ log: value })])),
    ),
    h("p", { key: "note", class: "hint", "aria-live": "polite" }, remark(ctx, values)),
    drawing(ctx, values),
    h("input", {
      key: "n", type: "range", class: "time", min: 1, max: s.span, step: 1, value: s.steps, "aria-label": w("go"),
      "aria-valuetext": `${whole(s.steps)} ${w("of", { n: whole(s.span) })}`,
      style: `margin-left:${((at(1) - 8) / W) * 100}%;width:${((at(s.span) - at(1) + 16) / W) * 100}%`,
      oninput: (e) => set({ steps: +e.target.value }),
    }),
    h(
      "div",
      { class: "terms", key: "terms" },
      h("div", { class: "term now", key: "power" }, h("span", { class: "letter" }, written(s.factor), h("sup", null, whole(s.steps))), h("span", { class: "n" }, power(s.factor, s.steps))),
      h("div", { class: "term now", key: "single" }, h("span", { class: "letter word" }, w("single")), h("span", { class: "n" }, plain(values[s.steps]))),
    ),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, values)),
    transport({
      where: [sym("n"), ` = ${whole(s.steps)} `, h("span", null, w("of", { n: whole(s.span) }))],
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
      moves: { first: go(1), undo: go(s.steps - 1), step: go(s.steps + 1), last: go(s.span) },
    }),
    h(
      "div",
      { class: "turn ruled", key: "turn" },
      slider({
        key: "factor", name: w("factor"), label: [h("i", null, "r"), " ", h("small", null, w("factor_short"))], value: nearest,
        min: 0, max: STOPS.length - 1, step: 1, text: written(s.factor), oninput: (k) => set({ factor: STOPS[k] }),
      }),
      choice("span", w("spans"), SPANS.map((n) => [n, w("span", { n: whole(n) }), s.span === n, () => set({ span: n, steps: Math.min(s.steps, n) })])),
    ),
  );
}

export const css = `${LOOK}
.turn{display:grid;grid-template-columns:1fr auto;gap:4px 28px;align-items:center}
.turn .slider{grid-template-columns:auto 1fr 56px}
.rb .phone .turn{grid-template-columns:1fr}
.terms .term{min-width:120px}.rb .phone .terms .term{min-width:104px}
.rb .phone .top{gap:6px}.rb .phone .top select,.rb .phone .choice{width:100%}.rb .phone .choice button{flex:1 1 auto}
`;
