// `npm run openapi`: writes openapi.yaml from the schemas of the routes. test/contract/openapi.test.ts fails if it is stale.
import { writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import { buildApp } from '../dist/app.js'
import { readConfig } from '../dist/config/config.js'
import { closeDeps, createDeps } from '../dist/deps.js'
import { openapiYaml } from '../dist/http/openapi/describe-api.js'
import { Secret } from '../dist/security/secret.js'

// Registering the routes needs no database; only their handlers do.
const databaseUrl = 'postgresql://nowhere.invalid/latchkey'
const config = readConfig({
  DATABASE_URL: databaseUrl,
  PUBLIC_URL: 'https://accounts.acme.example',
  SUPPORT_CONTACT: 'help@acme.example',
})
const secretKey = new Secret('nothing is sealed here')
const deps = createDeps({ config, databaseUrl, secretKey, log: pino({ level: 'silent' }) })
const app = await buildApp(deps, { hasStarted: false, isDraining: false })
await app.ready()
await writeFile(new URL('../openapi.yaml', import.meta.url), await openapiYaml(app))
await app.close()
await closeDeps(deps)
