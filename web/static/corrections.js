// Corrections of interests: each is put to /v1/users/{id}/interests/{name}, then interests and recommendations are drawn again.
"use strict";
(() => {
  const DONE = { pin: "pinned", weaken: "weakened", delete: "deleted", none: "withdrawn, from the next reading on behaviour alone counts" };
  const section = document.getElementById("interests");
  const status = document.getElementById("correction-status");
  const pin = document.getElementById("pin");

  async function put(name, correction) {
    const response = await fetch(`${section.dataset.url}/${encodeURIComponent(name)}`, {
      method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ correction }),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.detail || response.statusText);
  }

  async function draw() {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const id of ["interest-rows", "recommendations"]) {
      document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
    }
    dispatchEvent(new Event("corrected"));
  }

  function show(message, failed) {
    status.classList.toggle("alert", failed);
    status.textContent = message;
  }

  async function correct(name, correction) {
    try {
      await put(name, correction);
    } catch (error) {
      show(error.message, true);
      return false;
    }
    show(`${name}: ${DONE[correction]}`, false);
    await draw().catch(() => location.reload());
    return true;
  }

  section.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-correction]");
    if (!button) return;
    const name = button.closest("[data-name]").dataset.name;
    if (!(await correct(name, button.dataset.correction))) return;
    const row = [...section.querySelectorAll("[data-name]")].find((one) => one.dataset.name === name);
    (row?.querySelector("summary, button") || status).focus({ preventScroll: true });
  });

  pin.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = pin.value;
    const name = typed.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
    if ((await correct(name, "pin")) && pin.value === typed) pin.value = "";  // another one may have been typed meanwhile
  });
})();
