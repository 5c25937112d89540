/* Comments for any page: one script tag shows a thread and its reply form.

   <script src="https://comments.example.org/embed.js" data-site="…" data-thread="/a-page" async></script>

   or, where the thread is to stand elsewhere, <comment-thread site="…" thread="/a-page"></comment-thread>; elements with
   data-comment-count="/a-page" are filled with the number of comments. No cookies; the browser's own store keeps drafts,
   and the tokens with which a writer may change what they wrote. */
(() => {
  "use strict";

  const script = document.currentScript || document.querySelector('script[src*="/embed.js"]');
  const BASE = script.src.replace(/embed\.js.*$/, "");
  const DAY = 86400000;
  const KEPT_DAYS = 14; // For so long somebody whose comment is held sees that it is.
  const MAX_DEPTH = 3; // Deeper replies are shown at this depth: a phone has no room for more.
  const LINK = "ugc nofollow noopener noreferrer";

  // Colours come from the page by inheritance, so that the thread is as dark or as light as what is around it.
  const STYLE = `
    :host { --thread-line: var(--comments-line, color-mix(in srgb, currentColor 28%, transparent));
      --thread-muted: var(--comments-muted, color-mix(in srgb, currentColor 78%, transparent));
      display: block; color: var(--comments-color, inherit); background: var(--comments-background, transparent);
      font: var(--comments-font, inherit); line-height: 1.5; overflow-wrap: anywhere; text-align: start }
    * { box-sizing: border-box }
    h2 { font-size: 1.35em; margin: 1.4em 0 .6em } h3 { font-size: 1em; margin: 0 }
    a { color: var(--comments-link, inherit) }
    article { border-top: 1px solid var(--thread-line); padding: 1em 0; margin-inline-start: calc(var(--depth, 0) * var(--comments-indent, 1.5em)) }
    header { display: flex; flex-wrap: wrap; gap: .1em .8em; align-items: baseline }
    header a.at, .muted { color: var(--thread-muted); font-size: .9em }
    .text > * { margin: .6em 0 } .plain { white-space: pre-wrap }
    blockquote { border-inline-start: 3px solid var(--thread-line); margin-inline: 0; padding-inline-start: 1em }
    pre { overflow-x: auto }
    .held { border-inline-start: 3px solid var(--thread-line); padding-inline-start: .8em }
    form { display: grid; gap: .9em; max-width: 38em }
    label { display: block; font-weight: 600 } label.check { display: flex; gap: .5em; align-items: start; font-weight: 400 }
    label.check input { flex: none; width: 1.1em; height: 1.1em; margin: .2em 0 0 }
    input:not([type=checkbox]), textarea { width: 100%; font: inherit; color: inherit; background: transparent; padding: .55em .7em;
      border: 1px solid color-mix(in srgb, currentColor 60%, transparent); border-radius: var(--comments-radius, 6px) }
    textarea { min-height: 8em; resize: vertical }
    [aria-invalid=true] { border-width: 2px; border-color: currentColor }
    .why { font-weight: 600; font-size: .9em }
    .alert, .notice { border: 1px solid var(--thread-line); border-inline-start: 4px solid currentColor; padding: .6em .9em; margin: .8em 0;
      border-radius: var(--comments-radius, 6px) }
    .notice:empty { display: none }
    button { font: inherit; font-weight: 600; padding: .5em 1em; min-height: 2.4em; cursor: pointer; color: inherit; background: transparent;
      border: 1px solid color-mix(in srgb, currentColor 60%, transparent); border-radius: var(--comments-radius, 6px) }
    button.primary { background: var(--comments-accent, #1f4fbf); color: var(--comments-on-accent, #fff); border-color: transparent; justify-self: start }
    button.quiet { padding: .2em .5em; min-height: 1.8em; font-weight: 400; font-size: .9em; margin-inline-end: .4em; border-color: var(--thread-line) }
    button[disabled] { cursor: progress; opacity: .7 }
    :focus-visible { outline: 2px solid currentColor; outline-offset: 2px }
    .trap { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }`;

  /* Return an element. Names with a capital or a dash in them, and aria and role, are attributes; others properties. */
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name in element && !name.includes("-") && name !== "role") element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  // A browser may forbid its store to a page; then nothing is remembered, and all else works.
  const store = {
    get(key) {
      try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
    },
    set(key, value) {
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify(value));
      } catch { /* as above */ }
    },
  };

  let policy;
  try {
    policy = window.trustedTypes?.createPolicy("comment-thread", { createHTML: (html) => html });
  } catch { /* The page allows none; texts are then shown as they were written. */ }

  /* Show a comment's text. Its HTML has been sanitised by the service. */
  function textOf(comment) {
    const text = make("div", { className: "text", dir: "auto" });
    try {
      if (!comment.body_html) throw new TypeError("none");
      text.innerHTML = policy ? policy.createHTML(comment.body_html) : comment.body_html;
    } catch {
      text.append(make("p", { className: "plain" }, comment.body));
    }
    return text;
  }

  class Refusal extends Error {
    constructor(problem) {
      super(problem.detail || "Something went wrong.");
      this.code = problem.code;
      this.fields = problem.errors || [];
    }
  }

  async function ask(path, options = {}) {
    let response;
    try {
      response = await fetch(BASE + path, { credentials: "omit", ...options });
    } catch {
      throw new Refusal({ detail: "The comment service does not answer. Your text is kept here; try again in a moment." });
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refusal(answer);
    return answer;
  }

  function randomKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  class CommentThread extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      this.site = this.getAttribute("site") || script.dataset.site;
      this.thread = this.getAttribute("thread") || location.pathname;
      this.path = `api/v1/sites/${encodeURIComponent(this.site)}`;
      this.keys = {
        draft: `comments:${this.site}:${this.thread}:draft`,
        mine: `comments:${this.site}:${this.thread}:mine`,
        address: `comments:${this.site}:address`,
        author: `comments:${this.site}:author`,
      };
      this.comments = new Map();
      this.editors = new Map(); // Open forms, which outlive each rendering with all that was typed into them.
      this.next = null;
      this.total = 0;
      this.mine = (store.get(this.keys.mine) || []).filter((one) => Date.now() - one.at < KEPT_DAYS * DAY);
      this.build();
      this.start();
    }

    build() {
      // What stood here was for browsers without scripts.
      this.replaceChildren();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      this.heading = make("h2", { id: "title", tabIndex: -1 }, "Comments");
      this.notice = make("p", { className: "notice", role: "status" });
      this.list = make("div");
      this.more = make("button", { type: "button", hidden: true, onclick: () => this.showMore() }, "More comments");
      this.respond = make("section", { "aria-labelledby": "respond" });
      root.append(
        make("section", { "aria-labelledby": "title", part: "thread" }, this.heading, this.list, make("p", {}, this.more)),
        this.notice,
        (this.place = make("div", { part: "respond" }, this.respond)),
      );
      window.addEventListener("hashchange", () => this.goToHash());
    }

    async start() {
      const proof = /^#comment-address=([\w.-]+)$/.exec(location.hash);
      if (proof) {
        store.set(this.keys.address, proof[1]);
        history.replaceState(history.state, "", location.pathname + location.search);
        this.tell("Your email address is confirmed. This browser will be known by it.");
      }
      try {
        const asked = `${this.path}/form?thread=${encodeURIComponent(this.thread)}`;
        const [form] = await Promise.all([ask(asked), this.load()]);
        this.form = form;
        // What was held may by now stand on a page that is not loaded.
        if (this.next && this.held().length) await this.refresh(...this.held().map((own) => own.id)).catch(() => {});
      } catch (refusal) {
        this.tell(refusal.message.replace("Your text is kept here; try", "Try"));
        this.list.append(make("button", { type: "button", onclick: () => this.startAgain() }, "Try again"));
        return;
      }
      this.render();
      this.buildForm();
      this.goToHash();
    }

    startAgain() {
      this.list.replaceChildren();
      this.tell("");
      this.start();
    }

    async load() {
      const query = new URLSearchParams({ thread: this.thread, order: this.getAttribute("order") || "oldest" });
      if (this.next) query.set("cursor", this.next);
      const page = await ask(`${this.path}/comments?${query}`);
      for (const comment of page.comments) this.comments.set(comment.id, comment);
      this.next = page.next;
      this.total = page.total;
      return page.comments;
    }

    async showMore() {
      this.more.disabled = true;
      try {
        const [first] = await this.load();
        this.render();
        if (first) this.find(first.id)?.focus();
      } catch (refusal) {
        this.tell(refusal.message);
      }
      this.more.disabled = false;
    }

    /* Have comments shown as the public reads them now: the newest page holds them. */
    async refresh(...ids) {
      const query = new URLSearchParams({ thread: this.thread, order: "newest", limit: 50 });
      const page = await ask(`${this.path}/comments?${query}`);
      this.total = page.total;
      for (const comment of page.comments) if (ids.includes(comment.id)) this.comments.set(comment.id, comment);
    }

    /* Return what of the writer's own still waits, as far as is known. */
    held() {
      return this.mine.filter((own) => own.status === "pending" && !this.comments.has(own.id));
    }

    async goToHash() {
      const id = /^#comment-([0-9a-f-]{36})$/.exec(location.hash)?.[1];
      while (id && !this.comments.has(id) && this.next) await this.load().catch(() => (this.next = null));
      if (!id || !this.comments.has(id)) return;
      this.render();
      this.find(id).scrollIntoView();
      this.find(id).focus({ preventScroll: true });
    }

    find(id) {
      return this.shadowRoot.getElementById(`comment-${id}`);
    }

    tell(message) {
      this.notice.textContent = message;
    }

    remember() {
      store.set(this.keys.mine, this.mine.length ? this.mine : null);
    }

    /* Show all that is loaded, each comment before its replies, and what of the writer's own still waits. */
    render() {
      for (const own of this.mine) if (this.comments.has(own.id) && !this.comments.get(own.id).held) own.status = "published";
      const all = [...this.comments.values(), ...this.held().map((own) => ({ ...own, held: true, created_at: new Date(own.at).toISOString() }))];
      const known = new Set(all.map((comment) => comment.id));
      const replies = new Map();
      for (const comment of all) {
        const parent = known.has(comment.parent_id) ? comment.parent_id : null;
        replies.set(parent, [...(replies.get(parent) || []), comment]);
      }
      const waiting = [...(replies.get(null) || [])].reverse().map((comment) => [comment, 0]);
      const shown = [];
      while (waiting.length) {
        const [comment, depth] = waiting.pop();
        shown.push(this.show(comment, Math.min(depth, MAX_DEPTH)));
        waiting.push(...[...(replies.get(comment.id) || [])].reverse().map((reply) => [reply, depth + 1]));
      }
      const active = this.shadowRoot.activeElement;
      this.list.replaceChildren(...shown);
      this.putForm();
      if (active?.isConnected) active.focus();
      this.heading.textContent = this.total === 0 ? "No comments yet" : `${this.total} comment${this.total === 1 ? "" : "s"}`;
      this.more.hidden = !this.next;
      this.remember();
    }

    show(comment, depth) {
      const name = comment.author_name || "Anonymous";
      const linked = /^https?:\/\//.test(comment.author_url || "");
      const author = make("bdi", {}, linked ? make("a", { href: comment.author_url, rel: LINK }, name) : name);
      const when = make("time", { dateTime: comment.created_at },
        new Date(comment.created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
      const own = this.mine.find((one) => one.id === comment.id);
      const parts = own?.draft === undefined ? [textOf(comment), this.controls(comment, name, own)] : [this.editor(own)];
      const article = make("article",
        { id: `comment-${comment.id}`, tabIndex: -1, part: "comment", className: comment.held ? "held" : "" },
        make("header", {}, make("h3", {}, author), make("a", { className: "at", href: `#comment-${comment.id}` }, when)),
        comment.held ? make("p", { className: "muted" }, "Your comment is awaiting review. Only you see it here.") : null,
        ...parts);
      // A property and no attribute: the page's policy may forbid style attributes.
      article.style.setProperty("--depth", depth);
      return article;
    }

    controls(comment, name, own) {
      const button = (text, act) => make("button", { type: "button", className: "quiet", onclick: act },
        text, make("span", { className: "trap" }, ` ${comment.held ? "your comment" : name}`));
      const controls = make("p");
      if (!comment.held && !this.form?.closed) controls.append(button("Reply", () => this.replyTo(comment.id)));
      if (own?.token && Date.parse(own.until) > Date.now()) {
        controls.append(button("Edit", () => this.edit(own, comment)), button("Delete", () => this.takeBack(own)));
      }
      return controls;
    }

    edit(own, comment) {
      own.draft = own.body || comment.body;
      this.render();
      this.editor(own).elements.body.focus();
    }

    /* Return the form in which a comment is being changed. What is typed is written down at once. */
    editor(own) {
      if (this.editors.has(own.id)) return this.editors.get(own.id);
      const id = `edited-${own.id}`;
      const area = make("textarea", { id, name: "body", value: own.draft, maxLength: 65536, dir: "auto",
        oninput: () => { own.draft = area.value; this.remember(); } });
      const close = () => { this.closeEditor(own); this.render(); this.find(own.id)?.focus(); };
      const form = make("form", { noValidate: true, onsubmit: (event) => { event.preventDefault(); this.save(own, area, form); } },
        make("p", {}, make("label", { htmlFor: id }, "Edit your comment"), area),
        make("p", {}, make("button", { className: "primary" }, "Save"), " ", make("button", { type: "button", onclick: close }, "Cancel")));
      this.editors.set(own.id, form);
      return form;
    }

    closeEditor(own) {
      delete own.draft;
      this.editors.delete(own.id);
    }

    async save(own, area, form) {
      try {
        const answer = await ask(`${this.path}/comments/${own.id}`, {
          method: "PATCH",
          headers: { "Content-Type": "application/json", "Edit-Token": own.token },
          body: JSON.stringify({ body: area.value }),
        });
        Object.assign(own, { body: area.value, status: answer.status });
        this.closeEditor(own);
        if (answer.status === "published") await this.refresh(own.id);
        else if (this.comments.delete(own.id)) this.total -= 1;
        this.render();
        this.tell(answer.status === "published" ? "Your comment is changed." : "Your comment is changed and awaiting review.");
        this.find(own.id)?.focus();
      } catch (refusal) {
        this.complain(form, refusal);
      }
    }

    async takeBack(own) {
      if (!confirm("Delete your comment for good?")) return;
      try {
        await ask(`${this.path}/comments/${own.id}`, { method: "DELETE", headers: { "Edit-Token": own.token } });
        if (this.comments.delete(own.id)) this.total -= 1;
        this.mine = this.mine.filter((one) => one !== own);
        if (this.parent === own.id) this.parent = null;
        this.render();
        this.tell("Your comment is deleted.");
        this.heading.focus();
      } catch (refusal) {
        this.tell(refusal.message);
      }
    }

    buildForm() {
      if (this.form.closed) {
        this.respond.replaceChildren(make("p", { className: "muted" }, "Comments are closed."));
        return;
      }
      const draft = { ...store.get(this.keys.author), ...store.get(this.keys.draft) };
      const star = () => make("span", { "aria-hidden": "true" }, " *");
      const field = (name, label, required, extra = {}) => make("div", {},
        make("label", { htmlFor: name }, label, required ? star() : null),
        make(name === "body" ? "textarea" : "input", { id: name, name, required, value: draft[name] || "", dir: "auto", ...extra }));
      const check = (name, label, checked) => make("label", { className: "check" },
        make("input", { type: "checkbox", name, checked }), label);
      this.formTitle = make("h2", { id: "respond" }, "Leave a Reply");
      this.cancel = make("button", { type: "button", className: "quiet", onclick: () => this.replyTo(null) }, "Cancel reply");
      this.button = make("button", { className: "primary", part: "submit" }, "Post Comment");
      this.fields = make("form", { noValidate: true, onsubmit: (event) => this.submit(event), oninput: () => this.keepDraft() },
        make("p", { className: "muted" }, "Your email address will not be published. Required fields are marked *"),
        make("div", { className: "trap", "aria-hidden": "true" },
          make("label", { htmlFor: "subject" }, "Subject"),
          make("input", { id: "subject", name: "subject", tabIndex: -1, autocomplete: "off" })),
        field("author_name", "Name", this.form.name_required, { maxLength: 245, autocomplete: "name" }),
        field("author_email", "Email", this.form.email_required, { type: "email", maxLength: 320, autocomplete: "email" }),
        field("author_url", "Website", false, { inputMode: "url", maxLength: 2048, autocomplete: "url" }),
        field("body", "Comment", true, { maxLength: 65536 }),
        this.form.notices ? check("notify", "Email me about replies to this comment.", Boolean(draft.notify)) : null,
        check("save", "Save my name, email, and website in this browser for the next time I comment.", Boolean(store.get(this.keys.author))),
        make("div", {}, this.button));
      this.respond.replaceChildren(this.formTitle, this.cancel, this.fields);
      this.key = draft.key;
      this.parent = draft.parent_id || null;
      this.putForm();
    }

    values() {
      const { author_name, author_email, author_url, body, notify } = this.fields.elements;
      return { author_name: author_name.value, author_email: author_email.value, author_url: author_url.value,
        body: body.value, notify: Boolean(notify?.checked), parent_id: this.parent };
    }

    /* Write down what is being written: it must survive a closed tab, and each request its repetition. */
    keepDraft() {
      this.key = randomKey();
      store.set(this.keys.draft, { ...this.values(), key: this.key });
    }

    replyTo(id) {
      this.parent = id;
      this.keepDraft();
      this.putForm();
      this.fields.elements.body.focus();
    }

    putForm() {
      const parent = this.parent && this.comments.get(this.parent);
      const place = (parent && this.find(parent.id)) || this.place;
      if (this.respond.parentNode !== place) place.append(this.respond);
      if (!this.formTitle) return;
      this.formTitle.textContent = parent ? `Leave a Reply to ${parent.author_name || "Anonymous"}` : "Leave a Reply";
      this.cancel.hidden = !parent;
    }

    async submit(event) {
      event.preventDefault();
      if (this.button.disabled) return;
      this.complain(this.fields, null);
      this.button.disabled = true;
      const sent = this.values();
      if (sent.parent_id && !this.comments.has(sent.parent_id)) sent.parent_id = null;
      try {
        const answer = await ask(`${this.path}/comments`, {
          method: "POST",
          headers: { "Content-Type": "application/json", "Idempotency-Key": (this.key ||= randomKey()) },
          body: JSON.stringify({
            ...sent,
            thread: this.thread,
            thread_url: this.getAttribute("url") || document.querySelector("link[rel=canonical]")?.href || location.href.split("#")[0],
            form_token: this.form.form_token,
            address_token: store.get(this.keys.address) || "",
            subject: this.fields.elements.subject.value,
          }),
        });
        await this.taken(sent, answer);
      } catch (refusal) {
        if (refusal.code === "parent_not_found") this.parent = null;
        this.complain(this.fields, refusal);
      }
      this.button.disabled = false;
    }

    async taken(sent, answer) {
      const { author_name, author_email, author_url, body, parent_id } = sent;
      const saved = this.fields.elements.save.checked;
      store.set(this.keys.author, saved ? { author_name, author_email, author_url } : null);
      store.set(this.keys.draft, null);
      this.mine.push({ id: answer.id, token: answer.edit_token, until: answer.edit_until, status: answer.status,
        author_name, author_url, body, parent_id, at: Date.now() });
      if (answer.status === "published") {
        this.comments.set(answer.id, { id: answer.id, parent_id, author_name, author_url, body, created_at: answer.created_at });
        await this.refresh(answer.id).catch(() => {});
      }
      this.fields.elements.body.value = "";
      this.key = this.parent = null;
      this.render();
      this.tell(answer.status === "published" ? "Thank you. Your comment is published." : "Thank you. Your comment is awaiting review.");
      this.find(answer.id)?.focus();
      countAll();
    }

    /* Say what is wrong, at each field and above them; null: nothing. */
    complain(form, refusal) {
      for (const old of form.querySelectorAll(".alert, .why")) old.remove();
      for (const input of form.querySelectorAll("[aria-invalid]")) {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
      }
      if (!refusal) return;
      const alert = make("div", { className: "alert", role: "alert", tabIndex: -1 }, refusal.message);
      const others = [];
      for (const { field, message } of refusal.fields) {
        const input = form.querySelector(`[name="${CSS.escape(field)}"]`);
        if (!input) { others.push(` ${field}: ${message}`); continue; }
        const id = `${input.id}-why`;
        input.after(make("span", { className: "why", id }, message));
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", id);
      }
      alert.append(...others);
      form.prepend(alert);
      (form.querySelector("[aria-invalid]") || alert).focus();
    }
  }

  /* Fill in the number of comments wherever the page asks for one. */
  async function countAll() {
    const wanted = new Map();
    for (const element of document.querySelectorAll("[data-comment-count]")) {
      const key = element.dataset.commentCount || location.pathname;
      wanted.set(key, [...(wanted.get(key) || []), element]);
    }
    const keys = [...wanted.keys()];
    for (let start = 0; start < keys.length; start += 50) {
      const query = new URLSearchParams(keys.slice(start, start + 50).map((key) => ["thread", key]));
      const site = encodeURIComponent(script.dataset.site || document.querySelector("comment-thread")?.getAttribute("site"));
      const { counts } = await ask(`api/v1/sites/${site}/counts?${query}`).catch(() => ({ counts: {} }));
      for (const [key, count] of Object.entries(counts)) for (const element of wanted.get(key)) element.textContent = count;
    }
  }

  function begin() {
    if (!customElements.get("comment-thread")) customElements.define("comment-thread", CommentThread);
    if (script.dataset.thread !== undefined && !document.querySelector("comment-thread")) {
      const thread = make("comment-thread", { site: script.dataset.site, thread: script.dataset.thread });
      if (script.closest("head")) document.body.append(thread);
      else script.after(thread);
    }
    countAll();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
