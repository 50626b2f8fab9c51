import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { logLevels } from '../../src/log/levels.js';
import { syslogDatagram } from '../../src/log/syslog-message.js';
import { SyslogTarget } from '../../src/log/syslog-target.js';
import { prepareJson } from '../../src/log/log-format.js';

await prepareJson();

const time = '2026/11/02 14:44:57';
const line = '2026/11/02 14:44:57 [error] 7#0: *1 no password available, client: 192.0.2.1\n';
const local7 = { facility: 23, tag: 'nginx' };

const cases = [
  {
    name: 'has priority, time, host and tag before the whole line',
    spec: local7,
    host: 'mx',
    text: '<187>Nov  2 14:44:57 mx nginx: 2026/11/02 14:44:57 [error] 7#0: *1 no password available, client: 192.0.2.1',
  },
  {
    name: 'has no host with nohostname',
    spec: { facility: 2, tag: 'proxy' },
    host: '',
    text: '<19>Nov  2 14:44:57 proxy: 2026/11/02 14:44:57 [error] 7#0: *1 no password available, client: 192.0.2.1',
  },
];

async function server(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

const specOf = (port: number, address = '127.0.0.1') => ({
  kind: 'syslog' as const,
  address,
  port,
  ...local7,
  hostname: true,
  level: 'info' as const,
});

describe('a syslog datagram', () => {
  it.each(cases)('$name', ({ spec, host, text }) => {
    expect(syslogDatagram(spec, host, time, line, 'error')).toBe(text);
  });

  it('has the severity of its own level', () => {
    const priorities = logLevels.map((level) =>
      syslogDatagram(local7, '', time, line, level).slice(0, 5),
    );
    expect(priorities).toEqual([
      '<184>',
      '<185>',
      '<186>',
      '<187>',
      '<188>',
      '<189>',
      '<190>',
      '<191>',
    ]);
  });
});

describe('SyslogTarget', () => {
  it('sends one datagram a line', async () => {
    const { socket, port } = await server();
    const target = new SyslogTarget(specOf(port));
    const received = once(socket, 'message');
    target.write(line, 'info');
    const [message] = (await received) as [Buffer];
    expect(message.toString()).toMatch(/^<190>[A-Z][a-z]{2} [ 1-3][0-9] [0-9:]{8} /);
    expect(message.toString().slice('<190>Nov  2 14:44:57'.length)).toBe(
      ` ${hostname().toLowerCase()} nginx: ${line.trimEnd()}`,
    );
    await target.close();
    socket.close();
  });

  it('M8: takes lines for a server that is not there', async () => {
    const { socket, port } = await server();
    socket.close();
    await once(socket, 'close');
    const target = new SyslogTarget(specOf(port));
    for (let index = 0; index < 10; index += 1) target.write(line, 'info');
    await target.close();
    target.write(line, 'info');
    expect(target.dropped).toBe(1);
  });

  it('M8: drops and counts lines beyond what may wait', async () => {
    const { socket, port } = await server();
    const target = new SyslogTarget(specOf(port));
    for (let index = 0; index < 5000; index += 1) target.write(line, 'info');
    expect(target.dropped).toBe(5000 - 1024);
    await target.close();
    socket.close();
  });

  it('M8: owns up to lost lines once lines go out again', async () => {
    const { socket, port } = await server();
    const messages: string[] = [];
    socket.on('message', (message) => messages.push(message.toString()));
    const target = new SyslogTarget({ ...specOf(port), format: 'json' }, 10);
    for (let index = 0; index < 16; index += 1) target.write(line, 'info');
    while (!messages.some((message) => message.includes('lost'))) {
      await new Promise(setImmediate);
      target.write(line, 'info');
    }
    const last = messages.find((message) => message.includes('lost')) ?? '';
    expect(last.slice(0, 5)).toBe('<185>');
    expect(JSON.parse(last.slice(last.indexOf('{')))).toMatchObject({
      level: 'alert',
      message: `6 log lines could not be written to "syslog:server=127.0.0.1:${String(port)}" and are lost`,
    });
    await target.close();
    socket.close();
  });

  it('counts lines that the system refuses', async () => {
    const target = new SyslogTarget(specOf(514, '255.255.255.255'));
    target.write(line, 'info');
    await target.close();
    expect(target.dropped).toBe(1);
  });

  it('closes without ever having been used', async () => {
    await new SyslogTarget(specOf(514)).close();
  });
});
