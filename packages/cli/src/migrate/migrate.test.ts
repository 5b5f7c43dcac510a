// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputNames, readUserConfig, resolveValues } from '@cinc-scan/core';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { migrate } from './migrate-command.ts';
import { oldCommands, oldNames } from './old-names.ts';

const folder = mkdtempSync(join(tmpdir(), 'migrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is printed has to be a configuration that a scan accepts. */
function accepted(text: string): ReturnType<typeof resolveValues> {
  const path = join(folder, 'cinc-scan.yml');
  writeFileSync(path, migrate(text));
  return resolveValues({ flags: {}, environment: {}, file: readUserConfig(path, {}) });
}

const workflow = `
name: scan
on:
  workflow_dispatch:
    inputs:
      target_namespace: { description: Where, default: inspec-test }
      scan_label: { default: app=web }
      cinc_profile: { default: ./profiles/linux }
      threshold: { default: '70' }
      is_distroless: { type: boolean, default: false }
      colour: { default: blue }
env:
  DURATION_MINUTES: 15
  KUBE_CONTEXT: \${{ github.event.inputs.context }}
  KUBE_CONFIG: \${{ secrets.KUBE_CONFIG }}
jobs:
  scan:
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 1 }
      - run: |
          ./kubernetes-scripts/setup-minikube.sh
          ./kubernetes-scripts/scan-container.sh "$NS" web-0 app ./profile threshold.yml | tee log
          # saf threshold in a comment
          saf validate threshold -i results.json -T threshold.yml
`;

describe('migrate', () => {
  test('gives a workflow its configuration', () => {
    expect(parse(migrate(workflow))).toEqual({
      namespace: ['inspec-test'],
      targets: ['-l app=web'],
      profile: ['./profiles/linux'],
      threshold: '70',
      duration: '15m',
    });
    expect(accepted(workflow)).toMatchObject({ targets: ['-l app=web'], threshold: '70', duration: 900 });
  });

  test.each([
    [
      'dev-sec/linux-baseline',
      /dev-sec\/linux-baseline is a name of Chef's Supermarket: write git\+https:\/\/github\.com\/dev-sec\/linux-baseline\.git#ref=TAG/,
    ],
    ['supermarket://dev-sec/ssh-baseline', /name of Chef's Supermarket/],
    ['compliance://admin/linux', /compliance:.*: write git\+https/],
    ['https://github.com/dev-sec/linux-baseline', /is not pinned to a digest.*: write git\+https/],
    ['git@github.com:mitre/profile.git', /is named git\+ssh:\/\/git@github\.com\/mitre\/profile\.git/],
    ['git+ssh://git@github.com/mitre/profile.git', undefined],
    ['./profiles/linux', undefined],
    ['profiles/linux.tar.gz', undefined],
  ])('says of the profile %s what a scan says of it', (profile, comment) => {
    const text = migrate(`env:\n  CINC_PROFILE: '${profile}'\n`);
    expect(parse(text)).toEqual({ profile: [profile] });
    if (comment === undefined) expect(text).not.toContain('A scan refuses');
    else expect(text).toMatch(comment);
  });

  test("takes what mitre/saf_action is given for SAF's command", () => {
    const step =
      "steps:\n  - uses: mitre/saf_action@v1\n    with:\n      command_string: 'validate threshold -i r.json -F t.yml'\n";
    expect(migrate(step)).toContain('now: cinc-scan gate -i r.json -T t.yml');
    expect(migrate(step.replace('validate threshold', 'generate threshold'))).toContain(
      'cinc-scan threshold generate -i r.json',
    );
    expect(migrate(step.replace('saf_action', 'other_action'))).not.toContain('Commands');
  });

  test('keeps what only the pipeline knows as variables of the job', () => {
    expect(migrate(workflow)).toContain('#   CINC_SCAN_CONTEXT: ${{ github.event.inputs.context }}');
  });

  test('says of what has no equivalent why, and lists what it does not know', () => {
    const text = migrate(workflow);
    expect(text).toMatch(/#   is_distroless: not needed: /);
    expect(text).toMatch(/#   KUBE_CONFIG: credentials are secrets/);
    expect(text).toMatch(/Not known, and left to you:\n#   colour\n/);
    expect(text).not.toContain('fetch-depth');
  });

  test('translates commands', () => {
    const text = migrate(workflow);
    expect(text).toContain(
      '#   now: cinc-scan scan web-0 -n "$NS" --container app --profile ./profile --threshold threshold.yml\n',
    );
    expect(text).toContain('#   now: cinc-scan gate -i results.json -T threshold.yml\n');
    expect(text).toMatch(/was: \.\/kubernetes-scripts\/setup-minikube\.sh\n#   now: \(none\)\n/);
    expect(text).not.toContain('in a comment');
  });

  test('reads a GitLab pipeline', () => {
    const pipeline = `
variables:
  SCANNER_NAMESPACE: scanners
  KUBERNETES_NAMESPACE: shop
  SCAN_LABEL_KEY: app
  SCAN_LABEL_VALUE: web
  THRESHOLD_VALUE: "80"
scan:
  image: alpine
  script:
    - ./kubernetes-scripts/scan-distroless-container.sh shop web-0 app ./profile
`;
    expect(parse(migrate(pipeline))).toEqual({ targets: ['-l app=web'], namespace: ['shop'], threshold: '80' });
    expect(migrate(pipeline)).toMatch(/SCANNER_NAMESPACE: grants live/);
    expect(migrate(pipeline)).toMatch(/now: cinc-scan scan web-0 -n shop/);
  });

  test('reads a script, with its assignments and continued lines', () => {
    const script = `#!/bin/bash
set -e
export INSPEC_PROFILE="./my profile"
RESULTS_DIR=out
./scan-container.sh ns pod \\
  app profile
saf generate threshold -i out.json --margin 5
`;
    expect(parse(migrate(script))).toEqual({ profile: ['./my profile'], 'output-dir': 'out' });
    expect(migrate(script)).toMatch(/now: cinc-scan scan pod -n ns --container app --profile profile\n/);
    expect(migrate(script)).toMatch(/now: cinc-scan threshold generate -i out\.json --margin 5\n/);
  });

  test('translates thresholds of dialects that nothing read', () => {
    const text = migrate('compliance: { overall: 85 }\nfailure: { critical: 0, high: 2 }\nexcept: [c-1]\n');
    expect(parse(text)).toEqual({
      compliance: { min: 85 },
      failed: { critical: { max: 0 }, high: { max: 2 } },
    });
    expect(text).toMatch(/#   except: exceptions are waivers/);
  });

  test('has for each old name an input that there is, or a reason', () => {
    for (const meaning of oldNames.values())
      if (meaning.kind === 'input') expect(inputNames).toContain(meaning.input);
      else expect(meaning.why).toMatch(/\w/);
    for (const { rewrite, why } of Object.values(oldCommands)) expect(rewrite ?? why).toBeDefined();
  });

  test.each(['', 'a: [', 'constructor=1', 'variables: {constructor: 1, __proto__: 2}', '- 1', '\0'])(
    'takes %j, and prints no setting',
    text => {
      expect(parse(migrate(text))).toBeNull();
    },
  );
});
