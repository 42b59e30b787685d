/** Holds the place of what is being loaded. */
export function Loading({ what, lines = 2 }: { what: string; lines?: number }) {
  return (
    <div class="loading">
      <p class="visually-hidden" role="status">
        Loading {what}
      </p>
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} class="loading-line" aria-hidden="true" />
      ))}
    </div>
  )
}
