import { registerHooks } from 'node:module'
import { PREACT } from '../../preact.ts'

const preact = new Map(Object.entries(PREACT))

// Packages are not bundled here as they are for a browser: what they ask for is given by Node.
registerHooks({
  resolve: (specifier, context, resolve) => resolve(preact.get(specifier) ?? specifier, context),
})
