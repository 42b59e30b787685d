import type { ComponentChildren, TargetedSubmitEvent } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { adviceOn, messagesByField } from '../problems/advice.ts'
import type { Problem } from '../problems/problem.ts'
import { useCountdown } from '../problems/use-countdown.ts'
import { waitInWords } from '../problems/wait-in-words.ts'
import { ErrorSummary, type Failure } from './error-summary.tsx'
import { FormContext } from './form-context.ts'

export interface FormProps {
  readonly submitLabel: string
  readonly busyLabel: string
  /** Sends the values. Resolves to the problem, or to undefined if the form has done its work. */
  readonly onSubmit: (values: Record<string, string>) => Promise<Problem | undefined>
  /** What else the person can do about a problem, on top of the text for its code. */
  readonly help?: (problem: Problem, values: Record<string, string>) => ComponentChildren
  /** Shown beside the submit button. */
  readonly cancel?: ComponentChildren
  readonly children?: ComponentChildren
}

/**
 * A form with everything that a form needs around its fields: missing values, an error summary that takes the focus, a busy
 * state that stops a second click, and the wait that the service asks for with `Retry-After`.
 *
 * The values are read from the fields at the time of the submission, because password managers fill fields in their own ways.
 */
export function Form({ submitLabel, busyLabel, onSubmit, help, cancel, children }: FormProps) {
  const formId = useId()
  const summary = useRef<HTMLDivElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const { secondsLeft, start } = useCountdown()
  const isWaiting = secondsLeft > 0

  useEffect(() => {
    if (failure) summary.current?.focus()
  }, [failure])

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    if (isBusy || isWaiting) return
    const form = event.currentTarget
    const missing = missingFields(form)
    if (missing.size > 0) return setFailure({ messages: missing })

    setBusy(true)
    const values = Object.fromEntries(new FormData(form)) as Record<string, string> // there are no file fields
    const problem = await onSubmit(values)
    setBusy(false)
    setFailure(problem ? failureOf(problem, Object.keys(values), help?.(problem, values)) : null)
    if (problem?.retryAfter) start(problem.retryAfter)
  }

  return (
    <FormContext.Provider value={{ formId, messages: failure?.messages ?? new Map() }}>
      {/* If a script failed, a form without a method would put the password into the address bar. */}
      <form class="form" method="post" noValidate onSubmit={submit} aria-busy={isBusy}>
        {failure && <ErrorSummary ref={summary} failure={failure} formId={formId} />}
        {children}
        <div class="form-actions">
          <button class="button button-primary" type="submit" aria-disabled={isBusy || isWaiting}>
            {isBusy && <span class="spinner" aria-hidden="true" />}
            {isBusy ? busyLabel : isWaiting ? `Try again in ${waitInWords(secondsLeft)}` : submitLabel}
          </button>
          {cancel}
        </div>
        <p class="visually-hidden" role="status">
          {isBusy ? busyLabel : failure?.hasWait && !isWaiting ? 'You can try again now.' : ''}
        </p>
      </form>
    </FormContext.Provider>
  )
}

function failureOf(problem: Problem, fields: string[], help: ComponentChildren): Failure {
  const { next } = adviceOn(problem)
  const { support, retryAfter } = problem
  return {
    messages: messagesByField(problem, fields),
    hasWait: Boolean(retryAfter),
    ...(next && { next }),
    ...(support !== undefined && { support }),
    ...(help !== undefined && help !== null && { help }),
  }
}

/** Each required field has its own message for the case that it is empty. */
function missingFields(form: HTMLFormElement): Map<string, string[]> {
  const inputs = [...form.elements].filter((element) => element instanceof HTMLInputElement)
  const missing = inputs.filter((input) => input.validity.valueMissing)
  return new Map(missing.map((input) => [input.name, [input.dataset['missing'] ?? 'Fill in this field.']]))
}
