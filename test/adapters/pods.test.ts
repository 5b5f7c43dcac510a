// SPDX-License-Identifier: Apache-2.0
// Scans as pods: containers' scripts run by sh with the variables of their manifests. No Spinnaker, Tekton or Argo was
// asked; the manifests are held against schemas of our own.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { type Adapter, type Place, testContract } from './support/contract.ts';
import type { Given } from './support/endings.ts';
import { finish, readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { makeRecorder, requestOf } from './support/recorder.ts';
import { type Mistakes, schemaProblems, testValid } from './support/schemas.ts';
import { testShell } from './support/shell.ts';

interface Variable {
  name: string;
  value?: string;
}
interface Container {
  name: string;
  command?: string[];
  args?: string[];
  script?: string;
  env: Variable[];
}

const folder = 'packages/adapters';
const read = (path: string): unknown => load(readFileSync(join(root, folder, path), 'utf8'));
const variable = (name: string) => `CINC_SCAN_${name.replaceAll('-', '_').toUpperCase()}`;
const uid = '5b3f6a0e-4b8a-4a53-8a0c-0f6a6c0f5d11';

/** Given values in the places of variables, the pod's uid where it comes by reference. */
const filled = (env: Variable[], given: Given) =>
  Object.fromEntries([
    ...env.map(({ name, value }) => [name, value ?? uid]),
    ...Object.entries(given).map(([name, value]) => [variable(name), value]),
  ]) as Record<string, string>;

async function runContainer({ command, args = [], env }: Container, place: Place, more: Record<string, string> = {}) {
  mkdirSync(place.folder, { recursive: true });
  const [program = 'cinc-scan', ...rest] = [...(command ?? ['cinc-scan']), ...args];
  const all = { PATH: place.path, ...place.env, ...filled(env, place.given), ...more };
  // As the image finds it: on its PATH.
  return finish('/usr/bin/env', ['sh', '-c', 'exec "$@"', 'sh', program, ...rest], { cwd: place.folder, env: all });
}

interface Job {
  spec: { template: { spec: { containers: [Container] } } };
}

const defaultsOf = (reports: string): Given => ({
  reports,
  'findings-reports': 'html,markdown,junit',
  'output-dir': 'cinc-scan-results',
});
const jobMistakes: Mistakes = [
  ['another try', /"?backoffLimit"?: 0/, 'backoffLimit: 6'],
  ['another restart policy', /Never/, 'Always'],
  ['no account', /serviceAccountName/, 'serviceAcountName'],
];

describe('Kubernetes', () => {
  const [container] = (read('kubernetes/job.yml') as Job).spec.template.spec.containers;

  const adapter: Adapter = {
    async run(place) {
      const { code, text } = await runContainer(container, place);
      const path = join(place.folder, place.given['output-dir'] ?? 'cinc-scan-results', 'outputs.json');
      const found = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>) : {};
      const outputs = [0, 3].includes(code ?? 1) ? found : { verdict: 'error' };
      return { state: code === 0 ? 'Complete' : `Failed ${code}`, text, outputs };
    },
    // Nothing stands between the container and the job: its code is the scan's.
    endings: ['pass', 'below the threshold', 'unreachable', 'engine failure', 'usage error', 'no targets', 'cancelled'],
    state: ({ code }) => (code === 0 ? 'Complete' : `Failed ${code}`),
    defaults: { namespace: 'shop', reports: 'console:-' },
    sweeps: false,
    consolidates: false,
  };
  testContract('Kubernetes Job', adapter);
  testRealScan('kubernetes', adapter);
  testHostileValues('kubernetes', adapter);

  testValid(`${folder}/kubernetes/job.yml`, schemaProblems('kubernetes-job'), jobMistakes);
  test('the job of a consolidation consolidates, and only the first one takes a state that is missing', async () => {
    const [first] = (read('kubernetes/consolidate-job.yml') as Job).spec.template.spec.containers;
    const later = (read('kubernetes/consolidate-cronjob.yml') as { spec: { jobTemplate: Job } }).spec.jobTemplate;
    const asked: Given[] = [];
    for (const consolidation of [first, later.spec.template.spec.containers[0]]) {
      using place = temporaryFolder();
      const { path, calls } = makeRecorder(place.path, 'pass');
      const given = { 'output-dir': join(place.path, 'found') };
      await runContainer(consolidation, { folder: join(place.path, 'work'), path, given, env: {} });
      expect(calls().map(({ args }) => args)).toEqual([['consolidate']]);
      asked.push(requestOf(calls()));
    }
    expect(asked.map(given => given['state-missing'])).toEqual(['seed', undefined]);
    expect(asked.map(({ sources }) => sources)).toEqual(Array(2).fill('/results/cinc-scan.sources.yml'));
  });

  testValid(`${folder}/kubernetes/consolidate-job.yml`, schemaProblems('kubernetes-job'), jobMistakes);
  testValid(`${folder}/kubernetes/consolidate-cronjob.yml`, schemaProblems('kubernetes-job'), jobMistakes);
  testValid(`${folder}/kubernetes/cronjob.yml`, schemaProblems('kubernetes-job'), [
    ...jobMistakes,
    ['scans side by side', 'Forbid', 'Allow'],
  ]);
});

describe('Spinnaker', () => {
  interface Stage {
    propertyFile: string;
    manifest: Job;
  }
  const stage = read('spinnaker/stage.json') as Stage;
  const [container] = stage.manifest.spec.template.spec.containers;

  const adapter: Adapter = {
    async run(place) {
      const { code, text } = await runContainer(container, place);
      const outputs = readLines(text, /SPINNAKER_PROPERTY_(\w+)=([^=\n]*)$/gm);
      return { state: code === 0 ? 'SUCCEEDED' : 'TERMINAL', text, outputs };
    },
    state: ({ exit }) => (exit === 0 ? 'SUCCEEDED' : 'TERMINAL'),
    defaults: { ...defaultsOf('hdf,markdown'), 'report-only': 'true' },
  };
  testContract('Spinnaker', adapter);
  testRealScan('spinnaker', adapter);
  testHostileValues('spinnaker', adapter);

  testValid(`${folder}/spinnaker/stage.json`, schemaProblems('spinnaker-stage'), [
    ['a type that is none', 'runJobManifest', 'runJob'],
    ['properties under another name', '"propertyFile":', '"propertyfile":'],
    ...jobMistakes.map(([name, find, text]): Mistakes[number] => [
      name,
      find,
      text === 'backoffLimit: 6' ? '"backoffLimit": 6' : text,
    ]),
  ]);
  testValid(`${folder}/spinnaker/orca-local.yml`, schemaProblems('spinnaker-preconfigured'), [
    ['a parameter without its place', 'mapping:', 'maping:'],
    ...jobMistakes,
  ]);

  test('reads properties from the container that prints them', () => {
    expect(stage.propertyFile).toBe(container.name);
  });

  test('has a place in the manifest for each parameter of the preconfigured job', () => {
    interface Preconfigured {
      parameters: { mapping: string; label: string }[];
      manifest: Job;
    }
    const { job } = read('spinnaker/orca-local.yml') as { job: { preconfigured: { kubernetes: [Preconfigured] } } };
    const [{ parameters, manifest }] = job.preconfigured.kubernetes;
    const { env } = manifest.spec.template.spec.containers[0];
    for (const { mapping, label } of parameters) {
      const index = /^manifest\.spec\.template\.spec\.containers\[0\]\.env\[(\d+)\]\.value$/.exec(mapping)?.[1];
      expect(env[Number(index)]?.name).toBe(variable(label));
    }
  });

  testShell([['the job', container.command?.[2] ?? '']]);
});

describe('Tekton', () => {
  interface Task {
    spec: { params: { name: string; default?: string }[]; results: { name: string }[]; steps: Container[] };
  }
  const { params, results, steps } = (read('tekton/task.yml') as Task).spec;

  const adapter: Adapter = {
    async run(place) {
      const told = join(place.folder, '..', 'results');
      const exitCode = join(place.folder, '..', 'exit-code');
      mkdirSync(told);
      const values: Record<string, string> = {
        ...Object.fromEntries(params.map(({ name, default: value }) => [`params.${name}`, value ?? ''])),
        ...Object.fromEntries(Object.entries(place.given).map(([name, value]) => [`params.${name}`, value ?? ''])),
        'context.taskRun.uid': uid,
        'results.verdict.path': join(told, 'verdict'),
        'steps.step-scan.exitCode.path': exitCode,
      };
      const fill = (text: string) => text.replaceAll(/\$\(([\w.-]+)\)/g, (all, name: string) => values[name] ?? all);
      let [code, text] = [0, ''] as [number | null, string];
      for (const { script = '', env } of steps) {
        const filledEnv = env.map(({ name, value = '' }) => ({ name, value: fill(value) }));
        const ran = await runContainer(
          { name: '', command: ['sh', '-c', script], env: filledEnv },
          { ...place, given: {} },
        );
        text += ran.text;
        code = ran.code;
        if (!existsSync(exitCode)) writeFileSync(exitCode, String(code));
      }
      const outputs = Object.fromEntries(
        readdirSync(told)
          .filter(name => results.some(result => result.name === name))
          .map(name => [name, readFileSync(join(told, name), 'utf8')]),
      );
      return { state: code === 0 ? 'Succeeded' : 'Failed', text, outputs };
    },
    state: ({ exit }) => (exit === 0 ? 'Succeeded' : 'Failed'),
    defaults: defaultsOf('hdf,markdown,junit'),
  };
  testContract('Tekton', adapter);
  testRealScan('tekton', adapter);
  testHostileValues('tekton', adapter);

  testValid(`${folder}/tekton/task.yml`, schemaProblems('tekton-task'), [
    ['a version that is none', 'tekton.dev/v1', 'tekton.dev/v2'],
    ['an end that is none', 'onError: continue', 'onError: ignore'],
    ['parameters under another name', 'params:', 'parameters:'],
    ['a script without its program', '#!/bin/sh', ''],
  ]);

  testShell(steps.map(({ name, script = '' }) => [name, script]));

  test('pastes no parameter into a script', () => {
    for (const { script } of steps) expect(script).not.toMatch(/\$\(params/);
  });
});

describe('Argo', () => {
  interface Template {
    spec: {
      arguments: { parameters: { name: string; value?: string }[] };
      templates: {
        name: string;
        container: Container;
        outputs?: { parameters: { name: string; valueFrom: { path: string; default: string } }[] };
      }[];
    };
  }
  const { arguments: given, templates } = (read('argo/workflow-template.yml') as Template).spec;
  const [scan, sweep] = templates;

  const adapter: Adapter = {
    async run(place) {
      const values: Record<string, string> = {
        ...Object.fromEntries(given.parameters.map(({ name, value }) => [name, value ?? ''])),
        ...(place.given as Record<string, string>),
      };
      const fill = (text: string) =>
        text
          .replaceAll('{{workflow.uid}}', uid)
          .replaceAll(/\{\{workflow\.parameters\.([\w-]+)\}\}/g, (all, name: string) => values[name] ?? all);
      const start = (container: Container) =>
        runContainer(
          { ...container, env: container.env.map(({ name, value = '' }) => ({ name, value: fill(value) })) },
          { ...place, given: {} },
        );
      if (scan === undefined || sweep === undefined) throw new Error('a template is missing');
      const { code, text } = await start(scan.container);
      const swept = await start(sweep.container);
      const outputs = (scan.outputs?.parameters ?? []).map(({ name, valueFrom }) => {
        const path = join(place.folder, valueFrom.path.replace('/work/', ''));
        return [name, existsSync(path) ? readFileSync(path, 'utf8') : valueFrom.default];
      });
      return {
        state: code === 0 ? 'Succeeded' : 'Failed',
        text: text + swept.text,
        outputs: Object.fromEntries(outputs) as Record<string, string>,
      };
    },
    state: ({ exit }) => (exit === 0 ? 'Succeeded' : 'Failed'),
    defaults: defaultsOf('hdf,markdown,html,junit'),
  };
  testContract('Argo Workflows', adapter);
  testRealScan('argo', adapter);
  testHostileValues('argo', adapter);

  testValid(`${folder}/argo/workflow-template.yml`, schemaProblems('argo-workflow-template'), [
    ['another kind', 'kind: WorkflowTemplate', 'kind: Workflow'],
    ['no entry point', 'entrypoint:', 'entryPoint:'],
    ['a container without a command', /^ {8}command:\n(?: +- .*\n)+/m, ''],
  ]);

  testShell(templates.map(({ name, container }) => [name, container.args?.[0] ?? '']));
});
