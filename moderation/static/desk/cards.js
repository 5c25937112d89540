// The list of cards: which one the keys act on, what comes after it, and where one that comes back belongs.

export const list = document.querySelector("[data-queue]");
const empty = document.querySelector("[data-empty]");

/** The order in which cards came, so that one that comes back finds its place. */
export const order = [...list.children];
let current = list.firstElementChild;
let loading = null;
const LOAD_AHEAD = 8;
const watchers = [];

export const cardOf = (item) => item.querySelector(".card");
export const nameOf = (card) => card.querySelector("header :is(h2, h3)").textContent.trim();
export const now = () => current;

/** The comments that a card stands for, by id, in the versions that were looked at: one, or those of a campaign. */
export const versionsOf = (card) => JSON.parse(card.dataset.versions);
export const sizeOf = (card) => Object.keys(versionsOf(card)).length;

/** Take over newer versions of comments that a card stands for. */
export function takeVersions(card, newer) {
  const versions = versionsOf(card);
  for (const id of Object.keys(versions)) versions[id] = newer[id] ?? versions[id];
  card.dataset.versions = JSON.stringify(versions);
}

/** Call back whenever the keys come to act on another card. */
export const onCurrent = (watcher) => watchers.push(watcher);

export function show(item) {
  point(item);
  if (!item) return;
  const card = cardOf(item);
  card.focus({ preventScroll: true });
  if (!isInSight(card)) card.scrollIntoView({ block: "start", behavior: "instant" });
  loadAhead();
}

export function loadAhead() {
  if (left() < LOAD_AHEAD) loadMore();
}

/** Make an item the one that the keys act on. */
export function point(item) {
  if (item === current && item?.classList.contains("current")) return;
  current?.classList.remove("current");
  current = item;
  current?.classList.add("current");
  for (const watcher of watchers) watcher(current);
}

function isInSight(card, { wholly = true } = {}) {
  const { top, bottom } = card.getBoundingClientRect();
  const begin = document.querySelector(".top").getBoundingClientRect().bottom;
  return wholly ? top >= begin && bottom <= innerHeight : bottom > begin && top < innerHeight;
}

/** Nobody reads faster, in milliseconds, what has just been said on a comment. */
const READING = 600;

/** Remember that something was said on a comment which whoever decides on it should know. */
export function tell(item) {
  item.told = performance.now();
}

/** Whether a comment may be decided on: what was pressed while the news was coming is not meant for it. */
export function isRead(item) {
  if (!item.told || performance.now() - item.told >= READING) return true;
  show(item);
  return false;
}

/** Whoever scrolled away and presses a key means what they see: a comment out of sight is only brought back. */
export function seen() {
  const item = here();
  if (!item || isInSight(cardOf(item), { wholly: false })) return item;
  show(item);
  return null;
}

function left() {
  let count = 0;
  for (let item = current; item; item = item.nextElementSibling) count += 1;
  return count;
}

export function here() {
  const focused = document.activeElement?.closest("[data-queue] > li");
  return focused ?? (current?.isConnected ? current : list.firstElementChild);
}

export function step(by) {
  const from = here();
  // The first key on a fresh page goes to the first comment, not past it.
  if (document.activeElement === document.body && by > 0 && from === list.firstElementChild) return show(from);
  show((by > 0 ? from?.nextElementSibling : from?.previousElementSibling) ?? from);
}

/** What to look at once an item is done with: rather nothing that somebody else is looking at, or has decided on. */
export function following(item, besides = new Set()) {
  const free = (other) => !besides.has(other) && !other.told && !cardOf(other).hasAttribute("data-theirs");
  const after = [];
  for (let other = item.nextElementSibling; other; other = other.nextElementSibling) after.push(other);
  const before = [];
  for (let other = item.previousElementSibling; other; other = other.previousElementSibling) before.push(other);
  const all = [...after, ...before];
  return all.find(free) ?? all.find((other) => !besides.has(other)) ?? null;
}

export function putBack(item) {
  const later = order.slice(order.indexOf(item) + 1).find((other) => other.isConnected);
  list.insertBefore(item, later ?? null);
  checkEmpty();
}

export const nextLink = () => document.querySelector("[data-next]");

export function checkEmpty() {
  empty.hidden = list.children.length > 0 || Boolean(loading) || Boolean(nextLink());
}

export function offerNew() {
  if (empty.querySelector("button")) return;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Show them";
  again.addEventListener("click", () => location.reload());
  empty.replaceChildren("New comments have come in. ", again);
  empty.hidden = false;
}

function loadMore() {
  const link = nextLink();
  if (!link || loading) return;
  loading = fetch(link.href)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(answer.statusText))))
    .then((html) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      const known = new Set(order.map((item) => cardOf(item).dataset.id));
      for (const item of [...page.querySelectorAll("[data-queue] > li")]) {
        if (known.has(cardOf(item).dataset.id)) continue;
        const adopted = document.adoptNode(item);
        order.push(adopted);
        list.append(adopted);
      }
      const further = page.querySelector("[data-next]");
      if (further) link.href = further.getAttribute("href");
      else link.remove();
    })
    .then(() => true)
    .catch(() => {
      // The plain link still leads there.
      document.documentElement.classList.remove("scripted");
      return false;
    })
    .then((came) => {
      loading = null;
      if (!current?.isConnected && list.firstElementChild) show(list.firstElementChild);
      checkEmpty();
      // A page may hold little or nothing of what is asked for, and yet not be the last.
      if (came) loadAhead();
    });
}
