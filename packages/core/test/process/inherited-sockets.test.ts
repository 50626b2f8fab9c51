import { closeSync, openSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorLog } from '../../src/log/error-log.js';
import { BoundSocket } from '../../src/net/bound-socket.js';
import { inheritSockets, inheritanceText } from '../../src/process/inherited-sockets.js';
import { RecordingTarget } from '../log/recording-target.js';

const bound: BoundSocket[] = [];

afterEach(() => {
  for (const socket of bound.splice(0)) socket.close();
});

function bind(): BoundSocket {
  const socket = BoundSocket.bind({ host: '127.0.0.1', port: 0, ipv6Only: true });
  bound.push(socket);
  return socket;
}

function inherit(environment: NodeJS.ProcessEnv) {
  const target = new RecordingTarget();
  const log = new ErrorLog([{ level: 'notice', target }]);
  const { sockets, isUpgrade } = inheritSockets(environment, log);
  const said = target.lines.map((line) => line.slice(line.indexOf('#0: ') + 4).trimEnd());
  return { names: [...sockets.keys()], isUpgrade, said };
}

describe('inherited sockets', () => {
  it('of an older master are known by their address', () => {
    const [one, two] = [bind(), bind()];
    const text = `${String(one.fd)};${String(two.fd)};`;
    expect(inherit({ NGINX: text })).toEqual({
      names: [one.name, two.name],
      isUpgrade: true,
      said: [`using inherited sockets from "${text}"`],
    });
  });

  it('of a service manager are those from the third descriptor on, if they are for this process', () => {
    const { names, isUpgrade } = inherit({ LISTEN_FDS: '1', LISTEN_PID: '1' });
    expect({ names, isUpgrade }).toEqual({ names: [], isUpgrade: false });
  });

  it('are none where nobody tells of any', () => {
    expect(inherit({})).toEqual({ names: [], isUpgrade: false, said: [] });
  });

  it('are read up to the first word that is no number', () => {
    const socket = bind();
    const { names, said } = inherit({ NGINX: `${String(socket.fd)};x;4;` });
    expect(names).toEqual([socket.name]);
    expect(said[1]).toBe('invalid socket number "x" in NGINX environment variable, ignoring');
  });

  it('that are no sockets are told of', () => {
    const fd = openSync('/dev/null', 'r');
    try {
      const { names, said } = inherit({ NGINX: `${String(fd)};` });
      expect(names).toEqual([]);
      expect(said[1]).toContain(`of the inherited socket #${String(fd)} failed (`);
    } finally {
      closeSync(fd);
    }
  });

  it('are told of to a newer program by number', () => {
    expect(inheritanceText(3)).toBe('3;4;5;');
  });
});
