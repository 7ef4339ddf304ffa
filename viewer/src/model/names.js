// What functions, modules and places are called on the page. No DOM.

/** @typedef {import('../types/page.js').Page} Page */

/**
 * @typedef {object} FileNames
 * @property {string} place path as it is shown: relative to the program's folder, <stdlib>/, or the packages' folder
 * @property {string} module dotted, made from the path
 * @property {string} group what shares a colour: the module of own code, otherwise the outermost package
 */

/**
 * @typedef {object} Names
 * @property {(FileNames | undefined)[]} files by string index of the path; undefined: that string is no path of a function
 * @property {string} folder that the places of own code are relative to, "" if they are not
 * @property {{file: number, names: FileNames} | null} renamed of a diff: the program's file, and what it was called before
 */

const packages = /^.*\/(?:site|dist)-packages\//;
const standard = /^(?:.*\/lib(?:64)?\/python3[^/]*\/|<frozen (?=[^>]*>))/;

/**
 * @param {string[]} paths of own code
 * @returns {string} the folder that all of them share, with a slash at its end
 */
function sharedFolder(paths) {
  /** @type {string[] | null} */
  let shared = null;
  for (const path of paths) {
    if (!path.startsWith('/')) continue;
    const parts = path.split('/').slice(0, -1);
    if (shared === null) {
      shared = parts;
      continue;
    }
    let same = 0;
    while (same < shared.length && same < parts.length && shared[same] === parts[same]) same++;
    shared.length = same;
  }
  return shared === null || shared.length < 2 ? '' : `${shared.join('/')}/`;
}

/** @param {string} place */
function dotted(place) {
  return place
    .replace(/^<[^>]*>\//, '')
    .replace(/\.(?:py|pyc|pyx|so)$/, '')
    .replace(/\/__init__$/, '')
    .replace(/^\.*\/+/, '')
    .replace(/\//g, '.');
}

/**
 * @param {string} path
 * @param {number} origin of the functions in it
 * @param {string} folder
 * @returns {FileNames}
 */
function nameFile(path, origin, folder) {
  if (origin === 1 && packages.test(path)) {
    const place = path.replace(packages, '');
    const module = dotted(place);
    return { place, module, group: module.split('.')[0] };
  }
  if (origin === 2) {
    const place = `<stdlib>/${path.replace(standard, '').replace(/>$/, '')}`;
    const module = dotted(place);
    return { place, module, group: module.split('.')[0] };
  }
  const place = folder && path.startsWith(folder) ? path.slice(folder.length) : path;
  const module = path.startsWith('<') ? path : dotted(place.split('/').slice(-3).join('/'));
  return { place, module, group: module };
}

/**
 * @param {Page} page
 * @returns {Names}
 */
export function nameFiles(page) {
  const { strings, functions } = page;
  /** @type {Map<number, number>} */
  const origins = new Map();
  for (let f = 0; f < functions.count; f++)
    if (!origins.has(functions.file[f])) origins.set(functions.file[f], functions.origin[f]);
  const own = [...origins].filter(([, origin]) => origin === 0).map(([file]) => strings[file]);
  const folder = sharedFolder(own);
  /** @type {(FileNames | undefined)[]} */
  const files = new Array(strings.length);
  for (const [file, origin] of origins) files[file] = nameFile(strings[file], origin, folder);
  const [before, after] = page.head.sides.map(({ program }) => program);
  const file = before && after ? strings.indexOf(after) : -1;
  if (!before || !origins.has(file)) return { files, folder, renamed: null };
  const names = nameFile(before, 0, before.startsWith(folder) ? folder : sharedFolder([before]));
  return { files, folder, renamed: { file, names } };
}

/**
 * @param {Page} page
 * @param {Names} names
 * @param {number} fn
 * @param {number} side what they are called there
 * @returns {{module: string, name: string, bare: string, place: string, group: string}}
 */
export function functionNames(page, names, fn, side) {
  const { strings, functions } = page;
  const { renamed } = names;
  const before = side === 0 && renamed?.file === functions.file[fn] ? renamed.names : null;
  const file = before ?? names.files[functions.file[fn]];
  // Of the newer file, which says nothing of another one.
  const line = before ? 0 : functions.line[fn];
  const place = file?.place ?? '';
  return {
    module: strings[functions.module[fn]] || (file?.module ?? ''),
    name: strings[functions.name[fn]],
    bare: strings[functions.bare[fn]],
    place: place && line > 0 ? `${place}:${line}` : place,
    group: file?.group ?? '',
  };
}
