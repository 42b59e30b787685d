/** One dot-string address in ASCII. No character in it can end a header, start a second recipient or quote anything. */
const PLAIN_ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
const LONGEST_ADDRESS = 254

export function isPlainAddress(address: unknown): boolean {
  return typeof address === 'string' && address.length <= LONGEST_ADDRESS && PLAIN_ADDRESS.test(address)
}

/** The address that replies go to: the support contact, unless that is a web page or a telephone number. */
export function replyAddress(supportContact: string): string | undefined {
  const contact = supportContact.trim()
  return isPlainAddress(contact) ? contact : undefined
}
