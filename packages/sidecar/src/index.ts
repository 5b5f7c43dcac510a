// SPDX-License-Identifier: Apache-2.0
export { type Injection, inject } from './inject.ts';
export { type InPodSettings, resultsFolder, type SidecarSettings } from './settings.ts';
