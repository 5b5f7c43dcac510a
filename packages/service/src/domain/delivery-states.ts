// SPDX-License-Identifier: Apache-2.0

/** dead: given up. */
export const deliveryStates = ['waiting', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];
