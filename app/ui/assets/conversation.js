// Clicks in the conversation: a number opens its source, a suggestion is asked.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !element.contains(button)) return;
  if (button.dataset.document) {
    element.querySelectorAll(".bd-chip[aria-pressed]").forEach((chip) => chip.removeAttribute("aria-pressed"));
    if (button.classList.contains("bd-chip")) button.setAttribute("aria-pressed", "true");
    const { document: id, start, end } = button.dataset;
    trigger("select", { document: id, start: Number(start), end: Number(end) });
  } else if (button.dataset.ask) {
    trigger("submit", { question: button.dataset.ask });
  }
});
watch("value", () => {
  const turns = element.querySelectorAll(".bd-turn");
  if (turns.length > 1) turns[turns.length - 1].scrollIntoView({ block: "start" });
});
