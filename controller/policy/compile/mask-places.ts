/** Records of a mask blob for what stands beside bodies: headers, cookies, parameters, segments of paths, routes. */
import {
  MaskPath,
  MaskRoute,
  MaskSegment,
  MaskValue,
  NONE,
  SegmentMatch,
  type UnreadableAction,
} from '../../layout.ts';
import { Records, type StringTable } from '../../section-file.ts';
import type { PathTemplate } from '../path-template.ts';
import type { ClassifiedPlace } from '../policy-set.ts';
import type { Mask } from './mask.ts';
import type { MaskRules } from './mask-rules.ts';

/** What a side masks beside its body. */
export interface PlacePlan {
  readonly values: readonly (Pick<ClassifiedPlace, 'place' | 'name' | 'match'> & {
    readonly mask: Mask;
  })[];
  readonly segments: readonly {
    readonly path: PathTemplate;
    readonly index: number;
    readonly mask: Mask;
  }[];
  readonly routes: readonly { readonly path: PathTemplate; readonly action: UnreadableAction }[];
}

/** The tables of a plan. */
export interface PlaceTables {
  readonly values: Records;
  readonly segments: Records;
  readonly paths: Records;
  readonly routes: Records;
}

/** Writes the tables; all masks were added to `rules`. */
export function writePlaces(plan: PlacePlan, rules: MaskRules, strings: StringTable): PlaceTables {
  const values = new Records(MaskValue.SIZE);
  for (const { place, name, match, mask } of plan.values) {
    values.add((view, at) => {
      view.setUint32(at + MaskValue.place, place, true);
      view.setUint32(at + MaskValue.mode, match, true);
      view.setUint32(at + MaskValue.rule, rules.indexOf(mask), true);
      strings.put(view, at + MaskValue.key, name);
    });
  }
  const segments = new Records(MaskSegment.SIZE);
  const paths = new Records(MaskPath.SIZE);
  for (const { path, index, mask } of plan.segments) {
    const run = addSegments(path, segments, strings, { index, rule: rules.indexOf(mask) });
    paths.add((view, at) => {
      view.setUint32(at + MaskPath.segmentStart, run.start, true);
      view.setUint32(at + MaskPath.segmentCount, run.count, true);
    });
  }
  const routes = new Records(MaskRoute.SIZE);
  for (const { path, action } of plan.routes) {
    const run = addSegments(path, segments, strings);
    routes.add((view, at) => {
      view.setUint32(at + MaskRoute.segmentStart, run.start, true);
      view.setUint32(at + MaskRoute.segmentCount, run.count, true);
      view.setUint32(at + MaskRoute.action, action, true);
    });
  }
  return { values, segments, paths, routes };
}

// The template is one of whole segments.
function addSegments(
  { segments: written, end }: PathTemplate,
  segments: Records,
  strings: StringTable,
  masked?: { readonly index: number; readonly rule: number },
): { start: number; count: number } {
  const start = segments.count;
  const add = (kind: SegmentMatch, rule: number, key: string): void => {
    segments.add((view, at) => {
      view.setUint32(at + MaskSegment.kind, kind, true);
      view.setUint32(at + MaskSegment.rule, rule, true);
      strings.put(view, at + MaskSegment.key, key);
    });
  };
  for (const [i, segment] of written.entries()) {
    const rule = masked?.index === i ? masked.rule : NONE;
    if (segment === 'any') add(SegmentMatch.Any, rule, '');
    else add(SegmentMatch.Literal, rule, segment.literal);
  }
  if (end === 'tail') add(SegmentMatch.Rest, NONE, '');
  return { start, count: segments.count - start };
}
