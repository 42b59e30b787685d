import type { ComponentChildren, Ref } from 'preact'
import { SupportContact } from '../problems/support-contact.tsx'
import { fieldId } from './form-context.ts'

export interface Failure {
  /** What is wrong, by field; `''` stands for the whole form. */
  readonly messages: ReadonlyMap<string, readonly string[]>
  readonly hasWait?: boolean
  readonly next?: { readonly label: string; readonly href: string }
  readonly support?: string
  readonly help?: ComponentChildren
}

interface ErrorSummaryProps {
  readonly failure: Failure
  readonly formId: string
  readonly ref: Ref<HTMLDivElement>
}

/** Lists what is wrong at the top of a form. It takes the focus, so a screen reader reads it, and leads to each field. */
export function ErrorSummary({ failure, formId, ref }: ErrorSummaryProps) {
  const { messages, next, support, help } = failure
  const entries = [...messages].flatMap(([field, texts]) => texts.map((text) => ({ field, text })))
  return (
    <div class="notice notice-problem" role="alert" tabIndex={-1} ref={ref}>
      <h2 class="visually-hidden">There is a problem</h2>
      {entries.length === 1 ? (
        entries.map((entry) => <p key={entry.text}>{line(entry, formId)}</p>)
      ) : (
        <>
          <p>Please check {entries.length} things:</p>
          <ul>
            {entries.map((entry) => (
              <li key={entry.text}>{line(entry, formId)}</li>
            ))}
          </ul>
        </>
      )}
      {support !== undefined && <SupportContact contact={support} />}
      {next && (
        <p>
          <a href={next.href}>{next.label}</a>
        </p>
      )}
      {help}
    </div>
  )
}

function line({ field, text }: { field: string; text: string }, formId: string) {
  if (field === '') return text
  const id = fieldId(formId, field)
  const focusField = (event: Event) => {
    event.preventDefault() // the fragment of these pages is for mailed tokens
    document.getElementById(id)?.focus()
  }
  return (
    <a href={`#${id}`} onClick={focusField}>
      {text}
    </a>
  )
}
