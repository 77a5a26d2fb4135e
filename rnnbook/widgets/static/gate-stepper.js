// One cell, one step, one gate at a time: forward, and backward.

import { h, num, sym, expect, Bad, icon, slider, transport } from "./host.js";
import { ACTIVATIONS, KINDS, forward, backward, shapes, zeros } from "./core.js";
import { STATIONS, ROWS } from "./stations.js";
import { drawing, drawingCss, family, ink, layout } from "./cell-drawings.js";
import { equation, equationCss, sentence } from "./gate-equations.js";
import { asPython } from "./as-python.js";

export const name = "gate-stepper";

export const css = `
${drawingCss}
${equationCss}
.tabs{display:grid;margin:10px 0 0;border-bottom:1px solid var(--gs-line)}
.rb .tab{border:0;border-radius:0;padding:0 2px;font-weight:500;color:var(--gs-mute);position:relative;text-align:center;white-space:nowrap}
.rb .tab[aria-current=step]{color:var(--k);font-weight:650}
.rb .tab:focus-visible{outline-offset:-3px}
.tab[aria-current=step]::after{content:"";position:absolute;left:0;right:0;bottom:0;height:3px;border-radius:2px;background:var(--k)}
.rb .choice button.grad[aria-pressed=true]{color:var(--gs-grad)}
.strip{position:relative}
.strip svg{touch-action:pan-y}
.col{fill:var(--gs-wash);transition:x .22s ease-out}
.tn{font-size:13px;fill:var(--gs-mute)}.tx{font-size:12px;fill:var(--gs-mute)}
.cur .tn{fill:var(--gs-ink);font-weight:700}.cur .tx{fill:var(--gs-ink)}
.zero{stroke:var(--gs-line);stroke-width:1}
.rl{font-size:16px;font-weight:600}.rn{font-size:13px;fill:var(--gs-mute);font-weight:400}
.on .rn{fill:var(--gs-ink)}
.ap{fill:none;transition:ry .22s ease-out}
.viahbar{fill:color-mix(in srgb,var(--gs-grad) 30%,var(--gs-paper));stroke:var(--gs-grad);stroke-width:1}
.dot{fill:var(--gs-faint)}
.here{fill:none;stroke-width:1.75;transition:x .22s ease-out,y .22s ease-out}
.rb .time input{display:block;appearance:none;background:none;cursor:pointer}
.time input::-webkit-slider-runnable-track{height:2px;background:var(--gs-faint)}
.time input::-moz-range-track{height:2px;background:var(--gs-faint)}
.time input::-webkit-slider-thumb{appearance:none;width:16px;height:16px;margin-top:-7px;border-radius:50%;border:0;background:var(--gs-ink)}
.time input::-moz-range-thumb{width:16px;height:16px;border-radius:50%;border:0;background:var(--gs-ink)}
.scale{text-align:right;color:var(--gs-mute);font-size:12.5px;min-height:19px}
.pop{position:absolute;z-index:3;display:grid;grid-template-columns:52px 1fr 52px 52px;gap:6px;align-items:center;padding:8px 10px 10px;background:var(--gs-paper);border:1.5px solid var(--k);border-radius:12px;box-shadow:0 6px 24px rgb(0 0 0/.16)}
.poph{grid-column:1/4;align-self:center;color:var(--k);font-weight:600;font-size:14px}
.rb .pop button{padding:0 4px}.rb .pop .close{border:0;display:grid;place-items:center;color:var(--gs-mute)}.poph small{color:var(--gs-mute);font-weight:400}.rb .pop input{accent-color:var(--k)}
.which{display:flex;gap:8px;align-items:center;flex-wrap:wrap;margin:6px 0 2px}
.rb .which button[aria-pressed=true]{border-color:var(--k);color:var(--k)}
.edit{max-height:430px;overflow:auto;padding:0 4px 6px}
.edit h4{font:600 13px var(--sans);color:var(--gs-mute);margin:8px 0 0}
.rb pre{margin:0 0 8px;padding:10px 12px;background:var(--gs-wash);font:12.5px/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow:auto;max-height:300px;white-space:pre;color:var(--gs-ink)}
@media (max-width:560px){.rb .tab{font-size:13.5px;padding:0;letter-spacing:-.01em}.rb .choice button{padding:0 10px}.top select{max-width:172px}.rb .top>.own{flex-basis:100%}.pop{grid-template-columns:48px 1fr 48px 48px}}
`;

// --- state --------------------------------------------------------------------------------------------------------
const sound = new WeakMap(); // cell → inputs with which it was found right: checked once, not at every step

/** A cell with its sequence; `where` is where it stands. */
function checkCell(s, where = "") {
  expect.object(`${where}cell`, s.cell);
  const kind = expect.one(`${where}cell.kind`, s.cell.kind, Object.keys(STATIONS));
  const params = expect.object(`${where}cell.params`, s.cell.params);
  if (s.cell.activation != null) expect.one(`${where}cell.activation`, s.cell.activation, kind === "ElmanCell" ? Object.keys(ACTIVATIONS) : ["tanh"]);
  const T = expect.list(`${where}inputs`, s.inputs).length;
  if (!T) throw new Bad("bad_empty", { name: `${where}inputs` });
  const D = expect.list(`${where}inputs[0]`, s.inputs[0]).length;
  const U = expect.list(`${where}cell.params.U`, params.U);
  const H = expect.list(`${where}cell.params.U[0]`, U[0]).length;
  if (!H || !D) throw new Bad("bad_empty", { name: `${where}${H ? "inputs[0]" : "cell.params.U[0]"}` });
  if (sound.get(s.cell) !== s.inputs) {
    expect.array(`${where}inputs`, s.inputs, [null, D]);
    for (const [name_, shape] of Object.entries(shapes(kind, D, H))) expect.array(`${where}cell.params.${name_}`, params[name_], shape);
  }
  for (const [name_, count] of [["names", D], ["labels", T]]) {
    if (expect.list(`${where}${name_}`, s[name_]).length) expect.list(`${where}${name_}`, s[name_], count);
    s[name_].forEach((text, j) => expect.text(`${where}${name_}[${j}]`, text));
  }
  sound.set(s.cell, s.inputs);
  return [kind, T, H];
}

export function check(s) {
  const [kind, T, H] = checkCell(s);
  expect.index("t", s.t, 1, T);
  expect.index("station", s.station, 1, STATIONS[kind].length);
  expect.index("unit", s.unit, 0, H - 1);
  expect.one("direction", s.direction, ["forward", "backward"]);
  for (const [k, v] of Object.entries(expect.object("hold", s.hold))) {
    expect.one("hold", k, [...KINDS[kind].gates]);
    expect.number(`hold.${k}`, v, 0, 1);
  }
  expect.object("examples", s.examples);
  expect.text("example", s.example);
  for (const [name_, e] of Object.entries(s.examples)) checkCell(expect.object(`examples.${name_}`, e), `examples.${name_}.`);
}

/** The whole computation, kept until what it depends on changes. */
function computed({ s, ui }) {
  const m = ui.memo;
  if (m && m.cell === s.cell && m.inputs === s.inputs && m.hold === s.hold && m.unit === s.unit) return m;
  const trace = forward(s.cell, s.inputs, { hold: s.hold });
  if (trace.some((r) => !r.h.every(Number.isFinite))) throw new Bad("bad_overflow", {});
  const H = s.cell.params.U[0].length;
  const dh = zeros(H);
  dh[s.unit] = 1;
  const most = (values, least) => Math.max(least, ...values.filter(Number.isFinite).map(Math.abs));
  // The way back is computed when it is looked at.
  let back = null;
  const u = s.unit;
  const memory = KINDS[s.cell.kind].memory;
  return (ui.memo = {
    cell: s.cell, inputs: s.inputs, hold: s.hold, unit: s.unit, trace,
    get back() {
      return (back ??= backward(s.cell, trace, dh, null, s.hold));
    },
    cm: memory ? most(trace.map((r) => r.c[u]), 1) : 1,
    // The gradient that enters is 1: all that is drawn is drawn against it, or against what is larger.
    get gm() {
      return most(
        this.back.flatMap((d) => [
          d.dh[u], d.carry[u], d.dh[u] - d.carry[u], d.dprev.h[u], normOf(d.dx), d.dc?.[u], d.dcIn?.[u], d.dcH?.[u], d.dn?.[u], d.drh?.[u],
          d.dc ? d.dc[u] - d.carry[u] : 0, ...Object.values(d.ud).map((v) => v[u]), ...Object.values(d.delta).map((v) => v[u]),
        ].map((v) => v ?? 0)),
        1,
      );
    },
    am: s.cell.kind === "ElmanCell" ? most(trace.flatMap((r) => [r.h[u], r.a.h[u], r.wx.h[u], r.uh.h[u], s.inputs[0].length === 1 ? r.x[0] : 0]), 1) : 1,
  });
}

/** Of one input its own gradient, with its sign; of several the length. */
const normOf = (dx) => (dx.length === 1 ? dx[0] : Math.hypot(...dx));

/** The numbers of one unit, out of a record of vectors. */
function ofUnit(record, u, extra) {
  const out = {};
  for (const [k, v] of Object.entries(record)) {
    if (Array.isArray(v)) out[k] = v[u];
    else if (v && typeof v === "object") out[k] = ofUnit(v, u);
    else out[k] = v;
  }
  return { ...out, ...extra };
}

function step(ctx, forwards) {
  const { s } = ctx;
  const last = STATIONS[s.cell.kind].length;
  let { t, station } = s;
  station += forwards ? 1 : -1;
  if (station > last) [station, t] = [1, t + 1];
  if (station < 1) [station, t] = [last, t - 1];
  return t < 1 || t > s.inputs.length ? null : () => ctx.set({ t, station });
}

const toTime = (ctx, t) => (t < 1 || t > ctx.s.inputs.length || t === ctx.s.t ? null : () => ctx.set({ t }));

/** What tells this stepper from another one on the page. */
export const label = ({ s, w }) => (s.example && w.has(`example_${s.example}`) ? w(`example_${s.example}`) : w(`cell_${s.cell.kind}`));

export function key(ctx, event) {
  const { s, ui } = ctx;
  if (event.key === "Escape" && ui.open) {
    closePanel(ctx);
    return true;
  }
  if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return false;
  const right = event.key === "ArrowRight";
  (event.shiftKey ? toTime(ctx, s.t + (right ? 1 : -1)) : step(ctx, right))?.();
  return true;
}

// --- view ---------------------------------------------------------------------------------------------------------
export function view(ctx) {
  const { s, ui, w, wide } = ctx;
  const kind = s.cell.kind;
  const all = computed(ctx);
  const bw = s.direction === "backward";
  const T = s.inputs.length;
  const u = s.unit;
  const stations = STATIONS[kind];
  const cur = s.station - 1;
  const lv = (station) => {
    const k = stations.indexOf(station);
    return k === cur ? 2 : bw === k > cur ? 1 : 0;
  };
  const record = all.trace[s.t - 1];
  const r = ofUnit(record, u, { h0: record.prev.h[u], c0: record.prev.c?.[u] });
  const back = bw ? all.back[s.t - 1] : null;
  const d = bw && ofUnit(back, u, { dh0: back.dprev.h[u], dc0: back.dprev.c?.[u], dx: normOf(back.dx) });
  const q = {
    kind, stations, cur, lv, r, d, bw, w, wide, T, t: s.t, xs: s.inputs[s.t - 1], hold: s.hold, open: ui.open, L: layout(kind, wide), params: s.cell.params, unit: u,
    activation: s.cell.activation ?? "tanh", H: s.cell.params.U[0].length,
    D: s.inputs[0].length, cs: 1 / all.cm, gs: bw ? 1 / all.gm : 1, as: 1 / all.am, scale: Math.min(720, ctx.width) / layout(kind, wide).W,
    slope: ACTIVATIONS[s.cell.activation ?? "tanh"][1],
    toggle: (k) => (ui.open === k ? closePanel(ctx) : openPanel(ctx, k)),
  };
  const onward = step(ctx, !bw);
  const again = () => ctx.set({ t: bw ? T : 1, station: bw ? stations.length : 1 });
  // A new example or another kernel's cell may lack the gate whose panel is open.
  const open = ui.open && KINDS[kind].gates.includes(ui.open) ? ui.open : (ui.open = null);
  return h(
    "div",
    {
      key: "stepper", "data-mode": s.direction,
      onclick: (e) => {
        // A press beside the panel closes it; one on the figure lets the arrow keys step.
        const on = (what) => e.composedPath().some((node) => node.matches?.(what));
        if (open && !on(".pop, .valve")) ctx.setUI({ open: null });
        if (!on("button, [role=button], a, input, select, summary, pre, .edit, .pop")) ctx.root.querySelector(".step").focus({ preventScroll: true });
      },
    },
    top(ctx, bw),
    tabs(ctx, q),
    h("div", { class: "stage", key: "stage" }, drawing(q), open ? panel(ctx, q, open) : null),
    equation(q),
    // The step is said too, or two steps with the same sentence would be heard as one.
    h("p", { class: "say", "aria-live": "polite", key: "say" }, h("span", { class: "hide", key: "t" }, `${w("time_text", { t: s.t, n: T })}. `), h("span", { key: "s" }, sentence(q))),
    transport({
      where: [h("i", null, "t"), ` = ${s.t}`, !wide && T >= 100 ? null : h("span", null, ` ${w("of", { n: T })}`)],
      back: bw,
      names: { first: w("time_before"), undo: w("undo"), step: w(!onward ? "again" : bw ? "step_back" : "step"), last: w("time_after") },
      moves: { first: toTime(ctx, s.t - 1), undo: step(ctx, bw), step: onward ?? again, last: toTime(ctx, s.t + 1) },
    }),
    strip(ctx, q, all),
    edit(ctx, q),
    code(ctx),
  );
}

function top(ctx, bw) {
  const { s, w, set, ui } = ctx;
  const names = Object.keys(s.examples);
  const H = s.cell.params.U[0].length;
  const mode = (direction, label, cls) =>
    h("button", {
      key: direction, type: "button", class: cls, "aria-pressed": String(s.direction === direction),
      onclick: () => {
        if (s.direction === direction) return;
        ui.open = null;
        const ends = { forward: { t: 1, station: 1 }, backward: { t: s.inputs.length, station: STATIONS[s.cell.kind].length } };
        // The first time from its own end; later from where the reader left it.
        const left = ui.left?.example === s.example && ui.left.T === s.inputs.length ? ui.left[direction] : null;
        ui.left = { example: s.example, T: s.inputs.length, [s.direction]: { t: s.t, station: s.station } };
        set({ direction, ...(left ?? ends[direction]) });
      },
    }, label);
  return h(
    "div",
    { class: "top", key: "top" },
    names.length > 1
      ? h("select", { key: "example", "aria-label": w("example"), value: s.example, onchange: (e) => choose(ctx, e.target.value) },
          names.map((k) => h("option", { key: k, value: k }, w.has(`example_${k}`) ? w(`example_${k}`) : k)))
      : h("div", { key: "cell", class: `note ${H > 1 ? "own" : ""}` }, w(`cell_${s.cell.kind}`)),
    h("div", { key: "right" },
      H > 1
        ? h("select", { key: "unit", "aria-label": w("unit"), value: String(s.unit), onchange: (e) => set({ unit: +e.target.value }) },
            Array.from({ length: H }, (_, k) => h("option", { key: k, value: String(k) }, w("unit_n", { n: k + 1 }))))
        : null,
      h("div", { class: "choice", role: "group", "aria-label": w("direction"), key: "mode" }, mode("forward", w("forward"), ""), mode("backward", w("backward"), "grad"))),
  );
}

function choose(ctx, example) {
  const { s, set, ui } = ctx;
  const chosen = s.examples[example];
  if (!chosen) return;
  ui.open = null;
  const back = s.direction === "backward";
  set({ example, ...chosen, hold: {}, unit: 0, t: back ? chosen.inputs.length : 1, station: back ? STATIONS[chosen.cell.kind].length : 1 });
}

function tabs(ctx, q) {
  const { s, w, set, wide } = ctx;
  const { bands, W } = q.L;
  const columns = q.stations.map((_, k) => `${bands[k + 1] - bands[k]}fr`).join(" ");
  const style = `grid-template-columns:${columns};padding:0 ${((W - bands.at(-1)) / W) * 100}% 0 ${(bands[0] / W) * 100}%`;
  const main = { forget: "f", keep: "c", input: family(q.kind) === "elman" ? "ink" : "i", update: family(q.kind) === "gru" ? "z" : "c", output: "o", reset: "r", candidate: "n", state: "h", context: "h" };
  return h(
    "div",
    { class: "tabs", role: "group", "aria-label": w("stations"), style, key: "tabs" },
    q.stations.map((station, k) =>
      h("button", {
        key: station, type: "button", class: "tab", style: `--k:${q.bw ? "var(--gs-grad)" : ink(main[station])}`, "aria-current": k === q.cur ? "step" : null,
        onclick: () => set({ station: k + 1 }),
      }, w(!wide && w.has(`station_${station}_short`) ? `station_${station}_short` : `station_${station}`)),
    ),
  );
}

// --- holding a gate -----------------------------------------------------------------------------------------------
function openPanel(ctx, k) {
  ctx.setUI({ open: k });
  ctx.later(() => ctx.root.querySelector(".pop input")?.focus({ preventScroll: true }));
}

function closePanel(ctx) {
  const k = ctx.ui.open;
  ctx.setUI({ open: null });
  ctx.later(() => ctx.root.querySelector(`[data-gate=${k}]`)?.focus({ preventScroll: true }));
}

function panel(ctx, q, k) {
  const { s, w, set } = ctx;
  const { L } = q;
  const at = { f: [L.xf, L.yc], i: [L.xi, L.ym], o: [L.xo, L.yh], r: [L.xr, L.ym], z: [L.xz, L.yc] }[k];
  const scale = Math.min(720, ctx.width) / L.W;
  const width = Math.min(296, L.W * scale - 8);
  const left = Math.max(4, Math.min(L.W * scale - width - 4, at[0] * scale - width / 2));
  // Never over its own gate: below it, or above the lowest one.
  const top_ = k === "o" ? at[1] * scale - L.R * scale - 148 : at[1] * scale + L.R * scale + 14;
  // What a gate will be is not told before its station.
  const known = q.bw || q.lv(ROWS[q.kind][k]);
  const v = s.hold[k] ?? (known ? q.r[k] : 0.5);
  const hold = (value) => {
    const { [k]: _, ...others } = s.hold;
    set({ hold: value == null ? others : { ...others, [k]: value } });
  };
  const button = (label, value, more) => h("button", { key: label, type: "button", onclick: () => hold(value), ...more }, label);
  return h(
    "div",
    {
      class: "pop", key: `pop ${k}`, role: "group", "aria-label": w("hold_gate", { gate: w(`gate_${k}`) }), style: `--k:${ink(k)};width:${width}px;left:${left}px;top:${top_}px`,
      onkeydown: (e) => {
        if (e.key !== "Escape") return;
        e.stopPropagation();
        closePanel(ctx);
      },
    },
    h("span", { class: "poph", key: "head" }, known || s.hold[k] != null ? w(s.hold[k] == null ? "stands_at" : "held_at", { gate: k, v: num(v) }) : w("hold_it", { gate: k }), q.H > 1 ? h("small", null, ` ${w("all_units")}`) : null),
    h("button", { key: "close", type: "button", class: "close icon", "aria-label": w("close"), title: w("close"), onclick: () => closePanel(ctx) }, icon("close")),
    button(w("shut"), 0),
    h("input", { key: "slider", type: "range", min: 0, max: 1, step: 0.01, value: v, "aria-label": w("hold_gate", { gate: w(`gate_${k}`) }), "aria-valuetext": known || s.hold[k] != null ? num(v) : w("unknown"), oninput: (e) => hold(+e.target.value) }),
    button(w("open"), 1),
    button(w("free"), null, { "aria-disabled": s.hold[k] == null ? "true" : null }),
  );
}

// --- gates over time ----------------------------------------------------------------------------------------------
function labelOf(w, text, form = "") {
  const [first, ...rest] = text.split(" ");
  if (!w.has(`label_${first}${form}`)) return form ? labelOf(w, text) : text;
  return [w(`label_${first}${form}`), ...rest].join(" ").replace("-", "\u2212");
}

function strip(ctx, q, all) {
  const { s, w, wide, set } = ctx;
  const { bw, T, stations, cur, unit: u } = q;
  const W = wide ? 700 : 358;
  const left = wide ? 122 : 30;
  const cw = (W - left) / T;
  // Few inputs are shown above the rows.
  const D = s.inputs[0].length;
  const ih = 21;
  const inputs = D <= 3 ? D : 0;
  const top_ = 34 + inputs * ih;
  const rh = 29;
  const rows = Object.entries(ROWS[q.kind]);
  const H = top_ + rows.length * rh + 8;
  const x = (t) => left + (t - 0.5) * cw;
  const radius = Math.min(10, cw * 0.44);
  const nodes = [h("rect", { key: "col", class: "col", x: x(s.t) - cw / 2, y: 0, width: cw, height: H, rx: Math.min(6, cw / 3) })];
  nodes.push(...header(ctx, x, cw, left, W));
  for (let j = 0; j < inputs; j++) {
    const y = 34 + (j + 0.5) * ih;
    const most = Math.max(1, ...s.inputs.map((row) => Math.abs(row[j])));
    nodes.push(h("g", { key: `input ${j}` },
      h("path", { class: "zero", d: `M${left} ${y}H${W}` }),
      h("text", { class: "rn", x: wide ? 34 : 0, y: y + 4.5, style: wide ? null : "font-size:12px" }, nameOf(ctx, j)),
      j === 0 && wide ? h("text", { class: "rl quiet", x: 4, y: y + 5 }, h("tspan", { class: "it" }, "x")) : null));
    for (let t = 1; t <= T; t++) if (s.inputs[t - 1][j]) nodes.push(barOf(`x ${j} ${t}`, x(t), y, Math.min(14, Math.max(1, cw * 0.3)), s.inputs[t - 1][j] / most, 0, ih, "var(--gs-mute)"));
  }
  rows.forEach(([k, station], j) => {
    const y = top_ + (j + 0.5) * rh;
    const isGate = "fiorz".includes(k);
    const at = stations.indexOf(station);
    const on = at === cur;
    const colour = bw ? (isGate ? "var(--gs-mute)" : "var(--gs-grad)") : k === "x" ? "var(--gs-mute)" : ink(k === "u" ? "h" : k);
    const elmans = { x: bw ? "dx" : "W\u2009x", u: bw ? "da" : "U\u2009h" }[k];
    const label = elmans ?? (bw && !isGate ? `d${k}` : k);
    const named = w(`row_${k}`);
    nodes.push(h("g", { key: `row ${k}`, class: on ? "on" : "" },
      isGate ? null : h("path", { key: "zero", class: "zero", d: `M${left} ${y}H${W}` }),
      h("text", { key: "name", class: "rl", x: 4, y: y + 5, style: `fill:${colour}` }, h("tspan", { class: "it" }, label),
        wide ? h("tspan", { class: "rn", x: q.kind === "ElmanCell" ? 46 : 34 }, bw && k === "u" ? w("row_u_back") : bw && !isGate ? w("row_to", { row: named }) : named) : null)));
    for (let t = 1; t <= T; t++) {
      const known = bw ? isGate || t > s.t || (t === s.t && (k === "h" || at >= cur)) : t < s.t || (t === s.t && at <= cur);
      const cx = x(t);
      const id = `${k} ${t}`;
      if (!known) {
        nodes.push(h("circle", { key: `dot ${id}`, class: "dot", cx, cy: y, r: Math.min(1.3, cw / 4) }));
        continue;
      }
      const r = all.trace[t - 1];
      const d = all.back[t - 1];
      if (isGate) {
        const width = t === s.t && on ? 3.25 : Math.max(1, Math.min(2.25, cw / 5));
        nodes.push(h("ellipse", { key: id, class: "ap", cx, cy: y, rx: radius, ry: Math.max(0.8, r[k][u] * 10).toFixed(2), style: `stroke:${colour};stroke-width:${width}` }));
      } else {
        const whole = k === "c" || (bw && k === "h" && q.L.x0 && !KINDS[q.kind].memory);
        const width = whole ? (cw > 12 ? cw - 2 : cw) : Math.min(18, Math.max(1, cw * 0.42));
        const bar = (key_, v, from, cls) => nodes.push(barOf(key_, cx, y, width, v, from, rh, colour, cls));
        if (!bw) bar(id, { c: () => r.c[u] / all.cm, x: () => r.wx.h[u] / all.am, u: () => r.uh.h[u] / all.am, h: () => r.h[u] / all.am }[k]?.() ?? r[k][u], 0);
        else {
          const v = (k === "x" ? normOf(d.dx) : { c: d.dc, h: d.dh, g: d.dg, n: d.dn, u: d.delta.h }[k][u]) / all.gm;
          const split = k === "c" || (k === "h" && !KINDS[q.kind].memory);
          if (!split) bar(id, v, 0);
          else {
            // What came straight along the state, and on top of it what came through the gates.
            const straight = d.carry[u] / all.gm;
            const rest = v - straight;
            bar(id, straight, 0);
            if (Math.abs(rest) > 1e-3) bar(`via ${id}`, rest, rest * straight > 0 ? straight : 0, "viahbar");
          }
        }
      }
    }
  });
  const heard = rows.flatMap(([k, station]) => {
    const at = stations.indexOf(station);
    if (bw ? at < cur && !"fiorz".includes(k) : at > cur) return [];
    const name_ = { x: bw ? "dx" : "W x", u: bw ? "da" : "U h" }[k] ?? (bw && !"fiorz".includes(k) ? `d${k}` : k);
    const v = bw && !"fiorz".includes(k)
      ? { c: q.d.dc, h: q.d.dh, g: q.d.dg, n: q.d.dn, x: q.d.dx, u: q.d.delta.h }[k]
      : { x: () => q.r.wx.h, u: () => q.r.uh.h }[k]?.() ?? q.r[k];
    return [`${name_} ${num(v)}`];
  });
  const j = rows.findIndex(([, station]) => stations.indexOf(station) === cur);
  const lit = rows.filter(([, station]) => stations.indexOf(station) === cur).length;
  if (lit && cw >= 12)
    nodes.push(h("rect", { key: "here", class: "here", x: x(s.t) - cw / 2 + 1.5, y: top_ + j * rh + 1, width: cw - 3, height: rh * lit - 2, rx: 5, style: `stroke:${bw ? "var(--gs-grad)" : "var(--gs-mute)"}` }));
  const scale = bw ? w("scale_grad", { v: num(all.gm) }) : all.cm > 1 ? w("scale_c", { v: num(all.cm) }) : q.kind === "ElmanCell" && all.am > 1 ? w("scale_a", { v: num(all.am) }) : "";
  const routes = bw ? w(KINDS[q.kind].peepholes ? "routes_peep" : `routes_${family(q.kind)}`) : "";
  return h(
    "div",
    { class: "strip ruled", key: "strip" },
    h("svg", {
      key: "svg", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": w("strip", { t: s.t, n: T, values: heard.join(", ") || w("nothing_yet") }),
      onclick: (e) => {
        const box = e.currentTarget.getBoundingClientRect();
        const t = Math.floor((((e.clientX - box.left) / box.width) * W - left) / cw) + 1;
        if (t >= 1 && t <= T) set({ t });
      },
    }, nodes),
    h("div", { class: "time", key: "time" },
      // The thumb stands below the middle of its column.
      T === 1 ? null : h("input", { style: `margin-left:calc(${(x(1) / W) * 100}% - 8px);width:calc(${((x(T) - x(1)) / W) * 100}% + 16px)`, type: "range", min: 1, max: T, step: 1, value: s.t, "aria-label": w("time"), "aria-valuetext": w("time_text", { t: s.t, n: T }), oninput: (e) => set({ t: +e.target.value }) })),
    h("div", { class: "scale", key: "scale" }, [routes, scale].filter(Boolean).join(" ")),
  );
}

/** Numbers and labels above the columns: the present one first, then the others as far as there is room. */
function header({ s, w }, x, cw, left, W) {
  const T = s.inputs.length;
  const every = [1, 2, 5, 10, 20, 50, 100].find((n) => n * cw >= 26) ?? 100;
  const wide_ = (text) => [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x1100 ? 12.5 : 6.9), 0);
  const order = [s.t, 1, T, ...Array.from({ length: T }, (_, k) => k + 1)];
  const taken = { n: [], l: [] };
  const room = (row, t, text, gap) => {
    const half = wide_(text) / 2;
    const middle = Math.max(left - 4 + half, Math.min(W - half, x(t)));
    if (taken[row].some(([a, b]) => middle - half < b + gap && middle + half > a - gap)) return null;
    taken[row].push([middle - half, middle + half]);
    return middle;
  };
  const done = new Map();
  for (const t of order) {
    if (done.has(t)) continue;
    const now = t === s.t;
    const at = now || t === 1 || t % every === 0 ? room("n", t, String(t), 5) : null;
    const whole = s.labels.length && s.labels[t - 1] ? labelOf(w, s.labels[t - 1]) : "";
    const text = wide_(whole) <= Math.max(cw - 2, cw < 12 ? 999 : 0) ? whole : labelOf(w, s.labels[t - 1] ?? "", "_short");
    const label = text && (wide_(text) <= cw + 6 || cw < 12) ? room("l", t, text, 2) : null;
    done.set(t, at == null && label == null ? null : h("g", { key: `t ${t}`, class: now ? "cur" : "" },
      at == null ? null : h("text", { key: "n", x: at, y: 13, "text-anchor": "middle", class: "tn" }, String(t)),
      label == null ? null : h("text", { key: "label", x: label, y: 28, "text-anchor": "middle", class: "tx" }, text)));
  }
  return [...done.values()].filter(Boolean);
}

function barOf(id, cx, y, width, v, from, rh, colour, cls) {
  const unit = rh / 2 - 2.5;
  const clip = (a) => Math.max(-1, Math.min(1, a)) * unit;
  const height = Math.abs(clip(from + v) - clip(from));
  const negative = v < 0;
  const low = Math.min(clip(from + v), clip(from));
  if (height < 0.5) return h("rect", { key: id, x: cx - width / 2, y: y - clip(from) - 0.8, width, height: cls ? 0 : 1.6, fill: colour });
  const empty = negative && width > 4 && height > 3.6 && !cls;
  return h("rect", {
    key: id, class: cls ?? "", x: cx - width / 2 + (empty ? 0.8 : 0), y: y - low - height, width: width - (empty ? 1.6 : 0), height,
    style: cls ? null : empty ? `fill:color-mix(in srgb,${colour} 16%,transparent);stroke:${colour};stroke-width:1.8` : `fill:${colour};${negative && width <= 4 ? "opacity:.55" : ""}`,
  });
}

// --- inputs, weights, code ----------------------------------------------------------------------------------------
function nameOf({ s, w }, j) {
  const own = s.names[j];
  return own && w.has(`input_${own}`) ? w(`input_${own}`) : own || (s.inputs[0].length > 1 ? String(j + 1) : w("row_input"));
}

function edit(ctx, q) {
  const { s, ui, w, set } = ctx;
  const { cell, inputs, t, unit } = s;
  const { rows, peepholes } = KINDS[cell.kind];
  const H = q.H;
  const here = Object.entries(ROWS[q.kind]).find(([k, station]) => stationIs(q, station) && rows.includes(k))?.[0];
  const start = ui.start?.example === s.example && ui.start.cell.kind === cell.kind ? ui.start : (ui.start = { example: s.example, cell: s.cell, inputs: s.inputs, hold: s.hold });
  const row = rows.includes(ui.row) ? ui.row : (here ?? rows[0]);
  const k = rows.indexOf(row) * H + unit;
  const change = (name_, index, value) => {
    const copy = structuredClone(cell.params[name_]);
    if (index.length === 2) copy[index[0]][index[1]] = value;
    else copy[index[0]] = value;
    set({ cell: { ...cell, params: { ...cell.params, [name_]: copy } } });
  };
  const range = (v, least) => Math.max(least, Math.ceil(Math.abs(v)));
  const weight = (name_, index, label, said) => {
    const v = index.length === 2 ? cell.params[name_][index[0]][index[1]] : cell.params[name_][index[0]];
    // The range is that of the beginning: it does not move with the thumb.
    const first = start.cell.params[name_]?.[index[0]];
    const from = (index.length === 2 ? first?.[index[1]] : first) ?? v;
    const most = Math.max(range(from, name_ === "P" ? 40 : 10), range(v, 0));
    return slider({ key: `${name_} ${index}`, label, name: said, value: v, min: -most, max: most, step: 0.01, oninput: (value) => change(name_, index, value) });
  };
  const reset = () => set(s.examples[s.example] ? { cell: s.examples[s.example].cell, inputs: s.examples[s.example].inputs, hold: {} } : { cell: start.cell, inputs: start.inputs, hold: start.hold });
  return h(
    "details",
    { class: "fold", key: "edit", ontoggle: (e) => { if (e.currentTarget.open !== Boolean(ui.edit)) ctx.setUI({ edit: e.currentTarget.open }); } },
    h("summary", null, w("edit")),
    !ui.edit ? null : h("div", { class: "edit", tabindex: H > 4 || inputs[0].length > 4 ? "0" : null, role: "group", "aria-label": w("edit") },
      h("h4", { key: "hx" }, w("inputs_at", { t })),
      h("div", { class: "sliders", key: "inputs" },
        inputs[t - 1].map((v, j) =>
          slider({ key: `x ${j}`, label: [...sym("x", null), " ", h("small", null, nameOf(ctx, j))], name: w("input_named", { name: nameOf(ctx, j), t }), value: v, min: -range(v, 2), max: range(v, 2),
            oninput: (value) => set({ inputs: inputs.map((row_, r) => (r === t - 1 ? row_.map((old, c) => (c === j ? value : old)) : row_)) }) }))),
      h("h4", { key: "hw" }, w(H > 1 ? "weights_of_unit" : "weights_of", { n: unit + 1 })),
      rows.length > 1
        ? h("div", { class: "which", role: "group", "aria-label": w("which_row"), key: "which" },
            [...rows].map((letter) => h("button", { key: letter, type: "button", style: `--k:${ink(letter)}`, "aria-pressed": String(letter === row), "aria-label": `${letter}, ${w(`row_${letter}`)}`, onclick: () => ctx.setUI({ row: letter }) }, h("i", null, letter))))
        : null,
      h("div", { class: "sliders", key: `weights ${row}` },
        inputs[0].map((_, j) => weight("W", [k, j], [...sym("W", row === "h" ? null : row), " ", h("small", null, nameOf(ctx, j))], w("weight_W", { row, name: nameOf(ctx, j) }))),
        Array.from({ length: H }, (_, j) => weight("U", [k, j], [...sym("U", row === "h" ? null : row), H > 1 ? h("small", null, ` ${j + 1}`) : null], w("weight_U", { row, n: j + 1 }))),
        peepholes?.includes(row) ? weight("P", [peepholes.indexOf(row) * H + unit], sym("p", row), w("weight_P", { row })) : null,
        weight("b", [k], sym("b", row === "h" ? null : row), w("weight_b", { row })),
        cell.params.b_n && row === "n" ? weight("b_n", [unit], sym("b", "n\u2032"), w("weight_bn")) : null),
      h("div", { class: "which", key: "reset" }, h("button", { type: "button", onclick: reset }, w("reset")))),
  );
}

const stationIs = (q, station) => q.stations.indexOf(station) === q.cur;

function code(ctx) {
  const { s, ui, w } = ctx;
  const text = ui.code ? asPython(s) : "";
  const copy = () => {
    const done = (key_) => {
      ctx.setUI({ copied: key_, copiedText: text });
    };
    if (!navigator.clipboard) return done("copy_by_hand");
    navigator.clipboard.writeText(text).then(() => done("copied"), () => done("copy_by_hand"));
  };
  return h(
    "details",
    { class: "fold", key: "code", ontoggle: (e) => { if (e.currentTarget.open !== Boolean(ui.code)) ctx.setUI({ code: e.currentTarget.open, copied: null }); } },
    h("summary", null, w("as_python")),
    ui.code ? h("pre", { key: "pre", tabindex: "0", role: "region", "aria-label": w("as_python") }, text) : null,
    ui.code ? h("div", { class: "which", key: "copy" }, h("button", { type: "button", onclick: copy }, w("copy")), h("span", { class: "note", role: "status" }, ui.copied && ui.copiedText === text ? w(ui.copied) : "")) : null,
  );
}
