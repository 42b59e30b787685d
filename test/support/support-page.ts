import { readFile } from 'node:fs/promises'
import { expect } from '@jest/globals'
import type { Scope } from '../../src/domain/scopes.ts'
import type { Answer } from './api.ts'
import type { TestApp } from './test-app.ts'

/** One call that docs/support-desk.md tells an agent to make. */
interface PageCall {
  readonly method: string
  /** With `{…}` where the agent puts a value in. */
  readonly path: string
  readonly scope: Scope
}

export interface Ticket {
  readonly title: string
  readonly calls: readonly PageCall[]
}

/** Reads what docs/support-desk.md says for each ticket. */
export async function readTickets(): Promise<Ticket[]> {
  const page = await readFile('docs/support-desk.md', 'utf8')
  const [, tickets = ''] = page.split('\n## Tickets\n')
  const [sections = ''] = tickets.split('\n## ')
  return sections
    .split('\n### ')
    .slice(1)
    .map((section) => {
      const [heading = ''] = section.split('\n')
      const found = section.matchAll(/`(GET|POST|PATCH|DELETE) (\/v1\/admin\/[^`]+)`\s\(`([a-z:]+)`\)/g)
      const calls = [...found].map(([, method = '', path = '', scope]) => ({ method, path, scope: scope as Scope }))
      return { title: heading.replaceAll('"', ''), calls }
    })
}

/** An agent who follows the page: makes only the calls of one ticket, each with the scope that the page states and no other. */
export class Agent {
  readonly #app: TestApp
  readonly #ticket: Ticket
  readonly #made = new Set<PageCall>()

  constructor(app: TestApp, ticket: Ticket) {
    this.#app = app
    this.#ticket = ticket
  }

  /** Makes a call of the page, such as `call('GET /v1/admin/users/{id}', {id})`. */
  async call(wanted: string, values: Readonly<Record<string, string>> = {}, body?: unknown): Promise<Answer> {
    const call = this.#ticket.calls.find(({ method, path }) => `${method} ${path}` === wanted)
    if (!call) throw new Error(`docs/support-desk.md does not have ${wanted} for "${this.#ticket.title}"`)
    this.#made.add(call)
    const path = call.path.replace(/\{([a-z]+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ''))
    const token = await this.#app.serviceToken(call.scope)
    return this.#app.api.call(call.method, path, body, { token })
  }

  /** Fails if the page has a call for this ticket that was not made. */
  expectEveryCallMade(): void {
    const made = [...this.#made].map(({ method, path }) => `${method} ${path}`)
    const listed = new Set(this.#ticket.calls.map(({ method, path }) => `${method} ${path}`))
    expect(made.sort()).toEqual([...listed].sort())
  }
}
