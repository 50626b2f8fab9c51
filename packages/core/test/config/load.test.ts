import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { checkEvents, loadConfiguration, type LoadedConfiguration } from '../../src/config/load.js';
import { serverConf, setAt } from '../../src/config/merge.js';
import { slot } from '../../src/config/directive.js';
import { text } from '../../src/config/codec.js';
import { defineModule } from '../../src/module/module.js';
import {
  blocks,
  collectWarnings,
  configErrorOf,
  fake,
  load,
  namesOf,
  refusalOf,
} from './fake-modules.js';

function inServer(text: string): string {
  return `events {}\nmail {\nserver {\n${text}\n}\n}\n`;
}

describe('a directive that cannot be carried out', () => {
  const cases = [
    {
      name: 'is unknown',
      text: 'nonsense on;',
      message: 'unknown directive "nonsense" in test.conf:1',
    },
    {
      name: 'is unknown even with wrong words and terminator',
      text: '\nnonsense a b {',
      message: 'unknown directive "nonsense" in test.conf:2',
    },
    {
      name: 'is unknown in another case',
      text: 'Events {}',
      message: 'unknown directive "Events" in test.conf:1',
    },
    {
      name: 'is unknown behind a byte order mark',
      text: '\uFEFFevents {}',
      message: 'unknown directive "\uFEFFevents" in test.conf:1',
    },
    {
      name: 'is a name of Object',
      text: 'constructor on;',
      message: 'unknown directive "constructor" in test.conf:1',
    },
    {
      name: 'O1: is named __proto__',
      text: '__proto__ on;',
      message: 'unknown directive "__proto__" in test.conf:1',
    },
    {
      name: 'stands in the wrong block',
      text: 'timeout 1s;',
      message: '"timeout" directive is not allowed here in test.conf:1',
    },
    {
      name: 'stands in the wrong block, before its terminator is looked at',
      text: 'timeout {',
      message: '"timeout" directive is not allowed here in test.conf:1',
    },
    {
      name: 'is a block in the wrong block',
      text: 'events { mail {} }',
      message: '"mail" directive is not allowed here in test.conf:1',
    },
    {
      name: 'is simple but has a brace',
      text: 'mail { timeout 1 2 {',
      message: 'directive "timeout" is not terminated by ";" in test.conf:1',
    },
    {
      name: 'is a block but has a semicolon',
      text: 'mail a b;',
      message: 'directive "mail" has no opening "{" in test.conf:1',
    },
    {
      name: 'has no word',
      text: 'mail {\ntimeout\n;',
      message: 'invalid number of arguments in "timeout" directive in test.conf:3',
    },
    {
      name: 'has a word too many',
      text: 'mail { timeout a b; }',
      message: 'invalid number of arguments in "timeout" directive in test.conf:1',
    },
    {
      name: 'is a block with words',
      text: 'mail {} mail x {',
      message: 'invalid number of arguments in "mail" directive in test.conf:1',
    },
    {
      name: 'is a second one, before its form is looked at',
      text: 'mail { timeout 1;\ntimeout x; }',
      message: '"timeout" directive is duplicate in test.conf:2',
    },
    {
      name: 'is a second one, after its words are counted',
      text: 'mail { timeout 1;\ntimeout x y; }',
      message: 'invalid number of arguments in "timeout" directive in test.conf:2',
    },
    {
      name: 'is a second block that may stand once',
      text: 'mail {}\nmail {\n',
      message: '"mail" directive is duplicate in test.conf:2',
    },
    {
      name: 'has a wrong value',
      text: 'mail {\n\ntimeout 1M; }',
      message: '"timeout" directive invalid value in test.conf:3',
    },
    {
      name: 'has a wrong value of several words',
      text: 'mail { auth plain x; }',
      message: 'invalid value "x" in test.conf:1',
    },
    {
      name: 'names a host that is not found',
      text: 'mail { host\n nowhere; }',
      message: 'host not found in "nowhere" in test.conf:2',
    },
    {
      name: 'is the first of several',
      text: 'mail { timeout x; }\n nonsense; }',
      message: '"timeout" directive invalid value in test.conf:1',
    },
    {
      name: 'stands before an error of syntax',
      text: 'nonsense;\n}',
      message: 'unknown directive "nonsense" in test.conf:1',
    },
    {
      name: 'stands behind an error of syntax',
      text: '}\nnonsense;',
      message: 'unexpected "}" in test.conf:1',
    },
    {
      name: 'leaves a block open',
      text: 'mail {\nserver {\n}\n',
      message: 'unexpected end of file, expecting "}" in test.conf:4',
    },
  ];
  it.each(cases)('$name', async ({ text, message }) => {
    expect(await refusalOf(load(text))).toBe(message);
  });

  it('names itself and its file in the error', async () => {
    const error = await configErrorOf(load('mail { timeout x; }'));
    expect(error).toMatchObject({ directive: 'timeout', file: '/etc/postern/test.conf', line: 1 });
  });
});

describe('a configuration', () => {
  it('needs an events block, which is looked for once all is read, and told without a position', async () => {
    const configuration = await load('mail {}');
    const check = () => Promise.resolve(configuration).then(checkEvents);
    expect(await refusalOf(check())).toBe('no "events" section in configuration');
    expect(() => {
      checkEvents({ ...configuration, modules: [] });
    }).not.toThrow();
  });

  it('tells of each value once it is stored', async () => {
    const seen: string[] = [];
    await load('events {} mail { timeout 1s; host a; }', {
      stored: (scope, directive) => {
        seen.push(`${scope.name} ${directive} ${String(setAt(scope, fake, 'host') !== undefined)}`);
      },
    });
    expect(seen).toEqual(['mail timeout false', 'mail host true']);
  });

  it('shows what was read before an error to who asks, and has the error of that one', async () => {
    const seen: string[] = [];
    const failed = (read: () => LoadedConfiguration): void => {
      seen.push(...read().root.children.map(({ name }) => name));
    };
    expect(await refusalOf(load('mail {} events { foo; }', { failed }))).toBe(
      'unknown directive "foo" in test.conf:1',
    );
    expect(seen).toEqual(['mail', 'events']);
    const earlier = (): void => {
      throw new ConfigError('an earlier error');
    };
    expect(await refusalOf(load('foo;', { failed: earlier }))).toBe('an earlier error');
  });

  it('tells of each block at its closing brace, inner ones first', async () => {
    const seen: string[] = [];
    await load('events {} mail { server {} server {} }', {
      closed: (scope) => {
        seen.push(scope.name);
      },
    });
    expect(seen).toEqual(['events', 'server', 'server', 'mail']);
  });

  it('ends at an error of a closed block', async () => {
    const closed = async (): Promise<void> => {
      await load('nonsense;');
    };
    expect(await refusalOf(load('events {}\n}', { closed }))).toContain('unknown directive');
  });

  it('knows the line of each opening brace', async () => {
    const { root } = await load('events\n{}\nmail\n{\nserver\n\n{ } }');
    const lines = [root.children[0], root.children[1], root.children[1]?.children[0]];
    expect(lines.map((scope) => scope?.at.line)).toEqual([2, 4, 7]);
  });

  it('orders modules by what they require', async () => {
    const { modules } = await load('events {}', { modules: [fake, blocks] });
    expect(namesOf(modules)).toEqual(['blocks', 'fake']);
  });

  it('refuses two modules that declare one directive for one block', async () => {
    const other = defineModule({
      name: 'other',
      api: 1,
      directives: { timeout: slot('t', text, { levels: ['server'], default: '', about: 'x' }) },
    });
    expect(await refusalOf(load('', { modules: [blocks, fake, other] }))).toBe(
      'directive "timeout" is declared by module "fake" and by module "other"',
    );
  });

  it('accepts two modules that declare one directive for different blocks', async () => {
    const other = defineModule({
      name: 'other',
      api: 1,
      directives: { timeout: slot('t', text, { levels: ['main'], default: '', about: 'x' }) },
    });
    const { root } = await load('timeout x; events {} mail { timeout 1; }', {
      modules: [blocks, fake, other],
    });
    expect(root.values.get(other)?.get('t')?.value).toBe('x');
    expect(root.children[1]?.values.get(fake)?.get('timeoutMs')?.value).toBe(1000);
  });

  it('refuses a module with two directives for one slot', async () => {
    const about = { default: '', about: 'x' };
    const other = defineModule({
      name: 'other',
      api: 1,
      directives: { a: slot('t', text, about), b: slot('t', text, about) },
    });
    expect(await refusalOf(load('', { modules: [blocks, other] }))).toBe(
      'module "other" declares slot "t" twice',
    );
  });
});

describe('a repeated directive', () => {
  const cases = [
    {
      name: 'replaces the first where it may',
      text: 'protocol a; protocol b;',
      slotName: 'protocol',
      value: 'b',
    },
    {
      name: 'adds to a list',
      text: 'capabilities a b; capabilities c;',
      slotName: 'capabilities',
      value: ['a', 'b', 'c'],
    },
    {
      name: 'adds to a set',
      text: 'auth login; auth plain;',
      slotName: 'auth',
      value: ['plain', 'login'],
    },
    {
      name: 'adds a pair',
      text: 'header a 1; header b 2;',
      slotName: 'headers',
      value: [
        ['a', '1'],
        ['b', '2'],
      ],
    },
  ];
  it.each(cases)('$name', async ({ text, slotName, value }) => {
    const { root } = await load(inServer(text));
    const server = root.children[1]?.children[0];
    expect(server?.values.get(fake)?.get(slotName)?.value).toEqual(value);
  });

  const refused = [
    'timeout 1',
    'buffer 1',
    'max_errors 1',
    'pass on',
    'starttls on',
    'name a',
    'certificate a',
  ];
  it.each(refused)('"%s;" twice is a duplicate, in any pair of values', async (one) => {
    const name = one.split(' ')[0] ?? '';
    expect(await refusalOf(load(inServer(`${one};\n${one};`)))).toBe(
      `"${name}" directive is duplicate in test.conf:5`,
    );
  });

  it('is none in a block and the block around it', async () => {
    const { root } = await load('events {} mail { timeout 1; server { timeout 2; } }');
    expect(root.children[1]?.children).toHaveLength(1);
  });
});

describe('warnings', () => {
  it('carry the line of the directive', async () => {
    const { warnings, warn } = collectWarnings();
    await load(inServer('auth plain\nplain;\nauth plain;'), { warn });
    expect(warnings).toEqual(['duplicate value "plain" :5', 'duplicate value "plain" :6']);
  });
});

describe('-g', () => {
  it('is read before the file', async () => {
    const { root } = await load('log b; events {}', { globals: 'log a;' });
    expect(root.values.get(fake)?.get('log')?.value).toEqual(['a', 'b']);
  });

  const cases = [
    {
      name: 'makes a repeated directive a duplicate',
      globals: 'pid a;',
      text: 'pid b;',
      message: '"pid" directive is duplicate in test.conf:1',
    },
    {
      name: 'has errors in the command line',
      globals: 'nonsense;',
      text: '',
      message: 'unknown directive "nonsense" in command line',
    },
    {
      name: 'has no blocks',
      globals: 'events {}',
      text: '',
      message: 'block directives are not supported in -g option in command line',
    },
    {
      name: 'needs a semicolon',
      globals: 'pid a',
      text: '',
      message: 'unexpected end of parameter, expecting ";" in command line',
    },
  ];
  it.each(cases)('$name', async ({ globals, text, message }) => {
    expect(await refusalOf(load(text, { globals }))).toBe(message);
  });
});

describe('help', () => {
  const cases = [
    {
      name: 'suggests a name that is close',
      text: 'mail { timeuot 1; }',
      help: 'did you mean "timeout"?',
    },
    {
      name: 'names the package of a directive of nginx',
      text: 'pop3_auth plain;',
      help: 'this directive belongs to @postern/mail-pop3, which is not installed',
    },
    {
      name: 'names the package of the SMTP proxy',
      text: 'xclient on;',
      help: 'this directive belongs to @postern/mail-smtp, which is not installed',
    },
    {
      name: 'names the package of the resolver',
      text: 'resolver 127.0.0.1;',
      help: 'this directive belongs to @postern/resolver, which is not installed',
    },
    {
      name: 'tells of a removed directive',
      text: 'ssl on;',
      help: 'nginx 1.25.1 removed it; write "ssl" as a parameter of "listen"',
    },
    {
      name: 'says that there is no http',
      text: 'http {}',
      help: 'postern is a mail proxy and has no such block',
    },
    {
      name: 'lists the blocks of a misplaced directive',
      text: 'timeout 1;',
      help: 'it may stand in: mail, server',
    },
    {
      name: 'shows the syntax after a wrong number of words',
      text: 'mail { timeout; }',
      help: 'syntax: timeout time;',
    },
    {
      name: 'tells of a byte order mark',
      text: '\uFEFFevents {}',
      help: 'the file begins with a byte order mark: save it without',
    },
    {
      name: 'tells what nginx has elsewhere',
      text: 'ssl_stapling on;',
      help: 'nginx has it for "http" and "stream", not for "mail"',
    },
    {
      name: 'tells what is gone',
      text: 'worker_threads 1;',
      help: 'nginx removed it long ago; take the line out',
    },
    { name: 'is silent about nonsense', text: 'nonsense on;', help: undefined },
    { name: 'is silent about a very long name', text: `${'x'.repeat(4000)} on;`, help: undefined },
  ];
  it.each(cases)('$name', async ({ text, help }) => {
    expect((await configErrorOf(load(text))).help).toBe(help);
  });
});

describe('many servers', () => {
  it('are read one by one and share what they do not set', async () => {
    const count = 10_000;
    const server =
      'server { timeout 5s; protocol imap; auth plain login; header a b; buffer 8k; max_errors 3; pass on; name x; }\n';
    const { root } = await load(`events {}\nmail {\n${server.repeat(count)}}\n`);
    const servers = root.children[1]?.children ?? [];
    expect(servers).toHaveLength(count);
    expect(servers.at(-1)?.at.line).toBe(count + 2);
    const confs = servers.map((scope) => serverConf(scope, fake));
    expect(new Set(confs).size).toBe(count);
    expect(confs.at(-1)).toMatchObject({ timeoutMs: 5000, capabilities: ['A', 'B'] });
    // Nothing of this module is set in any server: one object for all of them.
    expect(new Set(servers.map((scope) => serverConf(scope, blocks))).size).toBe(1);
  });
});

describe('a module loaded by load_module', () => {
  const acme = defineModule({
    name: 'acme',
    api: 1,
    directives: { acme: slot('acme', text, { default: '', about: 'x' }) },
  });
  const loadModule = (request: string): Promise<typeof acme> => {
    expect(request).toBe('@acme/x');
    return Promise.resolve(acme);
  };

  it('brings its directives', async () => {
    const { root, modules } = await load('load_module "@acme/x";\nevents {}\nmail { acme a; }', {
      loadModule,
    });
    expect(namesOf(modules)).toEqual(['blocks', 'fake', 'acme']);
    expect(root.children[1]?.values.get(acme)?.get('acme')?.value).toBe('a');
  });

  it('may be what a module of the build requires', async () => {
    const needy = defineModule({ name: 'needy', api: 1, requires: [acme] });
    const { modules } = await load('load_module @acme/x; events {}', {
      loadModule,
      modules: [blocks, needy],
    });
    expect(namesOf(modules)).toEqual(['blocks', 'acme', 'needy']);
  });

  const cases = [
    {
      name: 'is too late after a block',
      text: 'events {}\nload_module @acme/x;',
      message: '"load_module" directive is specified too late in test.conf:2',
    },
    {
      name: 'is not allowed in a block',
      text: 'mail { load_module @acme/x; }',
      message: '"load_module" directive is not allowed here in test.conf:1',
    },
    {
      name: 'cannot be loaded twice',
      text: 'load_module @acme/x;\nload_module @acme/x;',
      message: 'module "acme" is already loaded in test.conf:2',
    },
    {
      name: 'needs a name',
      text: 'load_module;',
      message: 'invalid number of arguments in "load_module" directive in test.conf:1',
    },
  ];
  it.each(cases)('$name', async ({ text, message }) => {
    expect(await refusalOf(load(text, { loadModule }))).toBe(message);
  });

  it('is not supported where there is no loader', async () => {
    expect(await refusalOf(load('load_module x;'))).toBe(
      '"load_module" is not supported in this build in test.conf:1',
    );
  });

  it('passes what the loader says, at the place of the directive', async () => {
    const failing = (): Promise<never> => load('nonsense;') as Promise<never>;
    expect(await refusalOf(load('\nload_module x;', { loadModule: failing }))).toBe(
      'unknown directive "nonsense" in test.conf:2',
    );
  });

  it("may be nginx's mail module, which is always there", async () => {
    const { modules } = await load('load_module modules/ngx_mail_module.so; events {}');
    expect(namesOf(modules)).toEqual(['blocks', 'fake']);
  });
});

describe('a schema that is wrong', () => {
  it('is told as a mistake of the module, not of the configuration', async () => {
    const broken = { ...text, schema: { type: 'array', nonsense: true } };
    const other = defineModule({
      name: 'other',
      api: 1,
      directives: { x: slot('x', broken, { levels: ['main'], default: '', about: 'x' }) },
    });
    await expect(load('x y;', { modules: [blocks, other] })).rejects.toMatchObject({
      code: 'POSTERN_CONFIG_SCHEMA',
    });
  });
});

describe('the main file', () => {
  it('that is missing is told without a position', async () => {
    const work = loadConfiguration({
      file: '/nonexistent/postern.conf',
      prefix: '',
      modules: [blocks],
      warn: () => undefined,
    });
    expect(await refusalOf(work)).toBe(
      'open() "/nonexistent/postern.conf" failed (2: No such file or directory)',
    );
  });
});
