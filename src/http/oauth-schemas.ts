import { Type } from '@fastify/type-provider-typebox'
import { type OAuthErrorCode, oauthErrors } from '../domain/service-clients/oauth-refusal.ts'

/** Client credentials in the body, for those who do not send the Basic header. */
export const OAuthClientFields = {
  client_id: Type.Optional(Type.String()),
  client_secret: Type.Optional(Type.String()),
}

const ALWAYS: readonly OAuthErrorCode[] = ['invalid_request', 'temporarily_unavailable', 'server_error']

/** The error responses of an OAuth endpoint, by status, with each `error` it can answer and an example of it. */
export function oauthRefusals(codes: readonly OAuthErrorCode[]) {
  const byStatus = new Map<number, OAuthErrorCode[]>()
  for (const code of [...codes, ...ALWAYS])
    byStatus.set(oauthErrors[code][0], [...(byStatus.get(oauthErrors[code][0]) ?? []), code])
  const others = { 413: ['invalid_request'], 415: ['invalid_request'], 429: ['temporarily_unavailable'] } as const
  for (const [status, of] of Object.entries(others)) byStatus.set(Number(status), [...of])
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, oauthResponse(of)]))
}

function oauthResponse(codes: readonly OAuthErrorCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${oauthErrors[code][1]}`).join(' '),
    content: {
      'application/json': {
        schema: Type.Object({
          error: Type.String({ enum: [...codes], description: 'Stable: decide by this.' }),
          error_description: Type.String(),
        }),
        examples: Object.fromEntries(
          codes.map((code) => [code, { value: { error: code, error_description: oauthErrors[code][1] } }]),
        ),
      },
    },
  }
}
