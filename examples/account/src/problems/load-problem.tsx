import { useEffect } from 'preact/hooks'
import { adviceOn } from './advice.ts'
import type { Problem } from './problem.ts'
import { SupportContact } from './support-contact.tsx'
import { useCountdown } from './use-countdown.ts'
import { waitInWords } from './wait-in-words.ts'

/** Stands where something could not be loaded, and tries again: after the time that the service asks for, or on a click. */
export function LoadProblem({ problem, retry }: { problem: Problem; retry: () => void }) {
  const { secondsLeft, start } = useCountdown()
  useEffect(() => {
    if (!problem.retryAfter) return
    start(problem.retryAfter)
    const timer = setTimeout(retry, problem.retryAfter * 1000)
    return () => clearTimeout(timer)
  }, [problem, retry])
  return (
    <div class="notice notice-problem" role="alert">
      <p>{adviceOn(problem).text}</p>
      {problem.support !== undefined && <SupportContact contact={problem.support} />}
      {secondsLeft > 0 ? (
        <p>Trying again in {waitInWords(secondsLeft)}.</p>
      ) : (
        <button class="button" type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
