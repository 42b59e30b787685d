/**
 * npm run test:alerts: runs the tests of the alert rules in deploy/prometheus with promtool, which comes with Prometheus
 * (Debian: `apt-get install prometheus`).
 */
import { spawnSync } from 'node:child_process'

const PROMTOOL = process.env.PROMTOOL ?? 'promtool'

if (spawnSync(PROMTOOL, ['--version']).status === 0) {
  for (const args of [
    ['check', 'rules', 'deploy/prometheus/alerts.yaml'],
    ['test', 'rules', 'deploy/prometheus/alerts.test.yaml'],
  ]) {
    const { status } = spawnSync(PROMTOOL, args, { stdio: 'inherit' })
    if (status !== 0) process.exit(1)
  }
} else {
  process.stdout.write(
    `SKIPPED: the alert rules are not tested, because there is no ${PROMTOOL} (apt-get install prometheus)\n`,
  )
}
