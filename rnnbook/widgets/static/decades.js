// Numbers of very different size: written in plain form, drawn on an axis of powers of ten, and what float32 makes of them.

import { h } from "./host.js";

/** float32: its largest number, its smallest normal number, its smallest of all. */
export const LARGEST = (2 - 2 ** -23) * 2 ** 127;
export const SMALLEST = 2 ** -126;
export const LEAST = 2 ** -149;

const MINUS = "\u2212";
const scientific = (m, e) => `${m}e${e < 0 ? MINUS : ""}${Math.abs(e)}`;

/** Three digits in plain form, or two and a power of ten: 37.8, 0.0255, 1.2e−7, inf. */
export function plain(v) {
  if (v === 0) return "0";
  const a = Math.abs(v);
  const sign = v < 0 ? MINUS : "";
  if (a === Infinity) return `${sign}inf`;
  if (a >= 0.001 && a < 999500) {
    const three = Number(a.toPrecision(3));
    return sign + (three >= 1000 ? whole(three) : String(three));
  }
  const [m, e] = a.toExponential(1).split("e");
  return sign + scientific(+m, +e);
}

/** The same where there is little room: beyond 100 powers of ten one digit is enough. */
const short = (text) => (text.length > 7 ? text.replace(/^(\d)\.(\d)e/, (_, a, b) => `${+a + (b >= "5" ? 1 : 0)}e`) : text);

/** A whole number with commas. */
export const whole = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");

/** r to the power n in plain form, also where it fits in no number of JavaScript. */
export function power(r, n) {
  const l = n * Math.log10(r);
  if (Math.abs(l) < 290) return plain(r ** n);
  let e = Math.floor(l);
  let m = Math.round(10 ** (l - e + 1)) / 10;
  if (m >= 10) [m, e] = [m / 10, e + 1];
  return scientific(m, e);
}

/**
 * From which power of ten to which an axis goes that shows the powers low to high, and 1. Where there is nothing but 1, a
 * sixth of the other side is left. At the widest, the ends of float32 are seen.
 */
export function reach(low, high) {
  const side = (need, widest) => (need <= 0 ? 0 : ([3, 6, 12, 24].find((most) => need <= most) ?? widest));
  const [down, up] = [side(-low, 52), side(high, 46)];
  if (!down && !up) return [-3, 3];
  return [-Math.max(down, up / 6), Math.max(up, down / 6)];
}

/** The powers that are written on such an axis. */
export function ticks([low, high]) {
  const most = Math.max(-low, high);
  const every = [[3, 1], [6, 2], [12, 4], [24, 8]].find(([widest]) => most <= widest)?.[1] ?? 20;
  const all = [];
  for (let k = Math.ceil(low / every) * every; k <= high; k += every) all.push(k || 0);
  return all;
}

/** A line through points [x, y] as far as it runs between low and high; X and Y give pixels. */
export function clipped(points, low, high, X, Y) {
  const out = [];
  let open = false;
  const put = (how, x, y) => out.push(`${how}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`);
  for (let k = 1; k < points.length; k++) {
    const [x1, y1] = points[k - 1];
    const [x2, y2] = points[k].map((v) => (v === -Infinity ? -1e9 : v));
    if (Math.max(y1, y2) < low || Math.min(y1, y2) > high || y1 === -Infinity) {
      open = false;
      continue;
    }
    const at = (y) => x1 + ((y - y1) / (y2 - y1)) * (x2 - x1);
    const a = y1 < low ? [at(low), low] : y1 > high ? [at(high), high] : [x1, y1];
    const b = y2 < low ? [at(low), low] : y2 > high ? [at(high), high] : [x2, y2];
    if (!open) put("M", ...a);
    put("L", ...b);
    open = b[0] === x2 && b[1] === y2;
  }
  return out.join("");
}

/**
 * The axis of powers of ten, the line of 1 and, where they are in sight, the ends of float32.
 *
 * box: {left, right, top, bottom}; span: what `reach` gave; read: a value that is marked on the axis; side: where the
 * names of the ends stand; w: the words; wide: whether there is room for them.
 */
export function ground({ left, right, top, bottom }, span, { w, wide, read, side = "right", tint = "" }) {
  const Y = (l) => bottom - ((l - span[0]) / (span[1] - span[0])) * (bottom - top);
  const held = read == null ? null : Y(Math.max(span[0], Math.min(span[1], read.at)));
  const [x, anchor] = side === "right" ? [right - 6, "end"] : [left + 8, "start"];
  const text = (key, y, said) => h("text", { key, x, y: y.toFixed(1), class: `note ${anchor} ${key.startsWith("beyond") ? "" : "halo"}` }, said);
  const line = (key, l, cls) => h("path", { key, class: cls, d: `M${left} ${Y(l).toFixed(1)}H${right}` });
  const band = (key, from, to) => h("rect", { key, class: "beyond", x: left, y: from, width: right - left, height: to - from });
  const [big, small, least] = [LARGEST, SMALLEST, LEAST].map(Math.log10);
  return [
    span[1] > big
      ? h("g", { key: "over" }, band("inf", top, Y(big)), line("big", big, "end"),
          text("big name", Y(big) + 16, w("largest", { v: plain(LARGEST) })), text("beyond_inf", (top + Y(big)) / 2 + 4.5, w("beyond_inf")))
      : null,
    span[0] < least
      ? h("g", { key: "under" }, band("zero", Y(least), bottom), line("small", small, "end dashed"), line("least", least, "end"),
          text("small name", Y(small) - 6, w(wide ? "smallest" : "smallest_short", { v: plain(SMALLEST) })), text("few name", (Y(small) + Y(least)) / 2 + 4.5, w("fewer")),
          text("beyond_zero", (bottom + Y(least)) / 2 + 4.5, w("beyond_zero")))
      : null,
    h("path", { key: "axis", class: "axis", d: `M${left} ${top}V${bottom}H${right}` }),
    line("one", 0, "one"),
    ticks(span).map((k) =>
      held != null && Math.abs(Y(k) - held) < 15 ? null : h("text", { key: `tick ${k}`, x: left - 8, y: Y(k) + 4.5, class: "tick end" }, plain(10 ** k)),
    ),
    held == null ? null : h("text", { key: "read", x: left - 8, y: held + 4.5, class: `read end ${tint}` }, short(read.text)),
  ];
}

/** What both figures with such an axis look like. */
export const LOOK = `
svg text{fill:var(--gs-ink);font-size:14px;text-anchor:middle;font-variant-numeric:tabular-nums}
.rb svg .start{text-anchor:start}.rb svg .end{text-anchor:end}
svg .tick{font-size:13px;fill:var(--gs-mute)}
svg .read{font-size:13.5px;font-weight:600}svg .read.grad{fill:var(--gs-grad)}
svg .note{font-size:12.5px;fill:var(--gs-mute)}svg .note.grad{fill:var(--gs-grad)}svg .note .it,svg .tick .it{font-size:15.5px}.rb svg .note .it.index{font-size:12px}
.rb svg .halo{paint-order:stroke;stroke:var(--gs-paper);stroke-width:5px;stroke-linejoin:round}
.axis{fill:none;stroke:var(--gs-line)}
.one{stroke:var(--gs-line);fill:none}
path.end{stroke:var(--gs-faint);fill:none}path.dashed{stroke-dasharray:2 4}
.beyond{fill:var(--gs-wash)}
.cross{fill:none;stroke:var(--gs-faint);stroke-dasharray:1 3;stroke-linecap:round}
.curve{fill:none;stroke:var(--gs-ink);stroke-width:2.75;stroke-linejoin:round;stroke-linecap:round}
.later{fill:none;stroke:var(--gs-faint);stroke-width:1.25;stroke-linejoin:round}
.exact{fill:none;stroke:var(--gs-mute);stroke-width:1.25;stroke-dasharray:5 4}
.dot{fill:var(--gs-ink);stroke:var(--gs-paper);stroke-width:2;transition:cx .22s ease-out,cy .22s ease-out}
.grad.curve{stroke:var(--gs-grad)}.grad.dot{fill:var(--gs-grad)}
.rb .time{display:block;height:44px}
.rb .hint{margin:4px 0 6px;font-size:13px;line-height:20px;min-height:20px;color:var(--gs-mute)}
.terms{display:flex;justify-content:center;align-items:flex-start;gap:0 34px;min-height:74px;padding-top:4px;font:25px/34px var(--math)}
.terms .term{display:flex;flex-direction:column;align-items:center;min-width:64px}
.terms .letter{display:block;height:36px;white-space:nowrap}.terms .letter.word{font:15px/36px var(--sans);color:var(--gs-mute)}
.terms sup{font-size:.64em;line-height:0;vertical-align:.55em}
.terms .n{font:600 15px/20px var(--sans);min-height:20px;white-space:nowrap;color:var(--gs-mute)}
.terms .now .n{color:var(--gs-ink)}.terms .now.grad,.terms .now.grad .n{color:var(--gs-grad)}
.rb .phone .terms{font-size:20px;line-height:28px;gap:0 16px;min-height:64px}.rb .phone .terms .letter{height:30px}.rb .phone .terms .letter.word{font-size:13.5px;line-height:30px}
.rb .phone .terms .n{font-size:14px}.rb .phone .terms .term{min-width:52px}
.rb .phone .hint{min-height:40px}
.rb .narrow .transport{flex-wrap:wrap}.rb .narrow .where{flex-basis:100%;text-align:center}
`;
