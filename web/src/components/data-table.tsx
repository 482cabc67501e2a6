import {
  type ReactNode,
  startTransition,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { takeTurn } from '../lib/turns'

export interface Column<Row> {
  readonly key: string
  readonly header: string
  readonly isNumber?: boolean
  readonly cell: (row: Row) => ReactNode
  /** What the column is sorted by; a column without it is not sorted. Null comes last. */
  readonly sortBy?: (row: Row) => string | number | null
  /** The cell in a CSV file, where it is not for the screen alone. */
  readonly csv?: (row: Row) => string
}

export interface Sorting {
  readonly key: string
  readonly isDescending: boolean
}

interface DataTableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sorting?: Sorting | null
  readonly onSort?: (sorting: Sorting) => void
  /** Many rows: they scroll under their header. */
  readonly isLong?: boolean
  /** Rows of many parts: a page of them is laid out over some frames. */
  readonly hasLargeRows?: boolean
}

/** A table with more columns needs more room before its rows become cards. */
const WIDE_COLUMNS = 6

/** So many large rows are laid out in one frame: a page of instances would take tens of ms. */
const ROWS_A_FRAME = 8

function compare(a: string | number | null, b: string | number | null, isDescending: boolean) {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const order =
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
  return isDescending ? -order : order
}

/** Keep rows in the order that the reader chose; none keeps the server's. */
export function useSorting<Row>(rows: readonly Row[], columns: readonly Column<Row>[]) {
  const [sorting, setSorting] = useState<Sorting | null>(null)
  const sorted = useMemo(() => {
    const sortBy = columns.find((column) => column.key === sorting?.key)?.sortBy
    if (sorting === null || sortBy === undefined) return rows
    return rows.toSorted((a, b) => compare(sortBy(a), sortBy(b), sorting.isDescending))
  }, [rows, columns, sorting])
  return { sorting, setSorting, sorted }
}

/** Write the shown rows as the rows of a CSV file, header first. */
export function toCsvRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[][] {
  const exported = columns.flatMap(({ header, csv }) =>
    csv === undefined ? [] : [{ header, csv }],
  )
  return [
    exported.map(({ header }) => header),
    ...rows.map((row) => exported.map(({ csv }) => csv(row))),
  ]
}

/** Return how many rows are drawn: of large ones that come at once, some in each frame. */
function useDrawnRows(count: number, areLarge: boolean): number {
  const [drawn, setDrawn] = useState(areLarge ? ROWS_A_FRAME : Infinity)

  useEffect(() => {
    if (drawn >= count) return
    return takeTurn(() => {
      startTransition(() => {
        setDrawn(drawn + ROWS_A_FRAME)
      })
    })
  }, [drawn, count])

  return drawn
}

/** As much room as the rows will take that are not drawn yet: what stands below keeps its place. */
function RoomForRows({ drawn, missing }: { readonly drawn: number; readonly missing: number }) {
  const room = useRef<HTMLDivElement>(null)

  useLayoutEffect(() => {
    if (room.current === null) return
    const rows = room.current.previousElementSibling?.querySelector('tbody')
    room.current.style.height = `${((rows?.offsetHeight ?? 0) / drawn) * missing}px`
  }, [drawn, missing])

  return <div ref={room} />
}

/**
 * A table that never makes the page wider: where it has no room its rows become cards, and what
 * is left over scrolls inside its own region. The roles are spelled out because a card's display
 * would take them away.
 */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  sorting = null,
  onSort,
  isLong = false,
  hasLargeRows = false,
}: DataTableProps<Row>) {
  const drawn = useDrawnRows(rows.length, hasLargeRows)
  const [atFirst] = useState(rows.length)
  return (
    <div
      role="region"
      aria-label={caption}
      tabIndex={0}
      className={`data-table-region ${isLong ? 'max-h-104' : ''}`}
    >
      <table
        role="table"
        className="data-table"
        data-wide={columns.length > WIDE_COLUMNS}
        data-long={isLong}
        data-sortable={onSort !== undefined}
      >
        <caption className="sr-only">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} sorting={sorting} onSort={onSort} />
            ))}
          </tr>
        </thead>
        {/* Each row may widen a column, and so move those above it: they are seen when all are there. */}
        <tbody role="rowgroup" className={drawn < atFirst ? 'invisible' : undefined}>
          {rows.slice(0, drawn).map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map((column, index) => (
                <BodyCell key={column.key} column={column} row={row} isRowHeader={index === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {drawn < rows.length && <RoomForRows drawn={drawn} missing={rows.length - drawn} />}
    </div>
  )
}

interface BodyCellProps<Row> {
  readonly column: Column<Row>
  readonly row: Row
  readonly isRowHeader: boolean
}

function BodyCell<Row>({ column, row, isRowHeader }: BodyCellProps<Row>) {
  if (isRowHeader) {
    return (
      <th scope="row" role="rowheader">
        {column.cell(row)}
      </th>
    )
  }
  return (
    <td role="cell" data-number={column.isNumber}>
      <span aria-hidden="true" className="cell-label">
        {column.header}
      </span>
      <span className="block min-w-0">{column.cell(row)}</span>
    </td>
  )
}

interface HeaderCellProps<Row> {
  readonly column: Column<Row>
  readonly sorting: Sorting | null
  readonly onSort: ((sorting: Sorting) => void) | undefined
}

function HeaderCell<Row>({ column, sorting, onSort }: HeaderCellProps<Row>) {
  const isSorted = sorting?.key === column.key
  const direction = sorting?.isDescending === true ? 'descending' : 'ascending'
  return (
    <th
      scope="col"
      role="columnheader"
      aria-sort={isSorted ? direction : undefined}
      data-number={column.isNumber}
    >
      {column.sortBy === undefined || onSort === undefined ? (
        column.header
      ) : (
        <button
          type="button"
          className={`rounded font-medium hover:text-ink ${isSorted ? 'text-ink' : ''}`}
          onClick={() => {
            // Numbers are looked at from the largest, names from the first.
            onSort({
              key: column.key,
              isDescending: isSorted ? !sorting.isDescending : column.isNumber === true,
            })
          }}
        >
          {column.header}
          {isSorted && <span aria-hidden="true">{sorting.isDescending ? ' ↓' : ' ↑'}</span>}
        </button>
      )}
    </th>
  )
}
