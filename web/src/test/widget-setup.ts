import '@testing-library/jest-dom/vitest'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { forgetAnswers } from '../api/base-query'
import { server } from './server'

beforeAll(() => {
  server.listen({ onUnhandledFrame: 'error' })
})

beforeEach(() => {
  vi.spyOn(console, 'error')
  vi.spyOn(console, 'warn')
})

afterEach(async () => {
  document.body.replaceChildren()
  // What has left the page is let go of in the next microtask.
  await Promise.resolve()
  document.documentElement.removeAttribute('lang')
  server.resetHandlers()
  server.events.removeAllListeners()
  localStorage.clear()
  forgetAnswers()
  // A page of somebody else is not the place to complain, in any state.
  expect(console.error).not.toHaveBeenCalled()
  expect(console.warn).not.toHaveBeenCalled()
})

/** Preact lets go of what effects began with the next frame, or after 35 ms. */
const LET_GO_MS = 100

afterAll(async () => {
  server.close()
  // The page has to be there until then, or that fails when no test is left to tell.
  await new Promise((resolve) => setTimeout(resolve, LET_GO_MS))
})
