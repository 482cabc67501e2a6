import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { PREACT } from './preact.ts'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Addresses are told from where they stand, so that the site may lie under any path.
  base: './',
  build: {
    outDir: '../src/dumont_economy/static',
    emptyOutDir: true,
    // The page runs under `script-src 'self'` and `img-src 'self'`: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': 'http://127.0.0.1:8787' },
  },
  test: {
    environment: 'jsdom',
    restoreMocks: true,
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'screen',
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: ['src/widget/**'],
          setupFiles: ['src/test/setup.ts'],
        },
      },
      {
        extends: true,
        // The widget is tested as it is built, with Preact under everything that it is made of.
        resolve: { alias: PREACT },
        test: {
          name: 'widget',
          include: ['src/widget/**/*.test.{ts,tsx}'],
          setupFiles: ['src/test/preact-setup.ts', 'src/test/widget-setup.ts'],
        },
      },
    ],
  },
})
