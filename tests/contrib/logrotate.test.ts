import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { contrib } from './files.js';

const lines = contrib('logrotate/postern')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'));

const script = lines.slice(lines.indexOf('postrotate') + 1, lines.indexOf('endscript')).join('\n');

const directives = lines
  .slice(1, lines.indexOf('postrotate'))
  .map((line) => line.split(' ')[0] ?? '');

describe('the snippet for logrotate', () => {
  it('is one block of directives that logrotate knows', () => {
    expect(lines[0]).toBe('/var/log/postern/*.log {');
    expect(lines.slice(-2)).toEqual(['endscript', '}']);
    const known = ['daily', 'rotate', 'missingok', 'notifempty', 'compress', 'delaycompress'];
    expect(directives).toEqual([...known, 'create', 'sharedscripts']);
  });

  it('has the log files reopened by the signal for it', () => {
    expect(script).toContain('kill -USR1 "$(cat /run/postern/postern.pid)"');
  });

  it('is content where postern does not run', () => {
    const elsewhere = script.replaceAll('/run/postern/', '/nonexistent/');
    const { status, stderr } = spawnSync('sh', ['-ec', elsewhere], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
