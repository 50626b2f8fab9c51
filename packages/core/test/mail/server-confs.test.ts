import { describe, expect, it } from 'vitest';
import { createServer, defineModule, mail, slot, word } from '../../src/index.js';
import { toy } from './toy-protocol.js';

const directive = () =>
  slot('text', word, { default: 'none', about: 'Is something to derive from.' });

/** Builds servers with these lines; gives what `derive` was called with, and what each server is told. */
async function build(...servers: readonly string[]) {
  const calls: { alone: string[]; beside: string[] } = { alone: [], beside: [] };
  const alone = defineModule({
    name: 'alone',
    api: 1,
    requires: [mail],
    directives: { alone: directive() },
    derive: ({ text }) => {
      calls.alone.push(text);
      return { loud: { text: text.toUpperCase() } };
    },
  });
  const beside = defineModule({
    name: 'beside',
    api: 1,
    requires: [mail],
    directives: { beside: directive() },
    derive: (_conf, { serverName }) => {
      calls.beside.push(serverName);
      return { whose: serverName };
    },
  });
  const told: { text: string; loud: object; whose: string }[] = [];
  const witness = defineModule({
    name: 'witness',
    api: 1,
    requires: [alone, beside],
    setup(cycle) {
      cycle.hooks(mail).secure.tap('witness', (server) => {
        const { text, loud } = server.conf(alone);
        told.push({ text, loud, whose: server.conf(beside).whose });
        return undefined;
      });
    },
  });
  const blocks = servers.map((lines, at) => {
    return `server { listen 127.0.0.1:${at + 1}; protocol toy; server_name s${at}; ${lines} }`;
  });
  const server = await createServer({
    modules: [toy, alone, beside, witness],
    config: `events {} mail { auth_http 127.0.0.1:1; alone of-mail; ${blocks.join('\n')} }`,
  });
  await server.close();
  return { calls, told };
}

describe('what a module derives from the configuration of servers', () => {
  it('is computed once for those that share it, where it depends on nothing else', async () => {
    const { calls, told } = await build('', '', 'alone own;', '');
    expect(calls.alone).toEqual(['of-mail', 'own']);
    expect(told.map(({ text }) => text)).toEqual(['of-mail', 'of-mail', 'own', 'of-mail']);
    expect(told[1]?.loud).toBe(told[0]?.loud);
    expect(told[3]?.loud).toBe(told[0]?.loud);
    expect(told[2]?.loud).toEqual({ text: 'OWN' });
  });

  it('is computed for each server where it depends on the server too', async () => {
    const { calls, told } = await build('', '', 'beside own;');
    expect(calls.beside).toEqual(['s0', 's1', 's2']);
    expect(told.map(({ whose }) => whose)).toEqual(['s0', 's1', 's2']);
  });
});
