// Ranges of characters. The gateway counts Unicode code points, JavaScript counts UTF-16 units.

/** How many code points a text has. */
export function codePoints(text) {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * Cut a text at the ends of the evidence, so that each piece is covered by the same ranges.
 *
 * @param {string} text
 * @param {{start: number, end: number}[][]} evidence for each label its ranges, in code points
 * @returns {{text: string, labels: number[]}[]} the pieces in order; together they are the text
 */
export function pieces(text, evidence) {
  const characters = [...text];
  const ranges = evidence.flatMap((of, label) =>
    of.map(({ start, end }) => ({ label, start: Math.max(0, start), end: Math.min(end, characters.length) })),
  );
  const cuts = new Set([0, characters.length]);
  for (const { start, end } of ranges) if (start < end) cuts.add(start).add(end);
  const at = [...cuts].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => {
    const covering = ranges.filter((range) => range.start <= at[i] && end <= range.end);
    return {
      text: characters.slice(at[i], end).join(""),
      labels: [...new Set(covering.map((range) => range.label))].sort((a, b) => a - b),
    };
  });
}

/**
 * Give each label a lane for its underline, so that two that meet in a piece never share one.
 *
 * @param {number} count how many labels
 * @param {{labels: number[]}[]} cut of `pieces`
 * @returns {number[]} the lane of each label, from 0
 */
export function lanes(count, cut) {
  const given = [];
  for (let label = 0; label < count; label++) {
    const taken = new Set();
    for (const { labels } of cut) {
      if (labels.includes(label)) for (const other of labels) if (other < label) taken.add(given[other]);
    }
    let lane = 0;
    while (taken.has(lane)) lane++;
    given.push(lane);
  }
  return given;
}
