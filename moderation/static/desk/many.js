// Many at once: choosing cards, being told what a decision would do, and deciding on exactly those.

import { cardOf, list, sizeOf, versionsOf } from "./cards.js";
import { BECOMES, act, inLane, renew } from "./deciding.js";
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
  const many = sum(chosen().map(sizeFor));
  bar.classList.toggle("open", many > 0);
  bar.querySelector("[data-chosen]").textContent = `${many} selected`;
  for (const item of list.children) cardOf(item).classList.toggle("chosen", boxOf(item).checked);
}

const sizeFor = (item) => sizeOf(cardOf(item));
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** The versions that were looked at, as what was pressed before leaves them; what a conflict brought was not. */
async function seenVersions(item) {
  const seen = versionsOf(cardOf(item));
  return Promise.resolve(item.turn).then(
    () => versionsOf(cardOf(item)),
    () => seen,
  );
}

/** Say what would happen, and do it once that is confirmed. */
export async function decideMany(action) {
  const items = chosen();
  const [why, yes] = [ask.querySelector("input"), ask.querySelector("button[value=yes]")];
  // It opens before it knows what would happen, so that what is typed meanwhile is no key of the desk.
  ask.querySelector("h2").textContent = `${DOES[action]} ${plural(sum(items.map(sizeFor)))}?`;
  ask.querySelector("[data-what]").textContent = "Looking how they stand…";
  ask.querySelector("[data-reason]").hidden = action !== "reject";
  yes.textContent = DOES[action];
  yes.disabled = true;
  let versions;
  ask.returnValue = "";
  ask.onclose = () => {
    if (ask.returnValue === "yes") carryOut(items, versions, action, why.value);
    why.value = "";
  };
  ask.showModal();
  if (action === "reject") why.focus();
  let found;
  try {
    versions = Object.assign({}, ...(await Promise.all(items.map(seenVersions))));
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

function describe({ moves, audits, unmoved, changed, missing }) {
  const parts = Object.entries(moves).map(([status, many]) => `${many} ${many === 1 ? "is" : "are"} ${status} now`);
  if (audits) parts.push(`${audits} ${audits === 1 ? "waits" : "wait"} to be audited`);
  if (unmoved) parts.push(`${unmoved} ${unmoved === 1 ? "stands" : "stand"} there already`);
  const gone = changed.length + missing.length;
  if (gone) parts.push(`${gone} changed since you looked and will be left alone`);
  return `${parts.join(", ")}. One undo takes all of it back.`;
}

function carryOut(items, versions, action, reason) {
  chooseNone();
  const ids = Object.keys(versions);
  act(items, BECOMES[action], `${DOES[action]}: ${plural(ids.length)}`, items.map(sizeFor), async (entry) => {
    const answer = await send("/api/v1/decisions", { action, reason, ids, versions, blind: inLane() });
    if (!answer.decided.length) throw new Error("all of them changed since you looked.");
    renew(entry, answer);
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
