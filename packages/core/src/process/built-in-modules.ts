/** The modules that are always part of a build, in nginx's order. */
import type { AnyModule } from '../module/module.js';
import { mail } from '../mail/core-module.js';
import { authHttp } from '../mail/modules/auth-http/module.js';
import { proxy } from '../mail/modules/proxy/module.js';
import { realip } from '../mail/modules/realip/module.js';
import { ssl } from '../mail/modules/ssl/module.js';
import { coreModule, eventsModule } from './core-module.js';

/** Kernel, events, mail core, ssl, auth_http, proxy and realip. */
export const builtInModules: readonly AnyModule[] = [
  coreModule,
  eventsModule,
  mail,
  ssl,
  authHttp,
  proxy,
  realip,
];
