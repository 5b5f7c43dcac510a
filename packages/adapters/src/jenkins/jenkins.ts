// SPDX-License-Identifier: Apache-2.0
// A shared library: https://www.jenkins.io/doc/book/pipeline/shared-libraries/
import { readFileSync } from 'node:fs';
import { camelCase, consolidationFolder, longestRunId } from '@cinc-scan/core';
import { adapterInputs, outputFolder } from '../ci/adapter-inputs.ts';
import { installedPath, installScript, scanScript, sweepScript, tellOutputs } from '../ci/script.ts';
import type { GeneratedFile } from '../docs.ts';

const jenkinsInputs = adapterInputs({
  reports: 'hdf,markdown,html,junit,sarif',
  'findings-reports': 'html,markdown,junit,sarif',
  'output-dir': outputFolder,
});

/** Options of the step that are the step's own. */
export const jenkinsOptions: Record<string, string> = {
  kubeconfigCredentialsId: 'Credentials (secret file) with the kubeconfig',
  tokenCredentialsId: 'Credentials (secret text) with a bearer token',
  heimdallApiKeyCredentialsId: 'Credentials (secret text) with the API key of the Heimdall server',
  webhookSecretCredentialsId: 'Credentials (secret text) that signs what is sent to webhooks',
  serverTokenCredentialsId: 'Credentials (secret text) with the key for the scan service',
  idTokenCredentialsId: 'Credentials (OpenID Connect id token) with which the scan service is asked, in place of a key',
  failBuild: 'true: results below the threshold fail the build instead of making it unstable',
  parallel: 'true: one branch for each target',
};

// Neither `'''` nor a backslash may be in the text: a single-quoted Groovy string takes it as it is then.
function groovyText(text: string): string {
  if (/'''|\\/.test(text)) throw new Error(`cannot stand in a Groovy string: ${text}`);
  return `'''${text}'''`;
}

const word = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const mapOf = (entries: [string, string][]) =>
  `[\n${entries.map(([key, value]) => `  ${key}: ${value},`).join('\n')}\n]`;

/** The template with a Groovy literal for each `@name@`. */
function fill(parts: Record<string, string>): string {
  const template = readFileSync(new URL('cinc-scan.template.groovy', import.meta.url), 'utf8');
  return template.replaceAll(/@([a-zA-Z]+)@/g, (mark, name: string) => parts[name] ?? mark);
}

/** The step, its help, and nothing else: nothing is to be loaded at run time. */
export function renderJenkins(): GeneratedFile[] {
  const folder = 'packages/adapters/jenkins';
  const step = fill({
    variables: mapOf(jenkinsInputs.map(({ name, variable }) => [camelCase(name), word(variable)])),
    defaults: mapOf(
      jenkinsInputs.filter(input => input.default !== '').map(input => [camelCase(input.name), word(input.default)]),
    ),
    options: `[${Object.keys(jenkinsOptions).map(word).join(', ')}]`,
    longestRunId: String(longestRunId),
    findingsFolder: word(consolidationFolder({ flags: {}, environment: {} })),
    // Jenkins starts its shells with -x, which shows the values.
    install: groovyText(`set +x\n${installScript}`),
    // Branches share a workspace: where each writes comes by environment.
    scan: groovyText(`${installedPath}${scanScript(tellOutputs('env', '"$CINC_OUTPUTS"'))}exit "$code"\n`),
    sweep: groovyText(sweepScript),
  });
  return [
    { path: `${folder}/vars/cincScan.groovy`, text: step },
    { path: `${folder}/vars/cincScan.txt`, text: helpText() },
  ];
}

/** Shown by Jenkins under "Global Variables Reference"; HTML. */
function helpText(): string {
  const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const item = (name: string, text: string) => `  <dt><code>${name}</code></dt><dd>${escape(text)}.</dd>`;
  return `<p>Runs CINC Auditor profiles inside running containers and judges the result. Below the threshold the build is
unstable; what prevented looking fails it. Returns a map: <code>verdict</code>, <code>reason</code>,
<code>exitCode</code>, <code>compliance</code>.</p>
<dl>
${[
  ...jenkinsInputs.map(({ name, description }) => item(camelCase(name), description)),
  ...Object.entries(jenkinsOptions).map(([name, description]) => item(name, description)),
].join('\n')}
</dl>
`;
}
