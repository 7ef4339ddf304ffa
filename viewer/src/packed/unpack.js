// The program of a small page is in it as deflated base64, a third of its size: tools/pack_page.py puts it and this there. The
// browser unpacks it while the greeting is shown. Large pages have the program plain: there this would wait for the data.

/** @returns {Promise<void>} the browser has shown what is there, or shows nothing, as in a tab that is hidden */
function framePainted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });
}

/**
 * @param {HTMLElement} packed
 * @returns {Promise<string>}
 */
function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed.textContent ?? ''), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).text();
}

async function run() {
  const packed = /** @type {HTMLElement} */ (document.getElementById('program'));
  const [text] = await Promise.all([unpacked(packed), framePainted()]);
  const program = document.createElement('script');
  program.textContent = text;
  packed.after(program);
}

run().catch(() => {
  const words = 'The page is damaged or incomplete: its program cannot be unpacked. Write it again with barograph view.';
  const told = document.createElement('p');
  told.className = 'failure';
  told.setAttribute('role', 'alert');
  told.textContent = words;
  document.body.replaceChildren(told);
});
