// SPDX-License-Identifier: Apache-2.0
import type { GeneratedFile } from '../docs.ts';
import { code, page, prose, table } from '../markdown.ts';
import { starters } from '../starters/starters.ts';
import { adapterInputs, omitted } from './adapter-inputs.ts';
import { type PlatformPage, platformPages } from './platforms.ts';

const source = `Source: ${code('packages/adapters/src')}.`;
// Starters longer than this are linked.
const longest = 60;

/** A README for each adapter, and the page that lists them. */
export function renderReadmes(files: GeneratedFile[]): GeneratedFile[] {
  return [
    ...platformPages.map(platform => ({
      path: `packages/adapters/${platform.folder}/README.md`,
      text: readme(platform, files),
    })),
    { path: 'docs/ci-systems.md', text: overview() },
  ];
}

function readme(platform: PlatformPage, files: GeneratedFile[]): string {
  return page([
    `# cinc-scan in ${platform.title}`,
    source,
    prose(platform.about),
    '## Start',
    ...platform.starters.flatMap(name => starterBlocks(name, files)),
    '## What the platform shows',
    statesTable([platform]),
    `Outputs: ${prose(platform.outputs)}`,
    '## Secrets',
    prose(platform.secrets),
    'The others have variables of their own: `CINC_SCAN_HEIMDALL_API_KEY`, `CINC_SCAN_WEBHOOK_SECRET`.',
    ...(platform.options === undefined ? [] : ['## Options', optionsTable(platform.options)]),
    '## Inputs',
    'An empty value counts as not set, and does not override `cinc-scan.yml`. [All about inputs](../../../docs/inputs.md).',
    `With ${code(platform.spell('sources'))} the same job runs \`cinc-scan consolidate\` on [other scanners’ results](../../../docs/companions.md#in-ci-systems) in place of a scan. One job is one of the two: what asks for a scan beside it is refused by its name.`,
    table(
      ['Input', 'Meaning'],
      adapterInputs({}).map(({ name, description }) => [code(platform.spell(name)), prose(`${description}.`)]),
    ),
    'Left out:',
    Object.entries(omitted)
      .map(([name, why]) => `- ${code(name)}: ${why}`)
      .join('\n'),
    '## How it was tested',
    prose(platform.tested),
  ]);
}

const optionsTable = (options: Record<string, string>) =>
  table(
    ['Option', 'Meaning'],
    Object.entries(options).map(([name, meaning]) => [code(name), `${prose(meaning)}.`]),
  );

function starterBlocks(name: string, files: GeneratedFile[]): string[] {
  const starter = starters[name];
  if (starter === undefined) throw new Error(`no starter ${name}`);
  const shown = Object.keys(starter.files).flatMap(path => {
    const found = files.find(file => file.path === `examples/ci/${name}/${path}`);
    const link = `[${path}](../../../examples/ci/${name}/${path})`;
    if (found === undefined || found.text.split('\n').length > longest) return [`${link} as it is.`];
    return [`${link}:`, `\`\`\`${languageOf(path)}\n${found.text.trimEnd()}\n\`\`\``];
  });
  const steps = starter.next.map((step, index) => `${index + 1}. ${prose(step)}`).join('\n');
  return [`${code(`cinc-scan init ${name}`)} writes:`, ...shown, 'Then:', steps];
}

const languages: Record<string, string> = { yml: 'yaml', json: 'json', sh: 'sh', py: 'python', Jenkinsfile: 'groovy' };
const languageOf = (path: string) => languages[path.split(/[./]/).at(-1) ?? ''] ?? 'text';

const statesTable = (platforms: PlatformPage[]) =>
  table(
    ['Platform', 'Gate met (0)', 'Below the threshold (3)', 'Could not look, or was called wrongly (2, 4, 5, others)'],
    platforms.map(({ title, states }) => [title, ...states]),
  );

const overview = () =>
  page([
    '# CI systems',
    source,
    'Adapters are thin and generated: each takes the inputs in its platform’s own way, runs `cinc-scan scan`, or with ' +
      '`sources` [`cinc-scan consolidate`](companions.md#in-ci-systems), and hands the outputs on with `cinc-scan outputs`, which exits as the scan did. Outputs that are missing, or of another run, ' +
      'are an error (5). For GitHub there is [an action](github-action.md).',
    '`cinc-scan init --list` names the starters, `cinc-scan init gitlab` writes one. `cinc-scan migrate FILE` translates ' +
      'a workflow, a pipeline, a script or a threshold made for mitre/kube-secure-scanner.',
    table(
      ['Platform', 'Adapter', 'How it was tested'],
      platformPages.map(({ title, folder, tested }) => [
        title,
        `[${folder}](../packages/adapters/${folder}/README.md)`,
        prose(tested),
      ]),
    ),
    '## What they show',
    statesTable(platformPages),
    '## What they install',
    'With `version`, or `package` (path or URL of a tarball), the command is installed by npm into `.cinc-scan` of the ' +
      'working folder; `integrity` (`sha512-…`) holds the tarball to a digest that you know. Without them it has to be ' +
      'on the PATH, as in the [image](../packages/adapters/container/README.md). A machine that installs needs Node.js ' +
      '22.19 or later with npm, and CINC Auditor or Ruby 3.1 with Bundler.',
  ]);
