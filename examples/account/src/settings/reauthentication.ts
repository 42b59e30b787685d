/**
 * The proof that the current password was entered, between the two screens of the email change. It is kept in memory only
 * and is valid for one change within five minutes.
 */
let current: string | null = null

export const reauthentication = {
  keep: (token: string) => {
    current = token
  },
  read: () => current,
  forget: () => {
    current = null
  },
}
