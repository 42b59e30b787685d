import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenLocally } from './local-server.ts'
import { type Answer, refusalOf, suppressionIn } from './sendgrid-rules.ts'

export interface RecordedRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** The parsed JSON, or undefined where it was none. */
  body: unknown
  /** What was answered: a status, or what happened instead. */
  answered: number | 'hung' | 'dropped'
}

/** A mail that was accepted, as SendGrid would go on to deliver it. */
export interface AcceptedMail {
  messageId: string
  to: string
  from: { email: string; name?: string }
  replyTo: string | undefined
  subject: string
  text: string
  html: string
  headers: Record<string, string>
  customArgs: Record<string, string>
  body: Record<string, unknown>
}

export type Failure = Answer | 'hang' | 'drop'

export interface SendgridStandIn {
  url: string
  requests: RecordedRequest[]
  mails: AcceptedMail[]
  /** Who is on which list: `bounces/ada@example.com`. */
  suppressed: Set<string>
  /**
   * The next `times` requests (all, where it is left out) get this instead of an answer of SendGrid's. Where a change sends
   * several mails, name the recipient: the worker may send them in any order.
   */
  failWith(failure: Failure, times?: number, recipient?: string): void
  recover(): void
  /** Answers mails to these recipients only once the returned function has been called. */
  hold(isHeld: (recipient: string) => boolean): () => void
  close(): Promise<void>
}

/**
 * SendGrid's mail API on a local port: it takes what the real one takes, refuses what it refuses in the same words,
 * and can be told to fail. With `apiKey`, any other key is refused as a revoked one.
 */
export async function startSendgridStandIn(options: { apiKey?: string } = {}): Promise<SendgridStandIn> {
  const requests: RecordedRequest[] = []
  const mails: AcceptedMail[] = []
  const suppressed = new Set<string>()
  let failing: { failure: Failure; remaining: number; recipient: string | undefined } | undefined

  let held: { matches: (recipient: string) => boolean; released: Promise<void> } | undefined

  function nextFailure(body: unknown): Failure | undefined {
    if (failing === undefined || failing.remaining === 0) return undefined
    if (failing.recipient !== undefined && failing.recipient !== recipientOf(body)) return undefined
    failing.remaining -= 1
    return failing.failure
  }

  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const body = await readJson(request)
    const record: RecordedRequest = { method, path, headers, body, answered: 'hung' }
    requests.push(record)

    const failure = nextFailure(body)
    if (failure === 'hang') return
    if (failure === 'drop') {
      record.answered = 'dropped'
      request.socket.destroy()
      return
    }
    if (held?.matches(recipientOf(body))) await held.released
    const refusal = failure ?? refusalOf(record, options.apiKey)
    record.answered = refusal?.status ?? 202
    if (refusal) return answer(response, refusal)

    const suppression = suppressionIn(path)
    if (suppression !== null) {
      record.answered = suppressed.delete(suppression) ? 204 : 404
      return answer(response, { status: record.answered })
    }
    const mail = acceptedMail(record.body as MailSendBody, `stand-in-${mails.length + 1}`)
    mails.push(mail)
    answer(response, { status: 202, headers: { 'X-Message-Id': mail.messageId } })
  })
  const { url, close } = await listenLocally(server)

  return {
    url: `${url}/`,
    requests,
    mails,
    suppressed,
    failWith(failure, times = Number.POSITIVE_INFINITY, recipient = undefined) {
      failing = { failure, remaining: times, recipient }
    },
    recover() {
      failing = undefined
    },
    hold(matches) {
      let release = () => {}
      held = { matches, released: new Promise((resolve) => (release = resolve)) }
      return () => {
        held = undefined
        release()
      }
    },
    close,
  }
}

function recipientOf(body: unknown): string {
  return (body as Partial<MailSendBody> | undefined)?.personalizations?.[0].to[0].email ?? ''
}

/** The part of the request that is read once refusalOf() has found it in order. */
interface MailSendBody {
  personalizations: [{ to: [{ email: string }] }]
  from: { email: string; name?: string }
  reply_to?: { email: string }
  subject: string
  content: { type: string; value: string }[]
  headers?: Record<string, string>
  custom_args?: Record<string, string>
}

function acceptedMail(body: MailSendBody, messageId: string): AcceptedMail {
  const part = (type: string) => body.content.find((content) => content.type === type)?.value ?? ''
  return {
    messageId,
    to: body.personalizations[0].to[0].email,
    from: body.from,
    replyTo: body.reply_to?.email,
    subject: body.subject,
    text: part('text/plain'),
    html: part('text/html'),
    headers: body.headers ?? {},
    customArgs: body.custom_args ?? {},
    body: { ...body },
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

function answer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  response.writeHead(status, body === undefined ? headers : { 'Content-Type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
}
