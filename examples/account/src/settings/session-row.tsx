import { useState } from 'preact/hooks'
import { ComputerIcon, PhoneIcon } from '../layout/icons.tsx'
import { timeAgo, timeInWords } from './times-in-words.ts'

interface SessionRowProps {
  readonly session: {
    readonly device: string
    readonly createdAt: string
    readonly lastSeenAt: string
    readonly lastIp: string | null
    readonly current: boolean
  }
  readonly onSignOut: () => Promise<void>
}

/** One device: what it is, since when, when it was last used, and a button that signs it out. */
export function SessionRow({ session, onSignOut }: SessionRowProps) {
  const { device, createdAt, lastSeenAt, lastIp, current } = session
  const [isBusy, setBusy] = useState(false)
  const signOut = async () => {
    if (isBusy) return
    setBusy(true)
    await onSignOut()
    setBusy(false) // the row is still there if the device could not be signed out
  }
  const isPhone = /\b(Android|iOS|HarmonyOS)\b/.test(device)
  return (
    <li class="session">
      <span class="session-icon">{isPhone ? <PhoneIcon /> : <ComputerIcon />}</span>
      <div class="session-text">
        <h3>
          {device.charAt(0).toUpperCase() + device.slice(1)} {current && <span class="tag">This device</span>}
        </h3>
        <p>
          {current ? 'Active now' : `Last used ${timeAgo(lastSeenAt)}`}
          {lastIp !== null && ` · ${lastIp}`}
        </p>
        <p>Signed in on {timeInWords(createdAt)}</p>
      </div>
      {!current && (
        <button class="button" type="button" onClick={signOut} aria-disabled={isBusy}>
          {isBusy ? 'Signing out…' : 'Sign out'}
          <span class="visually-hidden"> {device}</span>
        </button>
      )}
    </li>
  )
}
