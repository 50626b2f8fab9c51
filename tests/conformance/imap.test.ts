/** IMAP beside a real nginx. */
import { describeConformance } from './conformance.js';

describeConformance('imap');
