// Follows a retraining while it runs. The page shows the same when it is loaded anew.

const EVERY = 1000;
const box = document.querySelector("[data-job]");

if (box && ["queued", "running"].includes(box.dataset.state)) {
  const bar = box.querySelector("progress");
  const refresh = box.querySelector("[data-job-refresh]");
  if (refresh) refresh.hidden = true;
  follow();

  async function follow() {
    try {
      const answer = await fetch(box.dataset.job, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const job = await answer.json();
      bar.value = job.progress;
      box.querySelector("[data-job-state]").textContent = job.state;
      tell(job.message || (job.state === "queued" ? "Waiting for a worker" : ""));
      if (job.state === "succeeded" || job.state === "failed") {
        // The new version stands in the table, with its figures.
        location.reload();
        return;
      }
    } catch {
      tell("The service does not answer; trying again.");
    }
    setTimeout(follow, EVERY);
  }

  function tell(message) {
    const line = box.querySelector("[data-job-message]");
    // A screen reader speaks on each change, so only real ones are made.
    if (line.textContent !== message) line.textContent = message;
  }
}
