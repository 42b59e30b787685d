// Mutation testing: `npm run mutation [AREA...]`. Each part of the rules is held against the tests that are about it, and
// not against all: a mutant that only some distant test would notice is one that nobody would find again. It takes hours
// for the whole, and some seconds for each mutant of a part.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../dist/database/embedded-postgres.js'
import { migrate } from '../../dist/database/migrate.js'

const areas = {
  security: [
    'src/{security/**/*,domain/throttle/network}.ts',
    ['security/*', 'properties/primitives', 'attacks/passwords'],
  ],
  passwords: ['src/domain/{passwords,password-policy}/**/*.ts', ['flows/passwords/*', 'attacks/passwords']],
  links: ['src/domain/mailed-links/**/*.ts', ['flows/passwords/*', 'flows/email-change/*', 'attacks/mailed-links']],
  'email-change': ['src/domain/{email-change,addresses}/**/*.ts', ['flows/email-change/*', 'attacks/email-change']],
  sessions: ['src/domain/sessions/**/*.ts', ['flows/sessions/*', 'attacks/{tokens,races,enumeration,passwords}']],
  throttle: ['src/domain/throttle/**/*.ts', ['attacks/guessing', 'attacks/enumeration']],
  registration: [
    'src/domain/{registration,accounts}/**/*.ts',
    ['flows/{registration,accounts}/*', 'properties/primitives'],
  ],
  tokens: [
    'src/domain/{tokens,service-clients}/**/*.ts',
    ['flows/tokens/*', 'flows/service-clients/*', 'attacks/service-tokens'],
  ],
  keys: ['src/{keys,domain/key-rotation}/**/*.ts', ['flows/key-rotation/*', 'keys/*', 'security/keys']],
  'email-change-mails': [
    'src/domain/mails/{plan-email-change-mail,mail-limits}.ts',
    ['flows/email-change/{request,confirm}', 'flows/mails/{overtaken-mail,mail-limits}'],
  ],
  'registration-mails': [
    'src/domain/mails/{plan-mail,plan-registration-mail,mail-plan,queue-mail}.ts',
    ['flows/registration/{register,resend-verification,verify-email}', 'attacks/email-change', 'guarantees/mail'],
  ],
  'reset-mails': [
    'src/domain/mails/plan-reset-mail.ts',
    [
      'flows/passwords/request-password-reset',
      'flows/support/support-cases',
      'flows/mails/{overtaken-mail,mail-limits}',
    ],
  ],
  'provider-events': [
    'src/domain/mails/{record-provider-events,suppressed-addresses,clear-suppression}.ts',
    ['flows/mails/{provider-events,clear-suppression}', 'attacks/webhooks', 'flows/support/support-cases'],
  ],
  support: ['src/domain/support/**/*.ts', ['flows/support/*', 'flows/mails/{provider-events,clear-suppression}']],
  'security-events': [
    'src/domain/{security-events,events}/**/*.ts',
    ['flows/security-events/*', 'worker/*', 'flows/support/{events,users,import-users}', 'flows/sessions/log-in'],
  ],
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(areas)
for (const area of wanted) {
  if (!Object.hasOwn(areas, area)) throw new Error(`${area} is none of ${Object.keys(areas).join(', ')}`)
}

await withTemplate(async () => {
  for (const area of wanted) {
    const [mutate, tests] = areas[area]
    await new Stryker({
      mutate: [mutate],
      jest: {
        config: {
          testMatch: tests.map((name) => `<rootDir>/test/${name}.test.ts`),
          globalSetup: null,
          globalTeardown: null,
        },
      },
      jsonReporter: { fileName: `reports/mutation/${area}.json` },
    }).runMutationTest()
  }
})

/** One server and one template for all mutants, in place of test/support/global-setup.ts: that takes longer than most of them. */
async function withTemplate(use) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-mutation-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL's own user has to pass
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }
  const server = await startEmbeddedPostgres({ dataDir, settings })
  try {
    const template = new URL(server.url)
    template.pathname = 'latchkey_template'
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    await admin.query('CREATE DATABASE latchkey_template')
    await admin.end()
    await migrate(template.href)
    Object.assign(process.env, { LATCHKEY_TEST_SERVER: server.url, LATCHKEY_TEST_TEMPLATE: 'latchkey_template' })
    await use()
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
