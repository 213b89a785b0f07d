// The Learn tab: steps, checking oneself, the glossary and its cards. Progress is kept in the browser only.
(() => {
  const { kept, keep, t, make } = window.briefdesk;
  const results = () => kept("results", {}); // question id -> {question, verdict, at}
  const VERDICTS = ["right", "partly right", "wrong", "off topic"];

  // One question with a box for the answer; `next` is called for another one.
  const exercise = (box, { id, question }, server, next = null) => {
    const answer = make("textarea", { rows: 3, "aria-label": t("Your answer"), placeholder: t("Your answer, in your own words") });
    const result = make("div", { class: "bd-result", "aria-live": "polite" });
    const check = make("button", {
      type: "button", class: "bd-do", "data-do": "grade",
      onclick: async () => {
        const found = await server.grade({ id, answer: answer.value });
        result.innerHTML = found.html;
        if (!found.verdict) return;
        keep("results", { ...results(), [id]: { question, verdict: found.verdict, at: new Date().toISOString() } });
        document.dispatchEvent(new CustomEvent("bd-graded"));
      },
    }, t("Check my answer"));
    answer.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) check.click();
    });
    const other = next && make("button", { type: "button", class: "bd-action", "data-do": "other", onclick: next }, t("Another question"));
    box.replaceChildren(make("p", { class: "bd-asked" }, question), answer, make("p", {}, check, " ", other ?? ""), result);
  };

  window.briefdesk.stage = (element, server) => {
    const box = element.querySelector("[data-question]");
    if (box) exercise(box, JSON.parse(box.dataset.question), server);
  };

  window.briefdesk.exercises = async (element, server) => {
    const box = element.querySelector(".bd-exercise");
    const all = await server.exercises();
    const progress = make("div", { class: "bd-progress" });
    element.querySelector("section").append(progress);
    const shown = () => {
      const done = results();
      const counts = VERDICTS.map((verdict) => [verdict, Object.values(done).filter((one) => one.verdict === verdict).length]);
      progress.replaceChildren(
        make("p", { class: "bd-note" }, t("{n} of {all} questions answered", { n: Object.keys(done).length, all: all.length }), ": ",
          counts.map(([verdict, n]) => `${n} ${t(verdict)}`).join(", ")),
        make("button", { type: "button", class: "bd-action", "data-do": "print", onclick: print }, t("Print a summary")),
        make("button", { type: "button", class: "bd-action", onclick: () => (keep("results", {}), shown()) }, t("Start over")),
      );
    };
    const print = () => {
      const rows = Object.values(results()).map((one) =>
        make("tr", {}, make("td", {}, one.question), make("td", {}, t(one.verdict)), make("td", {}, one.at.slice(0, 10))));
      const sheet = make("div", { id: "bd-print" }, make("h1", {}, t("What I have checked")), make("table", {}, ...rows));
      document.body.append(sheet);
      document.body.classList.add("bd-printing");
      window.print();
      document.body.classList.remove("bd-printing");
      sheet.remove();
    };
    // Questions that were not answered right come first, in no order.
    const next = () => {
      const done = results();
      const open = all.filter((one) => done[one.id]?.verdict !== "right");
      const from = open.length ? open : all;
      if (from.length) exercise(box, from[Math.floor(Math.random() * from.length)], server, next);
    };
    document.addEventListener("bd-graded", shown);
    shown();
    next();
  };

  // -- the glossary

  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  window.briefdesk.glossary = async (element, server) => {
    const terms = await server.terms();
    const search = element.querySelector("[data-do=find-term]");
    const view = element.querySelector(".bd-view");
    const side = element.querySelector(".bd-side-card");
    const matches = (term, words) => {
      const text = plain([term.term, ...term.forms, ...term.chinese, term.pinyin, term.pinyin.replace(/\s/g, "")].join(" "));
      return words.every((word) => text.includes(word));
    };
    const where = async (name) => {
      side.innerHTML = `<div class="bd-card"><h3></h3>${await server.occurrences(name)}</div>`;
      side.querySelector("h3").textContent = name;
    };
    const list = () => {
      const words = plain(search.value).split(/\s+/).filter(Boolean);
      const rows = terms.filter((term) => matches(term, words)).map((term) => {
        const text = make("dd", {});
        text.innerHTML = term.html;
        text.append(" ", make("button", { type: "button", class: "bd-action", "data-where": term.term, onclick: () => where(term.term) }, t("where it occurs")));
        return make("div", { class: "bd-entry", "data-entry": term.term },
          make("dt", {}, term.term, " ", make("span", { lang: "zh" }, term.chinese.join("、")), " ", make("em", {}, term.pinyin)), text);
      });
      view.replaceChildren(rows.length ? make("dl", {}, ...rows) : make("p", { class: "bd-empty" }, t("No term holds these words.")));
    };
    let known = new Set(kept("known", []));
    const cards = () => {
      const open = terms.filter((term) => term.definition && !known.has(term.term));
      if (!open.length) {
        view.replaceChildren(make("p", {}, t("All terms are known. "), make("button", { type: "button", class: "bd-action", onclick: () => ((known = new Set()), keep("known", []), cards()) }, t("Start over"))));
        return;
      }
      const term = open[Math.floor(Math.random() * open.length)];
      const back = make("div", { class: "bd-back", hidden: true });
      back.innerHTML = `<p>${term.html}</p>`;
      back.prepend(make("p", {}, make("span", { lang: "zh" }, term.chinese.join("、")), " ", make("em", {}, term.pinyin)));
      const answered = (right) => {
        if (right) known.add(term.term);
        keep("known", [...known]);
        cards();
      };
      view.replaceChildren(make("div", { class: "bd-flash" },
        make("p", { class: "bd-front" }, term.term), back,
        make("p", {},
          make("button", { type: "button", class: "bd-do", "data-do": "flip", onclick: () => (back.hidden = !back.hidden) }, t("Turn over")), " ",
          make("button", { type: "button", class: "bd-action", "data-do": "known", onclick: () => answered(true) }, t("I knew it")), " ",
          make("button", { type: "button", class: "bd-action", onclick: () => answered(false) }, t("Not yet"))),
        make("p", { class: "bd-note" }, t("{n} of {all} terms known", { n: known.size, all: terms.length }))));
    };
    const toggle = element.querySelector("[data-do=cards]");
    toggle.addEventListener("click", () => {
      const on = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(on));
      search.hidden = on;
      side.replaceChildren();
      (on ? cards : list)();
    });
    search.addEventListener("input", list);
    list();
    // A term anywhere on the page leads to its entry.
    document.addEventListener("click", (event) => {
      const name = event.target.closest("[data-term]")?.dataset.term;
      if (!name) return;
      window.briefdesk.openTab("bd-tab-learn");
      if (toggle.getAttribute("aria-pressed") === "true") toggle.click();
      search.value = name;
      list();
      where(name);
      element.scrollIntoView({ block: "start" });
    });
  };
})();
