import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { recordProviderEvents } from '../domain/mails/record-provider-events.ts'
import { Refusal } from '../domain/problems.ts'
import { requireSignature, signedBody } from '../http/bodies/sendgrid-webhook.ts'
import { readSendgridEvents } from '../mail/sendgrid-events.ts'

/** SendGrid posts what has gathered once that is 768 kB. */
const BODY_LIMIT_BYTES = 1024 * 1024

const Batch = Type.Array(Type.Object({}, { additionalProperties: true }), {
  description: 'As SendGrid’s event webhook sends it. Events of mails that are not ours are passed over.',
})

/** Receives the events of other services. Each request is authenticated by its signature instead of a token. */
export const webhookRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    // Within this file bodies stay bytes: a signature is over those, not over what they parse to.
    app.removeContentTypeParser('application/json')
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, raw: Buffer) => raw)

    app.post(
      '/v1/webhooks/sendgrid',
      {
        config: { caller: 'public', limit: 'webhooks', isLarge: true, refusals: ['signature_invalid'] },
        onRequest: async (request) => requireSignature(deps, request), // before the body is read
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          operationId: 'receiveSendgridEvents',
          tags: ['Webhooks'],
          summary: 'Receive SendGrid’s events about mails: delivered, bounced, dropped …',
          description:
            'Signed by SendGrid: `X-Twilio-Email-Event-Webhook-Signature` over the timestamp and the raw body, checked with `SENDGRID_WEBHOOK_PUBLIC_KEY`. The same event counts once, in whatever order they come.',
          body: Batch,
          response: {
            204: Type.Null({ description: 'Written down.' }),
          },
        },
        validatorCompiler: () => () => true, // the signature decides, and then each event by itself
      },
      async (request, reply) => {
        const events = readSendgridEvents(signedBody(deps, request))
        if (!events) throw new Refusal('invalid_request')
        const recorded = await recordProviderEvents(deps, events)
        request.log.info({ told: events.length, recorded }, 'provider events')
        return reply.code(204).send(null)
      },
    )
  }
