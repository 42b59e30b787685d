/** What the sign-in page says, by the reason for which the session has ended. Somebody who was not signed in is told nothing. */
const notices: Readonly<Record<string, string>> = {
  signed_out: 'You have signed out.',
  signed_out_in_another_tab: 'You have signed out.',
  session_expired: 'It has been a while. Sign in again to continue.',
  session_revoked:
    'You have been signed out, because of a change to your account or from another device. Sign in again.',
  refresh_token_reused: 'For your safety, you have been signed out. Sign in again.',
}

export function noticeOf(reason: string): string | undefined {
  return notices[reason]
}
