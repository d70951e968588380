// SPDX-License-Identifier: Apache-2.0
/**
 * SM3 (GB/T 32905-2016, ISO/IEC 10118-3), fed piece by piece.
 *
 *     const hash = new Sm3();
 *     hash.update(bytes);
 *     hash.digest();
 * @module
 */
const BLOCK = 64;
const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
const ROUND = Uint32Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));

/** One hash in the making. */
export class Sm3 {
  constructor() {
    this.state = Uint32Array.from(START);
    this.words = new Uint32Array(68);
    this.rest = new Uint8Array(BLOCK);
    this.restView = new DataView(this.rest.buffer);
    this.held = 0;
    this.length = 0;
  }

  /** Take more of the message. @param {Uint8Array} data */
  update(data) {
    this.length += data.length;
    let at = 0;
    if (this.held) {
      at = Math.min(BLOCK - this.held, data.length);
      this.rest.set(data.subarray(0, at), this.held);
      this.held += at;
      if (this.held < BLOCK) return this;
      this.compress(this.restView, 0);
      this.held = 0;
    }
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (; at + BLOCK <= data.length; at += BLOCK) this.compress(view, at);
    this.rest.set(data.subarray(at));
    this.held = data.length - at;
    return this;
  }

  /** Return the hash, 32 bytes; the object is of no use after it. */
  digest() {
    const bits = BigInt(this.length) * 8n;
    const padding = new Uint8Array(((BLOCK + 55 - this.held) % BLOCK) + 9);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
    this.update(padding);
    const result = new DataView(new ArrayBuffer(32));
    this.state.forEach((word, i) => result.setUint32(4 * i, word));
    return new Uint8Array(result.buffer);
  }

  // The compression function, section 5.3; w[j] ^ w[j + 4] is the standard's w'.
  compress(view, at) {
    const w = this.words;
    for (let j = 0; j < 16; j += 1) w[j] = view.getUint32(at + 4 * j);
    for (let j = 16; j < 68; j += 1) {
      const x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15);
      w[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6];
    }
    const { state } = this;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let j = 0; j < 64; j += 1) {
      const a12 = rotate(a, 12);
      const ss1 = rotate((a12 + e + ROUND[j]) | 0, 7);
      const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const tt1 = (ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4])) | 0;
      const tt2 = (gg + h + ss1 + w[j]) | 0;
      d = c;
      c = rotate(b, 9);
      b = a;
      a = tt1;
      h = g;
      g = rotate(f, 19);
      f = e;
      e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17);
    }
    state[0] ^= a;
    state[1] ^= b;
    state[2] ^= c;
    state[3] ^= d;
    state[4] ^= e;
    state[5] ^= f;
    state[6] ^= g;
    state[7] ^= h;
  }
}

function rotate(word, bits) {
  return (word << bits) | (word >>> (32 - bits));
}
