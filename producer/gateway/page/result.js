// The answer to an entry: its text with the sentences that made labels likely, and the labels.

import { element, lessMotion } from "./dom.js";
import { lanes, pieces } from "./text.js";
import { duration, percent, removed } from "./wording.js";

const SLOTS = 6;

/**
 * @param {HTMLElement} textPlace gets the text
 * @param {HTMLElement} findingsPlace gets the labels and what was redacted
 * @param {string} text as it was submitted
 * @param {Object} result of the gateway
 * @param {Map<string, string>} explanations a sentence for each label that has one
 */
export function showResult(textPlace, findingsPlace, text, result, explanations) {
  const { labels } = result;
  const cut = pieces(text, labels.map((label) => label.evidence ?? []));
  const laneOf = lanes(labels.length, cut);
  const cards = labels.map((label, i) => card(label, i, quotes(cut, i), explanations.get(label.label)));
  const shown = cut.map((piece) => (piece.labels.length ? sentence(piece, labels, laneOf, cards) : piece.text));
  textPlace.replaceChildren(...shown);
  textPlace.dataset.lanes = Math.max(-1, ...laneOf) + 1;
  findingsPlace.replaceChildren(patterns(cards), redactions(result.redactions ?? {}), about(result));
  connect(textPlace, cards);
}

/** The text that a label was found in, without white space at its ends. */
function quotes(cut, label) {
  const found = [];
  let open = false;
  for (const { text, labels } of cut) {
    const covered = labels.includes(label);
    if (covered && open) found.push(found.pop() + text);
    else if (covered) found.push(text);
    open = covered;
  }
  return found.map((text) => text.trim());
}

function patterns(cards) {
  if (!cards.length) {
    return element("section", { class: "card calm" },
      element("h2", {}, "No pattern found"),
      element("p", {}, "The model saw none of the patterns that it knows in these words. That says nothing about how ",
        "you feel, and the model can miss things."));
  }
  const heading = cards.length === 1 ? "One pattern found" : `${cards.length} patterns found`;
  return element("section", {},
    element("h2", {}, heading),
    element("ol", { class: "patterns", role: "list" }, ...cards));
}

function card({ label, score }, index, found, explanation) {
  const bar = element("span", { class: "score-bar" });
  bar.style.width = percent(score);
  return element("li", { class: "card pattern", id: `pattern-${index}`, "data-slot": index % SLOTS, "data-label": index },
    element("button", { type: "button", class: "pattern-name", "aria-pressed": "false" },
      element("span", { class: "swatch", "aria-hidden": "true" }),
      element("span", { class: "name" }, label),
      element("span", { class: "score" }, percent(score))),
    element("span", { class: "score-track", "aria-hidden": "true" }, bar),
    explanation ? element("p", { class: "explanation" }, explanation) : null,
    found.length
      ? element("p", { class: "visually-hidden" }, `Found in: ${found.map((text) => `“${text}”`).join(" and ")}`)
      : element("p", { class: "explanation soft" }, "Found in the entry as a whole."));
}

/** A piece that labels cover: a link to the first of them, with a layer for each. */
function sentence({ text, labels: covering }, labels, laneOf, cards) {
  // The deepest layer is the innermost: what lies further out has its underline further down.
  const outermost = [...covering].sort((a, b) => laneOf[b] - laneOf[a]);
  const inner = outermost.reduceRight(
    (content, label) =>
      element("mark", { class: "layer", "data-label": label, "data-slot": label % SLOTS, "data-lane": laneOf[label] }, content),
    text,
  );
  const names = covering.map((label) => labels[label].label).join(", ");
  // White space between two sentences is nothing to point at.
  if (!text.trim()) return inner;
  const link = element("a", { class: "sentence", href: `#pattern-${covering[0]}`, title: names }, inner);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    cards[covering[0]].querySelector("button").focus();
    cards[covering[0]].scrollIntoView(gently());
  });
  return link;
}

/** Whatever is pointed at or focused, its counterpart shows; a pressed label stays shown. */
function connect(textPlace, cards) {
  let pressed = null;
  const layers = [...textPlace.querySelectorAll(".layer")];

  function show(labels) {
    const any = labels.length > 0;
    textPlace.classList.toggle("some", any);
    for (const node of [...layers, ...cards]) node.classList.toggle("on", labels.includes(Number(node.dataset.label)));
  }
  const rest = () => show(pressed === null ? [] : [pressed]);

  function press(label) {
    pressed = pressed === label ? null : label;
    cards.forEach((each, i) => each.querySelector("button").setAttribute("aria-pressed", String(i === pressed)));
    rest();
    if (pressed !== null) layers.find((layer) => Number(layer.dataset.label) === pressed)?.scrollIntoView(gently());
  }

  cards.forEach((each, label) => {
    on(each, () => show([label]), rest);
    each.querySelector("button").addEventListener("click", () => press(label));
  });
  for (const link of textPlace.querySelectorAll(".sentence")) {
    const labels = [...link.querySelectorAll(".layer")].map((layer) => Number(layer.dataset.label));
    on(link, () => show(labels), rest);
  }
}

function on(node, enter, leave) {
  node.addEventListener("pointerenter", enter);
  node.addEventListener("focusin", enter);
  node.addEventListener("pointerleave", leave);
  node.addEventListener("focusout", leave);
}

const gently = () => ({ block: "nearest", behavior: lessMotion() ? "auto" : "smooth" });

function redactions(counts) {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  const said = found.length
    ? element("ul", { class: "chips", role: "list" }, ...found.map(([type, count]) => element("li", {}, removed(type, count))))
    : element("p", { class: "soft" }, "Nothing: no personal details were recognized in it.");
  return element("section", { class: "redactions" }, element("h2", {}, "Taken out before reading"), said);
}

function about(result) {
  const rows = Object.entries(result.scores ?? {}).sort(([, a], [, b]) => b - a);
  const seconds = (Date.parse(result.completed_at) - Date.parse(result.submitted_at)) / 1000;
  const facts = [
    result.model && `Model ${result.model}`,
    seconds >= 0 && `answered in ${duration(seconds)}`,
    result.deliveries > 1 && `delivered ${result.deliveries} times`,
  ].filter(Boolean);
  const table = element("table", {},
    element("caption", { class: "visually-hidden" }, "The probability of every pattern"),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Pattern"), element("th", { scope: "col" }, "Score"))),
    element("tbody", {}, ...rows.map(([label, score]) =>
      element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, percent(score))))));
  return element("section", { class: "about" },
    rows.length ? element("details", {}, element("summary", {}, "The score of every pattern"), table) : null,
    element("p", { class: "soft" }, facts.join(" · ")));
}
