import { type ReactNode, useState } from 'react'
import type { Answer } from '../api/answer'
import { GRADES } from '../api/comparison'
import type { Match } from '../api/instances'
import { parseSavings, type Savings } from '../api/savings'
import { Button } from '../components/button'
import { Card } from '../components/card'
import { CopyButton } from '../components/copy-button'
import { type Column, DataTable, useSorting } from '../components/data-table'
import { EmptyState } from '../components/empty-state'
import { FirstLoadFailure, StaleNotice } from '../components/failure'
import { Field } from '../components/field'
import { GradeChip, GradeLegend, GradeShare } from '../components/grade-chip'
import { InexactToggle } from '../components/inexact'
import { InstanceLink } from '../components/instance-link'
import { LanguageToggle } from '../components/language-toggle'
import { LastAnswer } from '../components/last-answer'
import { LiveAmount } from '../components/live-amount'
import { LiveDot } from '../components/live-dot'
import { LiveDuration } from '../components/live-duration'
import { MatchCell } from '../components/match-cell'
import { PageLink } from '../components/page-link'
import { Panel } from '../components/panel'
import { Evidence, LeftOut, PriceDate } from '../components/proof'
import { Saving } from '../components/saving'
import { Segmented } from '../components/segmented'
import { ServerWords } from '../components/server-words'
import { Skeleton, SkeletonRows } from '../components/skeleton'
import { SourceLink } from '../components/source-link'
import { Stat } from '../components/stat'
import { StepChart } from '../components/step-chart'
import { Toast } from '../components/toast'
import { LiveUncompared, Uncompared } from '../components/uncompared'
import { WeighedLink } from '../components/weighed-link'
import { Why } from '../components/why'
import { EconomyWidget } from '../features/live-meter/economy-widget'
import { clockGapAt, type Validity } from '../lib/live-counter'
import { formatUsd } from '../lib/money'
import { chooseTheme, keptTheme, THEMES } from '../lib/theme'
import { usePassing } from '../state/use-passing'
import { coverage, firstUseSavings, idleSavings, losingSavings, savings } from '../test/answers'

/*
 * For those who build pages, so it speaks English alone, and its figures are made up: nothing of
 * it is in what is installed.
 */

/** A theme's colours, and what each of them means. */
const COLOURS = [
  ['bg-canvas', 'canvas', 'the page'],
  ['bg-surface', 'surface', 'a card'],
  ['bg-sunken', 'sunken', 'a place in a card'],
  ['bg-line', 'line', 'between rows'],
  ['bg-line-strong', 'line-strong', 'around fields'],
  ['bg-ink', 'ink', 'figures and titles'],
  ['bg-ink-soft', 'ink-soft', 'what explains them'],
  ['bg-ink-faint', 'ink-faint', 'what stands back'],
  ['bg-saved-fill', 'saved', 'saved'],
  ['bg-loss-fill', 'loss', 'costs more here, old, refused'],
  ['bg-unknown-fill', 'unknown', 'not known'],
  ['bg-paid-fill', 'paid', 'paid, in charts'],
  ['bg-action', 'action', 'the one button that matters'],
] as const

interface Row {
  readonly name: string
  readonly saving: `${number}`
}

const ROWS: readonly Row[] = [
  { name: 'trainer', saving: '12.5' },
  { name: 'batch', saving: '-0.75' },
]

const COLUMNS: readonly Column<Row>[] = [
  { key: 'name', header: 'Instance', sortBy: ({ name }) => name, cell: ({ name }) => name },
  {
    key: 'saving',
    header: 'Saved',
    isNumber: true,
    sortBy: ({ saving }) => Number(saving),
    cell: ({ saving }) => <Saving amount={saving} showLossNote />,
  },
]

const HOUR_MS = 3_600_000

const SOURCE_URL = 'https://prices.example.test/'

const MATCH: Match = {
  grade: 'D',
  sku: 'g5.xlarge',
  gpuType: 'A10G',
  region: 'us-east-1',
  source: 'a price list',
  sourceUrl: SOURCE_URL,
  retrievedAt: '2026-01-10',
  ageDays: 200,
  machines: 2,
  form: 'several_machines',
  ratios: { memory: '1', fp16: '0.99', bandwidth: '0.64' },
}

const INSTANCES = [
  { gpuType: 'RTX 4090', gpuCount: 1, match: MATCH, unpriced: null },
  {
    gpuType: 'GeForce RTX 5070',
    gpuCount: 1,
    match: null,
    unpriced: {
      code: 'unknown_gpu',
      named: { gpu: 'GeForce RTX 5070' },
      text: 'Not a known GPU.',
    },
  },
] as const

/** Every small component in its states, in both themes, at any width. */
export function Gallery() {
  const [theme, setTheme] = useState(keptTheme)
  return (
    <main className="mx-auto max-w-page space-y-4 px-3 py-6 sm:px-6">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Components</h1>
        <Segmented
          label="Theme"
          value={theme}
          onChange={(chosen) => {
            chooseTheme(chosen)
            setTheme(chosen)
          }}
          options={THEMES.map((value) => ({ value, label: value }))}
        />
      </div>
      <Shown name="Colours" rule="Each has one meaning. Nothing on a page has another colour.">
        <ul className="grid grid-cols-2 gap-3 text-caption sm:grid-cols-4 lg:grid-cols-6">
          {COLOURS.map(([look, name, meaning]) => (
            <li key={name}>
              <span className={`block h-8 rounded-lg border border-line ${look}`} />
              {name}
              <span className="block text-ink-faint">{meaning}</span>
            </li>
          ))}
        </ul>
      </Shown>
      <Shown
        name="Stat"
        rule="A figure under its name. It opens its proof where the ledger can tell one."
      >
        <dl className="grid grid-cols-1 gap-4 sm:grid-cols-3">
          <Stat label="Saved in all time" note="vs AWS on-demand, us-east-1">
            <Why about={{ about: 'usage' }}>
              <Saving amount="1234.5" />
            </Why>
          </Stat>
          <Stat label="Running sessions" note={<TickingTime />}>
            <Ticking />
          </Stat>
          <Stat label="Per hour now">
            <Saving amount="-0.36" decimals="rate" showLossNote />
          </Stat>
        </dl>
      </Shown>
      <Shown
        name="What a figure leaves out"
        rule="Beside it what has no comparison; below it how sure it is, and why not more."
      >
        <LeavingOut />
      </Shown>
      <Shown name="Card" rule="A titled section. It is dimmed while newer answers fail to come.">
        <div className="grid gap-4 sm:grid-cols-2">
          {[false, true].map((isDimmed) => (
            <Card
              key={`${isDimmed}`}
              title={isDimmed ? 'A dimmed card' : 'A card'}
              actions={<Button>Act on all of it</Button>}
              isDimmed={isDimmed}
            >
              <p className="px-4 pb-4 sm:px-5">
                Saved: <Saving amount="12.5" />
              </p>
            </Card>
          ))}
        </div>
      </Shown>
      <Shown name="Chip" rule="How sure a comparison is: a letter and its word.">
        <div className="flex flex-wrap gap-4 text-caption">
          {GRADES.map((grade) => (
            <GradeChip key={grade} grade={grade} />
          ))}
          <GradeShare grade="B" share="12%" />
          <PriceDate isStale>price of 10 Jan 2026</PriceDate>
          <span className="flex items-center gap-2">
            <LiveDot /> running
          </span>
        </div>
        <div className="mt-3 flex flex-wrap gap-8 text-caption">
          {INSTANCES.map((instance) => (
            <MatchCell key={instance.gpuType} against="AWS" instance={instance} />
          ))}
        </div>
        <div className="mt-3">
          <GradeLegend />
        </div>
      </Shown>
      <Shown name="Toggle" rule="A choice of a few, all in sight. More than five are a field.">
        <div className="flex flex-wrap items-center gap-4">
          <Choice />
          <LanguageToggle />
          <OnlyInexact />
        </div>
      </Shown>
      <Shown name="Link" rule="Underlined where it stands in words. What leaves the site says so.">
        <ul className="space-y-2 text-caption">
          <li>
            <InstanceLink instanceId="trainer">trainer</InstanceLink>
          </li>
          <li>
            <PageLink to="/savings" className="underline underline-offset-4">
              All savings
            </PageLink>
          </li>
          <li>
            <WeighedLink instance={INSTANCES[0]} against="AWS">
              What was weighed
            </WeighedLink>
          </li>
          <li>
            <SourceLink href={SOURCE_URL}>A price list</SourceLink>
          </li>
          <li className="max-w-40">
            <SourceLink href={SOURCE_URL} isCut>
              A price list with a name that has no room here
            </SourceLink>
          </li>
        </ul>
      </Shown>
      <Shown
        name="Button and field"
        rule="One primary button a form. A refusal stands at its field."
      >
        <div className="grid max-w-lg gap-4">
          <Field label="E-mail" hint="Where we write to." />
          <Field label="Region" defaultValue="mars-1" refusal="No prices are known there." />
          <div className="flex flex-wrap gap-2">
            <Button look="primary">Save</Button>
            <Button>Undo</Button>
            <Button disabled>Nothing to do</Button>
            <CopyButton label="Copy" text={() => 'copied from the gallery'} />
          </div>
        </div>
      </Shown>
      <Shown
        name="Table"
        rule="Rows become cards where there is no room. Numbers sort from the largest."
      >
        <Sorted />
      </Shown>
      <Shown
        name="Step chart"
        rule="A price holds until the next. The table beside it has the same figures."
      >
        <StepChart
          label="A price over two days"
          formatValue={(value) => formatUsd(value)}
          formatTime={(time) => `hour ${Math.round(time / HOUR_MS)}`}
          openEnd="now"
          picture={{ name: 'price', title: 'A price over two days', caution: null }}
          steps={[
            { from: 0, to: 20 * HOUR_MS, value: 1.2 },
            { from: 20 * HOUR_MS, to: 48 * HOUR_MS, value: 0.9 },
          ]}
        />
      </Shown>
      <Shown
        name="Widget"
        rule="The meter at any width from 240 px. On a page of somebody else it says what it leaves out."
      >
        <Meters />
      </Shown>
      <Shown name="Panel and toast" rule="A panel over the page's side; a toast for what was done.">
        <Over />
      </Shown>
      <Shown
        name="Empty, loading, failed, old"
        rule="A figure is there, or the reason why it is not."
      >
        <div className="-mx-4 grid gap-4 sm:-mx-5 lg:grid-cols-3">
          <EmptyState>No instance has been reported yet.</EmptyState>
          <SkeletonRows rows={2} />
          <FirstLoadFailure
            problem={{ status: 503, code: 'away', detail: 'The database is away.', fields: [] }}
            retry={() => undefined}
          />
        </div>
        <Skeleton className="h-5 w-32" />
        <LastAnswer staleSince={0} retry={() => undefined}>
          <Saving amount="12.5" /> <span>the last answer, dimmed</span>
        </LastAnswer>
        <p className="text-sm">
          <ServerWords>The database is away, in the words of the server.</ServerWords>
        </p>
        <StaleNotice since={0} timeZone="UTC" retry={() => undefined} />
      </Shown>
    </main>
  )
}

interface ShownProps {
  readonly name: string
  /** When it is used, and how. */
  readonly rule: string
  readonly children: ReactNode
}

function Shown({ name, rule, children }: ShownProps) {
  return (
    <Card title={name} actions={<p className="text-caption text-ink-faint">{rule}</p>}>
      <div className="px-4 pb-5 sm:px-5">{children}</div>
    </Card>
  )
}

function Ticking() {
  const [validity] = useState(fromNow)
  return (
    <LiveAmount
      figure="sample"
      live={{ value: '1.5', perSecond: '0.001' }}
      validity={validity}
      decimals={4}
      isHeadline
    />
  )
}

function TickingTime() {
  const [validity] = useState(fromNow)
  return (
    <>
      <LiveDuration hours={1.5} instances={2} validity={validity} /> of use, while its answer holds
    </>
  )
}

function LeavingOut() {
  const [validity] = useState(fromNow)
  const [{ coverage, notices, oldestPriceRetrievedAt, asOf }] = useState(() =>
    parseSavings(PARTIAL, validity),
  )
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <p>
        <Saving amount="12.5" />
        <Uncompared paid="2.5" compared="2" about={{ about: 'usage' }} />
      </p>
      <p>
        <Saving amount="12.5" />
        <LiveUncompared
          paid={{ value: '2.5', perSecond: '0.002' }}
          compared={{ value: '2', perSecond: '0.001' }}
          validity={validity}
          of="sample"
          about={{ about: 'usage' }}
        />
      </p>
      <Evidence
        coverage={coverage}
        oldestPriceRetrievedAt={oldestPriceRetrievedAt}
        asOf={asOf}
        about={{ about: 'usage' }}
      />
      <LeftOut coverage={coverage} notices={notices} timeZone="UTC" />
    </div>
  )
}

/** Of a fleet that is not all compared, and not all heard. */
const PARTIAL = savings({
  coverage: coverage({
    gpu_time: 0.9,
    grades: { A: 6, B: 0, C: 0, D: 3, N: 1, R: 0 },
    unpriced: [{ gpu_type: 'Foo 9000', gpu_hours: 1 }],
  }),
  notices: [
    {
      code: 'silent_instances',
      message: 'No report for 24 hours or more: trainer.',
      parameters: {},
      named: [{ instance: 'trainer' }],
    },
  ],
  oldest_price_retrieved_at: '2026-01-10',
})

/** Widths at which the widget looks different, each in another state. */
const WIDTHS = [
  ['w-60', savings()],
  ['w-80', losingSavings()],
  ['w-120', idleSavings()],
  ['w-192', firstUseSavings()],
  ['w-full', PARTIAL],
] as const

/** The next hour. */
function fromNow(): Validity {
  const startsAt = performance.now()
  return {
    startsAt,
    endsAt: startsAt + HOUR_MS,
    asOf: Date.now(),
    clockGap: clockGapAt(startsAt),
  }
}

function Meters() {
  const [validity] = useState(fromNow)
  const [answers] = useState(() =>
    WIDTHS.map(([width, raw]) => [width, parseSavings(raw, validity)] as const),
  )
  const retry = () => undefined
  const widgets: readonly (readonly [string, Answer<Savings>])[] = [
    ...answers.map(
      ([width, data]) => [width, { state: 'ready', data, staleSince: null, retry }] as const,
    ),
    ['w-80', { state: 'loading' }],
    [
      'w-80',
      {
        state: 'failed',
        problem: { status: 503, code: 'away', detail: 'The database is away.', fields: [] },
        retry,
      },
    ],
    ...answers
      .slice(0, 1)
      .map(([, data]) => ['w-80', { state: 'ready', data, staleSince: 0, retry }] as const),
  ]
  return (
    <div className="flex flex-wrap items-start gap-4">
      {widgets.map(([width, answer], index) => (
        <div key={index} className={`max-w-full ${width}`}>
          <EconomyWidget answer={answer} timeZone="UTC" isAlone />
        </div>
      ))}
    </div>
  )
}

function Choice() {
  const [value, setValue] = useState('AWS')
  return (
    <Segmented
      label="Compare with"
      value={value}
      onChange={setValue}
      options={['AWS', 'GCP', 'Azure'].map((one) => ({ value: one, label: one }))}
    />
  )
}

function OnlyInexact() {
  const [isOn, setOn] = useState(false)
  return <InexactToggle instances={INSTANCES} isOn={isOn} onChange={setOn} />
}

function Sorted() {
  const { sorted, sorting, setSorting } = useSorting(ROWS, COLUMNS)
  return (
    <div className="overflow-hidden rounded-xl border border-line">
      <DataTable
        caption="Two instances"
        columns={COLUMNS}
        rows={sorted}
        rowKey={({ name }) => name}
        sorting={sorting}
        onSort={setSorting}
      />
    </div>
  )
}

function Over() {
  const [isOpen, setOpen] = useState(false)
  const [said, say] = usePassing()
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        onClick={() => {
          setOpen(true)
        }}
      >
        Open a panel
      </Button>
      <Button
        onClick={() => {
          say('Version 2 is in force.')
        }}
      >
        Show a toast
      </Button>
      {isOpen && (
        <Panel
          title="A panel"
          subject="sample"
          onClose={() => {
            setOpen(false)
          }}
        >
          <p className="text-sm">Escape, the button and a click beside it close it.</p>
        </Panel>
      )}
      <Toast message={said} />
    </div>
  )
}
