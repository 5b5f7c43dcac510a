// SPDX-License-Identifier: Apache-2.0

/** Counts what the look into one target cost, for the run manifest. */
export class Meter {
  commands = 0;
  bytes = 0;
  retries = 0;
  truncated = 0;
  /** Questions of a profile that this view could not answer: their controls are not reviewed. */
  unseen = 0;
  readonly toolsMissing = new Set<string>();
  readonly virtual = new Set<string>();

  count(command: string, status: number): void {
    this.commands += 1;
    if (status === 127) this.toolsMissing.add(firstWord(command));
  }
}

/** The tool a command starts with: after variable assignments, without its folder. */
function firstWord(command: string): string {
  const word = command.split(/\s+/).find(each => each !== '' && !/^\w+=/.test(each)) ?? '';
  return word.slice(word.lastIndexOf('/') + 1).slice(0, 64);
}
