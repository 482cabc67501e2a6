import { clockGapAt, isClockJump } from './live-counter'
import { Pace } from './pace'

/** Shows what is due, and returns the monotonic instant at which it will look different. */
type FrameTask = (now: number) => number

/** The loop looks at the clocks at least this often. */
const LONGEST_WAIT_MS = 1000

const pace = new Pace()

/**
 * The instant at which figures of a table are drawn that change at one: all of them in one frame.
 * A fleet has many, and what a frame costs is their number.
 */
export function tablesFrom(instant: number): number {
  return pace.tablesFrom(instant)
}

/** The second after `now`, at which a duration has another digit. */
export function nextSecond(now: number): number {
  return (Math.floor(now / 1000) + 1) * 1000
}

const tasks = new Map<FrameTask, number>()
const jumpListeners = new Set<() => void>()
let frame: number | null = null
let timer: ReturnType<typeof setTimeout> | null = null
let clockGap: number | null = null

function noticeClockJump(now: number): void {
  const gap = clockGapAt(now)
  const jumped = clockGap !== null && isClockJump(clockGap, gap)
  clockGap = gap
  if (jumped) for (const listener of jumpListeners) listener()
}

function runFrame(): void {
  frame = null
  const now = performance.now()
  noticeClockJump(now)
  for (const [task, due] of tasks) if (due <= now) tasks.set(task, task(now))
  // What is called then comes after the browser has laid out and painted what was written.
  setTimeout(() => {
    // A hidden page is put off, which says nothing of what its frames take.
    if (document.hidden || !pace.note(now, performance.now())) return
    // What was due at a beat of the old pace would be drawn apart from the others.
    for (const task of tasks.keys()) tasks.set(task, now)
    schedule(performance.now())
  })
  schedule(now)
}

/** Draw at the next frame on coming back, however far timers of a hidden page were put off. */
function onSeenAgain(): void {
  if (document.hidden || tasks.size === 0 || frame !== null) return
  if (timer !== null) clearTimeout(timer)
  timer = null
  frame = requestAnimationFrame(runFrame)
}

/** Ask for the frame in which the next task is due; frames without a change are not asked for. */
function schedule(now: number): void {
  if (timer !== null) clearTimeout(timer)
  timer = null
  if (tasks.size === 0 || frame !== null) return
  // Timers cut off parts of a millisecond, and a frame before the beat would miss what is due at it.
  const wait = Math.ceil(pace.beatFrom(Math.max(Math.min(...tasks.values()), now + 1)) - now)
  timer = setTimeout(
    () => {
      timer = null
      frame = requestAnimationFrame(runFrame)
    },
    Math.min(wait, LONGEST_WAIT_MS),
  )
}

/**
 * Show something that changes with time, in the one loop that all counters share.
 *
 * The task runs at once, and then at the first frame at which it is due. The browser gives no
 * frames while the page is hidden, and one as soon as it is seen again. Returns how to stop it.
 */
export function onFramesDue(task: FrameTask): () => void {
  const now = performance.now()
  if (tasks.size === 0) document.addEventListener('visibilitychange', onSeenAgain)
  tasks.set(task, task(now))
  schedule(now)
  return () => {
    tasks.delete(task)
    if (tasks.size > 0) return
    document.removeEventListener('visibilitychange', onSeenAgain)
    if (timer !== null) clearTimeout(timer)
    if (frame !== null) cancelAnimationFrame(frame)
    timer = null
    frame = null
    clockGap = null
  }
}

/** Call a listener when the machine slept or its clock was set; returns how to stop it. */
export function onClockJump(listener: () => void): () => void {
  jumpListeners.add(listener)
  return () => jumpListeners.delete(listener)
}
