#!/usr/bin/env -S node --max-semi-space-size=4 --optimize-for-size
import { runCommand } from '@postern/core/command';
import { standardModules } from '../dist/index.js';

await runCommand({ standard: standardModules });
