/** Every list of breached passwords contains it, so it shows whether a list works. */
export const WELL_KNOWN_PASSWORD = 'password'
