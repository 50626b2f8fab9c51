import { describe, expect, it } from 'vitest';
import { contrib } from './files.js';
import { readUnit } from './unit-file.js';

/** What systemd.unit(5), systemd.service(5), systemd.socket(5), systemd.exec(5) and systemd.kill(5) know of these. */
const known: Readonly<Record<string, string>> = {
  Unit: 'Description Documentation After Wants',
  Install: 'WantedBy',
  Socket: 'ListenStream BindIPv6Only Backlog NoDelay',
  Service: `
    Type NotifyAccess User Group ExecStartPre ExecStart ExecReload KillMode KillSignal TimeoutStartSec TimeoutStopSec
    Restart RestartSec RuntimeDirectory RuntimeDirectoryPreserve LogsDirectory ConfigurationDirectory
    AmbientCapabilities CapabilityBoundingSet NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateDevices
    PrivateIPC ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectClock
    ProtectHostname ProtectProc ProcSubset RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID
    RemoveIPC LockPersonality SystemCallArchitectures SystemCallFilter SystemCallErrorNumber UMask
    LimitCORE LimitNOFILE TasksMax MemoryMax`,
};

const service = readUnit(contrib('systemd/postern.service'));
const socket = readUnit(contrib('systemd/postern.socket'));

const valuesOf = (key: string) =>
  service.filter((setting) => setting.key === key).map(({ value }) => value);

describe('the units of systemd', () => {
  it.each([
    { name: 'postern.service', settings: service },
    { name: 'postern.socket', settings: socket },
  ])('$name has only settings that systemd knows', ({ settings }) => {
    const unknown = settings.filter(
      ({ section, key }) => !(known[section] ?? '').split(/\s+/).includes(key),
    );
    expect(unknown).toEqual([]);
  });

  it('notify-reload.conf replaces how the service is reloaded, by the same signal', () => {
    const settings = readUnit(contrib('systemd/notify-reload.conf'));
    expect(settings.map(({ section, key, value }) => `${section}.${key}=${value}`)).toEqual([
      'Service.Type=notify-reload',
      'Service.ReloadSignal=SIGHUP',
      'Service.ExecReload=',
    ]);
  });

  it('says nothing twice but what adds up', () => {
    const keys = service.map(({ section, key }) => `${section}.${key}`);
    const repeated = keys.filter((key, at) => keys.indexOf(key) !== at);
    expect(repeated).toEqual(['Service.SystemCallFilter']);
  });

  it.each([
    { setting: 'NoNewPrivileges', value: 'yes', row: 'M12' },
    { setting: 'CapabilityBoundingSet', value: 'CAP_NET_BIND_SERVICE', row: 'M12' },
    { setting: 'ProtectSystem', value: 'strict', row: 'M12' },
    { setting: 'ProtectHome', value: 'yes', row: 'M12' },
    { setting: 'PrivateDevices', value: 'yes', row: 'M12' },
    { setting: 'RestrictAddressFamilies', value: 'AF_INET AF_INET6 AF_UNIX', row: 'M12' },
    { setting: 'LimitCORE', value: '0', row: 'N4' },
    { setting: 'UMask', value: '0077', row: 'N4' },
  ])('$row: $setting is $value', ({ setting, value }) => {
    expect(valuesOf(setting)).toEqual([value]);
  });

  it('leaves the JIT of Node alone', () => {
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
  });

  it('reloads by HUP and lets sessions end by QUIT', () => {
    expect(valuesOf('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
    expect(valuesOf('KillSignal')).toEqual(['SIGQUIT']);
    expect(valuesOf('KillMode')).toEqual(['mixed']);
  });

  it('tests the configuration with the words that it starts with', () => {
    const [test = ''] = valuesOf('ExecStartPre');
    const [start = ''] = valuesOf('ExecStart');
    expect(test.replace(' -t -q', '')).toBe(start.replace(' -g "daemon off;"', ''));
  });

  it('opens sockets with the addresses of the standard ports', () => {
    const ports = socket
      .filter(({ key }) => key === 'ListenStream')
      .map(({ value }) => Number(value.slice(value.lastIndexOf(':') + 1)));
    expect(ports.sort((a, b) => a - b)).toEqual([110, 143, 465, 587, 993, 995]);
  });
});
