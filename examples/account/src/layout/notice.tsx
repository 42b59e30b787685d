/** A message from the page before: what has just been done, or why the person is here. */
export function Notice({ text }: { text: string | undefined }) {
  return <div role="status">{text !== undefined && <p class="notice notice-done">{text}</p>}</div>
}
