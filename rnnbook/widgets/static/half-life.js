// A forget gate that its bias alone sets: how long the direct path through c keeps half of what it holds.

import { h, num, sym, tsym, expect, slider } from "./host.js";
import { sigmoid } from "./core.js";
import { gate, share } from "./shares.js";

export const name = "half-life";

/** The same numbers as in half_life.py. */
export const LOW = -3;
export const HIGH = 10;
export const MOST = 10000;
export const MARKS = [10, 100, 1000];
const PRESETS = [0, 1, 3, 5];

// --- state --------------------------------------------------------------------------------------------------------

export function check(s) {
  expect.number("bias", s.bias, LOW, HIGH);
  expect.one("log", s.log, [true, false]);
}

// --- maths --------------------------------------------------------------------------------------------------------

/** -ln f: what goes at each step. It keeps its digits where f is almost 1. */
export const rate = (bias) => Math.log1p(Math.exp(-bias));
export const halfLife = (bias) => Math.LN2 / rate(bias);
export const left = (bias, t) => Math.exp(-t * rate(bias));

/** The bias that keeps half for n steps: σ(b)ⁿ = ½. Four decimals. */
export const biasFor = (n) => rounded(-Math.log(Math.expm1(Math.LN2 / n)));
const rounded = (b) => Math.round(b * 1e4) / 1e4;

/** What is left after t steps, also where it is too small for a double. */
const leftText = (bias, t) => share(left(bias, t), (-t * rate(bias)) / Math.LN10);

/** A bias in a sentence: a whole one has no decimals. */
const biasText = (bias) => num(bias).replace(/\.0+$/, "");
/** What the gate keeps, with the decimals of the gate. */
const percentText = (bias) => {
  const decimals = gate(bias, 1).length - 2;
  return bias < 0 ? share(sigmoid(bias)) : `${(100 * sigmoid(bias)).toFixed(decimals - 2)}%`;
};
/** ln f, two digits of it. */
function lnText(bias) {
  const size = rate(bias);
  const text = size >= 0.0995 ? num(size) : size >= 0.00095 ? size.toPrecision(2) : size.toExponential(1);
  return `\u2212${text.replace("-", "\u2212")}`;
}
const whole = (n) => n.toLocaleString("en", { maximumFractionDigits: 0 });
function halfText(bias) {
  const n = halfLife(bias);
  if (n >= 99.95) return whole(n);
  return n.toFixed(n >= 0.995 ? 1 : 2).replace(/\.0$/, "");
}

export function key({ s, set }, { key: pressed }) {
  const by = { ArrowRight: 0.5, ArrowLeft: -0.5 }[pressed];
  if (!by) return false;
  const bias = rounded(s.bias + by);
  if (bias >= LOW && bias <= HIGH) set({ bias });
  return true;
}

// --- drawing ------------------------------------------------------------------------------------------------------

function drawing(ctx) {
  const { s, w, wide, W } = ctx;
  const [start, end, top, bottom] = [26, W - (wide ? 12 : 8), 34, wide ? 222 : 206];
  const x = (t) => start + (end - start) * (s.log ? Math.log10(t) / 4 : t / MOST);
  const y = (v) => bottom - (bottom - top) * v;
  const path = (bias) =>
    Array.from({ length: 161 }, (_, k) => (s.log ? 10 ** (k / 40) : MOST * (k / 160) ** 3)).map((t, k) => `${k ? "L" : "M"}${x(t).toFixed(1)} ${y(left(bias, t)).toFixed(1)}`).join("");
  const ticks = s.log ? [1, 10, 100, 1000, MOST] : [0, 2500, 5000, 7500, MOST];
  const kids = [
    h("path", { key: "ends", class: "ends", d: `M${start} ${y(1)}H${end}M${start} ${y(0.5)}H${end}` }),
    h("path", { key: "zero", class: "zero", d: `M${start} ${y(0)}H${end}` }),
    [[1, "1"], [0.5, "½"], [0, "0"]].map(([v, label]) => h("text", { key: `y${v}`, class: "end small", x: start - 8, y: y(v) + 4 }, label)),
    ticks.map((t) => [
      h("path", { key: `tick${t}`, class: "zero", d: `M${x(t)} ${bottom}v5` }),
      h("text", { key: `x${t}`, class: `${t === MOST ? "end" : "mid"} small`, x: t === MOST ? end + 4 : x(t), y: bottom + 20 }, whole(t), wide && t === MOST ? ` ${w("axis")}` : ""),
    ]),
    wide ? null : h("text", { key: "axis", class: "end small", x: end + 4, y: bottom + 38 }, w("axis")),
    h("text", { key: "what", class: "small", x: 0, y: 14 }, w("what"), " ", h("tspan", { class: "it f" }, "f"), h("tspan", { class: "it power", dx: 2, dy: -5 }, "t")),
  ];
  // The four biases that the buttons set, for comparison: on a log axis a bias moves the curve, and keeps its shape.
  if (s.log)
    for (const b of PRESETS)
      if (Math.abs(b - s.bias) > 0.01) kids.push(h("path", { key: `other${b}`, class: "other", d: path(b) }));
  kids.push(h("path", { key: "curve", class: "curve", d: path(s.bias) }));
  const n = halfLife(s.bias);
  const [at, inside] = [x(Math.max(n, s.log ? 1 : 0)), n >= (s.log ? 1 : 0) && n <= MOST];
  if (s.log)
    for (const b of PRESETS) {
      // Where the curve has fallen to a third there is room beside it, if no other line runs there.
      const t = 1.7 * halfLife(b);
      if (Math.abs(b - s.bias) > 0.55 && (wide || b) && (at < x(t) - 4 || at > x(t) + 44)) kids.push(h("text", { key: `name${b}`, class: "small halo", x: x(t) + 5, y: y(left(b, t)) + 4 }, tsym("b"), ` = ${b}`));
    }
  for (const t of MARKS) kids.push(h("circle", { key: `mark${t}`, class: "mark", cx: x(t), cy: y(left(s.bias, t)), r: 4 }));
  if (inside) {
    const right = at > W * 0.62; // there the text stands at the left, below the curve
    kids.push(
      h("path", { key: "drop", class: "drop", d: `M${at.toFixed(1)} ${y(0.5)}V${bottom}` }),
      h("circle", { key: "half", class: "half", cx: at, cy: y(0.5), r: 6 }),
      h("text", { key: "half-text", class: `halo half-text${right ? " end" : ""}`, x: at + (right ? -12 : 12), y: y(0.5) + (right ? 22 : -9) }, w(halfText(s.bias) === "1" ? "half_one" : "half_after", { n: halfText(s.bias) })),
    );
  } else {
    const after = n > MOST;
    kids.push(h("text", { key: "half-text", class: `halo half-text${after ? " end" : ""}`, x: after ? end - 4 : start + 10, y: y(0.5) - 9 }, w(after ? "half_beyond" : "half_after", { n: halfText(s.bias) })));
  }
  return h("svg", { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${bottom + (wide ? 28 : 44)}`, role: "img", "aria-label": w("alt", { b: biasText(s.bias), n: halfText(s.bias) }) }, kids);
}

/** The gate as it is drawn everywhere: an opening, as high as its value. */
const opening = (f) =>
  h(
    "svg",
    { key: "gate", class: "gate", viewBox: "0 0 44 44", "aria-hidden": "true" },
    h("circle", { class: "wall", cx: 22, cy: 22, r: 20 }),
    h("ellipse", { class: "opening", cx: 22, cy: 22, rx: 15, ry: Math.max(1, 15 * f) }),
  );

const term = (letter, value, cls = "") => h("span", { class: `term ${cls}` }, h("span", { class: "letter" }, letter), h("span", { class: "n number" }, value));
const sign = (text) => h("span", { class: "sign" }, text);
const log = (of) => [h("span", { class: "upright" }, "ln"), " ", of];

function equation({ s }) {
  return h(
    "div",
    { class: "equation", key: "equation" },
    h("div", { class: "row", key: "f" }, opening(sigmoid(s.bias)), term(h("i", null, "f"), gate(s.bias, 1), "f"), sign("="), sign("σ("), term(h("i", null, "b"), num(s.bias)), sign(")")),
    h("div", { class: "row", key: "half" }, term(sym("t", "½"), halfText(s.bias), "main"), sign("="), term(log("½"), num(-Math.LN2)), sign("/"), term(log(h("i", null, "f")), lnText(s.bias))),
  );
}

// --- all ----------------------------------------------------------------------------------------------------------

const choice = (key, label, buttons) =>
  h(
    "div",
    { class: "pick", key },
    h("span", { class: "name", id: `${key}-name` }, label),
    h("div", { class: "choice", role: "group", "aria-labelledby": `${key}-name` }, buttons.map(([text, on, onclick, said]) => h("button", { type: "button", key: text, "aria-pressed": String(on), "aria-label": said ?? null, onclick }, text))),
  );

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, set } = ctx;
  const to = (bias) => () => set({ bias });
  const n = halfText(s.bias);
  return h(
    "div",
    { class: ctx.wide ? "wide" : "phone" },
    h(
      "div",
      { class: "top", key: "top" },
      choice("preset", sym("b"), PRESETS.map((b) => [String(b), s.bias === b, to(b), w("set_bias", { b })])),
      choice("keep", w("keep"), MARKS.map((t) => [whole(t), s.bias === biasFor(t), to(biasFor(t)), w("keep_for", { n: whole(t) })])),
      choice("axis", w("time"), [true, false].map((is) => [w(is ? "axis_log" : "axis_linear"), s.log === is, () => set({ log: is })])),
    ),
    slider({ key: "bias", label: [h("i", null, "b"), " ", h("small", null, w("short_bias"))], name: w("name_bias"), value: s.bias, min: LOW, max: HIGH, step: 0.1, oninput: (bias) => set({ bias: rounded(bias) }) }),
    drawing(ctx),
    equation(ctx),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, w(n === "1" ? "say_one" : "say", { b: biasText(s.bias), keep: percentText(s.bias), n, left: leftText(s.bias, 100) })),
    h(
      "dl",
      { class: "marks ruled", key: "marks" },
      MARKS.map((t) => h("div", { key: t }, h("dt", null, w("after", { n: whole(t) })), h("dd", { class: "n" }, leftText(s.bias, t)))),
    ),
    h("p", { class: "note", key: "note" }, w("note")),
  );
}

export const css = `
.rb .top{gap:6px 18px;margin-bottom:4px}
.pick{display:flex;align-items:center;gap:10px}.pick .name{font-size:14px;color:var(--gs-mute);white-space:nowrap}.pick .name i{font-size:18px;color:var(--gs-ink)}
.rb .top .choice{gap:0}.rb .top .choice button{padding:0 10px}
.half-life>div>.slider,.slider{grid-template-columns:130px 1fr 52px}
.drawing{margin:6px 0 2px}
svg text{fill:var(--gs-ink);font-size:13px;font-variant-numeric:tabular-nums}
.drawing .mid{text-anchor:middle}.drawing .end{text-anchor:end}
.drawing .small{fill:var(--gs-mute)}.drawing .small .it{font-size:16px}.drawing .it.f{fill:var(--gs-f);font-size:17px}.drawing .small .power{fill:var(--gs-f);font-size:12px}
.drawing .halo{stroke:var(--gs-paper);stroke-width:5px;paint-order:stroke;stroke-linejoin:round}
.zero{stroke:var(--gs-faint);fill:none}.ends{stroke:var(--gs-line);stroke-dasharray:2 4;fill:none}
.other{fill:none;stroke:var(--gs-faint);stroke-width:1}
.curve{fill:none;stroke:var(--gs-f);stroke-width:2.5;stroke-linejoin:round}
.mark,.half{fill:var(--gs-paper);stroke:var(--gs-f);stroke-width:2;transition:cx .22s ease-out,cy .22s ease-out}.half{fill:var(--gs-f)}
.drop{stroke:var(--gs-f);stroke-dasharray:4 3;fill:none}
.drawing .half-text{fill:var(--gs-f);font-weight:600;font-size:14px}
.rb .say{min-height:48px}
.equation{display:flex;flex-wrap:wrap;justify-content:center;gap:6px 64px;min-height:64px;margin:4px 0 6px}
.equation .row{display:flex;align-items:flex-start;gap:8px}
.rb .gate{width:44px;height:44px;flex:none;margin:2px 6px 0 0}
.gate .wall{fill:var(--gs-wash);stroke:var(--gs-line)}.gate .opening{fill:var(--gs-paper);stroke:var(--gs-f);stroke-width:2.5;transition:ry .22s ease-out}
.term{display:flex;flex-direction:column;align-items:center;font:23px/1.3 var(--math);min-width:28px}
.term i{font-size:1em}.term sub{font-size:.62em;vertical-align:-.3em}.term .number{font:600 14px/1.4 var(--sans);min-height:20px;color:var(--gs-mute)}
.term.f,.term.f .number{color:var(--gs-f)}.term.main .number{color:var(--gs-ink)}
.sign{font:22px/1.36 var(--math);color:var(--gs-mute)}
.marks{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin:0;padding:10px 0 8px;text-align:center}
.marks dt{font-size:13px;color:var(--gs-mute)}.marks dd{margin:0;font-size:17px;font-weight:600;color:var(--gs-f)}
.rb .note{border-top:1px solid var(--gs-line);padding-top:8px;text-wrap:pretty}
.rb .phone .say{min-height:72px}
.phone .top{display:grid;grid-template-columns:1fr;gap:6px}
.phone .pick{justify-content:space-between}
.phone .equation{gap:4px 24px;min-height:124px}
.phone .slider{grid-template-columns:104px 1fr 46px}
`;
