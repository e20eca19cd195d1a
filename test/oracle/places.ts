/** Paths and hosts of requests against what policies write. */

/** True when a template matches a normalised path; paths of more than 64 segments match no template. */
export function matchesPath(template: string, path: string): boolean {
  if (path.split('/').length > 65) return false;
  let shape = shapes.get(template);
  if (shape === undefined) {
    shape = new RegExp(`^${toExpression(template)}$`, 's');
    if (shapes.size < SHAPES_MAX) shapes.set(template, shape);
  }
  return shape.test(path);
}

/** True when a host pattern matches; case, port and one trailing dot of the host do not count. */
export function matchesHost(pattern: string, host: string): boolean {
  const plain = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return plain === wanted;
  return plain.endsWith(wanted.slice(1)) && plain.length > wanted.length - 1;
}

/** True for a name of labels or an address in brackets, 255 characters at most, with a port of up to five digits or none. */
export function isHost(authority: string): boolean {
  const shape = /^(?:([\w-]+(?:\.[\w-]+)*)\.?|(\[[\da-f:.]+\]))(?::\d{1,5})?$/i;
  const [, name, address] = shape.exec(authority) ?? [];
  const host = name ?? address;
  return host !== undefined && host.length <= 255;
}

/** The normal form of a literal: escapes of what may stand for itself are written out. */
export function normalPath(text: string): string {
  return text.replaceAll(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[\w.~!$&'()*+,=:@-]/.test(character) ? character : triplet.toUpperCase();
  });
}

function toExpression(template: string): string {
  if (template.startsWith('*')) return `.*${literal(template.slice(1))}`;
  if (template.endsWith('/**')) return `${toExpression(template.slice(0, -3))}(/.*)?`;
  if (template.endsWith('*')) return `${toExpression(template.slice(0, -1))}.*`;
  const parts = template.split('/');
  return parts.map((part) => (/^\{.*\}$/.test(part) ? '[^/]+' : literal(part))).join('/');
}

function literal(text: string): string {
  return normalPath(text).replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

// Random sets write the same few templates over and over.
const shapes = new Map<string, RegExp>();
const SHAPES_MAX = 10_000;
