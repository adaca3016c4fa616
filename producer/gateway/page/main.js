// Puts the page together: the key, the two views, the tabs.

import { Api } from "./api.js";
import { byId, setText } from "./dom.js";
import { Live } from "./live.js";
import { tabs } from "./tabs.js";
import { Write } from "./write.js";

const ASK = "The gateway answers whoever has a key. It stays in this tab only, until the tab is closed.";
const REFUSED = "The gateway does not know this key. Your words are still here.";
const EMPTY = "Please give a key first.";

const api = new Api();
const write = new Write(api, askForKey);
const live = new Live(api, askForKey);

/** Ask for a key; `refused`: the gateway did not take the one that it was given. */
function askForKey(refused) {
  live.pause();
  if (refused) api.forgetKey();
  showKey();
  byId("key-form").hidden = false;
  setText(byId("key-message"), refused ? REFUSED : ASK);
  byId("key-form").classList.toggle("refused", refused);
  byId("keep-key").hidden = !api.hasKey;
  byId("key").focus();
}

async function useKey(key) {
  api.useKey(key);
  try {
    write.useExplanations(await api.explanations());
  } catch (problem) {
    if (problem.ofKey) {
      askForKey(true);
      return;
    }
    // It cannot be tried now; the first entry will tell.
    write.useExplanations(null);
  }
  closeForm();
}

function closeForm() {
  byId("key-form").hidden = true;
  byId("key").value = "";
  showKey();
  if (live.shown) live.resume();
}

function showKey() {
  setText(byId("key-name"), api.keyName ?? "");
  byId("key-word").hidden = !api.hasKey;
  byId("change-key").hidden = !api.hasKey;
}

/** A key may come behind the # of the address, which no server sees; it leaves the address at once. */
function keyFromAddress() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key === null) return false;
  history.replaceState(null, "", location.pathname + location.search);
  useKey(key.trim());
  return true;
}

byId("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = byId("key").value.trim();
  if (!key) {
    setText(byId("key-message"), EMPTY);
    byId("key").focus();
    return;
  }
  await useKey(key);
  if (api.hasKey && !live.shown) byId("text").focus();
});
byId("change-key").addEventListener("click", () => askForKey(false));
byId("keep-key").addEventListener("click", () => {
  closeForm();
  byId("change-key").focus();
});
addEventListener("hashchange", keyFromAddress);
tabs(document.querySelector('[role="tablist"]'), (tab) => {
  if (tab.id === "tab-live") live.show();
  else live.hide();
});
if (!keyFromAddress()) askForKey(false);
