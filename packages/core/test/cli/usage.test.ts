import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildText, posternVersion, usageText, versionText } from '../../src/cli/usage.js';
import { defineModule } from '../../src/module/module.js';

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

describe('what the command prints about itself', () => {
  it('the version of nginx, and of this package where nginx has the name of a build', () => {
    expect(posternVersion()).toBe(manifest.version);
    expect(versionText()).toBe(`nginx version: nginx/1.31.5 (postern ${manifest.version})\n`);
  });

  it('the usage of nginx', () => {
    const [first, ...rest] = usageText().split('\n');
    expect(`${first ?? ''}\n`).toBe(versionText());
    expect(rest).toEqual([
      'Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]',
      '             [-e filename] [-c filename] [-g directives]',
      '',
      'Options:',
      '  -?,-h         : this help',
      '  -v            : show version and exit',
      '  -V            : show version and configure options then exit',
      '  -t            : test configuration and exit',
      '  -T            : test configuration, dump it and exit',
      '  -q            : suppress non-error messages during configuration testing',
      '  -s signal     : send signal to a master process: stop, quit, reopen, reload',
      '  -p prefix     : set prefix path (default: /usr/local/nginx/)',
      '  -e filename   : set error log file (default: logs/error.log)',
      '  -c filename   : set configuration file (default: conf/nginx.conf)',
      '  -g directives : set global directives out of configuration file',
      '',
      '',
    ]);
  });

  it('the build: TLS library, runtime, options of configure, modules with their packages', () => {
    const imap = defineModule({ name: 'mail_imap', api: 1 });
    const motto = defineModule({ name: 'motto', api: 1 });
    const origin = { package: '@postern/mail-imap', version: '0.1.0' };
    const text = buildText([{ module: imap, origin }, { module: motto }]);
    expect(text.split('\n')).toEqual([
      versionText().trimEnd(),
      `built by Node.js ${process.version}`,
      `built with OpenSSL ${process.versions.openssl}`,
      'TLS SNI support enabled',
      `configure arguments: --build='postern ${manifest.version}' --prefix=/usr/local/nginx --without-http --with-mail --without-mail_pop3_module --without-mail_smtp_module`,
      'module: mail_imap (@postern/mail-imap 0.1.0)',
      'module: motto',
      '',
    ]);
  });
});
