import { describe, expect, it } from 'vitest';
import { createServer, defineModule, mail, type AnyModule } from '../../src/index.js';
import { toy } from '../mail/toy-protocol.js';

const config =
  'events {} mail { auth_http 127.0.0.1:1; server { listen 127.0.0.1; protocol toy; } }';

const refusal = (module: AnyModule): Promise<unknown> =>
  createServer({ modules: [toy, module], config }).then(
    () => undefined,
    (error: unknown) => error,
  );

const unlucky = (): never => {
  throw new RangeError('no luck');
};

describe('a module that fails while the configuration is made', () => {
  it('is named, with the place in its file', async () => {
    const module = defineModule({ name: 'unlucky', api: 1, setup: unlucky });
    expect(await refusal(module)).toMatchObject({
      code: 'POSTERN_CONFIG_INVALID',
      message: 'module "unlucky" failed in setup: no luck',
      cause: expect.any(RangeError) as unknown,
    });
  });

  it('is named where it derives values of a server', async () => {
    const module = defineModule({ name: 'unlucky', api: 1, derive: unlucky });
    expect(await refusal(module)).toMatchObject({
      message: 'module "unlucky" failed in derive: no luck',
    });
  });

  it('says itself what is wrong with a server', async () => {
    const module = defineModule({
      name: 'strict',
      api: 1,
      requires: [mail],
      derive: (_conf, context): object => {
        throw context.error('no motto is defined', 'write one');
      },
    });
    expect(await refusal(module)).toMatchObject({ message: 'no motto is defined', line: 1 });
  });

  it('must have tapped its hooks when setup returns', async () => {
    const setup = (): unknown => Promise.reject(new Error('later'));
    const module = defineModule({ name: 'late', api: 1, setup });
    expect(await refusal(module)).toMatchObject({
      message: 'module "late" has a setup that returns a promise',
    });
  });
});
