/** The public interface of @postern/core. */
export { PosternError, ConfigError, ModuleError } from './errors.js';
export type {
  AnySlot,
  Block,
  Codec,
  Directive,
  Directives,
  Level,
  ReadContext,
  Slot,
  SlotOptions,
  SourceRef,
  WordsSchema,
} from './config/directive.js';
export { block, slot } from './config/directive.js';
export { defineModule, moduleApi } from './module/module.js';
export type * from './module/module.js';
export { createMailHooks, Stage } from './mail/phases.js';
export type * from './mail/phases.js';
export type * from './mail/protocol.js';
export type * from './mail/outcome.js';
export type * from './mail/session.js';
export * from './mail/sasl/index.js';
export { unsafeCredentials } from './mail/errors.js';
export { Secret } from './mail/secret.js';
export { bytes, flags, oneOf, words } from './config/codec.js';
export { mail } from './mail/core-module.js';
