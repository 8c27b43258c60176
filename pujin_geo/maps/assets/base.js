"use strict";
// The background that every map shares. Text from the data only ever meets the page as textContent.
const pujin = {};

pujin.data = () => JSON.parse(document.getElementById("pj-data").textContent);

pujin.bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

pujin.uint16 = function (text) {
  const view = new DataView(pujin.bytes(text).buffer);
  return Array.from({ length: view.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
};

// Packed lines or rings → lists of [latitude, longitude].
pujin.unpack = function (packed, grid) {
  const counts = new DataView(pujin.bytes(packed.counts).buffer);
  const steps = pujin.uint16(packed.xy);
  const parts = [];
  for (let i = 0, at = 0; i < counts.byteLength / 4; i++) {
    const part = [];
    for (let n = counts.getUint32(4 * i, true); n > 0; n--, at += 2) {
      part.push([grid.south + steps[at + 1] * grid.latStep, grid.west + steps[at] * grid.lonStep]);
    }
    parts.push(part);
  }
  return parts;
};

pujin.element = function (tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

// In drawing order: layer, part of its look, width at zoom 14 in pixels, further options. Streets have a casing.
pujin.LINES = [
  ["extent", "line", 1.2, { dashArray: "2 5" }],
  ["no_walk", "line", 2.2, {}],
  ["path", "line", 0.9, {}],
  ["local", "casing", 2.6, {}],
  ["main", "casing", 4.8, {}],
  ["local", "fill", 1.6, {}],
  ["main", "fill", 3.4, {}],
  ["future", "line", 1.8, { dashArray: "6 5" }],
  ["barriers", "line", 0.8, { opacity: 0.55 }],
  ["committees", "line", 1.0, { dashArray: "7 4" }],
  ["boundary", "line", 2.4, {}],
];
pujin.AREAS = ["residential_land", "green", "water"];
pujin.FINE = ["path", "local", "barriers", "committees"];  // pale while the whole is in view

// An area whose rings are closed by a line: Chromium measures the whole path at every closePath.
pujin.Area = L.Polygon.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || !this._parts.length) return;
    const c = renderer._ctx;
    c.beginPath();
    for (const ring of this._parts) {
      ring.forEach(({ x, y }, i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
      if (ring.length) c.lineTo(ring[0].x, ring[0].y);
    }
    renderer._fillStroke(c, this);
  },
});

// A line drawn once more in another look: its places on the map are worked out only once.
pujin.Again = L.Polyline.extend({
  initialize(line, options) {
    L.Polyline.prototype.initialize.call(this, [], options);
    this._line = line;
  },
  _project() {},
  _update() {
    this._parts = this._line._parts;
    this._pxBounds = this._line._pxBounds;
    this._updatePath();
  },
});

pujin.background = function (map, base) {
  const pane = map.createPane("pj-base");
  pane.style.zIndex = 250;
  pane.style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "pj-base", padding: 0.3 });
  const fixed = { renderer, pane: "pj-base", interactive: false, smoothFactor: 1 };
  const parts = {};
  for (const [name, packed] of Object.entries(base.layers)) parts[name] = pujin.unpack(packed, base.grid);
  for (const name of pujin.AREAS) {
    if (parts[name].length) {
      new pujin.Area(parts[name], { ...fixed, stroke: false, fillColor: base.colours[name].fill, fillOpacity: 1, fillRule: "evenodd" }).addTo(map);
    }
  }
  const drawn = [];
  for (const [name, part, width, options] of pujin.LINES) {
    if (!parts[name].length) continue;
    const look = { ...fixed, color: base.colours[name][part], weight: width, ...options };
    const before = drawn.find((one) => one[1] === name);
    const line = before ? new pujin.Again(before[0], look) : L.polyline(parts[name], look);
    drawn.push([line.addTo(map), name, width, options.opacity || 1]);
  }
  pujin.shade(map, parts.boundary, fixed);
  const widen = () => {
    const factor = Math.min(Math.max(2 ** ((map.getZoom() - 14) * 0.55), 0.35), 4);
    const pale = Math.min(Math.max(0.5 + 0.35 * (map.getZoom() - 13), 0.4), 1);
    for (const [line, name, width, opacity] of drawn) {
      line.setStyle({ weight: Math.max(width * factor, 0.5), opacity: opacity * (pujin.FINE.includes(name) ? pale : 1) });
    }
  };
  map.on("zoomend", widen);
  widen();
};

// Pale veil over what lies outside the boundary.
pujin.shade = function (map, rings, fixed) {
  if (!rings.length) return;
  const everywhere = [[-85, -180], [85, -180], [85, 180], [-85, 180]];
  new pujin.Area([everywhere, ...rings], { ...fixed, stroke: false, fillColor: "#ffffff", fillOpacity: 0.45, fillRule: "evenodd" }).addTo(map);
};

pujin.northArrow = function (map, letter, position = "topright") {
  const control = L.control({ position });
  control.onAdd = () => {
    const holder = pujin.element("div", "pj-north");
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 34 44");
    svg.setAttribute("role", "img");
    for (const [path, fill] of [["M17 14 26 42 17 36z", "#22303c"], ["M17 14 8 42 17 36z", "#ffffff"]]) {
      const half = document.createElementNS(space, "path");
      half.setAttribute("d", path);
      half.setAttribute("fill", fill);
      half.setAttribute("stroke", "#22303c");
      svg.append(half);
    }
    const text = document.createElementNS(space, "text");
    text.setAttribute("x", "17");
    text.setAttribute("y", "11");
    text.setAttribute("text-anchor", "middle");
    text.setAttribute("font-size", "12");
    text.setAttribute("font-weight", "700");
    text.textContent = letter;
    svg.append(text);
    holder.append(svg);
    return holder;
  };
  control.addTo(map);
};

// Shows the first view once the map has a size: a notebook's frame starts with none.
pujin.firstView = function (map, bounds) {
  let shown = false;
  const show = () => {
    map.invalidateSize({ animate: false });
    const size = map.getSize();
    if (!shown && size.x > 0 && size.y > 0) {
      shown = true;
      map.fitBounds(bounds, { animate: false, padding: [12, 12] });
    }
  };
  new ResizeObserver(show).observe(map.getContainer());
  show();
};
