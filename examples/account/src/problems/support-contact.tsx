/** How to reach Support, as a link where the contact is an email address or a web page. */
export function SupportContact({ contact }: { contact: string }) {
  const address = contact.match(/[^\s<>]+@[^\s<>]+/)?.[0]
  const href = address ? `mailto:${address}` : /^https?:\/\//.test(contact) ? contact : undefined
  return <p>Support: {href ? <a href={href}>{contact}</a> : contact}</p>
}
