"use strict";
// Coverage of a chosen type: demand points by walk against threshold, streets within it, the straight line's area.

pujin.coverage = function (map) {
  const data = pujin.data();
  const { causes, causeVerdicts } = data.demand;
  data.demand.verdicts = Object.fromEntries(Object.entries(causes).map(([id, letters]) => [id, letters.replace(/\d/g, (digit) => causeVerdicts[digit])]));
  pujin.start(map, data);
  const renderer = L.canvas({ padding: 0.3, tolerance: 3 });
  const state = { id: "" };
  const straightM = Object.fromEntries(Object.entries(data.demand.straight).map(([id, packed]) => [id, pujin.uint16(packed)]));
  const card = (i, walks, judged) => (state.id ? pujin.walkCard(data, state.id, walks, straightM, i) : pujin.demandCard(data, judged, walks, i));
  const demand = pujin.demandPoints(map, data, renderer, card);
  const area = pujin.straightArea(map, data);
  const streets = pujin.coveredStreets(map, data);
  const facilities = pujin.chosenFacilities(map, data, renderer);
  const choice = document.getElementById("pj-choice");
  const apply = () => {
    state.id = choice.value;
    map.closePopup();
    demand.paint(state.id ? pujin.byRatio(data, state.id, demand) : demand.byShare);
    for (const layer of [area, streets, facilities]) layer.choose(state.id);
    for (const figure of document.querySelectorAll("[data-figure]")) figure.hidden = figure.dataset.figure !== state.id;
    for (const legend of document.querySelectorAll("[data-legend]")) legend.hidden = (legend.dataset.legend === "ratio") !== Boolean(state.id);
  };
  choice.addEventListener("change", apply);
  for (const [id, layer] of [["pj-demand", demand], ["pj-straight", area], ["pj-streets", streets], ["pj-facilities", facilities]]) {
    const box = document.getElementById(id);
    box.addEventListener("change", () => layer.setShown(box.checked));
  }
  const resize = () => {
    demand.resize();
    facilities.resize();
  };
  map.on("zoomend", resize);
  apply();
  resize();
  map.pujin = { data, demand, area, streets, facilities };
};

pujin.thresholdAt = (type, demand, i) => type.thresholds[demand.rural[i]];

// Colour by walk ÷ threshold within what the verdict says: whole metres must not contradict it.
pujin.byRatio = function (data, id, demand) {
  const type = data.types.find((one) => one.id === id);
  const [half, met, little, more, far] = data.ratios;
  const unmet = (ratio) => (ratio <= little[0] ? little : ratio <= more[0] ? more : far);
  return (i) => {
    const letter = data.demand.verdicts[id][i];
    if (letter === "-") return demand.none;
    if (letter === "u") return demand.hollow(data.verdictColours.unknown, 2.4);
    const walk = demand.walks[id][i];
    const ratio = walk === 65535 ? Infinity : walk / pujin.thresholdAt(type, data.demand, i);
    const found = letter === "m" ? (ratio <= half[0] ? half : met) : unmet(ratio);
    return demand.full(found[1]);
  };
};

pujin.walkCard = function (data, id, walks, straightM, i) {
  const { demand, text } = data;
  const type = data.types.find((one) => one.id === id);
  const card = pujin.demandHead(data, i);
  const letter = demand.verdicts[id][i];
  if (!demand.inside[i]) return card;
  if (letter === "-") {
    card.append(pujin.element("p", "", `${type.name}: ${text.notApplied}`));
    return card;
  }
  const metres = (value) => (value === 65535 ? text.noPath : `${value.toLocaleString("en-US")} ${text.metres}`);
  const [word, className] = { m: [text.met, "pj-met"], n: [text.notMet, "pj-not_met"], u: [text.unknown, "pj-unknown"] }[letter];
  const line = pujin.element("p", "", `${type.number} ${type.name} · `);
  line.append(pujin.element("b", className, word));
  card.append(line);
  const table = pujin.element("table");
  const limit = pujin.thresholdAt(type, demand, i);
  const walk = walks[id][i];
  const rows = [[text.walkTo, metres(walk)], [text.straight, metres(straightM[id][i])], [text.threshold, metres(limit)]];
  if (letter === "n" && walk !== 65535) rows.push([text.beyond, metres(Math.max(walk - limit, 0))]);
  for (const [label, value] of rows) {
    const row = table.insertRow();
    row.insertCell().textContent = label;
    row.insertCell().textContent = value;
  }
  card.append(table);
  const cause = Object.values(data.causes)[Number(demand.causes[id][i])];
  if (cause) card.append(pujin.element("p", "", cause));
  return card;
};

pujin.coveredStreets = function (map, data) {
  const lines = pujin.unpack(data.edges.lines, data.edges.grid);
  const below = pujin.underlay(map, "pj-reach", 300);
  const make = (id) => (data.reach[id] || []).map(([limit, packed], at, all) => {
    const opacity = at === all.length - 1 ? 0.8 : 0.35;
    return L.polyline(pujin.stretches(lines, packed), { ...below, color: "#17808f", opacity, smoothFactor: 0.5, limit });
  });
  const widen = pujin.widening(map, () => made.layers(), 3.4);
  const made = pujin.perChoice(map, document.getElementById("pj-streets").checked, make, widen);
  return made;
};

pujin.straightArea = function (map, data) {
  const below = pujin.underlay(map, "pj-straight", 280);
  return pujin.perChoice(map, document.getElementById("pj-straight").checked, (id) => {
    if (!id) return [];
    const rings = pujin.unpack(data.straight[id], data.base.grid);
    return rings.length
      ? [new pujin.Area(rings, { ...below, color: "#7a4f9e", weight: 1.6, dashArray: "6 5", fillColor: "#9b72bd", fillOpacity: 0.16, fillRule: "evenodd" })]
      : [];
  });
};

pujin.chosenFacilities = function (map, data, renderer) {
  const radius = () => Math.min(Math.max(4 + (map.getZoom() - 13) * 1.7, 4.5), 9);
  const made = pujin.perChoice(map, true, (id) => data.functions.flatMap((row, i) => {
    const type = data.types[row[1] - 1];
    if (type.id !== id) return [];
    const sign = new pujin.Sign([row[5], row[4]], {
      renderer, shape: row[2], colour: "#22303c", number: String(type.number), shift: [0, 0], weight: 2, radius: radius(),
    });
    sign.bindTooltip(() => pujin.facilityTip(data, i), { direction: "top", sticky: true });
    sign.bindPopup(() => pujin.facilityCard(data, i), { maxWidth: 300, minWidth: 200 });
    return [sign];
  }));
  made.resize = () => {
    for (const sign of made.layers()) sign.setRadius(radius());
  };
  return made;
};
