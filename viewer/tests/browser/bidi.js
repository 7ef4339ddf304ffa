// As much of WebDriver BiDi as a look at a page needs. Firefox from a distribution speaks nothing else, and clients of it are large.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const startMs = 60_000;

/** @typedef {{type?: string, id?: number, method?: string, params?: any, result?: any, error?: string, message?: string}} Message */

export class Bidi {
  /** @type {string[]} */
  errors = [];
  /** @type {string[]} */
  requests = [];
  context = '';
  #next = 1;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();

  /**
   * @param {import('node:child_process').ChildProcess} process
   * @param {string} folder
   * @param {WebSocket} socket
   */
  constructor(process, folder, socket) {
    this.process = process;
    this.folder = folder;
    this.socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))));
  }

  /**
   * @param {string} program
   * @returns {Promise<Bidi>} with an empty page
   */
  static async start(program) {
    const folder = mkdtempSync(join(tmpdir(), 'barograph-firefox-'));
    // No look at the network of its own, and no first-run page.
    writeFileSync(
      join(folder, 'user.js'),
      ['app.update.enabled', 'browser.shell.checkDefaultBrowser', 'datareporting.policy.dataSubmissionEnabled']
        .map((name) => `user_pref("${name}", false);\n`)
        .join('') + 'user_pref("remote.active-protocols", 1);\n',
    );
    const options = ['--headless', '--no-remote', '--profile', folder, '--remote-debugging-port', '0', 'about:blank'];
    const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'pipe'] });
    const address = await listening(child);
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`no connection to ${address}`)));
    });
    const bidi = new Bidi(child, folder, socket);
    await bidi.send('session.new', { capabilities: {} });
    await bidi.send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'] });
    bidi.context = (await bidi.send('browsingContext.create', { type: 'tab' })).context;
    return bidi;
  }

  /** @param {Message} message */
  #receive(message) {
    if (message.method === 'log.entryAdded' && ['error', 'warn'].includes(message.params.level))
      this.errors.push(message.params.text);
    if (message.method === 'network.beforeRequestSent') this.requests.push(message.params.request.url);
    const waiting = this.#waiting.get(message.id ?? 0);
    if (!waiting) return;
    this.#waiting.delete(message.id ?? 0);
    if (message.type === 'error') waiting.reject(new Error(`${message.error}: ${message.message}`));
    else waiting.resolve(message.result);
  }

  /**
   * @param {string} method
   * @param {object} params
   * @returns {Promise<any>}
   */
  send(method, params) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** @param {string} url */
  async go(url) {
    await this.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /**
   * @param {string} expression that gives a string, or a promise of one
   * @returns {Promise<string>}
   */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('script.evaluate', {
      expression,
      target: { context: this.context },
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return String(result.value);
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    await this.send('browser.close', {}).catch(() => this.process.kill());
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>} where it listens
 */
function listening(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`it does not listen: ${said.slice(-500)}`));
    }, startMs);
    child.stderr?.on('data', (data) => {
      said += data;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`it ended: ${said.slice(-500)}`));
    });
  });
}
