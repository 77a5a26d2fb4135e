// The shown cell as code of the package, which prints the same numbers.

import { KINDS, shapes } from "./core.js";
import { ROWS } from "./stations.js";

const list = (a) => (Array.isArray(a) ? `[${a.map(list).join(", ")}]` : String(a));
const rows = (name, a) =>
  Array.isArray(a[0])
    ? `        "${name}": [\n${a.map((row) => `            ${list(row)},\n`).join("")}        ],\n`
    : `        "${name}": ${list(a)},\n`;

/** Python code for a state of the gate stepper. */
export function asPython({ cell, inputs, hold, unit }) {
  const D = inputs[0].length;
  const H = cell.params.U[0].length;
  const { rows: order } = KINDS[cell.kind];
  const letters = cell.kind === "ElmanCell" ? ["h"] : Object.keys(ROWS[cell.kind]);
  const activation = cell.kind === "ElmanCell" ? `, activation="${cell.activation ?? "tanh"}"` : "";
  const names = Object.keys(shapes(cell.kind, D, H));
  const held = Object.entries(hold);
  const shows = letters.map((k) => `"${k}"`).join(", ");
  const dc = KINDS[cell.kind].memory ? `, "dc", d.c[0, ${unit}]` : "";
  return `import numpy as np
import rnnbook as rb

cell = rb.${cell.kind}(
    ${D}, ${H}, dtype=np.float64${activation},
    params={  # rows ${[...order].join(", ")}
${names.map((name) => rows(name, cell.params[name])).join("")}    },
)
${
  held.length
    ? `# Held gates: they read nothing, and their bias says where they stand.
for gate, value in {${held.map(([k, v]) => `"${k}": ${v}`).join(", ")}}.items():
    rows = cell.rows(gate)
    cell.params["W"][rows] = cell.params["U"][rows] = 0
${cell.params.P ? `    k = "ifo".index(gate) * ${H}\n    cell.params["P"][k : k + ${H}] = 0\n` : ""}    cell.params["b"][rows] = np.log(value / (1 - value)) if 0 < value < 1 else 2000 * value - 1000

`
    : ""
}x = np.array([
${inputs.map((row) => `    ${list(row)},\n`).join("")}], float)[:, None, :]  # (T, B, D)

layer = rb.Recurrent(cell)
y, state, run = layer.forward(x)
for t in range(len(x)):
    print(t + 1, *(v for k in (${shows}${letters.length === 1 ? "," : ""}) for v in (k, getattr(run.trace, k)[t, 0, ${unit}])))

dy = np.zeros_like(y)
dy[-1, 0, ${unit}] = 1  # the last output
for t, d in zip(range(len(x) - 1, -1, -1), layer.walk_back(run, dy)):
    print("gradient of the state after step", t, "dh", d.h[0, ${unit}]${dc})
`;
}
