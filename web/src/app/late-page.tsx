import { unreachable } from '../api/problem'
import { FirstLoadFailure } from '../components/failure'
import { LatePart, type LoadPart } from '../components/late-part'
import { SkeletonRows } from '../components/skeleton'

/** A page that is not looked at first. */
export function LatePage({ load }: { readonly load: LoadPart<object> }) {
  return (
    <LatePart
      load={load}
      whileLoading={
        <div className="card rounded-xl border border-line bg-surface pt-4 shadow-card">
          <SkeletonRows rows={8} />
        </div>
      }
      unavailable={(retry) => (
        <div className="card rounded-xl border border-line bg-surface shadow-card">
          <FirstLoadFailure problem={unreachable()} retry={retry} />
        </div>
      )}
    >
      {(Page) => <Page />}
    </LatePart>
  )
}
