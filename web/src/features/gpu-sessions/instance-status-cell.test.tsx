import { render, screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Instance } from '../../api/instances'
import { InstanceStatusCell } from './instance-status-cell'

type Heard = Pick<Instance, 'status' | 'silent' | 'since' | 'lastReportAt'>

function show(heard: Partial<Heard>) {
  const instance: Heard = {
    status: 'running',
    silent: false,
    since: '2026-11-20T08:00:00Z',
    lastReportAt: '2026-11-21T08:00:00Z',
    ...heard,
  }
  render(<InstanceStatusCell instance={instance} timeZone="UTC" />)
}

describe('what an instance does', () => {
  it('has its silence in amber, with the last time that it was heard', () => {
    show({ silent: true })

    const silence = screen.getByText('no report since 21 Nov 2026, 08:00')
    expect(silence).toBeVisible()
    expect(silence).toHaveClass('text-loss')
  })

  it('has in amber that it was never heard', () => {
    show({ silent: true, lastReportAt: null })

    expect(screen.getByText('no report yet')).toHaveClass('text-loss')
  })

  it('has no amber while it is heard', () => {
    show({})

    expect(screen.getByText('since 20 Nov 2026, 08:00')).not.toHaveClass('text-loss')
    expect(document.querySelector('.text-loss')).toBeNull()
  })
})
