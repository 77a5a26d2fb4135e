// Ink dropped into two units at step 1, thinned at each later step: what is left of it in h_t, computed.

import { h, num, sym, tsym, expect, slider, transport } from "./host.js";
import { backward, forward, shapes, KINDS } from "./core.js";
import { gate, grown, scientific, share } from "./shares.js";

export const name = "ink";

/** The same numbers as in ink.py. */
export const SWATCHES = 12;
export const MAX_STEPS = 100;
export const RANGES = { u: [0, 1.5], bias: [-2, 8], noise: [0, 2] };
export const STEPS = Array.from({ length: 9 }, (_, k) => SWATCHES + k * (SWATCHES - 1));
/** How many powers of ten a bar shows: more where there are more steps to lose them in. */
export const decades = (steps) => (steps === SWATCHES ? 6 : 24);

// --- state --------------------------------------------------------------------------------------------------------

export function check(s) {
  for (const [key, [low, high]] of Object.entries(RANGES)) expect.number(key, s[key], low, high);
  expect.one("steps", s.steps, STEPS);
  expect.index("t", s.t, 1, s.steps);
  expect.array("paint", s.paint, [MAX_STEPS - 1]).forEach((v, k) => expect.number(`paint[${k}]`, v, -10, 10));
  expect.object("cells", s.cells);
  for (const [unit, kind, given] of [["elman", "ElmanCell", ["W", "b"]], ["lstm", "LSTMCell", ["W", "U", "b"]]]) {
    expect.object(`cells.${unit}`, s.cells[unit]);
    const shape = shapes(kind, 2, 1);
    for (const key of given)
      expect.array(`cells.${unit}.${key}`, s.cells[unit][key], shape[key]).flat().forEach((v) => expect.number(`cells.${unit}.${key}`, v, -20, 20));
  }
}

// --- maths --------------------------------------------------------------------------------------------------------

/** The two units with what the sliders set. */
export function units({ cells: { elman, lstm }, u, bias }) {
  const f = KINDS.LSTMCell.rows.indexOf("f");
  return {
    elman: { kind: "ElmanCell", params: { ...elman, U: [[u]] } },
    lstm: { kind: "LSTMCell", params: { ...lstm, b: lstm.b.map((v, k) => (k === f ? v + bias : v)) } },
  };
}

/** A value, which is 0 at step 1 and paint later, and a mark, which is 1 at step 1 alone. */
export const inputs = ({ paint, noise, steps }) =>
  [[0, 1], ...paint.slice(0, steps - 1).map((v) => [noise * v, 0])];

/** |dh_t / dx_1| at some steps, relative to that of step 1: backward from each. */
export function left(cell, x, at) {
  const trace = forward(cell, x);
  const slope = (t) => Math.abs(backward(cell, trace.slice(0, t), [1])[0].dx[0]);
  const first = slope(1);
  return at.map((t) => (first ? slope(t) / first : 0));
}

/** The steps that have a swatch: every k-th from the first on. */
export const shown = (steps) => Array.from({ length: SWATCHES }, (_, j) => 1 + (j * (steps - 1)) / (SWATCHES - 1));

/** All that is drawn: {x, at, shares: {elman, lstm}, now: {elman, lstm}}. */
export function compute(s) {
  const x = inputs(s);
  const at = shown(s.steps);
  const all = Object.entries(units(s)).map(([unit, cell]) => [unit, left(cell, x, [...at, s.t])]);
  return {
    x: x.map(([value]) => value),
    at,
    shares: Object.fromEntries(all.map(([unit, values]) => [unit, values.slice(0, -1)])),
    now: Object.fromEntries(all.map(([unit, values]) => [unit, values.at(-1)])),
  };
}

const onward = ({ steps, t }) => shown(steps).find((step) => step > t);
const before = ({ steps, t }) => shown(steps).findLast((step) => step < t);

export function key({ s, set }, { key: pressed }) {
  const moves = { ArrowRight: onward, ArrowLeft: before, Home: () => 1, End: () => s.steps };
  if (!Object.hasOwn(moves, pressed)) return false;
  const t = moves[pressed](s);
  if (t) set({ t });
  return true;
}

// --- drawing ------------------------------------------------------------------------------------------------------
// Heights from the top of a bank of swatches: a phone has two banks of six.
const HEIGHTS = {
  wide: { number: 15, x: 43, half: 15, rows: [68, 186], swatch: 46, log: 30, all: 292 },
  phone: { number: 13, x: 35, half: 11, rows: [54, 146], swatch: 38, log: 22, all: 246 },
};
const DROP = "M0 -9C3.5 -3.5 6.5 -.5 6.5 3.5A6.5 6.5 0 0 1 -6.5 3.5C-6.5 -.5 -3.5 -3.5 0 -9Z";

/** What a row says of itself. */
const heads = ({ s, w }) => ({
  elman: [w("elman"), [h("tspan", { class: "it" }, "u"), ` ${num(s.u)}`]],
  lstm: [w("lstm"), [h("tspan", { class: "it f" }, "f"), ` ${gate(s.bias)}`]],
});

/** What is left, in writing. Nothing reads 0 that is not. */
const text = (s, unit, v, coarse = -10) => (v < 1e-300 && !(unit === "elman" && s.u === 0) ? "≈0" : share(v, Math.log10(v), coarse));

function drawing(ctx, c) {
  const { s, ui, w, wide, W } = ctx;
  const y = HEIGHTS[wide ? "wide" : "phone"];
  const banks = wide ? 1 : 2;
  const each = SWATCHES / banks;
  const side = wide ? 92 : 58;
  const col = (W - side) / each;
  const reached = (t) => t <= s.t || ui.ahead;
  const most = Math.max(1, ...c.x.map(Math.abs));
  const k = (s.steps - 1) / (SWATCHES - 1);
  const column = c.at.findLastIndex((t) => t <= s.t);
  const kids = [];
  const at = (...nodes) => kids.push(...nodes);
  const place = (j) => [side + ((j % each) + 0.5) * col, Math.floor(j / each) * y.all];

  const [bx, by] = place(column);
  at(h("rect", { key: "band", class: "band", x: bx - col / 2, y: by, width: col, height: y.all - (wide ? 0 : 16), rx: 6 }));
  for (let bank = 0; bank < banks; bank++) {
    const top = bank * y.all;
    at(
      h("text", { key: `head-x${bank}`, class: "head letter", x: 2, y: top + y.x + 5 }, tsym("x", "t"), wide ? h("tspan", { class: "small", dx: 6 }, w("row_paint")) : null),
      h("path", { key: `zero${bank}`, class: "zero", d: `M${side} ${top + y.x}H${W}` }),
    );
    Object.entries(heads(ctx)).forEach(([unit, [title, note]], row) => {
      const up = top + y.rows[row];
      const log = up + y.swatch + 6;
      at(
        h("text", { key: `head-${unit}${bank}`, class: "head", x: 2, y: up + y.swatch / 2 - 3 }, title),
        h("text", { key: `note-${unit}${bank}`, class: "setting", x: 2, y: up + y.swatch / 2 + 14 }, note),
        h("path", { key: `ends-${unit}${bank}`, class: "ends", d: `M${side} ${log}H${W}M${side} ${log + y.log / 2}H${W}` }),
        h("path", { key: `base-${unit}${bank}`, class: "zero", d: `M${side} ${log + y.log}H${W}` }),
        h("text", { key: `one-${unit}${bank}`, class: "end small", x: side - 6, y: log + 5 }, "1"),
        h("text", { key: `low-${unit}${bank}`, class: "end small", x: side - 6, y: log + y.log + 4 }, scientific(-decades(s.steps)).replace(".0", "")),
      );
    });
  }
  let poured = 0;
  c.at.forEach((t, j) => {
    const [x, top] = place(j);
    const lit = j === column;
    const is = lit ? " now" : "";
    at(h("text", { key: `n${j}`, class: `mid count${is}`, x, y: top + y.number }, String(t)));
    // The paint that came since the swatch before.
    const since = j ? c.x.slice(t - k, t) : [];
    poured += since.reduce((sum, v) => sum + Math.abs(v), 0);
    if (!j) at(h("path", { key: "drop", class: "drop", d: DROP, transform: `translate(${x} ${top + y.x - 3})` }));
    const thin = Math.min(14, (col - 8) / k);
    since.forEach((v, m) => {
      const tall = (Math.abs(v) / most) * y.half;
      at(h("rect", { key: `x${j}-${m}`, class: "paint", x: x + (m - k / 2) * thin + thin * 0.1, y: top + y.x - (v > 0 ? tall : 0), width: thin * 0.8, height: tall }));
    });
    Object.keys(c.shares).forEach((unit, row) => {
      const v = c.shares[unit][j];
      const up = top + y.rows[row];
      const log = up + y.swatch + 6;
      const full = Math.min(1, v);
      const wash = reached(t) ? 1 - Math.exp(-poured / 2) : 0;
      const tall = reached(t) && v > 0 ? Math.max(0, Math.min(1, 1 + Math.log10(v) / decades(s.steps))) * y.log : 0;
      const box = { x: x - col / 2 + 2, y: up, width: col - 4, height: y.swatch, rx: 3 };
      at(
        h("rect", { key: `paper-${unit}${j}`, class: "paper", ...box }),
        h("rect", { key: `grey-${unit}${j}`, class: "grey", "fill-opacity": wash.toFixed(3), ...box }),
        h("rect", { key: `ink-${unit}${j}`, class: "dye", "fill-opacity": reached(t) ? full.toFixed(4) : 0, ...box }),
        h("rect", { key: `rim-${unit}${j}`, class: `rim${reached(t) ? is : " wait"}`, ...box }),
        h("rect", { key: `log-${unit}${j}`, class: "bar", x: x - 6, y: log + y.log - tall, width: 12, height: tall }),
      );
      if (!reached(t)) at(h("circle", { key: `dot-${unit}${j}`, class: "dot", cx: x, cy: up + y.swatch / 2, r: 1.3 }));
      else {
        if (grown(v)) at(h("path", { key: `up-${unit}${j}`, class: "up", d: "M0 9V-8M-6 -2L0 -8L6 -2", transform: `translate(${x} ${up + y.swatch / 2})` }));
        at(h("text", { key: `v-${unit}${j}`, class: `mid value ${unit}${is}`, x, y: log + y.log + (wide ? 17 : 15) }, text(s, unit, v, W < 340 ? 0 : -10)));
      }
    });
  });
  const said = (unit) => c.at.flatMap((t, j) => (reached(t) ? [`${t}: ${text(s, unit, c.shares[unit][j])}`] : [])).join(", ");
  const H = banks * y.all - (wide ? 0 : 16);
  return h("svg", { key: `drawing${banks}`, class: "drawing", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("alt", { elman: said("elman"), lstm: said("lstm") }) }, kids);
}

// --- words --------------------------------------------------------------------------------------------------------

function sentence({ s, w }, { now }) {
  if (s.t === 1) return w("say_first");
  const values = { t: s.t, elman: text(s, "elman", now.elman), lstm: text(s, "lstm", now.lstm) };
  if (grown(now.lstm)) return w("say_any", values);
  return w(grown(now.elman) ? "say_grown" : "say_left", values);
}

/** One line of an equation: what is read, without what counts nothing. */
function line(key, letter, squash, { value, mark, past, bias }) {
  const terms = [[value, sym("x", "t")], [mark, sym("m", "t")], [past, sym("h", "t−1")], [bias, null]].filter(([weight]) => weight !== 0);
  const written = terms.map(([weight, what], k) => {
    const sign = weight < 0 ? (k ? " − " : "−") : k ? " + " : "";
    const size = Math.abs(weight);
    return [sign, size === 1 && what ? null : `${Number(size.toFixed(2))}${what ? " " : ""}`, what];
  });
  return h("p", { key, class: "line" }, sym(letter, "t"), " = ", squash, "(", written, ")");
}

function weights({ s, w, ui, setUI }) {
  const { elman, lstm } = units(s);
  const rows = (cell, k) => ({ value: cell.params.W[k][0], mark: cell.params.W[k][1], past: cell.params.U[k][0], bias: cell.params.b[k] });
  return h(
    "details",
    { class: "fold", key: "fold", open: Boolean(ui.open), ontoggle: (e) => e.target.open !== Boolean(ui.open) && setUI({ open: e.target.open }) },
    h("summary", null, w("weights")),
    h(
      "div",
      { class: "equations" },
      h("div", { key: "elman" }, h("h4", null, w("elman")), line("h", "h", "tanh", rows(elman, 0))),
      h("div", { key: "lstm" }, h("h4", null, w("lstm")), [...KINDS.LSTMCell.rows].map((letter, k) => line(letter, letter, letter === "g" ? "tanh" : "σ", rows(lstm, k)))),
    ),
    h("p", { class: "note", key: "inputs" }, w("inputs")),
  );
}

function controls({ s, ui, w, set }) {
  // Whoever turns something wants to see all of it.
  const turn = (changes) => {
    ui.ahead = true;
    set(changes);
  };
  const column = shown(s.steps).findLastIndex((t) => t <= s.t);
  const one = (key, label, step, text_) =>
    slider({ key, label, name: w(`name_${key}`), value: s[key], min: RANGES[key][0], max: RANGES[key][1], step, text: text_, oninput: (v) => turn({ [key]: v }) });
  const small = (key) => h("small", null, w(`short_${key}`));
  return h(
    "div",
    { class: "sliders ruled", key: "sliders" },
    one("u", [h("i", null, "u"), " ", small("u")], 0.05),
    one("bias", [sym("b", "f"), " ", small("bias")], 0.25),
    one("noise", w("short_noise"), 0.1),
    slider({
      key: "steps", label: w("short_steps"), name: w("name_steps"), value: s.steps, min: STEPS[0], max: MAX_STEPS, step: SWATCHES - 1, text: String(s.steps),
      oninput: (steps) => turn({ steps, t: shown(steps)[column] }),
    }),
  );
}

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, set, setUI } = ctx;
  const c = compute(s);
  const [next, last] = [onward(s), before(s)];
  return h(
    "div",
    { class: ctx.wide ? "wide" : "phone" },
    drawing(ctx, c),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, c)),
    transport({
      where: [sym("t"), ` = ${s.t} `, h("span", null, w("of", { n: s.steps }))],
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
      moves: {
        first: s.t > 1 ? () => (set({ t: 1 }), setUI({ ahead: false })) : null,
        undo: last ? () => set({ t: last }) : null,
        step: next ? () => set({ t: next }) : null,
        last: next ? () => set({ t: s.steps }) : null,
      },
    }),
    controls(ctx),
    h("p", { class: "note about", key: "about" }, w("about")),
    weights(ctx),
  );
}

export const css = `
.drawing{margin-bottom:10px}
svg text{fill:var(--gs-ink);font-size:13px;font-variant-numeric:tabular-nums}
.drawing .mid{text-anchor:middle}.drawing .end{text-anchor:end}
.drawing .head{font-weight:600}.drawing .letter{font-weight:400}.drawing .letter .it{font-size:17px}
.drawing .small{font-size:12px;font-weight:400;fill:var(--gs-mute)}
.drawing .setting{fill:var(--gs-mute)}.drawing .setting .it{font-size:16px}.drawing .setting .it.f{fill:var(--gs-f);font-weight:600}
.drawing .count{fill:var(--gs-mute)}.drawing .count.now{fill:var(--gs-ink);font-weight:700}
.band{fill:var(--gs-wash);transition:x .22s ease-out}
.zero{stroke:var(--gs-line);fill:none}.ends{stroke:var(--gs-line);stroke-dasharray:2 4;fill:none}
.drop{fill:var(--gs-h)}
.paint{fill:var(--gs-faint);transition:height .22s ease-out,y .22s ease-out}
.paper{fill:var(--gs-paper)}
.grey{fill:color-mix(in srgb,var(--gs-line) 82%,var(--gs-faint));transition:fill-opacity .22s ease-out}
.dye{fill:var(--gs-h);transition:fill-opacity .22s ease-out}
.rim{fill:none;stroke:var(--gs-faint);transition:stroke .22s ease-out}.rim.now{stroke:var(--gs-ink);stroke-width:2}.rim.wait{stroke:var(--gs-line)}
.bar{fill:var(--gs-h);transition:height .22s ease-out,y .22s ease-out}
.drawing .dot{fill:var(--gs-faint)}
.up{fill:none;stroke:var(--gs-paper);stroke-width:2.5;stroke-linecap:round;stroke-linejoin:round}
.drawing .value{font-size:12px;fill:var(--gs-mute)}.drawing .value.now{fill:var(--gs-h);font-weight:700}
.sliders .slider{grid-template-columns:150px 1fr 44px}
.rb .about{margin:8px 0 4px;text-wrap:pretty}
.equations{display:grid;grid-template-columns:auto auto;justify-content:start;gap:4px 56px;margin-bottom:8px}
.equations h4{margin:0 0 2px;font:600 14px/1.6 var(--sans)}
.rb .line{font-family:var(--math);font-size:17px;line-height:28px}.line sub{font-size:.68em}
.phone .equations{grid-template-columns:1fr}.phone .sliders .slider{grid-template-columns:132px 1fr 40px}
.rb .phone .line{font-size:16px}
`;
