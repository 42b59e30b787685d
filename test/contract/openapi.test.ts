import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { expect, jest, test } from '@jest/globals'
import { parse } from 'yaml'
import { type ProblemCode, problems } from '../../src/domain/problems.ts'
import { openapiYaml } from '../../src/http/openapi/describe-api.ts'
import { problemStatuses } from '../../src/http/problems/problem-statuses.ts'
import { startTestApp } from '../support/test-app.ts'

const { app } = await startTestApp()
const committed = await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')

test('openapi.yaml agrees with the schemas of the routes (if not: npm run openapi)', async () => {
  await app.ready()

  expect(await openapiYaml(app)).toBe(committed)
})

test('GET /openapi.yaml serves the description of the API', async () => {
  const response = await app.inject('/openapi.yaml')

  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('application/yaml')
  expect(response.body).toBe(committed)
})

test('GET /docs shows the description to a person, and loads nothing from other hosts', async () => {
  const page = await app.inject('/docs/')

  expect(page.statusCode).toBe(200)
  expect(page.body).toContain('swagger-ui')
  expect(page.body).not.toMatch(/(?:src|href)="https?:/)
})

test('the page at /docs loads its scripts over plain http too', async () => {
  for (const path of ['/docs', '/docs/', '/docs/static/swagger-ui-bundle.js']) {
    const { headers } = await app.inject(path)

    expect(headers['content-security-policy']).toContain("default-src 'self'")
    expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests')
  }
})

test.each(['/openapi.yaml', '/docs/json', '/docs/yaml'])('%s is computed for the first request only', async (path) => {
  const first = await app.inject(path)
  const describe = jest.spyOn(app, 'describe').mockClear()

  const second = await app.inject(path)
  const compressed = await app.inject({ url: path, headers: { 'accept-encoding': 'gzip' } })

  expect(describe).not.toHaveBeenCalled()
  expect(second.body).toBe(first.body)
  expect(gunzipSync(compressed.rawPayload).toString()).toBe(first.body)
})

test.each([
  ['the service itself', 'http://service.internal:3000/'],
  ['a proxy that serves it under a path', 'https://acme.example/accounts/'],
])('"Try it out" at /docs sends its requests to the origin of the page: %s', async (_what, base) => {
  const { servers, components } = (await app.inject('/docs/json')).json()

  const { tokenUrl } = components.securitySchemes.serviceToken.flows.clientCredentials
  expect(tokenUrl).toBe('/oauth/token')
  expect(servers).toHaveLength(1)
  expect(new URL(servers[0].url, `${base}docs/json`).href).toBe(base)
})

test('openapi.yaml names the server by PUBLIC_URL', () => {
  expect(parse(committed).servers).toMatchObject([{ url: 'https://accounts.acme.example' }])
})

test('every problem has an error status, a title and a detail that ends with a full stop', () => {
  for (const [code, { title, detail }] of Object.entries(problems)) {
    const status = problemStatuses[code as ProblemCode]
    expect({ code, isError: status >= 400 && status < 600 }).toEqual({ code, isError: true })
    expect({ code, words: title.length > 3 && detail.endsWith('.') }).toEqual({ code, words: true })
  }
})
