// What a page gains with JavaScript: keys to move among papers, and a button that copies. All else works without it.
"use strict";

(() => {
  const papers = [...document.querySelectorAll("article.paper")];
  let at = -1;

  function go(step) {
    if (!papers.length) return;
    // After a return to the page, begin with what is in sight.
    if (at < 0) at = papers.findIndex((paper) => paper.getBoundingClientRect().bottom > 60) - (step > 0 ? 1 : 0);
    at = Math.max(0, Math.min(papers.length - 1, at + step));
    papers.forEach((paper, place) => paper.classList.toggle("current", place === at));
    papers[at].querySelector("h2 a").focus({ preventScroll: true });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    papers[at].scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }

  function unfold() {
    const fold = papers[at]?.querySelector("details.unfold");
    if (fold) fold.open = !fold.open;
  }

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    o: () => papers[at]?.querySelector("h2 a").click(),
    u: unfold,
    // Only who is signed in has these buttons.
    v: () => papers[at]?.querySelector("button.vote")?.click(),
    s: () => papers[at]?.querySelector("button.save")?.click(),
    "/": () => document.querySelector("#q").focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  // Where an act cannot be done in place, the form is sent as it would be without JavaScript: its answer tells why.
  document.addEventListener("htmx:response:error", (event) => {
    const { sourceElement: form, sourceEvent } = event.detail.ctx;
    const button = sourceEvent?.submitter;
    if (!form.matches("form.act") || !button) return;
    const pressed = document.createElement("input");
    Object.assign(pressed, { type: "hidden", name: button.name, value: button.value });
    form.append(pressed);
    if (button.hasAttribute("formaction")) form.action = button.formAction;
    form.submit();
  });

  papers.forEach((paper, place) => paper.addEventListener("focusin", () => { at = place; }));

  // A fold that hides nothing is not offered.
  for (const paper of papers) {
    const text = paper.querySelector(".abstract");
    const fold = paper.querySelector("details.unfold");
    if (text && fold && text.scrollHeight <= text.clientHeight + 2) fold.classList.add("idle");
  }

  // The clock of whoever subscribes is known here; without it the site's own stands there, to be changed.
  for (const zone of document.querySelectorAll("input[data-guess=zone]")) {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (here && zone.value === zone.defaultValue) zone.value = here;
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    const text = button.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = text; }, 2000);
    });
  }
})();
