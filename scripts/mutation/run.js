// Mutation testing: `npm run mutation [AREA...]`. Each part of the rules is held against the tests that are about it, and
// not against all: a mutant that only some distant test would notice is one that nobody would find again. It takes hours
// for the whole, and some ten seconds for each mutant of a part.
import { Stryker } from '@stryker-mutator/core'

const areas = {
  security: ['src/security/**/*.ts', ['security/*', 'properties/primitives', 'attacks/passwords']],
  passwords: ['src/domain/passwords/**/*.ts', ['flows/passwords/*', 'attacks/passwords']],
  links: ['src/domain/mailed-tokens.ts', ['flows/passwords/*', 'flows/email-change/*', 'attacks/mailed-links']],
  'email-change': ['src/domain/{email-change/**/*,addresses}.ts', ['flows/email-change/*', 'attacks/email-change']],
  sessions: ['src/domain/{sessions/**/*,network}.ts', ['flows/sessions/*', 'attacks/tokens']],
  throttle: ['src/domain/throttle.ts', ['attacks/guessing', 'attacks/enumeration']],
  accounts: ['src/domain/accounts/**/*.ts', ['flows/accounts/*', 'properties/primitives']],
  tokens: [
    'src/domain/{tokens,service-clients}/**/*.ts',
    ['flows/tokens/*', 'flows/service-clients/*', 'attacks/service-tokens'],
  ],
  keys: ['src/domain/keys/**/*.ts', ['flows/keys/*', 'security/keys', 'commands/clients-and-keys']],
  mails: ['src/domain/mails/**/*.ts', ['flows/mails/*', 'mail/*']],
  support: ['src/domain/support/**/*.ts', ['flows/support/*', 'commands/support-commands']],
  'security-events': ['src/domain/{security-events/**/*,events}.ts', ['flows/security-events/*', 'worker/*']],
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(areas)
for (const area of wanted) {
  if (!Object.hasOwn(areas, area)) throw new Error(`${area} is none of ${Object.keys(areas).join(', ')}`)
  const [mutate, tests] = areas[area]
  await new Stryker({
    mutate: [mutate],
    jest: { config: { testMatch: tests.map((name) => `<rootDir>/test/${name}.test.ts`) } },
    jsonReporter: { fileName: `reports/mutation/${area}.json` },
  }).runMutationTest()
}
