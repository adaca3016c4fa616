// The gateway's API, as far as this page uses it. The key lives in this object and nowhere else.

const REQUEST_SECONDS = 15;

/** What the gateway answered instead of what was asked for; status 0: it could not be reached. */
export class Problem extends Error {
  constructor({ status = 0, title = "", detail = "", retryAfter = null } = {}) {
    super(detail || title || `status ${status}`);
    this.status = status;
    this.detail = detail || title;
    /** Seconds after which it may be tried again, or null where the gateway does not say. */
    this.retryAfter = retryAfter;
  }

  /** Whether the key is missing, unknown or not allowed to do this. */
  get ofKey() {
    return this.status === 401 || this.status === 403;
  }

  /** Whether the same request may succeed later. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  #key = null;

  get hasKey() {
    return this.#key !== null;
  }

  /** The name in the key, which is no secret; null without a key. */
  get keyName() {
    return this.#key && (/^jsk_([a-z0-9-]{1,32})_/.exec(this.#key)?.[1] ?? "unnamed");
  }

  useKey(key) {
    this.#key = key;
  }

  forgetKey() {
    this.#key = null;
  }

  /** Hand an entry over under an id of our own: sending it again enqueues nothing twice. */
  submit(id, text, wait, signal) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": id };
    const body = JSON.stringify({ text });
    return this.#ask(`v1/entries?wait=${wait}`, { method: "POST", headers, body, signal }, wait);
  }

  /** The entry, once it is no longer waiting or `wait` seconds have passed. */
  entry(id, wait, signal) {
    return this.#ask(`v1/entries/${encodeURIComponent(id)}?wait=${wait}`, { signal }, wait);
  }

  cancel(id) {
    return this.#ask(`v1/entries/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  live(signal) {
    return this.#ask("v1/live", { signal });
  }

  /** The explanation of each label that has one. */
  async explanations() {
    const { labels } = await this.#ask("v1/labels", {});
    return new Map(labels.map(({ label, explanation }) => [label, explanation]));
  }

  async #ask(path, { headers = {}, signal = null, ...options }, wait = 0) {
    if (!this.#key) throw new Problem({ status: 401, title: "There is no key." });
    const timeout = AbortSignal.timeout((wait + REQUEST_SECONDS) * 1000);
    let answer;
    let body;
    try {
      // Relative to the page, so that a proxy may serve the gateway below a path.
      answer = await fetch(new URL(path, document.baseURI), {
        ...options,
        headers: { ...headers, Authorization: `Bearer ${this.#key}` },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
      body = await answer.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem();
    }
    const content = parsed(body);
    if (!answer.ok) throw problem(answer, content);
    return content;
  }
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function problem(answer, content) {
  return new Problem({
    status: answer.status,
    title: String(content?.title ?? ""),
    detail: String(content?.detail ?? ""),
    retryAfter: secondsOf(answer.headers.get("Retry-After")),
  });
}

/** Retry-After is a number of seconds or a date. */
function secondsOf(header) {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const moment = Date.parse(header);
  return Number.isNaN(moment) ? null : Math.max(0, Math.ceil((moment - Date.now()) / 1000));
}
