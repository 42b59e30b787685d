import { Command, InvalidArgumentError } from 'commander'
import { readConfig } from '../config/config.ts'
import { isScope, SCOPES, type Scope, splitScopes } from '../domain/scopes.ts'
import { createClient } from '../domain/service-clients/create-client.ts'
import { disableClient } from '../domain/service-clients/disable-client.ts'
import { listClients } from '../domain/service-clients/list-clients.ts'
import { rotateClientSecret } from '../domain/service-clients/rotate-client-secret.ts'
import { CommandRefused, operator, print, table, withDeps } from './command-line.ts'

const LONGEST_NAME = 100
/** A day: enough to change the secret everywhere in working hours. */
const DEFAULT_OVERLAP_SECONDS = 86_400
const LONGEST_OVERLAP_SECONDS = 30 * 86_400
const SCOPE_HELP = `\n${table(['Scope', ''], Object.entries(SCOPES))}`

export function clientsCommand(): Command {
  const clients = new Command('clients').description('The services that may call this one, and what they may do.')
  clients
    .command('create')
    .description('Make a client; its secret is shown this once.')
    .requiredOption('--name <name>', 'what it is, for people', parseName)
    .requiredOption('--scope <scopes>', 'what it may do, space-separated', parseScopes)
    .option('--json', 'answer in JSON', false)
    .addHelpText('after', SCOPE_HELP)
    .action(create)
  clients
    .command('list')
    .description('Show every client, never a secret.')
    .option('--json', 'answer in JSON', false)
    .action(list)
  clients
    .command('rotate-secret')
    .description('Give a client a new secret, shown this once; the old one works on for the overlap.')
    .argument('<id>', 'the client’s id, svc_…')
    .option(
      '--overlap <seconds>',
      'how long the old secret works on; 0 if it has leaked',
      parseOverlap,
      DEFAULT_OVERLAP_SECONDS,
    )
    .option('--json', 'answer in JSON', false)
    .action(rotateSecret)
  clients
    .command('disable')
    .description('Shut a client out for good; its secrets and tokens are dead at once.')
    .argument('<id>', 'the client’s id, svc_…')
    .option('--json', 'answer in JSON', false)
    .action(disable)
  return clients
}

async function create({ name, scope, json }: { name: string; scope: Scope[]; json: boolean }): Promise<void> {
  const made = await withDeps(readConfig(process.env), (deps) =>
    createClient(deps, { name, scopes: scope, by: operator() }),
  )
  const { clientId, scopes } = made
  const clientSecret = made.clientSecret.reveal()
  const lines = [`clientId:     ${clientId}`, `clientSecret: ${clientSecret}`, `scopes:       ${scopes.join(' ')}`]
  print(json, { clientId, clientSecret, scopes }, [...lines, 'Keep the secret now: it is not shown again.'].join('\n'))
}

async function list({ json }: { json: boolean }): Promise<void> {
  const clients = await withDeps(readConfig(process.env), listClients)
  const rows = clients.map(({ clientId, name, scopes, createdAt, disabledAt, previousSecretExpiresAt }) => [
    clientId,
    name,
    disabledAt ? 'disabled' : previousSecretExpiresAt ? 'two secrets' : 'active',
    createdAt.toISOString(),
    scopes.join(' '),
  ])
  print(json, { clients }, table(['ID', 'NAME', 'STATE', 'CREATED', 'SCOPES'], rows))
}

async function rotateSecret(id: string, { overlap, json }: { overlap: number; json: boolean }): Promise<void> {
  const input = { clientId: id, overlapSeconds: overlap }
  const rotated = await withDeps(readConfig(process.env), (deps) =>
    rotateClientSecret(deps, { ...input, by: operator() }),
  )
  if (!rotated)
    throw new CommandRefused('not_found', `There is no client ${id}, or it is disabled: see "latchkey clients list"`)
  const { clientId, previousSecretExpiresAt } = rotated
  const clientSecret = rotated.clientSecret.reveal()
  const text = [
    `clientId:     ${clientId}`,
    `clientSecret: ${clientSecret}`,
    `The secret before works until ${previousSecretExpiresAt.toISOString()}. Keep the new one now: it is not shown again.`,
  ]
  print(json, { clientId, clientSecret, previousSecretExpiresAt }, text.join('\n'))
}

async function disable(id: string, { json }: { json: boolean }): Promise<void> {
  const isKnown = await withDeps(readConfig(process.env), (deps) => disableClient(deps, id, operator()))
  if (!isKnown) throw new CommandRefused('not_found', `There is no client ${id}: see "latchkey clients list"`)
  print(json, { clientId: id, disabled: true }, `${id} is disabled.`)
}

function parseName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name)) {
    throw new InvalidArgumentError(`One line of 1 to ${LONGEST_NAME} characters.`)
  }
  return name
}

function parseScopes(text: string): Scope[] {
  const scopes = splitScopes(text)
  const unknown = scopes.filter((scope) => !isScope(scope))
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`Unknown: ${unknown.join(' ')}. There are: ${Object.keys(SCOPES).join(' ')}.`)
  }
  if (scopes.length === 0) throw new InvalidArgumentError('A client without a scope could do nothing.')
  return scopes.filter(isScope)
}

function parseOverlap(text: string): number {
  const seconds = /^\d{1,8}$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds <= LONGEST_OVERLAP_SECONDS)) {
    throw new InvalidArgumentError(`A whole number of seconds, up to ${LONGEST_OVERLAP_SECONDS}.`)
  }
  return seconds
}
