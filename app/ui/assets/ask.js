// The Ask tab. The conversation lives here, in the browser; the server answers one question at a time and keeps none.
(() => {
  const { page, show, kept, keep, t, make, say, copy, download, fill, newId } = window.briefdesk;
  const SENT_TURNS = 4; // of the conversation before a question
  const KEPT = 60; // conversations
  const fresh = () => ({ id: newId(), at: new Date().toISOString(), title: "", turns: [] });
  let current = fresh();
  let editing = null; // the turn whose question is being asked anew
  let parts = {}; // element, server, trigger of each component
  let scopeNow = () => null;

  const conversations = () => kept("conversations", []);
  const remember = () => {
    if (!current.turns.some((turn) => turn.record)) return;
    let all = [current, ...conversations().filter((one) => one.id !== current.id)].slice(0, KEPT);
    while (!keep("conversations", all) && all.length > 1) all = all.slice(0, -1); // the browser's room is limited
    sessionStorage.setItem("briefdesk.current", current.id);
    listConversations();
  };

  // -- turns

  const log = () => parts.conversation.element.querySelector(".bd-turns");
  const article = (id) => parts.conversation.element.querySelector(`[data-turn="${id}"]`);
  const isEmpty = () => parts.conversation.element.classList.toggle("bd-begun", current.turns.length > 0);

  const addTurn = (question) => {
    const turn = { id: newId(), question, record: null };
    current.turns.push(turn);
    current.title ||= question.slice(0, 120);
    const waiting = make("p", { class: "bd-waiting", role: "status" }, t("Asking"));
    log().append(
      make(
        "article",
        { class: "bd-turn", "data-turn": turn.id },
        make("h3", { class: "bd-question" }, question),
        make("div", { class: "bd-body", "aria-busy": "true" }, waiting),
      ),
    );
    isEmpty();
    article(turn.id).scrollIntoView({ block: "start" });
    return turn;
  };
  const dropFrom = (id) => {
    const at = current.turns.findIndex((turn) => turn.id === id);
    if (at < 0) return;
    current.turns.splice(at).forEach((turn) => article(turn.id)?.remove());
    isEmpty();
  };
  const isBusy = () => parts.conversation.element.querySelector("[aria-busy]") !== null;
  const requestFor = (question) => {
    question = question.trim();
    if (question && isBusy()) {
      say(t("One question at a time: wait for the answer, or stop it."));
      return { turn: "", question: "" };
    }
    if (editing) dropFrom(editing);
    editing = null;
    const before = current.turns.filter((turn) => turn.record).slice(-SENT_TURNS);
    document.querySelectorAll(".bd-next").forEach((node) => node.remove());
    const turn = question ? addTurn(question) : null;
    return { turn: turn?.id ?? "", question, turns: before.map((one) => one.record), scope: scopeNow() };
  };
  const ask = (question) => {
    const request = requestFor(question);
    if (request.turn) parts.conversation.trigger("submit", request);
  };

  // What the server says of the turn that is being answered; `done` comes with the last piece.
  const live = (message) => {
    if (!message) return;
    const { turn: id, html, record, done, generation } = JSON.parse(message);
    const node = article(id);
    const turn = current.turns.find((one) => one.id === id);
    if (!node || !turn) return; // another conversation was opened meanwhile
    const body = node.querySelector(".bd-body");
    if (body.dataset.stopped) return;
    body.innerHTML = html;
    if (!done) return;
    finish(node, turn, record);
    if (generation && generation !== parts.scope.generation) refreshScope();
    remember();
    if (record) suggest(node, record);
  };
  const finish = (node, turn, record) => {
    node.querySelector(".bd-body").removeAttribute("aria-busy");
    turn.record = record;
    node.querySelector(".bd-actions")?.remove();
    node.append(record ? actions(turn) : retry(turn));
  };
  const stopped = () => {
    const turn = current.turns.at(-1);
    const node = turn && article(turn.id);
    if (!node || turn.record) return;
    const body = node.querySelector(".bd-body");
    body.dataset.stopped = "true";
    body.querySelectorAll(".bd-waiting").forEach((one) => one.remove());
    body.append(make("p", { class: "bd-note" }, t("Stopped.")));
    finish(node, turn, null);
  };
  const suggest = async (node, record) => {
    const questions = await parts.conversation.server.next({ record, scope: scopeNow() });
    if (!questions.length || node !== log().lastElementChild) return;
    const chips = questions.map((text) => make("button", { type: "button", class: "bd-suggestion", "data-ask": text }, text));
    node.append(make("div", { class: "bd-next", role: "group", "aria-label": t("What to ask next") }, ...chips));
  };

  // -- what can be done with an answer

  const button = (text, onclick, attributes = {}) =>
    make("button", { type: "button", class: "bd-action", onclick, ...attributes }, t(text));
  const retry = (turn) =>
    make("div", { class: "bd-actions" }, button("Ask again", () => (dropFrom(turn.id), ask(turn.question)), { "data-do": "retry" }));
  const plainText = ({ question, record }) => {
    const sentences = record.sentences.length
      ? record.sentences.map((s) => `${s.text}${s.citations.map((n) => ` [${n}]`).join("")}${s.supported ? "" : ` (${t("not supported")})`}`)
      : [record.answer];
    const sources = record.citations.map(
      (c) => `[${c.n}] ${[c.title, c.publisher, c.date, c.page && `p. ${c.page}`, c.url].filter(Boolean).join(", ")}: “${c.quote.split(/\s+/).join(" ")}”`,
    );
    return `${question}\n\n${sentences.join("\n")}\n\n${sources.join("\n")}\n`;
  };
  const link = () => {
    const hash = new URLSearchParams(current.turns.map((turn) => ["ask", turn.question]));
    return `${location.origin}${location.pathname}#${hash}`;
  };
  const REASONS = ["wrong", "not what the source says", "incomplete", "not what I asked", "out of date"];
  const actions = (turn) => {
    const forms = make("div", { class: "bd-form", hidden: true });
    const open = (...content) => {
      forms.replaceChildren(...content);
      forms.hidden = false;
      forms.querySelector("textarea, input, button")?.focus();
    };
    const hide = () => (forms.hidden = true);
    const receipts = [".md", ".docx", ".json"].map((format) =>
      make("button", {
        type: "button", class: "bd-action", "data-receipt": format,
        onclick: async () => download(await parts.conversation.server.receipt({ record: turn.record, format })),
      }, format),
    );
    const thumbs = (good) =>
      make("button", {
        type: "button", class: "bd-action", "data-thumb": good ? "up" : "down",
        "aria-label": t(good ? "Useful" : "Not useful"), title: t(good ? "Useful" : "Not useful"),
        "aria-pressed": String(turn.thumb?.good === good),
        onclick: () => judged(good),
      }, good ? "+" : "−");
    const judged = (good) => {
      turn.thumb = { good, reason: "", comment: "" };
      bar.querySelectorAll("[data-thumb]").forEach((one) =>
        one.setAttribute("aria-pressed", String((one.dataset.thumb === "up") === good)));
      remember();
      const reason = make("select", { "aria-label": t("Reason") }, ...REASONS.map((text) => make("option", { value: text }, t(text))));
      const comment = make("textarea", { rows: 2, "aria-label": t("Comment"), placeholder: t("Comment") });
      const note = () => {
        turn.thumb = { good, reason: good ? "" : reason.value, comment: comment.value.trim() };
        remember();
      };
      open(
        make("p", {}, t(good ? "Kept in this browser as useful." : "Kept in this browser as not useful. Why?")),
        ...(good ? [] : [reason]), comment,
        button("Keep here", () => (note(), hide())),
        button("Send to this desk", async () => {
          note();
          say(await parts.conversation.server.feedback({ record: turn.record, ...turn.thumb }));
          hide();
        }),
      );
    };
    const toSet = () => {
      const answer = make("textarea", { rows: 4, "aria-label": t("Right answer") });
      answer.value = turn.record.abstained ? "" : turn.record.sentences.map((s) => s.text).join("\n");
      const gold = make("ul", { class: "bd-gold" });
      const addQuote = (document, quote, ticked) =>
        gold.append(make("li", {}, make("label", {}, make("input", { type: "checkbox", checked: ticked, "data-document": document, "data-quote": quote }), ` ${quote.split(/\s+/).join(" ")}`)));
      turn.record.citations.forEach((c) => addQuote(c.document, c.quote, !turn.record.abstained));
      open(
        make("p", {}, t("The right answer, in your words, and the quotations that show it. Empty when the documents do not say.")),
        answer, gold,
        button("Add the text selected in the source", () => {
          const text = String(getSelection()).trim();
          const open = parts.source.element.querySelector("[data-name]");
          if (text && open && parts.source.element.contains(getSelection().anchorNode)) addQuote(open.dataset.name, text, true);
          else say(t("Select some text in the source first."));
        }),
        button("Add to the evaluation set", async () => {
          const quotes = [...gold.querySelectorAll("input:checked")].map((one) => ({ document: one.dataset.document, quote: one.dataset.quote }));
          const { said, ok } = await parts.conversation.server.add_to_set({ question: turn.record.understood || turn.question, answer: answer.value, gold: quotes });
          say(said);
          if (ok) hide();
        }, { "data-do": "add-to-set" }),
      );
    };
    const bar = make(
      "div", { class: "bd-actions", role: "group", "aria-label": t("This answer") },
      button("Copy", () => copy(plainText(turn)), { "data-do": "copy" }),
      button("Edit the question", () => ((editing = turn.id), fill(turn.question)), { "data-do": "edit" }),
      thumbs(true), thumbs(false),
      make("span", { class: "bd-receipts" }, t("Receipt"), ...receipts),
      button("To the evaluation set", toSet, { "data-do": "to-set" }),
      forms,
    );
    return bar;
  };

  // -- citations

  const openSource = async (target) => {
    show("source");
    const { element, server } = parts.source;
    element.innerHTML = await server.open_source(target);
    settle();
  };
  const settle = () => {
    const { element } = parts.source;
    const panel = element.querySelector(".bd-panel");
    const mark = element.querySelector("mark, .bd-pagemark");
    if (!panel) return;
    panel.scrollTop = 0;
    if (!mark) return;
    const place = () => {
      if (panel.scrollHeight > panel.clientHeight) {
        panel.scrollTop += mark.getBoundingClientRect().top - panel.getBoundingClientRect().top - panel.clientHeight / 3;
      }
      const { top, bottom } = mark.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight) mark.scrollIntoView({ block: "center" });
    };
    place();
    element.querySelectorAll("img").forEach((image) => image.addEventListener("load", place, { once: true }));
  };
  const targetOf = ({ dataset }) => ({ document: dataset.document, start: Number(dataset.start), end: Number(dataset.end) });
  const press = (chip) => {
    document.querySelectorAll(".bd-chip[aria-pressed]").forEach((one) => one.removeAttribute("aria-pressed"));
    chip.setAttribute("aria-pressed", "true");
    hideCard();
    return openSource(targetOf(chip));
  };
  const hideCard = () => document.querySelector("#bd-card")?.remove();
  const showCard = (chip) => {
    hideCard();
    const card = make("div", { id: "bd-card", role: "tooltip" }, make("p", {}, `“${chip.dataset.quote}”`), make("p", { class: "bd-about" }, chip.dataset.about));
    page().append(card);
    chip.setAttribute("aria-describedby", "bd-card");
    const { left, bottom, top } = chip.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    card.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    card.style.top = `${bottom + height + 12 < innerHeight ? bottom + 6 : Math.max(8, top - height - 6)}px`;
  };
  const chipIn = (event) => event.target.closest?.(".bd-chip");
  document.addEventListener("mouseover", (event) => chipIn(event) && showCard(chipIn(event)));
  document.addEventListener("mouseout", (event) => chipIn(event) && hideCard());
  document.addEventListener("focusin", (event) => chipIn(event)?.matches(":focus-visible") && showCard(chipIn(event)));
  document.addEventListener("focusout", (event) => chipIn(event) && hideCard());
  document.addEventListener("scroll", hideCard, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideCard();
    const chip = chipIn(event);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!chip || !step) return;
    const chips = [...document.querySelectorAll(".bd-chip")].filter((one) => one.offsetParent !== null);
    const next = chips[chips.indexOf(chip) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    press(next);
  });
  // A click on a quotation, a document or a question, wherever on the page it stands.
  document.addEventListener("click", (event) => {
    const node = event.target.closest("button, a, [data-ask]");
    if (!node) return;
    if (node.classList.contains("bd-chip")) press(node);
    else if (node.dataset.open !== undefined) openSource(targetOf(node));
    else if (node.dataset.ask) {
      window.briefdesk.openTab("bd-tab-ask");
      ask(node.dataset.ask);
    } else return;
    if (!node.closest("#bd-ask") && !node.dataset.ask) window.briefdesk.openTab("bd-tab-ask");
  });

  // -- conversations of before

  const when = (at) => new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const listConversations = () => {
    const list = parts.scope.element.querySelector(".bd-conversations");
    if (!list) return;
    const wanted = parts.scope.element.querySelector("[data-do=find-conversation]").value.toLowerCase();
    const holds = (one) =>
      !wanted || JSON.stringify(one.turns.map((turn) => [turn.question, turn.record?.answer])).toLowerCase().includes(wanted);
    const rows = conversations().filter(holds).map((one) =>
      make("li", { "aria-current": one.id === current.id ? "true" : false },
        make("button", { type: "button", class: "bd-old", title: when(one.at), onclick: () => reopen(one) }, one.title),
        make("button", { type: "button", class: "bd-delete", "aria-label": `${t("Delete")}: ${one.title}`, title: t("Delete"), onclick: () => forget(one.id) }, "×")),
    );
    list.replaceChildren(...(rows.length ? rows : [make("li", { class: "bd-empty" }, t(wanted ? "None holds these words." : "None yet. They are kept in this browser only."))]));
  };
  const forget = (id) => {
    keep("conversations", conversations().filter((one) => one.id !== id));
    if (id === current.id) begin();
    listConversations();
  };
  const begin = () => {
    current = fresh();
    editing = null;
    sessionStorage.removeItem("briefdesk.current");
    history.replaceState(null, "", location.pathname + location.search);
    log().replaceChildren();
    isEmpty();
    listConversations();
  };
  // Quotations are checked against the library as it is now, not as it was.
  const reopen = async (one) => {
    current = structuredClone(one);
    editing = null;
    log().replaceChildren();
    const shown = current.turns.filter((turn) => turn.record);
    current.turns = shown;
    const found = await parts.conversation.server.render(shown.map((turn) => turn.record));
    if (current.id !== one.id) return;
    shown.forEach((turn, i) => {
      const node = make("article", { class: "bd-turn", "data-turn": turn.id }, make("h3", { class: "bd-question" }, turn.question), make("div", { class: "bd-body" }));
      log().append(node);
      node.querySelector(".bd-body").innerHTML = found[i].html;
      finish(node, turn, found[i].record);
    });
    isEmpty();
    sessionStorage.setItem("briefdesk.current", current.id);
    listConversations();
    show("conversation");
  };

  // -- the documents to ask

  const refreshScope = async () => {
    const found = await parts.scope.server.documents(parts.scope.generation);
    if (!found.html) return;
    parts.scope.element.querySelector(".bd-documents").outerHTML = found.html;
    parts.scope.generation = found.generation;
    filter();
  };
  const value = (name) => parts.scope.element.querySelector(`[data-filter=${name}]`)?.value.trim() ?? "";
  const filter = () => {
    const { element } = parts.scope;
    const [words, publisher, language, since, until] = ["words", "publisher", "language", "since", "until"].map(value);
    const rows = [...element.querySelectorAll(".bd-doc")];
    for (const row of rows) {
      const { publisher: by, language: tongue, date } = row.dataset;
      row.hidden =
        (words && !row.textContent.toLowerCase().includes(words.toLowerCase())) ||
        (publisher && by !== publisher) ||
        (language && tongue !== language) ||
        (since && !(date && date.padEnd(10, "~") >= since)) ||
        (until && !(date && date.slice(0, until.length) <= until));
    }
    element.querySelectorAll(".bd-group").forEach((group) => {
      const boxes = [...group.querySelectorAll(".bd-doc:not([hidden]) input")];
      const all = group.querySelector(".bd-all");
      all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
      all.indeterminate = !all.checked && boxes.some((box) => box.checked);
      group.hidden = !boxes.length;
    });
    const asked = rows.filter((row) => !row.hidden && row.querySelector("input").checked);
    const total = Number(element.querySelector(".bd-documents").dataset.total);
    const counted = asked.length === rows.length ? total : asked.length;
    element.querySelector(".bd-count").textContent =
      counted === total ? t("All {n} documents are asked", { n: total }) : t("{n} of {all} documents are asked", { n: counted, all: total });
    document.querySelector("[data-show=documents] .bd-how-many")?.replaceChildren(counted === total ? "" : ` ${counted}/${total}`);
    scopeNow = () => (asked.length === rows.length ? null : { documents: asked.map((row) => row.dataset.id) });
  };

  window.briefdesk.conversation = (element, server, trigger) => {
    parts.conversation = { element, server, trigger };
    element.querySelector(".bd-new").addEventListener("click", begin);
    element.querySelector("[data-do=link]").addEventListener("click", () => copy(link()));
    document.addEventListener("click", (event) => {
      if (event.target.closest("#bd-question button.stop-button, #bd-question [aria-label=Stop], #bd-question [aria-label=停止]")) stopped();
    });
    ready();
  };
  window.briefdesk.scope = (element, server) => {
    parts.scope = { element, server, generation: Number(element.querySelector(".bd-documents").dataset.generation) };
    element.addEventListener("input", (event) => {
      if (event.target.matches("[data-do=find-conversation]")) return listConversations();
      if (event.target.matches(".bd-all"))
        event.target.closest(".bd-group").querySelectorAll(".bd-doc:not([hidden]) input").forEach((box) => (box.checked = event.target.checked));
      filter();
    });
    filter();
    ready();
  };
  window.briefdesk.source = (element, server) => {
    parts.source = { element, server };
    let found = [];
    let at = -1;
    const find = (step) => {
      const wanted = element.querySelector("[data-do=find]").value.trim().toLowerCase();
      if (!wanted || !CSS.highlights) return CSS.highlights?.delete("bd-found");
      if (find.last !== wanted || !found[0]?.startContainer.isConnected) {
        found = [];
        const walker = document.createTreeWalker(element.querySelector(".bd-document"), NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const text = walker.currentNode.data.toLowerCase();
          for (let i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + wanted.length)) {
            const range = new Range();
            range.setStart(walker.currentNode, i);
            range.setEnd(walker.currentNode, i + wanted.length);
            found.push(range);
          }
        }
        find.last = wanted;
        at = -1;
        CSS.highlights.set("bd-found", new Highlight(...found));
      }
      at = found.length ? (at + step + found.length) % found.length : -1;
      element.querySelector(".bd-found").textContent = found.length ? `${at + 1} / ${found.length}` : t("not found");
      found[at]?.startContainer.parentElement.scrollIntoView({ block: "center" });
    };
    element.addEventListener("input", (event) => event.target.matches("[data-do=find]") && find(1));
    element.addEventListener("keydown", (event) => {
      if (!event.target.matches("[data-do=find]") || event.key !== "Enter") return;
      event.preventDefault();
      find(event.shiftKey ? -1 : 1);
    });
    element.addEventListener("click", async (event) => {
      const turned = event.target.closest("[data-turn-to]");
      if (turned) {
        element.innerHTML = await server.open_source(JSON.parse(turned.dataset.turnTo));
        settle();
      }
    });
    ready();
  };
  window.briefdesk.switcher = (element) => {
    element.addEventListener("click", (event) => {
      const shown = event.target.closest("[data-show]")?.dataset.show;
      if (shown) show(shown);
    });
  };
  window.briefdesk.refreshScope = refreshScope;
  window.briefdesk.live = live;
  window.briefdesk.request = (question) => [question, JSON.stringify(requestFor(question))];
  window.briefdesk.ask = ask;

  // Once all parts are there: the conversation of this tab, or the questions that a link asks.
  const ready = () => {
    if (!(parts.conversation && parts.scope && parts.source) || ready.done) return;
    ready.done = true;
    show("conversation");
    listConversations();
    refreshScope();
    const asked = new URLSearchParams(location.hash.slice(1)).getAll("ask").slice(0, 12);
    const before = conversations().find((one) => one.id === sessionStorage.getItem("briefdesk.current"));
    if (asked.length) {
      const next = () => {
        if (isBusy()) return setTimeout(next, 50);
        if (asked.length) (ask(asked.shift()), setTimeout(next, 50));
      };
      next();
    } else if (before) reopen(before);
  };
})();
