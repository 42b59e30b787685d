-- Why a mailed link no longer works, for the person who opens it and for Support.
ALTER TABLE "mailed_tokens" ADD COLUMN "ended_at" TIMESTAMPTZ(3), ADD COLUMN "end_reason" TEXT;

-- Passwords that a revert has revoked cannot be set again.
ALTER TABLE "accounts" ADD COLUMN "revoked_password_hashes" TEXT[] DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "email_changes" ADD COLUMN "password_hash" TEXT;
