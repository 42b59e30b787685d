/** The name of the product. Change it here, in index.html and in server/start-example.js. */
export const PRODUCT = 'Juniper'

export function Brand() {
  return (
    <span class="brand">
      <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="9" />
        <path d="M16 26V11M16 21c-4 0-6.500-2-7-5.500 4 0 6.500 2 7 5.500ZM16 17c3.600 0 6-1.800 6.500-5-3.600 0-6 1.800-6.500 5Z" />
        <circle cx="16" cy="7.500" r="2.600" />
      </svg>
      {PRODUCT}
    </span>
  )
}
