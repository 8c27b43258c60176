"use strict";
// Every facility: colour by suitability, number by type, shape by status; near ones as one sign when far away.

pujin.CLUSTER_BELOW = 15.5;  // zoom from which every function has a sign of its own
pujin.CELL = 70;  // pixels
pujin.RING_BELOW = 17;  // zoom until which a site of many functions is one sign
pujin.RING = 4;  // functions

// One sign for several functions: their number in a ring of their suitabilities.
pujin.Cluster = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    const c = renderer._ctx;
    const { x, y } = this._point;
    const r = this._radius;
    const { slices, count } = this.options;
    c.globalAlpha = 1;
    c.beginPath();
    c.arc(x, y, r + 1.5, 0, 2 * Math.PI);
    c.fillStyle = "#ffffff";
    c.fill();
    let from = -Math.PI / 2;
    for (const [colour, number] of slices) {
      const to = from + (2 * Math.PI * number) / count;
      c.beginPath();
      c.arc(x, y, r - 2, from, to);
      c.lineWidth = 4;
      c.strokeStyle = colour;
      c.stroke();
      from = to;
    }
    c.fillStyle = "#22303c";
    c.font = `600 ${r > 14 ? 13 : 11}px Arial, sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(String(count), x, y + 0.5);
  },
});

pujin.allFacilities = function (map) {
  const data = pujin.data();
  pujin.start(map, data);
  const facilities = pujin.clustered(map, data);
  pujin.pick(data, facilities);
  pujin.search(map, data, facilities);
  map.pujin = { data, facilities };
};

// Which functions are wanted, and how they are drawn at this zoom.
pujin.clustered = function (map, data) {
  const { functions, types } = data;
  const renderer = L.canvas({ padding: 0.3, tolerance: 3 });
  const signs = functions.map((row, i) => {
    const type = types[row[1] - 1];
    const sign = new pujin.Sign([row[5], row[4]], {
      renderer, shape: row[2], colour: type.colour, number: String(type.number), shift: [0, 0], weight: 2,
    });
    sign.bindTooltip(() => pujin.facilityTip(data, i), { direction: "top", sticky: true });
    sign.bindPopup(() => pujin.facilityCard(data, i), { maxWidth: 320, minWidth: 200 });
    return sign;
  });
  let drawn = [];
  const hidden = { types: new Set(), statuses: new Set() };
  let circle = -1;
  const isWanted = (row) => !hidden.types.has(row[1]) && !hidden.statuses.has(row[2]) && (circle < 0 || row[10] === circle);
  const wanted = () => functions.map((_, i) => i).filter((i) => isWanted(functions[i]));
  const radius = () => Math.min(Math.max(5 + (map.getZoom() - 14) * 1.9, 5), 9);
  const ring = (members) => {
    const shifts = pujin.shifts(members.length, radius());
    members.forEach((i, at) => {
      signs[i].options.shift = shifts[at];
      signs[i].setRadius(radius());
      signs[i].addTo(map);
      drawn.push(signs[i]);
    });
  };
  const show = () => {
    const open = signs.find((sign) => sign.isPopupOpen());
    for (const layer of [...drawn, ...signs]) if (layer !== open) layer.remove();
    drawn = [];
    const zoom = map.getZoom();
    const far = zoom < pujin.CLUSTER_BELOW;
    const groups = new Map();
    for (const i of wanted()) {
      const row = functions[i];
      const at = map.project([row[5], row[4]], zoom);
      const key = far ? `${Math.floor(at.x / pujin.CELL)},${Math.floor(at.y / pujin.CELL)}` : `${row[4]},${row[5]}`;
      groups.set(key, [...(groups.get(key) || []), i]);
    }
    const clusters = [];
    for (const members of groups.values()) {
      const few = members.length <= (zoom < pujin.RING_BELOW ? pujin.RING : Infinity);
      if (members.length === 1 || (!far && few)) ring(members);
      else clusters.push(members);
    }
    for (const members of clusters) drawn.push(pujin.cluster(map, data, renderer, members).addTo(map));
    if (open && !drawn.includes(open) && !isWanted(functions[signs.indexOf(open)])) open.remove();
    pujin.shownWords(data, wanted().length);
    map.names.arrange();
  };
  map.on("zoomend", show);
  show();
  map.names.avoid(() => drawn);
  return {
    signs,
    drawn: () => drawn,
    wanted,
    setTypes(numbers, on) {
      for (const number of numbers) hidden.types[on ? "delete" : "add"](number);
      show();
    },
    setStatus(status, on) {
      hidden.statuses[on ? "delete" : "add"](status);
      show();
    },
    setCircle(number) {
      circle = number;
      show();
    },
  };
};

pujin.cluster = function (map, data, renderer, members) {
  const rows = members.map((i) => data.functions[i]);
  const middle = [5, 4].map((at) => rows.reduce((sum, row) => sum + row[at], 0) / rows.length);
  const number = (key) => rows.filter((row) => data.types[row[1] - 1].suitability === key).length;
  const counts = data.suitabilities.map(([key, name, colour]) => ({ name, colour, count: number(key) })).filter((one) => one.count);
  const sign = new pujin.Cluster(middle, {
    renderer, radius: Math.min(9 + 2.2 * Math.log2(rows.length), 24), weight: 3, count: rows.length,
    slices: counts.map((one) => [one.colour, one.count]), members,
  });
  sign.bindTooltip(() => {
    const tip = pujin.element("div");
    tip.append(pujin.element("b", "", `${rows.length} ${data.text.functions}`));
    for (const one of counts) tip.append(pujin.element("div", "", `${one.name} ${one.count}`));
    tip.append(pujin.element("div", "pj-small", data.text.near));
    return tip;
  }, { direction: "top", sticky: true });
  sign.on("click", () => {
    const bounds = L.latLngBounds(rows.map((row) => [row[5], row[4]]));
    const zoom = Math.max(map.getZoom() + 1, Math.min(map.getBoundsZoom(bounds.pad(0.2)), 17));
    map.setView(bounds.getCenter(), zoom);
  });
  return sign;
};

pujin.shownWords = function (data, count) {
  const { text, functions } = data;
  document.getElementById("pj-shown").textContent = `${text.shown} ${count} ${text.ofAll} ${functions.length} ${text.functions}`;
};

// Choosing by suitability, type, status and circle.
pujin.pick = function (data, facilities) {
  const numbers = (key) => data.types.map((type, i) => [type, i + 1]).filter(([type]) => type.suitability === key).map(([, n]) => n);
  const boxes = (key) => [...document.querySelectorAll(`[data-of="${key}"]:enabled`)];
  for (const whole of document.querySelectorAll("[data-suitability]")) {
    const key = whole.dataset.suitability;
    whole.addEventListener("change", () => {
      for (const box of boxes(key)) box.checked = whole.checked;
      whole.indeterminate = false;
      facilities.setTypes(numbers(key), whole.checked);
    });
    for (const box of boxes(key)) {
      box.addEventListener("change", () => {
        const on = boxes(key).filter((one) => one.checked).length;
        whole.checked = on > 0;
        whole.indeterminate = on > 0 && on < boxes(key).length;
        facilities.setTypes([data.types.findIndex((type) => type.id === box.dataset.type) + 1], box.checked);
      });
    }
  }
  for (const box of document.querySelectorAll("[data-status]")) {
    box.addEventListener("change", () => facilities.setStatus(box.dataset.status, box.checked));
  }
  const circle = document.getElementById("pj-circle");
  if (circle) circle.addEventListener("change", () => facilities.setCircle(data.circles.indexOf(circle.value)));
};
