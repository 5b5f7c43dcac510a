// SPDX-License-Identifier: Apache-2.0
// What a run of the auditor says of one container, as findings/of-run.ts makes it of results.
import { type Look, type RawFinding, toFinding } from '@cinc-scan/core';
import { findingsKind, type RunFindings, renderRunFindings, type SourceFindings } from '../findings/run-findings.ts';
import type { TestReport } from './reports.ts';

export interface TestLook {
  /** Name of a deployment in the namespace shop. */
  workload?: string;
  profile?: string;
  /** Rules that failed. */
  failed: readonly string[];
  /** Why it did not look. */
  problem?: string;
  unchecked?: readonly string[];
  ruleset?: string;
  tool?: string;
  /** Not of a workload. */
  target?: string;
  kind?: RawFinding['kind'];
  severity?: RawFinding['rating']['severity'];
}

function sourceOf(look: TestLook, at: string): SourceFindings {
  const { workload = 'web', profile = 'base', tool = 'cinc-scan', problem = null } = look;
  const target = look.target ?? `workload:east/shop/Deployment/${workload}/app`;
  const name = `${profile}.${tool}.${workload}`;
  const about = { source: name, tool, target, area: 'os' as const };
  return {
    at,
    name,
    tool,
    area: 'os',
    target,
    place:
      look.target === undefined ? { namespace: 'shop', workload: `deployment/${workload}`, container: 'app' } : null,
    profile: look.target === undefined ? profile : null,
    problem,
    look: lookOf(look, { name, target }),
    findings: look.failed.map(rule => toFinding(rawOf(rule, { ...look, profile }), about)),
  };
}

function lookOf(
  { problem, unchecked = [], ruleset = 'base 1' }: TestLook,
  { name, target }: { name: string; target: string },
): Look {
  return {
    source: name,
    kind: problem === undefined ? 'looked' : 'not-looked',
    target,
    scope: '',
    ruleset,
    unchecked,
  };
}

const rawOf = (rule: string, { kind = 'misconfiguration', severity = 'high', profile }: TestLook): RawFinding => ({
  kind,
  rule,
  aliases: [],
  title: `Rule ${rule}`,
  rating: { severity, raw: severity, source: 'test' },
  place: kind === 'vulnerability' ? { package: 'bash' } : { resource: profile },
  evidence: 'expected it to be otherwise',
});

export function runOf(at: number | string, ...looks: TestLook[]): RunFindings {
  const moment = new Date(at).toISOString();
  return { at: moment, sources: looks.map(look => sourceOf(look, moment)) };
}

export const findingsReport = (run: RunFindings): TestReport => ({
  file: 'run-findings.json',
  kind: findingsKind,
  bytes: Buffer.from(renderRunFindings(run)),
});
