// SPDX-License-Identifier: Apache-2.0
// `cinc-scan init`, and the starters that it writes: each fits the adapter that it calls.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { root } from '../support/cinc-scan.ts';
import { commandHere, temporaryFolder } from '../support/command.ts';
import { finish } from './support/process.ts';

interface Starter {
  files: string[];
  next: string[];
}
const folder = join(root, 'examples/ci');
const starters = JSON.parse(readFileSync(join(folder, 'starters.json'), 'utf8')) as Record<string, Starter>;
const names = Object.keys(starters);
const text = (platform: string, path: string) => readFileSync(join(folder, platform, path), 'utf8');
const filesIn = (place: string) =>
  readdirSync(place, { recursive: true, encoding: 'utf8' }).filter(path => statSync(join(place, path)).isFile());

describe('cinc-scan init', () => {
  test('lists every platform', async () => {
    const { code, stdout } = await commandHere(['init', '--list']);
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => line.split(' ')[0]),
    ).toEqual(names);
    expect(names).toEqual(
      expect.arrayContaining(['github', 'gitlab', 'jenkins', 'circleci', 'azure', 'codebuild', 'bamboo', 'teamcity']),
    );
  });

  test.each(names)('%s writes its files, says what is next, and overwrites nothing', async platform => {
    using place = temporaryFolder();
    const { files = [], next = [] } = starters[platform] ?? {};
    const first = await commandHere(['init', platform], { cwd: place.path });
    expect(first.code).toBe(0);
    expect(filesIn(place.path).toSorted((a, b) => a.localeCompare(b))).toEqual(
      [...files].toSorted((a, b) => a.localeCompare(b)),
    );
    for (const path of files) expect(readFileSync(join(place.path, path), 'utf8')).toBe(text(platform, path));
    for (const step of next) expect(first.stdout).toContain(step);

    const [mine = ''] = files;
    writeFileSync(join(place.path, mine), 'mine');
    const second = await commandHere(['init', platform], { cwd: place.path });
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing was written') });
    expect(readFileSync(join(place.path, mine), 'utf8')).toBe('mine');
    expect((await commandHere(['init', platform, '--force'], { cwd: place.path })).code).toBe(0);
    expect(readFileSync(join(place.path, mine), 'utf8')).toBe(text(platform, mine));
  });

  test('writes none of several files where one is there', async () => {
    using place = temporaryFolder();
    writeFileSync(join(place.path, '.gitlab-ci.yml'), 'mine');
    expect((await commandHere(['init', 'gitlab'], { cwd: place.path })).code).toBe(2);
    expect(filesIn(place.path)).toEqual(['.gitlab-ci.yml']);
  });

  test('prints, and writes nothing', async () => {
    using place = temporaryFolder();
    const { code, stdout } = await commandHere(['init', 'jenkins', '--print'], { cwd: place.path });
    expect(code).toBe(0);
    expect(stdout).toContain('cincScan(');
    expect(filesIn(place.path)).toEqual([]);
  });

  test.each([[['init']], [['init', 'travis']]])('refuses %j and names the platforms', async args => {
    const { code, stderr } = await commandHere(args);
    expect(code).toBe(2);
    expect(stderr).toContain('gitlab, jenkins');
  });
});

test('every platform is scanned from by a test of the adapter as shipped', () => {
  const tests = ['test/adapters', 'test/action'].flatMap(place =>
    readdirSync(join(root, place)).flatMap(name =>
      name.endsWith('.test.ts') ? [readFileSync(join(root, place, name), 'utf8')] : [],
    ),
  );
  const scanned = tests.flatMap(each => [...each.matchAll(/testRealScan\('(\w+)'/g)].map(([, name = '']) => name));
  // The Action's own tests run it as the runner does.
  if (tests.some(each => each.includes('new ActionUse('))) scanned.push('github');
  expect(names.filter(name => !scanned.includes(name))).toEqual([]);
});

describe('the starter of', () => {
  const adapter = (path: string) => load(readFileSync(join(root, 'packages/adapters', path), 'utf8')) as never;

  test('CircleCI gives the job parameters that it has', () => {
    const { jobs } = adapter('circleci/orb.yml') as { jobs: { scan: { parameters: object } } };
    const config = load(text('circleci', '.circleci/config.yml')) as {
      workflows: { audit: { jobs: [Record<string, object>] } };
    };
    const given = Object.keys(config.workflows.audit.jobs[0]['cinc-scan/scan'] ?? {});
    const known = [...Object.keys(jobs.scan.parameters), 'context'];
    expect(given.filter(name => !known.includes(name))).toEqual([]);
    expect(given).toContain('image');
  });

  test('Azure Pipelines gives the task inputs that it has', () => {
    const { inputs } = adapter('azure/CincScanV1/task.json') as { inputs: { name: string }[] };
    const { steps } = load(text('azure', 'azure-pipelines.yml')) as { steps: { inputs?: object }[] };
    const given = steps.flatMap(step => Object.keys(step.inputs ?? {}));
    expect(given.filter(name => !inputs.some(input => input.name === name))).toEqual([]);
    expect(given).toContain('kubernetesServiceConnection');
  });

  test('Jenkins gives the step options that it has', () => {
    const step = readFileSync(join(root, 'packages/adapters/jenkins/vars/cincScan.groovy'), 'utf8');
    const given = [...text('jenkins', 'Jenkinsfile').matchAll(/^ {10}(\w+): /gm)].map(([, name = '']) => name);
    expect(given.length).toBeGreaterThan(3);
    for (const name of given) expect(step).toMatch(new RegExp(`^  ${name}: '|'${name}'`, 'm'));
  });

  test.each([
    ['tekton', 'tekton/cinc-scan-run.yml', 'tekton/task.yml'],
    ['argo', 'argo/cinc-scan-workflow.yml', 'argo/workflow-template.yml'],
  ])('%s gives parameters that there are', (platform, path, of) => {
    const named = (found: unknown): string[] =>
      [...JSON.stringify(found).matchAll(/"name":"([a-z-]+)"/g)].map(([, name = '']) => name);
    const { spec } = load(text(platform, path)) as { spec: { params?: unknown; arguments?: unknown } };
    const known = named(adapter(of));
    const given = named(spec.params ?? spec.arguments);
    expect(given.filter(name => !known.includes(name))).toEqual([]);
    expect(given).toContain('targets');
  });

  test('GitLab is a pipeline that gitlab-ci-local takes', async () => {
    using place = temporaryFolder();
    await commandHere(['init', 'gitlab'], { cwd: place.path });
    const git = ['-c', 'user.email=a@example.org', '-c', 'user.name=a'];
    for (const args of [
      ['init', '-q', '.'],
      ['add', '-A'],
      [...git, 'commit', '-qm', 'x'],
    ])
      await finish('git', args, { cwd: place.path });
    const preview = await finish(join(root, 'node_modules/.bin/gitlab-ci-local'), ['--preview'], { cwd: place.path });
    expect(preview.code).toBe(0);
    expect(preview.text).toContain('CINC_SCAN_TARGETS: deployment/web');
    expect(existsSync(join(place.path, '.gitlab/cinc-scan.yml'))).toBe(true);
  });
});
