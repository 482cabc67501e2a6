/** Says by a pulse that something runs; the words beside it say it too. */
export function LiveDot() {
  return <span aria-hidden="true" className="pulse" />
}
