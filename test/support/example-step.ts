// SPDX-License-Identifier: Apache-2.0
// The step of a workflow that uses this action, with what the runner fills in.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { root } from './cinc-scan.ts';

interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, { permissions?: Record<string, string>; steps: WorkflowStep[] }>;
}

interface WorkflowStep {
  uses?: string;
  run?: string;
  with?: Record<string, string | boolean>;
  env?: Record<string, string>;
}

export const workflowOf = (name: string): Workflow =>
  load(readFileSync(join(root, 'examples/github', name), 'utf8')) as Workflow;

export const isOurs = ({ uses }: WorkflowStep): boolean => uses?.startsWith('org/cinc-scan@') === true;

/** `with:` of the step, each expression replaced by what stands for it. */
export function exampleInputs(name: string, filled: Record<string, string>): Record<string, string> {
  const steps = Object.values(workflowOf(name).jobs).flatMap(job => job.steps);
  const given = steps.find(isOurs)?.with ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([key, value]): [string, string] => [
      key,
      `${value}`.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, expression: string) => {
        const text = filled[expression];
        if (text === undefined) throw new Error(`${name} uses ${expression}, which nothing here fills in`);
        return text;
      }),
    ]),
  );
}
