/** Every page of this site, except the inbox. */
export const pagePaths = [
  '/',
  '/sign-in',
  '/sign-up',
  '/forgot-password',
  '/reset-password',
  '/verify-email',
  '/confirm-email',
  '/revert-email',
  '/settings/account',
  '/settings/email',
  '/settings/email/new',
  '/settings/password',
] as const

export type PagePath = (typeof pagePaths)[number]

export function isPage(path: string): path is PagePath {
  return (pagePaths as readonly string[]).includes(path)
}
