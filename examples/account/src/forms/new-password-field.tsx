import { useState } from 'preact/hooks'
import { PasswordChecklist } from './password-checklist.tsx'
import { PasswordField } from './password-field.tsx'
import { usePasswordCheck } from './use-password-check.ts'

interface NewPasswordFieldProps {
  readonly name: string
  readonly label: string
  /** The address that the password must differ from. Undefined: that of the form's own field, if it has one. */
  readonly email?: string | undefined
  /** The account has no password yet from which it could differ. */
  readonly isFirst?: boolean
}

/** A new password with a checklist that follows what is typed. */
export function NewPasswordField({ name, label, email, isFirst = false }: NewPasswordFieldProps) {
  const [typed, setTyped] = useState<{ password: string; email?: string | undefined }>({ password: '' })
  const check = usePasswordCheck({ password: typed.password, email: email ?? typed.email })
  const shown = check.filter(({ rule, state }) => {
    if (rule === 'not_current') return !isFirst
    // The upper limit is far away; only a person who has passed it has to know it.
    return rule !== 'max_length' || (typed.password !== '' && state === 'unmet')
  })
  return (
    <PasswordField
      name={name}
      label={label}
      autocomplete="new-password"
      missing="Choose a password."
      hint={<PasswordChecklist shown={shown} />}
      onInput={(input) => setTyped({ password: input.value, email: emailIn(input.form) })}
    />
  )
}

function emailIn(form: HTMLFormElement | null): string | undefined {
  const field = form?.elements.namedItem('email')
  return field instanceof HTMLInputElement && field.value !== '' ? field.value : undefined
}
