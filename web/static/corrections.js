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

  const listed = (page) => [...page.querySelectorAll("#recommendations [data-item]")].map((one) => one.dataset.item);

  // What changed in the list: what is new, what left, and what moved furthest.
  function changes(before, page) {
    const after = listed(page);
    const title = (root, id) => root.querySelector(`[data-item="${CSS.escape(id)}"] .title a`).textContent.trim();
    const fresh = after.filter((id) => !before.items.includes(id)).map((id) => `“${title(page, id)}” is new at ${after.indexOf(id) + 1}`);
    const gone = before.items.filter((id) => !after.includes(id)).map((id) => `“${before.titles.get(id)}” left the list`);
    const moved = after.filter((id) => before.items.includes(id) && before.items.indexOf(id) !== after.indexOf(id))
      .sort((a, b) => Math.abs(before.items.indexOf(b) - after.indexOf(b)) - Math.abs(before.items.indexOf(a) - after.indexOf(a)))
      .map((id) => `“${title(page, id)}” moved from ${before.items.indexOf(id) + 1} to ${after.indexOf(id) + 1}`);
    const all = [...fresh, ...gone, ...moved];
    if (!all.length) return "the list stays as it was";
    return all.slice(0, 4).join(", ") + (all.length > 4 ? `, and ${all.length - 4} more changes` : "");
  }

  async function draw() {
    const items = listed(document);
    const titles = new Map(items.map((id) => [id, document.querySelector(`[data-item="${CSS.escape(id)}"] .title a`).textContent.trim()]));
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const id of ["interest-rows", "recommendations"]) {
      document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
    }
    dispatchEvent(new Event("corrected"));
    return changes({ items, titles }, document);
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
    const how = await draw().catch(() => location.reload());
    if (how) show(`${name}: ${DONE[correction]}. ${how[0].toUpperCase()}${how.slice(1)}.`, false);
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
