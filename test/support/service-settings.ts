import type { SendgridStandIn } from './sendgrid-stand-in.ts'

/** Settings of a real service process: a database, a stand-in for SendGrid, and the cheapest hash that is allowed. */
export function serviceSettings(databaseUrl: string, sendgrid: SendgridStandIn): Record<string, string> {
  return {
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    SECRET_KEY: 'a secret key for tests, 32 bytes or more',
    MAIL_TRANSPORT: 'sendgrid',
    SENDGRID_API_KEY: 'SG.test-key',
    SENDGRID_BASE_URL: sendgrid.url,
    BCRYPT_COST: '10',
    RATE_LIMIT_FACTOR: '0',
  }
}
