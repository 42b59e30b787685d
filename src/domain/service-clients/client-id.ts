import { v7 as uuidv7 } from 'uuid'

const CLIENT_ID = /^svc_[0-9a-f]{32}$/

/** Ours to choose, and of another form than an account's: or somebody could choose an account's. */
export function newClientId(): string {
  return `svc_${uuidv7().replaceAll('-', '')}`
}

export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text)
}
