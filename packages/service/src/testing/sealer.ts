// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { Secret } from '@cinc-scan/core';
import { Sealer } from '../domain/seal.ts';

export const testSealer = new Sealer(new Secret(randomBytes(32).toString('base64')));
