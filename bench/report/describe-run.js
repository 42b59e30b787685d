// The head of the report: what was measured, on what, and how to read it.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import path from 'node:path'
import { KRATOS_VERSION } from '../environment/peers/build-kratos.js'
import { SETTINGS } from '../environment/postgres.js'

const ROOT = path.join(import.meta.dirname, '../..')

export function describeRun({ postgres, plan, command, commit, minutes }) {
  const settings = Object.entries(SETTINGS).filter(([name]) => ['shared_buffers', 'max_wal_size'].includes(name))
  const lines = [
    ['command', `\`${command}\``],
    ['date', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${minutes} minutes`],
    ['commit', commit],
    [
      'machine',
      `${cpus()[0].model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1e9)} GB, ${platform()} ${release()}`,
    ],
    [
      'load average at the end',
      loadavg()
        .map((load) => load.toFixed(1))
        .join(' '),
    ],
    ['Node.js', process.version],
    ['PostgreSQL', `${postgres.version}, ${settings.map(([name, value]) => `${name} ${value}`).join(', ')}, durable`],
    ['better-auth', packageVersion('better-auth')],
    ['Ory Kratos', plan.kratos ? KRATOS_VERSION : 'not measured in this run: `--kratos` builds it with Go'],
    ['rounds', `${plan.rounds} (3 where the section says so)`],
  ]
  return [
    '# Benchmark results',
    'Written by `npm run bench`; not edited by hand. [README.md](README.md) explains each scenario and how to run it.',
    ['| | |', '|---|---|', ...lines.map(([name, value]) => `| ${name} | ${value} |`)].join('\n'),
    [
      'How to read it: what is compared runs in turn, A B C, B C A, …, in one run on one machine. A cell shows the median of the rounds, and ' +
        'the smallest and the greatest in brackets. A ratio is calculated for each round, and the median of these ratios is shown, so ' +
        'that it may differ slightly from the ratio of the medians.',
      'The service, PostgreSQL and the load generator share the cores. So *requests/s* is what this machine can do with all three of ' +
        'them together, and the columns *CPU* say what each of them costs. The CPU of a process includes all its threads.',
    ].join('\n\n'),
  ].join('\n\n')
}

export function currentCommit() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  try {
    const isChanged =
      git(
        'status',
        '--porcelain',
        '--untracked-files=no',
        '--',
        'src',
        'bench',
        'package-lock.json',
        ':!bench/results.md',
      ) !== ''
    return `${git('rev-parse', '--short=10', 'HEAD')}${isChanged ? ', with uncommitted changes' : ''}`
  } catch {
    return 'unknown'
  }
}

function packageVersion(name) {
  const manifest = path.join(import.meta.dirname, '../node_modules', name, 'package.json')
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}
