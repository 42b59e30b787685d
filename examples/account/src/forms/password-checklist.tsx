import { CheckIcon } from '../layout/icons.tsx'
import type { PasswordRule } from './use-password-check.ts'

const inWords = { met: 'Met: ', unmet: 'Not met yet: ', later: 'Checked when you save: ' } as const

/** The rules for a new password, and which of them it meets. Screen readers hear the count, not each tick. */
export function PasswordChecklist({ shown }: { shown: readonly PasswordRule[] }) {
  const judged = shown.filter(({ state }) => state !== 'later')
  const met = judged.filter(({ state }) => state === 'met').length
  return (
    <div class="checklist">
      <ul>
        {shown.map(({ rule, description, state }) => (
          <li key={rule} class={`rule rule-${state}`}>
            <span class="rule-mark" aria-hidden="true">
              {state === 'met' && <CheckIcon />}
            </span>
            <span>
              <span class="visually-hidden">{inWords[state]}</span>
              {description.replace(/\.$/, '')}
              {state === 'later' && <span class="rule-note"> (checked when you save)</span>}
            </span>
          </li>
        ))}
      </ul>
      <p class="visually-hidden" role="status">
        {met > 0 &&
          (met === judged.length ? 'The password meets every rule.' : `${met} of ${judged.length} rules met.`)}
      </p>
    </div>
  )
}
