// SPDX-License-Identifier: Apache-2.0
// https://docs.gitlab.com/ci/components/ and https://docs.gitlab.com/ci/yaml/
import { type AdapterInput, adapterInputs, findingsInputs, outputFolder } from '../ci/adapter-inputs.ts';
import { installScript, scanScript, sweepScript, tellOutputs } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';

const inputs = adapterInputs({
  reports: 'hdf,markdown,html,junit,codequality',
  'findings-reports': 'html,markdown,junit,codequality',
  'output-dir': outputFolder,
});

/** The job that all three ways of including have in common. */
function job(variables: Record<string, string>, folder: string, before = '') {
  return {
    variables: { ...variables, CINC_SCAN_RUN_ID: 'gitlab-$CI_JOB_ID' },
    script: [`${before}${installScript}${scanScript(tellOutputs('env', 'cinc-scan.env'))}exit "$code"\n`],
    after_script: [sweepScript],
    artifacts: {
      when: 'always',
      access: 'developer',
      expire_in: '30 days',
      expose_as: 'cinc-scan',
      paths: [`${folder}/`],
      reports: {
        junit: `${folder}/junit.xml`,
        codequality: `${folder}/codequality.json`,
        dotenv: 'cinc-scan.env',
      },
    },
  };
}

const given = (name: string) => `$[[ inputs.${name} ]]`;

interface Variant {
  comment: string;
  /** Inputs of this component alone, before all others. */
  spec?: Record<string, object>;
  /** Inputs that it has another word for: they have to be given. */
  replaced?: Record<string, object>;
  /** Inputs that it sets by itself. */
  fixed?: Record<string, string>;
  job?: object;
  /** Script before all else. */
  before?: string;
}

function component({ comment, spec = {}, replaced = {}, fixed = {}, job: more = {}, before }: Variant): string {
  const offered = inputs.filter(({ name }) => !(name in fixed));
  const variables = Object.fromEntries(
    inputs.map(({ name, variable }) => [variable, fixed[name] ?? given(name)] as const),
  );
  const body = {
    [given('job-name')]: {
      stage: given('stage'),
      image: { name: given('image'), entrypoint: [''] },
      ...more,
      ...job(variables, given('output-dir'), before),
      // 255 is no code of cinc-scan: nothing is allowed unless the user says so.
      allow_failure: { exit_codes: ['@allowed'] },
    },
  };
  const specs = Object.fromEntries(offered.map(input => [input.name, toSpec(input)]));
  const all = { ...spec, ...jobInputs, ...specs, ...replaced };
  return literalBlocks(yamlFile(comment, { spec: { inputs: all } }, body)).replace(
    "'@allowed'",
    given('allowed-exit-code'),
  );
}

const jobInputs = {
  'job-name': { default: 'cinc-scan', description: 'Name of the job.' },
  stage: { default: 'test', description: 'Stage of the job.' },
  image: { description: 'Image to run in: cinc-scan’s own, by digest, or one with Node.js 22.19 and Ruby 3.1.' },
  'allowed-exit-code': {
    type: 'number',
    default: 255,
    description: 'Exit code that makes the job pass with warnings: 3 for results below the threshold.',
  },
};

const toSpec = ({ description, default: fallback, choices }: AdapterInput) => ({
  default: fallback,
  description: `${description}.`,
  ...(choices && { options: [...choices] }),
});

// Servers paste inputs before they read the YAML. In a literal block quotes, colons and backslashes stay what they are.
const literalBlocks = (text: string): string =>
  text.replaceAll(/^( +)(\w+): (\$\[\[ inputs\.[\w-]+ \]\])$/gm, '$1$2: |-\n$1  $3');

const include = () =>
  yamlFile(
    'The job for servers without components: include this file, and extend the job.\n\n' +
      '  include: { project: group/cinc-scan, ref: v0.1.0, file: packages/adapters/gitlab/cinc-scan.yml }\n' +
      '  audit: { extends: .cinc-scan, image: …, variables: { CINC_SCAN_TARGETS: deployment/web } }',
    {
      '.cinc-scan': {
        stage: 'test',
        ...job(
          Object.fromEntries(inputs.flatMap(({ variable, default: value }) => (value ? [[variable, value]] : []))),
          outputFolder,
        ),
      },
    },
  );

const oidc = {
  audience: { description: 'Audience of the ID token; the API server has to trust this GitLab for it.' },
};
const server = {
  server: { description: 'Scan service that scans in place of this job.' },
  'server-audience': {
    description:
      'Audience of the ID token, as it is registered with the scan service: its address, unless told otherwise there.',
  },
};
const service = {
  'service-image': { description: 'Image to scan, started next to the job.' },
  'service-alias': { default: 'scanned', description: 'Host name of the service.' },
};

/** Everything for GitLab. */
export function renderGitlab(): GeneratedFile[] {
  const folder = 'packages/adapters/gitlab';
  return [
    { path: `${folder}/templates/scan.yml`, text: component({ comment: 'Component: scans pods that run.' }) },
    {
      path: `${folder}/templates/scan-oidc.yml`,
      text: component({
        comment: 'Component: scans pods that run, as the ID token of the job. No secret is stored.',
        spec: oidc,
        job: { id_tokens: { CINC_SCAN_TOKEN: { aud: given('audience') } } },
      }),
    },
    {
      path: `${folder}/templates/scan-server.yml`,
      text: component({
        comment: 'Component: lets a scan service scan, signed in as the ID token of the job. No secret is stored.',
        replaced: server,
        job: { id_tokens: { CINC_SCAN_ID_TOKEN: { aud: given('server-audience') } } },
      }),
    },
    {
      path: `${folder}/templates/scan-service.yml`,
      text: component({
        comment:
          'Component: scans an image as a service of the job. Kubernetes executor only: there the job and its services\n' +
          'are containers of one pod, which is named by its host name; services are svc-0, svc-1 … in their order.',
        spec: service,
        fixed: {
          targets: '',
          container: 'svc-0',
          'all-containers': '',
          ...Object.fromEntries(findingsInputs.map(name => [name, ''])),
        },
        before: 'CINC_SCAN_TARGETS=$(hostname)\nexport CINC_SCAN_TARGETS\n',
        job: { services: [{ name: given('service-image'), alias: given('service-alias') }] },
      }),
    },
    { path: `${folder}/cinc-scan.yml`, text: include() },
  ];
}
