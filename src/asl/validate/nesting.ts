import type { Json } from '../types.ts';
import { item, member, ROOT, type Place } from './report.ts';
import { isObject, own, type JsonObject } from './state-check.ts';

/** How deep objects and arrays stand inside each other; stops counting once past `limit`. Does not recurse. */
export function jsonDepth(value: Json, limit: number): number {
  let level: Json[] = [value];
  for (let depth = 0; depth <= limit; depth += 1) {
    const below: Json[] = [];
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue;
      for (const child of Array.isArray(node) ? node : Object.values(node)) if (typeof child === 'object' && child !== null) below.push(child);
    }
    if (below.length === 0) return depth + 1;
    level = below;
  }
  return limit + 1;
}

/** The first body that is more than `limit` Parallel branches or Map bodies deep. Does not recurse. */
export function nestedBodies(definition: Json, limit: number): Place | undefined {
  let level: { body: JsonObject; place: Place }[] = isObject(definition) ? [{ body: definition, place: ROOT }] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return level[0]!.place;
    const below: { body: JsonObject; place: Place }[] = [];
    for (const { body, place } of level) {
      const states = own(body, 'States');
      if (!isObject(states)) continue;
      for (const [name, state] of Object.entries(states)) {
        if (!isObject(state)) continue;
        const branches = own(state, 'Branches');
        if (Array.isArray(branches)) {
          branches.forEach((branch, index) => isObject(branch) && below.push({ body: branch, place: item(member(member(member(place, 'States'), name), 'Branches'), index) }));
        }
        for (const field of ['ItemProcessor', 'Iterator']) {
          const processor = own(state, field);
          if (isObject(processor)) below.push({ body: processor, place: member(member(member(place, 'States'), name), field) });
        }
      }
    }
    level = below;
  }
  return undefined;
}
