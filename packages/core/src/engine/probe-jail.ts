// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { ScanError, toMessage } from '../errors/index.ts';
import { parseJsonText } from '../request/index.ts';
import { findRuby } from './find-ruby.ts';
import { type EngineSettings, systemRuby } from './install.ts';
import { type Jail, parseJail } from './jail.ts';
import { makeScratch } from './scratch.ts';

const run = promisify(execFile);
const patienceMs = 30_000;
const answer = z.looseObject({ event: z.string() });

/** What profile code would run in on this machine. The auditor is not needed for that, and not installed. */
export async function probeJail(
  { directory, cacheDirectory, path }: Pick<EngineSettings, 'directory' | 'cacheDirectory' | 'path'>,
  temporary: string,
): Promise<Jail> {
  const command = existsSync(systemRuby) ? systemRuby : (await findRuby(path, cacheDirectory)).command;
  const home = await makeScratch(temporary);
  const options = { env: { PATH: path, HOME: home, LANG: 'C.UTF-8' }, cwd: home, timeout: patienceMs };
  try {
    const { stdout } = await run(command, [join(directory, 'bin/jail.rb'), home], options);
    const jail = parseJail(answer.parse(parseJsonText(stdout)));
    if (jail === undefined) throw new Error('it did not say what it found');
    return jail;
  } catch (error) {
    throw new ScanError('ENGINE_CRASHED', `The jail for profile code cannot be tried: ${toMessage(error)}`, {
      cause: error,
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
