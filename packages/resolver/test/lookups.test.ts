import { expect, it } from 'vitest';
import { Lookups } from '../src/lookups.js';
import { Person } from './stage.js';

it('a look-up that breaks is told to all who wait, and is not kept', async () => {
  let broken = true;
  const lookups = new Lookups<string>(() => {
    if (broken) return Promise.reject(new RangeError('a defect'));
    return Promise.resolve({ kind: 'found', value: 'v', ttl: 1 });
  }, 0);
  const people = [new Person(), new Person()];
  const answers = people.map((person) => lookups.get('k', person, 60_000));
  const reasons = await Promise.allSettled(answers);
  expect(reasons.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(people.map(({ waits }) => waits)).toEqual([0, 0]);
  broken = false;
  const again = lookups.get('k', new Person(), 60_000);
  expect(await again).toEqual({ kind: 'found', value: 'v' });
});

it('who is told may ask again at once', async () => {
  let count = 0;
  const lookups = new Lookups<number>(() => {
    count += 1;
    return Promise.resolve({ kind: 'found', value: count, ttl: 0 });
  }, 0);
  const ask = (): Promise<unknown> => lookups.get('k', new Person(), 60_000);
  expect(await ask().then(ask)).toEqual({ kind: 'found', value: 2 });
});
