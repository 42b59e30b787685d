const WHITE = '#ffffff'
const BLACK = '#18181b'
const LIGHT_GREY = '#a1a1aa'
const DARK_GREY = '#71717a'
/** WCAG 2.2, success criterion 1.4.11: a control must differ from what is around it by this ratio. */
const LEAST_CONTRAST = 3

/** The text colour that can be read best on a colour. */
export function textColorOn(color: string): string {
  return contrast(color, WHITE) >= contrast(color, BLACK) ? WHITE : BLACK
}

/** The border of a button: its own colour or, if that can hardly be told from the background, a grey that can. */
export function borderColorOf(color: string, background: string): string {
  if (contrast(color, background) >= LEAST_CONTRAST) return color
  return textColorOn(background) === WHITE ? LIGHT_GREY : DARK_GREY
}

/** The contrast ratio of two colours (`#rrggbb`), as WCAG 2.2 defines it: from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const share = Number.parseInt(color.slice(start, start + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
