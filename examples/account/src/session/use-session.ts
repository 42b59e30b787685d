import { useEffect, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'

/** The state of the session, kept in step with the other tabs. */
export function useSession() {
  const [state, setState] = useState(latchkey.state)
  useEffect(() => {
    const unsubscribe = latchkey.onChange(setState)
    setState(latchkey.state) // it may have changed before the subscription
    return unsubscribe
  }, [])
  return state
}
