// SPDX-License-Identifier: Apache-2.0
// Clocks on walls, by the time zones that Node.js brings along.

/** What a clock on the wall shows, as if it were one of UTC: for reckoning, and never shown. */
export type Wall = number;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for a zone that there is not. */
function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  clocks.set(zone, clock);
  return clock;
}

/** Of an area and a place, as IANA has them: an offset such as +01:00 is none. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(zone)) return false;
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

const second = 1000;

/** How far clocks on walls are ahead of UTC at that moment, milliseconds. */
export function offsetAt(zone: string, at: number): number {
  const whole = Math.floor(at / second) * second;
  const parts = Object.fromEntries(
    clockOf(zone)
      .formatToParts(whole)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (part: string) => parts[part] ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - whole;
}

export const wallAt = (zone: string, at: number): Wall => at + offsetAt(zone, at);

const day = 86_400_000;

/** The first moment at which clocks show it; where they leave it out, the one at which they go on behind it. */
export function firstAt(zone: string, wall: Wall): number {
  const [before, behind] = [offsetAt(zone, wall - day), offsetAt(zone, wall + day)];
  const found = [wall - Math.max(before, behind), wall - Math.min(before, behind)].find(
    at => at + offsetAt(zone, at) === wall,
  );
  return found ?? changeBetween(zone, wall - Math.max(before, behind), wall - Math.min(before, behind));
}

/** The first moment of another offset than at the beginning. */
export function changeBetween(zone: string, from: number, until: number): number {
  const old = offsetAt(zone, from);
  let [low, high] = [Math.floor(from / second), Math.ceil(until / second)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle * second) === old) low = middle;
    else high = middle;
  }
  return high * second;
}
