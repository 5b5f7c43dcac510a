// SPDX-License-Identifier: Apache-2.0
// What programs keep instead of a password: enough for who reads it to find the password.
import type { Pattern } from './pattern.ts';

const mask = '***';

// As it is, after a backslash (shells, expressions), in an address, in markup and in JSON.
const dollar = String.raw`(?:\\{0,2}\$|%24|&#(?:36|x24);|\\u0024)`;
const slashed = String.raw`(?:[A-Za-z0-9./,=+_-]|%2[BCF]|%3D|\\/)`;
const schemes = [
  '1|2[abxy]?|3|5|6|7|y|gy',
  'sha1',
  'md5(?:,rounds=[0-9]{1,10})?',
  'apr1',
  'argon2(?:id|i|d)',
  'scrypt',
  'pbkdf2(?:-[a-z0-9]{3,8})?',
  'bcrypt(?:-[a-z0-9]{3,8})?',
].join('|');

export const hashPatterns: Pattern[] = [
  // https://manpages.debian.org/stable/libcrypt-dev/crypt.5.en.html and the passwords of passlib
  {
    hint: dollar,
    matches: new RegExp(
      `${dollar}(?:${schemes})${dollar}(?=${slashed}{0,128}${dollar})(?:${slashed}{0,128}${dollar}){1,4}${slashed}{4,256}`,
      'gi',
    ),
  },
  // phpass and Drupal
  { hint: dollar, matches: new RegExp(String.raw`${dollar}[PHS]${dollar}[A-Za-z0-9./]{31,52}`, 'g') },
  // https://manpages.debian.org/stable/passwd/shadow.5.en.html: DES, and any scheme that is not known here
  {
    hint: ':',
    matches:
      /(?<![A-Za-z0-9_.-])([A-Za-z_][A-Za-z0-9_.-]{0,31}\$?:)!?(?:[A-Za-z0-9./]{13}|_[A-Za-z0-9./]{19})(?=:\d{0,7}:\d{0,7}:)/g,
    by: `$1${mask}`,
  },
  {
    hint: ':',
    matches:
      /(?<![A-Za-z0-9_.-])([A-Za-z_][A-Za-z0-9_.-]{0,31}\$?:)(?!\*\*\*:)[^\s:]{4,512}(?=:\d{0,7}:\d{0,7}:\d{0,7}:\d{0,7}:\d{0,7}:\d{0,7}:)/g,
    by: `$1${mask}`,
  },
  // The end of one whose beginning RSpec left out
  {
    hint: '\\.\\.\\.',
    matches: /(?<=\.\.\.)[^\s:.][^\s:]{0,512}(?=:\d{0,7}:\d{0,7}:\d{0,7}:\d{0,7}:\d{0,7}:\d{0,7}:)/g,
  },
  // https://www.samba.org/samba/docs/current/man-html/smbpasswd.5.html
  {
    hint: String.raw`:\[[A-Z ]{11}\]:`,
    matches: /:[0-9A-FX*]{32}:[0-9A-FX*]{32}(?=:\[[A-Z ]{11}\]:)/g,
    by: `:${mask}:${mask}`,
  },
  // https://www.rfc-editor.org/rfc/rfc2307#section-5.3
  {
    hint: String.raw`\{(?:S?SHA|S?MD5|CRYPT|PBKDF2|ARGON2|BCRYPT)`,
    matches:
      /(\{(?:S?SHA(?:-?(?:256|384|512))?|S?MD5|CRYPT|PBKDF2[A-Z0-9-]{0,12}|ARGON2|BCRYPT)\})[A-Za-z0-9+/=.$,-]{8,512}/gi,
    by: `$1${mask}`,
  },
  // PostgreSQL, MySQL, GRUB
  {
    hint: 'SCRAM-SHA-',
    matches: /SCRAM-SHA-(?:1|256|512)[\\$%24]{1,3}\d{1,10}:[A-Za-z0-9+/=]{8,128}[\\$%24]{1,3}[A-Za-z0-9+/=:]{8,256}/g,
  },
  { hint: 'md5[0-9a-f]{32}', matches: /(?<![A-Za-z0-9])md5[0-9a-f]{32}(?![0-9a-f])/g },
  { hint: String.raw`\*[0-9A-F]{40}`, matches: /(?<![A-Za-z0-9*])\*[0-9A-F]{40}(?![0-9A-Fa-f])/g },
  { hint: 'grub\\.pbkdf2', matches: /grub\.pbkdf2\.sha\d{1,3}\.\d{1,10}\.[0-9A-F]{16,512}\.[0-9A-F]{16,512}/gi },
];
