// What all parts of the page share: its language, its look, what is kept in the browser.
window.briefdesk = (() => {
  const kept = (key, otherwise) => {
    try {
      const text = localStorage.getItem(`briefdesk.${key}`);
      return text === null ? otherwise : JSON.parse(text);
    } catch {
      return otherwise;
    }
  };
  const keep = (key, value) => {
    try {
      localStorage.setItem(`briefdesk.${key}`, JSON.stringify(value));
      return true;
    } catch {
      return false; // full, or switched off: the page works without
    }
  };

  const ofBrowser = navigator.language.startsWith("zh") ? "zh" : "en";
  const language = kept("language", ofBrowser);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  const texts = language === "zh" ? window.briefdeskTexts : {};
  const t = (text, values = {}) =>
    (texts[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const ATTRIBUTES = ["aria-label", "title", "placeholder"];
  const selector = ["[data-t]", ...ATTRIBUTES.map((name) => `[data-t-${name}]`)].join();
  const translateOne = (node) => {
    if (node.dataset.t !== undefined) node.textContent = t(node.dataset.t, JSON.parse(node.dataset.v ?? "{}"));
    for (const name of ATTRIBUTES) {
      const text = node.getAttribute(`data-t-${name}`);
      if (text !== null) node.setAttribute(name, t(text, JSON.parse(node.dataset.v ?? "{}")));
    }
  };
  // Gradio's own components are in the browser's language from the start; where another was chosen they are changed.
  const pairs = Object.entries(window.briefdeskTexts);
  const changed = new Map(language === ofBrowser ? [] : language === "zh" ? pairs : pairs.map(([text, said]) => [said, text]));
  const changeOne = (node) => {
    if (node.closest(".html-container")) return;
    if (!node.childElementCount && changed.has(node.textContent.trim())) node.textContent = changed.get(node.textContent.trim());
    if (changed.has(node.placeholder)) node.placeholder = changed.get(node.placeholder);
  };
  const translate = (root) => {
    if (root.nodeType !== 1) return;
    if (language === "zh") {
      if (root.matches(selector)) translateOne(root);
      root.querySelectorAll(selector).forEach(translateOne);
    }
    if (changed.size) [root, ...root.querySelectorAll("*")].forEach(changeOne);
  };
  const start = () => {
    translate(document.body);
    new MutationObserver((changes) =>
      changes.forEach((change) => change.addedNodes.forEach((node) => translate(node))),
    ).observe(document.body, { childList: true, subtree: true });
  };
  window.addEventListener("unhandledrejection", (event) => console.error("briefdesk:", event.reason));
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  };
  const page = () => document.querySelector(".gradio-container .contain"); // style rules hold inside it only
  // On a phone one of documents, conversation and source is on the screen.
  const show = (name) => {
    document.querySelector("#bd-ask").dataset.shown = name;
    document.querySelectorAll("[data-show]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.show === name)));
  };
  const say = (text) => {
    let box = document.querySelector("#bd-said");
    if (!box) page().append((box = make("div", { id: "bd-said", role: "status" })));
    box.textContent = text;
    box.classList.add("bd-shown");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => box.classList.remove("bd-shown"), 4000);
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      say(t("Copied."));
    } catch {
      say(t("The browser does not let this page copy."));
    }
  };
  const download = ({ name, type, data }) => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  // A question typed for the user; Svelte hears of it by the event.
  const fill = (text) => {
    const box = document.querySelector("#bd-question textarea");
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  };
  const openTab = (id) => document.querySelector(`button[role=tab]#${id}-button`)?.click();

  const top = (element) => {
    const [role, name] = (window.gradio_config?.username ?? "").split(":");
    document.documentElement.classList.toggle("bd-reader", role === "reader");
    if (name) {
      const leave = make("button", { type: "submit", title: name }, `${t("log out")}`);
      element.querySelector(".bd-top").append(make("form", { method: "post", action: "logout" }, leave));
    }
    const theme = (dark) => document.body.classList.toggle("dark", dark);
    const wanted = kept("theme", null);
    if (wanted) theme(wanted === "dark");
    element.querySelector("[data-do=theme]").addEventListener("click", () => {
      keep("theme", theme(!document.body.classList.contains("dark")) ? "dark" : "light");
    });
    element.querySelector("[data-do=language]").addEventListener("click", () => {
      keep("language", language === "zh" ? "en" : "zh");
      location.reload();
    });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openTab("bd-tab-ask");
        show("conversation");
        setTimeout(() => document.querySelector("#bd-question textarea").focus(), 60); // when its tab is there
      }
    });
  };
  // Not crypto.randomUUID: over plain HTTP, where a desk may be served in an institute's own network, there is none.
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(4)), (n) => n.toString(16).padStart(2, "0")).join("");
  return { page, show, kept, keep, t, make, say, copy, download, fill, openTab, top, language, newId };
})();
