/** Servers that belong together: started one after the other, ended all at once. */

/** What has been started so far. */
export class Ensemble {
  readonly #ends: (() => Promise<unknown>)[] = [];

  /** Waits for a server to start, and keeps how it is ended. */
  async add<T>(starting: Promise<T>, end: (server: T) => Promise<unknown>): Promise<T> {
    const server = await starting;
    this.#ends.push(() => end(server));
    return server;
  }

  /** Ends all of them; rejects with what was said by those that did not end as they should. */
  async stop(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#ends.splice(0).map((end) => end()));
    const failures = outcomes.flatMap((each) =>
      each.status === 'rejected' ? [String(each.reason)] : [],
    );
    if (failures.length > 0) throw new Error(failures.join('\n'));
  }

  /** Runs `start`, which adds servers; when it fails, those that were added are ended. */
  static async start<T>(start: (ensemble: Ensemble) => Promise<T>): Promise<T> {
    const ensemble = new Ensemble();
    try {
      return await start(ensemble);
    } catch (error) {
      await ensemble.stop();
      throw error;
    }
  }
}
