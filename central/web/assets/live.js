// Refreshes the parts of a page marked data-live every few seconds. The page works without it.
// It stops when nobody has touched the page for a quarter of an hour, so that an unattended browser is logged out.
"use strict";
(() => {
  const every = 3000, quietFor = 15 * 60 * 1000;
  const state = document.getElementById("live-state");
  let touched = Date.now();
  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }
  const say = (words) => { if (state && state.textContent !== words) state.textContent = words; };
  const busy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body;

  async function refresh() {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (next && !busy(part)) part.replaceChildren(...next.childNodes);
    }
  }
  async function turn() {
    if (Date.now() - touched > quietFor) {
      say("Paused. Reload to go on.");
      return;
    }
    if (!document.hidden) {
      try {
        await refresh();
        say("Live");
      } catch {
        say("Not live: central does not answer. Trying again.");
      }
    }
    setTimeout(turn, every);
  }
  say("Live");
  setTimeout(turn, every);
})();
