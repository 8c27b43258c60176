// The map and table beside the drop-downs, which are Python's.
const explore = {};

explore.open = function (host) {
  const { panel, text, view } = host;
  host.root.classList.add("pd-explore");
  const sentence = pujin.element("p", "pd-sentence");
  const table = pujin.element("table", "pd-table");
  const legend = board.legend(host, board.verdictLegend(host));
  panel.append(sentence, legend, table);
  host.on("painted", (content, [codes]) => {
    host.say("");
    view.paint(codes);
    view.emphasise(content.circle);
    view.signs.clearLayers();
    const small = content.facilities.length > board.CROWD;
    for (const facility of content.facilities) view.signs.addLayer(board.sign(host, facility, { small }));
    host.map.names.arrange();
    sentence.textContent = content.sentence;
    table.replaceChildren();
    const head = table.createTHead().insertRow();
    for (const words of [text.circle, text.people, text.met, text.shareShort, text.straightShort]) head.append(pujin.element("th", "", words));
    const body = table.createTBody();
    for (const [id, name, ...figures] of content.table) {
      const row = body.insertRow();
      row.classList.toggle("pd-chosen", id === content.circle);
      const choose = board.button(id === "all" ? text.whole : name, () => host.ask({ do: "circle", circle: id }), "pd-link");
      row.insertCell().append(choose);
      for (const figure of figures) row.insertCell().textContent = figure;
    }
  });
  host.ask({ do: "hello" });
};
