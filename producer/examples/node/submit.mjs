// Submits an entry and prints what was found in it.
//
//   npm ci
//   export JOURNAL_REDIS_URL=redis://localhost:6379/0 JOURNAL_KEYS_FILE=keys.json
//   node submit.mjs "Nobody said hello, so they must all be angry with me."
import { randomUUID } from "node:crypto";
import { JournalClient, KeySet, quote } from "./journal.mjs";

const { JOURNAL_REDIS_URL, JOURNAL_KEYS_FILE } = process.env;
// An id of your own makes a retry safe: the same id is enqueued once.
const [text, entryId = randomUUID()] = process.argv.slice(2);

const client = new JournalClient(JOURNAL_REDIS_URL, await KeySet.load(JOURNAL_KEYS_FILE));
try {
  console.log(`${entryId}: ${await client.submit(entryId, text)}`);
  const result = await client.result(entryId);
  for (const { label, score, evidence } of result.labels) {
    console.log(label, score, evidence.map((piece) => quote(text, piece)));
  }
} finally {
  client.close();
}
