import { resolve } from 'node:path'
import type { MailDesign } from '../mail/templates/letter.ts'
import { InvalidMailTexts, readTexts } from '../mail/texts/read-texts.ts'
import { BUILT_IN_TEXTS, type MailTexts } from '../mail/texts/wording.ts'
import { isHttpsUrl } from './setting-forms.ts'
import type { SettingReader } from './setting-reader.ts'

const DEFAULT_COLOR = '#1d4ed8'
/** A line of problems that is longer than this would not be read. */
const MOST_PROBLEMS = 10

/** Reads what an operator adds to every mail: a logo, a colour and a legal line. */
export function readMailDesign(read: SettingReader): MailDesign {
  const color = read.text('MAIL_COLOR', DEFAULT_COLOR)
  const isColor = /^#[0-9a-f]{6}$/i.test(color)
  if (!isColor) read.refuse('MAIL_COLOR', `the value must be a colour such as #1d4ed8 (got ${JSON.stringify(color)}).`)
  const logoUrl = read.has('MAIL_LOGO_URL') ? read.text('MAIL_LOGO_URL') : null
  if (logoUrl !== null && !isHttpsUrl(logoUrl)) {
    read.refuse('MAIL_LOGO_URL', 'the value must be an https URL without user or fragment.')
  }
  return {
    logoUrl,
    color: isColor ? color.toLowerCase() : DEFAULT_COLOR,
    legal: read.has('MAIL_LEGAL') ? read.line('MAIL_LEGAL') : null,
  }
}

/** Reads the texts of the mails, and the language of readers whose own is not known. */
export function readMailTexts(read: SettingReader): MailTexts {
  const catalogues = readCatalogues(read)
  const languages = [...catalogues.keys()].sort()
  const defaultLanguage = read.choice('MAIL_LANGUAGE', languages, BUILT_IN_TEXTS.defaultLanguage)
  return { catalogues, defaultLanguage }
}

function readCatalogues(read: SettingReader): MailTexts['catalogues'] {
  if (!read.has('MAIL_TEXTS_DIR')) return BUILT_IN_TEXTS.catalogues
  try {
    return readTexts(resolve(read.text('MAIL_TEXTS_DIR')))
  } catch (error) {
    if (!(error instanceof InvalidMailTexts)) throw error
    for (const problem of error.problems.slice(0, MOST_PROBLEMS)) read.refuse('MAIL_TEXTS_DIR', problem)
    const more = error.problems.length - MOST_PROBLEMS
    if (more > 0) read.refuse('MAIL_TEXTS_DIR', `${more} more problems.`)
    return BUILT_IN_TEXTS.catalogues
  }
}
