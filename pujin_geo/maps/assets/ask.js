"use strict";
// Click to ask, and what if: the page around router.js and scenario.js.

pujin.ROUTE = "#1447a8";
pujin.SNAP_PIXELS = 12;

pujin.ask = function (map) {
  const data = pujin.data();
  pujin.start(map, data);
  const state = {
    map,
    data,
    text: data.text,
    world: scenario.world(data),
    obstacles: null,
    mode: "look",
    type: null,       // number of the chosen type
    changes: [],
    place: null,      // what was asked about
    rows: [],
    chosen: null,     // number of the type whose route is shown
    tookMs: 0,
  };
  state.facilities = state.world.facilities;
  state.view = pujin.askView(map, state);
  pujin.askControls(state);
  map.on("click", (event) => pujin.askClick(state, event.latlng));
  map.on("zoomend", () => {
    state.view.resize();
    if (pujin.signSize(state) !== state.view.signSize) state.view.facilities();
  });
  pujin.invite(map, state.text.invite);
  pujin.askRefresh(state);
  map.pujin = state;
};

// Says what to do until it is done.
pujin.invite = function (map, words) {
  const control = L.control({ position: "bottomright" });
  control.onAdd = () => pujin.element("div", "pj-invite", words);
  control.addTo(map);
  map.once("click", () => control.remove());
};

pujin.fill = (sentence, ...values) => values.reduce((text, value, i) => text.replace(`{${i}}`, value), sentence);

pujin.whole = (value) => Math.round(value).toLocaleString("en-US");

// Few people are not told apart.
pujin.headcount = (value) => (value > 0 && value < 5 ? "<5" : pujin.whole(value));

// One decimal; all and nothing only where exact.
pujin.percent = function (part, all) {
  if (!(all > 0)) return "—";
  if (part === 0) return "0%";
  if (part === all) return "100%";
  return `${Math.min(Math.max((part / all) * 100, 0.1), 99.9).toFixed(1)}%`;
};

pujin.metres = (state, value) => (Number.isFinite(value) ? `${pujin.whole(value)} ${state.text.metres}` : state.text.noPath);

// ---- What is drawn

pujin.askView = function (map, state) {
  const { world, data } = state;
  const pane = map.createPane("pj-routes");
  pane.style.zIndex = 420;
  pane.style.pointerEvents = "none";
  const canvas = L.canvas({ padding: 0.3 });
  const over = L.canvas({ padding: 0.3, pane: "pj-routes" });
  const toLatLng = ([x, y]) => world.toDegrees(x, y).reverse();
  const typical = Math.max(world.demand.reduce((sum, one) => sum + one.population, 0) / Math.max(world.demand.length, 1), 1);
  const dots = world.demand.map((one) => new pujin.Dot(toLatLng([one.x, one.y]), { renderer: canvas, interactive: false, stroke: true, fill: true }).addTo(map));
  const small = L.layerGroup().addTo(map);
  const signs = L.layerGroup().addTo(map);
  const routes = L.layerGroup().addTo(map);
  const view = {
    dots,
    signs,
    routes,
    toLatLng,
    resize() {
      const factor = Math.min(Math.max(2 ** ((map.getZoom() - 14) * 0.5), 0.5), 2.4) * Math.min(Math.max(Math.sqrt(900 / Math.max(dots.length, 1)), 0.6), 1);
      dots.forEach((dot, i) => dot.setRadius(Math.min(Math.max(4.2 * Math.sqrt(world.demand[i].population / typical), 2.4), 9) * factor));
    },
    colour(verdict, changed) {
      dots.forEach((dot, i) => {
        const style = verdict ? pujin.dotStyle(data.verdictColours, verdict[i]) : pujin.reachedStyle(data, i);
        if (changed && changed.gained.has(i)) Object.assign(style, { color: "#0b8a3e", weight: 3.5 });
        if (changed && changed.lost.has(i)) Object.assign(style, { color: "#7a0019", weight: 3.5 });
        dot.setStyle(style);
      });
    },
    // Facilities of the chosen type as signs; of all types as small dots once one looks closer.
    facilities() {
      signs.clearLayers();
      small.clearLayers();
      view.signSize = pujin.signSize(state);
      for (const one of state.facilities) {
        if (view.signSize === 0) break;
        if (state.type === null) small.addLayer(L.circleMarker(toLatLng([one.x, one.y]), { renderer: canvas, interactive: false, radius: 2.2, stroke: false, fill: true, fillColor: data.types[one.type].colour, fillOpacity: 0.75 }));
        else if (one.type === state.type) signs.addLayer(pujin.facilitySign(state, one));
      }
    },
    // All nearest routes pale, the chosen one strong with its length.
    route() {
      routes.clearLayers();
      if (!state.place) return;
      const line = (row) => scenario.route(world, state.place, state.found, row).map(toLatLng);
      const reached = state.rows.filter((row) => row.facility);
      const fixed = { renderer: over, pane: "pj-routes", interactive: false };
      routes.addLayer(L.polyline(reached.map(line), { ...fixed, color: pujin.ROUTE, weight: 2.5, opacity: 0.45 }));
      const chosen = reached.find((row) => row.type === state.chosen);
      if (chosen) {
        const points = line(chosen);
        routes.addLayer(L.polyline(points, { ...fixed, color: "#ffffff", weight: 8, opacity: 0.95 }));
        routes.addLayer(L.polyline(points, { ...fixed, color: pujin.ROUTE, weight: 4.5, opacity: 1 }));
        const end = L.circleMarker(points[points.length - 1], { ...fixed, radius: 8, color: "#ffffff", weight: 2, fill: true, fillColor: data.types[chosen.type].colour, fillOpacity: 1 });
        const words = pujin.element("span", "pj-length", `${data.types[chosen.type].name} ${pujin.metres(state, chosen.walk)}`);
        end.bindTooltip(words, { permanent: true, direction: "top", offset: [0, -6] });
        routes.addLayer(end);
      }
      const pin = L.divIcon({ className: "pj-pin", iconSize: [18, 18] });
      routes.addLayer(L.marker(toLatLng([state.place.x, state.place.y]), { icon: pin, interactive: false, keyboard: false }));
    },
  };
  view.resize();
  return view;
};

pujin.dotStyle = function (colours, verdict) {
  if (verdict === "unknown") return { color: colours.unknown, weight: 2.4, fillColor: "#ffffff", fillOpacity: 0.9 };
  return { color: "#ffffff", weight: 0.8, fillColor: colours[verdict] || colours.none, fillOpacity: 0.9 };
};

// The share of basic types that a point reaches, as the results have it: what is seen while no type is chosen.
pujin.reachedStyle = function (data, i) {
  const colour = data.demand.reached[i] < 0 ? null : data.classes[data.demand.reached[i]];
  if (colour === null) return { color: data.verdictColours.none, weight: 1.4, fillColor: "#ffffff", fillOpacity: 0.85 };
  return { color: "#ffffff", weight: 0.8, fillColor: colour, fillOpacity: 0.9 };
};

// Pixels across a facility's sign: many would cover the map until one looks closer, and all types even more.
pujin.signSize = function (state) {
  const isFar = state.map.getZoom() < 15;
  if (state.type === null) return isFar ? 0 : 4;
  return isFar && state.facilities.filter((one) => one.type === state.type).length > 80 ? 8 : 20;
};

pujin.facilitySign = function (state, facility) {
  const { map, world, data } = state;
  const type = data.types[facility.type];
  const isSmall = state.view.signSize < 20 && !facility.isNew && !facility.moved;
  const badge = pujin.element("div", "", isSmall ? "" : String(type.number));
  badge.style.background = type.colour;
  const className = `pj-facility${isSmall ? " pj-small-sign" : ""}${facility.isNew ? " pj-new" : ""}${facility.moved ? " pj-moved" : ""}`;
  const icon = L.divIcon({ html: badge, className, iconSize: isSmall ? [8, 8] : [20, 20] });
  const name = pujin.facilityName(state, facility);
  const sign = L.marker(state.view.toLatLng([facility.x, facility.y]), {
    icon, draggable: state.mode !== "look", keyboard: true, alt: name, riseOnHover: true, autoPan: true,
  });
  sign.bindTooltip(() => {
    const tip = pujin.element("div");
    tip.dir = "auto";
    tip.append(pujin.element("b", "", name), pujin.element("div", "", `${type.number} ${type.name}`));
    return tip;
  }, { direction: "top", offset: [0, -10] });
  const act = () => {
    if (state.mode === "remove") pujin.askChange(state, { kind: "remove", key: facility.key });
    else if (state.mode === "look") pujin.askClick(state, sign.getLatLng());
  };
  sign.on("click", act);
  sign.on("keydown", (event) => { if (event.originalEvent.key === "Enter") act(); });
  let waiting = false;
  const moved = () => {
    const [x, y] = world.toMetres(sign.getLatLng().lng, sign.getLatLng().lat);
    return { kind: "move", key: facility.key, x, y };
  };
  sign.on("drag", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (map.hasLayer(sign)) pujin.askCompute(state, [...state.changes, moved()]);
    });
  });
  sign.on("dragend", () => {
    waiting = true;  // a frame that is still due must not bring back the place before the drop
    if (!pujin.askChange(state, moved())) pujin.askRefresh(state, state.text.outsideExtent);
  });
  return sign;
};

pujin.facilityName = function (state, facility) {
  if (facility.isNew) return state.text.newFacility;
  return (facility.name || state.text.noName) + (facility.moved ? ` (${state.text.moved})` : "");
};

// ---- What is done

pujin.askControls = function (state) {
  const byId = (id) => document.getElementById(id);
  for (const button of document.querySelectorAll("[data-mode]")) {
    button.addEventListener("click", () => {
      state.mode = button.dataset.mode;
      pujin.askRefresh(state);
    });
  }
  byId("pj-type").addEventListener("change", (event) => {
    state.type = event.target.value === "" ? null : Number(event.target.value);
    state.chosen = state.type === null ? state.chosen : state.type;
    pujin.askRefresh(state);
  });
  byId("pj-centre").addEventListener("click", () => pujin.askClick(state, state.map.getCenter()));
  byId("pj-undo").addEventListener("click", () => {
    state.changes = state.changes.slice(0, -1);
    pujin.askRefresh(state);
  });
  byId("pj-reset").addEventListener("click", () => {
    state.changes = [];
    pujin.askRefresh(state);
  });
  if (byId("pj-scope")) byId("pj-scope").addEventListener("change", () => pujin.askRefresh(state));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    state.place = null;
    pujin.askRefresh(state);
  });
};

pujin.askClick = function (state, at) {
  const { map, world } = state;
  const [x, y] = world.toMetres(at.lng, at.lat);
  if (state.mode === "add" && state.type !== null) {
    if (!pujin.askChange(state, { kind: "add", type: state.type, x, y, name: "" })) pujin.askRefresh(state, state.text.outsideExtent);
    return;
  }
  if (state.mode !== "look") {
    pujin.askRefresh(state);
    return;
  }
  const pixel = map.latLngToContainerPoint(at);
  let nearest = null;
  let least = pujin.SNAP_PIXELS;
  state.view.dots.forEach((dot, i) => {
    const apart = map.latLngToContainerPoint(dot.getLatLng()).distanceTo(pixel);
    if (apart < least) [nearest, least] = [i, apart];
  });
  state.place = nearest === null ? scenario.place(world, x, y) : { ...world.demand[nearest], demand: nearest };
  state.chosen = state.type;
  pujin.askRefresh(state);
  if (state.chosen === null) pujin.askChoose(state, pujin.firstRow(state));
  pujin.askCloser(state);
  document.getElementById("pj-details").open = true;
  document.getElementById("pj-answer").scrollIntoView({ block: "start" });
};

// From afar the first answer would be too small to see: what is within a kilometre is brought into view, once.
pujin.askCloser = function (state) {
  const near = state.rows.filter((row) => row.facility && row.walk <= 1000);
  if (state.isCloser || !near.length || state.map.getZoom() >= 14.5) return;
  state.isCloser = true;
  const lines = near.flatMap((row) => scenario.route(state.world, state.place, state.found, row).map(state.view.toLatLng));
  state.map.fitBounds(L.latLngBounds(lines), { padding: [40, 40], maxZoom: 15.5, animate: false });
};

// The nearest facility of all.
pujin.firstRow = function (state) {
  const reached = state.rows.filter((row) => row.facility && row.threshold !== null);
  return reached.length ? reached.reduce((best, row) => (row.walk < best.walk ? row : best)).type : null;
};

// Takes a change on; false if its place does not count.
pujin.askChange = function (state, change) {
  const { world } = state;
  if (change.kind !== "remove" && world.extent && !walking.inside(world.extent, change.x, change.y)) return false;
  state.changes = [...state.changes, change];
  const placed = change.kind === "remove" ? null : scenario.after(world, state.changes).find((one) => (
    change.kind === "move" ? one.key === change.key : one.key === world.facilities.length + state.changes.length - 1
  ));
  let warning = "";
  if (placed && !placed.ways.length) warning = pujin.fill(state.text.notOnNetwork, world.maxSnap);
  else if (placed && !placed.onMain) warning = state.text.notOnMain;
  else if (placed && pujin.legCrosses(state, placed, placed.ways[0])) warning = state.text.crossesBarrier;
  pujin.askRefresh(state, warning);
  document.getElementById("pj-details").open = true;
  return true;
};

// ---- What is answered

// Everything anew: controls, facilities, verdicts, effect, answer.
pujin.askRefresh = function (state, warning = "") {
  const { text, map } = state;
  for (const button of document.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === state.mode));
  for (const mode of ["look", "add", "remove"]) map.getContainer().classList.toggle(`pj-mode-${mode}`, mode === state.mode);
  const hint = document.getElementById("pj-hint");
  const words = { look: text.hintLook, add: text.hintAdd, remove: text.hintRemove };
  hint.textContent = warning || (state.mode !== "look" && state.type === null ? text.hintType : words[state.mode]);
  hint.classList.toggle("pj-warn", Boolean(warning) || (state.mode !== "look" && state.type === null));
  document.getElementById("pj-centre").hidden = state.mode === "remove";
  for (const legend of document.querySelectorAll("[data-legend]")) legend.hidden = (legend.dataset.legend === "verdict") !== (state.type !== null);
  pujin.askCompute(state, state.changes);
  state.view.facilities();
};

// Verdicts, effect and answer under a list of changes; also while a facility is being dragged.
pujin.askCompute = function (state, changes) {
  const began = performance.now();
  const { world } = state;
  state.facilities = scenario.after(world, changes);
  const touched = changes.some((change) => (change.kind === "add" ? change.type : world.typeOf(change.key, changes)) === state.type);
  let verdict = null;
  let found = null;
  if (state.type !== null) {
    const before = scenario.before(world, state.type);
    const after = touched ? scenario.judge(world, state.facilities, state.type) : before;
    verdict = after.verdict;
    found = scenario.difference(world, state.type, before.verdict, after.verdict);
    state.judged = after;
  }
  pujin.askPlace(state);
  state.tookMs = performance.now() - began;
  state.view.colour(verdict, found && { gained: new Set(found.gained), lost: new Set(found.lost) });
  pujin.showEffect(state, changes, verdict, found, touched);
  pujin.showAnswer(state);
  state.view.route();
};

pujin.askPlace = function (state) {
  if (!state.place) {
    state.rows = [];
    return;
  }
  const scope = document.getElementById("pj-scope");
  const asked = { ...state.place };
  if (scope && scope.value) asked.rural = scope.value === "rural";
  state.rural = asked.rural;
  Object.assign(state, scenario.ask(state.world, state.facilities, asked));
};

pujin.showEffect = function (state, changes, verdict, found, touched) {
  const { text, data, world } = state;
  const section = document.getElementById("pj-effect");
  section.hidden = !changes.length;
  if (!changes.length) return;
  const title = document.getElementById("pj-effect-title");
  const people = document.getElementById("pj-effect-people");
  const shares = document.getElementById("pj-shares");
  people.replaceChildren();
  shares.replaceChildren();
  document.getElementById("pj-served").textContent = touched ? data.types[state.type].served : "";
  people.hidden = shares.parentElement.hidden = !touched;
  title.textContent = state.type === null ? text.hintType : `${data.types[state.type].number} ${data.types[state.type].name}`;
  if (touched) {
    for (const [label, value, className] of [
      [text.newlyMet, found.peopleGained, "pj-up"],
      [text.fromUnknown, found.peopleGainedUnknown, "pj-up"],
      [text.noLongerMet, found.peopleLost, "pj-down"],
    ]) {
      people.append(pujin.element("dt", "", label), pujin.element("dd", value > 0 ? className : "", `${pujin.headcount(value)} ${text.persons}`));
    }
    const before = scenario.sums(world, state.type, scenario.before(world, state.type).verdict);
    scenario.sums(world, state.type, verdict).forEach((sum, i) => {
      if (sum.people > 0) shares.append(pujin.shareRow(i ? data.circles[i - 1] : text.all, before[i], sum));
    });
  } else if (state.type !== null) {
    title.textContent += ` · ${text.noChangeForType}`;
  }
  document.getElementById("pj-changes").replaceChildren(...changes.map((change, i) => pujin.changeItem(state, change, i, changes)));
};

pujin.shareRow = function (name, before, after) {
  const row = pujin.element("tr", before.met === after.met ? "" : "pj-changed");
  const points = ((after.met - before.met) / after.people) * 100;
  const sign = points > 0 ? "+" : "−";
  const change = before.met === after.met ? "" : `${sign}${Math.max(Math.abs(points), 0.1).toFixed(1)}`;
  const cells = [name, pujin.percent(before.met, before.people), pujin.percent(after.met, after.people), change];
  cells.forEach((words) => row.append(pujin.element("td", "", words)));
  row.firstChild.dir = "auto";
  row.lastChild.className = points > 0 ? "pj-up" : "pj-down";
  return row;
};

pujin.changeItem = function (state, change, i, changes) {
  const { text, data, world } = state;
  const word = { add: text.added, remove: text.removed, move: text.movedTo }[change.kind];
  const type = data.types[change.kind === "add" ? change.type : world.typeOf(change.key, changes)];
  const known = change.kind === "add" ? null : world.facilities[change.key];
  const name = known ? known.name || text.noName : text.newFacility;
  const item = pujin.element("li", "", `${word} ${type.name} · ${name}`);
  item.dir = "auto";
  return item;
};

pujin.showAnswer = function (state) {
  const { text, place, data } = state;
  const section = document.getElementById("pj-answer");
  section.hidden = !place;
  if (!place) return;
  document.getElementById("pj-place").textContent = place.demand === undefined ? text.place : place.name;
  document.getElementById("pj-place-facts").replaceChildren(...pujin.placeFacts(state));
  const { rows } = state;
  const holder = document.getElementById("pj-rows");
  holder.replaceChildren();
  const met = rows.filter((row) => row.verdict === "met").length;
  const applying = rows.filter((row) => row.threshold !== null).length;
  holder.append(pujin.element("p", "pj-small", pujin.fill(text.metOf, applying, met)));
  let group = "";
  for (const row of rows) {
    const type = data.types[row.type];
    if (type.suitability !== group) {
      group = type.suitability;
      holder.append(pujin.element("h3", "", group));
    }
    holder.append(pujin.answerRow(state, row, type));
  }
  document.getElementById("pj-took").textContent = pujin.fill(text.took, Math.max(1, Math.round(state.tookMs)));
};

pujin.placeFacts = function (state) {
  const { text, place, world } = state;
  const facts = [];
  const fact = (words, className = "") => facts.push(pujin.element("p", className, words));
  if (place.demand !== undefined) fact([`${text.people} ${pujin.headcount(place.population)}`, place.committee].filter(Boolean).join(" · "));
  if (world.boundary && !walking.inside(world.boundary, place.x, place.y)) fact(text.outsideBoundary);
  if (!place.way) fact(pujin.fill(text.noStreet, world.maxSnap), "pj-warn");
  else {
    fact(`${text.toStreet}: ${pujin.metres(state, place.way.leg)} · ${state.rural ? text.rural : text.urban}`);
    if (!place.onMain) fact(text.onIsland, "pj-warn");
    if (place.demand === undefined ? pujin.legCrosses(state, place, place.way) : place.crosses) fact(text.crossesBarrier, "pj-warn");
  }
  return facts;
};

pujin.answerRow = function (state, row, type) {
  const { text } = state;
  const button = pujin.element("button", "pj-row");
  button.type = "button";
  button.dataset.type = row.type;
  button.disabled = !row.facility;
  button.setAttribute("aria-pressed", String(row.type === state.chosen));
  const badge = pujin.element("span", "pj-badge", String(type.number));
  badge.style.background = type.colour;
  const name = pujin.element("span", "pj-row-name");
  name.append(pujin.element("span", type.basic ? "pj-basic" : "", type.name), pujin.rowTarget(state, row));
  if (row.verdict === "unknown") name.append(pujin.element("span", "pj-row-why", text[row.cause]));
  if (row.cause === "detour") name.append(pujin.element("span", "pj-row-why", pujin.fill(text.byDetour, pujin.metres(state, row.straight))));
  const walk = pujin.element("span", "pj-row-walk", pujin.metres(state, row.walk));
  const mark = type.mark ? ` (${type.mark})` : "";
  const words = row.threshold === null ? text.notApplying : `${text[row.verdict]} · ${pujin.fill(text.limit, row.threshold)}${mark}`;
  walk.append(pujin.element("small", row.threshold === null ? "" : `pj-${row.verdict}`, words));
  button.title = row.cause ? text[row.cause] : "";
  button.append(badge, name, walk);
  button.addEventListener("click", () => pujin.askChoose(state, row.type, true));
  return button;
};

// Where the walk of a row goes; without a walk, how far it is straight.
pujin.rowTarget = function (state, row) {
  const { text } = state;
  let words = row.absent ? text.none : `${text.straight} ${pujin.metres(state, row.straight)}`;
  if (row.facility) words = pujin.facilityName(state, row.facility);
  const target = pujin.element("span", "pj-row-to", words);
  target.dir = "auto";
  return target;
};

// Shows the route of one answered type; brings it into view if wanted.
pujin.askChoose = function (state, type, intoView = false) {
  state.chosen = type;
  for (const row of document.querySelectorAll(".pj-row")) row.setAttribute("aria-pressed", String(Number(row.dataset.type) === type));
  state.view.route();
  const chosen = state.rows.find((row) => row.type === type);
  if (!intoView || !chosen || !chosen.facility) return;
  const bounds = L.latLngBounds(scenario.route(state.world, state.place, state.found, chosen).map(state.view.toLatLng));
  if (!state.map.getBounds().contains(bounds)) state.map.fitBounds(bounds, { padding: [60, 60], maxZoom: state.map.getZoom(), animate: false });
};

// Whether the straight leg from a place to its street runs over water or a barrier, as drawn on the background.
pujin.legCrosses = function (state, place, way) {
  if (!way || way.leg === 0) return false;
  const { world, data } = state;
  if (!state.obstacles) {
    state.obstacles = ["water", "barriers"].flatMap((name) => pujin.unpack(data.base.layers[name], data.base.grid))
      .map((line) => Float64Array.from(line.flatMap(([lat, lon]) => world.toMetres(lon, lat))));
  }
  const [entry] = walking.piece(world.graph, way.edge, way.offset, way.offset);
  return state.obstacles.some((line) => walking.crosses(place.x, place.y, entry[0], entry[1], line));
};
