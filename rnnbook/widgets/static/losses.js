// Losses on an axis: how they are written, and the round numbers beside them.

const MINUS = "\u2212";

export const sum = (list) => list.reduce((a, b) => a + b, 0);

/** A whole number with commas. */
export const whole = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");

/** Three digits in plain form, or two and a power of ten, as `plain` in decades.py: 37.8, 0.0255, 1.2e−7. */
export function plain(v) {
  const a = Math.abs(v);
  const sign = v < 0 ? MINUS : "";
  if (a === 0) return "0";
  if (a >= 0.001 && a < 999500) {
    const three = Number(a.toPrecision(3));
    return sign + (three >= 1000 ? whole(three) : String(three));
  }
  const [m, e] = a.toExponential(1).split("e");
  return `${sign}${+m}e${e < 0 ? MINUS : ""}${Math.abs(e)}`;
}

/** Two to four round numbers of an axis. */
export function ticks(low, high, log) {
  if (log) {
    const all = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) for (const m of [1, 3]) all.push(m * 10 ** e);
    const inside = all.filter((v) => v >= low && v <= high);
    const tens = inside.filter((v) => String(v / 10 ** Math.floor(Math.log10(v) + 1e-9))[0] === "1");
    return tens.length >= 2 ? tens : inside;
  }
  const raw = (high - low) / 4;
  const ten = 10 ** Math.floor(Math.log10(raw));
  const by = [1, 2, 2.5, 5, 10].find((m) => m * ten >= raw) * ten;
  const all = [];
  for (let v = Math.ceil(low / by) * by; v <= high + 1e-9 * by; v += by) all.push(+v.toPrecision(10));
  return all;
}
