import type { Instance, InstanceStatus } from '../../api/instances'
import { messages } from '../../lib/messages'
import { formatInstant } from '../../lib/time'

const text = messages.instances

const DOTS: Record<InstanceStatus, string> = {
  running: 'bg-saved-fill',
  idle: 'border-2 border-saved-fill',
  hibernated: 'border-2 border-unknown-fill',
  stopped: 'bg-unknown-fill',
  terminated: 'bg-unknown-fill',
}

/** What an instance does, and since when. */
export function InstanceStatusCell({
  instance,
  timeZone,
}: {
  readonly instance: Pick<Instance, 'status' | 'silent' | 'since' | 'lastReportAt'>
  readonly timeZone: string
}) {
  return (
    <span className="block sm:whitespace-nowrap">
      <span className="flex items-center gap-2">
        <span aria-hidden="true" className={`size-2 rounded-full ${DOTS[instance.status]}`} />
        {text.statuses[instance.status]}
      </span>
      {instance.silent ? (
        <span className="block text-loss">
          {instance.lastReportAt === null
            ? text.neverReported
            : text.silent(formatInstant(instance.lastReportAt, timeZone))}
        </span>
      ) : (
        <span className="block text-ink-faint">
          {instance.since !== null && text.since(formatInstant(instance.since, timeZone))}
        </span>
      )}
    </span>
  )
}
