import type { EventActor, Origin } from './record-event.ts'

/** Who requests a change to another person's account: a service client through the API, or an operator at a shell. */
export interface Requester {
  readonly actor: EventActor
  /** Null for an operator at a shell. */
  readonly origin: Origin | null
}
