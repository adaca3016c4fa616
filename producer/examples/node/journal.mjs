// What a backend in Node.js needs of journal-stream: submit an entry, wait for its result, read the
// results of all entries. The sections named here are those of producer/PROTOCOL.md.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { Redis } from "ioredis";
import { base64url, CompactEncrypt, compactDecrypt } from "jose";

const QUEUE = "journal.entries";
const RESULTS = "journal.results";
// The producer's own scripts (section 4). A project of yours takes a copy of them along.
const scriptOf = (name) => readFile(new URL(`../../operations/lua/${name}`, import.meta.url), "utf8");
const SUBMIT = [await scriptOf("room.lua"), await scriptOf("submit.lua")].join("\n");
const MOST_ENTRIES = 100_000; // JOURNAL_MAX_QUEUE_ENTRIES
const MOST_BYTES = 512 * 1024 ** 2; // JOURNAL_MAX_QUEUE_BYTES
const REMEMBER_SECONDS = 86_400; // JOURNAL_IDEMPOTENCY_SECONDS
const STATUS = ["queued", "duplicate", "full", "full"]; // what the numbers mean that it returns

/** The key set (section 1): the first key seals, all of them open. */
export class KeySet {
  constructor(keys) {
    this.current = keys[0].kid;
    this.keys = new Map(keys.map((key) => [key.kid, base64url.decode(key.k)]));
  }

  static async load(path) {
    return new KeySet(JSON.parse(await readFile(path, "utf8")).keys);
  }

  /** Seals a message for one entry as a compact JWE. */
  async seal(message, typ, entryId) {
    const header = { alg: "dir", enc: "A256GCM", kid: this.current, typ, eid: entryId };
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(message)))
      .setProtectedHeader(header)
      .encrypt(this.keys.get(this.current));
  }

  /** Opens a message, and checks that it is of this kind and for this entry. */
  async open(sealed, typ, entryId) {
    const keyOf = ({ kid }) => this.keys.get(kid) ?? Promise.reject(new Error("unknown key"));
    const allowed = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, keyOf, allowed);
    if (protectedHeader.typ !== typ || protectedHeader.eid !== entryId) {
      throw new Error("sealed for another entry, or of another kind");
    }
    return JSON.parse(new TextDecoder().decode(plaintext));
  }
}

export class JournalClient {
  constructor(url, keys) {
    this.keys = keys;
    this.redis = new Redis(url);
  }

  close() {
    this.redis.disconnect();
  }

  /** Enqueues an entry (sections 2 to 4). Returns "queued", "duplicate" or "full". */
  async submit(entryId, text, { context = null } = {}) {
    const entry = { entry_id: entryId, text, context, submitted_at: new Date().toISOString() };
    const sealed = await this.keys.seal(entry, "journal-entry", entryId);
    const body = JSON.stringify([[sealed], {}, {}]);
    const message = {
      body: Buffer.from(body).toString("base64"),
      "content-type": "application/json",
      "content-encoding": "utf-8",
      headers: { task: "journal.classify", id: entryId, enqueued_at: Date.now() / 1000 },
      properties: { body_encoding: "base64" },
    };
    const ofEntry = [`${QUEUE}.seen:${entryId}`, `${QUEUE}.reply:${entryId}`];
    const keys = [QUEUE, `${QUEUE}.measured`, ...ofEntry];
    const limits = [MOST_ENTRIES, MOST_BYTES, REMEMBER_SECONDS];
    const options = [...limits, randomUUID(), 0, 1]; // 1: a reply, please
    const [code] = await this.redis.eval(
      SUBMIT, keys.length, ...keys, ...options, JSON.stringify(message),
    );
    return STATUS[code];
  }

  /** Waits for the result of one entry that was submitted with a reply (section 6). */
  async result(entryId, seconds = 30) {
    const key = `${QUEUE}.reply:${entryId}`;
    const until = Date.now() + seconds * 1000;
    const waiting = this.redis.duplicate(); // a command that waits holds up its connection
    try {
      for (;;) {
        const [last] = await waiting.xrevrange(key, "+", "-", "COUNT", 1);
        if (!last) throw new Error("no reply is kept for this entry, and none is to come");
        const [streamId, fields] = last;
        if (streamId !== "1-0") return await this.#read(entryId, asObject(fields));
        const left = Math.min(until - Date.now(), 2000);
        if (left <= 0) throw new Error("not answered in time");
        await waiting.xread("COUNT", 1, "BLOCK", left, "STREAMS", key, "1-0");
      }
    } finally {
      waiting.disconnect();
    }
  }

  async #read(entryId, { sealed, dead }) {
    if (sealed) return this.keys.open(sealed, "journal-result", entryId);
    throw new Error(dead ? `the entry became a dead letter: ${dead}` : "the entry was cancelled");
  }

  /** Yields [streamId, result] for the results of all entries (section 5). */
  async *results(group, consumer = hostname()) {
    await this.redis.xgroup("CREATE", RESULTS, group, "0", "MKSTREAM").catch((error) => {
      if (!error.message.startsWith("BUSYGROUP")) throw error; // otherwise it exists already
    });
    const waiting = this.redis.duplicate();
    try {
      for (let cursor = "0-0", lookedAt = 0; ; ) {
        let items = [];
        if (Date.now() - lookedAt > 15_000) {
          // What a reader got a minute ago and did not acknowledge: it may have died.
          const take = [RESULTS, group, consumer, 60_000, cursor, "COUNT", 64];
          [cursor, items] = await waiting.xautoclaim(...take);
          if (cursor === "0-0") lookedAt = Date.now();
        } else {
          const read = ["COUNT", 64, "BLOCK", 2000, "STREAMS", RESULTS, ">"];
          const streams = await waiting.xreadgroup("GROUP", group, consumer, ...read);
          if (streams) items = streams[0][1];
        }
        for (const [streamId, fields] of items) {
          const { entry_id: entryId, sealed } = asObject(fields);
          const result = await this.keys.open(sealed, "journal-result", entryId).catch(() => null);
          if (result) yield [streamId, result];
          else console.error(`the result of entry ${entryId} does not open; it stays pending`);
        }
      }
    } finally {
      waiting.disconnect();
    }
  }

  /** Tells that a result is handled. An exporter deletes what every group has acknowledged. */
  async acknowledge(group, streamId) {
    await this.redis.xack(RESULTS, group, streamId);
  }
}

/** The part of a text that a piece of evidence names: it counts code points, not UTF-16 units. */
export const quote = (text, { start, end }) => [...text].slice(start, end).join("");

const asObject = (flat) =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1]]])));
