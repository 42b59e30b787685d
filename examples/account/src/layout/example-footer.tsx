/** Says that this is an example, and where its mail arrives. A real product has its imprint here. */
export function ExampleFooter() {
  return (
    <footer class="example-footer">
      <p>
        An example built on Latchkey. Mail goes to the{' '}
        <a href="/mail" target="_blank" rel="noopener">
          mail inbox<span class="visually-hidden"> (opens in a new tab)</span>
        </a>
        .
      </p>
    </footer>
  )
}
