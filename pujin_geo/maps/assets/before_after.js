"use strict";
// Today on the left, everything under way open on the right; the two views move together.

pujin.beforeAfter = function (map) {
  document.body.classList.add("pj-two");
  const data = pujin.data();
  const after = { ...data, demand: { ...data.demand, ...data.after } };
  pujin.start(map, data);
  const other = pujin.secondMap(map, data);
  pujin.escape(other);
  pujin.together(map, other);
  pujin.caption(map, data.text.before);
  pujin.caption(other, data.text.later);
  const state = { id: "" };
  const sides = [[map, data, false], [other, after, true]].map(([one, its, isLater]) => {
    if (data.changedStreets) pujin.changedStreets(one, data.changedStreets[isLater ? 1 : 0], isLater);
    const renderer = L.canvas({ padding: 0.3, tolerance: 3 });
    const card = (i) => pujin.changeCard(data, state.id, i);
    const demand = pujin.demandPoints(one, its, renderer, card);
    return { map: one, demand, signs: pujin.openSigns(one, its, isLater, renderer), rings: isLater ? pujin.changeRings(one, data, demand) : null };
  });
  const choice = document.getElementById("pj-choice");
  const apply = () => {
    state.id = choice.value;
    for (const side of sides) {
      side.map.closePopup();
      side.demand.colour(state.id);
      side.signs.choose(state.id);
      if (side.rings) side.rings.choose(state.id);
    }
    for (const figure of document.querySelectorAll("[data-figure]")) figure.hidden = figure.dataset.figure !== state.id;
    for (const legend of document.querySelectorAll("[data-legend]")) legend.hidden = (legend.dataset.legend === "verdict") !== Boolean(state.id);
  };
  choice.addEventListener("change", apply);
  for (const side of sides) {
    const resize = () => {
      side.demand.resize();
      side.signs.resize();
      if (side.rings) side.rings.resize();
    };
    side.map.on("zoomend", resize);
    side.resize = resize;
  }
  apply();
  for (const side of sides) side.resize();
  map.pujin = { data, other, sides };
};

pujin.secondMap = function (map, data) {
  const { maxZoom, minZoom, zoomSnap } = map.options;
  const other = L.map("pj-after", { preferCanvas: true, zoomControl: false, attributionControl: false, maxZoom, minZoom, zoomSnap });
  other.setView(map.getCenter(), map.getZoom(), { animate: false });
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(other);
  pujin.northArrow(other, data.text.north, pujin.corners().north);
  const base = data.baseAfter || data.base;
  pujin.background(other, base);
  pujin.labels(other, base.labels);
  new ResizeObserver(() => {
    other.invalidateSize({ animate: false });
    other.setView(map.getCenter(), map.getZoom(), { animate: false });
  }).observe(other.getContainer());
  return other;
};

// A view that one map takes is the other's as well; `following` keeps them from answering each other.
// While one is dragged, the other's pane is only shifted: a view set anew would redraw it in every frame.
pujin.together = function (one, two) {
  let following = false;
  const follow = (leader, follower, take) => () => {
    if (following) return;
    following = true;
    take(leader, follower);
    following = false;
  };
  const shift = (leader, follower) => {
    if (leader.getZoom() !== follower.getZoom()) return;
    const at = follower.latLngToContainerPoint(leader.getCenter());
    follower._rawPanBy(at.subtract(follower.getSize().divideBy(2)).round());
  };
  const settle = (leader, follower) => follower.setView(leader.getCenter(), leader.getZoom(), { animate: false });
  for (const [leader, follower] of [[one, two], [two, one]]) {
    leader.on("move", follow(leader, follower, shift));
    leader.on("moveend zoomend", follow(leader, follower, settle));
  }
};

// Streets that only this side has, as lists of [latitude, longitude].
pujin.changedStreets = function (map, lines, isLater) {
  const under = pujin.underlay(map, "pj-changed-streets", 405);
  for (const line of lines) L.polyline(line, { ...under, color: isLater ? "#8a1c5a" : "#a5302c", weight: 4, opacity: 0.85, interactive: false }).addTo(map);
};

pujin.caption = function (map, words) {
  const control = L.control({ position: "bottomright" });
  control.onAdd = () => pujin.element("div", "pj-when", words);
  control.addTo(map);
};

// The facilities of the chosen type that are open on this side; without a type those open on this side only.
pujin.openSigns = function (map, data, isLater, renderer) {
  const radius = () => Math.min(Math.max(4.5 + (map.getZoom() - 13) * 1.6, 5), 9);
  let signs = [];
  return {
    signs: () => signs,
    choose(id) {
      for (const sign of signs) sign.remove();
      signs = [];
      data.functions.forEach((row, i) => {
        const type = data.types[row[1] - 1];
        const [before, later] = data.open[i];
        const changes = before !== later;
        if (!(isLater ? later : before) || (id ? type.id !== id : !changes)) return;
        const sign = new pujin.Sign([row[5], row[4]], {
          renderer, shape: row[2], colour: !changes ? "#22303c" : isLater ? "#8a1c5a" : "#a5302c", number: String(type.number), shift: [0, 0], weight: 2, radius: radius(),
        });
        sign.bindTooltip(() => pujin.facilityTip(data, i), { direction: "top", sticky: true });
        sign.bindPopup(() => pujin.projectCard(data, i), { maxWidth: 300, minWidth: 200 });
        signs.push(sign.addTo(map));
      });
    },
    resize() {
      for (const sign of signs) sign.setRadius(radius());
    },
  };
};

pujin.projectCard = function (data, i) {
  const card = pujin.facilityCard(data, i);
  const known = data.projects[i];
  if (known) {
    const row = data.functions[i];
    if (data.sites) card.dataset.source += ` projects?facility_id=${encodeURIComponent(`${data.sites[row[0]].id}/${data.types[row[1] - 1].id}`)}`;
    card.append(pujin.element("p", "pj-new", `${data.text.newlyServed} ${known[0]}`));
    card.append(pujin.element("p", "", `${data.text.within} ${known[1]}`));
  }
  return card;
};

// 1 where a point gains, -1 where it loses, 0 where nothing changes: one type, or the number of basic types met.
pujin.change = function (data, id, i) {
  const types = id ? [id] : data.types.filter((type) => type.basic && type.judged).map((type) => type.id);
  const met = (verdicts) => types.filter((type) => verdicts[type][i] === "m").length;
  return Math.sign(met(data.after.verdicts) - met(data.demand.verdicts));
};

pujin.changeRings = function (map, data, demand) {
  const over = pujin.underlay(map, "pj-rings", 410);
  let rings = [];
  const resize = () => {
    const weight = Math.min(Math.max(3 + (map.getZoom() - 14.5) * 1.1, 0.8), 3);
    for (const [ring, i] of rings) ring.setRadius(demand.points[i].getRadius() + 0.8 * weight).setStyle({ weight });
  };
  return {
    rings: () => rings,
    choose(id) {
      for (const [ring] of rings) ring.remove();
      rings = [];
      demand.points.forEach((point, i) => {
        const change = pujin.change(data, id, i);
        if (!change) return;
        const color = data.changeColours[change > 0 ? "gained" : "lost"];
        const ring = L.circleMarker(point.getLatLng(), { ...over, fill: false, color, weight: 3 });
        rings.push([ring.addTo(map), i, change]);
      });
      resize();
    },
    resize,
  };
};

pujin.changeCard = function (data, id, i) {
  const { demand, after, text } = data;
  const card = pujin.demandHead(data, i);
  if (!demand.inside[i]) return card;
  const words = { m: [text.met, "pj-met"], n: [text.notMet, "pj-not_met"], u: [text.unknown, "pj-unknown"], "-": [text.notJudged, ""] };
  const metres = (packed) => {
    const walk = pujin.uint16(packed)[i];
    return walk === 65535 ? text.noPath : `${walk.toLocaleString("en-US")} ${text.metres}`;
  };
  const isChanged = (type) => demand.verdicts[type.id][i] !== after.verdicts[type.id][i];
  const rows = data.types.filter((type) => type.judged && (id ? type.id === id : isChanged(type)));
  if (!rows.length) {
    card.append(pujin.element("p", "", text.unchanged));
    return card;
  }
  if (!id) card.append(pujin.element("p", "", text.changed));
  const table = pujin.element("table");
  const head = table.createTHead().insertRow();
  for (const word of ["", text.before, text.later]) head.append(pujin.element("th", "", word));
  for (const type of rows) {
    const line = table.insertRow(-1);
    line.insertCell().textContent = `${type.number} ${type.name}`;
    for (const side of [demand, after]) {
      const [word, className] = words[side.verdicts[type.id][i]];
      const cell = line.insertCell();
      cell.append(pujin.element("span", className, word));
      if (side.verdicts[type.id][i] !== "-") cell.append(pujin.element("div", "", metres(side.walks[type.id])));
    }
  }
  card.append(table);
  return card;
};
