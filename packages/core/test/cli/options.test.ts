import { describe, expect, it } from 'vitest';
import { readOptions } from '../../src/cli/options.js';
import { commandPaths } from '../../src/cli/paths.js';

const none = { help: false, version: false, build: false, test: false, dump: false, quiet: false };

const accepted = [
  { name: 'no words ask for service', words: [], options: {} },
  { name: '-? asks for help', words: ['-?'], options: { help: true, version: true } },
  { name: '-h asks for help', words: ['-h'], options: { help: true, version: true } },
  { name: '-v asks for the version', words: ['-v'], options: { version: true } },
  { name: '-V asks for the build', words: ['-V'], options: { version: true, build: true } },
  { name: '-T implies -t', words: ['-T'], options: { test: true, dump: true } },
  { name: 'letters cluster', words: ['-vtq'], options: { version: true, test: true, quiet: true } },
  { name: 'a value may be the next word', words: ['-c', 'f'], options: { file: 'f' } },
  { name: 'a value may be attached', words: ['-cf'], options: { file: 'f' } },
  {
    name: 'a value may end a cluster',
    words: ['-tcf', '-q'],
    options: { test: true, file: 'f', quiet: true },
  },
  { name: 'a value may look like an option', words: ['-c', '-t'], options: { file: '-t' } },
  { name: 'a value may be empty', words: ['-p', '', '-t'], options: { prefix: '', test: true } },
  { name: 'the last of two values counts', words: ['-c', 'a', '-c', 'b'], options: { file: 'b' } },
  { name: 'a dash alone is nothing', words: ['-', '-t'], options: { test: true } },
  {
    name: 'all values together',
    words: ['-pP', '-eE', '-cC', '-gG;'],
    options: { prefix: 'P', errorLog: 'E', file: 'C', globals: 'G;' },
  },
  { name: '-s stop', words: ['-s', 'stop'], options: { signal: 'stop' } },
  { name: '-squit', words: ['-squit'], options: { signal: 'quit' } },
  { name: '-s reopen', words: ['-s', 'reopen'], options: { signal: 'reopen' } },
  { name: '-s reload', words: ['-s', 'reload'], options: { signal: 'reload' } },
];

const refused = [
  { name: 'a word without dash', words: ['foo'], refusal: 'invalid option: "foo"' },
  { name: 'an empty word', words: [''], refusal: 'invalid option: ""' },
  { name: 'an unknown letter', words: ['-x'], refusal: 'invalid option: "x"' },
  { name: 'an unknown letter in a cluster', words: ['-tz'], refusal: 'invalid option: "z"' },
  { name: 'a long option', words: ['--help'], refusal: 'invalid option: "-"' },
  { name: 'an unknown signal', words: ['-s', 'foo'], refusal: 'invalid option: "-s foo"' },
  { name: 'a signal in capitals', words: ['-sSTOP'], refusal: 'invalid option: "-s STOP"' },
  { name: '-p alone', words: ['-p'], refusal: 'option "-p" requires directory name' },
  { name: '-c alone', words: ['-c'], refusal: 'option "-c" requires file name' },
  { name: '-e alone', words: ['-te'], refusal: 'option "-e" requires file name' },
  { name: '-g alone', words: ['-g'], refusal: 'option "-g" requires parameter' },
  { name: '-s alone', words: ['-s'], refusal: 'option "-s" requires parameter' },
  { name: 'the second word', words: ['-t', 'foo'], refusal: 'invalid option: "foo"' },
];

describe('the command line', () => {
  it.each(accepted)('$name', ({ words, options }) => {
    expect(readOptions(words)).toEqual({ ...none, ...options });
  });

  it.each(refused)('refuses $name: $refusal', ({ words, refusal }) => {
    expect(readOptions(words)).toEqual({ refusal });
  });
});

const paths = [
  {
    name: 'nothing',
    options: {},
    paths: {
      prefix: '/usr/local/nginx/',
      file: '/usr/local/nginx/conf/nginx.conf',
      errorLog: '/usr/local/nginx/logs/error.log',
    },
  },
  {
    name: '-p',
    options: { prefix: '/srv' },
    paths: { prefix: '/srv/', file: '/srv/conf/nginx.conf', errorLog: '/srv/logs/error.log' },
  },
  {
    name: 'a relative -p',
    options: { prefix: 'cl' },
    paths: { prefix: 'cl/', file: 'cl/conf/nginx.conf', errorLog: 'cl/logs/error.log' },
  },
  {
    name: 'an empty -p',
    options: { prefix: '' },
    paths: { prefix: '', file: 'conf/nginx.conf', errorLog: 'logs/error.log' },
  },
  {
    name: 'absolute names',
    options: { prefix: '/srv/', file: '/etc/n.conf', errorLog: '/var/e.log' },
    paths: { prefix: '/srv/', file: '/etc/n.conf', errorLog: '/var/e.log' },
  },
  {
    name: '-e stderr',
    options: { prefix: '/srv', errorLog: 'stderr' },
    paths: { prefix: '/srv/', file: '/srv/conf/nginx.conf', errorLog: 'stderr' },
  },
];

describe('paths', () => {
  it.each(paths)('follow from $name', ({ options, paths: expected }) => {
    expect(commandPaths({ ...none, ...options })).toEqual(expected);
  });
});
