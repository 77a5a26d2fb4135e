// An equation or a table of results that scrolls by itself is a stop of the Tab key, in every browser; one that
// fits is none.
// The theme does the same for code and tables.
(() => {
  const update = () => {
    for (const e of document.querySelectorAll("div.math, span.math > mjx-container, .text_html > div")) {
      const wide = e.scrollWidth > e.clientWidth;
      if (wide === e.classList.contains("rb-wide")) continue;
      e.classList.toggle("rb-wide", wide);
      if (wide) e.tabIndex = 0;
      else e.removeAttribute("tabindex");
    }
  };
  addEventListener("load", update);
  addEventListener("resize", update);
})();
