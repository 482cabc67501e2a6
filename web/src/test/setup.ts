import '@testing-library/jest-dom/vitest'
import { createElement } from 'react'
import { cleanup, configure } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { forgetAnswers } from '../api/base-query'
import { server } from './server'

// A canvas paints nothing here; the table behind the chart holds the same figures.
vi.mock('../features/savings/history-chart', () => ({
  default: () => createElement('div', { role: 'img', 'aria-label': 'Cost by day' }),
}))

// A machine that runs other tests too draws a page in seconds.
configure({ asyncUtilTimeout: 10_000 })

// jsdom has dialogs without the methods that open and close them.
HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
  this.open = false
}

beforeAll(() => {
  server.listen({ onUnhandledFrame: 'error' })
})

beforeEach(() => {
  vi.spyOn(console, 'error')
  vi.spyOn(console, 'warn')
})

afterEach(() => {
  cleanup()
  server.resetHandlers()
  localStorage.clear()
  forgetAnswers()
  // A page that complains to the console is not done, in any state.
  expect(console.error).not.toHaveBeenCalled()
  expect(console.warn).not.toHaveBeenCalled()
})

afterAll(() => {
  server.close()
})
