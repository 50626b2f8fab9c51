/**
 * What the declarations of directives say by themselves: the reference page of a module in the form of nginx's
 * documentation, and a JSON Schema of the whole configuration for editors and other tools.
 */
import type { AnyModule } from '../module/module.js';
import type { AnySlot, Directive, Level, WordsSchema } from './directive.js';

type Named = readonly [name: string, directive: Directive];

function directivesOf(module: AnyModule): readonly Named[] {
  return Object.entries(module.directives as Readonly<Record<string, Directive>>);
}

/** A value as it would be written in a configuration; `—` for nothing. */
function printValue(value: unknown): string {
  if (value === undefined || value === null || value === '') return '—';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.length > 0) return value.map(printValue).join(' ');
  return '—';
}

function syntaxOf(name: string, directive: Directive): string {
  if (directive.kind === 'block') return `${name} { ... }`;
  return `${name} ${directive.codec.syntax};`;
}

function defaultOf(name: string, directive: Directive): string {
  if (directive.kind === 'block') return '—';
  const text = directive.defaultText ?? printValue(directive.default);
  return text === '—' ? '—' : `\`${name} ${text};\``;
}

// A bar would end the cell of a table, and a backslash would escape what follows it.
function escapeCell(text: string): string {
  return text.replace(/[\\|]/g, '\\$&');
}

/** The reference section of one directive, as Markdown. */
export function describeDirective(name: string, directive: Directive): string {
  const rows = [
    `| **Syntax:** | \`${escapeCell(syntaxOf(name, directive))}\` |`,
    `| **Default:** | ${escapeCell(defaultOf(name, directive))} |`,
    `| **Context:** | ${directive.levels.map((level) => `\`${level}\``).join(', ')} |`,
  ];
  return [`### ${name}`, '', '| | |', '|---|---|', ...rows, '', directive.about, ''].join('\n');
}

/** The reference sections of all directives of a module, in the order of declaration, as Markdown. */
export function describeModule(module: AnyModule): string {
  const sections = directivesOf(module).map(([name, directive]) =>
    describeDirective(name, directive),
  );
  return sections.join('\n');
}

const levels: readonly Level[] = ['main', 'events', 'mail', 'server'];

function slotSchema(slot: AnySlot): WordsSchema {
  const { codec, about } = slot;
  const words = { ...codec.schema, description: `${about} (${codec.syntax})` };
  if (codec.repeat === 'refuse') return words;
  // Words of one directive, or a list of them where the directive stands several times.
  return { anyOf: [words, { type: 'array', items: codec.schema, minItems: 1 }] };
}

function blockSchema(directive: Extract<Directive, { kind: 'block' }>): WordsSchema {
  const inner = { $ref: `#/$defs/${directive.opens}` };
  return directive.once
    ? { description: directive.about, ...inner }
    : { description: directive.about, type: 'array', items: inner };
}

function levelSchema(all: readonly Named[], level: Level): WordsSchema {
  const here = all.filter(([, directive]) => directive.levels.some((one) => one === level));
  const properties = here.map(([name, directive]): [string, WordsSchema] => [
    name,
    directive.kind === 'block' ? blockSchema(directive) : slotSchema(directive),
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

/**
 * A JSON Schema (draft 2020-12) of a configuration written as JSON: an object per block, an array of words per
 * directive. The keywords of our own (`bytes`, `duration`, ...) are annotations to who does not know them.
 */
export function configurationSchema(modules: readonly AnyModule[]): WordsSchema {
  const all = modules.flatMap(directivesOf);
  const definitions = levels.map((level): [string, WordsSchema] => [
    level,
    levelSchema(all, level),
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'postern configuration',
    $ref: '#/$defs/main',
    $defs: Object.fromEntries(definitions),
  };
}
