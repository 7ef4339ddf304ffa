// Perfetto's trace processor, a WebAssembly module, outside of a browser: loads each trace that it is given and answers
// one query about it. usage: node trace_processor.js ENGINE_FOLDER SQL TRACE... ; prints a JSON list of {columns, rows}
// or {error}, one for each trace.
// The engine is a worker of Perfetto's page, which talks in messages of its TraceProcessorRpc protocol.
'use strict';
const fs = require('fs');
const path = require('path');

const [folder, sql, ...traces] = process.argv.slice(2);
const REQUEST = {append: 1, finalize: 2, query: 3};

// --- protocol buffers, as far as the protocol needs them ---

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return Buffer.from([...bytes, number]);
}
const uint = (field, number) => Buffer.concat([varint(field * 8), varint(number)]);
const bytes = (field, data) => Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);

function* fields(data) {
  let at = 0;
  const read = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const key = Number(read());
    if (key % 8 === 0) {
      yield [key >> 3, read()];
    } else if (key % 8 === 1) {
      yield [key >> 3, data.subarray(at, (at += 8))];
    } else {
      const length = Number(read());
      yield [key >> 3, data.subarray(at, (at += length))];
    }
  }
}

function* packed(data) {
  let value = 0n;
  let shift = 0n;
  for (const byte of data) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      yield Number(BigInt.asIntN(64, value));
      value = shift = 0n;
    }
  }
}

// --- answers ---

// Cells come by type: 1 null, 2 integer, 3 real, 4 text.
function addBatch(answer, batch) {
  const cells = {kinds: [], integers: [], reals: [], texts: []};
  for (const [field, value] of fields(batch)) {
    if (field === 1) cells.kinds.push(...packed(value));
    if (field === 2) cells.integers.push(...packed(value));
    if (field === 3) {
      for (let i = 0; i < value.length; i += 8) cells.reals.push(value.readDoubleLE(i));
    }
    if (field === 5) cells.texts.push(...value.toString('utf8').split('\0'));
  }
  for (const kind of cells.kinds) {
    const list = {2: cells.integers, 3: cells.reals, 4: cells.texts}[kind];
    answer.cells.push(list === undefined ? null : list.shift());
  }
}

function addResult(answer, result) {
  for (const [field, value] of fields(result)) {
    if (field === 1) answer.columns.push(value.toString('utf8'));
    if (field === 2 && value.length > 0) answer.error = value.toString('utf8');
    if (field === 3) addBatch(answer, value);
  }
}

// --- the engine ---

// The engine reads its module so, from where it thinks that it stands.
class FileRequest {
  open(method, name) {
    this.name = path.join(folder, path.basename(name));
  }

  send() {
    const file = fs.readFileSync(this.name);
    this.response = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
  }
}

// The big module is compiled once, and not for each trace: that takes longest.
let compiled;
function CachedModule(code) {
  if (code.byteLength < 1e6) return new WebAssembly.Module(code);
  compiled ??= new WebAssembly.Module(code);
  return compiled;
}

// As a worker of a browser would see the world, and not as Node does. Ready when its module is.
async function startEngine() {
  const world = {
    self: {location: {href: ''}},
    WorkerGlobalScope: Object,
    XMLHttpRequest: FileRequest,
    WebAssembly: Object.create(WebAssembly, {Module: {value: CachedModule}}),
    process: undefined,
    console: {log() {}, warn() {}, error() {}},
  };
  const code = fs.readFileSync(path.join(folder, 'engine_bundle.js'), 'utf8');
  new Function(...Object.keys(world), code)(...Object.values(world));
  await new Promise((resolve) => setTimeout(resolve, 0)); // what it does once its module is there
  return world.self;
}

async function ask(trace) {
  const engine = await startEngine();
  const answer = {columns: [], cells: []};
  const port = {
    onmessage: null,
    postMessage(data) {
      for (const [, message] of fields(Buffer.from(data))) {
        for (const [field, value] of fields(message)) {
          if (field === 5) answer.error = value.toString('utf8');
          if (field === 201) {
            for (const [inner, text] of fields(value)) if (inner === 2) answer.error = text.toString('utf8');
          }
          if (field === 203) addResult(answer, value);
        }
      }
    },
  };
  engine.onmessage({data: port});
  let sequence = 1;
  const send = (...parts) => {
    const message = bytes(1, Buffer.concat([uint(1, sequence++), ...parts]));
    port.onmessage({data: new Uint8Array(message)});
  };
  send(uint(2, REQUEST.append), bytes(101, fs.readFileSync(trace)));
  send(uint(2, REQUEST.finalize));
  send(uint(2, REQUEST.query), bytes(103, bytes(1, Buffer.from(sql))));
  const rows = [];
  while (answer.cells.length > 0) rows.push(answer.cells.splice(0, answer.columns.length));
  return answer.error === undefined ? {columns: answer.columns, rows} : {error: answer.error};
}

(async () => {
  const answers = [];
  for (const trace of traces) answers.push(await ask(trace));
  process.stdout.write(JSON.stringify(answers));
  process.exit(0);
})();
