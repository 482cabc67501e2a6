import type { Provider } from '../../api/comparison'
import { GradeLegend } from '../../components/grade-chip'
import { LeftOut } from '../../components/proof'
import type { RangeDays } from '../../state/economy-slice'
import { useDrawnSavings } from '../../state/use-savings'
import { Breakdown } from './breakdown'
import { HistorySection } from './history-section'
import { Lifetime } from './lifetime'
import { ProviderComparison } from './provider-comparison'

interface SavingsDashboardProps {
  readonly provider: Provider
  readonly rangeDays: RangeDays
  readonly onRangeChange: (rangeDays: RangeDays) => void
  readonly timeZone: string
}

/** The full page of the savings: the counter, its parts, its history and its proof. */
export function SavingsDashboard({
  provider,
  rangeDays,
  onRangeChange,
  timeZone,
}: SavingsDashboardProps) {
  const answer = useDrawnSavings(provider)
  return (
    <div className="space-y-4">
      <Lifetime answer={answer} timeZone={timeZone} />
      <HistorySection
        provider={provider}
        rangeDays={rangeDays}
        onRangeChange={onRangeChange}
        timeZone={timeZone}
      />
      <ProviderComparison chosen={provider} />
      <Breakdown provider={provider} />
      <div className="space-y-4 px-1 pt-1">
        {answer.state === 'ready' && (
          <LeftOut
            coverage={answer.data.coverage}
            notices={answer.data.notices}
            timeZone={timeZone}
          />
        )}
        <GradeLegend />
      </div>
    </div>
  )
}
