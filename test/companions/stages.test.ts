// SPDX-License-Identifier: Apache-2.0
// The three stages of examples/stages, step by step as GitHub's runner, GitLab and a shell run them, with stand-ins for the
// scanners: clean is 0, findings are 3, and a scanner that could not look is 4, whatever its own exit code says.
import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { finish } from '../adapters/support/process.ts';
import { testShell } from '../adapters/support/shell.ts';
import { ActionUse } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { root } from '../support/cinc-scan.ts';
import { alsoLost, clean, found, lost } from './stage-samples.ts';
import { openStage, type Replays, type Stage } from './stand-ins.ts';

builtDist();
const place = mkdtempSync(join(tmpdir(), 'cst-stages-'));
const action = installAction(place);
afterAll(() => rmSync(place, { recursive: true, force: true }));

const stages = ['build', 'release', 'deploy'] as const;
type StageName = (typeof stages)[number];

const examples = join(root, 'examples/stages');
const opened = (replays: Replays) => openStage(place, replays);

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, string | boolean>;
  env?: Record<string, string>;
}

const filled: Record<string, string> = { 'github.sha': '1f1e1d1c', 'secrets.KUBECONFIG': 'apiVersion: v1\n' };
const fill = (text: string | boolean) =>
  `${text}`.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => filled[name] ?? `<${name} is unknown>`);

interface Job {
  /** How each step ended that ran, by its name. */
  codes: Record<string, number | null>;
  verdict: string | undefined;
  log: string;
}

interface EndedStep {
  code: number | null;
  log: string;
  verdict?: string | undefined;
}

const runner = (workspace: string) => ({
  RUNNER_TEMP: join(workspace, '..'),
  GITHUB_ENV: join(workspace, '..', 'github-env'),
});

/** A step with `run`, in the shell of the runner, with what steps before it left in the environment. */
async function runShell({ run = '', env = {} }: Step, { workspace, path }: Stage): Promise<EndedStep> {
  const { GITHUB_ENV, RUNNER_TEMP } = runner(workspace);
  const written = readFileSync(GITHUB_ENV, 'utf8').matchAll(/^(\w+)=(.*)$/gm);
  const all = {
    PATH: path,
    RUNNER_TEMP,
    GITHUB_ENV,
    ...Object.fromEntries([...written].map(([, name = '', value = '']) => [name, value])),
    ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])),
  };
  const { code, text } = await finish('bash', ['-eo', 'pipefail', '-c', run], { cwd: workspace, env: all });
  return { code, log: text };
}

/** The step with our action, as it is built. */
async function runAction({ uses, with: given = {} }: Step, { workspace }: Stage): Promise<EndedStep> {
  expect(uses).toMatch(/^org\/cinc-scan@/);
  const inputs = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fill(value)]));
  const ended = await new ActionUse({ folder: place, kubeconfigPath: '/nowhere' }, action, {
    inputs,
    workspace,
  }).main();
  return { code: ended.code, log: ended.log + ended.summary, verdict: ended.outputs['verdict'] };
}

/** The steps of a workflow one by one: after a failure only those that say so. */
async function runWorkflow(stage: StageName, opening: Stage): Promise<Job> {
  const text = readFileSync(join(examples, 'github', `${stage}.yml`), 'utf8');
  const { jobs } = load(text) as { jobs: Record<string, { steps: Step[] }> };
  const job: Job = { codes: {}, verdict: undefined, log: '' };
  writeFileSync(runner(opening.workspace).GITHUB_ENV, '');
  const steps = jobs[stage]?.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') !== true) ?? [];
  for (const step of steps) {
    const hasFailed = Object.values(job.codes).some(code => code !== 0);
    if (hasFailed && step.if !== '${{ !cancelled() }}') continue;
    const { code, log, verdict } = await (step.run === undefined ? runAction : runShell)(step, opening);
    job.codes[step.name ?? ''] = code;
    job.log += log;
    job.verdict = verdict ?? job.verdict;
  }
  return job;
}

const results = ({ workspace }: Stage) => readdirSync(join(workspace, 'results'));

describe.each(stages)('the %s stage as a workflow of GitHub', stage => {
  const consolidated = (job: Job) => job.codes['Consolidate'];

  test('passes with nothing found', async () => {
    const job = await runWorkflow(stage, opened(clean[stage]));
    expect({ ...job, log: job.verdict === 'pass' ? '' : job.log }).toMatchObject({ verdict: 'pass', log: '' });
    expect(new Set(Object.values(job.codes))).toEqual(new Set([0]));
  });

  test('fails with findings, as 3', async () => {
    const job = await runWorkflow(stage, opened(found[stage]));
    expect({ code: consolidated(job), verdict: job.verdict }).toEqual({ code: 3, verdict: 'fail' });
    expect(job.codes['Run the scanners']).toBe(0);
  });

  test.each(lost.filter(each => each.stage === stage))('is red with 4: $what', async ({ source, replays }) => {
    const job = await runWorkflow(stage, opened({ ...clean[stage], ...replays }));
    expect({ code: consolidated(job), verdict: job.verdict }).toEqual({ code: 4, verdict: 'error' });
    expect(job.log).toContain(`did not look: ${source}.`);
  });
});

describe('a stage in a shell', () => {
  const run = async (stage: StageName, opening: Stage) => {
    const env = { PATH: opening.path, IMAGE_TAG: '1', UPLOADS: '/srv/uploads' };
    return await finish('sh', ['ci/stage.sh', stage], { cwd: opening.workspace, env });
  };

  test.each(alsoLost)('$stage: ends with 4: $what', async ({ stage, source, replays }) => {
    const { code, text } = await run(stage, opened({ ...clean[stage], ...replays }));
    expect({ code, text: code === 4 ? '' : text }).toEqual({ code: 4, text: '' });
    expect(text).toMatch(new RegExp(`✗ ${source} .* did not look`));
  });

  test('calls each scanner so that its result can be believed, and keeps an envelope of each', async () => {
    const calls: string[] = [];
    for (const stage of stages) {
      const opening = opened(found[stage]);
      expect((await run(stage, opening)).code).toBe(3);
      calls.push(...opening.calls());
      const left = results(opening).filter(name => !/\.envelope\.json$|^cinc-scan$/.test(name));
      for (const name of left) expect(results(opening)).toContain(`${name}.envelope.json`);
    }
    expect(calls).toEqual([
      'golangci-lint run --output.json.path=results/golangci-lint.json --max-issues-per-linter=0 --max-same-issues=0',
      'fossa analyze',
      'fossa test --format json',
      'brakeman --quiet --no-pager --no-exit-on-warn -f sarif -o results/brakeman.sarif .',
      'trivy image --download-db-only',
      'trivy image --skip-db-update -f json -o results/trivy-web.json registry.example.org/shop/web:1',
      'clairctl report -o json registry.example.org/shop/web:1',
      'trivy image --skip-db-update -f json -o results/trivy-api.json registry.example.org/shop/api:1',
      'clairctl report -o json registry.example.org/shop/api:1',
      'kubectl delete job kube-bench -n kube-bench --ignore-not-found --wait',
      'kubectl apply -f ci/kube-bench-job.yml',
      'kubectl wait --for=condition=Complete --timeout=300s job/kube-bench -n kube-bench',
      'kubectl logs job/kube-bench -n kube-bench',
      'kubescape scan framework nsa -f json -o results/kubescape.json --keep-local',
      'kubesec scan deploy/web.yml -f json',
      'clamscan -r --stdout -z --alert-exceeds-max=yes /srv/uploads',
      'cinc-scan scan deployment/web -n shop --profile ./profile --report hdf --report-only -o results/cinc-scan',
    ]);
  });

  test('asks kube-bench for JSON, in a Job that ends by itself', () => {
    const { spec } = load(readFileSync(join(examples, 'ci/kube-bench-job.yml'), 'utf8')) as {
      spec: {
        backoffLimit: number;
        activeDeadlineSeconds: number;
        template: { spec: { containers: [{ command: string[] }] } };
      };
    };
    expect(spec.template.spec.containers[0].command).toContain('--json');
    expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 240 });
  });

  test('is as bad as our own scan, which could not reach a container', async () => {
    const opening = opened({ ...found.deploy, 'cinc-scan': { exit: 4 } });
    const { code, text } = await run('deploy', opening);
    expect(code).toBe(4);
    expect(text).toContain('✗ SOURCE_MISSING containers');
    const beside = opened({ ...found.deploy, 'cinc-scan': { ...found.deploy['cinc-scan'], exit: 4 } });
    expect((await run('deploy', beside)).code).toBe(4);
  });

  test('is told by a scanner that is not installed', async () => {
    const opening = opened(clean.build);
    rmSync(join(opening.path.split(':')[0] ?? '', 'golangci-lint'));
    const { code, text } = await run('build', opening);
    expect(code).toBe(4);
    expect(text).toContain('SOURCE_FAILED Cannot start golangci-lint');
  });

  testShell(
    readdirSync(join(examples, 'ci'))
      .filter(name => name.endsWith('.sh'))
      .map(name => [name, readFileSync(join(examples, 'ci', name), 'utf8')]),
  );
});

describe('the stages in GitLab', () => {
  const pipeline = async (replays: Replays) => {
    const { workspace, path } = opened(replays);
    copyFileSync(join(workspace, 'gitlab-ci.yml'), join(workspace, '.gitlab-ci.yml'));
    appendFileSync(join(workspace, '.gitignore'), '.gitlab-ci-local\n');
    const git = ['-c', 'user.email=a@example.org', '-c', 'user.name=a'];
    for (const args of [
      ['init', '-q', '.'],
      ['add', '-A'],
      [...git, 'commit', '-qm', 'x'],
    ])
      expect(await finish('git', args, { cwd: workspace })).toMatchObject({ code: 0 });
    const local = join(root, 'node_modules/.bin/gitlab-ci-local');
    const { text } = await finish(local, ['--force-shell-executor', '--shell-isolation=false'], {
      cwd: workspace,
      env: { PATH: path },
    });
    return { text, jobs: [...text.matchAll(/ (PASS|FAIL) {2}(\w+)/g)].map(([, state, name]) => `${name} ${state}`) };
  };

  test('are jobs one after the other, red where a scanner did not look', async () => {
    const replays = { ...clean.build, ...clean.release, ...clean.deploy, kubescape: { exit: 1 } };
    const { text, jobs } = await pipeline(replays);
    expect({ jobs, text: jobs.length === 3 ? '' : text }).toEqual({
      jobs: ['build PASS', 'release PASS', 'deploy FAIL'],
      text: '',
    });
    expect(text).toContain('SOURCE_MISSING cluster');
  });
});
