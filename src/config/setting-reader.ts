import type { KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { parseDatabaseUrl } from '../database/connection/database-url.ts'
import { InvalidDatabaseUrl } from '../database/connection/invalid-database-url.ts'
import { parseAddress } from '../mail/email-address.ts'
import type { Mailbox } from '../mail/mailer.ts'
import { Secret } from '../security/secret.ts'
import { readSendgridKey } from '../security/sendgrid-signature.ts'
import { isWebhookSecret } from '../security/webhook-signature.ts'
import { EnvironmentReader } from './environment.ts'
import { isHttpUrl, isOrigin, isSmtpUrl } from './setting-forms.ts'

/** The base URL of a k-anonymity range service, or the path of a file of SHA-1 hashes. */
export type BreachListSource = { readonly service: string } | { readonly file: string }

const MOST_WEBHOOK_URLS = 8

/** Reads the settings that have a form of their own. Values that may hold a password are never part of a message. */
export class SettingReader extends EnvironmentReader {
  url(name: string, fallback?: string): string {
    const value = this.text(name, fallback)
    if (value !== '' && !isHttpUrl(value)) {
      this.refuse(name, 'the value must be an http or https URL without user, query or fragment.')
    }
    return value.replace(/\/+$/, '')
  }

  /** A page of the frontend. Without a setting it is on the usual address of a development server. */
  link(name: string, developmentPage: string | undefined): string {
    const value = this.text(name, developmentPage && `http://localhost:5173/${developmentPage}#token={token}`)
    const filled = value.replace('{token}', 'token')
    const isLink = value !== filled && !filled.includes('{token}') && URL.canParse(filled) && /^https?:/.test(filled)
    if (value !== '' && !isLink) this.refuse(name, 'the value must be an http or https URL that contains {token} once.')
    return value
  }

  mailbox(name: string, fallback?: string): Mailbox {
    const value = this.line(name, fallback)
    const match = /^\s*"?([^"<>]*?)"?\s*<([^<>]+)>\s*$/.exec(value)
    const mailbox = { name: match?.[1] ?? '', address: match?.[2] ?? value }
    if (value !== '' && this.has(name) && parseAddress(mailbox.address) === null) {
      this.refuse(name, 'the value must look like "Acme Support <support@acme.example>".')
    }
    return mailbox
  }

  /** As a browser sends it: an origin that is written in another way would never match. */
  origins(name: string, fallback: readonly string[]): string[] {
    if (!this.has(name)) return [...fallback]
    return this.list(name, isOrigin, (entry) => {
      const origin = URL.canParse(entry) ? new URL(entry).origin : 'null'
      return isOrigin(origin)
        ? `an exact origin; here that would be ${origin}`
        : 'an exact origin as a browser sends it, such as https://app.example or capacitor://localhost'
    })
  }

  secret<Kind extends string>(name: string): Secret<Kind> {
    return new Secret(this.freeText(name))
  }

  smtpUrl(name: string): Secret {
    const value = this.text(name)
    if (value !== '' && !isSmtpUrl(value)) {
      const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(value)?.[1]
      const isOtherScheme = scheme !== undefined && !/^smtps?$/.test(scheme)
      this.refuse(
        name,
        isOtherScheme
          ? `the scheme must be smtp or smtps (got ${JSON.stringify(scheme)}).`
          : 'the value must be an smtp:// or smtps:// URL with a host.',
      )
    }
    return new Secret(value)
  }

  sendgridKey(name: string): KeyObject | undefined {
    if (!this.has(name)) return undefined
    const key = readSendgridKey(this.text(name))
    if (!key) this.refuse(name, 'the value must be the verification key as SendGrid shows it (base64, ECDSA P-256).')
    return key ?? undefined
  }

  /** The worker keeps a place and a connection for each URL, so their number is limited. */
  webhookUrls(name: string, production: boolean): string[] {
    const urls = [...new Set(this.list(name, () => true, ''))]
    for (const [index, url] of urls.entries()) {
      const isAllowed = isHttpUrl(url) && (!production || url.startsWith('https:'))
      const scheme = production ? 'https' : 'http or https'
      this.refuseIf(!isAllowed, name, `entry ${index + 1} must be an ${scheme} URL without user, query or fragment.`)
    }
    this.refuseIf(urls.length > MOST_WEBHOOK_URLS, name, `the list must not have more than ${MOST_WEBHOOK_URLS} URLs.`)
    return urls
  }

  webhookSecret(name: string): Secret<'security-events'> | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    if (!isWebhookSecret(value)) this.refuse(name, 'the value must be whsec_ and the base64 of 24 to 64 random bytes.')
    return new Secret(value)
  }

  breachList(name: string): BreachListSource | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    return /^https?:/.test(value) ? { service: this.url(name) } : { file: resolve(value) }
  }

  redisUrl(name: string): Secret | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    if (!(URL.canParse(value) && /^rediss?:\/\//.test(value))) {
      this.refuse(name, 'the value must be a redis:// or rediss:// URL.')
    }
    return new Secret(value)
  }

  secretKey(name: string, isRequired: boolean): Secret<'secret-key'> | undefined {
    if (!this.has(name) && !isRequired) return undefined
    const value = this.freeText(name)
    if (value !== '' && Buffer.byteLength(value) < 32) {
      this.refuse(name, 'the value must have at least 32 bytes. Create one with: openssl rand -base64 32.')
    }
    return new Secret(value)
  }

  databaseUrl(name: string): Secret<'database-url'> | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    try {
      parseDatabaseUrl(value)
    } catch (error) {
      if (!(error instanceof InvalidDatabaseUrl)) throw error
      this.refuse(name, `the URL ${error.message}.`)
    }
    return new Secret(value)
  }
}
