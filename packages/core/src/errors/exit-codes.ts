// SPDX-License-Identifier: Apache-2.0

/** Every way the command ends, and what it means to whoever started it. */
export const exitCodes = {
  0: 'every target was audited, and the gate is met',
  2: 'usage or configuration error; nothing was touched or judged',
  3: 'audited, and the gate is not met',
  4: 'a target could not be reached, or access was refused',
  5: 'the engine or a profile failed',
  129: 'hung up (SIGHUP); the grant was revoked first',
  130: 'interrupted (SIGINT, SIGQUIT); the grant was revoked first',
  143: 'terminated (SIGTERM and any other signal); the grant was revoked first',
} as const;
