"use strict";
// Signs of facilities: number and colour tell the type, shape the status; their tips, cards and search.

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
    const { shape, number } = this.options;
    const colour = this.options.plain || this.options.colour;
    const c = renderer._ctx;
    const { x, y } = this._point;
    const r = this._radius;
    const hollow = shape === "planned";
    c.globalAlpha = 1;  // Leaflet leaves that of what it drew before
    if (r < 1.5) {  // one of thousands
      c.fillStyle = colour;
      c.fillRect(x - r, y - r, 2 * r, 2 * r);
      return;
    }
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

// Many points are drawn smaller while the whole is in view.
pujin.crowding = (count) => Math.min(Math.max(Math.sqrt(900 / count), 0.6), 1);

pujin.typeWords = (data, type, status) => `${data.types[type - 1].number} ${data.types[type - 1].name} · ${data.statuses[status]}`;

pujin.facilityTip = function (data, i) {
  const [, number, status, name] = data.functions[i];
  const tip = pujin.element("div");
  const title = pujin.element("b", "", name || data.text.noName);
  title.dir = "auto";
  tip.append(title, pujin.element("div", "", pujin.typeWords(data, number, status)));
  return tip;
};

pujin.facilityCard = function (data, i) {
  const { text, functions, statuses } = data;
  const chosen = functions[i];
  const card = pujin.element("div", "pj-card");
  if (data.sites) card.dataset.source = `facilities?site_id=${encodeURIComponent(data.sites[chosen[0]].id)}`;
  const title = pujin.element("h3", "", chosen[3] || text.noName);
  title.dir = "auto";
  card.append(title);
  const list = pujin.element("ul");
  for (const row of functions.filter((other) => other[0] === chosen[0])) {
    const item = pujin.element("li", "", pujin.typeWords(data, row[1], row[2]));
    const facts = [
      row[3] && row[3] !== chosen[3] ? row[3] : "",
      row[6] === null ? "" : `${text.area} ${row[6].toLocaleString("en-US")} ${text.squareMetres}`,
      row[7] === null ? "" : `${text.capacity} ${row[7].toLocaleString("en-US")}`,
      data.remarks[row[8]] ? `${text.source}: ${data.remarks[row[8]]}` : "",
      data.remarks[row[9]] ? `${text.note}: ${data.remarks[row[9]]}` : "",
    ].filter(Boolean);
    for (const fact of facts) item.append(pujin.element("p", "", fact));
    list.append(item);
  }
  card.append(list);
  const others = data.sites ? data.sites[chosen[0]].others : [];  // on one suitability's map: of the others
  if (others.length) {
    card.append(pujin.element("p", "", text.sameSite));
    const rest = pujin.element("ul");
    for (const [name, status] of others) rest.append(pujin.element("li", "", `${name} · ${statuses[status]}`));
    card.append(rest);
  }
  return card;
};

pujin.MOST_FOUND = 12;

pujin.search = function (map, data, facilities) {
  const box = document.getElementById("pj-search");
  const found = document.getElementById("pj-found");
  const open = (i) => {
    const row = data.functions[i];
    pujin.makeRoom(map);
    map.setView([row[5], row[4]], Math.max(map.getZoom(), 17), { animate: false });
    if (!map.hasLayer(facilities.signs[i])) facilities.signs[i].addTo(map);
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
