/** Finds the templates behind paths: identifiers become `{id}`, everything else stays as it was seen. */
import { parsePathTemplate } from '../path-template.ts';
import { Problem } from '../problem.ts';

/** What paths of one destination look like, learned from all of them. */
export class PathShapes {
  readonly #root = new Place();
  readonly #distinctMin: number;

  /** A position with at least `distinctMin` different texts behind the same start counts as an identifier. */
  constructor(paths: Iterable<string>, distinctMin: number) {
    this.#distinctMin = distinctMin;
    const all = [...new Set(paths)].flatMap((path) => {
      const segments = segmentsOf(path);
      return segments === undefined ? [] : [segments];
    });
    const byLength = Map.groupBy(all, (segments) => segments.length);
    for (const group of byLength.values()) this.#learn(group);
  }

  /** The template of a path, or undefined when no template can name it. */
  templateOf(path: string): string | undefined {
    const segments = segmentsOf(path);
    if (segments === undefined) return undefined;
    let place = this.#root.next(String(segments.length));
    let identifiers = 0;
    const parts = segments.map((segment) => {
      const isOpen = place.isIdentifier(segment);
      place = place.next(isOpen ? ANY : segment);
      if (!isOpen) return segment;
      identifiers += 1;
      return identifiers === 1 ? '{id}' : `{id${identifiers}}`;
    });
    const template = `/${parts.join('/')}`;
    return parsePathTemplate(template) instanceof Problem ? undefined : template;
  }

  // Position by position, so that texts behind an identifier are counted together.
  #learn(group: readonly (readonly string[])[]): void {
    const length = group[0]?.length ?? 0;
    let reached = group.map((segments) => ({
      segments,
      place: this.#root.next(String(segments.length)),
    }));
    for (let index = 0; index < length; index++) {
      for (const { segments, place } of reached) {
        const segment = segments[index] ?? '';
        if (segment !== '' && !isIdentifier(segment)) place.texts.add(segment);
      }
      for (const { place } of reached) place.isOpen = place.texts.size >= this.#distinctMin;
      reached = reached.map(({ segments, place }) => {
        const segment = segments[index] ?? '';
        return { segments, place: place.next(place.isIdentifier(segment) ? ANY : segment) };
      });
    }
  }
}

/** A position in paths behind what came before it. */
class Place {
  readonly texts = new Set<string>();
  isOpen = false;
  readonly #next = new Map<string, Place>();

  isIdentifier(segment: string): boolean {
    return isIdentifier(segment) || (this.isOpen && segment !== '');
  }

  next(segment: string): Place {
    const there = this.#next.get(segment) ?? new Place();
    this.#next.set(segment, there);
    return there;
  }
}

/** Whether a segment has the form of an identifier: a number, a UUID, hexadecimal digits, a long token. */
export function isIdentifier(segment: string): boolean {
  if (/^\d+$/.test(segment)) return true;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment)) return true;
  if (/^[0-9a-f]{8,}$/i.test(segment) && /\d/.test(segment)) return true;
  const digits = segment.match(/\d/g)?.length ?? 0;
  return /^[A-Za-z0-9_-]{20,}$/.test(segment) && digits >= 4;
}

// Undefined for what is no path, what the record may have cut off, and what a template would take for a wildcard.
function segmentsOf(path: string): string[] | undefined {
  if (!path.startsWith('/') || path.includes('*')) return undefined;
  if (Buffer.byteLength(path) >= RECORDED_BYTES) return undefined;
  const escaped = path.replaceAll(/[^!-z~]+|[{|}]/g, (text) =>
    encodeURIComponent(text.toWellFormed()),
  );
  return escaped.slice(1).split('/');
}

const ANY = '{}';
/** Records hold this much of a path (docs/formats.md, AuditRecord). */
const RECORDED_BYTES = 512;
