// SPDX-License-Identifier: Apache-2.0
// What secrets of well-known makers look like. Every expression is linear: a repetition has an end, or nothing after it
// that could fail, and no match begins inside another's characters.
import { hashPatterns } from './hash-patterns.ts';
import type { Pattern } from './pattern.ts';

const mask = '***';

// In JSON a line break is an escape, in XML a reference; asterisks stand for a secret that was found before.
const keyText = String.raw`(?:[A-Za-z0-9+/=\s:,.*-]|\\[nrt]|&#(?:10|13|x[aAdD]);)`;
const keyName = '[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----';

const keyPatterns: Pattern[] = [
  {
    hint: 'PRIVATE KEY',
    matches: new RegExp(`-----BEGIN ${keyName}${keyText}*?(?:-----END ${keyName}|(?!${keyText})[\\w.~-]*)`, 'g'),
  },
  // https://github.com/FiloSottile/age
  { hint: 'AGE-SECRET-KEY-', matches: /AGE-SECRET-KEY-1[0-9A-Z]{20,100}/g },
];

const tokenPatterns: Pattern[] = [
  {
    hint: 'eyJ',
    matches: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,2048})?/g,
  },
  // An encrypted one: https://www.rfc-editor.org/rfc/rfc7516#section-3.1
  {
    hint: 'eyJ',
    matches:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{0,2048}\.[A-Za-z0-9_-]{8,128}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,128}/g,
  },
  // https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
  {
    hint: '://',
    matches: /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>\\]{0,256}):[^\s/@"'<>\\]{1,256}@/g,
    by: `$1:${mask}@`,
  },
  // https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2
  {
    hint: 'authorization',
    matches: /(authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)\s{1,4})[A-Za-z0-9._~+/=-]{8,8192}/gi,
    by: `$1${mask}`,
  },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  {
    hint: 'AKIA|ASIA',
    matches:
      /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])([\s\S]{0,120}?)(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    by: `${mask}$1${mask}`,
  },
  { hint: 'AKIA|ASIA', matches: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g },
  {
    hint: 'secret_?access',
    matches: /(secret_?access_?key["'\s:=\\]{1,40})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
    by: `$1${mask}`,
  },
  // https://cloud.google.com/docs/authentication/api-keys, /docs/authentication/token-types
  { hint: 'AIza', matches: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { hint: String.raw`ya29\.`, matches: /(?<![A-Za-z0-9])ya29\.[A-Za-z0-9_-]{20,2048}/g },
  { hint: 'GOCSPX-', matches: /(?<![A-Za-z0-9])GOCSPX-[A-Za-z0-9_-]{20,100}/g },
  // https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
  { hint: 'AccountKey', matches: /((?:AccountKey|SharedAccessKey)=)[A-Za-z0-9+/=]{20,200}/g, by: `$1${mask}` },
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  {
    hint: 'gh[pousr]_|github_pat_',
    matches: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})/g,
  },
  // https://docs.gitlab.com/security/tokens/#token-prefixes
  {
    hint: 'gl[a-z]{2,5}-',
    matches: /(?<![A-Za-z0-9])gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{16,255}/g,
  },
  // https://docs.slack.dev/authentication/tokens
  { hint: 'xox[a-z]', matches: /(?<![A-Za-z0-9])xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,255}/g },
  { hint: 'xapp-', matches: /(?<![A-Za-z0-9])xapp-\d-[A-Za-z0-9-]{10,255}/g },
  {
    hint: 'hooks\\.slack',
    matches: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{8,200}/g,
    by: `$1${mask}`,
  },
  // https://docs.npmjs.com/cli/configuring-npm/npmrc#auth-related-configuration
  { hint: 'npm_', matches: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,100}/g },
  {
    hint: '_auth|_password',
    matches: /((?:_authToken|_auth|_password)\s{0,4}=\s{0,4}["']?)[^\s"']{6,2048}/g,
    by: `$1${mask}`,
  },
  // https://pypi.org/help/#apitoken, https://guides.rubygems.org/api-key-scopes/
  { hint: 'pypi-', matches: /(?<![A-Za-z0-9])pypi-[A-Za-z0-9_-]{16,2048}/g },
  { hint: 'rubygems_', matches: /(?<![A-Za-z0-9])rubygems_[0-9a-f]{48}/g },
  // Docker, Hugging Face, Stripe, SendGrid, HashiCorp Vault, DigitalOcean, Grafana: each documents its prefix.
  { hint: 'dckr_[po]at_', matches: /(?<![A-Za-z0-9])dckr_[po]at_[A-Za-z0-9_-]{20,100}/g },
  { hint: 'hf_', matches: /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,100}/g },
  { hint: '[sr]k_(?:live|test)_', matches: /(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}/g },
  { hint: String.raw`SG\.`, matches: /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g },
  { hint: String.raw`hv[sbr]\.`, matches: /(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{20,255}/g },
  { hint: 'do[opr]_v1_', matches: /(?<![A-Za-z0-9])do[opr]_v1_[0-9a-f]{64}/g },
  { hint: 'glsa_|glc_', matches: /(?<![A-Za-z0-9])gl(?:sa|c)_[A-Za-z0-9_=+/-]{20,255}/g },
  // https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo and the registries of a config.json
  {
    hint: 'client-key-data|-token|client-secret',
    matches:
      /((?:client-key-data|(?:id|refresh|access)-token|client-secret)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',]{8,16384}/g,
    by: `$1${mask}`,
  },
  {
    hint: 'token["\']?:',
    matches: /((?<![A-Za-z0-9_-])token["']?:\s{1,4}["']?)(?=[A-Za-z._-]{0,64}\d)[A-Za-z0-9._~+/=-]{16,8192}/g,
    by: `$1${mask}`,
  },
  { hint: '"auth"', matches: /("auth"\s{0,4}:\s{0,4}")[A-Za-z0-9+/=]{8,4096}(?=")/g, by: `$1${mask}` },
];

// Keys come last: one that was cut short takes what follows, to the end of a word.
export const redactKeysAndHashes = redactorOf([...hashPatterns, ...keyPatterns]);
export const redactPatterns = redactorOf([...tokenPatterns, ...hashPatterns, ...keyPatterns]);

function redactorOf(patterns: Pattern[]): (text: string) => string {
  const maybe = new RegExp([...new Set(patterns.map(({ hint }) => hint))].join('|'), 'i');
  return text =>
    maybe.test(text) ? patterns.reduce((rest, { matches, by = mask }) => rest.replace(matches, by), text) : text;
}
