"use strict";
// Who reaches what, as the study stands and after changes. Pure functions on the data of the page.
// A change: { kind: "add", type, x, y, name }, { kind: "move", key, x, y } or { kind: "remove", key }.
const scenario = {};

scenario.NONE_MM = 0xffffffff;

// What is packed → { graph, types, demand, facilities, exits, shapes of extent and boundary, … }.
scenario.world = function (data) {
  const graph = walking.graph(data.network);
  const world = {
    graph,
    types: data.types,
    circles: data.circles,
    maxSnap: data.maxSnap,
    exits: scenario.ways(data.exits),
    extent: scenario.shapes(data.extent)[0],
    boundary: scenario.shapes(data.boundary)[0],
    people: Object.fromEntries(Object.entries(data.people).map(([basis, packed]) => [basis, walking.array(packed, Float64Array)])),
    toMetres: (lon, lat) => walking.polynomial(data.toMetres, lon, lat),
    toDegrees: (x, y) => walking.polynomial(data.toDegrees, x, y),
  };
  world.demand = scenario.demand(graph, data.demand);
  world.facilities = scenario.facilities(graph, data.facilities);
  // The type of a facility by its key: one of the study, or added by a change.
  world.typeOf = (key, changes) => (key < world.facilities.length ? world.facilities[key] : changes[key - world.facilities.length]).type;
  world.before = new Map();  // type → judgement of the study as it stands
  return world;
};

scenario.ways = function (packed) {
  const [item, edge] = ["item", "edge"].map((name) => walking.array(packed[name], Int32Array));
  const [offset, span, leg] = ["offset", "span", "leg"].map((name) => walking.array(packed[name], Float64Array));
  return Array.from(item, (of, i) => ({ item: of, edge: edge[i], offset: offset[i], span: span[i], leg: leg[i] }));
};

scenario.shapes = function (packed) {
  const ringStart = walking.starts(walking.array(packed.rings, Uint32Array));
  const vertexStart = walking.starts(walking.array(packed.vertices, Uint32Array));
  const metres = Float64Array.from(walking.array(packed.xyMm, Int32Array), (mm) => mm / 1000);
  return Array.from({ length: ringStart.length - 1 }, (_, i) => {
    const rings = [];
    for (let r = ringStart[i]; r < ringStart[i + 1]; r++) rings.push(metres.subarray(2 * vertexStart[r], 2 * vertexStart[r + 1]));
    return scenario.shape(rings);
  });
};

scenario.shape = function (rings) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      box[0] = Math.min(box[0], ring[i]);
      box[1] = Math.min(box[1], ring[i + 1]);
      box[2] = Math.max(box[2], ring[i]);
      box[3] = Math.max(box[3], ring[i + 1]);
    }
  }
  return { rings, area: rings.some((ring) => ring.length > 2), box };
};

scenario.demand = function (graph, packed) {
  const xy = walking.array(packed.xyMm, Int32Array);
  const edge = walking.array(packed.edgeMm, Uint32Array);
  const rural = walking.array(packed.rural, Uint8Array);
  const population = walking.array(packed.population, Float64Array);
  const crossing = new Set(packed.crossing);
  const demand = packed.name.map((name, i) => ({
    name,
    committee: packed.committee[i],
    population: population[i],
    x: xy[2 * i] / 1000,
    y: xy[2 * i + 1] / 1000,
    rural: Boolean(rural[i]),
    circle: packed.circle[i],
    edge: edge[i] === scenario.NONE_MM ? Infinity : edge[i] / 1000,
    crosses: crossing.has(i),
    way: null,
  }));
  for (const way of scenario.ways(packed.ways)) demand[way.item].way = way;
  for (const one of demand) one.onMain = Boolean(one.way) && Boolean(graph.onMain[one.way.edge]);
  return demand;
};

scenario.facilities = function (graph, packed) {
  const xy = walking.array(packed.xyMm, Int32Array);
  const crossing = new Set(packed.crossing);
  const shapes = scenario.shapes(packed.shapes);
  const facilities = packed.name.map((name, key) => ({
    key, name, type: packed.type[key], x: xy[2 * key] / 1000, y: xy[2 * key + 1] / 1000, shape: shapes[key],
    crosses: crossing.has(key), ways: [], gates: [], isNew: false, moved: false,
  }));
  for (const way of scenario.ways(packed.ways)) facilities[way.item].ways.push(way);
  for (const [key, x, y] of packed.gatesMm) facilities[key].gates.push([x / 1000, y / 1000]);
  for (const one of facilities) one.onMain = one.ways.some((way) => graph.onMain[way.edge]);
  return facilities;
};

// A facility that is a point at a new place; a moved one keeps its key, name and type.
scenario.placed = function (world, facility, x, y) {
  const way = walking.access(world.graph, x, y, world.maxSnap);
  return {
    crosses: false, isNew: false, moved: false, ...facility, x, y, shape: scenario.shape([[x, y]]),
    ways: way ? [way] : [], gates: [], onMain: Boolean(way) && Boolean(world.graph.onMain[way.edge]),
  };
};

// All facilities after the changes, in the order of the study, new ones behind.
scenario.after = function (world, changes) {
  let facilities = world.facilities;
  changes.forEach((change, i) => {
    if (change.kind === "add") {
      const added = { key: world.facilities.length + i, name: change.name, type: change.type, isNew: true };
      facilities = [...facilities, scenario.placed(world, added, change.x, change.y)];
    } else if (change.kind === "move") {
      facilities = facilities.map((one) => (
        one.key === change.key ? { ...scenario.placed(world, { ...one, crosses: false }, change.x, change.y), moved: true } : one
      ));
    } else {
      facilities = facilities.filter((one) => one.key !== change.key);
    }
  });
  return facilities;
};

// Metres, null where the type does not apply.
scenario.threshold = (type, rural) => (rural ? type.rural : type.urban);

// Walk, verdict and cause of every demand point for one type; verdict "" where the type does not apply.
scenario.judge = function (world, facilities, typeNumber) {
  const type = world.types[typeNumber];
  const members = facilities.filter((one) => one.type === typeNumber);
  const reach = Math.max(type.urban || 0, type.rural || 0);
  const shapes = walking.nearby(members.map((one) => one.shape), reach);
  const offShapes = walking.nearby(members.filter((one) => !one.onMain).map((one) => one.shape), reach);
  const walk = walking.walks(world.graph, world.demand.map((one) => one.way), members.flatMap((one) => one.ways)).map(walking.toMm);
  const decided = world.demand.map((place, i) => {
    const threshold = scenario.threshold(type, place.rural);
    if (threshold === null) return ["", ""];
    if (walk[i] <= threshold) return ["met", ""];
    return walking.verdict({
      walk: walk[i],
      threshold,
      near: walking.anyWithin(shapes(place.x, place.y), place.x, place.y, threshold),
      offNear: walking.anyWithin(offShapes(place.x, place.y), place.x, place.y, threshold),
      edge: place.edge,
      onStreet: Boolean(place.way),
      onMain: place.onMain,
      absent: !members.length,
    });
  });
  return { walk, verdict: decided.map(([verdict]) => verdict), cause: decided.map(([, cause]) => cause) };
};

// The study as it stands, judged once per type.
scenario.before = function (world, typeNumber) {
  if (!world.before.has(typeNumber)) world.before.set(typeNumber, scenario.judge(world, world.facilities, typeNumber));
  return world.before.get(typeNumber);
};

// People served and people met: of everybody, then of each circle.
scenario.sums = function (world, typeNumber, verdict) {
  const people = world.people[world.types[typeNumber].basis];
  const sums = [...Array(world.circles.length + 1)].map(() => ({ people: 0, met: 0 }));
  world.demand.forEach(({ circle }, i) => {
    if (!verdict[i]) return;
    for (const sum of circle < 0 ? [sums[0]] : [sums[0], sums[circle + 1]]) {
      sum.people += people[i];
      if (verdict[i] === "met") sum.met += people[i];
    }
  });
  return sums;
};

// Who becomes met, who no longer is: positions of demand points, and people.
scenario.difference = function (world, typeNumber, before, after) {
  const people = world.people[world.types[typeNumber].basis];
  const found = { gained: [], lost: [], peopleGained: 0, peopleGainedUnknown: 0, peopleLost: 0 };
  after.forEach((verdict, i) => {
    if (verdict === "met" && before[i] !== "met") {
      found.gained.push(i);
      found[before[i] === "unknown" ? "peopleGainedUnknown" : "peopleGained"] += people[i];
    } else if (verdict !== "met" && before[i] === "met") {
      found.lost.push(i);
      found.peopleLost += people[i];
    }
  });
  return found;
};

// A clicked place, led onto the network; it takes its scope from the nearest demand point.
scenario.place = function (world, x, y) {
  const way = walking.access(world.graph, x, y, world.maxSnap);
  const onMain = Boolean(way) && Boolean(world.graph.onMain[way.edge]);
  let nearest = null;
  let least = Infinity;
  for (const one of world.demand) {
    const squared = (one.x - x) ** 2 + (one.y - y) ** 2;
    if (squared < least) [nearest, least] = [one, squared];
  }
  const straightEdge = world.extent ? walking.toMm(walking.toEdgeOf(world.extent, x, y)) : Infinity;
  return { x, y, way, onMain, rural: Boolean(nearest && nearest.rural), nearest, edge: onMain ? null : straightEdge };
};

// The nearest facility of every type from one place, on foot and by straight line, with the verdict.
scenario.ask = function (world, facilities, place) {
  const { graph } = world;
  const found = place.way ? walking.search(graph, [place.way]) : null;
  const exit = found && place.onMain ? walking.nearestWay(graph, found, place.way, world.exits) : null;
  let { edge } = place;
  if (edge === null) edge = exit ? walking.toMm(exit.walk) : Infinity;
  const rows = world.types.map(() => ({ walk: Infinity, straight: Infinity, off: Infinity, facility: null, way: null, absent: true }));
  for (const facility of facilities) {
    const row = rows[facility.type];
    row.absent = false;
    if (walking.atLeast(facility.shape, place.x, place.y) < row.straight + 1 || !facility.onMain) {
      const straight = walking.toMm(walking.straight(facility.shape, place.x, place.y));
      row.straight = Math.min(row.straight, straight);
      if (!facility.onMain) row.off = Math.min(row.off, straight);
    }
    const nearest = found && walking.nearestWay(graph, found, place.way, facility.ways);
    if (nearest && nearest.walk < row.walk) Object.assign(row, { ...nearest, facility });
  }
  rows.forEach((row, number) => {
    row.type = number;
    row.exact = row.walk;
    row.walk = walking.toMm(row.walk);
    row.threshold = scenario.threshold(world.types[number], place.rural);
    if (row.threshold === null) return;
    [row.verdict, row.cause] = walking.verdict({
      walk: row.walk,
      threshold: row.threshold,
      near: row.straight <= row.threshold,
      offNear: row.off <= row.threshold,
      edge,
      onStreet: Boolean(place.way),
      onMain: place.onMain,
      absent: row.absent,
    });
  });
  return { found, rows };
};

// The walk of an answered row as points [x, y]: from the place, along the streets, to the facility.
scenario.route = function (world, place, found, { facility, way }) {
  const line = walking.route(world.graph, found, place.way, way);
  return [[place.x, place.y], ...line, scenario.legEnd(facility, line[line.length - 1], way)];
};

// Where the last leg ends: at a gate of the site, else at the facility or its edge, whichever is a leg away.
scenario.legEnd = function (facility, entry, way) {
  const ends = facility.gates.length ? facility.gates : [walking.nearestOn(facility.shape, ...entry)];
  const wrong = ([x, y]) => Math.abs(Math.hypot(x - entry[0], y - entry[1]) - way.leg);
  return ends.reduce((best, end) => (wrong(end) < wrong(best) ? end : best));
};
