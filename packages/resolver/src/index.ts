/** The public interface of @postern/resolver. */
export { resolver } from './module.js';
export { Resolver, type ResolverSpec } from './resolver.js';
export { findClientName, type NamedSession } from './client-name.js';
export { failureText, type Answer, type Failed } from './answer.js';
export type { QueryRuntime } from './query.js';
export type { Waiter } from './pending-lookup.js';
