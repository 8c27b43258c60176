"use strict";
// Facilities numbered by type, shape by status; demand points coloured by what they reach.

pujin.SHAPES = {
  existing: (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
  under_construction: (c, x, y, r) => pujin.polygon(c, [[x, y - 1.25 * r], [x + 1.2 * r, y + 0.9 * r], [x - 1.2 * r, y + 0.9 * r]]),
  planned: (c, x, y, r) => pujin.polygon(c, [[x, y - 1.25 * r], [x + 1.25 * r, y], [x, y + 1.25 * r], [x - 1.25 * r, y]]),
  closed: (c, x, y, r) => {
    c.moveTo(x - r, y - r);
    c.lineTo(x + r, y + r);
    c.moveTo(x + r, y - r);
    c.lineTo(x - r, y + r);
  },
};

pujin.polygon = function (c, points) {
  points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.closePath();
};

// A marker on canvas with a shape, a number, and a shift in pixels where several functions share a place.
pujin.Sign = L.CircleMarker.extend({
  _project() {
    L.CircleMarker.prototype._project.call(this);
    const [dx, dy] = this.options.shift;
    this._point = this._point.add([dx, dy]);
    this._updateBounds();
  },
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    const { shape, colour, number } = this.options;
    const c = renderer._ctx;
    const { x, y } = this._point;
    const r = this._radius;
    const hollow = shape === "planned";
    c.beginPath();
    pujin.SHAPES[shape](c, x, y, r);
    c.lineWidth = (shape === "closed" ? 3.6 : 3) * (r < 6 ? 0.75 : 1);
    c.strokeStyle = "#ffffff";
    c.stroke();
    c.lineWidth = shape === "closed" ? 2 : 1.2;
    c.strokeStyle = colour;
    c.stroke();
    if (shape === "closed") return;
    c.fillStyle = hollow ? "#ffffff" : colour;
    c.fill();
    if (r < 6) return;
    c.fillStyle = hollow ? colour : "#ffffff";
    c.font = `600 ${Math.round(r * 1.15)}px Arial, sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(number, x, y + 0.5 + (shape === "under_construction" ? 0.15 * r : 0));
  },
});

// Functions at one place stand around it in a ring: pixels by position and number of functions.
pujin.shifts = function (count, radius) {
  if (count === 1) return [[0, 0]];
  const ring = Math.max(radius * 1.05, (count * radius * 2.2) / (2 * Math.PI));
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return [ring * Math.cos(angle), ring * Math.sin(angle)];
  });
};

pujin.suitability = function (map) {
  const data = pujin.data();
  pujin.start(map, data);
  const renderer = L.canvas({ padding: 0.3, tolerance: 3 });
  const demand = pujin.demandPoints(map, data, renderer);
  const facilities = pujin.facilities(map, data, renderer);
  pujin.choice(demand, facilities);
  pujin.filters(facilities);
  document.getElementById("pj-demand").addEventListener("change", (event) => demand.setShown(event.target.checked));
  document.getElementById("pj-facilities").addEventListener("change", (event) => facilities.setShown(event.target.checked));
  pujin.search(map, data, facilities);
  const resize = () => {
    demand.resize();
    facilities.resize();
  };
  map.on("zoomend", resize);
  resize();
  map.pujin = { data, demand, facilities };
};

// Many points are drawn smaller while the whole is in view.
pujin.crowding = (count) => Math.min(Math.max(Math.sqrt(900 / count), 0.6), 1);

pujin.demandPoints = function (map, data, renderer) {
  const { demand, types } = data;
  const walks = Object.fromEntries(Object.entries(demand.walks).map(([id, packed]) => [id, pujin.uint16(packed)]));
  const judged = types.filter((type) => type.judged);
  const basic = judged.filter((type) => type.basic);
  const typical = Math.max(demand.people.reduce((sum, n) => sum + n, 0) / Math.max(demand.people.length, 1), 1);
  const share = (i) => {
    const letters = basic.map((type) => demand.verdicts[type.id][i]).filter((letter) => letter !== "-");
    return letters.length ? letters.filter((letter) => letter === "m").length / letters.length : null;
  };
  const points = demand.lon.map((lon, i) => {
    const point = L.circleMarker([demand.lat[i], lon], { renderer, stroke: false, fill: true });
    point.bindTooltip(() => pujin.demandTip(data, i), { direction: "top", sticky: true });
    point.bindPopup(() => pujin.demandCard(data, judged, walks, i), { maxWidth: 300, minWidth: 200 });
    return point.addTo(map);
  });
  const hollow = (color, weight) => ({ stroke: true, color, weight, fillColor: "#ffffff", fillOpacity: 0.85 });
  const full = (fillColor) => ({ stroke: true, color: "#ffffff", weight: 0.7, fillColor, fillOpacity: 0.9 });
  const none = hollow(data.verdictColours.none, 1.4);
  const byShare = (i) => {
    const value = share(i);
    return value === null ? none : full(data.classes.find(([bound]) => value >= bound)[1]);
  };
  const byVerdict = (id) => (i) => ({
    m: full(data.verdictColours.met),
    n: full(data.verdictColours.not_met),
    u: hollow(data.verdictColours.unknown, 2.4),
    "-": none,
  })[demand.verdicts[id][i]];
  return {
    points,
    setShown(wanted) {
      for (const point of points) point[wanted ? "addTo" : "removeFrom"](map);
      if (wanted) for (const point of points) point.bringToBack();
    },
    colour(id) {
      const style = id ? byVerdict(id) : byShare;
      points.forEach((point, i) => point.setStyle(style(i)));
    },
    resize() {
      const factor = Math.min(Math.max(2 ** ((map.getZoom() - 14) * 0.5), 0.55 * pujin.crowding(points.length)), 2.4);
      points.forEach((point, i) => {
        point.setRadius(Math.min(Math.max(4.2 * Math.sqrt(demand.people[i] / typical), 2.4), 9) * factor);
      });
    },
  };
};

pujin.demandTip = function (data, i) {
  const tip = pujin.element("div");
  const name = pujin.element("b", "", data.demand.name[i] || data.text.noName);
  name.dir = "auto";
  tip.append(name, pujin.element("div", "", `${data.text.people} ${data.demand.people[i].toLocaleString("en-US")}`));
  return tip;
};

pujin.demandCard = function (data, judged, walks, i) {
  const { demand, text } = data;
  const card = pujin.element("div", "pj-card");
  const title = pujin.element("h3", "", demand.name[i] || text.noName);
  title.dir = "auto";
  card.append(title);
  const committee = demand.committee[i] ? ` · ${text.committee} ${demand.committee[i]}` : "";
  card.append(pujin.element("p", "", `${text.people} ${demand.people[i].toLocaleString("en-US")}${committee}`));
  if (!demand.inside[i]) {
    card.append(pujin.element("p", "", text.outside));
    return card;
  }
  const words = { m: [text.met, "pj-met"], n: [text.notMet, "pj-not_met"], u: [text.unknown, "pj-unknown"] };
  const rows = judged.filter((type) => demand.verdicts[type.id][i] !== "-");
  const basic = rows.filter((type) => type.basic);
  const met = basic.filter((type) => demand.verdicts[type.id][i] === "m");
  if (basic.length) card.append(pujin.element("p", "", `${text.reached}: ${met.length}${text.of}${basic.length}`));
  const table = pujin.element("table");
  for (const type of rows) {
    const [word, className] = words[demand.verdicts[type.id][i]];
    const walk = walks[type.id][i];
    const row = table.insertRow();
    row.insertCell().textContent = `${type.number} ${type.name}`;
    row.insertCell().append(pujin.element("span", className, word));
    row.insertCell().textContent = walk === 65535 ? text.noPath : `${walk.toLocaleString("en-US")} ${text.metres}`;
  }
  card.append(table);
  return card;
};

pujin.facilities = function (map, data, renderer) {
  const { functions, types } = data;
  const hiddenTypes = new Set();
  const hiddenStatuses = new Set();
  let only = null;
  let shown = true;
  const places = new Map();
  functions.forEach((row, i) => {
    const key = `${row[4]},${row[5]}`;
    places.set(key, [...(places.get(key) || []), i]);
  });
  const signs = functions.map((row, i) => {
    const type = types[row[1] - 1];
    const sign = new pujin.Sign([row[5], row[4]], {
      renderer, shape: row[2], colour: type.colour, number: String(type.number), shift: [0, 0], weight: 2,
    });
    sign.bindTooltip(() => pujin.facilityTip(data, i), { direction: "top", sticky: true });
    sign.bindPopup(() => pujin.facilityCard(data, i), { maxWidth: 300, minWidth: 200 });
    return sign;
  });
  const show = () => {
    functions.forEach((row, i) => {
      const other = only && types[row[1] - 1].id !== only;
      const wanted = shown && !other && !hiddenTypes.has(row[1]) && !hiddenStatuses.has(row[2]);
      if (wanted && !map.hasLayer(signs[i])) signs[i].addTo(map);
      if (!wanted) signs[i].remove();
    });
  };
  const smallest = 3 * pujin.crowding(functions.length);
  const radius = () => Math.min(Math.max(3 + (map.getZoom() - 13) * 1.9, smallest), 9);
  show();
  return {
    signs,
    show,
    setType(number, wanted) {
      hiddenTypes[wanted ? "delete" : "add"](number);
      show();
    },
    setStatus(status, wanted) {
      hiddenStatuses[wanted ? "delete" : "add"](status);
      show();
    },
    setShown(wanted) {
      shown = wanted;
      show();
    },
    setOnly(id) {
      only = id || null;
      show();
    },
    resize() {
      const r = radius();
      for (const members of places.values()) {
        const shifts = pujin.shifts(members.length, r);
        members.forEach((i, at) => {
          signs[i].options.shift = shifts[at];
          signs[i].setRadius(r);
          if (map.hasLayer(signs[i])) signs[i].redraw();
        });
      }
    },
  };
};

pujin.facilityTip = function (data, i) {
  const [, number, status, name] = data.functions[i];
  const tip = pujin.element("div");
  const title = pujin.element("b", "", name || data.text.noName);
  title.dir = "auto";
  tip.append(title, pujin.element("div", "", `${number} ${data.types[number - 1].name} · ${data.statuses[status]}`));
  return tip;
};

pujin.facilityCard = function (data, i) {
  const { text, functions, types, statuses } = data;
  const chosen = functions[i];
  const card = pujin.element("div", "pj-card");
  const title = pujin.element("h3", "", chosen[3] || text.noName);
  title.dir = "auto";
  card.append(title);
  const list = pujin.element("ul");
  for (const row of functions.filter((other) => other[0] === chosen[0])) {
    const item = pujin.element("li", "", `${row[1]} ${types[row[1] - 1].name} · ${statuses[row[2]]}`);
    const facts = [
      row[3] && row[3] !== chosen[3] ? row[3] : "",
      row[6] === null ? "" : `${text.area} ${row[6].toLocaleString("en-US")} ${text.squareMetres}`,
      row[7] === null ? "" : `${text.capacity} ${row[7].toLocaleString("en-US")}`,
      row[8] ? `${text.source}: ${row[8]}` : "",
      row[9] ? `${text.note}: ${row[9]}` : "",
    ].filter(Boolean);
    for (const fact of facts) item.append(pujin.element("p", "", fact));
    list.append(item);
  }
  card.append(list);
  const others = data.sites[chosen[0]].others;
  if (others.length) {
    card.append(pujin.element("p", "", text.sameSite));
    const rest = pujin.element("ul");
    for (const [name, status] of others) rest.append(pujin.element("li", "", `${name} · ${statuses[status]}`));
    card.append(rest);
  }
  return card;
};

pujin.choice = function (demand, facilities) {
  const choice = document.getElementById("pj-choice");
  const apply = () => {
    const id = choice.value;
    demand.colour(id);
    facilities.setOnly(id);
    for (const figure of document.querySelectorAll("[data-figure]")) figure.hidden = figure.dataset.figure !== id;
    for (const legend of document.querySelectorAll("[data-legend]")) legend.hidden = (legend.dataset.legend === "verdict") !== Boolean(id);
  };
  choice.addEventListener("change", apply);
  apply();
};

pujin.filters = function (facilities) {
  for (const box of document.querySelectorAll("[data-type]")) {
    box.addEventListener("change", () => facilities.setType(Number(box.dataset.type), box.checked));
  }
  for (const box of document.querySelectorAll("[data-status]")) {
    box.addEventListener("change", () => facilities.setStatus(box.dataset.status, box.checked));
  }
  for (const button of document.querySelectorAll("[data-all]")) {
    button.addEventListener("click", () => {
      for (const box of document.querySelectorAll("[data-type]:enabled")) {
        box.checked = Boolean(button.dataset.all);
        facilities.setType(Number(box.dataset.type), box.checked);
      }
    });
  }
};

pujin.MOST_FOUND = 12;

pujin.search = function (map, data, facilities) {
  const box = document.getElementById("pj-search");
  const found = document.getElementById("pj-found");
  const open = (i) => {
    const row = data.functions[i];
    if (!map.hasLayer(facilities.signs[i])) facilities.signs[i].addTo(map);
    map.setView([row[5], row[4]], Math.max(map.getZoom(), 16), { animate: false });
    facilities.signs[i].openPopup();
  };
  const look = () => {
    const wanted = box.value.trim().toLowerCase();
    found.replaceChildren();
    if (!wanted) return;
    const hits = data.functions.map((row, i) => [row, i]).filter(([row]) => row[3].toLowerCase().includes(wanted));
    for (const [row, i] of hits.slice(0, pujin.MOST_FOUND)) {
      const button = pujin.element("button", "", `${row[3]} · ${data.types[row[1] - 1].name}`);
      button.type = "button";
      button.addEventListener("click", () => open(i));
      const item = pujin.element("li");
      item.append(button);
      found.append(item);
    }
    if (!hits.length) found.append(pujin.element("li", "pj-small", data.text.noMatch));
    if (hits.length > pujin.MOST_FOUND) found.append(pujin.element("li", "pj-small", data.text.more));
  };
  box.addEventListener("input", look);
  box.addEventListener("compositionend", look);
};
