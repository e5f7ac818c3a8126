// What an interest rests on, read from /v1/users/{id}/interests/{name} when its row is opened: when it held, and the events with the words.
"use strict";
(() => {
  const section = document.getElementById("interests");
  const SVG = "http://www.w3.org/2000/svg";
  const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
  const day = (time) => (time || "").slice(0, 10);

  function made(name, properties = {}, ...children) {
    const one = Object.assign(document.createElement(name), properties);
    one.append(...children);
    return one;
  }

  // A bar for each period, short ones above long ones, from the first day to the last one known.
  function life(periods, events) {
    const times = [...periods.flatMap((one) => [one.valid_from, one.valid_to]), ...events.map((one) => one.at)].filter(Boolean).map(Date.parse);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const bar = document.createElementNS(SVG, "svg");
    bar.setAttribute("class", "life");
    bar.setAttribute("role", "img");
    const said = periods.map((one) => `${one.polarity}, ${one.horizon}, ${day(one.valid_from) || "ever"} to ${day(one.valid_to) || "now"}, weight ${NUMBER.format(one.weight)}`);
    bar.setAttribute("aria-label", said.join("; "));
    const place = (time, otherwise) => (time ? (100 * (Date.parse(time) - first)) / (last - first || 1) : otherwise);
    periods.forEach((one, n) => {
      const rect = document.createElementNS(SVG, "rect");
      const [from, to] = [place(one.valid_from, 0), place(one.valid_to, 100)];
      const shape = { class: one.polarity, x: `${Math.min(from, 99)}%`, width: `${Math.max(to - from, 1)}%`, y: one.horizon === "short" ? 0 : 9, height: 7, rx: 2 };
      for (const [name, value] of Object.entries(shape)) rect.setAttribute(name, value);
      const title = document.createElementNS(SVG, "title");
      title.textContent = said[n];
      rect.append(title);
      bar.append(rect);
    });
    const ends = made("div", { className: "muted small" }, "since ", day(periods.map((one) => one.valid_from || "").sort()[0]) || "ever");
    return times.length ? [bar, ends] : [ends];
  }

  function row(event) {
    const kind = event.type.replaceAll("_", " ").toLowerCase() + (event.value === null ? "" : ` ${NUMBER.format(event.value)}`);
    const what = event.item_id === null ? made("strong", {}, `“${event.text}”`)
      : made("a", { href: `${section.dataset.items}${encodeURIComponent(event.item_id)}` }, event.title || event.item_id);
    const line = made("div", {}, made("span", { className: "tag" }, kind), " ", what, " ", made("span", { className: "muted small" }, day(event.at)));
    const parts = [line];
    if (event.words && event.item_id !== null) parts.push(made("q", {}, event.words.text));
    const how = [];
    if (event.mentioned !== null) how.push(`said so: ${event.mentioned > 0 ? "+" : ""}${NUMBER.format(event.mentioned)}`);
    if (event.about !== null) how.push(`about it: ${NUMBER.format(event.about)}, ${event.by}`);
    if (how.length) parts.push(made("span", { className: "muted small" }, how.join(" · ")));
    return made("li", {}, ...parts);
  }

  async function fill(place, name) {
    const response = await fetch(`${section.dataset.url}/${encodeURIComponent(name)}`);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.detail || response.statusText);
    const rows = answer.evidence.map(row);
    const pinned = answer.periods.some((one) => one.extracted_by === "user" && one.valid_to === null);
    const none = made("p", { className: "muted" }, pinned ? "It was pinned: no event is needed." : "The events that it came from are gone.");
    place.replaceChildren(...life(answer.periods, answer.evidence), rows.length ? made("ul", {}, ...rows) : none);
  }

  section.addEventListener("toggle", (event) => {
    const place = event.target.querySelector(".evidence");
    if (!event.target.open || !place || place.childNodes.length) return;
    fill(place, event.target.closest("[data-name]").dataset.name).catch((error) => place.replaceChildren(error.message));
  }, true);
})();
