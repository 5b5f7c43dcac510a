// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** Types that have a name in the description of the API. */
export const apiTypes = z.registry<{ id: string }>();
