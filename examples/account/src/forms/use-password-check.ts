import { useEffect, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'

export interface PasswordRule {
  readonly rule: string
  readonly description: string
  /** `later`: only the request that saves the password can tell. */
  readonly state: 'met' | 'unmet' | 'later'
}

/** A person who types quickly causes one request at the end, not one for each letter. */
const PAUSE_MS = 200

/**
 * Checks a password while it is typed.
 *
 * @returns every rule with its state. Empty until the rules are known.
 */
export function usePasswordCheck({
  password,
  email,
}: {
  password: string
  email?: string | undefined
}): PasswordRule[] {
  const rules = usePolicy()
  const [result, setResult] = useState<{ broken: string[]; unchecked: string[] } | null>(null)

  useEffect(() => {
    if (password === '') return setResult(null)
    const stale = new AbortController()
    const timer = setTimeout(async () => {
      const body = email === undefined ? { password } : { password, email }
      const { data } = await latchkey.api.POST('/v1/password/check', { body })
      if (stale.signal.aborted) return
      // Without an answer, every rule is left to the request that saves the password.
      setResult(data ? { broken: data.violations.map(({ rule }) => rule), unchecked: data.unchecked } : null)
    }, PAUSE_MS)
    return () => {
      stale.abort()
      clearTimeout(timer)
    }
  }, [password, email])

  const stateOf = ({ rule, checkedBy }: (typeof rules)[number]): PasswordRule['state'] => {
    if (checkedBy === 'save' || result?.unchecked.includes(rule)) return 'later'
    return result === null || result.broken.includes(rule) ? 'unmet' : 'met'
  }
  return rules.map((rule) => ({ rule: rule.rule, description: rule.description, state: stateOf(rule) }))
}

function usePolicy() {
  const [rules, setRules] = useState<ReadonlyArray<{ rule: string; description: string; checkedBy: 'check' | 'save' }>>(
    [],
  )
  useEffect(() => {
    void latchkey.api.GET('/v1/password/policy').then(({ data }) => data && setRules(data.rules))
  }, [])
  return rules
}
