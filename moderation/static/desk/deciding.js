// Deciding and taking back. What is pressed is shown at once and sent behind it; what fails comes back and says why.

import { cardOf, checkEmpty, following, list, nameOf, now, putBack, show } from "./cards.js";
import { button, count, inTurn, say, send, toast } from "./telling.js";

export const BECOMES = { publish: "published", spam: "spam", reject: "rejected", hold: "pending" };
const SAID = { published: "Published", spam: "Marked as spam", rejected: "Rejected", pending: "Held" };

/** What was decided here, the latest last: what "undo" takes back. */
export const decided = [];

/** The waiting members of the campaign that a card stands for, by id: their versions. */
export const membersOf = (card) => (card.dataset.campaign ? JSON.parse(card.dataset.campaign) : null);

export function decide(item, action, reason = "") {
  if (!item) return;
  const card = cardOf(item);
  const members = action === "hold" ? null : membersOf(card);
  const body = { action, reason };
  const id = card.dataset.id;
  const many = members ? Object.keys(members).length : 1;
  const words = many > 1 ? `${many} nearly the same comments` : nameOf(card);
  act([item], BECOMES[action], `${SAID[BECOMES[action]]}: ${words}`, many, async (entry) => {
    if (members) {
      const answer = await send(`/api/v1/comments/${id}/campaign/decision`, { ...body, versions: members });
      entry.batch = answer.batch_id;
      return;
    }
    const answer = await send(`/api/v1/comments/${id}/decision`, { ...body, version: Number(card.dataset.version) });
    entry.decision = answer.decision.id;
    take(card, answer.comment);
  });
}

/** Show items as standing elsewhere at once, do the work behind it, and bring them back if it fails. */
export function act(items, to, words, many, work) {
  const entry = { items, to, many, from: items.map((item) => cardOf(item).dataset.status), failed: false };
  const last = items.at(-1);
  const next = items.includes(now()) || items.length === 1 ? following(last, new Set(items)) : now();
  for (const item of items) {
    dismissProblem(cardOf(item));
    closeBoxes(cardOf(item));
  }
  decided.push(entry);
  settle(entry, items.map(() => to));
  show(next);
  if (!next) document.querySelector("#main").focus();
  say(words, button("Undo", undo, "u"));
  inTurn(items[0], () => work(entry))
    .then(() => {
      entry.done = true;
    })
    .catch((problem) => refuse(entry, problem));
  return entry;
}

export async function undo() {
  const entry = decided.pop();
  if (!entry) return document.querySelector("[data-undo]")?.requestSubmit();
  settle(entry, entry.from);
  show(entry.items[0]);
  const first = cardOf(entry.items[0]);
  say(entry.items.length > 1 ? `Taken back: ${entry.items.length} comments` : `Taken back: ${nameOf(first)}`);
  return inTurn(entry.items[0], async () => {
    if (entry.failed) return;
    if (entry.back) await entry.back();
    else if (entry.batch) renew(entry, await send(`/api/v1/batches/${entry.batch}/undo`, {}));
    else if (entry.decision) take(first, (await send(`/api/v1/decisions/${entry.decision}/undo`, {})).comment);
  }).catch((problem) => complain(entry.items[0], problem));
}

/** Take over the versions that comments have after a batch. */
export function renew(entry, answer) {
  const versions = new Map((answer.undone ?? answer.decided).map((one) => [one.comment_id, one.number]));
  for (const item of entry.items) {
    const card = cardOf(item);
    const members = membersOf(card);
    if (members) {
      for (const id of Object.keys(members)) members[id] = versions.get(id) ?? members[id];
      card.dataset.campaign = JSON.stringify(members);
    }
    if (versions.has(card.dataset.id)) takeVersion(card, versions.get(card.dataset.id));
  }
  const left = answer.skipped.length;
  if (left) say(`${left} of them ${left === 1 ? "was" : "were"} decided on since and left alone.`);
}

/** Show the comments as standing at statuses, before the server has said so. */
function settle(entry, statuses) {
  entry.items.forEach((item, place) => {
    const card = cardOf(item);
    count(card.dataset.status, -entry.many / entry.items.length);
    count(statuses[place], entry.many / entry.items.length);
    card.dataset.status = statuses[place];
    if (statuses[place] !== list.dataset.status) item.remove();
    else if (!item.isConnected) putBack(item);
  });
  checkEmpty();
}

function refuse(entry, problem) {
  entry.failed = true;
  const place = decided.indexOf(entry);
  if (place >= 0) decided.splice(place, 1);
  settle(entry, entry.from);
  for (const item of entry.items) if (!item.isConnected) putBack(item);
  complain(entry.items[0], problem);
}

/** Bring a comment back and say on it why. */
export function complain(item, problem) {
  const card = cardOf(item);
  const current = problem.current;
  if (current) {
    count(card.dataset.status, -1);
    count(current.status, 1);
    takeVersion(card, current.version);
    card.dataset.status = current.status;
  }
  if (!item.isConnected) putBack(item);
  dismissProblem(card);
  const box = document.createElement("div");
  box.className = "notice bad";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = current
    ? `${problem.message} Decide again to overrule it, or leave it so.`
    : `Not done: ${problem.message}`;
  box.append(words);
  if (current) box.append(button("Leave it so", () => leave(item)));
  card.prepend(box);
  // The next key must not fall on another comment than the one that is being read, so nothing jumps.
  const short = `${nameOf(card)}: ${current ? "somebody was quicker." : "not done."}`;
  toast.say(
    short,
    button("Show it", () => {
      toast.hide();
      show(item);
    }),
  );
  if (!now()?.isConnected) show(item);
}

function leave(item) {
  const next = following(item);
  dismissProblem(cardOf(item));
  if (cardOf(item).dataset.status !== list.dataset.status) item.remove();
  checkEmpty();
  show(next);
}

const dismissProblem = (card) => card.querySelector(":scope > .notice")?.remove();

export function take(card, comment) {
  takeVersion(card, comment.version);
  card.dataset.status = comment.status;
}

function takeVersion(card, version) {
  card.dataset.version = version;
  for (const input of card.querySelectorAll("input[name=version]")) input.value = version;
  const box = card.querySelector("input[name=seen]");
  if (box) box.value = `${card.dataset.id}:${version}`;
}

export function closeBoxes(card) {
  for (const box of card.querySelectorAll(".actions details")) {
    box.open = false;
    const field = box.querySelector("input[name=reason]");
    if (field) field.value = "";
  }
}
