import type { ComponentChildren } from 'preact'
import { Form, type FormProps } from '../forms/form.tsx'
import { Heading } from '../layout/heading.tsx'
import { SettingsPage } from '../layout/settings-page.tsx'

interface Props extends Omit<FormProps, 'cancel'> {
  step?: string
  title: string
  /** What stands between the title and the form. */
  introduction: ComponentChildren
}

/** A page of the settings with one form, which leads back to the account. */
export function SettingsFormPage({ step, title, introduction, ...form }: Props) {
  return (
    <SettingsPage>
      <p class="crumb">
        Settings <span aria-hidden="true">›</span> <a href="/settings/account">Account</a>
      </p>
      <div class="panel panel-narrow">
        {step && <p class="step">{step}</p>}
        <Heading title={title} />
        {introduction}
        <Form
          {...form}
          cancel={
            <a class="button button-quiet" href="/settings/account">
              Cancel
            </a>
          }
        />
      </div>
    </SettingsPage>
  )
}
