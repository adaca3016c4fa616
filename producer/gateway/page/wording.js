// What the page says: of problems, of failed entries, of what was redacted.

/** Why sending stops for a while; the time until the next try stands beside it. */
export function passingProblem({ status, detail }) {
  if (status === 0) return "The gateway cannot be reached. Your entry is safe here and is sent as soon as it can be.";
  if (status === 429) return "That was a lot in a short time. The gateway asks for a moment.";
  if (status === 503) return "The gateway cannot take more at the moment. Your entry is safe here.";
  return `The gateway had a problem (${status}). ${detail}`.trim();
}

/** Why an entry was not taken, for good. */
export function lastingProblem({ status, detail }) {
  if (status === 404) return "The gateway no longer knows this entry. Answers are kept for a short time only; please send it again.";
  if (status === 413) return "The gateway does not take an entry as long as this one.";
  return `The gateway did not take this entry. ${detail}`.trim();
}

const REASONS = {
  unknown_key: "The key it was sealed with was lost, so nobody can read it.",
  wrong_id: "It was sealed for another entry.",
  not_sealed: "It arrived unsealed, so nothing of it was kept.",
  damaged: "It was altered on its way.",
  undecryptable: "The worker could not open it: gateway and worker do not have the same keys.",
  malformed: "It arrived damaged.",
  oversized: "It is too long to be read.",
  anonymizer_failed: "It could not be searched completely for personal details, so no model has read it.",
  classifier_failed: "The model could not read it.",
  worker_lost: "The workers that read it stopped, several times.",
  timed_out: "Reading it took too long.",
  revoked: "Someone who runs the system took it back.",
  expired: "It waited longer than it was allowed to.",
  unreadable_result: "It was read, but its answer could not be opened.",
  unhandled_result: "It was read, but its answer was not fetched in time.",
};

/** Why an entry failed, by the reason of its dead letter. */
export const failure = (reason) => REASONS[reason] ?? `The reason given is “${reason ?? "unknown"}”.`;

const REMOVED = {
  PERSON: ["name", "names"],
  LOCATION: ["place", "places"],
  ORGANIZATION: ["organization", "organizations"],
  AGE: ["age", "ages"],
  DATE_TIME: ["date", "dates"],
  CONTACT: ["contact detail", "contact details"],
  EMAIL_ADDRESS: ["e-mail address", "e-mail addresses"],
  PHONE_NUMBER: ["phone number", "phone numbers"],
  URL: ["web address", "web addresses"],
  HANDLE: ["user name", "user names"],
  IP_ADDRESS: ["IP address", "IP addresses"],
  MAC: ["device address", "device addresses"],
  CREDIT_CARD: ["card number", "card numbers"],
  IBAN_CODE: ["account number", "account numbers"],
  US_SSN: ["social security number", "social security numbers"],
  UK_NHS: ["NHS number", "NHS numbers"],
  ID: ["identifying number", "identifying numbers"],
};

/** Such as "2 names". */
export function removed(type, count) {
  const [one, many] = REMOVED[type] ?? Array(2).fill(type.toLowerCase().replaceAll("_", " "));
  return `${count} ${count === 1 ? one : many}`;
}

/** Such as "84%". */
export const percent = (score) => `${Math.round(score * 100)}%`;

/** Such as "84 ms", "1.2 s", "3 min". */
export function duration(seconds) {
  if (seconds < 0.995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 99.5) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Such as "1 entry", "12 entries". */
export const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;
