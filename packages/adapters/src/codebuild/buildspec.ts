// SPDX-License-Identifier: Apache-2.0
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
import { outputFolder } from '../ci/adapter-inputs.ts';
import { installScript, runIdScript, scanScript, sweepScript } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';

const runId = runIdScript('codebuild', '${CODEBUILD_BUILD_ID:-}');

// All commands of a phase share one shell: what is exported there is what CodePipeline reads, and an `exit` would end it.
const scan = `${runId}${scanScript('told=$(cinc-scan outputs --code "$code" --as shell)')}eval "$told"
(exit "$code")
`;

const buildspec = {
  version: 0.2,
  env: {
    shell: 'bash',
    variables: {
      CINC_SCAN_REPORTS: 'hdf,markdown,html,junit',
      CINC_SCAN_FINDINGS_REPORTS: 'html,markdown,junit',
      CINC_SCAN_OUTPUT_DIR: outputFolder,
      // Conditions refuse an empty value.
      CINC_VERDICT: 'error',
      CINC_REASON: 'OUTPUTS_MISSING',
      CINC_EXIT_CODE: '5',
      CINC_COMPLIANCE: '0',
    },
    'exported-variables': ['CINC_VERDICT', 'CINC_REASON', 'CINC_EXIT_CODE', 'CINC_COMPLIANCE'],
  },
  phases: {
    install: { commands: [installScript] },
    build: { commands: [scan], finally: [`${runId}${sweepScript}`] },
  },
  reports: {
    'cinc-scan': { files: ['junit.xml'], 'base-directory': outputFolder, 'file-format': 'JUNITXML' },
  },
  artifacts: { name: 'cinc-scan', files: [`${outputFolder}/**/*`] },
};

export const renderBuildspec = (): GeneratedFile[] => [
  {
    path: 'packages/adapters/codebuild/buildspec.yml',
    text: yamlFile(
      'For AWS CodeBuild. What to scan comes by CINC_SCAN_… variables of the project or under env.variables; secrets\n' +
        'under env.secrets-manager, such as CINC_SCAN_KUBECONFIG: my-secret:kubeconfig.',
      buildspec,
    ),
  },
];
