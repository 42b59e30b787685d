import type { Logger } from 'pino'
import type { BreachListSource } from '../config/environment.ts'
import type { PlainPassword } from '../security/plain-password.ts'
import { readHashFile } from './hash-file.ts'
import { createRangeService } from './range-service.ts'

/** Passwords that are known to attackers, and so the first they try. */
export interface BreachList {
  /** False, too, where the list cannot be asked: it must never keep anybody from changing a password. */
  contains(password: PlainPassword): Promise<boolean>
}

/** @throws {ConfigError} for a file that cannot be used. */
export function createBreachList(source: BreachListSource, log: Logger): BreachList {
  return 'file' in source ? readHashFile(source.file) : createRangeService(source.service, log)
}
