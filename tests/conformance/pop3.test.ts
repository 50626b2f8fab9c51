/** POP3 beside a real nginx. */
import { describeConformance } from './conformance.js';

describeConformance('pop3');
