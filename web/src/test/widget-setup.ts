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

afterAll(() => {
  server.close()
})
