// The way of one entry: hand it over, wait for it, try again after what passes, take it back.

import { Problem } from "./api.js";

/** Long enough for most answers to come with the first request. */
const FIRST_WAIT_SECONDS = 1;
const WAIT_SECONDS = 20;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_PAUSE_SECONDS = 15;

/**
 * @typedef {{phase: "sending"|"waiting"|"cancelling"}|{phase: "retrying", problem: Problem, seconds: number}} Report
 */
export class Sending {
  #api;
  #text;
  #report;
  #id = newId();
  #abort = new AbortController();
  #wake = () => {};
  #outcome = null;

  /**
   * @param {Api} api
   * @param {string} text
   * @param {(report: Report) => void} report
   */
  constructor(api, text, report) {
    this.#api = api;
    this.#text = text;
    this.#report = report;
  }

  /**
   * The entry once it is done, failed or cancelled; `untold`: cancelled, but only here.
   * @throws {Problem} which trying again would not mend
   */
  async run() {
    let accepted = false;
    let failures = 0;
    this.#report({ phase: "sending" });
    while (!this.#outcome) {
      const asked = performance.now();
      try {
        const { signal } = this.#abort;
        const entry = accepted
          ? await this.#api.entry(this.#id, WAIT_SECONDS, signal)
          : await this.#api.submit(this.#id, this.#text, FIRST_WAIT_SECONDS, signal);
        if (!entry?.status) throw new Problem({ status: 502, title: "This is no answer of the gateway." });
        if (entry.status !== "waiting") return entry;
        // A gateway that ends, or has too many who wait, answers at once.
        if (accepted && performance.now() - asked < SHORTEST_WAIT_MS) await this.#second();
        accepted = true;
        failures = 0;
        this.#report({ phase: "waiting" });
      } catch (error) {
        if (this.#outcome) break;
        if (!(error instanceof Problem) || !error.passing) throw error;
        await this.#pause(error, failures++);
        if (!this.#outcome) this.#report({ phase: accepted ? "waiting" : "sending" });
      }
    }
    return this.#outcome;
  }

  /** Take the entry back. Where it was answered meanwhile, `run` returns the answer. */
  async cancel() {
    this.#report({ phase: "cancelling" });
    try {
      await this.#api.cancel(this.#id);
      this.#end({ status: "cancelled" });
    } catch (error) {
      if (error.status === 409) this.#wake();
      else if (error.status === 404) await this.#stop();
      else this.#end({ status: "cancelled", untold: true });
    }
  }

  /** Try again now instead of waiting for the end of a pause. */
  tryNow() {
    this.#wake();
  }

  /** It is not known to the gateway, but may be on its way there. */
  async #stop() {
    this.#end({ status: "cancelled" });
    await this.#api.cancel(this.#id).catch(() => {});
  }

  #end(outcome) {
    this.#outcome = outcome;
    this.#abort.abort();
    this.#wake();
    this.#skip();
  }

  async #pause(problem, failures) {
    let seconds = Math.max(1, problem.retryAfter ?? Math.min(2 ** failures, LONGEST_PAUSE_SECONDS));
    let early = false;
    this.#wake = () => {
      early = true;
      this.#skip();
    };
    addEventListener("online", this.#wake, { once: true });
    for (; seconds > 0 && !early; seconds--) {
      this.#report({ phase: "retrying", problem, seconds });
      await this.#second();
    }
    removeEventListener("online", this.#wake);
    this.#wake = () => {};
  }

  #skip = () => {};

  #second() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1000);
      this.#skip = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** 96 random bits. `crypto.randomUUID` exists in secure contexts only; this does everywhere. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
