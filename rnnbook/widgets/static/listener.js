// A net listens to a telephone call: P(phishing) after each word, and sentences that can be moved.

import { expectNet, logits, netOf, stepped } from "./carried.js";
import { sigmoid } from "./core.js";
import { Bad, expect, h, icon, num, num2, slider, transport } from "./host.js";

export const name = "listener";

/** The same numbers as in listener.py. */
export const MAX = { calls: 12, lines: 12, words: 160, tokens: 4000 };
export const LOW = 0.01;
export const HIGH = 0.99;

// --- what the net says --------------------------------------------------------------------------------------------

/** The id of a word for the net; undefined for one that it passes over. */
const idOf = (s, word) => netOf(s.weights).ids.get(word) ?? s.weights.unknown ?? undefined;
const isKnown = (s, word) => netOf(s.weights).ids.has(word);

/** P(phishing) after each word. */
export function probabilities(s, words) {
  const net = netOf(s.weights);
  const p = () => {
    const y = logits(net, state);
    return sigmoid(y.length > 1 ? y[1] - y[0] : y[0]);
  };
  let state = null;
  let now = p();
  return words.map((word) => {
    const id = idOf(s, word);
    if (id !== undefined) {
      state = stepped(net, state, id);
      now = p();
    }
    return now;
  });
}

// What was heard last, so that a step computes nothing anew.
function curveOf({ s, ui }, words) {
  const key = words.join(" ");
  ui.curves ??= [];
  let found = ui.curves.find((other) => other.key === key && other.weights === s.weights);
  if (!found) {
    found = { key, weights: s.weights, p: probabilities(s, words) };
    ui.curves.unshift(found);
    ui.curves.length = Math.min(ui.curves.length, 4);
  }
  return found.p;
}

// --- the call as it stands ----------------------------------------------------------------------------------------
const unchanged = (call) => call.sentences.map((_, j) => j);
const sentencesOf = (call, lines) => lines.map((line) => (typeof line === "string" ? line.split(/\s+/).filter(Boolean) : call.sentences[line]));
const sizeOf = (call, lines) => sentencesOf(call, lines).reduce((sum, words) => sum + words.length, 0);

/** When the call is decided, and what it is: both null if nobody knows after the reader's changes. */
export function decided(call, lines) {
  const places = call.decisive.map((j) => lines.indexOf(j));
  if (!places.length || places.includes(-1) || lines.some((line) => typeof line === "string")) return { at: null, label: null };
  const order = call.task === "order";
  const place = order ? Math.min(...places) : Math.max(...places);
  const turned = order && places[0] > places[1];
  return { at: sizeOf(call, lines.slice(0, place + 1)), label: turned ? 1 - call.label : call.label };
}

/** The two decisive sentences exchanged; null if there are not two. */
export function twin(call, lines) {
  const [one, other] = call.decisive;
  if (call.task !== "order" || !lines.includes(one) || !lines.includes(other)) return null;
  return lines.map((line) => (line === one ? other : line === other ? one : line));
}

/** A typed sentence as calls are written down: small letters, no punctuation. */
export const plain = (text) => (text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []).join(" ");

function told({ s, ui }) {
  const call = s.calls[s.call];
  const sentences = sentencesOf(call, s.lines);
  const words = sentences.flat();
  let upto = 0;
  const ends = sentences.map((some) => (upto += some.length));
  const p = curveOf({ s, ui }, words);
  const at = Math.min(s.at, words.length);
  const rings = p.findIndex((v) => v >= s.threshold) + 1;
  const changed = JSON.stringify(s.lines) !== JSON.stringify(unchanged(call));
  const was = changed ? curveOf({ s, ui }, call.sentences.flat()) : null;
  return { call, sentences, words, ends, p, at, T: words.length, alarm: rings && rings <= at ? rings : null, changed, was, decided: decided(call, s.lines) };
}

// --- state --------------------------------------------------------------------------------------------------------
export function check(s) {
  const { tokens } = expect.object("weights", s.weights);
  expect.list("weights.tokens", tokens).forEach((word, k) => expect.text(`weights.tokens[${k}]`, word));
  const { V } = expectNet(s.weights, MAX.tokens, 2);
  if (s.weights.unknown !== null) expect.index("weights.unknown", s.weights.unknown, 0, V - 1);
  expect.number("calls.length", expect.list("calls", s.calls).length, 1, MAX.calls);
  s.calls.forEach((call, k) => {
    const of = `calls[${k}]`;
    expect.object(of, call);
    expect.index(`${of}.label`, call.label, 0, 1);
    expect.one(`${of}.language`, call.language, ["en", "ko"]);
    expect.one(`${of}.task`, call.task, ["order", "keywords"]);
    const n = expect.list(`${of}.sentences`, call.sentences).length;
    expect.number(`${of}.sentences.length`, n, 1, MAX.lines);
    call.sentences.forEach((words, j) => {
      expect.number(`${of}.sentences[${j}].length`, expect.list(`${of}.sentences[${j}]`, words).length, 1, MAX.words);
      words.forEach((word, i) => expect.text(`${of}.sentences[${j}][${i}]`, word));
    });
    expect.list(`${of}.decisive`, call.decisive, call.task === "order" ? 2 : undefined).forEach((j, i) => expect.index(`${of}.decisive[${i}]`, j, 0, n - 1));
  });
  const call = s.calls[expect.index("call", s.call, 0, s.calls.length - 1)];
  expect.number("lines.length", expect.list("lines", s.lines).length, 1, MAX.lines);
  s.lines.forEach((line, j) => {
    if (typeof line !== "string") expect.index(`lines[${j}]`, line, 0, call.sentences.length - 1);
    else if (!line.trim()) throw new Bad("bad_line", { name: `lines[${j}]` });
    if (typeof line !== "string" && s.lines.indexOf(line) < j) throw new Bad("bad_twice", { name: `lines[${j}]` });
  });
  expect.number("T", sizeOf(call, s.lines), 1, MAX.words);
  expect.number("threshold", s.threshold, LOW, HIGH);
  expect.index("at", s.at, 0, MAX.words);
}

// --- moves --------------------------------------------------------------------------------------------------------
const keyOf = (lines, at) => JSON.stringify([lines, at]);

/** Other sentences, or another order. Who has heard all goes on to hear all. */
function change(ctx, lines, kind, picked) {
  const { s, ui, set } = ctx;
  const { at, T, p, call } = told(ctx);
  const size = sizeOf(call, lines);
  const now = at === T ? size : Math.min(at, size);
  ui.told = { kind, was: at ? p[at - 1] : null, key: keyOf(lines, now), before: at, typed: lines.find((line) => typeof line === "string" && !s.lines.includes(line)) };
  ui.picked = picked;
  set({ lines, at: now });
}

const hear = (ctx, at) => ctx.set({ at: Math.max(0, Math.min(told(ctx).T, at)) });

function move(ctx, by) {
  const { s, ui } = ctx;
  const to = ui.picked + by;
  if (ui.picked == null || to < 0 || to >= s.lines.length) return;
  const lines = [...s.lines];
  [lines[ui.picked], lines[to]] = [lines[to], lines[ui.picked]];
  change(ctx, lines, "moved", to);
}

function remove(ctx) {
  const { s, ui } = ctx;
  if (ui.picked == null || s.lines.length < 2) return;
  change(ctx, s.lines.filter((_, j) => j !== ui.picked), "removed", null);
}

function add(ctx) {
  const { s, ui, root } = ctx;
  const line = plain(ui.typed ?? "");
  if (!line) return;
  const place = ui.picked == null ? s.lines.length : ui.picked + 1;
  const lines = [...s.lines.slice(0, place), line, ...s.lines.slice(place)];
  if (lines.length > MAX.lines || sizeOf(s.calls[s.call], lines) > MAX.words) return ctx.setUI({ told: { kind: "full", was: null, key: keyOf(s.lines, s.at) } });
  ui.typed = "";
  change(ctx, lines, "added", place);
  ctx.later(() => root.querySelector(".own input")?.focus());
}

export function key(ctx, { key: pressed }) {
  if (pressed === "ArrowRight") hear(ctx, told(ctx).at + 1);
  else if (pressed === "ArrowLeft") hear(ctx, told(ctx).at - 1);
  else return false;
  return true;
}

// --- the text -----------------------------------------------------------------------------------------------------
function text(ctx, now) {
  const { s, ui, w, setUI } = ctx;
  const { call, sentences, ends, at, alarm } = now;
  return h(
    "ol",
    { class: "call", key: "call", "aria-label": w("sentences"), style: `min-height:${44 * Math.max(...s.calls.map((other) => other.sentences.length))}px` },
    sentences.map((words, j) => {
      const start = ends[j] - words.length;
      return h(
        "li",
        { key: typeof s.lines[j] === "string" ? `own ${j}` : s.lines[j] },
        h(
          "button",
          { type: "button", class: "sentence", "aria-pressed": String(ui.picked === j), onclick: () => setUI({ picked: ui.picked === j ? null : j }) },
          h("span", { class: "k n", key: "k" }, String(j + 1)),
          h(
            "span",
            { class: "words", key: "words", lang: call.language },
            words.map((word, i) => {
              const n = start + i + 1;
              const cls = [n > at && "ahead", n === at && "now", n === alarm && "rings", n === now.decided.at && n <= at && "enough", !isKnown(s, word) && "unknown"].filter(Boolean).join(" ");
              return [h("span", { key: i, class: cls || null }, word), i + 1 < words.length ? " " : null];
            }),
          ),
        ),
      );
    }),
  );
}

function tools(ctx, now) {
  const { s, ui, w } = ctx;
  const k = ui.picked;
  const button = (key_, label, ready, onclick, face) =>
    h("button", { key: key_, type: "button", class: `tool ${key_}`, "aria-label": label, title: label, "aria-disabled": ready ? null : "true", onclick: () => ready && onclick() }, face);
  const named = (one, none) => (k == null ? w(none) : w(one, { k: k + 1 }));
  return h(
    "div",
    { class: "tools", key: "tools" },
    h(
      "div",
      { class: "moves icon", key: "moves", role: "group", "aria-label": k == null ? w("hint") : w("picked", { k: k + 1 }) },
      button("up", named("up", "up_none"), k != null && k > 0, () => move(ctx, -1), icon("left")),
      button("down", named("down", "down_none"), k != null && k < s.lines.length - 1, () => move(ctx, 1), icon("left")),
      button("remove", named("remove", "remove_none"), k != null && s.lines.length > 1, () => remove(ctx), icon("close")),
      ctx.wide ? null : h("span", { key: "hint", class: "note", "aria-hidden": "true" }, k == null ? w("hint") : w("picked", { k: k + 1 })),
    ),
    h(
      "form",
      {
        class: "own",
        key: "own",
        onsubmit: (event) => {
          event.preventDefault();
          add(ctx);
        },
      },
      h("input", { type: "text", key: "input", maxlength: 120, autocomplete: "off", autocapitalize: "off", spellcheck: "false", lang: now.call.language, placeholder: w("own"), "aria-label": w("own"), value: ui.typed ?? "", oninput: (event) => ctx.setUI({ typed: event.target.value }) }),
      h("button", { type: "submit", key: "add", "aria-disabled": plain(ui.typed ?? "") ? null : "true" }, w("add")),
    ),
  );
}

// --- the drawing --------------------------------------------------------------------------------------------------
function drawing(ctx, now) {
  const { s, ui, w, wide, W } = ctx;
  const { words, ends, p, at, T, alarm, was } = now;
  const [left, top, tall] = [wide ? 44 : 40, 42, wide ? 156 : 128];
  const right = W - 8;
  const bottom = top + tall;
  const column = (right - left) / T;
  const x = (n) => left + (n - 0.5) * column;
  const edge = (n) => left + n * column;
  const y = (v) => bottom - v * tall;
  const line = (values, count) => values.slice(0, count).map((v, t) => `${t ? "L" : "M"}${x(t + 1).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const kids = [];
  ends.forEach((end, j) => {
    const start = j ? ends[j - 1] : 0;
    if (ui.picked === j) kids.push(h("rect", { key: "picked", class: "picked", x: edge(start), y: top, width: edge(end) - edge(start), height: tall + 22 }));
    if (j) kids.push(h("path", { key: `edge${j}`, class: "edge", d: `M${edge(start).toFixed(1)} ${top}V${bottom + 6}` }));
    kids.push(h("text", { key: `k${j}`, class: `mid${start < at && at <= end ? " strong" : ""}`, x: (edge(start) + edge(end)) / 2, y: bottom + 17 }, String(j + 1)));
  });
  kids.push(
    h("path", { key: "axis", class: "axis", d: `M${left} ${bottom}H${right}` }),
    h("text", { key: "one", class: "end", x: left - 8, y: y(1) + 4 }, "1"),
    h("text", { key: "zero", class: "end", x: left - 8, y: y(0) + 4 }, "0"),
    h("path", { key: "threshold", class: "threshold", d: `M${left} 0H${right}`, style: `transform:translateY(${y(s.threshold).toFixed(1)}px)` }),
  );
  if (s.threshold > 0.1 && s.threshold < 0.9) kids.push(h("text", { key: "level", class: "end", x: left - 8, y: y(s.threshold) + 4 }, num2(s.threshold)));
  const mark = (key_, n, base, label, cls, to) => {
    const late = x(n) > left + (right - left) * 0.55;
    kids.push(
      h("path", { key: `${key_}-line`, class: cls, d: `M${x(n).toFixed(1)} ${base - 10}V${to.toFixed(1)}` }),
      h("text", { key: `${key_}-text`, class: `halo ${cls}-text${late ? " end" : ""}`, x: x(n) + (late ? -6 : 6), y: base }, label),
    );
  };
  if (now.decided.at != null) mark("decided", now.decided.at, 13, w("decided"), "enough", bottom);
  if (alarm) mark("alarm", alarm, 31, [w("alarm_at"), " ", h("tspan", { lang: now.call.language }, `“${words[alarm - 1]}”`)], "ring", y(p[alarm - 1]));
  if (was && at) {
    const n = Math.min(at, was.length);
    kids.push(h("path", { key: "was", class: "was", d: line(was, n) }));
  }
  if (at) {
    kids.push(h("path", { key: "curve", class: "curve", d: line(p, at) }));
    if (alarm) kids.push(h("circle", { key: "ring", class: "ring-dot", cx: x(alarm), cy: y(p[alarm - 1]), r: 6 }));
    const [px, py] = [x(at), y(p[at - 1])];
    // Beside the point, and where the curve does not come from.
    const late = px > right - 60;
    const below = p[at - 1] > 0.86;
    kids.push(
      h("circle", { key: "now", class: "dot", cx: px, cy: py, r: 4.5 }),
      h("text", { key: "value", class: `value halo${late ? " end" : ""}`, x: px + (late ? -2 : 9), y: late ? py + (below ? 22 : -11) : py + (below ? 16 : -6) }, num(p[at - 1])),
    );
  }
  const alt = at ? w("alt", { n: at, T, p: num(p[at - 1]) }) : w("alt_none", { T });
  const hit = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    hear(ctx, Math.round(((event.clientX - box.left) * (W / box.width) - left) / column + 0.5));
  };
  return h("svg", { key: "drawing", class: "drawing", viewBox: `0 0 ${W} ${bottom + 24}`, role: "img", "aria-label": alt, onclick: hit }, kids);
}

// --- in words -----------------------------------------------------------------------------------------------------
function sentence(ctx, now) {
  const { s, ui, w } = ctx;
  const { words, p, at, T, alarm, decided: known } = now;
  const value = at ? num(p[at - 1]) : "";
  if (ui.told && ui.told.key === keyOf(s.lines, s.at)) {
    const { kind, was, before, typed } = ui.told;
    const strange = kind === "added" ? [...new Set(typed.split(" "))].filter((word) => !isKnown(s, word)) : [];
    const parts = [kind === "full" ? w("say_full", { lines: MAX.lines, words: MAX.words }) : w(`say_${kind}`)];
    if (strange.length) parts.push(w("say_strange", { words: strange.slice(0, 5).map((word) => `“${word}”`).join(", ") }));
    if (was != null && at && (at === before || at === T)) parts.push(w(num(was) === value ? "say_same" : "say_turned", { was: num(was), now: value, n: at }));
    return parts.join(" ");
  }
  if (!at) return w("say_none");
  const word = words[at - 1];
  const here = isKnown(s, word) ? w("say_word", { word, p: value }) : w(s.weights.unknown === null ? "say_passed" : "say_unknown", { word, p: value });
  const more = alarm === at ? w("say_alarm") : at === known.at ? w("say_enough") : at === T ? w("say_over") : "";
  return `${here} ${more}`.trim();
}

function verdict(ctx, now) {
  const { w } = ctx;
  const { words, at, T, alarm, decided: known } = now;
  const net = !at ? w("net_waits") : alarm ? w("net_alarm", { n: alarm, word: words[alarm - 1] }) : w(at === T ? "net_silent" : "net_so_far");
  let truth;
  if (known.label == null) truth = w("truth_changed");
  else if (at < known.at) truth = w("truth_open");
  else {
    truth = w(known.label ? "truth_phishing" : "truth_harmless");
    const outcome = alarm ? (known.label ? "right_alarm" : "false_alarm") : at === T ? (known.label ? "missed" : "right_silence") : null;
    if (outcome) truth = [truth, h("span", { class: "outcome" }, w(outcome))];
  }
  return h(
    "dl",
    { class: "verdict", key: "verdict" },
    h("div", { key: "net" }, h("dt", null, w("net")), h("dd", { class: alarm ? "on" : null }, net)),
    h("div", { key: "truth" }, h("dt", null, w("truth")), h("dd", null, truth)),
  );
}

// --- all ----------------------------------------------------------------------------------------------------------
export function view(ctx_) {
  const ctx = { ...ctx_, W: Math.max(280, Math.min(720, Math.round(ctx_.width))) };
  const { s, ui, w, wide, set } = ctx;
  if (ui.picked != null && ui.picked >= s.lines.length) ui.picked = null;
  const now = told(ctx);
  if (![...now.p, ...(now.was ?? [])].every(Number.isFinite)) throw new Bad("bad_overflow");
  const { call, at, T, ends, changed } = now;
  const other = twin(call, s.lines);
  const row = transport({
    where: null,
    moves: {
      first: at ? () => hear(ctx, 0) : null,
      undo: at ? () => hear(ctx, at - 1) : null,
      step: at < T ? () => hear(ctx, at + 1) : null,
      last: at < T ? () => hear(ctx, T) : null,
    },
    names: { first: w("first"), undo: w("undo"), step: w("word"), last: w("last") },
  });
  row.kids.splice(
    row.kids.length - 1,
    0,
    h("button", { key: "sentence", type: "button", class: "next", "aria-label": w("next_sentence"), title: w("next_sentence"), "aria-disabled": at < T ? null : "true", onclick: () => at < T && hear(ctx, ends.find((end) => end > at)) }, w("sentence"), icon("right")),
  );
  return h(
    "div",
    { class: wide ? "wide" : "phone" },
    h(
      "div",
      { class: "top", key: "top" },
      s.calls.length > 1
        ? h("label", { key: "which", class: "which" }, h("span", { class: "name" }, w("which")), h("select", { value: String(s.call), onchange: (event) => {
            Object.assign(ui, { picked: null, told: null });
            set({ call: +event.target.value, lines: unchanged(s.calls[+event.target.value]), at: 0 });
          } }, s.calls.map((one, k) => h("option", { key: k, value: String(k), lang: one.language }, `${k + 1}. ${one.sentences[0].join(" ")} …`))))
        : null,
      h(
        "div",
        { key: "changes", class: "changes" },
        call.task === "order" ? h("button", { type: "button", key: "twin", class: "twin", "aria-disabled": other ? null : "true", onclick: () => other && change(ctx, other, "twin", null) }, w("twin")) : null,
        h("button", { type: "button", key: "back", class: "back", "aria-disabled": changed ? null : "true", onclick: () => changed && change(ctx, unchanged(call), "back", null) }, w("back")),
      ),
    ),
    text(ctx, now),
    tools(ctx, now),
    h("p", { class: "note head", key: "head" }, h("span", { key: "what" }, w("head")), changed ? h("span", { key: "thin", class: "key" }, w("thin")) : null),
    drawing(ctx, now),
    h("p", { class: "say", key: "say", "aria-live": "polite" }, sentence(ctx, now)),
    slider({ key: "at", label: w("heard"), name: w("name_heard"), value: at, min: 0, max: T, step: 1, text: w("of_words", { n: at, T }), oninput: (n) => hear(ctx, n) }),
    row,
    h(
      "div",
      { class: "two ruled", key: "two" },
      verdict(ctx, now),
      slider({ key: "threshold", label: w("threshold"), name: w("name_threshold"), value: s.threshold, min: LOW, max: HIGH, step: 0.01, text: num2(s.threshold), oninput: (threshold) => set({ threshold }) }),
    ),
    h("p", { class: "note about", key: "about" }, w("note")),
  );
}

export const css = `
.listener{--quick:.22s ease-out}
.rb .top{margin-bottom:8px;flex-wrap:nowrap}.top .name{font-size:14px;font-weight:600;white-space:nowrap}
.top .which{flex:1 1 0}.rb .which select{flex:1 1 0;min-width:0;width:100%}
.changes{margin-left:auto}.rb .changes button{white-space:nowrap}
.call{list-style:none;margin:0!important;padding:0!important;border-top:1px solid var(--gs-line)}
.call li{margin:0!important;border-bottom:1px solid var(--gs-line)}
.rb .call .sentence{display:flex;gap:12px;align-items:baseline;width:100%;min-height:44px;padding:9px 10px 9px 4px;border:0;border-radius:0;text-align:left;font:400 16px/1.5 var(--sans);color:var(--gs-ink)}
.rb .call .sentence[aria-pressed=true]{background:var(--gs-wash);box-shadow:inset 3px 0 var(--gs-ink)}
.rb .call .sentence:focus-visible{outline-offset:-3px}
.sentence .k{flex:none;width:22px;text-align:right;font-size:13px;color:var(--gs-mute)}.sentence[aria-pressed=true] .k{font-weight:600;color:var(--gs-ink)}
.words{min-width:0;overflow-wrap:anywhere}
.words span{border-radius:3px;padding-block:1px;transition:color var(--quick)}
.words .ahead{color:var(--gs-mute);font-weight:300}
.words .unknown{text-decoration:underline dotted 1.5px;text-underline-offset:5px}
.words .now{border-bottom:2px solid var(--gs-ink);border-radius:0;padding-bottom:0}
.words .rings{background:var(--gs-ink);color:var(--gs-paper);padding-inline:2px;margin-inline:-2px}
.words .enough{border-right:2px dashed var(--gs-faint);padding-right:4px;border-radius:0}
.tools{display:flex;gap:8px 24px;padding:8px 0 10px;flex-wrap:wrap}
.moves{display:flex;gap:6px;align-items:center}.moves .note{margin-left:8px}.rb .moves button{padding:0;display:inline-flex;align-items:center;justify-content:center}
.up svg{transform:rotate(90deg)}.down svg{transform:rotate(-90deg)}
.own{display:flex;gap:6px;flex:1 1 260px;min-width:0;margin:0}.own input{flex:1}
.rb input::placeholder{color:var(--gs-mute);opacity:1}
.head{display:flex;justify-content:space-between;gap:12px;white-space:nowrap;min-height:20px;border-top:1px solid var(--gs-line);padding-top:8px}
.key::before{content:"";display:inline-block;width:22px;border-top:1px solid var(--gs-faint);vertical-align:middle;margin-right:8px}
.drawing{margin:4px 0 8px;cursor:pointer;touch-action:manipulation}
.drawing text{font-size:13px;fill:var(--gs-mute);font-variant-numeric:tabular-nums}
.drawing .mid{text-anchor:middle;font-size:12px}.drawing .end{text-anchor:end}.drawing .strong,.drawing .value{fill:var(--gs-ink);font-weight:600}
.drawing .value{font-size:15px}.halo{stroke:var(--gs-paper);stroke-width:5px;paint-order:stroke;stroke-linejoin:round}
.drawing path{fill:none}.axis{stroke:var(--gs-faint)}.edge{stroke:var(--gs-line)}
.picked{fill:var(--gs-wash)}
.threshold{stroke:var(--gs-mute);stroke-dasharray:6 4;transition:transform var(--quick)}
.enough{stroke:var(--gs-faint);stroke-width:1.5;stroke-dasharray:2 4}
.ring{stroke:var(--gs-ink);stroke-width:1}.drawing .ring-text{fill:var(--gs-ink);font-weight:600}
.was{stroke:var(--gs-faint);stroke-width:1.25;stroke-linejoin:round}
.curve{stroke:var(--gs-ink);stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
.dot{fill:var(--gs-ink);transition:cx var(--quick),cy var(--quick)}
.ring-dot{fill:var(--gs-paper);stroke:var(--gs-ink);stroke-width:2.25}
.rb .say{min-height:48px;margin-bottom:4px!important}
.listener .slider{grid-template-columns:84px 1fr 84px}.listener .slider>span{font-size:14px;color:var(--gs-mute)}
.rb .transport .where{display:none}.rb .transport .next{padding:0 10px 0 14px;font-weight:600}
.two{display:grid;grid-template-columns:1.15fr 1fr;gap:8px 28px;align-items:center}
.two>.slider{grid-template-columns:76px 1fr 40px}
.verdict{display:grid;grid-template-columns:1fr 1fr;gap:16px;margin:0!important;min-height:66px}
.verdict dt{font-size:13px;font-weight:400;color:var(--gs-mute)}.verdict dd{margin:0;font-size:15px;line-height:1.35}.verdict .on{font-weight:600}
.outcome{display:block;font-weight:600}
.about{margin-top:6px!important;text-wrap:pretty}
.phone .top{flex-wrap:wrap}.phone .top .which{flex:1 1 100%}.phone .top .changes{flex:1;margin:0}.rb .phone .changes button{flex:1 1 auto;padding:0 8px}
.rb .phone .say{min-height:70px}
.phone .two{grid-template-columns:minmax(0,1fr)}.phone .verdict{min-height:86px}
.rb .phone .transport{gap:5px}.rb .phone .transport .step{padding:0 8px 0 14px;min-width:84px}
`;
