// Making passkeys and signing in with them. Browsers speak in bytes, the service in base64url.

const plain = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

async function send(path, body, csrf) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...(csrf ? { "X-CSRF-Token": csrf } : {}) },
    body: JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.detail || "The service does not answer; try again.");
  return told;
}

async function login(box) {
  const options = await send(box.dataset.options, {});
  options.challenge = bytes(options.challenge);
  options.allowCredentials = (options.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const made = await navigator.credentials.get({ publicKey: options });
  const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
  const credential = {
    id: made.id,
    rawId: plain(made.rawId),
    type: made.type,
    response: {
      authenticatorData: plain(authenticatorData),
      clientDataJSON: plain(clientDataJSON),
      signature: plain(signature),
      userHandle: userHandle ? plain(userHandle) : null,
    },
  };
  location.assign((await send(box.dataset.passkeyLogin, { credential })).next);
}

async function add(box) {
  const csrf = box.dataset.csrf;
  const options = await send(box.dataset.options, {}, csrf);
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  options.excludeCredentials = (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const made = await navigator.credentials.create({ publicKey: options });
  const credential = {
    id: made.id,
    rawId: plain(made.rawId),
    type: made.type,
    response: { attestationObject: plain(made.response.attestationObject), clientDataJSON: plain(made.response.clientDataJSON) },
  };
  const name = box.querySelector("input").value;
  const { codes } = await send(box.dataset.passkeyAdd, { credential, name }, csrf);
  if (codes.length === 0) return location.reload();
  // Shown once, before anything else: without them a lost key means asking an admin.
  const list = box.querySelector("[data-codes]");
  list.replaceChildren(...codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })));
  const shown = box.querySelector("[data-shown]");
  shown.hidden = false;
  shown.focus();
}

for (const [name, act] of [["[data-passkey-login]", login], ["[data-passkey-add]", add]]) {
  const box = document.querySelector(name);
  if (!box || !window.PublicKeyCredential) continue;
  box.hidden = false;
  const problem = box.querySelector("[data-problem]");
  box.querySelector("[data-passkey]").addEventListener("click", async () => {
    problem.hidden = true;
    try {
      await act(box);
    } catch (error) {
      problem.textContent = error.name === "NotAllowedError" ? "That was cancelled, or took too long." : error.message;
      problem.hidden = false;
    }
  });
}
