import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  configurationSchema,
  describeDirective,
  describeModule,
} from '../../src/config/describe.js';
import { coreModule, eventsModule } from '../../src/process/core-module.js';
import { blocks, fake } from './fake-modules.js';

describe('the reference of a directive', () => {
  const cases = [
    {
      name: 'a flag',
      directive: 'pass',
      rows: ['`pass on \\| off;`', '`pass off;`', '`mail`, `server`'],
    },
    {
      name: 'a list',
      directive: 'capabilities',
      rows: ['`capabilities string ...;`', '`capabilities A B;`', '`mail`, `server`'],
    },
    {
      name: 'a directive without default',
      directive: 'log',
      rows: ['`log string;`', '—', '`main`, `mail`, `server`'],
    },
  ] as const;
  it.each(cases)('of $name has its syntax, default and context', ({ directive, rows }) => {
    const text = describeDirective(directive, fake.directives[directive]);
    const [syntax, byDefault, context] = rows;
    expect(text).toContain(`### ${directive}\n`);
    expect(text).toContain(`| **Syntax:** | ${syntax} |`);
    expect(text).toContain(`| **Default:** | ${byDefault} |`);
    expect(text).toContain(`| **Context:** | ${context} |`);
    expect(text).toContain(`\n\n${fake.directives[directive].about}\n`);
  });

  it('of a block shows its braces', () => {
    expect(describeDirective('mail', blocks.directives.mail)).toContain('`mail { ... }`');
  });

  it.each([coreModule, eventsModule])('names every directive of $name once', (module) => {
    const headings = describeModule(module)
      .split('\n')
      .filter((line) => line.startsWith('### '));
    expect(headings).toEqual(Object.keys(module.directives).map((name) => `### ${name}`));
  });
});

describe('the JSON Schema of a configuration', () => {
  const schema = configurationSchema([blocks, fake]);
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const cases = [
    {
      name: 'has blocks, lists of blocks and words',
      value: { events: {}, mail: { timeout: ['1s'], server: [{ pass: ['on'] }] } },
      valid: true,
    },
    {
      name: 'has repeated directives',
      value: {
        mail: {
          header: [
            ['a', 'b'],
            ['c', 'd'],
          ],
        },
      },
      valid: true,
    },
    { name: 'refuses unknown names', value: { nonsense: ['x'] }, valid: false },
    { name: 'refuses a name in the wrong block', value: { timeout: ['1s'] }, valid: false },
    { name: 'refuses a wrong number of words', value: { mail: { timeout: [] } }, valid: false },
  ];
  it.each(cases)('$name', ({ value, valid }) => {
    expect(validate(value)).toBe(valid);
  });
});
