"use strict";
// Demand points: area by people, colour by what they reach.

// A dot on canvas, stamped from a picture of its like: thousands of paths would be slow. A tiny one is a plain
// square, for thousands of white outlines would be a cloud.
pujin.Dot = L.CircleMarker.extend({
  _updatePath() {
    if (!this._renderer._drawing || this._empty()) return;
    const c = this._renderer._ctx;
    const { x, y } = this._point;
    const r = this._radius;
    c.globalAlpha = 1;
    if (r < 2) {
      c.fillStyle = this.options.fillColor === "#ffffff" ? this.options.color : this.options.fillColor;
      c.fillRect(x - r, y - r, 2 * r, 2 * r);
      return;
    }
    const half = Math.ceil(r + this.options.weight);
    c.drawImage(pujin.stamp(this.options, Math.round(4 * r) / 4, half), x - half, y - half, 2 * half, 2 * half);
  },
});

pujin.stamps = new Map();

pujin.stamp = function ({ fillColor, fillOpacity, color, weight }, r, half) {
  const key = [fillColor, fillOpacity, color, weight, r].join();
  if (!pujin.stamps.has(key)) {
    const sharp = window.devicePixelRatio > 1 ? 2 : 1;  // as Leaflet's canvas
    const stamp = pujin.element("canvas");
    stamp.width = stamp.height = 2 * half * sharp;
    const c = stamp.getContext("2d");
    c.scale(sharp, sharp);
    c.beginPath();
    c.arc(half, half, r, 0, 2 * Math.PI);
    c.fillStyle = fillColor;
    c.globalAlpha = fillOpacity;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = color;
    c.lineWidth = weight;
    c.stroke();
    pujin.stamps.set(key, stamp);
  }
  return pujin.stamps.get(key);
};

// `cardOf(i, walks, judged)` makes the card of a point; without it the table of all types.
pujin.demandPoints = function (map, data, renderer, cardOf) {
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
    const point = new pujin.Dot([demand.lat[i], lon], { renderer, stroke: false, fill: true });
    point.bindTooltip(() => pujin.demandTip(data, i), { direction: "top", sticky: true });
    point.bindPopup(() => (cardOf ? cardOf(i, walks, judged) : pujin.demandCard(data, judged, walks, i)), { maxWidth: 300, minWidth: 200 });
    return point.addTo(map);
  });
  const hollow = (color, weight) => ({ stroke: true, color, weight, fillColor: "#ffffff", fillOpacity: 0.85 });
  const full = (fillColor) => ({ stroke: true, color: "#ffffff", weight: 0.6, fillColor, fillOpacity: 0.9 });
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
    walks,
    hollow,
    full,
    none,
    byShare,
    setShown(wanted) {
      for (const point of points) point[wanted ? "addTo" : "removeFrom"](map);
      if (wanted) for (const point of points) point.bringToBack();
    },
    paint(styleOf) {
      points.forEach((point, i) => point.setStyle(styleOf(i)));
    },
    colour(id) {
      this.paint(id ? byVerdict(id) : byShare);
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

// Name, people and committee of a point; and whether it is judged at all.
pujin.demandHead = function (data, i) {
  const { demand, text } = data;
  const card = pujin.element("div", "pj-card");
  const rows = `?demand_id=${encodeURIComponent(demand.id[i])}`;
  card.dataset.source = (data.demandTables || ["residents", "distances"]).map((table) => table + rows).join(" ");
  const title = pujin.element("h3", "", demand.name[i] || text.noName);
  title.dir = "auto";
  card.append(title);
  const committee = demand.committee[i] ? ` · ${text.committee} ${demand.committee[i]}` : "";
  card.append(pujin.element("p", "", `${text.people} ${demand.people[i].toLocaleString("en-US")}${committee}`));
  if (!demand.inside[i]) card.append(pujin.element("p", "", text.outside));
  return card;
};

pujin.demandCard = function (data, judged, walks, i) {
  const { demand, text } = data;
  const card = pujin.demandHead(data, i);
  if (!demand.inside[i]) return card;
  const words = { m: [text.met, "pj-met"], n: [text.notMet, "pj-not_met"], u: [text.unknown, "pj-unknown"] };
  const rows = judged.filter((type) => demand.verdicts[type.id][i] !== "-");
  const basic = rows.filter((type) => type.basic);
  const met = basic.filter((type) => demand.verdicts[type.id][i] === "m");
  if (basic.length) card.append(pujin.element("p", "", `${text.reached}: ${met.length}${text.of}${basic.length}`));
  const table = pujin.element("table", "pj-walks");
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
