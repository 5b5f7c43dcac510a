// SPDX-License-Identifier: Apache-2.0
// The component is rendered, checked and run by gitlab-ci-local, which holds GitLab's own schema.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { dump, load } from 'js-yaml';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { type Adapter, type Place, testContract } from './support/contract.ts';
import { finish, readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { testRealConsolidation } from './support/real-consolidation.ts';
import { testRealServer } from './support/real-server.ts';

const templates = join(root, 'packages/adapters/gitlab/templates');
const local = join(root, 'node_modules/.bin/gitlab-ci-local');

async function repository(folder: string, files: Record<string, string>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const git = ['-c', 'user.email=a@example.org', '-c', 'user.name=a'];
  for (const args of [
    ['init', '-q', '.'],
    ['add', '-A'],
    [...git, 'commit', '-qm', 'x'],
  ])
    expect(await finish('git', args, { cwd: folder })).toMatchObject({ code: 0 });
}

async function pipeline(folder: string, inputs: Record<string, unknown>, template = 'scan.yml'): Promise<void> {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(templates, template), join(folder, template));
  await repository(folder, { '.gitlab-ci.yml': dump({ include: [{ local: template, inputs }] }) });
}

async function run({ folder, path, given, env }: Place, more: Record<string, unknown> = {}, template?: string) {
  await pipeline(folder, { image: 'unused', ...given, ...more }, template);
  const { text } = await finish(local, ['--force-shell-executor', '--shell-isolation=false'], {
    cwd: folder,
    env: { PATH: path, ...env },
  });
  // Its own exit code knows of no exit codes that are not allowed; its summary does.
  const state = / WARN {2}/.test(text)
    ? 'passed with warnings'
    : / FAIL {2}|^Invalid /m.test(text)
      ? 'failed'
      : 'passed';
  const dotenv = join(folder, 'cinc-scan.env');
  return { state, text, outputs: existsSync(dotenv) ? readLines(readFileSync(dotenv, 'utf8')) : {} };
}

const adapter: Adapter = {
  run,
  state: ({ exit }) => (exit === 0 ? 'passed' : 'failed'),
  defaults: {
    reports: 'hdf,markdown,html,junit,codequality',
    'findings-reports': 'html,markdown,junit,codequality',
    'output-dir': 'cinc-scan-results',
  },
  // A dollar sign before a name is a variable of GitLab's, here as everywhere in a pipeline.
  hostile: { profile: `./my profile/"quoted" 'single' $(touch pwned) \`touch pwned\`` },
  fillsIn: /\$\{?\w|^[^]{1025,}$/,
  // What plays GitLab here makes a shell script of the paths of artifacts; its runner does not.
  unplayed: ['output-dir'],
};

testContract('GitLab', adapter);
testRealScan('gitlab', adapter);
testRealConsolidation('gitlab', adapter);
testRealServer('gitlab', {
  adapter: { ...adapter, run: place => run(place, {}, 'scan-server.yml') },
  environment: async token => ({ CINC_SCAN_ID_TOKEN: await token() }),
});
testHostileValues('gitlab', adapter);

testContract('GitLab, below the threshold allowed', {
  ...adapter,
  endings: ['below the threshold', 'engine failure'],
  run: place => run(place, { 'allowed-exit-code': 3 }),
  state: ({ exit }) => (exit === 0 ? 'passed' : exit === 3 ? 'passed with warnings' : 'failed'),
});

describe('the templates', () => {
  const preview = async (inputs: Record<string, unknown>, template?: string) => {
    using folder = temporaryFolder();
    await pipeline(folder.path, inputs, template);
    return await finish(local, ['--preview'], { cwd: folder.path });
  };

  test.each([
    ['scan.yml', { image: 'x' }],
    ['scan-oidc.yml', { image: 'x', audience: 'https://cluster.example.org' }],
    ['scan-server.yml', { image: 'x', server: 'https://scans.example', 'server-audience': 'scans' }],
    ['scan-service.yml', { image: 'x', 'service-image': 'registry.example.org/app:1' }],
  ])('%s renders with what it requires', async (template, inputs) => {
    const { code, text } = await preview(inputs, template);
    expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' });
    expect(text).toContain('cinc-scan "$work" || code=$?');
  });

  test('an input that is required is required', async () => {
    expect(await preview({})).toMatchObject({ code: 1, text: expect.stringContaining('image') });
  });

  test('a value outside of its options is refused', async () => {
    expect(await preview({ image: 'x', 'fail-on': 'hihg' })).toMatchObject({ code: 1 });
  });

  test('the ID token becomes the token of the scan', async () => {
    const { text } = await preview({ image: 'x', audience: 'aud-1' }, 'scan-oidc.yml');
    expect(text).toMatch(/id_tokens:\n +CINC_SCAN_TOKEN:\n +aud: .*aud-1/);
  });

  test('the ID token for the service is that of its audience', async () => {
    const { text } = await preview(
      { image: 'x', server: 'https://scans.example', 'server-audience': 'aud-2' },
      'scan-server.yml',
    );
    expect(text).toMatch(/id_tokens:\n +CINC_SCAN_ID_TOKEN:\n +aud: .*aud-2/);
    expect(await preview({ image: 'x', server: 'https://scans.example' }, 'scan-server.yml')).toMatchObject({
      code: 1,
    });
  });

  test('the service is the container that is scanned', async () => {
    const { text } = await preview({ image: 'x', 'service-image': 'app:1' }, 'scan-service.yml');
    expect(text).toMatch(/CINC_SCAN_CONTAINER: svc-0/);
    expect(text).toMatch(/CINC_SCAN_TARGETS=\$\(hostname\)/);
  });
});

describe('the file to include', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  const schema = JSON.parse(readFileSync(join(root, 'test/fixtures/schemas/gitlab-ci.schema.json'), 'utf8')) as object;
  const validate = ajv.compile(schema);
  const text = readFileSync(join(root, 'packages/adapters/gitlab/cinc-scan.yml'), 'utf8');
  // The schema looks at no hidden job.
  const visible = text.replace(/^\.cinc-scan/m, 'audit');

  test('fits GitLab’s schema', () => {
    validate(load(visible));
    expect(validate.errors).toBeNull();
  });

  test.each([
    ['allow_failures', visible.replace('artifacts:', 'allow_failures: true\n  artifacts:')],
    ['when', visible.replace('when: always', 'when: sometimes')],
    ['junitt', visible.replace('junit:', 'junitt:')],
  ])('does not with %s, which the same schema refuses', (_name, broken) => {
    expect(broken).not.toBe(visible);
    expect(validate(load(broken))).toBe(false);
  });

  testContract('GitLab, included', {
    ...adapter,
    endings: ['pass', 'below the threshold', 'unreachable', 'report missing'],
    async run({ folder, path, given, env }) {
      const variables = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`CINC_SCAN_${name.replaceAll('-', '_').toUpperCase()}`, value]),
      );
      await repository(folder, {
        'cinc-scan.yml': text,
        '.gitlab-ci.yml': dump({
          include: [{ local: 'cinc-scan.yml' }],
          audit: { extends: '.cinc-scan', variables },
        }),
      });
      const { code, text: log } = await finish(local, ['--force-shell-executor', '--shell-isolation=false'], {
        cwd: folder,
        env: { PATH: path, ...env },
      });
      const dotenv = readFileSync(join(folder, 'cinc-scan.env'), 'utf8');
      return { state: code === 0 ? 'passed' : 'failed', text: log, outputs: readLines(dotenv) };
    },
  });
});
