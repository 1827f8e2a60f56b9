import { array, assert, nat, property, stringMatching, uniqueArray } from 'fast-check';
import { expect, it } from 'vitest';
import { laneOf, namePrefix } from '../../../src/sources/kafka/names.ts';

const topics = stringMatching(/^[A-Za-z0-9._-]{1,249}$/);

it('makes names that an execution may have, of every topic', () => {
  assert(
    property(topics, nat({ max: 100_000 }), nat(), (topic, partition, offset) => {
      expect(`${namePrefix(topic, partition)}-${Number.MAX_SAFE_INTEGER - offset}`).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
    }),
  );
});

it('makes different names of different topics', () => {
  assert(
    property(uniqueArray(topics, { minLength: 2 }), array(nat({ max: 9 }), { minLength: 1, maxLength: 3 }), (all, partitions) => {
      const names = all.flatMap((topic) => partitions.map((partition) => `${topic} ${namePrefix(topic, partition)}`));
      expect(new Set(names.map((name) => name.split(' ')[1])).size).toBe(new Set(names).size);
    }),
  );
  expect(namePrefix('a.b', 1)).not.toBe(namePrefix('a-b', 1));
});

it('gives neighbouring partitions neighbouring lanes', () => {
  expect(laneOf('readings', 5) - laneOf('readings', 4)).toBe(1);
});
