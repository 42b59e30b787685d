import { newId } from '../../database/new-id.ts'

const CLIENT_ID = /^svc_[0-9a-f]{32}$/

/**
 * Client ids are chosen by the service and have another form than account ids. Therefore a client cannot have the id of
 * an account.
 */
export function newClientId(): string {
  return `svc_${newId().replaceAll('-', '')}`
}

export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text)
}
