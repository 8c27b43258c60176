// What both widgets share: the map, its layers, and the talk with Python. Text from the data is set as textContent only.
const board = {};

board.VERDICTS = ["", "met", "not_met", "unknown"];
board.ROUTE = "#1447a8";
board.SNAP_PIXELS = 12;
board.CROWD = 80;

board.fill = (sentence, ...values) => values.reduce((text, value, i) => text.replace(`{${i}}`, value), sentence);

board.metres = (text, value) => (value === null ? text.noPath : `${Math.round(value).toLocaleString("en-US")} ${text.metres}`);

board.option = function (value, words) {
  const made = pujin.element("option", "", words);
  made.value = value;
  return made;
};

board.button = function (words, act, className = "") {
  const made = pujin.element("button", className, words);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};

board.row = function (table, cells, classes = []) {
  const row = table.insertRow();
  cells.forEach((words, i) => { row.insertCell().append(pujin.element("span", classes[i] || "", words)); });
  return row;
};

// Type menu with a group per suitability.
board.typeMenu = function (types) {
  const select = document.createElement("select");
  let group = null;
  for (const type of types) {
    if (!group || group.label !== type.suitability) {
      group = document.createElement("optgroup");
      group.label = type.suitability;
      select.append(group);
    }
    group.append(board.option(type.id, `${type.number} ${type.name}${type.mark ? ` (${type.mark})` : ""}`));
  }
  return select;
};

// The page: bar, map, panel, status line. `host.ask(message)` sends; `host.on(kind, act)` listens.
board.host = function (model, el) {
  const picture = model.get("picture");
  const root = pujin.element("div", "pd");
  root.dataset.lmSuppressShortcuts = "true";  // keys pressed here are not the notebook's
  root.lang = picture.lang === "en" ? "en" : "zh-CN";
  const [bar, mapBox, panel, status] = ["pd-bar", "pd-map", "pd-panel", "pd-status"].map((name) => pujin.element("div", name));
  status.setAttribute("role", "status");
  const words = pujin.element("span", "pd-words");
  const marks = pujin.element("span", "pd-marks");
  for (const notice of picture.notices) marks.append(pujin.element("strong", "", notice));
  status.append(words, marks);
  root.append(bar, mapBox, panel, status);
  const holder = pujin.element("div", "pd-holder");
  holder.append(root);
  el.replaceChildren(holder);
  mapBox.setAttribute("aria-label", picture.text.map);
  const listeners = {};
  let said = ["", false];
  const waiting = new Map();
  let sent = 0;
  const host = {
    model, picture, text: picture.text, root, bar, panel,
    say(sentence, isWarning = false) {
      said = [sentence, isWarning];
      words.textContent = sentence;
      words.classList.toggle("pd-warn", isWarning);
    },
    on(kind, act) { listeners[kind] = act; },
    ask(message) {
      sent += 1;
      const slow = setTimeout(() => { words.textContent = host.text.working; }, 300);
      const lost = setTimeout(() => host.say(host.text.gone, true), 60000);
      waiting.set(sent, { began: window.event ? window.event.timeStamp : performance.now(), slow, lost });
      root.dataset.pending = String(waiting.size);
      model.send({ id: sent, ...message });
    },
  };
  const receive = (content, buffers) => {
    const asked = waiting.get(content.id);
    if (asked) {
      waiting.delete(content.id);
      clearTimeout(asked.slow);
      clearTimeout(asked.lost);
      if (words.textContent === host.text.working) host.say(...said);
    }
    if (content.kind === "refusal") host.say(content.text, true);
    else if (content.kind === "progress") host.say(content.text);
    else if (listeners[content.kind]) listeners[content.kind](content, buffers.map(board.bytes));
    root.dataset.pending = String(waiting.size);
    if (asked) board.painted(root, content.kind, asked.began);
  };
  model.on("msg:custom", receive);
  host.map = board.map(mapBox, picture);
  host.close = () => {
    model.off("msg:custom", receive);
    for (const { slow, lost } of waiting.values()) [slow, lost].forEach(clearTimeout);
    host.map.remove();
  };
  host.view = board.view(host);
  root.board = host;  // for whoever looks into the page
  return host;
};

board.bytes = (view) => new Uint8Array(view.buffer || view, view.byteOffset || 0, view.byteLength);

// How long a click took until its answer was on the screen; benchmarks and tests read it.
board.painted = function (root, kind, began) {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    root.dataset.tookMs = String(Math.round(performance.now() - began));
    root.dataset.answered = String(Number(root.dataset.answered || 0) + 1);
    root.dataset.kind = kind;
  }));
};

board.map = function (box, picture) {
  const map = L.map(box, {
    zoomControl: false, attributionControl: false, preferCanvas: true, zoomSnap: 0.25, minZoom: 8, maxZoom: 19, maxBoundsViscosity: 0.6,
    scrollWheelZoom: true, wheelPxPerZoomLevel: 90,
  });
  map.setView(picture.view[0], 13);
  L.control.zoom({ zoomInTitle: picture.text.zoomIn, zoomOutTitle: picture.text.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  pujin.northArrow(map, picture.text.north);
  pujin.firstView(map, picture.view);
  pujin.background(map, picture.base);
  pujin.labels(map, picture.base.labels);
  return map;
};

board.pane = function (map, name, zIndex) {
  const pane = map.createPane(name);
  pane.style.zIndex = zIndex;
  pane.style.pointerEvents = "none";
  return L.canvas({ pane: name, padding: 0.3 });
};

// Demand points, circles, facilities of the chosen type.
board.view = function (host) {
  const { map, picture } = host;
  const { demand } = picture;
  const under = board.pane(map, "pd-circles", 300);
  const canvas = board.pane(map, "pd-demand", 390);
  const typical = Math.max(demand.people.reduce((sum, n) => sum + n, 0) / Math.max(demand.people.length, 1), 1);
  const dots = demand.lat.map((lat, i) => L.circleMarker([lat, demand.lon[i]], { renderer: canvas, pane: "pd-demand", interactive: false, stroke: true, fill: true }).addTo(map));
  const signs = L.layerGroup().addTo(map);
  const outlines = new Map();
  const resize = () => {
    const crowding = Math.min(Math.max(Math.sqrt(900 / Math.max(dots.length, 1)), 0.6), 1);
    const factor = Math.min(Math.max(2 ** ((map.getZoom() - 14) * 0.5), 0.5), 2.4) * crowding;
    dots.forEach((dot, i) => dot.setRadius(Math.min(Math.max(4.2 * Math.sqrt(demand.people[i] / typical), 2.4), 9) * factor));
  };
  map.on("zoomend", resize);
  resize();
  const view = {
    dots,
    signs,
    circles(list) {
      for (const circle of list) {
        if (outlines.has(circle.id)) outlines.get(circle.id).remove();
        const shape = L.polygon(circle.rings, { renderer: under, pane: "pd-circles", interactive: false, color: "#4f4370", weight: 1.6, opacity: 0.75, fillColor: circle.colour, fillOpacity: 0.12, fillRule: "evenodd" });
        outlines.set(circle.id, shape.addTo(map));
      }
    },
    emphasise(id) {
      for (const [circle, shape] of outlines) {
        const style = id === null || id === "all" ? { weight: 1.6, fillOpacity: 0.12 } : circle === id ? { weight: 3.5, fillOpacity: 0.3 } : { weight: 1, fillOpacity: 0.03 };
        shape.setStyle(style);
      }
    },
    outline: (id) => outlines.get(id),
    // `codes` verdict per demand point; `marks` 1 newly met, 2 no longer met.
    paint(codes, marks = null) {
      const { verdictColours, changeColours } = picture;
      dots.forEach((dot, i) => {
        const verdict = board.VERDICTS[codes[i]];
        const style = verdict === "unknown"
          ? { color: verdictColours.unknown, weight: 2.4, fillColor: "#ffffff", fillOpacity: 0.9 }
          : { color: "#ffffff", weight: 0.8, fillColor: verdictColours[verdict] || verdictColours.none, fillOpacity: 0.9 };
        if (marks && marks[i] === 1) Object.assign(style, { color: changeColours.gained, weight: 4 });
        if (marks && marks[i] === 2) Object.assign(style, { color: changeColours.lost, weight: 4 });
        dot.setStyle(style);
      });
    },
    nearestDot(latlng) {
      const pixel = map.latLngToContainerPoint(latlng);
      let nearest = -1;
      let least = board.SNAP_PIXELS;
      dots.forEach((dot, i) => {
        const apart = map.latLngToContainerPoint(dot.getLatLng()).distanceTo(pixel);
        if (apart < least) [nearest, least] = [i, apart];
      });
      return nearest;
    },
  };
  map.names.avoid(() => signs.getLayers().map((sign) => ({ options: {}, getLatLng: () => sign.getLatLng(), getRadius: () => 9 })));
  view.circles(picture.circles);
  view.paint(new Uint8Array(dots.length));
  return view;
};

// Who hears the page instead of seeing it is told what a marker stands for.
board.called = (marker, words) => marker.on("add", () => marker.getElement().setAttribute("aria-label", words));

// A facility's sign: its number in the type's colour; small where many would cover the map.
board.sign = function (host, facility, { small = false, state = "", draggable = false } = {}) {
  const [, kind, name, lat, lon] = facility;
  const type = host.picture.types[kind];
  const badge = pujin.element("div", "", small ? "" : String(type.number));
  badge.style.background = type.colour;
  const className = `pd-facility${small ? " pd-small-sign" : ""}${state ? ` pd-${state}` : ""}`;
  const icon = L.divIcon({ html: badge, className, iconSize: small ? [9, 9] : [20, 20] });
  const title = name || host.text.noName;
  const sign = L.marker([lat, lon], { icon, draggable, keyboard: true, riseOnHover: true, autoPan: draggable });
  board.called(sign, `${title}, ${type.name}`);
  sign.bindTooltip(() => {
    const tip = pujin.element("div");
    tip.dir = "auto";
    tip.append(pujin.element("b", "", title), pujin.element("div", "", `${type.number} ${type.name}`));
    return tip;
  }, { direction: "top", offset: [0, -10] });
  return sign;
};

board.legend = function (host, entries) {
  const list = pujin.element("ul", "pd-legend");
  for (const [className, colour, words] of entries) {
    const item = pujin.element("li");
    const key = pujin.element("i", className);
    if (className.includes("line")) key.style.borderTopColor = colour;
    else if (className.includes("ring")) key.style.borderColor = colour;
    else key.style.background = colour;
    item.append(key, pujin.element("span", "", words));
    list.append(item);
  }
  return list;
};

board.verdictLegend = (host) => [
  ["pd-dot", host.picture.verdictColours.met, host.text.met],
  ["pd-dot", host.picture.verdictColours.not_met, host.text.not_met],
  ["pd-ring", host.picture.verdictColours.unknown, host.text.unknown],
  ["pd-dot", host.picture.verdictColours.none, host.text.notApplying],
];
