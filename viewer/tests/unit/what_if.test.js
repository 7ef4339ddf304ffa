import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWhatIf } from '../../src/data/what_if.js';
import { comparedWords, pointOf, predictCommand, quoted, readScenario, scenarioText, stackWords, sweepOf } from '../../src/model/scenario.js';
import { timeScale } from '../../src/parts/forecast_chart.js';

const cores = { key: 'cores', words: 'slots', refusal: null, base: 1, positions: [{ text: '1', ratio: 0.5 }, { text: '2', ratio: 1 }, { text: '4', ratio: 2 }] };
const parse = { key: 'function', function: "it's", run_ratio: 0.4, words: 'speed', refusal: null, base: 0, positions: [{ text: '1x', ratio: 1 }, { text: '2x', ratio: 2 }] };
const input = { key: 'input', words: 'size', refusal: 'input: no task read any', base: 0, positions: [] };
const term = { term: 'queued', source: 'prior', low: 0, value: 0.5, high: 1, meaning: 'waiting' };
const page = {
  refusal: null, reach: 'first', tasks: 7, run_s: 12, base_s: 10, lead_s: 1, lead_error_s: 1, base_slots: 2, base_busy_ratio: 0.5, noise_ratio: 0.07,
  terms: [term], axes: [cores, parse, input], texts: ['one', 'too many'],
  points: [
    [[], 10, 9, 11, 2, 0.5, 0, [], [0]],
    [[0, 2], 6, 5, 8, 4, 0.4, 0.1, [0, 5.5, 7], [0]],
    [[1, 1], 8, 7, 9, 2, 0.5, 0, [], []],
    [[1, 1, 0, 0], 1],
  ],
};
const whatIf = readWhatIf(JSON.stringify(page));

test('a scenario is text and positions, and what it says wrongly is as recorded', () => {
  assert.deepEqual(readScenario(whatIf.axes, "cores=4,function:it's=2x"), [2, 1, 0]);
  assert.deepEqual(readScenario(whatIf.axes, 'cores=3,=,x,input=2x,function:other=2x'), [1, 0, 0]);
  assert.equal(scenarioText(whatIf.axes, [2, 1, 0]), "cores=4,function:it's=2x");
  assert.equal(scenarioText(whatIf.axes, [1, 0, 0]), '');
});

test('the share of a function says that it is of all of the run where the rest of the page leaves idle out', () => {
  const head = (/** @type {Record<string, number>[]} */ ...threads) => /** @type {any} */ ({ threads: threads.map((states) => ({ states })) });
  assert.equal(stackWords(0.151, head({ cpu: 5 }, { cpu: 1, idle: 3 })), '15.1 % of the run, idle included, has it on the stack');
  assert.equal(stackWords(0.151, head({ cpu: 5 }, { idle: 0 })), '15.1 % of the run has it on the stack');
});

test('points are found whatever the order of their axes, and only those that are there', () => {
  assert.equal(/** @type {any} */ (pointOf(whatIf, [1, 0, 0])).predicted, 10);
  assert.deepEqual(/** @type {any} */ (pointOf(whatIf, [2, 0, 0])).terms, [{ term: 0, fastest: 5.5, slowest: 7 }]);
  assert.deepEqual(pointOf(whatIf, [0, 1, 0]), { refusal: 'too many' });
  assert.equal(pointOf(whatIf, [2, 1, 0]), null);
  assert.deepEqual(sweepOf(whatIf, [1, 0, 0], 0).map((point) => point && /** @type {any} */ (point).predicted), [null, 10, 6]);
});

test('the command is one that a shell takes', () => {
  assert.equal(predictCommand(whatIf.axes, [2, 0, 0], '/data/job.baro'), 'barograph predict --set cores=4 /data/job.baro');
  assert.equal(predictCommand(whatIf.axes, [1, 0, 0], 'job.baro'), 'barograph predict --set cores=2 job.baro');
  assert.equal(predictCommand(whatIf.axes, [1, 1, 0], '-a b.baro'), `barograph predict --set 'function:it'\\''s=2x' './-a b.baro'`);
  assert.equal(quoted('$(rm)'), "'$(rm)'");
  assert.equal(quoted(''), "''");
});

test('a section that is not what it should be is a damaged page', () => {
  /** @type {((all: any) => void)[]} */
  const damages = [
    (all) => delete all.axes,
    (all) => { all.points[1][0] = [0, 9]; },
    (all) => { all.points[1][0] = [9, 0]; },
    (all) => { all.points[1][1] = 'fast'; },
    (all) => { all.points[1][7] = [5, 1, 2]; },
    (all) => { all.points[1][8] = [2]; },
    (all) => { all.points[3][1] = -1; },
    (all) => { all.axes[0].base = 3; },
    (all) => { all.terms = null; },
    (all) => { all.terms[0] = 3; },
    (all) => { all.axes[1] = null; },
    (all) => { all.axes[0].positions[0] = null; },
    (all) => { all.reach = 'everything'; },
    (all) => { all.points[0] = {}; },
  ];
  for (const damage of damages) {
    const all = structuredClone(page);
    damage(all);
    assert.throws(() => readWhatIf(JSON.stringify(all)), /The page is damaged/, String(damage));
  }
  for (const text of ['', '{', 'null', '3', '[]']) assert.throws(() => readWhatIf(text), /The page is damaged/, text);
  assert.equal(readWhatIf('{"refusal": "it has no tasks", "axes": [], "points": [], "texts": []}').refusal, 'it has no tasks');
});

test('compared as predict says it, on scales of round numbers', () => {
  assert.equal(comparedWords(6, 10), '40 % less than');
  assert.equal(comparedWords(15, 10), '50 % more than');
  assert.equal(comparedWords(25, 10), '2.5 times');
  assert.equal(comparedWords(10.01, 10), 'as long as');
  const texts = (/** @type {number} */ most) => timeScale(most, 5).map(({ text }) => text);
  assert.deepEqual(texts(14.9), ['0 s', '5 s', '10 s', '15 s']);
  assert.deepEqual(texts(0.32), ['0 ms', '100 ms', '200 ms', '300 ms', '400 ms']);
  assert.deepEqual(texts(600), ['0 min', '2 min', '4 min', '6 min', '8 min', '10 min']);
  for (const most of [1e-9, 3e-7, 0.2, 1, 119, 121, 7199, 7300, 1e6, 1e12]) {
    const scale = timeScale(most, 5);
    assert.ok(scale.length >= 2 && scale.length <= 8, `${most}: ${scale.length}`);
    assert.ok(scale[scale.length - 1].seconds >= most);
  }
});
