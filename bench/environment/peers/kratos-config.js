// The configuration of Ory Kratos: sign-in with email and password, recovery by link, mails through HTTP, and nothing else.

const SCHEMA = {
  $id: 'https://product.example/person',
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Person',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': { credentials: { password: { identifier: true } }, recovery: { via: 'email' } },
        },
      },
      required: ['email'],
    },
  },
}

/** The form that SendGrid takes, in Jsonnet. */
const MAIL = 'function(ctx) {personalizations: [{to: [{email: ctx.recipient}]}], content: [{value: ctx.body}]}'

export function kratosConfig({ databaseUrl, sendgridUrl, bcryptCost, port, adminPort }) {
  const listener = (number) => ({ base_url: `http://127.0.0.1:${number}/`, host: '127.0.0.1', port: number })
  const mail = { url: `${sendgridUrl}v3/mail/send`, method: 'POST', headers: { 'Content-Type': 'application/json' } }
  return {
    dsn: `${databaseUrl}&max_conns=20&max_idle_conns=20`,
    serve: { public: listener(port), admin: listener(adminPort) },
    selfservice: {
      default_browser_return_url: `http://127.0.0.1:${port}/`,
      methods: {
        password: { enabled: true, config: { haveibeenpwned_enabled: false } },
        link: { enabled: true },
        code: { enabled: false },
      },
      flows: { recovery: { enabled: true, use: 'link' } },
    },
    session: { lifespan: '720h', earliest_possible_extend: '720h' }, // each request to extend a session does so
    hashers: { algorithm: 'bcrypt', bcrypt: { cost: bcryptCost } },
    identity: { default_schema_id: 'person', schemas: [{ id: 'person', url: inBase64(JSON.stringify(SCHEMA)) }] },
    courier: { delivery_strategy: 'http', http: { request_config: { ...mail, body: inBase64(MAIL) } } },
    log: { level: 'error' },
    secrets: { cookie: ['a secret for a measurement only, 32 bytes'], cipher: ['0123456789abcdef0123456789abcdef'] },
  }
}

function inBase64(text) {
  return `base64://${Buffer.from(text).toString('base64')}`
}
