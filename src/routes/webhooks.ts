import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { recordProviderEvents } from '../domain/mails/record-provider-events.ts'
import { Refusal } from '../domain/problems.ts'
import { requireSignature, signedBody } from '../http/bodies/sendgrid-webhook.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { named, text } from '../http/schemas.ts'
import { readSendgridEvents } from '../mail/sendgrid-events.ts'

/** SendGrid posts a batch of events when the batch reaches 768 kB. */
const BODY_LIMIT_BYTES = 1024 * 1024

const SendgridEvents = named(
  'SendgridEvents',
  Type.Array(Type.Unsafe<unknown>({}), {
    description: 'Events in the format of SendGrid’s event webhook. Events about mails of other services are ignored.',
    examples: [
      [
        {
          event: 'delivered',
          email: example.email,
          timestamp: 1_772_442_915,
          sg_event_id: 'ZGVsaXZlcmVkLTAtMTIzNDU2Nzg',
          latchkeyMailId: '0198b7c9-3f9e-7aa1-9c44-5d0b7e2f8163',
        },
      ],
    ],
  }),
)
const SignatureHeaders = Type.Object({
  'X-Twilio-Email-Event-Webhook-Signature': text('The ECDSA signature of the timestamp and the raw body, in base64.'),
  'X-Twilio-Email-Event-Webhook-Timestamp': text('When SendGrid signed the request, in Unix seconds.'),
})

/** Receives the events of other services. Each request is authenticated by its signature instead of a token. */
export const webhookRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    // In this plugin a body is not parsed, because the signature covers its bytes.
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
          summary: 'Receive mail events from SendGrid',
          description:
            'SendGrid signs every request. The header `X-Twilio-Email-Event-Webhook-Signature` is a signature of the timestamp and the raw body, and the service verifies it with `SENDGRID_WEBHOOK_PUBLIC_KEY`. Events can arrive in any order. An event that arrives twice is recorded once.',
          headers: SignatureHeaders,
          body: SendgridEvents,
          response: {
            204: Type.Null({ description: 'The events are recorded.' }),
          },
        },
        validatorCompiler: () => () => true, // the signature is checked first, and then each event by itself
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
