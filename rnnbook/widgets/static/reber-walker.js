// A walk through Reber's grammar: legal letters, and those that a trained Elman net expects.

import { h, num2, sym, expect, Bad, slider, transport } from "./host.js";
import { forward, shapes, zeros } from "./core.js";

export const name = "reber-walker";

const MOST = 40;

export const css = `
.field{flex:1 1 150px}.field input{letter-spacing:.14em;text-transform:uppercase}
.map .edge{fill:none;stroke:var(--gs-faint);stroke-width:1.25;transition:stroke-width .22s ease-out}
.map .tip{fill:var(--gs-faint)}
.map .next .edge{stroke:var(--gs-ink);stroke-width:2}.map .next .tip{fill:var(--gs-ink)}
.map .walked .edge{stroke:var(--gs-ink);stroke-width:4.5;opacity:.34}.map .walked .tip{fill:var(--gs-ink);opacity:.5}
.map .just .edge{opacity:1}.map .just .tip{opacity:1}
.map .place{fill:var(--gs-paper);stroke:var(--gs-faint);stroke-width:1.5}
.map .here .place{stroke:var(--gs-ink);stroke-width:3;fill:var(--gs-wash)}
.map .name{fill:var(--gs-mute);font-size:14px;text-anchor:middle}
.map .here .name{fill:var(--gs-ink);font-weight:700}
.map .halo{fill:var(--gs-paper)}
.map .letter{fill:var(--gs-mute);font-size:14px;text-anchor:middle}
.map .walked .letter{fill:var(--gs-ink)}.map .next .letter{fill:var(--gs-ink);font-weight:700}
.keys{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:6px;margin:10px 0 8px}
.rb .keys button{position:relative;min-width:0;height:56px;padding:0 0 16px;font-size:16px;font-weight:500;color:var(--gs-mute)}
.rb .keys button.legal{box-shadow:inset 0 0 0 2px var(--gs-ink);border-color:var(--gs-ink);color:var(--gs-ink);font-weight:700}
.rb .keys small{position:absolute;left:0;right:0;bottom:8px;font-size:12px;font-weight:500}
.legend{min-height:20px;text-align:center;margin-bottom:8px!important}
.bars{margin-top:4px}
.bars svg .bar{fill:var(--gs-mute);transition:y .22s ease-out,height .22s ease-out}
.bars svg .legal .bar{fill:var(--gs-ink)}
.bars svg .fair{stroke:var(--gs-ink);stroke-width:1.5;stroke-dasharray:3 2}.bars svg .cut{stroke:var(--gs-paper)}
.bars svg .p{font-size:12.5px;text-anchor:middle;fill:var(--gs-mute);font-variant-numeric:tabular-nums}.bars svg .legal .p{fill:var(--gs-ink);font-weight:600}
.bars svg .base,.units svg .base{stroke:var(--gs-line)}
.units{margin:6px 0 2px}
.units svg .unit{fill:var(--gs-h);transition:y .22s ease-out,height .22s ease-out}
.units svg .unit.neg{fill:var(--gs-paper);stroke:var(--gs-h);stroke-width:1.5}
.units svg .was{opacity:.5}
.units svg text{font-size:13px;fill:var(--gs-mute)}.units svg .lead{fill:var(--gs-h);font-size:18px}
.line{min-height:24px;line-height:24px;margin:8px 0 0!important;padding-left:10px!important;border-left:3px solid transparent;font-size:14px}
.line.wrong{border-color:var(--gs-ink)}
@media (max-width:560px){.line{min-height:44px;line-height:22px}}
@media (max-width:350px){.line{min-height:66px}.legend{min-height:40px}}
.string svg text{text-anchor:middle;font-size:14px;fill:var(--gs-mute)}
.string svg .now text{fill:var(--gs-ink);font-weight:700}.string svg .off text{text-decoration:line-through}
.string svg .colm{fill:var(--gs-wash)}.string svg .n{font-size:12px;font-variant-numeric:tabular-nums}
.string svg .lead{text-anchor:start;font-size:13px}
`;

// --- state --------------------------------------------------------------------------------------------------------
export function check(s) {
  if (!expect.text("symbols", s.symbols)) throw new Bad("bad_length", { name: "symbols", length: "> 0", got: 0 });
  expect.object("arrows", s.arrows);
  expect.object("places", s.places);
  for (const [place, at] of Object.entries(s.places)) expect.array(`places.${place}`, at, [2]);
  for (const [place, leaving] of Object.entries(s.arrows))
    expect.list(`arrows.${place}`, leaving).forEach((arrow, j) => {
      expect.list(`arrows.${place}[${j}]`, arrow, 2);
      expect.one(`arrows.${place}[${j}]`, arrow[0], [...s.symbols]);
      expect.one(`arrows.${place}[${j}]`, String(arrow[1]), Object.keys(s.places));
    });
  if (!Object.hasOwn(s.places, "0") || !Object.hasOwn(s.arrows, "0")) throw new Bad("bad_empty_map", {});
  const odd = [...expect.text("string", s.string)].find((letter) => !s.symbols.includes(letter));
  if (odd != null || s.string.length > MOST) throw new Bad("bad_string", { most: MOST, symbols: s.symbols });
  expect.index("t", s.t, 0, walk(s).length - 1);
  if (s.net === null) return;
  expect.object("net", s.net);
  const n = s.symbols.length;
  const params = expect.object("net.cell.params", expect.object("net.cell", s.net.cell).params);
  expect.one("net.cell.kind", s.net.cell.kind, ["ElmanCell"]);
  expect.one("net.cell.activation", s.net.cell.activation, ["tanh", "sigmoid", "relu", "softsign", "identity"]);
  const H = expect.list("net.b", expect.list("net.cell.params.b", params.b)).length;
  for (const [k, shape] of Object.entries(shapes("ElmanCell", n, H))) expect.array(`net.cell.params.${k}`, params[k], shape);
  expect.array("net.W", s.net.W, [n, H]);
  expect.array("net.b", s.net.b, [n]);
}

/** The places of the longest walk that the string begins with. */
export function walk({ string, arrows }) {
  const places = [0];
  for (const letter of string) {
    const arrow = (arrows[places.at(-1)] ?? []).find(([symbol]) => symbol === letter);
    if (!arrow) break;
    places.push(arrow[1]);
  }
  return places;
}

/** What may come at a place, in the order of the symbols. */
export const legal = ({ arrows, symbols }, place) => [...symbols].filter((symbol) => (arrows[place] ?? []).some(([letter]) => letter === symbol));

/** The net after each letter: {h, p}. */
export function expected({ net, string, symbols }) {
  const inputs = [...string].map((letter) => [...symbols].map((symbol) => (symbol === letter ? 1 : 0)));
  return forward(net.cell, inputs).map((r) => {
    const y = net.W.map((row, k) => row.reduce((sum, w, j) => sum + w * r.h[j], net.b[k]));
    const top = Math.max(...y);
    const e = y.map((v) => Math.exp(v - top));
    const sum = e.reduce((a, b) => a + b);
    return { h: r.h, p: e.map((v) => v / sum) };
  });
}

/** A string of a random walk that is over after at most 20 letters; null where none is found. */
export function chance({ arrows }) {
  for (let tries = 0; tries < 500; tries++) {
    let place = 0;
    let string = "";
    while (arrows[place]?.length && string.length < 20) {
      const [letter, next] = arrows[place][Math.floor(Math.random() * arrows[place].length)];
      string += letter;
      place = next;
    }
    if (string && !arrows[place]?.length) return string;
  }
  return null;
}

/** What tells two of them on one page apart. */
export const label = ({ s, w }) => w(s.net ? "with_net" : "without_net", { string: s.string || w("nothing_yet") });

const forth = (ctx, places) => (ctx.s.t < places.length - 1 ? () => read(ctx, ctx.s.t + 1) : null);
const back = (ctx) => (ctx.s.t > 0 ? () => read(ctx, ctx.s.t - 1) : null);
function read(ctx, t) {
  ctx.ui.refused = null;
  ctx.set({ t });
}

export function key(ctx, event) {
  const move = { ArrowRight: () => forth(ctx, walk(ctx.s)), ArrowLeft: () => back(ctx) }[event.key];
  if (!move) return false;
  move()?.();
  return true;
}

// --- view ---------------------------------------------------------------------------------------------------------
const shared = (one, other) => {
  let n = 0;
  while (n < one.length && one[n] === other[n]) n++;
  return n;
};
const letters = (text) => text.toUpperCase().replace(/\s+/g, "");

/** Why a string cannot be taken, in one line; "" if it can. */
function trouble(s, w, string) {
  const each = [...string];
  const n = each.findIndex((letter) => !s.symbols.includes(letter));
  if (n >= 0) return w("odd_letter", { n: n + 1, letter: each[n], symbols: [...s.symbols].join(" ") });
  return each.length > MOST ? w("too_long", { most: MOST }) : "";
}

// As wide as the page gives: letters keep their size.
const broad = (ctx) => Math.min(700, Math.max(260, ctx.width));

export function view(ctx) {
  const { s, ui, w, set, setUI } = ctx;
  const places = walk(s);
  const here = places[s.t];
  const may = legal(s, here);
  const stopped = places.length - 1 < s.string.length;
  const net = s.net && (ui.memo?.string === s.string && ui.memo.net === s.net ? ui.memo.steps : (ui.memo = { string: s.string, net: s.net, steps: expected(s) }).steps);
  const now = net && s.t > 0 ? net[s.t - 1] : null;
  const list = (letters) => (letters.length ? letters.join(w("or")) : w("nothing"));

  // What was typed stays in the field, also what cannot be walked; a new string from elsewhere takes its place.
  const typed = ui.typed?.of === s.string ? ui.typed.text : s.string;
  const wrong = trouble(s, w, letters(typed));
  const type = (text) => {
    const string = letters(text);
    const good = !trouble(s, w, string);
    ui.typed = { text, of: good ? string : s.string };
    ui.refused = null;
    // What was walked and is still there stays walked, typed letter by letter or pasted.
    if (good) set({ string, t: Math.min(s.t, shared(s.string, string)) });
    else setUI({});
  };
  const press = (letter) => {
    ui.typed = null;
    if (!may.includes(letter)) return setUI({ refused: w("not_legal", { letter, place: here, legal: list(may) }) });
    if (s.t === MOST) return setUI({ refused: w("too_long", { most: MOST }) });
    ui.refused = null;
    const goes = s.string[s.t] === letter;
    set({ string: goes ? s.string : s.string.slice(0, s.t) + letter, t: s.t + 1 });
  };
  const wander = () => {
    ui.typed = ui.refused = null;
    set({ string: chance(s) ?? s.string, t: 0 });
  };
  const stop = stopped ? w("stops", { n: places.length, letter: s.string[places.length - 1], place: places.at(-1), legal: list(legal(s, places.at(-1))) }) : "";
  const said = ui.refused || wrong || stop;
  const sum = now ? may.reduce((all, letter) => all + now.p[s.symbols.indexOf(letter)], 0) : 0;
  return h(
    "div",
    { key: "walker" },
    h("div", { class: "top", key: "top" },
      h("label", { class: "field", key: "field" }, h("span", { class: "note" }, w("string")),
        h("input", { type: "text", value: typed, spellcheck: "false", autocomplete: "off", autocapitalize: "characters", "aria-label": w("string"), "aria-invalid": wrong || stop ? "true" : null, oninput: (e) => type(e.target.value) })),
      h("button", { key: "chance", type: "button", onclick: wander }, w("chance"))),
    h("p", { class: said ? "line wrong" : "line", key: "wrong", role: "status" }, said),
    map(ctx, places),
    net ? bars(ctx, now && may.length ? now : null, may) : null,
    h("div", { class: "keys", role: "group", "aria-label": w("letters"), key: "keys" },
      [...s.symbols].map((letter) =>
        h("button", { key: letter, type: "button", class: may.includes(letter) ? "legal" : "", "aria-label": may.includes(letter) ? null : w("letter_not", { letter }), onclick: () => press(letter) }, letter, may.includes(letter) ? h("small", { key: "legal" }, ` ${w("legal")}`) : null))),
    net ? h("p", { class: "legend note", key: "legend" }, now && may.length ? w("together", { p: num2(sum) }) : "") : null,
    h("p", { class: "say", "aria-live": "polite", key: "say" }, s.t === 0 ? w("say_start", { legal: list(may) }) : w(may.length ? "say_step" : "say_end", { letter: s.string[s.t - 1], place: here, legal: list(may) })),
    transport({
      where: [h("i", null, "t"), ` = ${s.t}`, h("span", null, ` ${w("of", { n: places.length - 1 })}`)],
      names: { undo: w("undo"), step: w("step") },
      moves: { undo: back(ctx), step: forth(ctx, places) },
    }),
    net ? units(ctx, net) : null,
    columns(ctx, places, net),
  );
}

// --- the map ------------------------------------------------------------------------------------------------------
function map(ctx, places) {
  const { s, w, wide } = ctx;
  const at = Object.entries(s.places);
  const columns = Math.max(...at.map(([, [column]]) => column));
  const rows = Math.max(...at.map(([, [, row]]) => row));
  const W = broad(ctx);
  const R = wide ? 20 : W < 340 ? 13 : 16;
  const left = R + (wide ? 26 : 4);
  const top = 2 * R + 22;
  const dx = (W - 2 * left) / Math.max(1, columns);
  const dy = wide ? 84 : 74;
  const H = 2 * top + rows * dy;
  const xy = Object.fromEntries(at.map(([place, [column, row]]) => [place, [left + column * dx, top + row * dy]]));
  const walked = new Set();
  for (let t = 0; t < s.t; t++) walked.add(`${places[t]} ${s.string[t]}`);
  const just = s.t ? `${places[s.t - 1]} ${s.string[s.t - 1]}` : null;
  const here = places[s.t];
  const nodes = [];
  for (const [place, leaving] of Object.entries(s.arrows))
    for (const [letter, next] of leaving) {
      const id = `${place} ${letter}`;
      const cls = `${walked.has(id) ? "walked" : ""} ${id === just ? "just" : ""} ${Number(place) === here ? "next" : ""}`;
      nodes.push(h("g", { key: id, class: cls }, edge(xy[place], xy[next], R, letter, s.places[place][1] > rows / 2)));
    }
  for (const [place, [x, y]] of Object.entries(xy))
    nodes.push(h("g", { key: `place ${place}`, class: Number(place) === here ? "here" : "" }, h("circle", { class: "place", cx: x, cy: y, r: R }), h("text", { class: "name", x, y: y + 5 }, place)));
  return h("div", { class: "map", key: "map" }, h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("map", { place: here, walk: s.string.slice(0, s.t) || w("nothing") }) }, nodes));
}

function edge([x1, y1], [x2, y2], R, letter, below) {
  const tip = (x, y, ux, uy) => h("path", { key: "tip", class: "tip", d: `M${x} ${y}L${x - 9 * ux + 4.5 * uy} ${y - 9 * uy - 4.5 * ux}L${x - 9 * ux - 4.5 * uy} ${y - 9 * uy + 4.5 * ux}Z` });
  const text = (x, y) => h("text", { key: "letter", class: "letter", x, y: y + 5 }, letter);
  if (x1 === x2 && y1 === y2) {
    const side = below ? -1 : 1;
    const a = 0.46;
    const high = 2.1 * R + 23;
    const out = R + 13;
    const [sx, sy] = [R * Math.sin(a), R * Math.cos(a)];
    const [ex, ey] = [(R + 3) * Math.sin(a), (R + 3) * Math.cos(a)];
    const away = Math.hypot(out - ex, high - ey);
    const [ux, uy] = [(ex - out) / away, (high - ey) / away];
    return [
      h("path", { key: "edge", class: "edge", d: `M${x1 - sx} ${y1 - side * sy}C${x1 - out} ${y1 - side * high} ${x1 + out} ${y1 - side * high} ${x1 + ex - 7 * ux} ${y1 - side * (ey + 7 * uy)}` }),
      tip(x1 + ex, y1 - side * ey, ux, side * uy),
      text(x1, y1 - side * (0.72 * R + 0.375 * high)), // halfway from the place to the loop's top
    ];
  }
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [ex, ey] = [x2 - (R + 3) * ux, y2 - (R + 3) * uy];
  // A short arrow would vanish under its letter: there it stands beside it.
  const short = length - 2 * R < 44;
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return [
    h("path", { key: "edge", class: "edge", d: `M${x1 + R * ux} ${y1 + R * uy}L${ex - 7 * ux} ${ey - 7 * uy}` }),
    tip(ex, ey, ux, uy),
    short ? null : h("circle", { key: "halo", class: "halo", cx: mx - 3 * ux, cy: my - 3 * uy, r: 10 }),
    short ? text(mx + 13 * uy, my - 13 * Math.abs(ux)) : text(mx - 3 * ux, my - 3 * uy),
  ];
}

// --- what the net expects, and its state --------------------------------------------------------------------------
function bars(ctx, now, may) {
  const { s, w } = ctx;
  const W = broad(ctx);
  const n = s.symbols.length;
  const cell = (W + 6) / n;
  const high = 74;
  const H = high + 24;
  const fair = may.length ? 1 / may.length : 0;
  // Beyond the end nobody asked the net, in training neither.
  const head = now ? w("expects", { letter: s.string[s.t - 1] }) : s.t ? w("expects_end", { letter: s.string[s.t - 1] }) : w("expects_nothing");
  return h("div", { class: "bars", key: "bars" },
    h("p", { class: "note", key: "head" }, head),
    h("svg", { key: "svg", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": now ? `${head} ${[...s.symbols].map((letter, k) => `${letter} ${num2(now.p[k])}`).join(", ")}` : head },
      h("path", { key: "base", class: "base", d: `M0 ${H - 1}H${W}` }),
      [...s.symbols].map((letter, k) => {
        const x = k * cell + (cell - 6) / 2;
        const p = now ? now.p[k] : 0;
        const ok = may.includes(letter);
        const wide_ = Math.min(44, cell - 14);
        return h("g", { key: letter, class: ok ? "legal" : "" },
          h("rect", { key: "bar", class: "bar", x: x - wide_ / 2, y: H - 1 - p * high, width: wide_, height: p * high }),
          ok && now ? h("path", { key: "fair", class: "fair", d: `M${x - wide_ / 2 - 5} ${H - 1 - fair * high}h${wide_ + 10}` }) : null,
          // On the bar itself, the mark is cut out of it.
          ok && now && p > fair ? h("path", { key: "cut", class: "fair cut", d: `M${x - wide_ / 2} ${H - 1 - fair * high}h${wide_}` }) : null,
          now ? h("text", { key: "p", class: "p", x, y: H - 6 - Math.max(p, ok ? fair : 0) * high }, num2(p)) : null);
      })));
}

function units(ctx, net) {
  const { s, w, wide } = ctx;
  const W = broad(ctx);
  const left = wide ? 150 : 44;
  const H_ = s.net.cell.params.b.length;
  const cw = (W - left) / H_;
  const most = Math.max(1, ...net.flatMap((step) => step.h.map(Math.abs)));
  const row = (key_, y, values, cls) => [
    h("path", { key: `base ${key_}`, class: "base", d: `M${left} ${y}H${W}` }),
    values.map((v, k) => {
      const size = (Math.abs(v) / most) * 15;
      return h("rect", { key: `${key_} ${k}`, class: `unit ${v < 0 ? "neg" : ""} ${cls}`, x: left + k * cw + cw * 0.2, y: v < 0 ? y : y - size, width: cw * 0.6, height: Math.max(size, 0.5) });
    }),
  ];
  const was = s.t > 1 ? net[s.t - 2].h : zeros(H_);
  const now = s.t > 0 ? net[s.t - 1].h : null;
  const head = (key_, y, index, text) => [
    h("text", { key: `l ${key_}`, class: "lead it", x: 0, y: y + 5 }, "h", h("tspan", { class: "index", dy: "3.5" }, index)),
    wide ? h("text", { key: `n ${key_}`, x: 36, y: y + 5 }, text) : null,
  ];
  const values = (v) => v.map(num2).join(", ");
  const alt = `${w("context")}: ${values(was)}.${now ? ` ${w("state")}: ${values(now)}.` : ""}`;
  return h("div", { class: "units ruled", key: "units" },
    h("svg", { viewBox: `0 0 ${W} 84`, role: "img", "aria-label": alt },
      head("was", 22, String(Math.max(0, s.t - 1)), w("context")), row("was", 22, was, "was"),
      now ? [head("now", 62, String(s.t), w("state")), row("now", 62, now, "")] : null));
}

// --- the string so far --------------------------------------------------------------------------------------------
function columns(ctx, places, net) {
  const { s, w, wide } = ctx;
  const W = broad(ctx);
  const n = s.string.length;
  const left = wide ? 150 : 58;
  const right = 14;
  // What does not fit beside each other moves along with t, which keeps two columns to its right.
  const fit = Math.min(n + 1, Math.floor((W - left - right) / 34));
  const from = Math.max(0, Math.min(s.t + 3 - fit, n + 1 - fit));
  const cw = Math.min(56, (W - left - right) / fit);
  const x = (t) => left + (t - from + 0.5) * cw;
  const rows = net ? 3 : 2;
  const H = rows * 26 + 10;
  // What the net gave to a letter, one step before it came.
  const given = (t) => num2(net[t - 2].p[s.symbols.indexOf(s.string[t - 1])]);
  const names = wide ? [w("row_letter"), w("row_place"), w("row_given")] : [w("row_letter"), w("row_place_short"), w("row_given_short")];
  const nodes = [h("rect", { key: "column", class: "colm", x: x(s.t) - cw / 2, y: 0, width: cw, height: H, rx: 6 })];
  for (let k = 0; k < rows; k++) nodes.push(h("text", { key: `name ${k}`, class: "lead", x: 0, y: 20 + k * 26 }, names[k]));
  if (from > 0) nodes.push(h("text", { key: "before", x: left - 8, y: 20 }, "…"));
  if (from + fit < n + 1) nodes.push(h("text", { key: "after", x: x(from + fit - 0.5) + 7, y: 20 }, "…"));
  for (let t = from; t < from + fit; t++) {
    const off = t > places.length - 1;
    nodes.push(h("g", { key: `t ${t}`, class: `${t === s.t ? "now" : ""} ${off ? "off" : ""}` },
      h("text", { key: "letter", x: x(t), y: 20 }, t === 0 ? "–" : s.string[t - 1]),
      t <= s.t ? h("text", { key: "place", x: x(t), y: 46 }, String(places[t])) : null,
      net && t > 1 && t <= s.t ? h("text", { key: "p", class: "n", x: x(t), y: 72 }, given(t)) : null));
  }
  const walked = [...s.string.slice(0, s.t)].map((letter, k) => w(net && k ? "column_given" : "column", { letter, place: places[k + 1], p: net && k ? given(k + 1) : "" }));
  return h("div", { class: "string ruled", key: "string" },
    h("svg", { key: "svg", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("columns", { walked: walked.join("; ") || w("nothing_yet") }) }, nodes),
    slider({ key: "t", label: sym("t"), name: w("time"), value: s.t, min: 0, max: Math.max(1, places.length - 1), step: 1, text: String(s.t), oninput: (t) => read(ctx, Math.min(t, places.length - 1)) }));
}
