/** Everything standard in one install: the modules that the `postern` command of this package is built from. */
import { imap } from '@postern/mail-imap';

/** The protocol modules of a complete build, in nginx's order. */
export const standardModules = [imap] as const;
