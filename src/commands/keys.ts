import { Command, Option } from 'commander'
import { readConfig } from '../config/config.ts'
import { listKeys } from '../domain/key-rotation/list-keys.ts'
import { reencryptKeys } from '../domain/key-rotation/reencrypt-keys.ts'
import { rotateSecretKey, type SecretRotation } from '../domain/key-rotation/rotate-secret-key.ts'
import { type Rotation, rotateSigningKey } from '../domain/key-rotation/rotate-signing-key.ts'
import type { SigningAlgorithm } from '../security/signing-key.ts'
import { operator, print, table, withDeps } from './command-line.ts'

type Purpose = 'signing' | 'refresh_token' | 'pepper'

export function keysCommand(): Command {
  const keys = new Command('keys').description('Manage the keys that sign tokens and protect passwords.')
  keys
    .command('list')
    .description('List the keys and their states. The keys themselves are never shown.')
    .option('--json', 'print the result as JSON', false)
    .action(list)
  const rotateCommand = keys
    .command('rotate')
    .description(
      'Replace the key of one purpose. Tokens and hashes that the old key made stay valid until they expire or are replaced.',
    )
    .addOption(
      new Option('--purpose <purpose>', 'which key to replace')
        .choices(['signing', 'refresh_token', 'pepper'])
        .default('signing'),
    )
    .addOption(
      new Option('--alg <algorithm>', 'the algorithm of the new signing key (default: as before)').choices([
        'ES256',
        'EdDSA',
      ]),
    )
    .option('--compromised', 'the key has leaked: delete the old keys, and end every token they made, at once', false)
    .option('--json', 'print the result as JSON', false)
    .action((options: RotateOptions) => rotate(rotateCommand, options))
  keys
    .command('reencrypt')
    .description('Encrypt every key under SECRET_KEY, so that SECRET_KEY_PREVIOUS is no longer needed.')
    .option('--json', 'print the result as JSON', false)
    .action(reencrypt)
  return keys
}

async function list({ json }: { json: boolean }): Promise<void> {
  const keys = await withDeps(readConfig(process.env), listKeys)
  const rows = keys.map(({ id, purpose, algorithm, state, createdAt, activateAt, sealedUnder }) => [
    id,
    purpose,
    algorithm,
    activateAt ? `${state} from ${activateAt.toISOString()}` : state,
    createdAt.toISOString(),
    sealedUnder,
  ])
  print(json, { keys }, table(['ID', 'PURPOSE', 'ALGORITHM', 'STATE', 'CREATED', 'SEALED UNDER'], rows))
}

interface RotateOptions {
  readonly purpose: Purpose
  readonly alg?: SigningAlgorithm
  readonly compromised: boolean
  readonly json: boolean
}

async function rotate(command: Command, options: RotateOptions): Promise<void> {
  const { purpose, alg: algorithm, compromised: isCompromised, json } = options
  if (algorithm !== undefined && purpose !== 'signing') command.error('error: --alg is for signing keys only')
  if (purpose === 'pepper' && isCompromised) {
    command.error(
      'error: --compromised is not possible for the pepper, because no password would work any more. Rotate it without; see docs/recovery.md',
    )
  }
  const by = operator()
  if (purpose === 'signing') {
    const rotation = await withDeps(readConfig(process.env), (deps) =>
      rotateSigningKey(deps, { algorithm, isCompromised, by }),
    )
    return print(json, rotation, describeRotation(rotation))
  }
  const rotation = await withDeps(readConfig(process.env), (deps) =>
    purpose === 'pepper'
      ? rotateSecretKey(deps, { purpose: 'password_pepper', isCompromised: false, by })
      : rotateSecretKey(deps, { purpose, isCompromised, by }),
  )
  print(json, rotation, describeSecretRotation(rotation))
}

function describeRotation({ kid, algorithm, isActive, activatesAt }: Rotation): string {
  if (isActive) return `The key ${kid} (${algorithm}) signs from now on. Running services use it within 5 seconds.`
  return `The key ${kid} (${algorithm}) is published. It signs from ${activatesAt.toISOString()}, when every verifier has read it.`
}

function describeSecretRotation({ id, purpose, isActive, activatesAt }: SecretRotation): string {
  if (!isActive) return `The ${purpose} key ${id} is used from ${activatesAt.toISOString()}. The old one stays valid.`
  return `The ${purpose} key ${id} is used from now on and the old ones are deleted. Running services follow within 5 seconds, and every person has to sign in again.`
}

async function reencrypt({ json }: { json: boolean }): Promise<void> {
  const { reencrypted, total } = await withDeps(readConfig(process.env), (deps) => reencryptKeys(deps, operator()))
  print(
    json,
    { reencrypted, total },
    `${reencrypted} of ${total} keys were encrypted again. All are under SECRET_KEY now.`,
  )
}
