import { latchkey } from '../latchkey.ts'

/** For `useLoad`. */
export const loadAccount = () => latchkey.api.GET('/v1/me')
