import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState, readHash, stateHash } from '../../src/state/state.js';

/** @typedef {import('../../src/types/model.js').State} State */

test('a state becomes an address and the same state again', () => {
  /** @type {State} */
  const state = {
    view: 'flame',
    metric: 'wait:gil',
    threads: [0, 5],
    range: [10, 2000],
    transforms: [
      { kind: 'focus', fn: 12 },
      { kind: 'ignore', pattern: 'a, b&c=d/e#f%g (?<!x)ü👍' },
      { kind: 'merge-recursion' },
      { kind: 'invert' },
    ],
    search: 'x+y & z=1#?%20',
    zoom: 7,
    trail: [3, 4, 3],
    selected: 9,
    fn: 0,
    colour: 'state',
    sort: { functions: '-total', 'a.b': 'name' },
    side: 0,
    extra: { 'timeline.zoom': '1,2', 'source.file': '/a b/c&d.py' },
  };
  assert.deepEqual(readHash(`#${stateHash(state)}`), state);
  assert.match(stateHash(state), /^[\x21-\x7e]+$/, 'a link that can be pasted anywhere');
});

test('what is not said is the default', () => {
  assert.equal(stateHash(initialState), '');
  assert.deepEqual(readHash(''), { ...initialState, sort: {}, extra: {} });
  assert.equal(stateHash({ ...initialState, view: 'functions' }), 'view=functions');
});

test('what is wrong in an address is the default, never an error', () => {
  for (const hash of ['%', '=', '&&&', 't=,,', 'view', 'range=9,3', 'range=a', 'range=5', 'threads=1,,2', 'zoom=-4', 'fn=1e9', '%E0%A4=1'])
    assert.deepEqual(readHash(hash).transforms, [], hash);
  assert.equal(readHash('range=9,3').range, null);
  assert.equal(readHash('threads=x').threads, null);
  assert.equal(readHash('zoom=-4').zoom, 0);
  assert.equal(readHash('fn=x').fn, -1);
  assert.deepEqual(readHash('t=focus,explode:3,merge:x,focus:/,own-code').transforms, [{ kind: 'own-code' }]);
  assert.deepEqual(readHash('t=ignore:/%25E0%25A4').transforms, [], 'half a character');
});
