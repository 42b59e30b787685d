import type { ComponentChildren } from 'preact'

/** All icons are decoration: the words are beside them. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="m5 12.500 4.500 4.500L19 7.500" />
    </Icon>
  )
}

export function ComputerIcon() {
  return (
    <Icon>
      <rect x="4" y="5" width="16" height="11" rx="2" />
      <path d="M2.500 19.500h19" />
    </Icon>
  )
}

export function PhoneIcon() {
  return (
    <Icon>
      <rect x="7" y="3" width="10" height="18" rx="2.500" />
      <path d="M11 18h2" />
    </Icon>
  )
}

export function MailIcon() {
  return (
    <Icon>
      <rect x="3" y="5" width="18" height="14" rx="2.500" />
      <path d="m3.500 7.500 8.500 6 8.500-6" />
    </Icon>
  )
}

export function KeyIcon() {
  return (
    <Icon>
      <circle cx="8" cy="15" r="4" />
      <path d="m11 12 8.500-8.500M16 7l3 3" />
    </Icon>
  )
}

export function BrokenLinkIcon() {
  return (
    <Icon>
      <path d="M9.500 14.500 7 17a3.500 3.500 0 0 1-5-5l2.500-2.500M14.500 9.500 17 7a3.500 3.500 0 0 1 5 5l-2.500 2.500M8 4l1 3M16 20l-1-3M4 7l2.500 1M20 17l-2.500-1" />
    </Icon>
  )
}

export function BackIcon() {
  return (
    <Icon>
      <path d="M14.500 6 8.500 12l6 6" />
    </Icon>
  )
}
