/** SHA-256 of bytes that arrive in pieces: the browser's own takes only a whole file. */

const K = new Uint32Array(64);
const START = new Uint32Array(8);

/** The constants are the first bits of the roots of the first primes (FIPS 180-4). */
function fill(): void {
  const fraction = (value: number) => ((value - Math.floor(value)) * 2 ** 32) >>> 0;
  let count = 0;
  for (let candidate = 2; count < 64; candidate += 1) {
    let isPrime = true;
    for (let by = 2; by * by <= candidate; by += 1) if (candidate % by === 0) isPrime = false;
    if (!isPrime) continue;
    if (count < 8) START[count] = fraction(Math.sqrt(candidate));
    K[count] = fraction(Math.cbrt(candidate));
    count += 1;
  }
}
fill();

const rotate = (value: number, by: number): number => (value >>> by) | (value << (32 - by));

export class Sha256 {
  private readonly state = new Uint32Array(START);
  private readonly words = new Uint32Array(64);
  private readonly block = new Uint8Array(64);
  private filled = 0;
  private length = 0;

  add(bytes: Uint8Array): this {
    this.length += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + 64 - this.filled);
      this.block.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === 64) {
        this.compress();
        this.filled = 0;
      }
    }
    return this;
  }

  /** The digest in hexadecimal; nothing can be added after it. */
  hex(): string {
    const bits = this.length * 8;
    const rest = (this.filled < 56 ? 56 : 120) - this.filled;
    const tail = new Uint8Array(rest + 8);
    tail[0] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(rest, Math.floor(bits / 2 ** 32));
    view.setUint32(rest + 4, bits >>> 0);
    this.add(tail);
    return [...this.state].map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  private compress(): void {
    const { words, block, state } = this;
    for (let at = 0; at < 16; at += 1) {
      const from = at * 4;
      words[at] = ((block[from]! << 24) | (block[from + 1]! << 16) | (block[from + 2]! << 8) | block[from + 3]!) >>> 0;
    }
    for (let at = 16; at < 64; at += 1) {
      const a = words[at - 15]!;
      const b = words[at - 2]!;
      const low = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
      const high = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
      words[at] = (words[at - 16]! + low + words[at - 7]! + high) >>> 0;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let at = 0; at < 64; at += 1) {
      const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[at]! + words[at]!) >>> 0;
      const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) >>> 0, c, b, a, (first + second) >>> 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => (state[at] = (state[at]! + value) >>> 0));
  }
}
