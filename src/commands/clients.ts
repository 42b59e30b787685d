import { Command, InvalidArgumentError } from 'commander'
import { readConfig } from '../config/config.ts'
import { Refusal } from '../domain/problems.ts'
import { isScope, SCOPES, type Scope, splitScopes } from '../domain/scopes.ts'
import { createClient } from '../domain/service-clients/create-client.ts'
import { disableClient } from '../domain/service-clients/disable-client.ts'
import { listClients } from '../domain/service-clients/list-clients.ts'
import { rotateClientSecret } from '../domain/service-clients/rotate-client-secret.ts'
import { CommandRefused, operator, print, table, withDeps } from './command-line.ts'

const LONGEST_NAME = 100
/** One day is enough to change the secret on every machine in working hours. */
const DEFAULT_OVERLAP_SECONDS = 86_400
const LONGEST_OVERLAP_SECONDS = 30 * 86_400
const SCOPE_HELP = `\n${table(['Scope', ''], Object.entries(SCOPES))}`

export function clientsCommand(): Command {
  const clients = new Command('clients').description('Manage service clients: other services that call this one.')
  clients
    .command('create')
    .description('Create a service client. Its secret is shown only this once.')
    .requiredOption('--name <name>', 'name of the service, for people', parseName)
    .requiredOption('--scope <scopes>', 'scopes of the client, separated by spaces', parseScopes)
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', SCOPE_HELP)
    .action(create)
  clients
    .command('list')
    .description('List all service clients, without their secrets.')
    .option('--json', 'print the result as JSON', false)
    .action(list)
  clients
    .command('rotate-secret')
    .description('Give a client a new secret, which is shown only this once. The old one works until the overlap ends.')
    .argument('<id>', 'the client’s id, svc_…')
    .option(
      '--overlap <seconds>',
      'how long the old secret still works; 0 if it has leaked',
      parseOverlap,
      DEFAULT_OVERLAP_SECONDS,
    )
    .option('--json', 'print the result as JSON', false)
    .action(rotateSecret)
  clients
    .command('disable')
    .description('Disable a client for good. Its secrets and tokens stop working at once.')
    .argument('<id>', 'the client’s id, svc_…')
    .option('--json', 'print the result as JSON', false)
    .action(disable)
  return clients
}

async function create({ name, scope, json }: { name: string; scope: Scope[]; json: boolean }): Promise<void> {
  const created = await withDeps(readConfig(process.env), (deps) =>
    createClient(deps, { name, scopes: scope, by: operator() }),
  )
  const { clientId, scopes } = created
  const clientSecret = created.clientSecret.reveal()
  const lines = [`clientId:     ${clientId}`, `clientSecret: ${clientSecret}`, `scopes:       ${scopes.join(' ')}`]
  print(json, { clientId, clientSecret, scopes }, [...lines, 'Store the secret now. It is not shown again.'].join('\n'))
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
  const rotated = await withDeps(readConfig(process.env), (deps) =>
    rotateClientSecret(deps, { clientId: id, overlapSeconds: overlap, by: operator() }),
  ).catch(refuseUnknownClient(`There is no client ${id}, or it is disabled. Run "latchkey clients list".`))
  const { clientId, previousSecretExpiresAt } = rotated
  const clientSecret = rotated.clientSecret.reveal()
  const text = [
    `clientId:     ${clientId}`,
    `clientSecret: ${clientSecret}`,
    `The old secret works until ${previousSecretExpiresAt.toISOString()}. Store the new one now. It is not shown again.`,
  ]
  print(json, { clientId, clientSecret, previousSecretExpiresAt }, text.join('\n'))
}

async function disable(id: string, { json }: { json: boolean }): Promise<void> {
  await withDeps(readConfig(process.env), (deps) => disableClient(deps, { clientId: id, by: operator() })).catch(
    refuseUnknownClient(`There is no client ${id}. Run "latchkey clients list".`),
  )
  print(json, { clientId: id, disabled: true }, `${id} is disabled.`)
}

/** Replaces the refusal `not_found` with a message that names the client. */
function refuseUnknownClient(message: string): (error: unknown) => never {
  return (error) => {
    const isUnknown = error instanceof Refusal && error.code === 'not_found'
    throw isUnknown ? new CommandRefused('not_found', message) : error
  }
}

function parseName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name)) {
    throw new InvalidArgumentError(`The name must be one line of 1 to ${LONGEST_NAME} characters.`)
  }
  return name
}

function parseScopes(text: string): Scope[] {
  const scopes = splitScopes(text)
  const unknown = scopes.filter((scope) => !isScope(scope))
  if (unknown.length > 0) {
    throw new InvalidArgumentError(
      `There is no scope ${unknown.join(' ')}. The scopes are ${Object.keys(SCOPES).join(' ')}.`,
    )
  }
  if (scopes.length === 0) throw new InvalidArgumentError('The client needs at least one scope.')
  return scopes.filter(isScope)
}

function parseOverlap(text: string): number {
  const seconds = /^\d{1,8}$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds <= LONGEST_OVERLAP_SECONDS)) {
    throw new InvalidArgumentError(
      `The overlap must be a whole number of seconds from 0 to ${LONGEST_OVERLAP_SECONDS}.`,
    )
  }
  return seconds
}
