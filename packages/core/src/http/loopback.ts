// SPDX-License-Identifier: Apache-2.0

/** Whether an address is one of this machine, so that what is sent there is read by nobody on the way. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
