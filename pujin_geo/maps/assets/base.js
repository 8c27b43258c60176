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

// In drawing order: layer, colour, width at zoom 14 in pixels, further options. Streets have a casing.
pujin.LINES = [
  ["extent", "#777777", 1.2, { dashArray: "2 5" }],
  ["no_walk", "#a9a4b0", 2.2, {}],
  ["path", "#b59a77", 0.9, { opacity: 0.8 }],
  ["local", "#c9c2b8", 2.6, {}],
  ["main", "#b9ab95", 4.8, {}],
  ["local", "#ffffff", 1.6, {}],
  ["main", "#fff6dc", 3.4, {}],
  ["future", "#c06c00", 1.8, { dashArray: "6 5" }],
  ["barriers", "#8d6e63", 0.8, { opacity: 0.55 }],
  ["committees", "#8b83a6", 1.0, { dashArray: "7 4" }],
  ["boundary", "#5a4a8a", 2.4, {}],
];
pujin.AREAS = [["residential_land", "#e9e0d2"], ["green", "#cfe0bd"], ["water", "#b8d4e3"]];

pujin.background = function (map, base) {
  const pane = map.createPane("pj-base");
  pane.style.zIndex = 250;
  pane.style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "pj-base", padding: 0.3 });
  const fixed = { renderer, pane: "pj-base", interactive: false, smoothFactor: 1 };
  const parts = {};
  for (const [name, packed] of Object.entries(base.layers)) parts[name] = pujin.unpack(packed, base.grid);
  for (const [name, fillColor] of pujin.AREAS) {
    if (parts[name].length) {
      L.polygon(parts[name], { ...fixed, stroke: false, fillColor, fillOpacity: 1, fillRule: "evenodd" }).addTo(map);
    }
  }
  const drawn = [];
  for (const [name, color, width, options] of pujin.LINES) {
    if (!parts[name].length) continue;
    drawn.push([L.polyline(parts[name], { ...fixed, color, weight: width, ...options }).addTo(map), width]);
  }
  pujin.shade(map, parts.boundary, fixed);
  const widen = () => {
    const factor = Math.min(Math.max(2 ** ((map.getZoom() - 14) * 0.55), 0.35), 4);
    for (const [line, width] of drawn) line.setStyle({ weight: Math.max(width * factor, 0.5) });
  };
  map.on("zoomend", widen);
  widen();
};

// Pale veil over what lies outside the boundary.
pujin.shade = function (map, rings, fixed) {
  if (!rings.length) return;
  const everywhere = [[-85, -180], [85, -180], [85, 180], [-85, 180]];
  L.polygon([everywhere, ...rings], { ...fixed, stroke: false, fillColor: "#ffffff", fillOpacity: 0.45, fillRule: "evenodd" }).addTo(map);
};

pujin.LABEL_ZOOM = { committee: 13, water: 13, green: 15, street: 14.5 };

// Names, most important first; one that would overlap an earlier one is left out at this zoom.
pujin.labels = function (map, labels) {
  const pane = map.createPane("pj-labels");
  pane.style.zIndex = 350;  // below facilities and demand points
  pane.style.pointerEvents = "none";
  const markers = labels.map(([text, lon, lat, kind]) => {
    const span = pujin.element("span", "", text);
    span.dir = "auto";
    const icon = L.divIcon({ html: span, className: `pj-label pj-label-${kind}`, iconSize: null });
    const options = { icon, pane: "pj-labels", interactive: false, keyboard: false };
    return { marker: L.marker([lat, lon], options), kind, width: Math.min(14 * text.length, 160) };
  });
  const arrange = () => {
    const taken = [];
    const view = map.getBounds().pad(0.1);
    for (const { marker, kind, width } of markers) {
      const at = map.latLngToLayerPoint(marker.getLatLng());
      const box = [at.x - width / 2 - 6, at.y - 10, at.x + width / 2 + 6, at.y + 10];
      const wanted = map.getZoom() >= pujin.LABEL_ZOOM[kind] && view.contains(marker.getLatLng());
      const free = taken.every((other) => box[0] > other[2] || box[2] < other[0] || box[1] > other[3] || box[3] < other[1]);
      if (wanted && free) {
        taken.push(box);
        marker.addTo(map);
      } else {
        marker.remove();
      }
    }
  };
  map.on("moveend", arrange);
  arrange();
};

pujin.northArrow = function (map, letter) {
  const control = L.control({ position: "topright" });
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

// Escape closes a card wherever the focus is: Leaflet itself listens on the map only.
pujin.escape = function (map) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") map.closePopup();
  });
};

pujin.start = function (map, data) {
  pujin.escape(map);
  const details = document.getElementById("pj-details");
  const narrow = window.matchMedia("(max-width: 760px)");
  const fold = () => { details.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
  L.control.zoom({ zoomInTitle: data.text.zoomIn, zoomOutTitle: data.text.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
  pujin.northArrow(map, data.text.north);
  pujin.firstView(map, data.view);
  pujin.background(map, data.base);
  pujin.labels(map, data.base.labels);
};
