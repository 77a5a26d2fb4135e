// How much of a gradient is left on its way back: through an Elman net, and through one function again and again.

import { h, expect, num, slider, sym, transport } from "./host.js";
import { ACTIVATIONS, backward, forward, sigmoid, zeros } from "./core.js";
import { LARGEST, LOOK, SMALLEST, clipped, ground, plain, reach } from "./decades.js";

export const name = "gradient-flow";

/** What a drawing can hold: the same numbers as in gradient_flow.py. */
export const MAX_UNITS = 24;
export const MIN_STEPS = 10;
export const MAX_STEPS = 100;
export const MAX_TIMES = 10;
const VIEWS = ["net", "squash"];
const PHIS = { tanh: "tanh", sigmoid: "σ", relu: "ReLU", identity: null };
const SQUASHES = ["sigmoid", "tanh"];
/** The steepest slope of each: none passes on more. */
const STEEPEST = { tanh: 1, sigmoid: 0.25, relu: 1, identity: 1 };

export function check(s) {
  expect.one("view", s.view, VIEWS);
  expect.number("gain", s.gain, 0, 2);
  expect.number("scale", s.scale, 0, 2);
  expect.index("length", s.length, MIN_STEPS, MAX_STEPS);
  expect.index("back", s.back, 0, s.length);
  expect.one("activation", s.activation, Object.keys(PHIS));
  expect.index("times", s.times, 1, MAX_TIMES);
  expect.one("squash", s.squash, SQUASHES);
  const rows = expect.list("Q", s.Q);
  expect.index("Q.length", rows.length, 1, MAX_UNITS);
  expect.array("Q", rows, [rows.length, rows.length]);
  const inputs = expect.list("W", s.W, rows.length)[0]?.length;
  expect.index("W[0].length", inputs, 1, MAX_UNITS);
  expect.array("W", s.W, [rows.length, inputs]);
  expect.array("noise", s.noise, [MAX_STEPS, inputs]);
  // Larger ones could leave even float64.
  for (const [key, high] of [["Q", 1.001], ["W", 100], ["noise", 100]]) s[key].flat().forEach((v) => expect.number(key, v, -high, high));
}

// --- maths --------------------------------------------------------------------------------------------------------

/** The root mean square, also of numbers whose squares are too small for a computer. */
export function rms(values, n = values.length) {
  const most = values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
  return most === 0 ? 0 : most * Math.sqrt(values.reduce((a, v) => a + (v / most) ** 2, 0) / n);
}

/**
 * What is left on the way back.
 *
 * sizes: of ∂h_T/∂h_{T-k}, k = 0 … T, each the Frobenius norm over √H, so that an orthogonal matrix has size 1.
 * slopes: of each step 1 … T, the root mean square of φ′ over the units.
 */
export function flow(s) {
  const H = s.Q.length;
  const cell = { kind: "ElmanCell", activation: s.activation, params: { W: s.W, U: s.Q.map((row) => row.map((v) => s.gain * v)), b: zeros(H) } };
  const steps = forward(cell, s.noise.slice(0, s.length).map((x) => x.map((v) => s.scale * v)));
  // One way back for each unit of the last state: together they are the whole Jacobian.
  const rows = Array.from({ length: H }, (_, j) => backward(cell, steps, zeros(H).map((_v, k) => (k === j ? 1 : 0))));
  const sizes = [1];
  for (let t = s.length - 1; t >= 0; t--) sizes.push(rms(rows.flatMap((row) => row[t].dprev.h), H));
  const slope = ACTIVATIONS[s.activation][1];
  return { sizes, slopes: steps.map((r) => rms(r.h.map(slope))) };
}

// A step moves the reader and not the net: what was found is kept.
let kept = null;
function flowOnce(s) {
  const key = [s.Q, s.W, s.noise, s.gain, s.scale, s.length, s.activation];
  if (!kept?.key.every((v, k) => v === key[k])) kept = { key, found: flow(s) };
  return kept.found;
}

/** One function applied n times to x: its value, and its slope. */
export function repeated(squash, n, x) {
  const [phi, slope] = squash === "tanh" ? [Math.tanh, (y) => 1 - y * y] : [sigmoid, (y) => y * (1 - y)];
  let steep = 1;
  for (let k = 0; k < n; k++) {
    x = phi(x);
    steep *= slope(x);
  }
  return [x, steep];
}

/** Its least and largest value on [-6, 6], its steepest slope and where. */
export function summary(squash, n) {
  let best = [0, 0];
  for (let k = -600; k <= 600; k++) {
    const steep = repeated(squash, n, k / 100)[1];
    if (steep > best[1]) best = [k / 100, steep];
  }
  return { low: repeated(squash, n, -6)[0], high: repeated(squash, n, 6)[0], at: best[0], slope: best[1] };
}

// --- moves --------------------------------------------------------------------------------------------------------

/** Where a step, an undo and the two ends lead. */
function moves(s) {
  const [key, low, high] = s.view === "net" ? ["back", 0, s.length] : ["times", 1, MAX_TIMES];
  const to = (v) => (v >= low && v <= high && v !== s[key] ? { [key]: v } : null);
  return { first: to(low), undo: to(s[key] - 1), step: to(s[key] + 1), last: to(high) };
}

export function key({ s, set }, { key: pressed }) {
  // The arrows are those of the drawing: back in time is left.
  const net = s.view === "net";
  const which = { ArrowRight: net ? "undo" : "step", ArrowLeft: net ? "step" : "undo", Home: net ? "last" : "first", End: net ? "first" : "last" };
  if (!Object.hasOwn(which, pressed)) return false;
  const change = moves(s)[which[pressed]];
  if (change) set(change);
  return true;
}

/** g to the power k, inside an SVG text. */
const tpower = (more = "") => [h("tspan", { class: "it" }, "g"), more, h("tspan", { class: "it index", dy: "-6" }, "k")];

// --- through a net ------------------------------------------------------------------------------------------------

const place = (W, wide) => ({ left: wide ? 72 : 62, right: W - 12, top: 10, bottom: wide ? 268 : 258 });
const STRIP = 92;

function net({ s, w, wide, W }, { sizes, slopes }) {
  const box = place(W, wide);
  const { left, right, top, bottom } = box;
  const T = s.length;
  const X = (t) => left + (t / T) * (right - left);
  const logs = sizes.map(Math.log10);
  const l = Math.log10(s.gain);
  const seen = logs.filter((v) => v > -Infinity);
  // Both the net and what the gain alone would do are in sight.
  const span = reach(Math.min(0, ...seen, s.gain > 0 ? T * l : 0), Math.max(0, ...seen, s.gain > 0 ? T * l : 0));
  const Y = (v) => bottom - ((v - span[0]) / (span[1] - span[0])) * (bottom - top);
  const now = logs[s.back];
  const [x, y] = [X(T - s.back), Y(Math.max(span[0], Math.min(span[1], now)))];
  const line = (cls, from, to, of) =>
    h("path", { key: cls, class: cls, d: clipped(Array.from({ length: to - from + 1 }, (_, k) => [T - from - k, of(from + k)]), span[0], span[1], X, Y) });
  const size = (k) => logs[k];
  // What the gain alone would do. Its name stands on the side where the net's curve never comes.
  const alone = (cls, by, kids, share) => {
    const half = Math.min(T, by === 0 ? T : (by > 0 ? span[1] : span[0]) / by) * share;
    return [
      line(cls, 0, T, (k) => k * by),
      h("text", { key: `${cls} name`, x: X(T - half) + (by > 0 ? 10 : by < 0 ? -10 : 0), y: Y(half * by) - 7, class: `note halo ${by < 0 ? "end" : "start"}` }, kids),
    ];
  };
  const steepest = l + Math.log10(STEEPEST[s.activation]);
  const zero = bottom + STRIP - 6;
  const tall = 40;
  const bar = Math.max(1.5, Math.min(12, ((right - left) / T) * 0.62));
  return h(
    "svg",
    {
      key: "net", viewBox: `0 0 ${W} ${zero + 4}`, role: "img",
      "aria-label": w("net_alt", { T, end: plain(sizes[T]), gain: num(s.gain), only: plain(s.gain ** T), slope: num(rms(slopes)) }),
    },
    h("path", { key: "cross", class: "cross", d: `M${left} ${y.toFixed(1)}H${x.toFixed(1)}V${bottom}` }),
    ground(box, span, { w, wide, read: { at: now, text: plain(sizes[s.back]) }, side: "right", tint: "grad" }),
    s.gain > 0 ? alone("exact", l, tpower(), 0.5) : null,
    s.gain > 0 && steepest < l ? alone("exact most", steepest, ["(", tpower(" / 4)")], 0.3) : null,
    line("later", s.back, T, size),
    line("grad curve", 0, s.back, size),
    h("circle", { key: "dot", class: "grad dot", cx: x, cy: y, r: 6 }),
    [0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => {
      const t = Math.round(share * T);
      return h("text", { key: `t ${share}`, x: X(t), y: bottom + 19, class: `tick ${share === 1 ? "end" : ""}` }, share === 0 ? "t = 0" : String(t));
    }),
    h("g", { key: "slopes" },
      h("path", { key: "rule", class: "ends", d: `M${left} ${zero - tall}H${right}` }),
      h("path", { key: "zero", class: "one", d: `M${left} ${zero}H${right}` }),
      h("text", { key: "name", class: "tick end", x: left - 8, y: zero - 14 }, h("tspan", { class: "it" }, "φ′")),
      h("text", { key: "top", class: "tick end", x: left - 8, y: zero - tall + 4.5 }, "1"),
      slopes.map((v, k) => h("rect", { key: `b${k}`, class: T - k <= s.back ? "bar now" : "bar", x: X(k + 1) - bar / 2 - (right - left) / T / 2, y: zero - v * tall, width: bar, height: Math.max(v * tall, 0.75) })),
    ),
  );
}

function saidOfNet({ s, w }, { sizes }) {
  const v = sizes[s.back];
  const k = s.back;
  if (k === 0) return w("say_start", { T: s.length });
  const values = { after: k === 1 ? w("back_one") : w("back", { k }), v: plain(v), each: plain(v ** (1 / k)) };
  if (v === 0) return w("say_none", values);
  if (Math.abs(v - 1) < 0.0005) return w("say_all", values);
  return w(v < 1 ? "say_left" : "say_grown", values);
}

/** Where it leaves what float32 can hold. */
function ends({ s, w }, { sizes }) {
  const k = sizes.findIndex((v) => v < SMALLEST || v > LARGEST);
  if (k < 0) return w("note_size");
  return w(sizes[k] < 1 ? "note_small" : "note_large", { k, t: s.length - k, v: plain(sizes[k] < 1 ? SMALLEST : LARGEST) });
}

// --- again and again ----------------------------------------------------------------------------------------------

function again({ s, w, wide, W }, found) {
  const { left, right, top } = place(W, wide);
  const bottom = wide ? 312 : 300;
  const low = s.squash === "tanh" ? -1 : 0;
  const X = (x) => left + ((x + 6) / 12) * (right - left);
  const Y = (y) => bottom - ((y - low) / (1 - low)) * (bottom - top);
  const curve = (n) => Array.from({ length: 121 }, (_, k) => [k / 10 - 6, repeated(s.squash, n, k / 10 - 6)[0]]);
  const path = (key, cls, points) => h("path", { key, class: cls, d: clipped(points, low, 1, X, Y) });
  const [y] = repeated(s.squash, s.times, found.at);
  const run = 1.25;
  return h(
    "svg",
    { key: "again", viewBox: `0 0 ${W} ${bottom + 26}`, role: "img", "aria-label": w("again_alt", { n: s.times, low: plain(found.low), high: plain(found.high), slope: plain(found.slope) }) },
    h("rect", { key: "range", class: "beyond", x: left, y: Y(found.high), width: right - left, height: Math.max(Y(found.low) - Y(found.high), 0.5) }),
    h("path", { key: "axis", class: "axis", d: `M${left} ${top}V${bottom}H${right}` }),
    low < 0 ? h("path", { key: "one", class: "one", d: `M${left} ${Y(0)}H${right}` }) : null,
    [low, (low + 1) / 2, 1].map((v) => h("text", { key: `y${v}`, x: left - 8, y: Y(v) + 4.5, class: "tick end" }, plain(v))),
    [-6, -3, 0, 3, 6].map((v) => h("text", { key: `x${v}`, x: X(v), y: bottom + 19, class: `tick ${v === 6 ? "end" : v === -6 ? "start" : ""}` }, v === -6 ? [h("tspan", { class: "it" }, "x"), " = −6"] : plain(v))),
    Array.from({ length: s.times - 1 }, (_, k) => path(`before ${k + 1}`, "later", curve(k + 1))),
    path("curve", "curve", curve(s.times)),
    path("tangent", "grad curve", [[found.at - run, y - run * found.slope], [found.at + run, y + run * found.slope]]),
    h("circle", { key: "dot", class: "grad dot", cx: X(found.at), cy: Y(y), r: 5.5 }),
  );
}

/** σ(σ(σ(x))), as far as there is room. */
function nest({ squash, times }, wide) {
  const phi = PHIS[squash];
  const x = h("i", null, "x");
  const fits = times <= (squash === "tanh" ? 3 : 6) * (wide ? 1.7 : 1);
  const inside = fits ? [`${phi}(`.repeat(times), x, ")".repeat(times)] : [`${phi}( … ${phi}(`, x, ") … )"];
  return h("span", { class: "letter nest", lang: "en" }, inside);
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, wide, set, W } = ctx;
  const through = s.view === "net";
  const found = through ? flowOnce(s) : summary(s.squash, s.times);
  const choice = (key, label, options) =>
    h("div", { class: `choice ${key}`, key, role: "group", "aria-label": label },
      options.map(([value, text, pressed, act]) => h("button", { type: "button", key: value, "aria-pressed": String(pressed), onclick: act }, text)));
  const to = Object.fromEntries(Object.entries(moves(s)).map(([k, change]) => [k, change && (() => set(change))]));
  const { left, right } = place(W, wide);
  const phi = PHIS[s.squash];
  const term = (key, cls, letter, n) => h("div", { class: `term now ${cls}`, key }, letter, h("span", { class: "n" }, n));
  const word = (text) => h("span", { class: "letter word" }, text);
  const T = s.length;
  const v = through ? found.sizes[s.back] : 0;
  return h(
    "div",
    { class: wide ? "wide" : W < 440 ? "phone narrow" : "phone", "data-mode": through ? "backward" : "forward" },
    h(
      "div",
      { class: "top", key: "top" },
      choice("view", w("view"), VIEWS.map((value) => [value, w(value === "net" ? "net" : "squash"), s.view === value, () => set({ view: value })])),
      through
        ? choice("phi", w("activation"), Object.entries(PHIS).map(([value, text]) => [value, text ?? w("identity"), s.activation === value, () => set({ activation: value })]))
        : choice("phi", w("squash_name"), SQUASHES.map((value) => [value, PHIS[value], s.squash === value, () => set({ squash: value })])),
    ),
    h("p", { key: "note", class: "hint", "aria-live": "polite" }, through ? ends(ctx, found) : w("note_again")),
    through ? net(ctx, found) : again(ctx, found),
    through
      ? h("input", {
          key: "t", type: "range", class: "time", min: 0, max: T, step: 1, value: T - s.back, "aria-label": w("go"), "aria-valuetext": `t = ${T - s.back}`,
          style: `margin-left:${((left - 8) / W) * 100}%;width:${((right - left + 16) / W) * 100}%`, oninput: (e) => set({ back: T - +e.target.value }),
        })
      : null,
    through
      ? h(
          "div",
          { class: "terms", key: "terms net" },
          term("size", "grad", h("span", { class: "letter", lang: "en" }, "∂", sym("h", T), " / ∂", sym("h", T - s.back)), plain(v)),
          term("each", "grad", word(w("each")), s.back && v > 0 ? plain(v ** (1 / s.back)) : "–"),
          term("gain", "", h("span", { class: "letter" }, h("i", null, "g"), h("sup", null, String(s.back))), plain(s.gain ** s.back)),
        )
      : h(
          "div",
          { class: "terms", key: "terms again" },
          term("values", "", nest(s, wide), w("values", { low: plain(found.low), high: plain(found.high) })),
          term("slope", "grad", word(w("steepest")), plain(found.slope)),
        ),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, through ? saidOfNet(ctx, found) : w(s.times === 1 ? "say_once" : "say_again", { f: phi, n: s.times, low: plain(found.low), high: plain(found.high), slope: plain(found.slope), x: num(found.at) })),
    transport(
      through
        ? { where: [sym("t"), ` = ${T - s.back} `, h("span", null, w("of", { n: T }))], names: { first: w("first"), undo: w("undo"), step: w("step_back"), last: w("last") }, moves: to, back: true }
        : { where: [sym("n"), ` = ${s.times} `, h("span", null, w("of", { n: MAX_TIMES }))], names: { first: w("first_again"), undo: w("undo"), step: w("once_more"), last: w("last_again") }, moves: to },
    ),
    through
      ? h(
          "div",
          { class: "sliders ruled", key: "sliders" },
          slider({ key: "gain", name: w("gain"), label: [h("i", null, "g"), " ", h("small", null, w("gain_short"))], value: s.gain, min: 0, max: 2, step: 0.05, oninput: (gain) => set({ gain }) }),
          slider({ key: "scale", name: w("scale"), label: h("small", null, w("scale_short")), value: s.scale, min: 0, max: 2, step: 0.05, oninput: (scale) => set({ scale }) }),
          slider({ key: "length", name: w("length"), label: [h("i", null, "T"), " ", h("small", null, w("length_short"))], value: T, min: MIN_STEPS, max: MAX_STEPS, step: 1, text: String(T), oninput: (length) => set({ length, back: Math.min(s.back, length) }) }),
        )
      : h("div", { class: "sliders ruled", key: "times" },
          slider({ key: "n", name: w("times"), label: [h("i", null, "n"), " ", h("small", null, w("times_short"))], value: s.times, min: 1, max: MAX_TIMES, step: 1, text: String(s.times), oninput: (times) => set({ times }) })),
  );
}

export const css = `${LOOK}
.bar{fill:var(--gs-line)}.bar.now{fill:var(--gs-faint)}
.ends{stroke:var(--gs-line);stroke-dasharray:2 4;fill:none}
.most{stroke-dasharray:1 4}
.terms .nest{font-size:.88em}.terms .term:has(.nest){min-width:230px}
.sliders .slider{grid-template-columns:auto 1fr 40px}.rb .wide .sliders{grid-template-columns:repeat(3,1fr);gap:0 24px}.rb .wide .sliders>:only-child{grid-column:1/-1}
.rb .phone .sliders .slider{grid-template-columns:96px 1fr 46px}
.rb .phone .top{gap:4px}.rb .phone .choice{width:100%}.rb .phone .choice button{flex:1 1 auto;padding:0 8px}
.rb .phone .terms .nest{font-size:17px}.rb .phone .terms .term:has(.nest){min-width:150px}
`;
