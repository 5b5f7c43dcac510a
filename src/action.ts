// SPDX-License-Identifier: Apache-2.0
// What both steps share, bundled once.
export { runMain } from './run-main.ts';
export { runPost } from './run-post.ts';
