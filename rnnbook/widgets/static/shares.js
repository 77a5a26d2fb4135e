// How much is left of something, short enough to stand below a drawing: 41%, 3.2%, 2.5e−14, ×3.4.

import { num } from "./host.js";

const MINUS = "\u2212";

/** From its logarithm to base 10, which knows numbers that are too small for a double; up to the power `coarse`, one digit. */
export function scientific(log, coarse = -100) {
  let power = Math.floor(log);
  let digits = (10 ** (log - power)).toFixed(power <= coarse ? 0 : 1);
  if (digits.startsWith("10")) [power, digits] = [power + 1, power + 1 <= coarse ? "1" : "1.0"];
  return `${digits}e${power < 0 ? MINUS : ""}${Math.abs(power)}`;
}

/** A share of 1, or what has grown beyond it; `log` is its logarithm to base 10. */
export function share(v, log = Math.log10(v), coarse = -100) {
  const percent = 100 * v;
  if (log === -Infinity) return "0";
  if (percent >= 99900) return `×${scientific(log)}`;
  if (percent >= 100.5) return `×${v.toFixed(v < 1.095 ? 2 : v < 9.95 ? 1 : 0)}`;
  if (percent >= 99.995) return "100%";
  if (percent >= 9.95) return `${percent.toFixed(percent > 99.9 ? 2 : percent > 99 ? 1 : 0)}%`;
  if (percent >= 0.0995) return `${percent.toFixed(percent >= 0.995 ? 1 : 2)}%`;
  return scientific(log, coarse);
}

/** A gate that only its bias sets, with as many decimals as it takes to see that it is less than 1, and `more`. */
export function gate(bias, more = 0) {
  const shut = 1 / (1 + Math.exp(bias)); // 1 - f keeps its digits
  if (bias < 0) return num(1 - shut);
  return (1 - shut).toFixed(Math.max(2, Math.ceil(-Math.log10(shut)) + more));
}

/** More than there was, as far as the number shows it. */
export const grown = (v) => 100 * v >= 100.5;
