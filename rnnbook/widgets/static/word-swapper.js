// Two nets guess the next word: one reads the sum of its words, the other each word at its place.

import { ACTIVATIONS, feedforward, zeros } from "./core.js";
import { expect, h, icon } from "./host.js";

export const name = "word-swapper";

/** What a drawing can hold: the same numbers as in word_swapper.py. */
export const MAX = { places: 6, words: 24, layers: 3, units: 64 };

// --- maths -------------------------------------------------------------------------------------------------------

/** What both nets say after the words with these ids: [from the sum, from the window]. */
export function probabilities(s, ids) {
  const V = s.vocabulary.length;
  const counts = zeros(V);
  const places = zeros(V * ids.length);
  ids.forEach((id, t) => {
    counts[id] += 1;
    places[t * V + id] = 1;
  });
  return [feedforward(s.summing, counts).p, feedforward(s.windowed, places).p];
}

/** Never 0 % or 100 % where it is neither. */
export const percent = (p) => (p > 0 && p < 0.005 ? "<1%" : p >= 0.995 && p < 1 ? ">99%" : `${Math.round(100 * p)}%`);

const argmax = (v) => v.indexOf(Math.max(...v));
const same = (u, v) => u.every((id, t) => id === v[t]);
const sorted = (ids) => [...ids].sort((a, b) => a - b);

// --- state --------------------------------------------------------------------------------------------------------

function net(of, layers, inputs, outputs) {
  const L = expect.list(of, layers).length;
  expect.number(`${of}.length`, L, 1, MAX.layers);
  layers.forEach((layer, k) => {
    expect.object(`${of}[${k}]`, layer);
    expect.one(`${of}[${k}].activation`, layer.activation, Object.keys(ACTIVATIONS));
    const n = expect.list(`${of}[${k}].W`, layer.W, k === L - 1 ? outputs : undefined).length;
    expect.number(`${of}[${k}].W.length`, n, 1, MAX.units);
    expect.array(`${of}[${k}].W`, layer.W, [n, inputs]);
    expect.array(`${of}[${k}].b`, layer.b, [n]);
    inputs = n;
  });
}

export function check(s) {
  const V = expect.list("vocabulary", s.vocabulary).length;
  expect.number("V", V, 2, MAX.words);
  s.vocabulary.forEach((word, k) => expect.text(`vocabulary[${k}]`, word));
  const n = expect.list("start", s.start).length;
  expect.number("n", n, 2, MAX.places);
  for (const key of ["start", "window", "before"]) expect.list(key, s[key], n).forEach((id, t) => expect.index(`${key}[${t}]`, id, 0, V - 1));
  expect.index("picked", s.picked, -1, n - 1);
  net("summing", s.summing, V, V);
  net("windowed", s.windowed, V * n, V);
}

// --- moves --------------------------------------------------------------------------------------------------------

const changed = ({ s, set }, window, picked) => set({ window, before: s.window, picked });

function swap(ctx, one, other, picked) {
  const window = [...ctx.s.window];
  [window[one], window[other]] = [window[other], window[one]];
  changed(ctx, window, picked);
}

function pick(ctx, t) {
  const { s, set } = ctx;
  if (s.picked < 0) set({ picked: t });
  else if (s.picked === t) set({ picked: -1 });
  else swap(ctx, s.picked, t, -1);
}

/** The picked word changes places with its neighbour, and stays picked. */
function move(ctx, by) {
  const { s } = ctx;
  const to = s.picked + by;
  if (s.picked >= 0 && to >= 0 && to < s.window.length) swap(ctx, s.picked, to, to);
}

/** Arrows pick: the next word to the right or to the left, or none. */
export function key({ s, set }, { key: pressed }) {
  const to = { ArrowLeft: s.picked - 1, ArrowRight: s.picked + 1, Escape: -1 }[pressed];
  if (to === undefined || (pressed === "Escape" && s.picked < 0)) return false;
  if (to >= -1 && to < s.window.length) set({ picked: to });
  return true;
}

// --- drawing ------------------------------------------------------------------------------------------------------

function places(ctx) {
  const { s, w } = ctx;
  const moved = (t) => s.window[t] !== s.before[t];
  return h(
    "div",
    { class: "places", key: "places", role: "group", "aria-label": w("window") },
    s.window.map((id, t) =>
      h(
        "button",
        {
          key: t,
          type: "button",
          class: moved(t) ? "moved" : "",
          "aria-pressed": String(s.picked === t),
          "aria-label": w(s.picked >= 0 && s.picked !== t ? "swap_with" : "place", { word: s.vocabulary[id], t: t + 1, n: s.window.length, other: s.vocabulary[s.window[Math.max(0, s.picked)]] }),
          onclick: () => pick(ctx, t),
        },
        s.vocabulary[id],
      ),
    ),
    h("span", { class: "next", key: "next", "aria-hidden": "true" }, "?"),
  );
}

function tools(ctx) {
  const { s, w, wide } = ctx;
  const t = s.picked;
  const word = t < 0 ? "" : s.vocabulary[s.window[t]];
  const arrow = (by, of, ready) =>
    h("button", { key: of, type: "button", class: "arrow", "aria-label": w(of, { word }), title: w(of, { word }), "aria-disabled": ready ? null : "true", onclick: () => move(ctx, by) }, icon(by < 0 ? "left" : "right"));
  return h(
    "div",
    { class: "tools icon", key: "tools" },
    t < 0
      ? h("p", { class: "hint", key: "hint" }, w("hint"))
      : [
          arrow(-1, "to_left", t > 0),
          h(
            "label",
            { key: "other" },
            h("span", { class: "hide" }, w("other", { word })),
            h(
              "select",
              { value: String(s.window[t]), "aria-label": w("other", { word }), onchange: (e) => changed(ctx, s.window.map((id, k) => (k === t ? +e.target.value : id)), t) },
              s.vocabulary.map((option, k) => h("option", { key: k, value: String(k) }, option)),
            ),
          ),
          arrow(1, "to_right", t < s.window.length - 1),
          wide ? h("span", { key: "or" }, w("or_pick")) : null,
        ],
    h("button", { key: "reset", type: "button", class: "reset", "aria-disabled": same(s.window, s.start) && t < 0 ? "true" : null, onclick: () => !same(s.window, s.start) || t >= 0 ? ctx.set({ window: s.start, before: s.start, picked: -1 }) : null }, w("reset")),
  );
}

/** The words that a net thinks likely, as text. */
const likely = ({ s }, p, least, most) => {
  const order = p.map((_, k) => k).sort((a, b) => p[b] - p[a]);
  const kept = order.filter((k, place) => place === 0 || (place < most && p[k] >= least));
  return kept.map((k) => `${s.vocabulary[k]} ${percent(p[k])}`).join(", ");
};

/** One net's bars: a row for each word of the vocabulary. A tick shows where a bar ended before the last change. */
function bars(ctx, key, now, before, W, named) {
  const { s, w, wide } = ctx;
  const [row, top, left] = [wide ? 22 : 20, 4, named ? (wide ? 74 : 64) : 1];
  const long = W - left - 44;
  const best = argmax(now);
  const moved = !same(s.window, s.before);
  const x = (p) => left + long * p;
  const H = top + row * s.vocabulary.length + 4;
  // A share stands behind its bar, or behind the tick if that would run through it.
  const shareAt = (k) => 6 + (moved && before[k] > now[k] && x(before[k]) < x(now[k]) + 44 ? x(before[k]) : x(now[k]));
  return h(
    "div",
    { class: `net ${key}`, key },
    h("h3", { key: "name" }, w(key), " ", h("small", null, w(`how_${key}`))),
    h(
      "svg",
      { key: "bars", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("alt", { net: w(key), list: likely(ctx, now, 0, 3) }) },
      h("path", { key: "zero", class: "zero", d: `M${left} 0V${H}` }),
      s.vocabulary.map((word, k) => {
        const y = top + row * k;
        return h(
          "g",
          { key: k, class: k === best ? "best" : "" },
          named ? h("text", { key: "word", class: "word", x: left - 8, y: y + row * 0.68 }, word) : null,
          h("rect", { key: "bar", class: "bar", x: left, y: y + 3, width: Math.max(1, long * now[k]).toFixed(2), height: row - 8 }),
          moved && before[k] >= 0.02 ? h("path", { key: "was", class: "was", d: `M${x(before[k]).toFixed(2)} ${y}v${row - 2}` }) : null,
          now[k] >= 0.005 ? h("text", { key: "share", class: "share", x: shareAt(k).toFixed(1), y: y + row * 0.68 }, percent(now[k])) : null,
        );
      }),
    ),
  );
}

function sentence(ctx, now, before) {
  const { s, w } = ctx;
  const values = { sum: likely(ctx, now[0], 0.2, 3), window: likely(ctx, now[1], 0.2, 3), was: likely(ctx, before[1], 0.2, 3) };
  if (same(s.window, s.before)) return w("say_start", values);
  return w(same(sorted(s.window), sorted(s.before)) ? "say_swapped" : "say_new", values);
}

export function view(ctx_) {
  const width = Math.max(300, Math.min(720, Math.round(ctx_.width)));
  const ctx = { ...ctx_, W: width };
  const { s, w, wide } = ctx;
  const now = probabilities(s, s.window);
  const before = probabilities(s, s.before);
  const each = wide ? Math.floor((width - 28) / 2) : Math.floor((width - 64 - 8) / 2);
  return h(
    "div",
    { class: wide ? "wide" : "phone" },
    places(ctx),
    tools(ctx),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, now, before)),
    h("div", { class: "nets", key: "nets", style: wide ? null : `grid-template-columns:${each + 64}px ${each}px` }, bars(ctx, "sum", now[0], before[0], wide ? each : each + 64, true), bars(ctx, "window_net", now[1], before[1], each, wide)),
    h("p", { class: "note", key: "note" }, w("note")),
  );
}

export const css = `
.places{display:flex;gap:6px;align-items:stretch;justify-content:center;margin-bottom:6px}
.rb .places button{flex:0 1 116px;font-size:17px;font-weight:500;padding:0 4px;min-height:48px;border-width:0 0 2px;border-radius:10px 10px 0 0;border-color:var(--gs-faint)}
.rb .places .moved{font-weight:700;border-color:var(--gs-ink)}
.rb .places [aria-pressed=true]{background:var(--gs-wash);border-color:var(--gs-ink);border-bottom-width:4px}
.places .next{align-self:center;min-width:28px;text-align:center;font-size:20px;color:var(--gs-mute)}
.tools{display:flex;gap:8px;align-items:center;justify-content:center;min-height:44px;margin-bottom:8px;color:var(--gs-mute);font-size:14px}
.rb .tools .arrow{padding:0 11px;color:var(--gs-ink)}
.rb .hint{margin:0 6px}.rb .tools .reset{flex:none;white-space:nowrap}
.rb .say{min-height:48px}
.nets{display:grid;grid-template-columns:1fr 1fr;gap:0 28px;border-top:1px solid var(--gs-line);padding-top:8px}
.rb h3{font:600 15px/1.4 var(--sans);margin:0 0 4px;color:var(--gs-ink)}.rb h3 small{font-weight:400;font-size:13px;color:var(--gs-mute)}
svg text{fill:var(--gs-mute);font-size:13px;font-variant-numeric:tabular-nums}
.word{text-anchor:end}.best text{fill:var(--gs-ink);font-weight:600}
.bar{fill:var(--gs-faint);transition:width .22s ease-out}.best .bar{fill:var(--gs-ink)}
.was{fill:none;stroke:var(--gs-mute);stroke-width:1.5}
.share{stroke:var(--gs-paper);stroke-width:3px;paint-order:stroke}
.zero{stroke:var(--gs-line);fill:none}
.rb .note{border-top:1px solid var(--gs-line);padding-top:8px;margin-top:6px;text-wrap:pretty}
.phone .nets{gap:0 8px}
.rb .phone h3{min-height:64px}.rb .phone h3 small{display:block}.rb .phone .net.sum h3{padding-left:64px}
.rb .phone .places button{flex:1 1 0;font-size:15px;min-width:44px}
.phone .places{gap:3px}.phone .places .next{min-width:20px}
.rb .phone .say{min-height:94px}
`;
