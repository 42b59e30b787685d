-- Reads the table without blocking reads or writes.
ALTER TABLE "accounts" VALIDATE CONSTRAINT "accounts_password_hash_scheme";
