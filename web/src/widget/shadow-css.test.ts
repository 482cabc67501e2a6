import { describe, expect, it } from 'vitest'
import { toShadowCss } from '../../shadow-css.ts'

describe('styles for a shadow root', () => {
  it.each([
    [':root { --ink: black; }', '.economy-frame { --ink: black; }'],
    [':root, :host { --spacing: 4px; }', '.economy-frame { --spacing: 4px; }'],
    ['html, :host { color: red; }', '.economy-frame { color: red; }'],
    ['@layer base {\n  html {\n  }\n}', '@layer base {\n  .economy-frame {\n  }\n}'],
    [":root[data-theme='dark'] { }", ".economy-frame[data-theme='dark'] { }"],
    [':host { display: block; }', ':host { display: block; }'],
    ['.html { }', '.html { }'],
  ])('say of the frame what %j says of a page', (page, frame) => {
    expect(toShadowCss(page)).toContain(frame)
  })

  it('have sizes that no page changes, and classes that keep their names', () => {
    const css = toShadowCss(
      '.text-\\[1\\.75rem\\] { font-size: 1.75rem; margin: -.5rem 2rem }\n@container (width >= 48rem) { }',
    )

    expect(css).toContain('.text-\\[1\\.75rem\\] { font-size: 28px; margin: -8px 32px }')
    expect(css).toContain('@container (width >= 768px)')
  })

  it('say of everything what a property begins with, in any browser', () => {
    const css = toShadowCss(`@layer properties {
  @supports ((-webkit-hyphens: none) and (not (margin-trim: inline))) {
    *, ::before {
      --tw-border-style: solid;
    }
  }
}
@property --tw-border-style {
  syntax: "*";
  inherits: false;
  initial-value: solid;
}
@property --tw-leading {
  syntax: "*";
  inherits: false;
}
.after { }`)

    expect(css).not.toContain('@property')
    expect(css).not.toContain('@supports')
    expect(css).toContain('.after { }')
    expect(css).toContain(
      '@layer frame { *, ::before, ::after { --tw-border-style: solid; --tw-leading: initial; } }',
    )
  })
})
