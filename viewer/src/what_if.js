// A script of its own, dist/what_if.js: what pages with predictions need and others do not. The C program puts it into those pages
// as a section, parts/extra_code.js runs it. What it shares with the program stands in shared.js.

export { readWhatIf } from './data/what_if.js';
export { createWhatIf } from './views/what_if.js';
