// SPDX-License-Identifier: Apache-2.0
import type { GeneratedFile } from '../docs.ts';
import { renderGitlab } from '../gitlab/gitlab.ts';
import { renderJenkins } from '../jenkins/jenkins.ts';

/** Every adapter's files. */
export const renderAdapters = (): GeneratedFile[] => [renderGitlab, renderJenkins].flatMap(render => render());
