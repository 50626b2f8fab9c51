/**
 * From a name to its records, over CNAMEs. Only records of the name that was asked for, or that a CNAME of it led to,
 * count: whatever else a response holds says nothing (RFC 5452, 6). A chain that leaves the response is asked on.
 */
import { failed, FailureCode, type Failed } from './answer.js';
import {
  questionOf,
  RecordType,
  type AnswerRecord,
  type Question,
  type Response,
} from './message.js';

/** Asks the servers; undefined when nobody waits for the answer any more. */
export type Ask = (question: Question) => Promise<Response | undefined>;

/** The records at the end of a chain; none where the name has none of the type. */
export interface Chain {
  readonly kind: 'chain';
  readonly records: readonly AnswerRecord[];
  /** Seconds for which all of the chain holds; Infinity where nothing was found. */
  readonly ttl: number;
}

/** CNAMEs followed from one name. */
const longestChain = 8;

/** The records of `type` of `name`. */
export async function followChain(
  name: string,
  type: number,
  ask: Ask,
): Promise<Chain | Failed | undefined> {
  const walk: Walk = { name, ttl: Number.POSITIVE_INFINITY, steps: 0 };
  for (;;) {
    const question = questionOf(walk.name, type);
    if (question === undefined) return failed(FailureCode.notFound);
    const response = await ask(question);
    if (response === undefined) return undefined;
    if (response.code !== 0) return failed(response.code);
    const before = walk.steps;
    const records = walkThrough(response.records, type, walk);
    if (walk.steps > longestChain) return failed(FailureCode.notFound);
    if (records.length > 0 || walk.steps === before) {
      const ttl = Math.min(walk.ttl, ...records.map((record) => record.ttl));
      return { kind: 'chain', records, ttl };
    }
  }
}

interface Walk {
  name: string;
  ttl: number;
  steps: number;
}

/** Goes along the CNAMEs of one response as far as they lead. */
function walkThrough(
  records: readonly AnswerRecord[],
  type: number,
  walk: Walk,
): readonly AnswerRecord[] {
  while (walk.steps <= longestChain) {
    const { name } = walk;
    const found = records.filter((record) => record.name === name && record.type === type);
    if (found.length > 0) return found;
    const alias = records.find(
      (record) => record.name === name && record.type === RecordType.cname,
    );
    if (alias === undefined) return [];
    walk.name = alias.target;
    walk.ttl = Math.min(walk.ttl, alias.ttl);
    walk.steps += 1;
  }
  return [];
}
