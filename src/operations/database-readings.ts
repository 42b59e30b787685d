/** Mails that were requested and have not been sent yet. */
export interface MailBacklog {
  readonly waiting: number
  /** The age of the oldest mail; 0 if there is none. */
  readonly oldestSeconds: number
}

/** How many mails of a kind had an outcome, since the database was created. */
export interface MailOutcomeCount {
  readonly kind: string
  readonly outcome: string
  readonly count: number
}

/** Deliveries of security events to their receivers, except those that have succeeded. */
export interface SecurityEventBacklog {
  readonly pending: number
  readonly failed: number
  /** The age of the oldest pending delivery; 0 if there is none. */
  readonly oldestPendingSeconds: number
}

/**
 * What the metrics read from the database. If a value is null, as in an outage, the response does not contain the
 * metric.
 */
export interface DatabaseReadings {
  readMailBacklog(): Promise<MailBacklog | null>
  readMailOutcomes(): Promise<MailOutcomeCount[] | null>
  readSecurityEventBacklog(): Promise<SecurityEventBacklog | null>
  readSigningKeyAge(): Promise<number | null>
}
