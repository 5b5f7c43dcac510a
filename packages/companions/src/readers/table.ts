// SPDX-License-Identifier: Apache-2.0
import type { Reader } from '../reader.ts';
import { clair } from './clair.ts';
import { clamav } from './clamav.ts';
import { cyclonedx } from './cyclonedx.ts';
import { cyclonedxVex } from './cyclonedx-vex.ts';
import { fossa } from './fossa.ts';
import { gitlab } from './gitlab.ts';
import { golangciLint } from './golangci-lint.ts';
import { hdf } from './hdf.ts';
import { kubeBench } from './kube-bench.ts';
import { kubeHunter } from './kube-hunter.ts';
import { kubescape } from './kubescape.ts';
import { kubesec } from './kubesec.ts';
import { linuxBench } from './linux-bench.ts';
import { openvex } from './openvex.ts';
import { sarif } from './sarif.ts';
import { sonobuoy } from './sonobuoy.ts';
import { trivy } from './trivy.ts';
import { vuls } from './vuls.ts';

/** Everything that can be read; the order means nothing, since exactly one has to fit. */
export const readers: readonly Reader[] = [
  clair,
  clamav,
  cyclonedx,
  cyclonedxVex,
  fossa,
  gitlab,
  golangciLint,
  hdf,
  kubeBench,
  kubeHunter,
  kubescape,
  kubesec,
  linuxBench,
  openvex,
  sarif,
  sonobuoy,
  trivy,
  vuls,
];
