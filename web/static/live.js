// Changes by followers, from /v1/stream: a row for each change, newest first, and counts of the last minute.
"use strict";
(() => {
  const SHOWN = 25, SHOWN_INTERESTS = 4, MINUTE = 60000, LOOK = 5000;
  const live = document.getElementById("live");
  const state = document.getElementById("live-state");
  const recent = [];

  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  function link(base, key, text) {
    const made = element("a", "grow clip", text);
    made.href = base + encodeURIComponent(key);
    return made;
  }

  function prepend(list, row) {
    for (const empty of list.querySelectorAll(".empty")) empty.remove();
    list.prepend(row);
    while (list.children.length > SHOWN) list.lastElementChild.remove();
  }

  function tags(line, names, sign, quality) {
    for (const name of names.slice(0, SHOWN_INTERESTS)) line.append(element("span", `tag ${quality}`, `${sign} ${name}`));
    if (names.length > SHOWN_INTERESTS) line.append(element("span", "muted", `${sign} ${names.length - SHOWN_INTERESTS} more`));
  }

  const time = () => element("span", "muted", new Date().toLocaleTimeString([], { hour12: false }));

  function user(change) {
    const row = element("li", "event");
    const line = element("span", "tags");
    tags(line, change.opened, "+", "good");
    tags(line, change.closed, "−", "bad");
    row.append(link(live.dataset.user, change.user_id, change.user_id), time());
    if (line.children.length) row.append(line);
    prepend(document.getElementById("live-user-rows"), row);
    recent.push({ at: Date.now(), users: 1, items: 0, opened: change.opened.length, closed: change.closed.length });
  }

  function item(change) {
    const row = element("li", "event");
    row.append(link(live.dataset.item, change.item_id, change.title || change.item_id), time());
    prepend(document.getElementById("live-item-rows"), row);
    recent.push({ at: Date.now(), users: 0, items: 1, opened: 0, closed: 0 });
  }

  function count() {
    while (recent.length && recent[0].at < Date.now() - MINUTE) recent.shift();
    for (const name of ["users", "items", "opened", "closed"]) {
      const total = recent.reduce((sum, one) => sum + one[name], 0);
      document.getElementById(`live-${name}`).textContent = total.toLocaleString("en");
    }
  }

  const source = new EventSource(live.dataset.url);
  source.addEventListener("open", () => { state.textContent = "listening"; });
  source.addEventListener("error", () => {
    state.textContent = source.readyState === EventSource.CLOSED ? "closed" : "reconnecting";
  });
  source.addEventListener("user", (message) => user(JSON.parse(message.data)));
  source.addEventListener("item", (message) => item(JSON.parse(message.data)));
  setInterval(count, 500);

  async function followers() {
    try {
      const answer = await fetch(live.dataset.health);
      const found = await answer.json();
      const works = (found.followers || []).some((one) => one.role === "events");
      document.getElementById("live-nobody").hidden = !answer.ok || works;
    } catch { /* the graph or this server is away: the state of the connection says so */ }
  }
  followers();
  setInterval(followers, LOOK);
})();
