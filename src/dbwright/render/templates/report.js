"use strict";
// The page works without this script: it adds sorting, filtering, copying and the theme.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  const theme = one("#theme");
  const themes = ["auto", "light", "dark"];
  const remember = (name) => { try { localStorage.setItem("dbwright-theme", name); } catch { /* private window */ } };
  const remembered = () => { try { return localStorage.getItem("dbwright-theme"); } catch { return null; } };
  const show = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.dataset.name = name;
    theme.textContent = "Theme: " + name;
  };
  show(themes.includes(remembered()) ? remembered() : "auto");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const name = themes[(themes.indexOf(theme.dataset.name) + 1) % themes.length];
    show(name);
    remember(name);
  });

  const copied = async (text, block) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(block);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      return document.execCommand("copy");
    }
    return true;
  };
  for (const figure of all("figure.sql")) {
    const block = figure.querySelector("pre");
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "copy", textContent: "Copy", ariaLive: "polite" });
    button.addEventListener("click", async () => {
      button.textContent = (await copied(block.textContent, block)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    figure.querySelector("figcaption").append(button);
  }

  addEventListener("beforeprint", () => all("details").forEach((element) => { element.open = true; }));

  const table = one("#findings");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const filter = one("#filter");
  const chips = all(".chip");
  const apply = () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(
      chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.severity));
    let shown = 0;
    for (const row of rows) {
      const fits = severities.has(row.dataset.severity) && wanted.every((word) => words.get(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    one("#shown").textContent = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
  };
  filter.addEventListener("input", apply);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  const unfold = one("#unfold");
  unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Open all";
    unfold.textContent = open ? "Close all" : "Open all";
    all("td.message > details", table).forEach((element) => { element.open = open; });
  });

  const order = new Intl.Collator("en", { numeric: true });
  const keyOf = {
    severity: (row) => row.dataset.rank,
    message: (row) => row.querySelector("summary").textContent,
    object: (row) => row.querySelector(".object code").textContent,
    rule: (row) => row.querySelector(".rule code").textContent,
  };
  for (const head of all("th", table)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      all("th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = keyOf[head.dataset.by];
      const sorted = [...rows].sort((a, b) => order.compare(key(a), key(b)) * (down ? -1 : 1));
      body.append(...sorted);
    });
  }
  one("#tools").hidden = false;
  apply();
})();
