// The work that a browser does before it signs somebody up: a number whose SHA-256 with the form's stamp begins with
// zeros. A plain loop, as the browser's own digest answers too slowly for many small ones, and only over https.
"use strict";

(() => {
  const form = document.querySelector("form[data-work]");
  if (!form) return;

  const K = new Uint32Array(64);
  const H = new Uint32Array(8);
  // The constants of SHA-256: the first bits of the fractions of roots of the first primes.
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 4294967296);
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (found < 8) H[found] = fraction(Math.sqrt(n));
    K[found++] = fraction(Math.cbrt(n));
  }
  const W = new Uint32Array(64);

  function block(state, bytes, at) {
    for (let i = 0; i < 16; i++) {
      const j = at + i * 4;
      W[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15];
      const y = W[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const S1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + S1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
      const S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }

  function sha256(text) {
    const length = text.length;
    const bytes = new Uint8Array(((length + 72) >> 6) << 6);
    for (let i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
    bytes[length] = 0x80;
    new DataView(bytes.buffer).setUint32(bytes.length - 4, length * 8);
    const state = H.slice();
    for (let at = 0; at < bytes.length; at += 64) block(state, bytes, at);
    return state;
  }

  const bits = Number(form.dataset.work);
  const stamp = form.elements.stamp.value;
  const told = form.querySelector("[data-working]");
  let number = 0;
  let wanted = false;

  function work() {
    for (const until = performance.now() + 30; performance.now() < until;) {
      for (let i = 0; i < 100; i++, number++) {
        if (sha256(`${stamp}:${number}`)[0] >>> (32 - bits) === 0) {
          form.elements.work.value = String(number);
          if (wanted) form.requestSubmit();
          return;
        }
      }
    }
    setTimeout(work);
  }

  form.addEventListener("submit", (event) => {
    if (form.elements.work.value) return;
    event.preventDefault();
    wanted = true;
    told.textContent = "One moment: your browser is working.";
  });
  work();
})();
