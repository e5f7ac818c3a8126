// What a person says of an interest: it is put to /v1/users/{id}/interests/{name}, then what rests on it is drawn anew.
"use strict";
(() => {
  const SAID = { pin: "pinned", weaken: "weakened", delete: "deleted", none: "withdrawn, from the next reading on behaviour alone counts" };
  const section = document.getElementById("interests");
  const state = document.getElementById("said");
  const pin = document.getElementById("pin");

  async function put(name, correction) {
    const response = await fetch(`${section.dataset.url}/${encodeURIComponent(name)}`, {
      method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ correction }),
    });
    const answered = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answered.detail || response.statusText);
  }

  async function draw() {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const id of ["interest-rows", "recommendations"]) {
      document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
    }
    dispatchEvent(new Event("corrected"));
  }

  function tell(message, failed) {
    state.classList.toggle("alert", failed);
    state.textContent = message;
  }

  async function say(name, correction) {
    try {
      await put(name, correction);
    } catch (error) {
      tell(error.message, true);
      return false;
    }
    tell(`${name}: ${SAID[correction]}`, false);
    await draw().catch(() => location.reload());
    return true;
  }

  section.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-say]");
    if (!button) return;
    const name = button.closest("[data-name]").dataset.name;
    if (!(await say(name, button.dataset.say))) return;
    const row = [...section.querySelectorAll("[data-name]")].find((one) => one.dataset.name === name);
    (row?.querySelector("summary, button") || state).focus({ preventScroll: true });
  });

  pin.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = pin.value.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
    if (await say(name, "pin")) pin.value = "";
  });
})();
