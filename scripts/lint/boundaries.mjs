/**
 * ESLint rule: the arrows between layers and packages.
 *
 * Inside packages/core/src an import goes to the same layer or to a lower one. Between packages an import names
 * the package, or what its `exports` offer, never a path into it. Type imports are held to the same rule, but
 * for the two that are listed below.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** Lowest first. A file directly in src belongs to the layer of its name; index.ts to none. */
const layers = ['errors', 'log', 'config', 'module', 'net', 'cycle', 'mail', 'process', 'cli'];

/**
 * Type-only imports that point upwards, as `layer -> file`: configuration is read for modules, and a module is
 * given connection slots and the addresses that are listened on. None gives the lower layer any code of the upper one.
 */
const tolerated = ['config -> module/module', 'module -> net/slots', 'module -> net/own-addresses'];

const root = resolve(import.meta.dirname, '../..');
const core = 'packages/core/src/';

/** The layer number of a path below core's src, or -1 where there is none. */
function layerOf(path) {
  return layers.indexOf(path.split('/')[0].replace(/\.[jt]s$/, ''));
}

/** `packages/core` for a path inside that package; nothing for a path that is in none. */
function packageOf(path) {
  const [top, name] = path.split('/');
  return top === 'packages' || top === 'examples' ? `${top}/${name}` : undefined;
}

function isTypeOnly(node) {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const specifiers = node.specifiers ?? [];
  return specifiers.length > 0 && specifiers.every((one) => one.importKind === 'type');
}

/** Whether a bare import names a package of ours by something that its `exports` do not offer. */
function isHidden(source) {
  const [scope, name, ...path] = source.split('/');
  if (scope !== '@postern' || path.length === 0) return false;
  const manifest = join(root, 'packages', name, 'package.json');
  const offered = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).exports : {};
  return !Object.hasOwn(offered, `./${path.join('/')}`);
}

/** @type {import('eslint').Rule.RuleModule} */
export const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      upwards: 'The layer "{{from}}" must not import from "{{to}}" above it.',
      internals: 'Import the package by its name, not "{{source}}".',
      unused:
        'The tolerated import of "{{to}}" is gone: remove it from scripts/lint/boundaries.mjs.',
    },
  },
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/');
    const inCore = file.startsWith(core);
    const here = file.slice(core.length);

    function checkLayers(node, target) {
      const [from, to] = [layerOf(here), layerOf(target)];
      if (from === -1 || to <= from) return;
      const edge = `${layers[from]} -> ${target.replace(/\.[jt]s$/, '')}`;
      if (isTypeOnly(node) && tolerated.includes(edge)) return;
      context.report({ node, messageId: 'upwards', data: { from: layers[from], to: layers[to] } });
    }

    function check(node) {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      if (isHidden(source)) {
        context.report({ node, messageId: 'internals', data: { source } });
      }
      if (!source.startsWith('.')) return;
      const target = relative(root, resolve(dirname(context.filename), source))
        .split(sep)
        .join('/');
      if (packageOf(target) !== packageOf(file)) {
        context.report({ node, messageId: 'internals', data: { source } });
      } else if (inCore && target.startsWith(core)) {
        checkLayers(node, target.slice(core.length));
      }
    }

    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
