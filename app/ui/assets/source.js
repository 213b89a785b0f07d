// A source that opens is scrolled to its quotation.
watch("value", () => {
  const mark = element.querySelector("mark");
  if (!mark) return;
  const panel = element.querySelector(".bd-panel");
  if (panel.scrollHeight > panel.clientHeight) {
    panel.scrollTop += mark.getBoundingClientRect().top - panel.getBoundingClientRect().top - panel.clientHeight / 3;
  } else {
    mark.scrollIntoView({ block: "center" });
  }
});
