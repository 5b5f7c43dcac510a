// SPDX-License-Identifier: Apache-2.0
import { renderAzure } from '../azure/azure.ts';
import { renderBamboo } from '../bamboo/bamboo.ts';
import { renderOrb } from '../circleci/orb.ts';
import { renderBuildspec } from '../codebuild/buildspec.ts';
import type { GeneratedFile } from '../docs.ts';
import { renderGitlab } from '../gitlab/gitlab.ts';
import { renderJenkins } from '../jenkins/jenkins.ts';
import { renderArgo } from '../pods/argo.ts';
import { renderJobs } from '../pods/jobs.ts';
import { renderSpinnaker } from '../pods/spinnaker.ts';
import { renderTekton } from '../pods/tekton.ts';
import { renderScripts } from '../scripts/scripts.ts';
import { renderStarters } from '../starters/starters.ts';
import { renderMetaRunner } from '../teamcity/meta-runner.ts';
import { renderReadmes } from './readme.ts';

const renderers = [
  renderGitlab,
  renderJenkins,
  renderOrb,
  renderAzure,
  renderBuildspec,
  renderBamboo,
  renderMetaRunner,
  renderScripts,
  renderJobs,
  renderSpinnaker,
  renderTekton,
  renderArgo,
];

/** Every adapter's files, the starters made of them, and what is to be read. */
export function renderAdapters(): GeneratedFile[] {
  const adapters = renderers.flatMap(render => render());
  const starters = renderStarters(adapters);
  return [...adapters, ...starters, ...renderReadmes(starters)];
}
