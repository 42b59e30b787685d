import { useState } from 'preact/hooks'
import { EmailField } from '../forms/email-field.tsx'
import { Form } from '../forms/form.tsx'
import { latchkey } from '../latchkey.ts'
import { CardPage } from '../layout/card-page.tsx'
import { Heading } from '../layout/heading.tsx'
import { MailSent } from './mail-sent.tsx'

export function ForgotPasswordPage() {
  const [sent, setSent] = useState<{ email: string; receipt: string } | null>(null)
  const requestLink = (email: string) => latchkey.api.POST('/v1/password/forgot', { body: { email } })

  async function request({ email = '' }) {
    const { data, problem } = await requestLink(email)
    if (data) setSent({ email, receipt: data.receipt })
    return problem
  }

  if (sent) {
    return (
      <CardPage below={<a href="/sign-in">Back to sign-in</a>}>
        <MailSent
          {...sent}
          isConditional
          purpose="to choose a new password"
          again={() => requestLink(sent.email)}
          startOver={() => setSent(null)}
        />
      </CardPage>
    )
  }
  return (
    <CardPage below={<a href="/sign-in">Back to sign-in</a>}>
      <Heading title="Forgot your password?" />
      <p class="lead">Enter the email address of your account. We send you a link to choose a new password.</p>
      <Form submitLabel="Send the link" busyLabel="Sending…" onSubmit={request}>
        <EmailField name="email" label="Email address" autocomplete="username" />
      </Form>
    </CardPage>
  )
}
