import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { CardPage } from '../layout/card-page.tsx'
import { Heading } from '../layout/heading.tsx'
import { BrokenLinkIcon } from '../layout/icons.tsx'
import { Loading } from '../loading/loading.tsx'
import type { Place } from '../navigation.ts'
import { LoadProblem } from '../problems/load-problem.tsx'
import type { Problem, Result } from '../problems/problem.ts'
import { SupportContact } from '../problems/support-contact.tsx'

interface MailedLinkProps<Checked> {
  readonly place: Place
  readonly title: string
  /** Asks what the link would do. It consumes nothing: mail scanners open links as well. */
  readonly check: (token: string) => Promise<Result<Checked>>
  /** Where a person goes from a link that no longer works. */
  readonly afterDeadLink: (problem: Problem) => ComponentChildren
  /**
   * The page of a link that works. `refuse` takes the problem of consuming it: if the link no longer works, the page says so, and
   * undefined is returned. Any other problem is returned for the form.
   */
  readonly children: (link: {
    token: string
    checked: Checked
    refuse: (problem: Problem) => Problem | undefined
  }) => ComponentChildren
}

/** The frame of every page that a mailed link opens. It works whoever is signed in, and never leads to another page. */
export function MailedLink<Checked>({ place, title, check, afterDeadLink, children }: MailedLinkProps<Checked>) {
  const token = place.state.linkToken
  const [result, setResult] = useState<Result<Checked>>({})
  const load = useCallback(async () => {
    if (token === undefined) return
    setResult({})
    setResult(await check(token))
  }, [token])
  useEffect(() => void load(), [load])

  if (token === undefined) {
    return (
      <DeadLink title="This link is incomplete">
        <p class="lead">Open the link in the mail again. If you copied it, make sure that you copied all of it.</p>
      </DeadLink>
    )
  }
  const refuse = (refusal: Problem) => {
    if (!isDeadLink(refusal)) return refusal
    setResult({ problem: refusal })
    return undefined
  }
  const { data, problem } = result
  if (problem && isDeadLink(problem)) {
    return (
      <DeadLink title={problem.code === 'link_used' ? 'This link has been used' : 'This link does not work'}>
        <p class="lead">{problem.detail}</p>
        {problem.support !== undefined && <SupportContact contact={problem.support} />}
        {afterDeadLink(problem)}
      </DeadLink>
    )
  }
  return (
    <CardPage>
      {data === undefined ? (
        <>
          <Heading title={title} />
          {problem ? <LoadProblem problem={problem} retry={load} /> : <Loading what="the link" />}
        </>
      ) : (
        children({ token, checked: data, refuse })
      )}
    </CardPage>
  )
}

/** The problems that another attempt does not change. */
function isDeadLink({ code }: Problem): boolean {
  return code.startsWith('link_') || code === 'email_unavailable'
}

function DeadLink({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <CardPage>
      <div class="badge-icon badge-icon-muted">
        <BrokenLinkIcon />
      </div>
      <Heading key={title} title={title} />
      {children}
    </CardPage>
  )
}
