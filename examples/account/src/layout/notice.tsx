import { useEffect, useRef } from 'preact/hooks'

/**
 * A message from the page before: what has just been done, or why the person is here. It is shown once: after a reload, or
 * on the way back, it would be old news.
 */
export function Notice({ text }: { text: string | undefined }) {
  const shown = useRef(text)
  if (text !== undefined) shown.current = text
  useEffect(() => {
    if (text !== undefined) history.replaceState({ ...history.state, notice: undefined }, '')
  }, [text])
  return <div role="status">{shown.current !== undefined && <p class="notice notice-done">{shown.current}</p>}</div>
}
