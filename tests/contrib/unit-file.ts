/** The syntax of systemd's unit files (systemd.syntax(7)), as far as ours use it. */

/** One `Key=Value` and the section it stands in. */
export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** Reads the settings of a unit file. Throws at a line that is none. */
export function readUnit(text: string): readonly Setting[] {
  let section = '';
  const settings: Setting[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line);
    const setting = /^([A-Z]\w*)=(.*)$/.exec(line);
    if (header?.[1] !== undefined) [, section] = header;
    else if (setting !== null) {
      const [, key = '', value = ''] = setting;
      settings.push({ section, key, value });
    } else throw new Error(`neither section nor setting: ${line}`);
  }
  return settings;
}
