/** Every place of a message that can hold a value, with what is written there: of its body and of its headers. */
import { createHash } from 'node:crypto';

import type { BodyKind } from '../leaves/body-kind.ts';
import { bodyLeaves, decodeBody, showPlace } from '../leaves/body-leaves.ts';
import { UnlistedBody } from '../leaves/leaf.ts';
import type { HeaderLines } from './message.ts';

/** Texts by the name of their place; a place that is there several times counts them: `$.card`, `$.card (2)`. */
export type Places = ReadonlyMap<string, string>;

/** Values of a body as they are written; undefined when it is not what its type says. Without a kind it is one value. */
export function placesOfBody(
  kind: BodyKind | undefined,
  body: Uint8Array,
  contentType: string,
): Places | undefined {
  const places = new PlaceCount();
  if (kind === undefined) {
    const digest = createHash('sha256').update(body).digest('hex').slice(0, DIGEST_SHOWN);
    places.add('body', `${body.length} bytes, sha256 ${digest}`);
    return places.texts;
  }
  try {
    for (const leaf of bodyLeaves(kind, decodeBody(body, contentType))) {
      places.add(showPlace(kind, leaf), leaf.raw);
    }
  } catch (error) {
    if (error instanceof UnlistedBody) return undefined;
    throw error;
  }
  return places.texts;
}

/** Headers, cookies, and the parts of the path. */
export function placesOfHeaders(headers: HeaderLines): Places {
  const places = new PlaceCount();
  for (const [name, value] of headers) {
    if (name === ':path') addPath(places, value);
    else if (name === 'cookie') addCookies(places, value.split(';'));
    else if (name === 'set-cookie') addCookies(places, value.split(';').slice(0, 1));
    else places.add(`header ${name}`, value);
  }
  return places.texts;
}

class PlaceCount {
  readonly texts = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  add(name: string, text: string): void {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    this.texts.set(count === 1 ? name : `${name} (${count})`, text);
  }
}

function addPath(places: PlaceCount, target: string): void {
  const [path = '', ...query] = target.split('?');
  for (const [i, segment] of path.split('/').slice(1).entries()) {
    places.add(`path segment ${i + 1}`, segment);
  }
  for (const pair of query.join('?').split('&')) {
    const [name = '', ...value] = pair.split('=');
    if (pair !== '') places.add(`parameter ${name}`, value.join('='));
  }
}

function addCookies(places: PlaceCount, pairs: readonly string[]): void {
  for (const pair of pairs) {
    const [name = '', ...value] = pair.split('=');
    places.add(`cookie ${name.trim()}`, value.join('='));
  }
}

const DIGEST_SHOWN = 16;
