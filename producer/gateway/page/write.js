// The view "Write": from an empty sheet to the answer, and what can go wrong between.

import { byId, setText } from "./dom.js";
import { showResult } from "./result.js";
import { Sending } from "./sending.js";
import { codePoints } from "./text.js";
import { counted, failure, lastingProblem, passingProblem } from "./wording.js";

const MOST_CHARACTERS = 50_000;
const STEPS = { sending: 0, waiting: 1, reading: 2, done: 3 };
const EXAMPLES = [
  "Gave the talk today. Maria kept looking at her phone, so she obviously thinks I'm an idiot and a fraud. " +
    "I always ruin everything I touch. Afterwards I walked home along the river in Leeds, cold and bright 🌤️",
  "My son got a cold after the picnic. I picked the day, so that's on me. A good mother should have seen it coming.",
  "The rain kept us in, so we played cards and ate the good biscuits.",
];
const number = new Intl.NumberFormat("en");

export class Write {
  #api;
  #askForKey;
  #sending = null;
  #text = "";
  #explanations = null;
  #example = 0;
  #clock = null;

  /**
   * @param {Api} api
   * @param {(refused: boolean) => void} askForKey
   */
  constructor(api, askForKey) {
    this.#api = api;
    this.#askForKey = askForKey;
    byId("text").addEventListener("input", () => this.#count());
    byId("text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("entry-form").requestSubmit();
    });
    byId("entry-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("example").addEventListener("click", () => this.#useExample());
    byId("cancel").addEventListener("click", () => this.#sending?.cancel());
    byId("try-now").addEventListener("click", () => this.#sending?.tryNow());
    byId("edit").addEventListener("click", () => this.#backToEditor(this.#text));
    byId("another").addEventListener("click", () => this.#backToEditor(""));
    this.#count();
  }

  /** Take what the gateway says of its labels; anew with another key. */
  useExplanations(explanations) {
    this.#explanations = explanations;
  }

  #useExample() {
    byId("text").value = EXAMPLES[this.#example++ % EXAMPLES.length];
    this.#count();
    byId("text").focus();
  }

  #count() {
    const characters = codePoints(byId("text").value);
    const over = characters > MOST_CHARACTERS;
    byId("counter").classList.toggle("over", over);
    setText(byId("counter"), `${number.format(characters)} of ${number.format(MOST_CHARACTERS)} characters`);
    if (over) this.#refuse(`That is ${counted(characters - MOST_CHARACTERS, "character", "characters")} too many.`);
    else this.#refuse("");
    return characters;
  }

  #refuse(message) {
    setText(byId("text-error"), message);
    byId("text-error").hidden = !message;
    byId("text").toggleAttribute("aria-invalid", Boolean(message));
  }

  #submit() {
    if (this.#sending) return;
    // A half of a surrogate pair is no character and would be refused.
    const text = byId("text").value.toWellFormed?.() ?? byId("text").value;
    const tooLong = this.#count() > MOST_CHARACTERS;
    if (!text.trim()) this.#refuse("Please write something first.");
    if (tooLong || !text.trim()) byId("text").focus();
    else if (!this.#api.hasKey) this.#askForKey(false);
    else this.#send(text);
  }

  async #send(text) {
    this.#text = text;
    this.#sending = new Sending(this.#api, text, (report) => this.#show(report));
    this.#showEntry();
    const watch = this.#watch();
    let entry = null;
    try {
      entry = await this.#sending.run();
    } catch (problem) {
      this.#stop(watch);
      this.#giveUp(problem);
      return;
    }
    this.#stop(watch);
    if (entry.status === "done") await this.#answered(entry.result);
    else if (entry.status === "failed") this.#failed(entry.reason);
    else this.#cancelled(entry.untold);
  }

  #stop(watch) {
    this.#sending = null;
    watch.abort();
    clearInterval(this.#clock);
    setText(byId("status-time"), "");
    byId("cancel").hidden = byId("try-now").hidden = true;
  }

  #showEntry() {
    byId("editor").hidden = true;
    byId("entry").hidden = false;
    byId("entry").dataset.state = "waiting";
    byId("entry-actions").hidden = true;
    byId("shown-text").replaceChildren(this.#text);
    delete byId("shown-text").dataset.lanes;
    byId("findings").replaceChildren();
    byId("cancel").hidden = false;
    byId("cancel").disabled = false;
    const started = Date.now();
    this.#clock = setInterval(() => {
      const seconds = Math.floor((Date.now() - started) / 1000);
      if (byId("try-now").hidden && seconds >= 2) setText(byId("status-time"), `${seconds} s`);
    }, 1000);
    byId("entry-heading").focus();
  }

  #show(report) {
    byId("try-now").hidden = report.phase !== "retrying";
    byId("status").classList.toggle("troubled", report.phase === "retrying");
    byId("cancel").disabled = report.phase === "cancelling";
    if (report.phase === "retrying") {
      this.#say(passingProblem(report.problem));
      setText(byId("status-time"), `Trying again in ${report.seconds} s.`);
      return;
    }
    setText(byId("status-time"), "");
    if (report.phase === "cancelling") this.#say("Taking it back …");
    else if (report.phase === "sending") this.#step("sending", "Handing it over …");
    else this.#step("waiting", "It waits for a worker.");
  }

  /**
   * Tell how it stands in the queue while the entry waits. The gateway does not say where one entry is; but when
   * nothing waits any more, it must be in a worker's hands.
   */
  #watch() {
    const abort = new AbortController();
    const look = async () => {
      const figures = await this.#api.live(abort.signal).catch(() => null);
      if (abort.signal.aborted) return;
      if (figures && byId("track").dataset.step >= STEPS.waiting && byId("try-now").hidden) this.#tell(figures);
      setTimeout(look, 1000);
    };
    setTimeout(() => abort.signal.aborted || look(), 500);
    return abort;
  }

  #tell({ waiting, claimed, workers }) {
    if (workers === 0) this.#step("waiting", "It waits: no worker is there at the moment. It is kept until one comes.");
    else if (waiting === 0 && claimed > 0) this.#step("reading", "A worker is reading it.");
    else if (waiting > 1) this.#step("waiting", `It waits for a worker, with ${counted(waiting - 1, "other", "others")}.`);
  }

  #step(phase, message) {
    const step = STEPS[phase];
    byId("track").hidden = phase === "done";
    byId("track").dataset.step = step;
    byId("status").dataset.phase = phase;
    [...byId("track").children].forEach((item, i) => {
      item.dataset.state = i < step ? "past" : i === step ? "now" : "next";
    });
    this.#say(message);
  }

  #say(message) {
    setText(byId("status-line"), message);
  }

  async #answered(result) {
    this.#explanations ??= await this.#api.explanations().catch(() => null);
    const found = result.labels.length;
    this.#step("done", found ? `It is back: ${counted(found, "pattern", "patterns")} found.` : "It is back: no pattern found.");
    showResult(byId("shown-text"), byId("findings"), this.#text, result, this.#explanations ?? new Map());
    this.#finish("done");
  }

  #failed(reason) {
    this.#trouble(`This entry could not be read. ${failure(reason)}`);
    this.#finish("failed");
  }

  #finish(state) {
    byId("entry").dataset.state = state;
    byId("entry-actions").hidden = false;
    // Where the focus was on a button that is gone, it would fall back to the start of the page.
    if (document.activeElement === document.body) byId("entry-heading").focus();
  }

  #cancelled(untold) {
    this.#backToEditor(this.#text);
    this.#say(untold
      ? "Stopped. The gateway could not be told, so the entry may still be read; its answer goes nowhere."
      : "Taken back. Nothing of it was kept.");
  }

  #giveUp(problem) {
    this.#backToEditor(this.#text);
    if (problem.ofKey) this.#askForKey(true);
    else this.#trouble(problem.status === undefined ? `This page made a mistake (${problem.name}).` : lastingProblem(problem));
  }

  #trouble(message) {
    byId("track").hidden = true;
    byId("status").classList.add("troubled");
    this.#say(message);
  }

  #backToEditor(text) {
    byId("entry").hidden = true;
    byId("editor").hidden = false;
    byId("track").hidden = true;
    byId("status").classList.remove("troubled");
    this.#say("");
    delete byId("status").dataset.phase;
    byId("shown-text").replaceChildren();
    byId("findings").replaceChildren();
    byId("text").value = text;
    this.#count();
    byId("text").focus();
  }
}
