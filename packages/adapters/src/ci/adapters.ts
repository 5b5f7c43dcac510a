// SPDX-License-Identifier: Apache-2.0
import type { GeneratedFile } from '../docs.ts';
import { renderGitlab } from '../gitlab/gitlab.ts';

/** Every adapter's files. */
export const renderAdapters = (): GeneratedFile[] => [renderGitlab].flatMap(render => render());
