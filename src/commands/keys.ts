import { Command, Option } from 'commander'
import { readConfig } from '../config/config.ts'
import { listKeys } from '../domain/key-rotation/list-keys.ts'
import { reencryptKeys } from '../domain/key-rotation/reencrypt-keys.ts'
import { type Rotation, rotateSigningKey } from '../domain/key-rotation/rotate-signing-key.ts'
import type { SigningAlgorithm } from '../security/signing-key.ts'
import { print, table, withDeps } from './command-line.ts'

export function keysCommand(): Command {
  const keys = new Command('keys').description('The keys that sign tokens, and what keeps all keys secret.')
  keys
    .command('list')
    .description('Show every key and its state, never the key.')
    .option('--json', 'answer in JSON', false)
    .action(list)
  keys
    .command('rotate')
    .description('Relieve the key that signs access tokens; those it signed stay valid until they expire.')
    .addOption(new Option('--alg <algorithm>', 'of the new key; as before if left out').choices(['ES256', 'EdDSA']))
    .option('--compromised', 'the key has leaked: drop it, and every access token it signed, at once', false)
    .option('--json', 'answer in JSON', false)
    .action(rotate)
  keys
    .command('reencrypt')
    .description('Seal every key under SECRET_KEY, so that SECRET_KEY_PREVIOUS can be forgotten.')
    .option('--json', 'answer in JSON', false)
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

async function rotate(options: { alg?: SigningAlgorithm; compromised: boolean; json: boolean }): Promise<void> {
  const { alg: algorithm, compromised: isCompromised, json } = options
  const rotation = await withDeps(readConfig(process.env), (deps) =>
    rotateSigningKey(deps, { algorithm, isCompromised }),
  )
  print(json, rotation, describeRotation(rotation))
}

function describeRotation({ kid, algorithm, isActive, activatesAt }: Rotation): string {
  if (isActive) return `${kid} (${algorithm}) signs from now on; running services follow within seconds.`
  return `${kid} (${algorithm}) is published, and signs from ${activatesAt.toISOString()}: verifiers must have heard of it first.`
}

async function reencrypt({ json }: { json: boolean }): Promise<void> {
  const { reencrypted, total } = await withDeps(readConfig(process.env), reencryptKeys)
  print(json, { reencrypted, total }, `${reencrypted} of ${total} keys were sealed anew; all are under SECRET_KEY now.`)
}
