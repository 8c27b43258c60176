// The planning desk: click to ask, change, compare, undo and save. Python decides everything; here it is drawn.
const desk = {};

desk.MODES = ["look", "add", "move", "remove", "street", "host", "committee"];

desk.open = function (host) {
  const state = {
    mode: "look",
    type: host.picture.types.length ? host.picture.types[0].id : null,
    place: null,      // the last place asked about: what to ask again after a change
    answer: null,
    chosen: null,     // position of the type whose route is shown
    facilities: new Map(host.picture.facilities.map((one) => [one[0], one])),
    altered: new Map(),
    circleOf: {},
    committee: null,
  };
  const parts = desk.frame(host, state);
  const layers = desk.layers(host);
  const all = { host, state, parts, layers };
  host.desk = all;
  host.on("state", (content, buffers) => desk.showState(all, content, buffers));
  host.on("answer", (content, buffers) => desk.showAnswer(all, content, buffers));
  host.on("ready", () => desk.hint(all));
  host.on("saved", (content) => {
    parts.name.value = "";
    host.say(board.fill(host.text.saved, content.folder));
  });
  host.map.on("click", (event) => desk.click(all, event.latlng));
  host.map.on("zoomend", () => desk.drawSigns(all));
  host.map.getContainer().addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === host.map.getContainer()) desk.click(all, host.map.getCenter());
  });
  host.root.addEventListener("keydown", (event) => desk.key(all, event));
  parts.type.addEventListener("change", () => {
    state.type = parts.type.value;
    state.chosen = desk.typeNumber(all);
    desk.send(all, { do: "hello" });
    desk.drawAnswer(all);
  });
  desk.setMode(all, "look");
  desk.send(all, { do: "hello" });
};

desk.typeNumber = ({ host, state }) => host.picture.types.findIndex((type) => type.id === state.type);

desk.send = ({ host, state }, message) => host.ask({ type: state.type, ...message });

desk.key = function (all, event) {
  if (event.target instanceof HTMLInputElement) return;
  if (event.key === "Escape") {
    all.state.answer = all.state.place = null;
    desk.drawAnswer(all);
  } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    event.preventDefault();
    desk.send(all, { do: event.shiftKey ? "redo" : "undo" });
  }
};

// ---- The frame: bar and panel

desk.frame = function (host, state) {
  const { bar, panel, text, picture } = host;
  const parts = { modes: {}, tabs: {} };
  const label = pujin.element("label", "pd-type", `${text.type} `);
  parts.type = board.typeMenu(picture.types);
  label.append(parts.type);
  const modes = pujin.element("div", "pd-modes");
  modes.setAttribute("role", "group");
  for (const mode of desk.MODES) {
    parts.modes[mode] = board.button(text[mode], () => desk.setMode(host.desk, mode), "pd-mode");
    modes.append(parts.modes[mode]);
  }
  parts.modes.host.disabled = !picture.spaces.length;
  parts.modes.host.title = picture.spaces.length ? "" : text.noSpaces;
  const hasCircles = picture.circles.length > 0 && picture.committees.length > 0;
  parts.modes.committee.disabled = !hasCircles;
  parts.modes.committee.title = hasCircles ? "" : text.noCircles;
  parts.undo = board.button(text.undo, () => desk.send(host.desk, { do: "undo" }));
  parts.redo = board.button(text.redo, () => desk.send(host.desk, { do: "redo" }));
  const steps = pujin.element("div", "pd-steps");
  steps.append(parts.undo, parts.redo);
  bar.append(label, modes, steps);

  const tabs = pujin.element("div", "pd-tabs");
  tabs.setAttribute("role", "tablist");
  for (const [name, words] of [["answer", text.tabAnswer], ["effect", text.tabEffect]]) {
    const button = board.button(words, () => desk.showTab(parts, name));
    button.setAttribute("role", "tab");
    const box = pujin.element("div", "pd-tab");
    box.setAttribute("role", "tabpanel");
    parts.tabs[name] = { button, box };
    tabs.append(button);
  }
  parts.committee = desk.committeeForm(host);
  panel.append(parts.committee.box, tabs, parts.tabs.answer.box, parts.tabs.effect.box);
  parts.tabs.answer.box.append(pujin.element("p", "pd-soft", text.askFirst));
  parts.figures = pujin.element("div");
  parts.changes = pujin.element("ol", "pd-changes");
  parts.effects = pujin.element("div");
  const save = pujin.element("form", "pd-save");
  parts.name = document.createElement("input");
  parts.name.placeholder = text.saveName;
  parts.name.setAttribute("aria-label", text.saveName);
  parts.name.maxLength = 60;
  const button = pujin.element("button", "", text.save);
  button.type = "submit";
  save.append(parts.name, button);
  save.addEventListener("submit", (event) => {
    event.preventDefault();
    desk.send(host.desk, { do: "save", name: parts.name.value });
  });
  parts.tabs.effect.box.append(parts.figures, pujin.element("h4", "", text.changes), parts.changes, save, parts.effects);
  desk.showTab(parts, "answer");
  return parts;
};

desk.committeeForm = function (host) {
  const { text, picture } = host;
  const box = pujin.element("div", "pd-committee");
  const who = document.createElement("select");
  const to = document.createElement("select");
  who.append(board.option("", "—"), ...picture.committees.map((one) => board.option(one.id, one.name)));
  to.append(...picture.circles.map((one) => board.option(one.id, one.name)));
  const go = board.button(text.moveTo, () => {
    if (who.value) desk.send(host.desk, { do: "committee", committee: who.value, circle: to.value });
  });
  who.addEventListener("change", () => desk.chooseCommittee(host.desk, who.value));
  who.setAttribute("aria-label", text.committeeLabel);
  to.setAttribute("aria-label", text.circle);
  box.append(pujin.element("span", "", text.committeeLabel), who, go, to);
  box.hidden = true;
  return { box, who, to };
};

desk.showTab = function (parts, name) {
  for (const [one, { button, box }] of Object.entries(parts.tabs)) {
    box.hidden = one !== name;
    button.setAttribute("aria-selected", String(one === name));
  }
};

desk.setMode = function (all, mode) {
  const { host, state, parts } = all;
  state.mode = mode;
  for (const [name, button] of Object.entries(parts.modes)) button.setAttribute("aria-pressed", String(name === mode));
  host.root.dataset.mode = mode;
  parts.committee.box.hidden = mode !== "committee";
  desk.hint(all);
  all.layers.committee.clearLayers();
  if (mode === "committee") desk.send(all, { do: "committees" });
  if (mode !== "look") desk.showTab(parts, "effect");
  desk.drawSigns(all);
};

desk.hint = ({ host, state }) => host.say(host.text[`hint${state.mode[0].toUpperCase()}${state.mode.slice(1)}`]);

// ---- What a click does

desk.click = function (all, at) {
  const { host, state } = all;
  const place = { lon: at.lng, lat: at.lat };
  if (state.mode === "look") {
    state.place = { ...place, point: host.view.nearestDot(at) };
    desk.send(all, { do: "ask", ...state.place });
  } else if (state.mode === "add") {
    desk.send(all, { do: "add", ...place });
  } else if (state.mode === "street") {
    const pixel = host.map.latLngToContainerPoint(at);
    const aside = host.map.containerPointToLatLng(pixel.add([board.SNAP_PIXELS, 0]));
    desk.send(all, { do: "street", ...place, within_m: host.map.distance(at, aside) });
  } else if (state.mode === "committee") {
    const found = host.picture.committees.find((one) => board.inside(one.rings, at));
    desk.chooseCommittee(all, found ? found.id : "");
  }
};

// Whether a place lies in rings (even-odd).
board.inside = function (rings, { lat, lng }) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[y1, x1], [y2, x2]] = [ring[i], ring[j]];
      if ((y1 > lat) !== (y2 > lat) && lng < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
    }
  }
  return inside;
};

desk.chooseCommittee = function ({ host, state, parts, layers }, id) {
  parts.committee.who.value = id;
  layers.committee.clearLayers();
  const found = host.picture.committees.find((one) => one.id === id);
  if (!found) return;
  const current = state.circleOf[id];
  parts.committee.to.value = current || parts.committee.to.value;
  const shape = { renderer: layers.over, pane: "pd-over", interactive: false, color: "#b0305c", weight: 3, fillColor: "#b0305c", fillOpacity: 0.18, fillRule: "evenodd" };
  layers.committee.addLayer(L.polygon(found.rings, shape));
};

// ---- What is drawn

desk.layers = function (host) {
  const over = board.pane(host.map, "pd-over", 420);
  const group = () => L.layerGroup().addTo(host.map);
  return { over, streets: group(), routes: group(), committee: group(), spaces: group() };
};

desk.drawSigns = function (all) {
  const { host, state, layers } = all;
  const { signs } = host.view;
  const kind = desk.typeNumber(all);
  signs.clearLayers();
  layers.spaces.clearLayers();
  const mine = [...state.facilities.values()].filter((one) => one[1] === kind);
  const crowded = mine.length > board.CROWD && host.map.getZoom() < 15;
  for (const facility of mine) {
    const altered = state.altered.get(facility[0]) || "";
    const sign = board.sign(host, facility, { small: crowded && !altered, state: altered, draggable: state.mode === "move" });
    const act = () => {
      if (state.mode === "remove") desk.send(all, { do: "remove", facility: facility[0] });
      else if (state.mode !== "move") desk.click(all, sign.getLatLng());
    };
    sign.on("click", act);
    sign.on("keydown", (event) => { if (event.originalEvent.key === "Enter") act(); });
    sign.on("dragend", () => {
      const { lng, lat } = sign.getLatLng();
      sign.setLatLng([facility[3], facility[4]]);  // until Python has agreed
      desk.send(all, { do: "move", facility: facility[0], lon: lng, lat });
    });
    signs.addLayer(sign);
  }
  if (state.mode === "host") for (const space of host.picture.spaces) layers.spaces.addLayer(desk.spaceSign(all, space));
  host.map.names.arrange();
};

desk.spaceSign = function (all, [id, name, area, lat, lon]) {
  const { host } = all;
  const icon = L.divIcon({ html: pujin.element("div"), className: "pd-space", iconSize: [16, 16] });
  const sign = L.marker([lat, lon], { icon, keyboard: true });
  board.called(sign, `${name}, ${host.text.space}`);
  sign.bindTooltip(() => {
    const tip = pujin.element("div");
    tip.dir = "auto";
    const size = area === null ? "" : ` · ${area.toLocaleString("en-US")} ${host.text.squareMetres}`;
    tip.append(pujin.element("b", "", name), pujin.element("div", "", `${host.text.space}${size}`));
    return tip;
  }, { direction: "top", offset: [0, -8] });
  const act = () => desk.send(all, { do: "host", space: id });
  sign.on("click", act);
  sign.on("keydown", (event) => { if (event.originalEvent.key === "Enter") act(); });
  return sign;
};

desk.showState = function (all, content, [codes, marks]) {
  const { host, state, parts, layers } = all;
  const { picture, text, view } = host;
  state.facilities = new Map(picture.facilities.map((one) => [one[0], one]));
  state.altered = new Map();
  for (const id of content.facilities.removed) state.facilities.delete(id);
  for (const [name, kind] of [["added", "new"], ["moved", "moved"]]) {
    for (const one of content.facilities[name]) {
      state.facilities.set(one[0], one);
      state.altered.set(one[0], kind);
    }
  }
  state.circleOf = content.circleOf;
  const changed = new Map(content.circles.map((one) => [one.id, one]));
  view.circles(picture.circles.map((one) => changed.get(one.id) || one).filter((one) => {
    const drawn = view.outline(one.id);
    return !drawn || drawn.source !== one;
  }));
  for (const one of picture.circles) view.outline(one.id).source = changed.get(one.id) || one;
  view.paint(codes, marks);
  layers.streets.clearLayers();
  const fixed = { renderer: layers.over, pane: "pd-over", interactive: false, weight: 5, opacity: 0.95 };
  layers.streets.addLayer(L.polyline(content.streets.closed, { ...fixed, color: picture.changeColours.lost, dashArray: "2 7" }));
  layers.streets.addLayer(L.polyline(content.streets.opened, { ...fixed, color: "#1f7a8c" }));
  desk.drawSigns(all);
  parts.undo.disabled = !content.changes.length;
  parts.redo.disabled = !content.canRedo;
  host.root.dataset.changes = String(content.changes.length);
  parts.changes.replaceChildren(...content.changes.map((words) => pujin.element("li", "", words)));
  if (!content.changes.length) parts.changes.append(pujin.element("p", "pd-soft", text.noChanges));
  desk.showFigures(all, content);
  if (content.caution) host.say(content.caution, true);
  else desk.hint(all);
  if (state.place) desk.send(all, { do: "ask", ...state.place });
};

desk.showFigures = function ({ host, state, parts }, content) {
  const { text, picture } = host;
  const type = picture.types.find((one) => one.id === state.type);
  const [whole, ...circles] = content.figures;
  const touched = content.changes.length > 0;
  parts.figures.replaceChildren(pujin.element("h3", "", `${type.number} ${type.name}`));
  const table = pujin.element("table", "pd-figures");
  const head = table.createTHead().insertRow();
  for (const words of ["", text.before, text.after]) head.append(pujin.element("th", "", words));
  const body = table.createTBody();
  for (const [words, name] of [[text.share, "coverage_share"], [text.straightShare, "straight_line_share"], [text.met, "people_met"], [text.not_met, "people_not_met"], [text.unknown, "people_unknown"]]) {
    board.row(body, [words, whole[`${name}_before`], whole[`${name}_after`]]).classList.toggle("pd-chosen", name === "coverage_share");
  }
  parts.figures.append(table);
  const effect = pujin.element("p", "pd-effect");
  effect.append(
    pujin.element("span", "", `${text.gained} `), pujin.element("b", whole.people_gained === "0" ? "" : "pd-up", `${whole.people_gained} ${text.persons}`),
    pujin.element("span", "", `  ${text.lost} `), pujin.element("b", whole.people_lost === "0" ? "" : "pd-down", `${whole.people_lost} ${text.persons}`),
  );
  if (touched) parts.figures.append(effect);
  parts.figures.append(board.legend(host, [
    ...board.verdictLegend(host),
    ...(touched ? [["pd-ring", picture.changeColours.gained, text.gained], ["pd-ring", picture.changeColours.lost, text.lost]] : []),
  ]));
  parts.effects.replaceChildren();
  if (content.effects.length) {
    parts.effects.append(pujin.element("h4", "", text.otherTypes));
    const list = pujin.element("table", "pd-figures");
    for (const [name, gained, lost] of content.effects.slice(0, 8)) {
      board.row(list, [name, gained === "0" ? "" : `+${gained}`, lost === "0" ? "" : `−${lost}`], ["", "pd-up", "pd-down"]);
    }
    parts.effects.append(list);
  }
  if (circles.length) parts.effects.append(desk.circleTable(text, circles));
};

desk.circleTable = function (text, circles) {
  const table = pujin.element("table", "pd-table");
  const head = table.createTHead().insertRow();
  for (const words of [text.circle, text.before, text.after, text.gainedShort, text.lostShort]) head.append(pujin.element("th", "", words));
  const body = table.createTBody();
  for (const one of circles) {
    const rise = Number.parseFloat(one.coverage_share_after) - Number.parseFloat(one.coverage_share_before);
    const [gained, lost] = [one.people_gained, one.people_lost].map((words) => (words === "0" ? "" : words));
    board.row(body, [one.name, one.coverage_share_before, one.coverage_share_after, gained, lost], ["", "", rise > 0 ? "pd-up" : rise < 0 ? "pd-down" : "", "pd-up", "pd-down"]);
  }
  return table;
};

// ---- The answer

desk.showAnswer = function (all, content, [counts, degrees]) {
  const { state, parts } = all;
  const isNew = !state.answer || state.answer.lat !== content.lat || state.answer.lon !== content.lon;
  state.answer = { ...content, lines: desk.lines(counts, degrees) };
  if (isNew || state.chosen === null) {
    const own = content.rows.find((row) => row[0] === desk.typeNumber(all) && row[2] !== null);
    const reached = content.rows.filter((row) => row[2] !== null);
    const first = own || reached.reduce((best, row) => (!best || row[2] < best[2] ? row : best), null);
    state.chosen = first ? first[0] : null;
  }
  if (state.mode === "look") {
    desk.showTab(parts, "answer");
    desk.hint(all);
  }
  desk.drawAnswer(all);
};

desk.lines = function (counts, degrees) {
  const many = new DataView(counts.buffer, counts.byteOffset, counts.byteLength);
  const steps = new DataView(degrees.buffer, degrees.byteOffset, degrees.byteLength);
  const lines = [];
  for (let i = 0, at = 0; i < many.byteLength / 4; i++) {
    const line = [];
    for (let n = many.getUint32(4 * i, true); n > 0; n--, at += 8) line.push([steps.getInt32(at, true) / 1e7, steps.getInt32(at + 4, true) / 1e7]);
    lines.push(line);
  }
  return lines;
};

desk.drawAnswer = function (all) {
  const { host, state, parts, layers } = all;
  const { text, picture } = host;
  const box = parts.tabs.answer.box;
  layers.routes.clearLayers();
  const { answer } = state;
  if (!answer) {
    box.replaceChildren(pujin.element("p", "pd-soft", text.askFirst));
    return;
  }
  desk.drawRoutes(all);
  const head = pujin.element("h3", "", answer.name || text.place);
  head.dir = "auto";
  const met = answer.rows.filter((row) => row[5] === "met").length;
  const facts = [text[answer.scope], answer.toStreet === null ? text.noStreet : board.fill(text.toStreet, Math.round(answer.toStreet))];
  if (answer.toStreet !== null && !answer.onMain) facts.push(text.onIsland);
  if (!answer.inside) facts.push(text.outsideBoundary);
  const table = pujin.element("table");
  const body = table.createTBody();
  let group = "";
  for (const row of answer.rows) {
    const { suitability } = picture.types[row[0]];
    if (suitability !== group) board.row(body, [suitability]).className = "pd-group";
    group = suitability;
    body.append(desk.walkRow(all, row));
  }
  box.replaceChildren(
    head, pujin.element("p", "pd-soft", facts.join(" · ")),
    pujin.element("p", "pd-soft", board.fill(text.metOf, answer.rows.length, met)), table,
  );
};

desk.walkRow = function (all, [kind, name, walk, straight, threshold, verdict, cause]) {
  const { host, state } = all;
  const { text, picture } = host;
  const type = picture.types[kind];
  const row = document.createElement("tr");
  row.classList.toggle("pd-chosen", kind === state.chosen);
  const choose = board.button(`${type.number} ${type.name}`, () => {
    state.chosen = kind;
    desk.drawAnswer(all);
  }, "pd-link");
  choose.title = name;
  const first = row.insertCell();
  first.append(choose);
  if (kind === state.chosen) {
    const limit = board.fill(text.limit, board.metres(text, threshold));
    const line = straight === null ? "" : ` · ${board.fill(text.straightLine, board.metres(text, straight))}`;
    const more = pujin.element("div", "pd-soft", `${name}${name ? " · " : ""}${limit}${line}${cause ? ` · ${text[cause]}` : ""}`);
    more.dir = "auto";
    first.append(more);
  }
  row.insertCell().append(pujin.element("span", "", board.metres(text, walk)));
  row.insertCell().append(pujin.element("span", `pd-${verdict}`, text[verdict]));
  return row;
};

// All walks pale, the chosen one strong with its length.
desk.drawRoutes = function ({ host, state, layers }) {
  const { text, picture } = host;
  const { answer } = state;
  const fixed = { renderer: layers.over, pane: "pd-over", interactive: false };
  layers.routes.addLayer(L.polyline(answer.lines, { ...fixed, color: board.ROUTE, weight: 2.5, opacity: 0.5 }));
  const row = answer.rows.find((one) => one[0] === state.chosen);
  if (row && row[7] >= 0) {
    const points = answer.lines[row[7]];
    layers.routes.addLayer(L.polyline(points, { ...fixed, color: "#ffffff", weight: 8, opacity: 0.95 }));
    layers.routes.addLayer(L.polyline(points, { ...fixed, color: board.ROUTE, weight: 4.5, opacity: 1 }));
    const type = picture.types[row[0]];
    const end = L.circleMarker(points[points.length - 1], { ...fixed, radius: 8, color: "#ffffff", weight: 2, fill: true, fillColor: type.colour, fillOpacity: 1 });
    end.bindTooltip(pujin.element("span", "pd-length", `${type.name} ${board.metres(text, row[2])}`), { permanent: true, direction: "top", offset: [0, -6] });
    layers.routes.addLayer(end);
  }
  const pin = L.divIcon({ className: "pd-pin", iconSize: [18, 18] });
  layers.routes.addLayer(L.marker([answer.lat, answer.lon], { icon: pin, interactive: false, keyboard: false }));
};
