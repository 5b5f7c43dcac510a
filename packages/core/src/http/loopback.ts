// SPDX-License-Identifier: Apache-2.0

/** Whether an address is one of this machine, so that what is sent there is read by nobody on the way. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);

/** Whether nobody on the way can read what is sent there, or answer in its place: https, or http to this machine. */
export const isClosedLine = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
