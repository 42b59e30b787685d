import { readdir, readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Connect, Plugin } from 'vite'

/** A mail as `src/mail/console.ts` of the service stores it. */
export interface CapturedMail {
  readonly id: string
  readonly at: string
  readonly kind: string
  readonly from: { readonly name: string; readonly address: string }
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/**
 * A mail is content from outside, as in every mail program: it loads nothing and runs nothing, and its links open in a
 * tab that has no connection to the inbox.
 */
const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

/** Serves the mails that the service captured: `/mail/messages` as JSON, newest first, and `/mail/messages/ID.html`. */
export function mailInbox(folder: string): Plugin {
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const [path] = (request.url ?? '').split('?')
    const id = path?.match(/^\/mail\/messages\/([\w-]+)\.html$/)?.[1]
    if (path === '/mail/messages') sendList(folder, response).catch(next)
    else if (id) sendHtml(folder, id, response).catch(next)
    else next()
  }
  return {
    name: 'mail-inbox',
    configureServer: (server) => void server.middlewares.use(answer),
    configurePreviewServer: (server) => void server.middlewares.use(answer),
  }
}

async function sendList(folder: string, response: ServerResponse): Promise<void> {
  const names = await mailFiles(folder)
  const mails = await Promise.all(names.slice(0, 100).map((name) => readMail(folder, name)))
  const list = mails.map(({ id, at, kind, from, to, subject, text }) => ({ id, at, kind, from, to, subject, text }))
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(list))
}

async function sendHtml(folder: string, id: string, response: ServerResponse): Promise<void> {
  const name = (await mailFiles(folder)).find((each) => each.endsWith(`-${id}.json`))
  if (name === undefined) {
    response.writeHead(404).end()
    return
  }
  const { html } = await readMail(folder, name)
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': MAIL_POLICY,
    'Cache-Control': 'no-store',
  })
  response.end(html.replace('<head>', '<head><base target="_blank">'))
}

/** The newest first: the names begin with the time. */
async function mailFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .reverse()
}

async function readMail(folder: string, name: string): Promise<CapturedMail> {
  return JSON.parse(await readFile(join(folder, name), 'utf8'))
}
