import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findLanguage, parseLocale } from '../locale.ts'
import { builtInTexts, type Catalogue } from './catalogue.ts'
import { type CatalogueParts, judgeParts, missingKeys } from './judge-texts.ts'

/** Texts that an operator has replaced cannot be used. Each problem is a sentence that names the file and the key. */
export class InvalidMailTexts extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join(' '))
    this.problems = problems
  }
}

/**
 * Reads an operator's texts from the files `<language>.json` of a folder. A file replaces single texts of a language that
 * is built in, or of the language that its own is a variant of (`de-AT`). The file of another language must be complete.
 * The link of a mail is not part of its text, so no file can remove it.
 *
 * @returns the catalogues of all languages, also of those without a file.
 * @throws {InvalidMailTexts} with all problems of all files.
 */
export function readTexts(folder: string): Map<string, Catalogue> {
  const problems: string[] = []
  const catalogues = new Map<string, Catalogue>(Object.entries(builtInTexts))
  for (const file of listFiles(folder)) {
    const language = file.replace(/\.json$/, '')
    if (language === file || parseLocale(language) !== language) {
      problems.push(`${file}: the name must be a language and .json, such as de.json or pt-BR.json.`)
      continue
    }
    const parts = readJson(folder, file, problems)
    if (parts === null) continue
    const found = judgeParts(parts)
    const base = catalogues.get(findLanguage(language, new Set(catalogues.keys())) ?? '')
    const missing = base ? [] : missingKeys(parts)
    if (missing.length > 0)
      found.push(`the language is not built in, so the file must be complete. Missing: ${missing.join(', ')}.`)
    problems.push(...found.map((problem) => `${file}: ${problem}`))
    if (found.length === 0) catalogues.set(language, merge(base, parts as CatalogueParts))
  }
  if (problems.length > 0) throw new InvalidMailTexts(problems)
  return catalogues
}

/** A file of a language comes before those of its variants. Kubernetes keeps hidden entries beside mounted files. */
function listFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
    return names.sort((one, other) => one.length - other.length || (one < other ? -1 : 1))
  } catch (error) {
    throw new InvalidMailTexts([`the folder cannot be read (${(error as NodeJS.ErrnoException).code}).`])
  }
}

function readJson(folder: string, file: string, problems: string[]): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'))
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'the file is not valid JSON' : 'the file cannot be read'
    problems.push(`${file}: ${reason} (${(error as Error).message}).`)
    return null
  }
}

function merge(base: Catalogue | undefined, parts: CatalogueParts): Catalogue {
  const merged: Record<string, object> = { ...base }
  for (const [name, part] of Object.entries(parts)) merged[name] = { ...merged[name], ...part }
  return merged as Catalogue
}
