/** Says that this is an example, and where its mail arrives. A real product has its imprint here. */
export function ExampleFooter() {
  return (
    <footer class="example-footer">
      <p>
        Example built on Latchkey ·{' '}
        <a href="/mail" target="_blank" rel="noopener">
          Mail inbox<span class="visually-hidden"> (opens in a new tab)</span>
        </a>
      </p>
    </footer>
  )
}
