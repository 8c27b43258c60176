"use strict";
// Living circles: polygons, hubs, and the streets within minutes of the hubs, or of the chosen circle's hub.

pujin.SHAPES.hub = function (c, x, y, r) {
  const points = Array.from({ length: 10 }, (_, i) => {
    const angle = (Math.PI * i) / 5 - Math.PI / 2;
    const length = i % 2 ? 0.55 * r : 1.35 * r;
    return [x + length * Math.cos(angle), y + length * Math.sin(angle)];
  });
  pujin.polygon(c, points);
};

pujin.circles = function (map) {
  const data = pujin.data();
  pujin.start(map, data, { committee: 14, water: 13 });  // the circles' ids come first
  const reach = pujin.minutesReach(map, data);
  const renderer = L.canvas({ padding: 0.3, tolerance: 3 });
  const polygons = data.circles.map((circle) => pujin.circlePolygon(map, data, circle, renderer));
  const hubs = pujin.hubSigns(map, data, renderer);
  const choice = document.getElementById("pj-choice");
  const choose = (id) => {
    choice.value = id;
    reach.choose(id);
    data.circles.forEach((circle, i) => polygons[i].setStyle({ weight: circle.id === id ? 4 : 1.6, fillOpacity: !id || circle.id === id ? 0.42 : 0.12 }));
  };
  const show = () => {
    const i = data.circles.findIndex((circle) => circle.id === choice.value);
    choose(choice.value);
    if (i < 0) {
      map.closePopup();
      map.fitBounds(data.view, { animate: false });
      return;
    }
    const bounds = polygons[i].getBounds();
    if (!bounds.isValid()) return;  // it lies beyond the drawn area
    pujin.openAbove(map, polygons[i], bounds);
  };
  choice.addEventListener("change", show);
  pujin.slides(choice, show);
  polygons.forEach((polygon, i) => polygon.on("click", () => choose(data.circles[i].id)));
  hubs.signs.forEach((sign, i) => sign.on("click", () => choose(data.hubs[i][0])));
  for (const [id, layer] of [["pj-reach", reach], ["pj-hubs", hubs]]) {
    const box = document.getElementById(id);
    box.addEventListener("change", () => layer.setShown(box.checked));
  }
  choose("");
  map.names.avoid(() => hubs.signs);
  map.pujin = { data, polygons, hubs, reach, choose };
};

// One circle after the other by buttons, or by the keys that a presenter's remote sends.
pujin.slides = function (choice, show) {
  const turn = (steps) => {
    choice.selectedIndex = (choice.selectedIndex + steps + choice.length) % choice.length;
    show();
  };
  for (const button of document.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => turn(Number(button.dataset.turn)));
  }
  document.addEventListener("keydown", (event) => {
    const steps = { PageDown: 1, PageUp: -1 }[event.key];
    if (!steps || event.target === choice) return;
    event.preventDefault();
    turn(steps);
  });
};

pujin.circlePolygon = function (map, data, circle, renderer) {
  const rings = pujin.unpack(circle.rings, data.base.grid);
  const polygon = new pujin.Area(rings, { renderer, color: "#4a3f6b", weight: 1.6, fillColor: circle.colour, fillOpacity: 0.42, fillRule: "evenodd" });
  const name = () => {
    const tip = pujin.element("b", "", circle.name);
    tip.dir = "auto";
    return tip;
  };
  polygon.bindTooltip(name, { direction: "top", sticky: true });
  polygon.bindPopup(() => pujin.circleCard(data, circle), { maxWidth: 340, minWidth: 240 });
  return polygon.addTo(map);
};

// Drawn twice: one sign takes the clicks below the bands of minutes, its likeness is seen above them.
pujin.hubSigns = function (map, data, renderer) {
  const above = pujin.underlay(map, "pj-hubs", 440);
  const look = { shape: "hub", colour: "#b3261e", number: "", shift: [0, 0], weight: 2, radius: 9 };
  const lookOf = (proposed) => ({ ...look, colour: proposed ? "#c98f1b" : look.colour });
  const likenesses = data.hubs.map(([, , lon, lat, proposed]) => new pujin.Sign([lat, lon], { ...lookOf(proposed), ...above }).addTo(map));
  const signs = data.hubs.map(([circleId, name, lon, lat, proposed]) => {
    const sign = new pujin.Sign([lat, lon], { ...lookOf(proposed), renderer });
    const circle = data.circles.find((one) => one.id === circleId);
    sign.bindTooltip(() => {
      const tip = pujin.element("div");
      const title = pujin.element("b", "", name || data.text.noName);
      title.dir = "auto";
      tip.append(title, pujin.element("div", "", `${circle.id} ${proposed ? data.text.proposed : data.text.hub}`));
      return tip;
    }, { direction: "top", sticky: true });
    sign.bindPopup(() => pujin.circleCard(data, circle), { maxWidth: 340, minWidth: 240 });
    return sign.addTo(map);
  });
  return {
    signs,
    setShown(wanted) {
      for (const sign of [...signs, ...likenesses]) sign[wanted ? "addTo" : "removeFrom"](map);
    },
  };
};

// Over the polygons, so that bands of minutes keep their colours.
pujin.minutesReach = function (map, data) {
  const lines = pujin.unpack(data.edges.lines, data.edges.grid);
  const over = pujin.underlay(map, "pj-minutes", 420);
  const colours = Object.fromEntries(data.minutes.map(([minutes, colour]) => [minutes, colour]));
  const make = (id) => (data.reach[id] || []).map(([minutes, packed]) =>
    L.polyline(pujin.stretches(lines, packed), { ...over, color: colours[minutes], opacity: 0.95, smoothFactor: 0.5, minutes }));
  const widen = pujin.widening(map, () => made.layers(), 2.3);
  const made = pujin.perChoice(map, true, make, widen);
  made.choose("");
  return made;
};

pujin.circleCard = function (data, circle) {
  const { text } = data;
  const { title, figures, facilities, gaps } = circle.card;
  const card = pujin.element("div", "pj-card pj-circle-card");
  const rows = `?circle_id=${encodeURIComponent(circle.id)}`;
  card.dataset.source = `circles${rows} facilities${rows};status=existing coverage${rows};scope=all`;
  const heading = pujin.element("h3", "", title);
  heading.dir = "auto";
  card.append(heading);
  const fill = (rows, head) => {
    const table = pujin.element("table");
    if (head) {
      const row = table.createTHead().insertRow();
      for (const word of head) row.append(pujin.element("th", "", word));
    }
    for (const cells of rows) {
      const row = table.insertRow(-1);
      for (const cell of cells) row.insertCell().textContent = cell;
    }
    return table;
  };
  card.append(fill(figures));
  card.append(pujin.element("h4", "", text.facilities));
  card.append(pujin.element("p", "", facilities.map(([name, count]) => `${name} ${count}`).join(" · ")));
  if (gaps.length) card.append(pujin.element("h4", "", text.gaps), fill(gaps, [text.type, text.notMetPeople, text.share]));
  return card;
};
