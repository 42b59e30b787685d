import { EmailField } from '../forms/email-field.tsx'
import { Form } from '../forms/form.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { CardPage } from '../layout/card-page.tsx'
import { Heading } from '../layout/heading.tsx'
import { Notice } from '../layout/notice.tsx'
import type { Place } from '../navigation.ts'
import { ResendVerification } from './resend-verification.tsx'

export function SignInPage({ place }: { place: Place }) {
  // The app leaves this page by itself as soon as somebody is signed in, in this tab or in another one.
  const signIn = async ({ email = '', password = '' }) => (await latchkey.signIn({ email, password })).problem

  return (
    <CardPage
      below={
        <p>
          New here? <a href="/sign-up">Create an account</a>
        </p>
      }
    >
      <Heading title="Sign in" />
      <Notice text={place.state.notice} />
      <Form
        submitLabel="Sign in"
        busyLabel="Signing in…"
        onSubmit={signIn}
        help={({ code }, { email = '' }) => code === 'email_not_verified' && <ResendVerification email={email} />}
      >
        <EmailField name="email" label="Email address" autocomplete="username" />
        <PasswordField
          name="password"
          label="Password"
          autocomplete="current-password"
          missing="Enter your password."
          aside={<a href="/forgot-password">Forgot your password?</a>}
        />
      </Form>
    </CardPage>
  )
}
