/** A receipt as people read it to Support: Crockford's base32, without the letters I, L, O and U. */
export const RECEIPT = /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/
