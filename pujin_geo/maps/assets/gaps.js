"use strict";
// Gap areas by rank, over all types or for one; the detour of the area that is open; idle spaces.

pujin.MOST_LISTED = 20;
pujin.MOST_NUMBERED = { far: 10, near: 30 };  // signs with a rank, below and from zoom 14
pujin.MOST_TYPES = 12;

pujin.SHAPES.space = (c, x, y, r) => pujin.polygon(c, [[x - r, y - r], [x + r, y - r], [x + r, y + r], [x - r, y + r]]);

pujin.gaps = function (map) {
  const data = pujin.data();
  pujin.start(map, data);
  const renderer = L.canvas({ padding: 0.3, tolerance: 3 });
  const detour = pujin.detourLines(map, data);
  const areas = pujin.gapAreas(map, data, renderer, detour);
  const spaces = pujin.idleSpaces(map, data, renderer);
  // Whatever was drawn anew: spaces lie above areas, ranks above both.
  const raise = () => {
    spaces.raise();
    areas.raise();
  };
  const choice = document.getElementById("pj-choice");
  const apply = () => {
    map.closePopup();
    areas.rank(data.types.findIndex((type) => type.id === choice.value));
    raise();
    pujin.rankList(data, areas);
  };
  choice.addEventListener("change", apply);
  for (const [id, layer] of [["pj-areas", areas], ["pj-spaces", spaces]]) {
    const box = document.getElementById(id);
    if (!box) continue;
    box.addEventListener("change", () => {
      layer.setShown(box.checked);
      raise();
    });
  }
  map.on("popupclose", () => detour.show(-1));
  apply();
  map.names.avoid(() => areas.numbered());
  map.pujin = { data, areas, spaces, detour };
};

// Areas in order, with the sum that ranks them: shortfall of all types (-1) or of one.
pujin.ranking = function (data, type) {
  const sums = data.areas.map(() => 0);
  for (const row of data.gaps) if (type < 0 || row[1] === type) sums[row[0]] += row[7];
  return sums.map((sum, i) => [i, sum]).filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
};

pujin.gapAreas = function (map, data, renderer, detour) {
  const outlines = pujin.unpack(data.outlines.lines, data.outlines.grid);
  let type = -1;
  let order = [];
  let shown = true;
  const place = (i) => order.findIndex(([area]) => area === i) + 1;
  const bind = (layer, i) => {
    layer.bindTooltip(() => pujin.areaTip(data, i, place(i)), { direction: "top", sticky: true });
    layer.bindPopup(() => pujin.areaCard(data, i, type, place(i)), { maxWidth: 360, minWidth: 240 });
    layer.on("popupopen", () => detour.show(i));
    return layer;
  };
  const polygons = outlines.map((ring, i) => bind(new pujin.Area(ring, { renderer, color: "#7a3b22", weight: 0.9, opacity: 0.8 }), i));
  const numbered = () => order.slice(0, pujin.MOST_NUMBERED[map.getZoom() < 14 ? "far" : "near"]).map(([i]) => signs[i]);
  const signs = outlines.map((ring, i) => bind(new pujin.Sign(L.latLngBounds(ring).getCenter(), {
    renderer, shape: "existing", colour: "#5d1a12", number: "", shift: [0, 0], weight: 2, radius: 9,
  }), i));
  const draw = () => {
    for (const layer of [...polygons, ...signs]) layer.remove();
    if (!shown) return;
    order.forEach(([i], at) => {
      const colour = data.ranks.find(([last]) => last === null || at < last)[1];
      polygons[i].setStyle({ fillColor: colour, fillOpacity: at < 10 ? 0.7 : 0.55 });
      polygons[i].addTo(map);
    });
    number();
  };
  // The first rank is drawn last.
  const number = () => {
    const wanted = shown ? numbered() : [];
    for (const sign of signs) if (!wanted.includes(sign)) sign.remove();
    for (let at = wanted.length - 1; at >= 0; at--) {
      wanted[at].options.number = String(at + 1);
      wanted[at].options.colour = at < 10 ? "#8f1d1d" : "#a8431d";
      wanted[at].addTo(map).redraw();
      wanted[at].bringToFront();
    }
  };
  map.on("zoomend", number);
  return {
    polygons,
    signs,
    order: () => order,
    numbered: () => (shown ? numbered() : []),
    raise: number,
    rank(wanted) {
      type = wanted;
      order = pujin.ranking(data, type);
      draw();
      map.names.arrange();
    },
    setShown(wanted) {
      shown = wanted;
      draw();
    },
    open(i) {
      const bounds = L.latLngBounds([polygons[i].getBounds(), ...detour.lines(i).map((line) => L.latLngBounds(line))].flatMap((one) => [one.getSouthWest(), one.getNorthEast()]));
      pujin.openAbove(map, polygons[i], bounds);
    },
  };
};

pujin.areaTip = function (data, i, place) {
  const tip = pujin.element("div");
  const title = pujin.element("b", "", data.areas[i][1]);
  title.dir = "auto";
  tip.append(title, pujin.element("div", "", `${data.text.rank.replace("{}", place)} · ${data.text.residents} ${data.areas[i][5]}`));
  return tip;
};

pujin.areaCard = function (data, i, type, place) {
  const { text, types } = data;
  const [id, name, circle, committee, points, people, aged, small, , crossed, missing, must] = data.areas[i];
  const card = pujin.element("div", "pj-card");
  card.dataset.source = ["gap_areas", "gap_area_types"].map((table) => `${table}?area_id=${encodeURIComponent(id)}`).join(" ");
  const title = pujin.element("h3", "", name);
  title.dir = "auto";
  card.append(title);
  const where = [text.rank.replace("{}", place), name.startsWith(committee) ? "" : committee, circle && `${text.circle} ${circle}`].filter(Boolean);
  card.append(pujin.element("p", "", where.join(" · ")));
  card.append(pujin.element("p", "", `${text.residents} ${people} (${text.aged} ${aged}, ${text.small} ${small}) · ${text.points} ${points}`));
  card.append(pujin.element("p", "", `${text.lacking} ${missing} (${text.must} ${must})`));
  if (crossed) card.append(pujin.element("p", "", `${text.crossed}: ${crossed}`));
  const at = data.detours.of[i];
  if (at >= 0) card.append(pujin.detourWords(data, data.detours.rows[at]));
  const rows = data.gaps.filter((row) => row[0] === i && row[2] > 0 && (type < 0 || row[1] === type));
  rows.sort((a, b) => b[7] - a[7]);
  const table = pujin.element("table");
  const head = table.createTHead().insertRow();
  for (const word of [text.type, text.count, text.meanWalk, text.cause]) head.append(pujin.element("th", "", word));
  const causes = Object.values(data.causes);
  for (const row of rows.slice(0, pujin.MOST_TYPES)) {
    const line = table.insertRow(-1);
    const byCause = row.slice(3, 6);
    const kind = pujin.element("span", types[row[1]].basic ? "pj-basic" : "", types[row[1]].name);
    line.insertCell().append(kind);
    line.insertCell().textContent = row[2].toLocaleString("en-US");
    line.insertCell().textContent = row[8] === null ? "—" : `${row[8].toLocaleString("en-US")} ${text.metres}`;
    line.insertCell().textContent = causes[byCause.indexOf(Math.max(...byCause))];
  }
  card.append(table);
  if (rows.length > pujin.MOST_TYPES) card.append(pujin.element("p", "", text.moreTypes.replace("{}", rows.length - pujin.MOST_TYPES)));
  if (type >= 0 && rows.length && rows[0][9] >= 0) {
    card.append(pujin.element("p", "", `${text.nearest}: ${data.nearest[rows[0][9]]}, ${rows[0][10].toLocaleString("en-US")} ${text.metres}`));
  }
  return card;
};

pujin.detourWords = function (data, [type, home, facility, walkM, nearer, straightM]) {
  const { text } = data;
  const metres = (value) => `${value.toLocaleString("en-US")} ${text.metres}`;
  const words = pujin.element("p", "pj-detour", `${text.detour}: ${home} → ${data.types[type].name}. `);
  words.append(pujin.element("b", "pj-walked", `${text.walked} ${metres(walkM)} (${facility})`), "; ");
  words.append(pujin.element("b", "pj-straight", `${text.line} ${metres(straightM)} (${nearer})`));
  return words;
};

// The walk and the straight line of one area's greatest detour.
pujin.detourLines = function (map, data) {
  const over = pujin.underlay(map, "pj-detour", 430);
  const walks = pujin.unpack(data.detours.walks.lines, data.detours.walks.grid);
  const straights = pujin.unpack(data.detours.straights.lines, data.detours.straights.grid);
  let layers = [];
  const place = (i) => (i < 0 ? -1 : data.detours.of[i]);
  return {
    layers: () => layers,
    lines: (i) => (place(i) < 0 ? [] : [walks[place(i)], straights[place(i)]]),
    show(i) {
      for (const layer of layers) layer.remove();
      const at = place(i);
      layers = at < 0 ? [] : [
        L.polyline(walks[at], { ...over, color: "#ffffff", weight: 7, opacity: 0.9 }),
        L.polyline(walks[at], { ...over, color: "#0b5fa5", weight: 4, opacity: 1 }),
        L.polyline(straights[at], { ...over, color: "#d11f6a", weight: 3, dashArray: "7 6" }),
      ];
      for (const layer of layers) layer.addTo(map);
    },
  };
};

pujin.idleSpaces = function (map, data, renderer) {
  const radius = () => Math.min(Math.max(3 + (map.getZoom() - 13) * 1.3, 3), 6.5);
  const signs = data.spaces.map((space) => {
    const sign = new pujin.Sign([space[3], space[2]], { renderer, shape: "space", colour: "#2f6d3a", number: "", shift: [0, 0], weight: 2, radius: radius() });
    sign.bindTooltip(() => {
      const tip = pujin.element("div");
      const title = pujin.element("b", "", space[1] || space[0]);
      title.dir = "auto";
      tip.append(title, pujin.element("div", "", data.text.space));
      return tip;
    }, { direction: "top", sticky: true });
    sign.bindPopup(() => pujin.spaceCard(data, space), { maxWidth: 320, minWidth: 220 });
    return sign.addTo(map);
  });
  map.on("zoomend", () => {
    for (const sign of signs) sign.setRadius(radius());
  });
  return {
    signs,
    raise() {
      for (const sign of signs) if (map.hasLayer(sign)) sign.bringToFront();
    },
    setShown(wanted) {
      for (const sign of signs) sign[wanted ? "addTo" : "removeFrom"](map);
    },
  };
};

pujin.spaceCard = function (data, [id, name, , , area, options]) {
  const { text, types, fits } = data;
  const card = pujin.element("div", "pj-card");
  card.dataset.source = `space_options?space_id=${encodeURIComponent(id)}`;
  const title = pujin.element("h3", "", name || id);
  title.dir = "auto";
  card.append(title);
  const size = area === null ? "" : ` · ${area.toLocaleString("en-US")} ${text.squareMetres}`;
  card.append(pujin.element("p", "", `${text.space} ${id}${size}`));
  if (!options.length) {
    card.append(pujin.element("p", "", text.noOption));
    return card;
  }
  card.append(pujin.element("h4", "", text.couldServe));
  const table = pujin.element("table");
  for (const [type, people, fit] of options) {
    const row = table.insertRow();
    row.insertCell().textContent = types[type].name;
    row.insertCell().textContent = people;
    row.insertCell().textContent = fits[fit];
  }
  card.append(table);
  return card;
};

pujin.rankList = function (data, areas) {
  const list = document.getElementById("pj-ranked");
  list.replaceChildren();
  areas.order().slice(0, pujin.MOST_LISTED).forEach(([i], at) => {
    const button = pujin.element("button", "", `${at + 1}. ${data.areas[i][1]}`);
    button.type = "button";
    button.title = data.areas[i][1];
    button.addEventListener("click", () => areas.open(i));
    const item = pujin.element("li");
    item.append(button);
    list.append(item);
  });
};
