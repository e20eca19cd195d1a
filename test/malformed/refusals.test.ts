/** Every reason for which a bundle or a state is refused, each provoked by the one thing that it names. */
import { beforeAll, describe, expect, test } from 'vitest';

import { BundleHeader as Header, BundleSection as S } from '../../controller/layout.ts';
import { CHECKOUT, Mesh } from '../filter/mesh.ts';
import { domains } from './domain-cases.ts';
import { clusterServices, entangle, entangleKeys, multiply } from './edits.ts';
import { FileEditor } from './file-editor.ts';
import { frame } from './frame-cases.ts';
import { paths } from './path-cases.ts';
import { operands, orders, records, reserved, spans, strings } from './record-cases.ts';
import { type Case, FAR, reasons } from './refusal-case.ts';
import { requests } from './request-cases.ts';
import { sampleBundle, sampleState } from './samples.ts';
import { states } from './state-cases.ts';
import { misused, programs, tables } from './table-cases.ts';

let mesh: Mesh;
const lines: string[] = [];
beforeAll(async () => {
  mesh = await Mesh.start({ onLog: ({ message }) => lines.push(message) });
});

function check(kind: 'bundle' | 'state', [, reason, [section, record], edit]: Case): void {
  const edited = edit(new FileEditor(kind === 'bundle' ? sampleBundle() : sampleState(), kind));
  const file = edited instanceof FileEditor ? edited.bytes : edited;
  lines.length = 0;
  const root = kind === 'bundle' ? mesh.bundle(file) : mesh.state(file);
  expect(lines).toHaveLength(1);
  const place = `(section ${section}, record ${record ?? /record (\d+)/.exec(lines[0] ?? '')?.[1] ?? ''})`;
  expect(lines[0]).toBe(`${kind} refused: ${reason} ${place}`);
  expect(root.accepted).toBe(false);
}

const bundles = [
  ...[frame, strings, spans, orders, operands, records, paths, requests, reserved],
  ...[tables, programs, misused, domains],
].flat();
test.each(bundles)('bundle: %s', (...entry) => check('bundle', entry));
test.each(states)('state: %s', (...entry) => check('state', entry));

describe('bundle', () => {
  test('the sample and a file written anew are accepted', () => {
    expect(mesh.bundle(sampleBundle()).accepted).toBe(true);
    const anew = new FileEditor(sampleBundle(), 'bundle').rebuild(new Map());
    expect(Buffer.compare(anew.bytes, sampleBundle())).toBe(0);
  });

  test('every entry of its lists is checked', () => {
    const whole = new FileEditor(sampleBundle(), 'bundle');
    for (let i = 0; i < whole.count(S.Lists); i++) {
      const edited = new FileEditor(sampleBundle(), 'bundle');
      edited.set32(edited.at(S.Lists, i), FAR);
      lines.length = 0;
      expect(mesh.bundle(edited.bytes).accepted).toBe(false);
      expect(lines[0]).toMatch(/list entry|span|string|index|not sorted/);
    }
  });

  test('every slot of its tables is checked', () => {
    const whole = new FileEditor(sampleBundle(), 'bundle');
    for (const section of [S.ServiceSlots, S.EdgeSlots, S.AffixSlots, S.RequestSlots]) {
      for (let i = 0; i < whole.count(section); i++) {
        const place = [section, i] as const;
        check('bundle', ['', reasons.hashTable, place, (f) => f.set32(f.at(section, i), FAR)]);
      }
    }
  });

  test('lists that overlap a thousand times are refused in good time', () => {
    const started = performance.now();
    check('bundle', ['overlap', reasons.entangled, [S.Rules, undefined], entangle]);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('rules, routes and programs that multiply are looked at up to a bound, then everything is denied', () => {
    const ask = (side: number) => {
      const file = multiply(new FileEditor(sampleBundle(), 'bundle'), side);
      const root = mesh.bundle(file.set64(Header.version, BigInt(side)).bytes);
      expect(root.accepted).toBe(true);
      return [1, 2].map(() => mesh.status(root, CHECKOUT).code);
    };
    mesh.state(sampleState());
    expect(ask(99)).toEqual(['', '']);
    expect(ask(2047)).toEqual(['DTA1028', 'DTA1028']);
  });

  test('keys that overlap a thousand times are refused', () => {
    check('bundle', ['keys', reasons.entangled, [S.Services, undefined], entangleKeys]);
  });

  // Without a bound the time of validation would grow with the square of the table.
  test('a table whose look-ups walk over most of it is refused', () => {
    const place = [S.Services, undefined] as const;
    check('bundle', ['cluster', reasons.hashTable, place, (f) => clusterServices(f, 16_384)]);
  });

  test('every word of its mask blobs that is out of range is refused', () => {
    const whole = new FileEditor(sampleBundle(), 'bundle');
    const refused = new Set<number>();
    for (let at = 0; at < 48; at += 4) {
      const edited = new FileEditor(sampleBundle(), 'bundle');
      edited.set32(edited.at(S.MaskBlobs, at), FAR);
      lines.length = 0;
      expect(mesh.bundle(edited.bytes).accepted, `word ${at}`).toBe(false);
      expect(lines[0]).toContain(reasons.maskBlob);
      refused.add(at);
    }
    expect(whole.count(S.MaskBlobs)).toBeGreaterThan(96);
    expect(refused.size).toBe(12);
  });
});
