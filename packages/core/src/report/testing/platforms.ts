// SPDX-License-Identifier: Apache-2.0
// What CI systems look for in a log, as their runners do it: some search anywhere in a line, without regard to case,
// and with a comparison that skips ignorable characters.

const skipped = /[\p{DI}\p{Cf}\p{Cs}]|(?![\n\r\t\v\f])\p{Cc}/gu;
const lineBreak = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;

const anywhere = [
  /##\[/,
  /##vso\[/i,
  /##teamcity\[/i,
  /SPINNAKER_PROPERTY_/i,
  /SPINNAKER_CONFIG_JSON/i,
  /section_(?:start|end):/i,
  /travis_(?:fold|time):/i,
];

/** Lines in which some CI system would find a command. */
export function findCommands(log: string): string[] {
  return log.split(lineBreak).filter(line => {
    const seen = line.replaceAll(skipped, '');
    return (
      /^\s*::\S/u.test(seen) ||
      /^(?:---|\+\+\+|~~~|\^\^\^)[ \t]/u.test(seen) ||
      anywhere.some(pattern => pattern.test(seen))
    );
  });
}
