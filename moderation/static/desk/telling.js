// What is said to the moderator, and what is asked of the server.

import { list } from "./cards.js";

export const toast = makeToast();

export function say(words, act) {
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

export function button(text, does, key) {
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

export function count(status, by) {
  const place = document.querySelector(`[data-count="${status}"]`);
  if (place) place.textContent = Math.max(0, Number(place.textContent) + by);
}

/** How many requests about comments have been begun, and how many of them are not answered yet. */
export const traffic = { begun: 0, open: 0 };

/**
 * What is asked about the same comments is asked one after the other, so each finds the versions that the one before
 * has left. What waits behind a conflict was pressed without knowing of it, and fails with it.
 */
export function inTurn(items, work) {
  traffic.begun += 1;
  traffic.open += 1;
  const turn = Promise.all(items.map((item) => item.turn)).then(work);
  const over = turn.catch((problem) => {
    if (problem.conflict) throw problem;
  });
  const end = () => {
    traffic.open -= 1;
    for (const item of items) if (item.turn === over) item.turn = null;
  };
  for (const item of items) item.turn = over;
  over.then(end, end);
  return turn;
}

/** A browser lets small requests outlive the page, and refuses to send large ones so. */
const OUTLIVES = 4000;

export async function send(address, body) {
  let answer;
  const text = JSON.stringify(body);
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": list.dataset.csrf },
      body: text,
      keepalive: text.length < OUTLIVES,
    });
  } catch {
    throw new Error("the service does not answer. Decide again here.");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const problem = new Error(told.detail ?? `the service answered ${answer.status}.`);
  problem.current = told.current;
  problem.conflict = answer.status === 409;
  throw problem;
}
