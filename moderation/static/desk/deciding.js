// Deciding and taking back. What is pressed is shown at once and sent behind it; what fails comes back and says why.

import { cardOf, checkEmpty, following, isRead, list, nameOf, now, putBack, show, sizeOf, takeVersions, tell, versionsOf } from "./cards.js";
import { button, count, inTurn, say, send, toast } from "./telling.js";

export const BECOMES = { publish: "published", spam: "spam", reject: "rejected", hold: "pending" };
const SAID = { published: "Published", spam: "Marked as spam", rejected: "Rejected", pending: "Held" };

/** Whether comments are shown without their verdicts, to be audited. */
export const inLane = () => list.dataset.status === "audit";

/** What was decided here, the latest last: what "undo" takes back. */
const decided = [];

export function decide(item, action, reason = "") {
  if (!item || !isRead(item)) return;
  const card = cardOf(item);
  const { id } = card.dataset;
  const many = action === "hold" ? 1 : sizeOf(card);
  const words = many > 1 ? `${many} nearly the same comments` : nameOf(card);
  act([item], BECOMES[action], `${SAID[BECOMES[action]]}: ${words}`, [many], async (entry) => {
    // Only now: an undo that was still on its way has moved them on.
    const versions = versionsOf(card);
    if (many > 1) {
      renew(entry, await send(`/api/v1/comments/${id}/campaign/decision`, { action, reason, versions }));
      return;
    }
    const answer = await send(`/api/v1/comments/${id}/decision`, { action, reason, version: versions[id], blind: inLane() });
    entry.decision = answer.decision.id;
    takeVersions(card, { [id]: answer.comment.version });
  });
}

/**
 * Show items as standing elsewhere at once, do the work behind it, and bring them back if it fails. `sizes`: for how
 * many comments each item stands.
 */
export function act(items, to, words, sizes, work) {
  const entry = { items, to, sizes, from: items.map((item) => cardOf(item).dataset.status), failed: false };
  for (const item of items) {
    dismissProblem(item);
    closeBoxes(cardOf(item));
  }
  decided.push(entry);
  moveOn(items, items.length === 1, () => settle(entry, items.map(() => to)));
  say(words, undoButton());
  inTurn(items, () => work(entry)).catch((problem) => refuse(entry, problem));
  return entry;
}

export async function undo() {
  const entry = decided.pop();
  if (!entry) return document.querySelector("[data-undo]")?.requestSubmit();
  const first = entry.items[0];
  settle(entry, entry.from);
  show(first);
  say(entry.items.length > 1 ? `Taken back: ${entry.items.length} comments` : `Taken back: ${nameOf(cardOf(first))}`);
  return inTurn(entry.items, async () => {
    if (entry.failed) return;
    if (entry.back) await entry.back();
    else if (entry.batch) renew(entry, await send(`/api/v1/batches/${entry.batch}/undo`, {}));
    else takeVersions(cardOf(first), versionIn(await send(`/api/v1/decisions/${entry.decision}/undo`, {})));
  }).catch((problem) => keepDecided(entry, problem));
}

const versionIn = ({ comment }) => ({ [comment.id]: comment.version });
const undoButton = () => button("Undo", undo, "u");

/** Take over what a batch did: its id, the versions that comments have after it, and what it left alone. */
export function renew(entry, { batch_id, decided: made, undone = made, skipped }) {
  if (made) entry.batch = batch_id;
  const versions = Object.fromEntries(undone.map((one) => [one.comment_id, one.number]));
  for (const item of entry.items) takeVersions(cardOf(item), versions);
  if (!skipped.length) return;
  for (const { id, detail, current } of skipped) {
    const item = entry.items.find((one) => cardOf(one).dataset.id === id);
    if (!item || !current) continue;
    if (item.isConnected || current.status === list.dataset.status) complain(item, { message: detail, current });
    else standAt(cardOf(item), current);
  }
  const left = skipped.length;
  const words = `${left} of them ${left === 1 ? "was" : "were"} decided on since and left alone.`;
  say(words, made?.length && undoButton());
}

/** Show the comments as standing at statuses, before the server has said so. */
function settle(entry, statuses) {
  entry.items.forEach((item, place) => {
    const card = cardOf(item);
    count(card.dataset.status, -entry.sizes[place]);
    count(statuses[place], entry.sizes[place]);
    card.dataset.status = statuses[place];
    if (statuses[place] !== list.dataset.status) item.remove();
    else if (!item.isConnected) putBack(item);
  });
  checkEmpty();
}

/** Settle items, and go on to what comes after them, if one of them is being looked at or it is said so. */
function moveOn(items, always, settling) {
  const next = always || items.includes(now()) ? following(items.at(-1), new Set(items)) : now();
  settling();
  show(next);
  if (!next) document.querySelector("#main").focus();
}

/** A decision was not kept: bring its comments back, unless they were taken back already. */
function refuse(entry, problem) {
  entry.failed = true;
  const place = decided.indexOf(entry);
  if (place >= 0) decided.splice(place, 1);
  else if (!problem.conflict) return;
  settle(entry, entry.from);
  for (const item of entry.items) if (!item.isConnected) putBack(item);
  complain(entry.items[0], problem);
}

/** A decision was not taken back, so it stands, unless another one has followed it. */
function keepDecided(entry, problem) {
  if (entry.failed) return;
  if (problem.conflict) return complain(entry.items[0], problem);
  if (decided.some((later) => later.items.some((item) => entry.items.includes(item)))) return;
  decided.push(entry);
  moveOn(entry.items, false, () => settle(entry, entry.items.map(() => entry.to)));
  say(`Not taken back: ${problem.message}`, undoButton());
}

/** Bring a comment back and say on it why. */
export function complain(item, problem) {
  const card = cardOf(item);
  const { current } = problem;
  if (current) standAt(card, current);
  if (!item.isConnected) putBack(item);
  dismissProblem(item);
  const box = document.createElement("div");
  box.className = "notice bad";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = current
    ? `${problem.message} Decide again to overrule it, or leave it so.`
    : `Not done: ${problem.message}`;
  box.append(words);
  if (current) box.append(button("Leave it so", () => leave(item)));
  else if (problem.conflict) box.append(button("Show how they stand", () => location.reload()));
  card.prepend(box);
  if (current) tell(item);
  // The next key must not fall on another comment than the one that is being read, so nothing jumps.
  const short = `${nameOf(card)}: ${problem.conflict || current ? "somebody was quicker." : "not done."}`;
  toast.say(
    short,
    button("Show it", () => {
      toast.hide();
      item.told = -Infinity;
      show(item);
    }),
  );
  if (!now()?.isConnected) show(item);
}

/** Take over where the server says that a comment stands. */
function standAt(card, { status, version }) {
  count(card.dataset.status, -1);
  count(status, 1);
  card.dataset.status = status;
  takeVersions(card, { [card.dataset.id]: version });
}

function leave(item) {
  const next = following(item);
  dismissProblem(item);
  if (cardOf(item).dataset.status !== list.dataset.status) item.remove();
  checkEmpty();
  show(next);
}

function dismissProblem(item) {
  item.told = null;
  cardOf(item).querySelector(":scope > .notice")?.remove();
}

function closeBoxes(card) {
  for (const box of card.querySelectorAll(".actions details")) {
    box.open = false;
    const field = box.querySelector("input[name=reason]");
    if (field) field.value = "";
  }
}
