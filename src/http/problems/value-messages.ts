const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'an object',
  array: 'a list',
}
const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'an id',
  'date-time': 'a date and time, like 2026-01-31T09:30:00Z',
}

/** Says in words that may be shown to a person what is wrong with the value of a field. */
export function messageOf({ keyword, params }: { keyword: string; params: unknown }): string {
  const { type, format, limit } = params as { type?: string; format?: string; limit?: number }
  if (keyword === 'type' && type !== undefined) return `This field must be ${TYPES[type] ?? type}.`
  if (keyword === 'format' && format !== undefined) return `This field must be ${FORMATS[format] ?? format}.`
  if (keyword === 'minimum') return `This field must be at least ${limit}.`
  if (keyword === 'maximum') return `This field must be at most ${limit}.`
  if (keyword === 'maxLength') return `This field can have at most ${limit} characters.`
  if (keyword === 'minLength') return `This field must have at least ${limit} characters.`
  return 'This field has a value that is not allowed.'
}
