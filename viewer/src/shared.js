// What the scripts of views that not all pages have (src/dataflow.js, src/comparison.js, src/what_if.js) take from the program instead of having their own: code would be in the
// page twice, and so would what it keeps, as the one tooltip. build.js reads this list, and stops where a module is in two scripts.

export { button, el, fill, nameElement, oncePerFrame, sentenceParts, visibleText } from './base/dom.js';
export { formatBytes, formatCount, formatDuration, formatPercent, formatShortCount, hasIdle, unknown } from './base/format.js';
export { firstWhere } from './base/search.js';
export { svg } from './base/svg.js';
export { PageError } from './data/columns.js';
export { readSectionColumns } from './data/page.js';
export { resourceLook } from './draw/palette.js';
export { currentTheme } from './draw/theme.js';
export { moved, zoomed } from './model/timeline.js';
export { copyButton, copyButtons } from './parts/copy_buttons.js';
export { findingItem } from './parts/finding.js';
export { resourcePiece, resourceSwatch } from './parts/resource_mark.js';
export { Table } from './parts/table.js';
export { axisElements, wheelOverTime } from './parts/timeline_parts.js';
export { tooltip } from './parts/tooltip.js';
export { zoomButtons } from './parts/zoom_buttons.js';
