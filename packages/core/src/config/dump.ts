/** The text of `-T`. */

/** A file of the configuration as it was read. */
export interface SourceFile {
  /** The path as opened. */
  readonly path: string;
  readonly bytes: Buffer;
}

const lineFeed = Buffer.from('\n');

/** nginx's dump: `# configuration file PATH:`, the file's bytes as they are, and a line feed, for each file in order. */
export function dumpFiles(files: readonly SourceFile[]): Buffer {
  return Buffer.concat(
    files.flatMap((file) => [
      Buffer.from(`# configuration file ${file.path}:\n`),
      file.bytes,
      lineFeed,
    ]),
  );
}
