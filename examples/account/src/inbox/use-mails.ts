import { useEffect, useState } from 'preact/hooks'
import type { CapturedMail } from '../../server/mail-inbox.ts'

export type ListedMail = Omit<CapturedMail, 'html'>

const LOOK_AGAIN_MS = 1_000

/** The captured mails, the newest first; undefined until they are known. It looks for new ones every second. */
export function useMails(): readonly ListedMail[] | undefined {
  const [mails, setMails] = useState<readonly ListedMail[]>()
  useEffect(() => {
    const look = async () => {
      if (document.hidden) return
      const answer = await fetch('/mail/messages').catch(() => undefined)
      if (answer?.ok) setMails(await answer.json())
    }
    void look()
    const timer = setInterval(look, LOOK_AGAIN_MS)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [])
  return mails
}
