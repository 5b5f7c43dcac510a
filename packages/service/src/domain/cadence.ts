// SPDX-License-Identifier: Apache-2.0
// When a schedule fires: a line of cron, by the clocks of a time zone, or again and again after a time.
import { parseDuration, ScanError } from '@cinc-scan/core';
import { CronExpressionParser } from 'cron-parser';
import { changeBetween, firstAt, isZone, offsetAt, type Wall, wallAt } from './zone.ts';

/** Schedules that fire more often are refused. */
const leastSeconds = 300;
const mostSeconds = 366 * 86_400;

export type Cadence =
  | { kind: 'cron'; line: string; zone: string }
  /** Counted from the anchor, whatever clocks show. */
  | { kind: 'every'; seconds: number; anchor: Date };

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const refused = (what: string, remedy: string) => new ScanError('INPUT_INVALID', what, { remedy });

/** Throws INPUT_INVALID for what no schedule takes. */
export function parseCron(line: string, zone: string): Cadence & { kind: 'cron' } {
  if (!isZone(zone))
    throw refused(
      `timeZone: there is no time zone "${zone}"`,
      'Name one as IANA has it, such as Europe/Berlin or UTC.',
    );
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every(field => /^[0-9A-Za-z*,/#-]+$/.test(field)) || /(?:^|[ ,])h/i.test(line))
    throw refused(
      `cron: "${line}" is not a line of cron`,
      'Give five fields: minute, hour, day of month, month, day of week; such as "30 2 * * *".',
    );
  const parsed = { kind: 'cron', line: fields.join(' '), zone } as const;
  requireRare(parsed, firstWalls(parsed.line));
  return parsed;
}

/** Days repeat their hours and minutes: so many, or those of a year, show how close two firings ever are. */
const lookedAt = 300;

function firstWalls(line: string): Wall[] {
  try {
    const walls: Wall[] = [];
    for (const wall of wallsAfter(line, Date.UTC(2027, 0, 1) - 1)) {
      walls.push(wall);
      if (walls.length === lookedAt || wall - (walls[0] ?? 0) > 400 * day) break;
    }
    return walls;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    const isNever = /day of month|loop limit/i.test(why);
    throw refused(
      isNever ? `cron: "${line}" names a day that no year has` : `cron: "${line}" is not a line of cron: ${why}`,
      isNever
        ? 'Name a day that the months have.'
        : 'Give five fields: minute, hour, day of month, month, day of week.',
    );
  }
}

function requireRare({ line }: Cadence & { kind: 'cron' }, walls: Wall[]): void {
  const closest = Math.min(...walls.slice(1).map((wall, index) => wall - (walls[index] ?? 0)));
  if (closest >= leastSeconds * second) return;
  throw tooOften(`cron: "${line}" fires ${closest / minute} minutes after it fired`);
}

const tooOften = (what: string) =>
  refused(`${what}; schedules fire every ${leastSeconds / 60} minutes at the most`, 'Let more time pass.');

/** Throws INPUT_INVALID. */
export function parseEvery(duration: string, anchor: Date): Cadence & { kind: 'every' } {
  const seconds = parseDuration(duration, 'every');
  if (seconds < leastSeconds) throw tooOften(`every: ${duration} is too often`);
  if (seconds > mostSeconds) throw refused(`every: ${duration} is longer than a year`, 'Give a shorter time.');
  return { kind: 'every', seconds, anchor };
}

/** When it fires, one after the other, behind a moment. */
function* timesAfter(cadence: Cadence, after: Date): Generator<Date, undefined> {
  if (cadence.kind === 'every') {
    const [anchor, step] = [cadence.anchor.getTime(), cadence.seconds * second];
    for (let n = Math.max(1, Math.floor((after.getTime() - anchor) / step) + 1); ; n += 1)
      yield new Date(anchor + n * step);
  }
  const times = isHourly(cadence.line) ? hourlyTimes(cadence, after.getTime()) : wallTimes(cadence, after.getTime());
  for (const time of times) yield new Date(time);
}

/** Each hour is each that passes, also one that clocks show twice. */
const isHourly = (line: string): boolean => ['*', '*/1', '0-23'].includes(line.split(' ')[1] ?? '');

type Cron = Cadence & { kind: 'cron' };

// By UTC the library reckons with days alone. Its own time zones pass over what clocks leave out, where that is half an hour.
function* wallsAfter(line: string, wall: Wall): Generator<Wall, never> {
  const parsed = CronExpressionParser.parse(line, { tz: 'UTC', currentDate: new Date(wall) });
  for (;;) yield parsed.next().getTime();
}

/** What clocks show once, once; what they leave out, right behind that; what they show twice, the first time. */
function* wallTimes({ line, zone }: Cron, after: number): Generator<number> {
  let last = after;
  for (const wall of wallsAfter(line, wallAt(zone, after))) {
    const time = firstAt(zone, wall);
    if (time <= last) continue;
    last = time;
    yield time;
  }
}

function* hourlyTimes({ line, zone }: Cron, after: number): Generator<number> {
  let [from, offset] = [after, offsetAt(zone, after)];
  let walls = wallsAfter(line, from + offset);
  for (;;) {
    const time = walls.next().value - offset;
    if (offsetAt(zone, time) === offset) {
      from = time;
      yield time;
      continue;
    }
    from = changeBetween(zone, from, time) - 1;
    offset = offsetAt(zone, from + 1);
    walls = wallsAfter(line, from + offset);
  }
}

/** The next one; schedules always have one. */
export function nextTime(cadence: Cadence, after: Date): Date {
  const next = timesAfter(cadence, after).next().value;
  if (next === undefined) throw new Error('a schedule without an end has ended');
  return next;
}

export function nextTimes(cadence: Cadence, after: Date, count: number): Date[] {
  const times = timesAfter(cadence, after);
  return Array.from({ length: count }, () => times.next().value).filter(time => time !== undefined);
}

const windows = [hour, day, 7 * day, 40 * day, 400 * day, 3000 * day];

/** The last one that is not behind a moment, of those that are not before another. */
export function lastTime(cadence: Cadence, { from, until }: { from: Date; until: Date }): Date {
  for (const window of windows) {
    const start = Math.max(from.getTime() - 1, until.getTime() - window);
    let last: Date | undefined;
    for (const time of timesAfter(cadence, new Date(start))) {
      if (time > until) break;
      last = time;
    }
    if (last !== undefined) return last;
    if (start < from.getTime()) break;
  }
  return from;
}
