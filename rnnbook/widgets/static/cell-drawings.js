// The cells as pipes and openings. A gate is an opening, and the opening is drawn; thick is content, thin is control.
//
// One drawing for each family: `memory` (the LSTM and its siblings), `gru`, `elman`. Each has its own coordinates for a
// page and for a phone. A drawing gets q: {L, r, d, bw, lv, cur, t, T, n, hold, …} with numbers of one unit.

import { h, num, num2, tsym } from "./host.js";
import { KINDS } from "./core.js";

const LAYOUTS = {
  memory: {
    wide: { W: 700, H: 284, yc: 62, ym: 146, yh: 218, yb: 268, xf: 186, xg: 268, xi: 352, xj: 440, xb: 496, xo: 584, x0: 66, x1: 634, R: 25, S: 24, fs: 16,
      bands: [96, 256, 380, 500, 668] },
    phone: { W: 358, H: 312, yc: 66, ym: 152, yh: 234, yb: 292, xf: 88, xg: 130, xi: 184, xj: 238, xb: 250, xo: 283, x0: 44, x1: 318, R: 21, S: 20, fs: 15,
      bands: [50, 112, 208, 268, 332] },
  },
  gru: {
    wide: { W: 700, H: 284, yc: 62, ym: 156, yb: 268, xr: 186, xz: 290, xn: 404, xi: 484, xj: 556, x0: 66, x1: 634, R: 25, S: 24, fs: 16,
      bands: [84, 240, 340, 436, 668] },
    phone: { W: 358, H: 312, yc: 66, ym: 168, yb: 292, xr: 92, xz: 150, xn: 206, xi: 258, xj: 298, x0: 44, x1: 318, R: 21, S: 20, fs: 15,
      bands: [44, 118, 176, 232, 332] },
  },
  elman: {
    wide: { W: 700, H: 250, yt: 78, ym: 150, yb: 222, xw: 176, xu: 330, xj: 456, xt: 530, x0: 66, x1: 634, R: 25, S: 24, fs: 16, bands: [96, 252, 404, 668] },
    phone: { W: 358, H: 276, yt: 80, ym: 158, yb: 236, xw: 84, xu: 156, xj: 222, xt: 268, x0: 44, x1: 318, R: 21, S: 20, fs: 15, bands: [48, 120, 192, 332] },
  },
};

export const family = (kind) => (KINDS[kind].memory ? "memory" : kind === "ElmanCell" ? "elman" : "gru");
export const layout = (kind, wide) => ({ ...LAYOUTS[family(kind)][wide ? "wide" : "phone"], wide });

/** The colour of a letter: a GRU's gates wear the colour of the LSTM's that plays the same part. */
const ROLE = { z: "f", r: "o", n: "g" };
export const ink = (letter) => `var(--gs-${ROLE[letter] ?? letter})`;
const GRAD = "var(--gs-grad)";
const MUTE = "var(--gs-mute)";
const LEVEL = ["later", "done", "now"];

export const drawingCss = `
.stage{position:relative;padding-top:6px}
.tube,.bore,.flow,.hollow,.bus,.read,.tip,.chev,.peep{fill:none}
.tube{stroke:var(--pipe)}.bore{stroke:var(--bore)}
.flow{stroke-linecap:butt;transition:stroke-width .22s ease-out,opacity .22s ease-out}
.flow.done{opacity:.34}.flow.later{opacity:0}
.hollow{stroke:var(--bore);transition:stroke-width .22s ease-out}.flow.tint.now{opacity:.2}.flow.tint.done{opacity:.1}
.spot{fill:var(--gs-wash);transition:x .22s ease-out,width .22s ease-out}
.viah{stroke-dasharray:5 4}
.bus,.read,.tip,.peep{stroke:var(--gs-line);stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.read.on,.tip.on,.peep.on{stroke-width:2}
.peep{stroke-dasharray:2 3.5}
.chev{stroke:var(--gs-paper);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.mask{fill:var(--gs-paper);stroke:none!important}
.hit{fill:transparent}
.valve[role=button]{cursor:pointer}.valve{outline:none}
.rb .valve:focus-visible{outline:none}.valve:focus-visible .hit{stroke:var(--focus);stroke-width:3}
.valve[role=button]:hover .ring{stroke-width:3.25}
.jaw{fill:var(--k);transition:opacity .22s ease-out,d .22s ease-out}
.fun{transition:d .22s ease-out}
.hole{transition:ry .22s ease-out}
.lip,.ring{fill:none;stroke:var(--k)}
.lip{stroke-width:1.5;stroke:var(--gs-paper);transition:ry .22s ease-out}.ring{stroke-width:2.5}
.valve.done .jaw{opacity:.3}.valve.done .ring{opacity:.8;stroke-width:1.75}.valve.done .fun{opacity:.34}
.valve.later .ring{stroke:var(--gs-faint);stroke-width:1.5}.valve.unknown .ring{stroke-dasharray:3 4}
.rb .valve.held .ring{stroke-width:4;opacity:1}
.pin circle{fill:var(--k);stroke:var(--gs-paper);stroke-width:2}.pin path{fill:none;stroke:var(--gs-paper);stroke-width:1.4;stroke-linejoin:round}
.lab{fill:var(--k);font-weight:600}
.later .lab,.lab.later,.done .lab,.lab.done{fill:var(--gs-mute);font-weight:400}
.end text{fill:var(--gs-mute)}.end.now text{fill:var(--k)}.end.now .n{font-weight:600}
.xl{fill:var(--gs-mute);font-size:15px}.cnote{fill:var(--gs-mute);font-size:12.5px}
.prod{font-size:13px;font-weight:600}.rb .quiet{fill:var(--gs-mute);font-weight:400}
.op circle,.op rect{fill:var(--gs-paper);stroke:var(--gs-faint);stroke-width:1.5}.op path{fill:none;stroke:var(--gs-mute);stroke-width:1.75;stroke-linecap:round}
.opt{fill:var(--gs-mute);font-size:12px;text-anchor:middle}.rb .opt.it{font-size:15px}
.op.now circle,.op.now rect{stroke:var(--gs-ink)}.op.now path{stroke:var(--gs-ink)}.op.now text{fill:var(--gs-ink)}
.src circle{fill:none;stroke:var(--k);stroke-width:2}.src path{fill:none;stroke:var(--k);stroke-width:2;stroke-linecap:round}
.src.later{--k:var(--gs-faint)!important}.src.done circle:not(.mask),.src.done path{opacity:.5}
`;

// --- parts --------------------------------------------------------------------------------------------------------
const path = (key, cls, d, attrs) => h("path", { key, class: cls, d, ...attrs });
const thickness = (L, v) => Math.min(1.25, Math.abs(v)) * L.S;

function tube(L, d) {
  return [path(`tube ${d}`, "tube", d, { "stroke-width": L.S + 4 }), path(`bore ${d}`, "bore", d, { "stroke-width": L.S + 2 })];
}

/** Content in a pipe: as thick as it is large; a negative one is an outline with a tint. */
function flow(L, key, d, v, colour, level, through) {
  const w = level ? thickness(L, v) : 0;
  const cls = `${LEVEL[level]} ${through ? "viah" : ""}`;
  const nothing = w < 0.35;
  const parts = [path(key, `flow ${cls}`, d, { stroke: colour, "stroke-width": nothing ? 0 : Math.max(1.2, w).toFixed(2) })];
  if (v < 0 && w > 6) {
    const inner = (w - 4.5).toFixed(2);
    parts.push(path(`${key} hollow`, "hollow", d, { "stroke-width": inner }), path(`${key} tint`, `flow tint ${cls}`, d, { stroke: colour, "stroke-width": inner }));
  }
  return parts;
}

/**
 * A gradient in a pipe: what came straight along the state all the way is solid, what came through the gates
 * somewhere on the way is a broken band around it.
 */
function gradient(L, key, d, straight, whole, level) {
  const rest = whole - straight;
  const seen = Math.abs(rest) * L.S > 0.8 || straight === 0; // a hair around the solid part would only blur it
  const both = Math.abs(straight) + Math.abs(rest);
  return [
    seen ? flow(L, `${key} rest`, d, both, GRAD, level, true) : [],
    flow(L, key, d, straight, GRAD, level),
  ];
}

/** Marks that say which way the gradient runs. */
function chevrons(L, key, from, to, y, v, level) {
  if (!level || thickness(L, v) <= 7) return [];
  const marks = [];
  for (let x = from; x < to; x += 34) marks.push(path(`${key} ${x}`, "chev", `M${x + 3} ${y - 4}L${x - 2} ${y}L${x + 3} ${y + 4}`));
  return marks;
}

/** A thin line from the bus up to what reads it; backward, the gradient that comes down it. */
function reader(q, k, x, y, yb, level) {
  const { L, bw, d } = q;
  const on = level === 2 && !bw && q.hold[k] == null; // a held gate reads nothing
  const style = on ? `stroke:${ink(k)}` : null;
  const parts = [path(`read ${k}`, `read ${on ? "on" : ""}`, `M${x} ${yb}V${y + (bw ? 2 : 7)}`, { style })];
  if (bw) {
    const w = level && Math.abs(d.ud[k]) > 0.0005 ? Math.max(1.2, thickness(L, d.ud[k] * q.gs)) : 0;
    parts.push(path(`back ${k}`, `flow viah ${LEVEL[level]}`, `M${x} ${y}V${yb}H${q.xBack}`, { stroke: GRAD, "stroke-width": w.toFixed(1) }));
  } else parts.push(path(`tip ${k}`, `tip ${on ? "on" : ""}`, `M${x - 4} ${y + 8}L${x} ${y + 2}L${x + 4} ${y + 8}`, { style }));
  return parts;
}

const LOCK = "M-2.4 -.5v-1.7a2.4 2.4 0 0 1 4.8 0V-.5M-3.6 -.6h7.2v4.6h-7.2z";

/**
 * A gate: a disc whose hole is as high as the gate is open, with the content that goes through it.
 * `derived`: not a gate of its own but 1 minus another, so nothing to hold.
 */
function valve(q, { k, cx, cy, station, vin, vout, fill, negative, value, label, derived, below }) {
  const { L, bw, hold } = q;
  const level = q.lv(station);
  const v = level || bw ? value : null;
  const { R } = L;
  const ry = v == null ? 0.01 : Math.max(1, v * R - 1.2);
  const held = !derived && hold[k] != null;
  const a = thickness(L, vin) / 2;
  const b = thickness(L, vout) / 2;
  const slope = (cut) => {
    const at = (z) => Math.max(0, z - cut);
    return `M${cx - R} ${cy - at(a)}L${cx + R} ${cy - at(b)}V${cy + at(b)}L${cx - R} ${cy + at(a)}Z`;
  };
  const clip = { "clip-path": `url(#hole-${label ?? k})` };
  const whole = `M${cx - R} ${cy}a${R} ${R} 0 1 0 ${2 * R} 0a${R} ${R} 0 1 0 ${-2 * R} 0Z`;
  const hole = `M${cx - R} ${cy}a${R} ${ry} 0 1 0 ${2 * R} 0a${R} ${ry} 0 1 0 ${-2 * R} 0Z`;
  const named = q.w(`gate_${k}`);
  const said = v == null ? q.w("gate_unknown", { gate: named }) : q.w(held ? "gate_held" : "gate_is", { gate: named, v: num(v) });
  const action = derived
    ? { "aria-hidden": "true" }
    : {
        role: "button",
        tabindex: "0",
        "aria-label": `${k}${v == null ? "" : ` ${L.wide ? num(v) : v.toFixed(2)}`}, ${said}. ${q.w("gate_press")}`,
        "aria-expanded": String(q.open === k),
        "data-gate": k,
        onclick: () => q.toggle(k),
        onkeydown: (e) => {
          if (e.key !== "Enter" && e.key !== " ") return;
          e.preventDefault();
          q.toggle(k);
        },
      };
  return h(
    "g",
    { key: `valve ${label ?? k}`, class: `valve ${LEVEL[level]} ${v == null ? "unknown" : ""} ${held ? "held" : ""}`, style: `--k:${bw ? MUTE : ink(k)}`, ...action },
    h("circle", { key: "hit", class: "hit", cx, cy, r: Math.max(R + 5, 22.5 / q.scale) }),
    h("circle", { key: "mask", class: "mask", cx, cy, r: R }),
    v == null
      ? null
      : [
          h("clipPath", { key: "clip", id: `hole-${label ?? k}` }, h("ellipse", { class: "hole", cx, cy, rx: R - 1, ry: Math.max(ry, 0.01) })),
          (bw ? level > 0 : true) ? path("fun", "fun", slope(0), { ...clip, fill }) : null,
          (bw ? level > 0 : true) && negative && Math.max(a, b) > 3.2
            ? path("tintf", "fun", slope(2.25), { ...clip, fill: `color-mix(in srgb,${fill} 20%,var(--bore))` })
            : null,
          path("jaw", "jaw", whole + hole, { "fill-rule": "evenodd" }),
          h("ellipse", { key: "lip", class: "lip", cx, cy, rx: R, ry }),
        ],
    h("circle", { key: "ring", class: "ring", cx, cy, r: R }),
    held ? h("g", { key: "pin", class: "pin", transform: `translate(${cx + R * 0.78} ${cy - R * 0.78})` }, h("circle", { r: 9 }), h("path", { d: LOCK })) : null,
    h(
      "text",
      { key: "lab", class: "lab", x: cx, y: below ? cy + R + 18 : cy - R - 9, "text-anchor": "middle", style: `font-size:${L.wide ? 16 : 14}px` },
      label ? h("tspan", null, "1\u2009−\u2009", tsym(k)) : tsym(k),
      v == null ? null : h("tspan", { class: "n", dx: "4" }, L.wide ? num(v) : v.toFixed(2)),
    ),
  );
}

/** A name at an end of a pipe, with its number once that is known. */
function end(q, x, y, anchor, letter, index, v, level, colour) {
  const { L } = q;
  return h(
    "g",
    { key: `end ${anchor} ${y}`, class: `end ${LEVEL[level]}`, style: `--k:${colour}` },
    h("text", { x, y: y - 3, "text-anchor": anchor, style: `font-size:${L.fs + 1}px` }, Array.isArray(letter) ? letter : tsym(letter, L.wide || index < 100 ? index : null)),
    v == null ? null : h("text", { x, y: y + 14, "text-anchor": anchor, class: "n", style: `font-size:${L.wide ? 14 : 12}px` }, L.wide ? num(v) : num2(v)),
  );
}

const plus = (q, x, y, level) =>
  h("g", { key: "plus", class: `op ${LEVEL[level]}` }, h("circle", { cx: x, cy: y, r: 10 }), h("path", { d: `M${x - 5} ${y}h10M${x} ${y - 5}v10` }));
const pill = (key, x, y, text, level, math) =>
  h("g", { key, class: `op ${LEVEL[level]}` },
    h("rect", { x: x - (math ? 14 : 19), y: y - (math ? 14 : 11), width: math ? 28 : 38, height: math ? 28 : 22, rx: math ? 5 : 11 }),
    h("text", { x, y: y + (math ? 5 : 4), class: math ? "opt it" : "opt" }, text));
const source = (q, k, x, y, level, letter, v) => {
  const { L, bw } = q;
  const R = 15;
  return [
    h("g", { key: `src ${k}`, class: `src ${LEVEL[bw ? 1 : level]}`, style: `--k:${bw ? MUTE : ink(k)}` },
      h("circle", { class: "mask", cx: x, cy: y, r: R }), h("circle", { cx: x, cy: y, r: R }), h("path", { d: `M${x - 8} ${y + 5}C${x} ${y + 5} ${x} ${y - 5} ${x + 8} ${y - 5}` })),
    h("text", { key: `srclab ${k}`, class: `lab ${LEVEL[level]}`, style: `--k:${bw ? MUTE : ink(k)};font-size:${L.wide ? 16 : 14}px`, x: x - (L.wide ? 0 : 5), y: y - (L.wide ? 23 : 22), "text-anchor": "middle" },
      tsym(letter), level || bw ? h("tspan", { class: "n", dx: "4" }, L.wide ? num(v) : num2(v)) : null),
  ];
};
const note = (key, x, y, anchor, text, style) => h("text", { key, class: "cnote", x, y, "text-anchor": anchor, style }, text);

/** What the lit station stands on. */
function spot(q) {
  const { L } = q;
  const [a, b] = [L.bands[q.cur], L.bands[q.cur + 1]];
  return h("rect", { key: "spot", class: "spot", x: a, y: -6, width: b - a, height: L.H + 4 });
}

// --- families -----------------------------------------------------------------------------------------------------
function memory(q) {
  const { L, r, d, bw, t, T, cs, gs, wide, kind } = q;
  const { yc, ym, yh, yb, xf, xg, xi, xj, xb, xo, x0, x1, R, S, W } = L;
  const [keep, input, update, output] = q.stations;
  const lv = q.lv;
  const forgets = kind !== "LSTM1997Cell";
  const coupled = kind === "CoupledLSTMCell";
  const kx = wide ? 46 : 30;
  const bx = wide ? x0 + 34 : x0 + 14;
  q.xBack = bx;
  const p = {
    c0: `M${x0} ${yc}H${xf}`, fc: `M${xf} ${yc}H${xj}`, c1: `M${xj} ${yc}H${x1}`, g: `M${xg + 15} ${ym}H${xi}`,
    ig: wide ? `M${xi} ${ym}H${xj - kx}C${xj - 8} ${ym} ${xj - kx + 10} ${yc} ${xj} ${yc}` : `M${xi} ${ym}H${xi + 24}C${xj - 4} ${ym} ${xj - 34} ${yc} ${xj} ${yc}`,
    br: wide
      ? `M${xb - 22} ${yc}C${xb} ${yc} ${xb} ${yc + 8} ${xb} ${yc + 30}V${yh - 28}C${xb} ${yh - 4} ${xb + 6} ${yh} ${xb + 28} ${yh}H${xo}`
      : `M${xb - 10} ${yc}C${xb + 2} ${yc} ${xb} ${yc + 12} ${xb} ${yc + 30}V${yh - 24}C${xb} ${yh - 4} ${xb + 2} ${yh} ${xb + 20} ${yh}H${xo}`,
    h1: `M${xo} ${yh}H${x1}`,
    back: `M${bx + 10} ${yb}Q${bx} ${yb} ${bx} ${yb - 10}V${yh + 12}Q${bx} ${yh} ${bx - 12} ${yh}H${x0}`,
    h0: `M${x0} ${yh}H${bx - 12}Q${bx} ${yh} ${bx} ${yh + 12}V${yb - 10}Q${bx} ${yb} ${bx + 10} ${yb}`,
  };
  // The branch on both sides of its tanh.
  const yt = wide ? ym - 4 : ym;
  p.br1 = `${p.br.split("V")[0]}V${yt}`;
  p.br2 = `M${xb} ${yt}V${p.br.split("V")[1]}`;
  const rail = `M${x0} ${yc}H${x1}`;
  const o = [spot(q), tube(L, rail), tube(L, p.g), tube(L, p.ig), tube(L, p.br), tube(L, p.h1), path("rail", "bore", rail, { "stroke-width": S + 2 })];
  o.push(path("bus", "bus", `${p.h0}H${xo - 8}Q${xo} ${yb} ${xo} ${yb - 8}`), path("busx", "bus", `M${wide ? 8 : 4} ${yb}H${bx + 10}`));
  if (forgets) o.push(reader(q, "f", xf, yc + R, yb, lv(keep)));
  o.push(reader(q, "g", xg, ym + 15, yb, lv(input)));
  if (!coupled) o.push(reader(q, "i", xi, ym + R, yb, lv(input)));
  o.push(reader(q, "o", xo, yh + R, yb, lv(output)));
  if (coupled) {
    // i = 1 − f: one gate moves the other.
    const on = !bw && lv(input) === 2;
    const yl = yc + 38;
    o.push(path("link", `peep ${on ? "on" : ""}`, `M${xf + R * 0.72} ${yc + R * 0.72}C${xf + R + 4} ${yl} ${xf + R + 8} ${yl} ${xf + R + 18} ${yl}H${xi - 14}Q${xi} ${yl} ${xi} ${yl + 12}V${ym - R - 1}`, { style: on ? `stroke:${ink("f")}` : null }));
  }
  if (KINDS[kind].peepholes) {
    const see = (k, path_, station) => {
      const on = !bw && lv(station) === 2;
      o.push(path(`peep ${k}`, `peep ${on ? "on" : ""}`, path_, { style: on ? `stroke:${ink("c")}` : null }));
    };
    const left = wide ? xf - 54 : xf - 32;
    see("f", `M${left} ${yc + S / 2 + 2}C${left} ${yc + 34} ${xf - R - 12} ${yc + 34} ${xf - R * 0.8} ${yc + R * 0.6}`, keep);
    const above = wide ? xi - 48 : xi - 24;
    see("i", `M${above} ${yc + S / 2 + 2}C${above} ${ym - 30} ${above + 4} ${ym - 16} ${xi - R * 0.9} ${ym - R * 0.44}`, input);
    see("o", `M${xb + S / 2 + 2} ${ym + (wide ? 14 : 18)}C${xb + 34} ${ym + 18} ${xo - R - 10} ${yh - 34} ${xo - R * 0.72} ${yh - R * 0.7}`, output);
  }
  if (!bw) {
    o.push(
      flow(L, "c0", p.c0, r.c0 * cs, ink("c"), lv(keep) || 1),
      flow(L, "fc", p.fc, r.f * r.c0 * cs, ink("c"), lv(update) === 2 ? 2 : lv(keep)),
      flow(L, "g", p.g, r.g, ink("g"), lv(input)),
      flow(L, "ig", p.ig, r.i * r.g, ink("g"), lv(update) === 2 ? 2 : lv(input)),
      flow(L, "c1", p.c1, r.c * cs, ink("c"), lv(output) === 2 ? 2 : lv(update)),
      flow(L, "br1", p.br1, r.c * cs, ink("c"), lv(output)),
      flow(L, "br2", p.br2, r.tanh_c, ink("c"), lv(output)),
      flow(L, "h1", p.h1, r.h, ink("h"), lv(output)),
    );
  } else {
    const xm = wide ? xb - 22 : xb - 10;
    const reached = lv(output) === 2 || lv(update) === 2 ? 2 : 1;
    o.push(
      // The first hop from the output is where every route begins; later what comes in through h is broken.
      gradient(L, "h1", p.h1, t < T ? 0 : d.dh * gs, d.dh * gs, lv(output) || 1),
      gradient(L, "br2", p.br2, t < T ? 0 : d.dh * r.o * gs, d.dh * r.o * gs, lv(output)),
      gradient(L, "br1", p.br1, t < T ? 0 : d.dcH * gs, d.dcH * gs, lv(output)),
      gradient(L, "c1", `M${xm} ${yc}H${x1}`, t < T ? d.carry * gs : 0, d.dcIn * gs, lv(output) || 1),
      gradient(L, "cj", `M${xj} ${yc}H${xm + 1}`, d.carry * gs, d.dc * gs, lv(output) ? reached : 0),
      gradient(L, "fc", p.fc, d.carry * gs, d.dc * gs, lv(keep) === 2 ? 2 : lv(update)),
      gradient(L, "c0", p.c0, d.carry * r.f * gs, d.dc0 * gs, lv(keep)),
      // What leaves c for the candidate comes back to the past through h alone.
      gradient(L, "ig", p.ig, 0, d.dc * gs, lv(input) === 2 ? 2 : lv(update)),
      gradient(L, "g", p.g, 0, d.dg * gs, lv(input)),
      path("sum", `flow viah ${LEVEL[lv(keep)]}`, p.back, { stroke: GRAD, "stroke-width": lv(keep) && Math.abs(d.dh0) > 0.0005 ? Math.max(1.2, thickness(L, d.dh0 * gs)).toFixed(1) : 0 }),
      chevrons(L, "a", Math.max(xj + 30, xb + 11), x1 - 6, yc, (t < T ? d.carry : 0) * gs, 1),
      chevrons(L, "b", xf + (forgets ? R : 0) + 18, xj - 14, yc, d.carry * gs, lv(update)),
      chevrons(L, "c", x0 + 16, xf - R - 6, yc, d.carry * r.f * gs, lv(keep)),
      t < T ? [] : chevrons(L, "d", xo + R + 14, x1 - 4, yh, d.dh * gs, 1),
    );
  }
  o.push(plus(q, xj, yc, lv(update)), pill("tanh", xb, wide ? ym - 4 : ym, "tanh", lv(output)), source(q, "g", xg, ym, lv(input), "g", r.g));
  const v = (k, cx, cy, station, more) => valve(q, { k, cx, cy, station, value: r[k], ...more });
  if (forgets)
    o.push(v("f", xf, yc, keep, bw ? { vin: r.f * d.dc * gs, vout: d.dc * gs, fill: GRAD, negative: d.dc < 0 } : { vin: r.c0 * cs, vout: r.f * r.c0 * cs, fill: ink("c"), negative: r.c0 < 0 }));
  o.push(
    valve(q, { k: coupled ? "f" : "i", label: coupled ? "1-f" : undefined, derived: coupled, below: coupled, cx: xi, cy: ym, station: input, value: r.i,
      ...(bw ? { vin: d.dg * gs, vout: d.dc * gs, fill: GRAD, negative: d.dc < 0 } : { vin: r.g, vout: r.i * r.g, fill: ink("g"), negative: r.g < 0 }) }),
    v("o", xo, yh, output, bw ? { vin: d.dh * r.o * gs, vout: d.dh * gs, fill: GRAD, negative: d.dh < 0 } : { vin: r.tanh_c, vout: r.h, fill: ink("c"), negative: r.c < 0 }),
  );
  const left = wide ? 56 : 40;
  const right = W - (wide ? 56 : 37);
  if (!bw) {
    o.push(
      end(q, left, yc, "end", "c", t - 1, r.c0, lv(keep) === 2 ? 2 : 1, ink("c")),
      end(q, right, yc, "start", "c", t, lv(update) ? r.c : null, lv(output) === 2 ? 2 : lv(update), ink("c")),
      end(q, right, yh, "start", "h", t, lv(output) ? r.h : null, lv(output), ink("h")),
      end(q, left, yh, "end", "h", t - 1, r.h0, lv(update) === 2 ? 1 : 2, ink("h")),
    );
    if (!forgets && wide) o.push(note("whole", (x0 + xj) / 2, yc - 20, "middle", q.w("note_whole")));
    if (wide && (lv(update) === 2 || lv(keep) === 2) && forgets)
      o.push(h("text", { key: "fc value", class: "prod", x: (xf + R + xj - 10) / 2, y: yc - 20, "text-anchor": "middle", fill: ink("c") }, h("tspan", { class: "it" }, "f\u2009c"), ` ${num(r.f * r.c0)}`));
    if (wide && (lv(update) === 2 || lv(input) === 2))
      o.push(h("text", { key: "ig value", class: "prod", x: xj - 34, y: ym + 32, "text-anchor": "start", fill: ink("g") }, h("tspan", { class: "it" }, "i\u2009g"), ` ${num(r.i * r.g)}`));
  } else {
    const from = t < T ? (wide ? q.w("from", { t: t + 1 }) : `← ${t + 1}`) : q.w("end");
    o.push(
      end(q, right, yc, "start", [h("tspan", { style: "font-size:12px" }, from)], null, d.dcIn, lv(output) === 2 ? 2 : 1, GRAD),
      end(q, right, yh, "start", "dh", t, d.dh, lv(output) === 2 ? 2 : 1, GRAD),
      end(q, left, yc, "end", "dc", t - 1, lv(keep) ? d.dc0 : null, lv(keep), GRAD),
      end(q, left, yh, "end", "dh", t - 1, lv(keep) ? d.dh0 : null, lv(keep), GRAD),
    );
    if (wide && lv(output))
      o.push(h("text", { key: "dc value", class: `prod ${lv(input) ? "quiet" : ""}`, x: xj + 36, y: yc - 20, "text-anchor": "middle", fill: GRAD }, tsym("dc", t), ` ${num(d.dc)}`));
    if (wide) o.push(note("via c", (xf + R + xj) / 2 - 20, yc - 20, "middle", q.w("through_c"), `fill:${GRAD}`));
  }
  o.push(xLabel(q, keep, yb));
  if (wide) o.push(note("bus note", xo - 26, yb - 7, "end", bw ? q.w(KINDS[kind].peepholes ? "through_h_peep" : "through_h") : q.w("note_reads")));
  return o;
}

/** Below at the left: what comes in, or the gradient that reaches it. */
function xLabel(q, first, yb) {
  const { L, bw, d, t } = q;
  const level = q.lv(first);
  return h("text", { key: "x", class: "xl", x: L.wide ? 8 : 2, y: yb - 7, style: bw && level === 2 ? `fill:${GRAD}` : null },
    bw ? (q.D > 1 ? ["|", tsym("dx", t), "|"] : tsym("dx", t)) : tsym("x", t),
    bw && level && L.wide ? h("tspan", { class: "n", dx: "4", style: "font-size:13px" }, num(d.dx)) : null);
}

function gru(q) {
  const { L, r, d, bw, t, T, gs, wide, kind } = q;
  const { yc, ym, yb, xr, xz, xn, xi, xj, x0, x1, R, S, W } = L;
  const [reset, update, candidate, state] = q.stations;
  const lv = q.lv;
  const before = KINDS[kind].before;
  const turn = wide ? 104 : 58; // where the branch to the reset gate leaves the rail
  const xU = before ? (wide ? (xr + xn) / 2 + 22 : (xr + xn) / 2 + 4) : turn;
  const yU = before ? ym : (yc + ym) / 2 + (wide ? 2 : -14);
  const bx = wide ? x0 + 8 : x0 + 2;
  q.xBack = bx;
  const kx = wide ? 30 : 16;
  const p = {
    h0: `M${x0} ${yc}H${xz}`, zh: `M${xz} ${yc}H${xj}`, h1: `M${xj} ${yc}H${x1}`,
    down: `M${turn - (wide ? 22 : 8)} ${yc}C${turn} ${yc} ${turn} ${yc + 8} ${turn} ${yc + 24}V${ym - 20}C${turn} ${ym - 4} ${turn + 6} ${ym} ${turn + (wide ? 24 : 12)} ${ym}H${xr}`,
    rn: `M${xr} ${ym}H${xn - 15}`, n: `M${xn + 15} ${ym}H${xi}`,
    new: wide ? `M${xi} ${ym}H${xi + 34}C${xj - 4} ${ym} ${xj - kx} ${yc} ${xj} ${yc}` : `M${xi} ${ym}C${xj} ${ym} ${xj - kx - 6} ${yc} ${xj} ${yc}`,
  };
  const rail = `M${x0} ${yc}H${x1}`;
  const o = [spot(q)];
  // Controls first: they pass behind the pipes.
  // r and z read h and x, the candidate's own line brings x alone.
  const yhb = yb - 14;
  o.push(path("bus", "bus", `M${bx} ${yc + S / 2 + 2}V${yhb - 10}Q${bx} ${yhb} ${bx + 10} ${yhb}H${xz}`), path("busx", "bus", `M${wide ? 8 : 4} ${yb}H${xn - 8}Q${xn} ${yb} ${xn} ${yb - 8}`));
  o.push(path("xr", "bus", `M${xr} ${yb}V${yhb}`), path("xz", "bus", `M${xz} ${yb}V${yhb}`));
  o.push(reader(q, "z", xz, yc + R, yhb, lv(update)));
  o.push(tube(L, rail), tube(L, p.down), tube(L, p.rn), tube(L, p.n), tube(L, p.new), path("rail", "bore", rail, { "stroke-width": S + 2 }));
  o.push(reader(q, "r", xr, ym + R, yhb, lv(reset)));
  const reads = lv(candidate) === 2 && !bw;
  o.push(path("read n", `read ${reads ? "on" : ""}`, `M${xn} ${yb - 4}V${ym + 22}`, { style: reads ? `stroke:${ink("n")}` : null }), path("tip n", `tip ${reads ? "on" : ""}`, `M${xn - 4} ${ym + 23}L${xn} ${ym + 17}L${xn + 4} ${ym + 23}`, { style: reads ? `stroke:${ink("n")}` : null }));
  if (bw) {
    // What the two gates send to h, up at the left.
    const sum = lv(reset) ? d.ud.r + d.ud.z : d.ud.z;
    const level = lv(reset) || lv(update);
    o.push(path("sum", `flow viah ${LEVEL[level]}`, `M${bx} ${yhb}V${yc + S / 2 + 2}`, { stroke: GRAD, "stroke-width": level && Math.abs(sum) > 0.0005 ? Math.max(1.2, thickness(L, sum * gs)).toFixed(1) : 0 }));
  }
  const on = !bw && lv(state) === 2;
  const yl = wide ? yc + 44 : yc + 42;
  o.push(path("link", `peep ${on ? "on" : ""}`, `M${xz + R * 0.72} ${yc + R * 0.72}C${xz + R + 6} ${yl} ${xz + R + 10} ${yl} ${xz + R + 20} ${yl}H${xi - 14}Q${xi} ${yl} ${xi} ${yl + 12}V${ym - R - 1}`, { style: on ? `stroke:${ink("z")}` : null }));
  const past = before ? r.h0 : r.m; // what meets the reset gate
  const after = before ? r.rh : r.rm; // what leaves it
  p.down1 = before ? p.down : `${p.down.split("V")[0]}V${yU}`;
  p.down2 = before ? `M${xr - 1} ${ym}H${xr}` : `M${turn} ${yU}V${p.down.split("V")[1]}`;
  p.rn1 = before ? `M${xr} ${ym}H${xU}` : p.rn;
  p.rn2 = before ? `M${xU} ${ym}H${xn - 15}` : `M${xn - 16} ${ym}H${xn - 15}`;
  const unit = (v) => Math.max(-1.25, Math.min(1.25, v));
  if (!bw) {
    o.push(
      flow(L, "h0", p.h0, r.h0, ink("h"), lv(update) === 2 ? 2 : 1),
      flow(L, "zh", p.zh, r.z * r.h0, ink("h"), lv(state) === 2 ? 2 : lv(update)),
      // Each pipe is cut at its box: U makes another number of what comes in.
      flow(L, "down1", p.down1, r.h0, ink("h"), lv(reset)),
      flow(L, "down2", p.down2, unit(past), ink("h"), lv(reset)),
      flow(L, "rn1", p.rn1, unit(after), ink("h"), lv(candidate) === 2 ? 2 : lv(reset)),
      flow(L, "rn2", p.rn2, unit(before ? r.uh.n : after), ink("h"), lv(candidate)),
      flow(L, "n", p.n, r.n, ink("n"), lv(state) === 2 ? 2 : lv(candidate)),
      flow(L, "new", p.new, (1 - r.z) * r.n, ink("n"), lv(state)),
      flow(L, "h1", p.h1, r.h, ink("h"), lv(state)),
    );
  } else {
    o.push(
      gradient(L, "h1", p.h1, d.carry * gs, d.dh * gs, lv(state) || 1),
      gradient(L, "zh", p.zh, d.carry * gs, d.dh * gs, lv(state)),
      gradient(L, "h0", p.h0, d.carry * r.z * gs, d.straight * gs, lv(update)),
      gradient(L, "new", p.new, 0, d.dh * gs, lv(state)),
      gradient(L, "n", p.n, 0, d.dn * gs, lv(state)),
      gradient(L, "rn2", p.rn2, 0, d.delta.n * gs, lv(candidate)),
      gradient(L, "rn1", p.rn1, 0, (before ? d.drh : d.delta.n) * gs, lv(candidate)),
      gradient(L, "down2", p.down2, 0, (before ? d.ud.n : d.delta.n * r.r) * gs, lv(reset)),
      gradient(L, "down1", p.down1, 0, d.ud.n * gs, lv(reset)),
      chevrons(L, "a", xj + 26, x1 - 6, yc, d.carry * gs, lv(state) || 1),
      chevrons(L, "b", xz + R + 18, xj - 14, yc, d.carry * gs, lv(state)),
      chevrons(L, "c", x0 + 30, xz - R - 6, yc, d.carry * r.z * gs, lv(update)),
    );
  }
  o.push(plus(q, xj, yc, lv(state)), source(q, "n", xn, ym, lv(candidate), "n", r.n), pill("U", xU, yU, "U", lv(before ? candidate : reset), true));
  o.push(
    valve(q, { k: "r", cx: xr, cy: ym, station: reset, value: r.r, ...(bw ? { vin: (before ? d.ud.n : d.delta.n * r.r) * gs, vout: (before ? d.drh : d.delta.n) * gs, fill: GRAD, negative: d.delta.n < 0 } : { vin: unit(past), vout: unit(after), fill: ink("h"), negative: past < 0 }) }),
    valve(q, { k: "z", cx: xz, cy: yc, station: update, value: r.z, ...(bw ? { vin: d.straight * gs, vout: d.dh * gs, fill: GRAD, negative: d.dh < 0 } : { vin: r.h0, vout: r.z * r.h0, fill: ink("h"), negative: r.h0 < 0 }) }),
    valve(q, { k: "z", label: "1-z", derived: true, below: true, cx: xi, cy: ym, station: state, value: 1 - r.z, ...(bw ? { vin: d.dn * gs, vout: d.dh * gs, fill: GRAD, negative: d.dh < 0 } : { vin: r.n, vout: (1 - r.z) * r.n, fill: ink("n"), negative: r.n < 0 }) }),
  );
  const left = wide ? 56 : 40;
  const right = W - (wide ? 56 : 37);
  if (!bw) {
    o.push(end(q, left, yc, "end", "h", t - 1, r.h0, lv(candidate) === 2 ? 1 : 2, ink("h")), end(q, right, yc, "start", "h", t, lv(state) ? r.h : null, lv(state), ink("h")));
    if (wide && (lv(state) === 2 || lv(update) === 2))
      o.push(h("text", { key: "zh value", class: "prod", x: (xz + R + xj) / 2, y: yc - 20, "text-anchor": "middle", fill: ink("h") }, h("tspan", { class: "it" }, "z\u2009h"), ` ${num(r.z * r.h0)}`));
    if (wide && lv(state) === 2)
      o.push(h("text", { key: "new value", class: "prod", x: xj + 2, y: ym - 14, "text-anchor": "start", fill: ink("n") }, "(1\u2009−\u2009", h("tspan", { class: "it" }, "z"), ")\u2009", h("tspan", { class: "it" }, "n"), ` ${num((1 - r.z) * r.n)}`));
    if (wide && (lv(reset) === 2 || lv(candidate) === 2))
      o.push(h("text", { key: "r value", class: "prod", x: (xr + xn) / 2 + 4, y: ym - 20, "text-anchor": "middle", fill: ink("h") }, h("tspan", { class: "it" }, before ? "r\u2009h" : "r\u2009m"), ` ${num(after)}`));
  } else {
    o.push(
      end(q, right, yc, "start", "dh", t, d.dh, lv(state) === 2 ? 2 : 1, GRAD),
      end(q, left, yc, "end", "dh", t - 1, lv(reset) ? d.dh0 : null, lv(reset), GRAD),
    );
    if (wide) o.push(note("via z", (xz + R + xj) / 2, yc - 20, "middle", q.w("straight"), `fill:${GRAD}`));
  }
  o.push(xLabel(q, reset, yb + (wide ? 0 : 0)));
  if (wide) o.push(note("bus note", xn + 20, yb - 2, "start", bw ? q.w("through_gates") : q.w("note_gru_reads")));
  return o;
}

function elman(q) {
  const { L, r, d, bw, t, T, as, gs, wide } = q;
  const { yt, ym, yb, xw, xu, xj, xt, x0, x1, W } = L;
  const [input, context, state] = q.stations;
  const lv = q.lv;
  q.xBack = x0;
  const bend = wide ? 44 : 26;
  const p = {
    x: `M${x0} ${yb}H${xw}`, wx: `M${xw} ${yb}H${xj - bend}C${xj - 6} ${yb} ${xj - bend + 8} ${ym} ${xj} ${ym}`,
    h0: `M${x0} ${yt}H${xu}`, uh: `M${xu} ${yt}H${xj - bend}C${xj - 6} ${yt} ${xj - bend + 8} ${ym} ${xj} ${ym}`,
    a: `M${xj} ${ym}H${xt}`, h1: `M${xt} ${ym}H${x1}`,
  };
  const o = [spot(q), Object.values(p).map((d_) => tube(L, d_))];
  // One pipe: the walls of its pieces do not show inside.
  for (const d_ of [p.wx, p.uh]) o.push(path(`over ${d_}`, "bore", d_, { "stroke-width": L.S + 2 }));
  o.push(path("over a", "bore", `M${xj} ${ym}H${x1}`, { "stroke-width": L.S + 2 }));
  const INK = "var(--gs-ink)";
  const one = q.xs.length === 1;
  if (!bw) {
    o.push(
      flow(L, "x", p.x, one ? q.xs[0] * as : 0, MUTE, lv(input) || 1),
      flow(L, "wx", p.wx, r.wx.h * as, MUTE, lv(state) === 2 ? 2 : lv(input)),
      flow(L, "h0", p.h0, r.h0 * as, ink("h"), lv(context) === 2 ? 2 : 1),
      flow(L, "uh", p.uh, r.uh.h * as, ink("h"), lv(state) === 2 ? 2 : lv(context)),
      flow(L, "a", p.a, r.a.h * as, INK, lv(state)),
      flow(L, "h1", p.h1, r.h * as, ink("h"), lv(state)),
    );
  } else {
    o.push(
      // Only the last output is reached past U.
      gradient(L, "h1", p.h1, t < T ? 0 : d.dh * gs, d.dh * gs, lv(state) || 1),
      gradient(L, "a", p.a, t < T ? 0 : d.delta.h * gs, d.delta.h * gs, lv(state)),
      gradient(L, "uh", p.uh, 0, d.delta.h * gs, lv(context) === 2 ? 2 : lv(state)),
      gradient(L, "h0", p.h0, 0, d.dh0 * gs, lv(context)),
      gradient(L, "wx", p.wx, 0, d.delta.h * gs, lv(input) === 2 ? 2 : lv(state)),
      gradient(L, "x", p.x, 0, d.dx * gs, lv(input)),
      chevrons(L, "a", xt + 34, x1 - 6, ym, t < T ? 0 : d.dh * gs, 1),
    );
  }
  const name = q.activation;
  o.push(pill("W", xw, yb, "W", lv(input), true), pill("U", xu, yt, "U", lv(context), true), plus(q, xj, ym, lv(state)), pill("phi", xt, ym, name.length > 5 ? "φ" : name, lv(state)));
  const left = wide ? 56 : 40;
  const right = W - (wide ? 56 : 37);
  const value = (key, x, y, v, style, text) => h("text", { key, class: "prod n", x, y, "text-anchor": "middle", style }, text, ` ${wide ? num(v) : num2(v)}`);
  if (!bw) {
    o.push(
      end(q, left, yb, "end", "x", t, one ? q.xs[0] : null, lv(input) === 2 ? 2 : 1, INK),
      end(q, left, yt, "end", "h", t - 1, r.h0, lv(context) === 2 ? 2 : 1, ink("h")),
      end(q, right, ym, "start", "h", t, lv(state) ? r.h : null, lv(state), ink("h")),
    );
    if (lv(input) === 2 || lv(state) === 2) o.push(value("wx value", xw + (wide ? 100 : 62), yb + 30, r.wx.h, "fill:var(--gs-mute)", h("tspan", { class: "it" }, "W\u2009x")));
    if (lv(context) === 2 || lv(state) === 2) o.push(value("uh value", xu + (wide ? 62 : 34), yt - 22, r.uh.h, `fill:${ink("h")}`, h("tspan", { class: "it" }, "U\u2009h")));
  } else {
    o.push(
      end(q, right, ym, "start", "dh", t, d.dh, lv(state) === 2 ? 2 : 1, GRAD),
      end(q, left, yt, "end", "dh", t - 1, lv(context) ? d.dh0 : null, lv(context), GRAD),
      end(q, left, yb, "end", q.D > 1 ? ["|", tsym("dx", t), "|"] : "dx", t, lv(input) ? d.dx : null, lv(input), GRAD),
    );
    if (lv(state)) o.push(value("da value", (xj + xt) / 2, ym + (wide ? 34 : 40), d.delta.h, `fill:${GRAD}`, h("tspan", { class: "it" }, "da")));
  }
  return o;
}

/** The drawing of one step, as an SVG. */
export function drawing(q) {
  const { L } = q;
  const body = { memory, gru, elman }[family(q.kind)](q);
  return h("svg", { key: `cell ${q.kind} ${L.W}`, viewBox: `0 0 ${L.W} ${L.H}`, role: "group", "aria-label": q.w("drawing", { cell: q.w(`cell_${q.kind}`), t: q.t }) }, body);
}
