// Turns what the scenarios found into the text of results.md.

/** A number with three significant digits, or all digits of a greater one. */
export function digits(number) {
  if (!Number.isFinite(number)) return '–'
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString('en-US')
  return Number(number.toPrecision(3)).toString()
}

/** "2.1 (1.9–2.4)": the median of the rounds, the smallest and the greatest. */
export function range({ median, least, most }) {
  if (!Number.isFinite(median)) return '–'
  return least === most ? digits(median) : `${digits(median)} (${digits(least)}–${digits(most)})`
}

/** @param {string[]} head @param {(string | number)[][]} rows */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/**
 * A target of the project, judged by its figure.
 * @param {{ unit?: string, aside?: string }} more `aside` is shown behind the figure
 * @returns {{ name: string, figure: string, demand: string, isMet: boolean }}
 */
export function atLeast(limit, name, value, more) {
  return target('≥', limit, name, value, value >= limit, more)
}

export function atMost(limit, name, value, more) {
  return target('≤', limit, name, value, value <= limit, more)
}

function target(sign, limit, name, value, isMet, { unit = '', aside = '' } = {}) {
  return { name, figure: `${digits(value)}${unit}${aside}`, demand: `${sign} ${digits(limit)}${unit}`, isMet }
}

export function targetTable(targets) {
  const rows = targets.map(({ name, figure, demand, isMet }) => [name, figure, demand, isMet ? 'met' : '**not met**'])
  return table(['target', 'measured', 'demanded', 'result'], rows)
}

/** @param {{ title: string, text: string, tables: string[] }} section */
export function sectionText({ title, text, tables }) {
  return [`## ${title}`, text, ...tables].join('\n\n')
}
