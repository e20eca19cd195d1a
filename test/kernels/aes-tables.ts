/**
 * Where the tables of assembly/crypto/aes.ts come from, by field arithmetic alone (FIPS 197, and Hamburg, "Accelerating
 * AES with Vector Permute Instructions", CHES 2009).
 *
 * GF(256) is seen as pairs over its subfield GF(16): with g^4 = g + 1 and a root z of X^2 + X + c, every byte is
 * x = i * z + j * (z + 1), kept as the nibbles i (high) and k = i + j (low). Its inverse is
 * (i * (z + 1) + j * z) / N, and 1/io = (i + c * k) / N, 1/jo = (j + c * k) / N for
 *   io = 1 / (1/i + a/k) + j,   jo = 1 / (1/j + a/k) + i,   a = 1/c,   1/0 = infinity.
 * So the inverse, and whatever is linear in it, is the sum of a table of io and a table of jo.
 */

/** The tables in the order in which the module has them, 16 bytes each. */
export function deriveAesTables(): Buffer {
  const { subfield, root, c } = findBasis();
  const split = (x: number): number => {
    for (let nibbles = 0; nibbles < 256; nibbles++) {
      const i = subfield[nibbles >> 4] ?? 0;
      const k = subfield[nibbles & 15] ?? 0;
      if ((i ^ multiply(k, root ^ 1)) === x) return nibbles;
    }
    throw new Error('the pairs do not span the field');
  };
  const inverse = (x: number): number => (x === 0 ? 0 : power(x, 254));
  const nibbleOf = (x: number): number => subfield.indexOf(x);
  const table = (entry: (nibble: number, element: number) => number): Buffer =>
    Buffer.from(subfield.map((element, nibble) => entry(nibble, element)));
  const outputs = (linear: (x: number) => number): Buffer[] => [
    table((_, io) => linear(multiply(inverse(io), root ^ 1 ^ c))),
    table((_, jo) => linear(multiply(inverse(jo), root ^ c))),
  ];
  return Buffer.concat([
    table((nibble) => split(nibble)),
    table((nibble) => split(nibble << 4)),
    table((_, x) => (x === 0 ? infinity : nibbleOf(inverse(x)))),
    table((_, x) => (x === 0 ? infinity : nibbleOf(multiply(inverse(c), inverse(x))))),
    ...outputs((x) => split(affine(x))),
    ...outputs((x) => split(multiply(2, affine(x)))),
    ...outputs(affine),
  ]);
}

/** The lowest generator, and the lowest root of the lowest irreducible X^2 + X + c. */
function findBasis(): { subfield: number[]; root: number; c: number } {
  const g = bytes.find((x) => x > 1 && power(x, 4) === (x ^ 1));
  if (g === undefined) throw new Error('no generator');
  const subfield = Array.from({ length: 16 }, (_, nibble) =>
    [0, 1, 2, 3].reduce((sum, bit) => sum ^ ((nibble >> bit) & 1 ? power(g, bit) : 0), 0),
  );
  const isRoot = (x: number, c: number) => (power(x, 2) ^ x ^ c) === 0;
  for (const c of subfield) {
    if (subfield.some((x) => isRoot(x, c))) continue;
    const root = bytes.find((x) => isRoot(x, c));
    if (root !== undefined) return { subfield, root, c };
  }
  throw new Error('no irreducible polynomial');
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product & 0x80 ? 0x11b : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

function power(x: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = multiply(result, x);
  return result;
}

/** The linear part of SubBytes behind the inversion; its constant 0x63 is in the round keys. */
function affine(x: number): number {
  const turned = (by: number) => ((x << by) | (x >> (8 - by))) & 0xff;
  return x ^ turned(1) ^ turned(2) ^ turned(3) ^ turned(4);
}

const bytes = Array.from({ length: 256 }, (_, x) => x);
const infinity = 0x80;
