import { useRef, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { Loading } from '../loading/loading.tsx'
import { useLoad } from '../loading/use-load.ts'
import { adviceOn } from '../problems/advice.ts'
import { LoadProblem } from '../problems/load-problem.tsx'
import type { Problem } from '../problems/problem.ts'
import { SessionRow } from './session-row.tsx'

const loadSessions = () => latchkey.api.GET('/v1/sessions')

/** The devices on which the account is signed in. */
export function SessionsSection() {
  const { data, problem, reload } = useLoad(loadSessions)
  const heading = useRef<HTMLHeadingElement>(null)
  const [message, setMessage] = useState('')

  /** The button that was pressed goes away with its row, so the focus goes to the heading. */
  const report = async (refusal: Problem | undefined, success: string) => {
    // `not_found`: the device is signed out already.
    setMessage(refusal && refusal.code !== 'not_found' ? adviceOn(refusal).text : success)
    await reload()
    heading.current?.focus()
  }
  const signOut = async ({ id, device }: { id: string; device: string }) => {
    const { problem: refusal } = await latchkey.api.DELETE('/v1/sessions/{id}', { params: { path: { id } } })
    await report(refusal, `${device} is signed out.`)
  }
  const signOutOthers = async () => {
    const { problem: refusal } = await latchkey.api.DELETE('/v1/sessions')
    await report(refusal, 'All other devices are signed out.')
  }

  const sessions = [...(data?.sessions ?? [])].sort((a, b) => Number(b.current) - Number(a.current))
  return (
    <section class="panel" aria-labelledby="sessions-heading">
      <h2 id="sessions-heading" tabIndex={-1} ref={heading}>
        Where you are signed in
      </h2>
      <p role="status" class="status-line">
        {message}
      </p>
      {problem && <LoadProblem problem={problem} retry={reload} />}
      {data === undefined && !problem && <Loading what="your devices" lines={3} />}
      {sessions.length > 0 && (
        <ul class="sessions">
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} onSignOut={() => signOut(session)} />
          ))}
        </ul>
      )}
      {sessions.length === 1 && <p class="empty">This is the only device on which you are signed in.</p>}
      {sessions.length > 2 && (
        <button class="button" type="button" onClick={signOutOthers}>
          Sign out all other devices
        </button>
      )}
    </section>
  )
}
