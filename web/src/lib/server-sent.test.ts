import { describe, expect, it } from 'vitest'
import { ServerSentReader } from './server-sent'

describe('a stream of server-sent events', () => {
  it('is read wherever it is cut', () => {
    const text = ':\n\nretry: 3000\nid: a1\nevent: changed\ndata: {"changed":["ledger"]}\n\n:\n\n'
    const whole = new ServerSentReader().read(text)

    expect(whole).toEqual([
      { event: 'changed', data: '{"changed":["ledger"]}', id: 'a1', retryMs: 3000 },
    ])
    for (let cut = 0; cut <= text.length; cut += 1) {
      const reader = new ServerSentReader()
      expect([...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut))]).toEqual(whole)
    }
  })

  it('has messages of which nothing but a hint is said', () => {
    expect(new ServerSentReader().read('retry: 2500\n\n')).toEqual([
      { event: '', data: '', id: null, retryMs: 2500 },
    ])
  })

  it('is not told a time that is none', () => {
    const [message] = new ServerSentReader().read('retry: soon\nevent: changed\n\n')

    expect(message?.retryMs).toBeNull()
  })

  it('may end its lines in two ways', () => {
    expect(new ServerSentReader().read('event: ended\r\n\r\n')).toHaveLength(1)
  })
})
