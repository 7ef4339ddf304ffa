// Puts the page together: src/index.html with the styles and the program as one classic script, because
// modules cannot be imported from a file:// address. Writes dist/viewer.html, the template that the C program
// carries, dist/dataflow.js, dist/comparison.js and dist/what_if.js, which it adds to pages of frameworks' logs, of two of them,
// and with predictions, and dist/unpack.js, which reads the program there;
// with --check it compares with those that are committed. The same input gives the same
// bytes: no time, no path and no version of this machine goes in.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = dirname(fileURLToPath(import.meta.url));
const source = join(folder, 'src');
/** Bytes that a file may have; those of viewer.html are in every page. */
const largest = /** @type {Readonly<Record<string, number>>} */ ({
  'viewer.html': 250_000,
  'dataflow.js': 50_000,
  'comparison.js': 10_000,
  'what_if.js': 25_000,
  'unpack.js': 1_000,
});
/** Scripts beside the program, each with the name of its exports and the styles of its views. */
const extras = {
  'dataflow.js': { name: 'barographDataflow', styles: ['operators.css', 'tasks.css'] },
  'comparison.js': { name: 'barographComparison', styles: ['operator_changes.css'] },
  'what_if.js': { name: 'barographWhatIf', styles: ['what_if.css'] },
};
// The C program looks for these, each alone on its line, and for the title.
const markers = ['<!--baro:head-->', '<!--baro:core-->', '<!--baro:late-->', '<title>barograph</title>'];
// Browsers that know DecompressionStream('deflate-raw').
const browsers = ['chrome103', 'firefox113', 'safari16.4'];

/**
 * @param {import('esbuild').BuildOptions} options with what to begin with
 * @returns {Promise<{text: string, modules: string[]}>}
 */
async function bundle(options) {
  const result = await build({
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    target: browsers,
    logLevel: 'warning',
    write: false,
    metafile: true,
    ...options,
  });
  const files = result.outputFiles ?? [];
  if (files.length !== 1) throw new Error(`one output expected, got ${files.length}`);
  return { text: files[0].text.trimEnd(), modules: Object.keys(result.metafile?.inputs ?? {}) };
}

/** @param {string} name of a file in src/ */
function bundleScript(name) {
  return bundle({ entryPoints: [join(source, name)], format: 'iife' });
}

/** @param {string[]} files in src/ @returns {Promise<string>} */
async function bundleStyle(files) {
  const contents = files.map((file) => `@import './${file}';`).join('\n');
  const { text } = await bundle({ stdin: { contents, loader: 'css', resolveDir: source } });
  refuse(text, 'the style', /<\/style|url\(|@import/i);
  return text;
}

/** The style of the page and, after it, those of views that have one beside them. */
function bundlePageStyle() {
  const others = Object.values(extras).flatMap(({ styles }) => styles);
  const views = readdirSync(join(source, 'views'))
    .filter((file) => file.endsWith('.css') && !others.includes(file))
    .sort();
  return bundleStyle(['style.css', ...views.map((file) => `views/${file}`)]);
}

/**
 * What src/shared.js lists is taken from the program, which has put it where all scripts see it (src/parts/extra_code.js).
 * @returns {import('esbuild').Plugin}
 */
function fromProgram() {
  const list = readFileSync(join(source, 'shared.js'), 'utf8');
  /** @type {Map<string, string[]>} */
  const names = new Map();
  for (const [, words, file] of list.matchAll(/^export \{([^}]*)\} from '([^']*)';$/gm))
    names.set(join(source, file), words.split(/[\s,]+/).filter(Boolean));
  return {
    name: 'from the program',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path);
        return names.has(file) ? { path: file, namespace: 'program' } : null;
      });
      onLoad({ filter: /./, namespace: 'program' }, ({ path }) => ({
        contents: [
          'const program = globalThis.barographShared;',
          ...(names.get(path) ?? []).map((name) => `export const ${name} = program.${name};`),
        ].join('\n'),
      }));
    },
  };
}

/**
 * Views that not all pages have, with their style as one more export.
 * @param {keyof typeof extras} file in src/
 * @param {string[]} ofProgram modules that the page has
 * @returns {Promise<string>}
 */
async function assembleExtra(file, ofProgram) {
  const { name, styles } = extras[file];
  const style = await bundleStyle(styles.map((each) => `views/${each}`));
  const contents = `export * from './${file}';\nexport const style = ${JSON.stringify(style)};\n`;
  const { text, modules } = await bundle({
    stdin: { contents, loader: 'js', resolveDir: source },
    format: 'iife',
    globalName: name,
    plugins: [fromProgram()],
  });
  const twice = modules.find((module) => ofProgram.includes(module));
  if (twice) throw new Error(`${twice} is in the program and in ${file}: src/shared.js has to list what is used of it`);
  refuse(text, file, /<\/script|<script|<!--/i);
  return `${text}\n`;
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

/**
 * @param {string} script
 * @returns {Promise<string>}
 */
async function assemble(script) {
  const greeting = (await bundleScript('greeting/greeting.js')).text;
  const style = await bundlePageStyle();
  refuse(greeting, 'the greeting', /<\/script|<script|<!--/i);
  refuse(script, 'the script', /<\/script|<script|<!--/i);
  const template = readFileSync(join(source, 'index.html'), 'utf8');
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
async function assembleUnpack() {
  const { text } = await bundleScript('packed/unpack.js');
  refuse(text, 'unpack.js', /<\/script|<script|<!--/i);
  return `${text}\n`;
}

async function main() {
  const program = await bundleScript('main.js');
  const files = /** @type {Record<string, string>} */ ({
    'viewer.html': await assemble(program.text),
    'dataflow.js': await assembleExtra('dataflow.js', program.modules),
    'comparison.js': await assembleExtra('comparison.js', program.modules),
    'what_if.js': await assembleExtra('what_if.js', program.modules),
    'unpack.js': await assembleUnpack(),
  });
  const isCheck = process.argv.includes('--check');
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.byteLength(text);
    if (bytes > largest[name]) throw new Error(`${name} has ${bytes} bytes, more than the ${largest[name]} it may have`);
    const path = join(folder, 'dist', name);
    if (isCheck && readFileSync(path, 'utf8') !== text)
      throw new Error(`dist/${name} is not what its sources give; run make viewer`);
    mkdirSync(dirname(path), { recursive: true });
    if (!isCheck) writeFileSync(path, text);
    console.log(`${name}: ${bytes} bytes of ${largest[name]}`);
  }
}

main().catch((error) => {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
});
