import { expect, it } from 'vitest';
import { RespawnPace } from '../../src/process/respawn-pace.js';

const second = 1000;

const cases = [
  { name: 'one death is answered at once', deaths: [0], waits: [0] },
  { name: 'so are five in ten seconds', deaths: [0, 1, 2, 3, 4], waits: [0, 0, 0, 0, 0] },
  {
    name: 'M1: from the sixth on each wait is twice as long, up to half a minute',
    deaths: [0, 0, 0, 0, 0, 0, 1, 3, 7, 15, 31, 61],
    waits: [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30],
  },
  {
    name: 'deaths far from each other never add up',
    deaths: [0, 11, 22, 33, 44, 55, 66],
    waits: [0, 0, 0, 0, 0, 0, 0],
  },
  {
    name: 'after a quiet time everything is forgotten',
    deaths: [0, 0, 0, 0, 0, 0, 100],
    waits: [0, 0, 0, 0, 0, 1, 0],
  },
];
it.each(cases)('$name', ({ deaths, waits }) => {
  const pace = new RespawnPace();
  expect(deaths.map((at) => pace.died(at * second) / second)).toEqual(waits);
});
