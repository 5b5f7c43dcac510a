// SPDX-License-Identifier: Apache-2.0
// What secrets of well-known makers look like. Every expression is linear: a repetition has an end, or nothing after it
// that could fail, and no match begins inside another's characters.

const mask = '***';

interface Pattern {
  matches: RegExp;
  by: string;
}

// In JSON a line break is an escape, in XML a reference.
const keyText = String.raw`(?:[A-Za-z0-9+/=\s:,.-]|\\[nrt]|&#(?:10|13|x[aAdD]);)`;
const keyName = '[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----';

const patterns: Pattern[] = [
  {
    matches: new RegExp(`-----BEGIN ${keyName}${keyText}*?(?:-----END ${keyName}|(?!${keyText}))`, 'g'),
    by: mask,
  },
  {
    matches: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,2048})?/g,
    by: mask,
  },
  // https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
  {
    matches: /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>\\]{0,256}):[^\s/@"'<>\\]{1,256}@/g,
    by: `$1:${mask}@`,
  },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  {
    matches:
      /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])([\s\S]{0,120}?)(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    by: `${mask}$1${mask}`,
  },
  { matches: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g, by: mask },
  {
    matches: /(secret_?access_?key["'\s:=\\]{1,10})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
    by: `$1${mask}`,
  },
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  { matches: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})/g, by: mask },
  // https://docs.gitlab.com/security/tokens/#token-prefixes
  {
    matches: /(?<![A-Za-z0-9])gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{16,255}/g,
    by: mask,
  },
  // https://docs.slack.dev/authentication/tokens
  { matches: /(?<![A-Za-z0-9])xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,255}/g, by: mask },
  { matches: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{8,200}/g, by: `$1${mask}` },
];

// Most texts hold none of it: one search instead of ten.
const maybe =
  /PRIVATE KEY|eyJ|:\/\/|AKIA|ASIA|secret_?access|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]|hooks\.slack/i;

export function redactPatterns(text: string): string {
  return maybe.test(text) ? patterns.reduce((rest, { matches, by }) => rest.replace(matches, by), text) : text;
}
