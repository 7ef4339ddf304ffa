// One browser for all tests, and pages in it that remember every error and every request.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { pageHtml } from '../support/plain.js';
import { browsers, findBrowser } from './browsers.js';

/** @typedef {import('playwright-core').Page} BrowserPage */
/** @typedef {import('playwright-core').BrowserContextOptions} Options */

export const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** The program that is tested: it has the page of when it was built. */
export function barograph() {
  const program = process.env.BAROGRAPH;
  if (!program) throw new Error('BAROGRAPH must name the built program');
  return program;
}

export class Session {
  folder = mkdtempSync(join(tmpdir(), 'barograph-viewer-'));
  /** @type {import('playwright-core').Browser | null} */
  browser = null;
  /** @type {Map<string, string>} */
  files = new Map();
  /** @type {Map<string, import('playwright-core').BrowserContext>} */
  contexts = new Map();

  async start() {
    const executablePath = findBrowser(browsers.chromium) ?? '';
    // Without a sandbox only because tests run as root in containers.
    this.browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }

  async stop() {
    await this.browser?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * @param {string} name
   * @param {string} html
   */
  write(name, html) {
    const path = join(this.folder, `${name}.html`);
    writeFileSync(path, html);
    this.files.set(name, path);
  }

  /**
   * @param {string} name
   * @param {import('../support/plain.js').PlainRecording} recording
   */
  writePlain(name, recording) {
    this.write(name, pageHtml(recording));
  }

  /**
   * The page that the program writes of a recording.
   * @param {string} name
   * @param {string} recording path
   */
  writeReal(name, recording) {
    const path = join(this.folder, `${name}.html`);
    execFileSync(barograph(), ['view', '-f', '-o', path, recording], { stdio: ['ignore', 'ignore', 'ignore'] });
    this.files.set(name, path);
  }

  /**
   * @param {string} name
   * @param {string} [hash]
   * @param {Options} [options] contexts with the same ones are shared
   * @returns {Promise<Opened>}
   */
  async open(name, hash = '', options = {}) {
    const key = JSON.stringify(options);
    let context = this.contexts.get(key);
    if (!context) {
      if (!this.browser) throw new Error('the browser was not started');
      context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      await context.addInitScript(() => {
        // What is copied is looked at, and the clipboard of the machine left alone.
        Object.defineProperty(navigator, 'clipboard', {
          value: { writeText: async (/** @type {string} */ text) => Object.assign(window, { copied: text }) },
        });
      });
      this.contexts.set(key, context);
    }
    const file = this.files.get(name);
    if (!file) throw new Error(`no page ${name}`);
    const opened = new Opened(await context.newPage());
    await opened.go(`${pathToFileURL(file)}${hash ? `#${hash}` : ''}`);
    return opened;
  }
}

export class Opened {
  /** @param {BrowserPage} page */
  constructor(page) {
    this.page = page;
    /** @type {string[]} */
    this.errors = [];
    /** @type {string[]} */
    this.requests = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error.stack ?? error)));
    page.on('dialog', (dialog) => {
      this.errors.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!/^(?:data|blob):/.test(request.url())) this.requests.push(request.url());
    });
  }

  /** @param {string} url */
  async go(url) {
    await this.page.goto(url);
    await this.page.waitForSelector('body[data-ready], .failure');
  }

  /** Closes the page; says what went wrong in it meanwhile. @returns {Promise<string[]>} */
  async close() {
    const { page, errors, requests } = this;
    await page.close();
    const others = requests.slice(1).map((url) => `request: ${url}`);
    return [...errors, ...others];
  }

  /** @param {string} id of a view */
  async view(id) {
    // Without the mouse's way to it, which takes most of a test's time; that tabs can be clicked is tested once.
    await this.page.evaluate((tab) => document.getElementById(tab)?.click(), `tab-${id}`);
    await this.settled();
  }

  /** Two frames: what a change of the state draws has been drawn, and its address has come here from the browser. */
  async settled() {
    const address = await this.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(location.href)))),
    );
    for (let waited = 0; waited < 200 && this.page.url() !== address; waited++)
      await new Promise((done) => setTimeout(done, 10));
  }

  async views() {
    return this.page.locator('[role=tab]').evaluateAll((tabs) => tabs.map((tab) => tab.id.replace(/^tab-/, '')));
  }

  hash() {
    return decodeURIComponent(new URL(this.page.url()).hash.slice(1));
  }
}
