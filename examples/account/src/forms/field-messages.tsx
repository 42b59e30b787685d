/** What is wrong with a field, below it. */
export function FieldMessages({ id, messages }: { id: string; messages: readonly string[] }) {
  if (messages.length === 0) return null
  return (
    <div class="field-messages" id={id}>
      {messages.map((message) => (
        <p key={message}>
          <span class="visually-hidden">Error: </span>
          {message}
        </p>
      ))}
    </div>
  )
}
