// Where a gate's weights live: the same blocks of rows in this book's matrices and in those of three frameworks.
// What stands where comes with the state, from the converters' one table; here it is drawn.

import { h, expect, slider, transport, Bad } from "./host.js";

export const name = "weight-mapper";

/** The same as in weight_mapper.py. */
export const LARGEST = 64;
const CELLS = ["ElmanCell", "LSTMCell", "PeepholeLSTMCell", "CoupledLSTMCell", "GRUCell", "GRUResetBeforeCell"];
const GATES = [..."hifgorzn"];
const TINTS = [..."hifgo"];
const MINUS = "\u2212";

// --- state --------------------------------------------------------------------------------------------------------

const texts = (name, list) => expect.list(name, list).map((v, k) => expect.text(`${name}[${k}]`, v));

function checkTensor(at, t, gates) {
  expect.text(`${at}.name`, expect.object(at, t).name);
  texts(`${at}.shape`, t.shape).forEach((n, k) => {
    if (!/^([1-9]\d?|[2-9]?[DH])$/.test(n)) throw new Bad("bad_choice", { name: `${at}.shape[${k}]`, known: "D, H, 2H, 1, 2" });
  });
  expect.index(`${at}.shape.length`, t.shape.length, 1, 3);
  texts(`${at}.before`, t.before).forEach((n, k) => expect.one(`${at}.before[${k}]`, n, ["0", ":"]));
  expect.index(`${at}.before.length`, t.before.length, 0, t.shape.length - 1);
  expect.one(`${at}.rows`, t.rows, [true, false]);
  const parts = Object.entries(expect.object(`${at}.parts`, t.parts));
  for (const [part, blocks] of parts) texts(`${at}.parts.${part}`, blocks).forEach((b, k) => expect.one(`${at}.parts.${part}[${k}]`, b, gates.flatMap((g) => [g, `-${g}`, `0${g}`])));
  expect.index(`${at}.parts.length`, parts.length, 1, 2);
  for (const line of linesOf(t)) {
    const filled = `${line.length === 1 ? "" : line.length}H`;
    if (t.shape[t.before.length] !== filled) throw new Bad("bad_choice", { name: `${at}.shape[${t.before.length}]`, known: filled });
  }
}

function checkFrame(at, frame, gates) {
  expect.text(`${at}.name`, expect.object(at, frame).name);
  expect.text(`${at}.layer`, frame.layer);
  texts(`${at}.options`, frame.options);
  for (const [k, v] of Object.entries(expect.object(`${at}.letters`, frame.letters))) expect.text(`${at}.letters.${k}`, v);
  expect.list(`${at}.tensors`, frame.tensors).forEach((t, k) => checkTensor(`${at}.tensors[${k}]`, t, gates));
  expect.index(`${at}.tensors.length`, frame.tensors.length, 0, 8);
}

function checkEntry(at, entry) {
  expect.one(`${at}.cell`, expect.object(at, entry).cell, CELLS);
  const gates = Object.keys(expect.object(`${at}.gates`, entry.gates));
  expect.index(`${at}.gates.length`, gates.length, 1, 8);
  for (const g of gates) {
    expect.one(`${at}.gates`, g, GATES);
    expect.one(`${at}.gates.${g}`, entry.gates[g], TINTS);
  }
  expect.list(`${at}.frames`, entry.frames).forEach((frame, k) => checkFrame(`${at}.frames[${k}]`, frame, gates));
  expect.index(`${at}.frames.length`, entry.frames.length, 1, 6);
  return entry.cell;
}

export function check(s) {
  const known = expect.list("table", s.table).map((entry, k) => checkEntry(`table[${k}]`, entry));
  expect.index("table.length", known.length, 1, CELLS.length);
  if (new Set(known).size < known.length) throw new Bad("bad_length", { name: "table", length: new Set(known).size, got: known.length });
  expect.one("cell", s.cell, known);
  expect.one("gate", s.gate, Object.keys(entryOf(s).gates));
  expect.index("input_size", s.input_size, 1, LARGEST);
  expect.index("hidden_size", s.hidden_size, 1, LARGEST);
}

const entryOf = (s) => s.table.find((entry) => entry.cell === s.cell);

export function key({ s, set, ui }, { key: pressed }) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
  if (!by) return false;
  const gates = Object.keys(entryOf(s).gates);
  const gate = gates[gates.indexOf(s.gate) + by];
  ui.over = null;
  if (gate) set({ gate });
  return true;
}

/** Another cell: the same gate, or the one with the same role, or the first. */
function toCell({ s, set, ui }, cell) {
  const { gates } = entryOf({ ...s, cell });
  const role = entryOf(s).gates[s.gate];
  ui.over = null;
  set({ cell, gate: s.gate in gates ? s.gate : (Object.keys(gates).find((g) => gates[g] === role) ?? Object.keys(gates)[0]) });
}

// --- what lies where ----------------------------------------------------------------------------------------------

const gateOf = (block) => block.at(-1);
const linesOf = (t) => (t.rows ? Object.values(t.parts) : [Object.values(t.parts).flat()]);

/** At which block each of the gate's places begins: the lines of one tensor have the same. */
export const starts = (t, gate) => [...new Set(linesOf(t).flatMap((line) => line.flatMap((block, k) => (gateOf(block) === gate ? [k] : []))))];
export const index = (t, place, H) => `[${[...t.before, `${place * H}:${(place + 1) * H}`].join(", ")}]`;
export const shape = (t, D, H) => {
  const sizes = t.shape.map((n) => (n === "D" ? D : n.endsWith("H") ? (n.slice(0, -1) || 1) * H : n));
  return `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;
};

/** Whether blocks lie side by side: along the last of several axes; with one axis, as the framework's W has it. */
const across = (t, first) => (t.shape.length > 1 ? t.before.length === t.shape.length - 1 : t !== first && across(first, first));

/** Where one framework keeps a gate, in words: of its first tensor, and of all that have it at the same place. */
function placeText(w, frame, gate, H, all) {
  const having = frame.tensors.filter((t) => starts(t, gate).length);
  if (!having.length) return w("nowhere");
  const [first] = having;
  const where = (t) => `${t.before} ${starts(t, gate)}`;
  const named = (t) => t.name + (t.before[0] === "0" ? "[0]" : "");
  const t = all ? having.filter((other) => where(other) === where(first)).map(named).join(", ") : named(first);
  const kind = `${across(first, frame.tensors[0]) ? "column" : "row"}${H > 1 ? "s" : ""}`;
  return starts(first, gate)
    .map((k) => {
      const place = w(`place_${kind}`, { t, a: k * H, b: (k + 1) * H - 1 });
      return linesOf(first)[0][k].startsWith("-") ? w("turned", { place }) : place;
    })
    .reduce((a, b) => w("and", { a, b }));
}

/** What is particular about the gate in this cell, a line each. */
function notes({ s, w }, gate) {
  const { frames } = entryOf(s);
  const list = (found) => found.map((frame) => frame.name).join(", ");
  const having = (test) => frames.filter((frame) => frame.tensors.some((t) => Object.values(t.parts).flat().some((block) => gateOf(block) === gate && test(t, block, frame))));
  const out = [];
  const called = having((t, block, frame) => frame.letters[gate]);
  if (called.length) out.push(w("note_called", { frameworks: list(called), gate, theirs: called[0].letters[gate] }));
  const turned = having((t, block) => block[0] === "-");
  if (turned.length) out.push(w("note_turned", { frameworks: list(turned), gate }));
  const zeros = having((t, block) => block[0] === "0");
  const inside = having((t, block) => t.parts.b_h?.includes(gate));
  if (inside.length) out.push(w("note_inside", { frameworks: list(inside), gate }));
  else if (zeros.length) out.push(w("note_zeros", { frameworks: list(zeros) }));
  const peeped = frames.filter((frame) => frame.tensors.some((t) => "P" in t.parts));
  if (peeped.length && !having((t) => "P" in t.parts).length) out.push(w("note_none", { gate }));
  for (const frame of peeped.slice(1)) {
    const order = (of) => of.tensors.find((t) => "P" in t.parts).parts.P.join(", ");
    if (having((t) => "P" in t.parts).length) out.push(w("note_peepholes", { framework: frame.name, ours: order(peeped[0]), theirs: order(frame) }));
  }
  const columns = frames.filter((frame) => frame.tensors.length && across(frame.tensors[0], frame.tensors[0]));
  if (columns.length) out.push(w("note_columns", { frameworks: list(columns) }));
  return out;
}

// --- drawing ------------------------------------------------------------------------------------------------------

const LETTER = 7.25; // a letter of the 12 px monospace face
const HEAD = 20; // the name stands above a tensor, and below it its index; a gate that is there twice has two
const ROW = 16;
const ink = (tint) => `var(--gs-${tint})`;

/** Parts that lie one after another stand a little apart. */
const between = (t) => (Object.keys(t.parts).length > 1 && !t.rows ? 4 : 0);

/** Sizes of one tensor in pixels: of a block along its axis and across it. */
function measured(t, first, wide) {
  const side = across(t, first);
  const lines = linesOf(t);
  const matrix = "W" in t.parts || "U" in t.parts;
  // A matrix is D or H wide, and a side of H is longer; a vector is a thin line.
  const long = (side ? t.shape[t.before.length - 1] : t.shape.at(-1)) === "H";
  const [down, right] = wide ? [[30, 48], [48, 76]] : [[28, 44], [40, 64]];
  const cross = matrix ? (side ? down : right)[+long] : 22;
  // Above each part stands its index: it needs the room.
  const room = (LETTER * index(t, lines[0].length - 1, LARGEST).length + 8) / (lines[0].length / 2);
  const along = side ? (between(t) ? Math.ceil(Math.max(26, room)) : wide ? 36 : 26) : wide ? 22 : 20;
  const [length, thick] = [along * lines[0].length + between(t), cross * lines.length];
  return { side, lines, cross, along, width: side ? length : thick, height: side ? thick : length };
}

/** Tensors from left to right, and on a new line where there is no room; texts get the room of the largest sizes. */
function placed(frame, wide, W) {
  const gap = wide ? 26 : 12;
  const count = (line) => Math.max(...line.map((block) => line.filter((other) => gateOf(other) === gateOf(block)).length));
  const head = HEAD + ROW * Math.max(...frame.tensors.flatMap((t) => Object.values(t.parts).map(count)));
  let [x, y, low] = [0, 0, 0];
  const out = frame.tensors.map((t) => {
    const m = measured(t, frame.tensors[0], wide);
    const letters = (text) => Math.ceil(LETTER * text.length);
    const last = starts(t, gateOf(m.lines[0].at(-1)));
    // With two parts one after another, each has its index above it.
    const half = between(t) ? (m.width + between(t)) / 2 : 0;
    const room = Math.max(m.width, letters(t.name), half + letters(index(t, last.at(-1), LARGEST)), letters(shape(t, LARGEST, LARGEST)));
    if (x > 0 && x + room > W + 1) [x, y, low] = [0, low + 12, low + 12];
    const at = { t, m, x, y };
    x += room + gap;
    low = Math.max(low, y + head + m.height + 20);
    return at;
  });
  return { out, head, height: low };
}

function block(ctx, id, text, tint, lit, x, y, width, height) {
  const [zero, turned, letter] = [text[0] === "0", text[0] === "-", gateOf(text)];
  const [cx, cy] = [x + width / 2, y + height / 2];
  const { set, setUI, ui } = ctx;
  const solid = lit && !zero && !turned;
  return h(
    "g",
    {
      key: id,
      class: `block${lit ? " lit" : ""}${zero ? " zero" : ""}${turned ? " turned" : ""}`,
      style: `--tint:${ink(tint)}`,
      "data-gate": letter,
      onpointerenter: (e) => e.pointerType === "mouse" && ui.over !== letter && setUI({ over: letter }),
      onclick: () => {
        ui.over = null;
        set({ gate: letter });
      },
    },
    h("rect", { key: "box", x: x + 1, y: y + 1, width: width - 2, height: height - 2, rx: 2 }),
    // The letter stands in an opening: where a gate's numbers live, it is open.
    h("circle", { key: "opening", class: "opening", cx, cy, r: solid ? Math.min(8.5, height / 2 - 2) : 0.01 }),
    h("text", { key: "letter", class: zero ? "nought" : "it", x: cx, y: cy + 4.5 }, zero ? "0" : `${turned ? MINUS : ""}${letter}`),
  );
}

function drawing(ctx, frame, lit, gates, W) {
  const { s, w, wide } = ctx;
  const [D, H] = [s.input_size, s.hidden_size];
  const { out, head, height } = placed(frame, wide, W);
  const said = [];
  const kids = out.map(({ t, m, x, y }, n) => {
    const found = starts(t, lit);
    said.push(...found.map((k) => t.name + index(t, k, H)));
    const half = between(t) ? m.lines[0].length / 2 : Infinity;
    // What stands above each part: one index for all lines of a tensor, or one for each part.
    const indices = (between(t) ? [0, 1] : [0]).map((part) => found.filter((k) => Math.floor(k / half) === part).map((k) => index(t, k, H)));
    const top = y + head;
    return h(
      "g",
      { key: `${n} ${t.name}`, class: "tensor" },
      h("text", { key: "name", class: "code name", x, y: y + 12 }, t.name),
      indices.map((texts, part) =>
        // The last stands right above the blocks.
        texts.map((text, k) => h("text", { key: `index${part} ${k}`, class: "code index-of", style: `--tint:${ink(gates[lit])}`, x: x + (part * (m.width + between(t))) / 2, y: top - 7 - ROW * (texts.length - 1 - k) }, text)),
      ),
      m.lines.map((line, row) =>
        line.map((text, k) => {
          const [along, cross] = [k * m.along + (k < half ? 0 : between(t)), row * m.cross];
          const [bx, by] = m.side ? [x + along, top + cross] : [x + cross, top + along];
          return block(ctx, `${row} ${k}`, text, gates[gateOf(text)], gateOf(text) === lit, bx, by, m.side ? m.along : m.cross, m.side ? m.cross : m.along);
        }),
      ),
      h("text", { key: "shape", class: "code shape", x, y: top + m.height + 16 }, shape(t, D, H)),
    );
  });
  const { setUI } = ctx;
  return h(
    "svg",
    { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${height}`, role: "img", "aria-label": w("alt", { framework: frame.name, places: said.join(", ") || w("nowhere") }), onpointerleave: () => ctx.ui.over && setUI({ over: null }) },
    kids,
  );
}

function panel(ctx, frame, lit, gates, W) {
  const { s, w } = ctx;
  const [first] = frame.tensors;
  const order = first ? Object.values(first.parts)[0] : [];
  const theirs = order.map((block) => frame.letters[block] ?? gateOf(block));
  const differ = theirs.some((letter, k) => letter !== order[k]);
  return h(
    "div",
    { class: "frame", key: frame.name },
    h(
      "div",
      { class: "head", key: "head" },
      h("h3", { key: "name" }, frame.name),
      first ? [frame.layer, ...frame.options].map((text) => h("code", { key: text }, text.split(/(?<=_)|(?=Cell)/).map((piece, k) => [k ? h("wbr", { key: `break${k}` }) : null, h("span", { key: k }, piece)]))) : null,
      differ ? h("p", { class: "theirs", key: "theirs" }, w("called"), " ", h("span", { class: "letters", key: "letters" }, theirs.map((letter, k) => h("i", { key: k, class: gateOf(order[k]) === lit ? "lit" : "", style: `--tint:${ink(gates[gateOf(order[k])])}` }, letter)))) : null,
    ),
    first ? drawing(ctx, frame, lit, gates, W) : h("p", { class: "none", key: "none" }, w.has(`none_${s.cell}`) ? w(`none_${s.cell}`, { framework: frame.name }) : w("none", { framework: frame.name })),
  );
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx) {
  const { s, w, wide, set, ui, setUI } = ctx;
  const { gates, frames } = entryOf(s);
  const letters = Object.keys(gates);
  const lit = ui.over in gates ? ui.over : s.gate;
  const at = letters.indexOf(s.gate);
  const W = Math.max(280, Math.min(720, Math.round(ctx.width)) - (wide ? 124 : 0));
  const to = (gate) => () => {
    ui.over = null;
    set({ gate });
  };
  return h(
    "div",
    { class: wide ? "wide" : "phone" },
    h(
      "div",
      { class: "top", key: "top" },
      h(
        "select",
        { key: "cell", "aria-label": w("cell"), value: s.cell, onchange: (e) => toCell(ctx, e.target.value) },
        s.table.map((entry) => h("option", { key: entry.cell, value: entry.cell }, w(`cell_${entry.cell}`))),
      ),
      transport({
        where: [h("i", { key: "gate", style: `color:${ink(gates[s.gate])}` }, s.gate), ` ${at + 1} `, h("span", { key: "of" }, w("of", { n: letters.length }))],
        moves: { undo: at > 0 ? to(letters[at - 1]) : null, step: at + 1 < letters.length ? to(letters[at + 1]) : null },
        names: { undo: w("undo"), step: w("step") },
      }),
    ),
    h(
      "div",
      { class: "tabs", key: "tabs", role: "group", "aria-label": w("gates"), onpointerleave: () => ui.over && setUI({ over: null }) },
      letters.map((gate) =>
        h(
          "button",
          {
            key: gate,
            type: "button",
            class: gate === lit ? "lit" : "",
            style: `--tint:${ink(gates[gate])}`,
            "aria-pressed": String(gate === s.gate),
            onpointerenter: (e) => e.pointerType === "mouse" && setUI({ over: gate }),
            onclick: to(gate),
          },
          h("i", { key: "letter" }, gate),
          h("span", { key: "name" }, ` ${w(`tab_${gate}`)}`),
        ),
      ),
    ),
    h(
      "p",
      { class: "say", key: "say", "aria-live": "polite" },
      h("span", { key: "ours" }, w("say", { gate: lit, name: w(`gate_${lit}`), place: placeText(w, frames[0], lit, s.hidden_size, true) })),
      frames.slice(1).map((frame) => [" ", h("span", { key: frame.name }, w("say_frame", { framework: frame.name, place: placeText(w, frame, lit, s.hidden_size, false) }))]),
    ),
    frames.map((frame) => panel(ctx, frame, lit, gates, W)),
    h(
      "div",
      { class: "sliders ruled", key: "sliders" },
      ["input_size", "hidden_size"].map((trait) =>
        slider({ key: trait, label: [h("i", { key: "letter" }, trait === "input_size" ? "D" : "H"), " ", h("small", { key: "name" }, w(`short_${trait}`))], name: w(`name_${trait}`), value: s[trait], min: 1, max: LARGEST, step: 1, text: String(s[trait]), oninput: (v) => set({ [trait]: v }) }),
      ),
    ),
    h(
      "ul",
      { class: "notes", key: "notes" },
      notes(ctx, lit).map((text, k) => h("li", { key: k }, text)),
    ),
  );
}

export const css = `
.rb .top{margin-bottom:10px}.rb .transport{margin:0}.rb .where{text-align:right;margin-right:6px}.where i{font-size:20px}
.tabs{display:flex;border-bottom:1px solid var(--gs-line);margin-bottom:12px}
.rb .tabs button{flex:1;border:0;border-radius:0;font-weight:500;color:var(--gs-mute);padding:0 4px;position:relative;white-space:nowrap;border-bottom:3px solid transparent;margin-bottom:-2px;transition:border-color .22s ease-out,color .22s ease-out}
.rb .tabs button i{font-size:21px;color:var(--tint)}
.rb .tabs button.lit{color:var(--gs-ink);border-bottom-color:var(--tint);font-weight:600}
.rb .say{min-height:50px;margin-bottom:14px!important}.say span{display:inline-block;text-wrap:balance}
.frame{display:grid;grid-template-columns:112px 1fr;gap:0 12px;border-top:1px solid var(--gs-line);padding:12px 0 10px}
.rb .frame h3{font:600 15px/20px var(--sans);margin:0;color:var(--gs-ink)}
.frame code{display:block;font:12px/18px var(--mono);color:var(--gs-mute);overflow-wrap:anywhere}
.rb{--mono:ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.theirs{font-size:13px;line-height:20px;color:var(--gs-mute);margin-top:4px!important;white-space:nowrap}
.theirs .letters{display:inline-flex;gap:7px;margin-left:2px}.theirs i{font-size:16px;color:var(--gs-mute)}.theirs i.lit{color:var(--tint);font-weight:700}
.rb .none{font-size:14px;line-height:20px;color:var(--gs-mute);text-wrap:pretty}
.rb svg text{fill:var(--gs-mute);font-size:12px}
.rb svg .code{font-family:var(--mono)}.rb svg .name{fill:var(--gs-ink);font-weight:600}.rb svg .index-of{fill:var(--tint);font-weight:600}
.block{cursor:pointer}
.block rect{fill:color-mix(in srgb,var(--tint) 18%,var(--gs-paper));stroke:transparent;stroke-width:1.5;transition:fill .22s ease-out,stroke .22s ease-out}
.block:hover rect{fill:color-mix(in srgb,var(--tint) 32%,var(--gs-paper))}
.rb svg .block text{text-anchor:middle}.rb svg .block .it{font-size:15px}
.block .opening{fill:var(--gs-paper);transition:r .22s ease-out}
.block.zero rect{fill:var(--gs-paper);stroke:var(--gs-faint);stroke-width:1;stroke-dasharray:2 3}
.block.lit rect{fill:var(--tint)}
.rb svg .block.lit text{fill:var(--tint);font-weight:700}
.block.lit.zero rect,.block.lit.turned rect{fill:color-mix(in srgb,var(--tint) 12%,var(--gs-paper));stroke:var(--tint);stroke-width:2}
.block.lit.zero rect{fill:var(--gs-paper);stroke-dasharray:4 3}
.rb .notes{margin:6px 0 0;padding:10px 0 0 18px;border-top:1px solid var(--gs-line);min-height:97px;color:var(--gs-mute);font-size:14px;line-height:21px}
.notes li{text-wrap:pretty}
.rb .sliders{grid-template-columns:1fr 1fr}
.slider{grid-template-columns:130px 1fr 32px}
.phone .top{display:grid;grid-template-columns:1fr;gap:8px}.rb .phone select{width:100%}
.rb .phone .tabs button{line-height:17px;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:2px;min-height:58px;font-size:13px}
.rb .phone .say{min-height:92px}
.phone .frame{grid-template-columns:1fr;gap:8px}
.phone .head{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 10px}.phone .theirs{margin:0!important}
.rb .phone .sliders{grid-template-columns:1fr}
.rb .phone .notes{min-height:139px}
`;
