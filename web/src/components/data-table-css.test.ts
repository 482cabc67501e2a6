import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('wraps the buttons that sort where there is no room, and cuts none', () => {
  const styles = readFileSync('src/styles.css', 'utf8')
  const heads = [...styles.matchAll(/& thead tr \{([^}]*)\}/g)].map(([, rules]) => rules)

  expect(heads).toHaveLength(2)
  for (const rules of heads) {
    expect(rules).toContain('flex-wrap: wrap')
    expect(rules).not.toContain('overflow')
  }
})
