// Many at once: choosing cards, being told what a decision would do, and deciding on exactly those.

import { cardOf, list } from "./cards.js";
import { BECOMES, act, renew } from "./deciding.js";
import { say, send } from "./telling.js";

const bar = document.querySelector("#bulk");
const ask = document.querySelector("#ask");
const DOES = { publish: "Publish", spam: "Mark as spam", reject: "Reject", hold: "Hold" };

const boxOf = (item) => item.querySelector("input[name=seen]");
export const chosen = () => [...list.children].filter((item) => boxOf(item).checked);

export function choose(item) {
  if (!item) return;
  boxOf(item).checked = !boxOf(item).checked;
  tell();
}

export function chooseAll() {
  const items = [...list.children];
  const every = items.every((item) => boxOf(item).checked);
  for (const item of items) boxOf(item).checked = !every;
  tell();
}

export function chooseNone() {
  for (const item of chosen()) boxOf(item).checked = false;
  tell();
}

function tell() {
  const many = chosen().length;
  bar.classList.toggle("open", many > 0);
  bar.querySelector("[data-chosen]").textContent = `${many} selected`;
  for (const item of list.children) cardOf(item).classList.toggle("chosen", boxOf(item).checked);
}

const versionsOf = (items) =>
  Object.fromEntries(items.map((item) => [cardOf(item).dataset.id, Number(cardOf(item).dataset.version)]));

/** Say what would happen, and do it once that is confirmed. */
export async function decideMany(action) {
  const items = chosen();
  const versions = versionsOf(items);
  const [why, yes] = [ask.querySelector("input"), ask.querySelector("button[value=yes]")];
  // It opens before it knows what would happen, so that what is typed meanwhile is no key of the desk.
  ask.querySelector("h2").textContent = `${DOES[action]} ${plural(items.length)}?`;
  ask.querySelector("[data-what]").textContent = "Looking how they stand…";
  ask.querySelector("[data-reason]").hidden = action !== "reject";
  yes.textContent = DOES[action];
  yes.disabled = true;
  ask.returnValue = "";
  ask.onclose = () => {
    if (ask.returnValue === "yes") carryOut(items, versions, action, why.value);
    why.value = "";
  };
  ask.showModal();
  if (action === "reject") why.focus();
  let found;
  try {
    found = await send("/api/v1/decisions/preview", { action, versions });
  } catch (problem) {
    ask.close("no");
    say(`Not done: ${problem.message}`);
    return;
  }
  if (!ask.open) return;
  ask.querySelector("h2").textContent = `${DOES[action]} ${plural(found.decided)}?`;
  ask.querySelector("[data-what]").textContent = describe(found);
  yes.disabled = false;
  if (action !== "reject") yes.focus();
}

const plural = (many) => `${many} comment${many === 1 ? "" : "s"}`;

function describe({ moves, unmoved, changed, missing }) {
  const parts = Object.entries(moves).map(([status, many]) => `${many} ${many === 1 ? "is" : "are"} ${status} now`);
  if (unmoved) parts.push(`${unmoved} ${unmoved === 1 ? "stands" : "stand"} there already`);
  const gone = changed.length + missing.length;
  if (gone) parts.push(`${gone} changed since you looked and will be left alone`);
  return `${parts.join(", ")}. One undo takes all of it back.`;
}

function carryOut(items, versions, action, reason) {
  chooseNone();
  act(items, BECOMES[action], `${DOES[action]}: ${plural(items.length)}`, items.length, async (entry) => {
    const answer = await send("/api/v1/decisions", { action, reason, ids: Object.keys(versions), versions });
    entry.batch = answer.batch_id;
    renew(entry, answer);
    if (answer.skipped.length === items.length) throw new Error("all of them changed since you looked.");
  });
}

list.addEventListener("change", (event) => {
  if (event.target.name === "seen") tell();
});
bar.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.value) decideMany(event.submitter.value);
});
bar.querySelector("[data-all]").addEventListener("click", chooseAll);
bar.querySelector("[data-none]").addEventListener("click", chooseNone);
// A browser that goes back remembers which boxes were ticked.
tell();
