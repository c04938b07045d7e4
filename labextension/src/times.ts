/** Times that go on while a panel is looked at: how long a run has been going, how long ago one began. */

import { timeOfDay, two } from './words.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long a run has been going, as `0:42` or `1:02:03`; the same as `clock` of jupyter_track.views.format. */
export function clock(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.floor(Math.max(seconds, 0)) : 0;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** How long ago, as `now`, `4 min`, `3 h`, `yesterday 16:20`, `12 Mar`; the same as `age` of views.format. */
export function age(then: number, now: number): string {
  const moment = new Date(then);
  if (Number.isNaN(moment.getTime())) {
    return 'unknown';
  }
  const passed = now - then;
  if (passed > -MINUTE && passed < MINUTE) {
    return 'now';
  }
  if (passed >= 0 && passed < HOUR) {
    return `${Math.floor(passed / MINUTE)} min`;
  }
  const today = new Date(now);
  if (passed >= 0 && sameDay(moment, today)) {
    return `${Math.floor(passed / HOUR)} h`;
  }
  if (sameDay(moment, new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1))) {
    return `yesterday ${timeOfDay(moment)}`;
  }
  const day = `${moment.getDate()} ${MONTHS[moment.getMonth()]}`;
  return moment.getFullYear() === today.getFullYear() ? day : `${day} ${moment.getFullYear()}`;
}

/** A moment with its offset, to the minute: `2026-03-14 15:26+01:00`; the same as `iso` of views.format. */
export function iso(then: number): string {
  const moment = new Date(then);
  if (Number.isNaN(moment.getTime())) {
    return 'unknown';
  }
  const offset = -moment.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join('-');
  return `${day} ${timeOfDay(moment)}${zone}`;
}

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}
