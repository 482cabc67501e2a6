import {
  Component,
  type ComponentType,
  lazy,
  type LazyExoticComponent,
  type ReactNode,
  Suspense,
  useState,
} from 'react'

/** The script of a part of the page cannot be had. */
class Unavailable extends Error {}

/** Loads the script of a part of the page; a function of its own for each part. */
export type LoadPart<Props> = () => Promise<{ default: ComponentType<Props> }>

type Part<Props> = LazyExoticComponent<ComponentType<Props>>

/** Parts that are loaded or on their way, by what loads them. */
const parts = new WeakMap<object, unknown>()

function partOf<Props>(load: LoadPart<Props>): Part<Props> {
  // Each is put there by the same function, for the props of what it loads.
  const known = parts.get(load) as Part<Props> | undefined
  if (known !== undefined) return known
  const part = lazy(async () => {
    try {
      return await load()
    } catch (cause) {
      // One that could not be had once never is.
      parts.delete(load)
      throw new Unavailable('The script of this part cannot be had.', { cause })
    }
  })
  parts.set(load, part)
  return part
}

interface OrElseProps {
  readonly fallback: ReactNode
  readonly children: ReactNode
}

/** Shows something else in place of a part whose script cannot be had; the page around it stands. */
class OrElse extends Component<OrElseProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    if (error instanceof Unavailable) return this.props.fallback
    throw error
  }
}

interface LatePartProps<Props> {
  readonly load: LoadPart<Props>
  /** Stands while the script is on its way. */
  readonly whileLoading?: ReactNode
  /** Stands where it cannot be had: a server may be lost before it is asked for. */
  readonly unavailable: (retry: () => void) => ReactNode
  readonly children: (Part: ComponentType<Props>) => ReactNode
}

/** A part of the page whose script is loaded when it is looked at first. */
export function LatePart<Props>({
  load,
  whileLoading = null,
  unavailable,
  children,
}: LatePartProps<Props>) {
  const [part, setPart] = useState(() => ({ Part: partOf(load), number: 0 }))
  const loadAnew = () => {
    setPart(({ number }) => ({ Part: partOf(load), number: number + 1 }))
  }
  return (
    <OrElse key={part.number} fallback={unavailable(loadAnew)}>
      <Suspense fallback={whileLoading}>{children(part.Part)}</Suspense>
    </OrElse>
  )
}
