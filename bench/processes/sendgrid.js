// A stand-in for SendGrid's mail API: accepts every mail, after `delayMs`, and remembers to whom and when.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { offer } from '../environment/child.js'

const LINK = /https:\/\/\S+/
let mails = []
let delayMs = 0

const server = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  const { personalizations, content } = JSON.parse(text)
  if (delayMs > 0) await wait(delayMs)
  mails.push({ to: personalizations[0].to[0].email, link: LINK.exec(content[0].value)?.[0], at: performance.now() })
  response.writeHead(202, { 'x-message-id': randomUUID() }).end()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')

offer(
  { url: `http://127.0.0.1:${server.address().port}/` },
  {
    mails: () => mails,
    count: () => mails.length,
    forget: () => {
      mails = []
    },
    delay: (milliseconds) => {
      delayMs = milliseconds
    },
    /** What arrived: how many, in how many seconds from the first to the last, and how often again to the same address. */
    summary: () => ({
      arrived: mails.length,
      recipients: new Set(mails.map(({ to }) => to)).size,
      seconds: mails.length === 0 ? 0 : (mails.at(-1).at - mails[0].at) / 1000,
    }),
  },
)
