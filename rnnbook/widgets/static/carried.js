// A trained net that the page carries, a byte for each weight: what carried.py packs, and how it runs.

import { ACTIVATIONS, forward, shapes, zeros } from "./core.js";
import { Bad, expect } from "./host.js";

/** The same numbers as in carried.py. */
export const MOST = { units: 256, parameters: 240000 };
export const CELLS = ["GRUCell", "LSTMCell", "ElmanCell"];

/** Rows of whole numbers times a factor each: `rnnbook.quantize.restored`. */
function rowsOf(bytes, at, [rows, columns], factors) {
  return Array.from({ length: rows }, (_, r) => {
    const row = new Float32Array(columns);
    for (let j = 0; j < columns; j++) row[j] = bytes[at + r * columns + j] * factors[r];
    return row;
  });
}

/** The weights as core.js takes them: a matrix is an array of typed rows. Where sizes name no outputs, they are the tokens. */
export function decoded({ kind, activation, sizes, tokens, data }) {
  const [V, N, H, O = V] = sizes;
  const all = Object.entries(shapes(kind, N || V, H));
  if (N) all.unshift(["E", [V, N]]);
  all.push(["out", [O, H]], ["b_out", [O]]);
  const matrices = all.map(([name_, shape]) => [name_, shape.length > 1 ? shape : [1, shape[0]]]);
  const size = matrices.reduce((sum, [, [rows, columns]]) => sum + rows * columns, 0);
  const count = matrices.reduce((sum, [, [rows]]) => sum + rows, 0);
  expect.number("weights", size, 1, MOST.parameters);
  let text;
  try {
    text = atob(data);
  } catch {
    throw new Bad("bad_data");
  }
  if (text.length !== size + 4 * count) throw new Bad("bad_data");
  const bytes = Int8Array.from(text, (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const of = {};
  let [at, next] = [0, size];
  for (const [name_, shape] of matrices) {
    const factors = Array.from({ length: shape[0] }, (_, r) => view.getFloat32(next + 4 * r, true));
    if (!factors.every((v) => Number.isFinite(v) && Math.abs(v) < 1e30)) throw new Bad("bad_data");
    of[name_] = rowsOf(bytes, at, shape, factors);
    at += shape[0] * shape[1];
    next += 4 * shape[0];
  }
  const params = Object.fromEntries(Object.keys(shapes(kind, N || V, H)).map((k) => [k, k === "W" || k === "U" ? of[k] : of[k][0]]));
  const inputs = of.E ?? Array.from({ length: V }, (_, id) => zeros(V).map((_, k) => (k === id ? 1 : 0)));
  return { V, H, O, size, cell: { kind, activation, params }, inputs, out: of.out, b: of.b_out[0], ids: new Map([...tokens].map((token, id) => [token, id])) };
}

// Decoded once, also where a page has more than one of them.
const nets = [];
export function netOf(weights) {
  const same = (other) => other === weights || (["kind", "activation", "data"].every((k) => other[k] === weights[k]) && ["sizes", "tokens"].every((k) => JSON.stringify(other[k]) === JSON.stringify(weights[k])));
  let found = nets.find(({ from }) => same(from));
  if (!found) {
    found = { from: weights, net: decoded(weights) };
    nets.unshift(found);
    nets.length = Math.min(nets.length, 6);
  }
  return found.net;
}

/** What a net must be before it is decoded; `most` tokens, which are the letters of a text or words of a list. */
export function expectNet(weights, most, outputs) {
  const { kind, activation, sizes, tokens, data } = expect.object("weights", weights);
  expect.one("weights.kind", kind, CELLS);
  expect.one("weights.activation", activation, Object.keys(ACTIVATIONS));
  expect.list("weights.sizes", sizes, outputs ? 4 : 3);
  expect.index("weights.sizes[0]", sizes[0], 2, most);
  expect.index("weights.sizes[1]", sizes[1], 0, MOST.parameters);
  expect.index("weights.sizes[2]", sizes[2], 1, MOST.units);
  if (outputs) expect.index("weights.sizes[3]", sizes[3], 1, outputs);
  expect.list("weights.tokens", [...tokens], sizes[0]);
  if (new Set(tokens).size < sizes[0] || tokens.length > sizes[0]) throw new Bad("bad_tokens");
  expect.text("weights.data", data);
  return netOf(weights);
}

/** The state {h, c} after one more token; `past` is null at the beginning. */
export function stepped(net, past, id) {
  const r = forward(net.cell, [net.inputs[id]], { h0: past?.h, c0: past?.c ?? undefined })[0];
  return { h: r.h, c: r.c };
}

/** What the last layer says of a state; null is a state of zeros. */
export function logits(net, state) {
  const hidden = state?.h ?? zeros(net.H);
  return net.out.map((row, k) => {
    let sum = net.b[k];
    for (let j = 0; j < hidden.length; j++) sum += row[j] * hidden[j];
    return sum;
  });
}
