"use strict";
// The map of one suitability: its facilities, and demand points coloured by what they reach.

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
    resize();
  };
  // Too many to tell apart while the whole is in view: small dots of one colour.
  const isCrowded = () => map.getZoom() < 14.5 && signs.filter((sign) => map.hasLayer(sign)).length > 150;
  const resize = () => {
    const plain = isCrowded() ? "#2b3540" : null;
    const r = plain ? 2 * pujin.crowding(functions.length) : Math.min(Math.max(4 + (map.getZoom() - 13) * 1.9, 4), 9);
    for (const members of places.values()) {
      const shifts = pujin.shifts(members.length, r);
      members.forEach((i, at) => {
        signs[i].options.shift = shifts[at];
        signs[i].options.plain = plain;
        signs[i].setRadius(r);
        if (map.hasLayer(signs[i])) signs[i].redraw();
      });
    }
  };
  show();
  return {
    signs,
    show,
    resize,
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
  };
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
