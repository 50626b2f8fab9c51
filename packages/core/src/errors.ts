/** Every error that postern throws has a code of the form `POSTERN_<AREA>_<WHAT>`. */

const brand = Symbol.for('postern.error');

/** Base of all errors of postern. `instanceof` holds across copies of the package. */
export class PosternError extends Error {
  readonly code: string;
  readonly [brand] = true;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== PosternError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** A configuration that cannot be used. `message` is nginx's sentence without the position. */
export class ConfigError extends PosternError {
  readonly file: string | undefined;
  readonly line: number;
  readonly directive: string | undefined;
  /** One line that says what to do, printed under nginx's sentence. */
  readonly help: string | undefined;
  /** At which level nginx logs the sentence. */
  readonly level: 'emerg' | 'crit';

  constructor(
    message: string,
    where: {
      readonly file?: string | undefined;
      readonly line?: number;
      readonly directive?: string | undefined;
      readonly help?: string | undefined;
      readonly level?: 'emerg' | 'crit';
    } = {},
    options?: ErrorOptions,
  ) {
    super('POSTERN_CONFIG_INVALID', message, options);
    this.file = where.file;
    this.line = where.line ?? 0;
    this.directive = where.directive;
    this.help = where.help;
    this.level = where.level ?? 'emerg';
  }
}

/** A module's tap that threw or rejected: ends one session, never the process. */
export class ModuleError extends PosternError {
  readonly module: string;
  readonly hook: string;

  constructor(module: string, hook: string, cause: unknown) {
    super('POSTERN_MODULE_FAILED', `module "${module}" failed in hook "${hook}"`, { cause });
    this.module = module;
    this.hook = hook;
  }
}
