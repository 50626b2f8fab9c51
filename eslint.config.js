import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { boundaries } from './scripts/lint/boundaries.mjs';

const local = { rules: { boundaries } };

/** Entries of `no-restricted-syntax`. One configuration object replaces another's list, so they are composed. */
const syntax = {
  defaultExport: {
    selector: 'ExportDefaultDeclaration',
    message: 'Named exports only: a name is the same everywhere.',
  },
  augmentation: {
    selector: 'TSModuleDeclaration',
    message: 'No module augmentation: the descriptor of a module is the typed key.',
  },
  error: {
    selector: ':matches(NewExpression, CallExpression)[callee.name=/^(Type|Range)?Error$/]',
    message: "Make errors by a function of the package's errors.ts, with a code.",
  },
  regexLiteral: {
    selector: 'Literal[regex]',
    message: 'No regular expressions on bytes from the network: scan them.',
  },
  regexObject: {
    selector: ':matches(NewExpression, CallExpression)[callee.name="RegExp"]',
    message: 'No regular expressions on bytes from the network: scan them.',
  },
  halfTest: {
    selector:
      'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|skipIf|runIf|todo|fails)$/]',
    message: 'Every test runs, everywhere.',
  },
};

const restricted = (...entries) => ({ 'no-restricted-syntax': ['error', ...entries] });

const sourceSyntax = [syntax.defaultExport, syntax.augmentation, syntax.error];

/** Files that see bytes from the network before anything has checked them. */
const wirePath = [
  'packages/mail-*/src/parser.ts',
  'packages/mail-*/src/scan.ts',
  'packages/core/src/mail/modules/auth-http/response.ts',
  'packages/core/src/net/**/*.ts',
];

const everywhere = {
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
  'no-constant-binary-expression': 'error',
  'no-self-compare': 'error',
  'no-unreachable-loop': 'error',
  'no-useless-assignment': 'error',
};

const sizes = {
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  complexity: ['error', 12],
};

export default defineConfig(
  globalIgnores(['**/dist/', '**/coverage/', 'bench/.build/', '**/.nx/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    name: 'everything',
    files: ['**/*.{ts,mjs,js}'],
    plugins: { local },
    rules: { ...everywhere, ...sizes, 'local/boundaries': 'error' },
  },
  {
    name: 'typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `infer _Rest` and the parameters a signature must have are named for the reader.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // A configuration is read by code points: `[...text]` says that.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // A module without directives has an empty configuration, and says so.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      // Bytes are walked by index: an iterator for each chunk would cost more than the walk.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    name: 'sources of packages and examples',
    files: ['packages/*/src/**/*.ts', 'examples/*/src/**/*.ts'],
    rules: {
      ...restricted(...sourceSyntax),
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'pino', message: 'Only core/src/log knows the logger; use its Logger.' }],
        },
      ],
    },
  },
  {
    name: 'the log may use pino',
    files: ['packages/core/src/log/**/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    name: 'the wire path',
    files: wirePath,
    rules: restricted(...sourceSyntax, syntax.regexLiteral, syntax.regexObject),
  },
  {
    name: 'tests',
    files: ['packages/*/test/**/*.ts', 'tests/**/*.ts', 'examples/*/test/**/*.ts'],
    rules: {
      ...restricted(syntax.augmentation, syntax.halfTest),
      // A `describe` is as long as its table, and a file of tables longer than one of code.
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    name: 'configuration files',
    files: ['vitest.config.ts', 'tests/vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
