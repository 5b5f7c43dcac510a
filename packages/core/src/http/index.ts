// SPDX-License-Identifier: Apache-2.0
export { type AddressRules, addressRules } from './addresses.ts';
export { type AnswerHead, type Call, type CallAnswer, call, isSuccess, isUntrusted, problemOf } from './call.ts';
export { checkName, readBody, receive, startRequest } from './exchange.ts';
export { isClosedLine, isLoopback } from './loopback.ts';
export { parseProxy, proxyForms } from './proxy.ts';
export { mayPass, type RetrySettings, retryDefaults, waitMs } from './retry.ts';
export { openRoute, type Route } from './route.ts';
export { type StreamAnswer, streamCall } from './stream-call.ts';
