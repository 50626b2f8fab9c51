import { describe, expect, it } from 'vitest';
import { protocolContract } from '../src/index.js';
import { toy } from './toy-protocol.js';

const input = { conf: {}, commands: ['one\r\n', 'two words\r\n'] };

describe('the contract of protocols', () => {
  it.each([...protocolContract(toy, input)])('is kept by a protocol that $name', ({ check }) => {
    expect(check).not.toThrow();
  });

  it('is broken by a parser that loses bytes between pieces', () => {
    const forgetful = {
      ...toy,
      createParser: () => {
        const parser = toy.createParser({});
        const push = parser.push.bind(parser);
        parser.push = (bytes) => {
          parser.reset();
          push(bytes);
        };
        return parser;
      },
    };
    const broken = protocolContract(forgetful, input).filter(({ check }) => {
      try {
        check();
        return false;
      } catch {
        return true;
      }
    });
    expect(broken.map(({ name }) => name)).toContain('reads the same commands in pieces of 1');
  });

  it('is broken by a reply without a line end', () => {
    const mute = { ...toy, replies: { ...toy.replies, internalError: Buffer.from('ERROR') } };
    const [first] = protocolContract(mute, input);
    expect(() => first?.check()).toThrow('internalError: expected 3, found -1');
  });
});
