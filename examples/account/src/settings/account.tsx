import { Heading } from '../layout/heading.tsx'
import { Notice } from '../layout/notice.tsx'
import { SettingsPage } from '../layout/settings-page.tsx'
import { loadAccount } from '../loading/load-account.ts'
import { Loading } from '../loading/loading.tsx'
import { useLoad } from '../loading/use-load.ts'
import type { Place } from '../navigation.ts'
import { LoadProblem } from '../problems/load-problem.tsx'
import { PendingEmail } from './pending-email.tsx'
import { SessionsSection } from './sessions-section.tsx'
import { dateInWords } from './times-in-words.ts'

/** Settings > Account. */
export function AccountPage({ place }: { place: Place }) {
  const { data: account, problem, reload } = useLoad(loadAccount)
  return (
    <SettingsPage>
      <p class="crumb">Settings</p>
      <Heading title="Account" />
      <Notice text={place.state.notice} />
      {problem && <LoadProblem problem={problem} retry={reload} />}

      <section class="panel" aria-labelledby="sign-in-heading">
        <h2 id="sign-in-heading">How you sign in</h2>
        {account === undefined ? (
          !problem && <Loading what="your account" lines={4} />
        ) : (
          <>
            <div class="setting">
              <div class="setting-text">
                <h3>Email address</h3>
                <p class="address">{account.email}</p>
              </div>
              <a class="button" href="/settings/email">
                Change<span class="visually-hidden"> email address</span>
              </a>
            </div>
            {account.pendingEmail !== null && <PendingEmail account={account} onCancelled={reload} />}
            <div class="setting">
              <div class="setting-text">
                <h3>Password</h3>
                <p>
                  {account.passwordChangedAt === null ? 'Not set' : `Set on ${dateInWords(account.passwordChangedAt)}`}
                </p>
              </div>
              <a class="button" href="/settings/password">
                Change<span class="visually-hidden"> password</span>
              </a>
            </div>
          </>
        )}
      </section>

      <SessionsSection />
    </SettingsPage>
  )
}
