// The view "Live": the figures of the system, read once a second while somebody looks.

import { Chart } from "./chart.js";
import { byId, setText } from "./dom.js";
import { counted, duration } from "./wording.js";

const PERIOD_MS = 1000;
const OLD_MS = 3500;
export const KEPT_MS = 120_000;
const count = new Intl.NumberFormat("en");
const rate = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

const FIGURES = [
  { title: "Waiting", unit: "entries", series: [{ field: "waiting" }], format: count.format },
  { title: "Being read", unit: "entries", series: [{ field: "claimed" }], format: count.format },
  { title: "Answered", unit: "entries a second", series: [{ field: "rate" }], format: rate.format },
  {
    title: "Time to the answer",
    unit: "",
    series: [{ field: "p50", name: "half within" }, { field: "p95", name: "95% within" }],
    format: duration,
  },
  { title: "Workers", unit: "connected", series: [{ field: "workers" }], format: count.format },
  { title: "Dead letters", unit: "entries", series: [{ field: "dead" }], format: count.format },
];

export class Live {
  #api;
  #askForKey;
  #charts;
  #readings = [];
  #abort = null;
  #timer = null;
  #changed = null;
  #latest = null;
  shown = false;

  constructor(api, askForKey) {
    this.#api = api;
    this.#askForKey = askForKey;
    this.#charts = FIGURES.map((figure) => new Chart(figure, KEPT_MS));
    byId("figures").replaceChildren(...this.#charts.map((chart) => chart.node));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.pause();
      else if (this.shown) this.resume();
    });
  }

  show() {
    this.shown = true;
    this.resume();
  }

  hide() {
    this.shown = false;
    this.pause();
  }

  /** Stop asking; what was read stays, and the time without readings is a gap. */
  pause() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  resume() {
    this.pause();
    if (!this.#api.hasKey) {
      this.#say("The figures come once there is a key.");
      return;
    }
    if (document.hidden) return;
    this.#abort = new AbortController();
    // What was read before a pause is not held against the gateway.
    this.#changed = performance.now();
    this.#read(this.#abort.signal);
  }

  async #read(signal) {
    const began = performance.now();
    // A request that hangs must not hide that the figures grow old.
    const watch = setInterval(() => this.#tellAge(null), PERIOD_MS);
    let problem = null;
    try {
      this.#take(await this.#api.live(signal));
    } catch (error) {
      problem = error;
    } finally {
      clearInterval(watch);
    }
    if (signal.aborted) return;
    if (problem?.ofKey) {
      this.#askForKey(true);
      this.#say("The figures come once there is a key.");
      return;
    }
    this.#draw();
    this.#tellAge(problem);
    this.#timer = setTimeout(() => this.#read(signal), Math.max(0, PERIOD_MS - (performance.now() - began)));
  }

  #take(figures) {
    const now = performance.now();
    // Figures that the gateway has from a cache tell nothing new, however often they are read.
    if (figures.at !== this.#latest?.at) this.#changed = now;
    this.#latest = figures;
    this.#readings.push({ ...figures, at: now });
    while (this.#readings[0].at < now - KEPT_MS) this.#readings.shift();
  }

  #draw() {
    for (const chart of this.#charts) chart.draw(this.#readings, performance.now());
  }

  #tellAge(problem) {
    const age = performance.now() - this.#changed;
    const old = age > OLD_MS || (problem && !this.#latest);
    byId("panel-live").classList.toggle("old", old);
    if (!old) {
      this.#say(this.#latest ? "Up to date." : "Reading …", "");
      return;
    }
    const seconds = counted(Math.round(age / 1000), "second", "seconds");
    if (problem?.status) this.#say(`The gateway has no figures now (${problem.status}).`, `Last ones ${seconds} ago.`);
    else if (problem) this.#say("The gateway cannot be reached. It is asked again every second.", `Last figures ${seconds} ago.`);
    else this.#say("These figures are old.", `Nothing new for ${seconds}.`);
  }

  #say(message, aside = "") {
    setText(byId("live-line"), message);
    setText(byId("live-age"), aside);
  }
}
