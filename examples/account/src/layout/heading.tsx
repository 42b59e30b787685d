import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { isFollowUp } from '../navigation.ts'
import { PRODUCT } from './brand.tsx'

/**
 * The heading of a page or of a step. It names the tab, and takes the focus when the page has changed, so that a screen
 * reader says where the person is. Give each step a key of its own.
 */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${PRODUCT}`
    if (isFollowUp()) heading.current?.focus()
  }, [title])
  return (
    <h1 class="heading" tabIndex={-1} ref={heading}>
      {children ?? title}
    </h1>
  )
}
