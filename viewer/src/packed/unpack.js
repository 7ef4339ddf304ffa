// The page's program is in it as deflated base64, a third of its size: tools/pack_page.py puts it and this there.

import { inflate } from './inflate.js';

const packed = /** @type {HTMLElement} */ (document.getElementById('program'));
const letters = atob(packed.textContent ?? '');
const bytes = new Uint8Array(letters.length);
for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
const program = document.createElement('script');
program.textContent = new TextDecoder().decode(inflate(bytes, Number(packed.dataset.bytes)));
packed.after(program);
