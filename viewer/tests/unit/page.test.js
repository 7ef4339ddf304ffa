import assert from 'node:assert/strict';
import test from 'node:test';
import { PageError } from '../../src/data/columns.js';
import { lateReader } from '../../src/data/late.js';
import { decodePage } from '../../src/data/page.js';
import { readHead, sectionReader } from '../../src/data/sections.js';
import { fakeDocument } from '../support/fake_document.js';
import { encodePage, pageHtml } from '../support/plain.js';

/** @type {import('../support/plain.js').PlainRecording} */
const shop = {
  functions: { 'json.loads': { file: '/usr/lib/python3.12/json/__init__.py', module: 'json', origin: 2 } },
  threads: [
    {
      runs: [
        { ticks: 300, stack: ['main:3', 'load:12', 'json.loads:40'], samples: 3 },
        { ticks: 700, stack: ['main:4', 'wait:20'], state: 'disk', share: 51, samples: 1 },
        { gap: 50, ticks: 50, stack: ['main:3', 'load:13'], samples: 2 },
      ],
    },
    { name: 'worker </script>', runs: [{ gap: 10, ticks: 7, stack: ['run', 'load:12'] }] },
  ],
  callThreads: [
    { runs: [{ ticks: 10, stack: [] }, { ticks: 90, stack: ['main', 'load'], samples: 4 }] },
    { runs: [] },
  ],
  calls: [{ stack: ['main', 'load'], thread: 0, start: 10, duration: 90_000, self: 80_000, outcome: 1,
    exception: 'KeyError' }],
  callSums: [{ name: 'load', calls: 4, primitive: 4, raised: 1, self: 80_000, total: 90_000, cpu: null,
    mean: 22_500, p50: 20_000, p99: 90_000, max: 90_000, skipped: 0, buckets: [[57, 3], [65, 1]] }],
  source: [{ file: '/home/user/shop/app.py', firstLine: 12, text: 'a = 1\n\tb < 2\n' }],
};

/** @param {string} html */
async function open(html) {
  const document = fakeDocument(html);
  const head = readHead(document);
  const read = sectionReader(document, head);
  const page = await decodePage(head, read);
  return { page, late: lateReader(page, read, Promise.resolve()) };
}

test('a page comes back as it was written', async () => {
  const { page } = await open(pageHtml(shop));
  const { strings, functions } = page;
  assert.deepEqual([...functions.name].map((s) => strings[s]), ['main', 'load', 'json.loads', 'wait', 'run']);
  assert.equal(functions.origin[2], 2);
  const [samples] = page.trees;
  assert.deepEqual([...samples.parent], [0, 0, 1, 2, 1, 0, 5]);
  assert.deepEqual([...samples.fn].slice(1), [0, 1, 2, 3, 4, 1]);
  const { entries } = samples;
  assert.deepEqual([...entries.start], [0, 0, 0, 1, 2, 3, 3, 4]);
  assert.ok(entries.time instanceof Uint16Array && entries.samples instanceof Uint8Array, 'no wider than they have to be');
  assert.deepEqual([...entries.thread], [0, 0, 0, 1]);
  assert.deepEqual([...entries.time], [50, 300, 700, 7]);
  assert.deepEqual([...(entries.run ?? [])], [50, 300, 140, 7]);
  assert.deepEqual([...entries.samples], [2, 3, 1, 1]);
  const calls = page.trees[1].entries;
  assert.equal(calls.run, null);
  assert.deepEqual([...calls.samples], [4]);
  assert.deepEqual([...calls.state], [255]);
  assert.deepEqual([...(page.lines?.total ?? [])], [350, 700, 307, 50, 300, 700, 7]);
  assert.equal(page.head.threads[1].name, 'worker </script>');
});

test('the late part comes back as it was written, and is read once', async () => {
  const { page, late } = await open(pageHtml(shop));
  const { runs, calls, callSums, callBuckets, source } = await late();
  assert.equal(await late(), await late());
  assert.deepEqual([...runs.samples.first], [0, 3, 4]);
  assert.deepEqual([...runs.samples.start], [0, 300, 1050, 10]);
  assert.deepEqual([...runs.samples.time], [300, 700, 50, 7]);
  assert.deepEqual([...runs.samples.node], [3, 4, 2, 6]);
  assert.deepEqual([...runs.samples.share], [255, 51, 255, 255]);
  assert.deepEqual([...runs.samples.state].map((s) => page.head.states[s].key), ['cpu', 'disk', 'cpu', 'cpu']);
  assert.deepEqual([...runs.calls.node], [2]);
  assert.deepEqual([...runs.calls.start], [10]);
  assert.equal(calls?.durationNs[0], 90_000);
  assert.ok(Number.isNaN(callSums?.cpuNs[0]));
  assert.deepEqual([...(callBuckets?.bucket ?? [])], [57, 65]);
  assert.deepEqual(source, [{ file: '/home/user/shop/app.py', firstLine: 12, lines: ['a = 1', '\tb < 2'] }]);
});

test('sections in many parts are the same page', async () => {
  const whole = await open(pageHtml(shop));
  const cut = await open(pageHtml(shop, { characters: 16 }));
  assert.deepEqual(cut.page, whole.page);
  assert.deepEqual(await cut.late(), await whole.late());
});

test('a page without calls and sources has none of them', async () => {
  const { page, late } = await open(pageHtml({ threads: shop.threads }));
  assert.equal(page.trees.length, 1);
  const { calls, callSums, source } = await late();
  assert.deepEqual([calls, callSums, source], [null, null, null]);
});

test('an empty recording is a page, too', async () => {
  const { page, late } = await open(pageHtml({ threads: [] }));
  assert.equal(page.trees[0].count, 1);
  assert.equal((await late()).runs.samples.count, 0);
});

/**
 * @param {string} html
 * @param {RegExp} message
 */
async function refused(html, message) {
  await assert.rejects(
    async () => {
      const { late } = await open(html);
      await late();
    },
    (error) => error instanceof PageError && message.test(error.message) && !error.message.includes('\n'),
  );
}

test('a page that was cut off, or changed, says what is wrong in one sentence', async () => {
  const html = pageHtml(shop);
  await refused('<html></html>', /no recording/);
  await refused(html.replace('id="head">{', 'id="head">{{'), /head cannot be read/);
  await refused(html.replace('"version":1', '"version":2'), /version 1/);
  await refused(html.replace('"threads":[', '"thread_list":['), /has no threads/);
  await refused(html.replace('data-section="lines"', 'data-section="other"'), /"lines" is missing/);
  await refused(html.replace('data-section="source" data-part="0"', 'data-section="source" data-part="1"'),
    /"source" has a part in the wrong place/);
  await refused(html.replace(/(data-section="strings" data-part="0">).{8}/, '$1!!!!!!!!'),
    /"strings" cannot be unpacked/);
  await refused(html.replace(/(data-section="strings" data-part="0">.{8})[^<]*/, '$1'),
    /"strings" (?:cannot be unpacked|is shorter)/);
  for (const [from, to] of [['0', '9'], ['', '1']])
    await refused(html.replace(/"strings":\{"bytes":(\d*)/, (text, digits) =>
      text.replace(digits, to === '1' ? '1' : `${digits}${from}`)), /"strings" is (?:shorter|longer)/);
});

test('no byte of a section, changed, gives anything but a page or one sentence', async () => {
  // A generator of our own: the same changes in every run.
  let seed = 1;
  const random = (/** @type {number} */ below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 4294967296) * below);
  };
  const { head, sections } = encodePage(shop);
  const names = Object.keys(sections);
  let told = 0;
  for (let round = 0; round < 2000; round++) {
    const changed = names[random(names.length)];
    const bytes = Buffer.from(sections[changed]);
    if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
    const read = async (/** @type {string} */ name) =>
      Object.hasOwn(sections, name) ? (name === changed ? bytes : sections[name]) : null;
    try {
      const page = await decodePage(head, read);
      await lateReader(page, read, Promise.resolve())();
    } catch (error) {
      assert.ok(error instanceof PageError, `${changed}: ${error}`);
      told++;
    }
  }
  assert.ok(told > 500, `only ${told} of 2000 changes were noticed`);
});

test('threads are called as reports call them, and told apart where names are the same', () => {
  const threads = [['python', true, 7, 0], ['python', false, 8, 0], ['python', false, 9, 0], ['', false, 10, 0], ['python', false, 11, 1]];
  const named = (/** @type {object} */ more) => {
    const { head } = encodePage(shop);
    const told = threads.map(([name, main, tid, side]) => ({ ...head.threads[0], name, main, tid, side }));
    const html = pageHtml({ ...shop, head: { ...more, threads: /** @type {any} */ (told) } });
    return readHead(fakeDocument(html)).threads.map(({ name }) => name);
  };
  assert.deepEqual(named({}), ['python (main)', 'python 8', 'python 9', 'thread 10', 'python']);
  assert.deepEqual(named({ dataflow: {} }), ['python', 'python', 'python', 'thread 10', 'python'], 'slots have names of their own');
});
