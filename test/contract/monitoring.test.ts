import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { startTestApp } from '../support/test-app.ts'

interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}
interface Panel {
  readonly title: string
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
}

const read = (path: string) => readFileSync(path, 'utf8')
const rules: AlertRule[] = parse(read('deploy/prometheus/alerts.yaml')).groups.flatMap(
  ({ rules }: { rules: AlertRule[] }) => rules,
)
const panels: Panel[] = JSON.parse(read('deploy/grafana/latchkey.json')).panels
const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

test('every metric that an alert, the dashboard or docs/operations.md names is one that the service exports', async () => {
  const { api } = await startTestApp()
  const { text } = await api.get('/metrics')
  const exported = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  const documented = read('docs/operations.md')

  const named = [...rules.map(({ expr }) => expr), ...queries, documented].flatMap(
    (expression) => expression.match(/\blatchkey_[a-z_]+\b/g) ?? [],
  )

  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !exported.has(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual([])
})

test('every alert names a runbook entry that exists, and every entry belongs to an alert', () => {
  const entries = [...read('docs/operations.md').matchAll(/^### (Latchkey\w+)$/gm)].map(([, name]) => name)

  expect(rules.map(({ alert }) => alert).sort()).toEqual(entries.sort())
  for (const { alert, annotations } of rules) {
    expect(annotations['runbook']).toBe(`docs/operations.md#${alert.toLowerCase()}`)
  }
})

test('every alert has a test', () => {
  const tested = read('deploy/prometheus/alerts.test.yaml')

  expect(rules.map(({ alert }) => alert).filter((alert) => !tested.includes(alert))).toEqual([])
})
