import type { Logger } from 'pino'
import type { BreachListSource } from '../config/setting-reader.ts'
import type { PlainPassword } from '../security/plain-password.ts'
import { readHashFile } from './hash-file.ts'
import { createRangeService } from './range-service.ts'

/** Passwords from data breaches, which attackers try first. */
export interface BreachList {
  /** Also false if the list cannot be reached: an outage must not keep anybody from changing a password. */
  contains(password: PlainPassword): Promise<boolean>
  /**
   * Shows at the start that the list works. An outage is logged and does not stop the start.
   *
   * @throws {ConfigError} if it is a list of another kind, which would accept every password.
   */
  prove(): Promise<void>
}

/** @throws {ConfigError} if a file cannot be used. */
export function createBreachList(source: BreachListSource, log: Logger): BreachList {
  return 'file' in source ? readHashFile(source.file, log) : createRangeService(source.service, log)
}
