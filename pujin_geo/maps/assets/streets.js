"use strict";
// Stretches of street: the network's edges once, and parts of them by share of their length.

pujin.uint32 = function (text) {
  const view = new DataView(pujin.bytes(text).buffer);
  return Array.from({ length: view.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true));
};

// The piece of a line of [latitude, longitude] between two shares of its length.
pujin.cut = function (line, from, to) {
  const shrink = Math.cos((line[0][0] * Math.PI) / 180);
  const steps = line.slice(1).map((point, i) => Math.hypot(point[0] - line[i][0], (point[1] - line[i][1]) * shrink));
  const total = steps.reduce((sum, step) => sum + step, 0);
  const between = (a, b, t) => [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  const piece = [];
  let walked = 0;
  steps.forEach((step, i) => {
    const start = Math.max((from * total - walked) / step, 0);
    const end = Math.min((to * total - walked) / step, 1);
    if (step > 0 && start <= 1 && end >= 0 && start <= end) {
      if (!piece.length) piece.push(between(line[i], line[i + 1], start));
      piece.push(between(line[i], line[i + 1], end));
    }
    walked += step;
  });
  return piece;
};

// Packed stretches → lines, given the edges' lines.
pujin.stretches = function (lines, packed) {
  const bits = pujin.bytes(packed.whole);
  const whole = lines.filter((_, i) => bits[i >> 3] & (1 << (i & 7)));
  const [from, to] = [pujin.uint16(packed.from), pujin.uint16(packed.to)];
  const parts = pujin.uint32(packed.edge).map((edge, i) => pujin.cut(lines[edge], from[i] / 65535, to[i] / 65535));
  return [...whole, ...parts.filter((part) => part.length > 1)];
};

// A canvas below labels and signs on which areas or streets are laid, and that takes no clicks.
pujin.underlay = function (map, name, zIndex) {
  const pane = map.createPane(name);
  pane.style.zIndex = zIndex;
  pane.style.pointerEvents = "none";
  return { pane: name, renderer: L.canvas({ pane: name, padding: 0.3 }), interactive: false };
};

// Width that grows with the zoom, as the background's streets do.
pujin.widening = function (map, lines, width) {
  const widen = () => {
    const factor = Math.min(Math.max(2 ** ((map.getZoom() - 14) * 0.5), 0.5), 3);
    for (const line of lines()) line.setStyle({ weight: width * factor });
  };
  map.on("zoomend", widen);
  return widen;
};

// Layers made anew for each choice, "" at first: `make` returns them, `after` runs once they are drawn.
pujin.perChoice = function (map, shown, make, after = () => {}) {
  let id = "";
  let layers = [];
  const draw = () => {
    for (const layer of layers) layer.remove();
    layers = shown ? make(id) : [];
    for (const layer of layers) layer.addTo(map);
    after();
  };
  return {
    layers: () => layers,
    choose(wanted) {
      id = wanted;
      draw();
    },
    setShown(wanted) {
      shown = wanted;
      draw();
    },
  };
};
