export default {
  render({ model, el }) {
    const host = board.host(model, el);
    const open = model.get("mode") === "desk" ? desk.open : explore.open;
    open(host);
    return host.close;
  },
};
