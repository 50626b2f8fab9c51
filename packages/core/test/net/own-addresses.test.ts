import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { OwnAddresses } from '../../src/net/own-addresses.js';

/** A machine with the loopback networks, 192.0.2.2 and 2001:db8::2. */
function machine(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8);
  list.addAddress('::1', 'ipv6');
  list.addAddress('192.0.2.2');
  list.addAddress('2001:db8::2', 'ipv6');
  return list;
}

const at = (host: string, port = 143, bothFamilies = false) => ({ host, port, bothFamilies });

describe('H12: addresses that a process listens on', () => {
  it.each([
    { listen: at('127.0.0.1'), host: '127.0.0.1', own: true },
    { listen: at('127.0.0.1'), host: '::ffff:127.0.0.1', own: true },
    { listen: at('127.0.0.1'), host: '::FFFF:7F00:1', own: true },
    { listen: at('127.0.0.1'), host: '0.0.0.0', own: true },
    { listen: at('127.0.0.1'), host: '127.0.0.2', own: false },
    { listen: at('127.0.0.1'), host: '192.0.2.2', own: false },
    { listen: at('127.0.0.2'), host: '0.0.0.0', own: false },
    { listen: at('::1'), host: '::1', own: true },
    { listen: at('::1'), host: '0:0::0:1', own: true },
    { listen: at('::1'), host: '::', own: true },
    { listen: at('::1'), host: '127.0.0.1', own: false },
    { listen: at('0.0.0.0'), host: '127.0.0.1', own: true },
    { listen: at('0.0.0.0'), host: '127.255.3.4', own: true },
    { listen: at('0.0.0.0'), host: '192.0.2.2', own: true },
    { listen: at('0.0.0.0'), host: '0.0.0.0', own: true },
    { listen: at('0.0.0.0'), host: '192.0.2.3', own: false },
    { listen: at('0.0.0.0'), host: '::1', own: false },
    { listen: at('::'), host: '::1', own: true },
    { listen: at('::'), host: '2001:db8::2', own: true },
    { listen: at('::'), host: '2001:db8::3', own: false },
    { listen: at('::'), host: '127.0.0.1', own: false },
    { listen: at('::', 143, true), host: '192.0.2.2', own: true },
    { listen: at('::', 143, true), host: '::ffff:192.0.2.2', own: true },
    { listen: at('::', 143, true), host: '192.0.2.3', own: false },
  ])('with $listen.host: a backend at $host is one: $own', ({ listen, host, own }) => {
    const addresses = new OwnAddresses(machine);
    addresses.add(listen);
    expect(addresses.has({ host, port: 143 })).toBe(own);
    expect(addresses.has({ host, port: 144 })).toBe(false);
  });

  it('are of all servers', () => {
    const addresses = new OwnAddresses(machine);
    addresses.add(at('127.0.0.1', 143));
    addresses.add(at('127.0.0.1', 110));
    addresses.add(at('127.0.0.2', 110));
    expect(addresses.has({ host: '127.0.0.2', port: 110 })).toBe(true);
    expect(addresses.has({ host: '127.0.0.2', port: 143 })).toBe(false);
  });

  it('need those of the machine only where a wildcard has the port, and not each time', () => {
    let asked = 0;
    const addresses = new OwnAddresses(() => {
      asked += 1;
      return machine();
    });
    addresses.add(at('127.0.0.1'));
    addresses.add(at('0.0.0.0', 110));
    addresses.has({ host: '192.0.2.2', port: 143 });
    expect(asked).toBe(0);
    for (let time = 0; time < 100; time += 1) addresses.has({ host: '192.0.2.2', port: 110 });
    expect(asked).toBe(1);
  });

  it('are found among the interfaces of this machine', () => {
    const addresses = new OwnAddresses();
    addresses.add(at('0.0.0.0'));
    expect(addresses.has({ host: '127.0.0.1', port: 143 })).toBe(true);
    expect(addresses.has({ host: '203.0.113.99', port: 143 })).toBe(false);
  });
});
