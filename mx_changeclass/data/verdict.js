// Search and filter: comfort only. Everything can be read without; nothing of the page is made of text by this.
(() => {
  "use strict";
  const form = document.getElementById("filter");
  const rows = [...document.querySelectorAll(".change")].map((row) => ({
    row,
    subject: row.closest(".subjects > li"),
    module: row.closest(".module"),
    class: row.closest(".class"),
    rules: row.dataset.r.split(" "),
    profiles: row.dataset.p.split(" "),
    undecided: "u" in row.dataset,
  }));
  const boxes = [...document.querySelectorAll(".subjects > li, .rule, .parts, .module, .class")].reverse();
  const counts = [...document.querySelectorAll("[data-count]")].map((mark) => [mark, mark.closest(".module, .class")]);
  const folds = [...document.querySelectorAll("main details")];
  const asLoaded = new Map(folds.map((fold) => [fold, fold.open]));

  const text = (one) => (one.text ??= [one.module.dataset.name, one.row.closest(".rule").dataset.title,
    one.subject.textContent].join(" ").toLowerCase());

  function apply() {
    const { search, class: of, module, rule, profile, undecided } = form.elements;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = Boolean(words.length || of.value || module.value || rule.value || profile.value || undecided.checked);
    let shown = 0;
    for (const one of rows) {
      const wanted = (!of.value || one.class.id === of.value)
        && (!module.value || one.module.dataset.m === module.value)
        && (!rule.value || one.rules.includes(rule.value))
        && (!profile.value || one.profiles.includes(profile.value))
        && (!undecided.checked || one.undecided)
        && words.every((word) => text(one).includes(word));
      one.row.hidden = !wanted;
      shown += wanted;
    }
    for (const box of boxes) box.hidden = !box.querySelector(".change:not([hidden])");
    for (const [mark, box] of counts) {
      const left = box.querySelectorAll(".change:not([hidden])").length;
      mark.textContent = active ? `${left} of ${mark.dataset.count}` : mark.dataset.count;
    }
    for (const fold of folds) {
      if (fold.matches(".module, .parts")) fold.open = active ? !fold.hidden : asLoaded.get(fold);
    }
    document.getElementById("shown").textContent = active
      ? `${shown} of ${rows.length} changes shown` : `All ${rows.length} changes shown`;
  }

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = !rows.length;

  // Paper has no folds. Current browsers unfold by the style sheet; this is for the others.
  let open = [];
  addEventListener("beforeprint", () => {
    open = [...document.querySelectorAll("details:not([open])")];
    for (const fold of open) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of open) fold.open = false;
  });
})();
