import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { PREACT } from './preact.ts'
import { shadowCss } from './shadow-css.ts'

/** What a mode builds: the one script of the element, or the page with nothing but the widget. */
const INPUTS = {
  element: {
    input: 'src/economy-widget.ts',
    // Pages of others name it: it keeps its address, and is one file.
    output: { entryFileNames: 'embed/economy-widget.js', codeSplitting: false },
  },
  page: { input: 'widget.html', output: { codeSplitting: false } },
} as const

export default defineConfig(({ mode }) => ({
  plugins: [react(), tailwindcss({ optimize: false }), shadowCss()],
  base: './',
  mode: 'production',
  define: { 'process.env.NODE_ENV': '"production"' },
  resolve: { alias: PREACT },
  build: {
    outDir: '../src/dumont_economy/static',
    emptyOutDir: false,
    copyPublicDir: false,
    assetsInlineLimit: 0,
    // With `light-dark()`, which takes the theme of the page around the element. What stands in for
    // it in older browsers only knows themes that the style sheet itself sets.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    rolldownOptions: INPUTS[mode as keyof typeof INPUTS],
  },
}))
