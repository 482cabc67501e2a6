import { useSelector } from 'react-redux'
import type { Answer } from '../../api/answer'
import { type InstancesPage, useGetInstancesInfiniteQuery } from '../../api/instances'
import { GradeLegend } from '../../components/grade-chip'
import { InstancesTable } from '../../features/gpu-sessions/instances-table'
import { RecentEvents } from '../../features/gpu-sessions/recent-events'
import { EconomyWidget } from '../../features/live-meter/economy-widget'
import { messages } from '../../lib/messages'
import { selectProvider } from '../../state/economy-slice'
import { useAnswer } from '../../state/use-answer'
import { usePolling, useDrawnSavings } from '../../state/use-savings'
import { useTimeZone } from '../../state/use-time-zone'
import { useToday } from '../../state/use-today'
import { PageHead } from '../page-head'
import { ProviderToggle } from '../provider-toggle'

/** The pages of an infinite query, as an answer. */
function pagesOf(
  answer: Answer<{ readonly pages: readonly InstancesPage[] }>,
): Answer<readonly InstancesPage[]> {
  return answer.state === 'ready' ? { ...answer, data: answer.data.pages } : answer
}

/** `/`: the meter, what runs, and what was reported last. */
export function DashboardPage() {
  const provider = useSelector(selectProvider)
  const timeZone = useTimeZone()
  const instances = useGetInstancesInfiniteQuery(provider, usePolling())
  const today = useToday(provider)
  return (
    <>
      <PageHead title={messages.shell.dashboard}>
        <ProviderToggle />
      </PageHead>
      <div className="space-y-4">
        <EconomyWidget answer={useDrawnSavings(provider)} timeZone={timeZone} today={today} />
        <InstancesTable
          answer={pagesOf(useAnswer(instances))}
          timeZone={timeZone}
          showMore={instances.hasNextPage ? () => void instances.fetchNextPage() : null}
        />
        <RecentEvents timeZone={timeZone} />
        <div className="px-1 pt-1">
          <GradeLegend />
        </div>
      </div>
    </>
  )
}
