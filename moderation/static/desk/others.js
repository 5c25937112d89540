// What others do meanwhile, and what else there is to know of the comment at hand.

import { cardOf, checkEmpty, list, nextLink, now, offerNew, onCurrent, order, takeVersions, versionsOf } from "./cards.js";
import { complain } from "./deciding.js";
import { send, traffic } from "./telling.js";

const COUNT_EVERY = 10000;
const RENEW_EVERY = 20000;
/** Who only passes by claims nothing. */
const DWELL = 500;
const versionOf = (card) => versionsOf(card)[card.dataset.id];
let waiting = null;
let claim = null;

onCurrent((item) => {
  clearTimeout(waiting);
  stopClock();
  if (!item) return;
  waiting = setTimeout(() => {
    learn(item);
    look(item);
  }, DWELL);
});

/** Fetch what is worked out only for a comment that is looked at: earlier comments, and what would turn the verdict. */
async function learn(item) {
  const place = item.querySelector("[data-more]");
  if (!place || place.dataset.state) return;
  place.dataset.state = "asked";
  try {
    const answer = await fetch(place.dataset.more);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...page.body.childNodes);
  } catch {
    delete place.dataset.state;
  }
}

async function look(item) {
  const card = item && item.isConnected ? cardOf(item) : null;
  const shown = Object.fromEntries(
    [...list.children]
      .filter((other) => !other.turn)
      .slice(0, 200)
      .map((other) => [cardOf(other).dataset.id, versionOf(cardOf(other))]),
  );
  const answer = await send("/api/v1/claims", { comment: card?.dataset.id ?? null, shown }).catch(() => null);
  if (!answer) return;
  const theirs = new Map(answer.others.map((one) => [one.comment_id, one.email]));
  for (const other of list.children) mark(cardOf(other), theirs.get(cardOf(other).dataset.id));
  for (const one of answer.moved) moved(one);
  if (answer.mine && card && item === now()) startClock(card, answer.lasts);
}

function mark(card, who) {
  card.toggleAttribute("data-theirs", Boolean(who));
  const place = card.querySelector("[data-claim]");
  if (who) place.textContent = `${who} is looking at it`;
  else if (card !== claim?.card) place.textContent = "";
}

function moved({ comment_id: id, status, version }) {
  const item = order.find((other) => cardOf(other).dataset.id === id);
  if (!item?.isConnected) return;
  const card = cardOf(item);
  // What was pressed while this was asked has moved it on itself, or will be told.
  if (item.turn || version <= versionOf(card)) return;
  if (item === now() || status === list.dataset.status) {
    complain(item, { message: `Somebody has decided on this comment: it is ${status} now.`, current: { status, version } });
    return;
  }
  card.dataset.status = status;
  takeVersions(card, { [id]: version });
  item.remove();
  checkEmpty();
}

function startClock(card, seconds) {
  stopClock();
  const place = card.querySelector("[data-claim]");
  const until = Date.now() + 1000 * seconds;
  const tick = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    place.textContent = `Yours for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  };
  claim = { card, timer: setInterval(tick, 1000) };
  tick();
}

function stopClock() {
  if (!claim) return;
  clearInterval(claim.timer);
  if (!claim.card.hasAttribute("data-theirs")) claim.card.querySelector("[data-claim]").textContent = "";
  claim = null;
}

async function recount() {
  if (document.hidden || traffic.open) return;
  const { begun } = traffic;
  const answer = await fetch(list.dataset.counts).catch(() => null);
  if (!answer?.ok) return;
  const counts = await answer.json();
  // Counted before what was decided meanwhile.
  if (traffic.begun !== begun) return;
  for (const [status, number] of Object.entries(counts)) {
    const place = document.querySelector(`[data-count="${status}"]`);
    if (place) place.textContent = number;
  }
  if (!list.children.length && !nextLink() && counts[list.dataset.status] > 0) offerNew();
}

setInterval(recount, COUNT_EVERY);
// A page in the background looks at nothing; its claim runs out.
setInterval(() => document.hidden || look(now()), RENEW_EVERY);
addEventListener("pagehide", () => {
  if (claim) send("/api/v1/claims", { comment: null, shown: {} }).catch(() => {});
});
