// Puts the page together: src/index.html with the styles and the program as one classic script, because
// modules cannot be imported from a file:// address. Writes dist/viewer.html, the template that the C program
// carries, and dist/unpack.js, which reads the program there; with --check it compares with those that are committed. The same input gives the same
// bytes: no time, no path and no version of this machine goes in.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const folder = dirname(fileURLToPath(import.meta.url));
const target = join(folder, 'dist', 'viewer.html');
const unpackTarget = join(folder, 'dist', 'unpack.js');
// Views of frameworks' logs and of predictions are 70 kB of it: as a script of their own, that only pages with such a recording
// carry, the rest would be at 200 kB.
const largestBytes = 275_000;
// The C program looks for these, each alone on its line, and for the title.
const markers = ['<!--baro:head-->', '<!--baro:core-->', '<!--baro:late-->', '<title>barograph</title>'];
// Browsers that know DecompressionStream('deflate-raw').
const browsers = ['chrome103', 'firefox113', 'safari16.4'];

/**
 * @param {import('esbuild').BuildOptions} options with what to begin with
 * @returns {string}
 */
function bundle(options) {
  const result = buildSync({
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    target: browsers,
    logLevel: 'warning',
    write: false,
    ...options,
  });
  const files = result.outputFiles ?? [];
  if (files.length !== 1) throw new Error(`one output expected, got ${files.length}`);
  return files[0].text.trimEnd();
}

/** The style of the page and, after it, those of views that have one beside them. */
function bundleStyle() {
  const views = readdirSync(join(folder, 'src', 'views'))
    .filter((file) => file.endsWith('.css'))
    .sort();
  const contents = ['./style.css', ...views.map((file) => `./views/${file}`)]
    .map((file) => `@import '${file}';`)
    .join('\n');
  return bundle({ stdin: { contents, loader: 'css', resolveDir: join(folder, 'src') } });
}

/**
 * A page that the parser would take apart differently from what was meant is refused here, not in a browser.
 * @param {string} text
 * @param {string} what
 * @param {RegExp} end
 */
function refuse(text, what, end) {
  const found = end.exec(text);
  if (found) throw new Error(`${what} contains ${found[0]}`);
}

/** @returns {string} */
function assemble() {
  const script = bundle({ entryPoints: [join(folder, 'src', 'main.js')], format: 'iife' });
  const greeting = bundle({ entryPoints: [join(folder, 'src', 'greeting', 'greeting.js')], format: 'iife' });
  const style = bundleStyle();
  refuse(greeting, 'the greeting', /<\/script|<script|<!--/i);
  refuse(script, 'the script', /<\/script|<script|<!--/i);
  refuse(style, 'the style', /<\/style|url\(|@import/i);
  const template = readFileSync(join(folder, 'src', 'index.html'), 'utf8');
  const page = template
    .replace('<!--build:style-->', () => `<style>\n${style}\n</style>`)
    .replace('<!--build:greeting-->', () => `<script id="greet">\n${greeting}\n</script>`)
    .replace('<!--build:script-->', () => `<script>\n${script}\n</script>`);
  for (const marker of markers)
    if (page.split(marker).length !== 2) throw new Error(`${marker} must stand in the page once`);
  if (page.includes('<!--build:')) throw new Error('a place of the template was not filled');
  return page;
}

/** What reads the program in a page of `barograph view`, where tools/pack_page.py packed it. */
function assembleUnpack() {
  const script = bundle({ entryPoints: [join(folder, 'src', 'packed', 'unpack.js')], format: 'iife' });
  refuse(script, 'unpack.js', /<\/script|<script|<!--/i);
  return `${script}\n`;
}

function main() {
  const page = assemble();
  const unpack = assembleUnpack();
  const bytes = Buffer.byteLength(page);
  if (bytes > largestBytes)
    throw new Error(`the page has ${bytes} bytes, more than the ${largestBytes} it may have`);
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== page || readFileSync(unpackTarget, 'utf8') !== unpack)
      throw new Error('dist/ is not what its sources give; run make viewer');
  } else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, page);
    writeFileSync(unpackTarget, unpack);
  }
  console.log(`viewer.html: ${bytes} bytes of ${largestBytes}`);
}

try {
  main();
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
