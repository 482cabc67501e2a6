import { useSelector } from 'react-redux'
import { useParams } from 'react-router'
import { GradeLegend } from '../../components/grade-chip'
import { InstanceDetail } from '../../features/gpu-sessions/instance-detail'
import { RecentEvents } from '../../features/gpu-sessions/recent-events'
import { selectProvider } from '../../state/economy-slice'
import { useTimeZone } from '../../state/use-time-zone'
import { PageHead } from '../page-head'
import { ProviderToggle } from '../provider-toggle'

/** `/instances/:id`: one instance, whose id is any text, slashes included. */
export default function InstancePage() {
  const instanceId = useParams()['*'] ?? ''
  const provider = useSelector(selectProvider)
  const timeZone = useTimeZone()
  return (
    <>
      <PageHead title={instanceId}>
        <ProviderToggle />
      </PageHead>
      <div className="space-y-4">
        <InstanceDetail provider={provider} instanceId={instanceId} timeZone={timeZone} />
        <RecentEvents timeZone={timeZone} instance={instanceId} />
        <div className="px-1 pt-1">
          <GradeLegend />
        </div>
      </div>
    </>
  )
}
