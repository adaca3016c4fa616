// The tablist pattern of the ARIA Authoring Practices: arrows move, Home and End go to the ends.

/**
 * @param {HTMLElement} list the element with the role tablist
 * @param {(tab: HTMLElement) => void} chosen called when another tab is shown
 */
export function tabs(list, chosen) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  const steps = { ArrowRight: 1, ArrowLeft: -1 };

  function choose(tab) {
    for (const each of all) {
      const selected = each === tab;
      each.setAttribute("aria-selected", String(selected));
      each.tabIndex = selected ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !selected;
    }
    chosen(tab);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target);
    let to = null;
    if (event.key in steps) to = all.at((at + steps[event.key]) % all.length);
    else if (event.key === "Home") to = all[0];
    else if (event.key === "End") to = all.at(-1);
    if (!to) return;
    event.preventDefault();
    choose(to);
    to.focus();
  });
}
