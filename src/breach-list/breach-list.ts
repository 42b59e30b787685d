import type { Logger } from 'pino'
import type { BreachListSource } from '../config/setting-reader.ts'
import type { PlainPassword } from '../security/plain-password.ts'
import { readHashFile } from './hash-file.ts'
import { createRangeService } from './range-service.ts'

/** Passwords from data breaches, which attackers try first. */
export interface BreachList {
  /** Also false if the list cannot be reached, because an outage must not prevent password changes. */
  contains(password: PlainPassword): Promise<boolean>
  /**
   * Checks at the start that the list works. An outage is logged and does not prevent the start.
   *
   * @throws {ConfigError} if the source is not a list of SHA-1 hashes, because then every password would be accepted.
   */
  assertWorks(): Promise<void>
}

/** @throws {ConfigError} if a file cannot be used. */
export function createBreachList(source: BreachListSource, log: Logger): BreachList {
  return 'file' in source ? readHashFile(source.file, log) : createRangeService(source.service, log)
}
