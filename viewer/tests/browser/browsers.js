// Which browsers the page is tested in: the one place that says so. In CI a browser that must be there fails the run when it is
// not; elsewhere its tests say that they were skipped.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @typedef {{name: string, programs: string[], needed: boolean}} Browser */

/** @type {Record<'chromium' | 'firefox', Browser>} */
export const browsers = {
  chromium: { name: 'Chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'], needed: true },
  // Not among the packages of the tests: 80 MB, and half a minute more.
  firefox: { name: 'Firefox ESR', programs: ['firefox-esr'], needed: false },
};

/**
 * @param {Browser} browser
 * @returns {string | null} its path
 */
export function findBrowser({ programs }) {
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const program of programs)
      try {
        const path = join(folder, program);
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // The next one.
      }
  return null;
}

/**
 * @param {Browser} browser
 * @returns {string | false} why its tests are skipped
 */
export function whySkipped(browser) {
  if (findBrowser(browser)) return false;
  if (browser.needed && process.env.CI) throw new Error(`${browser.name} must be installed here`);
  return `${browser.name} is not installed`;
}
