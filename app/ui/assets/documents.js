// The Documents tab: list, map or timeline; a card beside it; removing, with a way back.
(() => {
  const { t, make, say } = window.briefdesk;
  let element = null;
  let server = null;
  let view = "table";
  const box = (name) => element.querySelector(name);
  const show = async (wanted) => {
    view = wanted;
    element.querySelectorAll("[data-view]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.view === view)));
    box(".bd-view").setAttribute("aria-busy", "true");
    const html = await server[view]();
    if (view !== wanted) return;
    box(".bd-view").innerHTML = html;
    box(".bd-view").removeAttribute("aria-busy");
    box("[data-do=find-document]").hidden = view !== "table";
    filter();
    if (view === "map") unclutter();
  };
  // A name that would lie on another one is shown when its dot is pointed at.
  const unclutter = () => {
    const taken = [...element.querySelectorAll(".bd-spot")].map((one) => [one, one.getBoundingClientRect()]);
    const free = (own, box) => taken.every(([other, { left, right, top, bottom }]) =>
      other === own || box.right < left || box.left > right || box.bottom < top || box.top > bottom);
    element.querySelectorAll(".bd-topic, .bd-spot").forEach((one) => {
      const box = (one.querySelector("span") ?? one).getBoundingClientRect();
      const map = element.querySelector(".bd-map").getBoundingClientRect();
      const inside = box.left >= map.left && box.right <= map.right && box.bottom <= map.bottom;
      if (inside && free(one, box)) taken.push([one, box]);
      else one.classList.add("bd-crowded");
    });
  };
  const filter = () => {
    const words = box("[data-do=find-document]").value.toLowerCase().split(/\s+/).filter(Boolean);
    element.querySelectorAll(".bd-library tbody tr").forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    });
  };
  const card = async (id) => {
    const side = box(".bd-side-card");
    side.innerHTML = `<p class="bd-waiting">${t("Reading the document")}</p>`;
    side.innerHTML = await server.card(id);
    if (innerWidth <= 800) side.scrollIntoView({ block: "start" });
  };
  const remove = async (id) => {
    const found = await server.remove(id);
    if (!found.ok) return say(found.said);
    await refresh();
    const undo = make("button", {
      type: "button", class: "bd-action", "data-do": "undo",
      onclick: async () => {
        const back = await server.undo(found.source);
        if (!back.ok) say(back.said);
        box(".bd-undo").replaceChildren();
        await refresh();
      },
    }, t("Undo"));
    box(".bd-undo").replaceChildren(t("Removed: {title}", { title: found.title }), " ", undo);
    box(".bd-side-card").replaceChildren();
  };
  const refresh = async () => {
    await show(view);
    window.briefdesk.refreshScope();
  };
  window.briefdesk.refreshDocuments = refresh;
  window.briefdesk.documents = (root, functions) => {
    element = root;
    server = functions;
    element.addEventListener("input", filter);
    element.addEventListener("click", (event) => {
      const { dataset } = event.target.closest("button, a") ?? {};
      if (!dataset) return;
      if (dataset.view) show(dataset.view);
      else if (dataset.card) card(dataset.card);
      else if (dataset.remove) remove(dataset.remove);
      else if (dataset.year) {
        event.preventDefault();
        document.getElementById(`bd-year-${dataset.year}`).scrollIntoView({ block: "start" });
      }
    });
  };
})();
