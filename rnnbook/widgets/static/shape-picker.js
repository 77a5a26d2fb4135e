// One cell, wired in different shapes: how many inputs, how many outputs, and what can reach what.

import { h, expect, transport } from "./host.js";
import { SHAPES } from "./shapes.js";

export const name = "shape-picker";

const SWITCHES = ["feedback", "both"];

// --- the graph ----------------------------------------------------------------------------------------------------
// The same in shape_picker.py. A node is a letter and its step, counted from 1: x an input, h a state, b a state of
// the chain that reads from the end, y an output.

const read = (token) => token != null && token.begin == null;
const places = (list, has) => list.flatMap((token, k) => (has(token) ? [k + 1] : []));
/** Steps with an input that says something; steps with an output. */
export const inputs = ({ shape }) => places(SHAPES[shape].inputs, read);
export const outputs = ({ shape }) => places(SHAPES[shape].outputs, (token) => token != null);
export const steps = ({ shape }) => SHAPES[shape].inputs.length;

/** Which switches make sense: an output needs a step after it, and two ends need two inputs. */
export const allowed = (s) => ({ feedback: outputs(s).some((t) => t < steps(s)), both: inputs(s).length > 1 });

/** The arrows, as pairs of nodes. */
export function arrows(s) {
  const [T, R, ins, outs] = [steps(s), inputs(s).length, inputs(s), outputs(s)];
  const found = ins.map((t) => [`x${t}`, `h${t}`]);
  for (let t = 1; t < T; t++) found.push([`h${t}`, `h${t + 1}`]);
  for (const t of outs) found.push([`h${t}`, `y${t}`]);
  if (s.both) {
    for (const t of ins) found.push([`x${t}`, `b${t}`]);
    for (let t = R; t > 1; t--) found.push([`b${t}`, `b${t - 1}`]);
    // In step with the inputs, each output takes the state beside it. Else what comes after reading takes the end.
    if (ins.every((t) => outs.includes(t))) for (const t of ins) found.push([`b${t}`, `y${t}`]);
    else found.push(["b1", R < T ? `h${R + 1}` : `y${T}`]);
  }
  if (s.feedback) for (const t of outs) if (t < T) found.push([`y${t}`, `h${t + 1}`]);
  return found;
}

/** All nodes that one leads to, against the arrows if `back`; the node itself is not among them. */
export function reachable(edges, node, back = false) {
  const seen = new Set();
  const ahead = [node];
  while (ahead.length) {
    const at = ahead.pop();
    for (const edge of edges) {
      const [from, to] = back ? [edge[1], edge[0]] : edge;
      if (from === at && !seen.has(to)) {
        seen.add(to);
        ahead.push(to);
      }
    }
  }
  return seen;
}

/** Which output (row) can depend on which node of a letter: "x" the inputs, "y" the outputs. */
export function reaches(s, letter = "x") {
  const edges = arrows(s);
  const columns = (letter === "x" ? inputs : outputs)(s);
  return outputs(s).map((t) => {
    const behind = reachable(edges, `y${t}`, true);
    return columns.map((k) => behind.has(`${letter}${k}`));
  });
}

/** What happens, one moment after another: the nodes that come. The chain from the end goes first. */
export function moments(s) {
  const [ins, outs] = [inputs(s), outputs(s)];
  const back = s.both ? ins.map((t) => [`x${t}`, `b${t}`]).reverse() : [];
  const on = Array.from({ length: steps(s) }, (_, k) => k + 1).map((t) => [
    ...(ins.includes(t) && !s.both ? [`x${t}`] : []), `h${t}`, ...(outs.includes(t) ? [`y${t}`] : []),
  ]);
  return [...back, ...on];
}

// --- state --------------------------------------------------------------------------------------------------------

const buttons = (s) => [...inputs(s).map((t) => `x${t}`), ...outputs(s).map((t) => `y${t}`)];

export function check(s) {
  expect.one("shape", s.shape, Object.keys(SHAPES));
  for (const of of SWITCHES) expect.one(of, s[of], allowed(s)[of] ? [false, true] : [false]);
  expect.index("step", s.step, 0, moments(s).length);
  expect.one("selected", s.selected, [null, ...buttons(s)]);
}

export const label = ({ s, w }) => w(`shape_${s.shape}`);

/** Another shape or wiring: at its end if this one was, and what was picked stays if it is there. */
function change({ s, set }, changes) {
  const next = { ...s, ...changes };
  for (const of of SWITCHES) next[of] = next[of] && allowed(next)[of];
  const end = s.step === moments(s).length;
  set({
    shape: next.shape, feedback: next.feedback, both: next.both,
    step: end ? moments(next).length : 0,
    selected: next.shape === s.shape ? s.selected : null,
  });
}

export function key({ s, set }, { key: pressed }) {
  const last = moments(s).length;
  const step = { ArrowRight: s.step + 1, ArrowLeft: s.step - 1, Home: 0, End: last }[pressed];
  if (pressed === "Escape" && s.selected) set({ selected: null });
  else if (step === undefined) return false;
  else if (step >= 0 && step <= last) set({ step });
  return true;
}

// --- words --------------------------------------------------------------------------------------------------------

/** A token in words; for a node of the drawing an image is drawn instead. */
function spoken(w, token) {
  if (typeof token === "string") return token;
  if (token.word) return w(`token_${token.word}`);
  return token.row ? w("row", { n: token.row }) : w("image");
}
/** 1, 2, 3 → 1–3, kept on one line. */
function range(ts) {
  const parts = [];
  for (const t of ts) {
    const last = parts.at(-1);
    if (last && last[1] === t - 1) last[1] = t;
    else parts.push([t, t]);
  }
  return parts.map(([a, b]) => (a === b ? `${a}` : `${a}–\u2060${b}`)).join(", ");
}
/** Steps in words; the keys of one, of some and, if all may be named at once, of all `n`. */
function listed(w, [one, some, all], ts, n = 0) {
  if (ts.length > 1 && ts.length === n) return w(all, { n });
  return w(ts.length === 1 ? one : some, { ts: range(ts) });
}
const INPUTS = ["inputs_one", "inputs_some", "inputs_all"];
const OUTPUTS = ["outputs_one", "outputs_some", "outputs_all"];
const LATE = ["late_one", "late_some"];
const token = (s, node) => SHAPES[s.shape][node[0] === "y" ? "outputs" : "inputs"][node.slice(1) - 1];
const of = (nodes, letter) => [...nodes].filter((node) => node[0] === letter).map((node) => +node.slice(1)).sort((a, b) => a - b);

/** What a state has read, in words. */
function seen({ s, w }, edges, node) {
  const ts = of(reachable(edges, node, true), "x");
  const tokens = ts.map((t) => token(s, `x${t}`));
  if (tokens[0].row) return w(ts.length === 1 ? "row" : "rows", { n: range(ts) });
  return tokens.map((t) => spoken(w, t)).join(", ");
}

function sentence(ctx, edges) {
  const { s, w } = ctx;
  if (!s.step) return w("say_start");
  const now = moments(s)[s.step - 1];
  const state = now.find((node) => /[hb]/.test(node[0]));
  const t = +state.slice(1);
  if (state[0] === "b") return w("say_back", { t, x: spoken(w, token(s, `x${t}`)), seen: seen(ctx, edges, state) });
  const x = token(s, `x${t}`);
  const fed = edges.some(([from, to]) => from === `y${t - 1}` && to === state);
  const before = fed ? spoken(w, token(s, `y${t - 1}`)) : "";
  const said = [];
  if (read(x)) said.push(w(fed ? "say_in_and_fed" : "say_in", { t, x: spoken(w, x), y: before }));
  else said.push(w(fed ? "say_fed" : x ? "say_begin" : "say_none", { t, y: before }));
  if (steps(s) > 1) said.push(w("say_seen", { seen: seen(ctx, edges, state) }));
  const out = now.find((node) => node[0] === "y");
  if (out) said.push(w("say_out", { y: spoken(w, token(s, out)) }));
  return said.join(" ");
}

/** What depends on what, in words. */
function dependence({ s, w }, edges) {
  if (!s.selected) return w("pick");
  const t = +s.selected.slice(1);
  const all = (letter) => (letter === "x" ? inputs : outputs)(s);
  if (s.selected[0] === "x") {
    const ts = of(reachable(edges, s.selected), "y");
    const said = [w("reach_in", { t, outputs: listed(w, OUTPUTS, ts, all("y").length) })];
    if (ts.length < all("y").length) said.push(w("reach_in_before"));
    return said.join(" ");
  }
  const behind = reachable(edges, s.selected, true);
  const [xs, ys] = [of(behind, "x"), of(behind, "y")];
  const late = all("x").filter((k) => !xs.includes(k));
  const said = [w(ys.length ? "reach_out_fed" : "reach_out", { t, inputs: listed(w, INPUTS, xs, all("x").length), outputs: listed(w, OUTPUTS, ys) })];
  if (late.length) said.push(w("reach_late", { inputs: listed(w, LATE, late) }));
  return said.join(" ");
}

// --- drawing ------------------------------------------------------------------------------------------------------

/** Dark squares of the rows that are there, about a centre. */
function pixels(rows, here, cell, x, y, gap = 0.6) {
  const [wide, tall] = [rows[0].length * cell, rows.length * cell];
  const d = rows.flatMap((row, j) => (here(j + 1) ? [...row].flatMap((one, k) => (one === "1" ? [`M${(x - wide / 2 + k * cell).toFixed(1)} ${(y - tall / 2 + j * cell).toFixed(1)}h${cell - gap}v${cell - gap}h${gap - cell}z`] : [])) : []));
  return h("path", { class: "pixels", d: d.join("") });
}

function layout({ s, wide, W }) {
  const T = steps(s);
  const left = wide ? 92 : 22;
  const col = Math.min(wide ? 108 : 76, (W - left) / T);
  const x0 = Math.max(left, (W - col * T) / 2);
  const [boxW, boxH, aside, lane, clear] = wide ? [54, 34, 16, 20, 11] : [36, 30, 9, 16, 6];
  const split = (t) => s.both && inputs(s).includes(t);
  return {
    T, boxW, boxH, lane, clear, r: 22, H: 322, loss: 16, out: 62, in: 270, foot: 314,
    ahead: s.both ? 140 : 166, back: 204,
    x: (t) => x0 + (t - 0.5) * col,
    split,
    at: (node) => {
      const t = +node.slice(1);
      const middle = x0 + (t - 0.5) * col;
      return { b: [middle + aside, 204], h: [split(t) ? middle - aside : middle, s.both ? 140 : 166], x: [middle, 270], y: [middle, 62] }[node[0]];
    },
  };
}

/** One arrow: [path, x and y of its tip, the tip's angle]. */
function way(p, from, to) {
  const [[x1, y1], [x2, y2]] = [p.at(from), p.at(to)];
  const [half, tall, r] = [p.boxW / 2, p.boxH / 2, p.r + 3];
  const kind = from[0] + to[0];
  const t = +to.slice(1);
  const middle = p.x(t);
  if (kind === "hh") return [`M${x1 + half} ${y1}H${x2 - half - 3}`, x2 - half - 2, y2, 0];
  if (kind === "bb") return [`M${x1 - half} ${y1}H${x2 + half + 3}`, x2 + half + 2, y2, 180];
  if (kind === "xh" && p.split(t)) {
    const lane = middle - p.lane;
    return [`M${middle - 11} ${y1 - r + 5}Q${lane} ${y1 - r - 4} ${lane} ${y1 - r - 18}V${y2 + tall + 3}`, lane, y2 + tall + 2, -90];
  }
  if (kind === "xb") return [`M${middle + 8} ${y1 - r + 2}L${middle + 12} ${y2 + tall + 4}`, middle + 12, y2 + tall + 2, -82];
  if (kind === "by" && from.slice(1) === to.slice(1)) {
    const lane = middle + p.lane;
    return [`M${lane} ${y1 - tall}V${y2 + r + 26}Q${lane} ${y2 + r + 12} ${middle + 12} ${y2 + r}`, middle + 11, y2 + r - 2, -125];
  }
  if (kind === "hy" && p.split(t)) return [`M${x1} ${y1 - tall}L${middle - 8} ${y2 + r + 1}`, middle - 7.5, y2 + r - 1, -76];
  if (from[0] === "b") {
    // The end of the chain goes round, on the side where nothing else comes.
    const side = p.at("h1")[0] - half - p.clear;
    const round = `M${x1 - half} ${y1}H${side + 10}Q${side} ${y1} ${side} ${y1 - 10}`;
    if (to[0] === "y") return [`${round}V${y2 + 10}Q${side} ${y2} ${side + 10} ${y2}H${x2 - r - 1}`, x2 - r, y2, 0];
    const [rail, end] = [y2 - tall - 24, x2 - 9];
    return [`${round}V${rail + 10}Q${side} ${rail} ${side + 10} ${rail}H${end - 10}Q${end} ${rail} ${end} ${rail + 10}V${y2 - tall - 3}`, end, y2 - tall - 2, 90];
  }
  if (from[0] === "y") {
    // Down between the outputs, then to the corner of the state.
    const [gap, end] = [Math.max(middle - 30, (x1 + middle) / 2), x2 - Math.min(14, half - 6)];
    return [`M${x1 + r - 2} ${y1}H${Math.max(x1 + r - 2, gap - 12)}Q${gap} ${y1} ${gap} ${y1 + 12}V${y1 + 24}C${gap} ${y1 + 42} ${end} ${y1 + 34} ${end} ${y1 + 54}V${y2 - tall - 3}`, end, y2 - tall - 2, 90];
  }
  const [end1, end2] = from[0] === "x" ? [y1 - r + 1, y2 + tall + 3] : [y1 - tall, y2 + r + 1];
  return [`M${x1} ${end1}V${end2}`, x2, end2 - 1, -90];
}

/** How a node is drawn: when it came, and whether it belongs to what is picked. */
function looks(s, edges) {
  const order = moments(s);
  const came = new Map(order.flatMap((nodes, k) => nodes.map((node) => [node, k + 1])));
  const near = s.selected ? reachable(edges, s.selected, s.selected[0] === "y").add(s.selected) : null;
  return {
    came: (node) => came.get(node) <= s.step,
    near: (node) => near?.has(node) ?? false,
    look(...nodes) {
      const last = Math.max(...nodes.map((node) => came.get(node)));
      const time = last < s.step ? "done" : last > s.step ? "todo" : "now";
      return `${time} ${near ? (nodes.every((node) => near.has(node)) ? "lit" : "dim") : ""}`;
    },
  };
}

function content({ s, w }, node, cell, x, y, here) {
  const token_ = token(s, node);
  const shape = SHAPES[s.shape];
  if (token_.row) return pixels([shape.pixels[token_.row - 1]], () => true, 6, x, y);
  if (token_.image) return pixels(shape.pixels, () => true, Math.min(5, 30 / shape.pixels.length), x, y);
  return here ? spoken(w, token_) : null;
}

function stage(ctx, edges) {
  const { s, w, wide, W, set } = ctx;
  const p = layout(ctx);
  const { came, near, look } = looks(s, edges);
  const { pixels: image } = SHAPES[s.shape];
  const [ins, outs] = [inputs(s), outputs(s)];
  const columns = Array.from({ length: p.T }, (_, k) => k + 1);
  const text = (key, x, y, cls, ...kids) => h("text", { key, x, y, class: cls }, ...kids);
  const current = s.step ? moments(s)[s.step - 1].find((node) => /[hb]/.test(node[0])) : null;

  // Those that are lit lie on top.
  const sorted = [...edges].sort((a, b) => (near(a[0]) && near(a[1])) - (near(b[0]) && near(b[1])));
  const lines = sorted.map(([from, to]) => {
    const [d, x, y, angle] = way(p, from, to);
    return h(
      "g",
      { key: `${from}${to}`, class: `arrow ${from[0] === "h" || from[0] === "b" ? "h" : ""} ${look(from, to)}`, "data-arrow": `${from} ${to}` },
      h("path", { key: "line", d }),
      h("path", { key: "tip", class: "tip", d: "M-6 -4L0 0L-6 4", transform: `translate(${x} ${y}) rotate(${angle})` }),
    );
  });
  const boxes = moments(s).flat().filter((node) => /[hb]/.test(node[0])).map((node) => {
    const [x, y] = p.at(node);
    const ts = of(reachable(edges, node, true), "x");
    const tokens = ts.map((t) => token(s, `x${t}`));
    const tall = p.boxH - (wide ? 9 : 7);
    return h(
      "g",
      { key: node, class: `box ${look(node)}`, "data-node": node },
      h("rect", { key: "rect", x: x - p.boxW / 2, y: y - p.boxH / 2, width: p.boxW, height: p.boxH, rx: 6 }),
      !came(node) ? null
      : image ? pixels(image, (j) => tokens[0].image || ts.includes(j), Math.min(5, tall / image.length), x, y, 0.5)
      : text("seen", x, y + 4.5, "seen", tokens.join("")),
    );
  });
  const marks = columns.map((t) =>
    outs.includes(t)
      ? h("path", { key: `loss${t}`, class: `tick ${came(`y${t}`) ? "there" : ""}`, d: `M${p.x(t) - 6} ${p.loss}l4.5 5l8 -10` })
      : h("path", { key: `loss${t}`, class: "dash", d: `M${p.x(t) - 5} ${p.loss}h10` }),
  );
  const blanks = columns.filter((t) => !ins.includes(t)).map((t) => {
    const sign = SHAPES[s.shape].inputs[t - 1];
    const fed = edges.some(([from, to]) => from === `y${t - 1}` && to === `h${t}`);
    if (sign) return h("g", { key: `sign${t}`, class: `sign ${s.selected ? "dim" : look(`h${t}`)}` }, h("path", { class: "line", d: `M${p.x(t)} ${p.in - 12}V${p.ahead + p.boxH / 2 + 3}m-4 5l4 -6l4 6` }), text("go", p.x(t), p.in + 5, "small", w("begin")));
    return fed ? null : h("circle", { key: `blank${t}`, class: "blank", cx: p.x(t), cy: p.in, r: 2 });
  });
  const row = (letter, y, word) => [
    text(`letter ${word}`, wide ? 3 : 2, y + 5, `letter ${letter === "h" ? "h" : ""}`, letter),
    wide ? text(`name ${word}`, 24, y + 4.5, "small start", w(word)) : null,
  ];
  const rows = [
    row("L", p.loss, "row_loss"), row("y", p.out, "row_out"), row("x", p.in, "row_in"),
    row("h", p.ahead, s.both ? "row_ahead" : "row_state"),
    s.both ? row("h", p.back, "row_back") : null,
    s.both && !wide ? [text("to", 3, p.ahead + 19, "small start", "→"), text("fro", 3, p.back + 19, "small start", "←")] : null,
    row("t", p.foot - 4.5, "row_t"),
    columns.map((t) => text(`t${t}`, p.x(t), p.foot, `small ${current === `h${t}` || current === `b${t}` ? "here" : ""}`, String(t))),
  ];
  const choose = (node) => {
    const [x, y] = p.at(node);
    const out = node[0] === "y";
    const here = came(node);
    const t = node.slice(1);
    const shown = content(ctx, node, 5, 22, 22, out ? here : true);
    return h(
      "button",
      {
        key: node, type: "button", class: `node ${out ? "out" : "in"} ${look(node)}${typeof shown === "string" && shown.length > 3 ? " long" : ""}`, "data-node": node, "aria-pressed": String(s.selected === node),
        "aria-label": out ? (here ? w("output_n", { t, y: spoken(w, token(s, node)) }) : w("output_todo", { t })) : w("input_n", { t, x: spoken(w, token(s, node)) }),
        style: `left:${((x - 22) / W) * 100}%;top:${y - 22}px`,
        onclick: () => set({ selected: s.selected === node ? null : node }),
      },
      typeof shown === "object" && shown ? h("svg", { viewBox: "0 0 44 44", "aria-hidden": "true" }, shown) : shown,
    );
  };
  const alt = w("alt", { shape: w(`shape_${s.shape}`), ins: ins.length, n: p.T, outs: outs.length });
  return h(
    "div",
    { class: "stage", key: "stage" },
    h("svg", { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${p.H}`, style: `height:${p.H}px`, role: "img", "aria-label": alt }, lines, blanks, boxes, marks, rows),
    h("div", { key: "out", role: "group", "aria-label": w("outputs") }, outs.map((t) => choose(`y${t}`))),
    h("div", { key: "in", role: "group", "aria-label": w("inputs") }, ins.map((t) => choose(`x${t}`))),
  );
}

/** A shape as a sign: its nodes as dots. */
function sign(shape) {
  const s = { shape, feedback: false, both: false };
  const [T, pitch] = [steps(s), 8];
  const place = (node) => [29 + (+node.slice(1) - (T + 1) / 2) * pitch, { y: 5, h: 17, x: 29 }[node[0]]];
  const nodes = moments(s).flat();
  return h(
    "svg",
    { key: "sign", viewBox: "0 0 58 34", "aria-hidden": "true" },
    h("path", { d: arrows(s).map((edge) => edge.map((node) => place(node).join(" ")).join("L")).map((d) => `M${d}`).join("") }),
    nodes.map((node) => h("circle", { key: node, class: node[0], cx: place(node)[0], cy: place(node)[1], r: 2.75 })),
  );
}

// --- all ----------------------------------------------------------------------------------------------------------

export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(300, Math.min(720, Math.round(ctx_.width))) };
  const { s, w, set } = ctx;
  const edges = arrows(s);
  const can = allowed(s);
  const last = moments(s).length;
  const outs = outputs(s);
  const silent = Array.from({ length: steps(s) }, (_, k) => k + 1).filter((t) => !outs.includes(t));
  const wiring = SWITCHES.filter((of_) => s[of_]).join(" ");
  const to = (step) => () => set({ step });
  return h(
    "div",
    { class: ctx.wide ? "wide" : "phone" },
    h(
      "div",
      { class: "shapes", key: "shapes", role: "group", "aria-label": w("shapes") },
      Object.keys(SHAPES).map((shape) =>
        h("button", { key: shape, type: "button", "aria-pressed": String(shape === s.shape), onclick: () => (shape === s.shape ? null : change(ctx, { shape })) }, sign(shape), h("span", { key: "name" }, w(`shape_${shape}`))),
      ),
    ),
    h(
      "div",
      { class: "switches", key: "switches" },
      SWITCHES.map((of_) =>
        h(
          "div",
          { key: of_, class: can[of_] ? "" : "off" },
          h(
            "button",
            { key: "switch", type: "button", role: "switch", "aria-checked": String(s[of_]), "aria-disabled": can[of_] ? null : "true", "aria-describedby": `why-${of_}`, onclick: () => (can[of_] ? change(ctx, { [of_]: !s[of_] }) : null) },
            h("span", { key: "knob", class: "knob", "aria-hidden": "true" }),
            w(of_),
          ),
          h("p", { key: "why", id: `why-${of_}`, class: "note" }, can[of_] ? w(`about_${of_}`) : w(`no_${of_}`)),
        ),
      ),
    ),
    h("p", { class: "task ruled", key: "task" }, w(`task_${s.shape}`)),
    stage(ctx, edges),
    h("p", { class: s.selected ? "reach on" : "reach", key: "reach", "aria-live": "polite" }, dependence(ctx, edges)),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, edges)),
    transport({
      where: [String(s.step), " ", h("span", null, w("of", { n: last }))],
      names: { first: w("first"), undo: w("undo"), step: w("step"), last: w("last") },
      moves: { first: s.step ? to(0) : null, undo: s.step ? to(s.step - 1) : null, step: s.step < last ? to(s.step + 1) : null, last: s.step < last ? to(last) : null },
    }),
    h("input", { key: "time", class: "time", type: "range", min: 0, max: last, step: 1, value: s.step, "aria-label": w("moment"), "aria-valuetext": `${s.step} ${w("of", { n: last })}`, oninput: (e) => set({ step: +e.target.value }) }),
    h(
      "div",
      { class: "made ruled", key: "made" },
      h("p", { key: "loss", class: "loss" }, h("b", null, w("row_loss")), " ", w(outs.length === 1 ? "loss_one" : !silent.length ? "loss_all" : s.both ? "loss_read" : "loss_some", { n: outs.length, ts: range(silent) })),
      h("pre", { key: "code", role: "group", "aria-label": w("code") }, h("code", null, SHAPES[s.shape].code[wiring].join("\n"))),
    ),
  );
}

export const css = `
.shapes{display:grid;grid-template-columns:repeat(5,1fr);border-bottom:1px solid var(--gs-line)}
.rb .shapes button{border:0;border-radius:0;border-bottom:3px solid transparent;margin-bottom:-1px;padding:6px 2px 8px;font-weight:400;font-size:14px;line-height:18px;color:var(--gs-mute);display:flex;flex-direction:column;align-items:center;gap:6px}
.rb .shapes button[aria-pressed=true]{color:var(--gs-ink);font-weight:600;border-bottom-color:var(--gs-ink);background:var(--gs-wash)}
.rb .shapes svg{width:58px;height:34px}.shapes svg path{fill:none;stroke:var(--gs-faint)}.shapes svg circle{fill:var(--gs-mute)}.shapes svg .h{fill:var(--gs-h)}
.shapes [aria-pressed=true] svg circle:not(.h){fill:var(--gs-ink)}
.switches{display:grid;grid-template-columns:1fr 1fr;gap:6px 20px;padding:10px 0}
.switches>div{display:flex;align-items:center;gap:10px}
.rb .switches button{display:flex;align-items:center;gap:9px;flex:none;padding:0 12px 0 10px;font-weight:500}
.rb .switches button[aria-checked=true]{font-weight:600;background:var(--gs-wash);border-color:var(--gs-ink)}
.switches .note{line-height:17px;text-wrap:balance}
.knob{width:30px;height:16px;border:1.5px solid var(--gs-mute);border-radius:9px;position:relative;flex:none}
.knob::after{content:"";position:absolute;top:2px;left:2px;width:9px;height:9px;border-radius:50%;background:var(--gs-mute);transition:transform .22s ease-out}
[aria-checked=true] .knob{border-color:var(--gs-ink);background:var(--gs-ink)}[aria-checked=true] .knob::after{transform:translateX(14px);background:var(--gs-paper)}
.rb .task{text-align:center;color:var(--gs-mute);font-size:14px;padding:8px 0 12px;text-wrap:balance}
.stage{position:relative}
svg text{fill:var(--gs-ink);text-anchor:middle;font-size:13px}
svg .start{text-anchor:start}svg .small{fill:var(--gs-mute)}svg .small.here{fill:var(--gs-ink);font-weight:600}
.rb svg .letter{font:italic 18px var(--math);text-anchor:start;fill:var(--gs-mute)}.rb svg .letter.h{fill:var(--gs-h)}
.arrow path{fill:none;stroke:var(--gs-mute);stroke-width:1.5;transition:stroke .22s ease-out,stroke-width .22s ease-out}
.arrow .tip{stroke-linejoin:round;stroke-linecap:round}
.arrow.h path{stroke:var(--gs-h)}.arrow.now path{stroke:var(--gs-ink);stroke-width:2}.arrow.now.h path{stroke:var(--gs-h);stroke-width:2.5}
.arrow.done path{opacity:.6}
.arrow.todo path{stroke:var(--gs-line)}
.drawing .arrow.lit path{stroke:var(--gs-ink);stroke-width:2;opacity:1}.drawing .arrow.lit.h path{stroke:var(--gs-h);stroke-width:2.5}
.drawing .arrow.dim path{stroke:var(--gs-line);stroke-width:1.5;opacity:1}
.box rect{fill:var(--gs-paper);stroke:var(--gs-h);stroke-width:1.75;transition:stroke .22s ease-out,stroke-width .22s ease-out}
.box.now rect{stroke-width:2.75}.box.todo rect{stroke:var(--gs-faint);stroke-width:1.5}
.box.lit rect{stroke:var(--gs-h);stroke-width:2.75;fill:color-mix(in srgb,var(--gs-h) 12%,var(--gs-paper))}.box.dim rect{stroke:var(--gs-line);stroke-width:1.5}
.rb svg .seen{font-size:13px;letter-spacing:.02em}.box.dim .seen{fill:var(--gs-mute)}
.pixels{fill:var(--gs-ink);transition:fill .22s ease-out}.dim .pixels{fill:var(--gs-faint)}.todo .pixels{fill:var(--gs-faint)}
.tick{fill:none;stroke:var(--gs-faint);stroke-width:2;stroke-linecap:round;stroke-linejoin:round;transition:stroke .22s ease-out}.tick.there{stroke:var(--gs-ink)}
.dash{stroke:var(--gs-faint);stroke-width:1.5}.blank{fill:var(--gs-faint)}
.sign .line{fill:none;stroke:var(--gs-mute);stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}.sign.todo .line,.sign.dim .line{stroke:var(--gs-line)}
.rb .node{position:absolute;width:44px;height:44px;min-width:0;padding:0;border-radius:50%;background:var(--gs-paper);border:1.75px solid var(--gs-ink);font-weight:500;font-size:16px;overflow:hidden;transition:border-color .22s ease-out,background-color .22s ease-out}
.rb .node.long{font-size:13px}
.rb .node svg{width:100%;height:100%}
.rb .node.now{border-width:2.75px}
.rb .node.todo{border-color:var(--gs-faint);border-width:1.5px;color:var(--gs-mute)}
.rb .node.dim{border-color:var(--gs-faint);border-width:1px;color:var(--gs-mute)}
.rb .node.lit{border-color:var(--gs-ink);border-width:2.75px;background:var(--gs-wash);font-weight:600;color:var(--gs-ink)}
.rb .node.lit .pixels{fill:var(--gs-ink)}
.rb .node[aria-pressed=true]{background:var(--gs-ink);color:var(--gs-paper)}.rb .node[aria-pressed=true] .pixels{fill:var(--gs-paper)}
.rb .reach{text-align:center;min-height:54px;font-size:14px;line-height:21px;color:var(--gs-mute);padding-top:10px;text-wrap:balance;max-width:74ch;margin:0 auto}
.rb .reach.on{color:var(--gs-ink)}
.rb .say{padding-top:2px;min-height:50px}
.rb .transport{margin-bottom:2px}
.rb input.time{display:block;max-width:430px;margin:0 auto 8px}
.made{display:grid;grid-template-columns:220px 1fr;gap:6px 24px;align-items:start;padding-top:12px!important}
.rb .loss{font-size:14px;line-height:20px;color:var(--gs-mute);min-height:60px}.loss b{color:var(--gs-ink);font-weight:600}
.rb pre{margin:0;font:13px/19px ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace;min-height:114px;white-space:pre;color:var(--gs-ink)}
.rb pre code{font:inherit}
.phone .shapes button{font-size:12px;line-height:15px;gap:4px;justify-content:flex-start}
.phone .switches{grid-template-columns:1fr}.rb .phone .switches button{width:182px;white-space:nowrap}
.rb .phone .task{min-height:63px}
.rb .phone svg .seen{font-size:12px}
.rb .phone .node.long{font-size:12px}
.rb .phone .reach{min-height:74px}
.rb .phone .say{min-height:72px}
.phone .made{grid-template-columns:1fr}
.rb .phone .loss{min-height:40px}
.rb .phone pre{font-size:12px;min-height:133px}
`;
