import { startTransition, useEffect, useState } from 'react'
import type { Answer } from '../api/answer'
import { takeTurn } from '../lib/turns'

/**
 * Let the parts of a page appear one after the other, as their answers come at once.
 *
 * A part keeps loading until those before it are on the screen. What was at hand when the part came
 * needs no turn, and what follows its first answer neither.
 *
 * @param isFirst whether it is what people look at first, and goes before whatever waits
 */
export function useTurn<Data>(answer: Answer<Data>, isFirst = false): Answer<Data> {
  const isLoading = answer.state === 'loading'
  const [isDrawn, setDrawn] = useState(!isLoading)

  useEffect(() => {
    if (isLoading || isDrawn) return
    return takeTurn(() => {
      startTransition(() => {
        setDrawn(true)
      })
    }, isFirst)
  }, [isLoading, isDrawn, isFirst])

  return isDrawn ? answer : { state: 'loading' }
}
