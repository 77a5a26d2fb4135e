// A character model that runs in the page: a beginning, what may come next, the hidden units, and the model's own text.

import { expectNet, logits, netOf, stepped } from "./carried.js";
import { zeros } from "./core.js";
import { Bad, expect, h, num, slider, transport } from "./host.js";

export const name = "writer";

/** The same numbers as in writer.py. */
export const MAX = { tokens: 256, text: 2000, seed: 9999 };
export const COLD = 0.2;
export const HOT = 1.5;
const TOP_K = [40, 10, 3, 1];
const BARS = 8;

const PAUSE = 25; // milliseconds between two characters, so that they can be followed
const TAIL = 34; // characters that a phone shows beside the unit, where the text is out of sight
const LEAP = 200; // without motion, this many at once

// --- the model ----------------------------------------------------------------------------------------------------

/** The states after each character of a text; what was read before is kept. A character it does not know is passed over. */
export function read(net, text, run) {
  const states = run?.net === net ? run.states : [];
  let n = 0;
  while (n < states.length && n < text.length && run.text[n] === text[n]) n++;
  states.length = n;
  for (; n < text.length; n++) {
    const past = states[n - 1] ?? null;
    const id = net.ids.get(text[n]);
    states.push(id == null ? past : stepped(net, past, id));
  }
  return { net, text, states };
}

const hiddenOf = ({ net, states }) => states.at(-1)?.h ?? zeros(net.H);

/** Probabilities of the next character: `rnnbook.next_probabilities` of the model's logits. */
export function probabilities(run, temperature, topK) {
  const y = logits(run.net, run.states.at(-1));
  const most = Math.max(...y);
  let p = y.map((v) => Math.exp((v - most) / temperature));
  if (topK != null) {
    const kept = new Set(ranked(y).slice(0, topK));
    p = p.map((v, k) => (kept.has(k) ? v : 0));
  }
  const sum = p.reduce((u, v) => u + v);
  return p.map((v) => v / sum);
}

/** Ids, the likeliest first; of equal ones the lower id. */
const ranked = (p) => p.map((_, k) => k).sort((k, j) => p[j] - p[k]);

/** The k-th number of a seed, 0 to 1: the k-th output of the generator mulberry32. */
export function draw(seed, k) {
  const a = (seed + Math.imul(k + 1, 0x6d2b79f5)) | 0;
  let b = Math.imul(a ^ (a >>> 15), a | 1);
  b ^= b + Math.imul(b ^ (b >>> 7), b | 61);
  return ((b ^ (b >>> 14)) >>> 0) / 2 ** 32;
}

export function pick(p, u) {
  const total = p.reduce((sum, v) => sum + v);
  let [k, upto] = [0, p[0]];
  while (k < p.length - 1 && upto <= u * total) upto += p[++k];
  return k;
}

/** One more character: what is drawn depends on the seed and on how many the model has written. */
function next({ s, ui }, { text, written }) {
  const net = netOf(s.weights);
  ui.run = read(net, text, ui.run);
  const p = probabilities(ui.run, s.temperature, s.top_k);
  const own = Math.min(written, text.length);
  const id = pick(p, draw(s.seed, own));
  return { text: text + s.weights.tokens[id], written: own + 1, letter: s.weights.tokens[id], p: p[id] };
}

// --- state --------------------------------------------------------------------------------------------------------
export function check(s) {
  const { sizes, tokens } = expect.object("weights", s.weights);
  expect.text("weights.tokens", tokens);
  const { H } = expectNet(s.weights, MAX.tokens);
  expect.text("about", s.about);
  expect.list("named", s.named).forEach((pair, j) => {
    expect.list(`named[${j}]`, pair, 2);
    expect.text(`named[${j}][0]`, pair[0]);
    expect.index(`named[${j}][1]`, pair[1], 0, H - 1);
  });
  expect.number("text.length", expect.text("text", s.text).length, 0, MAX.text);
  expect.index("written", s.written, 0, MAX.text);
  expect.number("temperature", s.temperature, COLD, HOT);
  if (s.top_k !== null) expect.index("top_k", s.top_k, 1, sizes[0]);
  expect.index("seed", s.seed, 0, MAX.seed);
  if (s.unit !== null) expect.index("unit", s.unit, 0, H - 1);
}

/** What stands in the box: while the model writes on, more than the state has. */
const standing = ({ s, ui }) => ui.draft ?? { text: s.text, written: Math.min(s.written, s.text.length) };

// --- writing ------------------------------------------------------------------------------------------------------
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function writeOne(ctx) {
  stop(ctx);
  const now = ctx.ui.now;
  const { text, written, letter, p } = next(now, standing(now));
  if (text.length > MAX.text) return;
  Object.assign(ctx.ui, { last: { text, letter, p }, heard: "", follow: true });
  now.set({ text, written });
}

function takeBack(ctx, count) {
  stop(ctx);
  const { text, written } = standing(ctx.ui.now);
  if (!written) return;
  const n = Math.min(count, written);
  Object.assign(ctx.ui, { last: null, heard: "", follow: true });
  ctx.ui.now.set({ text: text.slice(0, -n), written: written - n });
}

/** The end of writing on: the state gets what stands there. */
function stop({ ui }) {
  if (!ui.draft) return;
  const { text, written, from, line } = ui.draft;
  ui.draft = null;
  Object.assign(ui, { last: { text, count: text.length - from }, heard: text.slice(line) });
  ui.now.set({ text, written });
}

function writeOn(ctx) {
  const { ui } = ctx;
  const start = standing(ctx);
  const from = start.text.length;
  if (from >= MAX.text) return;
  if (still()) {
    let now = start;
    while (now.text.length < Math.min(from + LEAP, MAX.text)) now = next(ctx, now);
    Object.assign(ui, { last: { text: now.text, count: now.text.length - from }, heard: now.text.slice(from), follow: true });
    ctx.set({ text: now.text, written: now.written });
    return;
  }
  ui.draft = { ...start, from, line: from, base: ctx.s.text };
  ui.heard = "";
  let due = null;
  const go = (time) => {
    const { now, draft } = ui;
    if (!draft || !now.root.host.isConnected) return;
    due ??= time;
    // A slow page writes several at once, and one that was out of sight begins anew.
    if (time - due > 10 * PAUSE) due = time;
    let ended = false;
    for (; due <= time && draft.text.length < MAX.text; due += PAUSE) {
      const { text, written, letter } = next(now, draft);
      Object.assign(draft, { text, written });
      ui.follow = true;
      if (letter === "\n") ended = true;
    }
    if (draft.text.length >= MAX.text) return stop(now);
    if (ended) {
      // A whole line goes into the state, and is said.
      const end = draft.text.lastIndexOf("\n");
      ui.heard = draft.text.slice(draft.line, end);
      Object.assign(draft, { line: end + 1, base: draft.text });
      now.set({ text: draft.text, written: draft.written });
    } else if (ui.follow) now.setUI({});
    now.later(go);
  };
  ctx.later(go);
  ctx.setUI({});
}

export function key(ctx, { key: pressed }) {
  if (pressed === "ArrowRight") writeOne(ctx);
  else if (pressed === "ArrowLeft") takeBack(ctx, 1);
  else return false;
  return true;
}

// --- letters ------------------------------------------------------------------------------------------------------
const SIGNS = { " ": "␣", "\n": "↵", "\t": "⇥" };
const sign = (letter) => SIGNS[letter] ?? letter;
/** A letter in a sentence. */
const said = (letter, w) => ({ " ": w("letter_space"), "\n": w("letter_line"), "\t": w("letter_tab") })[letter] ?? w("letter", { letter });
const lastKnown = (run) => [...run.text].findLast((letter) => run.net.ids.has(letter));

// --- the text -----------------------------------------------------------------------------------------------------

/** Equal neighbours in one piece: where it begins and ends, and its value; null for what is not known. */
function pieces(run, from, to, unit) {
  const found = [];
  for (let n = from; n < to; n++) {
    const known = run.net.ids.has(run.text[n]);
    const value = !known ? null : unit == null ? 0 : Math.round(Math.max(-1, Math.min(1, run.states[n].h[unit])) * 20) / 20;
    if (found.at(-1)?.value === value) found.at(-1).end = n + 1;
    else found.push({ start: n, end: n + 1, value });
  }
  return found;
}

// Colours and lines lie below the letters, as a drawing of its own: pieces of a text would break its lines elsewhere
// than the text does. Where the letters stand is measured in one text that is as the reader's.
const box = ({ left, top, width, height }) => `M${left.toFixed(1)} ${top.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h${(-width).toFixed(1)}z`;
const line = ({ left, width }, y) => `M${left.toFixed(1)} ${y.toFixed(1)}h${width.toFixed(1)}`;

function measured(ctx) {
  const { ui, root } = ctx;
  const mirror = root.querySelector(".mirror");
  const node = mirror?.firstChild;
  if (!node) return;
  const { run, lit } = ui;
  const { begun } = ui;
  const { left: x, top: y } = mirror.getBoundingClientRect();
  const { top, bottom } = root.querySelector(".sheet").getBoundingClientRect();
  const range = document.createRange();
  const rects = (start, end) => {
    range.setStart(node, start);
    range.setEnd(node, end);
    return [...range.getClientRects()].filter((r) => r.width > 0 && r.bottom > top && r.top < bottom).map((r) => ({ left: r.left - x, top: r.top - y, width: r.width, height: r.height }));
  };
  // What is scrolled out of sight is not drawn: the first and the last character that are in sight.
  const search = (passed) => {
    let [low, high] = [0, run.text.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      let n = middle;
      while (n > 0 && run.text[n] === "\n") n--;
      range.setStart(node, n);
      range.setEnd(node, n + 1);
      if (passed(range.getBoundingClientRect())) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const [from, to] = [search((r) => r.bottom > top), search((r) => r.top >= bottom)];
  const found = {};
  const put = (key, value, d) => {
    found[key] ??= { key, value, d: "" };
    found[key].d += d;
  };
  for (const { start, end, value } of pieces(run, from, to, lit))
    if (value !== 0)
      for (const r of rects(start, end)) {
        if (value === null) put("unknown", 0, line(r, r.top + 0.58 * r.height));
        else if (value > 0) put(`plus ${value}`, value, box(r));
        else {
          put(`minus ${-value}`, -value, box(r));
          put(`edge ${-value}`, -value, line(r, r.top + 0.75) + line(r, r.top + r.height - 0.75));
        }
      }
  if (begun > from) for (const r of rects(from, Math.min(begun, to))) put("begun", 0, line(r, r.top + r.height - 0.5));
  const marks = Object.values(found);
  if (JSON.stringify(marks) !== JSON.stringify(ui.marks)) ctx.setUI({ marks });
}

function textBox(ctx, run, lit) {
  const { w, ui, root } = ctx;
  const { text, written } = standing(ctx);
  Object.assign(ui, { begun: text.length - written, lit });
  const look = () => {
    if (ui.looking) return;
    ui.looking = true;
    ctx.later(() => {
      ui.looking = false;
      const sheet = root.querySelector(".sheet");
      if (ui.follow && sheet) sheet.scrollTop = sheet.scrollHeight;
      ui.follow = false;
      if (sheet) measured(ui.now);
    });
  };
  look();
  return h(
    "div",
    { class: "sheet", key: "sheet", onscroll: look },
    h(
      "div",
      { class: "grow" },
      h("svg", { key: "marks", class: "marks", "aria-hidden": "true" }, (ui.marks ?? []).map(({ key: id, value, d }) => h("path", { key: id, class: id.split(" ")[0], style: value ? `--v:${value}` : null, d }))),
      h("div", { class: "mirror", "aria-hidden": "true", key: "mirror" }, `${text}\u200b`),
      h("textarea", {
        key: "text",
        id: "text",
        placeholder: w("begin"),
        rows: 1,
        maxlength: MAX.text,
        spellcheck: "false",
        autocomplete: "off",
        autocapitalize: "off",
        value: text,
        oninput: (event) => {
          // What the reader changes is a new beginning.
          Object.assign(ui, { draft: null, last: null, heard: "" });
          ui.now.set({ text: event.target.value.slice(0, MAX.text), written: 0 });
        },
      }),
    ),
  );
}

/** The end of the text in one line, with the unit's values. */
const tail = (run, lit) =>
  h(
    "p",
    { class: "tail", key: "tail", "aria-hidden": "true" },
    pieces(run, Math.max(0, run.text.length - TAIL), run.text.length, lit).map(({ start, end, value }, j) =>
      h("span", { key: j, class: value === null ? "unknown" : value < 0 ? "minus" : value > 0 ? "plus" : null, style: value ? `--v:${Math.abs(value)}` : null }, run.text.slice(start, end).replaceAll("\n", "↵")),
    ),
  );

// --- what may come next -------------------------------------------------------------------------------------------
function nextBars(ctx, p, W) {
  const { s, w } = ctx;
  const best = ranked(p).slice(0, BARS);
  const rest = p.length > BARS ? Math.max(1 - best.reduce((sum, k) => sum + p[k], 0), 0) : null;
  const rows = best.map((k) => ({ label: sign(s.weights.tokens[k]), name: said(s.weights.tokens[k], w), v: p[k] }));
  if (rest != null) rows.push({ label: w("others", { n: p.length - BARS }), name: w("others", { n: p.length - BARS }), v: rest < 1e-9 ? 0 : rest, rest: true });
  const [left, long] = [84, W - 84 - 52];
  return h(
    "svg",
    { key: "bars", class: "bars", viewBox: `0 0 ${W} ${24 * (ctx.wide ? BARS + 1 : rows.length)}`, role: "img", "aria-label": `${w("head_next")}: ${rows.map(({ name: name_, v }) => `${name_} ${num(v)}`).join(", ")}` },
    rows.map(({ label, v, rest: other }, j) => {
      const y = 24 * j + 12;
      const width = Math.max(long * v, v ? 0.75 : 0);
      return [
        h("text", { key: `l${j}`, class: other ? "end others" : `end letter${j ? "" : " best"}`, x: left - 12, y: y + 5 }, label),
        h("rect", { key: `b${j}`, class: `bar${other ? " rest" : j ? "" : " best"}`, x: left, y: y - 7, width, height: 14 }),
        h("text", { key: `n${j}`, class: `n${j ? "" : " best"}`, x: left + width + 8, y: y + 5 }, num(v)),
      ];
    }),
  );
}

// --- the hidden units ---------------------------------------------------------------------------------------------

/** The largest cells that leave a room of W by 216. */
export function grid(H, W, tall = 216) {
  for (let cell = 36; cell > 6; cell--) {
    const columns = Math.min(H, Math.floor(W / cell));
    const rows = Math.ceil(H / columns);
    if (rows * cell <= tall) return { cell, columns, rows };
  }
  return { cell: 6, columns: Math.floor(W / 6), rows: Math.ceil(H / Math.floor(W / 6)) };
}

function unitGrid(ctx, hidden, lit, W) {
  const { s, w, ui, setUI } = ctx;
  const H = hidden.length;
  const { cell, columns, rows } = grid(H, W);
  const at = (k) => [(k % columns) * cell, Math.floor(k / columns) * cell];
  const pointed = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = box.width / (columns * cell);
    const k = Math.floor((event.clientY - box.top) / scale / cell) * columns + Math.floor((event.clientX - box.left) / scale / cell);
    return k >= 0 && k < H ? k : null;
  };
  const frame = (k, cls) => h("rect", { key: cls, class: `frame ${cls}`, x: at(k)[0] + 0.5, y: at(k)[1] + 0.5, width: cell - 1, height: cell - 1 });
  return h(
    "svg",
    {
      key: "units",
      class: "units",
      viewBox: `0 0 ${columns * cell} ${rows * cell}`,
      style: `width:${columns * cell}px;max-width:100%`,
      role: "img",
      "aria-label": w("alt_units", { n: H, plus: hidden.filter((v) => v > 0.5).length, minus: hidden.filter((v) => v < -0.5).length }),
      onpointermove: (event) => {
        const hover = pointed(event);
        if (hover !== (ui.hover ?? null)) setUI({ hover });
      },
      onpointerleave: () => ui.hover != null && setUI({ hover: null }),
      onclick: (event) => {
        const unit = pointed(event);
        if (unit != null) ui.now.set({ unit: unit === s.unit ? null : unit });
      },
    },
    hidden.map((_, k) => h("rect", { key: `c${k}`, class: "cell", x: at(k)[0] + 0.5, y: at(k)[1] + 0.5, width: cell - 1, height: cell - 1 })),
    hidden.map((v, k) => {
      const side = Math.sqrt(Math.min(Math.abs(v), 1)) * (cell - 3);
      const thin = v < 0 ? Math.min(1.25, side / 2) : 0;
      const inside = Math.max(side - thin, 0);
      const [x, y] = at(k);
      return h("rect", { key: k, class: `unit${v < 0 ? " minus" : ""}`, x: x + (cell - inside) / 2, y: y + (cell - inside) / 2, width: inside, height: inside, "stroke-width": thin });
    }),
    s.unit != null && frame(s.unit, "chosen"),
    lit != null && lit !== s.unit && frame(lit, "hover"),
  );
}

// --- all ----------------------------------------------------------------------------------------------------------
const choice = (id, label, buttons) =>
  h(
    "div",
    { class: "pick", key: id },
    h("span", { class: "name", id }, label),
    h("div", { class: "choice", role: "group", "aria-labelledby": id }, buttons.map(([text, on, onclick]) => h("button", { type: "button", key: text, "aria-pressed": String(on), onclick }, text))),
  );

/** One sentence: what has just happened, and what the model expects. */
function sentence(ctx, run, p) {
  const { s, w, ui } = ctx;
  if (ui.draft) return w("say_writing");
  const best = ranked(p)[0];
  const expects = { best: said(s.weights.tokens[best], w), p: num(p[best]) };
  const last = ui.last?.text === s.text ? ui.last : null;
  if (run.text.length >= MAX.text) return w("say_full", { n: MAX.text });
  if (last?.letter) return w("say_wrote", { letter: said(last.letter, w), p: num(last.p) });
  if (last?.count) return w("say_stopped", { n: last.count });
  const unknown = [...new Set(run.text)].filter((letter) => !run.net.ids.has(letter));
  if (unknown.length) return w("say_unknown", { letters: unknown.slice(0, 4).map((letter) => said(letter, w)).join(", ") });
  const letter = lastKnown(run);
  return letter == null ? w("say_empty", expects) : w("say_read", { letter: said(letter, w), ...expects });
}

export function view(ctx) {
  const { s, w, ui, wide, set } = ctx;
  ui.now = ctx;
  // A text that came from elsewhere ends the writing.
  if (ui.draft && ui.draft.base !== s.text) ui.draft = null;
  const net = netOf(s.weights);
  const { text, written } = standing(ctx);
  ui.run = read(net, text, ui.run);
  const run = ui.run;
  const p = probabilities(run, s.temperature, s.top_k);
  if (!p.every(Number.isFinite)) throw new Bad("bad_overflow");
  const hidden = hiddenOf(run);
  const lit = ui.hover != null && ui.hover < net.H ? ui.hover : s.unit;
  const full = text.length >= MAX.text;
  const W = Math.max(280, Math.min(720, Math.round(ctx.width)));
  const half = wide ? Math.floor((W - 32) * 0.46) : W;
  const letter = lastKnown(run);
  const row = transport({
    where: null,
    moves: { first: written ? () => takeBack(ctx, Infinity) : null, undo: written ? () => takeBack(ctx, 1) : null, step: full ? null : () => writeOne(ctx) },
    names: { first: w("first"), undo: w("undo"), step: w("write_one") },
  });
  row.kids.push(
    h("button", { key: "on", type: "button", class: "on", "aria-disabled": full && !ui.draft ? "true" : null, onclick: () => (ctx.ui.draft ? stop(ctx) : writeOn(ctx)) }, ui.draft ? w("stop") : w("write_on")),
  );
  const ks = [null, ...new Set([...TOP_K.filter((k) => k < net.V), ...(s.top_k === null ? [] : [s.top_k])])].sort((a, b) => (b ?? Infinity) - (a ?? Infinity));
  const values = [["none", w("no_unit")], ...s.named.map(([label, k]) => [String(k), label])];
  const other = s.unit != null && !values.some(([k]) => k === String(s.unit));
  return h(
    "div",
    { class: `${wide ? "wide" : "phone"}${ui.draft ? " streams" : ""}` },
    h(
      "div",
      { class: "top", key: "top" },
      h("label", { key: "label", class: "what", for: "text" }, w("text")),
      h("p", { class: "note", key: "count" }, written && wide ? w("count_own", { n: text.length, own: written }) : w("count", { n: text.length })),
      h(
        "div",
        { key: "right" },
        h("label", { class: "seed", key: "seed" }, h("span", null, w("seed")), h("input", {
          type: "text",
          inputmode: "numeric",
          maxlength: 4,
          autocomplete: "off",
          value: ui.seed ?? s.seed,
          oninput: (event) => {
            ui.seed = event.target.value;
            if (/^\d{1,4}$/.test(ui.seed)) ui.now.set({ seed: +ui.seed });
          },
          onblur: () => ctx.setUI({ seed: null }),
        })),
        h("button", { type: "button", key: "clear", class: "clear", onclick: () => { Object.assign(ui, { draft: null, last: null, heard: "" }); ui.now.set({ text: "", written: 0 }); } }, w("clear")),
      ),
    ),
    textBox(ctx, run, lit),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, run, p)),
    h("p", { class: "hide", key: "heard", "aria-live": "polite" }, ui.heard?.trim() ? w("heard", { text: ui.heard.trim() }) : null),
    row,
    h(
      "div",
      { class: "two ruled", key: "two" },
      h(
        "div",
        { class: "left", key: "left", style: wide ? `width:${half}px` : null },
        h("p", { class: "note", key: "head" }, w("head_next")),
        nextBars(ctx, p, half),
        slider({ key: "temperature", label: w("temperature"), name: w("name_temperature"), value: s.temperature, min: COLD, max: HOT, text: s.temperature.toFixed(2), oninput: (temperature) => set({ temperature }) }),
        choice("top-k", w("among"), ks.map((k) => [k === null ? w("all") : String(k), s.top_k === k, () => set({ top_k: k })])),
      ),
      h(
        "div",
        { class: "right", key: "right" },
        h("p", { class: "note", key: "head" }, letter == null ? w("head_units_none", { n: net.H }) : w("head_units", { n: net.H, letter: said(letter, w) })),
        h("div", { class: "room", key: "room" }, unitGrid(ctx, hidden, lit, wide ? W - half - 32 : W)),
        slider({ key: "unit", label: w("unit"), name: w("name_unit"), value: s.unit ?? -1, min: -1, max: net.H - 1, step: 1, text: s.unit == null ? w("none") : String(s.unit), oninput: (k) => set({ unit: k < 0 ? null : k }) }),
        s.named.length
          ? h("label", { class: "pick", key: "named" }, h("span", { class: "name" }, w("known")), h("select", { value: String(s.unit ?? "none"), onchange: (event) => set({ unit: event.target.value === "none" ? null : +event.target.value }) },
              values.map(([k, label], j) => h("option", { key: j, value: k }, label)),
              other && h("option", { key: "other", value: String(s.unit) }, w("unit_k", { k: s.unit }))))
          : null,
        wide ? null : tail(run, lit),
        h("p", { class: "note read", key: "read" }, lit == null ? w("hint_units") : w("read_unit", { k: lit, v: num(hidden[lit]) })),
      ),
    ),
    h("p", { class: "note about", key: "about" }, `${w("model", { cell: w(`cell_${s.weights.kind}`), H: net.H, n: net.size.toLocaleString("en") })} ${s.about}`),
  );
}

export const css = `
.writer{--quick:.22s ease-out}
.rb .top{margin-bottom:6px;flex-wrap:nowrap}.rb .top .note{flex:1;line-height:1.35}
.seed{display:flex;align-items:center;gap:8px;font-size:14px;color:var(--gs-mute)}
.rb .seed input{width:72px;text-align:right;font-variant-numeric:tabular-nums}
.sheet{height:176px;overflow-y:auto;border:1px solid var(--gs-line);border-radius:10px;margin-bottom:12px;scrollbar-width:thin;scrollbar-color:var(--gs-faint) transparent}
.sheet:has(textarea:focus-visible){outline:3px solid var(--focus);outline-offset:2px}
.grow{display:grid;min-height:100%}
.rb .mirror,.rb textarea{grid-area:1/1;margin:0;padding:10px 14px;border:0;font:18px/1.5 var(--math);font-kerning:none;font-variant-ligatures:none;letter-spacing:0;white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;text-align:left;tab-size:4}
.mirror{color:transparent;pointer-events:none;user-select:none}
.rb textarea{position:relative;display:block;width:100%;height:100%;min-height:44px;color:var(--gs-ink);background:none;resize:none;overflow:hidden;outline:none;border-radius:10px}
.grow{position:relative}
.rb .marks{position:absolute;inset:0;height:100%}
.marks .begun{fill:none;stroke:var(--gs-faint)}
.marks .unknown{fill:none;stroke:var(--gs-ink);stroke-width:1.5}
.marks .plus{fill:color-mix(in srgb,var(--gs-h) calc(var(--v)*46%),transparent)}
.marks .minus{fill:color-mix(in srgb,var(--gs-h) calc(var(--v)*14%),transparent)}
.marks .edge{fill:none;stroke:color-mix(in srgb,var(--gs-h) calc(var(--v)*100%),transparent);stroke-width:1.5}
.tail .unknown{text-decoration:line-through 1.5px}
.tail .plus{background:color-mix(in srgb,var(--gs-h) calc(var(--v)*46%),transparent)}
.tail .minus{background:color-mix(in srgb,var(--gs-h) calc(var(--v)*14%),transparent);box-shadow:inset 0 1.5px color-mix(in srgb,var(--gs-h) calc(var(--v)*100%),transparent),inset 0 -1.5px color-mix(in srgb,var(--gs-h) calc(var(--v)*100%),transparent)}
.rb .transport .where{display:none}
.rb .transport .on{min-width:112px;font-weight:600}
.two{display:flex;gap:32px;padding-top:12px;align-items:flex-start}
.right{flex:1;min-width:0}
.phone .two{flex-direction:column;gap:18px}.phone .left,.phone .right{width:100%;flex:none}
.two .note{min-height:22px}
.room{margin:4px 0}.wide .room{height:216px}
.rb textarea::placeholder{color:var(--gs-mute);opacity:1}
.what{font-size:14px;font-weight:600}
.rb .tail{font:18px/1.5 var(--math);text-align:right;white-space:pre;overflow:hidden;min-height:27px;display:flex;justify-content:flex-end;margin:4px 0!important}
.bars{margin:4px 0}
.bars text{font-size:13px;fill:var(--gs-mute)}.bars .end{text-anchor:end}.bars .letter{font-size:16px;fill:var(--gs-ink)}
.bars .n{font-variant-numeric:tabular-nums}.bars .best{font-weight:600;fill:var(--gs-ink)}
.bar{fill:var(--gs-faint);transition:width var(--quick)}.bar.best{fill:var(--gs-ink)}
.bar.rest{fill:color-mix(in srgb,var(--gs-faint) 16%,transparent);stroke:var(--gs-faint);stroke-width:1}
.units{cursor:pointer;touch-action:pan-y}
.cell{fill:none;stroke:var(--gs-line)}
.unit{fill:var(--gs-h);stroke:var(--gs-h);transition:x var(--quick),y var(--quick),width var(--quick),height var(--quick)}
.unit.minus{fill:color-mix(in srgb,var(--gs-h) 18%,transparent)}
.frame{fill:none;stroke:var(--gs-ink);stroke-width:1.25}.frame.chosen{stroke-width:2.25}
.streams .bar,.streams .unit{transition:none}
.pick{display:flex;align-items:center;gap:10px;min-height:44px;justify-content:space-between}.pick .name{font-size:14px;color:var(--gs-mute);white-space:nowrap}
.pick .choice{flex:none}.rb .pick .choice button{padding:0 10px}
.pick select{min-width:0;flex:1;max-width:250px}
.slider{grid-template-columns:minmax(92px,auto) 1fr 40px}
.slider>span{font-size:14px;color:var(--gs-mute)}
.read{min-height:40px!important;margin-top:4px!important}
.about{border-top:1px solid var(--gs-line);padding-top:8px;margin-top:10px!important}
@media (max-width:560px){.sheet{height:194px}.rb .transport .on{min-width:96px;padding:0 10px}.rb .seed input{width:64px;padding:0 10px}}
@media (max-width:350px){.rb .transport{flex-wrap:wrap}}
`;
