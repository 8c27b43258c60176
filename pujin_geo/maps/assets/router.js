"use strict";
// Walks on the study's street graph, by the rules of network.py, access.py, distances.py and verdicts.py.
// Pure functions: no page, no map. Lengths in metres, coordinates in metres of the study's CRS from the origin.
// Lengths are multiples of 2^-20 m, which float64 adds without error, so sums equal Python's to the last bit.
// A way into the network: { edge, offset (from the edge's start), span (street that counts as the way in), leg }.
const walking = {};

walking.QUANTA_PER_M = 2 ** 20;
walking.SAME_PLACE_M = 0.001;

walking.quantise = (metres) => Math.round(metres * walking.QUANTA_PER_M) / walking.QUANTA_PER_M;

// As lengths are printed and held against thresholds; halves go to the even millimetre, as in numpy.
walking.toMm = function (metres) {
  const scaled = metres * 1000;
  const rounded = Math.round(scaled);
  return (rounded - scaled === 0.5 && rounded % 2 ? rounded - 1 : rounded) / 1000;
};

walking.array = function (text, Kind) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new Kind(bytes.buffer);
};

// Counts per row → where each row starts, with the end of the last one behind.
walking.starts = function (counts) {
  const start = new Int32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) start[i + 1] = start[i] + counts[i];
  return start;
};

// Packed streets → graph. Vertices of edge e: vertexStart[e] up to vertexStart[e + 1].
walking.graph = function (packed) {
  const from = walking.array(packed.from, Int32Array);
  const to = walking.array(packed.to, Int32Array);
  const xy = walking.array(packed.xyMm, Int32Array);
  const graph = {
    nodes: packed.nodes,
    from,
    to,
    length: walking.array(packed.length, Float64Array),
    onMain: walking.array(packed.onMain, Uint8Array),
    vertexStart: walking.starts(walking.array(packed.vertices, Uint32Array)),
    x: Float64Array.from({ length: xy.length / 2 }, (_, i) => xy[2 * i] / 1000),
    y: Float64Array.from({ length: xy.length / 2 }, (_, i) => xy[2 * i + 1] / 1000),
  };
  Object.assign(graph, walking.arcs(graph));
  graph.grid = walking.grid(graph);
  return graph;
};

// The edges at each node: edges at[first[node]] up to at[first[node + 1]].
walking.arcs = function ({ nodes, from, to }) {
  const degree = new Int32Array(nodes);
  for (const ends of [from, to]) for (const node of ends) degree[node]++;
  const first = walking.starts(degree);
  const next = first.slice();
  const at = new Int32Array(2 * from.length);
  for (const ends of [from, to]) ends.forEach((node, edge) => { at[next[node]++] = edge; });
  return { first, at };
};

// ---- Where a place enters the network

// Squares with the street segments whose boxes touch them; a segment is named by its first vertex.
walking.grid = function ({ x, y, vertexStart }) {
  const edgeOf = new Int32Array(x.length).fill(-1);  // -1: no segment starts at an edge's last vertex
  for (let edge = 0; edge + 1 < vertexStart.length; edge++) edgeOf.fill(edge, vertexStart[edge], vertexStart[edge + 1] - 1);
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < x.length; i++) {
    [west, east] = [Math.min(west, x[i]), Math.max(east, x[i])];
    [south, north] = [Math.min(south, y[i]), Math.max(north, y[i])];
  }
  const side = Math.max(60, (east - west) / 800, (north - south) / 800);
  const grid = { edgeOf, west, south, side, columns: Math.floor((east - west) / side) + 1, rows: Math.floor((north - south) / side) + 1 };
  const eachSquare = (visit) => {
    for (let i = 0; i < x.length; i++) {
      if (edgeOf[i] < 0) continue;
      const [a, b] = [walking.square(grid, x[i], y[i]), walking.square(grid, x[i + 1], y[i + 1])];
      for (let row = Math.min(a[1], b[1]); row <= Math.max(a[1], b[1]); row++) {
        for (let column = Math.min(a[0], b[0]); column <= Math.max(a[0], b[0]); column++) visit(row * grid.columns + column, i);
      }
    }
  };
  const counts = new Int32Array(grid.columns * grid.rows);
  eachSquare((square) => { counts[square]++; });
  grid.first = walking.starts(counts);
  grid.segment = new Int32Array(grid.first[counts.length]);
  const next = grid.first.slice();
  eachSquare((square, i) => { grid.segment[next[square]++] = i; });
  return grid;
};

walking.square = (grid, x, y) => [Math.floor((x - grid.west) / grid.side), Math.floor((y - grid.south) / grid.side)];

// How far along a segment, as a share, its place nearest to a point is.
walking.shareOf = function (px, py, ax, ay, bx, by) {
  const dx = bx - ax;
  const dy = by - ay;
  const squared = dx * dx + dy * dy;
  return squared > 0 ? Math.min(Math.max(((px - ax) * dx + (py - ay) * dy) / squared, 0), 1) : 0;
};

walking.toSegment = function (px, py, ax, ay, bx, by) {
  const share = walking.shareOf(px, py, ax, ay, bx, by);
  const x = px - ax - share * (bx - ax);
  const y = py - ay - share * (by - ay);
  return Math.sqrt(x * x + y * y);
};

// Straight to the nearest place of the nearest street, null beyond the limit; of a tie (1 mm) the first edge.
walking.access = function (graph, x, y, maxSnap) {
  const { grid } = graph;
  const [column, row] = walking.square(grid, x, y);
  const furthest = Math.ceil(maxSnap / grid.side) + 1;
  const near = [];
  let best = Infinity;
  for (let ring = 0; ring <= furthest && best + walking.SAME_PLACE_M > (ring - 1) * grid.side; ring++) {
    walking.ringOf(grid, column, row, ring, (i) => {
      const distance = walking.toSegment(x, y, graph.x[i], graph.y[i], graph.x[i + 1], graph.y[i + 1]);
      best = Math.min(best, distance);
      near.push([grid.edgeOf[i], distance, i]);
    });
  }
  if (!(walking.toMm(best) <= maxSnap)) return null;
  const tied = near.filter(([, distance]) => distance <= best + walking.SAME_PLACE_M);
  const edge = tied.reduce((least, one) => Math.min(least, one[0]), Infinity);
  const [, leg, i] = tied.filter((one) => one[0] === edge).sort((a, b) => a[1] - b[1] || a[2] - b[2])[0];
  const share = walking.shareOf(x, y, graph.x[i], graph.y[i], graph.x[i + 1], graph.y[i + 1]);
  const offset = walking.quantise(walking.along(graph, edge, i, share));
  return { edge, offset: Math.min(offset, graph.length[edge]), span: 0, leg: walking.quantise(leg) };
};

// The segments in the squares of one ring around a square.
walking.ringOf = function (grid, column, row, ring, visit) {
  for (let r = Math.max(row - ring, 0); r <= Math.min(row + ring, grid.rows - 1); r++) {
    const step = Math.abs(r - row) === ring ? 1 : Math.max(2 * ring, 1);
    for (let c = column - ring; c <= column + ring; c += step) {
      if (c < 0 || c >= grid.columns) continue;
      const square = r * grid.columns + c;
      for (let i = grid.first[square]; i < grid.first[square + 1]; i++) visit(grid.segment[i]);
    }
  }
};

walking.along = function (graph, edge, segment, share) {
  let metres = 0;
  for (let i = graph.vertexStart[edge]; i < segment; i++) metres += Math.hypot(graph.x[i + 1] - graph.x[i], graph.y[i + 1] - graph.y[i]);
  return metres + share * Math.hypot(graph.x[segment + 1] - graph.x[segment], graph.y[segment + 1] - graph.y[segment]);
};

// ---- Walks

// Least first: pairs of a walk and a node.
walking.heap = function () {
  const keys = [];
  const nodes = [];
  return {
    get size() { return keys.length; },
    push(key, node) {
      let i = keys.length;
      for (; i > 0; ) {
        const above = (i - 1) >> 1;
        if (keys[above] <= key) break;
        keys[i] = keys[above];
        nodes[i] = nodes[above];
        i = above;
      }
      keys[i] = key;
      nodes[i] = node;
    },
    pop() {
      const top = [keys[0], nodes[0]];
      const key = keys.pop();
      const node = nodes.pop();
      const size = keys.length;
      if (!size) return top;
      let i = 0;
      for (let below = 1; below < size; below = 2 * i + 1) {
        if (below + 1 < size && keys[below + 1] < keys[below]) below++;
        if (keys[below] >= key) break;
        keys[i] = keys[below];
        nodes[i] = nodes[below];
        i = below;
      }
      keys[i] = key;
      nodes[i] = node;
      return top;
    },
  };
};

// Dijkstra from all ways at once, no farther than the limit: walk to each node (infinite beyond), the edge by
// which it is reached and the node before (-1: from the way itself).
walking.search = function (graph, ways, limit = Infinity) {
  const walk = new Float64Array(graph.nodes).fill(Infinity);
  const edgeTo = new Int32Array(graph.nodes).fill(-1);
  const before = new Int32Array(graph.nodes).fill(-1);
  const heap = walking.heap();
  const reach = (node, metres, edge, previous) => {
    if (metres >= walk[node] || metres > limit) return;
    walk[node] = metres;
    edgeTo[node] = edge;
    before[node] = previous;
    heap.push(metres, node);
  };
  for (const { edge, offset, span, leg } of ways) {
    reach(graph.from[edge], leg + offset, edge, -1);
    reach(graph.to[edge], leg + (graph.length[edge] - offset - span), edge, -1);
  }
  while (heap.size) {
    const [metres, node] = heap.pop();
    if (metres > walk[node]) continue;  // reached on a shorter walk since
    for (let i = graph.first[node]; i < graph.first[node + 1]; i++) {
      const edge = graph.at[i];
      reach(graph.from[edge] === node ? graph.to[edge] : graph.from[edge], metres + graph.length[edge], edge, node);
    }
  }
  return { walk, edgeTo, before };
};

// Along the edge that two ways share.
walking.between = (one, other) =>
  Math.max(other.offset - (one.offset + one.span), one.offset - (other.offset + other.span), 0) + one.leg + other.leg;

// From where a search began to a way, by either end of its edge.
walking.walkTo = (graph, { walk }, way) => Math.min(
  walk[graph.from[way.edge]] + way.offset,
  walk[graph.to[way.edge]] + (graph.length[way.edge] - way.offset - way.span),
) + way.leg;

// Walk from one origin to the nearest of a facility's ways in: { walk, way }, null without a path.
walking.nearestWay = function (graph, found, origin, ways) {
  let best = null;
  for (const way of ways) {
    let walk = walking.walkTo(graph, found, way);
    if (way.edge === origin.edge) walk = Math.min(walk, walking.between(origin, way));
    if (walk < (best ? best.walk : Infinity)) best = { walk, way };
  }
  return best;
};

// Walk of every origin (null: on no street) to the nearest of all the ways, infinite without a path.
walking.walks = function (graph, origins, ways, limit = Infinity) {
  const found = walking.search(graph, ways, limit);
  const onEdge = new Map();
  for (const way of ways) {
    if (onEdge.has(way.edge)) onEdge.get(way.edge).push(way);
    else onEdge.set(way.edge, [way]);
  }
  return Float64Array.from(origins, (origin) => {
    if (!origin) return Infinity;
    let walk = walking.walkTo(graph, found, origin);
    for (const way of onEdge.get(origin.edge) || []) walk = Math.min(walk, walking.between(origin, way));
    return walk;
  });
};

// ---- The line of a walk

// Points [x, y] of an edge between two offsets, in the direction of the walk.
walking.piece = function (graph, edge, fromM, toM) {
  const [first, last] = [graph.vertexStart[edge], graph.vertexStart[edge + 1] - 1];
  const [low, high] = [Math.min(fromM, toM), Math.max(fromM, toM)];
  const at = (i, share) => [graph.x[i] + share * (graph.x[i + 1] - graph.x[i]), graph.y[i] + share * (graph.y[i + 1] - graph.y[i])];
  const points = [];
  let begin = 0;
  for (let i = first; i < last; i++) {
    const length = Math.hypot(graph.x[i + 1] - graph.x[i], graph.y[i + 1] - graph.y[i]);
    const end = i === last - 1 ? Math.max(begin + length, high) : begin + length;
    if (length > 0 && !points.length && low <= end) points.push(at(i, Math.min((low - begin) / length, 1)));
    if (points.length && high <= end) {
      points.push(length > 0 ? at(i, Math.min((high - begin) / length, 1)) : at(i, 1));
      break;
    }
    if (points.length) points.push(at(i, 1));
    begin = end;
  }
  return fromM <= toM ? points : points.reverse();
};

// The walk from the origin of a search to a way: points [x, y] on the streets, without the two legs.
walking.route = function (graph, found, origin, way) {
  const arrive = [
    [found.walk[graph.from[way.edge]] + way.offset, graph.from[way.edge], 0, way.offset],
    [found.walk[graph.to[way.edge]] + (graph.length[way.edge] - way.offset - way.span), graph.to[way.edge], graph.length[way.edge], way.offset + way.span],
  ].sort((a, b) => a[0] - b[0])[0];
  if (way.edge === origin.edge && walking.between(origin, way) <= arrive[0] + way.leg) {
    const enter = Math.min(Math.max(origin.offset, way.offset), way.offset + way.span);
    return walking.piece(graph, way.edge, origin.offset, enter);
  }
  const pieces = [walking.piece(graph, way.edge, arrive[2], arrive[3])];
  let node = arrive[1];
  for (; found.before[node] >= 0; node = found.before[node]) {
    const edge = found.edgeTo[node];
    const forward = graph.to[edge] === node && graph.from[edge] === found.before[node];
    pieces.push(walking.piece(graph, edge, forward ? 0 : graph.length[edge], forward ? graph.length[edge] : 0));
  }
  const back = origin.leg + origin.offset <= found.walk[node] && graph.from[origin.edge] === node;
  pieces.push(walking.piece(graph, origin.edge, origin.offset, back ? 0 : graph.length[origin.edge]));
  return pieces.reverse().flat();
};

// ---- Straight lines and verdicts

// A shape is a list of rings of [x, y, x, y, …] and whether it is an area; a point is one ring of one vertex.
walking.inside = function ({ rings, area, box }, x, y) {
  let inside = false;
  if (!area || x < box[0] || y < box[1] || x > box[2] || y > box[3]) return false;
  for (const ring of rings) {
    for (let i = 0; i + 3 < ring.length; i += 2) {
      const ay = ring[i + 1];
      const by = ring[i + 3];
      if (ay > y !== by > y && x < ring[i] + ((y - ay) / (by - ay)) * (ring[i + 2] - ring[i])) inside = !inside;
    }
  }
  return inside;
};

walking.toEdgeOf = function ({ rings }, x, y) {
  let best = Infinity;
  for (const ring of rings) {
    const last = Math.max(ring.length - 2, 1);  // a point is a piece without length
    for (let i = 0; i < last; i += 2) {
      const next = Math.min(i + 2, ring.length - 2);
      best = Math.min(best, walking.toSegment(x, y, ring[i], ring[i + 1], ring[next], ring[next + 1]));
    }
  }
  return best;
};

// The place of a shape's edge that is nearest to a point.
walking.nearestOn = function ({ rings }, x, y) {
  let [nearest, least] = [null, Infinity];
  for (const ring of rings) {
    for (let i = 0; i < Math.max(ring.length - 2, 1); i += 2) {
      const next = Math.min(i + 2, ring.length - 2);
      const share = walking.shareOf(x, y, ring[i], ring[i + 1], ring[next], ring[next + 1]);
      const place = [ring[i] + share * (ring[next] - ring[i]), ring[i + 1] + share * (ring[next + 1] - ring[i + 1])];
      const apart = Math.hypot(place[0] - x, place[1] - y);
      if (apart < least) [nearest, least] = [place, apart];
    }
  }
  return nearest;
};

walking.straight = (shape, x, y) => (walking.inside(shape, x, y) ? 0 : walking.toEdgeOf(shape, x, y));

// No place of a shape is nearer than this.
walking.atLeast = function ({ box }, x, y) {
  const dx = Math.max(box[0] - x, x - box[2], 0);
  const dy = Math.max(box[1] - y, y - box[3], 0);
  return Math.sqrt(dx * dx + dy * dy);
};

// Shapes by square: a function that gives those which may be within `reach` of a place.
walking.nearby = function (shapes, reach) {
  const side = Math.max(reach, 100);
  const columns = 2 ** 20;
  const squares = new Map();
  const square = (metres) => Math.floor(metres / side);
  for (const shape of shapes) {
    const [west, south, east, north] = shape.box;
    for (let column = square(west - reach - 1); column <= square(east + reach + 1); column++) {
      for (let row = square(south - reach - 1); row <= square(north + reach + 1); row++) {
        const key = row * columns + column;
        if (squares.has(key)) squares.get(key).push(shape);
        else squares.set(key, [shape]);
      }
    }
  }
  return (x, y) => squares.get(square(y) * columns + square(x)) || [];
};

// Whether one of the shapes is within a limit by straight line, to the millimetre.
walking.anyWithin = (shapes, x, y, limit) => shapes.some((shape) => (
  walking.atLeast(shape, x, y) <= limit + 1 && walking.toMm(walking.straight(shape, x, y)) <= limit
));

// The first line that applies decides, as in verdicts.py. `near`: a facility is within the threshold by straight
// line; `offNear`: one that is not on the main network is; `edge`: walk to where a street leaves the data (off the
// main network the straight line to the edge of the data). Lengths to the millimetre.
walking.verdict = function ({ walk, threshold, near, offNear, edge, onStreet, onMain, absent }) {
  if (walk <= threshold) return ["met", ""];
  if (near && !onStreet) return ["unknown", "unsnapped"];
  if (near && !onMain) return ["unknown", "island"];
  if (onMain && offNear) return ["unknown", "facility_off_network"];
  if (edge <= threshold) return ["unknown", "data_edge"];
  if (absent) return ["not_met", "no_facility"];
  return ["not_met", near ? "detour" : "too_far"];
};

// Whether a straight leg runs over a line: it crosses one of the pieces of a list [x, y, x, y, …].
walking.crosses = function (ax, ay, bx, by, line) {
  const side = (px, py, qx, qy, rx, ry) => Math.sign((qx - px) * (ry - py) - (qy - py) * (rx - px));
  for (let i = 0; i + 3 < line.length; i += 2) {
    const [cx, cy, dx, dy] = [line[i], line[i + 1], line[i + 2], line[i + 3]];
    if (Math.min(cx, dx) > Math.max(ax, bx) || Math.max(cx, dx) < Math.min(ax, bx)) continue;
    if (side(ax, ay, bx, by, cx, cy) * side(ax, ay, bx, by, dx, dy) < 0 && side(cx, cy, dx, dy, ax, ay) * side(cx, cy, dx, dy, bx, by) < 0) return true;
  }
  return false;
};

// ---- Degrees and metres

// A polynomial in two variables, both scaled to -1..1: terms[i][j] stands before u^i v^j.
walking.polynomial = ({ centre, scale, terms }, a, b) => {
  const [u, v] = [(a - centre[0]) / scale[0], (b - centre[1]) / scale[1]];
  return terms.map((rows) => rows.reduceRight((sum, row) => sum * u + row.reduceRight((inner, term) => inner * v + term, 0), 0));
};
