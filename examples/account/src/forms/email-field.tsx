import { FieldMessages } from './field-messages.tsx'
import { useField } from './form-context.ts'

interface EmailFieldProps {
  readonly name: string
  readonly label: string
  /** `username` where the address identifies the account to a password manager; `email` for any other address. */
  readonly autocomplete: 'username' | 'email'
  readonly hint?: string
  readonly value?: string | undefined
}

export function EmailField({ name, label, autocomplete, hint, value }: EmailFieldProps) {
  const field = useField(name, hint !== undefined)
  return (
    <div class="field">
      <label for={field.id}>{label}</label>
      {hint !== undefined && (
        <p class="field-hint" id={field.hintId}>
          {hint}
        </p>
      )}
      <input
        id={field.id}
        name={name}
        type="email"
        inputMode="email"
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
        required
        data-missing="Enter your email address."
        defaultValue={value}
        aria-invalid={field.messages.length > 0}
        aria-describedby={field.describedBy}
      />
      <FieldMessages id={field.errorId} messages={field.messages} />
    </div>
  )
}
