// A script of its own, dist/comparison.js: what pages that compare two runs of a framework need and others do not. The C program puts
// it into those pages as a section, parts/extra_code.js runs it. What it shares with the program stands in shared.js.

export { createOperatorChanges } from './views/operator_changes.js';
