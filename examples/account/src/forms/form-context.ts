import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

interface FormContextValue {
  readonly formId: string
  /** What is wrong with each field after the last attempt. */
  readonly messages: ReadonlyMap<string, readonly string[]>
}

export const FormContext = createContext<FormContextValue>({ formId: 'form', messages: new Map() })

/** The ids and messages of a field, which tie its parts together for assistive technology. */
export function useField(name: string, hasHint: boolean) {
  const { formId, messages } = useContext(FormContext)
  const own = messages.get(name) ?? []
  const id = fieldId(formId, name)
  const hintId = `${id}-hint`
  const errorId = `${id}-error`
  const descriptions = [hasHint && hintId, own.length > 0 && errorId].filter(Boolean).join(' ')
  return { id, hintId, errorId, messages: own, describedBy: descriptions || undefined }
}

export function fieldId(formId: string, name: string): string {
  return `${formId}-${name}`
}
