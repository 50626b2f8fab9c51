/** stub being written */
export interface Connection {
  readonly remoteAddress: string;
}
