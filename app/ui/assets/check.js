// The Check tab: a text held against the documents, and the details of a run.
(() => {
  const { t, download } = window.briefdesk;
  window.briefdesk.verify = (element, server) => {
    element.querySelector("[data-do=verify]").addEventListener("click", async () => {
      const result = element.querySelector(".bd-result");
      result.innerHTML = `<p class="bd-waiting" role="status">${t("Checking each sentence")}</p>`;
      result.innerHTML = await server.verify({ text: element.querySelector("textarea").value });
    });
  };
  window.briefdesk.results = (element, server) => {
    element.addEventListener("click", async (event) => {
      const report = event.target.closest("[data-report]")?.dataset.report;
      if (report) return download(await server.report({ run: Number(report) }));
      const { run, id } = event.target.closest("[data-run]")?.dataset ?? {};
      if (!run) return;
      const side = element.querySelector(".bd-side-card");
      side.innerHTML = await server.detail({ run: Number(run), id });
      if (innerWidth <= 800) side.scrollIntoView({ block: "start" });
    });
  };
})();
