// Where the boxes of a directed graph stand: layers from left to right by the longest path, within a layer in the order with the
// fewest crossings that sweeps of barycentres find, at the height nearest to their neighbours'. Each connected part is laid out by
// itself, and the parts are packed into rows. Fast enough for thousands of boxes; the same graph gives the same picture. No DOM.

/** @typedef {{from: number, to: number}} Edge */
/** @typedef {{width: number, height: number, gapX: number, gapY: number}} Size of every box, and what is between them */
/** @typedef {{x: Float64Array, y: Float64Array, width: number, height: number, bends: [number, number][][]}} Layout x, y: upper left corners; bends: of each edge, points between its ends */

const sweeps = 12;
const alignments = 10;
/** What an edge that passes a layer takes of its height. */
const laneHeight = 10;
/** Edges that pass more layers than this all together go straight instead of around boxes. */
const mostLanes = 20_000;

/**
 * Which edges go backwards, so that the others make no cycle.
 * @param {number} count
 * @param {readonly Edge[]} edges
 * @returns {boolean[]}
 */
export function backwardEdges(count, edges) {
  /** @type {number[][]} */
  const out = Array.from({ length: count }, () => []);
  edges.forEach((edge, e) => out[edge.from].push(e));
  const back = edges.map(() => false);
  const seen = new Uint8Array(count); // 1 = on the way, 2 = done
  const next = new Uint32Array(count);
  for (let root = 0; root < count; root++) {
    const way = seen[root] === 0 ? [root] : [];
    while (way.length > 0) {
      const node = way[way.length - 1];
      seen[node] = 1;
      if (next[node] === out[node].length) {
        seen[node] = 2;
        way.pop();
        continue;
      }
      const e = out[node][next[node]++];
      const { to } = edges[e];
      if (seen[to] === 1) back[e] = true;
      else if (seen[to] === 0) way.push(to);
    }
  }
  return back;
}

/**
 * The longest way to each node; what has none stands next to what it goes to.
 * @param {number} count
 * @param {readonly Edge[]} edges without cycles
 * @returns {Int32Array}
 */
export function layersOf(count, edges) {
  const layer = new Int32Array(count);
  const waits = new Uint32Array(count);
  /** @type {number[][]} */
  const out = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) {
    out[from].push(to);
    waits[to]++;
  }
  const sources = [];
  for (let node = 0; node < count; node++) if (waits[node] === 0) sources.push(node);
  const queue = [...sources];
  for (let at = 0; at < queue.length; at++)
    for (const to of out[queue[at]]) {
      layer[to] = Math.max(layer[to], layer[queue[at]] + 1);
      if (--waits[to] === 0) queue.push(to);
    }
  for (const node of sources)
    if (out[node].length > 0) layer[node] = Math.min(...out[node].map((to) => layer[to])) - 1;
  return layer;
}

/**
 * How often edges between two neighbouring layers cross.
 * @param {readonly [number, number][]} ends places in both layers
 * @param {number} size of the second layer
 */
function crossingsBetween(ends, size) {
  const sorted = [...ends].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const tree = new Uint32Array(size + 1);
  let sum = 0;
  sorted.forEach(([, place], done) => {
    let before = 0;
    for (let i = place + 1; i > 0; i -= i & -i) before += tree[i];
    sum += done - before;
    for (let i = place + 1; i <= size; i += i & -i) tree[i]++;
  });
  return sum;
}

/**
 * @param {readonly number[][]} layers
 * @param {readonly number[][]} next of each node, those in the next layer
 */
export function crossings(layers, next) {
  let sum = 0;
  for (let l = 0; l + 1 < layers.length; l++) {
    const place = new Map(layers[l + 1].map((node, i) => [node, i]));
    /** @type {[number, number][]} */
    const ends = layers[l].flatMap((node, i) => next[node].map((to) => /** @type {[number, number]} */ ([i, place.get(to) ?? 0])));
    sum += crossingsBetween(ends, layers[l + 1].length);
  }
  return sum;
}

/**
 * @param {number[][]} layers is changed
 * @param {number[][]} next
 * @param {number[][]} previous
 * @returns {number[][]} the best order that was met
 */
function order(layers, next, previous) {
  let best = layers.map((layer) => [...layer]);
  let least = crossings(layers, next);
  for (let sweep = 0; sweep < sweeps && least > 0; sweep++) {
    const down = sweep % 2 === 0;
    const beside = down ? previous : next;
    for (let i = 1; i < layers.length; i++) {
      const l = down ? i : layers.length - 1 - i;
      const place = new Map(layers[down ? l - 1 : l + 1].map((node, at) => [node, at]));
      const centre = new Map(
        layers[l].map((node, at) => {
          const near = beside[node];
          return [node, near.length === 0 ? at : near.reduce((sum, n) => sum + (place.get(n) ?? 0), 0) / near.length];
        }),
      );
      layers[l].sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0));
    }
    const now = crossings(layers, next);
    if (now < least) {
      least = now;
      best = layers.map((layer) => [...layer]);
    }
  }
  return best;
}

/**
 * The places nearest to the wanted ones (by squares) that keep order and distance: what is too close becomes a block.
 * @param {number[]} wanted
 * @param {number[]} offset of each from the first, where they touch
 * @returns {number[]}
 */
export function spread(wanted, offset) {
  /** @type {{sum: number, count: number}[]} */
  const blocks = [];
  wanted.forEach((place, i) => {
    blocks.push({ sum: place - offset[i], count: 1 });
    for (let last = blocks.length - 1; last > 0; last--) {
      const [a, b] = [blocks[last - 1], blocks[last]];
      if (a.sum / a.count <= b.sum / b.count) break;
      a.sum += b.sum;
      a.count += b.count;
      blocks.pop();
    }
  });
  return blocks.flatMap(({ sum, count }) => new Array(count).fill(sum / count)).map((place, i) => place + offset[i]);
}

/**
 * @param {number[][]} layers in their final order
 * @param {number[][]} next
 * @param {number[][]} previous
 * @param {(node: number) => number} heightOf
 * @param {number} gap
 * @returns {Float64Array} middle of each node
 */
function align(layers, next, previous, heightOf, gap) {
  const middle = new Float64Array(next.length);
  const offsets = layers.map((layer) => {
    let at = 0;
    return layer.map((node, i) => {
      if (i > 0) at += (heightOf(layer[i - 1]) + heightOf(node)) / 2 + gap;
      middle[node] = at;
      return at;
    });
  });
  for (let pass = 0; pass < alignments; pass++) {
    const down = pass % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const l = down ? i : layers.length - 1 - i;
      const wanted = layers[l].map((node) => {
        const near = down ? previous[node] : next[node];
        return near.length === 0 ? middle[node] : near.reduce((sum, n) => sum + middle[n], 0) / near.length;
      });
      spread(wanted, offsets[l]).forEach((place, at) => {
        middle[layers[l][at]] = place;
      });
    }
  }
  return middle;
}

/**
 * @param {number} count
 * @param {readonly Edge[]} edges no two the same, none to itself
 * @param {Size} size
 * @returns {Layout} of a graph that hangs together
 */
export function layered(count, edges, size) {
  const back = backwardEdges(count, edges);
  const forward = edges.map(({ from, to }, e) => (back[e] ? { from: to, to: from } : { from, to }));
  const layer = layersOf(count, forward);
  const lowest = layer.reduce((a, b) => Math.min(a, b), 0);
  /** @type {number[][]} */
  const layers = [];
  const put = (/** @type {number} */ node, /** @type {number} */ l) => (layers[l] ??= []).push(node);
  for (let node = 0; node < count; node++) put(node, layer[node] - lowest);
  let lanes = 0;
  for (const { from, to } of forward) lanes += Math.max(layer[to] - layer[from] - 1, 0);
  /** @type {[number[][], number[][]]} */
  const [next, previous] = [Array.from({ length: count }, () => []), Array.from({ length: count }, () => [])];
  const chains = forward.map(({ from, to }) => {
    /** @type {number[]} */
    const chain = [];
    let last = from;
    for (let l = layer[from] + 1; l < layer[to] && lanes <= mostLanes; l++) {
      const lane = next.length;
      next.push([]);
      previous.push([last]);
      next[last].push(lane);
      put(lane, l - lowest);
      chain.push(lane);
      last = lane;
    }
    if (layer[to] - layer[from] === chain.length + 1) {
      next[last].push(to);
      previous[to].push(last);
    }
    return chain;
  });
  const heightOf = (/** @type {number} */ node) => (node < count ? size.height : laneHeight);
  const middle = align(order(layers, next, previous), next, previous, heightOf, size.gapY);
  let top = Infinity;
  let bottom = -Infinity;
  for (let node = 0; node < middle.length; node++) {
    top = Math.min(top, middle[node] - heightOf(node) / 2);
    bottom = Math.max(bottom, middle[node] + heightOf(node) / 2);
  }
  const step = size.width + size.gapX;
  const x = Float64Array.from({ length: count }, (_, node) => (layer[node] - lowest) * step);
  const y = Float64Array.from({ length: count }, (_, node) => middle[node] - size.height / 2 - top);
  const bends = chains.map((chain, e) => {
    const points = chain.map((lane, i) => /** @type {[number, number]} */ ([(layer[forward[e].from] - lowest + 1 + i) * step + size.width / 2, middle[lane] - top]));
    return back[e] ? points.reverse() : points;
  });
  return { x, y, width: layers.length * step - size.gapX, height: bottom - top, bends };
}

/**
 * @param {number} count
 * @param {readonly Edge[]} edges
 * @returns {number[][]} nodes of each connected part, in order
 */
export function connectedParts(count, edges) {
  const part = Int32Array.from({ length: count }, (_, i) => i);
  const rootOf = (/** @type {number} */ node) => {
    while (part[node] !== node) {
      part[node] = part[part[node]];
      node = part[node];
    }
    return node;
  };
  for (const { from, to } of edges) {
    const [a, b] = [rootOf(from), rootOf(to)];
    part[Math.max(a, b)] = Math.min(a, b);
  }
  /** @type {Map<number, number[]>} */
  const parts = new Map();
  for (let node = 0; node < count; node++) {
    const root = rootOf(node);
    const nodes = parts.get(root);
    if (nodes) nodes.push(node);
    else parts.set(root, [node]);
  }
  return [...parts.values()];
}

/**
 * Rows of boxes, one after another, about as wide as `aspect` times as high.
 * @param {readonly {width: number, height: number}[]} boxes
 * @param {number} gap
 * @param {number} aspect
 * @returns {{x: number[], y: number[], width: number, height: number}}
 */
export function packRows(boxes, gap, aspect) {
  const area = boxes.reduce((sum, box) => sum + (box.width + gap) * (box.height + gap), 0);
  const widest = boxes.reduce((most, box) => Math.max(most, box.width), 0);
  const limit = Math.max(widest, Math.sqrt(area * aspect));
  /** @type {number[]} */
  const x = [];
  /** @type {number[]} */
  const y = [];
  let [atX, atY, high, width] = [0, 0, 0, 0];
  for (const box of boxes) {
    if (atX > 0 && atX + box.width > limit) {
      atX = 0;
      atY += high + gap;
      high = 0;
    }
    x.push(atX);
    y.push(atY);
    atX += box.width + gap;
    high = Math.max(high, box.height);
    width = Math.max(width, atX - gap);
  }
  return { x, y, width, height: atY + high };
}

/**
 * Any graph: its connected parts, packed.
 * @param {number} count
 * @param {readonly Edge[]} edges
 * @param {Size} size
 * @param {number} aspect
 * @returns {Layout}
 */
export function layoutParts(count, edges, size, aspect) {
  const parts = connectedParts(count, edges);
  const place = new Int32Array(count);
  const partOf = new Int32Array(count);
  parts.forEach((nodes, p) =>
    nodes.forEach((node, i) => {
      place[node] = i;
      partOf[node] = p;
    }),
  );
  /** @type {number[][]} */
  const edgesOf = parts.map(() => []);
  edges.forEach(({ from }, e) => edgesOf[partOf[from]].push(e));
  const made = parts.map((nodes, p) =>
    layered(nodes.length, edgesOf[p].map((e) => ({ from: place[edges[e].from], to: place[edges[e].to] })), size),
  );
  const packed = packRows(made, size.gapY * 2, aspect);
  const x = Float64Array.from(place, (i, node) => made[partOf[node]].x[i] + packed.x[partOf[node]]);
  const y = Float64Array.from(place, (i, node) => made[partOf[node]].y[i] + packed.y[partOf[node]]);
  /** @type {[number, number][][]} */
  const bends = edges.map(() => []);
  edgesOf.forEach((list, p) =>
    list.forEach((e, i) => {
      bends[e] = made[p].bends[i].map(([bx, by]) => [bx + packed.x[p], by + packed.y[p]]);
    }),
  );
  return { x, y, width: packed.width, height: packed.height, bends };
}
