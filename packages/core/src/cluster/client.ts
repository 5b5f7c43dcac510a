// SPDX-License-Identifier: Apache-2.0
// A module of its own so that it can be loaded late, and so that bundlers take of the library what is named here.
export { KubeConfig } from '@kubernetes/client-node';
