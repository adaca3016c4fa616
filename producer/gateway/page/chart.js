// A figure with its last two minutes as a small line chart.

import { element, setText, svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 56;
/** How much higher than the highest value the chart is. */
const HEADROOM = 1.15;
/** Without a reading for so long, the line has a gap. */
const GAP_MS = 3000;

export class Chart {
  #format;
  #kept;
  #unit;
  #series;
  #peak;
  #picture;
  #title;

  /**
   * @param {{title: string, unit: string, series: {field: string, name?: string}[], format: (value: number) => string}} figure
   * @param {number} kept how many milliseconds the chart is wide
   */
  constructor({ title, unit, series, format }, kept) {
    this.#title = title;
    this.#format = format;
    this.#kept = kept;
    this.#unit = unit;
    this.#series = series.map(({ field, name = "" }) => ({
      field,
      name,
      value: element("span", { class: "value" }, "–"),
      line: svg("path", { class: "line" }),
      area: svg("path", { class: "area" }),
      tip: svg("path", { class: "tip" }),
    }));
    this.#peak = element("span", { class: "peak" });
    this.#picture = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      svg("path", { class: "ground", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
      ...this.#series.flatMap(({ area, line, tip }, i) => {
        line.dataset.series = tip.dataset.series = i;
        return i ? [line, tip] : [area, line, tip];
      }));
    this.node = element("section", { class: "card figure" },
      element("h2", {}, title),
      element("p", { class: "values" }, ...this.#series.map(({ name, value }, i) =>
        element("span", {},
          value, element("span", { class: "unit", "data-series": name ? i : null }, name || unit)))),
      this.#picture,
      element("p", { class: "axis", "aria-hidden": "true" }, element("span", {}, "2 min ago"), this.#peak, element("span", {}, "now")));
  }

  /**
   * @param {Object[]} readings oldest first, each with `at` in the milliseconds of `now`
   * @param {number} now the right end of the chart
   */
  draw(readings, now) {
    const known = this.#series.flatMap(({ field }) => readings.map((reading) => reading[field]).filter(Number.isFinite));
    const most = Math.max(0, ...known);
    const top = most * HEADROOM;
    const latest = readings.at(-1) ?? {};
    const said = [];
    for (const { field, name, value, line, area, tip } of this.#series) {
      const text = Number.isFinite(latest[field]) ? this.#format(latest[field]) : "–";
      setText(value, text);
      said.push(`${name || this.#title}: ${text === "–" ? "not known" : text}`);
      const runs = this.#runs(readings, field, now, top);
      line.setAttribute("d", runs.map((run) => `M${run.map(([x, y]) => `${x} ${y}`).join("L")}`).join(""));
      const last = runs.at(-1)?.at(-1);
      tip.setAttribute("d", last ? `M${last[0]} ${last[1]}h0` : "");
      area.setAttribute("d", runs.map((run) =>
        `M${run[0][0]} ${HEIGHT}L${run.map(([x, y]) => `${x} ${y}`).join("L")}L${run.at(-1)[0]} ${HEIGHT}Z`).join(""));
    }
    const peak = known.length ? `most ${this.#format(most)}` : "";
    setText(this.#peak, peak);
    this.#picture.setAttribute("aria-label", [...said, peak && `${peak} in two minutes`, this.#unit].filter(Boolean).join(", "));
  }

  /** The points of each stretch without a gap. */
  #runs(readings, field, now, top) {
    const runs = [];
    let before = null;
    for (const { at, [field]: value } of readings) {
      if (!Number.isFinite(value)) continue;
      if (before === null || at - before > GAP_MS) runs.push([]);
      const x = WIDTH * (1 - (now - at) / this.#kept);
      const y = HEIGHT - 1 - (top ? value / top : 0) * (HEIGHT - 1);
      runs.at(-1).push([x.toFixed(1), y.toFixed(1)]);
      before = at;
    }
    return runs;
  }
}
