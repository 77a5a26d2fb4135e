// Early stopping: the best validation loss so far, a counter that runs out, and the weights that come back.

import { h, expect, slider, transport } from "./host.js";
import { ticks } from "./losses.js";

export const name = "stopping-panel";

/** The same numbers as in stopping_panel.py. */
export const MAX_EPOCHS = 200;
export const MAX_PATIENCE = 50;
export const MOST = 1e12;

// --- state --------------------------------------------------------------------------------------------------------

export function check(s) {
  const all = expect.list("validation", s.validation).length;
  expect.index("validation.length", all, 2, MAX_EPOCHS);
  expect.list("train", s.train, all);
  if (expect.list("test", s.test).length) expect.list("test", s.test, all);
  for (const curve of ["train", "validation", "test"]) s[curve].forEach((v, j) => expect.number(`${curve}[${j}]`, v, -MOST, MOST));
  expect.index("patience", s.patience, 1, MAX_PATIENCE);
  expect.number("min_gain", s.min_gain, 0, MOST);
  expect.index("epoch", s.epoch, 1, all);
}

// --- the rule: see stopping_panel.py ------------------------------------------------------------------------------

/** After each epoch up to the stop: the counter and the best epoch so far; and whether the patience ran out. */
export function watch(validation, patience, gain = 0) {
  const [counters, bests] = [[], []];
  let [best, place, counter] = [Infinity, 0, 0];
  for (const [j, loss] of validation.entries()) {
    if (loss < best - gain) [best, place, counter] = [loss, j + 1, 0];
    else counter += 1;
    counters.push(counter);
    bests.push(place);
    if (counter >= patience) return { counters, bests, stopped: true };
  }
  return { counters, bests, stopped: false };
}

/** The ends of the loss axis; a few losses of the first epochs may lie above it. */
export function ends(s) {
  const values = [...s.train, ...s.validation, ...s.test].sort((a, b) => a - b);
  const [low, high] = [values[0], values[Math.floor(0.97 * (values.length - 1))]];
  const room = Math.max(high - low, 0.02 * Math.abs(high), 1e-9);
  return [low - 0.06 * room, high + 0.06 * room];
}

/** A step of the slider for the least gain: round, so that forty of them are a fifth of the axis or a little more. */
export function gainStep(s) {
  const [low, high] = ends(s);
  const raw = Math.max((high - low) / 200, s.min_gain / 40);
  const ten = 10 ** Math.floor(Math.log10(raw));
  return +([1, 2, 5, 10].find((m) => m * ten >= raw * (1 - 1e-9)) * ten).toPrecision(3);
}

/** A loss with four digits. */
const four = (v) => String(+v.toPrecision(4)).replaceAll("-", "\u2212");

const lowest = (curve) => curve.indexOf(curve.reduce((a, b) => Math.min(a, b))) + 1;

/** All that is shown, from the state alone. */
function facts(s) {
  const seen = watch(s.validation, s.patience, s.min_gain);
  const stop = seen.bests.length;
  // Past the stop there is nothing.
  const now = Math.min(s.epoch, stop);
  const best = seen.bests[now - 1];
  return { ...seen, stop, now, best, counter: seen.counters[now - 1], done: now === stop, all: s.validation.length };
}

function moves({ s, set }) {
  const { now, stop } = facts(s);
  const to = (epoch) => () => set({ epoch });
  return {
    first: now > 1 ? to(1) : null,
    undo: now > 1 ? to(now - 1) : null,
    step: now < stop ? to(now + 1) : null,
    last: now < stop ? to(stop) : null,
  };
}

export function key(ctx, { key: pressed }) {
  const move = { ArrowRight: "step", ArrowLeft: "undo", Home: "first", End: "last" }[pressed];
  if (!move) return false;
  moves(ctx)[move]?.();
  return true;
}

// --- drawing ------------------------------------------------------------------------------------------------------

function drawing({ s, w, wide, W }, f) {
  const [left, right, top, bottom] = [46, W - (wide ? 92 : 84), 44, wide ? 262 : 230];
  const [bar, base] = [wide ? 44 : 40, bottom + (wide ? 84 : 80)];
  const span = ends(s);
  const x = (epoch) => left + ((right - left) * (epoch - 1)) / (f.all - 1);
  const y = (v) => bottom - (bottom - top) * Math.min(1.03, (v - span[0]) / (span[1] - span[0]));
  const at = (epoch) => x(epoch).toFixed(1);
  const line = (curve, from, to) => (to > from ? curve.slice(from - 1, to).map((v, j) => `${j ? "L" : "M"}${at(from + j)} ${y(v).toFixed(1)}`).join("") : null);
  const column = Math.min(20, (right - left) / (f.all - 1));
  const curves = [["train", s.train], ["test", s.test], ["validation", s.validation]].filter(([, curve]) => curve.length);
  // Names at the ends of the lines, spread so that they never touch.
  const last = f.done ? f.all : f.now;
  const names = curves.map(([what, curve]) => [what, y(curve[last - 1]) + 4]).sort((a, b) => a[1] - b[1]);
  names.forEach((one, j) => j && (one[1] = Math.max(one[1], names[j - 1][1] + 16)));
  const over = names.at(-1)[1] - (bottom - 2);
  if (over > 0) names.toReversed().forEach((one, j, list) => (one[1] = Math.min(one[1], j ? list[j - 1][1] - 16 : bottom - 2)));
  const value = s.validation[f.best - 1];
  const need = y(value - s.min_gain);
  const flat = y(value);
  return h(
    "svg",
    { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${base + 24}`, role: "img", "aria-label": w("alt", { e: f.now, n: f.all, v: four(s.validation[f.now - 1]), b: f.best, loss: four(value), c: f.counter, p: s.patience }) },
    h("text", { key: "head", class: "head", x: 0, y: 14 }, w("head_loss")),
    // The present epoch, through both plots.
    h("rect", { key: "now", class: "now", x: (x(f.now) - column / 2).toFixed(1), y: top - 6, width: column.toFixed(1), height: base - top + 6 }),
    ticks(...span, false).map((v) => h("text", { key: `tick ${v}`, class: "small end", x: left - 10, y: y(v) + 4 }, four(v))),
    h("path", { key: "axis", class: "axis", d: `M${left} ${bottom}H${right}` }),
    // What a new best must go below.
    h("path", { key: "best", class: "need", d: f.done ? null : `M${at(f.best)} ${need.toFixed(1)}H${right}` }),
    h("path", { key: "gain", class: "gain", d: !f.done && Math.abs(need - flat) > 1 ? `M${at(f.best)} ${flat.toFixed(1)}V${need.toFixed(1)}` : null }),
    f.done ? curves.map(([what, curve]) => h("path", { key: `later ${what}`, class: "later", d: line(curve, f.now, f.all) })) : null,
    curves.map(([what, curve]) => h("path", { key: what, class: `curve ${what}`, d: line(curve, 1, f.now) })),
    f.done && f.stopped ? h("path", { key: "stop", class: "stop", d: `M${at(f.stop)} ${top - 6}V${bottom}M${at(f.stop)} ${bottom + 24}V${base}` }) : null,
    f.done && f.stopped ? h("text", { key: "stops", class: `strong ${x(f.stop) > right - 60 ? "end" : "mid"}`, x: x(f.stop) > right - 60 ? right + 20 : at(f.stop), y: top - 12 }, w("stops", { e: f.stop })) : null,
    f.done ? h("path", { key: "back", class: "back", d: `M${at(f.best)} ${(flat + 8).toFixed(1)}V${bottom}` }) : null,
    h("circle", { key: "point", class: "point", cx: at(f.now), cy: y(s.validation[f.now - 1]).toFixed(1), r: 3.5 }),
    h("circle", { key: "dot", class: "dot", cx: at(f.best), cy: flat.toFixed(1), r: 6.5 }),
    names.map(([what, height]) => h("text", { key: `name ${what}`, class: `halo ${what === "validation" ? "strong" : "small"}`, x: ((f.done ? right : x(f.now)) + 12).toFixed(1), y: height.toFixed(1) }, w(`curve_${what}`))),
    // The epochs, between the two plots.
    [1, f.all, f.best, f.now]
      .filter((e, j, list) => list.indexOf(e) === j)
      .map((e) => [e, e === f.now || e === f.best])
      .filter(([e, own]) => own || (Math.abs(x(e) - x(f.now)) > 26 && Math.abs(x(e) - x(f.best)) > 26))
      .filter(([e]) => e === f.now || Math.abs(x(e) - x(f.now)) > 16)
      .map(([e, own]) => h("text", { key: `epoch ${e}`, class: `mid ${own ? "strong" : "small"}`, x: at(e), y: bottom + 18 }, String(e))),
    h("text", { key: "epochs", class: "small", x: right + 12, y: bottom + 18 }, w("epochs")),
    // The counter: a bar for each epoch; at the line the patience is used up.
    h("path", { key: "limit", class: "limit", d: `M${left} ${base - bar}H${right}` }),
    h("path", { key: "base", class: "axis", d: `M${left} ${base}H${right}` }),
    f.counters.slice(0, f.now).map((c, j) =>
      h("rect", { key: `bar ${j + 1}`, class: `bar${j + 1 === f.now ? " last" : ""}`, x: (x(j + 1) - Math.max(1, column * 0.32)).toFixed(1), y: (base - (bar * c) / s.patience).toFixed(1), width: Math.max(2, column * 0.64).toFixed(1), height: ((bar * c) / s.patience).toFixed(1) }),
    ),
    h("text", { key: "limit name", class: "small", x: right + 12, y: base - bar + 4 }, w("limit", { p: s.patience })),
    h("text", { key: "count", class: "strong end", x: left - 10, y: base + 4 }, String(f.counter)),
    h("text", { key: "count name", class: "small", x: left, y: base + 19 }, w("counter")),
  );
}

function sentence({ s, w }, f) {
  const told = { e: f.now, v: four(s.validation[f.now - 1]), b: f.best, c: f.counter, p: s.patience, loss: four(s.validation[f.best - 1]) };
  if (f.done) return w(f.stopped ? "say_stop" : "say_end", told);
  if (f.now === 1) return w("say_first", told);
  if (!f.counter) return w("say_best", told);
  if (s.validation[f.now - 1] < s.validation[f.best - 1]) return w("say_little", { ...told, g: four(s.min_gain) });
  return w("say_worse", told);
}

/** What the stop gave and cost, against all the epochs. */
function readings({ s, w }, f) {
  const cell = (kind, values) => h("div", { key: kind }, h("dt", null, w(`read_${kind}`)), values);
  const loss = (v) => h("dd", { class: "n" }, v);
  const small = (text) => h("dd", { class: "small n" }, text);
  const none = "\u2013";
  const compare = (what) => {
    const own = s[what][f.best - 1];
    const at = lowest(s[what]);
    if (!f.done) return [loss(none), small("\u00a0")];
    return [loss(four(own)), small(at === f.best ? w("lowest_own") : w("lowest", { v: four(s[what][at - 1]), e: at }))];
  };
  return h(
    "dl",
    { class: `marks ruled${s.test.length ? " four" : ""}`, key: "marks" },
    cell("best", [loss(four(s.validation[f.best - 1])), small(w("at_epoch", { e: f.best }))]),
    cell("saved", [loss(f.done ? String(f.all - f.stop) : none), small(f.done ? w("of", { n: f.all }) : "\u00a0")]),
    cell("validation", compare("validation")),
    s.test.length ? cell("test", compare("test")) : null,
  );
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, wide, set } = ctx;
  const f = facts(s);
  const by = gainStep(s);
  return h(
    "div",
    { class: wide ? "wide" : "phone" },
    drawing(ctx, f),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, f)),
    transport({
      where: [wide ? w("epoch", { e: f.now }) : String(f.now), " ", h("span", null, w("of", { n: f.all }))],
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
      moves: moves(ctx),
    }),
    h(
      "div",
      { class: "sliders", key: "sliders" },
      slider({ key: "patience", label: w("patience"), name: w("name_patience"), value: s.patience, min: 1, max: MAX_PATIENCE, step: 1, text: String(s.patience), oninput: (patience) => set({ patience }) }),
      slider({ key: "gain", label: w("gain"), name: w("name_gain"), value: Math.round(s.min_gain / by), min: 0, max: 40, step: 1, text: four(s.min_gain), oninput: (k) => set({ min_gain: +(k * by).toPrecision(6) }) }),
    ),
    readings(ctx, f),
  );
}

export const css = `
svg text{fill:var(--gs-ink);font-size:13px;font-variant-numeric:tabular-nums}
.drawing{margin:0 0 10px}
.drawing .head,.drawing .strong{font-weight:600}
.drawing .mid{text-anchor:middle}.drawing .end{text-anchor:end}.drawing .small{fill:var(--gs-mute)}
.drawing .halo{stroke:var(--gs-paper);stroke-width:4px;paint-order:stroke;stroke-linejoin:round}
.drawing path{fill:none;stroke-linejoin:round}
rect.now{fill:var(--gs-wash);transition:x .22s ease-out}
.axis{stroke:var(--gs-faint)}.limit{stroke:var(--gs-mute);stroke-dasharray:6 4}
.need{stroke:var(--gs-faint);stroke-dasharray:6 4}.gain{stroke:var(--gs-faint);stroke-width:3}
.curve{stroke:var(--gs-mute);stroke-width:1.25}.curve.test{stroke-dasharray:7 4;stroke-width:1.5}
.curve.validation{stroke:var(--gs-ink);stroke-width:2.5}
.later{stroke:var(--gs-faint);stroke-dasharray:2 4}
.stop{stroke:var(--gs-ink);stroke-width:1.5}.back{stroke:var(--gs-ink);stroke-dasharray:2 3}
.point{fill:var(--gs-paper);stroke:var(--gs-ink);stroke-width:2;transition:cx .22s ease-out,cy .22s ease-out}
.dot{fill:var(--gs-ink);transition:cx .22s ease-out,cy .22s ease-out}
.bar{fill:var(--gs-faint);transition:y .22s ease-out,height .22s ease-out}.bar.last{fill:var(--gs-ink)}
.rb .say{min-height:48px}.rb .phone .say{min-height:72px}
.slider{grid-template-columns:104px 1fr 52px}
.marks{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin:8px 0 0;padding:10px 0 8px;text-align:center}
.marks.four{grid-template-columns:repeat(4,1fr)}
.marks dt{font-size:13px;color:var(--gs-mute)}.marks dd{margin:0;font-size:17px;font-weight:600}.marks dd.small{font-size:13px;font-weight:400;color:var(--gs-mute)}
.rb .phone .marks{grid-template-columns:1fr 1fr}
`;
