// The little of a document that src/data/sections.js asks for, of the text of a page: the data code runs without a browser.

/**
 * @param {string} html
 * @returns {Document}
 */
export function fakeDocument(html) {
  const elements = [...html.matchAll(/<script\b([^>]*)>([^<]*)<\/script>/g)].map(([, attributes, text]) => {
    const values = new Map(
      [...attributes.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    return { textContent: text, getAttribute: (/** @type {string} */ name) => values.get(name) ?? null };
  });
  const document = {
    getElementById: (/** @type {string} */ id) =>
      elements.find((element) => element.getAttribute('id') === id) ?? null,
    querySelectorAll: () => elements.filter((element) => element.getAttribute('data-section') !== null),
  };
  return /** @type {Document} */ (/** @type {unknown} */ (document));
}
