import { CardPage } from '../layout/card-page.tsx'
import { Heading } from '../layout/heading.tsx'

export function NotFoundPage() {
  return (
    <CardPage>
      <Heading title="Page not found" />
      <p class="lead">There is no page at this address. If you followed a link in a mail, copy the whole link.</p>
      <a class="button button-primary" href="/">
        Go to your account
      </a>
    </CardPage>
  )
}
