/** Masks an address so that only a person who knows it recognises it: `a•••@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 1) return '•••'
  const [firstCharacter = ''] = address
  return `${firstCharacter}•••${address.slice(at)}`
}
