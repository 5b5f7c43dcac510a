// SPDX-License-Identifier: Apache-2.0
// What we start gets no secret that was not meant for it: each start is listed here with what it is given.
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { platformVariables, withoutOwnSecrets, withoutSecrets } from '../../packages/core/src/request/index.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const shipped = globSync(['packages/{core,cli,service,sidecar,companions,adapters}/src/**/*.ts', 'src/**/*.ts'], {
  cwd: root,
}).filter(path => !/\.test\.ts$|\/testing\//.test(path));

/** Files that start programs, and the environment that each start is given. */
const known: Record<string, string[]> = {
  // The command, on an agent of Azure DevOps: it gets the inputs of the task, for which it is there, and few others.
  'packages/adapters/src/azure/cinc-scan-task.ts': ['env,'],
  // Of a scanner that the user names: `withoutOwnSecrets`. It has secrets of its own there.
  'packages/cli/src/consolidate/run-scanner.ts': ['env: withoutOwnSecrets(terminal.environment)'],
  // As install.ts and package-install.ts say.
  'packages/core/src/engine/child.ts': ['env, ...(cwd'],
  'packages/core/src/engine/engine.ts': [
    "env: { PATH: options.path, HOME: options.home, LANG: 'C.UTF-8', ...roomToGrow, ...env }",
  ],
  'packages/core/src/engine/find-ruby.ts': ['env: { PATH: path }'],
  'packages/core/src/engine/install.ts': [
    // Of Bundler: `withoutSecrets`, which its callers pass.
    'env: { ...settings.installEnvironment, ...bundlerEnv(settings, fresh), PATH: settings.path }',
    '{ env, signal }',
  ],
  'packages/core/src/engine/probe-jail.ts': ["env: { PATH: path, HOME: home, LANG: 'C.UTF-8' }"],
  'packages/core/src/engine/package-install.ts': ['env: { PATH: path }'],
  // Of a plugin: `withoutOwnSecrets`. It has secrets of its own there, such as those of a cloud.
  'packages/core/src/kubeconfig/plugin-process.ts': ['env: environment'],
  'packages/core/src/lens/in-pod.ts': ['env: {}'],
  // Neither the address of the database nor keys of the service.
  'packages/service/src/executors/process-executor.ts': [
    // Of its own cluster: `KUBERNETES_SERVICE_HOST` and `_PORT`.
    "env: { PATH: path, HOME: tmpdir(), TMPDIR: tmpdir(), LANG: 'C.UTF-8', CINC_SCAN_CACHE: cache, ...ownCluster(process.env), }",
  ],
  'packages/service/src/store/data-folder.ts': ["env: { PATH: '/usr/local/bin:/usr/bin:/bin' }"],
  'packages/core/src/profile/git.ts': [
    "env: { PATH: path, HOME: scratch, LANG: 'C', ...environmentOf(source, fetching) }",
  ],
};

const starts =
  /(?<![.\w])(?:spawn|spawnSync|exec|execSync|execFile|execFileSync|fork|runChild)\(|promisify\(execFile\)/;
const calls = /(?<![.\w]|function )(?:spawn|execFile|runChild)\(|await run\((?:'ruby'|command)/g;

describe('a program that is started', () => {
  test('is started in a file that is listed, and no other', () => {
    expect(shipped.filter(path => starts.test(read(path))).toSorted()).toEqual(Object.keys(known).toSorted());
    expect(shipped.filter(path => /node:cluster|worker_threads/.test(read(path)))).toEqual([]);
  });

  test.each(Object.entries(known))('has an environment of its own in %s', (path, given) => {
    const text = read(path).replaceAll(/\s+/g, ' ');
    for (const each of given) expect(text).toContain(each);
    expect(text.match(calls)?.length).toBe(given.length);
  });
});

describe('tokens of CI systems', () => {
  const pages = globSync(['README.md', 'docs/*.md', 'action.yml', 'examples/ci/**/*', 'packages/adapters/*/**/*'], {
    cwd: root,
    exclude: path => /(?:\/src\/|\/dist\/|node_modules)/.test(path),
  }).filter(path => /\.\w+$/.test(path) && !path.endsWith('.ts'));
  const named = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:TOKEN|JWT|SECRET|PASSWORD|ACCESSTOKEN)(?:_V\d)?\b/g;
  const recommended = new Set(pages.flatMap(path => read(path).match(named) ?? []));
  // A store's, which plugins of kubeconfigs and scanners of clouds need too.
  const ofClouds = /^(?:AWS|AZURE|GOOGLE)_/;
  const ofTheirs = [...recommended].filter(name => !name.startsWith('CINC_') && !ofClouds.test(name));

  test('that a page of ours names are among those that are hidden', () => {
    expect(ofTheirs).toContain('CIRCLE_OIDC_TOKEN_V2');
    expect(ofTheirs.filter(name => !platformVariables.includes(name))).toEqual([]);
  });

  test('and our own secrets reach no child', () => {
    const all = [...platformVariables, ...ofTheirs, 'CINC_SCAN_TOKEN', 'INPUT_KUBECONFIG', 'STATE_objects'];
    const secrets: [string, string][] = all.map(name => [name, 'secret']);
    const environment: Record<string, string> = { ...Object.fromEntries(secrets), PATH: '/bin' };
    expect(withoutOwnSecrets(environment)).toEqual({ PATH: '/bin' });
    expect(withoutSecrets(environment)).toEqual({ PATH: '/bin' });
  });

  test('are listed in one place, as commands of logs are', () => {
    const places = (pattern: RegExp) => shipped.filter(path => pattern.test(read(path)));
    expect(places(/'CI_JOB_TOKEN'/)).toEqual(['packages/core/src/request/secret-variables.ts']);
    expect(places(/'##vso\[|'section_start:/)).toEqual(['packages/core/src/report/log-commands.ts']);
  });
});
