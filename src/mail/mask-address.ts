/** An address as somebody who knows it recognises it, and nobody else learns it: `a•••@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 1) return '•••'
  const [firstCharacter = ''] = address
  return `${firstCharacter}•••${address.slice(at)}`
}
