// The desk at the speed of keys. Without this the same forms work by themselves; nothing here knows a rule that the
// server does not.

const BECOMES = { publish: "published", spam: "spam", reject: "rejected", hold: "pending" };
const SAID = { published: "Published", spam: "Marked as spam", rejected: "Rejected", pending: "Held" };
const LOAD_AHEAD = 8;
const COUNT_EVERY = 15000;

const list = document.querySelector("[data-queue]");
const empty = document.querySelector("[data-empty]");
const help = document.querySelector("#help");
const keysSwitch = document.querySelector("[data-keys]");
const toast = makeToast();

/** What was decided here, the latest last: what "undo" takes back. */
const decided = [];
/** The order in which cards came, so that one that comes back finds its place. */
const order = [...list.children];
let current = list.firstElementChild;
let loading = null;

document.documentElement.classList.add("scripted");
document.querySelector("[data-help]").hidden = false;

// --- Moving ---------------------------------------------------------------------------------------------------------

const cardOf = (item) => item.querySelector(".card");

function show(item) {
  point(item);
  if (!item) return;
  const card = cardOf(item);
  card.focus({ preventScroll: true });
  if (!isInSight(card)) card.scrollIntoView({ block: "start", behavior: "instant" });
  if (left() < LOAD_AHEAD) loadMore();
}

/** Make an item the one that the keys act on. */
function point(item) {
  current?.classList.remove("current");
  current = item;
  current?.classList.add("current");
}

function isInSight(card, { wholly = true } = {}) {
  const { top, bottom } = card.getBoundingClientRect();
  const begin = document.querySelector(".top").getBoundingClientRect().bottom;
  return wholly ? top >= begin && bottom <= innerHeight : bottom > begin && top < innerHeight;
}

/** Whoever scrolled away and presses a key means what they see: a comment out of sight is only brought back. */
function seen() {
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

function here() {
  const focused = document.activeElement?.closest("[data-queue] > li");
  return focused ?? (current?.isConnected ? current : list.firstElementChild);
}

function step(by) {
  const from = here();
  // The first key on a fresh page goes to the first comment, not past it.
  if (document.activeElement === document.body && by > 0 && from === list.firstElementChild) return show(from);
  show((by > 0 ? from?.nextElementSibling : from?.previousElementSibling) ?? from);
}

function putBack(item) {
  const later = order.slice(order.indexOf(item) + 1).find((other) => other.isConnected);
  list.insertBefore(item, later ?? null);
  checkEmpty();
}

function checkEmpty() {
  empty.hidden = list.children.length > 0 || Boolean(loading) || Boolean(nextLink());
}

// --- Deciding -------------------------------------------------------------------------------------------------------

function decide(item, action, reason = "") {
  if (!item) return;
  const card = cardOf(item);
  const entry = { item, from: card.dataset.status, to: BECOMES[action], decision: null, failed: false };
  const next = item.nextElementSibling ?? item.previousElementSibling;
  dismissProblem(card);
  closeReason(card);
  decided.push(entry);
  settle(entry, entry.to);
  show(next);
  if (!next) document.querySelector("#main").focus();
  say(`${SAID[entry.to]}: ${nameOf(card)}`, button("Undo", undo, "u"));
  inTurn(item, async () => {
    const version = Number(card.dataset.version);
    const answer = await send(`/api/v1/comments/${card.dataset.id}/decision`, { action, reason, version });
    entry.decision = answer.decision.id;
    take(card, answer.comment);
  }).catch((problem) => refuse(entry, problem));
}

async function undo() {
  const entry = decided.pop();
  if (!entry) return document.querySelector("[data-undo]")?.requestSubmit();
  const card = cardOf(entry.item);
  settle(entry, entry.from);
  show(entry.item);
  say(`Taken back: ${nameOf(card)}`);
  return inTurn(entry.item, async () => {
    if (entry.failed || !entry.decision) return;
    const answer = await send(`/api/v1/decisions/${entry.decision}/undo`, {});
    take(card, answer.comment);
  }).catch((problem) => complain(entry.item, problem));
}

/** Show the comment as standing at a status, before the server has said so. */
function settle(entry, status) {
  const card = cardOf(entry.item);
  count(card.dataset.status, -1);
  count(status, 1);
  card.dataset.status = status;
  if (status !== list.dataset.status) entry.item.remove();
  else if (!entry.item.isConnected) putBack(entry.item);
  checkEmpty();
}

function refuse(entry, problem) {
  entry.failed = true;
  const place = decided.indexOf(entry);
  if (place >= 0) decided.splice(place, 1);
  const card = cardOf(entry.item);
  count(card.dataset.status, -1);
  count(entry.from, 1);
  card.dataset.status = entry.from;
  complain(entry.item, problem);
}

/** Bring a comment back and say on it why. */
function complain(item, problem) {
  const card = cardOf(item);
  const now = problem.current;
  if (now) {
    count(card.dataset.status, -1);
    count(now.status, 1);
    card.dataset.version = now.version;
    card.dataset.status = now.status;
  }
  if (!item.isConnected) putBack(item);
  dismissProblem(card);
  const box = document.createElement("div");
  box.className = "notice bad";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = now
    ? `${problem.message} Decide again to overrule it, or leave it so.`
    : `Not done: ${problem.message}`;
  box.append(words);
  if (now) box.append(button("Leave it so", () => leave(item)));
  card.prepend(box);
  // The next key must not fall on another comment than the one that is being read, so nothing jumps.
  const short = `${nameOf(card)}: ${now ? "somebody was quicker." : "not done."}`;
  toast.say(short, button("Show it", () => {
    toast.hide();
    show(item);
  }));
  if (!current?.isConnected) show(item);
}

function leave(item) {
  const next = item.nextElementSibling ?? item.previousElementSibling;
  dismissProblem(cardOf(item));
  if (cardOf(item).dataset.status !== list.dataset.status) item.remove();
  checkEmpty();
  show(next);
}

const dismissProblem = (card) => card.querySelector(":scope > .notice")?.remove();

/** What is asked about one comment is asked one after the other. */
function inTurn(item, work) {
  const turn = (item.turn ?? Promise.resolve()).then(work);
  item.turn = turn.catch(() => {});
  return turn;
}

async function send(address, body) {
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": list.dataset.csrf },
      body: JSON.stringify(body),
      keepalive: true,
    });
  } catch {
    throw new Error("the service does not answer. Your decision is not lost: press the key again.");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const problem = new Error(told.detail ?? `the service answered ${answer.status}.`);
  problem.current = told.current;
  throw problem;
}

function take(card, comment) {
  card.dataset.version = comment.version;
  card.dataset.status = comment.status;
  for (const input of card.querySelectorAll("input[name=version]")) input.value = comment.version;
}

// --- Telling --------------------------------------------------------------------------------------------------------

const nameOf = (card) => card.querySelector("header :is(h2, h3)").textContent.trim();

function say(words, act) {
  document.querySelector(".notices").replaceChildren();
  toast.say(words, act);
}

function makeToast() {
  const box = document.createElement("div");
  const words = document.createElement("p");
  box.className = "toast";
  box.hidden = true;
  words.setAttribute("role", "status");
  box.append(words);
  document.querySelector("main").append(box);
  return {
    say(text, act) {
      box.hidden = false;
      words.textContent = text;
      box.replaceChildren(...[words, act].filter(Boolean));
    },
    hide() {
      box.hidden = true;
    },
  };
}

function button(text, does, key) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  if (key) {
    const hint = document.createElement("kbd");
    hint.textContent = key;
    hint.setAttribute("aria-hidden", "true");
    made.append(hint);
  }
  made.addEventListener("click", does);
  return made;
}

function count(status, by) {
  const place = document.querySelector(`[data-count="${status}"]`);
  if (place) place.textContent = Math.max(0, Number(place.textContent) + by);
}

// --- What others do -------------------------------------------------------------------------------------------------

const nextLink = () => document.querySelector("[data-next]");

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
      const following = page.querySelector("[data-next]");
      if (following) link.href = following.getAttribute("href");
      else link.remove();
    })
    .catch(() => {
      // The plain link still leads there.
      document.documentElement.classList.remove("scripted");
    })
    .finally(() => {
      loading = null;
      if (!current?.isConnected && list.firstElementChild) show(list.firstElementChild);
      checkEmpty();
    });
}

async function recount() {
  if (document.hidden || decided.some((entry) => !entry.decision)) return;
  const answer = await fetch(list.dataset.counts).catch(() => null);
  if (!answer?.ok) return;
  const counts = await answer.json();
  for (const [status, number] of Object.entries(counts)) {
    const place = document.querySelector(`[data-count="${status}"]`);
    if (place) place.textContent = number;
  }
  if (!list.children.length && !nextLink() && counts[list.dataset.status] > 0) offerNew();
}

function offerNew() {
  if (empty.querySelector("button")) return;
  empty.replaceChildren("New comments have come in. ", button("Show them", () => location.reload()));
  empty.hidden = false;
}

// --- Keys and clicks ------------------------------------------------------------------------------------------------

function openReason(item) {
  const box = item && cardOf(item).querySelector("details.reject");
  if (!box) return;
  box.open = true;
  box.querySelector("input[name=reason]").focus();
}

function closeReason(card) {
  const box = card.querySelector("details.reject");
  box.open = false;
  box.querySelector("input[name=reason]").value = "";
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  p: () => decide(seen(), "publish"),
  s: () => decide(seen(), "spam"),
  h: () => decide(seen(), "hold"),
  r: () => openReason(seen()),
  u: undo,
  o: () => here()?.querySelector("[data-open]")?.click(),
  "/": () => document.querySelector("#q").focus(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const box = event.target.closest?.("details.reject");
    if (box) {
      box.open = false;
      box.closest(".card").focus();
    }
    return;
  }
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  // A key that is held down moves on; it never decides twice.
  if (event.repeat && !"jk".includes(event.key)) return;
  if (!keysSwitch.checked && event.key !== "?") return;
  const does = KEYS[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

list.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-decide]");
  if (!form) return;
  event.preventDefault();
  const action = event.submitter?.value ?? "reject";
  decide(form.closest("li"), action, new FormData(form).get("reason") ?? "");
});

list.addEventListener("focusin", (event) => {
  point(event.target.closest("[data-queue] > li") ?? current);
});

document.querySelector("[data-help]").addEventListener("click", () => help.showModal());

// Single keys may be in the way of those who dictate; the choice is kept in this browser.
keysSwitch.checked = remembered() !== "off";
keysSwitch.addEventListener("change", () => {
  try {
    localStorage.setItem("keys", keysSwitch.checked ? "on" : "off");
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
});

function remembered() {
  try {
    return localStorage.getItem("keys");
  } catch {
    return null;
  }
}

point(current);
setInterval(recount, COUNT_EVERY);
