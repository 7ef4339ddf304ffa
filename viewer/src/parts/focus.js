// Where the keyboard goes when a view is chosen by a key: to its graph, table or lanes, whichever is first.

const mains = 'canvas[tabindex="0"], svg [tabindex="0"], .table, .tracks-rows [tabindex="0"]';

/** @param {Element} panel @returns {boolean} there is one, and it has the focus now */
function focusFirst(panel) {
  if (panel.ariaBusy === 'true') return false;
  for (const main of panel.querySelectorAll(mains))
    if (main.getClientRects().length > 0) {
      /** @type {HTMLElement | SVGElement} */ (main).focus({ preventScroll: true });
      return true;
    }
  return false;
}

/** Of a view that is still being read: when it is there, unless the focus has gone elsewhere by then. */
export function focusMain() {
  const panel = document.getElementById('panel');
  if (!panel || focusFirst(panel)) return;
  panel.focus({ preventScroll: true });
  const watch = new MutationObserver(() => {
    if (document.activeElement !== panel || focusFirst(panel)) watch.disconnect();
  });
  watch.observe(panel, { childList: true, subtree: true, attributes: true, attributeFilter: ['hidden', 'aria-busy'] });
}
