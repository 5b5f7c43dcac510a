// SPDX-License-Identifier: Apache-2.0

/** A command that could not be answered as the target would have answered it. */
export class CommandRefused extends Error {
  override name = 'CommandRefused';
}

/** What was refused while a command ran, by the lines of its standard error; undefined for a command that was answered. */
export function refusalIn(stderr: Buffer, mark: string): string | undefined {
  const text = stderr.toString('utf8');
  const at = text.indexOf(`${mark}!`);
  return at < 0 ? undefined : text.slice(at + mark.length + 1).split('\n')[0];
}
