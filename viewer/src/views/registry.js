// The views, in the order of their tabs. A new view is a file of its own and a row here.

import { callsView } from './calls.js';
import { changeGraphView, diffView } from './diff.js';
import { operatorChangesView, operatorsView, tasksView, whatIfView } from './extra_views.js';
import { flame } from './flame.js';
import { functions } from './functions.js';
import { sandwich } from './sandwich.js';
import { sourceView } from './source.js';
import { summaryView } from './summary.js';
import { timelineView } from './timeline.js';

/** @type {readonly import('../types/view.js').View[]} */
export const views = [
  summaryView,
  operatorChangesView,
  diffView,
  changeGraphView,
  operatorsView,
  tasksView,
  flame,
  sandwich,
  functions,
  timelineView,
  callsView,
  sourceView,
  whatIfView,
];
