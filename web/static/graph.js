// The interest graph of one user, drawn from /v1/users/{id}/graph, expanded from /v1/graph/{label}/{key}.
"use strict";
(() => {
  const place = document.getElementById("graph");
  const detail = document.getElementById("graph-detail");
  const nodes = new vis.DataSet();
  const edges = new vis.DataSet();
  const expanded = new Set();
  const CLIP = 26;

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const appearance = (label, centre) => ({
    color: { background: style(`--${label.toLowerCase()}`), border: style("--card"), highlight: style("--accent") },
    font: { color: style("--text"), strokeWidth: 3, strokeColor: style("--card"), size: centre ? 17 : 13 },
    shape: "dot",
    size: centre ? 22 : { User: 15, Item: 10, Interest: 13, Attribute: 8 }[label],
  });
  const clipped = (text) => (text.length > CLIP ? `${text.slice(0, CLIP - 1)}…` : text);
  const words = (type) => type.replaceAll("_", " ").toLowerCase();

  const network = new vis.Network(place, { nodes, edges }, {
    physics: { solver: "forceAtlas2Based", forceAtlas2Based: { gravitationalConstant: -60, springLength: 90 },
               stabilization: { iterations: 150 } },
    interaction: { hover: true, tooltipDelay: 150 },
    edges: { arrows: { to: { scaleFactor: 0.5 } }, smooth: { type: "continuous" } },
  });

  function add(found, centre) {
    for (const node of found.nodes) {
      if (nodes.get(node.id)) continue;
      nodes.add({ id: node.id, label: clipped(node.title), kind: node.label, key: node.key, name: node.title,
                  ...appearance(node.label, centre && node.id === found.centre) });
    }
    for (const edge of found.edges) {
      const id = `${edge.from} ${edge.type} ${edge.to} ${edge.detail && edge.type === "INTERESTED_IN" ? edge.detail : ""}`;
      if (edges.get(id)) continue;
      const disliked = (edge.detail || "").startsWith("dislikes") || edge.type === "DISLIKED";
      edges.add({ id, from: edge.from, to: edge.to, type: edge.type, detail: edge.detail, weight: edge.weight,
                  width: edge.type === "INTERESTED_IN" ? 1 + 3 * (edge.weight || 0) : 1, dashes: edge.type === "SIMILAR_TO",
                  color: { color: style(disliked ? "--bad" : "--edge"), opacity: 0.8 } });
    }
    place.dataset.nodes = nodes.length;
  }

  async function load(url, centre) {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    const found = await response.json();
    if (!response.ok) throw new Error(found.detail || response.statusText);
    expanded.add(found.centre);
    network.once("stabilized", () => network.fit({ animation: { duration: 400 } }));
    add(found, centre);
    network.fit();
  }

  const guarded = (promise) => promise.catch((error) => { detail.textContent = `This could not be loaded: ${error.message}`; });

  function start() {
    nodes.clear(); edges.clear(); expanded.clear();
    guarded(load(`${place.dataset.url}?count=10`, true));
  }

  function describe(id) {
    const node = nodes.get(id);
    detail.textContent = `${node.kind}: ${node.name}`;
    if (node.kind === "User" || node.kind === "Item") {
      const link = document.createElement("a");
      link.href = `/${node.kind.toLowerCase()}s/${encodeURIComponent(node.key)}`;
      link.textContent = "open";
      detail.append(" · ", link);
    }
  }

  network.on("click", ({ nodes: [id], edges: [edgeId] }) => {
    if (id) {
      describe(id);
      if (expanded.has(id)) return;
      const node = nodes.get(id);
      guarded(load(`${place.dataset.expand}${node.kind}/${encodeURIComponent(node.key)}?count=6`));
    } else if (edgeId) {
      const edge = edges.get(edgeId);
      const weight = typeof edge.weight === "number" ? ` ${edge.weight.toFixed(2)}` : "";
      detail.textContent = `${nodes.get(edge.from).name} — ${words(edge.type)}${weight} → ${nodes.get(edge.to).name}${edge.detail ? ` (${edge.detail})` : ""}`;
    }
  });
  document.getElementById("graph-reset").addEventListener("click", start);
  addEventListener("theme", start);
  addEventListener("corrected", start);
  window.interestGraph = { network, nodes, edges };
  start();
})();
