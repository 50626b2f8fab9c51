import { expect, it } from 'vitest';
import { newSalt } from '../../../src/mail/sasl/salt.js';

it('F4: has the form <R.T@server name>, with the time in seconds', () => {
  const before = Math.floor(Date.now() / 1000);
  const match = /^<([0-9]+)\.([0-9]+)@mx\.test>$/.exec(newSalt('mx.test'));
  const time = Number(match?.[2]);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now() / 1000);
});

it('F4: 10 000 challenges are all different and use 128 bits', () => {
  const randoms = Array.from({ length: 10_000 }, () => {
    const salt = newSalt('mx');
    return BigInt(salt.slice(1, salt.indexOf('.')));
  });
  expect(new Set(randoms).size).toBe(randoms.length);
  for (let bit = 0n; bit < 128n; bit += 1n) {
    const ones = randoms.filter((random) => ((random >> bit) & 1n) === 1n).length;
    // Six standard deviations of 10 000 tosses of a coin: 300.
    expect(Math.abs(ones - 5000)).toBeLessThan(300);
  }
});
