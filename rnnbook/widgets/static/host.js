// What every widget shares: drawing, words, numbers, and the two hosts (a static page, a live notebook).
// Nothing here writes HTML from text: every text becomes a text node.

import { words } from "./words.js";
import { palette, darkHosts } from "./palette.js";

// --- drawing: a description of nodes, and the page brought to it in place -----------------------------------------
// Nodes stay, so what changed can move (CSS transitions), and the focus survives a step.

/** One node. A key keeps its identity where siblings come and go; `on…` are handlers. */
export const h = (tag, attrs, ...kids) => ({
  tag,
  attrs: attrs ?? {},
  kids: kids.flat(Infinity).filter((kid) => kid != null && kid !== false && kid !== ""),
});

const SVG = "http://www.w3.org/2000/svg";
const PROPS = new Set(["value", "checked", "disabled", "hidden", "open", "selected"]);

function setAttributes(node, attrs) {
  const old = node.rbAttrs ?? {};
  for (const name of Object.keys(old)) {
    if (name in attrs || name === "key") continue;
    if (name.startsWith("on")) node[name] = null;
    else if (PROPS.has(name)) node[name] = name === "value" ? "" : false;
    else node.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(attrs)) {
    if (name === "key") continue;
    if (name.startsWith("on")) node[name] = value;
    else if (PROPS.has(name)) {
      if (name === "value" ? node.value !== String(value) : node[name] !== value) node[name] = value;
    } else if (old[name] !== value) {
      if (value == null || value === false) node.removeAttribute(name);
      else node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.rbAttrs = attrs;
}

function paint(parent, kids) {
  const old = new Map();
  for (const node of parent.childNodes) old.set(node.rbKey, node);
  const seen = new Set();
  const nodes = kids.map((kid, j) => {
    const text = typeof kid !== "object";
    const key = text ? `#${j}` : `${kid.tag}/${kid.attrs.key ?? j}`;
    if (seen.has(key)) throw new Error(`two nodes of one parent have the key ${key}`);
    seen.add(key);
    let node = old.get(key);
    old.delete(key);
    if (!node) {
      const svg = !text && (kid.tag === "svg" || (parent.namespaceURI === SVG && parent.localName !== "foreignObject"));
      node = text ? new Text() : svg ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag);
      node.rbKey = key;
    }
    if (text) {
      if (node.data !== String(kid)) node.data = kid;
    } else {
      // The options of a select come before its value.
      if (kid.tag === "select") paint(node, kid.kids);
      setAttributes(node, kid.attrs);
      if (kid.tag !== "select") paint(node, kid.kids);
    }
    return node;
  });
  for (const node of old.values()) node.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

// --- numbers and letters ------------------------------------------------------------------------------------------
const MINUS = "\u2212";

/** Two decimals, three below 0.1; ≈0 below 0.0005; a minus that is one. */
export function num(v) {
  const a = Math.abs(v);
  if (a === 0) return "0";
  if (a < 0.0005) return "≈0";
  const text = a >= 1e5 ? a.toExponential(1).replace("e+", "e") : a >= 9.95 ? a.toFixed(1) : a.toFixed(a >= 0.0995 ? 2 : 3);
  return (v < 0 ? MINUS : "") + text;
}

/** Always two decimals, for drawings on a phone. */
export const num2 = (v) => (Math.abs(v) < 0.005 ? num(0) : Math.abs(v) >= 9.95 ? num(v) : (v < 0 ? MINUS : "") + Math.abs(v).toFixed(2));

/** A letter with its index, for text: sym("c", "t") reads c with a small t below. */
export const sym = (letter, index) => [h("i", null, letter), index == null ? null : h("sub", null, String(index))];

/** The same inside an SVG text. */
export const tsym = (letter, index) => [
  h("tspan", { class: "it" }, letter),
  index == null ? null : h("tspan", { class: "index", dy: "3.5" }, String(index)),
  index == null ? null : h("tspan", { dy: "-3.5" }, "\u200b"),
];

// --- words --------------------------------------------------------------------------------------------------------

// A Korean particle has two forms: one after a final consonant, one after a vowel. A digit is read aloud.
const CLOSED = { 0: "ㅇ", 1: "ㄹ", 3: "ㅁ", 6: "ㄱ", 7: "ㄹ", 8: "ㄹ", 2: "", 4: "", 5: "", 9: "" };
const PARTICLE = /(\S)(을\(를\)|은\(는\)|이\(가\)|\(으\)로)/g;
export const particles = (text) =>
  text.replace(PARTICLE, (all, before, particle) => {
    const code = before.charCodeAt(0) - 0xac00;
    const final = before in CLOSED ? CLOSED[before] : code >= 0 && code < 11172 ? (code % 28 === 8 ? "ㄹ" : code % 28 ? "ㅇ" : "") : null;
    if (final === null) return all;
    if (particle === "(으)로") return before + (final && final !== "ㄹ" ? "으로" : "로");
    return before + (final ? particle[0] : particle[2]);
  });

/** w("key", {name: value}) in the page's language; a text that is missing in it stands in English. */
function speaker(section, language) {
  const known = (key) => words[section]?.[key] ?? words.common[key];
  const w = (key, values = {}) => {
    const entry = known(key);
    if (!entry) throw new Error(`no words for ${key}`);
    const text = (entry[language] ?? entry.en).replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
    return language === "ko" ? particles(text) : text;
  };
  w.language = language;
  w.has = (key) => Boolean(known(key));
  return w;
}

/** What is wrong with a state, in words of the table. */
export class Bad extends Error {
  constructor(key, values) {
    super(key);
    this.values = values;
  }
}

/** Checks that a state's values are what a widget can draw; each throws `Bad`. */
export const expect = {
  number(name, v, low = -Infinity, high = Infinity) {
    if (typeof v !== "number" || !Number.isFinite(v)) throw new Bad("bad_number", { name });
    if (v < low || v > high) throw new Bad("bad_range", { name, low, high, got: v });
    return v;
  },
  index(name, v, low, high) {
    if (!Number.isInteger(expect.number(name, v, low, high))) throw new Bad("bad_index", { name });
    return v;
  },
  one(name, v, known) {
    if (!known.includes(v)) throw new Bad("bad_choice", { name, known: known.join(", ") });
    return v;
  },
  text(name, v) {
    if (typeof v !== "string") throw new Bad("bad_text", { name });
    return v;
  },
  list(name, v, length) {
    if (!Array.isArray(v)) throw new Bad("bad_list", { name });
    if (length != null && v.length !== length) throw new Bad("bad_length", { name, length, got: v.length });
    return v;
  },
  object(name, v) {
    if (v === null || typeof v !== "object" || Array.isArray(v)) throw new Bad("bad_object", { name });
    return v;
  },
  /** Nested lists of finite numbers; null in the shape accepts any length. */
  array(name, v, [length, ...rest]) {
    expect.list(name, v, length ?? undefined).forEach((item, j) =>
      rest.length ? expect.array(`${name}[${j}]`, item, rest) : expect.number(`${name}[${j}]`, item),
    );
    return v;
  },
};

// --- look ---------------------------------------------------------------------------------------------------------
const BASE = `
:host{display:block;margin-block:.9rem}
.rb{--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans KR","Noto Sans CJK KR","Liberation Sans",sans-serif;
 --math:"STIX Two Text","Latin Modern Math",Cambria,"Times New Roman","Liberation Serif",serif;
 --pipe:var(--gs-line);--bore:var(--gs-paper);--focus:var(--gs-focus,var(--gs-ink));
 position:relative;max-width:720px;margin:0 auto;padding-bottom:4px;color:var(--gs-ink);font:15px/1.5 var(--sans);text-align:left;word-break:keep-all}
.rb *{box-sizing:border-box}
.rb svg{display:block;width:100%;height:auto;overflow:visible}
.rb svg text{font-family:var(--sans)}
.rb i,.rb svg .it{font-family:var(--math);font-style:italic;font-size:1.12em}
.rb sub{font:.68em var(--math);vertical-align:-.35em;line-height:0}
.rb .index{font-size:.68em;font-style:normal}
.rb p{margin:0}
.n,.rb output{font-variant-numeric:tabular-nums}
.rb button,.rb select,.rb input[type=text]{font:600 14px/1 var(--sans);color:var(--gs-ink);background:none;border:1px solid var(--gs-line);border-radius:10px;min-height:44px;min-width:44px;padding:0 14px}
.rb button,.rb select{cursor:pointer}
.rb button:hover:not(:disabled){background:var(--gs-wash)}
.rb button:disabled{opacity:.5;cursor:default}
.rb :focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.rb select{appearance:none;font-weight:500;padding-right:34px;background:no-repeat right 12px center/12px url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 12 12'%3E%3Cpath d='M2 4l4 4 4-4' fill='none' stroke='%23808890' stroke-width='1.6'/%3E%3C/svg%3E");max-width:100%;text-overflow:ellipsis}
.rb select option,.rb select optgroup{background:var(--gs-paper);color:var(--gs-ink)}
.rb input[type=range]{accent-color:var(--gs-ink);height:44px;margin:0;width:100%;min-width:0}
.rb input[type=text]{font-weight:500;font-size:16px;min-width:0;width:100%}
.top{display:flex;justify-content:space-between;gap:10px;align-items:center;flex-wrap:wrap}
.top>label,.top>div{display:flex;gap:10px;align-items:center;min-width:0}.top>.note{flex:1 1 0}
.choice{display:flex;border:1px solid var(--gs-line);border-radius:10px}
.rb .choice button{border:0;border-radius:9px;font-weight:500;color:var(--gs-mute)}
.rb .choice button[aria-pressed=true]{background:var(--gs-wash);color:var(--gs-ink);font-weight:600}
.say{text-align:center;margin:0 auto 14px!important;min-height:24px;font-size:15.5px;max-width:90ch;text-wrap:balance}
.rb button[aria-disabled=true]{opacity:.5;cursor:default}
.transport{display:flex;justify-content:center;align-items:center;gap:8px;margin-bottom:16px}
.transport svg,.icon svg{width:20px!important;height:20px;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.transport button{white-space:nowrap;display:inline-flex;align-items:center;justify-content:center;gap:6px;padding:0 11px}
.rb .step{background:var(--gs-ink);border-color:var(--gs-ink);color:var(--gs-paper);padding:0 14px 0 20px;min-width:128px}
.rb .step:hover:not(:disabled){background:color-mix(in srgb,var(--gs-ink) 86%,var(--gs-paper))}
.rb .step.back{background:var(--gs-grad);border-color:var(--gs-grad);padding:0 18px 0 10px}
.rb .step.back:hover:not(:disabled){background:color-mix(in srgb,var(--gs-grad) 86%,var(--gs-ink))}
.where{min-width:76px;white-space:nowrap;font-variant-numeric:tabular-nums}.where span{color:var(--gs-mute)}
.ruled{border-top:1px solid var(--gs-line);padding-top:8px}
.fold{border-top:1px solid var(--gs-line);margin-top:6px}
.fold summary{min-height:44px;display:flex;align-items:center;gap:8px;cursor:pointer;color:var(--gs-mute);font-weight:500;font-size:14px;list-style:none}
.fold summary::-webkit-details-marker{display:none}
.fold summary::before{content:"";width:7px;height:7px;border:solid var(--gs-mute);border-width:0 2px 2px 0;transform:rotate(-45deg);margin-left:4px}
.fold[open]>summary::before{transform:rotate(45deg)}
.sliders{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 28px}
.slider{display:grid;grid-template-columns:minmax(64px,auto) 1fr 52px;align-items:center;min-height:44px;gap:8px}
.slider small{color:var(--gs-mute);font-size:13px}.slider output{text-align:right;font-size:14px}
.note{color:var(--gs-mute);font-size:13px}
.bad{border-left:3px solid var(--gs-grad);padding:.4rem 0 .4rem 1rem!important}
.hide{position:absolute!important;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.print{display:none}
@media (prefers-reduced-motion:reduce){.rb *{transition:none!important;animation:none!important}}
@media (forced-colors:active){
.rb button,.rb select{border-color:ButtonText}
.rb{--gs-ink:CanvasText;--gs-mute:CanvasText;--gs-faint:CanvasText;--gs-line:CanvasText;--gs-paper:Canvas;--gs-wash:Canvas;--gs-focus:Highlight;
 --gs-f:CanvasText;--gs-i:CanvasText;--gs-g:CanvasText;--gs-o:CanvasText;--gs-c:CanvasText;--gs-h:CanvasText;--gs-grad:CanvasText}
.rb svg{forced-color-adjust:none}}
@media (max-width:350px){.transport{flex-wrap:wrap}.transport .where{flex-basis:100%;text-align:center}.say{min-height:70px!important}}
@media (max-width:560px){.say{min-height:47px;font-size:15px}.where{min-width:62px}.rb .step{min-width:96px;padding:0 10px 0 16px}.transport{gap:6px}.rb .step.back{padding:0 12px 0 6px;font-size:13px}.sliders{grid-template-columns:1fr}}
@media print{.rb{display:none}.print{display:block}}
`;
const sheets = new Map();
function sheet(css) {
  if (!sheets.has(css)) {
    const made = new CSSStyleSheet();
    made.replaceSync(css);
    sheets.set(css, made);
  }
  return sheets.get(css);
}

const dark = () => darkHosts.some((selector) => document.querySelector(selector));

/** In the book, colours come with the page. Elsewhere they are set here, and follow the theme. */
function followTheme(box) {
  if (getComputedStyle(box).getPropertyValue("--gs-ink")) return () => {};
  const colour = () => {
    for (const [name, value] of Object.entries(palette[dark() ? "dark" : "light"])) box.style.setProperty(`--gs-${name}`, value);
  };
  colour();
  const watch = new MutationObserver(colour);
  for (const e of [document.documentElement, document.body])
    watch.observe(e, { attributes: true, attributeFilter: ["data-theme", "theme", "class", "data-jp-theme-light"] });
  return () => watch.disconnect();
}

const ICONS = {
  first: "M18 6l-6 6 6 6M11 6l-6 6 6 6",
  last: "M6 6l6 6-6 6M13 6l6 6-6 6",
  close: "M6 6l12 12M18 6L6 18",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
};
export const icon = (name) => h("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: ICONS[name] }));

/** All text of some nodes. */
const textOf = (kids) => [kids].flat(Infinity).map((kid) => (kid?.kids ? textOf(kid.kids) : (kid ?? "")) || "").join("");

/** A slider with its name at the left and its value at the right. What is seen begins what is heard. */
export const slider = ({ key, label, name, value, min, max, step = 0.05, text, oninput }) =>
  h(
    "label",
    { class: "slider", key },
    h("span", null, label),
    h("input", { type: "range", min, max, step, value, "aria-label": name.startsWith(textOf(label)) ? name : `${textOf(label).trim()}, ${name}`, oninput: (e) => oninput(+e.target.value), "aria-valuetext": text ?? num(value) }),
    h("output", null, text ?? num(value)),
  );

/**
 * The row of buttons below a drawing. moves: {first, undo, step, last}, each a function, or null where there is
 * nothing to do; names: their names in words; back: whether the step goes back in time.
 */
export function transport({ where, moves, names, back = false }) {
  const button = (key, cls, label, content) =>
    h(
      "button",
      // Not `disabled`: a button that loses the focus at the last step leaves the keyboard nowhere.
      { key, type: "button", class: cls, "aria-label": label, title: label, "aria-disabled": moves[key] ? null : "true", onclick: () => moves[key]?.() },
      content,
    );
  return h(
    "div",
    { class: "transport", key: "transport" },
    h("div", { class: "where", key: "where" }, where),
    moves.first === undefined ? null : button("first", "", names.first, icon("first")),
    // Each arrow stands on the side to which it leads.
    back ? null : button("undo", "undo", names.undo, icon("left")),
    button("step", back ? "step back" : "step", null, back ? [icon("left"), names.step] : [names.step, icon("right")]),
    back ? button("undo", "undo", names.undo, icon("right")) : null,
    moves.last === undefined ? null : button("last", "", names.last, icon("last")),
  );
}

// --- one widget on a page -----------------------------------------------------------------------------------------

/**
 * Draws a widget into `el` and keeps it drawn.
 *
 * store: {get() → state, set(changes), on(callback) → off, patient}. A widget module exports `name`, `css`, `check(state)`,
 * which throws `Bad`, and `view(ctx)`, which returns nodes; optionally `key(ctx, event)`, true if it took the key.
 */
export function mount(el, store, widget) {
  const shadow = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet(BASE), sheet(widget.css ?? "")];
  const box = document.createElement("section");
  const paper = document.createElement("div");
  box.className = `rb ${widget.name}`;
  paper.className = "print";
  paper.append(document.createElement("slot")); // what stood in the page before: for print
  shadow.replaceChildren(box, paper);
  const unTheme = followTheme(box);
  const ui = {};
  let width = 0;
  let good = null;
  let waiting = 0;

  function context() {
    const language = /^ko\b/i.test(el.closest("[lang]")?.lang ?? "") ? "ko" : "en";
    const w = speaker(widget.name, language);
    return {
      s: store.get(),
      ui,
      w,
      width: width || 700,
      wide: (width || 700) >= 560,
      root: shadow,
      set(changes) {
        store.set(changes);
      },
      setUI(changes) {
        Object.assign(ui, changes);
        draw();
      },
      // What is drawn after the next frame: for measuring and for the focus.
      later: (f) => requestAnimationFrame(f),
    };
  }

  function draw(late) {
    const ctx = context();
    box.lang = ctx.w.language;
    box.setAttribute("aria-label", ctx.w("title"));
    let nodes;
    try {
      widget.check(ctx.s);
      if (widget.label) box.setAttribute("aria-label", `${ctx.w("title")}: ${widget.label(ctx)}`);
      nodes = [widget.view(ctx)];
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      if (good && !late && store.patient) {
        clearTimeout(waiting);
        waiting = setTimeout(() => draw(true), 150);
        return;
      }
      good = null;
      paint(box, [h("p", { class: "bad", role: "alert", key: "bad" }, ctx.w("bad", { why: ctx.w(error.message, error.values) }))]);
      return;
    }
    clearTimeout(waiting);
    good = ctx;
    paint(box, nodes);
  }

  box.addEventListener("keydown", (event) => {
    const typing = event.composedPath()[0].matches?.("input, select, textarea, pre, .eq, .edit, [contenteditable]");
    if (!good || typing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (widget.key?.(context(), event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  const off = store.on(() => draw());
  width = el.clientWidth;
  draw();
  const resized = new ResizeObserver(() => {
    if (el.clientWidth && el.clientWidth !== width) {
      width = el.clientWidth;
      draw();
    }
  });
  resized.observe(el);
  return () => {
    clearTimeout(waiting);
    off();
    unTheme();
    resized.disconnect();
  };
}

/** A store for a page without a kernel. */
export function localStore(state) {
  const listeners = new Set();
  return {
    get: () => state,
    set(changes) {
      state = { ...state, ...changes };
      listeners.forEach((f) => f());
    },
    on(f) {
      listeners.add(f);
      return () => listeners.delete(f);
    },
  };
}

/** Host 1: the static page. <rb-name data-state="{…}">the figure for print and for readers without scripts</rb-name> */
export function defineElement(widget) {
  const tag = `rb-${widget.name}`;
  if (customElements.get(tag)) return;
  customElements.define(
    tag,
    class extends HTMLElement {
      static observedAttributes = ["data-state"];
      connectedCallback() {
        this.show();
      }
      attributeChangedCallback() {
        if (this.off) this.show();
      }
      disconnectedCallback() {
        this.off?.();
        this.off = null;
      }
      show() {
        this.off?.();
        // Moved in the page, it goes on where the reader left it.
        if (this.store && this.made === this.dataset.state) {
          this.off = mount(this, this.store, this.widget);
          return;
        }
        this.made = this.dataset.state;
        let state;
        try {
          state = JSON.parse(this.dataset.state);
          expect.object("data-state", state);
        } catch {
          state = null;
        }
        this.store = localStore(state ?? {});
        this.widget = { ...widget, check: state ? widget.check : () => { throw new Bad("bad_json", { name: "data-state" }); } };
        this.off = mount(this, this.store, this.widget);
      }
    },
  );
}

/** Host 2: a notebook with a kernel (anywidget). keys: the names that page and kernel share. */
export function live(widget, keys) {
  return {
    render({ model, el }) {
      const place = document.createElement("div");
      el.append(place);
      let busy = false;
      const store = {
        // A kernel sets one thing after another: what is wrong for a moment is not shown at once.
        patient: true,
        get: () => Object.fromEntries(keys.map((key) => [key, model.get(key)])),
        set(changes) {
          busy = true;
          for (const [key, value] of Object.entries(changes)) model.set(key, value);
          busy = false;
          model.save_changes();
          store.changed?.();
        },
        on(f) {
          // Several keys that arrive together are drawn once.
          let due = false;
          const later = () => {
            if (busy || due) return;
            due = true;
            queueMicrotask(() => {
              due = false;
              f();
            });
          };
          keys.forEach((key) => model.on(`change:${key}`, later));
          store.changed = f;
          return () => keys.forEach((key) => model.off(`change:${key}`, later));
        },
      };
      const unmount = mount(place, store, widget);
      return () => {
        unmount();
        place.remove();
      };
    },
  };
}
