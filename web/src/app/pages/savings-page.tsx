import { useDispatch, useSelector } from 'react-redux'
import { SavingsDashboard } from '../../features/savings/savings-dashboard'
import { messages } from '../../lib/messages'
import { selectProvider, selectRangeDays, setRange } from '../../state/economy-slice'
import { useTimeZone } from '../../state/use-time-zone'
import { PageHead } from '../page-head'
import { ProviderToggle } from '../provider-toggle'

/** `/savings`: everything about what was saved. */
export function SavingsPage() {
  const dispatch = useDispatch()
  return (
    <>
      <PageHead title={messages.savings.title}>
        <ProviderToggle />
      </PageHead>
      <SavingsDashboard
        provider={useSelector(selectProvider)}
        rangeDays={useSelector(selectRangeDays)}
        onRangeChange={(rangeDays) => {
          dispatch(setRange(rangeDays))
        }}
        timeZone={useTimeZone()}
      />
    </>
  )
}
