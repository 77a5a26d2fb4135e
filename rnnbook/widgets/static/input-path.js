// One picture on its way through a net of dense layers. Each layer is computed from what stands to its left, and is
// shown when it has been computed.

import { ACTIVATIONS, feedforward, zeros } from "./core.js";
import { expect, h, icon, num, sym, transport } from "./host.js";

export const name = "input-path";

/** What a drawing can hold: the same numbers as in input_path.py. */
export const MAX = { layers: 4, units: 128, outputs: 16, side: 16, pictures: 8 };

const argmax = (v) => v.indexOf(Math.max(...v));
const largest = (...lists) => Math.max(1e-9, ...lists.flat().map(Math.abs));

// --- state --------------------------------------------------------------------------------------------------------
const pixelsOf = (s) => s.drawn ?? s.pictures[s.row];

function ink(name_, values, D) {
  expect.array(name_, values, [D]).forEach((v, j) => expect.number(`${name_}[${j}]`, v, 0, 1));
}

export function check(s) {
  const L = expect.list("layers", s.layers).length;
  expect.number("L", L, 1, MAX.layers);
  const [rows, columns] = expect.array("shape", s.shape, [2]);
  expect.index("shape[0]", rows, 1, MAX.side);
  expect.index("shape[1]", columns, 1, MAX.side);
  let size = rows * columns;
  s.layers.forEach((layer, k) => {
    const of = `layers[${k}]`;
    expect.object(of, layer);
    expect.one(`${of}.activation`, layer.activation, Object.keys(ACTIVATIONS));
    const n = expect.list(`${of}.W`, layer.W).length;
    expect.number(`${of}.W.length`, n, 1, k === L - 1 ? MAX.outputs : MAX.units);
    expect.array(`${of}.W`, layer.W, [n, size]);
    expect.array(`${of}.b`, layer.b, [n]);
    size = n;
  });
  const N = expect.list("pictures", s.pictures).length;
  expect.number("N", N, 1, MAX.pictures);
  s.pictures.forEach((picture, k) => ink(`pictures[${k}]`, picture, rows * columns));
  expect.list("labels", s.labels, N).forEach((label, k) => expect.index(`labels[${k}]`, label, 0, size - 1));
  expect.index("row", s.row, 0, N - 1);
  expect.index("station", s.station, 0, L + 1);
  expect.list("chosen", s.chosen, L).forEach((unit, k) => expect.index(`chosen[${k}]`, unit, 0, s.layers[k].b.length - 1));
  if (s.drawn !== null) ink("drawn", s.drawn, rows * columns);
}

/** The names of the stations: input, layers, softmax. */
function stations({ s, w }) {
  const L = s.layers.length;
  const layers = s.layers.map((_, k) => (k === L - 1 ? w("output") : `${w("hidden")}${L > 2 ? ` ${k + 1}` : ""}`));
  return [w("input"), ...layers, w("softmax")];
}

// --- where things stand -------------------------------------------------------------------------------------------
const TALL = 224; // of a picture, and of all that stands beside it
const TOP = 26;

/** Boxes {x, y, w, h, …} of the stations: side by side where there is room, else below each other. */
function layout(ctx) {
  const { s } = ctx;
  const W = Math.round(Math.min(ctx.width, 720));
  const [rows, columns] = s.shape;
  const cell = Math.min(40, Math.floor(TALL / Math.max(rows, columns)));
  const m = s.layers.at(-1).b.length;
  const hidden = s.layers.slice(0, -1).map(({ b }) => b.length);
  const picture = { kind: "input", cell, w: columns * cell, h: rows * cell };
  const beside = hidden.map((n) => {
    const size = [28, 22, 18, 14].find((c) => Math.ceil(n / Math.floor(TALL / c)) * c <= 150) ?? 14;
    const per = Math.min(n, Math.floor(TALL / size));
    return { kind: "hidden", n, size, per, across: false, w: Math.ceil(n / per) * size, h: per * size };
  });
  const each = Math.min(26, TALL / m);
  const boxes = [picture, ...beside, { kind: "output", n: m, each, w: 104, h: m * each }, { kind: "softmax", n: m, each, w: 132, h: m * each }];
  const gap = (W - boxes.reduce((sum, box) => sum + box.w, 0)) / (boxes.length - 1);
  if (gap >= 30) {
    let x = 0;
    for (const box of boxes) {
      Object.assign(box, { x, y: TOP });
      x += box.w + gap;
    }
    return { W, H: TOP + TALL + 6, boxes, side: true };
  }
  // Below each other. A layer's units stand in rows, outputs in columns.
  let y = 0;
  for (const box of boxes) {
    box.x = 0;
    box.y = y;
    if (box.kind === "hidden") {
      const lines = Math.ceil(box.n / Math.floor(W / 22));
      box.per = Math.ceil(box.n / lines);
      box.size = Math.min(28, W / box.per);
      Object.assign(box, { across: true, w: box.per * box.size, h: lines * box.size });
    } else if (box.kind !== "input") {
      box.each = W / box.n;
      Object.assign(box, { w: W, h: box.kind === "output" ? 76 : 86 });
    }
    y += box.h + 34;
  }
  return { W, H: y - 28, boxes, side: false };
}

/** The place of one unit in its box. */
function place(box, k) {
  if (box.kind === "hidden") {
    const [along, line] = [k % box.per, Math.floor(k / box.per)];
    const [x, y] = box.across ? [along, line] : [line, along];
    return { x: box.x + x * box.size, y: box.y + y * box.size, w: box.size, h: box.size };
  }
  const columns = box.w > 140;
  return columns
    ? { x: box.x + k * box.each, y: box.y, w: box.each, h: box.h }
    : { x: box.x, y: box.y + k * box.each, w: box.w, h: box.each };
}

// --- drawing ------------------------------------------------------------------------------------------------------

/** A square whose area is the value's size: solid if positive, outlined if negative. */
function square(key, cls, value, most, x, y, cell, onclick) {
  const side = Math.sqrt(Math.min(Math.abs(value) / most, 1)) * cell * 0.9;
  const thin = value < 0 ? Math.min(1.25, side / 2) : 0;
  const inside = Math.max(side - thin, 0);
  return h("rect", { key, class: `sq ${cls}${value < 0 ? " minus" : ""}`, x: x + (cell - inside) / 2, y: y + (cell - inside) / 2, width: inside, height: inside, "stroke-width": thin, onclick });
}

const shades = (pixels, columns, cell) =>
  pixels.map((v, k) => v > 0 && h("rect", { key: k, class: "ink", x: (k % columns) * cell, y: Math.floor(k / columns) * cell, width: cell, height: cell, opacity: v }));

const thumb = (pixels, [rows, columns]) =>
  h("svg", { viewBox: `0 0 ${columns} ${rows}`, "aria-hidden": "true", "shape-rendering": "crispEdges" }, shades(pixels, columns, 1));

/** A list of signed values as bars about a line, at x + k · step. */
function bars(key, cls, values, most, x, mid, step, half, lit) {
  const width = Math.max(Math.min(step * 0.7, 16), 2);
  return values.map((v, k) => {
    const tall = Math.max((Math.abs(v) / most) * half, 0.6);
    return h("rect", { key: `${key}${k}`, class: `signed ${cls}${v < 0 ? " minus" : ""}${lit === k ? " lit" : ""}`, x: x + k * step + (step - width) / 2, y: v < 0 ? mid : mid - tall, width, height: tall });
  });
}

function overview(ctx, c, lay) {
  const { s, w, set } = ctx;
  const { boxes, W, H, side } = lay;
  const now = s.station;
  const kids = [];
  const at = (...nodes) => kids.push(...nodes);
  const choose = (layer, unit) => () => set({ chosen: s.chosen.map((old, k) => (k === layer ? unit : old)) });
  const heads = stations(ctx);

  // What the lit unit reads: all that stands before it.
  if (now > 0) {
    const from = boxes[now - 1];
    const layer = Math.min(now, s.layers.length) - 1;
    const to = place(boxes[now], s.chosen[layer]);
    const corners = side
      ? [[from.x + from.w + 3, from.y], [to.x - 3, to.y + 2], [to.x - 3, to.y + to.h - 2], [from.x + from.w + 3, from.y + from.h]]
      : [[from.x, from.y + from.h + 3], [to.x + 2, to.y - 2], [to.x + to.w - 2, to.y - 2], [from.x + from.w, from.y + from.h + 3]];
    at(h("path", { key: "reads", class: "reads", d: `M${corners.map((p) => p.join(" ")).join("L")}Z` }));
  }

  boxes.forEach((box, j) => {
    const count = j === 0 ? c.x.length : box.n;
    const text = `${side ? "" : `${heads[j]}: `}${w(`count_${box.kind}`, { n: count })}`;
    if (side || j) at(h("text", { key: `head${j}`, class: `head${j === now ? " on" : ""}`, x: box.x, y: box.y - 10 }, text));
  });

  boxes.forEach((box, j) => {
    if (box.kind === "input") return;
    const layer = Math.min(j, s.layers.length) - 1;
    const done = now >= j;
    const unit = s.chosen[layer];
    const state = !done ? "wait" : now === j ? "now" : "done";
    if (box.kind === "hidden") {
      const { y } = c.steps[layer];
      const most = largest(y);
      y.forEach((v, k) => {
        const p = place(box, k);
        at(h("rect", { key: `c${j}-${k}`, class: `cell${done && k === unit ? " chosen" : ""}`, x: p.x + 0.5, y: p.y + 0.5, width: p.w - 1, height: p.h - 1, onclick: done ? choose(layer, k) : null }));
        if (done) at(square(`v${j}-${k}`, `h ${state}`, v, most, p.x, p.y, box.size));
        else at(h("circle", { key: `w${j}-${k}`, class: "dot", cx: p.x + p.w / 2, cy: p.y + p.h / 2, r: 1.3 }));
      });
      return;
    }
    const output = box.kind === "output";
    const values = output ? c.steps.at(-1).y : c.p;
    const best = argmax(values);
    const columns = box.w > 140;
    const most = output ? largest(values) : 1;
    values.forEach((v, k) => {
      const p = place(box, k);
      const look = `${state}${k === best ? " best" : ""}`;
      at(h("rect", { key: `hit${j}-${k}`, class: `hit${done && k === unit && now === j ? " chosen" : ""}`, x: p.x, y: p.y, width: p.w, height: p.h, onclick: done ? choose(layer, k) : null }));
      if (columns) {
        const base = p.y + p.h - 20;
        const mid = output ? p.y + (p.h - 20) / 2 : base;
        at(h("text", { key: `d${j}-${k}`, class: `mid digit${done && k === best ? " best" : ""}`, x: p.x + p.w / 2, y: p.y + p.h - 5 }, String(k)));
        if (!done) at(h("circle", { key: `w${j}-${k}`, class: "dot", cx: p.x + p.w / 2, cy: mid, r: 1.3 }));
        else {
          const tall = Math.max((Math.abs(v) / most) * (output ? (p.h - 24) / 2 : p.h - 40), 0.75);
          at(h("rect", { key: `v${j}-${k}`, class: `out ${look}${v < 0 ? " minus" : ""}`, x: p.x + p.w * 0.2, y: v < 0 ? mid : mid - tall, width: p.w * 0.6, height: tall }));
          if (!output && p.w > 28) at(h("text", { key: `n${j}-${k}`, class: `mid number${k === best ? " best" : ""}`, x: p.x + p.w / 2, y: base - tall - 5 }, share(v)));
        }
      } else {
        const mid = p.y + p.h / 2;
        const tall = Math.min(p.h * 0.62, 15);
        at(h("text", { key: `d${j}-${k}`, class: `mid digit${done && k === best ? " best" : ""}`, x: p.x + 7, y: mid + 4.5 }, String(k)));
        const zero = output ? p.x + 60 : p.x + 20;
        if (!done) at(h("circle", { key: `w${j}-${k}`, class: "dot", cx: zero + (output ? 0 : 4), cy: mid, r: 1.3 }));
        else {
          const long = Math.max((Math.abs(v) / most) * (output ? 42 : 70), 0.75);
          at(h("rect", { key: `v${j}-${k}`, class: `out ${look}${v < 0 ? " minus" : ""}`, x: v < 0 ? zero - long : zero, y: mid - tall / 2, width: long, height: tall }));
          if (!output) at(h("text", { key: `n${j}-${k}`, class: `number${k === best ? " best" : ""}`, x: zero + 75, y: mid + 4.5 }, share(v)));
        }
      }
    });
    if (output) at(h("path", { key: `zero${j}`, class: "zero", d: columns ? `M0 ${box.y + (box.h - 20) / 2}H${W}` : `M${box.x + 60} ${box.y}V${box.y + box.h}` }));
  });
  return h("svg", { key: "overview", class: "overview", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": seen(ctx, c) }, kids);
}

/** A probability in four letters. */
const share = (v) => (v < 0.005 ? "≈0" : v.toFixed(2));

/** What is drawn, in words: only what has been computed. */
function seen({ s, w }, c) {
  const L = s.layers.length;
  const parts = s.layers.slice(0, Math.min(s.station, L)).map((_, k) =>
    c.steps[k].y.length <= 40 ? `${w(k === L - 1 ? "output" : "hidden")}: ${c.steps[k].y.map(num).join(", ")}.` : "",
  );
  if (s.station > L) parts.push(`${w("softmax")}: ${c.p.map((v, k) => `${k}: ${num(v)}`).join(", ")}.`);
  return [w("alt"), ...parts].filter(Boolean).join(" ");
}

// --- the picture: one control, drawn on with a pointer or with arrow keys and Space ---------------------------------
const shade = (v) => (v === 0 || v === 1 ? String(v) : v.toFixed(2));
const cursorOf = (ctx) => ctx.ui.cursor ?? [Math.floor((ctx.s.shape[0] - 1) / 2), Math.floor((ctx.s.shape[1] - 1) / 2)];

function picture(ctx, lay) {
  const { s, w, ui, set } = ctx;
  const [rows, columns] = s.shape;
  const x = pixelsOf(s);
  const box = lay.boxes[0];
  const [r0, c0] = cursorOf(ctx);

  function pointed(event) {
    const b = event.currentTarget.getBoundingClientRect();
    const within = (v, n) => Math.min(Math.max(Math.floor(v), 0), n - 1);
    return [within(((event.clientY - b.top) / b.height) * rows, rows), within(((event.clientX - b.left) / b.width) * columns, columns)];
  }
  // A quick stroke skips pixels between two events: they are filled in.
  function stroke(from, to) {
    const drawn = [...pixelsOf(s)];
    const n = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
    for (let k = 0; k <= n; k++) {
      const [r, c] = [0, 1].map((i) => Math.round(from[i] + ((to[i] - from[i]) * k) / n));
      drawn[r * columns + c] = ui.stroke;
    }
    ui.cursor = ui.last = to;
    set({ drawn });
  }
  return h(
    "div",
    {
      key: "picture",
      class: "picture",
      role: "grid",
      tabindex: "0",
      "aria-label": w("picture", { rows, columns }),
      "aria-activedescendant": `pixel-${r0}-${c0}`,
      style: `left:${box.x}px;top:${box.y}px;width:${box.w}px;height:${box.h}px`,
      onpointerdown: (event) => {
        if (event.button) return;
        const to = pointed(event);
        event.currentTarget.setPointerCapture?.(event.pointerId);
        ui.stroke = x[to[0] * columns + to[1]] >= 0.5 ? 0 : 1;
        stroke(to, to);
      },
      onpointermove: (event) => {
        if (ui.stroke == null || !(event.buttons & 1)) return;
        const to = pointed(event);
        if (to[0] !== ui.last[0] || to[1] !== ui.last[1]) stroke(ui.last, to);
      },
      onpointerup: () => (ui.stroke = null),
      onpointercancel: () => (ui.stroke = null),
    },
    zeros(rows).map((_, r) =>
      h(
        "div",
        { role: "row", key: r },
        zeros(columns).map((_, c) => {
          const v = x[r * columns + c];
          return h("div", {
            key: c,
            id: `pixel-${r}-${c}`,
            role: "gridcell",
            class: r === r0 && c === c0 ? "cursor" : "",
            "aria-label": w("pixel", { r: r + 1, c: c + 1, v: shade(v) }),
            style: `--v:${v};left:${(c / columns) * 100}%;top:${(r / rows) * 100}%;width:${100 / columns}%;height:${100 / rows}%`,
          });
        }),
      ),
    ),
  );
}

// --- what one station does, with its numbers ------------------------------------------------------------------------
const figure = (v) => (v === Infinity ? "∞" : num(v)); // e to the power of a large sum
const term = (letter, value, cls = "") => h("span", { class: `term ${cls}` }, h("span", { class: "letter" }, letter), h("span", { class: "number n" }, value == null ? "" : figure(value)));
const sign = (text) => h("span", { class: "sign" }, text);
const sub = (...kids) => h("sub", null, kids);

/** Letters of a layer: what it reads, its sums, what it says. */
function letters(s, layer) {
  const L = s.layers.length;
  const mark = (k) => (L > 2 ? "′".repeat(k) : "");
  return { x: layer === 0 ? "x" : `h${mark(layer - 1)}`, y: layer === L - 1 ? "y" : `h${mark(layer)}` };
}

function inputDetail({ s, w, width }, c) {
  const [rows, columns] = s.shape;
  if (columns * 33 > Math.min(width, 720) || rows > 10) return h("p", { class: "lone", key: "lone" }, w("numbers_many", { n: c.x.length }));
  return h(
    "div",
    { class: "numbers n", key: "numbers", style: `grid-template-columns:repeat(${columns},minmax(0,${columns <= 8 ? 52 : 44}px))`, "aria-hidden": "true" },
    c.x.map((v, k) => h("span", { key: k, class: v ? "some" : "" }, shade(v))),
  );
}

/** x, w and w·x of one unit that reads the picture: three small pictures. */
function threePictures(ctx, c, layer, unit) {
  const { s, w } = ctx;
  const [rows, columns] = s.shape;
  const weights = s.layers[layer].W[unit];
  const most = largest(...s.layers[layer].W);
  const room = Math.min(ctx.width, 720);
  const side = room >= 520 ? 128 : Math.floor((room - 52) / 3);
  const cell = side / Math.max(rows, columns);
  const { x } = letters(s, layer);
  const frame = (key, head, kids) =>
    h(
      "figure",
      { key },
      h("svg", { viewBox: `0 0 ${columns * cell} ${rows * cell}`, style: `width:${columns * cell}px`, "aria-hidden": "true" }, h("rect", { key: "f", class: "frame", x: 0.5, y: 0.5, width: columns * cell - 1, height: rows * cell - 1 }), kids),
      h("figcaption", null, head),
    );
  const squares = (values) => values.map((v, k) => square(k, "w", v, most, (k % columns) * cell, Math.floor(k / columns) * cell, cell));
  return h(
    "div",
    { class: "three", key: "three" },
    frame("w", [w("weights"), " ", sym("w")], squares(weights)),
    h("span", { key: "dot", class: "sign" }, "·"),
    frame("x", [w("pixels"), " ", sym(x)], shades(c.x, columns, cell)),
    h("span", { key: "is", class: "sign" }, "="),
    frame("p", [w("products"), " ", sym(`w${x}`)], squares(weights.map((v, k) => v * c.x[k]))),
  );
}

/** The same for a unit that reads another layer: three rows of bars. */
function threeRows(ctx, c, layer, unit) {
  const { s, w } = ctx;
  const { W, b } = s.layers[layer];
  const said = c.steps[layer].x;
  const full = Math.round(Math.min(ctx.width, 720));
  const wide = full >= 520;
  const left = wide ? 108 : 0;
  const step = Math.min((full - left) / said.length, 40);
  const products = W[unit].map((v, k) => v * said[k]);
  const { x } = letters(s, layer);
  const strongest = products.map(Math.abs);
  const lit = argmax(strongest);
  const every = wide ? 46 : 58;
  const rows = [
    ["w", [w("weights"), " "], "w", W[unit], largest(...W)],
    [x, [w("values"), " "], "h", said, largest(said)],
    [`w${x}`, [w("products"), " "], "p", products, Math.max(largest(products), 0.5 * Math.abs(b[unit]))],
  ];
  const base = wide ? 0 : 16;
  return h(
    "svg",
    { class: "rows", key: "rows", viewBox: `0 0 ${full} ${3 * every}`, "aria-hidden": "true" },
    rows.map(([letter, head, cls, values, most], k) => {
      const mid = k * every + base + 21;
      return [
        h("text", { key: `head${k}`, class: "head", x: 0, y: wide ? mid + 5 : k * every + 12 }, head, h("tspan", { class: "it" }, letter)),
        h("path", { key: `zero${k}`, class: "zero", d: `M${left} ${mid}H${left + step * values.length}` }),
        bars(`b${k}-`, cls, values, most, left, mid, step, 19, k === 2 ? lit : null),
      ];
    }),
  );
}

/** Whether the table of the softmax stands upright: a row for each output. */
const upright = (ctx) => ctx.s.layers.at(-1).b.length * 64 + 60 > Math.min(ctx.width, 720);

/** Room for the largest of the details: nothing below it shifts. */
function room(ctx) {
  const [rows, columns] = ctx.s.shape;
  const W = Math.min(ctx.width, 720);
  const wide = W >= 520;
  const n = ctx.s.layers.at(-1).b.length;
  const numbers = columns * 33 > W || rows > 10 ? 0 : rows * 20;
  return 20 + Math.max(numbers, wide ? 158 : 184, upright(ctx) ? 21 * (n + 1) : 136);
}

function softmaxDetail(ctx, c, unit) {
  const { w } = ctx;
  const { y } = c.steps.at(-1);
  const e = y.map(Math.exp);
  const rows = [
    [sym("y"), y],
    [[h("i", null, "e"), h("sup", null, h("i", null, "y"))], e],
    [sym("p"), c.p],
  ];
  return h(
    "table",
    { class: `soft n${upright(ctx) ? " upright" : ""}`, key: "soft" },
    h("caption", { class: "hide" }, w("table")),
    h("thead", null, h("tr", null, h("th", { key: "head", scope: "col" }, w("digit")), y.map((_, k) => h("th", { key: k, scope: "col", class: k === unit ? "on" : "" }, String(k))))),
    h("tbody", null, rows.map(([head, values], r) => h("tr", { key: r }, h("th", { key: "head", scope: "row" }, head), values.map((v, k) => h("td", { key: k, class: k === unit ? "on" : "" }, figure(v)))))),
  );
}

function chooser(ctx, layer) {
  const { s, w, set } = ctx;
  const n = s.layers[layer].b.length;
  const last = layer === s.layers.length - 1;
  const unit = s.chosen[layer];
  const pick = (k) => set({ chosen: s.chosen.map((old, j) => (j === layer ? (k + n) % n : old)) });
  const label = (k) => w(last ? "digit_k" : "unit_k", { k: last ? k : k + 1, n });
  return h(
    "div",
    { class: "chooser", key: `chooser${layer}` },
    h("button", { key: "down", type: "button", "aria-label": w("before"), onclick: () => pick(unit - 1) }, icon("left")),
    h("select", { key: "pick", "aria-label": w(last ? "choose_digit" : "choose_unit"), value: String(unit), onchange: (event) => pick(+event.target.value) }, s.layers[layer].b.map((_, k) => h("option", { key: k, value: String(k) }, label(k)))),
    h("button", { key: "up", type: "button", "aria-label": w("after"), onclick: () => pick(unit + 1) }, icon("right")),
  );
}

function equation(ctx, c) {
  const { s } = ctx;
  const L = s.layers.length;
  if (s.station === 0) return null;
  const layer = Math.min(s.station, L) - 1;
  const unit = s.chosen[layer];
  const { activation, b } = s.layers[layer];
  const { x, y } = letters(s, layer);
  const index = layer === L - 1 ? unit : unit + 1;
  if (s.station > L) {
    const e = c.steps.at(-1).y.map(Math.exp);
    return [
      term([sym("p"), sub(unit)], c.p[unit]),
      sign("="),
      term([h("i", null, "e"), h("sup", null, h("i", null, "y"), sub(unit))], e[unit]),
      sign("/"),
      term(["Σ ", h("i", null, "e"), h("sup", null, h("i", null, "y"))], e.reduce((u, v) => u + v)),
    ];
  }
  const { a, y: said } = c.steps[layer];
  const plain = activation === "identity";
  return [
    term([h("i", null, y), sub(index)], said[unit], layer < L - 1 ? "h" : ""),
    sign("="),
    plain ? null : sign(`${activation}(`),
    term(["Σ ", h("i", null, `w${x}`)], a[unit] - b[unit]),
    sign("+"),
    term([h("i", null, "b"), sub(index)], b[unit]),
    plain ? null : sign(")"),
  ];
}

function sentence({ s, w }, c) {
  const L = s.layers.length;
  if (s.station === 0) return w("say_input", { n: c.x.length });
  const layer = Math.min(s.station, L) - 1;
  const { a, y, x } = c.steps[layer];
  const unit = s.chosen[layer];
  const best = argmax(c.p);
  if (s.station > L) {
    if (s.drawn !== null) return w("say_drawn", { best, p: num(c.p[best]) });
    return w(best === s.labels[s.row] ? "say_right" : "say_wrong", { best, p: num(c.p[best]), label: s.labels[s.row] });
  }
  if (s.station === L) return w(unit === argmax(y) ? "say_largest" : "say_output", { k: unit, n: x.length, y: num(y[unit]), best: argmax(y) });
  const phi = s.layers[layer].activation;
  return w(phi === "identity" ? "say_plain" : "say_hidden", { k: unit + 1, n: x.length, a: num(a[unit]), phi, h: num(y[unit]) });
}

// --- the widget ---------------------------------------------------------------------------------------------------
export function view(ctx) {
  const { s, w, ui, set } = ctx;
  const x = pixelsOf(s);
  const c = { x, ...feedforward(s.layers, x) };
  const L = s.layers.length;
  const lay = layout(ctx);
  const now = s.station;
  const go = (station) => () => set({ station });
  const layer = Math.min(now, L) - 1;
  const heads = stations(ctx);
  const detail =
    now === 0 ? inputDetail(ctx, c) : now > L ? softmaxDetail(ctx, c, s.chosen[layer]) : layer === 0 ? threePictures(ctx, c, 0, s.chosen[0]) : threeRows(ctx, c, layer, s.chosen[layer]);
  return h(
    "div",
    { class: `path ${lay.side ? "side" : "stack"}${L > 2 ? " deep" : ""}` },
    h(
      "div",
      { class: "pictures", key: "pictures", role: "group", "aria-label": w("choose_picture") },
      s.pictures.map((pixels, k) =>
        h(
          "button",
          { key: k, type: "button", class: "thumb", "aria-label": w("picture_k", { k: k + 1, label: s.labels[k] }), "aria-pressed": String(s.drawn === null && k === s.row), onclick: () => set({ row: k, drawn: null, chosen: [...s.chosen.slice(0, -1), argmax(feedforward(s.layers, pixels).p)] }) },
          thumb(pixels, s.shape),
        ),
      ),
      h("button", { key: "clear", type: "button", class: "clear", onclick: () => set({ drawn: zeros(x.length) }) }, w("clear")),
    ),
    h(
      "div",
      { class: "tabs", key: "tabs", style: lay.side ? `height:44px` : "" },
      heads.map((head, j) => {
        const box = lay.boxes[j];
        const ends = lay.side ? [j ? lay.boxes[j - 1].x + lay.boxes[j - 1].w : -box.x, j < heads.length - 1 ? lay.boxes[j + 1].x : 2 * lay.W - box.x - box.w] : [];
        const left = (ends[0] + box.x) / 2;
        const right = (ends[1] + box.x + box.w) / 2;
        return h(
          "button",
          { key: j, type: "button", class: "tab", "aria-current": j === now ? "step" : null, style: lay.side ? `left:${Math.max(left, 0)}px;width:${Math.min(right, lay.W) - Math.max(left, 0)}px` : "", onclick: go(j) },
          head,
        );
      }),
    ),
    h("div", { class: "field", key: "field", style: `height:${lay.H}px` }, overview(ctx, c, lay), picture(ctx, lay), lay.side ? null : h("p", { class: "hint note", key: "hint", style: `left:${lay.boxes[0].w + 16}px` }, w("hint"))),
    lay.side ? h("p", { class: "note under", key: "under" }, w("hint")) : null,
    h(
      "div",
      { class: "detail ruled", key: "detail" },
      h("div", { class: "which", key: "which" }, now > 0 ? chooser(ctx, layer) : h("p", { class: "lead", key: "lead" }, w("lead"))),
      h("div", { class: "body", key: "body", style: `min-height:${room(ctx)}px` }, detail),
      h("div", { class: "equation", key: "equation" }, equation(ctx, c)),
    ),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, c)),
    h("p", { class: "hide", key: "heard", "aria-live": "polite" }, ui.heard ?? ""),
    transport({
      where: [`${now + 1} `, h("span", null, w("of", { n: L + 2 }))],
      moves: { first: now > 0 ? go(0) : null, undo: now > 0 ? go(now - 1) : null, step: now <= L ? go(now + 1) : null, last: now <= L ? go(L + 1) : null },
      names: { first: w("to_start"), undo: w("undo"), step: w("step"), last: w("to_end") },
    }),
  );
}

export function key(ctx, event) {
  const { s, w } = ctx;
  if (event.composedPath()[0].classList?.contains("picture")) {
    const [rows, columns] = s.shape;
    let [r, c] = cursorOf(ctx);
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (move) [r, c] = [Math.min(Math.max(r + move[0], 0), rows - 1), Math.min(Math.max(c + move[1], 0), columns - 1)];
    else if (event.key === "Home") c = 0;
    else if (event.key === "End") c = columns - 1;
    else if (event.key === " " || event.key === "Enter") {
      const drawn = [...pixelsOf(s)];
      const v = drawn[r * columns + c] >= 0.5 ? 0 : 1;
      drawn[r * columns + c] = v;
      ctx.ui.heard = w("pixel", { r: r + 1, c: c + 1, v });
      ctx.set({ drawn });
      return true;
    } else return false;
    ctx.setUI({ cursor: [r, c] });
    return true;
  }
  const L = s.layers.length;
  const to = { ArrowRight: s.station + 1, ArrowLeft: s.station - 1, Home: 0, End: L + 1 }[event.key];
  if (to == null) return false;
  if (to >= 0 && to <= L + 1) ctx.set({ station: to });
  return true;
}

export const css = `
.path{--quick:220ms ease-out}
.pictures{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin-bottom:6px}
.rb .thumb{padding:5px;width:44px;height:44px;flex:none}
.rb .thumb[aria-pressed=true]{border:2px solid var(--gs-ink);padding:4px}
.thumb .ink,.overview .ink,.three .ink{fill:var(--gs-ink)}
.rb .clear{margin-left:auto;font-weight:500}
.tabs{position:relative;display:flex;border-bottom:1px solid var(--gs-line);margin-bottom:10px}
.rb .tab{border:0;border-radius:0;font-weight:500;color:var(--gs-mute);padding:0 4px;min-height:44px;flex:1;border-bottom:3px solid transparent;margin-bottom:-1px}
.side .tab{position:absolute;top:0;height:44px}
.rb .tab[aria-current]{color:var(--gs-ink);font-weight:600;border-bottom-color:var(--gs-ink)}
.stack.deep .tab{font-size:12px;padding:0}
.field{position:relative}
.rb .overview{position:absolute;inset:0;height:100%}
.overview text,.rows text{font-size:13px;fill:var(--gs-mute)}
.overview .mid{text-anchor:middle}
.overview .head.on,.overview .digit.best,.overview .number.best{fill:var(--gs-ink);font-weight:600}
.overview .digit{font-size:14px;font-variant-numeric:tabular-nums}.overview .number{font-size:12.5px;font-variant-numeric:tabular-nums}
.stack .overview .number{font-size:12px}
.reads{fill:var(--gs-wash);stroke:var(--gs-line)}
.overview .cell{fill:var(--gs-paper);stroke:var(--gs-line);cursor:pointer}
.overview .cell.chosen{stroke:var(--gs-ink);stroke-width:2}
.overview .hit{fill:transparent;cursor:pointer}.overview .hit.chosen{stroke:var(--gs-ink);stroke-width:1.5}
.dot{fill:var(--gs-faint)}.zero{stroke:var(--gs-line)}
.sq{pointer-events:none;transition:x var(--quick),y var(--quick),width var(--quick),height var(--quick)}
.sq.h{fill:var(--gs-h);stroke:var(--gs-h)}.sq.h.minus{fill:color-mix(in srgb,var(--gs-h) 18%,transparent)}.sq.h.done{opacity:.6}
.sq.w{fill:var(--gs-ink);stroke:var(--gs-ink)}.sq.w.minus{fill:color-mix(in srgb,var(--gs-ink) 12%,transparent)}
.out{pointer-events:none;fill:var(--gs-faint);transition:x var(--quick),y var(--quick),width var(--quick),height var(--quick)}
.out.best{fill:var(--gs-ink)}
.out.minus{fill:color-mix(in srgb,var(--gs-faint) 16%,transparent);stroke:var(--gs-faint);stroke-width:1.25}
.signed{fill:var(--gs-ink);transition:y var(--quick),height var(--quick)}.signed.h{fill:var(--gs-h)}
.signed.minus{fill:color-mix(in srgb,var(--gs-ink) 12%,transparent);stroke:var(--gs-ink);stroke-width:1.1}
.signed.h.minus{fill:color-mix(in srgb,var(--gs-h) 18%,transparent);stroke:var(--gs-h)}
.picture{position:absolute;touch-action:pinch-zoom;cursor:crosshair;outline:1px solid var(--gs-faint);user-select:none}
.picture [role=row]{display:contents}
.picture [role=gridcell]{position:absolute;background:color-mix(in srgb,var(--gs-ink) calc(var(--v)*100%),var(--gs-paper));box-shadow:inset 0 0 0 .5px var(--gs-line)}
.rb .picture:focus-visible{outline:3px solid var(--focus);outline-offset:3px}
.picture:focus-visible .cursor{outline:3px solid var(--focus);outline-offset:-2px;z-index:1}
.hint{position:absolute;top:0;right:0}
.under{margin:4px 0 0!important}
.detail{margin-top:12px}
.which{min-height:46px;display:flex;align-items:center;justify-content:center}
.lead{color:var(--gs-mute);text-align:center;text-wrap:balance}
.chooser{display:flex;gap:6px;align-items:center}.chooser button{display:inline-flex;align-items:center;justify-content:center;padding:0}
.chooser button svg{width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.chooser select{min-width:158px}
.body{display:flex;align-items:center;justify-content:center;padding:8px 0}
.three{display:flex;align-items:center;gap:14px}
.three figure{margin:0}.three figcaption{font-size:13px;color:var(--gs-mute);text-align:center;margin-top:4px;white-space:nowrap}
.three .frame{fill:none;stroke:var(--gs-line)}
.numbers{display:grid;justify-content:center;width:100%;font-size:12.5px;line-height:20px;text-align:center;color:var(--gs-faint)}.numbers span{color:var(--gs-mute)}.numbers .some{color:var(--gs-ink);font-weight:600}
.lone{color:var(--gs-mute)}
.soft{border-collapse:collapse;font-size:13.5px}
.soft th,.soft td{padding:5px 8px;text-align:right;font-weight:400}.soft th{color:var(--gs-mute)}.soft th[scope=row]{text-align:left;padding-left:0}
.soft .on{background:var(--gs-wash);font-weight:600;color:var(--gs-ink)}
.soft.upright,.upright thead,.upright tbody{display:flex;justify-content:center}.upright tr{display:flex;flex-direction:column}.upright th,.upright td{padding:0 10px;line-height:21px;text-align:right;min-height:21px}.soft.upright th[scope=row]{text-align:right;padding:0 10px}
.soft sup{font-size:.72em;line-height:0}
.equation{min-height:66px;display:flex;flex-wrap:wrap;justify-content:center;align-items:flex-start;gap:4px 8px}
.equation .term{display:flex;flex-direction:column;align-items:center;font:22px/1.3 var(--math);min-width:34px;white-space:nowrap}
.equation .term i{font-size:1em}.equation .term sub{font-size:.66em;vertical-align:-.3em}.equation sup{font-size:.66em;line-height:0}
.equation .number{font:600 14px/1.3 var(--sans);min-height:18px}
.equation .sign,.three .sign{font:20px/1.43 var(--math);color:var(--gs-mute)}
.equation .term.h{color:var(--gs-h)}
.path .where{min-width:50px}
@media (max-width:560px){
.pictures{gap:4px}.rb .clear{padding:0 8px}
.three{gap:5px}
}
`;
