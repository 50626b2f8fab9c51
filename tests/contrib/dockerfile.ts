/** The syntax of Dockerfiles, as far as ours uses it: instructions, comments, lines that go on behind a backslash. */

/** One instruction. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Reads the instructions of a Dockerfile. */
export function readDockerfile(text: string): readonly Instruction[] {
  const whole = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, ' ');
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { name: line.slice(0, space), text: line.slice(space + 1) };
    });
}
