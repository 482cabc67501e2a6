import { afterEach, describe, expect, it } from 'vitest'
import saved from '../../../tests/snapshots/notices.json'
import { parseNotices } from '../api/comparison'
import type { Schemas } from '../api/schema'
import { LANGUAGES, type Language } from './language'
import { speak } from './messages'
import { type Notice, noticeInWords } from './notice'
import { AnswerReader } from './parse'

const SAO_PAULO = 'America/Sao_Paulo'

/** Every notice that the API's own tests keep: all codes, with all that they can tell. */
const NOTICES = parseNotices(
  new AnswerReader<Pick<Schemas['SavingsAnswer'], 'notices'>>({ notices: saved }),
)

const CASES = LANGUAGES.flatMap((language) =>
  NOTICES.map((notice, index) => ({ language, code: notice.code, index, notice })),
)

/** Texts that are written otherwise for a reader, and one that is English as it was kept. */
const REWRITTEN = new Set(['last_good_at', 'tried_at', 'seen_on', 'price', 'other_price', 'detail'])

function worded(language: Language, code: string, index = 0): string | null {
  speak(language)
  const notice = NOTICES.filter((one) => one.code === code)[index]
  if (notice === undefined) throw new Error(`no notice ${code}`)
  return noticeInWords(notice, SAO_PAULO)
}

afterEach(() => {
  speak('en')
})

describe('a notice', () => {
  it.each(CASES)(
    'is worded in $language with all that it names: $code, $index',
    ({ language, notice }: (typeof CASES)[number]) => {
      speak(language)

      const words = noticeInWords(notice, SAO_PAULO)

      for (const told of [notice.named, ...notice.each]) {
        for (const [name, value] of Object.entries(told)) {
          if (!REWRITTEN.has(name))
            expect(words?.replace(/(\d)[,.](?=\d{3}\b)/g, '$1')).toContain(value)
        }
      }
      expect(words).not.toMatch(/\d{4}-\d\d-\d\d/)
    },
  )

  it('says in English what the server does, but for how dates and numbers are written', () => {
    const unwritten = NOTICES.filter(
      ({ named, each }) =>
        ![named, ...each].some((told) => Object.keys(told).some((name) => REWRITTEN.has(name))),
    )

    expect(unwritten.length).toBeGreaterThan(10)
    for (const notice of unwritten) {
      expect(noticeInWords(notice, SAO_PAULO)?.replaceAll('’', "'")).toBe(notice.text)
    }
  })

  it('has its instants in the zone of the account, and its numbers as the reader writes them', () => {
    expect(worded('pt-BR', 'price_feed_failed')).toBe(
      'Não foi possível ler AWS Price List us-east-1 em 3 de ago. de 2026, 08:55 (wrong_content_type); a última leitura boa foi em 3 de ago. de 2026, 08:55. Valem os últimos preços bons.',
    )
    expect(worded('pt-BR', 'price_rows_refused')).toContain('1.200 currency_changed, 3 zero_price.')
    expect(worded('en', 'price_rows_refused')).toContain('1,200 currency_changed, 3 zero_price.')
    expect(worded('pt-BR', 'stale_prices')).toContain('Standard_NC4as_T4_v3 (16 de mai. de 2025)')
  })

  it('tells the prices of a conflict, and how many more there are', () => {
    expect(worded('pt-BR', 'price_conflict')).toMatch(
      /p0\.48xlarge, gpuhunt catalogue: US\$\s50,00 contra US\$\s55,04, que outra fonte informa\. p1.* E mais 1\.$/,
    )
    expect(worded('en', 'price_conflict')).toMatch(
      /p0\.48xlarge, gpuhunt catalogue: \$50\.00 against \$55\.04, which another source states\. p1.* And 1 more\.$/,
    )
  })

  it('says what is otherwise where something is not told', () => {
    expect(worded('pt-BR', 'price_feed_failed', 1)).toContain('nunca houve uma leitura boa')
    expect(worded('pt-BR', 'price_feed_stale')).not.toContain('economy worker')
    expect(worded('pt-BR', 'price_feed_stale', 1)).toContain('`economy worker`')
    expect(worded('pt-BR', 'disks_not_compared')).toContain('da Azure em eastus')
    expect(worded('pt-BR', 'disks_not_compared', 1)).toContain('a tabela de referência')
    expect(worded('pt-BR', 'orphan_stops')).toContain('orphan-4 e mais 2.')
    expect(worded('pt-BR', 'silent_instances')).toContain('ou mais: silent.')
    speak('pt-BR')
    const nameless: Notice = { code: 'unknown_gpu', text: '', named: {}, each: [{ memory: '8' }] }
    expect(noticeInWords(nameless, 'UTC')).toContain('(vazio) com 8 GiB')
  })

  it('leaves a name that looks like a number as it is', () => {
    const notice: Notice = {
      code: 'orphan_stops',
      text: '',
      named: {},
      each: [{ instance: '007' }, { instance: '1234567' }],
    }

    expect(noticeInWords(notice, 'UTC')).toContain(': 007, 1234567. ')
    expect(worded('en', 'unknown_gpu')).toContain(': 4091, 4091 with 80 GiB.')
  })

  it.each<[string, Partial<Notice>]>([
    ['with a code that is new', { code: 'brand_new' }],
    ['that names nothing', { each: [] }],
    ['that does not name what each has to', { each: [{ instance: 'a' }, { source: 'b' }] }],
  ])('%s is left to the words of the server', (_name, otherwise) => {
    const notice: Notice = {
      code: 'orphan_stops',
      text: 'As the server says.',
      named: {},
      each: [{ instance: 'a' }],
    }

    expect(noticeInWords(notice, 'UTC')).not.toBeNull()
    expect(noticeInWords({ ...notice, ...otherwise }, 'UTC')).toBeNull()
  })
})
