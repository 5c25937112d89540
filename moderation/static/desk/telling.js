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

/** What is asked about one comment is asked one after the other. */
export function inTurn(item, work) {
  const turn = (item.turn ?? Promise.resolve()).then(work);
  const over = turn.catch(() => {}).then(() => {
    if (item.turn === over) item.turn = null;
  });
  item.turn = over;
  return turn;
}

export async function send(address, body) {
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
