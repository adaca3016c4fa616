// Reads the results of all entries, as a consumer group, until it is stopped.
//
//   npm ci
//   export JOURNAL_REDIS_URL=redis://localhost:6379/0 JOURNAL_KEYS_FILE=keys.json
//   node read.mjs
import { JournalClient, KeySet } from "./journal.mjs";

const { JOURNAL_REDIS_URL, JOURNAL_KEYS_FILE } = process.env;
// Every group gets all results, and the readers of a group share them: one name for one backend.
const GROUP = "backend";

const client = new JournalClient(JOURNAL_REDIS_URL, await KeySet.load(JOURNAL_KEYS_FILE));
for await (const [streamId, result] of client.results(GROUP)) {
  // Here a backend stores it. A result may come twice, where a reader dies before it acknowledges.
  console.log(JSON.stringify(result));
  await client.acknowledge(GROUP, streamId);
}
