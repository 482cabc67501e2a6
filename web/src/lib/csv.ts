import { download } from './download'
import { isDecimalText } from './money'

/** Text that a spreadsheet would run as a formula starts with one of these. */
const FORMULA_START = /^[=+\-@\t\r\n\0]/

function csvCell(cell: string): string {
  const text = !isDecimalText(cell) && FORMULA_START.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Write rows as CSV (RFC 4180); decimal text stays a number, other text is never a formula. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

/** Hand a CSV file to the browser's download. */
export function downloadCsv(fileName: string, csv: string): void {
  download(fileName, new Blob([csv], { type: 'text/csv;charset=utf-8' }))
}
