"use strict";
// Names upon the map: above points and signs, with a halo, each where it fits, the most important first.

// Zoom from which a kind of name is shown, and its size in pixels (labels.css draws it so).
pujin.NAMES = { circle: [0, 15], committee: [12.5, 12], water: [12.5, 12], street: [14.75, 11], green: [15, 11] };
pujin.WIDEST_NAME = 160;

pujin.overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

// `kinds` may change the zoom of some kinds. The result is kept as `map.names`: `avoid` takes a function that
// returns signs which names must not cover; `arrange` is to be called when these change between two zooms.
pujin.labels = function (map, labels, kinds = {}) {
  const pane = map.createPane("pj-labels");
  pane.style.zIndex = 460;  // above signs and dots, below markers that are dragged, tips and cards
  pane.style.pointerEvents = "none";
  const ruler = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const names = labels.map(([text, lon, lat, kind]) => {
    const [zoom, size] = pujin.NAMES[kind];
    const span = pujin.element("span", "", text);
    span.dir = "auto";
    const icon = L.divIcon({ html: span, className: `pj-label pj-label-${kind}`, iconSize: null });
    const options = { icon, pane: "pj-labels", interactive: false, keyboard: false };
    ruler.font = `600 ${size}px ${family}`;
    const half = Math.min(ruler.measureText(text).width, pujin.WIDEST_NAME) / 2;
    return { marker: L.marker([lat, lon], options), span, from: kinds[kind] ?? zoom, half, high: 0.62 * size };
  });
  const signs = [];
  // Beside its point if something stands there: above, below, or a line further.
  const places = (high) => [0, -2.2, 2.2, -3.6, 3.6].map((steps) => Math.round(steps * high));
  const arrange = () => {
    const zoom = map.getZoom();
    const view = map.getBounds().pad(0.1);
    const apart = Math.min(Math.max(16 - 8 * (zoom - 13), 3), 16);  // few names while the whole is in view
    const blocked = signs.flatMap((find) => find()).map((sign) => {
      const [dx, dy] = sign.options.shift || [0, 0];
      const { x, y } = map.latLngToLayerPoint(sign.getLatLng());
      const r = sign.getRadius() + 1;
      return [x + dx - r, y + dy - r, x + dx + r, y + dy + r];
    });
    const taken = [];
    for (const { marker, span, from, half, high } of names) {
      const at = map.latLngToLayerPoint(marker.getLatLng());
      const box = (dy, margin) => [at.x - half - margin, at.y + dy - high - margin, at.x + half + margin, at.y + dy + high + margin];
      const isFree = (dy) => !blocked.some((other) => pujin.overlap(box(dy, 0), other)) && !taken.some((other) => pujin.overlap(box(dy, apart), other));
      const wanted = zoom >= from && view.contains(marker.getLatLng());
      const place = wanted ? places(high).find(isFree) : undefined;
      if (place === undefined) {
        marker.remove();
        continue;
      }
      taken.push(box(place, 0));
      span.style.top = `${place}px`;
      marker.addTo(map);
    }
  };
  map.on("moveend", arrange);
  arrange();
  map.names = {
    arrange,
    avoid(find) {
      signs.push(find);
      arrange();
    },
  };
};
