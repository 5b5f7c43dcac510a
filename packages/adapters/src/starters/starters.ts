// SPDX-License-Identifier: Apache-2.0
// What `cinc-scan init` writes into a user's repository: one folder of examples/ci for each platform.
import { readFileSync } from 'node:fs';
import { yamlStarter } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';

export interface Starter {
  title: string;
  /** Path in the user's repository → text, or the adapter's file that is taken as it is. */
  files: Record<string, string | { from: string }>;
  /** What is left to do, in order. */
  next: string[];
}

const image = 'registry.example.org/cinc-scan@sha256:…';
const given = { targets: 'deployment/web', namespace: 'shop', profile: './profile', threshold: './threshold.yml' };
const secretVariable =
  'Put a kubeconfig into the masked variable CINC_SCAN_KUBECONFIG, or let the job present its own identity.';
const editTargets = 'Change targets, namespace, profile and threshold to yours.';
const editImage = 'Name your image of cinc-scan, by digest: `cinc-scan init container` writes its Containerfile.';
const operator =
  'Give the account its rights: cinc-scan access operator-role -n <namespace> | kubectl apply -f -, and a RoleBinding.';

const as = (adapter: string): { from: string } => ({ from: `packages/adapters/${adapter}` });

const jenkinsfile = `// cinc-scan in Jenkins: below the threshold the build is unstable, what prevented looking fails it.
@Library('cinc-scan@v0.1.0') _

pipeline {
  agent { label 'kubernetes-tools' }
  stages {
    stage('Audit') {
      steps {
        cincScan(
          targets: '${given.targets}',
          namespace: '${given.namespace}',
          profile: '${given.profile}',
          threshold: '${given.threshold}',
          kubeconfigCredentialsId: 'cluster-kubeconfig',
        )
      }
    }
  }
}
`;

/** Every platform there is a starter for. */
export const starters: Record<string, Starter> = {
  github: {
    title: 'GitHub Actions',
    files: { '.github/workflows/cinc-scan.yml': { from: 'examples/github/oidc.yml' } },
    next: [
      editTargets,
      'Pin the action to a commit.',
      'Trust the token of the job in your cluster (docs/github-action.md).',
    ],
  },
  gitlab: {
    title: 'GitLab CI/CD',
    files: {
      '.gitlab/cinc-scan.yml': as('gitlab/cinc-scan.yml'),
      '.gitlab-ci.yml': yamlStarter('cinc-scan in GitLab CI/CD.', {
        include: [{ local: '.gitlab/cinc-scan.yml' }],
        'cinc-scan': {
          extends: '.cinc-scan',
          image: { name: image, entrypoint: [''] },
          variables: {
            CINC_SCAN_TARGETS: given.targets,
            CINC_SCAN_NAMESPACE: given.namespace,
            CINC_SCAN_PROFILE: given.profile,
            CINC_SCAN_THRESHOLD: given.threshold,
          },
        },
      }),
    },
    next: [editImage, editTargets, secretVariable],
  },
  jenkins: {
    title: 'Jenkins',
    files: { Jenkinsfile: jenkinsfile },
    next: [
      'Configure a global library "cinc-scan" whose folder is packages/adapters/jenkins.',
      'Make credentials (secret file) "cluster-kubeconfig".',
      editTargets,
    ],
  },
  circleci: {
    title: 'CircleCI',
    files: {
      '.circleci/config.yml': yamlStarter('cinc-scan in CircleCI.', {
        version: 2.1,
        orbs: { 'cinc-scan': 'cinc-scan/cinc-scan@0.1.0' },
        workflows: { audit: { jobs: [{ 'cinc-scan/scan': { image, ...given, context: ['cluster'] } }] } },
      }),
    },
    next: ['Publish packages/adapters/circleci/orb.yml as an orb of yours.', editImage, editTargets, secretVariable],
  },
  azure: {
    title: 'Azure DevOps',
    files: {
      'azure-pipelines.yml': yamlStarter('cinc-scan in Azure Pipelines.', {
        trigger: ['main'],
        pool: { vmImage: 'ubuntu-latest' },
        steps: [
          { checkout: 'self' },
          {
            task: 'CincScan@1',
            name: 'audit',
            displayName: 'Audit running containers',
            inputs: { kubernetesServiceConnection: 'my-cluster', ...given, version: '0.1.0' },
          },
          { script: 'echo "$VERDICT"', condition: 'always()', env: { VERDICT: '$(audit.verdict)' } },
        ],
      }),
    },
    next: [
      'Build the extension from packages/adapters/azure with tfx, and install it.',
      'Name your Kubernetes service connection.',
      editTargets,
    ],
  },
  codebuild: {
    title: 'AWS CodeBuild',
    files: { 'buildspec.yml': as('codebuild/buildspec.yml') },
    next: [
      'Add CINC_SCAN_TARGETS and the like under env.variables.',
      editImage,
      'Give the build role access to the cluster.',
    ],
  },
  bamboo: {
    title: 'Bamboo',
    files: { 'bamboo-specs/bamboo.yml': as('bamboo/bamboo.yml') },
    next: ['Set the plan’s variables cinc_…; secrets (cinc_kubeconfig_secret) on the server only.'],
  },
  teamcity: {
    title: 'TeamCity',
    files: { '.teamcity/pluginData/metaRunners/CincScan.xml': as('teamcity/CincScan.xml') },
    next: ['Add the meta-runner as a build step and fill in its parameters.'],
  },
  spinnaker: {
    title: 'Spinnaker',
    files: {
      'spinnaker/cinc-scan.json': as('spinnaker/stage.json'),
      'spinnaker/cinc-scan-gate.json': as('spinnaker/gate-stage.json'),
    },
    next: ['Name your account and application.', editImage, operator],
  },
  tekton: {
    title: 'Tekton',
    files: {
      'tekton/cinc-scan-task.yml': as('tekton/task.yml'),
      'tekton/cinc-scan-run.yml': yamlStarter('One run of the task.', {
        apiVersion: 'tekton.dev/v1',
        kind: 'TaskRun',
        metadata: { generateName: 'cinc-scan-', namespace: 'shop' },
        spec: {
          serviceAccountName: 'cinc-scan-operator',
          taskRef: { name: 'cinc-scan' },
          params: Object.entries({ image, ...given }).map(([name, value]) => ({ name, value })),
          workspaces: [{ name: 'source', persistentVolumeClaim: { claimName: 'source' } }],
        },
      }),
    },
    next: [editImage, editTargets, operator],
  },
  argo: {
    title: 'Argo Workflows',
    files: {
      'argo/cinc-scan-template.yml': as('argo/workflow-template.yml'),
      'argo/cinc-scan-workflow.yml': yamlStarter('One run of the template.', {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Workflow',
        metadata: { generateName: 'cinc-scan-', namespace: 'shop' },
        spec: {
          workflowTemplateRef: { name: 'cinc-scan' },
          arguments: { parameters: Object.entries({ image, ...given }).map(([name, value]) => ({ name, value })) },
        },
      }),
    },
    next: [editImage, editTargets, operator],
  },
  kubernetes: {
    title: 'Kubernetes Job and CronJob',
    files: { 'cinc-scan-job.yml': as('kubernetes/job.yml'), 'cinc-scan-cronjob.yml': as('kubernetes/cronjob.yml') },
    next: [editImage, editTargets, operator],
  },
  container: {
    title: 'Container image',
    files: { Containerfile: as('container/Containerfile') },
    next: ['Build it: the head of the file says how.'],
  },
  shell: {
    title: 'Shell script',
    files: { 'cinc-scan.sh': as('scripts/cinc-scan.sh') },
    next: ['Run it: sh cinc-scan.sh deployment/web -n shop --profile ./profile'],
  },
  python: {
    title: 'Python',
    files: { 'cinc_scan.py': as('scripts/cinc_scan.py') },
    next: ['Run it: python3 cinc_scan.py targets=deployment/web namespace=shop profile=./profile'],
  },
  cron: {
    title: 'cron',
    files: {
      'cinc-scan.cron': as('scripts/cinc-scan.cron'),
      'cinc-scan-nightly.sh': as('scripts/cinc-scan-nightly.sh'),
      'cinc-scan.sh': as('scripts/cinc-scan.sh'),
    },
    next: ['Put the scripts into /opt/cinc-scan (executable) and the table into /etc/cron.d; change what it names.'],
  },
};

/** The starters as examples, and the index that `init` reads. `adapters` are the files that some of them are. */
export function renderStarters(adapters: GeneratedFile[]): GeneratedFile[] {
  const textOf = (file: string | { from: string }) =>
    typeof file === 'string' ? file : (adapters.find(({ path }) => path === file.from)?.text ?? byHand(file.from));
  const index = Object.fromEntries(
    Object.entries(starters).map(([platform, { title, files, next }]) => [
      platform,
      { title, files: Object.keys(files), next },
    ]),
  );
  return [
    ...Object.entries(starters).flatMap(([platform, { files }]) =>
      Object.entries(files).map(([path, file]) => ({ path: `examples/ci/${platform}/${path}`, text: textOf(file) })),
    ),
    { path: 'examples/ci/starters.json', text: `${JSON.stringify(index, undefined, 2)}\n` },
  ];
}

/** An example that people wrote. */
const byHand = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
