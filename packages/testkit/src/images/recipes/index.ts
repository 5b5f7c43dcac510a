// SPDX-License-Identifier: Apache-2.0
import type { PlantedDefect, Recipe } from '../recipe.ts';
import { baselineRecipes } from './baseline.ts';
import { busyboxRecipes } from './busybox.ts';
import { debianDefects, debianRecipes } from './debian.ts';
import { distrolessDefects, distrolessRecipes } from './distroless.ts';
import { hostileRecipes } from './hostile.ts';

export { type HostileMode, hostileModes, hostileTools } from './hostile.ts';

/** Every image; one that starts from another comes after it. */
export const recipes: readonly Recipe[] = [
  ...debianRecipes,
  ...busyboxRecipes,
  ...distrolessRecipes,
  ...hostileRecipes,
  ...baselineRecipes,
];

export const plantedDefects: readonly PlantedDefect[] = [...debianDefects, ...distrolessDefects];
