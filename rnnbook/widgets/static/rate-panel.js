// The learning rate, tried out: loss curves at several rates, and the loss after n updates against the rate.

import { h, Bad, expect, transport } from "./host.js";
import { plain, sum, ticks, whole } from "./losses.js";

export const name = "rate-panel";

/** The same numbers as in rate_panel.py. */
export const MAX_RATES = 12;
export const MAX_SEEDS = 5;
export const MAX_POINTS = 400;
export const MOST = 1e12;

// --- state --------------------------------------------------------------------------------------------------------

const among = (name, list, most) => {
  const { length } = expect.list(name, list);
  if (!length || length > most) throw new Bad("bad_range", { name: `${name}.length`, low: 1, high: most, got: length });
  return list;
};

export function check(s) {
  let shape = null;
  expect.one("log", s.log, [true, false]);
  expect.index("every", s.every, 1, 1e6);
  const rates = among("runs", s.runs, MAX_RATES).map((run, k) => {
    const name = `runs[${k}]`;
    expect.object(name, run);
    expect.number(`${name}.rate`, run.rate, Number.MIN_VALUE);
    if (k && run.rate <= s.runs[k - 1].rate) throw new Bad("bad_order", { name });
    among(`${name}.losses`, run.losses, MAX_SEEDS);
    run.losses.forEach((curve, j) => {
      const own = `${name}.losses[${j}]`;
      shape ??= [run.losses.length, expect.list(own, curve).length];
      expect.list(own, curve, shape[1]);
      curve.forEach((v, p) => {
        if (v === null ? p && curve.slice(p).some((later) => later !== null) : true) expect.number(`${own}[${p}]`, v, s.log ? Number.MIN_VALUE : -MOST, MOST);
      });
    });
    expect.list(`${name}.losses`, run.losses, shape[0]);
    return run.rate;
  });
  expect.index("runs[0].losses[0].length", shape[1], 2, MAX_POINTS);
  if (s.runs.every((run) => run.losses.every((curve) => curve[0] === null))) throw new Bad("bad_none", { name: "runs" });
  expect.one("rate", s.rate, rates);
  expect.index("seed", s.seed, 0, shape[0] - 1);
  expect.index("update", s.update, s.every, shape[1] * s.every);
  expect.index("update / every", s.update / s.every, 1, shape[1]);
}

// --- the rule: see rate_panel.py ----------------------------------------------------------------------------------

/** The mean of points low to high of a run, over its seeds; null if one has diverged. */
function mean({ losses }, low, high) {
  if (losses.some((curve) => curve[high - 1] === null)) return null;
  return sum(losses.map((curve) => sum(curve.slice(low, high)) / (high - low))) / losses.length;
}

const tenth = (p) => Math.max(1, Math.floor(p / 10));

/** The mean of the last tenth of the first p points. */
export const final = (run, p) => mean(run, p - tenth(p), p);

/** The place of the run with the lowest loss; null if all have diverged. */
export function best(runs, p) {
  const finals = runs.map((run) => final(run, p));
  return finals.reduce((at, v, k) => (v !== null && (at === null || v < finals[at]) ? k : at), null);
}

export function verdict(runs, k, p) {
  const at = best(runs, p);
  const own = final(runs[k], p);
  if (own === null) return "diverged";
  const [lowest, first] = [final(runs[at], p), mean(runs[at], 0, 1)];
  if (lowest >= first) return "early";
  if (own <= lowest + 0.05 * (first - lowest)) return "good";
  return k < at ? "small" : "large";
}

/** Whether the last tenth lies below the one before it. */
export function falls(runs, k, p) {
  const at = best(runs, p);
  const t = tenth(p);
  const last = final(runs[k], p);
  if (last === null || p < 2 * t) return false;
  return mean(runs[k], p - 2 * t, p - t) - last > 0.01 * (mean(runs[at], 0, 1) - final(runs[at], p));
}

const steps = ({ losses }, p) => {
  const from = Math.floor(p / 2);
  const all = losses.flatMap((curve) => curve.slice(from, p).slice(1).map((v, j) => Math.abs(v - curve[from + j])));
  return all.length ? sum(all) / all.length : 0;
};

/** Whether its steps from point to point are more than twice as large as those at the best rate. */
export function jumps(runs, k, p) {
  const at = best(runs, p);
  return final(runs[k], p) !== null && steps(runs[k], p) > 2 * steps(runs[at], p);
}

/** The ends of the loss axis: from below the lowest loss to above the first one. */
export function bounds(runs, log) {
  const all = runs.flatMap((run) => run.losses.flat()).filter((v) => v !== null);
  const firsts = runs.flatMap((run) => run.losses.map((curve) => curve[0])).filter((v) => v !== null);
  const lowest = all.reduce((a, b) => Math.min(a, b));
  const first = sum(firsts) / firsts.length;
  if (log) {
    const room = Math.max(first / lowest, 2);
    return [lowest / room ** 0.06, first * room ** 0.08];
  }
  const room = Math.max(first - lowest, 0.05 * Math.abs(first), 1e-9);
  return [lowest >= 0 && lowest < 0.5 * first ? 0 : lowest - 0.08 * room, first + 0.12 * room];
}

// --- moving -------------------------------------------------------------------------------------------------------

const points = (s) => s.runs[0].losses[0].length;

/** A step leads to the next of about forty places. */
function moves({ s, set }) {
  const [p, all] = [s.update / s.every, points(s)];
  const stride = Math.max(1, Math.round(all / 40));
  const to = (at) => at !== p && (() => set({ update: at * s.every }));
  return {
    first: p > 1 ? to(1) : null,
    undo: p > 1 ? to(Math.max(1, (Math.ceil(p / stride) - 1) * stride)) : null,
    step: p < all ? to(Math.min(all, (Math.floor(p / stride) + 1) * stride)) : null,
    last: p < all ? to(all) : null,
  };
}

export function key(ctx, { key: pressed }) {
  const move = { ArrowRight: "step", ArrowLeft: "undo", Home: "first", End: "last" }[pressed];
  if (!move) return false;
  moves(ctx)[move]?.();
  return true;
}

// --- drawing ------------------------------------------------------------------------------------------------------

/** Where the two plots lie. On a phone they stand below each other. */
const places = (W, wide) =>
  wide
    ? [{ left: 46, right: Math.round(W * 0.56), top: 62, bottom: 272 }, { left: Math.round(W * 0.56) + 60, right: W - 16, top: 62, bottom: 272 }]
    : [{ left: 42, right: W - 8, top: 28, bottom: 178 }, { left: 42, right: W - 18, top: 274, bottom: 424 }];

function scales(s, box, span) {
  const [low, high] = span;
  const share = (v) => (s.log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low));
  const logs = s.runs.map((run) => Math.log(run.rate));
  const [one, other] = [logs[0], logs.at(-1)];
  return {
    // What is above leaves the drawing at its top.
    y: (v) => box.bottom - (box.bottom - box.top) * Math.min(1.04, share(v)),
    above: (v) => share(v) > 1,
    x: (j) => box.left + ((box.right - box.left) * j) / (points(s) - 1),
    at: (k) => box.left + (box.right - box.left) * (other > one ? (logs[k] - one) / (other - one) : 0.5),
  };
}

const path = (list) => list.map(([x, y], j) => `${j ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") || null;

const line = (curve, from, to, { x, y }) => path(curve.slice(from, to).flatMap((v, j) => (v === null ? [] : [[x(from + j), y(v)]])));

function curves({ s, w, wide }, box, span, k, p) {
  const to = scales(s, box, span);
  const { x, y } = to;
  const run = s.runs[k];
  const from = p - tenth(p);
  const last = run.losses[s.seed].indexOf(null);
  const end = last < 0 || last >= p ? null : last;
  const list = ticks(...span, s.log);
  return [
    h("text", { key: "head", class: "head", x: 0, y: wide ? 16 : 14 }, w("head_curves")),
    h("rect", { key: "window", class: "window", x: x(Math.max(0, from - 0.5)).toFixed(1), y: box.top - 8, width: Math.max(3, x(p - 1) - x(Math.max(0, from - 0.5))).toFixed(1), height: box.bottom - box.top + 8 }),
    h("path", { key: "axis", class: "axis", d: `M${box.left} ${box.bottom}H${box.right}` }),
    list.map((v) => [
      h("path", { key: `line ${v}`, class: "grid", d: `M${box.left} ${y(v).toFixed(1)}h-4` }),
      h("text", { key: `tick ${v}`, class: "small end", x: box.left - 7, y: y(v) + 4 }, plain(v)),
    ]),
    [1, points(s)].map((j, side) => h("text", { key: `at ${side}`, class: `small${side ? " end" : ""}`, x: x(j - 1), y: box.bottom + 18 }, side ? w("updates", { n: whole(j * s.every) }) : whole(s.every))),
    // The other rates, each with the seed that is shown; then the other seeds of this rate; then the curve itself.
    s.runs.map((other, j) => (j === k ? null : h("path", { key: `rate ${j}`, class: "other", d: line(other.losses[s.seed], 0, p, to) }))),
    run.losses.map((curve, j) => (j === s.seed ? null : h("path", { key: `seed ${j}`, class: "seed", d: line(curve, 0, p, to) }))),
    h("path", { key: "later", class: "later", d: line(run.losses[s.seed], p - 1, points(s), to) }),
    h("path", { key: "curve", class: "curve", d: line(run.losses[s.seed], 0, p, to) }),
    end === null ? null : h("text", { key: "end", class: "cross mid", x: x(Math.max(end, 1)), y: box.top - 10 }, "×"),
  ];
}

function valley({ s, w, wide }, box, span, k, p) {
  const to = scales(s, box, span);
  const { y, at, above } = to;
  const finals = s.runs.map((run) => final(run, p));
  const verdicts = s.runs.map((_, j) => verdict(s.runs, j, p));
  const lowest = best(s.runs, p);
  const N = points(s);
  const half = (j, side) => (s.runs[j + side] ? (at(j) + at(j + side)) / 2 : at(j) + side * 14);
  const good = verdicts.flatMap((v, j) => (v === "good" ? [j] : []));
  const alone = (j) => finals[j] === null || above(finals[j]);
  const full = s.runs.map((run, j) => [j, final(run, N)]).filter(([, v]) => v !== null);
  const several = s.runs[0].losses.length > 1;
  // Names of rates where there is room: the ends, this one, the others from the left.
  const named = [];
  for (const j of [k, 0, s.runs.length - 1, ...s.runs.keys()]) if (named.every((i) => Math.abs(at(i) - at(j)) > (wide ? 36 : 40))) named.push(j);
  const words = [];
  if (good.length) {
    const [a, b] = [half(good[0], -1), half(good.at(-1), 1)];
    const middle = (a + b) / 2;
    // The word in the middle gives way to those at the sides while it stays above its band.
    const [low, high] = [box.left + 78, box.right - 72];
    const small = verdicts.includes("small") && low < b - 8;
    const large = (verdicts.includes("large") || verdicts.includes("diverged")) && high > a + 8;
    words.push(["good", Math.max(small ? low : box.left - 4, Math.min(large ? high : box.right + 4, middle)), "mid"]);
    if (small) words.push(["small", box.left - 14, ""]);
    if (large) words.push(["large", box.right + 16, "end"]);
  }
  const line_y = box.top - 24;
  return [
    h("text", { key: "head", class: "head", x: wide ? box.left - 14 : 0, y: wide ? 16 : line_y - 22 }, w("head_valley", { n: whole(s.update) })),
    good.map((j) => h("rect", { key: `good ${j}`, class: "good", x: half(j, -1).toFixed(1), y: box.top - 20, width: (half(j, 1) - half(j, -1) + 0.4).toFixed(1), height: box.bottom - box.top + 20 })),
    words.map(([what, x, side]) => h("text", { key: `zone ${what}`, class: `small ${side}`, x, y: line_y }, w(`zone_${what}`))),
    h("path", { key: "axis", class: "axis", d: `M${box.left - 14} ${box.bottom}H${box.right + 14}` }),
    wide ? null : ticks(...span, s.log).map((v) => h("text", { key: `tick ${v}`, class: "small end", x: box.left - 18, y: y(v) + 4 }, plain(v))),
    p < N ? h("path", { key: "full", class: "later", d: path(full.map(([j, v]) => [at(j), y(v)])) }) : null,
    several
      ? s.runs[0].losses.map((_, seed) => {
          const list = s.runs.map(({ losses }, j) => [j, final({ losses: [losses[seed]] }, p)]);
          return h("path", { key: `seed ${seed}`, class: "seed", d: path(list.filter(([, v]) => v !== null).map(([j, v]) => [at(j), y(v)])) });
        })
      : null,
    h("path", { key: "valley", class: "curve", d: path(finals.flatMap((v, j) => (v === null ? [] : [[at(j), y(v)]]))) }),
    finals.map((v, j) => (alone(j) || j === k ? null : h("circle", { key: `dot ${j}`, class: "point", cx: at(j).toFixed(1), cy: y(v).toFixed(1), r: 3.2 }))),
    // What has no place on the axis stands above it: diverged, or too high.
    finals.map((v, j) => (alone(j) ? h("text", { key: `out ${j}`, class: `cross mid${j === k ? " now" : ""}`, x: at(j), y: box.top - 6 }, v === null ? "×" : "↑") : null)),
    lowest === null ? null : h("circle", { key: "best", class: "best", cx: at(lowest).toFixed(1), cy: y(finals[lowest]).toFixed(1), r: 10 }),
    alone(k) ? h("circle", { key: "out", class: "best", cx: at(k).toFixed(1), cy: box.top - 11, r: 10 }) : h("circle", { key: "now", class: "now", cx: at(k).toFixed(1), cy: y(finals[k]).toFixed(1), r: 6 }),
    named.map((j) => [
      h("path", { key: `notch ${j}`, class: "axis", d: `M${at(j).toFixed(1)} ${box.bottom}v4` }),
      h("text", { key: `rate ${j}`, class: `mid ${j === k ? "chosen" : "small"}`, x: at(j).toFixed(1), y: box.bottom + 18 }, plain(s.runs[j].rate)),
    ]),
  ];
}

function drawing(ctx, k, p) {
  const { s, w, wide, W } = ctx;
  const span = bounds(s.runs, s.log);
  const [one, two] = places(W, wide);
  const level = final(s.runs[k], p);
  const { y, x } = scales(s, one, span);
  const { at, above } = scales(s, two, span);
  const seen = level !== null && wide && !above(level);
  return h(
    "svg",
    { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${two.bottom + 24}`, role: "img", "aria-label": w("alt", { r: plain(s.rate), n: whole(s.update), list: s.runs.map((run) => [run, final(run, p)]).map(([run, v]) => `${plain(run.rate)}: ${v === null ? w("zone_diverged") : plain(v)}`).join(", ") }) },
    h("g", { key: "curves" }, curves(ctx, one, span, k, p)),
    h("g", { key: "valley" }, valley(ctx, two, span, k, p)),
    // The dot lies as high as the curve's end: they are the same number.
    h("path", { key: "level", class: "level", d: seen ? `M${x(p - 1).toFixed(1)} ${y(level).toFixed(1)}H${at(k).toFixed(1)}` : null }),
  );
}

function sentence({ s, w }, k, p) {
  const { runs, seed } = s;
  const kind = verdict(runs, k, p);
  const lowest = best(runs, p);
  const told = { r: plain(s.rate), n: whole(s.update) };
  if (kind === "diverged") {
    const gone = runs[k].losses.filter((curve) => curve[p - 1] === null).length;
    const all = runs[k].losses.length;
    return all === 1 || gone === all ? w("say_diverged", told) : w("say_diverged_some", { ...told, k: gone, m: all });
  }
  Object.assign(told, { v: plain(final(runs[k], p)), best: plain(runs[lowest].rate), b: plain(final(runs[lowest], p)) });
  if (kind === "early") return w("say_early", told);
  if (kind === "good") return w(k === lowest ? "say_best" : "say_good", told);
  if (kind === "small") return w(falls(runs, k, p) ? "say_small_falls" : "say_small", told);
  return w(jumps(runs, k, p) ? "say_large_jumps" : "say_large", told);
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, wide, set, W } = ctx;
  const k = s.runs.findIndex((run) => run.rate === s.rate);
  const p = s.update / s.every;
  const [one, two] = places(W, wide);
  const several = s.runs[0].losses.length > 1;
  // Each slider lies below its own axis.
  const under = (box) => (wide ? `left:${((box.left - 9) / W) * 100}%;width:${((box.right - box.left + 18) / W) * 100}%` : null);
  return h(
    "div",
    { class: wide ? "wide" : "phone" },
    h(
      "div",
      { class: "top", key: "top" },
      h("p", { class: "note", key: "legend" }, w(several ? "legend_seeds" : "legend")),
      several
        ? h(
            "div",
            { class: "pick", key: "seed" },
            h("span", { class: "note", id: "seed-name" }, w("seed")),
            h("div", { class: "choice", role: "group", "aria-labelledby": "seed-name" }, s.runs[0].losses.map((_, j) => h("button", { type: "button", key: j, "aria-pressed": String(j === s.seed), "aria-label": w("seed_n", { n: j + 1 }), onclick: () => set({ seed: j }) }, String(j + 1)))),
          )
        : null,
    ),
    drawing(ctx, k, p),
    h(
      "div",
      { class: "dials", key: "dials" },
      h(
        "label",
        { key: "update", style: under(one) },
        h("span", null, w("dial_updates")),
        h("input", { type: "range", min: 1, max: points(s), step: 1, value: p, "aria-label": w("dial_updates"), "aria-valuetext": w("updates", { n: whole(s.update) }), oninput: (e) => set({ update: +e.target.value * s.every }) }),
        h("output", null, whole(s.update)),
      ),
      h(
        "label",
        { key: "rate", style: under(two) },
        h("span", null, w("dial_rate")),
        h("input", { type: "range", min: 0, max: s.runs.length - 1, step: 1, value: k, "aria-label": w("dial_rate"), "aria-valuetext": plain(s.rate), oninput: (e) => set({ rate: s.runs[+e.target.value].rate }) }),
        h("output", null, plain(s.rate)),
      ),
    ),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, k, p)),
    transport({
      where: [h("i", null, "n"), ` = ${whole(s.update)} `, h("span", null, w("of", { n: whole(points(s) * s.every) }))],
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
      moves: moves(ctx),
    }),
    h("p", { class: "note ruled", key: "note" }, w("note")),
  );
}

export const css = `
.rb .top{align-items:center;min-height:44px;margin-bottom:6px}.pick{display:flex;align-items:center;gap:10px}.rb .choice button{padding:0}
.rb .top .choice{gap:0}
svg text{fill:var(--gs-ink);font-size:13px;font-variant-numeric:tabular-nums}
.drawing .head{font-weight:600}
.drawing .mid{text-anchor:middle}.drawing .end{text-anchor:end}
.drawing .small{fill:var(--gs-mute)}.drawing .chosen{font-weight:600}
.drawing path{fill:none;stroke-linejoin:round}
.axis{stroke:var(--gs-faint)}.grid{stroke:var(--gs-line)}
.window,.good{fill:var(--gs-wash)}
.other{stroke:var(--gs-faint);stroke-width:.75}.seed{stroke:var(--gs-mute)}
.later{stroke:var(--gs-faint);stroke-dasharray:2 4}
.curve{stroke:var(--gs-ink);stroke-width:2.5}
.level{stroke:var(--gs-ink);stroke-dasharray:5 4}
.point{fill:var(--gs-paper);stroke:var(--gs-ink);stroke-width:1.75;transition:cx .22s ease-out,cy .22s ease-out}
.now{fill:var(--gs-ink);transition:cx .22s ease-out,cy .22s ease-out}
.best{fill:none;stroke:var(--gs-ink);stroke-width:1.5;transition:cx .22s ease-out,cy .22s ease-out}
.drawing .cross{font-size:16px;fill:var(--gs-mute)}.drawing .cross.now{fill:var(--gs-ink);font-weight:600}
.dials label{display:grid;align-items:center;font-size:13px;color:var(--gs-mute)}
.dials output{font-weight:600;color:var(--gs-ink);text-align:right;font-size:14px}
.wide .dials{position:relative;height:66px;margin-bottom:6px}
.wide .dials label{position:absolute;top:0;grid-template-columns:1fr auto;padding:0}
.wide .dials input{grid-row:1;grid-column:1/3}.wide .dials span,.wide .dials output{margin:-6px 9px 0}
.phone .dials label{grid-template-columns:104px 1fr 52px;gap:8px;min-height:44px}
.rb .say{min-height:48px}
.rb .phone .say{min-height:72px}
.rb .note{text-wrap:pretty}
.rb .phone .top{gap:6px}.rb .phone .top>.note{flex-basis:100%}.phone .pick{width:100%;justify-content:space-between}
`;
