import { describe, expect, it } from 'vitest';
import { ConnectionNumbers } from '../../src/net/connection-numbers.js';
import { ConnectionCounter } from '../../src/process/connection-counter.js';

const taken = (numbers: ConnectionNumbers, count: number): readonly number[] =>
  Array.from({ length: count }, () => numbers.take());

describe('the numbers of connections', () => {
  it('of one process are 1, 2, 3', () => {
    expect(taken(new ConnectionNumbers(), 3)).toEqual([1, 2, 3]);
  });

  it('are asked for when half of a block is left, and go on with the next one', () => {
    const asked: number[] = [];
    const share = { first: { from: 1, to: 5 }, reserve: 1000 };
    const numbers = new ConnectionNumbers(share, (count) => asked.push(count));
    expect(taken(numbers, 2)).toEqual([1, 2]);
    expect(asked).toEqual([]);
    expect(taken(numbers, 1)).toEqual([3]);
    expect(asked).toEqual([8]);
    numbers.add({ from: 50, to: 58 });
    expect(taken(numbers, 9)).toEqual([4, 50, 51, 52, 53, 54, 55, 56, 57]);
    expect(asked).toEqual([8, 16]);
  });

  it('come from the reserve while a block is late, which is used when it is there', () => {
    const share = { first: { from: 1, to: 3 }, reserve: 1000 };
    const numbers = new ConnectionNumbers(share);
    expect(taken(numbers, 4)).toEqual([1, 2, 1000, 1001]);
    numbers.add({ from: 7, to: 9 });
    expect(taken(numbers, 4)).toEqual([7, 8, 1002, 1003]);
  });

  it('are asked for in blocks that have a largest size', () => {
    const asked: number[] = [];
    const counter = new ConnectionCounter();
    const numbers: ConnectionNumbers = new ConnectionNumbers(counter.share(1), (count) => {
      asked.push(count);
      numbers.add(counter.next(count));
    });
    expect(taken(numbers, 20_000)).toEqual(Array.from({ length: 20_000 }, (_, at) => at + 1));
    expect(Math.max(...asked)).toBe(4096);
  });

  it('are nobody else’s, whoever asks first', () => {
    const counter = new ConnectionCounter();
    const workers = Array.from({ length: 3 }, () => {
      const numbers: ConnectionNumbers = new ConnectionNumbers(counter.share(3), (count) => {
        // One of them never hears of it.
        if (numbers !== workers[1]) numbers.add(counter.next(count));
      });
      return numbers;
    });
    const all = Array.from({ length: 900 }, (_, at) => workers[at % 3]?.take());
    expect(new Set(all).size).toBe(900);
  });
});
