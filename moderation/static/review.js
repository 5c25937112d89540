// The desk at the speed of keys. Without this the same forms work by themselves; nothing here knows a rule that the
// server does not.

import { cardOf, checkEmpty, here, isRead, list, loadAhead, nameOf, now, point, seen, step, takeVersions, versionsOf } from "./desk/cards.js";
import { act, decide, inLane, undo } from "./desk/deciding.js";
import { choose, chooseAll, chosen, chooseNone, decideMany } from "./desk/many.js";
import "./desk/others.js";
import { say, send } from "./desk/telling.js";

const help = document.querySelector("#help");
const keysSwitch = document.querySelector("[data-keys]");

document.documentElement.classList.add("scripted");
document.querySelector("[data-help]").hidden = false;

function open(item, name) {
  const box = item && cardOf(item).querySelector(`details.${name}`);
  if (!box) return;
  box.open = true;
  box.querySelector("input:not([type=hidden]), textarea").focus();
}

function pass(item) {
  if (!item) return;
  const id = cardOf(item).dataset.id;
  const words = `Left to others: ${nameOf(cardOf(item))}`;
  const entry = act([item], "left", words, [1], () => send(`/api/v1/comments/${id}/skip`, {}));
  entry.back = () => send(`/api/v1/comments/${id}/unskip`, {});
}

function expand(item) {
  if (!item) return;
  const card = cardOf(item);
  const opened = card.classList.toggle("whole");
  for (const box of card.querySelectorAll("details.members")) box.open = opened;
}

const verdict = (action) => () => {
  if (action === "hold" && inLane()) say("An audit is answered by publish, spam or reject; skip what you cannot tell.");
  else if (chosen().length) decideMany(action);
  else if (action === "reject") open(seen(), "reject");
  else decide(seen(), action);
};

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  p: verdict("publish"),
  s: verdict("spam"),
  h: verdict("hold"),
  r: verdict("reject"),
  u: undo,
  x: () => choose(seen()),
  a: chooseAll,
  e: () => expand(seen()),
  n: () => open(seen(), "note"),
  w: () => open(seen(), "reply"),
  l: () => pass(seen()),
  o: () => here()?.querySelector("[data-open]")?.click(),
  "/": () => document.querySelector("#q").focus(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const box = event.target.closest?.(".actions details");
    if (box) {
      box.open = false;
      box.closest(".card").focus();
    } else if (!event.target.closest?.("dialog")) chooseNone();
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

const FORMS = {
  decide: (form, fields, submitter) => decide(form.closest("li"), submitter?.value ?? "reject", fields.get("reason") ?? ""),
  skip: (form) => pass(form.closest("li")),
  note: async (form, fields) => {
    const card = form.closest(".card");
    try {
      const note = await send(`/api/v1/comments/${card.dataset.id}/notes`, { text: fields.get("text") });
      card.querySelector("[data-notes]").append(noted(note));
      form.reset();
      form.closest("details").open = false;
      card.focus();
    } catch (problem) {
      say(`The note is not kept: ${problem.message}`);
    }
  },
  reply: (form, fields) => {
    const item = form.closest("li");
    if (!isRead(item)) return;
    const card = cardOf(item);
    const { id } = card.dataset;
    const body = { name: fields.get("name"), body: fields.get("body") };
    keep("name", body.name);
    act([item], "published", `Published and answered: ${nameOf(card)}`, [1], async (entry) => {
      const answer = await send(`/api/v1/comments/${id}/reply`, { ...body, version: versionsOf(card)[id] });
      entry.batch = answer.batch_id;
      takeVersions(card, { [id]: answer.decision.number });
    });
  },
};

function noted({ text, person }) {
  const item = document.createElement("li");
  const who = document.createElement("b");
  who.textContent = person;
  item.append(who, ` ${text} `);
  return item;
}

list.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-does]");
  if (!form) return;
  event.preventDefault();
  FORMS[form.dataset.does](form, new FormData(form), event.submitter);
});

list.addEventListener("focusin", (event) => {
  point(event.target.closest("[data-queue] > li") ?? now());
  // Whoever answered under a name will do so again.
  if (event.target.name === "name" && !event.target.value) event.target.value = kept("name") ?? "";
});

document.querySelector("[data-help]").addEventListener("click", () => help.showModal());

// Single keys may be in the way of those who dictate; the choice is kept in this browser.
keysSwitch.checked = kept("keys") !== "off";
keysSwitch.addEventListener("change", () => keep("keys", keysSwitch.checked ? "on" : "off"));

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

point(now());
loadAhead();
checkEmpty();
