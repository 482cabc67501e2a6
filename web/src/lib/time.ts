import { dateFormat } from './formatters'
import { DATE_LOCALE } from './language'
import type { DecimalText } from './money'

const HOUR_SECONDS = 3600
const MINUTE_SECONDS = 60
const DAY_MS = 86_400_000

/** A price older than this is shown as stale. */
export const STALE_AFTER_DAYS = 180

/** Format an instant as day and time, such as "3 Mar 2026, 14:03". */
export function formatInstant(instant: string | number, timeZone: string): string {
  return dateFormat(DATE_LOCALE, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(new Date(instant))
}

/** Format an instant to its second, where a figure is of exactly then. */
export function formatExactInstant(instant: string, timeZone: string): string {
  return dateFormat(DATE_LOCALE, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZone,
  }).format(new Date(instant))
}

/** Format the time of day of an instant to its second, such as "14:03:11". */
export function formatTimeOfDay(instant: string | number, timeZone: string): string {
  return dateFormat(DATE_LOCALE, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZone,
  }).format(new Date(instant))
}

/** Format a calendar date (`2026-03-03`, or an instant of which only the UTC date counts). */
export function formatDate(date: string): string {
  return dateFormat(DATE_LOCALE, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(date.slice(0, 10)))
}

/** Format seconds as a running duration: "2 d 04:09:33", "4:09:33". */
export function formatDuration(totalSeconds: number): string {
  const seconds = Math.max(0, Math.floor(totalSeconds))
  const days = Math.floor(seconds / (24 * HOUR_SECONDS))
  const hours = Math.floor(seconds / HOUR_SECONDS) % 24
  const clock = [Math.floor(seconds / MINUTE_SECONDS) % 60, seconds % 60].map((part) =>
    String(part).padStart(2, '0'),
  )
  if (days === 0) return [hours, ...clock].join(':')
  return `${days} d ${[String(hours).padStart(2, '0'), ...clock].join(':')}`
}

/** Format an age in its largest unit: "35 s", "3 min", "2 h", "4 d". */
export function formatAge(totalSeconds: number): string {
  const seconds = Math.max(0, Math.floor(totalSeconds))
  if (seconds < MINUTE_SECONDS) return `${seconds} s`
  if (seconds < HOUR_SECONDS) return `${Math.floor(seconds / MINUTE_SECONDS)} min`
  const hours = Math.floor(seconds / HOUR_SECONDS)
  return hours < 24 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}

/** Return the microseconds of an instant, exactly; a `Date` has milliseconds. */
function microsecondsOf(instant: string): bigint {
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? ''
  const wholeMs = Date.parse(instant.replace(/\.\d+/, ''))
  return BigInt(wholeMs) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}

/** Return the seconds from one instant to another, exactly. */
export function secondsBetween(from: string, to: string): DecimalText {
  const microseconds = microsecondsOf(to) - microsecondsOf(from)
  const fraction = (microseconds % 1_000_000n).toString().padStart(6, '0')
  return `${microseconds / 1_000_000n}.${fraction}` as DecimalText
}

/** Count the whole days from a date to an instant. */
export function daysBetween(date: string, instant: string): number {
  return Math.floor((Date.parse(instant) - Date.parse(date)) / DAY_MS)
}

/** List every calendar date from the first to the last, both included. */
export function datesBetween(first: string, last: string): string[] {
  const dates: string[] = []
  for (let day = Date.parse(first); day <= Date.parse(last); day += DAY_MS) {
    dates.push(new Date(day).toISOString().slice(0, 10))
  }
  return dates
}

/** Return the calendar date after one. */
export function nextDate(date: string): string {
  return new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10)
}

/** Return the calendar date that an instant falls on in a time zone. */
export function localDate(instant: string, timeZone: string): string {
  return dateFormat('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    timeZone,
  }).format(new Date(instant))
}

/** Return the calendar date so many days before one. */
export function daysBefore(date: string, days: number): string {
  return new Date(Date.parse(date) - days * DAY_MS).toISOString().slice(0, 10)
}
