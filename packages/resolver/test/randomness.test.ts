import { expect, it } from 'vitest';
import { responseTo } from './fake-dns.js';
import { Person, setScene } from './stage.js';

/** Pearson's statistic for `values` spread over `buckets` of equal width between the least and greatest of the range. */
function chiSquare(
  values: readonly number[],
  least: number,
  width: number,
  buckets: number,
): number {
  const counts = new Array<number>(buckets).fill(0);
  for (const value of values) {
    const bucket = Math.min(buckets - 1, Math.floor(((value - least) * buckets) / width));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const expected = values.length / buckets;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

// 15 degrees of freedom: a fair source is above this once in 10 million runs.
const bound = 62;
const queries = 2000;

it('J1: ids and source ports of real queries are spread evenly, and each query has a port of its own', async () => {
  const { dns, resolver, end } = await setScene((asked) => {
    asked.send(responseTo(asked, { code: 3 }));
  });
  for (let count = 0; count < queries; count += 50) {
    const batch = Array.from({ length: 50 }, (_, n) => `10.0.${count / 50}.${n}`);
    await Promise.all(batch.map((address) => resolver.nameOf(address, new Person(), 60_000)));
  }
  await end();
  const ids = dns.asked.map(({ id }) => id);
  const ports = dns.asked.map(({ port }) => port);
  expect(ids).toHaveLength(queries);
  expect(chiSquare(ids, 0, 0x10000, 16)).toBeLessThan(bound);
  const least = Math.min(...ports);
  const width = Math.max(...ports) - least + 1;
  expect(chiSquare(ports, least, width, 16)).toBeLessThan(bound);
  // 16 bits of id and at least 14 of port. Ports repeat by chance, never by habit.
  expect(width).toBeGreaterThan(2 ** 14);
  expect(new Set(ports).size).toBeGreaterThan(queries * 0.9);
  expect(ports.filter((port, index) => port === ports[index - 1]).length).toBeLessThan(10);
});
