import { describeDevice } from '../device.ts'
import type { MailDesign } from '../templates/letter.ts'
import { renderMail } from '../templates/render.ts'
import type { TextName } from '../texts/catalogue.ts'
import { chooseWording, type MailTexts } from '../texts/wording.ts'
import { type ExampleLinks, exampleMails, WITHOUT_DEVICE } from './examples.ts'
import type { PreviewedMail } from './preview-page.ts'

/** The part of the configuration that mails show. */
export interface PreviewSettings {
  readonly productName: string
  readonly supportContact: string
  readonly mailDesign: MailDesign
  readonly mailTexts: MailTexts
  readonly links: Omit<ExampleLinks, 'lifetimes'>
  readonly lifetimes: ExampleLinks['lifetimes']
}

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0'
const AT = new Date('2026-11-23T17:40:00Z')

/** Renders an example of every mail in every language: as a person would receive it, without sending anything. */
export function previewMails(settings: PreviewSettings): PreviewedMail[] {
  const { productName, supportContact, mailDesign, mailTexts, links, lifetimes } = settings
  const examples = Object.entries(exampleMails({ ...links, lifetimes }))
  const languages = [...mailTexts.catalogues.keys()].sort()
  return examples.flatMap(([name, mail]) =>
    languages.map((language) => {
      const wording = chooseWording(mailTexts, language)
      const hasDevice = !WITHOUT_DEVICE.has(name as TextName)
      const device = hasDevice ? describeDevice(FIREFOX, '203.0.113.9', wording.texts.words) : null
      const frame = { ...mailDesign, wording, productName, supportContact, at: AT, device }
      return { name, language, ...renderMail(mail, frame) }
    }),
  )
}
