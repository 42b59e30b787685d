import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Problem, Result } from '../problems/problem.ts'

export interface Load<Data> {
  /** The newest data. It stays when a later load fails. */
  readonly data: Data | undefined
  readonly problem: Problem | undefined
  readonly reload: () => Promise<void>
}

/**
 * Loads what a page shows. It loads again when the person comes back to the tab or the connection comes back, because a
 * link in a mail or another device may have changed it.
 *
 * @param load a function of the module, or one from useCallback: a new function is a new load.
 */
export function useLoad<Data>(load: () => Promise<Result<Data>>): Load<Data> {
  const [result, setResult] = useState<{ data?: Data | undefined; problem?: Problem | undefined }>({})
  const reload = useCallback(async () => {
    const { data, problem } = await load()
    setResult((before) => ({ data: data ?? before.data, problem }))
  }, [load])

  useEffect(() => {
    const reloadWhenVisible = () => {
      if (document.visibilityState === 'visible') void reload()
    }
    void reload()
    document.addEventListener('visibilitychange', reloadWhenVisible)
    addEventListener('online', reloadWhenVisible)
    return () => {
      document.removeEventListener('visibilitychange', reloadWhenVisible)
      removeEventListener('online', reloadWhenVisible)
    }
  }, [reload])

  return { data: result.data, problem: result.problem, reload }
}
