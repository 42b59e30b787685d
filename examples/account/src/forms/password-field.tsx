import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { FieldMessages } from './field-messages.tsx'
import { useField } from './form-context.ts'

interface PasswordFieldProps {
  readonly name: string
  readonly label: string
  readonly autocomplete: 'current-password' | 'new-password'
  readonly missing: string
  /** Stands at the right of the label. */
  readonly aside?: ComponentChildren
  /** Stands below the input, and describes it. */
  readonly hint?: ComponentChildren
  readonly onInput?: (input: HTMLInputElement) => void
}

/** A password with a button that shows it, so that nobody has to type it twice. */
export function PasswordField({ name, label, autocomplete, missing, aside, hint, onInput }: PasswordFieldProps) {
  const field = useField(name, hint !== undefined)
  const [isShown, setShown] = useState(false)
  // Preact has a type of attributes for each type of input, and none for an input that changes its type.
  const type = (isShown ? 'text' : 'password') as 'password'
  const input = useRef<HTMLInputElement>(null)

  // A browser would remember the value of a text field for the next form.
  useEffect(() => {
    const form = input.current?.form
    const hide = () => setShown(false)
    form?.addEventListener('submit', hide)
    return () => form?.removeEventListener('submit', hide)
  }, [])

  return (
    <div class="field">
      <div class="field-head">
        <label for={field.id}>{label}</label>
        {aside}
      </div>
      <div class="password-input">
        <input
          ref={input}
          id={field.id}
          name={name}
          type={type}
          autocomplete={autocomplete}
          autocapitalize="none"
          spellcheck={false}
          required
          data-missing={missing}
          aria-invalid={field.messages.length > 0}
          aria-describedby={field.describedBy}
          onInput={(event) => onInput?.(event.currentTarget)}
        />
        <button
          class="password-toggle"
          type="button"
          aria-pressed={isShown}
          aria-label={`Show ${label.toLowerCase()}`}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? 'Hide' : 'Show'}
        </button>
      </div>
      <FieldMessages id={field.errorId} messages={field.messages} />
      {hint !== undefined && <div id={field.hintId}>{hint}</div>}
    </div>
  )
}
