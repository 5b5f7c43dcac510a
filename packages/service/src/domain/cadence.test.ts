// SPDX-License-Identifier: Apache-2.0
// When schedules fire, against clocks that are looked at minute by minute.
import { describe, expect, test } from '@jest/globals';
import { assert, integer, option, property, record, uniqueArray } from 'fast-check';
import { lastTime, nextTimes, parseCron, parseEvery } from './cadence.ts';

const minuteMs = 60_000;
const times = ([line, zone]: [line: string, zone: string], after: string, count: number) =>
  nextTimes(parseCron(line, zone), new Date(after), count).map(time => time.toISOString().slice(0, 16));

describe('a time that clocks', () => {
  test.each([
    ['Europe/Berlin', '2027-03-27T12:00Z', '2027-03-28T01:00'], // 02:00 to 03:00
    ['America/New_York', '2027-03-13T12:00Z', '2027-03-14T07:00'],
    ['Australia/Lord_Howe', '2027-10-02T12:00Z', '2027-10-02T15:30'], // by half an hour
  ])('leave out in %s fires once, right behind it', (zone, after, expected) => {
    const [first, second] = times(['15 2 * * *', zone], after, 2);
    expect(first).toBe(expected);
    expect(Date.parse(`${second}Z`) - Date.parse(`${first}Z`)).toBeGreaterThan(20 * 60 * minuteMs);
  });

  test('leave out for a whole day fires once, right behind it', () => {
    expect(times(['0,30 9 30 12 *', 'Pacific/Apia'], '2011-12-01T00:00Z', 2)).toEqual([
      '2011-12-30T10:00', // the beginning of the 31st
      '2012-12-29T19:00',
    ]);
  });

  test('show twice fires once, the first time', () => {
    expect(times(['30 2 * * *', 'Europe/Berlin'], '2027-10-30T12:00Z', 2)).toEqual([
      '2027-10-31T00:30',
      '2027-11-01T01:30',
    ]);
    expect(times(['*/30 2 * * *', 'Europe/Berlin'], '2027-10-30T12:00Z', 3)).toEqual([
      '2027-10-31T00:00',
      '2027-10-31T00:30',
      '2027-11-01T01:00',
    ]);
  });

  test('show twice fires twice where each hour is meant', () => {
    expect(times(['*/30 * * * *', 'Europe/Berlin'], '2027-10-30T23:59Z', 5)).toEqual([
      '2027-10-31T00:00',
      '2027-10-31T00:30',
      '2027-10-31T01:00',
      '2027-10-31T01:30',
      '2027-10-31T02:00',
    ]);
    expect(times(['15 * * * *', 'Australia/Lord_Howe'], '2027-04-03T13:00Z', 5)).toEqual([
      '2027-04-03T13:15',
      '2027-04-03T14:15',
      '2027-04-03T15:45', // the clock went back by half an hour at 15:00, from 02:00 to 01:30
      '2027-04-03T16:45',
      '2027-04-03T17:45',
    ]);
  });
});

/** What the clock of a zone shows, as people read it. */
function shownIn(zone: string) {
  const clock = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return (at: number) => clock.format(at);
}

const changes: [zone: string, around: string][] = [
  ['Europe/Berlin', '2027-03-28T01:00Z'],
  ['Europe/Berlin', '2027-10-31T01:00Z'],
  ['America/New_York', '2027-03-14T07:00Z'],
  ['America/New_York', '2027-11-07T06:00Z'],
  ['America/Santiago', '2027-09-05T04:00Z'],
  ['America/St_Johns', '2027-11-07T04:30Z'],
  ['Australia/Lord_Howe', '2027-10-02T15:30Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00Z'],
  ['Africa/Casablanca', '2027-02-07T02:00Z'],
  ['Antarctica/Troll', '2027-03-28T01:00Z'], // by two hours
  ['Antarctica/Troll', '2027-10-31T01:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  ['Asia/Kathmandu', '2027-06-01T00:00Z'],
  ['UTC', '2027-06-01T00:00Z'],
];

/**
 * By looking at each minute: a time of the line fires when clocks first show it, or show more than it for the first time.
 * Each hour: whenever clocks show the minute.
 */
function watch(zone: string, { hours, minutes }: { hours: number[] | undefined; minutes: number[] }, days: Days) {
  const shown = shownIn(zone);
  const fired: number[] = [];
  let latest = shown(days.from);
  for (let at = days.from + minuteMs; at <= days.until; at += minuteMs) {
    const now = shown(at);
    const isDue = (text: string) =>
      minutes.includes(Number(text.slice(14))) && (hours?.includes(Number(text.slice(11, 13))) ?? true);
    if (hours === undefined ? isDue(now) : now > latest && passed(latest, now).some(isDue)) fired.push(at);
    if (now > latest) latest = now;
  }
  return fired;
}

interface Days {
  from: number;
  until: number;
}

/** Each minute that a calendar has behind one text, up to the other. */
function passed(before: string, now: string): string[] {
  const from = Date.parse(`${before.replace(' ', 'T')}Z`);
  const until = Date.parse(`${now.replace(' ', 'T')}Z`);
  return Array.from({ length: (until - from) / minuteMs }, (_, index) =>
    new Date(from + (index + 1) * minuteMs).toISOString().slice(0, 16).replace('T', ' '),
  );
}

const someMinutes = uniqueArray(integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 4 });
const someHours = uniqueArray(integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 20 });

test.each(changes)('in %s around %s each line fires as a watcher of its clocks sees it', (zone, around) => {
  const middle = Date.parse(around);
  const days = { from: middle - 26 * 3_600_000, until: middle + 26 * 3_600_000 };
  const line = record({
    minutes: someMinutes.map(all => all.map(each => each * 5)),
    hours: option(someHours, { nil: undefined }),
    start: integer({ min: 0, max: 50 * 60 }),
  });
  assert(
    property(line, ({ minutes, hours, start }) => {
      const cadence = parseCron(`${minutes.join(',')} ${hours?.join(',') ?? '*'} * * *`, zone);
      const from = days.from + start * minuteMs;
      const seen = watch(zone, { hours, minutes }, days).filter(at => at > from);
      const reckoned = nextTimes(cadence, new Date(from), seen.length + 1);
      expect(reckoned.slice(0, -1).map(time => time.getTime())).toEqual(seen);
      expect(reckoned.at(-1)?.getTime()).toBeGreaterThan(days.until);
      const last = seen.at(-1);
      if (last !== undefined)
        expect(lastTime(cadence, { from: new Date(from), until: new Date(days.until) }).getTime()).toBe(last);
    }),
    { numRuns: 25 },
  );
});

test('a time again and again is counted from where it began, whatever clocks do', () => {
  const anchor = new Date('2027-03-27T12:00:00Z');
  const daily = parseEvery('24h', anchor);
  const shown = (after: string) => nextTimes(daily, new Date(after), 2).map(time => time.toISOString());
  expect(shown('2027-03-27T12:00:00Z')).toEqual(['2027-03-28T12:00:00.000Z', '2027-03-29T12:00:00.000Z']);
  expect(shown('2027-03-29T11:59:59Z')).toEqual(['2027-03-29T12:00:00.000Z', '2027-03-30T12:00:00.000Z']);
  expect(shown('2020-01-01T00:00:00Z')).toEqual(['2027-03-28T12:00:00.000Z', '2027-03-29T12:00:00.000Z']);
});

test('days that few years have are found', () => {
  expect(times(['0 0 29 2 *', 'UTC'], '2027-01-01T00:00Z', 2)).toEqual(['2028-02-29T00:00', '2032-02-29T00:00']);
  const leap = parseCron('0 0 29 2 *', 'UTC');
  const found = lastTime(leap, { from: new Date('2024-02-29T00:00Z'), until: new Date('2035-01-01T00:00Z') });
  expect(found.toISOString()).toBe('2032-02-29T00:00:00.000Z');
});

describe('refused by name is', () => {
  test.each([
    ['0 0 31 2 *', /31 2 \*" names a day that no year has/],
    ['0 0 31 4,6,9,11 *', /names a day that no year has/],
    ['0 0 30 feb *', /names a day that no year has/],
    ['60 0 * * *', /not a line of cron: .*60/],
    ['0 24 * * *', /not a line of cron/],
    ['0 0 * * mon-', /not a line of cron/],
    ['* * *', /not a line of cron/],
    ['0 0 0 1 1 *', /not a line of cron/],
    ['@daily', /not a line of cron/],
    ['H H * * *', /not a line of cron/],
    ['', /not a line of cron/],
    ['0 0 * * *; reboot', /not a line of cron/],
    ['* * * * *', /fires 1 minutes after it fired/],
    ['*/4 * * * *', /fires 4 minutes after/],
    ['58,59 23 1 1 *', /fires 1 minutes after/],
    ['0,59 0,23 * * *', /fires 1 minutes after/], // over midnight
  ])('the line "%s"', (line, said) => {
    expect(() => parseCron(line, 'UTC')).toThrow(said);
  });

  test.each(['Mars/Base', '+01:00', '', 'Europe/Berlin; x', 'GMT+99'])('the time zone "%s"', zone => {
    expect(() => parseCron('0 0 * * *', zone)).toThrow('there is no time zone');
  });

  test.each([
    ['4m59s', /too often/],
    ['0s', /too often/],
    ['9000h', /longer than a year/],
    ['5', /every: expected a duration/],
    ['-5m', /every: expected a duration/],
  ])('every %s', (duration, said) => {
    expect(() => parseEvery(duration, new Date())).toThrow(said);
  });
});
