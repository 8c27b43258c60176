"use strict";
// The page around a map: its controls and keys, the panel that folds away on a phone, full screen.

pujin.narrow = window.matchMedia("screen and (max-width: 760px)");  // paper is laid out narrow at first

// A map is printed as it is on the screen, made as large as the sheet allows: nothing need be drawn anew.
pujin.fitPaper = function () {
  window.addEventListener("beforeprint", () => {
    const maps = [...document.querySelectorAll(".leaflet-container")];
    const [wide, tall] = [1512, 1043];  // A3 landscape less margins, see page.css
    const panel = maps.length > 1 ? 320 : 370;
    for (const map of maps) {
      const [width, height] = [map.clientWidth, map.clientHeight];
      const scale = Math.min((wide - panel) / maps.length / width, (tall - 70) / height);
      map.style.setProperty("--pj-width", `${width}px`);
      map.style.setProperty("--pj-height", `${height}px`);
      map.style.setProperty("--pj-scale", scale);
    }
  });
};

pujin.start = function (map, data, kinds) {
  pujin.fitPaper();
  const { text } = data;
  pujin.escape(map);
  pujin.outline();
  const fold = () => { document.getElementById("pj-details").open = !pujin.narrow.matches; };
  pujin.narrow.addEventListener("change", fold);
  fold();
  const zoom = L.control.zoom({ zoomInTitle: text.zoomIn, zoomOutTitle: text.zoomOut, position: pujin.corners().zoom }).addTo(map);
  pujin.fullScreen(zoom.getContainer(), text.fullScreen);
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
  pujin.northArrow(map, text.north, pujin.corners().north);
  pujin.firstView(map, data.view);
  pujin.background(map, data.base);
  pujin.labels(map, data.base.labels, kinds);
};

// On a phone the thumb is below and cards need the width above.
pujin.corners = () => (pujin.narrow.matches ? { zoom: "bottomright", north: "bottomleft" } : { zoom: "topleft", north: "topright" });

// On a phone the open panel leaves no room for what it was asked to show.
pujin.makeRoom = function (map) {
  if (!pujin.narrow.matches) return;
  document.getElementById("pj-details").open = false;
  map.invalidateSize({ animate: false });
};

// A button that shows the page, larger, on the whole screen of a meeting room.
pujin.fullScreen = function (bar, words) {
  const page = document.documentElement;
  if (!document.fullscreenEnabled || pujin.narrow.matches) return;
  const button = pujin.element("a", "pj-full");
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const corners = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  corners.setAttribute("d", "M1 6V1H6M10 1H15V6M15 10V15H10M6 15H1V10");
  svg.append(corners);
  button.append(svg);
  button.href = "#";
  button.title = words;
  button.setAttribute("role", "button");
  button.setAttribute("aria-label", words);
  L.DomEvent.disableClickPropagation(button);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    if (document.fullscreenElement) document.exitFullscreen();
    else page.requestFullscreen().catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => document.body.classList.toggle("pj-present", Boolean(document.fullscreenElement)));
  bar.append(button);
};

// The map is outlined for who walks through the page by keyboard; Leaflet focuses it at every click as well.
pujin.outline = function () {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") document.body.classList.add("pj-keys");
  });
  document.addEventListener("pointerdown", () => document.body.classList.remove("pj-keys"));
};

// Opens a layer's card above it, with room for the card, its shape and whatever else is drawn with it.
pujin.openAbove = function (map, layer, bounds) {
  pujin.makeRoom(map);
  const room = Math.min(0.4 * window.innerHeight + 70, 0.6 * map.getSize().y);  // a card's greatest height, in page.css
  map.fitBounds(bounds, { animate: false, paddingTopLeft: [20, room], paddingBottomRight: [20, 16], maxZoom: 16 });
  layer.openPopup(L.latLng(layer.getBounds().getNorth(), layer.getBounds().getCenter().lng));
};

// Escape closes a card wherever the focus is: Leaflet itself listens on the map only.
pujin.escape = function (map) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") map.closePopup();
  });
};
