import type { Problem } from './problem.ts'

/** What the person reads about a problem: one or two sentences, and the next step if there is a page for it. */
export interface Advice {
  readonly text: string
  readonly next?: { readonly label: string; readonly href: string }
}

const resetPassword = { label: 'Reset your password', href: '/forgot-password' }

/**
 * The problems for which these pages know more than the service does: which page the next step is on. For every other
 * code, the service's own text is written for the person and is shown as it is.
 */
const advice: Readonly<Record<string, (problem: Problem) => Advice>> = {
  invalid_credentials: ({ detail }) => ({ text: `${detail} Check both and try again.`, next: resetPassword }),
  wrong_password: ({ detail }) => ({ text: `${detail} Try again.`, next: resetPassword }),
  too_many_attempts: () => ({ text: 'There were too many attempts, so we slowed things down for a while.' }),
  overloaded: () => ({ text: 'We are busy right now. Nothing is lost: try again in a moment.' }),
  service_unavailable: () => ({ text: 'We are not available right now. Nothing is lost: try again in a moment.' }),
  reauthentication_required: () => ({
    text: 'For your safety, enter your current password again. It is valid for one change within five minutes.',
    next: { label: 'Enter your password', href: '/settings/email' },
  }),
  unauthenticated: () => ({
    text: 'You are signed out. Sign in again to continue.',
    next: { label: 'Sign in', href: '/sign-in' },
  }),
  not_found: () => ({ text: 'This has changed in the meantime. Reload the page to see how it is now.' }),
  internal_error: ({ detail, instance }) => ({ text: instance ? `${detail} It is ${instance}.` : detail }),
  network_error: () => ({
    text: navigator.onLine
      ? 'We could not be reached. Check your internet connection and try again.'
      : 'You are offline. Connect to the internet and try again. What you entered is still here.',
  }),
  unexpected_response: () => ({
    text: 'We did not get a proper answer. Try again in a minute. If you use a company or hotel network, check that you are signed in to it.',
  }),
  password_policy: () => ({ text: 'Choose a password that meets every rule.' }),
}

export function adviceOn(problem: Problem): Advice {
  return advice[problem.code]?.(problem) ?? { text: problem.detail }
}

/** The fields that a problem is about, by the names that the service uses. Problems of the whole form have none. */
const fieldsOfCode: Readonly<Record<string, readonly string[]>> = {
  wrong_password: ['currentPassword'],
  invalid_email: ['email', 'newEmail'],
  email_unavailable: ['newEmail'],
  email_unchanged: ['newEmail'],
}

/** The messages of a problem by field. `''` stands for the whole form. */
export function messagesByField(problem: Problem, fields: readonly string[]): Map<string, string[]> {
  const messages = new Map<string, string[]>()
  for (const { field, message } of problem.violations ?? []) {
    if (fields.includes(field)) messages.set(field, [...(messages.get(field) ?? []), message])
  }
  if (messages.size > 0) return messages
  const field = fieldsOfCode[problem.code]?.find((name) => fields.includes(name)) ?? ''
  return new Map([[field, [adviceOn(problem).text]]])
}
