"use strict";
// Runs before the viewer's own script, and starts it when that has been read.
(() => {
  // The style of its icons is in our style: one that it writes itself the policy would refuse.
  window.FontAwesomeConfig = { autoAddCss: false };

  // The frame has no storage of its own; what the viewer remembers lasts as long as the page.
  const kept = new Map();
  Object.defineProperty(window, "localStorage", {
    value: {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => kept.set(name, String(value)),
      removeItem: (name) => kept.delete(name),
    },
  });

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", paint);
  paint();

  addEventListener("DOMContentLoaded", () => {
    const { plan, query } = JSON.parse(document.querySelector("#plan").textContent);
    const root = () => Vue.h(pev2.Plan, { planSource: plan, planQuery: query });
    Vue.createApp({ render: root }).mount("#viewer");
  });
})();
