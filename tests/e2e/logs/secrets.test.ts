/** What a log in JSON must not have, at any level. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient } from '@postern/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../until.js';
import { startLogging, stopAll } from './logging-proxy.js';

afterEach(stopAll);

const password = 'Canary-4711-Password';

/** The forms in which the password could stand in a log. */
const forms = [
  password,
  Buffer.from(password).toString('base64'),
  Buffer.from(`\0u\0${password}`).toString('base64'),
  Buffer.from(password).toString('hex'),
  encodeURIComponent(password),
];

const attempts = [
  { name: 'LOGIN', lines: `a LOGIN "u\\"ser" ${password}\r\n` },
  { name: 'a line that is too long', lines: `a LOGIN u ${password.repeat(300)}\r\n` },
  { name: 'a command that is none', lines: `a ${password}\r\n` },
  { name: 'SASL PLAIN', lines: `a AUTHENTICATE PLAIN ${String(forms[2])}\r\n` },
];

describe('N1: a log in JSON at level debug', () => {
  it.each(attempts)('has the events of $name and no password', async ({ lines }) => {
    const proxy = await startLogging('error_log DIR/error.log debug json;');
    const log = () => readFileSync(join(proxy.directory, 'error.log'), 'utf8');
    const client = await connectClient(proxy.port);
    await client.send(lines);
    await client.line();
    await client.line();
    await client.close();
    await until('the client in the log', () => log().includes(' connected to '));
    expect(await proxy.stop()).toBe(0);
    for (const form of forms) expect(log()).not.toContain(form);
    for (const line of log().trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) as string });
    }
  });
});
