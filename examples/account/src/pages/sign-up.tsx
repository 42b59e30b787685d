import { useState } from 'preact/hooks'
import { EmailField } from '../forms/email-field.tsx'
import { Form } from '../forms/form.tsx'
import { NewPasswordField } from '../forms/new-password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { PRODUCT } from '../layout/brand.tsx'
import { CardPage } from '../layout/card-page.tsx'
import { Heading } from '../layout/heading.tsx'
import { MailSent } from './mail-sent.tsx'

/** The mails are in the language of these pages, not in that of the browser. */
const LOCALE = 'en'

export function SignUpPage() {
  const [sent, setSent] = useState<{ email: string; receipt: string } | null>(null)

  async function signUp({ email = '', password = '' }) {
    const { data, problem } = await latchkey.api.POST('/v1/register', { body: { email, password, locale: LOCALE } })
    if (data) setSent({ email, receipt: data.receipt })
    return problem
  }

  if (sent) {
    return (
      <CardPage>
        <MailSent
          {...sent}
          purpose="to verify your address and finish signing up"
          again={() => latchkey.api.POST('/v1/email/verify/resend', { body: { email: sent.email } })}
          startOver={() => setSent(null)}
        />
      </CardPage>
    )
  }
  return (
    <CardPage
      below={
        <p>
          Already have an account? <a href="/sign-in">Sign in</a>
        </p>
      }
    >
      <Heading title={`Create your ${PRODUCT} account`} />
      <Form submitLabel="Create account" busyLabel="Creating your account…" onSubmit={signUp}>
        <EmailField name="email" label="Email address" autocomplete="username" />
        <NewPasswordField name="password" label="Password" isFirst />
      </Form>
    </CardPage>
  )
}
