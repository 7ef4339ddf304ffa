// A script of its own, dist/dataflow.js: what pages of frameworks' logs need and others do not. The C program puts it into those
// pages as a section, parts/extra_code.js runs it. What it shares with the program stands in shared.js.

import { createOperators } from './views/operators.js';
import { createTasks } from './views/tasks.js';

export { decodeDataflow } from './data/dataflow.js';

/** @type {Readonly<Record<'operators' | 'tasks', import('./types/view.js').CreateDataflowView>>} */
export const views = { operators: createOperators, tasks: createTasks };
